/* Memory for everything a run changes, at a fixed address, never from libc.
 *
 * One arena a run. Blocks are zeroed, 16-byte aligned and recycled by size class; running out of
 * the reservation or of the host's memory is an internal error. What lies in arenas is what a
 * checkpoint copies. */
#ifndef LW_CORE_ARENA_H
#define LW_CORE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_CLASSES 160

struct arena {
    uint8_t *base;
    uint64_t reserved_bytes;
    uint64_t open_bytes; /* readable and writable so far */
    uint64_t used_bytes; /* handed out at least once */
    uint64_t live_bytes; /* handed out now, rounded to the class */
    void *free_list[ARENA_CLASSES];
};

/* Reserves bytes at base (0: anywhere, for tests). Returns 0, or errno when the range is taken. */
int arena_init(struct arena *arena, uint64_t base, uint64_t bytes);
void arena_destroy(struct arena *arena);

/* A zeroed block; the caller remembers its size and gives it back with the same size. */
void *arena_alloc(struct arena *arena, size_t bytes);
void arena_free(struct arena *arena, void *block, size_t bytes);
/* The bytes that a block of this size really takes: fill them before asking for more. */
size_t arena_block_bytes(size_t bytes);

#endif
