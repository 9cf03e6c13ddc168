/* Reading words of the command line: sizes, numbers, near misses. */
#ifndef LW_HARNESS_OPTIONS_H
#define LW_HARNESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXIT_HELD = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_NONDETERMINISM = 3,
    EXIT_NO_PROGRESS = 4,
    EXIT_CRASH = 5,
    EXIT_INPUT = 6,
    EXIT_GATE = 7,
    EXIT_INTERNAL = 70,
    EXIT_INTERRUPTED = 130
};

/* A plain decimal or 0x number that uses all of the text. */
bool parse_u64(const char *text, uint64_t *value);
/* "512", "64KiB", "1.5" is refused, "2GiB"; units B KiB MiB GiB TiB and K M G T (powers of 1024).
 */
bool parse_bytes(const char *text, uint64_t *bytes);
/* "250ms", "8s", "100us", "5ns"; a plain number means milliseconds. In nanoseconds. */
bool parse_duration_ns(const char *text, uint64_t *ns);
/* The candidate nearest to a misspelt word (at most a third of it wrong), or NULL. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);
/* "12.5 MiB", "4.0 KiB", "0 B". */
const char *bytes_text(uint64_t bytes, char *text, size_t text_bytes);
/* "1,234,567". */
const char *count_text(uint64_t count, char *text, size_t text_bytes);
/* "lowwater: ..." on standard error; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* False, with a usage error: several of the files that the command reads are standard input. */
bool standard_input_once(const char *command, char *const *paths, int count);
/* Whether both paths name one existing file. */
bool same_file(const char *a, const char *b);

#endif
