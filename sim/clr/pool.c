/* Lists by age, arrays for chance, a heap for the ends of lifetimes. See pool.h. */
#include "clr/pool.h"

#include <stddef.h>
#include <string.h>
#include "clr/draw.h"
#include "core/check.h"

#define FIRST_ROOM 64

static struct live_block **grow(struct arena *arena, struct live_block **old, uint32_t *room)
{
    uint32_t wider = *room ? *room * 2 : FIRST_ROOM;
    struct live_block **array = arena_alloc(arena, wider * sizeof *array);
    CHECK(wider > *room);
    if (*room) {
        memcpy(array, old, *room * sizeof *array);
        arena_free(arena, old, *room * sizeof *array);
    }
    *room = wider;
    return array;
}

/* ---- the pool ---- */

struct live_block *pool_add(struct pool *pool, const struct live_block *figures)
{
    struct live_block *block = arena_alloc(pool->arena, sizeof *block);
    struct pool_class *class = &pool->classes[figures->class];
    CHECK(figures->class < BLOCK_CLASSES);
    CHECK(figures->address != 0);
    *block = *figures;
    block->number = pool->next_number++;
    block->lifetimes = NULL;
    block->newer = NULL;
    block->older = class->newest;
    if (class->newest)
        class->newest->newer = block;
    else
        class->oldest = block;
    class->newest = block;
    if (class->count == class->room)
        class->blocks = grow(pool->arena, class->blocks, &class->room);
    block->place = class->count;
    class->blocks[class->count++] = block;
    return block;
}

void pool_remove(struct pool *pool, struct live_block *block)
{
    struct pool_class *class = &pool->classes[block->class];
    CHECK(block->place < class->count);
    CHECK(class->blocks[block->place] == block);
    if (block->lifetimes)
        lifetimes_remove(block->lifetimes, block);
    class->blocks[block->place] = class->blocks[--class->count];
    class->blocks[block->place]->place = block->place;
    if (block->older)
        block->older->newer = block->newer;
    else
        class->oldest = block->newer;
    if (block->newer)
        block->newer->older = block->older;
    else
        class->newest = block->older;
    CHECK((class->count == 0) == (class->newest == NULL));
    CHECK((class->oldest == NULL) == (class->newest == NULL));
    arena_free(pool->arena, block, sizeof *block);
}

/* The one drawn, or behind it the first that is idle. */
static struct live_block *pick_random(const struct pool *pool, bool of_pages, struct rng *random)
{
    const struct pool_class *pages = &pool->classes[BLOCK_OF_PAGES];
    const struct pool_class *bytes = &pool->classes[BLOCK_OF_BYTES];
    uint64_t count = pages->count + (of_pages ? 0 : (uint64_t)bytes->count);
    uint64_t drawn = count ? draw_up_to(random, count - 1) : 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t place = (drawn + i) % count;
        struct live_block *block =
            place < pages->count ? pages->blocks[place] : bytes->blocks[place - pages->count];
        if (!block->busy)
            return block;
    }
    return NULL;
}

struct live_block *pool_pick(const struct pool *pool, enum pick_order order, bool of_pages,
                             struct rng *random)
{
    if (order == PICK_RANDOM)
        return pick_random(pool, of_pages, random);
    bool oldest = order == PICK_OLDEST;
    struct live_block *best = NULL;
    for (int i = 0; i < (of_pages ? BLOCK_OF_BYTES : BLOCK_CLASSES); i++) {
        const struct pool_class *class = &pool->classes[i];
        struct live_block *block = oldest ? class->oldest : class->newest;
        while (block && block->busy)
            block = oldest ? block->newer : block->older;
        if (block && (!best || (block->number < best->number) == oldest))
            best = block;
    }
    return best;
}

struct live_block *pool_oldest(const struct pool *pool)
{
    return pool_pick(pool, PICK_OLDEST, false, NULL);
}

void pool_drop(struct pool *pool)
{
    for (int i = 0; i < BLOCK_CLASSES; i++) {
        struct pool_class *class = &pool->classes[i];
        CHECK(class->count == 0);
        if (class->room)
            arena_free(pool->arena, class->blocks, class->room * sizeof *class->blocks);
        *class = (struct pool_class){NULL};
    }
}

/* ---- lifetimes ---- */

static bool dies_before(const struct live_block *a, const struct live_block *b)
{
    return a->dies_ns != b->dies_ns ? a->dies_ns < b->dies_ns : a->number < b->number;
}

static void put(struct lifetimes *lifetimes, uint32_t at, struct live_block *block)
{
    lifetimes->heap[at] = block;
    block->lifetimes_place = at;
}

static void rise(struct lifetimes *lifetimes, uint32_t at, struct live_block *block)
{
    for (; at > 0 && dies_before(block, lifetimes->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(lifetimes, at, lifetimes->heap[(at - 1) / 2]);
    put(lifetimes, at, block);
}

static void sink(struct lifetimes *lifetimes, uint32_t at, struct live_block *block)
{
    struct live_block **heap = lifetimes->heap;
    for (uint32_t child = 2 * at + 1; child < lifetimes->count; child = 2 * at + 1) {
        if (child + 1 < lifetimes->count && dies_before(heap[child + 1], heap[child]))
            child++;
        if (dies_before(block, heap[child]))
            break;
        put(lifetimes, at, heap[child]);
        at = child;
    }
    put(lifetimes, at, block);
}

void lifetimes_add(struct lifetimes *lifetimes, struct live_block *block)
{
    CHECK(block->lifetimes == NULL);
    if (lifetimes->count == lifetimes->room)
        lifetimes->heap = grow(lifetimes->arena, lifetimes->heap, &lifetimes->room);
    block->lifetimes = lifetimes;
    CHECK(lifetimes->count < lifetimes->room);
    rise(lifetimes, lifetimes->count++, block);
    CHECK(lifetimes->heap[block->lifetimes_place] == block);
}

struct live_block *lifetimes_first(const struct lifetimes *lifetimes)
{
    return lifetimes->count ? lifetimes->heap[0] : NULL;
}

void lifetimes_remove(struct lifetimes *lifetimes, struct live_block *block)
{
    uint32_t at = block->lifetimes_place;
    CHECK(block->lifetimes == lifetimes);
    CHECK(at < lifetimes->count);
    CHECK(lifetimes->heap[at] == block);
    struct live_block *last = lifetimes->heap[--lifetimes->count];
    block->lifetimes = NULL;
    if (last == block)
        return;
    if (dies_before(last, block))
        rise(lifetimes, at, last);
    else
        sink(lifetimes, at, last);
}

void lifetimes_drop(struct lifetimes *lifetimes)
{
    CHECK(lifetimes->count == 0);
    if (lifetimes->room)
        arena_free(lifetimes->arena, lifetimes->heap, lifetimes->room * sizeof *lifetimes->heap);
    lifetimes->room = 0;
}
