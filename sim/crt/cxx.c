/* What compilers and the C++ library call behind the programmer's back: thread-local data, guards
 * of static variables, functions to run at exit; and the few names of POSIX threads that work
 * without a second thread.
 *
 * A mutex is a lock of sync.h: taking it twice is the deadlock it would be. Waiting for a
 * condition cannot end, because nobody else runs: it ends the run. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "core/binding.h"
#include "crt/crt.h"
#include "os/sync.h"

/* ---- thread-local data ---- */

struct tls_index {
    uint64_t module; /* from 1 */
    uint64_t offset;
};

static void make_area(struct sim *sim, struct thread *thread)
{
    uint64_t place = TLS_BASE + thread->id * TLS_STRIDE;
    uint64_t bytes = (sim->tls.bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    void *area = mmap((void *)place, bytes ? bytes : PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK((uint64_t)area == place);
    for (uint32_t i = 0; i < sim->tls.count; i++)
        memcpy((char *)area + sim->tls.modules[i].offset, (void *)sim->tls.modules[i].image,
               sim->tls.modules[i].file_bytes);
    thread->tls_area = place;
}

static void *tls_get_addr(const struct tls_index *index)
{
    struct sim *sim = crt_sim();
    struct thread *thread = sim->thread;
    CHECK(index->module >= 1 && index->module <= sim->tls.count);
    if (!thread->tls_area)
        make_area(sim, thread);
    return (char *)thread->tls_area + sim->tls.modules[index->module - 1].offset + index->offset;
}

static int *errno_location(void)
{
    return &crt_sim()->thread->crt_errno;
}

/* ---- at exit ---- */

struct exit_function {
    struct exit_function *next;
    void (*function)(void *);
    void *argument;
};

static int cxa_atexit(void (*function)(void *), void *argument, void *module)
{
    struct sim *sim = crt_sim();
    struct crt *crt = crt_state(sim);
    (void)module;
    struct exit_function *entry = arena_alloc(&sim->arena, sizeof *entry);
    *entry = (struct exit_function){crt->exit_functions, function, argument};
    crt->exit_functions = entry;
    return 0;
}

static int crt_atexit(void (*function)(void))
{
    /* The argument is in a register that a function without parameters does not look at. */
    return cxa_atexit((void (*)(void *))(void *)function, NULL, NULL);
}

static int thread_atexit(void (*function)(void *), void *argument, void *module)
{
    return cxa_atexit(function, argument, module);
}

static void cxa_finalize(void *module)
{
    (void)module; /* the harness says when */
}

void crt_run_exit_functions(struct sim *sim)
{
    struct crt *crt = crt_state(sim);
    while (crt->exit_functions) {
        struct exit_function *entry = crt->exit_functions;
        crt->exit_functions = entry->next;
        entry->function(entry->argument);
    }
}

/* ---- guards of static variables: byte 0 says done, byte 1 says being done ---- */

static int guard_acquire(uint8_t *guard)
{
    if (guard[0])
        return 0;
    if (guard[1])
        sim_stop_text(crt_sim(), STOP_DEADLOCK, 0,
                      "self-deadlock: a static variable is used while it is being initialised");
    guard[1] = 1;
    return 1;
}

static void guard_release(uint8_t *guard)
{
    guard[0] = 1;
    guard[1] = 0;
}

static void guard_abort(uint8_t *guard)
{
    guard[1] = 0;
}

/* ---- POSIX threads with one thread ---- */

/* glibc's structure: the kind stands behind four words. */
struct posix_mutex {
    int words[4];
    int kind; /* 0 normal, 1 recursive, 2 error-checking */
};
enum { KIND_RECURSIVE = 1, KIND_ERRORCHECK = 2, CRT_EPERM = 1, CRT_EBUSY = 16, CRT_EDEADLK = 35 };

static int mutex_take(struct posix_mutex *mutex, bool only_try)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_AcquireSRWLock, NULL);
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)mutex, LOCK_POSIX);
    bool own = lock->owner == sim->thread->id + 1;
    int kind = mutex->kind & 3, result = 0;
    if (own && kind != KIND_RECURSIVE)
        result = only_try ? CRT_EBUSY : CRT_EDEADLK;
    else if (!lock_try(sim, lock, true))
        result = only_try ? CRT_EBUSY : !lock_take(sim, lock, true, DUE_NEVER);
    if (result == CRT_EDEADLK && kind != KIND_ERRORCHECK)
        deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
    sim_event(sim, EVENT_AcquireSRWLock, (uint32_t)result, lock->number, 1, 0, 0);
    return result;
}

static int mutex_lock(struct posix_mutex *mutex)
{
    return mutex_take(mutex, false);
}
static int mutex_trylock(struct posix_mutex *mutex)
{
    return mutex_take(mutex, true);
}

static int mutex_unlock(struct posix_mutex *mutex)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_ReleaseSRWLock, NULL);
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)mutex, LOCK_POSIX);
    int result = lock->owner == sim->thread->id + 1 ? 0 : CRT_EPERM;
    if (result == 0)
        lock_drop(sim, lock, true);
    sim_event(sim, EVENT_ReleaseSRWLock, (uint32_t)result, lock->number, 1, 0, 0);
    return result;
}

static int mutex_init(struct posix_mutex *mutex, const int *attributes)
{
    memset(mutex, 0, sizeof *mutex);
    mutex->kind = attributes ? *attributes & 3 : 0;
    lock_forget(sync_state(crt_sim()), (uintptr_t)mutex);
    return 0;
}

static int mutex_destroy(struct posix_mutex *mutex)
{
    lock_forget(sync_state(crt_sim()), (uintptr_t)mutex);
    return 0;
}

static int attributes_init(int *attributes)
{
    *attributes = 0;
    return 0;
}

static int attributes_settype(int *attributes, int kind)
{
    *attributes = kind;
    return 0;
}

/* With one thread a reader-writer lock and a condition's signal have nothing to do. */
static int no_operation(void)
{
    return 0;
}

static int condition_wait(void)
{
    sim_stop_text(crt_sim(), STOP_DEADLOCK, 0,
                  "deadlock: thread %u waits for a condition that nobody can signal",
                  crt_sim()->thread->id);
}

static int posix_once(int *control, void (*function)(void))
{
    if (*control == 0) {
        *control = 1;
        function();
        *control = 2;
    }
    return 0;
}

static int key_create(unsigned *key, void (*destructor)(void *))
{
    struct sim *sim = crt_sim();
    (void)destructor; /* runs when a thread ends; the only one ends with the run */
    for (unsigned i = 0; i < 64; i++) {
        if (sim->tls_used & UINT64_C(1) << i)
            continue;
        sim->tls_used |= UINT64_C(1) << i;
        *key = i;
        return 0;
    }
    return 11; /* EAGAIN */
}

static int key_delete(unsigned key)
{
    crt_sim()->tls_used &= ~(UINT64_C(1) << (key & 63));
    return 0;
}

static void *get_specific(unsigned key)
{
    return (void *)crt_sim()->thread->tls_slots[key & 63];
}

static int set_specific(unsigned key, const void *value)
{
    crt_sim()->thread->tls_slots[key & 63] = (uint64_t)(uintptr_t)value;
    return 0;
}

static uint64_t thread_self(void)
{
    return crt_sim()->thread->id + 1;
}
static int thread_equal(uint64_t a, uint64_t b)
{
    return a == b;
}

/* The C++ library wakes waiters of atomics with a raw system call: there are none to wake. */
static long raw_call(long number, ...)
{
    if (number == SYS_futex)
        return 0;
    sim_stop_text(crt_sim(), STOP_UNSUPPORTED, 0, "raw system call %ld", number);
}

static int processors(void)
{
    return (int)machine_config(machine_current())->processors;
}

static const char single_threaded = 1;

const struct binding crt_cxx_bindings[] = {
    {"__tls_get_addr", tls_get_addr},
    {"__errno_location", errno_location},
    {"_errno", errno_location},
    {"__cxa_atexit", cxa_atexit},
    {"atexit", crt_atexit},
    {"__cxa_thread_atexit_impl", thread_atexit},
    {"__cxa_thread_atexit", thread_atexit},
    {"__cxa_finalize", cxa_finalize},
    {"__cxa_guard_acquire", guard_acquire},
    {"__cxa_guard_release", guard_release},
    {"__cxa_guard_abort", guard_abort},
    {"pthread_mutex_lock", mutex_lock},
    {"pthread_mutex_trylock", mutex_trylock},
    {"pthread_mutex_unlock", mutex_unlock},
    {"pthread_mutex_init", mutex_init},
    {"pthread_mutex_destroy", mutex_destroy},
    {"pthread_mutexattr_init", attributes_init},
    {"pthread_mutexattr_settype", attributes_settype},
    {"pthread_mutexattr_destroy", no_operation},
    {"pthread_rwlock_init", no_operation},
    {"pthread_rwlock_destroy", no_operation},
    {"pthread_rwlock_rdlock", no_operation},
    {"pthread_rwlock_wrlock", no_operation},
    {"pthread_rwlock_tryrdlock", no_operation},
    {"pthread_rwlock_trywrlock", no_operation},
    {"pthread_rwlock_unlock", no_operation},
    {"pthread_cond_init", no_operation},
    {"pthread_cond_destroy", no_operation},
    {"pthread_cond_signal", no_operation},
    {"pthread_cond_broadcast", no_operation},
    {"pthread_cond_wait", condition_wait},
    {"pthread_once", posix_once},
    {"pthread_key_create", key_create},
    {"pthread_key_delete", key_delete},
    {"pthread_getspecific", get_specific},
    {"pthread_setspecific", set_specific},
    {"pthread_self", thread_self},
    {"pthread_equal", thread_equal},
    {"syscall", raw_call},
    {"get_nprocs", processors},
    {"__libc_single_threaded", (void *)&single_threaded},
    {NULL, NULL},
};
