/* What a host says about memory, compared with what there is.
 *
 * The machine is asked when the call has begun and when it ends, and what it tells anybody
 * meanwhile counts as well, for it may change in between; an answer among these is right. One that
 * says less load, or more available, is better than the truth: a collector that believes it waits
 * too long. The opposite may be the host's caution, or a limit of its own. Neither is wrong by
 * itself: counters keep the largest differences, and a scenario sets bounds. What is never right is
 * a finding. */
#ifndef LW_CLR_LOAD_H
#define LW_CLR_LOAD_H

#include "clr/host.h"

/* What the CLR leaves in the results before the call. */
#define LOAD_UNWRITTEN 0xBAADF00Du
#define AVAILABLE_UNWRITTEN UINT64_C(0xBAADF00DBAADF00D)

/* A call of GetMemoryLoad that is being made. */
struct load_answer {
    struct clr *clr;
    struct load_answer *next; /* further ones, of other threads */
    uint32_t load_least, load_most;
    uint64_t available_least, available_most;
    uint64_t physical_bytes;
};

/* Just before the host's code runs, and just behind it. */
void load_call_begins(struct load_answer *answer);
void load_call_ends(struct load_answer *answer);
/* The machine tells somebody: what calls being made are compared with. */
void load_told(void *clr, uint32_t load_percent, uint64_t available_bytes);
/* The answer was S_OK with these results as they are in memory. Counts differences, writes a record
 * where it is better than the truth, and finds what cannot be. */
void load_judge(const struct load_answer *answer, uint32_t load, uint64_t available);

#endif
