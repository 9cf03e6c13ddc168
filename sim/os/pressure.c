/* Other consumers of the machine: they take frames, commit charge, page file or address space, and
 * give them back. See machine.h.
 *
 * Nobody takes what is not there: other processes use available frames, and those of the process
 * down to its minimum working set, as far as there is commit charge; a page file shrinks only where
 * nothing is charged to it, and islands fill free granules. Each call writes one record, whether it
 * got anything or not. */
#include "include/windows.h"

#include <string.h>
#include "core/check.h"
#include "os/job.h"
#include "os/machine_private.h"

#define GRANULE_PAGES (GRANULARITY_BYTES >> PAGE_SHIFT)
#define LOWEST_GRANULE (LOWEST_PAGE / GRANULE_PAGES)

struct island {
    uint64_t first, granules;
};

/* In the order in which they were taken. */
struct islands {
    struct island *list;
    uint64_t count, room;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Asked for in bytes, taken in whole units. */
static uint64_t units_of(uint64_t bytes, unsigned shift)
{
    uint64_t unit = UINT64_C(1) << shift;
    return (bytes >> shift) + (bytes % unit != 0);
}

/* ---- frames, charge and page file ---- */

static uint64_t *held(struct machine *m, enum pressure_of of)
{
    struct others *others = &m->others;
    uint64_t *const places[] = {
        [PRESSURE_MEMORY] = &others->memory_pages,
        [PRESSURE_COMMIT] = &others->commit_pages,
        [PRESSURE_PAGEFILE] = &others->pagefile_pages,
        [PRESSURE_ADDRESS_SPACE] = &others->island_pages,
        [PRESSURE_RAM] = &others->ram_pages,
    };
    CHECK(of < PRESSURES);
    return places[of];
}

/* Pages that can be taken. A page that is charged stays: the limit falls to the total at most. */
static uint64_t there_is(const struct machine *m, enum pressure_of of)
{
    uint64_t charge = charge_left(m);
    if (of == PRESSURE_MEMORY)
        return least(charge, physical_takeable(m));
    if (of == PRESSURE_COMMIT)
        return charge;
    CHECK(of == PRESSURE_PAGEFILE || of == PRESSURE_RAM);
    charge = (machine_commit_limit(m) >> PAGE_SHIFT) - charged_total(m); /* it does not grow then */
    if (of == PRESSURE_RAM)
        return least(charge, physical_removable(m));
    charge = least(charge, slots_to_have(m)); /* what is in the file stays there */
    return least(charge, (m->config.pagefile_bytes >> PAGE_SHIFT) - m->others.pagefile_pages);
}

/* ---- address space ---- */

static void add_island(struct machine *m, uint64_t first, uint64_t granules)
{
    struct arena *arena = &m->sim->arena;
    struct islands *islands = m->others.islands;
    if (!islands)
        m->others.islands = islands = arena_alloc(arena, sizeof *islands);
    if (islands->count == islands->room) {
        uint64_t room = islands->room ? islands->room * 2 : 16;
        struct island *grown = arena_alloc(arena, room * sizeof *grown);
        if (islands->room) {
            memcpy(grown, islands->list, islands->count * sizeof *grown);
            arena_free(arena, islands->list, islands->room * sizeof *grown);
        }
        islands->list = grown;
        islands->room = room;
    }
    space_insert(m->space, first * GRANULE_PAGES, granules * GRANULE_PAGES, PAGE_NOACCESS,
                 REGION_ISLAND);
    islands->list[islands->count++] = (struct island){first, granules};
    m->others.island_pages += granules * GRANULE_PAGES;
}

static bool find_granules(const struct machine *m, uint64_t granules, uint64_t from,
                          uint64_t *first)
{
    uint64_t page;
    if (!space_find_gap(m->space, granules * GRANULE_PAGES, GRANULE_PAGES, from * GRANULE_PAGES,
                        m->end_page, false, &page))
        return false;
    *first = page / GRANULE_PAGES;
    return true;
}

/* The most granules, up to a number, that lie together anywhere; 0: all are taken. */
static uint64_t largest_hole(const struct machine *m, uint64_t most)
{
    uint64_t fits = 0, first;
    while (fits < most) {
        uint64_t middle = most - (most - fits) / 2;
        if (find_granules(m, middle, LOWEST_GRANULE, &first))
            fits = middle;
        else
            most = middle - 1;
    }
    return fits;
}

/* Near a place if it is free there, else behind it, else wherever it fits, else in parts. Returns
 * the granules that found no place. */
static uint64_t take_piece(struct machine *m, uint64_t granules, uint64_t wish)
{
    while (granules > 0) {
        uint64_t first, part = granules;
        if (!find_granules(m, part, wish, &first)) {
            part = largest_hole(m, granules);
            if (part == 0 || !find_granules(m, part, LOWEST_GRANULE, &first))
                return granules;
        }
        add_island(m, first, part);
        granules -= part;
    }
    return 0;
}

/* Pieces of like size with like gaps before, between and behind them. Returns pages taken. */
static uint64_t take_islands(struct machine *m, uint64_t bytes, uint64_t pieces)
{
    uint64_t usable = m->end_page / GRANULE_PAGES - LOWEST_GRANULE;
    uint64_t granules = least(units_of(bytes, GRANULARITY_SHIFT), usable);
    uint64_t before = m->others.island_pages;
    pieces = least(pieces ? pieces : 1, granules);
    CHECK(pieces <= PRESSURE_PIECES_MAX);
    uint64_t gaps = usable - granules, taken = 0;
    for (uint64_t i = 0; i < pieces; i++) {
        uint64_t end = granules / pieces * (i + 1) + least(granules % pieces, i + 1);
        uint64_t gap = gaps / (pieces + 1) * (i + 1) + least(gaps % (pieces + 1), i + 1);
        if (take_piece(m, end - taken, LOWEST_GRANULE + taken + gap) != 0)
            break; /* nothing is left anywhere */
        taken = end;
    }
    return m->others.island_pages - before;
}

/* The newest first; of an island that is larger than what is left to give, its upper part. */
static uint64_t give_islands(struct machine *m, uint64_t bytes)
{
    struct islands *islands = m->others.islands;
    uint64_t granules = units_of(bytes, GRANULARITY_SHIFT), before = m->others.island_pages;
    while (islands && islands->count > 0 && granules > 0) {
        struct island last = islands->list[--islands->count];
        struct region *region = space_find(m->space, last.first * GRANULE_PAGES);
        CHECK(region != NULL && (region_info(region).flags & REGION_ISLAND));
        space_remove(m->space, region);
        m->others.island_pages -= last.granules * GRANULE_PAGES;
        if (last.granules > granules)
            add_island(m, last.first, last.granules - granules);
        granules -= least(granules, last.granules);
    }
    return before - m->others.island_pages;
}

/* ---- the call ---- */

static uint64_t change(struct machine *m, enum pressure_of of, bool give_back, uint64_t bytes,
                       uint64_t pieces)
{
    if (of == PRESSURE_ADDRESS_SPACE)
        return give_back ? give_islands(m, bytes) : take_islands(m, bytes, pieces);
    uint64_t *pages = held(m, of), asked = units_of(bytes, PAGE_SHIFT);
    uint64_t all = give_back ? *pages : there_is(m, of), got = least(asked, all);
    if (bytes == UINT64_MAX && pieces > 1) /* a step of a ramp to all there is */
        got = all / pieces + (all % pieces != 0);
    *pages = give_back ? *pages - got : *pages + got;
    if (of == PRESSURE_MEMORY && give_back)
        physical_others_give(m, least(got, m->phys.others));
    else if (of == PRESSURE_MEMORY)
        physical_others_take(m, got);
    else if (of == PRESSURE_PAGEFILE)
        slots_fit(m);
    else if (of == PRESSURE_RAM)
        physical_ram_change(m, give_back, got);
    return got;
}

/* Returns what the figure was. */
static uint64_t change_figure(struct machine *m, enum pressure_of of, uint64_t value)
{
    uint64_t before = m->config.pagefile_read_ns;
    if (of == PRESSURE_JOB_LIMIT) {
        before = m->outer_job && m->outer_job->limit_flags ? m->outer_job->job_limit : UINT64_MAX;
        machine_job_limit(m, value);
        return before;
    }
    CHECK(of == PRESSURE_LATENCY && value > 0);
    sim_event(m->sim, EVENT_pagefile_latency, 0, value, before, 0, 0);
    m->config.pagefile_read_ns = value;
    return before;
}

uint64_t machine_pressure(struct machine *m, enum pressure_of of, bool give_back, uint64_t bytes,
                          uint64_t pieces)
{
    struct others *others = &m->others;
    uint64_t *counters = m->sim->counters;
    if (of >= PRESSURES)
        return change_figure(m, of, bytes);
    uint64_t got = change(m, of, give_back, bytes, pieces) << PAGE_SHIFT;
    uint64_t all = (others->memory_pages + others->commit_pages + others->pagefile_pages +
                    others->island_pages)
                   << PAGE_SHIFT;
    charge_follow(m);
    counters[COUNTER_other_commit_bytes] = (others->memory_pages + others->commit_pages)
                                           << PAGE_SHIFT;
    if (all > counters[COUNTER_pressure_peak_bytes])
        counters[COUNTER_pressure_peak_bytes] = all;
    sim_event(m->sim, EVENT_pressure, 0, of | (uint64_t)give_back << 32, bytes, got,
              *held(m, of) << PAGE_SHIFT);
    return got;
}

void pressure_verify(const struct machine *m)
{
    const struct islands *islands = m->others.islands;
    uint64_t pages = 0;
    for (uint64_t i = 0; islands && i < islands->count; i++) {
        const struct region *region = space_find(m->space, islands->list[i].first * GRANULE_PAGES);
        CHECK(region != NULL);
        struct region_info info = region_info(region);
        CHECK(info.flags == REGION_ISLAND && info.committed_pages == 0);
        CHECK(info.first_page == islands->list[i].first * GRANULE_PAGES);
        CHECK(info.pages == islands->list[i].granules * GRANULE_PAGES);
        pages += info.pages;
    }
    CHECK(pages == m->others.island_pages);
    CHECK(m->others.pagefile_pages <= m->config.pagefile_bytes >> PAGE_SHIFT);
    CHECK(charged_total(m) <= machine_commit_limit(m) >> PAGE_SHIFT);
}
