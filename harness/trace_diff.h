/* lowwater trace diff: two runs or two recordings aligned, what differs with context, and what it
 * comes to.
 *
 * Records are compared by what they say, not by their number or time; --times and
 * --ignore-addresses change what counts. */
#ifndef LW_HARNESS_TRACE_DIFF_H
#define LW_HARNESS_TRACE_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "clr/recording.h"
#include "harness/trace_file.h"
#include "harness/trace_filter.h"

struct diff_options {
    struct trace_filter filter; /* resolved: only records that pass are compared */
    uint64_t hunks, context;
    bool full;             /* every hunk, and every line of it */
    bool times;            /* times must be equal too */
    bool ignore_addresses; /* only whether an address is NULL counts; of a recording, its objects */
    bool has_columns;      /* --width */
    unsigned columns;      /* 0: never wrap */
};

#define DIFF_HUNKS_DEFAULT 5
#define DIFF_CONTEXT_DEFAULT 3

/* True: identical, as far as the options compare; headers that differ are shown but do not count,
 * times always do. */
bool trace_diff(const struct trace_file *a, const char *a_name, const struct trace_file *b,
                const char *b_name, const struct diff_options *options, FILE *out);
bool recording_diff(const struct recording *a, const char *a_name, const struct recording *b,
                    const char *b_name, const struct diff_options *options, FILE *out);

/* Records alone, exactly: nothing when they are identical, else the hunks and one line that adds
 * up. Names are short words. */
bool events_diff(const struct event *a, uint64_t a_count, const char *a_name, const struct event *b,
                 uint64_t b_count, const char *b_name, uint64_t hunks, FILE *out);

#endif
