/* Where bundled things are: next to the executable, in a build tree or an installed prefix,
 * whatever the current folder. */
#ifndef LW_HARNESS_PLACES_H
#define LW_HARNESS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* The folder of windows.h and mscoree.h. */
const char *places_include(void);
/* Path of a bundled policy (shared object), recording or scenario; false: there is none of that
 * name. */
bool places_policy(const char *name, char *path, size_t path_bytes);
/* The form of a bundled policy that was built for --race. */
bool places_race_policy(const char *name, char *path, size_t path_bytes);
bool places_recording(const char *name, char *path, size_t path_bytes);
bool places_scenario(const char *name, char *path, size_t path_bytes);
/* Names of all of them, sorted; at most max. Returns how many. */
#define PLACES_NAME_BYTES 96
size_t places_policies(char names[][PLACES_NAME_BYTES], size_t max);
size_t places_recordings(char names[][PLACES_NAME_BYTES], size_t max);
size_t places_scenarios(char names[][PLACES_NAME_BYTES], size_t max);
/* The folder for files of the moment: $TMPDIR, if it is a whole path, else /tmp. */
const char *places_temporary(void);
/* A path as a person reads it: without detours, and relative to the current folder when it lies
 * below it. Returns text. */
const char *places_shown(const char *path, char *text, size_t text_bytes);
/* The last part of a path without its ending. */
void places_base_name(const char *path, char *name, size_t name_bytes);

#endif
