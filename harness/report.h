/* What a person reads of runs: a line for one that held, a block for one that did not, a table for
 * several. 80 columns; colours only on a terminal, never needed. */
#ifndef LW_HARNESS_REPORT_H
#define LW_HARNESS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "harness/run.h"

#define LOWWATER_VERSION "0.1.0"
#define LINE_COLUMNS 80
#define REPRODUCTION_BYTES 16384

/* A switch between threads that matters: what it is, and its record. */
struct found_switch {
    struct sched_switch what;
    uint64_t event, virtual_ns;
};
#define FOUND_SWITCHES_MAX 16

/* What --schedules found of a run. */
struct found_schedule {
    uint64_t tried;               /* schedules; 0: it was not looked for */
    uint64_t broke;               /* of these, as this run did */
    uint64_t number;              /* of the first that did, 0: all held */
    struct sched_options options; /* of that one */
    uint32_t switches_before;     /* its departures from the standard choice */
    uint32_t switches_count;      /* those that matter; the spec's schedule has them */
    struct found_switch switches[FOUND_SWITCHES_MAX];
};

struct report_run {
    struct run_spec spec;
    struct run_result *result;
    struct found_schedule found;
    const char *scenario_word; /* operands as the user wrote them */
    const char *policy_word;
};

struct json;
struct report_totals {
    uint64_t runs, by_outcome[8];
};

bool use_colour(FILE *out);
/* One run: to out when it held (unless quiet) or broke an expectation, to err otherwise. */
void report_run(const struct report_run *run, bool quiet, bool show_served, FILE *out, FILE *err);
/* Text in lines of at most 80 columns, each behind so many blanks; ends with a newline. */
void put_wrapped(const char *text, unsigned indent, FILE *out);
/* The policy's frames of a stack, one a line. */
void put_stack(const struct run_result *result, const uint64_t *frames, uint32_t count,
               unsigned indent, FILE *out);
/* The same as the field "stack" of an object. */
void json_stack(struct json *json, const struct run_result *result, const uint64_t *frames,
                uint32_t count);

/* ---- report_finding.c ---- */

/* Each broken expectation: promise, what happened, the failure before it, where it is written. */
void report_broken(const struct report_run *run, FILE *out);
/* An injected failure as --inject takes it; empty: there was none. */
const char *injection_text(const struct report_run *run, const struct injection *injection,
                           char *text, size_t bytes);
/* It in words and where it is written; the last of `count`. Nothing where there was none. */
void report_injection(const struct report_run *run, const struct injection *injection,
                      uint64_t count, unsigned indent, FILE *out);
/* File and line in the policy, of its innermost frame when it broke; empty: not known. */
const char *broken_where(const struct report_run *run, uint32_t index, char *text, size_t bytes);

/* ---- report_table.c ---- */

/* Scenarios down, policies across, one word a cell; in blocks when not all policies fit. */
void report_table(const struct report_run *runs, uint32_t count, FILE *out);
/* "12 runs: 11 ok, 1 finding in arena". */
void report_totals(const struct report_totals *totals, const struct report_run *runs,
                   uint32_t count, FILE *out);

/* ---- for programs ---- */

/* The command that repeats the run. */
void reproduction(const struct report_run *run, char *text, size_t bytes);
/* The id of a no-progress result: deadlock, self-deadlock, livelock. */
const char *progress_id(const struct run_result *result);
/* The whole --json document and the JUnit file. */
void report_json(const struct report_run *runs, uint32_t count, int exit_code,
                 const struct report_totals *totals, FILE *out);
void report_junit(const struct report_run *runs, uint32_t count, FILE *out);

#endif
