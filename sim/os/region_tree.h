/* A B+tree of regions ordered by first page, augmented with the free space before each region.
 *
 * "Gap" of a region: the free pages between the last granule its lower neighbour occupies (or the
 * beginning of the space) and its first page. Inner nodes hold the largest gap below each child,
 * so that the lowest or highest hole of a size is found in one descent. */
#ifndef LW_OS_REGION_TREE_H
#define LW_OS_REGION_TREE_H

#include "os/space.h"

#define GRANULE_PAGES UINT64_C(16)

struct tree;
struct region_record;

/* Keys and the ends of regions, in pages; end is rounded up to a granule by the caller. */
struct tree *tree_create(struct arena *arena, uint64_t first_page);
void tree_destroy(struct tree *tree);
/* Adds a region that touches no other one. */
void tree_insert(struct tree *tree, uint64_t first_page, uint64_t end_page, struct region *region);
void tree_remove(struct tree *tree, uint64_t first_page);
/* The region with the highest first page at or below page; the lowest above page. NULL: none. */
struct region *tree_at_or_below(const struct tree *tree, uint64_t page);
struct region *tree_above(const struct tree *tree, uint64_t page);
/* The end of the highest region, or the beginning of the space. */
uint64_t tree_end(const struct tree *tree);

/* A search for a hole between regions (the space above the highest one is the caller's). */
struct hole {
    uint64_t pages, align_pages;
    uint64_t first_page, end_page; /* bounds */
    uint64_t found;
};
bool tree_lowest_hole(const struct tree *tree, struct hole *hole);
bool tree_highest_hole(const struct tree *tree, struct hole *hole);
uint64_t tree_bytes(const struct tree *tree);
uint64_t tree_verify(const struct tree *tree); /* returns the number of regions */

/* The place for hole->pages inside the free range [begin, end), lowest or highest. */
bool hole_fits(struct hole *hole, uint64_t begin, uint64_t end, bool highest);

#endif
