/* Traces of runs as files: everything needed to run again, the records, and a trailer.
 *
 * Little-endian. A text header ("key value" lines, closed by an empty line) names version,
 * scenario, policy, parameters, seed, faults and machine; then 48-byte records up to the trailer,
 * which holds their number and the digest. A trace cut short by a dying process has no trailer and
 * can be read all the same. */
#ifndef LW_HARNESS_TRACE_FILE_H
#define LW_HARNESS_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/input_file.h"
#include "harness/run.h"

#define TRACE_MAGIC "lowwater trace 1\n"

/* Creates spec->trace_path and writes the header; the descriptor, or -1. */
int trace_file_begin(const struct run_spec *spec);
/* Appends the trailer. */
void trace_file_finish(int fd, const struct run_result *result);

struct trace_file {
    struct input_file input;
    struct run_spec spec; /* as the header tells; strings below */
    char scenario_path[512], policy_path[512], policy[128], scenario[128], factory[128];
    const struct event *events;
    uint64_t count;
    bool complete; /* it has its trailer, and the digest is right */
    uint8_t digest[16];
};
bool trace_file_recognise(const uint8_t *bytes, size_t count);
/* Reads and checks. INPUT_INVALID with a message when it is damaged. */
enum input_result trace_file_read(const char *path, struct trace_file *file, char *message,
                                  size_t message_bytes);
void trace_file_free(struct trace_file *file);

#endif
