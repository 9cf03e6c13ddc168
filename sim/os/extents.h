/* The runs of like pages of one region: which pages are committed, with which protection.
 *
 * A run is one word: its first page and its value (0: reserved, else the PAGE_ protection). Three
 * runs live in the region's record; more go into a chunk that doubles, and beyond 63 into several
 * chunks found through a table, so that a change moves a chunk's words and not those of the whole
 * region. */
#ifndef LW_OS_EXTENTS_H
#define LW_OS_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"

#define EXTENTS_INLINE 3

struct chunk;

struct extents {
    uint32_t runs;   /* in all, at least 1 */
    uint32_t chunks; /* 0: the runs are inline */
    union {
        uint64_t inline_runs[EXTENTS_INLINE];
        struct chunk *only; /* chunks is 1 */
        struct {            /* ... or more */
            struct chunk **table;
            uint32_t table_room;
        };
    };
};

/* One run of value 0. end_page, where given below, is the page behind the last run. */
void extents_init(struct extents *extents, uint64_t first_page);
void extents_destroy(struct arena *arena, struct extents *extents);
/* Gives all pages of [first_page, end_page) the value; coalesces with like neighbours. limit_page
 * is the end of the region. Returns by how many the pages whose value is not 0 grew. */
int64_t extents_assign(struct arena *arena, struct extents *extents, uint64_t first_page,
                       uint64_t end_page, uint64_t limit_page, uint16_t value);
/* The run that contains the page: its value, and where it ends. */
uint16_t extents_at(const struct extents *extents, uint64_t page, uint64_t limit_page,
                    uint64_t *run_end);
/* Pages of [first_page, end_page) whose value is not 0. */
uint64_t extents_committed(const struct extents *extents, uint64_t first_page, uint64_t end_page,
                           uint64_t limit_page);
uint64_t extents_bytes(const struct extents *extents);
void extents_verify(const struct extents *extents, uint64_t first_page, uint64_t limit_page);

#endif
