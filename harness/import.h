/* From a log of memory calls to the operations of a recording.
 *
 * Input is text in memory: a strace log and, where there is one, a log of page faults on the same
 * clock. What calls mean is told beside import_map.c; figures follow the raw calls as they were
 * made, operations what Windows could have done in their place. */
#ifndef LW_HARNESS_IMPORT_H
#define LW_HARNESS_IMPORT_H

#include <stddef.h>
#include <stdint.h>
#include "clr/recording.h"

#define IMPORT_LINES_NAMED 20

struct import_input {
    const char *log;
    size_t log_bytes;
    const char *faults; /* NULL: none */
    size_t faults_bytes;
};

/* Numbers, from 1, of the first lines that were not understood. */
struct import_lines {
    uint64_t count;
    uint64_t first[IMPORT_LINES_NAMED];
};

struct import_result {
    struct operation *operations; /* for free() */
    uint64_t count;
    uint32_t objects, threads;
    uint64_t duration_ns;
    struct recording_stats stats;
    struct import_lines bad_lines, bad_fault_lines;
    uint64_t fault_lines;
};

enum import_status {
    IMPORT_OK,
    IMPORT_EMPTY,          /* no line at all */
    IMPORT_NOT_UNDERSTOOD, /* more than half of the lines of the log or of the fault log */
    IMPORT_NO_CLOCK,       /* a fault log, and a log without absolute times */
};

/* result is filled in whatever the status; release it with import_result_free. */
enum import_status import_strace(const struct import_input *input, struct import_result *result);
void import_result_free(struct import_result *result);

#endif
