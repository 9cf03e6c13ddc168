/* Expectations: what makes a run a finding, and what is told about it. The plan is a small
 * recording with expectations put in by hand, so that nothing here depends on the language. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/report.h"
#include "harness/run.h"

#define KIB(n) ((uint64_t)(n) << 10)

static struct scenario *plan;
static struct run_result *result;
static struct fault_rule faults[1];
static struct run_words words;
static struct run_spec spec;
static char policy_path[512], policy_name[64];

static int set_up(void **state)
{
    (void)state;
    bool usage;
    enum input_result read =
        scenario_of_recording(small_recording(), NULL, 0, stderr, &usage, &plan);
    assert_int_equal(read, INPUT_OK);
    result = run_result_create();
    assert_non_null(result);
    words = (struct run_words){.settings_count = 0};
    spec = (struct run_spec){.scenario = "small",
                             .plan = plan,
                             .words = &words,
                             .policy = policy_name,
                             .policy_path = policy_path,
                             .seed = 1,
                             .faults = faults,
                             .digest = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    plan->expectations = NULL;
    plan->expectations_count = 0;
    scenario_free(plan);
    run_result_destroy(result);
    return 0;
}

static void expecting(struct expectation *expectations, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        expectations[i].line = 10 + i;
    plan->expectations = expectations;
    plan->expectations_count = count;
}

/* A bundled policy, or a defective one. */
static void run_with(const char *policy)
{
    if (strcmp(policy, "null-deref") == 0) {
        snprintf(policy_path, sizeof policy_path, "%s", cli_path("null-deref.so"));
        cli("cc -o %s tests/policies/defective/null-deref.c", policy_path);
        expect_exit(0);
    } else {
        snprintf(policy_path, sizeof policy_path, "%s/policies/%s.so", TEST_BUILD_DIR, policy);
    }
    snprintf(policy_name, sizeof policy_name, "%s", policy);
    memset(result, 0, sizeof *result);
    run_execute(&spec, result);
}

static void injecting(const char *text)
{
    char message[512];
    assert_true(fault_parse(text, &faults[0], message, sizeof message));
    spec.faults_count = 1;
}

/* ---- what holds ---- */

static void a_run_whose_expectations_hold_is_ok(void **state)
{
    (void)state;
    struct expectation expectations[] = {
        {.kind = EXPECT_COUNTER,
         .counter = COUNTER_commit_peak_bytes,
         .comparison = {COMPARE_AT_MOST, KIB(1 << 20), 0},
         .text = "peak-commit <= 1GiB"},
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_AT_LEAST, 100, 0},
         .text = "served >= 100%"},
        {.kind = EXPECT_PROCESS_EXITS,
         .comparison = {COMPARE_EQUAL, 0, 0},
         .text = "process-exits == 0"},
        {.kind = EXPECT_INJECTED, .comparison = {COMPARE_EQUAL, 0, 0}, .text = "injected == 0"},
        {.kind = EXPECT_OUTCOME, .outcome = OUTCOME_OK, .text = "outcome ok"},
    };
    expecting(expectations, 5);
    run_with("passthrough");
    assert_int_equal(result->outcome, OUTCOME_OK);
    assert_int_equal(result->ended, OUTCOME_OK);
    assert_int_equal(result->broken_count, 0);
}

static void expectations_change_no_record_of_the_run(void **state)
{
    (void)state;
    uint8_t digest[16];
    run_with("quota");
    memcpy(digest, result->digest, sizeof digest);
    struct expectation expectations[] = {{.kind = EXPECT_COUNTER,
                                          .counter = COUNTER_touches,
                                          .comparison = {COMPARE_AT_MOST, 3, 0},
                                          .text = "touches <= 3"}};
    expecting(expectations, 1);
    run_with("quota");
    assert_int_equal(result->outcome, OUTCOME_FINDING);
    assert_memory_equal(result->digest, digest, sizeof digest);
}

/* ---- what does not ---- */

static void a_passed_upper_bound_names_the_event_that_passed_it(void **state)
{
    (void)state;
    struct expectation expectations[] = {{.kind = EXPECT_COUNTER,
                                          .counter = COUNTER_commit_peak_bytes,
                                          .comparison = {COMPARE_AT_MOST, KIB(256), 0},
                                          .path = "expect[0].peak-commit",
                                          .text = "peak-commit <= 256KiB"}};
    expecting(expectations, 1);
    run_with("passthrough");
    assert_int_equal(result->outcome, OUTCOME_FINDING);
    assert_int_equal(result->broken_count, 1);
    const struct broken *broken = &result->broken[0];
    assert_true(broken->has_event);
    assert_in_range(broken->event, 1, result->events / 2);
    assert_in_range(broken->virtual_ns, 1, result->virtual_ns);
    assert_string_equal(broken->promise, "peak-commit <= 256KiB");
    assert_string_equal(broken->expected, "<= 256KiB");
    assert_string_equal(broken->path, "expect[0].peak-commit");
    assert_int_equal(broken->line, 10);
    assert_non_null(strstr(broken->got, "MiB"));     /* of the whole run, not of that moment */
    assert_true(result->broken_stack_frames[0] > 0); /* the policy that committed */
}

static void a_lower_bound_is_known_at_the_end_only(void **state)
{
    (void)state;
    struct expectation expectations[] = {
        {.kind = EXPECT_COUNTER,
         .counter = COUNTER_low_notifications,
         .comparison = {COMPARE_AT_LEAST, 1, 0},
         .text = "low-notifications >= 1"},
        {.kind = EXPECT_COUNTER,
         .counter = COUNTER_commit_bytes,
         .comparison = {COMPARE_EQUAL, 0, 0},
         .text = "commit == 0"},
    };
    expecting(expectations, 2);
    run_with("passthrough");
    assert_int_equal(result->broken_count, 2);
    assert_false(result->broken[0].has_event);
    assert_string_equal(result->broken[0].got, "0");
    assert_false(result->broken[1].has_event); /* a counter that also falls */
}

static void the_failure_injected_before_it_is_told(void **state)
{
    (void)state;
    struct expectation expectations[] = {
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_AT_LEAST, 100, 0},
         .text = "served >= 100%"},
        {.kind = EXPECT_INJECTED, .comparison = {COMPARE_EQUAL, 0, 0}, .text = "injected == 0"},
        {.kind = EXPECT_RULE_INJECTED,
         .comparison = {COMPARE_AT_LEAST, 2, 0},
         .text = "faults[0] >= 2"},
    };
    char text[FAULT_TEXT_BYTES];
    expecting(expectations, 3);
    injecting("VirtualAlloc[commit]#7");
    run_with("passthrough");
    assert_int_equal(result->broken_count, 3);
    struct report_run run = {.spec = spec, .result = result};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(result->broken[i].injections, 1);
        assert_string_equal(injection_text(&run, &result->broken[i].last, text, sizeof text),
                            "VirtualAlloc[commit]#7:ERROR_COMMITMENT_LIMIT");
    }
    assert_false(result->broken[0].has_event);
    assert_true(result->broken[1].has_event);
    assert_int_equal(result->broken[1].event, result->broken[1].last.event);
    assert_string_equal(result->broken[2].got, "1");
    assert_non_null(strstr(result->broken[0].got, "99."));
}

static void a_share_is_compared_before_it_is_rounded(void **state)
{
    (void)state;
    /* one of some 400 is refused: 99.7 %, which is not 100 % */
    struct expectation expectations[] = {
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_AT_LEAST, 99, 0},
         .text = "served >= 99%"},
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_LESS, 100, 0},
         .text = "served < 100%"},
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_EQUAL, 100, 0},
         .text = "served == 100%"},
        {.kind = EXPECT_SHARE_SERVED,
         .comparison = {COMPARE_AT_MOST, 99, 0},
         .text = "served <= 99%"},
    };
    expecting(expectations, 4);
    injecting("VirtualAlloc[commit]#7");
    run_with("passthrough");
    assert_int_equal(result->broken_count, 2);
    assert_string_equal(result->broken[0].promise, "served == 100%");
    assert_string_equal(result->broken[1].promise, "served <= 99%");
}

static void numbers_of_the_run_are_compared_with_each_other(void **state)
{
    (void)state;
    struct expectation expectations[] = {{.kind = EXPECT_COUNTER,
                                          .counter = COUNTER_vtable_refusals,
                                          .comparison = {COMPARE_EQUAL, 0, 0},
                                          .has_other = true,
                                          .other_kind = EXPECT_INJECTED,
                                          .text = "vtable-refusals == injected"},
                                         {.kind = EXPECT_INJECTED,
                                          .comparison = {COMPARE_AT_LEAST, 0, 0},
                                          .has_other = true,
                                          .other_kind = EXPECT_COUNTER,
                                          .other = COUNTER_vtable_calls,
                                          .text = "injected >= vtable-calls"},
                                         {.kind = EXPECT_COUNTER,
                                          .counter = COUNTER_commit_peak_bytes,
                                          .comparison = {COMPARE_MORE, 0, 0},
                                          .has_other = true,
                                          .other_kind = EXPECT_COUNTER,
                                          .other = COUNTER_commit_peak_bytes,
                                          .text = "peak-commit > peak-commit"}};
    expecting(expectations, 3);
    injecting("VirtualAlloc[commit]#2");
    run_with("passthrough");
    assert_int_equal(result->broken_count, 2);
    assert_int_equal(result->broken[0].line, 11);
    assert_non_null(strstr(result->broken[0].got, "1, and the other is "));
    assert_string_equal(result->broken[1].expected, "> peak-commit");
    assert_non_null(strstr(result->broken[1].got, " bytes), and the other is "));
}

/* ---- notifications ---- */

static void who_was_told_nothing_was_not_told_low(void **state)
{
    (void)state;
    struct expectation expectations[] = {{.kind = EXPECT_LAST_NOTICE,
                                          .notices = 1u << NOTICE_NEUTRAL | 1u << NOTICE_NONE,
                                          .text = "last-notification neutral or none"},
                                         {.kind = EXPECT_LAST_NOTICE,
                                          .notices = 1u << NOTICE_NEUTRAL,
                                          .text = "last-notification neutral"}};
    expecting(expectations, 2);
    run_with("passthrough");
    assert_int_equal(result->broken_count, 1);
    assert_int_equal(result->broken[0].line, 11);
    assert_string_equal(result->broken[0].expected, "neutral");
    assert_string_equal(result->broken[0].got, "none");
}

/* ---- ends ---- */

static void an_expected_crash_is_a_run_that_held(void **state)
{
    (void)state;
    struct expectation crash[] = {
        {.kind = EXPECT_OUTCOME, .outcome = OUTCOME_CRASH, .text = "outcome crash"}};
    expecting(crash, 1);
    run_with("null-deref");
    assert_int_equal(result->outcome, OUTCOME_OK);
    assert_int_equal(result->ended, OUTCOME_CRASH);
    struct expectation exits[] = {{.kind = EXPECT_PROCESS_EXITS,
                                   .comparison = {COMPARE_EQUAL, 1, 0},
                                   .text = "process-exits == 1"},
                                  {.kind = EXPECT_COUNTER,
                                   .counter = COUNTER_vtable_calls,
                                   .comparison = {COMPARE_EQUAL, 0, 0},
                                   .text = "vtable-calls == 0"}};
    expecting(exits, 2);
    run_with("null-deref");
    assert_int_equal(result->ended, OUTCOME_CRASH);
    assert_int_equal(result->outcome, OUTCOME_FINDING); /* the other one was broken all the same */
    assert_int_equal(result->broken_count, 1);
}

static void a_crash_that_nobody_expected_stays_a_crash(void **state)
{
    (void)state;
    struct expectation expectations[] = {{.kind = EXPECT_PROCESS_EXITS,
                                          .comparison = {COMPARE_EQUAL, 0, 0},
                                          .text = "process-exits == 0"}};
    expecting(expectations, 1);
    run_with("null-deref");
    assert_int_equal(result->outcome, OUTCOME_CRASH);
}

static void an_expected_crash_that_stays_away_is_a_finding(void **state)
{
    (void)state;
    struct expectation expectations[] = {
        {.kind = EXPECT_OUTCOME, .outcome = OUTCOME_CRASH, .text = "outcome crash"},
        {.kind = EXPECT_PROCESS_EXITS,
         .comparison = {COMPARE_AT_LEAST, 1, 0},
         .text = "process-exits >= 1"}};
    expecting(expectations, 2);
    run_with("passthrough");
    assert_int_equal(result->outcome, OUTCOME_FINDING);
    assert_int_equal(result->broken_count, 2);
    assert_string_equal(result->broken[0].got, "ok");
}

static void an_endless_loop_can_be_what_is_expected(void **state)
{
    (void)state;
    struct expectation expectations[] = {
        {.kind = EXPECT_OUTCOME, .outcome = OUTCOME_NO_PROGRESS, .text = "outcome no-progress"}};
    expecting(expectations, 1);
    spec.max_events = 500; /* the run has more */
    run_with("passthrough");
    assert_int_equal(result->ended, OUTCOME_NO_PROGRESS);
    assert_int_equal(result->outcome, OUTCOME_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_whose_expectations_hold_is_ok, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expectations_change_no_record_of_the_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_passed_upper_bound_names_the_event_that_passed_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lower_bound_is_known_at_the_end_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_failure_injected_before_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_share_is_compared_before_it_is_rounded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_of_the_run_are_compared_with_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_was_told_nothing_was_not_told_low, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expected_crash_is_a_run_that_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_that_nobody_expected_stays_a_crash, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_expected_crash_that_stays_away_is_a_finding, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_endless_loop_can_be_what_is_expected, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("expect", tests, NULL, NULL);
}
