/* What the names of POSIX and C11 threads share. Results are errno values, 0 for success, unless a
 * comment says otherwise; structures are glibc's. */
#ifndef LW_CRT_POSIX_H
#define LW_CRT_POSIX_H

#include "crt/crt.h"
#include "os/sync.h"

/* A moment of a clock (CLOCK_REALTIME, or any other that counts from the start of the run) as one
 * of the run's. */
uint64_t posix_due_ns(const struct sim *sim, int clock, const struct timespec *moment);

/* ---- posix_lock.c ---- */

struct posix_mutex; /* pthread_mutex_t, mtx_t */

int posix_mutex_lock(struct posix_mutex *mutex);
int posix_mutex_trylock(struct posix_mutex *mutex);
int posix_mutex_timedlock(struct posix_mutex *mutex, const struct timespec *moment);
int posix_mutex_unlock(struct posix_mutex *mutex);
/* attributes: the kind, or NULL for 0: 1 recursive, 2 error-checking. */
int posix_mutex_init(struct posix_mutex *mutex, const int *attributes);
int posix_condition_init(void *condition, const int *attributes);
int posix_condition_wait(void *condition, struct posix_mutex *mutex);
int posix_condition_timedwait(void *condition, struct posix_mutex *mutex,
                              const struct timespec *moment);
int posix_condition_signal(void *condition);
int posix_condition_broadcast(void *condition);
/* The system call: -1 with errno, or how many were woken. */
long posix_futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout);

/* ---- posix_thread.c ---- */

int posix_create(uint64_t *thread, const void *attributes, void *(*routine)(void *),
                 void *argument);
int posix_join(uint64_t thread, void **result);
int posix_detach(uint64_t thread);
uint64_t posix_self(void);
_Noreturn void posix_exit(void *result);
int posix_once(int *control, void (*function)(void));
int posix_key_create(unsigned *key, void (*destructor)(void *));
int posix_key_delete(unsigned key);
void *posix_get_specific(unsigned key);
int posix_set_specific(unsigned key, const void *value);
int posix_yield(void);

#endif
