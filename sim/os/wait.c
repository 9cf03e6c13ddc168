/* Objects that threads wait for, granted as Windows' kernel does. See sync.h. */
#include "core/race.h"
#include "os/job.h"
#include "os/machine.h"
#include "os/port.h"
#include "os/sync_private.h"

#include <stdio.h>

/* ---- objects ---- */

struct object *object_create(struct sim *sim, enum object_kind kind)
{
    struct sync *sync = sync_state(sim);
    struct object *object = arena_alloc(&sim->arena, sizeof *object);
    CHECK(kind != OBJECT_NONE);
    object->kind = kind;
    object->lock.kind = LOCK_KERNEL;
    if (kind == OBJECT_NOTIFICATION) {
        object->next = sync->notifications;
        sync->notifications = object;
    }
    return object;
}

static void level_changed(void *context, enum memory_level level)
{
    sync_memory_level(context, level == MEMORY_LOW, level == MEMORY_HIGH);
}

static uint64_t machine_acts_next(struct sim *sim)
{
    (void)sim;
    return machine_due_ns(machine_current());
}

static void machine_acts(struct sim *sim)
{
    (void)sim;
    machine_settle(machine_current());
}

/* From the first notification on, the machine tells of its level, and what it does by itself (the
 * page writer) happens on time even when all threads wait. */
static void watch_level(struct sim *sim, struct sync *sync)
{
    struct machine *m = machine_current();
    sync->memory_high = machine_memory_resource(m, true);
    sync->memory_low = machine_memory_resource(m, false);
    machine_on_level(m, level_changed, sim);
    sim->machine_acts_next = machine_acts_next;
    sim->machine_acts = machine_acts;
}

struct object *notification_create(struct sim *sim, bool high)
{
    struct sync *sync = sync_state(sim);
    if (!sim->machine_acts)
        watch_level(sim, sync);
    struct object *object = object_create(sim, OBJECT_NOTIFICATION);
    object->manual_reset = true;
    object->high = high;
    object->signalled = high ? sync->memory_high : sync->memory_low;
    return object;
}

void object_keep(struct object *object)
{
    CHECK(object->references < UINT32_MAX);
    object->references++;
}

static void unlist(struct sync *sync, struct object *object)
{
    struct object **link = &sync->notifications;
    while (*link && *link != object)
        link = &(*link)->next;
    if (*link)
        *link = object->next;
}

void object_release(struct sim *sim, struct object *object)
{
    CHECK(object->references > 0);
    if (--object->references > 0)
        return;
    CHECK(!object->queue.first);
    if (object->lock.holds) /* the last handle of a mutex that somebody has: nobody can want it */
        return;
    if (object->kind == OBJECT_JOB)
        job_close(object->data);
    else if (object->kind == OBJECT_PORT)
        port_release(object->data);
    unlist(sync_state(sim), object);
    sched_due_remove(sim, &object->due);
    race_drop(sim, &object->released);
    race_drop(sim, &object->lock.released);
    if (object->thread) {
        object->thread->object = NULL;
        object->thread->references--;
    }
    arena_free(&sim->arena, object, sizeof *object);
}

const char *object_text(const struct object *object, char text[64])
{
    static const char *const words[] = {
        "object", "event", "mutex",          "semaphore", "thread", "timer", "memory notification",
        "timer",  "job",   "completion port"};
    if (object->kind == OBJECT_THREAD)
        snprintf(text, 64, "the end of thread %u", object->thread->id);
    else
        snprintf(text, 64, "%s 0x%x", words[object->kind], object->handle);
    return text;
}

/* ---- granting ---- */

/* Signals that nobody has taken add up; behind the last taker they begin anew. */
void object_release_order(struct sim *sim, struct object *object)
{
    bool pending = object->kind == OBJECT_SEMAPHORE ? object->count > 0 : object->signalled;
    if (pending)
        race_release(sim, &object->released);
    else
        race_release_anew(sim, &object->released);
}

bool object_is_signalled(const struct object *object, const struct thread *thread)
{
    switch (object->kind) {
    case OBJECT_MUTEX:
        return object->lock.owner == 0 || object->lock.owner == thread->id + 1;
    case OBJECT_SEMAPHORE:
        return object->count > 0;
    default:
        return object->signalled;
    }
}

/* The wait of the thread is satisfied by the object. Whether a mutex had been abandoned. */
static bool grant(struct sim *sim, struct object *object, struct thread *thread)
{
    bool abandoned = object->abandoned;
    CHECK(object_is_signalled(object, thread));
    object->unseen = false;
    if (object->kind == OBJECT_MUTEX) {
        struct thread *running = sim->thread;
        sim->thread = thread; /* the one that waited gets it */
        bool taken = lock_try(sim, &object->lock, true);
        sim->thread = running;
        CHECK(taken);
        object->abandoned = false;
        return abandoned;
    }
    race_acquire(sim, thread, object->released);
    if (object->kind == OBJECT_SEMAPHORE)
        object->count--;
    else if (!object->manual_reset)
        object->signalled = false;
    return false;
}

static bool all_signalled(const struct object_wait *wait)
{
    for (uint32_t i = 0; i < wait->reason.count; i++)
        if (!object_is_signalled(wait->objects[i], wait->thread))
            return false;
    return true;
}

static bool grant_all(struct sim *sim, struct object_wait *wait)
{
    bool abandoned = false;
    for (uint32_t i = 0; i < wait->reason.count; i++)
        abandoned = grant(sim, wait->objects[i], wait->thread) || abandoned;
    return abandoned;
}

/* A value for sched_wake: the number of the object and whether it was abandoned. */
static uint32_t wake_value(uint32_t index, bool abandoned)
{
    return index | (uint32_t)abandoned << 8;
}

/* Whether the wait that the waiter belongs to could be satisfied, and was. */
static bool satisfy(struct sim *sim, struct object *object, struct waiter *waiter)
{
    struct object_wait *wait = (struct object_wait *)(uintptr_t)waiter->task->waits_for;
    if (!object_is_signalled(object, wait->thread))
        return false;
    uint32_t value;
    if (wait->reason.all) {
        if (!all_signalled(wait))
            return false;
        value = wake_value(0, grant_all(sim, wait));
    } else {
        uint32_t index = (uint32_t)(waiter - wait->waiters);
        value = wake_value(index, grant(sim, object, wait->thread));
    }
    sched_wake(sim, waiter->task, value);
    return true;
}

void object_signalled(struct sim *sim, struct object *object)
{
    struct waiter *waiter = object->queue.first;
    while (waiter) {
        /* Who is woken leaves the queue, perhaps at several places: begin again. */
        bool granted = satisfy(sim, object, waiter);
        waiter = granted ? object->queue.first : waiter->next;
    }
}

void object_abandon(struct sim *sim, struct object *mutex)
{
    struct thread *running = sim->thread;
    CHECK(mutex->kind == OBJECT_MUTEX && mutex->lock.holds);
    sim->thread = mutex->lock.holds->thread;
    lock_drop_all(sim, &mutex->lock);
    sim->thread = running;
    mutex->abandoned = true;
    object_signalled(sim, mutex);
}

/* ---- waiting ---- */

/* Satisfies the wait at once if that is possible. */
static bool satisfied_now(struct sim *sim, struct object_wait *wait, uint32_t *value)
{
    if (wait->reason.all) {
        if (!all_signalled(wait))
            return false;
        *value = wake_value(0, grant_all(sim, wait));
        return true;
    }
    for (uint32_t i = 0; i < wait->reason.count; i++) {
        if (!object_is_signalled(wait->objects[i], wait->thread))
            continue;
        *value = wake_value(i, grant(sim, wait->objects[i], wait->thread));
        return true;
    }
    return false;
}

enum wait_end objects_wait(struct sim *sim, struct object **objects, uint32_t count, bool all,
                           uint64_t due_ns, uint32_t *index)
{
    CHECK(count > 0 && count <= WAIT_MAX);
    struct object_wait wait;
    for (uint32_t i = 0; i < count; i++)
        if (objects[i]->kind == OBJECT_NOTIFICATION)
            machine_settle(machine_current()); /* its level is that of now */
    wait.thread = sim->thread;
    wait.reason = (struct wait_reason){.kind = WAITS_OBJECTS, .count = count, .all = all};
    wait.reason.objects = wait.objects;
    for (uint32_t i = 0; i < count; i++) {
        wait.objects[i] = objects[i];
        wait.waiters[i] = (struct waiter){.queue = &objects[i]->queue};
    }
    uint32_t value;
    *index = 0;
    if (!satisfied_now(sim, &wait, &value)) {
        if (due_ns <= sim->now_ns)
            return WAIT_ENDED_DUE;
        if (due_ns == DUE_NEVER)
            deadlock_check(sim, &wait.reason);
        for (uint32_t i = 0; i < count; i++)
            object_keep(objects[i]); /* its handle may be closed meanwhile */
        value = sched_wait(sim, wait.waiters, count, due_ns, &wait.reason);
        for (uint32_t i = 0; i < count; i++)
            object_release(sim, objects[i]);
        if (value == WAKE_DUE)
            return WAIT_ENDED_DUE;
    }
    *index = value & 0xff;
    return value >> 8 ? WAIT_ENDED_ABANDONED : WAIT_ENDED;
}

/* ---- memory notifications ---- */

void sync_memory_level(struct sim *sim, bool low, bool high)
{
    struct sync *sync = sync_state(sim);
    CHECK(!low || !high);
    sync->memory_low = low;
    sync->memory_high = high;
    for (struct object *object = sync->notifications; object; object = object->next) {
        object->signalled = object->high ? high : low;
        if (object->signalled)
            object_signalled(sim, object);
    }
}
