/* The address space of the simulated process: regions, their extents, and the page table.
 *
 * Units are pages (logical address >> 12) throughout. A region is one reservation. Its pages are
 * either reserved or committed with a protection; runs of equal pages are extents. Neither costs
 * more for a terabyte than for a page: region operations are O(log regions), range operations
 * O(log n + extents changed). The page table holds an entry only for a page that is resident or
 * otherwise differs from its extent; clearing a range costs O(resident pages in it).
 *
 * Nothing here knows of limits, charges, faults or Windows errors: machine.c does. Callers check
 * first; a wrong argument is an internal error. */
#ifndef LW_OS_SPACE_H
#define LW_OS_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"

/* Region flags. */
enum {
    REGION_WRITE_WATCH = 1u << 0,
    REGION_LARGE_PAGES = 1u << 1,
    REGION_NOCACHE = 1u << 2,
    REGION_HEAP = 1u << 3, /* memory of a heap: released by HeapDestroy only */
    REGION_STACK = 1u << 4,
    REGION_VIEW = 1u << 5, /* a mapped view: counts as address space, not as commit */
    REGION_IMAGE = 1u << 6,
    REGION_ISLAND = 1u << 7, /* taken by pressure on the address space */
    /* Not of VirtualAlloc: its calls may not change them. */
    REGION_OTHERS = REGION_HEAP | REGION_STACK | REGION_VIEW | REGION_IMAGE | REGION_ISLAND,
};

struct region;
struct space;

/* What callers may know of a region. */
struct region_info {
    uint64_t first_page;
    uint64_t pages;         /* at least 1 */
    uint16_t alloc_protect; /* PAGE_ value the region was reserved with */
    uint16_t flags;         /* REGION_ */
    uint64_t committed_pages;
};

/* A run of pages of one region that are alike. protect is 0 where not committed. */
struct extent {
    uint64_t first_page;
    uint64_t pages;
    bool committed;
    uint16_t protect; /* PAGE_ value with modifiers */
};

/* Pages first_page .. end_page-1 are usable (Windows: 0x10 .. 0x7FFFFFFF0, which is also as far as
 * they may reach). */
struct space *space_create(struct arena *arena, uint64_t first_page, uint64_t end_page);
void space_destroy(struct space *space);

/* The region that contains the page, or NULL. */
struct region *space_find(const struct space *space, uint64_t page);
/* The region with the lowest first page at or above page, or NULL; and the highest one below. */
struct region *space_find_next(const struct space *space, uint64_t page);
struct region *space_find_previous(const struct space *space, uint64_t page);
struct region_info region_info(const struct region *region);

/* The lowest (top_down: highest) place for that many pages at a multiple of align_pages within
 * [first_page, end_page). A region occupies whole allocation granules (16 pages): the tail of its
 * last granule is not available. False: there is no hole. */
bool space_find_gap(const struct space *space, uint64_t pages, uint64_t align_pages,
                    uint64_t first_page, uint64_t end_page, bool top_down, uint64_t *found);
/* True when no region occupies a granule that the range touches. */
bool space_is_free(const struct space *space, uint64_t first_page, uint64_t pages);
/* Adds a region, all of it reserved, at a free place (first_page a multiple of 16). */
struct region *space_insert(struct space *space, uint64_t first_page, uint64_t pages,
                            uint16_t alloc_protect, uint16_t flags);
/* Removes the region with its extents. The page table is the caller's business. */
void space_remove(struct space *space, struct region *region);

/* Committed pages in a range that lies inside the region. O(log n + extents in the range). */
uint64_t region_committed(const struct region *region, uint64_t first_page, uint64_t pages);
/* The maximal run of like pages that contains page, cut at page from below: a VirtualQuery. */
struct extent region_extent(const struct region *region, uint64_t page);
/* Commits the range with the protection; pages already committed change protection only. */
void region_commit(struct space *space, struct region *region, uint64_t first_page, uint64_t pages,
                   uint16_t protect);
void region_decommit(struct space *space, struct region *region, uint64_t first_page,
                     uint64_t pages);
/* Changes the protection of a range that is committed throughout. */
void region_protect(struct space *space, struct region *region, uint64_t first_page, uint64_t pages,
                    uint16_t protect);

/* Sums over all regions. */
uint64_t space_reserved_pages(const struct space *space);
uint64_t space_committed_pages(const struct space *space);
uint64_t space_regions(const struct space *space);
/* Bytes of arena memory that regions, extents and their index take now. */
uint64_t space_overhead_bytes(const struct space *space);
/* Checks every invariant of the structures. */
void space_verify(const struct space *space);

/* ---- page table ---- */

struct page_table;

struct page_table *page_table_create(struct arena *arena, uint64_t end_page);
void page_table_destroy(struct page_table *table);
/* The entry of a page; 0 when nothing was stored. The meaning of the bits is machine.c's. */
uint32_t page_table_get(const struct page_table *table, uint64_t page);
void page_table_set(struct page_table *table, uint64_t page, uint32_t entry);
/* Calls visit for every non-zero entry of the range in ascending order; visit may change it (0
 * removes it), and nothing else in the table. Costs O(leaves in the range + entries). */
typedef void page_visit(void *context, uint64_t page, uint32_t *entry);
void page_table_walk(struct page_table *table, uint64_t first_page, uint64_t pages,
                     page_visit *visit, void *context);
uint64_t page_table_entries(const struct page_table *table);
void page_table_verify(const struct page_table *table);

#endif
