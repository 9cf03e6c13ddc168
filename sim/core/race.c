/* Threads and what they know of each other. See race.h. */
#include "core/race_private.h"

#include <string.h>
#include "core/fiber.h"

/* ---- vectors ---- */

static void vector_reserve(struct arena *arena, struct vector *vector, uint32_t count)
{
    if (count > vector->room) {
        uint32_t room =
            (uint32_t)(arena_block_bytes(count * sizeof *vector->at) / sizeof *vector->at);
        uint32_t *grown = arena_alloc(arena, room * sizeof *grown);
        if (vector->room) {
            memcpy(grown, vector->at, vector->count * sizeof *grown);
            arena_free(arena, vector->at, vector->room * sizeof *grown);
        }
        vector->at = grown;
        vector->room = room;
    }
    if (count > vector->count) {
        memset(vector->at + vector->count, 0, (count - vector->count) * sizeof *vector->at);
        vector->count = count;
    }
    CHECK(vector->count <= vector->room);
}

static void vector_drop(struct arena *arena, struct vector *vector)
{
    if (vector->room)
        arena_free(arena, vector->at, vector->room * sizeof *vector->at);
    *vector = (struct vector){0, 0, NULL};
}

static void vector_join(struct arena *arena, struct vector *to, const struct vector *from)
{
    vector_reserve(arena, to, from->count);
    for (uint32_t i = 0; i < from->count; i++)
        if (to->at[i] < from->at[i])
            to->at[i] = from->at[i];
}

static void vector_copy(struct arena *arena, struct vector *to, const struct vector *from)
{
    to->count = 0;
    vector_join(arena, to, from);
}

/* ---- threads ---- */

/* From now on what the thread does is behind its last release. A clock that stands still at its
 * end makes races be missed, nothing else. */
static void tick(struct race_thread *me)
{
    if (me->now.at[me->slot] < RACE_CLOCK_MAX)
        me->now.at[me->slot]++;
}

static uint32_t take_slot(struct race *race, const struct vector *parent)
{
    uint32_t slot = 0;
    while (slot < race->slots_used &&
           (race->slots[slot].taken ||
            (race->slots[slot].clock > 0 &&
             (slot >= parent->count || race->slots[slot].clock > parent->at[slot]))))
        slot++;
    if (slot == RACE_SLOTS) { /* one more than can be told apart: it shares one, races are missed */
        slot = race->slots_turn++ % RACE_SLOTS;
        race->slots[slot].clock = RACE_CLOCK_MAX;
    }
    if (slot == race->slots_used)
        race->slots_used++;
    CHECK(slot < race->slots_used && race->slots_used <= RACE_SLOTS);
    race->slots[slot].taken = true;
    return slot;
}

static struct race_thread *make_thread(struct sim *sim, struct thread *thread,
                                       const struct vector *begins_with)
{
    struct race *race = sim->race;
    struct race_thread *me = arena_alloc(&sim->arena, sizeof *me);
    CHECK(thread->race == NULL);
    thread->race = me;
    me->number = thread->id;
    me->flow = me;
    me->slot = take_slot(race, begins_with);
    vector_copy(&sim->arena, &me->begun, begins_with); /* not behind what it does itself */
    vector_copy(&sim->arena, &me->now, begins_with);
    vector_reserve(&sim->arena, &me->now, me->slot + 1);
    uint32_t left = race->slots[me->slot].clock;
    me->now.at[me->slot] = left < RACE_CLOCK_MAX ? left + 1 : RACE_CLOCK_MAX;
    return me;
}

static void drop_thread(struct sim *sim, struct race_thread *me)
{
    struct slot *slot = &sim->race->slots[me->slot];
    CHECK(slot->taken);
    slot->taken = false;
    slot->clock = own_clock(me);
    vector_drop(&sim->arena, &me->now);
    vector_drop(&sim->arena, &me->begun);
    race_drop(sim, &me->loaded);
    race_drop(sim, &me->released);
    arena_free(&sim->arena, me, sizeof *me);
}

void race_begin(struct sim *sim)
{
    CHECK(sim->race == NULL);
    sim->race = arena_alloc(&sim->arena, sizeof *sim->race);
    sim->race->sim = sim;
    sim->race->cells_most = CELLS_MOST;
    sim->race->headed_most = HEADED_MOST;
    make_thread(sim, sim->thread, &(struct vector){0, 0, NULL});
}

struct race_thread *race_thread_made(struct sim *sim, struct thread *thread)
{
    if (!thread->race) /* nobody said how it began */
        make_thread(sim, thread, &(struct vector){0, 0, NULL});
    return thread->race;
}

void race_thread_begins(struct sim *sim, struct thread *parent, struct thread *thread)
{
    if (!sim->race)
        return;
    struct race_thread *from = race_thread_made(sim, parent);
    make_thread(sim, thread, &from->now);
    tick(from);
}

void race_thread_forget(struct sim *sim, struct thread *thread)
{
    if (thread->race)
        drop_thread(sim, thread->race);
    thread->race = NULL;
}

/* ---- threads that share a flow ---- */

static void forget_stack(struct sim *sim)
{
    const struct fiber *fiber = fiber_current();
    if (fiber != fiber_main())
        race_forget_stack_slow(sim, fiber_stack_base(fiber));
}

void race_become(struct sim *sim, struct thread *from, struct thread *to)
{
    if (!sim->race || from == to)
        return;
    struct race_thread *before = race_thread_made(sim, from);
    if (!to->race)
        make_thread(sim, to, &before->flow->begun)->flow = before->flow;
    forget_stack(sim);
}

void race_flow_meets(struct sim *sim, struct thread *thread)
{
    if (!sim->race)
        return;
    struct race_thread *first = race_thread_made(sim, thread)->flow;
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        struct thread *other = sim->threads[i];
        if (!other || !other->race || other->race == first || other->race->flow != first)
            continue;
        vector_join(&sim->arena, &first->now, &other->race->now);
        race_thread_forget(sim, other);
    }
    vector_copy(&sim->arena, &first->begun, &first->now);
    tick(first);
    if (!thread->race) /* it was one of them */
        make_thread(sim, thread, &first->begun)->flow = first;
}

/* ---- releases and acquires ---- */

static struct race_clock *clock_made(struct sim *sim, struct race_clock **clock)
{
    if (!*clock)
        *clock = arena_alloc(&sim->arena, sizeof **clock);
    return *clock;
}

void race_release_slow(struct sim *sim, struct thread *thread, struct race_clock **clock, bool anew)
{
    struct race_thread *me = race_thread_made(sim, thread);
    struct race_clock *to = clock_made(sim, clock);
    if (anew)
        vector_copy(&sim->arena, &to->known, &me->now);
    else
        vector_join(&sim->arena, &to->known, &me->now);
    to->releaser = me;
    tick(me);
}

void race_acquire_slow(struct sim *sim, struct thread *thread, const struct race_clock *clock)
{
    if (clock)
        vector_join(&sim->arena, &race_thread_made(sim, thread)->now, &clock->known);
}

void race_pass_slow(struct sim *sim, struct thread *from, struct thread *to)
{
    struct race_thread *giver = race_thread_made(sim, from);
    if (from == to)
        return;
    vector_join(&sim->arena, &race_thread_made(sim, to)->now, &giver->now);
    tick(giver);
}

void race_pass_to_all(struct sim *sim)
{
    for (uint32_t i = 0; sim->race && i < THREADS_MAX; i++)
        if (sim->threads[i] && sim->threads[i]->race)
            race_pass_slow(sim, sim->thread, sim->threads[i]);
}

void race_drop_slow(struct sim *sim, struct race_clock **clock)
{
    vector_drop(&sim->arena, &(*clock)->known);
    arena_free(&sim->arena, *clock, sizeof **clock);
    *clock = NULL;
}

void race_release_at(struct sim *sim, uint64_t address, bool anew)
{
    if (!sim->race || address == 0)
        return;
    struct race_clock *clock = shadow_clock(sim->race, address, true);
    race_release_slow(sim, sim->thread, &clock, anew);
}

void race_acquire_at(struct sim *sim, uint64_t address)
{
    if (sim->race)
        race_acquire_slow(sim, sim->thread, shadow_clock(sim->race, address, false));
}

/* ---- atomic operations ---- */

static bool acquires(enum race_order order)
{
    return order != ORDER_RELAXED && order != ORDER_RELEASE;
}

static bool releases(enum race_order order)
{
    return order >= ORDER_RELEASE;
}

static void atomic_load(struct sim *sim, const struct race_clock *clock, enum race_order order)
{
    struct race_thread *me = race_self(sim);
    if (!clock)
        return;
    if (acquires(order))
        vector_join(&sim->arena, &me->now, &clock->known);
    else /* a fence may make it known later */
        vector_join(&sim->arena, &clock_made(sim, &me->loaded)->known, &clock->known);
}

/* A store ends the release sequence that the variable has, and begins one if it releases, by itself
 * or by a fence before it. Of the same thread's relaxed stores C++11 says that they go on with it,
 * C++20 that they do not: they do. An exchange always goes on with it. */
static void atomic_store(struct sim *sim, uint64_t address, bool exchange, enum race_order order)
{
    struct race_thread *me = race_self(sim);
    struct race_clock *clock = shadow_clock(sim->race, address, releases(order) || me->released);
    if (!clock)
        return;
    if (!exchange && clock->releaser != me)
        clock->known.count = 0;
    if (releases(order))
        race_release_slow(sim, sim->thread, &clock, !exchange);
    else if (me->released)
        vector_join(&sim->arena, &clock->known, &me->released->known);
    if (!exchange)
        clock->releaser = me;
}

void race_atomic(struct sim *sim, uint64_t address, uint64_t bytes, bool loads, bool stores,
                 enum race_order order, uint64_t pc)
{
    struct race *race = sim->race;
    CHECK(race != NULL && (loads || stores));
    race_note(sim, address, bytes, RACE_ATOMIC | (stores ? RACE_WRITE : RACE_READ), pc);
    if (loads)
        atomic_load(sim, shadow_clock(race, address, false), order);
    if (stores)
        atomic_store(sim, address, loads, order);
}

void race_fence(struct sim *sim, enum race_order order)
{
    if (!sim->race)
        return;
    struct race_thread *me = race_self(sim);
    if (acquires(order) && me->loaded)
        vector_join(&sim->arena, &me->now, &me->loaded->known);
    if (releases(order))
        race_release_slow(sim, sim->thread, &me->released, true);
}

/* ---- calls of the policy that access memory for it ---- */

void race_add_instrumented(struct sim *sim, uint64_t begin, uint64_t end)
{
    struct race *race = sim->race;
    CHECK(race != NULL);
    CHECK(race->images_count < IMAGES_MOST);
    race->images[race->images_count++] = (struct image){begin, end};
}

bool race_is_instrumented(const struct sim *sim, uint64_t pc)
{
    const struct race *race = sim->race;
    for (uint32_t i = 0; race && i < race->images_count; i++)
        if (pc >= race->images[i].begin && pc < race->images[i].end)
            return true;
    return false;
}

void race_call_slow(struct sim *sim, uint64_t pc)
{
    race_self(sim)->place = pc;
}

void race_access_for_caller_slow(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind)
{
    uint64_t place = race_self(sim)->place;
    if (place)
        race_note(sim, address, bytes, kind, place);
}
