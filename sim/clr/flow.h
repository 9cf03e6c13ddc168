/* Flows of control of a workload: its own, and one for each simulated thread that it names.
 *
 * A flow gives turns to the activities of its schedule (schedule.h) and sleeps while none is due.
 * Each runs on a task of its own (core/sched.h), so flows enter the host side by side, and at every
 * simulated call, vtable call and lock another one may go on. Between two such points nothing of a
 * workload is interrupted. While there is only the workload's own flow, nothing is asked of the
 * scheduler: its activities act in the order of their times, in turns as long as can be. */
#ifndef LW_CLR_FLOW_H
#define LW_CLR_FLOW_H

#include "clr/workload_private.h"

struct flow {
    struct run *run;
    struct flow *next, *previous; /* of all there are */
    struct schedule schedule;
    struct task *task;       /* that runs it */
    const struct step *step; /* being performed, NULL: none */
    bool idle;               /* it sleeps until something is due or added */
    bool ended;              /* it has nothing more to do */
    uint64_t index, count;   /* it is one of so many threads that do the same: "#" */
    uint32_t number;         /* of a call's `thread`, 0: not such a one */
    struct line *waits;      /* for its end: lines.c; NULL: nobody, or who looks at `ended` */
};

/* The workload's own flow, on the running task. */
struct flow *flow_begin(struct run *run);
/* A further one, the index-th of count, on a task of its own: it begins when its turn comes, and
 * performs what is added to it until it has ended. thread: number of its simulated thread, 0: the
 * next that is free. Ends the run when there is no room for one more thread. */
struct flow *flow_start(struct run *run, uint64_t index, uint64_t count, uint32_t thread);
/* Schedules an activity on it and wakes it. Its due_ns is not NEVER. */
void flow_add(struct flow *flow, struct activity *activity);
/* Gives turns until it has ended: on its own task. */
void flow_run(struct flow *flow);
/* It has nothing more to do: it leaves flow_run, and its task ends. */
void flow_end(struct flow *flow);
/* Waits until its task has ended; it is gone then. Not of the workload's own. */
void flow_join(struct flow *flow);
/* The workload's own one goes; it is the last. */
void flow_drop(struct flow *flow);
/* The one whose task runs. */
struct flow *flow_running(const struct run *run);

/* The thread that calls name with a number from 1, made at its first call. */
struct flow *flow_named(struct run *run, uint32_t number);
/* Those end; waits for it. */
void flows_end_named(struct run *run);

/* An activity that comes from outside the program: pressure. Where threads run it acts at its very
 * time, whoever runs then or waits; else in the order of all activities. */
void outside_add(struct run *run, struct activity *activity);
/* All of them have been forgotten. */
void outside_drop(struct run *run);

#endif
