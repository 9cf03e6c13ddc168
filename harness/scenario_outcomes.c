/* The outcomes that a scenario can expect. See scenario_keys.h. */
#include "harness/run.h"
#include "harness/scenario_keys.h"

const struct choice choices_outcomes[] = {
    {"ok", OUTCOME_OK, "the run comes to its end"},
    {"crash", OUTCOME_CRASH, "the policy crashes, aborts or exits"},
    {"no-progress", OUTCOME_NO_PROGRESS, "the policy hangs, or the budget is used up"},
    {0}};
