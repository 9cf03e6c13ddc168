/* Blocks of phases by the way they came. See phase_blocks.h. */
#define CINTERFACE
#include "clr/phase_blocks.h"

/* ---- one thread at a time ---- */

static void begin_work(struct live_block *block)
{
    CHECK(!block->busy);
    block->busy = true;
}

static void end_work(struct run *run, struct live_block *block)
{
    CHECK(block->busy);
    block->busy = false;
    if (block->doomed)
        block_free(run, block);
}

void block_die(struct run *run, struct live_block *block)
{
    if (!block->busy) {
        block_free(run, block);
        return;
    }
    CHECK(!block->doomed);
    lifetimes_remove(block->lifetimes, block);
    block->doomed = true;
}

/* ---- touches ---- */

static void touch(struct run *run, uint64_t address, bool write)
{
    const struct clr_env *env = &run->clr->env;
    if (!env->touch(env->context, address, write))
        run->sim->counters[COUNTER_operations_dependent]++;
}

/* So much of a new block is written, at least a byte. */
static void touch_beginning(const struct making *making, uint64_t address, uint64_t size)
{
    unsigned __int128 part = (unsigned __int128)size * making->said->touch_percent;
    uint64_t bytes = (uint64_t)((part + 99) / 100);
    CHECK(bytes <= size);
    for (uint64_t offset = 0; offset < bytes;) {
        touch(making->run, address + offset, true);
        offset += PAGE_BYTES - ((address + offset) & (PAGE_BYTES - 1));
    }
}

static void protect(struct run *run, struct live_block *block, uint32_t to);

void block_touch(struct run *run, struct live_block *block, uint64_t offset, bool write)
{
    CHECK(offset == 0 || offset < block->size);
    begin_work(block);
    if (block->changed)
        protect(run, block, block->protect);
    touch(run, block->address + offset, write);
    end_work(run, block);
}

/* ---- making ---- */

/* As after a refused commit: the collector asks how much memory there is, collects what is dead
 * already, gives back what it does not use, and tries once more. */
static struct chunk *take_after_collection(const struct making *making, uint64_t size,
                                           uint64_t *address)
{
    struct run *run = making->run;
    struct live_block *dead;
    uint32_t load;
    uint64_t available;
    CHECK(making->segments != NULL);
    host_get_memory_load(run->clr, &load, &available);
    while ((dead = lifetimes_first(making->lifetimes)) && dead->dies_ns <= run->sim->now_ns)
        block_die(run, dead);
    segments_trim(making->segments);
    return segments_take(making->segments, size, address);
}

static uint64_t take_memory(const struct making *making, uint64_t size, struct chunk **chunk)
{
    struct clr *clr = making->run->clr;
    uint64_t address = 0;
    *chunk = NULL;
    switch (making->said->way) {
    case WAY_VIRTUAL:
        host_virtual_alloc(clr, 0, size, MEM_RESERVE | MEM_COMMIT, making->said->protect,
                           making->level, &address);
        break;
    case WAY_MALLOC:
        host_malloc_alloc(clr, clr->malloc, size, making->level, &address);
        break;
    default:
        CHECK(making->said->way == WAY_SEGMENT);
        *chunk = segments_take(making->segments, size, &address);
        if (!*chunk)
            *chunk = take_after_collection(making, size, &address);
        if (!*chunk)
            address = 0;
    }
    return address;
}

/* The whole pages in a block, whose protection can be changed without changing another's. */
static uint64_t whole_pages(const struct live_block *block, uint64_t *first)
{
    uint64_t end = block->address + block->size, last = end & ~(PAGE_BYTES - 1);
    *first = (block->address + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (block->way == WAY_MALLOC)
        return 0;
    if (block->way == WAY_VIRTUAL) /* the rest of its last page is its own */
        last = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    return last > *first ? last - *first : 0;
}

bool block_make(const struct making *making, uint64_t size, uint64_t dies_ns)
{
    struct run *run = making->run;
    struct chunk *chunk;
    uint64_t address = take_memory(making, size, &chunk), first;
    count_operation(run->sim, address != 0);
    if (address == 0)
        return false;
    if (!chunk)
        in_use_taken(run->sim, &run->in_use, address,
                     making->said->way == WAY_MALLOC ? "block" : "region");
    struct live_block figures = {.address = address,
                                 .size = size,
                                 .dies_ns = dies_ns,
                                 .chunk = chunk,
                                 .protect = making->said->protect,
                                 .way = making->said->way};
    figures.class = whole_pages(&figures, &first) ? BLOCK_OF_PAGES : BLOCK_OF_BYTES;
    CHECK((chunk != NULL) == (figures.way == WAY_SEGMENT));
    struct live_block *block = pool_add(&run->phases->pool, &figures);
    if (dies_ns != NEVER)
        lifetimes_add(making->lifetimes, block);
    begin_work(block);
    touch_beginning(making, address, size);
    end_work(run, block);
    return true;
}

/* ---- the rest of its life ---- */

static void protect(struct run *run, struct live_block *block, uint32_t to)
{
    uint64_t first, bytes = whole_pages(block, &first);
    uint32_t old;
    CHECK(bytes > 0);
    HRESULT hr = host_virtual_protect(run->clr, first, bytes, to, &old);
    count_operation(run->sim, hr == S_OK);
    if (hr == S_OK)
        block->changed = to != block->protect;
}

void block_protect(struct run *run, struct live_block *block, uint32_t to)
{
    begin_work(block);
    protect(run, block, to);
    end_work(run, block);
}

void block_free(struct run *run, struct live_block *block)
{
    bool served;
    CHECK(block->address != 0);
    begin_work(block);
    in_use_leaves(&run->in_use, block->address);
    switch (block->way) {
    case WAY_VIRTUAL:
        served = host_virtual_free(run->clr, block->address, 0, MEM_RELEASE) == S_OK;
        break;
    case WAY_MALLOC:
        served = host_malloc_free(run->clr, run->clr->malloc, block->address) == S_OK;
        break;
    default:
        CHECK(block->way == WAY_SEGMENT);
        if (block->changed) /* another block may get these pages */
            protect(run, block, block->protect);
        served = segments_give(block->chunk);
    }
    count_operation(run->sim, served);
    if (served || block->way == WAY_SEGMENT) {
        pool_remove(&run->phases->pool, block);
        return;
    }
    in_use_stays(run->sim, &run->in_use, block->address);
    block->busy = block->doomed = false; /* it lives on, and is given back at the end */
    if (block->lifetimes)
        lifetimes_remove(block->lifetimes, block);
}

/* ---- all that phases hold ---- */

void phases_begin(struct run *run)
{
    run->phases = arena_alloc(&run->sim->arena, sizeof *run->phases);
    run->phases->pool.arena = &run->sim->arena;
}

void phases_give_back(struct run *run)
{
    struct pool *pool = &run->phases->pool;
    struct clr *clr = run->clr;
    CHECK(run->threads == 0); /* no phase is under way */
    struct live_block *block;
    while ((block = pool_oldest(pool))) {
        if (block->way == WAY_VIRTUAL)
            host_virtual_free(clr, block->address, 0, MEM_RELEASE);
        else if (block->way == WAY_MALLOC)
            host_malloc_free(clr, clr->malloc, block->address);
        pool_remove(pool, block);
    }
    while (run->phases->segments)
        segments_give_back(run->phases->segments);
}

void phases_drop(struct run *run)
{
    struct pool *pool = &run->phases->pool;
    struct live_block *block;
    while ((block = pool_oldest(pool)))
        pool_remove(pool, block);
    pool_drop(pool);
    while (run->phases->segments)
        segments_drop(run->phases->segments);
    arena_free(&run->sim->arena, run->phases, sizeof *run->phases);
    run->phases = NULL;
}
