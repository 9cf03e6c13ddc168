/* Regions of the address space. See space.h; region_tree.c finds them, extents.c knows which of
 * their pages are committed. */
#include "os/space.h"

#include "core/check.h"
#include "os/extents.h"
#include "os/region_tree.h"

struct region {
    uint64_t first_page;
    uint64_t pages;
    uint64_t committed_pages;
    struct extents extents;
    uint16_t alloc_protect;
    uint16_t flags;
};

struct space {
    struct arena *arena;
    struct tree *tree;
    uint64_t first_page, end_page;
    uint64_t regions, reserved_pages, committed_pages;
    uint64_t extents_bytes;
};

static uint64_t region_end(const struct region *region)
{
    return region->first_page + region->pages;
}

static uint64_t granule_up(uint64_t page)
{
    return (page + GRANULE_PAGES - 1) & ~(GRANULE_PAGES - 1);
}

struct space *space_create(struct arena *arena, uint64_t first_page, uint64_t end_page)
{
    CHECK(first_page < end_page);
    struct space *space = arena_alloc(arena, sizeof *space);
    space->arena = arena;
    space->tree = tree_create(arena, first_page, end_page);
    space->first_page = first_page;
    space->end_page = end_page;
    return space;
}

void space_destroy(struct space *space)
{
    struct region *region;
    while ((region = space_find_next(space, 0)) != NULL)
        space_remove(space, region);
    tree_destroy(space->tree);
    arena_free(space->arena, space, sizeof *space);
}

/* ---- finding ---- */

struct region *space_find(const struct space *space, uint64_t page)
{
    struct region *region = tree_at_or_below(space->tree, page);
    return region && page < region_end(region) ? region : NULL;
}

struct region *space_find_next(const struct space *space, uint64_t page)
{
    return page == 0 ? tree_above(space->tree, 0) : tree_above(space->tree, page - 1);
}

struct region *space_find_previous(const struct space *space, uint64_t page)
{
    return page == 0 ? NULL : tree_at_or_below(space->tree, page - 1);
}

struct region_info region_info(const struct region *region)
{
    return (struct region_info){region->first_page, region->pages, region->alloc_protect,
                                region->flags, region->committed_pages};
}

bool space_find_gap(const struct space *space, uint64_t pages, uint64_t align_pages,
                    uint64_t first_page, uint64_t end_page, bool top_down, uint64_t *found)
{
    CHECK(pages > 0);
    CHECK(align_pages % GRANULE_PAGES == 0 && (align_pages & (align_pages - 1)) == 0);
    struct hole hole = {.pages = pages,
                        .align_pages = align_pages,
                        .first_page = first_page,
                        .end_page = end_page < space->end_page ? end_page : space->end_page};
    bool fits =
        top_down ? tree_highest_hole(space->tree, &hole) : tree_lowest_hole(space->tree, &hole);
    if (fits)
        *found = hole.found;
    return fits;
}

bool space_is_free(const struct space *space, uint64_t first_page, uint64_t pages)
{
    CHECK(pages > 0);
    uint64_t begin = first_page & ~(GRANULE_PAGES - 1);
    uint64_t end = granule_up(first_page + pages);
    struct region *below = tree_at_or_below(space->tree, end - 1);
    return !below || granule_up(region_end(below)) <= begin;
}

/* ---- adding and removing ---- */

struct region *space_insert(struct space *space, uint64_t first_page, uint64_t pages,
                            uint16_t alloc_protect, uint16_t flags)
{
    CHECK(first_page % GRANULE_PAGES == 0);
    CHECK(first_page >= space->first_page);
    CHECK(pages > 0 && first_page + pages <= space->end_page);
    struct region *region = arena_alloc(space->arena, sizeof *region);
    region->first_page = first_page;
    region->pages = pages;
    region->alloc_protect = alloc_protect;
    region->flags = flags;
    extents_init(&region->extents, first_page);
    tree_insert(space->tree, first_page, pages, region);
    space->regions++;
    space->reserved_pages += pages;
    return region;
}

void space_remove(struct space *space, struct region *region)
{
    CHECK(space->regions > 0);
    CHECK(space->reserved_pages >= region->pages);
    CHECK(space->committed_pages >= region->committed_pages);
    space->regions--;
    space->reserved_pages -= region->pages;
    space->committed_pages -= region->committed_pages;
    space->extents_bytes -= extents_bytes(&region->extents);
    tree_remove(space->tree, region->first_page);
    extents_destroy(space->arena, &region->extents);
    arena_free(space->arena, region, sizeof *region);
}

/* ---- pages of a region ---- */

static void check_range(const struct region *region, uint64_t first_page, uint64_t pages)
{
    CHECK(pages > 0);
    CHECK(first_page >= region->first_page);
    CHECK(first_page + pages <= region_end(region));
}

uint64_t region_committed(const struct region *region, uint64_t first_page, uint64_t pages)
{
    check_range(region, first_page, pages);
    if (region->committed_pages == 0)
        return 0;
    if (region->committed_pages == region->pages)
        return pages;
    return extents_committed(&region->extents, first_page, first_page + pages, region_end(region));
}

struct extent region_extent(const struct region *region, uint64_t page)
{
    check_range(region, page, 1);
    uint64_t end;
    uint16_t value = extents_at(&region->extents, page, region_end(region), &end);
    return (struct extent){page, end - page, value != 0, value};
}

/* Gives the range a value and keeps the sums. */
static void assign(struct space *space, struct region *region, uint64_t first_page, uint64_t pages,
                   uint16_t value)
{
    uint64_t bytes = extents_bytes(&region->extents);
    int64_t change = extents_assign(space->arena, &region->extents, first_page, first_page + pages,
                                    region_end(region), value);
    space->extents_bytes += extents_bytes(&region->extents) - bytes;
    region->committed_pages += (uint64_t)change;
    space->committed_pages += (uint64_t)change;
    CHECK(region->committed_pages <= region->pages);
    CHECK(space->committed_pages <= space->reserved_pages);
}

void region_commit(struct space *space, struct region *region, uint64_t first_page, uint64_t pages,
                   uint16_t protect)
{
    CHECK(protect != 0);
    check_range(region, first_page, pages);
    assign(space, region, first_page, pages, protect);
}

void region_decommit(struct space *space, struct region *region, uint64_t first_page,
                     uint64_t pages)
{
    check_range(region, first_page, pages);
    assign(space, region, first_page, pages, 0);
}

void region_protect(struct space *space, struct region *region, uint64_t first_page, uint64_t pages,
                    uint16_t protect)
{
    CHECK(protect != 0);
    CHECK(region_committed(region, first_page, pages) == pages);
    assign(space, region, first_page, pages, protect);
}

/* ---- sums ---- */

uint64_t space_reserved_pages(const struct space *space)
{
    return space->reserved_pages;
}

uint64_t space_committed_pages(const struct space *space)
{
    return space->committed_pages;
}

uint64_t space_regions(const struct space *space)
{
    return space->regions;
}

uint64_t space_overhead_bytes(const struct space *space)
{
    return space->regions * arena_block_bytes(sizeof(struct region)) + tree_bytes(space->tree) +
           space->extents_bytes;
}

void space_verify(const struct space *space)
{
    uint64_t reserved = 0, committed = 0, bytes = 0, regions = 0;
    CHECK(tree_verify(space->tree) == space->regions);
    for (struct region *region = space_find_next(space, 0); region;
         region = space_find_next(space, region->first_page + 1)) {
        extents_verify(&region->extents, region->first_page, region_end(region));
        CHECK(region_end(region) <= space->end_page);
        CHECK(region->committed_pages == extents_committed(&region->extents, region->first_page,
                                                           region_end(region), region_end(region)));
        reserved += region->pages;
        committed += region->committed_pages;
        bytes += extents_bytes(&region->extents);
        regions++;
    }
    CHECK(regions == space->regions);
    CHECK(reserved == space->reserved_pages);
    CHECK(committed == space->committed_pages);
    CHECK(bytes == space->extents_bytes);
}
