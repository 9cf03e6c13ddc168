/* Executes many runs, several at a time, and shows progress on a terminal. */
#ifndef LW_HARNESS_BATCH_H
#define LW_HARNESS_BATCH_H

#include "harness/report.h"

struct batch_options {
    uint32_t jobs;
    bool check; /* each run twice, compared record by record */
    bool quiet;
};

/* Fills in every run's result (in shared memory). False: interrupted. */
bool batch_execute(struct report_run *runs, uint32_t count, const struct batch_options *options);

/* From now on SIGINT and SIGTERM are noted, and end waits. */
void batch_catch_interrupts(void);
bool batch_interrupted(void);

#endif
