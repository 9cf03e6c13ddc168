/* What a policy prints: kept for the report, counted and hashed into the trace.
 *
 * Nothing is written to a file or terminal here; the harness shows the buffer when the run is
 * over. The text itself is no part of the trace, its length and hash are. */
#ifndef LW_CORE_OUTPUT_H
#define LW_CORE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

struct sim;

/* The first capacity bytes that were printed; the buffer belongs to the harness. */
struct output {
    char *buffer;
    uint64_t capacity;
    uint64_t bytes; /* printed in all, also beyond the capacity */
};

enum output_stream { OUTPUT_STDOUT = 1, OUTPUT_STDERR = 2, OUTPUT_DEBUG = 3 };

/* One print: one simulated call and one record, however long. stream is an output_stream. No
 * bytes, no call. Never fails: output beyond the capacity is counted and dropped. */
void crt_output(struct sim *sim, int stream, const char *text, size_t bytes);

#endif
