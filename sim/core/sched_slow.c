/* Slow threads. See sched.h, strategies slow-random and slow-pct.
 *
 * Under the other strategies a thread that can run does so before the clock jumps, so what others
 * do milliseconds later never comes between two of its calls. Here some threads are held up at some
 * of their steps, as by paging or by a busy machine, for so long that others end, time out or let
 * go of the host meanwhile. */
#include "core/sched_private.h"

#include "core/rng.h"

/* Nobody is held up for more than this in a short time, nor for more than half of a long one:
 * time limits of correct hosts are longer than what a busy machine does to them. */
#define HELD_MOST_NS UINT64_C(500000000)
/* Threads of the policy sleep for milliseconds where those of the CLR work for microseconds. */
#define HELD_OF_POLICY 8

/* How many are slow, how often and for how long: drawn anew for each schedule, each order of
 * magnitude as likely, because nobody knows how long the window is that matters. */
void slow_begin(struct sched *s)
{
    static const uint64_t most_ns[] = {4000, 60000, 1000000, 20000000};
    struct rng rng = rng_keyed(s->options.seed, RNG_SLOW, UINT64_MAX);
    s->holds = true;
    s->slow_one_in = 1u << rng_below(&rng, 4);
    s->held_one_in = 1u << 2 * rng_below(&rng, 4);
    s->held_most_ns = most_ns[rng_below(&rng, sizeof most_ns / sizeof most_ns[0])];
}

void slow_add_task(const struct sched *s, struct task_private *task)
{
    if (s->slow_one_in)
        task->slow = rng_draw(s->options.seed, RNG_SLOW, task->task.id) % s->slow_one_in == 0;
}

/* Of what a task was held up before half of the time since is forgiven. */
static bool may_be_held(struct task_private *task, uint64_t now_ns, uint64_t hold_ns)
{
    uint64_t forgiven_ns = (now_ns - task->held_at) / 2;
    CHECK(now_ns >= task->held_at);
    task->held_ns -= task->held_ns < forgiven_ns ? task->held_ns : forgiven_ns;
    task->held_at = now_ns;
    if (task->held_ns + hold_ns > HELD_MOST_NS)
        return false;
    task->held_ns += hold_ns;
    return true;
}

static uint64_t draw_hold(struct sched *s)
{
    struct task_private *running = s->running;
    uint64_t id = (running->steps + 1) * THREADS_MAX + running->task.id; /* below: of the task */
    struct rng rng = rng_keyed(s->options.seed, RNG_SLOW, id);
    if (!running->slow || rng_below(&rng, s->held_one_in) != 0)
        return 0;
    uint64_t most_ns = s->held_most_ns * (running->task.of_policy ? HELD_OF_POLICY : 1);
    uint64_t hold_ns = 1 + rng_below(&rng, most_ns);
    return may_be_held(running, s->sim->now_ns, hold_ns) ? hold_ns : 0;
}

static uint64_t listed_hold(struct sched *s)
{
    const struct sched_switch *wanted = strategy_listed(s, s->running->steps, true);
    return wanted ? wanted->held_ns : 0;
}

bool slow_step(struct sched *s)
{
    struct task_private *running = s->running;
    bool replayed = s->options.strategy == SCHED_REPLAY;
    uint64_t hold_ns = replayed ? listed_hold(s) : draw_hold(s), step = running->steps++;
    CHECK(s->holds);
    if (hold_ns == 0)
        return false;
    s->departures++;
    sim_event(s->sim, EVENT_held_up, 0, running->task.id, hold_ns, step, 0);
    running->held = true;
    sched_block(s->sim, s->sim->now_ns + hold_ns, NULL);
    running->held = false;
    return true;
}

void slow_let_go(struct sched *s)
{
    for (uint32_t id = 0; id < THREADS_MAX; id++) {
        struct task_private *task = s->tasks[id];
        if (task && task->held && task->task.state == TASK_BLOCKED)
            sched_wake(s->sim, &task->task, 0);
    }
}
