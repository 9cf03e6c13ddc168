/* Who acts next: activities side by side in virtual time.
 *
 * An activity is a state machine. It says when it wants to act and gets a turn: it performs what is
 * due and goes on for as long as what comes next can begin at the turn's limit, which is when
 * somebody else wants to act. So one activity alone runs in one turn. The earliest acts first;
 * equal times go by order. Nothing is preempted. */
#ifndef LW_CLR_SCHEDULE_H
#define LW_CLR_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"

#define NEVER UINT64_MAX /* REPLAY_ENDED is the same */

struct activity {
    uint64_t due_ns; /* virtual time at which it wants to act */
    uint32_t order;  /* among equal times; no two that are scheduled have the same */
    /* Performs the next thing, whatever limit_ns is, then those that can begin at limit_ns or
     * before. Returns when it wants to act again, at least the present; NEVER: it has ended or
     * waits for another, and is no longer scheduled. It may add activities, and end itself. */
    uint64_t (*turn)(struct activity *activity, uint64_t limit_ns);
};

struct schedule {
    struct arena *arena;
    struct activity **heap; /* the next one first */
    uint32_t count, room;
};

/* Schedules it at its due_ns, which is not NEVER. It is not scheduled yet. */
void schedule_add(struct schedule *schedule, struct activity *activity);
/* When the first wants to act, NEVER: nobody is scheduled. */
uint64_t schedule_due(const struct schedule *schedule);
/* Gives the first its turn, with a limit of at most latest_ns. Somebody is scheduled. */
void schedule_turn(struct schedule *schedule, uint64_t latest_ns);
/* Gives the memory back, not the activities. */
void schedule_drop(struct schedule *schedule);

#endif
