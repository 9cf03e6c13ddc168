/* What a person reads of runs: a line for one that held, a block for one that did not, a table for
 * several. 80 columns; colours only on a terminal, never needed. */
#ifndef LW_HARNESS_REPORT_H
#define LW_HARNESS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "harness/run.h"

#define LOWWATER_VERSION "0.1.0"

struct report_run {
    struct run_spec spec;
    struct run_result *result;
    char inject[FAULT_RULES][160]; /* as given, for the reproduction */
    uint32_t inject_count;
    char settings[POLICY_PARAMS_MAX][160]; /* --set words as given */
    uint32_t settings_count;
    const char *scenario_word; /* operands as the user wrote them */
    const char *policy_word;
};

struct report_totals {
    uint64_t runs, by_outcome[8];
};

bool use_colour(FILE *out);
/* One run, to out when it held (unless quiet), to err otherwise. */
void report_run(const struct report_run *run, bool quiet, bool show_served, FILE *out, FILE *err);
/* Scenarios down, policies across, one word a cell. */
void report_table(const struct report_run *runs, uint32_t count, FILE *out);
/* "12 runs: 11 ok, 1 crash". */
void report_totals(const struct report_totals *totals, FILE *out);
/* The command that repeats the run. */
void reproduction(const struct report_run *run, char *text, size_t bytes);
/* The id of a no-progress result: deadlock, self-deadlock, livelock. */
const char *progress_id(const struct run_result *result);
/* The whole --json document and the JUnit file. */
void report_json(const struct report_run *runs, uint32_t count, int exit_code,
                 const struct report_totals *totals, FILE *out);
void report_junit(const struct report_run *runs, uint32_t count, FILE *out);

#endif
