/* One record as a line of a log: number, virtual time, thread, indented text; wrapped under itself
 * where the terminal is narrow, never in a pipe. */
#ifndef LW_HARNESS_TRACE_LINE_H
#define LW_HARNESS_TRACE_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "core/trace.h"

enum line_tone {
    LINE_PLAIN,
    LINE_CALL,   /* the CLR asks the host */
    LINE_QUIET,  /* page faults */
    LINE_NOTICE, /* notifications, begin and end */
    LINE_FAILED,
    LINE_REMOVED, /* of a comparison: only in the first file */
    LINE_ADDED
};

struct line_style {
    FILE *out;
    unsigned id_width, time_width; /* columns */
    unsigned columns;              /* of the terminal; 0: lines are not wrapped */
    bool colour;
};

/* For records numbered below count with times up to last_ns. Width and colours are those of the
 * terminal that out is; anything else gets neither. */
void line_style_init(struct line_style *style, FILE *out, uint64_t count, uint64_t last_ns);

struct line {
    const char *mark; /* what stands before the number: "- ", or "" */
    bool numbered;    /* false: number and time are left blank */
    uint64_t id, time_ns;
    uint32_t thread;
    unsigned indent; /* columns */
    const char *text;
    enum line_tone tone;
};

void line_put(const struct line_style *style, const struct line *line);
/* The tone of a record by itself. */
enum line_tone line_tone_of(const struct event *event);

#endif
