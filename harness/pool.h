/* Memory of one input file: everything is handed out zeroed and given back at once. Running out of
 * memory is an internal error. */
#ifndef LW_HARNESS_POOL_H
#define LW_HARNESS_POOL_H

#include <stddef.h>

struct pool;

struct pool *pool_create(void);
void pool_destroy(struct pool *pool);
/* Zeroed, aligned to 16 bytes; of 0 bytes a place of its own all the same. */
void *pool_alloc(struct pool *pool, size_t bytes);
/* A copy of length bytes with a NUL behind. */
char *pool_text(struct pool *pool, const char *text, size_t length);
/* items with room for at least one more than count; *room is updated. The old array stays. */
void *pool_grow(struct pool *pool, void *items, size_t count, size_t *room, size_t item_bytes);

#endif
