/* What a recording holds, for people and as JSON. */
#ifndef LW_HARNESS_RECORDING_STAT_H
#define LW_HARNESS_RECORDING_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "clr/recording.h"

/* "reserve", "commit" ...; "runtime", "native" ...; "none", "read" ... */
extern const char *const operation_kind_names[OPERATION_KINDS];
extern const char *const object_class_names[OBJECT_CLASSES];
extern const char *const operation_protect_names[PROTECT_EXECUTE_WRITE + 1];

/* "commit runtime 12 + 0x1000, 64 KiB, write": no time, no thread. */
void operation_text(const struct operation *operation, char *text, size_t bytes);

/* What the import counted, peaks and finals, operations by kind and class. */
void recording_stat_print(const struct recording *recording, const char *path, FILE *out);
/* The same as one JSON document. */
void recording_stat_json(const struct recording *recording, const char *path, FILE *out);

#endif
