/* Dates of the proleptic Gregorian calendar, in UTC only.
 *
 * The host's own functions look for a time zone in the environment and in files; these do not. */
#ifndef LW_CRT_CALENDAR_H
#define LW_CRT_CALENDAR_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Seconds since 1970 to a date; years -9999 .. 9999, others are the caller's bug. */
void calendar_date(int64_t unix_s, struct tm *date);
/* The other way; fields may be out of range and count on (day 32 is the next month's first). */
int64_t calendar_seconds(const struct tm *date);
/* strftime in the C locale. Returns the length, 0 when it does not fit; unknown directives stand
 * for themselves. */
size_t calendar_format(char *target, size_t room, const char *format, const struct tm *date);

#endif
