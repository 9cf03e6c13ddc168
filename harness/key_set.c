/* Open addressing with linear probing. See key_set.h. */
#include "harness/key_set.h"

#include <stdlib.h>
#include "core/check.h"

#define FIRST_ROOM 64

/* The slot with the key, or the empty one where it belongs. */
static uint64_t probe(const struct key_set *set, uint64_t key)
{
    uint64_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (set->room - 1);
    while (set->slots[at] != 0 && set->slots[at] != key)
        at = (at + 1) & (set->room - 1);
    return at;
}

static void add(struct key_set *set, uint64_t key)
{
    if (key == 0)
        set->has_zero = true;
    else
        set->slots[probe(set, key)] = key;
}

void key_set_fill(struct key_set *set, const uint64_t *keys, uint64_t count)
{
    *set = (struct key_set){.room = FIRST_ROOM};
    while (set->room < 2 * count)
        set->room *= 2;
    set->slots = calloc(set->room, sizeof *set->slots);
    CHECK(set->slots != NULL);
    for (uint64_t i = 0; i < count; i++)
        add(set, keys[i]);
}

bool key_set_has(const struct key_set *set, uint64_t key)
{
    return key == 0 ? set->has_zero : set->slots[probe(set, key)] != 0;
}

void key_set_free(struct key_set *set)
{
    free(set->slots);
    *set = (struct key_set){0};
}
