/* What the files of locks and objects share. */
#ifndef LW_OS_SYNC_PRIVATE_H
#define LW_OS_SYNC_PRIVATE_H

#include "os/sync.h"

#define FLS_SLOTS 64

struct sync {
    struct sim *sim;
    struct arena *arena;
    struct object **handles; /* by (handle - HANDLE_FIRST) / 4; NULL: free */
    uint32_t handles_room, handles_used;
    uint32_t handles_lowest; /* none below is free */
    struct lock **locks;     /* open addressing by address */
    uint32_t locks_room;     /* a power of two */
    uint32_t locks_used;
    uint32_t last_number, last_once, last_on_stack;
    struct object *notifications;
    bool memory_low, memory_high;
    uint64_t fls_used; /* FlsAlloc: indexes handed out, one bit each */
    void (*fls_destructors[FLS_SLOTS])(void *);
    struct pool *pool; /* timers and work items (workers.c), made on first use */
};

/* A wait in a lock's queue. */
struct lock_waiter {
    struct waiter waiter; /* first, so that both have one address */
    bool exclusive;
};

/* A wait for objects. */
struct object_wait {
    struct wait_reason reason; /* first: it is what task->waits_for shows */
    struct object *objects[WAIT_MAX];
    struct waiter waiters[WAIT_MAX];
    struct thread *thread;
};

/* The thread ends: everything it has of kernel mutexes is abandoned, other locks are a finding. */
void thread_drop_locks(struct sim *sim, struct thread *thread);
/* A mutex's owner ended. */
void object_abandon(struct sim *sim, struct object *mutex);
/* The mutex object that a kernel lock is part of. */
static inline struct object *object_of_lock(struct lock *lock)
{
    return (struct object *)((char *)lock - offsetof(struct object, lock));
}

#endif
