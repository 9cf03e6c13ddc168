/* Reading a whole input file: a path or "-" for standard input, decompressed where it is zstd. */
#ifndef LW_HARNESS_INPUT_FILE_H
#define LW_HARNESS_INPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_file {
    uint8_t *bytes; /* count of them, and a NUL behind */
    size_t count;
    bool compressed;
};

enum input_result { INPUT_OK, INPUT_NO_FILE, INPUT_INVALID };

/* Reads path; limit bounds what it may decompress to. INPUT_NO_FILE: cannot be opened or read (a
 * mistake of the command line); INPUT_INVALID: damaged compression or larger than limit. In both
 * cases message says why, without the path. */
enum input_result input_read(const char *path, uint64_t limit, struct input_file *file,
                             char *message, size_t message_bytes);
/* The same for bytes in memory. */
enum input_result input_unpack(const uint8_t *bytes, size_t count, uint64_t limit,
                               struct input_file *file, char *message, size_t message_bytes);
void input_free(struct input_file *file);

#endif
