/* What must hold in a run: the `expect` list of a scenario. Plain data. */
#ifndef LW_HARNESS_EXPECT_H
#define LW_HARNESS_EXPECT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/compare.h"

enum expectation_kind {
    EXPECT_COUNTER,       /* counter, comparison: of core/counters.def */
    EXPECT_SHARE_SERVED,  /* comparison in percent: operations_served of operations_recorded */
    EXPECT_PROCESS_EXITS, /* exits of the simulated process: crash, abort, exit */
    EXPECT_INJECTED,      /* failures handed out by the fault plan */
    EXPECT_RULE_INJECTED, /* of one rule: index */
    EXPECT_OUTCOME,       /* how the run itself ends: outcome */
    EXPECT_NOTHING_LEFT,  /* nothing-left-behind: yes */
    EXPECT_LAST_NOTICE,   /* the last notification that reached the CLR: notices */
};

enum last_notice { NOTICE_NONE, NOTICE_LOW, NOTICE_NEUTRAL, NOTICE_HIGH };

struct expectation {
    enum expectation_kind kind;
    uint16_t counter; /* enum counter */
    uint16_t index;
    struct comparison comparison;
    bool has_other; /* compared with another number of the run: EXPECT_COUNTER, EXPECT_INJECTED */
    enum expectation_kind other_kind;
    uint16_t other;   /* its counter */
    int outcome;      /* enum outcome of run.h */
    uint32_t notices; /* 1 << enum last_notice of each that will do */
    uint32_t line, column;
    const char *path; /* "expect[2].peak-commit" */
    const char *text; /* "peak-commit <= 512MiB", as a person reads it */
};

/* A failure that the fault plan handed out. */
struct injection {
    uint64_t event, virtual_ns; /* event 0: there was none */
    uint64_t match;             /* the rule's n-th, from 1 */
    uint32_t rule;
    uint32_t code; /* Windows error or errno */
};

/* A broken expectation, or a call of the workload that gave something else: id `expect`. Shared
 * memory, so texts are copied. */
struct broken {
    uint32_t line, column;
    char path[96];
    char promise[160]; /* "peak-commit <= 512MiB" */
    char expected[96]; /* "<= 512MiB" */
    char got[160];     /* "513.0 MiB" */
    bool has_event;    /* event and time at which it became false */
    uint64_t event, virtual_ns;
    uint64_t count;        /* how often (calls in a repeat) */
    uint64_t injections;   /* failures handed out before it */
    struct injection last; /* of them */
};

#endif
