/* run --schedules N: the same run under many schedules, and the few switches that break it.
 *
 * Schedule i of N has seed i. Where no strategy is named random, pct, slow-random and slow-pct take
 * turns: each finds what the others hardly ever do. */
#ifndef LW_HARNESS_SCHEDULES_H
#define LW_HARNESS_SCHEDULES_H

#include "harness/report.h"

/* Schedules that break a run in different ways are told apart up to so many. */
#define SCHEDULES_KINDS_MAX 8

struct schedules_options {
    uint64_t count;      /* --schedules */
    bool strategy_given; /* the specs have the strategy; otherwise they take turns */
    bool keep_going;     /* --keep-going: try all, though some broke */
    bool check;          /* each run twice more, compared record by record */
    bool quiet;
    uint32_t jobs;
};

/* Tries the schedules on one run, then takes out of each that broke it what does not matter.
 * Fills in tried[0], and more of them for each further way in which it broke (only with
 * keep_going); returns how many. 0: interrupted. */
uint32_t schedules_try(const struct report_run *run, const struct schedules_options *options,
                       struct report_run tried[SCHEDULES_KINDS_MAX]);

/* ---- schedule_shrink.c ---- */

/* Whether two runs ended in the same way: outcome, kind of end, first broken promise. */
bool same_ending(const struct run_result *a, const struct run_result *b);
/* run->result broke under run->spec.schedule: finds a short list of switches with which it breaks
 * in the same way, and puts that schedule, its result and run->found in the place of the old ones.
 * Where there is none everything stays. The result is not explained yet. */
void schedule_shrink(struct report_run *run);

#endif
