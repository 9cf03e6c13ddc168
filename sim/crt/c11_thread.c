/* Threads of C11, which differ from POSIX's in their results and in what a thread returns. */
#include <threads.h>
#include "core/binding.h"
#include "core/sched.h"
#include "crt/posix.h"

static int result_of(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case CRT_EBUSY:
        return thrd_busy;
    case CRT_ETIMEDOUT:
        return thrd_timedout;
    case CRT_EAGAIN:
    case CRT_ENOMEM:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

/* ---- threads: the result is an int, which POSIX's void * holds ---- */

struct start {
    thrd_start_t routine;
    void *argument;
};

static void *run_routine(void *argument)
{
    struct start start = *(struct start *)argument;
    arena_free(&crt_sim()->arena, argument, sizeof start);
    return (void *)(intptr_t)start.routine(start.argument);
}

static int create(uint64_t *thread, thrd_start_t routine, void *argument)
{
    struct arena *arena = &crt_sim()->arena;
    struct start *start = arena_alloc(arena, sizeof *start);
    *start = (struct start){routine, argument};
    int error = posix_create(thread, NULL, run_routine, start);
    if (error)
        arena_free(arena, start, sizeof *start);
    return result_of(error);
}

static int join(uint64_t thread, int *result)
{
    void *left = NULL;
    int error = posix_join(thread, &left);
    if (error == 0 && result)
        *result = (int)(intptr_t)left;
    return result_of(error);
}

static int detach(uint64_t thread)
{
    return result_of(posix_detach(thread));
}

static int equal(uint64_t a, uint64_t b)
{
    return a == b;
}

static _Noreturn void leave(int result)
{
    posix_exit((void *)(intptr_t)result);
}

static void yield_now(void)
{
    posix_yield();
}

/* ---- locks ---- */

static int init(struct posix_mutex *mutex, int type)
{
    int kind = type & mtx_recursive ? 1 : 0;
    return result_of(posix_mutex_init(mutex, &kind));
}
static int lock(struct posix_mutex *mutex)
{
    return result_of(posix_mutex_lock(mutex));
}
static int try_lock(struct posix_mutex *mutex)
{
    return result_of(posix_mutex_trylock(mutex));
}
static int timed_lock(struct posix_mutex *mutex, const struct timespec *moment)
{
    return result_of(posix_mutex_timedlock(mutex, moment));
}
static int unlock(struct posix_mutex *mutex)
{
    return result_of(posix_mutex_unlock(mutex));
}

static int condition_init(void *condition)
{
    return result_of(posix_condition_init(condition, NULL));
}
static int wait(void *condition, struct posix_mutex *mutex)
{
    return result_of(posix_condition_wait(condition, mutex));
}
static int timed_wait(void *condition, struct posix_mutex *mutex, const struct timespec *moment)
{
    return result_of(posix_condition_timedwait(condition, mutex, moment));
}
static int signal_one(void *condition)
{
    return result_of(posix_condition_signal(condition));
}
static int broadcast(void *condition)
{
    return result_of(posix_condition_broadcast(condition));
}

/* ---- once, slots ---- */

static void once(int *control, void (*function)(void))
{
    posix_once(control, function);
}
static int slot_create(unsigned *key, void (*destructor)(void *))
{
    return result_of(posix_key_create(key, destructor));
}
static int slot_set(unsigned key, void *value)
{
    return result_of(posix_set_specific(key, value));
}
static void slot_delete(unsigned key)
{
    posix_key_delete(key);
}

const struct binding crt_c11_bindings[] = {
    {"thrd_create", create},
    {"thrd_join", join},
    {"thrd_detach", detach},
    {"thrd_current", posix_self},
    {"thrd_equal", equal},
    {"thrd_exit", leave},
    {"thrd_yield", yield_now},
    {"mtx_init", init},
    {"mtx_lock", lock},
    {"mtx_trylock", try_lock},
    {"mtx_timedlock", timed_lock},
    {"mtx_unlock", unlock},
    {"cnd_init", condition_init},
    {"cnd_wait", wait},
    {"cnd_timedwait", timed_wait},
    {"cnd_signal", signal_one},
    {"cnd_broadcast", broadcast},
    {"call_once", once},
    {"tss_create", slot_create},
    {"tss_get", posix_get_specific},
    {"tss_set", slot_set},
    {"tss_delete", slot_delete},
    {NULL, NULL},
};
