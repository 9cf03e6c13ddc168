/* Schedules in one word, as --schedule takes them, traces keep them and reports print them:
 *
 *     in-order          a strategy; its draws come from the run's seed
 *     pct:7             with the seed of a schedule
 *     switches:3-5@17   departures from the standard choice, and no others: at its choice number 17
 *                       thread 3 gives way to thread 5; separated by commas
 *     switches:3+800ns@9 at its step number 9 thread 3 is held up so long
 *     switches:7:3-5@17 the same, what conditions do (schedule-options) drawn from seed 7 */
#ifndef LW_HARNESS_SCHEDULE_WORD_H
#define LW_HARNESS_SCHEDULE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include "core/sched.h"

#define SCHEDULE_WORD_SWITCHES 4096

/* Changes strategy, seed (0 where none is named) and switches of the options; the switches are
 * allocated and stay. False: the word is none, message says why. */
bool schedule_parse(const char *word, struct sched_options *options, char *message,
                    size_t message_bytes);
/* Puts what a word says into the options of a scenario, whose particulars stay. */
void schedule_choose(const struct sched_options *word, struct sched_options *options);
/* The word for the options. Returns text; cut short where it has no room. */
const char *schedule_text(const struct sched_options *options, char *text, size_t text_bytes);

#endif
