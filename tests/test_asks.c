/* When the collector asks for the memory load because the scenario wants it: regularly, and behind
 * each change by pressure. */
#include "tests/workload_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/cli_run.h"

#define MS UINT64_C(1000000)

static void expect_times(const uint64_t *ms, unsigned count)
{
    assert_int_equal(fake.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fake.note_times[i], ms[i] * MS);
}
#define EXPECT_TIMES(...)                                                                          \
    do {                                                                                           \
        static const uint64_t times[] = {__VA_ARGS__};                                             \
        expect_times(times, sizeof times / sizeof *times);                                         \
    } while (0)

static void it_asks_at_its_times_while_the_program_does_anything(void **state)
{
    (void)state;
    fake.ask_load_ns = 10 * MS;
    struct step steps[] = {WAIT(15 * MS), RESERVE(0, 0x10000), WAIT(25 * MS)};
    perform(STEPS(steps));
    /* What is due at 40 ms comes before the end that is due then, as pressure does. */
    EXPECT("load", "reserve 0 10000 4 task", "load", "load", "load");
    EXPECT_TIMES(10, 15, 20, 30, 40);
}

static void a_late_machine_asks_once_and_not_for_all_it_missed(void **state)
{
    (void)state;
    fake.ask_load_ns = 10 * MS;
    fake.call_ns = 35 * MS;
    struct step body[] = {RESERVE(0, 0x10000)};
    struct step steps[] = {REPEAT(3, body)};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "load", "reserve 0 10000 4 task", "load",
           "reserve 0 10000 4 task", "load");
    EXPECT_TIMES(0, 35, 35, 70, 70, 105);
}

/* An answer that takes longer than the time between two: the program goes on all the same. */
static void slow_answers_do_not_starve_the_program(void **state)
{
    (void)state;
    fake.ask_load_ns = MS;
    fake.load_ns = 5 * MS;
    struct step body[] = {WAIT(2 * MS), RESERVE(0, 0x10000)};
    struct step steps[] = {REPEAT(20, body)};
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve"), 20);
    assert_in_range(notes_that_begin("load"), 15, 45);
}

static void it_asks_behind_each_change_and_before_the_program(void **state)
{
    (void)state;
    fake.ask_after_pressure = true;
    struct pressure p[] = {{.at_ns = 10 * MS, .bytes = 0x3000, .over_ns = 3 * MS},
                           {.at_ns = 12 * MS,
                            .bytes = 0x1000,
                            .shape = PRESSURE_SQUARE,
                            .period_ns = 10 * MS,
                            .duty_percent = 20,
                            .times = 2}};
    struct step steps[] = {WAIT(12 * MS), RESERVE(0, 0x10000), WAIT(100 * MS)};
    perform_under(STEPS(steps), p, 2);
    EXPECT("take 1000 of memory in 0", "load", /* */
           "take 1000 of memory in 0", "take 1000 of memory in 0", "load",
           "reserve 0 10000 4 task", /* */
           "take 1000 of memory in 0", "load", "give back 1000 of memory in 0", "load",
           "take 1000 of memory in 0", "load", "give back 1000 of memory in 0", "load");
    EXPECT_TIMES(11, 11, 12, 12, 12, 12, 13, 13, 14, 14, 22, 22, 24, 24);
}

static void changes_that_a_late_machine_makes_together_are_asked_for_in_between(void **state)
{
    (void)state;
    fake.ask_after_pressure = true;
    fake.call_ns = 50 * MS;
    struct pressure p[] = {{.at_ns = 10 * MS, .bytes = 0x3000, .over_ns = 3 * MS}};
    struct step steps[] = {RESERVE(0, 0x10000), RESERVE(1, 0x10000)};
    perform_under(STEPS(steps), p, 1);
    EXPECT("reserve 0 10000 4 task", /* */
           "take 1000 of memory in 0", "load", "take 1000 of memory in 0", "load",
           "take 1000 of memory in 0", "load", /* */
           "reserve 0 10000 4 task");
}

static void it_asks_on_its_own_thread_beside_those_of_the_program(void **state)
{
    (void)state;
    fake.ask_load_ns = 10 * MS;
    fake.ask_after_pressure = true;
    fake.call_ns = 25 * MS;
    struct pressure p[] = {{.at_ns = 33 * MS, .bytes = 0x1000}};
    struct step body[] = {RESERVE(0, 0x1000)};
    struct step steps[] = {{.kind = STEP_TOGETHER, .threads = 2, .steps = body, .steps_count = 1},
                           {.kind = STEP_TOGETHER, .threads = 2, .steps = body, .steps_count = 1}};
    perform_under(STEPS(steps), p, 1);
    assert_int_equal(notes_that_begin("reserve"), 4);
    unsigned at_change = 0;
    for (unsigned i = 0; i < fake.count; i++) {
        bool load = strcmp(fake.notes[i], "load") == 0;
        assert_true(!load || fake.note_threads[i] == 0);
        at_change += load && fake.note_times[i] == 33 * MS;
    }
    assert_int_equal(at_change, 1);
    assert_in_range(notes_that_begin("load"), 5, 6); /* 10 .. 50 ms, and at 33 */
}

/* ---- as a user sees it ---- */

static void threads_that_wait_for_each_other_are_a_deadlock_all_the_same(void **state)
{
    (void)state;
    static const char text[] = "name: both\n"
                               "clr: {ask-load: 10ms, ask-load-after-pressure: yes}\n"
                               "pressure:\n"
                               "  - {at: 0, take: 8MiB}\n"
                               "  - {at: 1ms, wave: square, take: 1MiB, period: 100ms}\n"
                               "workload:\n"
                               "  - together:\n"
                               "      - VirtualAlloc: {size: 64KiB, type: MEM_RESERVE|MEM_COMMIT}\n"
                               "    threads: 2\n";
    write_file(cli_path("asks.yaml"), text, sizeof text - 1);
    cli("run %s --policy tests/policies/threads/clr/waits-for-memory.c --set machine.ram=64MiB "
        "--set machine.low-memory=1MiB --set machine.high-memory=64MiB --max-events 1000000",
        cli_path("asks.yaml"));
    expect_exit(4);
    expect_err("deadlock");
}

/* The host's thread makes the scheduler's turns of the program's; the program's has no other. */
static void a_host_with_a_thread_is_asked_as_often_as_one_without(void **state)
{
    (void)state;
    static const char text[] = "name: asks\n"
                               "clr: {ask-load: 10ms, ask-load-after-pressure: yes}\n"
                               "pressure: [{at: 15ms, wave: square, take: 1MiB, period: 100ms}]\n"
                               "workload:\n"
                               "  - phase: one\n"
                               "    for: 1s\n"
                               "    allocate: {rate: 300/s}\n"
                               "expect: [load-answers: 118..120]\n"; /* 99 and 20 */
    write_file(cli_path("asks.yaml"), text, sizeof text - 1);
    cli("run %s --policy monitor --policy passthrough", cli_path("asks.yaml"));
    expect_exit(0);
}

static void the_same_seed_asks_at_the_same_times(void **state)
{
    (void)state;
    static const char text[] =
        "name: asks\n"
        "machine: {ram: 256MiB}\n"
        "clr: {ask-load: 7ms, ask-load-after-pressure: yes}\n"
        "pressure: [{at: 1ms, wave: sawtooth, take: 200MiB, period: 100ms}]\n"
        "workload:\n"
        "  - phase: four\n"
        "    threads: 4\n"
        "    for: 500ms\n"
        "    allocate: {by: segment, rate: 1000/s, lifetime: 20ms, touch: 100%}\n"
        "expect: [load-answers: \">= 71\", load-under-peak-percent: 0]\n";
    write_file(cli_path("asks.yaml"), text, sizeof text - 1);
    cli("run %s --policy watermark --trace %s", cli_path("asks.yaml"), cli_path("asks.lwr"));
    expect_exit(0);
    cli("replay %s", cli_path("asks.lwr"));
    expect_exit(0);
    expect_out("identical");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_asks_at_its_times_while_the_program_does_anything),
        TEST(a_late_machine_asks_once_and_not_for_all_it_missed),
        TEST(slow_answers_do_not_starve_the_program),
        TEST(it_asks_behind_each_change_and_before_the_program),
        TEST(changes_that_a_late_machine_makes_together_are_asked_for_in_between),
        TEST(it_asks_on_its_own_thread_beside_those_of_the_program),
        cmocka_unit_test(threads_that_wait_for_each_other_are_a_deadlock_all_the_same),
        cmocka_unit_test(a_host_with_a_thread_is_asked_as_often_as_one_without),
        cmocka_unit_test(the_same_seed_asks_at_the_same_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
