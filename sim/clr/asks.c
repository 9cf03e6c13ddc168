/* The collector asks for the memory load at times that the workload says, besides those at which it
 * does so anyway: regularly, and right behind what pressure changes, when a host that remembers is
 * wrong. It asks on the workload's own flow, and not while that one is inside the host. */
#include "clr/flow.h"

#include <stddef.h>

/* Who waits for ever is woken to ask so often, unless somebody else makes a call meanwhile: or a
 * program whose threads all wait for each other would seem to go on. */
#define ASKS_IN_VAIN 1000

struct asks {
    struct activity tick; /* first */
    struct activity ask;
    struct run *run;
    bool asking; /* ask is scheduled */
    uint64_t calls, in_vain;
};

static struct asks *asks_of(struct activity *ask)
{
    return (struct asks *)((char *)ask - offsetof(struct asks, ask));
}

static uint64_t ask_turn(struct activity *activity, uint64_t limit_ns)
{
    struct asks *asks = asks_of(activity);
    struct run *run = asks->run;
    struct flow *flow = run->main;
    const uint64_t *calls = &run->sim->counters[COUNTER_vtable_calls];
    const struct step *step = flow->step;
    uint32_t load;
    uint64_t available;
    (void)limit_ns;
    CHECK(asks->asking);
    asks->asking = false;
    bool waits = schedule_due(&flow->schedule) == NEVER;
    asks->in_vain = waits && *calls == asks->calls ? asks->in_vain + 1 : 0;
    reach(run->sim, activity->due_ns);
    run_as(run->sim, 0);
    flow->step = NULL;
    host_get_memory_load(run->clr, &load, &available);
    flow->step = step;
    asks->calls = *calls;
    return NEVER;
}

/* The collector is to ask at this time, or when it can. */
static void request(struct asks *asks, uint64_t due_ns)
{
    struct run *run = asks->run;
    bool in_vain =
        asks->in_vain >= ASKS_IN_VAIN && run->sim->counters[COUNTER_vtable_calls] == asks->calls;
    if (asks->asking || in_vain || run->main->ended)
        return;
    asks->asking = true;
    asks->ask.due_ns = due_ns;
    flow_add(run->main, &asks->ask);
}

static uint64_t tick_turn(struct activity *activity, uint64_t limit_ns)
{
    struct asks *asks = (struct asks *)activity;
    struct sim *sim = asks->run->sim;
    (void)limit_ns;
    uint64_t due_ns = activity->due_ns, every_ns = asks->run->workload->ask_load_ns;
    reach(sim, due_ns);
    request(asks, due_ns);
    return due_ns + ((sim->now_ns - due_ns) / every_ns + 1) * every_ns; /* not all it missed */
}

void asks_pressure(struct run *run, uint64_t due_ns)
{
    if (run->workload->ask_load_after_pressure)
        request(run->asks, due_ns);
}

uint32_t asks_begin(struct run *run, uint32_t order)
{
    const struct workload *workload = run->workload;
    if (!workload->ask_load_ns && !workload->ask_load_after_pressure)
        return 0;
    struct asks *asks = run->asks = arena_alloc(&run->sim->arena, sizeof *asks);
    *asks = (struct asks){.run = run,
                          .tick = {workload->ask_load_ns, order, tick_turn},
                          .ask = {0, order + 1, ask_turn}};
    if (workload->ask_load_ns)
        outside_add(run, &asks->tick);
    return 2;
}

void asks_drop(struct run *run)
{
    if (run->asks)
        arena_free(&run->sim->arena, run->asks, sizeof *run->asks);
}
