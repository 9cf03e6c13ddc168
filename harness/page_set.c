/* Open addressing with linear probing; removal moves later entries back. See page_set.h. */
#include "harness/page_set.h"

#include <stdlib.h>
#include "core/check.h"
#include "core/layout.h"

#define FIRST_ROOM 1024

static size_t home(const struct page_set *set, uint64_t key)
{
    return (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (set->room - 1);
}

/* The slot with the key, or the empty one where it belongs. */
static size_t probe(const struct page_set *set, uint64_t key)
{
    size_t at = home(set, key);
    while (set->slots[at] != 0 && set->slots[at] != key)
        at = (at + 1) & (set->room - 1);
    return at;
}

static void widen(struct page_set *set)
{
    struct page_set wider = {.room = set->room ? set->room * 2 : FIRST_ROOM};
    wider.slots = calloc(wider.room, sizeof *wider.slots);
    CHECK(wider.slots != NULL);
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i] != 0)
            wider.slots[probe(&wider, set->slots[i])] = set->slots[i];
    wider.count = set->count;
    free(set->slots);
    *set = wider;
}

void page_set_add(struct page_set *set, uint64_t address)
{
    if (set->count * 2 >= set->room)
        widen(set);
    uint64_t key = (address >> PAGE_SHIFT) + 1;
    size_t at = probe(set, key);
    set->count += set->slots[at] == 0;
    set->slots[at] = key;
}

bool page_set_has(const struct page_set *set, uint64_t address)
{
    return set->count > 0 && set->slots[probe(set, (address >> PAGE_SHIFT) + 1)] != 0;
}

static void remove_slot(struct page_set *set, size_t hole)
{
    set->slots[hole] = 0;
    set->count--;
    for (size_t at = (hole + 1) & (set->room - 1); set->slots[at] != 0;
         at = (at + 1) & (set->room - 1)) {
        uint64_t key = set->slots[at];
        set->slots[at] = 0;
        set->slots[probe(set, key)] = key;
    }
}

static void remove_by_scan(struct page_set *set, uint64_t first_key, uint64_t end_key)
{
    struct page_set rest = {.room = set->room};
    rest.slots = calloc(rest.room, sizeof *rest.slots);
    CHECK(rest.slots != NULL);
    for (size_t i = 0; i < set->room; i++) {
        uint64_t key = set->slots[i];
        if (key == 0 || (key >= first_key && key < end_key))
            continue;
        rest.slots[probe(&rest, key)] = key;
        rest.count++;
    }
    free(set->slots);
    *set = rest;
}

void page_set_remove(struct page_set *set, uint64_t start, uint64_t end)
{
    CHECK(start <= end);
    if (set->count == 0)
        return;
    uint64_t first_key = (start >> PAGE_SHIFT) + 1, end_key = (end >> PAGE_SHIFT) + 1;
    if (end_key - first_key > set->room) {
        remove_by_scan(set, first_key, end_key);
        return;
    }
    for (uint64_t key = first_key; key < end_key && set->count > 0; key++) {
        size_t at = probe(set, key);
        if (set->slots[at] != 0)
            remove_slot(set, at);
    }
}

void page_set_free(struct page_set *set)
{
    free(set->slots);
    *set = (struct page_set){0};
}
