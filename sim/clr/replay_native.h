/* Native memory of a recorded program as blocks of IHostMalloc: which block stands for which range
 * of a growing object. Blocks are kept in the order of their offsets, so that the common cases,
 * growth and shrinking at the end, cost nothing extra. */
#ifndef LW_CLR_REPLAY_NATIVE_H
#define LW_CLR_REPLAY_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"

struct native_blocks; /* NULL: none */

/* Notes that block stands for size bytes at offset. */
void native_add(struct arena *arena, struct native_blocks **blocks, uint64_t offset, uint64_t size,
                uint64_t block);
/* Takes out the last block if it begins at or behind offset. False: there is none such. */
bool native_take_last(struct arena *arena, struct native_blocks **blocks, uint64_t offset,
                      uint64_t *block);
/* The address that stands for the offset, 0: none. */
uint64_t native_find(const struct native_blocks *blocks, uint64_t offset);
/* Forgets all of them. */
void native_drop(struct arena *arena, struct native_blocks **blocks);

#endif
