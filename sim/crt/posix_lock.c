/* Mutexes, reader-writer locks, condition variables, semaphores and futexes of POSIX, C11 and the
 * C++ library, on the locks of os/sync.h.
 *
 * The structures are glibc's. Their first word says whether the lock is taken, as glibc's does:
 * std::mutex has no destructor, so where memory says "free" and the lock was taken, the memory has
 * become another mutex. */
#include <linux/futex.h>
#include <string.h>
#include <time.h>
#include "core/binding.h"
#include "core/race.h"
#include "crt/posix.h"
#include "os/heap.h"

struct posix_mutex {
    int taken;
    unsigned count;
    int owner;
    unsigned users;
    int kind; /* 0 normal, 1 recursive, 2 error-checking, 3 adaptive; -1 destroyed */
};
enum { KIND_RECURSIVE = 1, KIND_ERRORCHECK = 2, KIND_MASK = 3, KIND_BITS = 0x1ff };

static void report(struct sim *sim, const struct lock *lock, const char *what)
{
    char text[64];
    sim_finding(sim, FINDING_LOCK_INVALID, lock_shown(lock), "%s %s", lock_text(lock, text), what);
}

/* Locks that keep nothing in memory by which it would show. */
static void look_for_fill(struct sim *sim, const struct lock *lock, bool freed)
{
    if (__builtin_expect(freed, 0))
        report(sim, lock, "is used in memory that was freed");
}

/* ---- mutexes ---- */

static struct lock *lock_of_mutex(struct sim *sim, struct posix_mutex *mutex)
{
    int taken = *(volatile int *)&mutex->taken; /* an access violation, if it is one, is here */
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)mutex, LOCK_POSIX);
    if (taken == 0 && lock->owner != 0)
        lock_renew(sync_state(sim), (uintptr_t)mutex, LOCK_POSIX, &lock);
    if (__builtin_expect((mutex->kind & ~KIND_BITS) != 0, 0)) {
        report(sim, lock,
               mutex->kind == -1 ? "is used after it was destroyed"
                                 : "is no mutex: its memory was freed or overwritten");
        memset(mutex, 0, sizeof *mutex);
        mutex->taken = lock->owner != 0;
    }
    return lock;
}

static void show_owner(struct posix_mutex *mutex, const struct lock *lock)
{
    mutex->taken = lock->owner != 0;
    mutex->owner = (int)lock->owner;
    mutex->count = lock->recursion;
}

/* due_ns 0: only a try. */
static int mutex_take(struct posix_mutex *mutex, uint64_t due_ns)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_AcquireSRWLock, NULL);
    struct lock *lock = lock_of_mutex(sim, mutex);
    bool own = lock->owner == sim->thread->id + 1;
    int kind = mutex->kind & KIND_MASK, result = 0;
    if (own && kind == KIND_ERRORCHECK)
        result = due_ns ? CRT_EDEADLK : CRT_EBUSY;
    else if (own && kind != KIND_RECURSIVE)
        result = due_ns ? CRT_ETIMEDOUT : CRT_EBUSY;
    else if (!lock_try(sim, lock, true))
        result = due_ns == 0 ? CRT_EBUSY : lock_take(sim, lock, true, due_ns) ? 0 : CRT_ETIMEDOUT;
    if (result == CRT_ETIMEDOUT && own && due_ns == DUE_NEVER)
        deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
    if (result == CRT_ETIMEDOUT && own)
        sim_sleep_until(sim, due_ns);
    show_owner(mutex, lock);
    sim_event(sim, EVENT_AcquireSRWLock, (uint32_t)result, lock_shown(lock), 1, 0, 0);
    if (result == CRT_EBUSY)
        sched_futile(sim);
    return result;
}

int posix_mutex_lock(struct posix_mutex *mutex)
{
    return mutex_take(mutex, DUE_NEVER);
}

int posix_mutex_trylock(struct posix_mutex *mutex)
{
    return mutex_take(mutex, 0);
}

static int mutex_clocklock(struct posix_mutex *mutex, int clock, const struct timespec *moment)
{
    uint64_t due_ns = posix_due_ns(crt_sim(), clock, moment);
    return mutex_take(mutex, due_ns ? due_ns : 1);
}

int posix_mutex_timedlock(struct posix_mutex *mutex, const struct timespec *moment)
{
    return mutex_clocklock(mutex, CLOCK_REALTIME, moment);
}

int posix_mutex_unlock(struct posix_mutex *mutex)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_ReleaseSRWLock, NULL);
    struct lock *lock = lock_of_mutex(sim, mutex);
    bool own = lock->owner == sim->thread->id + 1;
    int kind = mutex->kind & KIND_MASK;
    int result = own || (kind != KIND_RECURSIVE && kind != KIND_ERRORCHECK) ? 0 : CRT_EPERM;
    if (!own && kind != KIND_ERRORCHECK)
        report(sim, lock, "is unlocked by a thread that does not have it");
    if (result == 0 && lock->owner != 0)
        lock_drop(sim, lock, true); /* glibc does not look whose a normal one is */
    show_owner(mutex, lock);
    sim_event(sim, EVENT_ReleaseSRWLock, (uint32_t)result, lock_shown(lock), 1, 0, 0);
    return result;
}

int posix_mutex_init(struct posix_mutex *mutex, const int *attributes)
{
    struct sim *sim = crt_sim();
    struct lock *lock;
    memset(mutex, 0, 40);
    mutex->kind = attributes ? *attributes & KIND_MASK : 0;
    /* Its number comes with its first use. */
    if (lock_forget(sync_state(sim), (uintptr_t)mutex)) {
        lock_renew(sync_state(sim), (uintptr_t)mutex, LOCK_POSIX, &lock);
        report(sim, lock, "was initialised anew while it was in use");
    }
    return 0;
}

static int mutex_destroy(struct posix_mutex *mutex)
{
    struct sim *sim = crt_sim();
    struct lock *lock = lock_of_mutex(sim, mutex);
    if (lock_in_use(lock)) {
        report(sim, lock, "is destroyed while it is in use");
        return CRT_EBUSY;
    }
    lock_forget(sync_state(sim), (uintptr_t)mutex);
    mutex->kind = -1;
    return 0;
}

static int attributes_init(int *attributes)
{
    *attributes = 0;
    return 0;
}

static int attributes_settype(int *attributes, int kind)
{
    if (kind < 0 || kind > KIND_MASK)
        return CRT_EINVAL;
    *attributes = kind;
    return 0;
}

static int no_operation(void)
{
    return 0;
}

/* ---- reader-writer locks: the first word counts who has it ---- */

static struct lock *lock_of_rw(struct sim *sim, unsigned *rw)
{
    unsigned taken = *(volatile unsigned *)rw;
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)rw, LOCK_POSIX_RW);
    look_for_fill(sim, lock, heap_is_freed_fill(rw));
    if (taken == 0 && (lock->owner || lock->shared))
        lock_renew(sync_state(sim), (uintptr_t)rw, LOCK_POSIX_RW, &lock);
    return lock;
}

static int rw_take(unsigned *rw, bool exclusive, uint64_t due_ns)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_AcquireSRWLock, NULL);
    struct lock *lock = lock_of_rw(sim, rw);
    int result = 0;
    if (lock->owner == sim->thread->id + 1)
        result = due_ns ? CRT_EDEADLK : CRT_EBUSY;
    else if (!lock_try(sim, lock, exclusive))
        result = due_ns == 0                               ? CRT_EBUSY
                 : lock_take(sim, lock, exclusive, due_ns) ? 0
                                                           : CRT_ETIMEDOUT;
    *rw = lock->owner ? UINT32_MAX : lock->shared;
    sim_event(sim, EVENT_AcquireSRWLock, (uint32_t)result, lock_shown(lock), exclusive, 0, 0);
    if (result == CRT_EBUSY)
        sched_futile(sim);
    return result;
}

static int rw_rdlock(unsigned *rw)
{
    return rw_take(rw, false, DUE_NEVER);
}
static int rw_wrlock(unsigned *rw)
{
    return rw_take(rw, true, DUE_NEVER);
}
static int rw_tryrdlock(unsigned *rw)
{
    return rw_take(rw, false, 0);
}
static int rw_trywrlock(unsigned *rw)
{
    return rw_take(rw, true, 0);
}
static int rw_clockrdlock(unsigned *rw, int clock, const struct timespec *moment)
{
    return rw_take(rw, false, posix_due_ns(crt_sim(), clock, moment) | 1);
}
static int rw_clockwrlock(unsigned *rw, int clock, const struct timespec *moment)
{
    return rw_take(rw, true, posix_due_ns(crt_sim(), clock, moment) | 1);
}
static int rw_timedrdlock(unsigned *rw, const struct timespec *moment)
{
    return rw_clockrdlock(rw, CLOCK_REALTIME, moment);
}
static int rw_timedwrlock(unsigned *rw, const struct timespec *moment)
{
    return rw_clockwrlock(rw, CLOCK_REALTIME, moment);
}

static int rw_unlock(unsigned *rw)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_ReleaseSRWLock, NULL);
    struct lock *lock = lock_of_rw(sim, rw);
    bool exclusive = lock->owner != 0;
    if (!lock_held_by(lock, sim->thread))
        report(sim, lock, "is unlocked by a thread that does not have it");
    int result = lock_drop(sim, lock, exclusive) ? 0 : CRT_EPERM;
    *rw = lock->owner ? UINT32_MAX : lock->shared;
    sim_event(sim, EVENT_ReleaseSRWLock, (uint32_t)result, lock_shown(lock), exclusive, 0, 0);
    return result;
}

static int rw_init(unsigned *rw, const void *attributes)
{
    (void)attributes;
    memset(rw, 0, 56);
    lock_forget(sync_state(crt_sim()), (uintptr_t)rw);
    return 0;
}

static int rw_destroy(unsigned *rw)
{
    struct sim *sim = crt_sim();
    struct lock *lock = lock_of_rw(sim, rw);
    if (lock_in_use(lock)) {
        report(sim, lock, "is destroyed while it is in use");
        return CRT_EBUSY;
    }
    lock_forget(sync_state(sim), (uintptr_t)rw);
    return 0;
}

/* ---- condition variables: the lock's count is the clock of timed waits ---- */

static struct lock *lock_of_condition(struct sim *sim, void *condition)
{
    bool freed = heap_is_freed_fill(condition); /* an access violation, if it is one, is here */
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)condition, LOCK_CONDITION);
    look_for_fill(sim, lock, freed);
    return lock;
}

/* Nothing runs between giving up the mutex and waiting: no wake-up can be missed there. */
static int condition_wait_until(void *variable, struct posix_mutex *mutex, uint64_t due_ns)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_SleepConditionVariable, NULL);
    struct lock *condition = lock_of_condition(sim, variable);
    struct lock *lock = lock_of_mutex(sim, mutex);
    if (lock->owner != sim->thread->id + 1) {
        report(sim, lock, "is given to a wait for a condition by a thread that does not have it");
        return CRT_EPERM;
    }
    uint32_t number = lock_shown(condition);
    lock_drop(sim, lock, true);
    show_owner(mutex, lock);
    uint64_t early_ns = sched_spurious(sim, due_ns);
    uint32_t woken = due_ns <= sim->now_ns ? WAKE_DUE : lock_park(sim, condition, early_ns);
    if (early_ns != due_ns)
        woken = 0;
    lock_take(sim, lock, true, DUE_NEVER);
    show_owner(mutex, lock);
    int result = woken == WAKE_DUE ? CRT_ETIMEDOUT : 0;
    sim_event(sim, EVENT_SleepConditionVariable, (uint32_t)result, number, lock_shown(lock), 0, 0);
    if (result && due_ns <= sim->now_ns)
        sched_futile(sim);
    return result;
}

int posix_condition_wait(void *condition, struct posix_mutex *mutex)
{
    return condition_wait_until(condition, mutex, DUE_NEVER);
}

static int condition_clockwait(void *condition, struct posix_mutex *mutex, int clock,
                               const struct timespec *moment)
{
    return condition_wait_until(condition, mutex, posix_due_ns(crt_sim(), clock, moment));
}

int posix_condition_timedwait(void *condition, struct posix_mutex *mutex,
                              const struct timespec *moment)
{
    struct lock *lock = lock_of_condition(crt_sim(), condition);
    return condition_clockwait(condition, mutex, (int)lock->count, moment);
}

static int condition_wake(void *condition, uint32_t most)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_WakeConditionVariable, NULL);
    struct lock *lock = lock_of_condition(sim, condition);
    uint32_t woken = lock_wake(sim, lock, most);
    sim_event(sim, EVENT_WakeConditionVariable, 0, lock_shown(lock), most != 1, woken, 0);
    return 0;
}

int posix_condition_signal(void *condition)
{
    return condition_wake(condition, 1);
}
int posix_condition_broadcast(void *condition)
{
    return condition_wake(condition, UINT32_MAX);
}

int posix_condition_init(void *condition, const int *attributes)
{
    struct sync *sync = sync_state(crt_sim());
    struct lock *lock;
    memset(condition, 0, 48);
    lock_forget(sync, (uintptr_t)condition);
    if (!attributes || *attributes == 0)
        return 0;
    lock_renew(sync, (uintptr_t)condition, LOCK_CONDITION, &lock);
    lock->count = (uint32_t)*attributes;
    return 0;
}

static int condition_destroy(void *condition)
{
    struct sim *sim = crt_sim();
    struct lock *lock = lock_of_condition(sim, condition);
    if (lock_in_use(lock))
        report(sim, lock, "is destroyed while a thread waits for it");
    lock_forget(sync_state(sim), (uintptr_t)condition);
    return 0;
}

static int condition_setclock(int *attributes, int clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return CRT_EINVAL;
    *attributes = clock;
    return 0;
}

/* ---- semaphores: the first word is the count ---- */

static int fail(int error)
{
    crt_set_errno(error);
    return -1;
}

static int semaphore_init(unsigned *semaphore, int shared, unsigned value)
{
    (void)shared;
    if (value > INT32_MAX)
        return fail(CRT_EINVAL);
    memset(semaphore, 0, 32);
    *semaphore = value;
    lock_forget(sync_state(crt_sim()), (uintptr_t)semaphore);
    return 0;
}

/* due_ns 0: only a try. */
static int semaphore_take(unsigned *semaphore, uint64_t due_ns)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_semaphore, NULL);
    struct lock *lock = NULL;
    int error = 0;
    while (*(volatile unsigned *)semaphore == 0 && error == 0) {
        if (!lock)
            lock = lock_at(sync_state(sim), (uintptr_t)semaphore, LOCK_SEMAPHORE);
        if (due_ns == 0)
            error = CRT_EAGAIN;
        else if (due_ns <= sim->now_ns || lock_park(sim, lock, due_ns) == WAKE_DUE)
            error = CRT_ETIMEDOUT;
    }
    if (error == 0) {
        race_acquire_at(sim, (uintptr_t)semaphore);
        --*semaphore;
    }
    sim_event(sim, EVENT_semaphore, (uint32_t)error, 0, *semaphore, 0, 0);
    if (error == CRT_EAGAIN)
        sched_futile(sim);
    return error ? fail(error) : 0;
}

static int semaphore_wait(unsigned *semaphore)
{
    return semaphore_take(semaphore, DUE_NEVER);
}
static int semaphore_trywait(unsigned *semaphore)
{
    return semaphore_take(semaphore, 0);
}
static int semaphore_clockwait(unsigned *semaphore, int clock, const struct timespec *moment)
{
    return semaphore_take(semaphore, posix_due_ns(crt_sim(), clock, moment) | 1);
}
static int semaphore_timedwait(unsigned *semaphore, const struct timespec *moment)
{
    return semaphore_clockwait(semaphore, CLOCK_REALTIME, moment);
}

static int semaphore_post(unsigned *semaphore)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_semaphore, NULL);
    if (*semaphore == INT32_MAX)
        return fail(CRT_EOVERFLOW);
    race_release_at(sim, (uintptr_t)semaphore, *semaphore == 0);
    ++*semaphore;
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)semaphore, LOCK_SEMAPHORE);
    sched_wake_first(sim, &lock->queue, 0); /* never lost: the count remembers it */
    sim_event(sim, EVENT_semaphore, 0, 1, *semaphore, 0, 0);
    return 0;
}

static int semaphore_getvalue(const unsigned *semaphore, int *value)
{
    *value = (int)*semaphore;
    return 0;
}

static int semaphore_destroy(unsigned *semaphore)
{
    struct sim *sim = crt_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)semaphore, LOCK_SEMAPHORE);
    if (lock_in_use(lock))
        report(sim, lock, "is destroyed while a thread waits for it");
    lock_forget(sync_state(sim), (uintptr_t)semaphore);
    return 0;
}

/* ---- futexes: atomic waits and futures of the C++ library ---- */

static int futex_wait(struct sim *sim, uint32_t *word, uint32_t value, uint64_t due_ns)
{
    if (*(volatile uint32_t *)word != value)
        return CRT_EAGAIN;
    if (due_ns <= sim->now_ns)
        return CRT_ETIMEDOUT;
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)word, LOCK_ADDRESS);
    return lock_park(sim, lock, due_ns) == WAKE_DUE ? CRT_ETIMEDOUT : 0;
}

/* When a wait for a futex gives up. Only the plain form counts from now. */
static uint64_t futex_due_ns(const struct sim *sim, int operation, const struct timespec *timeout)
{
    int clock = operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    if (!timeout)
        return DUE_NEVER;
    uint64_t due_ns = posix_due_ns(sim, clock, timeout);
    bool absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    return absolute || due_ns > DUE_NEVER / 2 ? due_ns : sim->now_ns + due_ns;
}

/* The timeout is there only where the operation has one. Bits of a mask are not looked at: the C++
 * library always gives all of them. */
long posix_futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
    struct sim *sim = crt_sim();
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
        sim_call(sim, EVENT_WaitOnAddress, NULL);
        int error = futex_wait(sim, word, value, futex_due_ns(sim, operation, timeout));
        sim_event(sim, EVENT_WaitOnAddress, (uint32_t)error, sim_logical((uintptr_t)word), 4, 0, 0);
        return error ? fail(error) : 0;
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: {
        if (sim->attention == 0)
            return 0; /* nobody can be waiting */
        sim_call(sim, EVENT_WakeByAddress, NULL);
        struct lock *lock = lock_at(sync_state(sim), (uintptr_t)word, LOCK_ADDRESS);
        uint32_t woken = lock_wake(sim, lock, value);
        sim_event(sim, EVENT_WakeByAddress, 0, sim_logical((uintptr_t)word), value != 1, woken, 0);
        return (long)woken;
    }
    default:
        sim_stop_text(sim, STOP_UNSUPPORTED, 0, "futex operation %d", operation);
    }
}

const struct binding crt_posix_lock_bindings[] = {
    {"pthread_mutex_lock", posix_mutex_lock},
    {"pthread_mutex_trylock", posix_mutex_trylock},
    {"pthread_mutex_timedlock", posix_mutex_timedlock},
    {"pthread_mutex_clocklock", mutex_clocklock},
    {"pthread_mutex_unlock", posix_mutex_unlock},
    {"pthread_mutex_init", posix_mutex_init},
    {"pthread_mutex_destroy", mutex_destroy},
    {"pthread_mutexattr_init", attributes_init},
    {"pthread_mutexattr_settype", attributes_settype},
    {"pthread_mutexattr_destroy", no_operation},
    {"pthread_rwlock_init", rw_init},
    {"pthread_rwlock_destroy", rw_destroy},
    {"pthread_rwlock_rdlock", rw_rdlock},
    {"pthread_rwlock_wrlock", rw_wrlock},
    {"pthread_rwlock_tryrdlock", rw_tryrdlock},
    {"pthread_rwlock_trywrlock", rw_trywrlock},
    {"pthread_rwlock_timedrdlock", rw_timedrdlock},
    {"pthread_rwlock_timedwrlock", rw_timedwrlock},
    {"pthread_rwlock_clockrdlock", rw_clockrdlock},
    {"pthread_rwlock_clockwrlock", rw_clockwrlock},
    {"pthread_rwlock_unlock", rw_unlock},
    {"pthread_rwlockattr_init", attributes_init},
    {"pthread_rwlockattr_destroy", no_operation},
    {"pthread_cond_init", posix_condition_init},
    {"pthread_cond_destroy", condition_destroy},
    {"pthread_cond_signal", posix_condition_signal},
    {"pthread_cond_broadcast", posix_condition_broadcast},
    {"pthread_cond_wait", posix_condition_wait},
    {"pthread_cond_timedwait", posix_condition_timedwait},
    {"pthread_cond_clockwait", condition_clockwait},
    {"pthread_condattr_init", attributes_init},
    {"pthread_condattr_setclock", condition_setclock},
    {"pthread_condattr_destroy", no_operation},
    {"sem_init", semaphore_init},
    {"sem_destroy", semaphore_destroy},
    {"sem_wait", semaphore_wait},
    {"sem_trywait", semaphore_trywait},
    {"sem_timedwait", semaphore_timedwait},
    {"sem_clockwait", semaphore_clockwait},
    {"sem_post", semaphore_post},
    {"sem_getvalue", semaphore_getvalue},
    {"mtx_destroy", mutex_destroy}, /* C11; posix_thread.c has what differs */
    {"cnd_destroy", condition_destroy},
    {NULL, NULL},
};
