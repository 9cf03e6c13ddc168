/* Traces made by hand for tests: records appended to an array, a trace around them. */
#ifndef LW_TESTS_TRACE_MAKE_H
#define LW_TESTS_TRACE_MAKE_H

#include <stdint.h>
#include "harness/trace_file.h"

#define MADE_MAX 256

struct made_trace {
    struct event events[MADE_MAX];
    uint64_t count;
    uint64_t now_ns;
    uint8_t thread;
    struct trace_file file; /* made_finish */
};

/* Appends a record, 100 ns after the last one. by_policy: depth 1. */
void made_add(struct made_trace *made, uint16_t kind, bool by_policy, uint32_t error, uint64_t a,
              uint64_t b, uint64_t c, uint64_t d);
/* What a run's trace begins with. */
void made_begin(struct made_trace *made);
/* IHostMemoryManager::VirtualAlloc of 64 KiB with one VirtualAlloc inside; error 0: served. */
void made_host_alloc(struct made_trace *made, uint64_t address, uint32_t error);
/* The whole as a trace file would give it. */
const struct trace_file *made_finish(struct made_trace *made);

#endif
