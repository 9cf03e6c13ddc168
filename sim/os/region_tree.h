/* A B+tree of regions ordered by first page, augmented with the free space behind each region.
 *
 * Everything counts in granules, of which an address space has fewer than 2^31. The "gap" of a
 * region reaches from the last granule it occupies to its upper neighbour or the end of the space.
 * Inner nodes hold the largest gap below each child, so that the lowest or highest hole of a size
 * is found in one descent. */
#ifndef LW_OS_REGION_TREE_H
#define LW_OS_REGION_TREE_H

#include "os/space.h"

#define GRANULE_PAGES UINT64_C(16)

struct tree;

/* Regions lie in [first_page, end_page); first_page is a multiple of a granule above 0. */
struct tree *tree_create(struct arena *arena, uint64_t first_page, uint64_t end_page);
void tree_destroy(struct tree *tree);
/* Adds a region whose granules are free. */
void tree_insert(struct tree *tree, uint64_t first_page, uint64_t pages, struct region *region);
void tree_remove(struct tree *tree, uint64_t first_page);
/* The region with the highest first page at or below page; the lowest above page. NULL: none.
 * Lookups remember the leaf they ended in, hence no const. */
struct region *tree_at_or_below(struct tree *tree, uint64_t page);
struct region *tree_above(struct tree *tree, uint64_t page);

struct hole {
    uint64_t pages, align_pages;
    uint64_t first_page, end_page; /* bounds */
    uint64_t found;
};
bool tree_lowest_hole(struct tree *tree, struct hole *hole);
bool tree_highest_hole(struct tree *tree, struct hole *hole);
uint64_t tree_bytes(const struct tree *tree);
uint64_t tree_verify(const struct tree *tree); /* returns the number of regions */

#endif
