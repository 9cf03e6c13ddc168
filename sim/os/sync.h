/* Locks, waitable objects and handles of the simulated machine: what the Win32 surface and the C
 * run-time build their names on. Blocking is the scheduler's (core/sched.h).
 *
 * Locks live in the policy's memory and are known by their address; records show their numbers (in
 * order of first use), because a lock may stand in the policy's image or on its stack. Releasing a
 * lock makes the first waiter ready, which takes it when its turn comes if nobody was quicker: as
 * on Windows and Linux, locks are not fair.
 *
 * Objects (events, mutexes, semaphores, threads, timers, memory notifications) are granted as
 * Windows' kernel grants them: at the moment they are signalled, to the first waiter whose wait
 * is satisfied, in order of waiting. */
#ifndef LW_OS_SYNC_H
#define LW_OS_SYNC_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sched.h"
#include "core/sim.h"

struct sync;

/* The locks and handles of a run, made on first use. */
struct sync *sync_state(struct sim *sim);

/* ---- locks ---- */

enum lock_kind {
    LOCK_SECTION,   /* CRITICAL_SECTION */
    LOCK_SRW,       /* SRWLOCK: who wants to read waits behind who waits to write */
    LOCK_POSIX,     /* pthread_mutex_t, std::mutex, mtx_t */
    LOCK_POSIX_RW,  /* pthread_rwlock_t: readers go first, as glibc's default */
    LOCK_KERNEL,    /* the mutex object of Windows */
    LOCK_ONCE,      /* INIT_ONCE, a static variable's guard, pthread_once */
    LOCK_CONDITION, /* not a lock: a condition variable */
    LOCK_ADDRESS,   /* not a lock: WaitOnAddress, futex */
    LOCK_SEMAPHORE, /* not a lock: sem_t */
    LOCK_KINDS
};

/* One thread's possession of a lock. */
struct hold {
    struct lock *lock;
    struct thread *thread;
    uint32_t count; /* how often */
    bool exclusive;
    uint64_t event; /* the record that tells of taking it (the first time) */
    struct hold *next_of_thread, *previous_of_thread;
    struct hold *next_of_lock;
};

struct lock {
    uint64_t address;
    uint32_t number; /* 0: forgotten; then the place is free */
    enum lock_kind kind;
    uint32_t owner;     /* thread id + 1 of the exclusive owner, 0: none */
    uint32_t recursion; /* how often the owner holds it */
    uint32_t shared;    /* shared holders, each as often as it holds it */
    uint32_t count;     /* of a semaphore; otherwise as its kind wants */
    bool initialised, destroyed;
    struct wait_queue queue; /* of struct lock_waiter */
    struct hold *holds;
    struct race_clock *released;        /* by who had it alone, or posted to it */
    struct race_clock *shared_released; /* by who shared it: only who has it alone comes behind */
    struct hold first_hold;             /* most locks have one holder: no memory is asked for it */
    /* Evidence for lost wake-ups: wake-ups that found no waiter, and whether the last one did. */
    uint64_t wakes_lost, last_lost_ns;
    uint32_t last_lost_thread;
    bool last_wake_lost;
};

/* The lock at an address, made on first use; another kind at a used place is a new lock. */
struct lock *lock_at(struct sync *sync, uint64_t address, enum lock_kind kind);
/* Makes it anew, e.g. when it is initialised. Whether it was in use until now: held or waited for.
 */
bool lock_renew(struct sync *sync, uint64_t address, enum lock_kind kind, struct lock **lock);
/* Forgets the lock: its memory may become anything else. Whether it was in use. */
bool lock_forget(struct sync *sync, uint64_t address);
bool lock_in_use(const struct lock *lock);
/* What records show: its number; 0 for one on a stack. Two locks of a function may share a place
 * there or not, as the compiler likes, and nothing tells where one ends and the next begins. */
static inline uint32_t lock_shown(const struct lock *lock)
{
    return lock->address - STACKS_BASE < TLS_BASE - STACKS_BASE ? 0 : lock->number;
}
/* "critical section 3"; for a kernel mutex, whose address is its handle, "mutex 0x104". */
const char *lock_text(const struct lock *lock, char text[64]);

/* Takes the lock for the running thread if that is possible at once. The owner of an exclusive lock
 * can take it again (what the kind makes of that is the caller's). */
bool lock_try(struct sim *sim, struct lock *lock, bool exclusive);
/* Takes it, waiting until due_ns if need be. False: the time is over. Ends the run when the wait
 * closes a cycle of threads that wait for each other. */
bool lock_take(struct sim *sim, struct lock *lock, bool exclusive, uint64_t due_ns);
/* Gives it back once; the last time wakes who may take it now. False: nobody has it so. A lock
 * held exclusively is given back by whoever calls; callers that mind look at lock->owner. */
bool lock_drop(struct sim *sim, struct lock *lock, bool exclusive);
/* Gives back all of the running thread's possession (condition variables, abandoned mutexes);
 * how often it had it. */
uint32_t lock_drop_all(struct sim *sim, struct lock *lock);
bool lock_has_waiters(const struct lock *lock);
/* Whether the thread has the lock in any way. */
bool lock_held_by(const struct lock *lock, const struct thread *thread);

/* The workload is over: what its threads still have is a finding, except mutex objects, which may
 * be meant to be kept. */
void locks_check_left(struct sim *sim);
/* The running thread notifies the CLR: if it has a lock, that is a finding (sim->on_notify). */
void locks_check_callback(struct sim *sim);

/* Waits in the queue of something that is no lock. Returns 0 when woken, WAKE_DUE when not. */
uint32_t lock_park(struct sim *sim, struct lock *lock, uint64_t due_ns);
/* Wakes the first `most` of its waiters; how many there were. None: noted as a lost wake-up. */
uint32_t lock_wake(struct sim *sim, struct lock *lock, uint32_t most);

/* ---- waitable objects ---- */

enum object_kind {
    OBJECT_NONE,
    OBJECT_EVENT,
    OBJECT_MUTEX,
    OBJECT_SEMAPHORE,
    OBJECT_THREAD,
    OBJECT_TIMER,
    OBJECT_NOTIFICATION,
    OBJECT_POOL_TIMER, /* of CreateTimerQueueTimer: has a handle here, but cannot be waited for */
    OBJECT_JOB,        /* os/job.h */
    OBJECT_PORT        /* os/port.h */
};

struct object {
    enum object_kind kind;
    uint32_t references;         /* handles, waits, and the thread or timer itself */
    uint32_t handle;             /* the first one, for reports; 0: none yet */
    bool manual_reset;           /* stays signalled when a wait is satisfied */
    bool signalled;              /* event, thread, timer, notification */
    bool abandoned;              /* mutex: its owner ended */
    uint32_t count, maximum;     /* semaphore */
    struct wait_queue queue;     /* of struct waiter in struct object_wait */
    struct race_clock *released; /* by who signalled it */
    struct lock lock;            /* mutex: owner and recursion */
    struct thread *thread;       /* thread */
    uint32_t exit_code;          /* thread */
    bool joinable;               /* thread: a pthread that was neither joined nor detached */
    bool close_at_end;           /* thread: its end closes the first handle (_beginthread) */
    void *result;                /* thread: what a pthread left */
    struct due due;              /* timer */
    uint64_t period_ns;          /* timer; 0: once */
    struct pool_timer *timer;    /* pool timer */
    bool high;                   /* notification: of plenty, otherwise of shortage */
    struct object *next;         /* notification: all of them */
    void *data;                  /* job, port */
    /* Evidence for lost wake-ups. */
    uint64_t sets_lost;   /* automatic event: set while it was set already */
    uint64_t resets_lost; /* event: reset after it was set and before anybody went on by it */
    bool unseen;          /* event: set, and nobody has gone on by it yet */
};

struct object *object_create(struct sim *sim, enum object_kind kind);
void object_keep(struct object *object);
void object_release(struct sim *sim, struct object *object);
/* A memory notification that shows the present level. */
struct object *notification_create(struct sim *sim, bool high);
/* "event 0x104" */
const char *object_text(const struct object *object, char text[64]);

#define WAIT_MAX 64

/* How a wait ended, apart from the number of the object. */
enum wait_end { WAIT_ENDED, WAIT_ENDED_ABANDONED, WAIT_ENDED_DUE };

/* Waits for one or all of the objects (1 to 64 of them, for all: different ones) until due_ns;
 * a moment that is over only looks. index: which object, 0 for all. */
enum wait_end objects_wait(struct sim *sim, struct object **objects, uint32_t count, bool all,
                           uint64_t due_ns, uint32_t *index);
/* The running thread is about to signal the object: what it did is before what those do who are
 * granted it. */
void object_release_order(struct sim *sim, struct object *object);
/* The object may have become signalled: grants it to who waits. */
void object_signalled(struct sim *sim, struct object *object);
/* Whether a wait of this thread would be satisfied. */
bool object_is_signalled(const struct object *object, const struct thread *thread);

/* Memory has become short (low) or plenty (high), or neither: wakes who waits for that. Level
 * triggered: the state stays until the next call. At the beginning memory is plenty. */
void sync_memory_level(struct sim *sim, bool low, bool high);

/* ---- handles: multiples of 4 from 0x100, as Windows shows them ---- */

/* A new handle for an object, 0 when the table (65,536 handles) is full. */
uint32_t handle_open(struct sync *sync, struct object *object);
/* Whether handle_open would give one. */
bool handle_is_left(const struct sync *sync);
/* The object of a handle, NULL: no such handle. */
struct object *handle_object(struct sync *sync, uint64_t handle);
/* Whether a handle of that number was open once and is no longer. */
bool handle_was_closed(struct sync *sync, uint64_t handle);
/* False: no such handle. */
bool handle_close(struct sim *sim, uint64_t handle);

/* ---- threads (threads.c) ---- */

struct thread_options {
    void (*entry)(void *argument); /* on the new thread; returning ends it with code 0 */
    void *argument;
    uint64_t stack_bytes;
    bool suspended;
};
/* Starts a thread of the policy with a stack in the simulated address space. Its object has one
 * reference for the caller and one for the thread. ST_NOT_ENOUGH_MEMORY: no room. */
enum status thread_start(struct sim *sim, const struct thread_options *options,
                         struct object **object);
/* The object of any thread, made when it is first asked for; without a reference for the caller. */
struct object *thread_object(struct sim *sim, struct thread *thread);
/* Ends the running thread: destructors of thread-local data, what it still has, waking who waits
 * for it. Ends the run when the thread is the CLR's. */
_Noreturn void thread_end(struct sim *sim, uint32_t exit_code);
/* The running thread, one of the CLR's own, is about to end: what the policy has attached to it
 * goes as on any thread's end, and its locks. Returns. */
void thread_leave(struct sim *sim);
/* Ends another one where it stands. */
void thread_terminate(struct sim *sim, struct object *object, uint32_t exit_code);
/* ---- slots with a destructor (fls.c); indexes 0 to 63, UINT32_MAX: none is left ---- */

uint32_t fls_allocate(struct sim *sim, void (*destructor)(void *));
bool fls_is_allocated(struct sim *sim, uint32_t index);
/* Runs the destructor for every thread's value. False: not allocated. */
bool fls_free(struct sim *sim, uint32_t index);
/* Runs the destructors of what the ending thread has. */
void fls_thread_end(struct sim *sim);

/* Threads of the policy that are not finished, without those that only serve timers and work
 * items; the first of them in *first (NULL: do not tell). */
uint32_t threads_of_policy(struct sim *sim, struct task **first);

/* ---- what a blocked task waits for (task->waits_for); deadlock.c ---- */

/* The running task is about to wait for ever for this: ends the run when that closes a cycle. */
void deadlock_check(struct sim *sim, const struct wait_reason *reason);
/* "critical section 3, which thread 2 has" */
void wait_text(struct sim *sim, const struct wait_reason *reason, char *text, uint32_t text_bytes);
/* Ends the run: no task can ever go on (the scheduler's hook). */
void deadlock_stuck(struct sim *sim);

#endif
