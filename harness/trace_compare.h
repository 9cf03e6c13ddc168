/* Compares runs record by record. */
#ifndef LW_HARNESS_TRACE_COMPARE_H
#define LW_HARNESS_TRACE_COMPARE_H

#include <stdio.h>
#include "harness/run.h"
#include "harness/trace_file.h"

/* Runs once with the trace into memory and reads it, whatever the run came to. False, with a
 * message: there is none. */
bool trace_of_run(const struct run_spec *spec, struct run_result *result, struct trace_file *file,
                  char *message, size_t message_bytes);

/* --check: runs the spec twice more with traces into memory and compares. A difference turns the
 * outcome into nondeterminism, with both records in the text. */
void trace_check_again(const struct run_spec *spec, struct run_result *result);

/* The first places that differ, aligned and with context, and how much there is; nothing and true
 * when all records are equal. Names are short words. */
bool trace_show_difference(const struct event *a, uint64_t a_count, const struct event *b,
                           uint64_t b_count, const char *a_name, const char *b_name, FILE *out);

#endif
