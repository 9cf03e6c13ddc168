/* Tables of handles and locks. See sync.h; what becomes of them is in lock.c and wait.c. */
#include "core/race.h"
#include "os/sync_private.h"

#include <stdio.h>

#define HANDLES_MAX 65536u
#define HANDLE_FIRST 0x100u
#define LOCKS_FIRST 64u

struct sync *sync_state(struct sim *sim)
{
    if (!sim->sync) {
        struct sync *sync = arena_alloc(&sim->arena, sizeof *sync);
        CHECK((LOCKS_FIRST & (LOCKS_FIRST - 1)) == 0);
        sync->sim = sim;
        sync->arena = &sim->arena;
        sync->locks_room = LOCKS_FIRST;
        sync->locks = arena_alloc(&sim->arena, LOCKS_FIRST * sizeof *sync->locks);
        sync->memory_high = true;
        sim->sync = sync;
        sched_on_stuck(sim, deadlock_stuck);
        sim->on_notify = locks_check_callback;
    }
    return sim->sync;
}

/* ---- handles ---- */

static void grow_handles(struct sync *sync)
{
    uint32_t room = sync->handles_room ? sync->handles_room * 2 : 64;
    CHECK(sync->handles_used == sync->handles_room);
    struct object **grown = arena_alloc(sync->arena, room * sizeof *grown);
    for (uint32_t i = 0; i < sync->handles_used; i++)
        grown[i] = sync->handles[i];
    if (sync->handles)
        arena_free(sync->arena, sync->handles, sync->handles_room * sizeof *grown);
    sync->handles = grown;
    sync->handles_room = room;
}

static uint32_t free_place(const struct sync *sync)
{
    /* Windows hands out the lowest free handle soon again; so do we. */
    uint32_t place = sync->handles_lowest;
    while (place < sync->handles_used && sync->handles[place])
        place++;
    CHECK(place <= sync->handles_used);
    return place;
}

bool handle_is_left(const struct sync *sync)
{
    return free_place(sync) < HANDLES_MAX;
}

uint32_t handle_open(struct sync *sync, struct object *object)
{
    CHECK(object->kind != OBJECT_NONE);
    uint32_t place = free_place(sync);
    if (place == HANDLES_MAX)
        return 0;
    if (place == sync->handles_room)
        grow_handles(sync);
    if (place == sync->handles_used)
        sync->handles_used++;
    CHECK(sync->handles_used <= sync->handles_room);
    sync->handles_lowest = place + 1;
    sync->handles[place] = object;
    object_keep(object);
    uint32_t handle = HANDLE_FIRST + place * 4;
    CHECK(handle_object(sync, handle) == object);
    if (object->handle == 0) {
        object->handle = handle;
        object->lock.address = handle;
        object->lock.number = handle;
    }
    return handle;
}

static uint64_t place_of(const struct sync *sync, uint64_t handle)
{
    uint64_t place = (handle - HANDLE_FIRST) / 4;
    bool fine = handle >= HANDLE_FIRST && handle % 4 == 0 && place < sync->handles_used;
    return fine ? place : UINT64_MAX;
}

struct object *handle_object(struct sync *sync, uint64_t handle)
{
    uint64_t place = place_of(sync, handle);
    return place == UINT64_MAX ? NULL : sync->handles[place];
}

bool handle_was_closed(struct sync *sync, uint64_t handle)
{
    uint64_t place = place_of(sync, handle);
    return place != UINT64_MAX && !sync->handles[place];
}

bool handle_close(struct sim *sim, uint64_t handle)
{
    struct sync *sync = sync_state(sim);
    struct object *object = handle_object(sync, handle);
    if (!object)
        return false;
    uint64_t place = place_of(sync, handle);
    CHECK(place < sync->handles_used);
    sync->handles[place] = NULL;
    if (place < sync->handles_lowest)
        sync->handles_lowest = (uint32_t)place;
    object_release(sim, object);
    return true;
}

/* ---- locks ----
 *
 * Open addressing by the lock's address. The table is only looked up, never walked, so that no
 * order can leak from it. A forgotten lock keeps its slot, and a later one at the same address
 * takes it over, so chains never break. Locks do not move: threads wait in them. */

static struct lock **slot_of(struct lock **locks, uint32_t room, uint64_t address)
{
    CHECK((room & (room - 1)) == 0);
    uint64_t mixed = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t place = (uint32_t)(mixed >> 32) & (room - 1);
    while (locks[place] && locks[place]->address != address)
        place = (place + 1) & (room - 1);
    return &locks[place];
}

static void grow_locks(struct sync *sync)
{
    uint32_t room = sync->locks_room * 2;
    CHECK(sync->locks_used < sync->locks_room);
    struct lock **grown = arena_alloc(sync->arena, room * sizeof *grown);
    for (uint32_t i = 0; i < sync->locks_room; i++)
        if (sync->locks[i])
            *slot_of(grown, room, sync->locks[i]->address) = sync->locks[i];
    arena_free(sync->arena, sync->locks, sync->locks_room * sizeof *grown);
    sync->locks = grown;
    sync->locks_room = room;
}

bool lock_in_use(const struct lock *lock)
{
    return lock->owner != 0 || lock->shared != 0 || lock->queue.first != NULL;
}

/* What it ordered was about other memory than what comes to its place. */
static void lock_forget_order(const struct sync *sync, struct lock *lock)
{
    race_drop(sync->sim, &lock->released);
    race_drop(sync->sim, &lock->shared_released);
}

static struct lock *new_lock(struct sync *sync, struct lock **slot, uint64_t address,
                             enum lock_kind kind)
{
    struct lock *old = *slot;
    /* Who still has the old one or waits in it keeps it. */
    if (!old || lock_in_use(old))
        *slot = arena_alloc(sync->arena, sizeof **slot);
    else
        lock_forget_order(sync, old);
    /* What is hidden in initialisations or stands on a stack does not count among the locks that
     * records show. */
    bool on_stack = address - STACKS_BASE < TLS_BASE - STACKS_BASE;
    uint32_t *last = kind == LOCK_ONCE ? &sync->last_once
                     : on_stack        ? &sync->last_on_stack
                                       : &sync->last_number;
    CHECK(*last < UINT32_MAX);
    **slot = (struct lock){.address = address, .kind = kind, .number = ++*last};
    return *slot;
}

struct lock *lock_at(struct sync *sync, uint64_t address, enum lock_kind kind)
{
    CHECK(address != 0 && kind < LOCK_KINDS);
    struct lock **slot = slot_of(sync->locks, sync->locks_room, address);
    struct lock *lock = *slot;
    if (__builtin_expect(lock != NULL && lock->number != 0 && lock->kind == kind, 1))
        return lock;
    if (!lock) {
        if (sync->locks_used * 2 >= sync->locks_room) {
            grow_locks(sync);
            slot = slot_of(sync->locks, sync->locks_room, address);
        }
        sync->locks_used++;
    }
    bool destroyed = lock && lock->destroyed && lock->kind == kind;
    lock = new_lock(sync, slot, address, kind);
    lock->destroyed = destroyed;
    return lock;
}

bool lock_renew(struct sync *sync, uint64_t address, enum lock_kind kind, struct lock **lock)
{
    bool in_use = lock_forget(sync, address);
    *lock = lock_at(sync, address, kind);
    CHECK(!lock_in_use(*lock));
    (*lock)->destroyed = false;
    (*lock)->initialised = true;
    return in_use;
}

bool lock_forget(struct sync *sync, uint64_t address)
{
    struct lock **slot = slot_of(sync->locks, sync->locks_room, address);
    struct lock *lock = *slot;
    if (!lock || lock->number == 0)
        return false;
    bool in_use = lock_in_use(lock);
    if (in_use) { /* it lives on for its holders and waiters */
        *slot = arena_alloc(sync->arena, sizeof **slot);
        **slot = (struct lock){.address = address, .kind = lock->kind};
        lock = *slot;
    }
    CHECK(!lock_in_use(lock));
    lock->number = 0;
    lock->destroyed = true;
    return in_use;
}

const char *lock_text(const struct lock *lock, char text[64])
{
    static const char *const words[LOCK_KINDS] = {
        "critical section", "SRW lock",           "mutex",   "reader-writer lock", "mutex",
        "initialisation",   "condition variable", "address", "semaphore"};
    if (lock->kind == LOCK_KERNEL)
        snprintf(text, 64, "mutex 0x%llx", (unsigned long long)lock->address);
    else
        snprintf(text, 64, "%s %s%u", words[lock->kind], lock_shown(lock) ? "" : "on a stack, ",
                 lock->number);
    return text;
}
