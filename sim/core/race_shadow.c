/* What the race detector remembers of memory: pages of granules with lists of cells. See race.h.
 *
 * Room is bounded. When it is used up, the accesses of whole pages are forgotten, one page after
 * the other: races with them are missed. Clocks are never forgotten so; without one an order that
 * there is would be missed, and a race be seen where there is none. */
#include "core/race_private.h"

#include <string.h>

#define PAGES_FIRST 1024u
#define CHUNKS_FIRST 16u

/* ---- cells ---- */

static void add_chunk(struct race *race)
{
    struct arena *arena = &race->sim->arena;
    if (race->chunks_count == race->chunks_room) {
        uint32_t room = race->chunks_room ? race->chunks_room * 2 : CHUNKS_FIRST;
        struct cell **grown = arena_alloc(arena, room * sizeof *grown);
        for (uint32_t i = 0; i < race->chunks_count; i++)
            grown[i] = race->chunks[i];
        if (race->chunks)
            arena_free(arena, race->chunks, race->chunks_room * sizeof *grown);
        race->chunks = grown;
        race->chunks_room = room;
    }
    uint32_t first = race->chunks_count * CELL_CHUNK;
    race->chunks[race->chunks_count++] = arena_alloc(arena, CELL_CHUNK * sizeof(struct cell));
    for (uint32_t i = CELL_CHUNK; i-- > 0;) {
        if (first + i == 0)
            continue; /* index 0 means none */
        cell_at(race, first + i)->next = race->free_cell;
        race->free_cell = first + i;
    }
}

struct cell *cell_add(struct race *race, uint32_t *head)
{
    if (race->free_cell == 0)
        add_chunk(race);
    uint32_t index = race->free_cell;
    CHECK(index != 0);
    struct cell *cell = cell_at(race, index);
    race->free_cell = cell->next;
    *cell = (struct cell){.next = *head};
    *head = index;
    return cell;
}

static struct race_clock *clock_of(const struct cell *cell)
{
    CHECK(cell->kind == CELL_CLOCK);
    return (struct race_clock *)(uintptr_t)cell->detail;
}

void cell_remove(struct race *race, uint32_t *link)
{
    uint32_t index = *link;
    struct cell *cell = cell_at(race, index);
    CHECK(index != 0);
    *link = cell->next;
    *cell = (struct cell){.next = race->free_cell};
    race->free_cell = index;
}

/* ---- pages ---- */

static struct shadow_page **page_place(struct shadow_page **pages, uint32_t room, uint64_t number)
{
    CHECK((room & (room - 1)) == 0);
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t place = (uint32_t)(mixed >> 32) & (room - 1);
    while (pages[place] && pages[place]->number != number)
        place = (place + 1) & (room - 1);
    return &pages[place];
}

static void grow_pages(struct race *race)
{
    struct arena *arena = &race->sim->arena;
    uint32_t room = race->pages_room ? race->pages_room * 2 : PAGES_FIRST;
    struct shadow_page **grown = arena_alloc(arena, room * sizeof *grown);
    for (uint32_t i = 0; i < race->pages_room; i++)
        if (race->pages[i])
            *page_place(grown, room, race->pages[i]->number) = race->pages[i];
    if (race->pages)
        arena_free(arena, race->pages, race->pages_room * sizeof *grown);
    race->pages = grown;
    race->pages_room = room;
    race->pages_hand = 0;
}

/* Stacks are forgotten as a whole, and often: their pages are found without looking for them. */
static void note_stack(struct race *race, struct shadow_page *page)
{
    uint64_t place = (page->number * PAGE_BYTES - STACKS_BASE) / STACK_SLOT_BYTES;
    if (page->number < STACKS_BASE / PAGE_BYTES || place >= THREADS_MAX)
        return;
    page->next_of_stack = race->of_stacks[place];
    race->of_stacks[place] = page;
}

struct shadow_page *shadow_page_slow(struct race *race, uint64_t number, bool make)
{
    if (race->pages_count * 2 >= race->pages_room)
        grow_pages(race);
    struct shadow_page **place = page_place(race->pages, race->pages_room, number);
    if (!*place && !make)
        return NULL;
    if (!*place) {
        *place = arena_alloc(&race->sim->arena, sizeof **place);
        (*place)->number = number;
        race->pages_count++;
        note_stack(race, *place);
    }
    return race->recent[number % RECENT_PAGES] = *place;
}

/* Takes out of a list what concerns only these bytes; clocks only when they go as well. */
static void drop_cells(struct race *race, struct shadow_page *page, uint32_t *link, uint8_t mask,
                       bool clocks)
{
    while (*link) {
        struct cell *cell = cell_at(race, *link);
        bool is_clock = cell->kind == CELL_CLOCK;
        uint8_t left = is_clock && !clocks ? cell->mask : cell->mask & (uint8_t)~mask;
        if (left != 0) {
            cell->mask = left;
            link = &cell->next;
            continue;
        }
        if (is_clock) {
            struct race_clock *clock = clock_of(cell);
            race_drop(race->sim, &clock);
            page->clocks--;
        }
        cell_remove(race, link);
    }
}

static void drop_heads(struct race *race, struct shadow_page *page)
{
    if (!page->heads || page->clocks)
        return;
    arena_free(&race->sim->arena, page->heads, PAGE_GRANULES * sizeof *page->heads);
    page->heads = NULL;
    race->pages_headed--;
}

static void drop_page(struct race *race, struct shadow_page *page, bool clocks)
{
    drop_cells(race, page, &page->whole, 0xff, clocks);
    for (uint32_t i = 0; page->heads && i < PAGE_GRANULES; i++)
        drop_cells(race, page, &page->heads[i], 0xff, clocks);
    drop_heads(race, page);
}

/* Forgets the accesses of the next pages in turn until there is room again. */
static void make_room(struct race *race, const struct shadow_page *except)
{
    for (uint32_t i = 0; i < race->pages_room; i++) {
        bool full = race->pages_headed >= race->headed_most ||
                    (race->free_cell == 0 && race->chunks_count * CELL_CHUNK >= race->cells_most);
        if (!full)
            return;
        struct shadow_page *page = race->pages[race->pages_hand++ % race->pages_room];
        if (page && page != except)
            drop_page(race, page, false);
    }
}

uint32_t *shadow_granule(struct race *race, struct shadow_page *page, uint64_t address)
{
    if (!page->heads) {
        make_room(race, page);
        page->heads = arena_alloc(&race->sim->arena, PAGE_GRANULES * sizeof *page->heads);
        race->pages_headed++;
    } else if (race->free_cell == 0) {
        make_room(race, page);
    }
    return &page->heads[address % PAGE_BYTES >> GRANULE_SHIFT];
}

/* ---- clocks: behind the accesses of their granule, which are looked at more often ---- */

static uint8_t bit_of(uint64_t address)
{
    return (uint8_t)(1u << address % GRANULE_BYTES);
}

struct race_clock *shadow_clock(struct race *race, uint64_t address, bool make)
{
    struct shadow_page *page = shadow_page(race, address / PAGE_BYTES, make);
    if (!page || (!page->heads && !make))
        return NULL;
    uint32_t *link = shadow_granule(race, page, address);
    while (*link) {
        struct cell *cell = cell_at(race, *link);
        if (cell->kind == CELL_CLOCK && cell->mask == bit_of(address))
            return clock_of(cell);
        link = &cell->next;
    }
    if (!make)
        return NULL;
    struct race_clock *clock = arena_alloc(&race->sim->arena, sizeof *clock);
    struct cell *cell = cell_add(race, link);
    cell->kind = CELL_CLOCK;
    cell->mask = bit_of(address);
    cell->detail = (uint64_t)(uintptr_t)clock;
    page->clocks++;
    return clock;
}

/* ---- forgetting ---- */

/* Which bytes of the granule at `at` lie from `from` on, and before `to`. */
static uint8_t mask_between(uint64_t at, uint64_t from, uint64_t to)
{
    unsigned bits = 0xff;
    if (from >= at + GRANULE_BYTES || to <= at)
        return 0;
    if (from > at)
        bits &= 0xffu << (from - at);
    if (to < at + GRANULE_BYTES)
        bits &= (1u << (to - at)) - 1;
    return (uint8_t)bits;
}

/* Cells of the whole page become cells of the bytes that they still stand for. */
static void split_whole(struct race *race, struct shadow_page *page, uint64_t from, uint64_t to)
{
    while (page->whole) {
        struct cell whole = *cell_at(race, page->whole);
        cell_remove(race, &page->whole);
        for (uint64_t at = 0; at < PAGE_BYTES; at += GRANULE_BYTES) {
            whole.mask = (uint8_t)~mask_between(at, from, to);
            if (whole.mask == 0)
                continue;
            struct cell *cell = cell_add(race, shadow_granule(race, page, at));
            whole.next = cell->next;
            *cell = whole;
        }
    }
}

/* From and to: bytes of the page. */
static void forget_part(struct race *race, struct shadow_page *page, uint64_t from, uint64_t to)
{
    CHECK(from < to && to <= PAGE_BYTES);
    if (from == 0 && to == PAGE_BYTES) {
        drop_page(race, page, true);
        return;
    }
    split_whole(race, page, from, to);
    uint64_t first = from & ~(uint64_t)(GRANULE_BYTES - 1);
    for (uint64_t at = first; page->heads && at < to; at += GRANULE_BYTES)
        drop_cells(race, page, &page->heads[at >> GRANULE_SHIFT], mask_between(at, from, to), true);
}

static void forget_in(struct race *race, struct shadow_page *page, uint64_t begin, uint64_t end)
{
    uint64_t base = page->number * PAGE_BYTES;
    if (!page->heads && !page->whole)
        return;
    uint64_t from = begin > base ? begin - base : 0;
    uint64_t to = end - base < PAGE_BYTES ? end - base : PAGE_BYTES;
    forget_part(race, page, from, to);
}

void race_forget_slow(struct sim *sim, uint64_t address, uint64_t bytes)
{
    struct race *race = sim->race;
    uint64_t end = address + bytes;
    if (bytes == 0)
        return;
    CHECK(end > address);
    uint64_t first = address / PAGE_BYTES, last = (end - 1) / PAGE_BYTES;
    if (last - first < race->pages_room) {
        for (uint64_t number = first; number <= last; number++) {
            struct shadow_page *page = shadow_page(race, number, false);
            if (page)
                forget_in(race, page, address, end);
        }
        return;
    }
    for (uint32_t i = 0; i < race->pages_room; i++) /* fewer than the range has */
        if (race->pages[i] && race->pages[i]->number - first <= last - first)
            forget_in(race, race->pages[i], address, end);
}

void race_forget_stack_slow(struct sim *sim, uint64_t base)
{
    uint64_t place = (base - STACKS_BASE) / STACK_SLOT_BYTES;
    CHECK(base >= STACKS_BASE && place < THREADS_MAX);
    for (struct shadow_page *page = sim->race->of_stacks[place]; page; page = page->next_of_stack)
        if (page->heads || page->whole)
            drop_page(sim->race, page, true);
}
