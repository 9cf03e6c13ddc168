/* Aligns two sequences: which items of the one stand for which of the other, what is only in one.
 *
 * Items are 64-bit keys (hashes of records); equal keys are equal items. Equal beginnings and ends
 * cost one comparison an item, and what one side alone has is set aside. In differing parts Myers'
 * greedy search finds the shortest edit as long as that stays below some thousand edits, or up to
 * the next long run of equal items; beyond that items that occur once in both parts anchor the rest
 * (patience), and where there are none the furthest path found so far is taken. So short sequences
 * are aligned as well as can be, long ones in time that grows with their length, and with memory
 * for the keys. */
#ifndef LW_HARNESS_TRACE_ALIGN_H
#define LW_HARNESS_TRACE_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

/* a_count items of a from a_at on against b_count of b from b_at on. */
struct align_run {
    uint64_t a_at, a_count, b_at, b_count;
    bool equal; /* item by item; then both counts are equal. False: nothing in it is aligned */
};

/* Shortest edits are found for certain while there are at most so many. */
#define ALIGN_EDITS_MAX 1024

/* Calls emit for each run: in order, alternating between equal and not, none empty, together all
 * of both sequences. Returns the steps it took, for tests of its cost. */
uint64_t trace_align(const uint64_t *a, uint64_t a_count, const uint64_t *b, uint64_t b_count,
                     void (*emit)(void *context, const struct align_run *run), void *context);

#endif
