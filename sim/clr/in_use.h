/* Which addresses the workload holds: a host that gives out one of them again, before it was given
 * back, has two owners write into the same memory. That a block begins inside another one is not
 * seen. What replays and segments hold is not in it: they go by the recording's own addresses. */
#ifndef LW_CLR_IN_USE_H
#define LW_CLR_IN_USE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sim.h"

/* All zero: nothing is in use. */
struct in_use {
    struct in_use_entry *entries; /* open addressing, room is a power of two */
    uint32_t count, room;
};

/* The host has given it out, in the call that returned just now; a finding if it is in use. what:
 * "block". 0 is no address. */
void in_use_taken(struct sim *sim, struct in_use *in_use, uint64_t address, const char *what);
/* About to be given back: from then on others may get it. Nothing happens where it is not in use.
 */
void in_use_leaves(struct in_use *in_use, uint64_t address);
/* The host would not take it back. */
void in_use_stays(struct sim *sim, struct in_use *in_use, uint64_t address);
void in_use_drop(struct sim *sim, struct in_use *in_use);

#endif
