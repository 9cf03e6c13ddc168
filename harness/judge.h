/* Whether a run held: the expectations of its scenario, evaluated in the child.
 *
 * Expectations look at counters and at how the run ended, both of which are there however it ends.
 * An upper bound on a counter that only grows is watched while the run goes on, so that the record
 * at which it was passed is known. */
#ifndef LW_HARNESS_JUDGE_H
#define LW_HARNESS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/workload.h"
#include "core/compare.h"
#include "harness/expect.h"
#include "os/machine.h"

#define WATCHED_MAX 64

/* An expectation being watched; broken_at is filled in when its number has passed the bound. */
struct watched {
    uint32_t expectation;
    const uint64_t *number;
    struct comparison comparison;
    struct broken broken_at; /* has_event, event, virtual_ns, injections, last */
};

struct judge {
    uint64_t injections;            /* failures handed out so far */
    struct injection last;          /* of them */
    uint64_t refusals;              /* of them, that refused a call; others only took time */
    struct injection refused;       /* the last of these */
    uint64_t last_event, last_ns;   /* number and time of the last record */
    uint32_t watched_count, active; /* the first `active` have not been passed */
    struct watched watched[WATCHED_MAX];
    struct machine_left before, after; /* nothing-left-behind: around the workload */
    bool has_after;
};

struct child;
struct event;
/* Prepares the watched expectations. Returns whether judge_record must see every record. */
bool judge_begin(struct child *child);
void judge_record(struct child *child, const struct event *event);
/* The hook of workload_run: a call gave something else than its step expects. */
void judge_call(void *context, const struct step *step, const char *expected, const char *got);
/* Just before and after the workload and the shutdown: what nothing-left-behind compares. With
 * `shutdown: release` it begins before the host's factory is called. */
void judge_workload_begins(struct child *child);
void judge_workload_ended(struct child *child);
/* Between the workload and its judgement: bytes that nothing-left-behind would find too many, at
 * least a granule if it would find anything; 0: it is not expected, or would hold. */
uint64_t judge_left(const struct child *child);
/* At the end, result->ended being known: evaluates everything and sets result->outcome. */
void judge_end(struct child *child);

#endif
