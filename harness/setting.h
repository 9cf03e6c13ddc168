/* --set KEY=VALUE: the machine, the replay, and the policy's parameters. */
#ifndef LW_HARNESS_SETTING_H
#define LW_HARNESS_SETTING_H

#include "harness/run.h"

/* Applies one setting to the spec. False: message says what is wrong and what is legal. */
bool setting_apply(struct run_spec *spec, const char *text, char *message, size_t message_bytes);

#endif
