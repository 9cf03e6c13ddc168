/* The child process of a run. */
#ifndef LW_HARNESS_CHILD_H
#define LW_HARNESS_CHILD_H

#include "core/output.h"
#include "harness/judge.h"
#include "harness/run.h"

/* Performs the run and leaves the process with _exit(0), whatever happens. */
_Noreturn void child_run(const struct run_spec *spec, struct run_result *result);

#define ASKED_BUFFER 1024

/* What the child's parts share. */
struct child {
    const struct run_spec *spec;
    struct run_result *result;
    struct sim *sim;
    struct machine *machine;
    struct policy *policy;
    struct output output;
    uint64_t native_begin_ns;
    int trace_fd;
    struct callers *callers;       /* caller.c */
    uint64_t watched_region_bytes; /* of the region that the watched page lies in */
    struct judge judge;
    uint64_t peak_bytes; /* highest commit charge at any record so far */
    struct clr *clr;     /* NULL before it is started */
    uint32_t asked_count;
    struct asked asked[ASKED_BUFFER]; /* for spec->steps_fd */
};

/* ---- watch.c ---- */

/* Hooks what wants to see records into the run; nothing when nothing does. */
void watch_begin(struct child *child);
/* Writes what is still buffered. */
void watch_end(struct child *child);

/* ---- stop.c ---- */

/* The hook of sim->on_stop: records outcome, stack and explanation, and leaves. */
void child_on_stop(struct sim *sim, const struct stop *stop);
/* Digest, counters, trace trailer; then _exit. */
_Noreturn void child_finish(struct child *child);
/* Native program counters of the running code, innermost first, from a signal's context or from
 * here. */
uint32_t capture_stack(struct child *child, const void *ucontext, uint64_t *frames, uint32_t max);
/* Shows visit the program counters of the running code one by one, innermost first, until it
 * returns false. */
void walk_stack(struct child *child, bool (*visit)(void *context, uint64_t ip), void *context);
uint64_t monotonic_ns(void);

/* ---- hang.c ---- */

/* Watches the CPU time of this process: ends the run as STOP_HANG when that many seconds pass
 * without a simulated call. Never wall time: a busy computer is no hang. */
void hang_watch(struct child *child, uint64_t timeout_s);

#endif
