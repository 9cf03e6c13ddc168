/* The fault plan: what rules say, which calls they hit, how mistakes are explained. */
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include "core/fault.h"
#include "core/trace.h"

static struct fault_rule parsed(const char *text)
{
    struct fault_rule rule;
    char message[1024] = "";
    if (!fault_parse(text, &rule, message, sizeof message))
        fail_msg("%s: %s", text, message);
    return rule;
}

static void refuse(const char *text, const char *expected)
{
    struct fault_rule rule;
    char message[1024] = "";
    assert_false(fault_parse(text, &rule, message, sizeof message));
    if (!strstr(message, expected))
        fail_msg("'%s' was refused with '%s', expected '%s'", text, message, expected);
}

static void a_rule_is_read_with_all_its_parts(void **state)
{
    (void)state;
    struct fault_rule rule = parsed(
        "VirtualAlloc[commit,size>=64KiB,protect=PAGE_READWRITE]#106:ERROR_NOT_ENOUGH_MEMORY:x3");
    assert_int_equal(rule.call, EVENT_VirtualAlloc);
    assert_int_equal(rule.filter, FAULT_COMMIT);
    assert_int_equal(rule.size_min, 65536);
    assert_int_equal(rule.protect, 4);
    assert_int_equal(rule.nth, 106);
    assert_int_equal(rule.error, ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(rule.times, 3);
}

static void left_out_parts_take_their_usual_values(void **state)
{
    (void)state;
    assert_int_equal(parsed("VirtualAlloc[commit]#1").error, ST_COMMITMENT_LIMIT);
    assert_int_equal(parsed("VirtualAlloc[reserve]#1").error, ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(parsed("malloc").nth, 1);
    assert_int_equal(parsed("malloc#4").times, 1);
    assert_int_equal(parsed("malloc#4:once").times, 1);
    assert_int_equal(parsed("HeapAlloc#2:forever").times, UINT64_MAX);
    assert_int_equal(parsed("operator new#2:ENOMEM").error, ST_ENOMEM);
    assert_int_equal(parsed("VirtualAlloc#1:1455").error, ST_COMMITMENT_LIMIT);
    assert_int_equal(parsed("VirtualAlloc#1:COMMITMENT_LIMIT").error, ST_COMMITMENT_LIMIT);
}

static void mistakes_are_explained_with_what_is_legal(void **state)
{
    (void)state;
    refuse("", "expected CALL");
    refuse("VirtualAloc#1", "no such failure point");
    refuse("HeapFree#1", "no failure to inject");
    refuse("VirtualAlloc#0", "from 1");
    refuse("VirtualAlloc#", "from 1");
    refuse("VirtualAlloc[#1", "unknown filter");
    refuse("VirtualAlloc[]#1", "filter is missing");
    refuse("VirtualAlloc[commit#1", "unknown filter");
    refuse("VirtualAlloc[commit", "closing ']'");
    refuse("VirtualAlloc[size>=lots]#1", "not a size");
    refuse("VirtualAlloc[protect=PAGE_PINK]#1", "no such protection");
    refuse("VirtualAlloc#1:ERROR_NOT_LOCKED", "legal are: ERROR_COMMITMENT_LIMIT");
    refuse("VirtualAlloc#1:ERROR_NOT", "legal are");
    refuse("VirtualAlloc#1:x0", "legal are");
    refuse("VirtualAlloc#1:ERROR_COMMITMENT_LIMIT:sometimes", "once, xN or forever");
    refuse("VirtualAlloc#1:once:once", "cannot be read");
    refuse("VirtualAlloc#1 ", "cannot be read");
}

static void a_rule_formats_to_text_that_reads_back_equal(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "VirtualAlloc[commit,size>=65536,protect=PAGE_READWRITE]#106:ERROR_COMMITMENT_LIMIT:x3",
        "malloc#1:ENOMEM",
        "operator new#9:ENOMEM:forever",
        "VirtualAlloc[reserve]#2:ERROR_NOT_ENOUGH_MEMORY",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fault_rule rule = parsed(texts[i]);
        char text[256];
        fault_format(&rule, text, sizeof text);
        assert_string_equal(text, texts[i]);
    }
}

static void only_the_nth_match_and_its_followers_fail(void **state)
{
    (void)state;
    struct fault_plan plan = {.rules_count = 1};
    plan.rules[0] = parsed("VirtualAlloc[commit]#3:x2");
    struct call_traits commit = {.what = FAULT_COMMIT, .size = 4096};
    struct call_traits reserve = {.what = FAULT_RESERVE, .size = 4096};
    static const enum status expected[] = {ST_OK, ST_OK, ST_COMMITMENT_LIMIT, ST_COMMITMENT_LIMIT,
                                           ST_OK, ST_OK};
    uint32_t rule = 0;
    for (int i = 0; i < 6; i++) {
        /* calls that do not match change nothing */
        assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &reserve, &rule), ST_OK);
        assert_int_equal(fault_decide(&plan, EVENT_VirtualFree, &commit, &rule), ST_OK);
        assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &commit, &rule), expected[i]);
    }
    assert_int_equal(plan.injected, 2);
    assert_int_equal(plan.rules[0].matches, 6);
}

static void the_first_of_several_firing_rules_wins_and_all_count(void **state)
{
    (void)state;
    struct fault_plan plan = {.rules_count = 2};
    plan.rules[0] = parsed("VirtualAlloc#2:ERROR_NOT_ENOUGH_MEMORY");
    plan.rules[1] = parsed("VirtualAlloc#2:ERROR_COMMITMENT_LIMIT:x2");
    struct call_traits traits = {.what = FAULT_COMMIT, .size = 1};
    uint32_t rule = 9;
    assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &traits, &rule), ST_OK);
    assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &traits, &rule), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(rule, 0);
    assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &traits, &rule), ST_COMMITMENT_LIMIT);
    assert_int_equal(rule, 1);
    assert_int_equal(fault_decide(&plan, EVENT_VirtualAlloc, &traits, &rule), ST_OK);
}

static void every_failure_point_lists_its_usual_error_as_legal(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        const struct event_shape *shape = &event_shapes[i];
        if (shape->failure == ST_OK)
            continue;
        char text[128];
        snprintf(text, sizeof text, "%s#1:%s", shape->name,
                 status_name((enum status)shape->failure));
        parsed(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_read_with_all_its_parts),
        cmocka_unit_test(left_out_parts_take_their_usual_values),
        cmocka_unit_test(mistakes_are_explained_with_what_is_legal),
        cmocka_unit_test(a_rule_formats_to_text_that_reads_back_equal),
        cmocka_unit_test(only_the_nth_match_and_its_followers_fail),
        cmocka_unit_test(the_first_of_several_firing_rules_wins_and_all_count),
        cmocka_unit_test(every_failure_point_lists_its_usual_error_as_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
