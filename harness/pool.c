/* Memory of one input file. See pool.h. */
#include "harness/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"

#define CHUNK_BYTES 65536
#define ALIGNMENT 16

struct chunk {
    struct chunk *next;
    size_t used, room;
};
_Static_assert(sizeof(struct chunk) % 8 == 0, "chunks begin aligned");

struct pool {
    struct chunk *chunks; /* the one in use first */
};

#define HEAD_BYTES ((sizeof(struct chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

struct pool *pool_create(void)
{
    struct pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    return pool;
}

void pool_destroy(struct pool *pool)
{
    for (struct chunk *chunk = pool ? pool->chunks : NULL; chunk;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(pool);
}

static struct chunk *add_chunk(struct pool *pool, size_t bytes)
{
    size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct chunk *chunk = calloc(1, HEAD_BYTES + room);
    CHECK(chunk != NULL);
    chunk->room = room;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    return chunk;
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
    CHECK(bytes <= SIZE_MAX / 2);
    size_t rounded = (bytes + (bytes == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *chunk = pool->chunks;
    if (!chunk || chunk->room - chunk->used < rounded)
        chunk = add_chunk(pool, rounded);
    void *block = (char *)chunk + HEAD_BYTES + chunk->used;
    chunk->used += rounded;
    return block;
}

char *pool_text(struct pool *pool, const char *text, size_t length)
{
    char *copy = pool_alloc(pool, length + 1);
    memcpy(copy, text, length);
    return copy;
}

void *pool_grow(struct pool *pool, void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 8;
    void *grown = pool_alloc(pool, *room * item_bytes);
    if (count)
        memcpy(grown, items, count * item_bytes);
    return grown;
}
