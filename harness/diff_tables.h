/* What a comparison shows besides the records: names, headers, counts. */
#ifndef LW_HARNESS_DIFF_TABLES_H
#define LW_HARNESS_DIFF_TABLES_H

#include <stdbool.h>
#include <stdio.h>
#include "harness/diff_hunks.h"
#include "harness/trace_file.h"

/* "--- A  run.lwr: plugins-regions with quota, seed 1, 10,963 events", and the same of B. */
void diff_trace_names(const struct trace_file *a, const char *a_name, const struct trace_file *b,
                      const char *b_name, FILE *out);
void diff_recording_names(const struct recording *a, const char *a_name, const struct recording *b,
                          const char *b_name, FILE *out);
/* What the headers of both say differently; nothing when they agree. */
void diff_headers(const struct trace_file *a, const struct trace_file *b, FILE *out);
/* Calls that were made, or failed, more often in one of them; those that differ most. */
void diff_calls(const struct diff_source *a, const struct event *a_events,
                const struct diff_source *b, const struct event *b_events, FILE *out);
/* What the imports counted; true when that is equal. */
bool diff_stats(const struct recording *a, const struct recording *b, FILE *out);

#endif
