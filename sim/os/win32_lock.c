/* Locks that live in the policy's memory: critical sections, slim reader-writer locks, condition
 * variables, one-time initialisation, waiting on addresses.
 *
 * The structure is read before its lock is looked up: one in memory that cannot be accessed is the
 * access violation it would be. What other threads may have changed is looked up after sim_call. */
#include "include/windows.h"

#include <string.h>
#include "core/binding.h"
#include "core/check.h"
#include "core/race.h"
#include "core/rng.h"
#include "os/heap.h"
#include "os/machine.h"
#include "os/sync.h"

/* What InitializeCriticalSection leaves in DebugInfo when nobody debugs. */
#define NO_DEBUG_INFO ((PVOID)(LONG_PTR)-1)

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

static uint64_t due_after(const struct sim *sim, DWORD timeout_ms)
{
    return timeout_ms == INFINITE ? DUE_NEVER : sim->now_ns + (uint64_t)timeout_ms * 1000000;
}

static void report(struct sim *sim, const struct lock *lock, const char *what)
{
    char text[64];
    sim_finding(sim, FINDING_LOCK_INVALID, lock_shown(lock), "%s %s", lock_text(lock, text), what);
}

/* The lock of a structure in the policy's memory, which must be accessible. */
static struct lock *lock_of(struct sim *sim, const void *structure, enum lock_kind kind)
{
    bool freed = heap_is_freed_fill(structure);
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)structure, kind);
    if (freed)
        report(sim, lock, "is used in memory that was freed");
    return lock;
}

/* ---- critical sections ---- */

static BOOL initialise_section(CRITICAL_SECTION *section, DWORD spin)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_InitializeCriticalSection, NULL);
    struct lock *lock = NULL;
    if (status == ST_OK) {
        *section = (CRITICAL_SECTION){.DebugInfo = NO_DEBUG_INFO, .LockCount = -1};
        section->SpinCount = spin & 0xffffff;
        if (lock_renew(sync_state(sim), (uintptr_t)section, LOCK_SECTION, &lock))
            report(sim, lock, "was initialised anew while it was in use");
    }
    sim_event(sim, EVENT_InitializeCriticalSection, status_code(status),
              lock ? lock_shown(lock) : 0, spin, 0, 0);
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

/* A section that was never initialised or is deleted is reported once and then served. One that
 * was filled in by hand as Windows would do it is as good as initialised. */
static struct lock *section_lock(struct sim *sim, CRITICAL_SECTION *section)
{
    struct lock *lock = lock_of(sim, section, LOCK_SECTION);
    if (lock->initialised)
        return lock;
    bool by_hand = section->DebugInfo == NO_DEBUG_INFO && section->LockCount == -1;
    if (!by_hand)
        report(sim, lock,
               lock->destroyed ? "is used after it was deleted"
                               : "is used and was never initialised");
    lock->initialised = true;
    return lock;
}

static void show_owner(CRITICAL_SECTION *section, const struct lock *lock)
{
    CHECK((lock->owner == 0) == (lock->recursion == 0));
    section->OwningThread = (HANDLE)(uintptr_t)(lock->owner ? lock->owner * 4 : 0);
    section->RecursionCount = (LONG)lock->recursion;
    section->LockCount = lock->recursion ? -2 : -1;
}

void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_EnterCriticalSection, NULL);
    struct lock *lock = section_lock(sim, section);
    lock_take(sim, lock, true, DUE_NEVER);
    show_owner(section, lock);
    sim_event(sim, EVENT_EnterCriticalSection, 0, lock_shown(lock), lock->recursion, 0, 0);
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_EnterCriticalSection, NULL);
    struct lock *lock = section_lock(sim, section);
    bool taken = lock_try(sim, lock, true);
    if (taken)
        show_owner(section, lock);
    sim_event(sim, EVENT_EnterCriticalSection, 0, lock_shown(lock), taken ? lock->recursion : 0, 0,
              0);
    if (!taken)
        sched_futile(sim);
    return taken;
}

/* Leaving a section that the thread does not hold corrupts it on Windows, silently; the record
 * shows recursion ~0. */
void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_LeaveCriticalSection, NULL);
    struct lock *lock = section_lock(sim, section);
    bool held = lock->owner == sim->thread->id + 1;
    if (held)
        lock_drop(sim, lock, true);
    else
        report(sim, lock, "is left by a thread that does not have it");
    show_owner(section, lock);
    sim_event(sim, EVENT_LeaveCriticalSection, 0, lock_shown(lock),
              held ? lock->recursion : UINT32_MAX, 0, 0);
}

void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_DeleteCriticalSection, NULL);
    struct lock *lock = section_lock(sim, section);
    uint32_t number = lock_shown(lock);
    if (lock_in_use(lock))
        report(sim, lock, "is deleted while it is in use");
    sim_event(sim, EVENT_DeleteCriticalSection, 0, number, 0, 0, 0);
    lock_forget(sync_state(sim), (uintptr_t)section);
    section->DebugInfo = NULL;
}

/* ---- slim reader/writer locks ---- */

void WINAPI InitializeSRWLock(PSRWLOCK srw)
{
    struct sim *sim = current_sim();
    struct lock *lock;
    srw->Ptr = NULL;
    if (lock_renew(sync_state(sim), (uintptr_t)srw, LOCK_SRW, &lock))
        report(sim, lock, "was initialised anew while it was in use");
}

/* A free SRW lock is all zero and needs no initialisation: where memory says zero and the lock
 * was taken, the memory has become another lock. */
static struct lock *srw_lock(struct sim *sim, PSRWLOCK srw)
{
    struct lock *lock = lock_of(sim, srw, LOCK_SRW);
    if (srw->Ptr == NULL && (lock->owner || lock->shared))
        lock_renew(sync_state(sim), (uintptr_t)srw, LOCK_SRW, &lock);
    return lock;
}

static bool srw_take(PSRWLOCK srw, bool exclusive, bool only_try)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_AcquireSRWLock, NULL);
    struct lock *lock = srw_lock(sim, srw);
    /* Not recursive, in either mode. */
    bool own = lock->owner == sim->thread->id + 1;
    bool taken = !own && lock_try(sim, lock, exclusive);
    if (!taken && own && !only_try)
        deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
    if (!taken && !only_try)
        taken = lock_take(sim, lock, exclusive, DUE_NEVER);
    srw->Ptr = (PVOID)(uintptr_t)(lock->owner || lock->shared); /* zero exactly when free */
    sim_event(sim, EVENT_AcquireSRWLock, !taken, lock_shown(lock), exclusive, 0, 0);
    if (!taken)
        sched_futile(sim);
    return taken;
}

static void srw_release(PSRWLOCK srw, bool exclusive)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_ReleaseSRWLock, NULL);
    struct lock *lock = srw_lock(sim, srw);
    bool held = lock_drop(sim, lock, exclusive);
    srw->Ptr = (PVOID)(uintptr_t)(lock->owner || lock->shared);
    sim_event(sim, EVENT_ReleaseSRWLock, held ? 0 : 0xC0000264u, lock_shown(lock), exclusive, 0, 0);
    if (!held) /* Windows raises STATUS_RESOURCE_NOT_OWNED */
        sim_stop_text(sim, STOP_EXCEPTION, 0xC0000264u, "SRW lock %u was released but not held",
                      lock_shown(lock));
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

/* ---- condition variables ---- */

void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable)
{
    struct lock *lock;
    variable->Ptr = NULL;
    lock_renew(sync_state(current_sim()), (uintptr_t)variable, LOCK_CONDITION, &lock);
}

/* The wait between giving up the lock and having it again. Nothing runs between giving up and
 * waiting: no wake-up can be missed there. */
static BOOL condition_wait(struct sim *sim, PCONDITION_VARIABLE variable, struct lock *lock,
                           bool exclusive, DWORD timeout_ms)
{
    struct lock *condition = lock_of(sim, variable, LOCK_CONDITION);
    uint64_t due_ns = due_after(sim, timeout_ms), early_ns = sched_spurious(sim, due_ns);
    lock_drop(sim, lock, exclusive);
    uint32_t woken = due_ns <= sim->now_ns ? WAKE_DUE : lock_park(sim, condition, early_ns);
    if (early_ns != due_ns)
        woken = 0;
    lock_take(sim, lock, exclusive, DUE_NEVER);
    CHECK(lock->owner || lock->shared);
    enum status status = woken == WAKE_DUE ? ST_TIMEOUT : ST_OK;
    sim_event(sim, EVENT_SleepConditionVariable, status_code(status), lock_shown(condition),
              lock_shown(lock), timeout_ms, 0);
    if (timeout_ms == 0)
        sched_futile(sim);
    return finish(sim, status);
}

BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable, PCRITICAL_SECTION section,
                                     DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_SleepConditionVariable, NULL);
    struct lock *lock = section_lock(sim, section);
    if (lock->owner != sim->thread->id + 1) {
        report(sim, lock, "is given to SleepConditionVariableCS by a thread that does not have it");
        return finish(sim, ST_INVALID_PARAMETER);
    }
    BOOL result = condition_wait(sim, variable, lock, true, timeout_ms);
    show_owner(section, lock);
    return result;
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable, PSRWLOCK srw, DWORD timeout_ms,
                                      ULONG flags)
{
    struct sim *sim = current_sim();
    bool exclusive = !(flags & CONDITION_VARIABLE_LOCKMODE_SHARED);
    sim_call(sim, EVENT_SleepConditionVariable, NULL);
    struct lock *lock = srw_lock(sim, srw);
    if (exclusive ? lock->owner == 0 : lock->shared == 0)
        sim_stop_text(sim, STOP_EXCEPTION, 0xC0000264u,
                      "SRW lock %u was given to SleepConditionVariableSRW but not held",
                      lock_shown(lock));
    BOOL result = condition_wait(sim, variable, lock, exclusive, timeout_ms);
    srw->Ptr = (PVOID)(uintptr_t)1;
    return result;
}

static void condition_wake(PCONDITION_VARIABLE variable, uint32_t most)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_WakeConditionVariable, NULL);
    struct lock *condition = lock_of(sim, variable, LOCK_CONDITION);
    uint32_t woken = lock_wake(sim, condition, most);
    CHECK(woken <= most);
    sim_event(sim, EVENT_WakeConditionVariable, 0, lock_shown(condition), most != 1, woken, 0);
}

void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable)
{
    condition_wake(variable, 1);
}
void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable)
{
    condition_wake(variable, UINT32_MAX);
}

/* ---- run once: the low bits of the word say how far it is; contexts are aligned ---- */

#define ONCE_BITS ((uintptr_t)3)
#define ONCE_DONE ((uintptr_t)2)

static bool once_is_done(const INIT_ONCE *once)
{
    return ((uintptr_t)once->Ptr & ONCE_BITS) == ONCE_DONE;
}

/* Who finds it done comes behind who did it. */
static void once_context(const INIT_ONCE *once, LPVOID *context)
{
    race_acquire_at(current_sim(), (uintptr_t)once);
    if (context)
        *context = (LPVOID)((uintptr_t)once->Ptr & ~ONCE_BITS);
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function, PVOID parameter,
                                LPVOID *context)
{
    struct sim *sim = current_sim();
    sched_point(sim);
    if (!once_is_done(once)) {
        struct lock *lock = lock_of(sim, once, LOCK_ONCE);
        if (lock->owner == sim->thread->id + 1)
            deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
        lock_take(sim, lock, true, DUE_NEVER);
        PVOID made = NULL;
        BOOL fine = once_is_done(once) || function(once, parameter, &made);
        if (fine && !once_is_done(once)) {
            race_release_at(sim, (uintptr_t)once, false);
            once->Ptr = (PVOID)((uintptr_t)made | ONCE_DONE);
        }
        lock_drop(sim, lock, true);
        if (!fine)
            return FALSE;
    }
    once_context(once, context);
    return TRUE;
}

void WINAPI InitOnceInitialize(PINIT_ONCE once)
{
    struct lock *lock;
    once->Ptr = NULL;
    lock_renew(sync_state(current_sim()), (uintptr_t)once, LOCK_ONCE, &lock);
}

BOOL WINAPI InitOnceBeginInitialize(LPINIT_ONCE once, DWORD flags, PBOOL pending, LPVOID *context)
{
    struct sim *sim = current_sim();
    if (flags & ~(INIT_ONCE_CHECK_ONLY | INIT_ONCE_ASYNC))
        return finish(sim, ST_INVALID_PARAMETER);
    sched_point(sim);
    struct lock *lock = lock_of(sim, once, LOCK_ONCE);
    if (!once_is_done(once) && !(flags & (INIT_ONCE_CHECK_ONLY | INIT_ONCE_ASYNC))) {
        if (lock->owner == sim->thread->id + 1)
            deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
        lock_take(sim, lock, true, DUE_NEVER);
        if (once_is_done(once))
            lock_drop(sim, lock, true);
    }
    *pending = !once_is_done(once);
    if (*pending && (flags & INIT_ONCE_CHECK_ONLY))
        return finish(sim, ST_GEN_FAILURE);
    if (!*pending)
        once_context(once, context);
    return TRUE;
}

BOOL WINAPI InitOnceComplete(LPINIT_ONCE once, DWORD flags, LPVOID context)
{
    struct sim *sim = current_sim();
    bool failed = flags & INIT_ONCE_INIT_FAILED, async = flags & INIT_ONCE_ASYNC;
    if ((flags & ~(INIT_ONCE_ASYNC | INIT_ONCE_INIT_FAILED)) || (failed && async) ||
        ((uintptr_t)context & ONCE_BITS) || (failed && context))
        return finish(sim, ST_INVALID_PARAMETER);
    struct lock *lock = lock_of(sim, once, LOCK_ONCE);
    bool mine = lock->owner == sim->thread->id + 1;
    if (once_is_done(once) || mine == async)
        return finish(sim, ST_GEN_FAILURE);
    if (!failed) {
        race_release_at(sim, (uintptr_t)once, false);
        once->Ptr = (PVOID)((uintptr_t)context | ONCE_DONE);
    }
    if (mine)
        lock_drop(sim, lock, true);
    return TRUE;
}

/* ---- addresses ---- */

BOOL WINAPI WaitOnAddress(volatile void *address, PVOID compare, SIZE_T bytes, DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
        return finish(sim, ST_INVALID_PARAMETER);
    sim_call(sim, EVENT_WaitOnAddress, NULL);
    uint64_t due_ns = due_after(sim, timeout_ms);
    uint32_t woken = 0;
    if (memcmp((const void *)(uintptr_t)address, compare, bytes) == 0) {
        struct lock *lock = lock_at(sync_state(sim), (uintptr_t)address, LOCK_ADDRESS);
        woken = due_ns <= sim->now_ns ? WAKE_DUE : lock_park(sim, lock, due_ns);
    }
    enum status status = woken == WAKE_DUE ? ST_TIMEOUT : ST_OK;
    sim_event(sim, EVENT_WaitOnAddress, status_code(status), sim_logical((uintptr_t)address), bytes,
              timeout_ms, 0);
    if (status != ST_OK && timeout_ms == 0)
        sched_futile(sim);
    return finish(sim, status);
}

static void wake_address(PVOID address, uint32_t most)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_WakeByAddress, NULL);
    uint32_t woken = 0;
    if (address)
        woken = lock_wake(sim, lock_at(sync_state(sim), (uintptr_t)address, LOCK_ADDRESS), most);
    sim_event(sim, EVENT_WakeByAddress, 0, sim_logical((uintptr_t)address), most != 1, woken, 0);
}

void WINAPI WakeByAddressSingle(PVOID address)
{
    wake_address(address, 1);
}
void WINAPI WakeByAddressAll(PVOID address)
{
    wake_address(address, UINT32_MAX);
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_lock_bindings[] = {
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
    BIND(InitializeConditionVariable),
    BIND(SleepConditionVariableCS),
    BIND(SleepConditionVariableSRW),
    BIND(WakeConditionVariable),
    BIND(WakeAllConditionVariable),
    BIND(InitOnceExecuteOnce),
    BIND(InitOnceInitialize),
    BIND(InitOnceBeginInitialize),
    BIND(InitOnceComplete),
    BIND(WaitOnAddress),
    BIND(WakeByAddressSingle),
    BIND(WakeByAddressAll),
    {NULL, NULL},
};
