/* What lowwater run is given: scenarios and policies, found and read. */
#ifndef LW_HARNESS_RUN_INPUTS_H
#define LW_HARNESS_RUN_INPUTS_H

#include "harness/run.h"

struct run_policy {
    const char *word; /* as given, or as the scenario names it */
    char path[512];   /* the shared object */
    char name[64];    /* as shown */
};

struct run_input {
    const char *word; /* the operand as given */
    struct scenario *plan;
    struct fault_rule faults[FAULT_RULES]; /* the scenario's rules, then the injected ones */
    uint32_t faults_count;
    struct run_policy own; /* the policy the scenario names; path is empty until it is asked for */
    char own_word[512];
};

/* Finds and reads the operand: a bundled scenario, the path of a .yaml file, a recording (bundled
 * or a .lwt file), or "-" for a scenario on standard input. A bundled scenario wins over a
 * recording of its name. Everything wrong has been written to standard error; returns the exit
 * code, EXIT_HELD when all is well. */
int run_input_open(struct run_input *input, const char *word, const struct run_words *words);
/* Puts the scenario's rules and the injected ones together, once the plan is there. */
int run_input_faults(struct run_input *input, const struct run_words *words);
void run_input_close(struct run_input *input);
/* Finds the policy that the scenario names, passthrough when it names none: bundled, beside the
 * scenario, or a path. */
int run_input_policy(struct run_input *input, bool race);
/* race: the instrumented form of a bundled policy, and sources are built so. */
int run_policy_open(struct run_policy *policy, const char *word, bool race);

#endif
