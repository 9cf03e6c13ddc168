/* Which blocks there are: an index from address to block, the list of heaps, and what is said of
 * a block in reports.
 *
 * The index is a hash table that answers look-ups only; whatever must come in an order (validation,
 * forgetting) goes through the slots and picks the lowest address, so that the order of the table
 * never shows. Freed blocks stay until their address is used again or their heap goes: a second
 * free and a use after free are told from an address that never was a block. */
#include <stdio.h>
#include "core/check.h"
#include "os/heap_private.h"
#include "os/machine_private.h"

#define INDEX_FIRST 1024u

struct heap_list {
    struct heap *first;
    struct heap_block *slots;
    uint64_t room; /* a power of two */
    uint64_t used;
};

static struct heap_list *list_of(struct machine *m)
{
    if (!m->heaps) {
        struct heap_list *list = arena_alloc(&m->sim->arena, sizeof *list);
        list->room = INDEX_FIRST;
        list->slots = arena_alloc(&m->sim->arena, INDEX_FIRST * sizeof *list->slots);
        m->heaps = list;
    }
    return m->heaps;
}

bool heap_has_contents(const struct machine *m)
{
    return m->native != NULL;
}

/* ---- the index ---- */

static struct heap_block *slot_of(struct heap_block *slots, uint64_t room, uint64_t address)
{
    uint64_t place = ((address >> 4) * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (room - 1);
    while (slots[place].address != 0 && slots[place].address != address)
        place = (place + 1) & (room - 1);
    return &slots[place];
}

struct heap_block *block_find(struct machine *m, uint64_t address)
{
    struct heap_list *list = list_of(m);
    if (address == 0)
        return NULL;
    struct heap_block *block = slot_of(list->slots, list->room, address);
    return block->address && block->heap ? block : NULL;
}

static void grow(struct machine *m, struct heap_list *list)
{
    uint64_t room = list->room, live = 0;
    for (uint64_t i = 0; i < list->room; i++)
        live += list->slots[i].address && list->slots[i].live;
    /* Many slots may hold freed blocks only: forget those of large blocks' addresses first. */
    if (live * 2 >= list->room / 2)
        room *= 2;
    struct heap_block *slots = arena_alloc(&m->sim->arena, room * sizeof *slots);
    uint64_t used = 0;
    bool keep_freed = room > list->room;
    for (uint64_t i = 0; i < list->room; i++) {
        const struct heap_block *block = &list->slots[i];
        if (!block->address || !block->heap || (!block->live && !keep_freed))
            continue;
        *slot_of(slots, room, block->address) = *block;
        used++;
    }
    arena_free(&m->sim->arena, list->slots, list->room * sizeof *slots);
    list->slots = slots;
    list->room = room;
    list->used = used;
}

void block_insert(struct machine *m, const struct heap_block *block)
{
    struct heap_list *list = list_of(m);
    CHECK(block->address != 0);
    if (list->used * 2 >= list->room)
        grow(m, list);
    struct heap_block *slot = slot_of(list->slots, list->room, block->address);
    CHECK(!slot->live);
    list->used += slot->address == 0;
    *slot = *block;
}

void blocks_forget_heap(struct machine *m, struct heap *heap)
{
    struct heap_list *list = list_of(m);
    for (uint64_t i = 0; i < list->room; i++) {
        struct heap_block *block = &list->slots[i];
        if (!block->address || block->heap != heap)
            continue;
        if (block->live && block->kind != BLOCK_SMALL)
            machine_unmap(m, block->place);
        block->live = false;
        block->heap = NULL; /* the slot stays, so that chains do not break */
    }
}

/* ---- heaps ---- */

void heap_list_add(struct machine *m, struct heap *heap)
{
    struct heap **last = &list_of(m)->first;
    while (*last)
        last = &(*last)->next;
    *last = heap;
}

void heap_list_remove(struct machine *m, struct heap *heap)
{
    struct heap **link = &list_of(m)->first;
    while (*link && *link != heap)
        link = &(*link)->next;
    CHECK(*link == heap);
    *link = heap->next;
}

struct heap *heap_from_handle(struct machine *m, uint64_t handle)
{
    struct heap *heap = list_of(m)->first;
    while (heap && heap_handle(heap) != handle)
        heap = heap->next;
    return heap;
}

uint32_t heap_handles(struct machine *m, uint64_t *handles, uint32_t room)
{
    uint32_t count = 0;
    for (const struct heap *heap = list_of(m)->first; heap; heap = heap->next) {
        if (count < room)
            handles[count] = heap_handle(heap);
        count++;
    }
    return count;
}

void heap_totals(struct machine *m, uint64_t *blocks, uint64_t *bytes)
{
    *blocks = *bytes = 0;
    for (const struct heap *heap = list_of(m)->first; heap; heap = heap->next) {
        *blocks += heap->live_blocks;
        *bytes += heap->live_bytes;
    }
}

enum heap_result heap_validate(struct machine *m, struct heap *heap, uint64_t *address)
{
    struct heap_list *list = list_of(m);
    const struct heap_block *lowest = NULL;
    for (uint64_t i = 0; i < list->room; i++) {
        const struct heap_block *block = &list->slots[i];
        if (!block->address || !block->live || (heap && block->heap != heap))
            continue;
        if ((!lowest || block->address < lowest->address) &&
            heap_validate_block(m, block) != HEAP_OK)
            lowest = block;
    }
    if (!lowest)
        return HEAP_OK;
    *address = WINDOW_BASE + lowest->address;
    return HEAP_OVERRUN;
}

enum heap_result heap_validate_one(struct machine *m, struct heap *heap, uint64_t address)
{
    uint64_t size;
    enum heap_result result = heap_check(m, heap, address, &size);
    if (result != HEAP_OK)
        return result;
    const struct heap_block *block = block_find(m, address - WINDOW_BASE);
    CHECK(block && block->live);
    return heap_validate_block(m, block);
}

void heap_verify(struct machine *m, const struct heap *heap)
{
    struct heap_list *list = list_of(m);
    uint64_t blocks = 0, bytes = 0, used = 0;
    for (uint64_t i = 0; i < list->room; i++) {
        const struct heap_block *block = &list->slots[i];
        used += block->address != 0;
        if (!block->address || !block->live || block->heap != heap)
            continue;
        CHECK(block->address >= block->place);
        blocks++;
        bytes += block->size;
    }
    CHECK(used == list->used);
    CHECK(blocks == heap->live_blocks);
    CHECK(bytes == heap->live_bytes);
    for (uint32_t i = 0; i < heap->segments_count; i++) {
        CHECK(heap->segments[i].used <= heap->segments[i].bytes);
        CHECK(heap->segments[i].committed <= heap->segments[i].bytes);
    }
}

/* ---- in words ---- */

/* The block whose bytes or padding contain the address, or the nearest below in its room. */
static const struct heap_block *block_around(struct machine *m, uint64_t address)
{
    struct heap_list *list = list_of(m);
    const struct heap_block *best = NULL;
    for (uint64_t i = 0; i < list->room; i++) {
        const struct heap_block *block = &list->slots[i];
        uint64_t reach = block->size + (block->kind == BLOCK_GUARDED ? 2 * PAGE_BYTES : 64);
        if (!block->address || !block->heap || address < block->address ||
            address - block->address >= reach)
            continue;
        if (!best || block->address > best->address)
            best = block;
    }
    return best;
}

bool heap_explain(struct machine *m, uint64_t native, char *text, uint32_t text_bytes)
{
    uint64_t address = native - WINDOW_BASE;
    const struct heap_block *block = m->heaps ? block_around(m, address) : NULL;
    if (!block)
        return false;
    uint64_t offset = address - block->address;
    bool behind = offset >= block->size;
    snprintf(text, text_bytes, "%llu bytes %s the %s heap block of %llu bytes at 0x%llx",
             (unsigned long long)(behind ? offset - block->size : offset),
             behind ? "behind the end of" : "into", block->live ? "live" : "freed",
             (unsigned long long)block->size, (unsigned long long)block->address);
    return true;
}

_Noreturn void heap_corrupted(struct machine *m, struct heap *heap, uint64_t native,
                              enum heap_result what, const char *call)
{
    static const char *const words[] = {
        [HEAP_OK] = "is intact",
        [HEAP_NO_BLOCK] = "is no block of any heap",
        [HEAP_FREED_BLOCK] = "was freed before",
        [HEAP_OTHER_HEAP] = "belongs to another heap",
        [HEAP_OVERRUN] = "was overrun: bytes behind its end were written",
    };
    struct stop stop = {.kind = STOP_HEAP_CORRUPTION, .code = 0xC0000374u, .address = native};
    char where[256] = "";
    if (!heap_explain(m, native, where, sizeof where))
        snprintf(where, sizeof where, "not in the heap");
    (void)heap;
    uint64_t logical = native - WINDOW_BASE < WINDOW_BYTES ? native - WINDOW_BASE : native;
    snprintf(stop.text, sizeof stop.text, "heap corruption found by %s: 0x%llx %s (%s)", call,
             (unsigned long long)logical, words[what], where);
    sim_event(m->sim, EVENT_exception, 0, stop.code, sim_logical(native), 0, 0);
    sim_stop(m->sim, &stop);
}
