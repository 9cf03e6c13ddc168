/* What a host says about memory against what there is: differences in counters and records,
 * findings for what cannot be. */
#include "tests/workload_support.h"

#include <stdio.h>
#include <string.h>
#include "core/sim.h"

#define MIB (UINT64_C(1) << 20)
#define RAM (1000 * MIB)

static char found[4][160];
static enum finding_kind found_kinds[4];
static unsigned found_count;

static void on_finding(struct sim *sim, enum finding_kind kind, const char *text)
{
    (void)sim;
    assert_true(found_count < 4);
    found_kinds[found_count] = kind;
    snprintf(found[found_count++], sizeof found[0], "%s", text);
}

static void truth_is(uint32_t load, uint64_t available)
{
    fake.truth = fake.truth_then = (struct memory_truth){load, available, RAM};
}

static uint64_t ask(uint32_t load, uint64_t available)
{
    uint32_t got_load;
    uint64_t got_available;
    fake.knows_truth = true;
    found_count = 0;
    fake.load = load;
    fake.available = available;
    struct clr *clr = fake.clr ? fake.clr : fake_start();
    fake.sim->on_finding = on_finding;
    uint64_t records = trace_count(&fake.sim->trace);
    host_get_memory_load(clr, &got_load, &got_available);
    assert_int_equal(got_load, fake.no_load ? 0 : load);
    assert_int_equal(got_available, fake.no_available ? 0 : available);
    return trace_count(&fake.sim->trace) - records - 1; /* besides the call's own */
}

static void expect_peaks(uint64_t under, uint64_t over, uint64_t available_over,
                         uint64_t available_under)
{
    assert_int_equal(counter(COUNTER_load_under_peak_percent), under);
    assert_int_equal(counter(COUNTER_load_over_peak_percent), over);
    assert_int_equal(counter(COUNTER_available_over_peak_bytes), available_over);
    assert_int_equal(counter(COUNTER_available_under_peak_bytes), available_under);
}

static void the_truth_makes_no_difference_and_no_record(void **state)
{
    (void)state;
    truth_is(90, 100 * MIB);
    assert_int_equal(ask(90, 100 * MIB), 0);
    assert_int_equal(counter(COUNTER_load_answers), 1);
    expect_peaks(0, 0, 0, 0);
    assert_int_equal(found_count, 0);
}

static void what_is_better_than_the_truth_has_a_record(void **state)
{
    (void)state;
    truth_is(90, 100 * MIB);
    assert_int_equal(ask(80, 150 * MIB), 1);
    assert_int_equal(ask(85, 100 * MIB), 1);
    assert_int_equal(ask(90, 100 * MIB + 1), 1);
    expect_peaks(10, 0, 50 * MIB, 0); /* the most */
    assert_int_equal(counter(COUNTER_load_answers), 3);
}

static void a_cautious_answer_is_counted_and_nothing_else(void **state)
{
    (void)state;
    truth_is(20, 800 * MIB);
    assert_int_equal(ask(75, 250 * MIB), 0);
    assert_int_equal(ask(60, 300 * MIB), 0);
    expect_peaks(0, 55, 0, 550 * MIB);
    assert_int_equal(found_count, 0);
}

/* The machine moves while the host computes. */
static void any_answer_between_beginning_and_end_is_right(void **state)
{
    (void)state;
    static const uint32_t loads[] = {70, 80, 90};
    for (int backwards = 0; backwards < 2; backwards++) {
        for (size_t i = 0; i < 3; i++) {
            struct memory_truth early = {70, 300 * MIB, RAM}, late = {90, 100 * MIB, RAM};
            fake.truth = backwards ? late : early;
            fake.truth_then = backwards ? early : late;
            assert_int_equal(ask(loads[i], (1000 - 10 * loads[i]) * MIB), 0);
        }
    }
    expect_peaks(0, 0, 0, 0);
    fake.truth = (struct memory_truth){70, 300 * MIB, RAM};
    fake.truth_then = (struct memory_truth){90, 100 * MIB, RAM};
    assert_int_equal(ask(69, 301 * MIB), 1);
    fake.truth = (struct memory_truth){70, 300 * MIB, RAM};
    ask(91, 99 * MIB);
    expect_peaks(1, 1, MIB, MIB);
}

/* Others run while the host computes: what it was told in between was true then. */
static void what_the_machine_told_during_the_call_is_right_as_well(void **state)
{
    (void)state;
    truth_is(100, 0);
    fake.tells = (struct memory_truth){95, 50 * MIB, RAM};
    assert_int_equal(ask(95, 50 * MIB), 0);
    assert_int_equal(ask(97, 20 * MIB), 0);
    expect_peaks(0, 0, 0, 0);
    assert_int_equal(ask(94, 51 * MIB), 1);
    expect_peaks(1, 0, MIB, 0);
    fake.tells = (struct memory_truth){0}; /* what was told in an earlier call does not count */
    assert_int_equal(ask(95, 50 * MIB), 1);
    expect_peaks(5, 0, 50 * MIB, 0);
}

static void what_cannot_be_is_found_by_its_kind(void **state)
{
    (void)state;
    truth_is(50, 500 * MIB);
    ask(101, 500 * MIB);
    assert_int_equal(found_count, 1);
    assert_int_equal(found_kinds[0], FINDING_LOAD);
    assert_string_equal(found[0], "a load above 100%: 101%");
    ask(50, RAM + 1);
    assert_int_equal(found_count, 1);
    assert_int_equal(found_kinds[0], FINDING_AVAILABLE);
    assert_string_equal(found[0], "more available than there is memory: 1048576001 bytes of "
                                  "1048576000");
    ask(100, RAM);
    assert_int_equal(found_count, 0);
}

static void results_that_were_not_written_are_found_and_not_compared(void **state)
{
    (void)state;
    truth_is(50, 500 * MIB);
    fake.no_load = true;
    ask(50, 500 * MIB);
    assert_int_equal(found_count, 1);
    assert_string_equal(found[0], "S_OK, and *pMemoryLoad was not written");
    fake.no_available = true;
    ask(50, 500 * MIB);
    assert_int_equal(found_count, 2);
    assert_string_equal(found[1], "S_OK, and *pAvailableBytes was not written");
    assert_int_equal(found_kinds[1], FINDING_LOAD);
    expect_peaks(0, 0, 0, 0);
}

static void a_refusal_need_not_write_and_is_no_answer(void **state)
{
    (void)state;
    truth_is(50, 500 * MIB);
    fake.load_refused = fake.no_load = fake.no_available = true;
    assert_int_equal(ask(99, 1), 0);
    assert_int_equal(found_count, 0);
    assert_int_equal(counter(COUNTER_load_answers), 0);
    fake.no_load = fake.no_available = false;
    assert_int_equal(ask(199, 2 * RAM), 0);
    assert_int_equal(found_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_truth_makes_no_difference_and_no_record),
        TEST(what_is_better_than_the_truth_has_a_record),
        TEST(a_cautious_answer_is_counted_and_nothing_else),
        TEST(any_answer_between_beginning_and_end_is_right),
        TEST(what_the_machine_told_during_the_call_is_right_as_well),
        TEST(what_cannot_be_is_found_by_its_kind),
        TEST(results_that_were_not_written_are_found_and_not_compared),
        TEST(a_refusal_need_not_write_and_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
