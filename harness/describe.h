/* What a policy says of itself: its descriptor, read without running any of its code. */
#ifndef LW_HARNESS_DESCRIBE_H
#define LW_HARNESS_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

/* The name, one line and parameters of the shared object as text for a person, several lines.
 * False: it cannot be loaded or has no descriptor. */
bool describe_policy(const char *path, char *text, size_t text_bytes);

#endif
