/* Locks, events, waits and sleeping, as Windows exports them.
 *
 * One simulated thread runs at a time and keeps the processor until its host call returns. So a
 * lock held by another thread cannot be released while this one waits: waiting for it is a
 * deadlock of the run. Sleeping and waits with a timeout advance the virtual clock.
 *
 * Not here: creating threads, mutexes, semaphores, timers, waiting for several objects. A policy
 * that imports one of them is refused by the loader. */
#include "include/windows.h"

#include "core/binding.h"
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

/* ---- critical sections ---- */

static BOOL initialise_section(CRITICAL_SECTION *section, DWORD spin)
{
    struct sim *sim = current_sim();
    struct sync *sync = sync_state(sim);
    enum status status = sim_call(sim, EVENT_InitializeCriticalSection, NULL);
    uint32_t number = 0;
    if (status == ST_OK) {
        lock_forget(sync, (uintptr_t)section); /* a new lock, even at a used place */
        struct lock *lock = lock_at(sync, (uintptr_t)section);
        lock->initialised = true;
        number = lock->number;
        *section = (CRITICAL_SECTION){0};
        section->LockCount = -1;
        section->SpinCount = spin & 0xffffff;
    }
    sim_event(sim, EVENT_InitializeCriticalSection, status_code(status), number, spin, 0, 0);
    return finish(sim, status);
}

/* Since Vista the plain form cannot fail; a failure would be an exception. The plan may still
 * want one: then the lock is made and the failure is the exception STATUS_NO_MEMORY. */
void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section)
{
    if (!initialise_section(section, 0)) {
        struct sim *sim = current_sim();
        sim_event(sim, EVENT_exception, 0, 0xC0000017u, 0, 0, 0);
        sim_stop_text(sim, STOP_EXCEPTION, 0xC0000017u,
                      "InitializeCriticalSection raised STATUS_NO_MEMORY");
    }
}

BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD spin)
{
    return initialise_section(section, spin);
}

BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spin, DWORD flags)
{
    (void)flags;
    return initialise_section(section, spin);
}

DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION section, DWORD spin)
{
    DWORD old = (DWORD)section->SpinCount;
    section->SpinCount = spin & 0xffffff;
    return old;
}

static _Noreturn void stop_on_owner(struct sim *sim, const struct lock *lock, const char *what)
{
    if (lock->owner == sim->thread->id + 1)
        sim_stop_text(sim, STOP_DEADLOCK, 0,
                      "self-deadlock: thread %u waits for %s %u, which it holds itself",
                      sim->thread->id, what, lock->number);
    if (lock->owner != 0)
        sim_stop_text(sim, STOP_DEADLOCK, 0,
                      "deadlock: thread %u waits for %s %u, which thread %u kept when it left the "
                      "policy",
                      sim->thread->id, what, lock->number, lock->owner - 1);
    sim_stop_text(sim, STOP_DEADLOCK, 0,
                  "deadlock: thread %u waits for %s %u, which %u shared owners keep",
                  sim->thread->id, what, lock->number, lock->shared);
}

static void show_owner(CRITICAL_SECTION *section, const struct lock *lock)
{
    section->OwningThread = (HANDLE)(uintptr_t)(lock->owner ? lock->owner * 4 : 0);
    section->RecursionCount = (LONG)lock->recursion;
    section->LockCount = lock->recursion ? -2 : -1;
}

void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)section);
    uint32_t self = sim->thread->id + 1;
    sim_call(sim, EVENT_EnterCriticalSection, NULL);
    if (lock->owner != 0 && lock->owner != self)
        stop_on_owner(sim, lock, "critical section");
    lock->owner = self;
    lock->recursion++;
    show_owner(section, lock);
    sim_event(sim, EVENT_EnterCriticalSection, 0, lock->number, lock->recursion, 0, 0);
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)section);
    if (lock->owner == 0 || lock->owner == sim->thread->id + 1) {
        EnterCriticalSection(section);
        return TRUE;
    }
    sim_call(sim, EVENT_EnterCriticalSection, NULL);
    sim_event(sim, EVENT_EnterCriticalSection, 0, lock->number, 0, 0, 0);
    return FALSE;
}

/* Leaving a section that the thread does not hold corrupts it on Windows, silently; the record
 * shows recursion ~0 so that an oracle can tell. */
void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)section);
    sim_call(sim, EVENT_LeaveCriticalSection, NULL);
    bool held = lock->owner == sim->thread->id + 1 && lock->recursion > 0;
    if (held && --lock->recursion == 0)
        lock->owner = 0;
    show_owner(section, lock);
    sim_event(sim, EVENT_LeaveCriticalSection, 0, lock->number, held ? lock->recursion : UINT32_MAX,
              0, 0);
}

void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    struct sync *sync = sync_state(sim);
    struct lock *lock = lock_at(sync, (uintptr_t)section);
    sim_call(sim, EVENT_DeleteCriticalSection, NULL);
    sim_event(sim, EVENT_DeleteCriticalSection, 0, lock->number, 0, 0, 0);
    lock_forget(sync, (uintptr_t)section);
}

/* ---- slim reader/writer locks ---- */

void WINAPI InitializeSRWLock(PSRWLOCK srw)
{
    lock_forget(sync_state(current_sim()), (uintptr_t)srw);
    srw->Ptr = NULL;
}

static bool srw_take(PSRWLOCK srw, bool exclusive, bool only_try)
{
    struct sim *sim = current_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)srw);
    sim_call(sim, EVENT_AcquireSRWLock, NULL);
    bool taken = lock->owner != 0 || (exclusive && lock->shared != 0);
    if (taken && !only_try)
        stop_on_owner(sim, lock, "SRW lock");
    if (!taken && exclusive)
        lock->owner = sim->thread->id + 1;
    else if (!taken)
        lock->shared++;
    srw->Ptr = (PVOID)(uintptr_t)(lock->owner || lock->shared); /* zero exactly when free */
    sim_event(sim, EVENT_AcquireSRWLock, taken, lock->number, exclusive, 0, 0);
    return !taken;
}

static void srw_release(PSRWLOCK srw, bool exclusive)
{
    struct sim *sim = current_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)srw);
    sim_call(sim, EVENT_ReleaseSRWLock, NULL);
    bool held = exclusive ? lock->owner != 0 : lock->shared != 0;
    if (held && exclusive)
        lock->owner = 0;
    else if (held)
        lock->shared--;
    srw->Ptr = (PVOID)(uintptr_t)(lock->owner || lock->shared);
    sim_event(sim, EVENT_ReleaseSRWLock, held ? 0 : 0xC0000264u, lock->number, exclusive, 0, 0);
    if (!held) /* Windows raises STATUS_RESOURCE_NOT_OWNED */
        sim_stop_text(sim, STOP_EXCEPTION, 0xC0000264u, "SRW lock %u was released but not held",
                      lock->number);
}

void WINAPI AcquireSRWLockExclusive(PSRWLOCK srw)
{
    srw_take(srw, true, false);
}
void WINAPI AcquireSRWLockShared(PSRWLOCK srw)
{
    srw_take(srw, false, false);
}
BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK srw)
{
    return srw_take(srw, true, true);
}
BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK srw)
{
    return srw_take(srw, false, true);
}
void WINAPI ReleaseSRWLockExclusive(PSRWLOCK srw)
{
    srw_release(srw, true);
}
void WINAPI ReleaseSRWLockShared(PSRWLOCK srw)
{
    srw_release(srw, false);
}

/* ---- run once ---- */

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function, PVOID parameter,
                                LPVOID *context)
{
    if (once->Ptr == NULL) {
        PVOID made = NULL;
        if (!function(once, parameter, &made))
            return FALSE;
        /* The low bits say "done"; contexts are aligned so that they are free. */
        once->Ptr = (PVOID)((uintptr_t)made | 2);
    }
    if (context)
        *context = (LPVOID)((uintptr_t)once->Ptr & ~(uintptr_t)3);
    return TRUE;
}

/* ---- events and waits ---- */

static HANDLE create_event(BOOL manual, BOOL initial)
{
    struct sim *sim = current_sim();
    struct object object = {.kind = OBJECT_EVENT, .manual_reset = manual, .signalled = initial};
    enum status status = sim_call(sim, EVENT_CreateEvent, NULL);
    uint32_t handle = 0;
    if (status == ST_OK) {
        handle = handle_open(sync_state(sim), &object);
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    sim_event(sim, EVENT_CreateEvent, status_code(status), manual, initial, handle, 0);
    sim->thread->last_error = status_code(status); /* success sets it too: 0, not "exists" */
    return (HANDLE)(uintptr_t)handle;
}

/* Names would share events between processes; with one process a name changes nothing. */
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

static BOOL change_event(uint16_t call, HANDLE handle, bool signalled)
{
    struct sim *sim = current_sim();
    struct object *object = handle_object(sync_state(sim), handle_number(handle));
    enum status status = sim_call(sim, call, NULL);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK)
        object->signalled = signalled;
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

BOOL WINAPI CloseHandle(HANDLE handle)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CloseHandle, NULL);
    bool pseudo = handle == GetCurrentProcess() || handle == GetCurrentThread();
    if (status == ST_OK && !pseudo && !handle_close(sync_state(sim), handle_number(handle)))
        status = ST_INVALID_HANDLE;
    sim_event(sim, EVENT_CloseHandle, status_code(status), handle_number(handle), 0, 0, 0);
    return finish(sim, status);
}

/* Nobody else runs meanwhile, so an event that is not set stays so. */
static DWORD wait_for_event(struct sim *sim, struct object *object, HANDLE handle, DWORD timeout_ms)
{
    if (object->signalled) {
        if (!object->manual_reset)
            object->signalled = false;
        return WAIT_OBJECT_0;
    }
    if (timeout_ms == INFINITE)
        sim_stop_text(sim, STOP_DEADLOCK, 0,
                      "deadlock: thread %u waits for ever for event 0x%llx, which nobody can set",
                      sim->thread->id, (unsigned long long)handle_number(handle));
    sim->now_ns += (uint64_t)timeout_ms * 1000000;
    return WAIT_TIMEOUT;
}

DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    struct object *object = handle_object(sync_state(sim), handle_number(handle));
    enum status status = sim_call(sim, EVENT_WaitForSingleObject, NULL);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    DWORD result = WAIT_FAILED;
    if (status == ST_OK)
        result = wait_for_event(sim, object, handle, timeout_ms);
    sim_event(sim, EVENT_WaitForSingleObject, status_code(status), handle_number(handle),
              timeout_ms, result, 0);
    finish(sim, status);
    return result;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE handle, DWORD timeout_ms, BOOL alertable)
{
    (void)alertable; /* nothing queues asynchronous calls here */
    return WaitForSingleObject(handle, timeout_ms);
}

void WINAPI Sleep(DWORD duration_ms)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_Sleep, NULL);
    if (duration_ms == INFINITE)
        sim_stop_text(sim, STOP_DEADLOCK, 0, "deadlock: thread %u sleeps for ever",
                      sim->thread->id);
    sim->now_ns += (uint64_t)duration_ms * 1000000;
    sim_event(sim, EVENT_Sleep, 0, duration_ms, 0, 0, 0);
}

DWORD WINAPI SleepEx(DWORD duration_ms, BOOL alertable)
{
    (void)alertable;
    Sleep(duration_ms);
    return 0;
}

BOOL WINAPI SwitchToThread(void)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_SwitchToThread, NULL);
    sim_event(sim, EVENT_SwitchToThread, 0, 0, 0, 0, 0);
    return FALSE; /* no other thread was ready */
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_sync_bindings[] = {
    BIND(InitializeCriticalSection),
    BIND(InitializeCriticalSectionAndSpinCount),
    BIND(InitializeCriticalSectionEx),
    BIND(SetCriticalSectionSpinCount),
    BIND(EnterCriticalSection),
    BIND(TryEnterCriticalSection),
    BIND(LeaveCriticalSection),
    BIND(DeleteCriticalSection),
    BIND(InitializeSRWLock),
    BIND(AcquireSRWLockExclusive),
    BIND(AcquireSRWLockShared),
    BIND(TryAcquireSRWLockExclusive),
    BIND(TryAcquireSRWLockShared),
    BIND(ReleaseSRWLockExclusive),
    BIND(ReleaseSRWLockShared),
    BIND(InitOnceExecuteOnce),
    BIND(CreateEventA),
    BIND(CreateEventW),
    BIND(SetEvent),
    BIND(ResetEvent),
    BIND(CloseHandle),
    BIND(WaitForSingleObject),
    BIND(WaitForSingleObjectEx),
    BIND(Sleep),
    BIND(SleepEx),
    BIND(SwitchToThread),
    {NULL, NULL},
};
