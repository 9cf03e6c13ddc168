/* Blocks of native memory in replays. See replay_native.h. */
#include "clr/replay_native.h"

#include <string.h>
#include "core/check.h"

#define FIRST_ROOM 8

struct native_block {
    uint64_t offset, size, address;
};

struct native_blocks {
    uint32_t count, room;
    struct native_block block[];
};

static size_t bytes_for(uint32_t room)
{
    return sizeof(struct native_blocks) + room * sizeof(struct native_block);
}

static struct native_blocks *with_room(struct arena *arena, struct native_blocks *old)
{
    if (old && old->count < old->room)
        return old;
    uint32_t room = old ? old->room * 2 : FIRST_ROOM;
    struct native_blocks *wider = arena_alloc(arena, bytes_for(room));
    wider->room = room;
    if (old) {
        wider->count = old->count;
        memcpy(wider->block, old->block, old->count * sizeof *old->block);
        arena_free(arena, old, bytes_for(old->room));
    }
    CHECK(wider->count < wider->room);
    return wider;
}

void native_add(struct arena *arena, struct native_blocks **blocks, uint64_t offset, uint64_t size,
                uint64_t block)
{
    CHECK(block != 0);
    struct native_blocks *all = *blocks = with_room(arena, *blocks);
    uint32_t at = all->count++;
    for (; at > 0 && all->block[at - 1].offset > offset; at--)
        all->block[at] = all->block[at - 1];
    all->block[at] = (struct native_block){offset, size, block};
}

bool native_take_last(struct arena *arena, struct native_blocks **blocks, uint64_t offset,
                      uint64_t *block)
{
    struct native_blocks *all = *blocks;
    if (!all || all->block[all->count - 1].offset < offset)
        return false;
    CHECK(all->count > 0);
    *block = all->block[--all->count].address;
    if (all->count == 0)
        native_drop(arena, blocks);
    return true;
}

uint64_t native_find(const struct native_blocks *blocks, uint64_t offset)
{
    uint32_t low = 0, high = blocks->count; /* the last block that begins at or before offset */
    CHECK(blocks->count <= blocks->room);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (blocks->block[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    const struct native_block *block = &blocks->block[low - 1];
    return offset - block->offset < block->size ? block->address + (offset - block->offset) : 0;
}

void native_drop(struct arena *arena, struct native_blocks **blocks)
{
    if (*blocks)
        arena_free(arena, *blocks, bytes_for((*blocks)->room));
    *blocks = NULL;
}
