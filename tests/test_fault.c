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
    refuse("VirtualAlloc#1:x0", "xN or forever, not: x0");
    refuse("VirtualAlloc#1:ERROR_COMMITMENT_LIMIT:sometimes", "once, xN or forever");
    refuse("VirtualAlloc#1:once:once", "cannot be read");
    refuse("VirtualAlloc#1 ", "cannot be read");
    refuse("VirtualAlloc[size<=0]#1", "not a size");
    refuse("VirtualAlloc[flags=MEM_PINK]#1", "no such flag");
    refuse("VirtualAlloc[flags=MEM_TOP_DOWN|]#1", "no such flag");
    refuse("VirtualAlloc[criticality=eternal]#1", "not task, app-domain or process: eternal");
    refuse("VirtualAlloc[load]#1", "not a comparison");
    refuse("VirtualAlloc[load=20..10]#1", "not a comparison");
    refuse("VirtualAlloc[load>90MiB]#1", "not a comparison");
    refuse("VirtualAlloc[from=5]#1", "not a time");
    refuse("VirtualAlloc[until=0]#1", "not a time");
    refuse("VirtualAlloc[caller=Pool<int]#1", "closing ']'");
    refuse("VirtualAlloc[caller=]#1", "not the name of a function");
    refuse("VirtualAlloc#%0", "from 1");
    refuse("VirtualAlloc#2/1", "ratio such as 1/50");
    refuse("VirtualAlloc#1:delay=0", "not a time (5ms)");
    refuse("VirtualAlloc#1:delay=soon", "not a time (5ms)");
}

static void a_filter_that_can_never_hold_is_refused_with_its_reason(void **state)
{
    (void)state;
    refuse("HeapAlloc[commit]#1", "HeapAlloc neither reserves, commits nor resets");
    refuse("VirtualAlloc[decommit]#1", "VirtualAlloc neither decommits nor releases");
    refuse("VirtualQuery[size>=1]#1", "VirtualQuery has no size");
    refuse("malloc[protect=PAGE_READWRITE]#1", "malloc has no protection");
    refuse("malloc[flags=0x1]#1", "malloc has no flags");
    refuse("malloc[size>=2,size<=1]#1", "there is none");
    refuse("malloc[from=2ms,until=2ms]#1", "there is none");
    parsed("HeapReAlloc[flags=HEAP_REALLOC_IN_PLACE_ONLY,size>=1]#1");
    parsed("GetWriteWatch[size>=1]#1");
    parsed("calloc[size>=1]#1");
    parsed("operator new[size>=1]#1");
}

static void names_of_other_forms_are_found_and_others_are_not(void **state)
{
    (void)state;
    assert_int_equal(fault_find_call("operator new"), EVENT_operator_new);
    assert_int_equal(fault_find_call("operator_new"), EVENT_operator_new);
    assert_int_equal(fault_find_call("operator"), EVENT_KINDS);
    assert_int_equal(fault_find_filter("reset"), FAULT_RESET);
    assert_int_equal(fault_find_filter("Reset"), 0);
    assert_int_equal(fault_find_protection("EXECUTE_READ"), 0x20);
    assert_int_equal(fault_find_protection("PAGE_EXECUTE_READ"), 0x20);
    assert_int_equal(fault_find_protection("EXECUTE_"), 0);
    assert_int_equal(fault_find_flag("MEM_TOP_DOWN"), 0x100000);
    assert_int_equal(fault_find_flag("TOP_DOWN"), 0);
    assert_true(fault_error_legal(EVENT_VirtualAlloc, ST_COMMITMENT_LIMIT));
    assert_false(fault_error_legal(EVENT_VirtualAlloc, ST_NOT_LOCKED));
    assert_int_equal(fault_usual_error(EVENT_VirtualAlloc, FAULT_RESERVE), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(fault_usual_error(EVENT_VirtualAlloc, FAULT_RESERVE | FAULT_COMMIT),
                     ST_COMMITMENT_LIMIT);
}

static void a_rule_formats_to_text_that_reads_back_equal(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "VirtualAlloc[commit,size>=65536,protect=PAGE_READWRITE]#106:ERROR_COMMITMENT_LIMIT:x3",
        "malloc#1:ENOMEM",
        "operator new#9:ENOMEM:forever",
        "VirtualAlloc[reserve]#2:ERROR_NOT_ENOUGH_MEMORY",
        "VirtualAlloc[size>=4096,size<=65536,protect=PAGE_READWRITE|PAGE_GUARD]#1:"
        "ERROR_COMMITMENT_LIMIT",
        "VirtualAlloc[flags=MEM_TOP_DOWN|MEM_WRITE_WATCH]#%10:ERROR_COMMITMENT_LIMIT",
        "VirtualFree[decommit,release,flags=HEAP_REALLOC_IN_PLACE_ONLY|0x20]#1:ERROR_INVALID_"
        "ADDRESS",
        "HeapAlloc[flags=HEAP_ZERO_MEMORY,criticality=task|process]#1/50:ERROR_NOT_ENOUGH_MEMORY",
        "malloc[load>90,from=20ms,until=21500us]#1:delay=5ms",
        "malloc[load=10..20,caller=Arena::VirtualAlloc]#%3:ENOMEM:delay=7ns:x2",
        "malloc#%3:ENOMEM:once",
        "malloc[size>=1,caller=Pool<int, 4>::operator[]]#1:ENOMEM",
        "malloc[caller=(anonymous class)::operator()(int, int)]#2:ENOMEM",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fault_rule rule = parsed(texts[i]);
        char text[256];
        fault_format(&rule, text, sizeof text);
        assert_string_equal(text, texts[i]);
    }
}

static const struct fault_world nowhere = {.level = -1};

static enum status decide(struct fault_plan *plan, uint16_t call, const struct call_traits *traits)
{
    bool fired;
    uint64_t delay_ns = 0;
    return fault_decide(plan, call, traits, &nowhere, &fired, &delay_ns);
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
    for (int i = 0; i < 6; i++) {
        /* calls that do not match change nothing */
        assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &reserve), ST_OK);
        assert_int_equal(decide(&plan, EVENT_VirtualFree, &commit), ST_OK);
        assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &commit), expected[i]);
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
    assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &traits), ST_OK);
    assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &traits), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(plan.last_rule, 0);
    assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &traits), ST_COMMITMENT_LIMIT);
    assert_int_equal(plan.last_rule, 1);
    assert_int_equal(decide(&plan, EVENT_VirtualAlloc, &traits), ST_OK);
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
        cmocka_unit_test(a_filter_that_can_never_hold_is_refused_with_its_reason),
        cmocka_unit_test(names_of_other_forms_are_found_and_others_are_not),
        cmocka_unit_test(a_rule_formats_to_text_that_reads_back_equal),
        cmocka_unit_test(only_the_nth_match_and_its_followers_fail),
        cmocka_unit_test(the_first_of_several_firing_rules_wins_and_all_count),
        cmocka_unit_test(every_failure_point_lists_its_usual_error_as_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
