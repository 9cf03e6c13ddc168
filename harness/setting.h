/* --set KEY=VALUE: the machine, the replay, and the policy's parameters. */
#ifndef LW_HARNESS_SETTING_H
#define LW_HARNESS_SETTING_H

#include "harness/scenario.h"

/* Applies one setting to a recording's plan. False: message says what is wrong and what is legal. */
bool setting_apply(struct scenario *plan, const char *text, char *message, size_t message_bytes);

#endif
