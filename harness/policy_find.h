/* From the word a user gave to a policy's shared object. */
#ifndef LW_HARNESS_POLICY_FIND_H
#define LW_HARNESS_POLICY_FIND_H

#include <stdbool.h>
#include <stddef.h>

/* Bundled name, PATH.so, PATH.c or PATH.cpp (built on the fly). race: instrumented to find data
 * races, except a PATH.so, which is as it is. Returns EXIT_HELD and the path; EXIT_USAGE or
 * EXIT_INPUT with a message on standard error. name: as shown. */
int policy_find(const char *word, bool race, char *path, size_t path_bytes, char *name,
                size_t name_bytes);

#endif
