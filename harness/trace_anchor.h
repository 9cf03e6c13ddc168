/* Anchors of an alignment: items that occur once in each of two windows and stand in the same
 * order in both (patience). */
#ifndef LW_HARNESS_TRACE_ANCHOR_H
#define LW_HARNESS_TRACE_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items of each side that are looked at at most. */
#define ANCHOR_WINDOW_MAX (UINT64_C(1) << 22)

struct anchor {
    uint32_t a, b; /* places from the beginning */
};

struct anchor_chain {
    struct anchor *anchors; /* ascending in both */
    size_t count;
    uint64_t looked_at; /* items */
};

/* Finds anchors near the beginning of both sides: the window widens until enough of it is anchored,
 * or it reaches both ends or ANCHOR_WINDOW_MAX. False: none. True: the chain is to be freed. */
bool anchors_find(const uint64_t *a, uint64_t a_count, const uint64_t *b, uint64_t b_count,
                  struct anchor_chain *chain);
void anchors_free(struct anchor_chain *chain);

#endif
