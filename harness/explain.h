/* A run in words: what its trace says about commit, refusals, failures, pressure, notifications and
 * memory that was left. For people; the trace is the only evidence, but for the moment of the
 * highest commit charge, which the run itself notes. */
#ifndef LW_HARNESS_EXPLAIN_H
#define LW_HARNESS_EXPLAIN_H

#include <stdio.h>
#include "harness/report.h"
#include "harness/trace_file.h"

/* Where a run leaves what is told about it. */
struct explain_files {
    int trace, steps; /* in memory; -1: not there */
    char trace_path[64];
};

/* Makes the run leave it there, its trace only where it was not asked to go anywhere else. The
 * files must outlive the run. */
void explain_open(struct explain_files *files, struct run_spec *spec);
void explain_close(struct explain_files *files);
/* Tells about one run that has ended; one that left nothing (spec.explain is not set, or its trace
 * went to standard output) is made once more. */
void explain_run(const struct report_run *run, FILE *out);

/* ---- explain_left.c ---- */

/* What the CLR still held at the end and which calls had given it, a line each. */
void explain_left(const struct report_run *run, const struct trace_file *trace, FILE *out);

/* ---- shared ---- */

/* Number, first and last of something in the trace, with the sizes that were asked for. */
struct tally {
    uint64_t key; /* what is counted; 0: free */
    uint64_t count, first_event, last_event, first_ns, last_ns;
    uint64_t bytes, smallest, largest;
};

#define TALLIES_MAX 64
#define TALLIES_SHOWN 8

struct tallies {
    struct tally items[TALLIES_MAX];
    uint32_t used;
    uint64_t others; /* of keys that found no place */
};

/* Counts one under the key (not 0). */
void tally_add(struct tallies *tallies, uint64_t key, uint64_t event, uint64_t time_ns,
               uint64_t bytes);
/* The most frequent ones first. */
void tally_sort(struct tallies *tallies);
/* A line of an explanation: the label only where it is given, wrapped at 80 columns. */
void put_explained(const char *label, const char *text, FILE *out);

#endif
