/* What a run tells of its threads: broken promises that did not end it, and where all threads
 * stood when it ended badly. Lies in the run's result. */
#ifndef LW_HARNESS_THREAD_REPORT_H
#define LW_HARNESS_THREAD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "core/sim.h"

#define THREAD_FINDINGS_MAX 16
#define THREAD_STACKS_MAX 64
#define THREAD_FRAMES_MAX 24

struct thread_finding {
    enum finding_kind kind;
    uint32_t thread;
    uint64_t event, virtual_ns; /* of the first time */
    uint64_t count;             /* times the same was found */
    uint64_t cause;             /* record that led to it, e.g. taking the lock; 0: none */
    char text[512];
    uint32_t frames_count;
    uint64_t frames[THREAD_FRAMES_MAX]; /* native program counters, innermost first */
};

struct thread_stack {
    uint32_t thread;
    char state[200]; /* "waits for critical section 1, which thread 2 has" */
    uint32_t frames_count;
    uint64_t frames[THREAD_FRAMES_MAX];
};

struct thread_report {
    uint64_t points;   /* choices of the scheduler: what pct wants to know of a run */
    uint64_t switches; /* of them, departures from the standard choice */
    uint32_t findings_count;
    uint64_t findings_others; /* more, not listed */
    struct thread_finding findings[THREAD_FINDINGS_MAX];
    bool stopped_in_own;     /* the run ended on a thread that the policy had started: */
    bool stopped_among;      /* there were several then */
    uint32_t stopped_thread; /* this one */
    uint32_t stacks_count;   /* of the threads that did not run when the run ended */
    struct thread_stack stacks[THREAD_STACKS_MAX];
};

/* ---- in the child (thread_report.c) ---- */

struct child;
/* Before the policy is loaded: the schedule, and who hears of findings. */
void threads_begin(struct child *child);
/* Behind the workload: locks that its threads kept. */
void threads_workload_ended(struct child *child);
/* Everything was released: waits for the policy's threads for a while. */
void threads_wait(struct child *child);
/* Threads that still run behind the last destructor are findings. */
void threads_check_leaks(struct child *child);
/* At the end: what the scheduler did. */
void threads_count(struct child *child);
/* The run ends badly: on which thread, and without progress where the others stand. */
void threads_note_stacks(struct child *child, bool others);

/* ---- in the parent (report_thread.c) ---- */

struct report_run;
struct json;
/* The promise that a finding of this kind breaks, in words. */
const char *finding_promise(enum finding_kind kind);
void report_thread_findings(const struct report_run *run, FILE *out);
void report_thread_stacks(const struct report_run *run, FILE *out);
/* The findings as elements of the open array "findings". */
void json_thread_findings(struct json *json, const struct report_run *run, const char *again);
/* "threads": [...] of the open object; nothing when there are no stacks. */
void json_thread_stacks(struct json *json, const struct report_run *run);

#endif
