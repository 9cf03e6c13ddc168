/* The blocks of phases that live: found by age or at random by what later steps do, and by the
 * ends of their lifetimes. */
#ifndef LW_CLR_POOL_H
#define LW_CLR_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/workload.h"
#include "core/arena.h"
#include "core/rng.h"

/* Whose protection can be changed: blocks of whole pages. */
enum block_class { BLOCK_OF_PAGES, BLOCK_OF_BYTES, BLOCK_CLASSES };

struct live_block {
    uint64_t address, size;      /* native, as asked for */
    uint64_t number;             /* in the order of their beginnings, in the whole workload */
    uint64_t dies_ns;            /* NEVER: not by itself */
    struct lifetimes *lifetimes; /* that it is in, NULL: none */
    struct chunk *chunk;         /* WAY_SEGMENT: its place (segments.h) */
    uint32_t protect;            /* as made */
    bool changed;                /* its protection is another now */
    bool busy;                   /* a thread works at it: nobody else may */
    bool doomed;                 /* its lifetime has ended meanwhile */
    enum phase_way way;
    enum block_class class;
    /* private */
    struct live_block *older, *newer;
    uint32_t place, lifetimes_place;
};

struct pool {
    struct arena *arena;
    uint64_t next_number;
    struct pool_class {
        struct live_block *oldest, *newest;
        struct live_block **blocks; /* in no order that means anything, but always the same one */
        uint32_t count, room;
    } classes[BLOCK_CLASSES];
};

/* A block with these figures; number and private members are the pool's. */
struct live_block *pool_add(struct pool *pool, const struct live_block *figures);
/* It dies: taken out of its lifetimes as well, and freed. */
void pool_remove(struct pool *pool, struct live_block *block);
/* The block next in an order that nobody works at, NULL: there is none. random decides
 * PICK_RANDOM. */
struct live_block *pool_pick(const struct pool *pool, enum pick_order order, bool of_pages,
                             struct rng *random);
/* The oldest of all, NULL: none is left. Nobody works at any. */
struct live_block *pool_oldest(const struct pool *pool);
/* Frees the arrays; blocks have been removed. */
void pool_drop(struct pool *pool);

/* Blocks in the order of their ends, equal ones by number. */
struct lifetimes {
    struct arena *arena;
    struct live_block **heap;
    uint32_t count, room;
};

void lifetimes_add(struct lifetimes *lifetimes, struct live_block *block);
/* The block that dies first, NULL: none does. */
struct live_block *lifetimes_first(const struct lifetimes *lifetimes);
void lifetimes_remove(struct lifetimes *lifetimes, struct live_block *block);
/* Frees it; it is empty. */
void lifetimes_drop(struct lifetimes *lifetimes);

#endif
