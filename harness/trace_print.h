/* lowwater trace print: a trace or a recording as a log that a person can follow.
 *
 * A call of the CLR into the host is recorded when it returns, behind the calls it made. The log
 * shows it as it happened: the call, the calls inside it indented, then its result. Faults on
 * neighbouring pages that follow each other are one line. */
#ifndef LW_HARNESS_TRACE_PRINT_H
#define LW_HARNESS_TRACE_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "clr/recording.h"
#include "harness/trace_file.h"
#include "harness/trace_filter.h"

struct print_options {
    struct trace_filter filter; /* resolved */
    uint64_t head, tail;        /* at most so many records, the first or the last ones; 0: all */
    bool raw;                   /* a line a record, in the order of the file */
    bool has_columns;           /* --width; otherwise the terminal decides */
    unsigned columns;           /* 0: never wrap */
};

/* Stop early, without a word, when out cannot be written. */
void trace_print(const struct trace_file *trace, const char *name, struct print_options *options,
                 FILE *out);
void recording_print(const struct recording *recording, const char *name,
                     const struct print_options *options, FILE *out);
/* The same as JSON, one object a line. */
void trace_print_json(const struct trace_file *trace, struct print_options *options, FILE *out);
void recording_print_json(const struct recording *recording, const struct print_options *options,
                          FILE *out);
/* Calls show for each operation to be shown, in order, while out can be written; with `joined`,
 * touches of neighbouring pages that follow each other are one: count of them, op the first one at
 * the lowest offset. */
void recording_each(const struct recording *recording, const struct print_options *options,
                    bool joined,
                    void (*show)(void *context, uint64_t id, const struct operation *op,
                                 uint64_t count),
                    void *context, FILE *out);

#endif
