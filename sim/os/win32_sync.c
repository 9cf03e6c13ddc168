/* Waitable objects and handles as Windows exports them: events, mutexes, semaphores, memory
 * notifications, waits and sleeping. What they are stands in sync.h and wait.c. */
#include "include/windows.h"

#include "core/binding.h"
#include "core/check.h"
#include "os/machine.h"
#include "os/sync.h"

static struct sim *current_sim(void)
{
    return machine_sim(machine_current());
}

static BOOL finish(struct sim *sim, enum status status)
{
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return status == ST_OK;
}

static uint64_t handle_number(HANDLE handle)
{
    return (uint64_t)(uintptr_t)handle;
}

/* The object of a handle or of the pseudo handle of the running thread; NULL: neither. A handle
 * that was closed is a finding as well as an error. */
static struct object *object_of(struct sim *sim, HANDLE handle)
{
    if (handle == GetCurrentThread())
        return thread_object(sim, sim->thread);
    struct sync *sync = sync_state(sim);
    struct object *object = handle_object(sync, handle_number(handle));
    if (!object && handle_was_closed(sync, handle_number(handle)))
        sim_finding(sim, FINDING_LOCK_INVALID, handle_number(handle),
                    "handle 0x%llx is used after it was closed",
                    (unsigned long long)handle_number(handle));
    return object;
}

static struct object *object_of_kind(struct sim *sim, HANDLE handle, enum object_kind kind)
{
    struct object *object = object_of(sim, handle);
    return object && object->kind == kind ? object : NULL;
}

/* Hands out a new object. Success sets the last error as well: 0, not "exists". Names would share
 * objects between processes; with one process a name changes nothing. */
static HANDLE give(struct sim *sim, struct object *object, enum status status, uint16_t call,
                   uint64_t a, uint64_t b)
{
    uint32_t handle = 0;
    CHECK((object != NULL) == (status == ST_OK));
    if (object) {
        object_keep(object);
        handle = handle_open(sync_state(sim), object);
        object_release(sim, object);
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    sim_event(sim, call, status_code(status), a, b, handle, 0);
    sim->thread->last_error = status_code(status);
    return (HANDLE)(uintptr_t)handle;
}

/* ---- events ---- */

static HANDLE create_event(BOOL manual, BOOL initial)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateEvent, NULL);
    struct object *object = status == ST_OK ? object_create(sim, OBJECT_EVENT) : NULL;
    if (object) {
        object->manual_reset = manual;
        object->signalled = initial;
    }
    return give(sim, object, status, EVENT_CreateEvent, manual, initial);
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial, LPCSTR name)
{
    (void)security, (void)name;
    return create_event(manual, initial);
}
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial, LPCWSTR name)
{
    (void)security, (void)name;
    return create_event(manual, initial);
}
HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags,
                             DWORD access)
{
    (void)security, (void)name, (void)access;
    return create_event(flags & CREATE_EVENT_MANUAL_RESET ? TRUE : FALSE,
                        flags & CREATE_EVENT_INITIAL_SET ? TRUE : FALSE);
}

static BOOL change_event(uint16_t call, HANDLE handle, bool signalled)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, call, NULL);
    struct object *object = object_of_kind(sim, handle, OBJECT_EVENT);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK) {
        object->sets_lost += signalled && object->signalled && !object->manual_reset;
        object->resets_lost += !signalled && object->unseen;
        CHECK(object->references > 0);
        object->unseen = signalled && (object->unseen || !object->signalled);
        if (signalled)
            object_release_order(sim, object);
        object->signalled = signalled;
        if (signalled)
            object_signalled(sim, object);
    }
    sim_event(sim, call, status_code(status), handle_number(handle), 0, 0, 0);
    return finish(sim, status);
}

BOOL WINAPI SetEvent(HANDLE event)
{
    return change_event(EVENT_SetEvent, event, true);
}
BOOL WINAPI ResetEvent(HANDLE event)
{
    return change_event(EVENT_ResetEvent, event, false);
}

/* ---- mutexes ---- */

static HANDLE create_mutex(BOOL owner)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateMutex, NULL);
    struct object *object = status == ST_OK ? object_create(sim, OBJECT_MUTEX) : NULL;
    HANDLE handle = give(sim, object, status, EVENT_CreateMutex, owner, 0);
    if (handle && owner) {
        bool taken = lock_try(sim, &object->lock, true);
        CHECK(taken); /* nobody else has seen it */
    }
    return handle;
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCSTR name)
{
    (void)security, (void)name;
    return create_mutex(owner);
}
HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCWSTR name)
{
    (void)security, (void)name;
    return create_mutex(owner);
}

static enum status release_mutex(struct sim *sim, struct object *object)
{
    if (object->lock.owner != sim->thread->id + 1)
        return ST_NOT_OWNER;
    CHECK(object->lock.recursion > 0);
    lock_drop(sim, &object->lock, true);
    if (object->lock.owner == 0)
        object_signalled(sim, object);
    return ST_OK;
}

BOOL WINAPI ReleaseMutex(HANDLE handle)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_ReleaseMutex, NULL);
    struct object *object = object_of_kind(sim, handle, OBJECT_MUTEX);
    if (status == ST_OK)
        status = object ? release_mutex(sim, object) : ST_INVALID_HANDLE;
    sim_event(sim, EVENT_ReleaseMutex, status_code(status), handle_number(handle),
              object ? object->lock.recursion : 0, 0, 0);
    return finish(sim, status);
}

/* ---- semaphores ---- */

static HANDLE create_semaphore(LONG initial, LONG maximum)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateSemaphore, NULL);
    if (initial < 0 || maximum <= 0 || initial > maximum)
        status = ST_INVALID_PARAMETER;
    struct object *object = status == ST_OK ? object_create(sim, OBJECT_SEMAPHORE) : NULL;
    if (object) {
        object->count = (uint32_t)initial;
        object->maximum = (uint32_t)maximum;
    }
    return give(sim, object, status, EVENT_CreateSemaphore, (uint32_t)initial, (uint32_t)maximum);
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                               LPCSTR name)
{
    (void)security, (void)name;
    return create_semaphore(initial, maximum);
}
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                               LPCWSTR name)
{
    (void)security, (void)name;
    return create_semaphore(initial, maximum);
}

static enum status release_semaphore(struct sim *sim, struct object *object, LONG count,
                                     LPLONG previous)
{
    if (count <= 0)
        return ST_INVALID_PARAMETER;
    CHECK(object->count <= object->maximum);
    if ((uint32_t)count > object->maximum - object->count)
        return ST_TOO_MANY_POSTS;
    if (previous)
        *previous = (LONG)object->count;
    object_release_order(sim, object);
    object->count += (uint32_t)count;
    object_signalled(sim, object);
    return ST_OK;
}

BOOL WINAPI ReleaseSemaphore(HANDLE handle, LONG count, LPLONG previous)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_ReleaseSemaphore, NULL);
    struct object *object = object_of_kind(sim, handle, OBJECT_SEMAPHORE);
    if (status == ST_OK)
        status = object ? release_semaphore(sim, object, count, previous) : ST_INVALID_HANDLE;
    sim_event(sim, EVENT_ReleaseSemaphore, status_code(status), handle_number(handle),
              (uint32_t)count, object ? object->count : 0, 0);
    return finish(sim, status);
}

/* ---- memory notifications ---- */

HANDLE WINAPI CreateMemoryResourceNotification(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateMemoryResourceNotification, NULL);
    if ((unsigned)type > HighMemoryResourceNotification)
        status = ST_INVALID_PARAMETER;
    struct object *object = status == ST_OK ? notification_create(sim, type != 0) : NULL;
    return give(sim, object, status, EVENT_CreateMemoryResourceNotification, (unsigned)type, 0);
}

/* Works on any event, as on Windows. */
BOOL WINAPI QueryMemoryResourceNotification(HANDLE handle, PBOOL state)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_QueryMemoryResourceNotification, NULL);
    machine_settle(machine_current()); /* the level of now, not of the last fault */
    struct object *object = handle ? object_of(sim, handle) : NULL;
    enum status status = ST_OK;
    if (!handle || !state)
        status = ST_INVALID_PARAMETER;
    else if (!object || (object->kind != OBJECT_NOTIFICATION && object->kind != OBJECT_EVENT))
        status = ST_INVALID_HANDLE;
    else
        *state = object->signalled;
    sim_event(sim, EVENT_QueryMemoryResourceNotification, status_code(status),
              handle_number(handle), status == ST_OK && *state, 0, 0);
    return finish(sim, status);
}

/* ---- handles ---- */

BOOL WINAPI CloseHandle(HANDLE handle)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CloseHandle, NULL);
    bool pseudo = handle == GetCurrentProcess() || handle == GetCurrentThread();
    if (status == ST_OK && !pseudo) {
        struct object *object = object_of(sim, handle);
        if (object && object->queue.first && object->references == 2)
            sim_finding(sim, FINDING_LOCK_INVALID, handle_number(handle),
                        "handle 0x%llx is closed while thread %u waits for it",
                        (unsigned long long)handle_number(handle),
                        object->queue.first->task->thread->id);
        if (!handle_close(sim, handle_number(handle)))
            status = ST_INVALID_HANDLE;
    }
    sim_event(sim, EVENT_CloseHandle, status_code(status), handle_number(handle), 0, 0, 0);
    return finish(sim, status);
}

BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process,
                            LPHANDLE target, DWORD access, BOOL inherit, DWORD options)
{
    struct sim *sim = current_sim();
    (void)access, (void)inherit;
    enum status status = sim_call(sim, EVENT_DuplicateHandle, NULL);
    struct object *object = object_of(sim, source);
    uint32_t handle = 0;
    bool own = source_process == GetCurrentProcess() && target_process == GetCurrentProcess();
    if (status == ST_OK && (!own || !object))
        status = ST_INVALID_HANDLE;
    if (status == ST_OK) {
        handle = handle_open(sync_state(sim), object);
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    if (status == ST_OK) {
        *target = (HANDLE)(uintptr_t)handle;
        if (options & DUPLICATE_CLOSE_SOURCE)
            handle_close(sim, handle_number(source));
    }
    sim_event(sim, EVENT_DuplicateHandle, status_code(status), handle_number(source), options,
              handle, 0);
    return finish(sim, status);
}

/* ---- waiting ---- */

static uint64_t due_after(const struct sim *sim, DWORD timeout_ms)
{
    return timeout_ms == INFINITE ? DUE_NEVER : sim->now_ns + (uint64_t)timeout_ms * 1000000;
}

static DWORD wait_for(struct sim *sim, struct object **objects, uint32_t count, bool all,
                      DWORD timeout_ms)
{
    uint32_t index;
    CHECK(count >= 1 && count <= MAXIMUM_WAIT_OBJECTS);
    switch (objects_wait(sim, objects, count, all, due_after(sim, timeout_ms), &index)) {
    case WAIT_ENDED_DUE:
        return WAIT_TIMEOUT;
    case WAIT_ENDED_ABANDONED:
        return WAIT_ABANDONED + index;
    default:
        return WAIT_OBJECT_0 + index;
    }
}

DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_WaitForSingleObject, NULL);
    struct object *object = object_of(sim, handle);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    DWORD result = status == ST_OK ? wait_for(sim, &object, 1, false, timeout_ms) : WAIT_FAILED;
    sim_event(sim, EVENT_WaitForSingleObject, status_code(status), handle_number(handle),
              timeout_ms, result, 0);
    if (result == WAIT_TIMEOUT && timeout_ms == 0)
        sched_futile(sim);
    finish(sim, status);
    return result;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE handle, DWORD timeout_ms, BOOL alertable)
{
    (void)alertable; /* nothing queues asynchronous calls here */
    return WaitForSingleObject(handle, timeout_ms);
}

static enum status find_objects(struct sim *sim, const HANDLE *handles, DWORD count, BOOL all,
                                struct object **objects)
{
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS)
        return ST_INVALID_PARAMETER;
    for (DWORD i = 0; i < count; i++) {
        objects[i] = object_of(sim, handles[i]);
        if (!objects[i])
            return ST_INVALID_HANDLE;
        for (DWORD j = 0; all && j < i; j++)
            if (objects[j] == objects[i])
                return ST_INVALID_PARAMETER;
    }
    return ST_OK;
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    struct object *objects[MAXIMUM_WAIT_OBJECTS];
    enum status status = sim_call(sim, EVENT_WaitForMultipleObjects, NULL);
    if (status == ST_OK)
        status = find_objects(sim, handles, count, all, objects);
    DWORD result = WAIT_FAILED;
    if (status == ST_OK)
        result = wait_for(sim, objects, count, all, timeout_ms);
    sim_event(sim, EVENT_WaitForMultipleObjects, status_code(status), count, all != FALSE,
              timeout_ms, result);
    if (result == WAIT_TIMEOUT && timeout_ms == 0)
        sched_futile(sim);
    finish(sim, status);
    return result;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all,
                                      DWORD timeout_ms, BOOL alertable)
{
    (void)alertable;
    return WaitForMultipleObjects(count, handles, all, timeout_ms);
}

/* Nothing runs between the two halves. */
DWORD WINAPI SignalObjectAndWait(HANDLE signal, HANDLE handle, DWORD timeout_ms, BOOL alertable)
{
    struct sim *sim = current_sim();
    (void)alertable;
    enum status status = sim_call(sim, EVENT_WaitForSingleObject, NULL);
    struct object *first = object_of(sim, signal), *second = object_of(sim, handle);
    if (status == ST_OK && (!first || !second))
        status = ST_INVALID_HANDLE;
    if (status == ST_OK && first->kind == OBJECT_EVENT) {
        object_release_order(sim, first);
        first->signalled = true;
        object_signalled(sim, first);
    } else if (status == ST_OK && first->kind == OBJECT_MUTEX) {
        status = release_mutex(sim, first);
    } else if (status == ST_OK) {
        status = first->kind == OBJECT_SEMAPHORE ? release_semaphore(sim, first, 1, NULL)
                                                 : ST_INVALID_HANDLE;
    }
    DWORD result = status == ST_OK ? wait_for(sim, &second, 1, false, timeout_ms) : WAIT_FAILED;
    sim_event(sim, EVENT_WaitForSingleObject, status_code(status), handle_number(handle),
              timeout_ms, result, 0);
    finish(sim, status);
    return result;
}

/* ---- sleeping ---- */

void WINAPI Sleep(DWORD duration_ms)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_Sleep, NULL);
    const struct wait_reason for_ever = {.kind = WAITS_OTHER, .other = "Sleep(INFINITE) to end"};
    if (duration_ms == INFINITE && sched_alive(sim) == 1)
        sim_stop_text(sim, STOP_DEADLOCK, 0, "deadlock: thread %u sleeps for ever",
                      sim->thread->id);
    if (duration_ms == INFINITE)
        sched_block(sim, DUE_NEVER, &for_ever);
    else if (duration_ms == 0)
        sched_yield_now(sim);
    else
        sched_sleep_until(sim, due_after(sim, duration_ms));
    sim_event(sim, EVENT_Sleep, 0, duration_ms, 0, 0, 0);
    if (duration_ms == 0)
        sched_futile(sim);
}

DWORD WINAPI SleepEx(DWORD duration_ms, BOOL alertable)
{
    (void)alertable;
    Sleep(duration_ms);
    return 0;
}

/* One instruction for the processor, so no record; but spinning must let others run, and must not
 * go on for ever where there are none. */
void YieldProcessor(void)
{
    struct sim *sim = current_sim();
    sim->progress++;
    if (sim->attention != 0) {
        sim_charge(sim, sim->costs_ns[COST_pause]);
        sched_point(sim);
    }
    sched_futile(sim);
}

/* In front of each function of the Interlocked family, and behind it. */
void lw_interlocked(void)
{
    sched_atomic(current_sim());
}

BOOL WINAPI SwitchToThread(void)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_SwitchToThread, NULL);
    bool switched = sched_yield_now(sim);
    sim_event(sim, EVENT_SwitchToThread, 0, switched, 0, 0, 0);
    sched_futile(sim);
    return switched;
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_sync_bindings[] = {
    BIND(CreateEventA),
    BIND(CreateEventW),
    BIND(CreateEventExW),
    BIND(SetEvent),
    BIND(ResetEvent),
    BIND(CreateMutexA),
    BIND(CreateMutexW),
    BIND(ReleaseMutex),
    BIND(CreateSemaphoreA),
    BIND(CreateSemaphoreW),
    BIND(ReleaseSemaphore),
    BIND(CreateMemoryResourceNotification),
    BIND(QueryMemoryResourceNotification),
    BIND(CloseHandle),
    BIND(DuplicateHandle),
    BIND(WaitForSingleObject),
    BIND(WaitForSingleObjectEx),
    BIND(WaitForMultipleObjects),
    BIND(WaitForMultipleObjectsEx),
    BIND(SignalObjectAndWait),
    BIND(Sleep),
    BIND(SleepEx),
    BIND(SwitchToThread),
    BIND(YieldProcessor),
    BIND(lw_interlocked),
    {NULL, NULL},
};
