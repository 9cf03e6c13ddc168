/* Parameters of policies: --set policy.KEY=VALUE against the table of the policy's descriptor. */
#ifndef LW_HARNESS_PARAMS_H
#define LW_HARNESS_PARAMS_H

#include "harness/run.h"
#include "include/lowwater/policy.h"

/* Stores defaults and the given values in the policy's variables. False: an unknown key or a bad
 * value; message says which and what is legal. params may be NULL. */
bool params_apply(const struct lw_param *params, const struct policy_param *given, uint32_t count,
                  char *message, size_t message_bytes);

#endif
