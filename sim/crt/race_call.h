/* Functions that access memory for the policy, told as its own accesses. See race_call.c. */
#ifndef LW_CRT_RACE_CALL_H
#define LW_CRT_RACE_CALL_H

#include <stdint.h>

struct race_called; /* what a function accesses */

/* What stands behind a stub that the loader makes for an import. */
struct race_stub {
    uint64_t function; /* that serves it; first: race_entry goes there */
    const struct race_called *called;
};

/* NULL: the function accesses nothing for its caller, or nothing that is told. */
const struct race_called *race_called_find(const char *name);
/* Tells what a call accesses: arguments are the six that registers hold, pc where it returns to. */
void race_called(const struct race_stub *stub, const uint64_t arguments[6], uint64_t pc);
/* Where stubs go with their struct race_stub in register r11: tells, then goes to the function with
 * everything as it was. Not to be called. */
void race_entry(void);

#endif
