/* Ranges of a replayed object whose commit was refused: what needs their pages is dropped until
 * they are committed or decommitted after all. */
#ifndef LW_CLR_REPLAY_REFUSED_H
#define LW_CLR_REPLAY_REFUSED_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"

struct refused; /* NULL: none */

/* Offsets and sizes in bytes. Ranges may overlap. */
void refused_add(struct arena *arena, struct refused **refused, uint64_t offset, uint64_t size);
/* Takes the range out of all of them; one cut in the middle leaves two. */
void refused_remove(struct arena *arena, struct refused **refused, uint64_t offset, uint64_t size);
bool refused_overlaps(const struct refused *refused, uint64_t offset, uint64_t size);
/* Forgets all of them. */
void refused_drop(struct arena *arena, struct refused **refused);

#endif
