/* Blocking, waking and passing time. See sched.h. */
#include "core/sched_private.h"

#include "core/race.h"
#include "core/rng.h"

/* Steps without effect of all threads after which the run ends: soon when no clock could change
 * anything, late when something is due and spinning until then is only wasteful, or when there is
 * one thread, which may spin for a while to pass the time. */
#define FUTILE_STEPS UINT64_C(200000)
#define FUTILE_STEPS_TIMED UINT64_C(5000000)
/* A thread that only spins gives way after so many steps, whatever the strategy: the one it waits
 * for must come to run, as it would on real processors. */
#define FUTILE_STEPS_IN_TURN 1000
/* So many atomic operations without a call between them are a loop that waits. */
#define ATOMICS_IN_TURN 1000

/* ---- queues ---- */

static void link_waiter(struct waiter *waiter, struct task *task, bool in_front)
{
    struct wait_queue *queue = waiter->queue;
    waiter->task = task;
    waiter->next = in_front ? queue->first : NULL;
    waiter->previous = in_front ? NULL : queue->last;
    *(waiter->previous ? &waiter->previous->next : &queue->first) = waiter;
    *(waiter->next ? &waiter->next->previous : &queue->last) = waiter;
}

static void unlink_waiter(struct waiter *waiter)
{
    struct wait_queue *queue = waiter->queue;
    *(waiter->previous ? &waiter->previous->next : &queue->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &queue->last) = waiter->previous;
    waiter->next = waiter->previous = NULL;
}

/* ---- blocking ---- */

static void time_is_over(struct sim *sim, struct due *due)
{
    struct task *task = (struct task *)((char *)due - offsetof(struct task, due));
    sched_wake(sim, task, WAKE_DUE);
}

/* The calls of a thread of the policy's own belong to no call of the CLR; they count anew whenever
 * it has waited. */
static void reset_budget(struct sim *sim)
{
    if (sim->actor == ACTOR_POLICY && sim->host_call == EVENT_KINDS)
        sim->calls_in_host_call = 0;
}

static uint32_t park(struct sched *s, uint64_t due_ns, const struct wait_reason *waits_for)
{
    struct sim *sim = s->sim;
    struct task_private *self = s->running;
    CHECK(self->task.state == TASK_RUNNING);
    self->task.state = TASK_BLOCKED;
    self->task.thread = sim->thread;
    self->task.waits_for = waits_for;
    self->task.blocked_ns = sim->now_ns;
    self->task.timed = due_ns != DUE_NEVER;
    reset_budget(sim);
    if (self->task.timed) {
        self->task.due.fire = time_is_over;
        due_add(&s->due, &sim->arena, &self->task.due, due_ns);
        note_attention(s);
    } else if (!self->task.of_policy && ++s->workload_parked == s->workload_alive) {
        note_all_parked(s);
    }
    switch_to(s, next_ready(s));
    CHECK(self->task.state == TASK_RUNNING);
    return self->wake_value;
}

uint32_t sched_block(struct sim *sim, uint64_t due_ns, const struct wait_reason *waits_for)
{
    return park(sched_state(sim), due_ns, waits_for);
}

uint32_t sched_wait(struct sim *sim, struct waiter *waiters, uint32_t count, uint64_t due_ns,
                    const struct wait_reason *waits_for)
{
    struct sched *s = sched_state(sim);
    s->running->waiters = waiters;
    s->running->waiters_count = count;
    for (uint32_t i = 0; i < count; i++)
        link_waiter(&waiters[i], &s->running->task, false);
    return park(s, due_ns, waits_for);
}

uint32_t sched_wait_in_front(struct sim *sim, struct waiter *waiter, uint64_t due_ns,
                             const struct wait_reason *waits_for)
{
    struct sched *s = sched_state(sim);
    s->running->waiters = waiter;
    s->running->waiters_count = 1;
    link_waiter(waiter, &s->running->task, true);
    return park(s, due_ns, waits_for);
}

void sched_wake(struct sim *sim, struct task *task, uint32_t value)
{
    struct sched *s = sim->sched;
    struct task_private *woken = task->private;
    CHECK(task->state == TASK_BLOCKED);
    for (uint32_t i = 0; i < woken->waiters_count; i++)
        unlink_waiter(&woken->waiters[i]);
    woken->waiters_count = 0;
    due_remove(&s->due, &task->due);
    if (!task->timed && !task->of_policy) {
        CHECK(s->workload_parked > 0);
        s->workload_parked--;
    }
    note_attention(s);
    woken->wake_value = value;
    task->waits_for = NULL;
    ready_add(s, woken);
}

bool sched_wake_first(struct sim *sim, struct wait_queue *queue, uint32_t value)
{
    if (!queue->first)
        return false;
    sched_wake(sim, queue->first->task, value);
    return true;
}

struct task *sched_next_woken(struct sim *sim, const struct wait_queue *queue)
{
    struct sched *s = sched_state(sim);
    struct waiter *waiter = queue->first;
    uint64_t count = 0;
    for (; s->options.wakes_any && waiter; waiter = waiter->next)
        count++;
    waiter = queue->first;
    if (count > 1) {
        struct rng rng = rng_keyed(s->options.seed, RNG_WAKE, s->condition_wakes++);
        for (uint64_t behind = rng_below(&rng, count); behind > 0; behind--)
            waiter = waiter->next;
    }
    return waiter ? waiter->task : NULL;
}

void sched_sleep_until(struct sim *sim, uint64_t due_ns)
{
    if (due_ns <= sim->now_ns)
        return;
    if (sim->attention == 0)
        sim->now_ns = due_ns;
    else
        sched_block(sim, due_ns, NULL);
}

/* Within a millisecond, so that it is not what everybody waits for. */
#define SPURIOUS_NS 1000000

uint64_t sched_spurious(struct sim *sim, uint64_t due_ns)
{
    struct sched *s = sched_state(sim);
    if (s->options.spurious == 0)
        return due_ns;
    struct rng rng = rng_keyed(s->options.seed, RNG_SPURIOUS, s->condition_waits++);
    if (rng_below(&rng, s->options.spurious) != 0)
        return due_ns;
    uint64_t early_ns = sim->now_ns + 1 + rng_below(&rng, SPURIOUS_NS);
    return early_ns < due_ns ? early_ns : due_ns;
}

bool sched_join_until(struct sim *sim, struct task *task, uint64_t due_ns)
{
    if (task->state != TASK_FINISHED && due_ns > sim->now_ns) {
        struct waiter waiter = {.queue = &task->ended};
        sched_wait(sim, &waiter, 1, due_ns, NULL);
    }
    if (task->state == TASK_FINISHED)
        race_pass(sim, task->thread, sim->thread);
    return task->state == TASK_FINISHED;
}

void sched_join(struct sim *sim, struct task *task)
{
    bool finished = sched_join_until(sim, task, DUE_NEVER);
    CHECK(finished);
}

/* ---- spinning ---- */

void sched_futile(struct sim *sim)
{
    struct sched *s = sched_state(sim);
    s->futile_total++;
    uint64_t productive = sim->progress - s->futile_total;
    /* The call of a step is counted before its step: others may be between the two. */
    if (productive > s->productive_seen + s->alive) {
        s->productive_seen = productive;
        s->futile_run = 0;
    }
    bool alone = s->alive == 1;
    uint64_t limit = s->due.count || alone ? FUTILE_STEPS_TIMED : FUTILE_STEPS;
    if (++s->futile_run > limit)
        sim_stop_text(sim, STOP_BUDGET, 0, "livelock: %s; nothing has changed for %llu steps",
                      alone ? "the only thread there is only yields, tries and polls"
                            : "all threads only yield, try and poll",
                      (unsigned long long)limit);
    if (++s->running->futile % FUTILE_STEPS_IN_TURN != 0)
        return;
    if (s->holds)
        slow_let_go(s); /* somebody spins until one of them goes on */
    sched_yield_now(sim);
}

void sched_atomic(struct sim *sim)
{
    if (sim->attention == 0)
        return;
    struct task_private *me = sched_state(sim)->running;
    if (me->calls_seen != sim->calls_in_host_call) {
        me->calls_seen = sim->calls_in_host_call;
        me->atomics = 0;
    }
    if (++me->atomics < ATOMICS_IN_TURN) {
        sched_point(sim);
        return;
    }
    sim->progress++;
    sim_charge(sim, sim->costs_ns[COST_pause]);
    sched_point(sim);
    sched_futile(sim);
}
