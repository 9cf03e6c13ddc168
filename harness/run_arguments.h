/* What the command line of lowwater run says. */
#ifndef LW_HARNESS_RUN_ARGUMENTS_H
#define LW_HARNESS_RUN_ARGUMENTS_H

#include "harness/batch.h"
#include "harness/debug.h"
#include "harness/schedules.h"

#define OPERANDS_MAX 512
#define POLICIES_MAX 64
#define RUNS_MAX 100000

struct request {
    const char *operands[OPERANDS_MAX];
    uint32_t operands_count;
    const char *policies[POLICIES_MAX];
    uint32_t policies_count;
    struct run_words words;
    struct run_spec pattern; /* options of every run */
    bool has_seed, explain;
    struct debug_options debug;
    struct sched_options schedule; /* --schedule */
    bool has_schedule;
    struct schedules_options schedules;
    char **argv; /* as it was given */
    uint64_t seed_first, seed_last;
    const char *json, *junit;
    struct batch_options batch;
};

/* Fills in the request, with what `--help` prints when that is asked. EXIT_HELD, EXIT_USAGE (said),
 * or -1: help was printed. */
int run_arguments(struct request *request, int argc, char **argv);

#endif
