/* Work items and timers that run callbacks on threads of their own: a few workers that are made
 * when there is more to do than they can, and then stay. */
#ifndef LW_OS_WORKERS_H
#define LW_OS_WORKERS_H

#include "os/sync.h"

struct pool_timer;

typedef void pool_callback(void *parameter, unsigned char timed_out);

/* Runs the callback on a worker. ST_NOT_ENOUGH_MEMORY: there is no worker and none can be made. */
enum status pool_submit(struct sim *sim, pool_callback *callback, void *parameter);
/* Runs it on a worker when due, and then each period_ns (0: once). */
struct pool_timer *pool_timer_create(struct sim *sim, pool_callback *callback, void *parameter,
                                     uint64_t due_ns, uint64_t period_ns);
void pool_timer_change(struct sim *sim, struct pool_timer *timer, uint64_t due_ns,
                       uint64_t period_ns);
/* It fires no more and goes when its callbacks have returned. True: none is running. wait: comes
 * back then only. completion: signalled then, or NULL. */
bool pool_timer_delete(struct sim *sim, struct pool_timer *timer, bool wait,
                       struct object *completion);
/* Whether the task is a worker that has nothing to do. */
bool workers_is_idle(const struct sim *sim, const struct task *task);

#endif
