/* What is wrong with an input file, shown the way compilers do:
 *
 *     shrinks.yaml:9:13: error: unknown key 'adress-space' in 'machine'; did you mean ...
 *       9 |   machine: {adress-space: 8TiB}
 *         |             ^~~~~~~~~~~~
 *
 * Lines and columns count from 1, columns in characters, not bytes. The first 20 by place are
 * kept and shown, the rest is counted. */
#ifndef LW_HARNESS_DIAGNOSTICS_H
#define LW_HARNESS_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIAGNOSTICS_SHOWN 20

/* Where: characters of one line of the file, or a --set word of the command line. */
struct place {
    uint32_t line, column;
    uint32_t length;     /* characters, 0 counts as 1 */
    const char *setting; /* "KEY=VALUE" as given; NULL: in the file */
};

struct diagnostics {
    const char *path, *text; /* the file as diagnostics name it, and its bytes */
    size_t bytes;
    uint32_t count;       /* all of them */
    uint32_t in_settings; /* of these, on the command line */
    uint32_t kept;
    struct diagnostic {
        struct place at;
        char text[640];
    } first[DIAGNOSTICS_SHOWN]; /* in the order of their places, settings last */
};

/* text and path must outlive the diagnostics. */
void diagnostics_begin(struct diagnostics *diagnostics, const char *path, const char *text,
                       size_t bytes);
/* Whether a diagnostic at this place would be among the shown: ask before expensive texts. */
bool diagnostics_wanted(const struct diagnostics *diagnostics, struct place at);
/* Adds one; printf-like. The same text at the same place counts once. */
void diagnose(struct diagnostics *diagnostics, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes all that are kept and how many more there are. Colours only on a terminal. */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *out);
/* Text for use inside a message: one line, at most 40 characters, nothing unprintable. */
#define CLIPPED_BYTES 176
const char *clipped(const char *text, size_t length, char *buffer);
/* Bytes of the line break at a text with so many bytes left, 0: there is none. Breaks are those of
 * YAML, so that all that counts lines counts the same. */
size_t text_break(const char *text, size_t left);
/* The bytes of a line of a text (from 1), without its break. Breaks are those of YAML. */
const char *text_line(const char *text, size_t bytes, uint32_t line, size_t *length);

#endif
