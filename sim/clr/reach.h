/* How what a workload does comes to its time. */
#ifndef LW_CLR_REACH_H
#define LW_CLR_REACH_H

#include <stdint.h>
#include "clr/schedule.h"
#include "core/check.h"
#include "core/sim.h"

/* A quarter of all times there are: sums of what a workload says stay below the others. */
#define RUN_NS_MAX (UINT64_C(1) << 62)

/* Ends the run when a time is beyond RUN_NS_MAX: nested repeats of long waits, slow replays and
 * long delays can say more time than there is. */
static inline void check_reachable(struct sim *sim, uint64_t time_ns)
{
    CHECK(time_ns != NEVER);
    if (__builtin_expect(time_ns > RUN_NS_MAX || sim->now_ns > RUN_NS_MAX, 0))
        sim_stop_text(sim, STOP_BUDGET, 0, "the workload goes on beyond 146 years of virtual time");
}

/* The clock comes to a time, if it is not past it. */
static inline void reach(struct sim *sim, uint64_t time_ns)
{
    check_reachable(sim, time_ns);
    sim_sleep_until(sim, time_ns);
}

#endif
