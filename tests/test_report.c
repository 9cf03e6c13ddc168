/* Reports of runs that are made up here: what a person reads keeps to 80 columns and loses no
 * name, what programs read is well formed whatever stands in a name. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/report.h"

#define RUNS_MAX 64

static struct scenario plans[RUNS_MAX];
static struct run_words words;
static struct report_run runs[RUNS_MAX];
static uint32_t count;

static int forget_runs(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < count; i++)
        run_result_destroy(runs[i].result);
    count = 0;
    words = (struct run_words){.settings_count = 0};
    return 0;
}

/* A run of the number-th scenario. */
static struct run_result *add_run(unsigned number, const char *scenario, const char *policy,
                                  enum outcome outcome)
{
    struct run_result *result = run_result_create();
    assert_non_null(result);
    assert_true(count < RUNS_MAX && number < RUNS_MAX);
    plans[number] = (struct scenario){.name = scenario};
    snprintf(plans[number].path, sizeof plans[number].path, "scenarios/%.400s.yaml", scenario);
    runs[count++] = (struct report_run){.spec = {.scenario = scenario,
                                                 .plan = &plans[number],
                                                 .words = &words,
                                                 .policy = policy,
                                                 .policy_path = policy,
                                                 .seed = 7},
                                        .result = result,
                                        .scenario_word = scenario,
                                        .policy_word = policy};
    result->outcome = result->ended = outcome;
    if (outcome == OUTCOME_FINDING)
        result->ended = OUTCOME_OK;
    result->native_ns = 1234567;
    result->host_call = EVENT_KINDS;
    return result;
}

static void add_broken(struct run_result *result, const char *promise, const char *got)
{
    struct broken *broken = &result->broken[result->broken_count++];
    *broken = (struct broken){.line = 20, .column = 5, .count = 1};
    snprintf(broken->path, sizeof broken->path, "expect[%u]", result->broken_count - 1);
    snprintf(broken->promise, sizeof broken->promise, "%s", promise);
    snprintf(broken->got, sizeof broken->got, "%s", got);
}

static char *text;
static size_t text_bytes;

static FILE *begin(void)
{
    free(text);
    FILE *out = open_memstream(&text, &text_bytes);
    assert_non_null(out);
    return out;
}

static void expect_text(const char *fragment)
{
    if (!strstr(text, fragment))
        fail_msg("expected \"%s\" in\n%s", fragment, text);
}

static void expect_80_columns(void)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("longer than 80 columns: %.200s", line);
}

/* ---- people ---- */

static void wrapped_text_keeps_words_and_units_together(void **state)
{
    (void)state;
    FILE *out = begin();
    put_wrapped("one two three four five six seven eight nine ten eleven twelve thirteen 14.0 MiB, "
                "and a word-that-is-much-longer-than-any-line-of-eighty-columns-could-ever-be-if-"
                "it-wanted\nsecond",
                6, out);
    fclose(out);
    expect_text("      one two three four five six seven eight nine ten eleven twelve thirteen\n"
                "      14.0 MiB, and a\n"
                "      word-that");
    expect_text("\n      second\n");
}

static void a_table_says_every_name_in_80_columns(void **state)
{
    (void)state;
    static const char *const scenarios[] = {
        "short", "a-scenario-with-a-name-of-some-length",
        "a-scenario-whose-name-is-so-long-that-it-has-a-line-of-its-own-in-the-table"};
    static const char *const policies[] = {"passthrough",    "quota",
                                           "watermark",      "arena",
                                           "my-own-host-v2", "another-host-with-a-long-name"};
    for (unsigned s = 0; s < 3; s++)
        for (unsigned p = 0; p < 6; p++)
            add_run(s, scenarios[s], policies[p],
                    s == 1 && p == 4 ? OUTCOME_NO_PROGRESS : OUTCOME_OK);
    FILE *out = begin();
    report_table(runs, count, out);
    fclose(out);
    expect_80_columns();
    for (unsigned i = 0; i < 3; i++)
        expect_text(scenarios[i]);
    for (unsigned i = 0; i < 6; i++)
        expect_text(policies[i]);
    expect_text("no-progress");
}

static void a_cell_has_the_worst_of_its_runs(void **state)
{
    (void)state;
    add_run(0, "one", "quota", OUTCOME_OK);
    add_run(0, "one", "quota", OUTCOME_CRASH);
    add_run(0, "one", "quota", OUTCOME_FINDING);
    add_run(1, "one", "quota", OUTCOME_OK); /* another scenario of the same name */
    FILE *out = begin();
    report_table(runs, count, out);
    fclose(out);
    assert_string_equal(text, "\n          quota\none       crash\none       ok\n");
}

static void totals_name_the_policies_that_did_not_hold(void **state)
{
    (void)state;
    add_run(0, "one", "arena", OUTCOME_OK);
    add_run(0, "one", "quota", OUTCOME_FINDING);
    add_run(0, "two", "quota", OUTCOME_FINDING);
    add_run(0, "two", "broken", OUTCOME_CRASH);
    struct report_totals totals = {.runs = 4};
    for (uint32_t i = 0; i < count; i++)
        totals.by_outcome[runs[i].result->outcome]++;
    FILE *out = begin();
    report_totals(&totals, runs, count, out);
    fclose(out);
    assert_string_equal(text, "4 runs: 1 ok, 2 findings in quota, 1 crash in broken\n");
}

static void totals_of_long_policy_names_stay_within_80_columns(void **state)
{
    (void)state;
    add_run(0, "one", "answers-with-every-interface", OUTCOME_FINDING);
    add_run(0, "one", "insists-on-an-address", OUTCOME_FINDING);
    add_run(0, "one", "trusts-its-heap-too-much", OUTCOME_CRASH);
    struct report_totals totals = {.runs = 3};
    for (uint32_t i = 0; i < count; i++)
        totals.by_outcome[runs[i].result->outcome]++;
    FILE *out = begin();
    report_totals(&totals, runs, count, out);
    fclose(out);
    expect_80_columns();
    expect_text("3 runs: 2 findings in answers-with-every-interface");
}

static void a_finding_tells_promise_event_failure_and_places(void **state)
{
    (void)state;
    static struct fault_rule rule;
    char message[256];
    struct run_result *result = add_run(0, "shrinks", "arena", OUTCOME_FINDING);
    assert_true(fault_parse("VirtualAlloc[commit]#3:x900", &rule, message, sizeof message));
    runs[0].spec.faults = &rule;
    runs[0].spec.faults_count = 1;
    plans[0].faults_count = 1;
    plans[0].faults[0] = (struct scenario_fault){.rule = rule, .line = 14, .path = "faults[0]"};
    add_broken(result, "peak-commit <= 512MiB", "513.0 MiB");
    result->broken[0].has_event = true;
    result->broken[0].event = 1193;
    result->broken[0].virtual_ns = 2000123000;
    result->broken[0].injections = 2;
    result->broken[0].last = (struct injection){1190, 2000122000, 106, 0, 1455};
    FILE *out = begin();
    report_run(&runs[0], false, true, out, out);
    fclose(out);
    expect_80_columns();
    expect_text("FAIL  shrinks  arena  seed 7");
    expect_text("  expect  peak-commit <= 512MiB\n");
    expect_text("          got 513.0 MiB in the end; passed it at event 1,193 at 2.000123000 s\n");
    expect_text("          after VirtualAlloc[commit] #106 was refused (ERROR_COMMITMENT_LIMIT)");
    expect_text("scenarios/shrinks.yaml:14   faults[0]\n");
    expect_text("scenarios/shrinks.yaml:20   expect[0]\n");
    expect_text("  again: lowwater run shrinks --policy arena --seed 7\n");
}

static void the_reproduction_quotes_what_a_shell_would_take_apart(void **state)
{
    (void)state;
    char again[REPRODUCTION_BYTES];
    add_run(0, "it's here.yaml", "quota", OUTCOME_OK);
    words.settings[words.settings_count++] = "policy.limit=1MiB";
    words.settings[words.settings_count++] = "name=two words";
    words.inject[words.inject_count++] = "VirtualAlloc[commit]#3";
    reproduction(&runs[0], again, sizeof again);
    assert_string_equal(again, "lowwater run 'it'\\''s here.yaml' --policy quota --seed 7 --set "
                               "policy.limit=1MiB --set 'name=two words' --inject "
                               "'VirtualAlloc[commit]#3'");
}

/* ---- programs ---- */

static void add_one_of_each(void)
{
    static const char nasty[] = "a&b<c>\"d'e\x01\xff\xe2\x82 \xe2\x82\xac";
    add_run(0, nasty, "quota", OUTCOME_OK);
    struct run_result *result = add_run(1, "plain", nasty, OUTCOME_FINDING);
    add_broken(result, "peak-commit <= 512MiB & \"more\"", nasty);
    add_broken(result, "served >= 95%", "12.0%: 3 of 25 operations");
    result->broken_others = 3;
    result = add_run(2, "crashes", "arena", OUTCOME_CRASH);
    result->stop = (struct stop){.kind = STOP_ABORT, .text = "]]> a <b> & c\nsecond line"};
    result = add_run(3, "stuck", "arena", OUTCOME_NO_PROGRESS);
    result->stop = (struct stop){.kind = STOP_HANG, .text = "hang"};
    add_run(4, "differs", "arena", OUTCOME_NONDETERMINISM);
    add_run(5, "bug", "arena", OUTCOME_INTERNAL);
    result = add_run(6, "expected", "arena", OUTCOME_CRASH);
    result->outcome = OUTCOME_OK;
}

static void junit_files_follow_the_common_schema(void **state)
{
    (void)state;
    char command[4096];
    add_one_of_each();
    FILE *out = begin();
    report_junit(runs, count, out);
    fclose(out);
    expect_text("tests=\"7\" failures=\"2\" errors=\"3\"");
    expect_text("a&amp;b&lt;c&gt;&quot;d'e\xef\xbf\xbd");
    expect_text("and 4 more");
    expect_text("scenarios/plain.yaml:20   expect[1]");
    write_file(cli_path("report.xml"), text, text_bytes);
    if (system("command -v xmllint >/dev/null") != 0)
        skip(); /* make setup-test installs it where apt is there */
    snprintf(command, sizeof command, "xmllint --noout --schema tests/data/junit.xsd %s 2>&1",
             cli_path("report.xml"));
    assert_int_equal(system(command), 0);
}

static void json_tells_findings_and_expected_ends(void **state)
{
    (void)state;
    struct report_totals totals = {.runs = 7};
    add_one_of_each();
    for (uint32_t i = 0; i < count; i++)
        runs[i].result->finished = true;
    FILE *out = begin();
    report_json(runs, count, 70, &totals, out);
    fclose(out);
    assert_true(json_is_valid(text));
    assert_string_equal(json_value(text, "id", 0), "expect");
    assert_string_equal(json_value(text, "promise", 1), "served >= 95%");
    assert_string_equal(json_value(text, "path", 0), "scenarios/plain.yaml");
    assert_string_equal(json_value(text, "line", 0), "20");
    assert_string_equal(json_value(text, "findings_left_out", 0), "3");
    assert_int_equal(json_count(text, "ended"), 1);
    assert_string_equal(json_value(text, "ended", 0), "crash");
}

static int drop_text(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, forget_runs)
    const struct CMUnitTest tests[] = {
        TEST(wrapped_text_keeps_words_and_units_together),
        TEST(a_table_says_every_name_in_80_columns),
        TEST(a_cell_has_the_worst_of_its_runs),
        TEST(totals_name_the_policies_that_did_not_hold),
        TEST(totals_of_long_policy_names_stay_within_80_columns),
        TEST(a_finding_tells_promise_event_failure_and_places),
        TEST(the_reproduction_quotes_what_a_shell_would_take_apart),
        TEST(junit_files_follow_the_common_schema),
        TEST(json_tells_findings_and_expected_ends),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, drop_text);
}
