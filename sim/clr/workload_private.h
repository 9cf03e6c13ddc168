/* What the files that perform a workload share. */
#ifndef LW_CLR_WORKLOAD_PRIVATE_H
#define LW_CLR_WORKLOAD_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/in_use.h"
#include "clr/reach.h"
#include "clr/schedule.h"
#include "clr/workload.h"
#include "core/check.h"

/* A step in the tree of a workload, with what its performance needs to know of it. */
struct node {
    const struct step *step;
    uint32_t number;    /* in the order of the text, from 0 */
    uint64_t key;       /* of its random draws: from what it is, not from where it stands */
    uint64_t performed; /* times it has begun */
    struct node *body;  /* of repeat and together: step->steps_count of them, for each thread */
};

/* How often a step has its body: once, or for each thread that performs it. */
static inline uint64_t body_copies(const struct step *step)
{
    return step->kind == STEP_TOGETHER && step->threads ? step->threads : 1;
}

/* The id of what a step draws: in its present performance, for a use that no other number of the
 * step has, for its n-th operation. */
static inline uint64_t node_draw(const struct node *node, uint64_t use, uint64_t n)
{
    return node->key + node->performed * UINT64_C(0xd6e8feb86659fd93) +
           use * UINT64_C(0xa3b195354a39b70d) + n;
}

/* Something that takes time: a replay, a phase, a stream of touches. The first member of each. */
struct performance {
    /* As the turn of an activity (schedule.h); NEVER: it has ended. */
    uint64_t (*advance)(struct performance *performance, uint64_t limit_ns);
    /* Frees it; called once, after its end. */
    void (*destroy)(struct performance *performance);
};

struct run {
    struct clr *clr;
    struct sim *sim;
    const struct workload *workload;
    const struct workload_hooks *hooks;
    struct flow *main, *flows; /* the workload's own, all: flow.h */
    uint64_t threads; /* flows with tasks that have not ended, besides the workload's own */
    bool preempts;    /* threads of the workload, or of the host, run side by side */
    struct outside *outside;
    uint32_t errands;         /* calls handed to other threads so far */
    struct node *nodes;       /* of the workload's list */
    struct block_name *names; /* workload->names_count: blocks.h */
    struct holding *oldest, *newest;
    struct in_use in_use; /* blocks and regions of scripted calls and phases */
    struct held_replay *replays, *last_replay;
    struct phases *phases; /* what phases hold: phase.c */
    struct others *others; /* pressures.c */
    struct asks *asks;     /* asks.c; NULL: none are wanted */
    uint64_t more_mallocs; /* objects of CreateMalloc so far */
};

/* An operation that addressed the host, and whether it was served. */
static inline void count_operation(struct sim *sim, bool served)
{
    sim->counters[COUNTER_operations_recorded]++;
    sim->counters[COUNTER_operations_served] += served;
}

static inline uint64_t at_least(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline EMemoryCriticalLevel level_of(enum criticality criticality)
{
    CHECK(criticality <= CRITICALITY_PROCESS);
    return (EMemoryCriticalLevel)criticality; /* the same numbers */
}

/* What the workload's own flow does is done by threads that it plays in turn. Others are one. */
static inline void run_as(struct sim *sim, uint64_t thread)
{
    if (sim->thread->id != thread && !sim->thread->task)
        sim_become(sim, thread < THREADS_MAX ? (uint32_t)thread : THREADS_MAX - 1);
}

/* ---- lists of steps (lines.c) ---- */

/* Schedules the workload's own list; its flow ends with it. order_base is below the orders of all
 * its activities. */
void lines_begin(struct run *run, uint32_t order_base);
/* A flow that a line waits for has left its schedule for good and its task is about to end. */
struct line;
void line_thread_ended(struct line *line);
/* The simulated thread for what calls name `thread`. */
uint32_t workload_named_id(const struct workload *workload, uint32_t number);

/* ---- other consumers (pressures.c) ---- */

/* Schedules all of them, with orders from 0; returns how many orders that took. */
uint32_t pressures_begin(struct run *run);
void pressures_drop(struct run *run);

/* ---- asking for the memory load (asks.c) ---- */

/* Schedules it, with orders from this one on; returns how many that took. */
uint32_t asks_begin(struct run *run, uint32_t order);
/* Pressure that was due at this time has changed something. */
void asks_pressure(struct run *run, uint64_t due_ns);
void asks_drop(struct run *run);

/* ---- scripted calls (calls.c) ---- */

enum call_result {
    CALL_SERVED,
    CALL_REFUSED,
    CALL_DROPPED, /* its block had been refused */
};

/* Makes the call at the present time, binds its result, tells the hooks what was not as expected.
 * index: repetition of the innermost repeat. */
enum call_result call_perform(struct run *run, const struct step *step, uint64_t index);

/* ---- what takes time ---- */

/* begin_ns: when the step begins, or was to begin. Each returns when it wants to act first. */
struct performance *replay_perform(struct run *run, const struct node *node, uint64_t begin_ns,
                                   uint64_t *due_ns);
/* A phase, shared by its threads; each joins it once, and it goes with the last of them. index: of
 * the thread in the phase. */
struct phase *phase_begin(struct run *run, const struct node *node, uint64_t begin_ns);
struct performance *phase_join(struct phase *phase, uint64_t index, uint64_t *due_ns);
/* index: of the innermost repeat, for a block with "#". */
struct performance *stream_perform(struct run *run, const struct node *node, uint64_t index,
                                   uint64_t begin_ns, uint64_t *due_ns);
/* What replays still hold, in the order in which they began. */
void replays_give_back(struct run *run);
void replays_drop(struct run *run);
/* The blocks that outlived their phases, likewise. */
void phases_begin(struct run *run);
void phases_give_back(struct run *run);
void phases_drop(struct run *run);

#endif
