/* The detector of data races: scenes that are in order show nothing in any schedule, scenes with
 * one race show that one, with both lines (tests/policies/races). How many schedules of each
 * strategy may be given as an argument; more than the usual ones take in more hosts as well. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/report.h"
#include "harness/options.h"
#include "harness/run_inputs.h"

#define SCENES_MAX 64
#define USUAL_SCHEDULES 2
#define NAME_BYTES 64

static struct scenario *plan;
static struct run_spec spec;
static struct run_result *result;
static char policy_path[512], built[64], scenes[SCENES_MAX][NAME_BYTES];
static unsigned scenes_count;
static struct run_words words;
static uint64_t schedules = USUAL_SCHEDULES;

static const char calm[] =
    "name: calm\nworkload:\n  - VirtualAlloc: {size: 64KiB, type: reserve}\n";

static int set_up(void **state)
{
    (void)state;
    const char *path = cli_path("calm.yaml");
    bool usage;
    write_file(path, calm, sizeof calm - 1);
    assert_int_equal(scenario_read(path, NULL, 0, stderr, &usage, &plan), INPUT_OK);
    result = run_result_create();
    assert_non_null(result);
    spec = (struct run_spec){.scenario = "calm",
                             .plan = plan,
                             .words = &words,
                             .policy = "scenes",
                             .policy_path = policy_path,
                             .seed = 1,
                             .race = true,
                             .digest = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scenario_free(plan);
    run_result_destroy(result);
    return 0;
}

static bool is_installed(const char *compiler)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", compiler);
    return system(command) == 0;
}

/* Builds the file and notes the names of its scenes; the text of the source, to be freed. */
static char *use_file(const char *name, const char *options)
{
    char path[256];
    size_t count;
    const char *compiler = getenv(strstr(name, ".cpp") ? "CXX" : "CC");
    snprintf(built, sizeof built, "by %s with %s", compiler ? compiler : "gcc", options);
    snprintf(path, sizeof path, "tests/policies/races/%s", name);
    snprintf(policy_path, sizeof policy_path, "%s", cli_path("scenes.so"));
    cli("cc --race -o %s -std=%s %s %s", policy_path, strstr(name, ".cpp") ? "gnu++20" : "gnu11",
        options, path);
    expect_exit(0);
    char *text = read_whole_file(path, &count);
    assert_non_null(text);
    scenes_count = 0;
    for (const char *at = text; (at = strstr(at, "\nSCENE")) != NULL;) {
        at = strchr(at, '(') + 1;
        assert_true(scenes_count < SCENES_MAX);
        snprintf(scenes[scenes_count++], NAME_BYTES, "%.*s", (int)strcspn(at, ")"), at);
    }
    return text;
}

static void play(const char *scene, enum sched_strategy strategy, uint64_t seed)
{
    memset(result, 0, sizeof *result);
    spec.factory = scene;
    spec.schedule = (struct sched_options){.strategy = strategy, .seed = seed};
    run_execute(&spec, result);
}

/* What a person would read of the last run, to be freed. */
static char *told(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    const struct report_run run = {
        .spec = spec, .result = result, .scenario_word = "calm", .policy_word = "scenes"};
    report_run(&run, false, false, out, out);
    fclose(out);
    return text;
}

/* ---- in order ---- */

static void stays_silent(const char *file)
{
    free(use_file(file, "-O2"));
    assert_true(scenes_count >= 4);
    for (unsigned i = 0; i < scenes_count; i++)
        for (int strategy = 0; strategy < SCHED_REPLAY; strategy++)
            for (uint64_t seed = 1; seed <= (strategy == SCHED_IN_ORDER ? 1 : schedules); seed++) {
                play(scenes[i], (enum sched_strategy)strategy, seed);
                if (result->outcome != OUTCOME_OK)
                    fail_msg("%s, %s, %u:\n%s", scenes[i],
                             sched_strategy_name((enum sched_strategy)strategy), (unsigned)seed,
                             told());
            }
}

static void scenes_in_order_are_silent_in_every_schedule(void **state)
{
    (void)state;
    stays_silent("clean.c");
    stays_silent("clean-atomics.c");
    stays_silent("clean-blocks.c");
    stays_silent("clean.cpp");
    if (schedules > USUAL_SCHEDULES)
        stays_silent("library.cpp");
}

/* ---- the CLR's threads ---- */

static struct run_input input;

static int set_up_threads(void **state)
{
    int failed = set_up(state);
    scenario_free(plan);
    assert_int_equal(run_input_open(&input, "scenarios/threads-all-slots.yaml", &words), EXIT_HELD);
    plan = input.plan;
    spec.scenario = "threads-all-slots";
    spec.plan = plan;
    spec.faults = input.faults;
    spec.faults_count = input.faults_count;
    return failed;
}

static void build(const char *path)
{
    snprintf(policy_path, sizeof policy_path, "%s", cli_path("host.so"));
    cli("cc --race -o %s %s", policy_path, path);
    expect_exit(0);
}

static void host_is_silent(const char *path)
{
    build(path);
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++)
        for (uint64_t seed = 1; seed <= (strategy == SCHED_IN_ORDER ? 1 : schedules); seed++) {
            play(NULL, (enum sched_strategy)strategy, seed);
            if (result->outcome != OUTCOME_OK)
                fail_msg("%s, %s, %u:\n%s", path,
                         sched_strategy_name((enum sched_strategy)strategy), (unsigned)seed,
                         told());
        }
}

static void hosts_that_guard_what_threads_share_are_silent(void **state)
{
    (void)state;
    glob_t files;
    const char *pattern = schedules > USUAL_SCHEDULES
                              ? "tests/policies/concurrency/clean/*.c*"
                              : "tests/policies/concurrency/clean/m[ae]*.c*";
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        host_is_silent(files.gl_pathv[i]);
    globfree(&files);
    host_is_silent("tests/policies/races/hand-over.c");
}

/* Hosts whose defect is a race between threads of the CLR, and a line of it. */
static void races_between_calls_of_the_clr_are_named(void **state)
{
    (void)state;
    static const char *const hosts[][2] = {
        {"counts-references-plainly.c", "counts-references-plainly.c:10"},
        {"empties-others-cache.c", "empties-others-cache.c:"},
        {"publishes-half-built.c", "publishes-half-built.c:"},
        {"starts-thread-before-lock.c", "starts-thread-before-lock.c:34"},
        {"uses-region-after-unlock.c", "gives back"},
        {"links-regions-unlocked.c", "links-regions-unlocked.c:"},
        {"maps-regions-unlocked.cpp", "maps-regions-unlocked.cpp:"},
        {"spins-without-yield.c", "spins-without-yield.c:26"},
        {"tears-statistics.c", "tears-statistics.c:"}};
    size_t count = schedules > USUAL_SCHEDULES ? sizeof hosts / sizeof *hosts : 5;
    for (size_t i = 0; i < count; i++) {
        char path[256];
        snprintf(path, sizeof path, "tests/policies/concurrency/%s", hosts[i][0]);
        build(path);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            play(NULL, SCHED_RANDOM, seed);
            if (result->races.count)
                break;
        }
        char *text = told();
        if (result->races.count == 0 || !strstr(text, hosts[i][1]))
            fail_msg("%s: %s", hosts[i][0], text);
        free(text);
    }
}

/* ---- with a race ---- */

/* Whether the line has the mark of the scene's side: "name ... A ..." in a comment. */
static bool is_marked(const char *line, const char *scene, char side)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    const char *comment = strstr(text, "/* ");
    size_t length = strlen(scene);
    if (!comment || strncmp(comment + 3, scene, length) != 0 || comment[3 + length] != ' ')
        return false;
    return strchr(comment + 3 + length, side) != NULL;
}

/* 0: none. */
static unsigned marked_line(const char *source, const char *scene, char side)
{
    unsigned line = 1;
    for (const char *at = source; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL, line++)
        if (is_marked(at, scene, side))
            return line;
    return 0;
}

/* A line may be that of all scenes that have none of their own. */
static unsigned line_of(const char *source, const char *scene, char side)
{
    unsigned line = marked_line(source, scene, side);
    if (!line)
        line = marked_line(source, "all", side);
    if (!line)
        fail_msg("no line is marked with %s %c", scene, side);
    return line;
}

static bool tells_of(const char *text, const char *file, unsigned line)
{
    char place[128];
    snprintf(place, sizeof place, "%s:%u\n", file, line);
    return strstr(text, place) != NULL;
}

static void is_named(const char *file, const char *source, const char *scene, uint64_t seeds)
{
    unsigned first = line_of(source, scene, 'A'), second = line_of(source, scene, 'B');
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        play(scene, SCHED_RANDOM, seed);
        if (result->outcome == OUTCOME_OK)
            continue;
        char *text = told();
        if (result->outcome != OUTCOME_FINDING || result->races.count == 0 ||
            !tells_of(text, file, first) || !tells_of(text, file, second))
            fail_msg("%s, built %s, not lines %u and %u:\n%s", scene, built, first, second, text);
        free(text);
        return;
    }
    fail_msg("%s, built %s: no race in %u schedules", scene, built, (unsigned)seeds);
}

static void all_are_named(const char *file, const char *options)
{
    char *source = use_file(file, options);
    assert_true(scenes_count >= 5);
    for (unsigned i = 0; i < scenes_count; i++)
        is_named(file, source, scenes[i], 20);
    free(source);
}

static void races_are_named_with_both_lines(void **state)
{
    (void)state;
    all_are_named("racy.c", "-O2");
    all_are_named("racy.cpp", "-O2");
}

/* Compilers have instructions of their own for what some functions do. */
static void races_of_functions_are_named_however_they_are_compiled(void **state)
{
    (void)state;
    static const char *const compilers[][2] = {{"gcc", "g++"}, {"clang", "clang++"}};
    static const char *const levels[] = {"-O2", "-O0", "-O1", "-O3"};
    const int levels_count = schedules > USUAL_SCHEDULES ? 4 : 2;
    const char *usual[2] = {getenv("CC"), getenv("CXX")};
    for (int c = 0; c < 2; c++) {
        setenv("CC", compilers[c][0], 1);
        setenv("CXX", compilers[c][1], 1);
        for (int level = 0; is_installed(compilers[c][1]) && level < levels_count; level++) {
            all_are_named("racy-blocks.c", levels[level]);
            all_are_named("racy-blocks.cpp", levels[level]);
        }
    }
    for (int i = 0; i < 2; i++)
        if (usual[i])
            setenv(i ? "CXX" : "CC", usual[i], 1);
        else
            unsetenv(i ? "CXX" : "CC");
}

/* ---- the command line ---- */

static void the_report_names_accesses_threads_and_memory(void **state)
{
    (void)state;
    const char *json = cli_path("out.json");
    write_file(cli_path("calm.yaml"), calm, sizeof calm - 1);
    cli("run %s --race --policy tests/policies/races/racy.c --factory unlocked_reader --json %s",
        cli_path("calm.yaml"), json);
    expect_exit(1);
    expect_out("data-race");
    expect_out("in counter");
    expect_out("and nothing orders the two");
    expect_out("--factory unlocked_reader --race");
    size_t bytes;
    char *text = read_whole_file(json, &bytes);
    assert_true(json_is_valid(text));
    assert_string_equal(json_value(text, "id", 0), "data-race");
    assert_string_equal(json_value(text, "race", 0), "instrumented");
    assert_non_null(strstr(text, "\"before\""));
    free(text);
}

static void a_policy_without_instrumentation_is_told_to_be_blind(void **state)
{
    (void)state;
    write_file(cli_path("calm.yaml"), calm, sizeof calm - 1);
    cli("cc -o %s tests/policies/races/racy.c", cli_path("plain.so"));
    expect_exit(0);
    cli("run %s --race --policy %s --factory plain_counter", cli_path("calm.yaml"),
        cli_path("plain.so"));
    expect_exit(0);
    expect_err("its own loads and stores are not seen");
}

static void an_instrumented_policy_runs_without_being_looked_at(void **state)
{
    (void)state;
    write_file(cli_path("calm.yaml"), calm, sizeof calm - 1);
    cli("cc --race -o %s tests/policies/races/racy.c", cli_path("seen.so"));
    expect_exit(0);
    cli("run %s --policy %s --factory plain_counter", cli_path("calm.yaml"), cli_path("seen.so"));
    expect_exit(0);
}

static void a_trace_with_races_replays_identically(void **state)
{
    (void)state;
    write_file(cli_path("calm.yaml"), calm, sizeof calm - 1);
    cli("run %s --race --policy tests/policies/races/racy.c --factory torn_copy --trace %s",
        cli_path("calm.yaml"), cli_path("race.lwr"));
    expect_exit(1);
    cli("replay %s", cli_path("race.lwr"));
    expect_exit(0);
    expect_out("identical");
}

static void a_race_of_some_schedules_is_told_with_its_switches(void **state)
{
    (void)state;
    write_file(cli_path("calm.yaml"), calm, sizeof calm - 1);
    cli("run %s --race --policy tests/policies/races/racy.c --factory broken_sequence",
        cli_path("calm.yaml"));
    expect_exit(0); /* luck */
    cli("run %s --race --policy tests/policies/races/racy.c --factory broken_sequence --schedules "
        "50",
        cli_path("calm.yaml"));
    expect_exit(1);
    expect_out("gives way to thread");
    expect_out("data-race");
    expect_out("--schedule switches:");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        schedules = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scenes_in_order_are_silent_in_every_schedule, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(races_are_named_with_both_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(races_of_functions_are_named_however_they_are_compiled,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(hosts_that_guard_what_threads_share_are_silent,
                                        set_up_threads, tear_down),
        cmocka_unit_test_setup_teardown(races_between_calls_of_the_clr_are_named, set_up_threads,
                                        tear_down),
        cmocka_unit_test(the_report_names_accesses_threads_and_memory),
        cmocka_unit_test(a_policy_without_instrumentation_is_told_to_be_blind),
        cmocka_unit_test(an_instrumented_policy_runs_without_being_looked_at),
        cmocka_unit_test(a_trace_with_races_replays_identically),
        cmocka_unit_test(a_race_of_some_schedules_is_told_with_its_switches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
