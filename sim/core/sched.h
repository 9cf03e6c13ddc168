/* The scheduler: simulated threads on fibers, one of which runs at any time.
 *
 * A task is a flow of control with a stack of its own. It is ready, running, blocked (with or
 * without a moment when it gives up), or finished. Others may run only at scheduling points
 * (sched_point, sim_call), when the running task blocks, yields or ends: between two of these the
 * code of the simulator is never interrupted, so nothing in it needs a lock.
 *
 * The clock models `processors` processors that the ready tasks share evenly: what the running task
 * does costs cost / min(ready and running tasks, processors). When nothing is ready the clock
 * jumps to the next due moment; when nothing is due either, nobody can ever go on.
 *
 * At a point where more than one task could run there is a standard choice (the running task, or
 * the one that has been ready longest when the running one stops). A strategy may choose otherwise;
 * only that is recorded (EVENT_switch), with the number of the point and the number among the
 * points that the task from which is switched has come to, its own points. A strategy may also hold
 * the running task up, as if the machine had taken its processor away for that long; recorded is
 * (EVENT_held_up) for how long, and its own step: of all places where others might run, also those
 * where nobody is ready. The list of these records is the whole schedule: strategy `replay` repeats
 * it. */
#ifndef LW_CORE_SCHED_H
#define LW_CORE_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include "core/due.h"
#include "core/sim.h"

enum sched_strategy {
    SCHED_IN_ORDER,    /* goes on until it blocks, yields or its quantum is over */
    SCHED_ROUND_ROBIN, /* the next one at each point, or nearly each */
    SCHED_RANDOM,      /* a keyed draw at each point */
    SCHED_PCT,         /* random priorities with change points */
    SCHED_SLOW_RANDOM, /* random, and some threads are held up for long, again and again */
    SCHED_SLOW_PCT,    /* pct, likewise */
    SCHED_REPLAY,      /* as a list says */
    SCHED_STRATEGIES
};
/* "in-order", "round-robin", "random", "pct", "slow-random", "slow-pct", "replay". */
const char *sched_strategy_name(enum sched_strategy strategy);

/* One departure from the standard choice: at its own point number `own` (from 0) task `from` gives
 * way to task `to`; or, with held_ns, at its own step number `own` it stands still for so long. */
struct sched_switch {
    uint32_t from, to;
    uint64_t own;
    uint64_t held_ns;
};
struct event;
/* The departure that a record tells of. False: of none. */
bool sched_switch_of(const struct event *event, struct sched_switch *departure);

struct sched_options {
    enum sched_strategy strategy;
    uint64_t seed;            /* of the schedule */
    uint64_t quantum_ns;      /* in-order; 0: 15.6 ms */
    uint32_t change_points;   /* pct: how often the running task falls behind, at most 16; 0: 3 */
    uint64_t expected_points; /* pct: change points are drawn from so many (sched_points of another
                                 run tells); 0: of any number of digits up to a million */
    const struct sched_switch *switches; /* replay; kept, not copied */
    uint32_t switches_count;
    uint32_t first_thread; /* ids below belong to recordings; 0: 1 */
    uint32_t spurious;     /* one of so many waits for a condition ends for no reason; 0: none */
    bool wakes_any;        /* a condition wakes any waiter, drawn; otherwise the first */
    uint64_t patience_ns;  /* how long all of the workload may wait for ever while other threads
                              only pass the time; 0: 600 s */
};
/* Before the second task is started. */
void sched_configure(struct sim *sim, const struct sched_options *options);
void sched_destroy(struct sim *sim);

enum task_state { TASK_READY, TASK_RUNNING, TASK_BLOCKED, TASK_FINISHED };

/* What a blocked task waits for: told in reports, and followed from owner to waiter. */
enum wait_kind { WAITS_LOCK, WAITS_OBJECTS, WAITS_CONDITION, WAITS_OTHER };

struct wait_reason {
    enum wait_kind kind;
    struct lock *lock; /* lock or condition */
    bool exclusive;
    struct object **objects;
    uint32_t count;
    bool all;
    const char *other; /* in words: "its threads to end" */
};

/* What a task does for others to see: read only outside the scheduler. */
struct task {
    uint32_t id; /* the first flow of the run is 0; otherwise its thread's id */
    enum task_state state;
    struct thread *thread;               /* as whom it runs */
    bool of_policy;                      /* made by the policy, not by the workload */
    bool timed;                          /* blocked, and gives up at due.due_ns */
    uint32_t suspended;                  /* times; it does not run while this is not 0 */
    const struct wait_reason *waits_for; /* while blocked; NULL: for a moment only */
    uint64_t blocked_ns;                 /* since when */
    struct wait_queue {
        struct waiter *first, *last;
    } ended; /* tasks that wait for its end */
    struct due due;
    struct task_private *private;
};

struct task_options {
    void (*entry)(void *argument);
    void *argument;
    uint64_t stack_bytes; /* 0: as Windows, 1 MiB; at most 14 MiB are given */
    bool suspended;
    bool of_policy; /* its calls count for the fault plan; otherwise it is the CLR's */
    uint32_t id;    /* of its thread, below first_thread; 0: the next one that is free */
};

/* Makes a task and its thread; it is ready and runs when its turn comes. NULL: no thread id or no
 * room for a stack is left. */
struct task *sched_start(struct sim *sim, const struct task_options *options);
/* Ends the running task, from anywhere in it. Never of task 0. */
_Noreturn void sched_exit(struct sim *sim);
/* Ends another task that is not finished where it stands; nothing of it is unwound. */
void sched_kill(struct sim *sim, struct task *task);
struct task *sched_running(struct sim *sim);
/* The task that runs as this thread. */
struct task *sched_task_of(struct sim *sim, const struct thread *thread);
/* The task on whose stack the native address lies; NULL: none that is not finished. */
struct task *sched_stack_owner(struct sim *sim, uint64_t address);
/* Tasks in the order of their ids; NULL behind the last. */
struct task *sched_next_task(struct sim *sim, const struct task *after);
/* Tasks not finished. */
uint32_t sched_alive(const struct sim *sim);

/* ---- blocking ---- */

/* A place in a queue; several belong to one blocked task. Filled in by sched_wait. */
struct waiter {
    struct waiter *next, *previous;
    struct wait_queue *queue;
    struct task *task;
};

#define WAKE_DUE UINT32_MAX

/* Parks the running task at the end (or, for a lock that was taken from under it, at the front) of
 * the queues until it is woken or the clock says due_ns (DUE_NEVER: no such moment). `waits_for`
 * tells others for what. Returns the value it was woken with, or WAKE_DUE. count may be 0. */
uint32_t sched_wait(struct sim *sim, struct waiter *waiters, uint32_t count, uint64_t due_ns,
                    const struct wait_reason *waits_for);
uint32_t sched_wait_in_front(struct sim *sim, struct waiter *waiter, uint64_t due_ns,
                             const struct wait_reason *waits_for);
/* Parks the running task without any queue. */
uint32_t sched_block(struct sim *sim, uint64_t due_ns, const struct wait_reason *waits_for);
/* Makes a blocked task ready; it leaves all its queues. */
void sched_wake(struct sim *sim, struct task *task, uint32_t value);
/* The first of a queue, the one waiting longest. False: nobody waits. */
bool sched_wake_first(struct sim *sim, struct wait_queue *queue, uint32_t value);
/* The one of a queue that a condition wakes next: who that is nobody promises. NULL: nobody waits.
 */
struct task *sched_next_woken(struct sim *sim, const struct wait_queue *queue);
/* Whether a wait for a condition that begins now is to end for no reason, as conditions may, and
 * when. Otherwise due_ns as it was. */
uint64_t sched_spurious(struct sim *sim, uint64_t due_ns);
/* Passes the time until a moment; at once when it is over. With one task and no timer the clock
 * just moves. */
void sched_sleep_until(struct sim *sim, uint64_t due_ns);
/* Lets another ready task run. False: there was none. */
bool sched_yield_now(struct sim *sim);
/* Waits until the task is finished. */
void sched_join(struct sim *sim, struct task *task);
/* The same until a moment; false: it is not finished then. */
bool sched_join_until(struct sim *sim, struct task *task, uint64_t due_ns);
void sched_suspend(struct sim *sim, struct task *task);
/* Returns how often it was suspended before. */
uint32_t sched_resume(struct sim *sim, struct task *task);

/* The running task did something that changes nothing by itself: a yield, a failed try, a wait of
 * no time. When all threads do only that, the run ends as a livelock. One sim_call came before. */
void sched_futile(struct sim *sim);
/* The running task is about to do an atomic operation of the processor's: others may go first. It
 * takes no time; but a loop of nothing else does, as spinning does, and may end as a livelock. */
void sched_atomic(struct sim *sim);

/* A moment of the clock for others than tasks: timers. */
void sched_due_add(struct sim *sim, struct due *due, uint64_t due_ns);
void sched_due_remove(struct sim *sim, struct due *due);
/* The same for what comes from outside the process and may end any wait: while such a moment is
 * still to come nobody waits for ever, up to a thousand of them. The patience of sched_options
 * begins anew behind each. */
void sched_due_add_outside(struct sim *sim, struct due *due, uint64_t due_ns);

/* ---- what is only asked at the end ---- */

/* Called when no task can ever go on; ends the run with an explanation. Without it the run ends as
 * a plain deadlock. */
void sched_on_stuck(struct sim *sim, void (*stuck)(struct sim *sim));
/* Runs the function on the stack of another task, below what it is doing, and comes back: for
 * stacks in reports. False: the task has not begun or is finished. */
bool sched_visit(struct sim *sim, struct task *task, void (*function)(void *), void *argument);
/* Choices made so far. */
uint64_t sched_points(const struct sim *sim);
/* Departures from the standard: records of switches and of tasks that were held up. */
uint64_t sched_switches(const struct sim *sim);
void sched_verify(const struct sim *sim);

#endif
