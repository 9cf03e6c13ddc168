/* lowwater trace stat of a run trace: its span, its calls, how much memory it held. */
#ifndef LW_HARNESS_TRACE_STAT_H
#define LW_HARNESS_TRACE_STAT_H

#include <stdio.h>
#include "harness/trace_file.h"

void trace_stat_print(const struct trace_file *trace, const char *path, FILE *out);
/* The same as one JSON document (docs/json.md). */
void trace_stat_json(const struct trace_file *trace, const char *path, FILE *out);

#endif
