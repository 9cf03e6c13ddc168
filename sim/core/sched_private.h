/* What the scheduler's files share. */
#ifndef LW_CORE_SCHED_PRIVATE_H
#define LW_CORE_SCHED_PRIVATE_H

#include "core/fiber.h"
#include "core/sched.h"

#define CHANGE_POINTS_MAX 16

/* Of sim: what belongs to the running flow and is put aside when another runs. */
struct sim_part {
    enum actor actor;
    uint64_t calls_in_host_call;
    uint16_t host_call;
    uint64_t host_call_arg[3];
    int host_call_level;
    enum fault_place in_fault;
};

struct task_private {
    struct task task; /* first, so that both have one address */
    struct sched *sched;
    struct task_private *next, *previous; /* among the ready ones */
    struct fiber *fiber;
    uint32_t slot; /* of its stack */
    bool begun;
    void (*entry)(void *);
    void *argument;
    struct waiter *waiters; /* while blocked */
    uint32_t waiters_count;
    uint32_t wake_value;
    struct sim_part part;
    uint64_t points;   /* choices it came to */
    uint64_t steps;    /* places where others might run that it came to */
    uint64_t priority; /* pct: the highest runs */
    bool slow;         /* is held up now and then */
    bool held;         /* is held up now */
    uint64_t held_ns;  /* for so long lately: half of the time that passes is taken off */
    uint64_t held_at;  /* when that was */
    uint64_t futile;   /* steps that changed nothing */
    uint64_t atomics, calls_seen; /* atomic operations since the last call, which had this number */
};

struct sched {
    struct sim *sim;
    struct sched_options options;
    struct task_private *running;
    struct task_private *tasks[THREADS_MAX]; /* by id */
    uint32_t last_id;
    uint32_t alive;
    struct task_private *ready_first, *ready_last;
    uint32_t ready_count;
    struct task_private *corpse; /* finished, its stack was still in use */
    struct due_queue due;
    uint64_t slots_used[THREADS_MAX / 64 + 1];
    uint64_t remainder; /* of the clock's division */
    uint64_t slice_end_ns;
    uint64_t points, departures;
    /* pct */
    uint64_t lowest_priority; /* given to who yields, going down */
    uint64_t change_at[CHANGE_POINTS_MAX];
    /* slow: of each kind of task one in so many is, and is held up at one in so many steps */
    uint32_t slow_one_in, held_one_in;
    uint64_t held_most_ns;
    bool holds; /* the strategy may hold tasks up */
    /* replay: open addressing by (from, own, which kind) */
    const struct sched_switch **switches;
    uint32_t switches_room;
    /* Tasks of the workload: all, and those blocked without a due moment; since when all are. */
    uint32_t workload_alive, workload_parked;
    uint64_t workload_parked_ns;
    uint32_t outside; /* moments to come from outside the process */
    uint64_t outside_since_parked;
    uint64_t condition_waits; /* the draws of spurious wake-ups */
    uint64_t condition_wakes; /* ... of who is woken */
    /* livelock */
    uint64_t futile_total, productive_seen, futile_run;
    void (*stuck)(struct sim *sim);
    struct {
        void (*function)(void *);
        void *argument;
        struct fiber *back;
    } visit;
};

/* The scheduler of the run, made on first use. */
struct sched *sched_state(struct sim *sim);

/* ---- sched.c ---- */

void ready_add(struct sched *sched, struct task_private *task);
void note_attention(struct sched *sched);
/* From now on all of the workload waits for ever, unless somebody wakes it. */
void note_all_parked(struct sched *sched);
/* Calls what is due now. */
void fire_due(struct sched *sched);
/* The task to run when the running one cannot, waiting for the clock if need be; it is taken from
 * the ready ones. Ends the run when there will never be one. */
struct task_private *next_ready(struct sched *sched);
/* Runs the task, which is not among the ready ones; comes back when the running one is to go on. */
void switch_to(struct sched *sched, struct task_private *to);

/* ---- sched_strategy.c ---- */

void strategy_begin(struct sched *sched);
void strategy_add_task(struct sched *sched, struct task_private *task);
void strategy_yielded(struct sched *sched, struct task_private *task);
/* Who runs: the standard one, which is running or ready, or one of the ready ones. */
struct task_private *strategy_choose(struct sched *sched, struct task_private *standard);
/* replay: what the list says of the running task at this choice, or (held) step; NULL: nothing. */
const struct sched_switch *strategy_listed(const struct sched *sched, uint64_t own, bool held);

/* ---- sched_slow.c ---- */

void slow_begin(struct sched *sched);
void slow_add_task(const struct sched *sched, struct task_private *task);
/* The running task comes to a step. True: it was held up there, and now goes on. */
bool slow_step(struct sched *sched);
/* Whoever is held up goes on. */
void slow_let_go(struct sched *sched);

#endif
