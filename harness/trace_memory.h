/* What memory a run held, worked out from its trace: once as the CLR saw it (what the host
 * answered), once as the policy had it from the system. */
#ifndef LW_HARNESS_TRACE_MEMORY_H
#define LW_HARNESS_TRACE_MEMORY_H

#include <stdint.h>
#include "core/trace.h"
#include "harness/address_map.h"

struct memory_peak {
    uint64_t reserved, committed; /* bytes; committed of VirtualAlloc, not of heaps */
    uint64_t committed_event;     /* at which committed was first that high */
};

struct memory_view {
    struct address_map map;
    struct memory_peak peak;
    uint32_t reservations; /* so far: names them in the map */
};

struct trace_memory {
    struct memory_view clr, policy;
};

/* Follows one record; all of them, in order. Calls that failed change nothing. Starts zeroed. */
void trace_memory_follow(struct trace_memory *memory, uint64_t id, const struct event *event);
void trace_memory_free(struct trace_memory *memory);

#endif
