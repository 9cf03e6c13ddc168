/* Traces of runs as files: everything needed to run again, the records, and a trailer.
 *
 * Little-endian. A text header ("key value" lines, closed by an empty line) names version,
 * scenario, policy, seed, the words of the command line that changed the run, and holds the text
 * of the scenario and of the curves it names; of recordings it has the checksums. Then come 48-byte
 * records up to the trailer, which holds their number and the digest. A trace cut short by a dying
 * process has no trailer and can be read all the same.
 *
 * Version 1 had the machine's settings in place of the scenario: it can be read and printed, not
 * replayed. */
#ifndef LW_HARNESS_TRACE_FILE_H
#define LW_HARNESS_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/input_file.h"
#include "harness/run.h"

#define TRACE_MAGIC "lowwater trace "
#define TRACE_VERSION 2
#define TRACE_RECORDINGS_MAX 256

/* Creates spec->trace_path and writes the header; the descriptor, or -1 with errno. */
int trace_file_begin(const struct run_spec *spec);
/* Appends the trailer and closes. False with errno: the file has not got all, on a full disk for
 * example, and reads as a trace cut short. */
bool trace_file_finish(int fd, const struct run_result *result);

struct trace_file {
    struct input_file input;
    unsigned version;
    /* The header. Strings end with NUL and live as long as the file. */
    char scenario[128], scenario_path[512], policy[128], policy_path[512], factory[128];
    uint64_t seed, max_events;
    bool race; /* data races were looked for */
    bool has_schedule;
    struct sched_options schedule; /* strategy, seed, switches; traces without: the scenario's */
    struct run_words words;
    const char *text; /* of the scenario; NULL: a recording stood in its place */
    size_t text_bytes;
    struct scenario_file files[SCENARIO_FILES_MAX]; /* that the scenario names */
    uint32_t files_count;
    uint64_t recordings[TRACE_RECORDINGS_MAX]; /* checksums, in the order of the plan's replays */
    uint32_t recordings_count;

    const struct event *events;
    uint64_t count;
    bool complete; /* it has its trailer, and the digest is right */
    uint8_t digest[16];
    char *strings; /* private: the header's words */
    size_t strings_used;
};
bool trace_file_recognise(const uint8_t *bytes, size_t count);
/* Reads and checks. INPUT_INVALID with a message when it is damaged. */
enum input_result trace_file_read(const char *path, struct trace_file *file, char *message,
                                  size_t message_bytes);
void trace_file_free(struct trace_file *file);

/* ---- trace_header.c ---- */

/* The header of a run's trace, to a memory stream. */
void trace_header_write(FILE *out, const struct run_spec *spec);
/* Reads the header at the beginning of file->input; *end is where the records begin. */
bool trace_header_read(struct trace_file *file, size_t *end, char *message, size_t message_bytes);
/* Checksums of the recordings that a plan replays, in its order; how many, at most max. */
uint32_t trace_recordings(const struct scenario *plan, uint64_t *checksums, uint32_t max);

#endif
