/* Holdings in a list by age, names in an array. See holdings.h. */
#include "clr/holdings.h"

#include <string.h>

#define FIRST_ROOM 16

/* ---- names ---- */

void names_begin(struct run *run)
{
    uint32_t count = run->workload->names_count;
    if (count)
        run->names = arena_alloc(&run->sim->arena, count * sizeof *run->names);
}

void names_drop(struct run *run)
{
    struct arena *arena = &run->sim->arena;
    uint32_t count = run->workload->names_count;
    for (uint32_t i = 0; i < count; i++)
        if (run->names[i].indexed)
            arena_free(arena, run->names[i].indexed,
                       run->names[i].indexed_room * sizeof *run->names[i].indexed);
    if (count)
        arena_free(arena, run->names, count * sizeof *run->names);
    run->names = NULL;
    while (run->newest)
        holding_remove(run, run->newest);
}

struct named named_find(const struct run *run, uint32_t name, bool indexed, uint64_t index)
{
    static const struct named unbound;
    CHECK(name < run->workload->names_count);
    const struct block_name *block = &run->names[name];
    if (!indexed)
        return block->plain;
    return index < block->indexed_room ? block->indexed[index] : unbound;
}

static struct named *place_of(struct run *run, uint32_t name, bool indexed, uint64_t index)
{
    CHECK(name < run->workload->names_count);
    struct block_name *block = &run->names[name];
    if (!indexed)
        return &block->plain;
    if (index >= block->indexed_room) {
        uint64_t old = block->indexed_room, room = old ? old : FIRST_ROOM;
        while (room <= index)
            room *= 2;
        struct named *wider = arena_alloc(&run->sim->arena, room * sizeof *wider);
        CHECK(index < room);
        if (old) {
            memcpy(wider, block->indexed, old * sizeof *wider);
            arena_free(&run->sim->arena, block->indexed, old * sizeof *wider);
        }
        block->indexed = wider;
        block->indexed_room = room;
    }
    return &block->indexed[index];
}

void name_bind(struct run *run, uint32_t name, bool indexed, uint64_t index, struct named meaning)
{
    CHECK(meaning.state != NAME_UNBOUND);
    *place_of(run, name, indexed, index) = meaning;
    if (!meaning.holding)
        return;
    CHECK(meaning.state == NAME_BOUND);
    meaning.holding->has_name = true;
    meaning.holding->name = name;
    meaning.holding->indexed = indexed;
    meaning.holding->index = index;
}

bool block_resolve(const struct run *run, const struct block_address *at, uint64_t index,
                   uint64_t *native)
{
    *native = 0;
    if (at->base == ADDRESS_NONE)
        return true;
    if (at->base == ADDRESS_NUMBER) { /* small numbers are no addresses of anything (sim.h) */
        uint64_t logical = (uint64_t)at->offset;
        *native = logical < GRANULARITY_BYTES ? logical : WINDOW_BASE + logical;
        return true;
    }
    CHECK(at->base == ADDRESS_BLOCK);
    struct named named = named_find(run, at->block, at->indexed, index);
    *native = named.address + (uint64_t)at->offset + (uint64_t)at->stride * index;
    return named.state == NAME_BOUND;
}

/* ---- holdings ---- */

struct holding *holding_add(struct run *run, enum holding_kind kind, uint64_t address)
{
    struct holding *holding = arena_alloc(&run->sim->arena, sizeof *holding);
    CHECK(address != 0);
    *holding = (struct holding){.older = run->newest, .kind = kind, .address = address};
    if (run->newest)
        run->newest->newer = holding;
    else
        run->oldest = holding;
    run->newest = holding;
    return holding;
}

struct holding *holding_find(const struct run *run, enum holding_kind kind, uint64_t address,
                             const struct block_address *at, uint64_t index)
{
    struct holding *named = NULL;
    if (at->base == ADDRESS_BLOCK)
        named = named_find(run, at->block, at->indexed, index).holding;
    if (named && named->kind == kind && named->address == address && !named->leaving)
        return named;
    for (struct holding *holding = run->newest; holding; holding = holding->older)
        if (holding->kind == kind && holding->address == address && !holding->leaving)
            return holding;
    return NULL;
}

struct holding *holding_object(const struct run *run, uint32_t name, bool indexed, uint64_t index)
{
    struct holding *object = named_find(run, name, indexed, index).holding;
    return object && object->kind == HOLDING_MALLOC && !object->leaving ? object : NULL;
}

bool holding_has_blocks(const struct run *run, const struct holding *object)
{
    CHECK(object->kind == HOLDING_MALLOC);
    for (struct holding *holding = run->newest; holding; holding = holding->older)
        if (holding->kind == HOLDING_BLOCK &&
            (uint64_t)(uintptr_t)holding->object == object->address)
            return true;
    return false;
}

struct holding *holding_reference(const struct run *run, uint64_t which)
{
    CHECK(which >= HOST_MALLOC);
    for (struct holding *holding = run->newest; holding; holding = holding->older)
        if (holding->kind == HOLDING_REFERENCE && holding->which == which && !holding->leaving)
            return holding;
    return NULL;
}

void holding_remove(struct run *run, struct holding *holding)
{
    if (holding->has_name && run->names) {
        struct named *named = place_of(run, holding->name, holding->indexed, holding->index);
        if (named->holding == holding) /* it may mean another by now */
            named->holding = NULL;
    }
    CHECK((holding->older ? holding->older->newer : run->oldest) == holding);
    CHECK((holding->newer ? holding->newer->older : run->newest) == holding);
    if (holding->older)
        holding->older->newer = holding->newer;
    else
        run->oldest = holding->newer;
    if (holding->newer)
        holding->newer->older = holding->older;
    else
        run->newest = holding->older;
    arena_free(&run->sim->arena, holding, sizeof *holding);
}

/* ---- giving back ---- */

static void give_back(struct run *run, const struct holding *holding)
{
    struct clr *clr = run->clr;
    CHECK(holding->address != 0);
    switch (holding->kind) {
    case HOLDING_REGION:
        host_virtual_free(clr, holding->address, 0, MEM_RELEASE);
        break;
    case HOLDING_BLOCK:
        host_malloc_free(clr, holding->object, holding->address);
        break;
    case HOLDING_VIEW:
        clr_unmap_view(clr, holding->address);
        break;
    default:
        host_release(clr, (IUnknown *)(uintptr_t)holding->address, holding->which);
    }
}

static void give_back_between(struct run *run, enum holding_kind first, enum holding_kind last)
{
    struct holding *next;
    for (struct holding *holding = run->oldest; holding; holding = next) {
        next = holding->newer;
        if (holding->kind < first || holding->kind > last)
            continue;
        give_back(run, holding);
        holding_remove(run, holding);
    }
}

void holdings_give_back(struct run *run)
{
    give_back_between(run, HOLDING_REGION, HOLDING_VIEW);
    holdings_release(run); /* behind their blocks */
    CHECK(run->oldest == NULL);
}

void holdings_release(struct run *run)
{
    give_back_between(run, HOLDING_REFERENCE, HOLDING_REFERENCE);
    give_back_between(run, HOLDING_MALLOC, HOLDING_MALLOC);
}
