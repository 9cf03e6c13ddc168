/* Schedules on the command line: one by name, many by number, what breaks a run cut down to the
 * switches that matter, and all of it the same again. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/schedule_word.h"

#define RACY "--policy tests/policies/concurrency/links-regions-unlocked.c"
#define LATE "--policy tests/policies/concurrency/joins-under-lock.c"
#define DEADLOCKS "--policy tests/policies/concurrency/orders-locks-both-ways.c"

static char *json_of_run(const char *arguments, int exit_code)
{
    cli("run %s --json %s", arguments, cli_path("run.json"));
    expect_exit(exit_code);
    return read_whole_file(cli_path("run.json"), NULL);
}

/* ---- words ---- */

static void words_for_schedules_read_as_they_are_written(void **state)
{
    (void)state;
    static const char *const words[] = {
        "in-order", "round-robin:3",   "random",    "pct:18446744073709551615",
        "random:1", "switches:3-5@17", "switches:", "switches:0-9@0,9-0@4294967296",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct sched_options options = {0};
        char message[256], text[256];
        assert_true(schedule_parse(words[i], &options, message, sizeof message));
        assert_string_equal(schedule_text(&options, text, sizeof text), words[i]);
        free((void *)options.switches);
    }
    struct sched_options options = {.spurious = 20};
    char message[256], text[256];
    assert_true(schedule_parse("switches:7:3-5@17", &options, message, sizeof message));
    assert_int_equal(options.seed, 7);
    assert_string_equal(schedule_text(&options, text, sizeof text), "switches:7:3-5@17");
    free((void *)options.switches);
}

static void words_that_are_no_schedule_are_refused(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "rand",
                                        "pct:",
                                        "pct:0",
                                        "pct:x",
                                        "pct:1:2",
                                        "switches:3",
                                        "switches:3-5",
                                        "switches:3-5@",
                                        "switches:3-5@x",
                                        "switches:a:3-5@1",
                                        "switches:99999999-1@2",
                                        "switches:3-5@17 ",
                                        "switches:-1-5@2"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct sched_options options = {0};
        char message[256] = "";
        if (schedule_parse(words[i], &options, message, sizeof message))
            fail_msg("'%s' was taken for a schedule", words[i]);
        assert_true(*message);
    }
    cli("run threads-all-slots --schedule randon");
    expect_exit(2);
    expect_err("did you mean 'random'?");
}

static void options_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--keep-going",
        "--schedules 0",
        "--schedules 5 --schedule in-order",
        "--schedules 5 --schedule pct:3",
        "--schedules 5 --schedule switches:1-2@3",
        "--schedules 5 --trace x.lwr",
        "--schedules 5 --debug",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cli("run threads-all-slots %s", lines[i]);
        expect_exit(2);
    }
}

/* ---- one schedule ---- */

static void schedules_have_the_golden_digests(void **state)
{
    (void)state;
    static const char *const schedules[] = {"round-robin", "random:1",      "random:2",  "pct:1",
                                            "pct:2",       "slow-random:1", "slow-pct:1"};
    char *golden = read_whole_file("tests/golden/schedules.txt", NULL), line[256];
    assert_non_null(golden);
    unsigned lines = 0, runs = 0;
    for (const char *at = golden; *at; at++)
        lines += *at == '\n';
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        snprintf(line, sizeof line, "threads-all-slots --policy all --quiet --schedule %s",
                 schedules[i]);
        char *text = json_of_run(line, 0);
        for (unsigned n = 0; n < (unsigned)json_count(text, "digest"); n++, runs++) {
            const char *policy = json_value(text, "policy", n);
            int used =
                snprintf(line, sizeof line, "threads-all-slots %s %s ", policy, schedules[i]);
            snprintf(line + used, sizeof line - (size_t)used, "%s\n",
                     json_value(text, "digest", n));
            if (!strstr(golden, line))
                fail_msg("not in tests/golden/schedules.txt: %s", line);
        }
        free(text);
    }
    assert_int_equal(runs, lines);
    free(golden);
}

static void a_trace_holds_the_schedule_it_was_made_under(void **state)
{
    (void)state;
    const char *trace = cli_path("scheduled.lwr");
    cli("run threads-all-slots --schedule random:5 --trace %s", trace);
    expect_exit(0);
    cli("replay %s", trace);
    expect_exit(0);
    expect_out("identical");
    cli("run threads-all-slots --schedule random:6 --trace %s", cli_path("other.lwr"));
    cli("trace diff %s %s", trace, cli_path("other.lwr"));
    expect_exit(1);
}

static void a_scenario_chooses_its_schedule_and_words_replace_it(void **state)
{
    (void)state;
    const char *with = "threads-all-slots --policy quota --set schedule=pct "
                       "--set schedule-options.seed=2";
    char *text = json_of_run(with, 0);
    assert_string_equal(json_value(text, "schedule", 0), "pct:2");
    char digest[64];
    snprintf(digest, sizeof digest, "%s", json_value(text, "digest", 0));
    free(text);
    text = json_of_run("threads-all-slots --policy quota --schedule pct:2", 0);
    assert_string_equal(json_value(text, "digest", 0), digest);
    free(text);
    text =
        json_of_run("threads-all-slots --policy quota --set schedule=pct --schedule in-order", 0);
    assert_string_equal(json_value(text, "schedule", 0), "in-order");
    free(text);
}

/* ---- many ---- */

static void schedules_that_hold_are_counted(void **state)
{
    (void)state;
    char *text = json_of_run("threads-all-slots --policy all --schedules 10", 0);
    expect_out("quota  seed 1  10 schedules");
    assert_string_equal(json_value(text, "tried", 0), "10");
    assert_string_equal(json_value(text, "broke", 0), "0");
    free(text);
}

/* The line that a report ends with, as arguments. */
static void again(const char *out, char *line, size_t bytes)
{
    const char *found = strstr(out, "again: lowwater ");
    assert_non_null(found);
    found += strlen("again: lowwater ");
    snprintf(line, bytes, "%.*s", (int)strcspn(found, "\n"), found);
}

static void a_found_interleaving_is_short_and_comes_again(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        int exit_code;
        const char *words;
        const char *strategy, *matters;
    } cases[] = {{RACY, 5, "Segmentation fault", "random", "gives way to thread"},
                 {DEADLOCKS, 4, "deadlock: ", "random", "the standard order breaks it as well"},
                 {LATE, 4, "deadlock: ", "slow-random", "is held up for"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[2048], first[65536];
        const struct cli_result *result =
            cli("run threads-all-slots %s --schedules 200 --schedule %s", cases[i].policy,
                cases[i].strategy);
        expect_exit(cases[i].exit_code);
        expect_err("breaks it.");
        expect_err(cases[i].matters);
        expect_err(cases[i].words);
        again(result->err, line, sizeof line);
        const char *list = strstr(line, "--schedule switches:");
        assert_non_null(list);
        unsigned switches = 1;
        for (const char *at = list; *at; at++)
            switches += *at == ',';
        assert_in_range(switches, 1, 8);
        snprintf(first, sizeof first, "%s", strstr(result->err, cases[i].words));
        result = cli("%s", line);
        expect_exit(cases[i].exit_code);
        assert_string_equal(strstr(result->err, cases[i].words), first);
    }
}

static void the_schedule_found_does_not_depend_on_jobs(void **state)
{
    (void)state;
    static const char *const modes[] = {"--quiet", "--keep-going"};
    for (size_t i = 0; i < 2; i++) {
        char one[65536], arguments[256];
        for (int jobs = 1; jobs <= 2; jobs++) {
            snprintf(arguments, sizeof arguments,
                     "threads-all-slots " RACY " --schedules 60 %s --jobs %d", modes[i], jobs);
            char *text = json_of_run(arguments, 5);
            for (char *at = text; (at = strstr(at, "\"native_ns\": "));) {
                at += strlen("\"native_ns\": ");
                memmove(at, at + strspn(at, "0123456789"),
                        strlen(at) + 1 - strspn(at, "0123456789"));
            }
            if (jobs == 1)
                snprintf(one, sizeof one, "%s", text);
            else
                assert_string_equal(text, one);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_for_schedules_read_as_they_are_written),
        cmocka_unit_test(words_that_are_no_schedule_are_refused),
        cmocka_unit_test(options_that_do_not_go_together_are_refused),
        cmocka_unit_test(schedules_have_the_golden_digests),
        cmocka_unit_test(a_trace_holds_the_schedule_it_was_made_under),
        cmocka_unit_test(a_scenario_chooses_its_schedule_and_words_replace_it),
        cmocka_unit_test(schedules_that_hold_are_counted),
        cmocka_unit_test(a_found_interleaving_is_short_and_comes_again),
        cmocka_unit_test(the_schedule_found_does_not_depend_on_jobs),
    };
    return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
