/* Traces made by hand. See trace_make.h. */
#include "tests/support.h"
#include "tests/trace_make.h"

#include <stdio.h>
#include <string.h>
#include "core/sim.h"
#include "include/mscoree.h"

void made_add(struct made_trace *made, uint16_t kind, bool by_policy, uint32_t error, uint64_t a,
              uint64_t b, uint64_t c, uint64_t d)
{
    assert_true(made->count < MADE_MAX);
    made->now_ns += 100;
    made->events[made->count++] =
        (struct event){made->now_ns, kind, made->thread, by_policy, error, {a, b, c, d}};
}

void made_begin(struct made_trace *made)
{
    memset(made, 0, sizeof *made);
    made_add(made, EVENT_run_begin, false, 0, 7, UINT64_C(4) << 30, UINT64_C(1) << 30,
             UINT64_C(2) << 30);
}

void made_host_alloc(struct made_trace *made, uint64_t address, uint32_t error)
{
    uint64_t flags = MEM_RESERVE | MEM_COMMIT | (uint64_t)PAGE_READWRITE << 32;
    made_add(made, EVENT_VirtualAlloc, true, error ? 1455 : 0, 0, 65536, flags,
             error ? 0 : address);
    made_add(made, EVENT_host_VirtualAlloc, false, error, 0, 65536,
             flags | (uint64_t)eAppDomainCritical << 48, error ? 0 : address);
}

const struct trace_file *made_finish(struct made_trace *made)
{
    struct trace_file *file = &made->file;
    memset(file, 0, sizeof *file);
    file->events = made->events;
    file->count = made->count;
    file->complete = true;
    file->seed = 7;
    snprintf(file->scenario, sizeof file->scenario, "made");
    snprintf(file->policy, sizeof file->policy, "hand");
    return file;
}
