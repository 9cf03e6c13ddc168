/* Flows, and what acts from outside. See flow.h. */
#include "clr/flow.h"

#include "core/sched.h"

/* ---- flows ---- */

static struct flow *add_flow(struct run *run)
{
    struct arena *arena = &run->sim->arena;
    struct flow *flow = arena_alloc(arena, sizeof *flow);
    *flow = (struct flow){.run = run, .next = run->flows, .count = 1, .schedule.arena = arena};
    if (run->flows)
        run->flows->previous = flow;
    run->flows = flow;
    return flow;
}

static void remove_flow(struct flow *flow)
{
    struct run *run = flow->run;
    CHECK(flow->ended);
    schedule_drop(&flow->schedule);
    *(flow->previous ? &flow->previous->next : &run->flows) = flow->next;
    if (flow->next)
        flow->next->previous = flow->previous;
    arena_free(&run->sim->arena, flow, sizeof *flow);
}

struct flow *flow_begin(struct run *run)
{
    CHECK(run->flows == NULL);
    return add_flow(run);
}

void flow_drop(struct flow *flow)
{
    CHECK(flow->next == NULL);
    CHECK(flow->previous == NULL);
    remove_flow(flow);
}

/* ---- their tasks ---- */

static void enter_flow(void *argument)
{
    struct flow *flow = argument;
    struct run *run = flow->run;
    const struct clr_env *env = &run->clr->env;
    sim_event(run->sim, EVENT_clr_Thread, 0, flow->index, flow->count, 0, 0);
    flow_run(flow);
    if (env->thread_ends)
        env->thread_ends(env->context); /* the host's own code may run, and others meanwhile */
    CHECK(run->threads > 0);
    run->threads--;
    if (flow->waits)
        line_thread_ended(flow->waits);
}

struct flow *flow_start(struct run *run, uint64_t index, uint64_t count, uint32_t thread)
{
    struct flow *flow = add_flow(run);
    CHECK(index < count);
    flow->index = index;
    flow->count = count;
    flow->task = sched_start(
        run->sim, &(struct task_options){.entry = enter_flow, .argument = flow, .id = thread});
    if (!flow->task)
        sim_stop_text(run->sim, STOP_BUDGET, 0,
                      "the workload starts a thread and no number, or no stack, is left for it");
    flow->task->thread->references++; /* until flow_join */
    run->threads++;
    return flow;
}

void flow_join(struct flow *flow)
{
    struct sim *sim = flow->run->sim;
    struct task *task = flow->task;
    CHECK(task != NULL);
    CHECK(flow->ended);
    sched_join(sim, task);
    CHECK(task->thread->references > 0);
    task->thread->references--;
    remove_flow(flow);
}

struct flow *flow_running(const struct run *run)
{
    const struct task *task = run->threads ? sched_running(run->sim) : NULL;
    struct flow *flow = run->flows;
    while (flow && (task && task->id != 0 ? flow->task != task : flow->task != NULL))
        flow = flow->next;
    return flow;
}

/* ---- turns ---- */

static void wake(struct flow *flow)
{
    struct sim *sim = flow->run->sim;
    if (!flow->idle)
        return;
    struct task *task = flow->task ? flow->task : sched_next_task(sim, NULL);
    if (task->state == TASK_BLOCKED) /* otherwise its time has come as well */
        sched_wake(sim, task, 0);
}

void flow_add(struct flow *flow, struct activity *activity)
{
    CHECK(!flow->ended);
    schedule_add(&flow->schedule, activity);
    wake(flow);
}

void flow_end(struct flow *flow)
{
    CHECK(!flow->ended);
    flow->ended = true;
    wake(flow);
}

/* Others run until something of this flow is due. Who sleeps in the turn of an activity would not
 * hear of one that is added meanwhile. */
static void sleep_until_due(struct flow *flow)
{
    static const struct wait_reason threads = {.kind = WAITS_OTHER,
                                               .other = "the threads it started to end"};
    static const struct wait_reason calls = {.kind = WAITS_OTHER, .other = "a call to make"};
    struct sim *sim = flow->run->sim;
    while (!flow->ended && schedule_due(&flow->schedule) > sim->now_ns) {
        uint64_t due_ns = schedule_due(&flow->schedule);
        bool forever = due_ns == NEVER;
        if (!forever)
            check_reachable(sim, due_ns);
        flow->idle = true;
        sched_block(sim, due_ns, !forever ? NULL : flow->number ? &calls : &threads);
        flow->idle = false;
    }
    sched_point(sim);
}

/* Whether nobody adds activities to a flow while one of them has its turn. */
static bool is_alone(const struct run *run)
{
    return run->threads == 0 && !(run->preempts && run->asks);
}

void flow_run(struct flow *flow)
{
    struct run *run = flow->run;
    while (!flow->ended) {
        if (is_alone(run)) {
            schedule_turn(&flow->schedule, NEVER - 1);
            continue;
        }
        sleep_until_due(flow);
        if (!flow->ended)
            schedule_turn(&flow->schedule, run->sim->now_ns);
    }
}

/* ---- threads that calls name ---- */

struct flow *flow_named(struct run *run, uint32_t number)
{
    struct flow *flow = run->flows;
    CHECK(number > 0);
    while (flow && flow->number != number)
        flow = flow->next;
    if (flow)
        return flow;
    flow = flow_start(run, 0, 1, workload_named_id(run->workload, number));
    flow->number = number;
    return flow;
}

void flows_end_named(struct run *run)
{
    struct flow *next;
    for (struct flow *flow = run->flows; flow; flow = next) {
        next = flow->next;
        if (flow->number == 0)
            continue;
        flow_end(flow);
        flow_join(flow);
    }
}

/* ---- from outside ---- */

struct outside {
    struct due due; /* first, so that both have one address */
    struct outside *next;
    struct run *run;
    struct activity *activity;
};

/* Acts on whatever flow comes by when the time has come: as the machine, and as no thread of it. */
static void act(struct sim *sim, struct due *due)
{
    struct outside *outside = (struct outside *)due;
    struct thread *thread = sim->thread;
    enum actor actor = sim->actor;
    if (sim->touched_count)
        sim_flush_touches(sim); /* they are the running thread's */
    sim->thread = sim_thread(sim, 0);
    sim->actor = ACTOR_MACHINE;
    uint64_t due_ns = outside->activity->turn(outside->activity, sim->now_ns);
    sim->thread = thread;
    sim->actor = actor;
    if (due_ns == NEVER)
        return;
    outside->activity->due_ns = due_ns;
    sched_due_add_outside(sim, due, at_least(due_ns, sim->now_ns));
}

void outside_add(struct run *run, struct activity *activity)
{
    struct sim *sim = run->sim;
    if (!run->preempts) {
        flow_add(run->flows, activity);
        return;
    }
    struct outside *outside = arena_alloc(&sim->arena, sizeof *outside);
    *outside =
        (struct outside){.due.fire = act, .next = run->outside, .run = run, .activity = activity};
    run->outside = outside;
    sched_due_add_outside(sim, &outside->due, at_least(activity->due_ns, sim->now_ns));
}

void outside_drop(struct run *run)
{
    while (run->outside) {
        struct outside *gone = run->outside;
        run->outside = gone->next;
        if (gone->due.place)
            sched_due_remove(run->sim, &gone->due);
        arena_free(&run->sim->arena, gone, sizeof *gone);
    }
}
