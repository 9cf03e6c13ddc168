/* Shared by the files of the YAML reader. */
#ifndef LW_HARNESS_YAML_PRIVATE_H
#define LW_HARNESS_YAML_PRIVATE_H

#include "harness/diagnostics.h"

/* What is wrong with a text before YAML is read: its size, characters that are no text, directives.
 * False: a diagnostic says what. */
bool yaml_screen(struct diagnostics *diagnostics, const char *text, size_t bytes);
/* What stands behind the first document, from the place where it ends. False: a second document,
 * said in a diagnostic. */
bool yaml_screen_rest(struct diagnostics *diagnostics, const char *text, size_t bytes,
                      struct place from);

#endif
