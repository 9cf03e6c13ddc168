/* Arena memory. See arena.h.
 *
 * Size classes: multiples of 16 up to 256, then four steps per power of two. The reservation is
 * opened in growing chunks, so that a small run pays for one mprotect and a large one for few.
 * Large chunks ask for huge pages: structures of a million regions are visited at random. */
#include "core/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "core/check.h"

#define SMALL_MAX 256
#define SMALL_CLASSES (SMALL_MAX / 16)
#define FIRST_OPEN (UINT64_C(1) << 20)
#define HUGE_OPEN (UINT64_C(8) << 20)
#define CACHE_LINE UINT64_C(64)

struct free_block {
    struct free_block *next;
};

/* The class of a size, and the bytes that blocks of the class have. */
static unsigned class_of(size_t bytes, size_t *rounded)
{
    if (bytes <= SMALL_MAX) {
        unsigned class = bytes == 0 ? 0 : (unsigned)((bytes - 1) / 16);
        *rounded = (size_t)(class + 1) * 16;
        return class;
    }
    unsigned log = 63 - (unsigned)__builtin_clzll(bytes - 1); /* 2^log < bytes <= 2^(log+1) */
    size_t quarter = (size_t)1 << (log - 2);
    unsigned step = (unsigned)((bytes - 1 - ((size_t)1 << log)) / quarter);
    *rounded = ((size_t)1 << log) + (step + 1) * quarter;
    unsigned class = SMALL_CLASSES + (log - 8) * 4 + step;
    CHECK(class < ARENA_CLASSES);
    CHECK(*rounded >= bytes);
    return class;
}

int arena_init(struct arena *arena, uint64_t base, uint64_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (base ? MAP_FIXED_NOREPLACE : 0);
    void *place = mmap((void *)base, bytes, PROT_NONE, flags, -1, 0);
    if (place == MAP_FAILED)
        return errno;
    if (base && (uint64_t)place != base) { /* a kernel before 4.17 takes it as a hint */
        munmap(place, bytes);
        return EEXIST;
    }
    *arena = (struct arena){.base = place, .reserved_bytes = bytes};
    return 0;
}

void arena_destroy(struct arena *arena)
{
    munmap(arena->base, arena->reserved_bytes);
    *arena = (struct arena){0};
}

static void open_more(struct arena *arena, uint64_t needed_bytes)
{
    uint64_t open = arena->open_bytes ? arena->open_bytes * 2 : FIRST_OPEN;
    while (open < needed_bytes)
        open *= 2;
    if (open > arena->reserved_bytes)
        open = arena->reserved_bytes;
    CHECK(needed_bytes <= open);
    int failed =
        mprotect(arena->base + arena->open_bytes, open - arena->open_bytes, PROT_READ | PROT_WRITE);
    CHECK(!failed);
    if (open >= HUGE_OPEN) /* a wish: nothing is lost where the host refuses */
        madvise(arena->base + arena->open_bytes, open - arena->open_bytes, MADV_HUGEPAGE);
    arena->open_bytes = open;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded;
    unsigned class = class_of(bytes, &rounded);
    arena->live_bytes += rounded;
    struct free_block *block = arena->free_list[class];
    if (block) {
        arena->free_list[class] = block->next;
        memset(block, 0, rounded);
        return block;
    }
    uint64_t begin = arena->used_bytes;
    if (rounded % CACHE_LINE == 0) /* such blocks touch no more lines than they need */
        begin = (begin + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
    uint64_t end = begin + rounded;
    if (end > arena->open_bytes)
        open_more(arena, end);
    void *fresh = arena->base + begin;
    arena->used_bytes = end;
    CHECK(((uint64_t)fresh & 15) == 0);
    return fresh;
}

void arena_free(struct arena *arena, void *block, size_t bytes)
{
    size_t rounded;
    unsigned class = class_of(bytes, &rounded);
    uint64_t offset = (uint64_t)((uint8_t *)block - arena->base);
    CHECK(offset + rounded <= arena->used_bytes);
    CHECK(arena->live_bytes >= rounded);
    arena->live_bytes -= rounded;
    struct free_block *freed = block;
    freed->next = arena->free_list[class];
    arena->free_list[class] = freed;
}

size_t arena_block_bytes(size_t bytes)
{
    size_t rounded;
    class_of(bytes, &rounded);
    return rounded;
}
