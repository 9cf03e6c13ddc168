/* Who runs next. See sched.h: each strategy may depart from the standard choice.
 *
 * Draws are keyed by the number of the point, so that a schedule is a function of its seed. PCT
 * (probabilistic concurrency testing) gives each task a random priority and always runs the highest
 * one; at a few random points the running task falls behind all others. A bug that needs d ordered
 * steps is found with a probability that has a lower bound, unlike with draws at each point. */
#include "core/sched_private.h"

#include "core/rng.h"

/* Where it is not said how many points a run has: up to a million. */
#define POINTS_BITS 20
/* Of so many points round-robin lets one pass. */
#define ROUND_ROBIN_STAYS 16

/* Priorities: drawn ones have the top bit; change points put a task below these, yields below
 * everything else. */
#define PRIORITY_DRAWN (UINT64_C(1) << 63)
#define PRIORITY_CHANGED (UINT64_C(1) << 62)

const char *sched_strategy_name(enum sched_strategy strategy)
{
    static const char *const names[SCHED_STRATEGIES] = {
        "in-order", "round-robin", "random", "pct", "slow-random", "slow-pct", "replay"};
    CHECK(strategy < SCHED_STRATEGIES);
    return names[strategy];
}

/* ---- replay: a table by (from, own), once of switches and once of those who are held up ---- */

static bool is_at(const struct sched_switch *one, uint32_t from, uint64_t own, bool held)
{
    return one->from == from && one->own == own && (one->held_ns != 0) == held;
}

static uint32_t switch_place(const struct sched *s, uint32_t from, uint64_t own, bool held)
{
    uint64_t mixed = (own << 13 ^ (uint64_t)held << 12 ^ from) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t place = (uint32_t)(mixed >> 32) & (s->switches_room - 1);
    while (s->switches[place] && !is_at(s->switches[place], from, own, held))
        place = (place + 1) & (s->switches_room - 1);
    return place;
}

static void index_switches(struct sched *s)
{
    const struct sched_options *options = &s->options;
    s->switches_room = 16;
    while (s->switches_room < options->switches_count * 2)
        s->switches_room *= 2;
    s->switches = arena_alloc(&s->sim->arena, s->switches_room * sizeof *s->switches);
    for (uint32_t i = 0; i < options->switches_count; i++) {
        const struct sched_switch *wanted = &options->switches[i];
        bool held = wanted->held_ns != 0;
        s->switches[switch_place(s, wanted->from, wanted->own, held)] = wanted;
        s->holds = s->holds || held;
    }
}

const struct sched_switch *strategy_listed(const struct sched *s, uint64_t own, bool held)
{
    return s->switches[switch_place(s, s->running->task.id, own, held)];
}

bool sched_switch_of(const struct event *event, struct sched_switch *departure)
{
    *departure = (struct sched_switch){0};
    if (event->kind == EVENT_switch)
        *departure = (struct sched_switch){
            .from = (uint32_t)event->arg[0], .to = (uint32_t)event->arg[1], .own = event->arg[3]};
    if (event->kind == EVENT_held_up)
        *departure = (struct sched_switch){
            .from = (uint32_t)event->arg[0], .own = event->arg[2], .held_ns = event->arg[1]};
    return event->kind == EVENT_switch || event->kind == EVENT_held_up;
}

/* ---- candidates ---- */

static struct task_private *ready_at(const struct sched *s, uint64_t place)
{
    struct task_private *task = s->ready_first;
    while (place-- > 0)
        task = task->next;
    CHECK(task != NULL);
    return task;
}

static struct task_private *choose_random(const struct sched *s, struct task_private *standard)
{
    bool goes_on = standard == s->running;
    struct rng rng = rng_keyed(s->options.seed, RNG_SCHEDULE, s->points);
    uint64_t drawn = rng_below(&rng, s->ready_count + goes_on);
    return drawn == s->ready_count ? standard : ready_at(s, drawn);
}

/* The next one, but now and then not: two threads that back off from each other's locks would
 * otherwise do so in step for ever. */
static struct task_private *choose_next(const struct sched *s, struct task_private *standard)
{
    bool stays = rng_draw(s->options.seed, RNG_SCHEDULE, s->points) % ROUND_ROBIN_STAYS == 0;
    return stays ? standard : s->ready_first;
}

static struct task_private *choose_pct(struct sched *s, struct task_private *standard)
{
    for (uint32_t i = 0; i < s->options.change_points; i++)
        if (s->change_at[i] == s->points)
            s->running->priority = PRIORITY_CHANGED - i;
    struct task_private *best = standard;
    for (struct task_private *task = s->ready_first; task; task = task->next)
        if (task->priority > best->priority)
            best = task;
    return best;
}

static struct task_private *choose_listed(const struct sched *s, struct task_private *standard)
{
    const struct sched_switch *wanted = strategy_listed(s, s->running->points, false);
    if (!wanted || wanted->to >= THREADS_MAX || !s->tasks[wanted->to])
        return standard;
    struct task_private *to = s->tasks[wanted->to];
    return to->task.state == TASK_READY && !to->task.suspended ? to : standard;
}

/* ---- what the scheduler asks ---- */

static bool is_pct(const struct sched *s)
{
    return s->options.strategy == SCHED_PCT || s->options.strategy == SCHED_SLOW_PCT;
}

/* Each number of digits is as likely: of use when nobody knows how many points there will be. */
static uint64_t draw_of_any_size(struct rng *rng)
{
    uint64_t size = UINT64_C(1) << rng_below(rng, POINTS_BITS);
    return size - 1 + rng_below(rng, size);
}

void strategy_begin(struct sched *s)
{
    const struct sched_options *options = &s->options;
    CHECK(options->strategy < SCHED_STRATEGIES);
    s->lowest_priority = PRIORITY_CHANGED / 2;
    for (uint32_t i = 0; i < options->change_points; i++) {
        struct rng rng = rng_keyed(options->seed, RNG_PRIORITY, THREADS_MAX + i);
        s->change_at[i] = options->expected_points ? rng_below(&rng, options->expected_points)
                                                   : draw_of_any_size(&rng);
    }
    if (options->strategy == SCHED_REPLAY)
        index_switches(s);
    if (options->strategy == SCHED_SLOW_RANDOM || options->strategy == SCHED_SLOW_PCT)
        slow_begin(s);
}

void strategy_add_task(struct sched *s, struct task_private *task)
{
    task->priority = rng_draw(s->options.seed, RNG_PRIORITY, task->task.id) | PRIORITY_DRAWN;
    slow_add_task(s, task);
}

void strategy_yielded(struct sched *s, struct task_private *task)
{
    if (is_pct(s))
        task->priority = --s->lowest_priority;
}

struct task_private *strategy_choose(struct sched *s, struct task_private *standard)
{
    CHECK(standard == s->running || standard == s->ready_first);
    switch (s->options.strategy) {
    case SCHED_ROUND_ROBIN:
        return choose_next(s, standard);
    case SCHED_RANDOM:
    case SCHED_SLOW_RANDOM:
        return choose_random(s, standard);
    case SCHED_PCT:
    case SCHED_SLOW_PCT:
        return choose_pct(s, standard);
    case SCHED_REPLAY:
        return choose_listed(s, standard);
    default:
        return standard == s->running && s->sim->now_ns >= s->slice_end_ns ? s->ready_first
                                                                           : standard;
    }
}
