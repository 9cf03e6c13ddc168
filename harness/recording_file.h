/* Recordings as files: .lwt, plain or compressed with zstd as a whole. */
#ifndef LW_HARNESS_RECORDING_FILE_H
#define LW_HARNESS_RECORDING_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clr/recording.h"
#include "harness/input_file.h"

/* Most bytes a recording may have uncompressed: some 300 million operations. */
#define RECORDING_BYTES_MAX (UINT64_C(2) << 30)

struct recording_file {
    struct recording recording;
    struct input_file bytes; /* what the recording reads from */
};

/* Reads, decompresses and checks. INPUT_NO_FILE: no such file (exit 2); INPUT_INVALID: no
 * recording, or a damaged one (exit 6). message names the byte, not the path. */
enum input_result recording_file_read(const char *path, struct recording_file *file, char *message,
                                      size_t message_bytes);
void recording_file_free(struct recording_file *file);

/* Compresses and writes to path, "-" being standard output; 0 or errno. A regular file appears
 * whole or not at all. */
int recording_file_write(const char *path, const uint8_t *bytes, size_t count);

/* True when the bytes, plain or compressed, begin like a recording: for telling file types apart.
 */
bool recording_file_recognise(const uint8_t *bytes, size_t count);

#endif
