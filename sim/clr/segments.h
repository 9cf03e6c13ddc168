/* Memory as the collector takes it from its host: large segments reserved, committed from their
 * beginning as they fill, decommitted from their end, released when empty.
 *
 * Blocks stand one behind the other. The place of a dead block is used again; at the end of a
 * segment it goes back to what is not used yet. */
#ifndef LW_CLR_SEGMENTS_H
#define LW_CLR_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/host.h"

struct segments;
struct chunk; /* the place of a block */

/* A new one of the running thread, in the list of all there are. protect: of commits. level: of all
 * requests. */
struct segments *segments_create(struct segments **all, struct clr *clr, uint32_t protect,
                                 EMemoryCriticalLevel level);
/* A place of so many bytes, NULL: the host refused. Segments are of 256 MiB; where that is
 * refused, of 64, then 16; a larger block gets one of its own. */
struct chunk *segments_take(struct segments *segments, uint64_t bytes, uint64_t *address);
/* The place is free. May decommit, and release its segment. False: the host refused to. Of another
 * thread's segments it goes back when that one comes by. */
bool segments_give(struct chunk *chunk);
/* As after a collection: nothing stays committed or reserved that is not used. */
void segments_trim(struct segments *segments);
/* Its phase is over: trims, and goes when the last place is free, perhaps at once. */
void segments_end(struct segments *segments);
/* Releases every segment, used or not; places and structure are gone. */
void segments_give_back(struct segments *segments);
/* Forgets all of it; what the host gave stays allocated. */
void segments_drop(struct segments *segments);

#endif
