/* What a recording holds, for people and for scripts: the answer of trace stat and import. */
#ifndef LW_HARNESS_RECORDING_STAT_H
#define LW_HARNESS_RECORDING_STAT_H

#include <stdio.h>
#include "clr/recording.h"

/* A dozen lines of text; path is what the recording is called in them. */
void recording_stat_print(const struct recording *recording, const char *path, FILE *out);
/* One JSON object: what the import counted, peak and final bytes, and operations by kind, by class,
 * and by both. */
void recording_stat_json(const struct recording *recording, const char *path, FILE *out);

#endif
