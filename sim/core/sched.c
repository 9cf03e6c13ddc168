/* Tasks: making, switching, ending, and the clock they share. See sched.h; blocking is in
 * sched_wait.c, who runs next in sched_strategy.c. */
#include "core/race.h"
#include "core/sched_private.h"

#include <string.h>

#define DEFAULT_QUANTUM_NS UINT64_C(15600000)
#define DEFAULT_PATIENCE_NS UINT64_C(600000000000)
#define DEFAULT_CHANGE_POINTS 3
/* What comes from outside may go on for ever: so often nobody is told to wait in vain. */
#define OUTSIDE_MOST 1000

/* Windows gives a thread 1 MiB; sanitizers need several times the room for the same frames. */
#define STACK_LEAST_BYTES (UINT64_C(1) << 20)
#define STACK_MOST_BYTES (UINT64_C(14) << 20)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
#define STACK_FACTOR 4
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define STACK_FACTOR 4
#endif
#endif
#ifndef STACK_FACTOR
#define STACK_FACTOR 1
#endif

/* ---- the scheduler of a run ---- */

void note_attention(struct sched *s)
{
    s->sim->attention = s->alive - 1 + s->due.count;
}

static void set_options(struct sched *s, const struct sched_options *options)
{
    s->options = *options;
    if (s->options.quantum_ns == 0)
        s->options.quantum_ns = DEFAULT_QUANTUM_NS;
    if (s->options.patience_ns == 0)
        s->options.patience_ns = DEFAULT_PATIENCE_NS;
    if (s->options.change_points == 0)
        s->options.change_points = DEFAULT_CHANGE_POINTS;
    if (s->options.change_points > CHANGE_POINTS_MAX)
        s->options.change_points = CHANGE_POINTS_MAX;
    if (s->options.first_thread == 0)
        s->options.first_thread = 1;
    CHECK(s->options.first_thread < THREADS_MAX);
    s->last_id = s->options.first_thread - 1;
    strategy_begin(s);
}

struct sched *sched_state(struct sim *sim)
{
    if (sim->sched)
        return sim->sched;
    struct sched *s = arena_alloc(&sim->arena, sizeof *s);
    struct task_private *first = arena_alloc(&sim->arena, sizeof *first);
    s->sim = sim;
    sim->sched = s;
    *first = (struct task_private){.begun = true, .sched = s, .task.state = TASK_RUNNING};
    first->task.thread = sim->thread;
    first->task.private = first;
    s->tasks[0] = s->running = first;
    s->alive = s->workload_alive = 1;
    set_options(s, &(struct sched_options){.seed = sim->seed});
    strategy_add_task(s, first);
    return s;
}

void sched_configure(struct sim *sim, const struct sched_options *options)
{
    struct sched *s = sched_state(sim);
    CHECK(s->alive == 1 && s->points == 0);
    set_options(s, options);
    strategy_add_task(s, s->running);
}

void sched_destroy(struct sim *sim)
{
    struct sched *s = sim->sched;
    for (uint32_t i = 1; s && i < THREADS_MAX; i++)
        if (s->tasks[i] && s->tasks[i]->fiber)
            fiber_destroy(s->tasks[i]->fiber);
    sim->sched = NULL;
}

/* ---- asking ---- */

struct task *sched_running(struct sim *sim)
{
    return &sched_state(sim)->running->task;
}

struct task *sched_task_of(struct sim *sim, const struct thread *thread)
{
    return thread->task ? thread->task : &sched_state(sim)->tasks[0]->task;
}

struct task *sched_stack_owner(struct sim *sim, uint64_t address)
{
    uint64_t slot = (address - STACKS_BASE) / STACK_SLOT_BYTES;
    struct task *task = NULL;
    if (address < STACKS_BASE || slot >= THREADS_MAX)
        return NULL;
    while ((task = sched_next_task(sim, task)) != NULL)
        if (task->state != TASK_FINISHED && task->private->slot == slot)
            return task;
    return NULL;
}

struct task *sched_next_task(struct sim *sim, const struct task *after)
{
    struct sched *s = sched_state(sim);
    uint32_t id = after ? after->id + 1 : 0;
    while (id < THREADS_MAX && !s->tasks[id])
        id++;
    return id < THREADS_MAX ? &s->tasks[id]->task : NULL;
}

uint32_t sched_alive(const struct sim *sim)
{
    return sim->sched ? sim->sched->alive : 1;
}

uint64_t sched_points(const struct sim *sim)
{
    return sim->sched ? sim->sched->points : 0;
}

uint64_t sched_switches(const struct sim *sim)
{
    return sim->sched ? sim->sched->departures : 0;
}

void sched_on_stuck(struct sim *sim, void (*stuck)(struct sim *sim))
{
    sched_state(sim)->stuck = stuck;
}

void note_all_parked(struct sched *s)
{
    s->workload_parked_ns = s->sim->now_ns;
    s->outside_since_parked = 0;
}

/* ---- the ready ones ---- */

void ready_add(struct sched *s, struct task_private *task)
{
    task->task.state = TASK_READY;
    if (task->task.suspended)
        return; /* sched_resume adds it */
    task->next = NULL;
    task->previous = s->ready_last;
    *(s->ready_last ? &s->ready_last->next : &s->ready_first) = task;
    s->ready_last = task;
    s->ready_count++;
}

static void ready_remove(struct sched *s, struct task_private *task)
{
    CHECK(s->ready_count > 0);
    *(task->previous ? &task->previous->next : &s->ready_first) = task->next;
    *(task->next ? &task->next->previous : &s->ready_last) = task->previous;
    task->next = task->previous = NULL;
    s->ready_count--;
}

/* ---- switching ---- */

static void put_aside(const struct sim *sim, struct task_private *task)
{
    task->task.thread = sim->thread;
    task->part = (struct sim_part){.actor = sim->actor,
                                   .calls_in_host_call = sim->calls_in_host_call,
                                   .host_call = sim->host_call,
                                   .host_call_level = sim->host_call_level,
                                   .in_fault = sim->in_fault};
    memcpy(task->part.host_call_arg, sim->host_call_arg, sizeof sim->host_call_arg);
}

static void take_up(struct sim *sim, const struct task_private *task)
{
    sim->thread = task->task.thread;
    sim->actor = task->part.actor;
    sim->calls_in_host_call = task->part.calls_in_host_call;
    sim->host_call = task->part.host_call;
    sim->host_call_level = task->part.host_call_level;
    sim->in_fault = task->part.in_fault;
    memcpy(sim->host_call_arg, task->part.host_call_arg, sizeof sim->host_call_arg);
}

static void free_stack(struct sched *s, struct task_private *task)
{
    race_forget_stack(s->sim, fiber_stack_base(task->fiber));
    fiber_destroy(task->fiber);
    task->fiber = NULL;
    CHECK(s->slots_used[task->slot / 64] >> task->slot % 64 & 1);
    s->slots_used[task->slot / 64] &= ~(UINT64_C(1) << task->slot % 64);
}

/* The first thing that any flow does when it comes to run. */
static void arrive(struct sched *s)
{
    while (s->visit.function) {
        void (*function)(void *) = s->visit.function;
        s->visit.function = NULL;
        function(s->visit.argument);
        fiber_jump(s->visit.back);
    }
    if (s->corpse) {
        free_stack(s, s->corpse);
        s->corpse = NULL;
    }
}

void switch_to(struct sched *s, struct task_private *to)
{
    struct sim *sim = s->sim;
    struct task_private *from = s->running;
    to->task.state = TASK_RUNNING;
    s->slice_end_ns = sim->now_ns + s->options.quantum_ns;
    if (to == from)
        return;
    if (sim->touched_count)
        sim_flush_touches(sim);
    if (sim->in_fault && sim->on_fault_parked)
        sim->on_fault_parked(sim);
    put_aside(sim, from);
    take_up(sim, to);
    s->running = to;
    from->fiber = fiber_current();
    if (from->task.state == TASK_FINISHED) {
        s->corpse = from;
        fiber_leave(to->fiber);
    }
    fiber_jump(to->fiber);
    arrive(s);
}

/* ---- points ---- */

static void outside_came(struct sched *s, struct due *due)
{
    CHECK(s->outside > 0);
    due->outside = false;
    s->outside--;
    if (s->outside_since_parked++ < OUTSIDE_MOST)
        s->workload_parked_ns = s->sim->now_ns;
}

void fire_due(struct sched *s)
{
    struct due *due;
    while ((due = due_first(&s->due)) && due->due_ns <= s->sim->now_ns) {
        due_remove(&s->due, due);
        note_attention(s);
        if (due->outside)
            outside_came(s, due);
        due->fire(s->sim, due);
    }
}

/* Asks the strategy and records where it departs from the standard. */
static struct task_private *choose(struct sched *s, struct task_private *standard)
{
    struct task_private *choice = strategy_choose(s, standard);
    uint64_t point = s->points++, own = s->running->points++;
    s->departures += choice != standard;
    if (choice != standard)
        sim_event(s->sim, EVENT_switch, 0, s->running->task.id, choice->task.id, point, own);
    return choice;
}

void sched_point_slow(struct sim *sim)
{
    struct sched *s = sim->sched;
    fire_due(s);
    if (s->holds && slow_step(s))
        return;
    if (!s->ready_first)
        return;
    struct task_private *running = s->running, *choice = choose(s, running);
    if (choice == running)
        return;
    ready_remove(s, choice);
    ready_add(s, running);
    switch_to(s, choice);
}

bool sched_yield_now(struct sim *sim)
{
    if (sim->attention == 0)
        return false;
    struct sched *s = sim->sched;
    fire_due(s);
    if (!s->ready_first)
        return false;
    strategy_yielded(s, s->running);
    struct task_private *choice = s->ready_count > 1 ? choose(s, s->ready_first) : s->ready_first;
    ready_remove(s, choice);
    ready_add(s, s->running);
    switch_to(s, choice);
    return true;
}

static _Noreturn void stuck(struct sched *s)
{
    if (s->stuck)
        s->stuck(s->sim);
    sim_stop_text(s->sim, STOP_DEADLOCK, 0, "deadlock: no thread can ever go on");
}

/* Whether all of the workload waits for ever and others have passed enough time since. */
static bool patience_is_over(const struct sched *s, uint64_t next_ns)
{
    if (s->outside > 0 && s->outside_since_parked < OUTSIDE_MOST)
        return false;
    return s->workload_parked == s->workload_alive &&
           next_ns - s->workload_parked_ns > s->options.patience_ns;
}

static uint64_t machine_acts_next(struct sim *sim)
{
    return sim->machine_acts_next ? sim->machine_acts_next(sim) : DUE_NEVER;
}

static void pass_until(struct sched *s, uint64_t due_ns)
{
    if (due_ns > s->sim->now_ns)
        s->sim->now_ns = due_ns;
    s->remainder = 0;
}

struct task_private *next_ready(struct sched *s)
{
    for (;;) {
        fire_due(s);
        if (s->ready_first)
            break;
        const struct due *due = due_first(&s->due);
        uint64_t due_ns = due ? due->due_ns : DUE_NEVER, acts_ns = machine_acts_next(s->sim);
        if (acts_ns < due_ns) {
            pass_until(s, acts_ns);
            s->sim->machine_acts(s->sim);
            continue;
        }
        if (!due || patience_is_over(s, due_ns))
            stuck(s);
        pass_until(s, due_ns);
    }
    struct task_private *task = s->ready_count > 1 ? choose(s, s->ready_first) : s->ready_first;
    ready_remove(s, task);
    return task;
}

/* ---- the clock ---- */

void sched_charge(struct sim *sim, uint64_t cost_ns)
{
    struct sched *s = sim->sched;
    uint32_t sharing = s->ready_count + 1;
    if (sharing > sim->processors)
        sharing = sim->processors;
    CHECK(sharing > 0);
    uint64_t sum = cost_ns + s->remainder;
    sim->now_ns += sum / sharing;
    s->remainder = sum % sharing;
}

void sched_call(struct sim *sim, uint64_t cost_ns)
{
    sched_charge(sim, cost_ns);
    if (sim->actor == ACTOR_POLICY)
        sched_point_slow(sim);
}

void sched_due_add(struct sim *sim, struct due *due, uint64_t due_ns)
{
    struct sched *s = sched_state(sim);
    due_add(&s->due, &sim->arena, due, due_ns);
    note_attention(s);
}

void sched_due_add_outside(struct sim *sim, struct due *due, uint64_t due_ns)
{
    sched_due_add(sim, due, due_ns);
    due->outside = true;
    sim->sched->outside++;
}

void sched_due_remove(struct sim *sim, struct due *due)
{
    struct sched *s = sched_state(sim);
    if (due->outside)
        s->outside--;
    due->outside = false;
    due_remove(&s->due, due);
    note_attention(s);
}

/* ---- making tasks ---- */

static bool id_is_free(const struct sched *s, uint32_t id)
{
    const struct task_private *task = s->tasks[id];
    const struct thread *thread = s->sim->threads[id];
    if (!task)
        return thread == NULL; /* otherwise a recording's */
    return task->task.state == TASK_FINISHED && !task->fiber && thread->references == 0 &&
           !thread->holds && !task->task.ended.first;
}

/* The next one in turn, so that a number is not soon seen again. 0: all are taken. */
static uint32_t free_id(const struct sched *s)
{
    uint32_t first = s->options.first_thread, count = THREADS_MAX - first;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = first + (s->last_id + 1 - first + i) % count;
        if (id_is_free(s, id))
            return id;
    }
    return 0;
}

/* The lowest free place of a stack; place 0 is task 0's. THREADS_MAX: none. */
static uint32_t free_slot(const struct sched *s)
{
    uint32_t slot = 1;
    while (slot < THREADS_MAX && s->slots_used[slot / 64] >> slot % 64 & 1)
        slot++;
    return slot;
}

static void begin_task(void *argument)
{
    struct task_private *task = argument;
    arrive(task->sched);
    task->begun = true;
    task->entry(task->argument);
    sched_exit(task->sched->sim);
}

static uint64_t stack_bytes_for(uint64_t wanted)
{
    uint64_t bytes = (wanted + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (wanted > STACK_MOST_BYTES)
        bytes = STACK_MOST_BYTES;
    if (bytes < STACK_LEAST_BYTES)
        bytes = STACK_LEAST_BYTES;
    return bytes * STACK_FACTOR < STACK_MOST_BYTES ? bytes * STACK_FACTOR : STACK_MOST_BYTES;
}

struct task *sched_start(struct sim *sim, const struct task_options *options)
{
    struct sched *s = sched_state(sim);
    uint32_t id = options->id ? options->id : free_id(s), slot = free_slot(s);
    CHECK(options->id < s->options.first_thread);
    if (id == 0 || slot == THREADS_MAX || (options->id && !id_is_free(s, id)))
        return NULL;
    struct task_private *task = s->tasks[id];
    if (!task)
        task = arena_alloc(&sim->arena, sizeof *task);
    *task = (struct task_private){
        .sched = s, .slot = slot, .entry = options->entry, .argument = options->argument};
    task->fiber = fiber_create(slot, stack_bytes_for(options->stack_bytes), begin_task, task);
    s->tasks[id] = task;
    if (!task->fiber) {
        task->task.state = TASK_FINISHED;
        return NULL;
    }
    s->slots_used[slot / 64] |= UINT64_C(1) << slot % 64;
    if (!options->id)
        s->last_id = id;
    if (s->alive++ == 1) /* time alone does not count */
        s->slice_end_ns = sim->now_ns + s->options.quantum_ns;
    s->workload_alive += !options->of_policy;
    task->part = (struct sim_part){.actor = options->of_policy ? ACTOR_POLICY : ACTOR_CLR,
                                   .host_call = EVENT_KINDS,
                                   .host_call_level = -1};
    struct thread *thread = sim_thread(sim, id);
    CHECK(thread->tls_area == 0);
    race_thread_forget(sim, thread);
    race_forget(sim, (uintptr_t)thread, sizeof *thread); /* the policy sees errno in it */
    *thread = (struct thread){.id = id, .task = &task->task};
    task->task = (struct task){.id = id,
                               .thread = thread,
                               .of_policy = options->of_policy,
                               .suspended = options->suspended,
                               .private = task};
    race_thread_begins(sim, sim->thread, thread);
    strategy_add_task(s, task);
    ready_add(s, task);
    note_attention(s);
    return &task->task;
}

/* ---- ending tasks ---- */

static void finish(struct sched *s, struct task_private *task)
{
    CHECK(task->task.id != 0);
    task->task.state = TASK_FINISHED;
    s->alive--;
    s->workload_alive -= !task->task.of_policy;
    if (s->workload_parked == s->workload_alive)
        note_all_parked(s);
    note_attention(s);
    if (!task->task.of_policy)
        race_flow_meets(s->sim, task == s->running ? s->sim->thread : task->task.thread);
    while (sched_wake_first(s->sim, &task->task.ended, 0))
        ;
}

_Noreturn void sched_exit(struct sim *sim)
{
    struct sched *s = sim->sched;
    finish(s, s->running);
    switch_to(s, next_ready(s));
    check_failed("a finished task went on", __FILE__, __LINE__);
}

void sched_kill(struct sim *sim, struct task *task)
{
    struct sched *s = sim->sched;
    CHECK(task->private != s->running && task->state != TASK_FINISHED);
    if (task->state == TASK_BLOCKED)
        sched_wake(sim, task, 0);
    if (!task->suspended)
        ready_remove(s, task->private);
    finish(s, task->private);
    free_stack(s, task->private);
}

void sched_suspend(struct sim *sim, struct task *task)
{
    struct sched *s = sched_state(sim);
    CHECK(task->state != TASK_FINISHED);
    race_pass(sim, task->thread, sim->thread);
    if (task->suspended++ == 0 && task->state == TASK_READY)
        ready_remove(s, task->private);
    if (task->private == s->running) {
        ready_add(s, s->running); /* ready, but not among those that may run */
        switch_to(s, next_ready(s));
    }
}

uint32_t sched_resume(struct sim *sim, struct task *task)
{
    uint32_t before = task->suspended;
    if (before == 0)
        return 0;
    race_pass(sim, sim->thread, task->thread);
    if (--task->suspended == 0 && task->state == TASK_READY)
        ready_add(sim->sched, task->private);
    return before;
}

/* ---- reports ---- */

bool sched_visit(struct sim *sim, struct task *task, void (*function)(void *), void *argument)
{
    struct sched *s = sim->sched;
    if (!task->private->begun || task->state == TASK_FINISHED || task->private == s->running)
        return false;
    s->visit.argument = argument;
    s->visit.back = fiber_current();
    s->visit.function = function;
    fiber_jump(task->private->fiber);
    return true;
}

void sched_verify(const struct sim *sim)
{
    const struct sched *s = sim->sched;
    uint32_t alive = 0, ready = 0, parked = 0;
    if (!s)
        return;
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        const struct task_private *task = s->tasks[i];
        if (!task || task->task.state == TASK_FINISHED)
            continue;
        alive++;
        ready += task->task.state == TASK_READY && !task->task.suspended;
        parked += task->task.state == TASK_BLOCKED && !task->task.timed && !task->task.of_policy;
        CHECK((task->task.state == TASK_RUNNING) == (task == s->running));
        CHECK(task->task.id == i);
    }
    CHECK(alive == s->alive);
    CHECK(ready == s->ready_count);
    CHECK(parked == s->workload_parked);
    CHECK(sim->attention == s->alive - 1 + s->due.count);
    due_verify(&s->due);
}
