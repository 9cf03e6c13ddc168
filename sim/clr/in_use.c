/* A set of addresses. See in_use.h. */
#include "clr/in_use.h"

#include "core/check.h"

#define ROOM_FIRST 64

struct in_use_entry {
    uint64_t address; /* native; 0: free */
    uint64_t event;   /* the record that tells of giving it out */
    uint32_t thread;  /* to whom */
};

static uint32_t home(const struct in_use *in_use, uint64_t address)
{
    return (uint32_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (in_use->room - 1);
}

/* Where the address is, or would be. */
static struct in_use_entry *place(const struct in_use *in_use, uint64_t address)
{
    uint32_t at = home(in_use, address);
    while (in_use->entries[at].address != 0 && in_use->entries[at].address != address)
        at = (at + 1) & (in_use->room - 1);
    return &in_use->entries[at];
}

static void grow(struct sim *sim, struct in_use *in_use)
{
    struct in_use old = *in_use;
    in_use->room = old.room ? old.room * 2 : ROOM_FIRST;
    CHECK(in_use->room > old.room);
    in_use->entries = arena_alloc(&sim->arena, in_use->room * sizeof *in_use->entries);
    for (uint32_t i = 0; i < old.room; i++)
        if (old.entries[i].address != 0)
            *place(in_use, old.entries[i].address) = old.entries[i];
    if (old.room)
        arena_free(&sim->arena, old.entries, old.room * sizeof *old.entries);
}

void in_use_stays(struct sim *sim, struct in_use *in_use, uint64_t address)
{
    CHECK(address != 0);
    if (in_use->count * 2 >= in_use->room)
        grow(sim, in_use);
    struct in_use_entry *entry = place(in_use, address);
    in_use->count += entry->address == 0;
    *entry = (struct in_use_entry){address, trace_count(&sim->trace) - 1, sim->thread->id};
    CHECK(in_use->count < in_use->room);
}

void in_use_taken(struct sim *sim, struct in_use *in_use, uint64_t address, const char *what)
{
    const struct in_use_entry *other = in_use->room ? place(in_use, address) : NULL;
    CHECK(address != 0);
    if (!other || other->address == 0) {
        in_use_stays(sim, in_use, address);
        return;
    }
    sim_finding(sim, FINDING_GIVEN_TWICE, sim_logical(address),
                "a %s was given out that is still in use: thread %u got 0x%llx, which thread %u "
                "has had since event %llu",
                what, sim->thread->id, (unsigned long long)sim_logical(address), other->thread,
                (unsigned long long)other->event);
}

/* Those behind it that it was in the way of move up, so that none is cut off from its home. */
void in_use_leaves(struct in_use *in_use, uint64_t address)
{
    struct in_use_entry *entries = in_use->entries;
    struct in_use_entry *entry = in_use->room ? place(in_use, address) : NULL;
    if (!entry || entry->address == 0)
        return;
    uint32_t mask = in_use->room - 1, gap = (uint32_t)(entry - entries);
    for (uint32_t at = (gap + 1) & mask; entries[at].address != 0; at = (at + 1) & mask) {
        uint32_t from_home = (at - home(in_use, entries[at].address)) & mask;
        if (from_home < ((at - gap) & mask))
            continue;
        entries[gap] = entries[at];
        gap = at;
    }
    entries[gap].address = 0;
    CHECK(in_use->count > 0);
    in_use->count--;
}

void in_use_drop(struct sim *sim, struct in_use *in_use)
{
    if (in_use->room)
        arena_free(&sim->arena, in_use->entries, in_use->room * sizeof *in_use->entries);
    *in_use = (struct in_use){0};
}
