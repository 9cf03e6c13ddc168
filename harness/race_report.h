/* Data races of a run (core/race.h), told with the stacks of both accesses. Lies in the run's
 * result.
 *
 * The later access is on the stack when the race is found. The earlier one is known by its number
 * and place only: the run is made once more, the same to the last access, and its stack is taken
 * when that access comes. */
#ifndef LW_HARNESS_RACE_REPORT_H
#define LW_HARNESS_RACE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The first ones are told in full; more of them mostly say the same again. */
#define RACES_MAX 16
#define RACE_FRAMES_MAX 24

struct race_access {
    uint32_t thread;
    unsigned kind;   /* enum race_kind */
    uint64_t number; /* of the access */
    uint64_t pc;     /* where the policy goes on behind it, 0: unknown */
    uint32_t frames_count;
    uint64_t frames[RACE_FRAMES_MAX]; /* native program counters, innermost first */
};

struct race_entry {
    struct race_access now, before;
    uint64_t event, virtual_ns;
    uint64_t address, bytes;
    char where[256]; /* what is there; "": in an image, whose symbols the parent knows */
};

struct race_report {
    bool looked_for;
    bool blind; /* the policy's own accesses are not seen: it was built without --race */
    uint32_t count;
    uint64_t others; /* more pairs of places, not listed */
    struct race_entry entries[RACES_MAX];
};

/* ---- in the child (race_report.c) ---- */

struct child;
/* Looks for races when the run is to; before the policy is loaded, and behind that. */
void races_begin(struct child *child);
void races_policy_loaded(struct child *child);
/* The workload's threads begin or are over: their first one stands before, or behind all. */
void races_workload(struct child *child);
/* One was found. */
void races_note(struct child *child);

/* ---- in the parent (report_race.c) ---- */

struct run_spec;
struct run_result;
struct report_run;
struct json;
/* Adds the stacks of the earlier accesses, by a run more, and drops races between lines that were
 * told already. `again` makes that run; NULL: it failed. */
void races_explain(const struct run_spec *spec, struct run_result *result,
                   struct run_result *(*again)(const struct run_spec *spec));
/* Whether both tell of the first race of either, in whatever order its accesses came. */
bool races_alike(const struct race_report *a, const struct race_report *b);
void report_races(const struct report_run *run, FILE *out);
/* Says that the policy's own accesses were not seen. */
void report_race_blindness(const struct report_run *run, FILE *out);
/* Elements of the open array "findings". */
void json_races(struct json *json, const struct report_run *run, const char *again);

#endif
