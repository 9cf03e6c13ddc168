/* Ends, clocks, dates and chance of policies: results of the run, virtual, and the same again. */
#include "tests/crt_support.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "core/clock.h"
#include "core/rng.h"

static struct crt_run run;

static int begin(void **state)
{
    (void)state;
    crt_run_begin(&run, 1, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    crt_run_end(&run);
    return 0;
}

static void *system_function(const char *name)
{
    return bound(crt_system_bindings, name);
}

static void *time_function(const char *name)
{
    return bound(crt_time_bindings, name);
}

typedef void plain(void);
typedef int take_number(int);

static int call(plain *function)
{
    function();
    return 0;
}

static void ends_of_the_policy_are_results_of_the_run(void **state)
{
    (void)state;
    take_number *leave = system_function("exit"), *raise_signal = system_function("raise");
    assert_stops(&run, STOP_EXIT, leave(3));
    assert_int_equal(run.stop.code, 3);
    assert_stops(&run, STOP_ABORT, call(system_function("abort")));
    assert_stops(&run, STOP_ABORT, raise_signal(SIGABRT));
    assert_stops(&run, STOP_SIGNAL, raise_signal(SIGSEGV));
    assert_int_equal(run.stop.code, SIGSEGV);
}

static void a_failed_assertion_names_file_line_and_expression(void **state)
{
    (void)state;
    int (*assert_fails)(const char *, const char *, unsigned, const char *) =
        system_function("__assert_fail");
    int (*wide_assert_fails)(const wchar_t *, const wchar_t *, unsigned) =
        system_function("_wassert");
    assert_stops(&run, STOP_ASSERT, assert_fails("x > 0", "/some/where/host.cpp", 12, "f"));
    assert_string_equal(run.stop.text, "host.cpp:12: x > 0");
    assert_stops(&run, STOP_ASSERT, wide_assert_fails(L"y", L"c:\\src\\host.cpp", 7));
    assert_string_equal(run.stop.text, "host.cpp:7: y");
}

static void the_clock_is_virtual_and_begins_on_its_date(void **state)
{
    (void)state;
    time_t (*now)(time_t *) = time_function("time");
    int (*read_clock)(int, struct timespec *) = time_function("clock_gettime");
    struct timespec first, second;
    assert_int_equal(now(NULL), CLOCK_START_UNIX_S);
    assert_int_equal(read_clock(CLOCK_MONOTONIC, &first), 0);
    run.sim->now_ns += 3 * CLOCK_NS_PER_S;
    assert_int_equal(read_clock(CLOCK_MONOTONIC, &second), 0);
    assert_int_equal(second.tv_sec - first.tv_sec, 3);
    assert_int_equal(now(NULL), CLOCK_START_UNIX_S + 3);
    assert_int_equal(read_clock(12345, &second), -1);
    assert_int_equal(run.sim->thread->crt_errno, 22);
}

static void asking_for_the_time_takes_some(void **state)
{
    (void)state;
    clock_t (*ticks)(void) = time_function("clock");
    uint64_t before = run.sim->now_ns;
    ticks();
    assert_true(run.sim->now_ns > before);
    assert_int_equal(run.sim->counters[COUNTER_win32_calls], 1);
}

static void sleeping_advances_the_clock_at_once(void **state)
{
    (void)state;
    int (*sleep_for)(const struct timespec *, struct timespec *) = time_function("nanosleep");
    unsigned (*sleep_seconds)(unsigned) = time_function("sleep");
    assert_int_equal(sleep_for(&(struct timespec){1, 500}, NULL), 0);
    assert_int_equal(run.sim->now_ns, CLOCK_NS_PER_S + 500);
    assert_int_equal(sleep_seconds(2), 0);
    assert_int_equal(run.sim->now_ns, 3 * CLOCK_NS_PER_S + 500);
    assert_int_equal(sleep_for(&(struct timespec){0, -1}, NULL), -1);
    assert_int_equal(run.sim->now_ns, 3 * CLOCK_NS_PER_S + 500);
}

static void sleeping_beyond_the_clock_is_a_deadlock(void **state)
{
    (void)state;
    int (*sleep_for)(const struct timespec *, struct timespec *) = time_function("nanosleep");
    assert_stops(&run, STOP_DEADLOCK, sleep_for(&(struct timespec){INT64_MAX, 0}, NULL));
    assert_true(run.sim->now_ns < CLOCK_NS_PER_S); /* nothing was added */
}

static void dates_equal_those_of_libc_in_both_directions(void **state)
{
    (void)state;
    struct tm *(*date_of)(const time_t *, struct tm *) = time_function("gmtime_r");
    time_t (*seconds_of)(struct tm *) = time_function("mktime");
    struct rng draws = rng_keyed(4, RNG_PROPERTY_TEST, 0);
    for (int i = 0; i < 20000; i++) {
        int64_t days = (int64_t)rng_below(&draws, 2000000) - 700000; /* before Christ to 5500 */
        time_t moment = days * 86400 + (time_t)rng_below(&draws, 86400);
        struct tm expected, got;
        gmtime_r(&moment, &expected);
        assert_non_null(date_of(&moment, &got));
        assert_int_equal(got.tm_year, expected.tm_year);
        assert_int_equal(got.tm_mon, expected.tm_mon);
        assert_int_equal(got.tm_mday, expected.tm_mday);
        assert_int_equal(got.tm_hour, expected.tm_hour);
        assert_int_equal(got.tm_min, expected.tm_min);
        assert_int_equal(got.tm_sec, expected.tm_sec);
        assert_int_equal(got.tm_wday, expected.tm_wday);
        assert_int_equal(got.tm_yday, expected.tm_yday);
        assert_int_equal(seconds_of(&got), moment);
        int months = (int)rng_below(&draws, 60) - 30;
        expected.tm_mon += months; /* out of range: counts on */
        got.tm_mon += months;
        assert_int_equal(seconds_of(&got), timegm(&expected));
    }
}

static void dates_are_formatted_as_in_the_c_locale(void **state)
{
    (void)state;
    size_t (*format_date)(char *, size_t, const char *, const struct tm *) =
        time_function("strftime");
    static const char format[] = "%a %A %b %B %c %C %d %D %e %F %H %I %j %m %M %p %r %R %S %T %u "
                                 "%w %x %X %y %Y %z %% %h";
    for (time_t moment = 0; moment < 2000000000; moment += 12345678) {
        struct tm date;
        char expected[512], got[512];
        gmtime_r(&moment, &date);
        size_t length = strftime(expected, sizeof expected, format, &date);
        assert_int_equal(format_date(got, sizeof got, format, &date), length);
        assert_string_equal(got, expected);
        assert_int_equal(format_date(got, length, format, &date), 0);
    }
}

static void ctime_prints_the_line_everyone_knows(void **state)
{
    (void)state;
    char *(*line_of)(const time_t *) = time_function("ctime");
    time_t moment = (time_t)CLOCK_START_UNIX_S;
    assert_string_equal(line_of(&moment), "Mon Jan  1 00:00:00 2024\n");
}

static void chance_repeats_with_the_seed_and_differs_without(void **state)
{
    (void)state;
    int (*next)(void) = system_function("rand");
    uint32_t (*next_32)(void) = system_function("arc4random");
    int first = next(), second = next();
    uint32_t strong = next_32();
    assert_int_not_equal(first, second);
    crt_run_end(&run);
    crt_run_begin(&run, 1, false);
    assert_int_equal(next(), first);
    assert_int_equal(next(), second);
    assert_int_equal(next_32(), strong);
    crt_run_end(&run);
    crt_run_begin(&run, 2, false);
    assert_int_not_equal(next(), first);
    assert_int_not_equal(next_32(), strong);
}

static void srand_starts_the_same_sequence_in_every_run(void **state)
{
    (void)state;
    int (*next)(void) = system_function("rand");
    void (*seed)(unsigned) = system_function("srand");
    seed(7);
    int first = next(), second = next();
    seed(7);
    assert_int_equal(next(), first);
    crt_run_end(&run);
    crt_run_begin(&run, 99, false);
    seed(7);
    assert_int_equal(next(), first);
    assert_int_equal(next(), second);
    for (int i = 0; i < 1000; i++)
        assert_in_range(next(), 0, 0x7fffffff);
}

static void random_bytes_fill_exactly_what_was_asked(void **state)
{
    (void)state;
    int (*fill)(void *, size_t) = system_function("getentropy");
    char bytes[24] = {0};
    assert_int_equal(fill(bytes + 1, 13), 0);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[14], 0);
    bool any = false;
    for (int i = 1; i < 14; i++)
        any = any || bytes[i] != 0;
    assert_true(any);
    assert_int_equal(fill(bytes, 257), -1);
}

static void linear_congruential_numbers_are_those_of_posix(void **state)
{
    (void)state;
    void (*seed)(long) = system_function("srand48");
    long (*next)(void) = system_function("lrand48"),
         (*next_signed)(void) = system_function("mrand48");
    double (*next_real)(void) = system_function("drand48");
    seed(12);
    srand48(12);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(next(), lrand48());
        assert_int_equal(next_signed(), mrand48());
        assert_true(next_real() == drand48());
    }
}

static void the_system_is_the_simulated_one(void **state)
{
    (void)state;
    long (*ask)(int) = system_function("sysconf");
    char *(*variable)(const char *) = system_function("getenv");
    char *(*locale)(int, const char *) = system_function("setlocale");
    assert_int_equal(ask(_SC_PAGESIZE), 4096);
    assert_int_equal(ask(_SC_NPROCESSORS_ONLN), 2);
    assert_int_equal(ask(_SC_PHYS_PAGES), machine_config(run.machine)->ram_bytes / 4096);
    assert_int_equal(ask(-5), -1);
    assert_null(variable("PATH"));
    assert_string_equal(locale(0, ""), "C");
    assert_null(locale(0, "de_DE.UTF-8"));
}

static void a_loop_that_only_asks_for_the_time_runs_out_of_budget(void **state)
{
    (void)state;
    time_t (*now)(time_t *) = time_function("time");
    run.sim->max_calls_in_host_call = 1000;
    run.expects_stop = true;
    if (setjmp(run.stopped) == 0)
        for (;;)
            now(NULL);
    assert_int_equal(run.stop.kind, STOP_BUDGET);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ends_of_the_policy_are_results_of_the_run),
        CASE(a_failed_assertion_names_file_line_and_expression),
        CASE(the_clock_is_virtual_and_begins_on_its_date),
        CASE(asking_for_the_time_takes_some),
        CASE(sleeping_advances_the_clock_at_once),
        CASE(sleeping_beyond_the_clock_is_a_deadlock),
        CASE(dates_equal_those_of_libc_in_both_directions),
        CASE(dates_are_formatted_as_in_the_c_locale),
        CASE(ctime_prints_the_line_everyone_knows),
        CASE(chance_repeats_with_the_seed_and_differs_without),
        CASE(srand_starts_the_same_sequence_in_every_run),
        CASE(random_bytes_fill_exactly_what_was_asked),
        CASE(linear_congruential_numbers_are_those_of_posix),
        CASE(the_system_is_the_simulated_one),
        CASE(a_loop_that_only_asks_for_the_time_runs_out_of_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
