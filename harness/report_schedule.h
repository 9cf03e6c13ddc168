/* What --schedules found, in reports. */
#ifndef LW_HARNESS_REPORT_SCHEDULE_H
#define LW_HARNESS_REPORT_SCHEDULE_H

#include <stdio.h>
#include "harness/json.h"
#include "harness/report.h"

/* Which schedule broke the run and by which switches; nothing where none was looked for. */
void report_found(const struct report_run *run, FILE *out);
/* The fields "schedule" and, with --schedules, "schedules" of a run. */
void json_schedule(struct json *json, const struct report_run *run);

#endif
