/* The virtual clock against the calendar: every run begins at the same date.
 *
 * sim->now_ns counts from the start of the run; nothing here reads a clock of the host. */
#ifndef LW_CORE_CLOCK_H
#define LW_CORE_CLOCK_H

#include "core/sim.h"

/* Monday, 1 January 2024, 00:00:00 UTC, in seconds since 1970. */
#define CLOCK_START_UNIX_S UINT64_C(1704067200)
/* From 1601 (FILETIME) to 1970, in seconds. */
#define CLOCK_FILETIME_TO_UNIX_S UINT64_C(11644473600)
#define CLOCK_NS_PER_S UINT64_C(1000000000)

/* Nanoseconds since 1970. */
static inline uint64_t clock_unix_ns(const struct sim *sim)
{
    return CLOCK_START_UNIX_S * CLOCK_NS_PER_S + sim->now_ns;
}

/* 100-nanosecond units since 1601, as GetSystemTimeAsFileTime tells. */
static inline uint64_t clock_filetime(const struct sim *sim)
{
    return (CLOCK_START_UNIX_S + CLOCK_FILETIME_TO_UNIX_S) * 10000000 + sim->now_ns / 100;
}

#endif
