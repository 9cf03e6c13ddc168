/* Scenarios changed at random, in ways that keep much of them whole: for tests and the fuzzer. */
#ifndef LW_TESTS_MUTATE_H
#define LW_TESTS_MUTATE_H

#include <stddef.h>
#include "core/rng.h"

/* Changes a text in place in one of several ways (a line, a key, a value, a number, a byte); room
 * is what the buffer holds. Returns the new length, at most room. */
size_t mutate_text(struct rng *rng, char *text, size_t length, size_t room);

#endif
