/* What compilers and the C++ library call behind the programmer's back: thread-local data, guards
 * of static variables, functions to run at exit. */
#include <string.h>
#include <sys/mman.h>
#include "core/binding.h"
#include "core/race.h"
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
    race_forget(sim, place, bytes); /* another thread's, before */
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

/* Destructors of thread-local data: they run when the thread ends. */
static int thread_atexit(void (*function)(void *), void *argument, void *module)
{
    struct sim *sim = crt_sim();
    (void)module;
    struct exit_function *entry = arena_alloc(&sim->arena, sizeof *entry);
    *entry = (struct exit_function){sim->thread->exit_functions, function, argument};
    sim->thread->exit_functions = entry;
    sim->on_thread_end = crt_thread_end;
    return 0;
}

void crt_run_thread_functions(struct sim *sim)
{
    while (sim->thread->exit_functions) {
        struct exit_function *entry = sim->thread->exit_functions;
        sim->thread->exit_functions = entry->next;
        entry->function(entry->argument);
        arena_free(&sim->arena, entry, sizeof *entry);
    }
}

static void cxa_finalize(void *module)
{
    (void)module; /* the harness says when */
}

/* The threads of a recording never end by themselves; what they registered runs with what the
 * first one did. */
static void run_all_thread_functions(struct sim *sim)
{
    uint32_t self = sim->thread->id;
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        const struct thread *thread = sim->threads[i];
        if (!thread || !thread->exit_functions || sched_task_of(sim, thread) != sched_running(sim))
            continue;
        sim_become(sim, i);
        crt_run_thread_functions(sim);
    }
    sim_become(sim, self);
}

void crt_run_exit_functions(struct sim *sim)
{
    struct crt *crt = crt_state(sim);
    race_flow_meets(sim, sim->thread); /* its threads end behind what it did */
    run_all_thread_functions(sim);
    race_flow_meets(sim, sim->thread);
    while (crt->exit_functions) {
        struct exit_function *entry = crt->exit_functions;
        crt->exit_functions = entry->next;
        entry->function(entry->argument);
    }
}

/* ---- guards of static variables: byte 0 says done, byte 1 says being done ---- */

/* Who finds a variable being initialised waits as for a lock. */
static int guard_acquire(uint8_t *guard)
{
    struct sim *sim = crt_sim();
    if (guard[0]) {
        race_acquire_at(sim, (uintptr_t)guard);
        return 0;
    }
    sched_point(sim);
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)guard, LOCK_ONCE);
    if (lock->owner == sim->thread->id + 1)
        sim_stop_text(sim, STOP_DEADLOCK, 0,
                      "self-deadlock: a static variable is used while it is being initialised");
    lock_take(sim, lock, true, DUE_NEVER);
    if (!guard[0])
        return guard[1] = 1;
    race_acquire_at(sim, (uintptr_t)guard); /* the lock may be a new one: guard_leave forgets it */
    lock_drop(sim, lock, true);
    return 0;
}

static void guard_leave(uint8_t *guard, uint8_t done)
{
    struct sim *sim = crt_sim();
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)guard, LOCK_ONCE);
    if (done) /* who looks at the guard with an atomic load comes behind */
        race_release_at(sim, (uintptr_t)guard, false);
    guard[0] = done;
    guard[1] = 0;
    lock_drop(sim, lock, true);
    lock_forget(sync_state(sim), (uintptr_t)guard);
}

static void guard_release(uint8_t *guard)
{
    guard_leave(guard, 1);
}

static void guard_abort(uint8_t *guard)
{
    guard_leave(guard, 0);
}

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
    {NULL, NULL},
};
