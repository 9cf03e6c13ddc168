/* What a phase does to blocks: each is one operation, whatever calls it takes. While it lasts the
 * block is busy, and other threads leave it alone. */
#ifndef LW_CLR_PHASE_BLOCKS_H
#define LW_CLR_PHASE_BLOCKS_H

#include "clr/pool.h"
#include "clr/segments.h"
#include "clr/workload_private.h"

/* What all phases of a workload hold. */
struct phases {
    struct pool pool;
    struct segments *segments; /* all there are */
};

/* How blocks are made. */
struct making {
    struct run *run;
    const struct phase_allocate *said;
    EMemoryCriticalLevel level;
    struct lifetimes *lifetimes; /* of the phase's blocks that die by themselves */
    struct segments *segments;   /* WAY_SEGMENT */
};

/* A block with a size and an end (NEVER: none), made by the running thread, its beginning touched
 * as said. Returns whether it was served. */
bool block_make(const struct making *making, uint64_t size, uint64_t dies_ns);
/* The block dies. Nobody works at it. */
void block_free(struct run *run, struct live_block *block);
/* Its lifetime is over: it dies, now or when who works at it has finished. */
void block_die(struct run *run, struct live_block *block);
/* Its protection becomes another, or again what it was. The block is BLOCK_OF_PAGES. */
void block_protect(struct run *run, struct live_block *block, uint32_t protect);
/* One page at an offset is touched; before that a changed protection is restored. */
void block_touch(struct run *run, struct live_block *block, uint64_t offset, bool write);

#endif
