/* Clocks and dates that policies see: the virtual clock, and UTC.
 *
 * Every run begins on the date of core/clock.h. Reading a clock costs and records what the Windows
 * function below it would; sleeping lets others run, and with nobody else only moves the clock. */
#include <string.h>
#include <sys/time.h>
#include "core/binding.h"
#include "core/clock.h"
#include "core/sched.h"
#include "crt/calendar.h"
#include "crt/crt.h"

/* ---- clocks ---- */

static uint64_t read_calendar_ns(void)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_GetSystemTime, NULL);
    sim_event(sim, EVENT_GetSystemTime, 0, clock_filetime(sim), 0, 0, 0);
    return clock_unix_ns(sim);
}

/* Since the run began; in records as ticks of 100 ns. */
static uint64_t read_monotonic_ns(void)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_QueryPerformanceCounter, NULL);
    sim_event(sim, EVENT_QueryPerformanceCounter, 0, sim->now_ns / 100, 0, 0, 0);
    return sim->now_ns;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / CLOCK_NS_PER_S), (long)(ns % CLOCK_NS_PER_S)};
}

static time_t crt_time(time_t *result)
{
    time_t now = (time_t)(read_calendar_ns() / CLOCK_NS_PER_S);
    if (result)
        *result = now;
    return now;
}

/* Processor time: the virtual clock too, for the policy is all that runs. Microseconds. */
static clock_t crt_clock(void)
{
    return (clock_t)(read_monotonic_ns() / 1000);
}

static int crt_clock_gettime(int clock, struct timespec *result)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *result = timespec_of(read_calendar_ns());
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *result = timespec_of(read_monotonic_ns());
        return 0;
    default:
        crt_set_errno(CRT_EINVAL);
        return -1;
    }
}

static int crt_clock_getres(int clock, struct timespec *result)
{
    (void)clock;
    if (result)
        *result = timespec_of(100);
    return 0;
}

static int crt_timespec_get(struct timespec *result, int base)
{
    if (base != TIME_UTC)
        return 0;
    *result = timespec_of(read_calendar_ns());
    return base;
}

static int crt_gettimeofday(struct timeval *result, void *zone)
{
    (void)zone;
    uint64_t ns = read_calendar_ns();
    *result =
        (struct timeval){(time_t)(ns / CLOCK_NS_PER_S), (suseconds_t)(ns % CLOCK_NS_PER_S / 1000)};
    return 0;
}

/* ---- sleeping ---- */

/* 146 years, half of what the clock can hold: whoever sleeps into that sleeps for ever. */
#define CLOCK_MAX_NS (UINT64_C(1) << 62)

static void sleep_ns(uint64_t ns)
{
    struct sim *sim = crt_sim();
    sim_call(sim, EVENT_Sleep, NULL);
    if (ns > CLOCK_MAX_NS || sim->now_ns > CLOCK_MAX_NS - ns)
        sim_stop_text(sim, STOP_DEADLOCK, 0, "deadlock: thread %u sleeps for ever",
                      sim->thread->id);
    if (ns == 0)
        sched_yield_now(sim);
    else
        sim_sleep_until(sim, sim->now_ns + ns);
    CHECK(sim->now_ns <= CLOCK_MAX_NS);
    sim_event(sim, EVENT_Sleep, 0, ns / 1000000, 0, 0, 0);
}

/* More than the clock can hold, and its nanoseconds fit 64 bits. */
#define SLEEP_S_MAX INT64_C(9000000000)

static int crt_nanosleep(const struct timespec *duration, struct timespec *rest)
{
    if (duration->tv_sec < 0 || duration->tv_nsec < 0 ||
        duration->tv_nsec >= (long)CLOCK_NS_PER_S) {
        crt_set_errno(CRT_EINVAL);
        return -1;
    }
    uint64_t s = (uint64_t)(duration->tv_sec < SLEEP_S_MAX ? duration->tv_sec : SLEEP_S_MAX);
    sleep_ns(s * CLOCK_NS_PER_S + (uint64_t)duration->tv_nsec);
    if (rest)
        *rest = (struct timespec){0, 0};
    return 0;
}

static int crt_clock_nanosleep(int clock, int flags, const struct timespec *request,
                               struct timespec *rest)
{
    struct timespec duration = *request;
    if (flags & TIMER_ABSTIME) {
        const struct sim *sim = crt_sim();
        uint64_t now = clock == CLOCK_REALTIME ? clock_unix_ns(sim) : sim->now_ns;
        uint64_t then = (uint64_t)request->tv_sec * CLOCK_NS_PER_S + (uint64_t)request->tv_nsec;
        duration = timespec_of(then > now ? then - now : 0);
        rest = NULL;
    }
    return crt_nanosleep(&duration, rest) == 0 ? 0 : CRT_EINVAL;
}

static int crt_usleep(unsigned duration_us)
{
    sleep_ns((uint64_t)duration_us * 1000);
    return 0;
}

static unsigned crt_sleep(unsigned duration_s)
{
    sleep_ns(duration_s * CLOCK_NS_PER_S);
    return 0;
}

/* ---- dates: no call, no record ---- */

/* Years beyond 9999 do not fit what asctime prints; nothing in a run gets there. */
#define DATE_S_MAX INT64_C(253402300799)

static struct tm *crt_gmtime_r(const time_t *time, struct tm *date)
{
    if (*time > DATE_S_MAX || *time < -DATE_S_MAX) {
        crt_set_errno(CRT_EOVERFLOW);
        return NULL;
    }
    calendar_date(*time, date);
    return date;
}

static struct tm *crt_gmtime(const time_t *time)
{
    return crt_gmtime_r(time, &crt_state(crt_sim())->calendar);
}

/* Microsoft's order of arguments and result. */
static int gmtime_s(struct tm *date, const time_t *time)
{
    return crt_gmtime_r(time, date) ? 0 : CRT_EINVAL;
}

static time_t crt_timegm(struct tm *date)
{
    time_t time = (time_t)calendar_seconds(date);
    if (time > DATE_S_MAX || time < -DATE_S_MAX) {
        crt_set_errno(CRT_EOVERFLOW);
        return -1;
    }
    calendar_date(time, date);
    return time;
}

static double crt_difftime(time_t end, time_t begin)
{
    return (double)(end - begin);
}

static char *crt_asctime_r(const struct tm *date, char *text)
{
    return calendar_format(text, sizeof((struct crt *)0)->date_text, "%c\n", date) ? text : NULL;
}

static char *crt_asctime(const struct tm *date)
{
    return crt_asctime_r(date, crt_state(crt_sim())->date_text);
}

static char *crt_ctime_r(const time_t *time, char *text)
{
    struct tm date;
    return crt_gmtime_r(time, &date) ? crt_asctime_r(&date, text) : NULL;
}

static char *crt_ctime(const time_t *time)
{
    return crt_ctime_r(time, crt_state(crt_sim())->date_text);
}

static size_t strftime_l_form(char *target, size_t room, const char *format, const struct tm *date,
                              void *locale)
{
    (void)locale;
    return calendar_format(target, room, format, date);
}

static void crt_tzset(void) {}

const struct binding crt_time_bindings[] = {
    {"time", crt_time},
    {"_time64", crt_time},
    {"clock", crt_clock},
    {"clock_gettime", crt_clock_gettime},
    {"clock_getres", crt_clock_getres},
    {"timespec_get", crt_timespec_get},
    {"gettimeofday", crt_gettimeofday},
    {"nanosleep", crt_nanosleep},
    {"thrd_sleep", crt_nanosleep},
    {"clock_nanosleep", crt_clock_nanosleep},
    {"usleep", crt_usleep},
    {"sleep", crt_sleep},
    {"gmtime", crt_gmtime},
    {"localtime", crt_gmtime},
    {"gmtime_r", crt_gmtime_r},
    {"localtime_r", crt_gmtime_r},
    {"gmtime_s", gmtime_s},
    {"localtime_s", gmtime_s},
    {"mktime", crt_timegm},
    {"timegm", crt_timegm},
    {"difftime", crt_difftime},
    {"asctime", crt_asctime},
    {"asctime_r", crt_asctime_r},
    {"ctime", crt_ctime},
    {"ctime_r", crt_ctime_r},
    {"strftime", calendar_format},
    {"strftime_l", strftime_l_form},
    {"__strftime_l", strftime_l_form},
    {"tzset", crt_tzset},
    {"_tzset", crt_tzset},
    {NULL, NULL},
};
