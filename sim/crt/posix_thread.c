/* Threads of POSIX: their life, keys, and what else the C++ library asks of threads.
 *
 * A pthread_t is the thread's number plus one, so that 0 is no thread. The C++ library's threads,
 * futures and atomic waits come down to these names and to the futex system call. */
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include "core/binding.h"
#include "core/clock.h"
#include "core/race.h"
#include "core/sched.h"
#include "crt/posix.h"

/* Like those of Windows, which serve as keys. */
#define KEYS 64
/* How often the destructors of keys run again when they leave values: POSIX's least. */
#define DESTRUCTOR_ROUNDS 4

/* ---- time ---- */

uint64_t posix_due_ns(const struct sim *sim, int clock, const struct timespec *moment)
{
    uint64_t start = clock == CLOCK_REALTIME ? CLOCK_START_UNIX_S * CLOCK_NS_PER_S : 0;
    (void)sim;
    if (moment->tv_sec < 0)
        return 0;
    if (moment->tv_sec > INT64_C(9000000000))
        return DUE_NEVER - 1; /* as good as never */
    uint64_t ns = (uint64_t)moment->tv_sec * CLOCK_NS_PER_S + (uint64_t)moment->tv_nsec;
    return ns > start ? ns - start : 0;
}

/* ---- beginning ---- */

struct attributes {
    uint64_t stack_bytes;
    int detached;
};

struct start {
    void *(*routine)(void *);
    void *argument;
};

static void run_routine(void *argument)
{
    struct sim *sim = crt_sim();
    struct start start = *(struct start *)argument;
    arena_free(&sim->arena, argument, sizeof start);
    posix_exit(start.routine(start.argument));
}

int posix_create(uint64_t *thread, const void *attributes, void *(*routine)(void *), void *argument)
{
    struct sim *sim = crt_sim();
    const struct attributes *wanted = attributes;
    enum status status = sim_call(sim, EVENT_CreateThread, NULL);
    struct start *start = arena_alloc(&sim->arena, sizeof *start);
    *start = (struct start){routine, argument};
    const struct thread_options options = {
        .entry = run_routine, .argument = start, .stack_bytes = wanted ? wanted->stack_bytes : 0};
    struct object *object = NULL;
    if (status == ST_OK)
        status = thread_start(sim, &options, &object);
    if (status == ST_OK) {
        *thread = object->thread->id + 1;
        object->joinable = true; /* the reference is join's or detach's */
        sim->on_thread_end = crt_thread_end;
        if (wanted && wanted->detached)
            posix_detach(*thread);
    } else {
        arena_free(&sim->arena, start, sizeof *start);
    }
    sim_event(sim, EVENT_CreateThread, status_code(status), options.stack_bytes, 0, 0,
              object ? object->thread->id : 0);
    return status == ST_OK ? 0 : CRT_EAGAIN;
}

static int attributes_init(struct attributes *attributes)
{
    *attributes = (struct attributes){0, 0};
    return 0;
}

static int attributes_set_stack(struct attributes *attributes, size_t bytes)
{
    if (bytes < 16384)
        return CRT_EINVAL;
    attributes->stack_bytes = bytes;
    return 0;
}

static int attributes_get_stack(const struct attributes *attributes, size_t *bytes)
{
    *bytes = attributes->stack_bytes ? attributes->stack_bytes : (size_t)1 << 20;
    return 0;
}

static int attributes_set_detached(struct attributes *attributes, int detached)
{
    attributes->detached = detached;
    return 0;
}

static int no_operation(void)
{
    return 0;
}

/* ---- ending ---- */

static void destroy_keys(struct sim *sim)
{
    const struct crt *crt = crt_state(sim);
    struct thread *thread = sim->thread;
    bool again = true;
    for (int round = 0; again && round < DESTRUCTOR_ROUNDS; round++) {
        again = false;
        for (unsigned key = 0; key < KEYS; key++) {
            void *value = (void *)(uintptr_t)thread->tls_slots[key];
            if (!value || !crt->key_destructors[key])
                continue;
            thread->tls_slots[key] = 0;
            /* The C++ library's own, which makes futures ready that waited for the thread's end. */
            if (!race_is_instrumented(sim, (uintptr_t)crt->key_destructors[key]))
                race_pass_to_all(sim);
            crt->key_destructors[key](value);
            again = true;
        }
    }
}

void crt_thread_end(struct sim *sim)
{
    crt_run_thread_functions(sim);
    destroy_keys(sim);
}

/* Frames are not unwound: destructors of local objects do not run when a thread exits early. */
_Noreturn void posix_exit(void *result)
{
    struct sim *sim = crt_sim();
    if (sim->thread->object)
        sim->thread->object->result = result;
    thread_end(sim, 0);
}

static struct object *object_of(struct sim *sim, uint64_t thread)
{
    uint64_t id = thread - 1;
    if (thread == 0 || id >= THREADS_MAX || !sim->threads[id] || !sim->threads[id]->object)
        return NULL;
    struct object *object = sim->threads[id]->object;
    return object->joinable ? object : NULL;
}

int posix_join(uint64_t thread, void **result)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_WaitForSingleObject, NULL);
    struct object *object = object_of(sim, thread);
    if (!object)
        return CRT_ESRCH;
    uint32_t index;
    object->joinable = false;
    objects_wait(sim, &object, 1, false, DUE_NEVER, &index);
    if (result)
        *result = object->result;
    object_release(sim, object);
    sim_event(sim, EVENT_WaitForSingleObject, 0, thread, UINT32_MAX, 0, 0);
    return 0;
}

int posix_detach(uint64_t thread)
{
    struct sim *sim = crt_sim();
    struct object *object = object_of(sim, thread);
    if (!object)
        return CRT_ESRCH;
    object->joinable = false;
    object_release(sim, object);
    return 0;
}

uint64_t posix_self(void)
{
    return crt_sim()->thread->id + 1;
}

static int thread_equal(uint64_t a, uint64_t b)
{
    return a == b;
}

/* ---- once, keys ---- */

/* One initialisation in progress; on the stack of who performs it. */
struct once {
    struct once *outer; /* of the same thread */
    int *control;
    struct lock *lock;
};

/* An exception passes through: it was no initialisation, the next one tries again. The frame below
 * asks this function, as compilers' frames ask the language's own, when it is left. */
int posix_once_left(int version, int actions, uint64_t exception_class, void *exception,
                    void *context);
int posix_once_left(int version, int actions, uint64_t exception_class, void *exception,
                    void *context)
{
    enum { CLEANUP_PHASE = 2, CONTINUE_UNWIND = 8 };
    struct sim *sim = crt_sim();
    struct once *once = sim->thread->once;
    (void)version, (void)exception_class, (void)exception, (void)context;
    if (actions & CLEANUP_PHASE) {
        CHECK(once != NULL);
        sim->thread->once = once->outer;
        *once->control = 0;
        lock_drop(sim, once->lock, true);
    }
    return CONTINUE_UNWIND;
}

/* Calls the function from a frame with the personality above. */
void posix_once_call(void (*function)(void));
__asm__(".text\n"
        ".hidden posix_once_left\n"
        ".globl posix_once_call\n"
        ".hidden posix_once_call\n"
        ".type posix_once_call,@function\n"
        "posix_once_call:\n"
        "    .cfi_startproc\n    .cfi_personality 0x1b, posix_once_left\n"
#if defined(__x86_64__)
        "    sub $8, %rsp\n    .cfi_def_cfa_offset 16\n"
        "    call *%rdi\n"
        "    add $8, %rsp\n    .cfi_def_cfa_offset 8\n"
        "    ret\n"
#elif defined(__aarch64__)
        "    stp x29, x30, [sp, #-16]!\n    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n    .cfi_offset x30, -8\n"
        "    blr x0\n"
        "    ldp x29, x30, [sp], #16\n    .cfi_def_cfa_offset 0\n"
        "    ret\n"
#else
#error "a frame with a personality is to be written for this processor"
#endif
        "    .cfi_endproc\n"
        ".size posix_once_call,.-posix_once_call\n");

int posix_once(int *control, void (*function)(void))
{
    enum { DONE = 2 };
    struct sim *sim = crt_sim();
    if (*control == DONE) {
        race_acquire_at(sim, (uintptr_t)control);
        return 0;
    }
    sched_point(sim);
    struct lock *lock = lock_at(sync_state(sim), (uintptr_t)control, LOCK_ONCE);
    if (lock->owner == sim->thread->id + 1)
        deadlock_check(sim, &(struct wait_reason){.kind = WAITS_LOCK, .lock = lock});
    lock_take(sim, lock, true, DUE_NEVER);
    if (*control != DONE) {
        struct once once = {sim->thread->once, control, lock};
        sim->thread->once = &once;
        *control = 1;
        posix_once_call(function);
        race_release_at(sim, (uintptr_t)control, false);
        *control = DONE;
        sim->thread->once = once.outer;
    }
    lock_drop(sim, lock, true);
    return 0;
}

int posix_key_create(unsigned *key, void (*destructor)(void *))
{
    struct sim *sim = crt_sim();
    for (unsigned i = 0; i < KEYS; i++) {
        if (sim->tls_used & UINT64_C(1) << i)
            continue;
        sim->tls_used |= UINT64_C(1) << i;
        for (uint32_t t = 0; t < THREADS_MAX; t++)
            if (sim->threads[t])
                sim->threads[t]->tls_slots[i] = 0;
        crt_state(sim)->key_destructors[i] = destructor;
        if (destructor)
            sim->on_thread_end = crt_thread_end;
        *key = i;
        return 0;
    }
    return CRT_EAGAIN;
}

int posix_key_delete(unsigned key)
{
    struct sim *sim = crt_sim();
    if (key >= KEYS)
        return CRT_EINVAL;
    sim->tls_used &= ~(UINT64_C(1) << key);
    crt_state(sim)->key_destructors[key] = NULL;
    return 0;
}

void *posix_get_specific(unsigned key)
{
    return key < KEYS ? (void *)crt_sim()->thread->tls_slots[key] : NULL;
}

int posix_set_specific(unsigned key, const void *value)
{
    if (key >= KEYS)
        return CRT_EINVAL;
    crt_sim()->thread->tls_slots[key] = (uint64_t)(uintptr_t)value;
    return 0;
}

/* ---- the rest ---- */

int posix_yield(void)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_SwitchToThread, NULL);
    bool switched = sched_yield_now(sim);
    sim_event(sim, EVENT_SwitchToThread, 0, switched, 0, 0, 0);
    sched_futile(sim);
    return 0;
}

/* The C++ library's atomic waits and futures make the one system call that is served. */
static long raw_call(long number, long a, long b, long c, long d)
{
    if (number == SYS_futex)
        return posix_futex((uint32_t *)a, (int)b, (uint32_t)c, (const struct timespec *)d);
    if (number == SYS_gettid)
        return (crt_sim()->thread->id + 1) * 4;
    sim_stop_text(crt_sim(), STOP_UNSUPPORTED, 0, "raw system call %ld", number);
}

static int thread_number(void)
{
    return (int)(crt_sim()->thread->id + 1) * 4;
}

static int processors(void)
{
    return (int)machine_config(machine_current())->processors;
}

/* The C++ library counts references without atomic operations while this is not 0. */
static const char single_threaded = 0;

const struct binding crt_posix_thread_bindings[] = {
    {"pthread_create", posix_create},
    {"pthread_join", posix_join},
    {"pthread_detach", posix_detach},
    {"pthread_exit", posix_exit},
    {"pthread_self", posix_self},
    {"pthread_equal", thread_equal},
    {"pthread_attr_init", attributes_init},
    {"pthread_attr_destroy", no_operation},
    {"pthread_attr_setstacksize", attributes_set_stack},
    {"pthread_attr_getstacksize", attributes_get_stack},
    {"pthread_attr_setdetachstate", attributes_set_detached},
    {"pthread_setname_np", no_operation},
    {"pthread_once", posix_once},
    {"pthread_key_create", posix_key_create},
    {"pthread_key_delete", posix_key_delete},
    {"pthread_getspecific", posix_get_specific},
    {"pthread_setspecific", posix_set_specific},
    {"sched_yield", posix_yield},
    {"pthread_yield", posix_yield},
    {"gettid", thread_number},
    {"syscall", raw_call},
    {"get_nprocs", processors},
    {"get_nprocs_conf", processors},
    {"__libc_single_threaded", (void *)&single_threaded},
    {NULL, NULL},
};
