/* The outcomes and notifications that a scenario can expect. See scenario_keys.h. */
#include "harness/run.h"
#include "harness/scenario_keys.h"

const struct choice choices_outcomes[] = {
    {"ok", OUTCOME_OK, "the run comes to its end"},
    {"crash", OUTCOME_CRASH, "the policy crashes, aborts or exits"},
    {"no-progress", OUTCOME_NO_PROGRESS, "the policy hangs, or the budget is used up"},
    {0}};

const struct choice choices_notices[] = {{"none", NOTICE_NONE, "nothing, so memory is not low"},
                                         {"low", NOTICE_LOW, "eMemoryAvailableLow"},
                                         {"neutral", NOTICE_NEUTRAL, "eMemoryAvailableNeutral"},
                                         {"high", NOTICE_HIGH, "eMemoryAvailableHigh"},
                                         {0}};
