/* Two sequences of records side by side: the places where they differ, in the unified style with
 * context, and what that comes to. Knows nothing of traces; see trace_diff.h. */
#ifndef LW_HARNESS_DIFF_HUNKS_H
#define LW_HARNESS_DIFF_HUNKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "harness/trace_line.h"

struct diff_source {
    const char *name;
    const void *items;
    const uint64_t *picked; /* numbers of the items that are compared, ascending; NULL: all */
    uint64_t count;         /* of them */
    uint64_t *keys;         /* of each; equal keys are equal items */
};

/* The number of the i-th compared item. */
static inline uint64_t diff_id(const struct diff_source *source, uint64_t i)
{
    return source->picked ? source->picked[i] : i;
}

/* How items look. */
struct diff_face {
    const char *word; /* "event" */
    uint64_t (*time_ns)(const void *items, uint64_t id);
    /* The line's text, thread and indent; text has EVENT_TEXT_BYTES. */
    void (*show)(const void *items, uint64_t id, char *text, struct line *line);
    /* What differences are alike by, when their items are: a call and its result, not its values.
     */
    uint64_t (*sort)(const void *items, uint64_t id);
    /* What the item is part of ("inside ..."), empty: nothing. Same room. */
    void (*where)(const void *items, uint64_t id, char *text);
    /* Whether items with equal keys are equal in everything but the time. */
    bool (*same)(const void *a, uint64_t a_id, const void *b, uint64_t b_id);
};

struct diff_totals {
    uint64_t equal, removed, added, places;
    uint64_t first_a, first_b; /* where each side stands at the first difference; may be its end */
    bool has_first;
    uint64_t times_differ, first_time_a, first_time_b; /* in items that are otherwise equal */
    uint64_t others_differ; /* equal items that are not the same: what the keys ignore */
};

struct diff_limits {
    uint64_t hunks;   /* places shown */
    bool alike;       /* also those like one that was shown already */
    uint64_t context; /* equal lines around each */
    uint64_t lines;   /* of one side of a place; the middle of longer ones is left out */
};

/* Aligns both, prints the hunks, and adds everything up. */
void diff_hunks(const struct diff_source *a, const struct diff_source *b,
                const struct diff_face *face, const struct diff_limits *limits,
                const struct line_style *style, struct diff_totals *totals);

#endif
