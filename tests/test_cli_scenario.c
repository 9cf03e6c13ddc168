/* Scenarios on the command line: where they are found, what they decide and what the options
 * decide, findings on the screen and in files, traces that repeat them. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *scenario(const char *name, const char *text)
{
    char file[128];
    snprintf(file, sizeof file, "%s.yaml", name);
    write_file(cli_path(file), text, strlen(text));
    return cli_path(file);
}

static char *json_of(const char *path)
{
    char *text = read_whole_file(path, NULL);
    assert_non_null(text);
    if (!json_is_valid(text))
        fail_msg("not JSON: %.2000s", text);
    return text;
}

/* Commits 64 blocks of 64 KiB and keeps them; one commit fails, a bound is passed. */
static const char grows[] =
    "# A host grows past what it promised.\n"
    "name: grows\n"
    "seed: 5\n"
    "policy: {name: quota, params: {limit: 512MiB}}\n"
    "workload:\n"
    "  - VirtualAlloc: {as: heap, size: 64MiB, type: MEM_RESERVE, protect: PAGE_READWRITE}\n"
    "  - repeat: 64\n"
    "    do:\n"
    "      - VirtualAlloc: {as: block#, size: 64KiB, type: MEM_RESERVE|MEM_COMMIT}\n"
    "faults:\n"
    "  - {on: VirtualAlloc, when: {commit: yes}, nth: 20, fail: ERROR_COMMITMENT_LIMIT}\n"
    "expect:\n"
    "  - process-exits: 0\n"
    "  - peak-commit: \"<= 2MiB\"\n"
    "  - served: \">= 90%\"\n";

static const char holds[] =
    "name: holds\n"
    "workload:\n"
    "  - VirtualAlloc: {as: a, size: 64KiB, type: MEM_RESERVE, expect: ok}\n"
    "  - VirtualFree: {at: a, size: 0, type: MEM_RELEASE, expect: ok}\n"
    "expect:\n"
    "  - process-exits: 0\n";

/* Operations are counted behind the record of the return: events 9, 11, 13 and so on. */
static const char counts[] = "name: counts\n"
                             "workload:\n"
                             "  - repeat: 5\n"
                             "    do:\n"
                             "      - VirtualAlloc: {size: 64KiB, type: MEM_RESERVE}\n"
                             "      - wait: 1ms\n"
                             "expect:\n"
                             "  - operations-recorded: \"<= 3\"\n"
                             "  - operations-served: \"<= 4\"\n";

/* One release fails in a phase, another in a replay: neither block is the host's to keep. */
static const char refuses_releases[] =
    "name: refuses-releases\n"
    "faults:\n"
    "  - {on: VirtualFree, when: {release: yes}, nth: 3}\n"
    "  - {on: VirtualFree, when: {release: yes}, from: 1s, nth: 1}\n"
    "workload:\n"
    "  - phase: pages\n"
    "    for: 100ms\n"
    "    allocate: {rate: 100/s, size: 64KiB, lifetime: 5ms}\n"
    "  - wait: 1s\n"
    "  - replay: plugins-regions\n"
    "    to: 3s\n"
    "expect:\n"
    "  - {injected: 2, nothing-left-behind: yes}\n";

/* ---- what decides ---- */

static void policy_and_seed_are_the_scenarios_unless_given(void **state)
{
    (void)state;
    const char *path = scenario("grows", grows);
    cli("run %s --json %s", path, cli_path("own.json"));
    char *text = json_of(cli_path("own.json"));
    assert_string_equal(json_value(text, "scenario", 0), "grows");
    assert_string_equal(json_value(text, "policy", 0), "quota");
    assert_string_equal(json_value(text, "seed", 0), "5");
    free(text);
    cli("run %s --seed 8 --policy passthrough --policy watermark --json %s", path,
        cli_path("given.json"));
    text = json_of(cli_path("given.json"));
    assert_int_equal(json_count(text, "digest"), 2); /* its parameters are quota's alone */
    assert_string_equal(json_value(text, "policy", 0), "passthrough");
    assert_string_equal(json_value(text, "seed", 1), "8");
    free(text);
    cli("run %s", scenario("holds", holds));
    expect_exit(0);
    expect_out("passthrough  seed 1");
}

/* What one scenario takes with other costs, in virtual nanoseconds. */
static uint64_t takes_ns(const char *path, const char *settings)
{
    cli("run %s --policy passthrough %s --json %s", path, settings, cli_path("costs.json"));
    expect_exit(0);
    char *text = json_of(cli_path("costs.json"));
    uint64_t ns = strtoull(json_value(text, "virtual_ns", 0), NULL, 10);
    free(text);
    return ns;
}

#define THREE_COMMITS                                                                              \
    "workload:\n"                                                                                  \
    "  - repeat: 3\n"                                                                              \
    "    do:\n"                                                                                    \
    "      - VirtualAlloc: {as: b, size: 64KiB, type: [MEM_RESERVE, MEM_COMMIT]}\n"                \
    "      - write: {at: b, size: 8KiB}\n"

static void costs_of_calls_and_faults_move_the_clock(void **state)
{
    (void)state;
    const char *path = scenario("costs", "name: costs\n" THREE_COMMITS);
    uint64_t usual = takes_ns(path, "--seed 1");
    assert_int_equal(takes_ns(path, "--set costs.VirtualAlloc=1s"),
                     usual + 3 * UINT64_C(999999400));
    assert_int_equal(takes_ns(path, "--set costs.IHostMemoryManager::VirtualAlloc=5us"),
                     usual + 3 * 5000);
    cli("run %s --set costs.VirtualAloc=1us", path);
    expect_exit(2);
    expect_err("did you mean 'VirtualAlloc'?");
    cli("run %s --set costs.VirtualAlloc=2s", path);
    expect_exit(2);
    expect_err("a time up to 1s");
    /* Six pages by the workload; what the host touches of its own costs the same. */
    path = scenario("dear", "name: dear\ncosts: {first touch: 1ms}\n" THREE_COMMITS);
    uint64_t dear = takes_ns(path, "--seed 1");
    assert_true(dear >= usual + 6 * 999750 && (dear - usual) % 999750 == 0);
}

static void settings_override_keys_and_parameters(void **state)
{
    (void)state;
    const char *path = scenario("holds", holds);
    cli("run %s --set seed=9", path);
    expect_exit(0);
    expect_out("seed 9");
    cli("run %s --policy quota --set policy.limit=1MiB --set machine.ram=1GiB", path);
    expect_exit(0);
    cli("run %s --set machine.rma=1GiB", path);
    expect_exit(2);
    expect_err("did you mean 'ram'");
    cli("run %s --policy quota --set policy.limt=1MiB", path);
    expect_exit(2);
    expect_err("limit");
}

static void a_scenario_may_come_from_standard_input(void **state)
{
    (void)state;
    cli_reading(scenario("holds", holds), "run - --policy quota");
    expect_exit(0);
    expect_out("ok    holds  quota");
    cli_reading(scenario("holds", holds), "run - -");
    expect_exit(2);
}

static void bad_scenarios_are_all_reported_with_exit_6(void **state)
{
    (void)state;
    char one[512], two[512];
    snprintf(one, sizeof one, "%s", scenario("bad-one", "name: one\nworkload: []\nworkloda: 3\n"));
    snprintf(two, sizeof two, "%s",
             scenario("bad-two", "name: two\nmachine: {rma: 1GiB}\nworkload: []\n"));
    cli("run %s %s %s", one, scenario("holds", holds), two);
    expect_exit(6);
    expect_silent_out();
    expect_err("bad-one.yaml:3:1: error: ");
    expect_err("bad-two.yaml:2:11: error: ");
    expect_err("did you mean 'ram'");
    cli("run no-such.yaml");
    expect_exit(2);
}

/* ---- findings ---- */

static void a_broken_expectation_is_told_with_its_lines(void **state)
{
    (void)state;
    cli("run %s", scenario("grows", grows));
    expect_exit(1);
    expect_out("FAIL  grows  quota  seed 5");
    expect_out("  expect  peak-commit <= 2MiB\n");
    expect_out("after VirtualAlloc[commit] #20 was refused (ERROR_COMMITMENT_LIMIT)");
    expect_out("grows.yaml:11   faults[0]");
    expect_out("grows.yaml:14   expect[1]");
    expect_out("quota.c:"); /* who committed */
    expect_out("  again: lowwater run ");
    expect_out("1 run: 1 finding in quota\n");
}

static void counts_of_operations_are_passed_at_their_return(void **state)
{
    (void)state;
    cli("run %s --policy passthrough", scenario("counts", counts));
    expect_exit(1);
    expect_out("got 5 in the end; passed it at event 15 at ");
    expect_out("got 5 in the end; passed it at event 17 at ");
}

static void blocks_whose_release_was_refused_are_given_back(void **state)
{
    (void)state;
    cli("run %s --policy passthrough", scenario("refuses-releases", refuses_releases));
    expect_exit(0);
    expect_out("2 calls refused");
}

static void workloads_without_end_in_time_make_no_progress(void **state)
{
    (void)state;
    cli("run %s", scenario("ages", "name: ages\n"
                                   "workload:\n"
                                   "  - repeat: 1000000\n"
                                   "    do:\n"
                                   "      - wait: 1440min\n"));
    expect_exit(4);
    expect_err("the workload goes on beyond 146 years of virtual time");
}

static void json_of_a_finding_has_the_promised_fields(void **state)
{
    (void)state;
    cli("run %s --json %s", scenario("grows", grows), cli_path("finding.json"));
    expect_exit(1);
    char *text = json_of(cli_path("finding.json"));
    assert_string_equal(json_value(text, "exit", 0), "1");
    assert_string_equal(json_value(text, "outcome", 0), "finding");
    assert_string_equal(json_value(text, "id", 0), "expect");
    assert_string_equal(json_value(text, "severity", 0), "E");
    assert_string_equal(json_value(text, "promise", 0), "peak-commit <= 2MiB");
    assert_string_equal(json_value(text, "expected", 0), "<= 2MiB");
    assert_string_equal(json_value(text, "line", 0), "14");
    assert_string_equal(json_value(text, "count", 0), "1");
    assert_string_equal(json_value(text, "injected", 1),
                        "VirtualAlloc[commit]#20:ERROR_COMMITMENT_LIMIT");
    assert_non_null(strstr(json_value(text, "where", 0), "quota.c:"));
    assert_true(json_count(text, "reproduce") >= 2);
    assert_string_not_equal(json_value(text, "event", 0), "0");
    free(text);
}

static void findings_do_not_depend_on_the_number_of_jobs(void **state)
{
    (void)state;
    char *texts[2];
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        cli("run %s %s --policy quota --policy arena --policy watermark --seed 1..2 --jobs %u "
            "--json %s",
            scenario("grows", grows), scenario("holds", holds), jobs, cli_path("jobs.json"));
        expect_exit(1);
        texts[jobs - 1] = json_of(cli_path("jobs.json"));
        json_blank_native(texts[jobs - 1]);
    }
    assert_int_equal(json_count(texts[0], "digest"), 12);
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

static void calls_that_give_something_else_are_findings(void **state)
{
    (void)state;
    static const char text[] =
        "name: calls\n"
        "workload:\n"
        "  - repeat: 5\n"
        "    do:\n"
        "      - VirtualAlloc: {as: a, size: 64KiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}\n"
        "  - VirtualAlloc: {as: b, size: 64KiB, type: MEM_RESERVE, expect: E_OUTOFMEMORY}\n";
    cli("run %s --inject VirtualAlloc[commit]#2:x3 --json %s", scenario("calls", text),
        cli_path("calls.json"));
    expect_exit(1);
    expect_out("VirtualAlloc must give S_OK\n");
    expect_out("calls.yaml:5   workload[0].do[0]");
    expect_out("calls.yaml:6   workload[1]");
    expect_out("3 times\n");
    char *json = json_of(cli_path("calls.json"));
    assert_int_equal(json_count(json, "promise"), 2);
    assert_string_equal(json_value(json, "count", 0), "3");
    assert_string_equal(json_value(json, "got", 0), "E_OUTOFMEMORY (0x8007000e)");
    free(json);
}

static void a_crash_that_was_expected_held(void **state)
{
    (void)state;
    static const char text[] = "name: crashes\n"
                               "policy: {name: %s/tests/policies/defective/null-deref.c}\n"
                               "workload:\n"
                               "  - replay: %s\n"
                               "expect:\n"
                               "  - outcome: crash\n";
    char whole[1500];
    snprintf(whole, sizeof whole, text, cli_root(), small_recording());
    cli("run %s --json %s", scenario("crashes", whole), cli_path("crashes.json"));
    expect_exit(0);
    expect_out("ok    crashes  null-deref");
    expect_out("ended in crash");
    char *json = json_of(cli_path("crashes.json"));
    assert_string_equal(json_value(json, "outcome", 0), "ok");
    assert_string_equal(json_value(json, "ended", 0), "crash");
    free(json);
}

static void what_is_left_behind_is_told(void **state)
{
    (void)state;
    static const char text[] =
        "name: leaves\n"
        "workload:\n"
        "  - VirtualAlloc: {as: a, size: 1MiB, type: MEM_RESERVE|MEM_COMMIT}\n"
        "expect:\n"
        "  - nothing-left-behind: yes\n";
    cli("run %s --policy passthrough", scenario("leaves", text));
    expect_exit(0); /* the workload gives it back */
    cli("run %s --policy passthrough --inject VirtualFree[release]#1", scenario("leaves", text));
    expect_exit(1);
    expect_out("nothing-left-behind");
    expect_out("1.0 MiB");
}

/* ---- traces, and in words ---- */

static void heap_blocks_that_a_host_keeps_are_told(void **state)
{
    (void)state;
    static const char text[] = "name: hoards\n"
                               "workload:\n"
                               "  - VirtualAlloc: {as: a, size: 1MiB, type: MEM_RESERVE}\n"
                               "  - VirtualFree: {at: a}\n"
                               "expect:\n"
                               "  - nothing-left-behind: yes\n";
    char folder[256], policy[1024];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(policy, sizeof policy,
             "#include \"%s/tests/policies/careless/types.h\"\n"
             "#define RELEASE(address, size, type) \\\n"
             "    (HeapAlloc(GetProcessHeap(), 0, 8) && VirtualFree(address, size, type))\n"
             "#include \"%s/tests/policies/careless/host.h\"\n",
             folder, folder);
    write_file(cli_path("hoards.c"), policy, strlen(policy));
    char path[256];
    snprintf(path, sizeof path, "%s", cli_path("hoards.c"));
    cli("run %s --policy %s", scenario("hoards", text), path);
    expect_exit(1);
    expect_out("got 1 heap block more than before");
}

static void a_trace_of_a_scenario_is_enough_to_replay_it(void **state)
{
    (void)state;
    cli("run %s --policy arena --set seed=3 --inject VirtualAlloc[commit]#9 --trace %s",
        scenario("grows", grows), cli_path("grows.trace"));
    expect_exit(1);
    remove(cli_path("grows.yaml")); /* the trace has the text */
    cli_in("/", "replay %s", cli_path("grows.trace"));
    expect_exit(0);
    expect_out("identical: ");
    cli("run %s --check", scenario("grows", grows));
    expect_exit(1);
}

static void explaining_tells_refusals_failures_and_what_is_left(void **state)
{
    (void)state;
    cli("run %s --explain", scenario("grows", grows));
    expect_exit(1);
    expect_out("commit     highest ");
    expect_out("refused    1 VirtualAlloc of 64.0 KiB: E_OUTOFMEMORY, first event ");
    expect_out("injected   1 by VirtualAlloc[commit]#20");
    expect_out("faults[0]");
    expect_out("left       63 regions, 3.9 MiB reserved by VirtualAlloc in");
    expect_out("ended      ok, after ");
    const struct cli_result *result = cli_in(cli_folder(), "run grows.yaml --explain --policy all");
    expect_exit(1);
    for (const char *line = result->out; *line;
         line += strcspn(line, "\n") + (strchr(line, '\n') != 0))
        if (strncmp(line, "      ", 6) == 0 && strcspn(line, "\n") > 80)
            fail_msg("longer than 80 columns: %.200s", line);
}

static void several_runs_end_in_a_table_and_totals(void **state)
{
    (void)state;
    char first[512];
    snprintf(first, sizeof first, "%s", scenario("grows", grows));
    cli("run %s %s --policy passthrough --policy quota", first, scenario("holds", holds));
    expect_exit(1);
    expect_out("\n          passthrough  quota\n"
               "grows     finding      finding\n"
               "holds     ok           ok\n");
    expect_out("4 runs: 2 ok, 2 findings in passthrough, quota\n");
}

/* ---- bundled ones ---- */

static void bundled_scenarios_are_found_by_name_from_anywhere(void **state)
{
    (void)state;
    cli_in("/", "list scenarios");
    expect_exit(0);
    expect_out("criticality-ladder\n    Three levels of criticality: ");
    cli_in("/", "run criticality-ladder criticality-ladder.yaml");
    expect_exit(0);
    expect_out("2 runs: 2 ok");
    cli_in("/", "run criticality-lader");
    expect_exit(2);
    expect_err("did you mean 'criticality-ladder'?");
    cli_in("/", "list");
    expect_out("criticality-ladder\n");
}

static void all_bundled_scenarios_hold_with_all_bundled_policies(void **state)
{
    (void)state;
    cli("run --all --policy all --json %s", cli_path("all.json"));
    expect_exit(0);
    expect_out("criticality-ladder ");
    char *text = json_of(cli_path("all.json"));
    assert_true(json_count(text, "digest") >= 4 * 16);
    free(text);
}

static void every_bundled_scenario_replays_from_its_trace(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        cli("run %s --trace %s", found.gl_pathv[i], cli_path("bundled.trace"));
        expect_exit(0);
        cli_in("/", "replay %s", cli_path("bundled.trace"));
        expect_exit(0);
        expect_out("identical: ");
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_and_seed_are_the_scenarios_unless_given),
        cmocka_unit_test(settings_override_keys_and_parameters),
        cmocka_unit_test(costs_of_calls_and_faults_move_the_clock),
        cmocka_unit_test(a_scenario_may_come_from_standard_input),
        cmocka_unit_test(bad_scenarios_are_all_reported_with_exit_6),
        cmocka_unit_test(a_broken_expectation_is_told_with_its_lines),
        cmocka_unit_test(counts_of_operations_are_passed_at_their_return),
        cmocka_unit_test(blocks_whose_release_was_refused_are_given_back),
        cmocka_unit_test(workloads_without_end_in_time_make_no_progress),
        cmocka_unit_test(json_of_a_finding_has_the_promised_fields),
        cmocka_unit_test(findings_do_not_depend_on_the_number_of_jobs),
        cmocka_unit_test(calls_that_give_something_else_are_findings),
        cmocka_unit_test(a_crash_that_was_expected_held),
        cmocka_unit_test(what_is_left_behind_is_told),
        cmocka_unit_test(heap_blocks_that_a_host_keeps_are_told),
        cmocka_unit_test(a_trace_of_a_scenario_is_enough_to_replay_it),
        cmocka_unit_test(explaining_tells_refusals_failures_and_what_is_left),
        cmocka_unit_test(several_runs_end_in_a_table_and_totals),
        cmocka_unit_test(bundled_scenarios_are_found_by_name_from_anywhere),
        cmocka_unit_test(all_bundled_scenarios_hold_with_all_bundled_policies),
        cmocka_unit_test(every_bundled_scenario_replays_from_its_trace),
    };
    return cmocka_run_group_tests_name("cli_scenario", tests, NULL, NULL);
}
