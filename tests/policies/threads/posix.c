/* What C code of a host may use of POSIX and C11 threads: each part is checked when the manager is
 * created, and a part that does not work aborts with its line. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* ---- threads, keys ---- */

static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
    destroyed += *(int *)value;
    if (destroyed == 5) /* leaves another value once: destructors run again */
        pthread_setspecific(key, value);
}

static void *use_key(void *argument)
{
    EXPECT(pthread_getspecific(key) == NULL);
    pthread_setspecific(key, argument);
    errno = 33;
    sched_yield();
    EXPECT(errno == 33);
    EXPECT(pthread_getspecific(key) == argument);
    if (*(int *)argument == 7)
        pthread_exit((void *)0x77);
    return argument;
}

static void check_threads(void)
{
    static int five = 5, seven = 7;
    pthread_t thread;
    pthread_attr_t attributes;
    void *result;
    EXPECT(pthread_key_create(&key, destroy) == 0);
    EXPECT(pthread_create(&thread, NULL, use_key, &five) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == &five);
    EXPECT(destroyed == 10);
    EXPECT(pthread_join(thread, NULL) == ESRCH);
    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstacksize(&attributes, 4 << 20) == 0);
    EXPECT(pthread_create(&thread, &attributes, use_key, &seven) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == (void *)0x77);
    EXPECT(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    EXPECT(pthread_create(&thread, &attributes, use_key, &five) == 0);
    usleep(10);
    EXPECT(pthread_detach(thread) == ESRCH);
    EXPECT(pthread_equal(pthread_self(), pthread_self()) && !pthread_equal(thread, pthread_self()));
    pthread_key_delete(key);
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static int value, initialised;

static struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec moment;
    clock_gettime(clock, &moment);
    moment.tv_nsec += ms * 1000000;
    moment.tv_sec += moment.tv_nsec / 1000000000;
    moment.tv_nsec %= 1000000000;
    return moment;
}

static void initialise(void)
{
    usleep(1000);
    initialised++;
}

static void *add(void *unused)
{
    pthread_once(&once, initialise);
    EXPECT(initialised == 1);
    for (int i = 0; i < 10; i++) {
        pthread_mutex_lock(&mutex);
        int before = value;
        sched_yield();
        value = before + 1;
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
        sem_post(&semaphore);
    }
    return unused;
}

static void *try_everything(void *unused)
{
    struct timespec soon = in_ms(CLOCK_REALTIME, 3);
    EXPECT(pthread_mutex_trylock(&mutex) == EBUSY);
    EXPECT(pthread_mutex_timedlock(&mutex, &soon) == ETIMEDOUT);
    soon = in_ms(CLOCK_MONOTONIC, 3);
    EXPECT(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &soon) == ETIMEDOUT);
    EXPECT(pthread_rwlock_tryrdlock(&rw) == 0 && pthread_rwlock_unlock(&rw) == 0);
    EXPECT(pthread_rwlock_trywrlock(&rw) == EBUSY);
    soon = in_ms(CLOCK_REALTIME, 3);
    EXPECT(pthread_rwlock_timedwrlock(&rw, &soon) == ETIMEDOUT);
    return unused;
}

static void check_kinds_of_mutexes(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t made;
    EXPECT(pthread_mutexattr_init(&attributes) == 0);
    EXPECT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
    EXPECT(pthread_mutex_init(&made, &attributes) == 0);
    EXPECT(pthread_mutex_unlock(&made) == EPERM);
    EXPECT(pthread_mutex_lock(&made) == 0 && pthread_mutex_lock(&made) == EDEADLK);
    EXPECT(pthread_mutex_unlock(&made) == 0 && pthread_mutex_destroy(&made) == 0);
    EXPECT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0);
    EXPECT(pthread_mutex_init(&made, &attributes) == 0);
    EXPECT(pthread_mutex_lock(&made) == 0 && pthread_mutex_lock(&made) == 0);
    EXPECT(pthread_mutex_unlock(&made) == 0 && pthread_mutex_unlock(&made) == 0);
    EXPECT(pthread_mutex_destroy(&made) == 0);
}

static void check_locks(void)
{
    pthread_t threads[3];
    int left;
    sem_init(&semaphore, 0, 0);
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_create(&threads[i], NULL, add, NULL) == 0);
    pthread_mutex_lock(&mutex);
    while (value < 30)
        EXPECT(pthread_cond_wait(&condition, &mutex) == 0);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < 30; i++)
        EXPECT(sem_trywait(&semaphore) == 0);
    EXPECT(sem_trywait(&semaphore) == -1 && errno == EAGAIN);
    struct timespec soon = in_ms(CLOCK_REALTIME, 3);
    EXPECT(sem_timedwait(&semaphore, &soon) == -1 && errno == ETIMEDOUT);
    EXPECT(sem_getvalue(&semaphore, &left) == 0 && left == 0);
    pthread_mutex_lock(&mutex);
    soon = in_ms(CLOCK_REALTIME, 3);
    EXPECT(pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
    pthread_rwlock_rdlock(&rw);
    pthread_create(&threads[0], NULL, try_everything, NULL);
    pthread_join(threads[0], NULL);
    pthread_rwlock_unlock(&rw);
    pthread_mutex_unlock(&mutex);
    check_kinds_of_mutexes();
}

/* ---- C11 ---- */

static mtx_t c11_mutex;
static cnd_t c11_condition;
static tss_t c11_slot;
static once_flag c11_once = ONCE_FLAG_INIT;
static thread_local int c11_local = 3;

static void count_once(void)
{
    initialised += 10;
}

static int c11_work(void *argument)
{
    call_once(&c11_once, count_once);
    c11_local++;
    tss_set(c11_slot, argument);
    mtx_lock(&c11_mutex);
    value += c11_local;
    cnd_broadcast(&c11_condition);
    mtx_unlock(&c11_mutex);
    EXPECT(tss_get(c11_slot) == argument);
    return 123;
}

static void check_c11(void)
{
    thrd_t thread;
    int result = 0;
    value = 0;
    EXPECT(mtx_init(&c11_mutex, mtx_plain | mtx_recursive) == thrd_success);
    EXPECT(cnd_init(&c11_condition) == thrd_success);
    EXPECT(tss_create(&c11_slot, NULL) == thrd_success);
    mtx_lock(&c11_mutex);
    EXPECT(mtx_trylock(&c11_mutex) == thrd_success);
    mtx_unlock(&c11_mutex);
    EXPECT(thrd_create(&thread, c11_work, &value) == thrd_success);
    while (value == 0)
        cnd_wait(&c11_condition, &c11_mutex);
    mtx_unlock(&c11_mutex);
    EXPECT(thrd_join(thread, &result) == thrd_success && result == 123);
    EXPECT(value == 4 && c11_local == 3 && initialised == 11);
    thrd_sleep(&(struct timespec){0, 1000}, NULL);
    thrd_yield();
    struct timespec soon = in_ms(CLOCK_REALTIME, 3);
    mtx_lock(&c11_mutex);
    EXPECT(cnd_timedwait(&c11_condition, &c11_mutex, &soon) == thrd_timedout);
    mtx_unlock(&c11_mutex);
    mtx_destroy(&c11_mutex);
    cnd_destroy(&c11_condition);
}

static void check_everything(void)
{
    check_threads();
    check_locks();
    check_c11();
}

#define FACTORY_RESULT(host, result) (check_everything(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
