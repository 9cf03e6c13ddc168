/* Where bundled things are: next to the executable, in a build tree or an installed prefix,
 * whatever the current folder. */
#ifndef LW_HARNESS_PLACES_H
#define LW_HARNESS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* The folder of windows.h and mscoree.h. */
const char *places_include(void);
/* Path of a bundled policy (shared object) or recording; false: there is none of that name. */
bool places_policy(const char *name, char *path, size_t path_bytes);
bool places_recording(const char *name, char *path, size_t path_bytes);
/* Names of all of them, sorted; at most max. Returns how many. */
#define PLACES_NAME_BYTES 96
size_t places_policies(char names[][PLACES_NAME_BYTES], size_t max);
size_t places_recordings(char names[][PLACES_NAME_BYTES], size_t max);
/* The last part of a path without its ending. */
void places_base_name(const char *path, char *name, size_t name_bytes);

#endif
