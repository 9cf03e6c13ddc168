/* Tables of handles and locks. See sync.h; what Windows does with them is win32_sync.c's. */
#include "os/sync.h"

#include "core/check.h"
#include "os/job.h"
#include "os/port.h"

#define HANDLES_MAX 65536u
#define HANDLE_FIRST 0x100u
#define LOCKS_FIRST 64u

struct sync {
    struct arena *arena;
    struct object *objects; /* by (handle - HANDLE_FIRST) / 4 */
    uint32_t objects_room;
    uint32_t objects_used;
    /* Open addressing by the lock's address. The table is only looked up, never walked, so that
     * no order can leak from it. A forgotten lock keeps its slot (and a later lock at the same
     * address takes it over), so chains never break. */
    struct lock *locks;
    uint32_t locks_room; /* a power of two */
    uint32_t locks_used;
    uint32_t next_number;
};

struct sync *sync_state(struct sim *sim)
{
    if (!sim->sync) {
        struct sync *sync = arena_alloc(&sim->arena, sizeof *sync);
        sync->arena = &sim->arena;
        sync->locks_room = LOCKS_FIRST;
        sync->locks = arena_alloc(&sim->arena, LOCKS_FIRST * sizeof *sync->locks);
        sim->sync = sync;
    }
    return sim->sync;
}

/* ---- handles ---- */

static void grow_objects(struct sync *sync)
{
    uint32_t room = sync->objects_room ? sync->objects_room * 2 : 64;
    struct object *grown = arena_alloc(sync->arena, room * sizeof *grown);
    for (uint32_t i = 0; i < sync->objects_used; i++)
        grown[i] = sync->objects[i];
    if (sync->objects)
        arena_free(sync->arena, sync->objects, sync->objects_room * sizeof *grown);
    sync->objects = grown;
    sync->objects_room = room;
}

uint32_t handle_open(struct sync *sync, const struct object *object)
{
    CHECK(object->kind != OBJECT_NONE);
    uint32_t place = 0;
    /* Windows hands out the lowest free handle soon again; so do we. */
    while (place < sync->objects_used && sync->objects[place].kind != OBJECT_NONE)
        place++;
    if (place == HANDLES_MAX)
        return 0;
    if (place == sync->objects_room)
        grow_objects(sync);
    if (place == sync->objects_used)
        sync->objects_used++;
    CHECK(sync->objects_used <= sync->objects_room);
    sync->objects[place] = *object;
    return HANDLE_FIRST + place * 4;
}

struct object *handle_object(struct sync *sync, uint64_t handle)
{
    uint64_t place = (handle - HANDLE_FIRST) / 4;
    if (handle < HANDLE_FIRST || handle % 4 != 0 || place >= sync->objects_used)
        return NULL;
    struct object *object = &sync->objects[place];
    return object->kind == OBJECT_NONE ? NULL : object;
}

bool handle_close(struct sync *sync, uint64_t handle)
{
    struct object *object = handle_object(sync, handle);
    if (!object)
        return false;
    if (object->kind == OBJECT_JOB)
        job_close(object->data);
    else if (object->kind == OBJECT_PORT)
        port_release(object->data);
    *object = (struct object){.kind = OBJECT_NONE};
    return true;
}

/* ---- locks ---- */

static struct lock *slot_of(struct lock *locks, uint32_t room, uint64_t address)
{
    CHECK((room & (room - 1)) == 0);
    uint64_t mixed = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t place = (uint32_t)(mixed >> 32) & (room - 1);
    while (locks[place].address != 0 && locks[place].address != address)
        place = (place + 1) & (room - 1);
    return &locks[place];
}

static void grow_locks(struct sync *sync)
{
    uint32_t room = sync->locks_room * 2;
    struct lock *grown = arena_alloc(sync->arena, room * sizeof *grown);
    for (uint32_t i = 0; i < sync->locks_room; i++)
        if (sync->locks[i].address)
            *slot_of(grown, room, sync->locks[i].address) = sync->locks[i];
    arena_free(sync->arena, sync->locks, sync->locks_room * sizeof *grown);
    sync->locks = grown;
    sync->locks_room = room;
}

struct lock *lock_at(struct sync *sync, uint64_t address)
{
    CHECK(address != 0);
    struct lock *lock = slot_of(sync->locks, sync->locks_room, address);
    if (lock->address == address && lock->number != 0)
        return lock;
    if (lock->address == 0) {
        if (sync->locks_used * 2 >= sync->locks_room) {
            grow_locks(sync);
            lock = slot_of(sync->locks, sync->locks_room, address);
        }
        sync->locks_used++;
    }
    *lock = (struct lock){.address = address, .number = ++sync->next_number};
    return lock;
}

void lock_forget(struct sync *sync, uint64_t address)
{
    struct lock *lock = slot_of(sync->locks, sync->locks_room, address);
    if (lock->address == address)
        *lock = (struct lock){.address = address}; /* number 0: none, the slot stays taken */
}
