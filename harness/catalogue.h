/* The catalogue of failure points: what `lowwater list faults` and docs/failure-points.md say.
 * Calls and errors stand in core/calls.def; here is what a reader needs beside them. */
#ifndef LW_HARNESS_CATALOGUE_H
#define LW_HARNESS_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* For people at a terminal, or the whole page docs/failure-points.md. */
void catalogue_print(FILE *out, bool markdown);

struct catalogue_entry {
    const char *sees; /* what the caller gets when the call fails */
    const char *also; /* further functions that are this failure point, "" none */
};
/* NULL: the call is no failure point. */
const struct catalogue_entry *catalogue_entry(uint16_t call);

#endif
