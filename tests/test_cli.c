/* The command line as a user sees it: what people and scripts rely on, by running the program.
 * What the run of a policy does is tested elsewhere; this is about arguments, exit codes, where
 * things are printed, JSON, and files. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- usage ---- */

static void every_command_explains_itself_on_request(void **state)
{
    (void)state;
    static const char *const commands[] = {"run",    "replay", "validate", "list",
                                           "import", "trace",  "vectors",  "cc"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cli("%s --help", commands[i]);
        expect_exit(0);
        expect_out("lowwater ");
        expect_out(commands[i]);
    }
    cli("--help");
    expect_exit(0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_out(commands[i]);
}

static void version_is_one_line_on_standard_output(void **state)
{
    (void)state;
    const struct cli_result *result = cli("--version");
    expect_exit(0);
    expect_out("lowwater ");
    assert_int_equal(strcspn(result->out, "\n") + 1, result->out_bytes);
}

static void unknown_options_and_commands_are_usage_errors(void **state)
{
    (void)state;
    static const char *const wrong[] = {"run --polcy quota",   "list --frobnicate",
                                        "trace stat --nope x", "vectors --nope",
                                        "import --nope",       "frobnicate"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct cli_result *result = cli("%s", wrong[i]);
        expect_exit(2);
        expect_silent_out();
        assert_true(result->err_bytes > 0);
    }
    cli("run --polcy quota");
    expect_err("--polcy");
    cli("rnu x");
    expect_err("run");
}

static void missing_files_and_policies_are_named_and_exit_2(void **state)
{
    (void)state;
    cli("run no-such-scenario");
    expect_exit(2);
    expect_err("no-such-scenario");
    cli("run %s --policy qouta", small_recording());
    expect_exit(2);
    expect_err("qouta");
    expect_err("quota"); /* did you mean */
    cli("validate no-such.yaml");
    expect_exit(2);
    cli("trace stat no-such.lwt");
    expect_exit(2);
    cli("vectors no-such.txt");
    expect_exit(2);
}

static void options_may_follow_operands_until_two_dashes(void **state)
{
    (void)state;
    cli("run --policy passthrough %s --seed 3", small_recording());
    expect_exit(0);
    expect_out("seed 3");
    cli("run --policy passthrough -- --seed");
    expect_exit(2); /* a scenario of that name */
    expect_err("--seed");
}

static void files_may_stand_behind_two_dashes_in_every_command(void **state)
{
    (void)state;
    cli("validate -- %s", small_recording());
    expect_exit(0);
    cli("validate -- --help");
    expect_exit(2); /* a file of that name */
    expect_err("no such file: --help");
    cli("validate README.md");
    expect_exit(6);
    expect_err("README.md:1:1: error: neither a scenario");
    cli("validate %s --help", small_recording());
    expect_exit(0);
    expect_out("usage: lowwater validate");
    cli("list -- counters");
    expect_exit(0);
    cli("list --markdown keys");
    expect_exit(0);
    expect_out("# The keys of a scenario");
    cli("list keys counters");
    expect_exit(2);
    expect_err("counters");
}

static void numbers_of_64_bits_are_taken_and_longer_ones_refused(void **state)
{
    (void)state;
    const char *recording = small_recording();
    cli("run %s --seed 18446744073709551614..18446744073709551615 --jobs 2", recording);
    expect_exit(0);
    expect_out("seed 18446744073709551614");
    expect_out("seed 18446744073709551615");
    static const char most[] = "name: most\nseed: 18446744073709551615\nworkload: [{wait: 1ms}]\n";
    write_file(cli_path("most.yaml"), most, sizeof most - 1);
    cli("run %s", cli_path("most.yaml"));
    expect_exit(0);
    expect_out("seed 18446744073709551615");
    cli("run %s --seed 18446744073709551616", recording);
    expect_exit(2);
    cli("run %s --inject VirtualAlloc#18446744073709551616", recording);
    expect_exit(2);
    cli("run %s --inject VirtualAlloc#0:once", recording);
    expect_exit(2);
    expect_err("got: 0:once");
    cli("run %s --inject VirtualAlloc#1:x0", recording);
    expect_exit(2);
    expect_err("once, xN or forever, not: x0");
}

/* ---- outputs that fail ---- */

/* The program in a shell, which redirects; its exit code. */
static int in_shell(const char *arguments)
{
    char command[2048];
    snprintf(command, sizeof command, "cd '%s' && '%s' %s", cli_folder(), cli_program(), arguments);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void results_that_cannot_be_written_exit_2(void **state)
{
    (void)state;
    char run[1024];
    static const char *const printing[] = {"--help", "--version", "list", "schema", "run --help"};
    for (size_t i = 0; i < sizeof printing / sizeof *printing; i++) {
        snprintf(run, sizeof run, "%s >/dev/full 2>errors.txt", printing[i]);
        assert_int_equal(in_shell(run), 2);
        char *errors = read_whole_file(cli_path("errors.txt"), NULL);
        assert_non_null(strstr(errors, "cannot write standard output"));
        free(errors);
    }
    snprintf(run, sizeof run, "run %s >/dev/full 2>errors.txt", small_recording());
    assert_int_equal(in_shell(run), 2);
    cli("run %s --trace /dev/full", small_recording());
    expect_exit(2);
    expect_err("the trace could not be written");
}

static void a_closed_standard_output_never_ends_up_in_a_file(void **state)
{
    (void)state;
    char run[1024];
    snprintf(run, sizeof run, "run %s --json closed.json >&- 2>&- <&-", small_recording());
    in_shell(run);
    char *text = read_whole_file(cli_path("closed.json"), NULL);
    assert_non_null(text);
    assert_true(json_is_valid(text));
    free(text);
}

static void two_results_into_one_file_are_refused(void **state)
{
    (void)state;
    const char *both = cli_path("both");
    cli("run %s --json %s --junit %s", small_recording(), both, both);
    expect_exit(2);
    expect_err("two results");
    assert_null(read_whole_file(both, NULL));
    cli("run %s --json - --trace -", small_recording());
    expect_exit(2);
    cli("run %s --json /dev/null --junit /dev/null", small_recording());
    expect_exit(0);
}

static void an_event_limit_stops_at_its_very_event(void **state)
{
    (void)state;
    static const unsigned limits[] = {1, 100, 1024, 1100};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *text;
        cli("run %s --max-events %u --json %s", small_recording(), limits[i],
            cli_path("limit.json"));
        expect_exit(4);
        text = read_whole_file(cli_path("limit.json"), NULL);
        assert_non_null(text);
        /* The records of the end itself come behind it. */
        unsigned long events = strtoul(json_value(text, "events", 0), NULL, 10);
        assert_in_range(events, limits[i], limits[i] + 4);
        free(text);
    }
}

static void a_folder_is_no_file_of_vectors(void **state)
{
    (void)state;
    cli("vectors %s", cli_folder());
    expect_exit(2);
    expect_err("is a folder");
}

static void vectors_may_begin_with_a_byte_order_mark(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "case one\r\n";
    write_file(cli_path("mark.txt"), text, sizeof text - 1);
    cli("vectors %s", cli_path("mark.txt"));
    expect_exit(0);
    char run[1024];
    snprintf(run, sizeof run, "vectors --print mark.txt >/dev/full 2>errors.txt");
    assert_int_equal(in_shell(run), 2);
}

static void the_compiler_may_be_given_with_words_of_its_own(void **state)
{
    (void)state;
    setenv("CC", "env LC_ALL=C gcc", 1);
    cli("cc -v -o %s policies/quota.c", cli_path("words.so"));
    unsetenv("CC");
    expect_exit(0);
    expect_out("env LC_ALL=C gcc -std=gnu11");
}

/* ---- bad input files ---- */

static void damaged_recordings_are_refused_with_exit_6(void **state)
{
    (void)state;
    size_t bytes;
    char *good = read_whole_file(small_recording(), &bytes);
    write_file(cli_path("short.lwt"), good, bytes - 7);
    cli("run %s", cli_path("short.lwt"));
    expect_exit(6);
    good[bytes / 2] ^= 0x10;
    write_file(cli_path("flipped.lwt"), good, bytes);
    cli("run %s", cli_path("flipped.lwt"));
    expect_exit(6);
    expect_err("flipped.lwt");
    write_file(cli_path("empty.lwt"), "", 0);
    cli("trace stat %s", cli_path("empty.lwt"));
    expect_exit(6);
    write_file(cli_path("text.lwt"), "not a recording", 15);
    cli("run %s", cli_path("text.lwt"));
    expect_exit(6);
    free(good);
}

static void policies_that_cannot_be_loaded_exit_6(void **state)
{
    (void)state;
    write_file(cli_path("text.so"), "no object", 9);
    cli("run %s --policy %s", small_recording(), cli_path("text.so"));
    expect_exit(6);
    expect_err("text.so");
    write_file(cli_path("broken.c"), "int broken(\n", 12);
    cli("run %s --policy %s", small_recording(), cli_path("broken.c"));
    expect_exit(6);
    expect_err("broken.c:1"); /* what the compiler said */
    cli("run %s --policy passthrough --factory NoSuchFactory", small_recording());
    expect_exit(6);
    expect_err("NoSuchFactory");
}

/* ---- runs ---- */

static char *run_json(const char *arguments)
{
    remove(cli_path("run.json"));
    cli("run %s %s --json %s", small_recording(), arguments, cli_path("run.json"));
    char *text = read_whole_file(cli_path("run.json"), NULL);
    assert_non_null(text);
    if (!json_is_valid(text))
        fail_msg("not JSON: %.2000s", text);
    return text;
}

static void json_of_a_run_has_the_promised_fields(void **state)
{
    (void)state;
    static const char *const fields[] = {"lowwater",
                                         "command",
                                         "exit",
                                         "runs",
                                         "scenario",
                                         "policy",
                                         "seed",
                                         "outcome",
                                         "digest",
                                         "events",
                                         "virtual_ns",
                                         "native_ns",
                                         "injected",
                                         "counters",
                                         "findings",
                                         "totals",
                                         "ok",
                                         "finding",
                                         "crash",
                                         "no-progress",
                                         "nondeterminism",
                                         "internal",
                                         "commit_peak_bytes",
                                         "reserve_peak_bytes",
                                         "touches",
                                         "faults_demand_zero",
                                         "faults_soft",
                                         "faults_hard",
                                         "pages_out",
                                         "low_notifications",
                                         "vtable_calls",
                                         "vtable_refusals",
                                         "operations_recorded",
                                         "operations_served"};
    char *text = run_json("--policy quota");
    expect_exit(0);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (json_count(text, fields[i]) == 0)
            fail_msg("no field \"%s\" in %.3000s", fields[i], text);
    }
    assert_string_equal(json_value(text, "command", 0), "run");
    assert_string_equal(json_value(text, "exit", 0), "0");
    assert_string_equal(json_value(text, "scenario", 0), "small");
    assert_string_equal(json_value(text, "policy", 0), "quota");
    assert_string_equal(json_value(text, "outcome", 0), "ok");
    assert_int_equal(strlen(json_value(text, "digest", 0)), 32);
    assert_string_not_equal(json_value(text, "commit_peak_bytes", 0), "0");
    char *served = strdup(json_value(text, "operations_served", 0));
    assert_string_equal(json_value(text, "operations_recorded", 0), served);
    free(served);
    free(text);
}

static void two_equal_runs_give_equal_json_but_for_native_time(void **state)
{
    (void)state;
    char *first = run_json("--policy arena --policy watermark --seed 1..3");
    char *second = run_json("--policy arena --policy watermark --seed 1..3 --jobs 2");
    assert_int_equal(json_count(first, "digest"), 6);
    json_blank_native(first);
    json_blank_native(second);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void seed_ranges_include_both_ends_in_order(void **state)
{
    (void)state;
    char *text = run_json("--policy passthrough --seed 4..6");
    assert_int_equal(json_count(text, "seed"), 3);
    assert_string_equal(json_value(text, "seed", 0), "4");
    assert_string_equal(json_value(text, "seed", 2), "6");
    free(text);
    cli("run %s --seed 6..4", small_recording());
    expect_exit(2);
    cli("run %s --seed x", small_recording());
    expect_exit(2);
}

static void checking_a_run_executes_it_twice_and_agrees(void **state)
{
    (void)state;
    cli("run %s --policy all --check", small_recording());
    expect_exit(0);
    expect_out("ok");
}

static void injected_failures_are_counted_and_may_be_chosen(void **state)
{
    (void)state;
    char *text = run_json("--policy passthrough --inject VirtualAlloc[commit]#7");
    expect_exit(0); /* a refusal is no finding */
    assert_string_equal(json_value(text, "injected", 0), "1");
    assert_string_equal(json_value(text, "vtable_refusals", 0), "1");
    free(text);
    text = run_json("--policy passthrough "
                    "--inject VirtualAlloc[commit]#7:ERROR_NOT_ENOUGH_MEMORY:x3");
    assert_string_equal(json_value(text, "injected", 0), "3");
    free(text);
    text = run_json("--policy passthrough "
                    "--inject VirtualAlloc[reserve,size>=1048576]#2:ERROR_NOT_ENOUGH_MEMORY:once");
    assert_string_equal(json_value(text, "injected", 0), "1");
    free(text);
    text = run_json("--policy passthrough --inject VirtualAlloc[commit]#200:forever");
    assert_int_not_equal(strtoul(json_value(text, "injected", 0), NULL, 10), 0);
    free(text);
}

static void illegal_failures_are_refused_with_the_legal_ones(void **state)
{
    (void)state;
    cli("run %s --inject VirtualAlloc[commit]#7:ERROR_NOT_LOCKED", small_recording());
    expect_exit(2);
    expect_err("ERROR_COMMITMENT_LIMIT");
    cli("run %s --inject NoSuchCall#1", small_recording());
    expect_exit(2);
    expect_err("NoSuchCall");
    cli("run %s --inject VirtualAlloc[comit]#1", small_recording());
    expect_exit(2);
    cli("run %s --inject VirtualAlloc#0", small_recording());
    expect_exit(2);
    cli("run %s --inject VirtualAlloc#1:ERROR_COMMITMENT_LIMIT:often", small_recording());
    expect_exit(2);
}

static void policy_parameters_change_what_is_served(void **state)
{
    (void)state;
    char *wide = run_json("--policy quota --set policy.limit=1GiB");
    char *tight = run_json("--policy quota --set policy.limit=256KiB --set policy.reserve=64KiB");
    expect_exit(0);
    assert_string_equal(json_value(wide, "vtable_refusals", 0), "0");
    assert_string_not_equal(json_value(tight, "vtable_refusals", 0), "0");
    assert_true(strtoull(json_value(tight, "commit_peak_bytes", 0), NULL, 10) <
                strtoull(json_value(wide, "commit_peak_bytes", 0), NULL, 10));
    free(wide);
    free(tight);
    cli("run %s --policy quota --set policy.limt=1GiB", small_recording());
    expect_exit(2);
    expect_err("limit");
    cli("run %s --policy quota --set machine.rma=1GiB", small_recording());
    expect_exit(2);
    expect_err("ram");
}

static void output_to_a_pipe_has_no_escape_codes(void **state)
{
    (void)state;
    const struct cli_result *result =
        cli("run %s --policy passthrough --policy arena --seed 1..2", small_recording());
    expect_exit(0);
    assert_null(memchr(result->out, 0x1b, result->out_bytes));
    assert_null(memchr(result->err, 0x1b, result->err_bytes));
    assert_null(memchr(result->out, '\r', result->out_bytes));
}

static void quiet_runs_print_nothing_when_all_is_well(void **state)
{
    (void)state;
    cli("run %s --policy passthrough --quiet", small_recording());
    expect_exit(0);
    expect_silent_out();
}

static void the_current_folder_does_not_matter_for_finding_things(void **state)
{
    (void)state;
    cli_in("/", "run %s --policy quota", small_recording());
    expect_exit(0);
    cli_in(cli_folder(), "run small.lwt --policy passthrough");
    expect_exit(0);
    cli_in("/", "list");
    expect_exit(0);
    expect_out("watermark");
}

static void no_command_writes_over_one_of_its_inputs(void **state)
{
    (void)state;
    size_t before, after;
    free(read_whole_file(small_recording(), &before));
    cli("run %s --json %s", small_recording(), small_recording());
    expect_exit(2);
    cli("run %s --trace %s", small_recording(), small_recording());
    expect_exit(2);
    cli("import strace %s -o %s", cli_path("small.strace"), cli_path("small.strace"));
    expect_exit(2);
    free(read_whole_file(small_recording(), &after));
    assert_int_equal(before, after);
}

/* ---- list and cc ---- */

static void list_names_policies_with_their_parameters(void **state)
{
    (void)state;
    static const char *const names[] = {"passthrough", "quota",   "watermark", "arena",
                                        "monitor",     "recycle", "broker",    "limit"};
    cli("list");
    expect_exit(0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_out(names[i]);
}

static void cc_builds_policies_from_c_and_cxx(void **state)
{
    (void)state;
    static const char *const sources[] = {"policies/passthrough.c", "policies/arena.cpp"};
    for (size_t i = 0; i < 2; i++) {
        remove(cli_path("built.so"));
        cli_in(cli_folder(), "cc -v -O1 -o built.so %s/%s", cli_root(), sources[i]);
        expect_exit(0);
        cli("run %s --policy %s", small_recording(), cli_path("built.so"));
        expect_exit(0);
    }
    cli("cc --print-flags");
    expect_exit(0);
    expect_out("-I");
    cli("cc -o %s %s", cli_path("broken.so"), cli_path("broken.c"));
    expect_exit(6);
}

static void policies_given_as_source_are_compiled_on_the_fly(void **state)
{
    (void)state;
    cli("run %s --policy policies/passthrough.c --policy policies/arena.cpp", small_recording());
    expect_exit(0);
    expect_out("passthrough");
    expect_out("arena");
}

/* ---- vectors ---- */

static void vectors_report_mismatches_by_line_and_count(void **state)
{
    (void)state;
    static const char good[] = "case one a block\nalloc A 0 4096 MEM_RESERVE PAGE_READWRITE\n"
                               "> ok A+0x0 mod64k=0x0\nfree A 0 MEM_RELEASE\n> ok\n";
    static const char bad[] = "case two a wrong one\nalloc A 0 0 MEM_RESERVE PAGE_READWRITE\n"
                              "> fail 5\n! fail 8 #T\n";
    static const char broken[] = "case three\nfrobnicate A\n> ok\n";
    write_file(cli_path("good.txt"), good, sizeof good - 1);
    write_file(cli_path("bad.txt"), bad, sizeof bad - 1);
    write_file(cli_path("broken.txt"), broken, sizeof broken - 1);
    cli("vectors %s", cli_path("good.txt"));
    expect_exit(0);
    expect_out("2 results, 0 mismatches, 0 soft");
    cli("vectors %s %s", cli_path("good.txt"), cli_path("bad.txt"));
    expect_exit(1);
    expect_out("bad.txt:2: two: alloc A 0 0 MEM_RESERVE PAGE_READWRITE: expected fail 8 [T], "
               "got fail 87");
    expect_out("3 results, 1 mismatches, 0 soft");
    cli("vectors %s", cli_path("broken.txt"));
    expect_exit(6);
    cli("vectors --print %s", cli_path("bad.txt"));
    expect_exit(0);
    expect_out("> fail 87");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_explains_itself_on_request),
        cmocka_unit_test(version_is_one_line_on_standard_output),
        cmocka_unit_test(unknown_options_and_commands_are_usage_errors),
        cmocka_unit_test(missing_files_and_policies_are_named_and_exit_2),
        cmocka_unit_test(options_may_follow_operands_until_two_dashes),
        cmocka_unit_test(files_may_stand_behind_two_dashes_in_every_command),
        cmocka_unit_test(numbers_of_64_bits_are_taken_and_longer_ones_refused),
        cmocka_unit_test(results_that_cannot_be_written_exit_2),
        cmocka_unit_test(a_closed_standard_output_never_ends_up_in_a_file),
        cmocka_unit_test(two_results_into_one_file_are_refused),
        cmocka_unit_test(a_folder_is_no_file_of_vectors),
        cmocka_unit_test(an_event_limit_stops_at_its_very_event),
        cmocka_unit_test(vectors_may_begin_with_a_byte_order_mark),
        cmocka_unit_test(the_compiler_may_be_given_with_words_of_its_own),
        cmocka_unit_test(damaged_recordings_are_refused_with_exit_6),
        cmocka_unit_test(policies_that_cannot_be_loaded_exit_6),
        cmocka_unit_test(json_of_a_run_has_the_promised_fields),
        cmocka_unit_test(two_equal_runs_give_equal_json_but_for_native_time),
        cmocka_unit_test(seed_ranges_include_both_ends_in_order),
        cmocka_unit_test(checking_a_run_executes_it_twice_and_agrees),
        cmocka_unit_test(injected_failures_are_counted_and_may_be_chosen),
        cmocka_unit_test(illegal_failures_are_refused_with_the_legal_ones),
        cmocka_unit_test(policy_parameters_change_what_is_served),
        cmocka_unit_test(output_to_a_pipe_has_no_escape_codes),
        cmocka_unit_test(quiet_runs_print_nothing_when_all_is_well),
        cmocka_unit_test(the_current_folder_does_not_matter_for_finding_things),
        cmocka_unit_test(no_command_writes_over_one_of_its_inputs),
        cmocka_unit_test(list_names_policies_with_their_parameters),
        cmocka_unit_test(cc_builds_policies_from_c_and_cxx),
        cmocka_unit_test(policies_given_as_source_are_compiled_on_the_fly),
        cmocka_unit_test(vectors_report_mismatches_by_line_and_count),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
