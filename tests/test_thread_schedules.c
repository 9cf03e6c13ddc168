/* Policies with threads under every strategy: correct ones hold in each schedule, a race that the
 * order of ready threads hides is found by some, and the list of switches in the trace of a run
 * repeats it. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/run.h"
#include "harness/trace_file.h"

#define SWITCHES_MAX 100000

static struct scenario *plan;
static struct run_spec spec;
static struct run_result *result;
static char policy_path[512];
static struct run_words words;

static void use_policy(const char *source)
{
    snprintf(policy_path, sizeof policy_path, "%s", cli_path("scheduled.so"));
    cli("cc -o %s -std=%s tests/policies/threads/%s", policy_path,
        strstr(source, ".cpp") ? "c++20" : "c11", source);
    expect_exit(0);
}

static int set_up(void **state)
{
    (void)state;
    bool usage;
    assert_int_equal(scenario_of_recording(small_recording(), NULL, 0, stderr, &usage, &plan),
                     INPUT_OK);
    result = run_result_create();
    assert_non_null(result);
    spec = (struct run_spec){.scenario = "small",
                             .plan = plan,
                             .words = &words,
                             .policy = "scheduled",
                             .policy_path = policy_path,
                             .seed = 1,
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

static void run_with(enum sched_strategy strategy, uint64_t seed)
{
    memset(result, 0, sizeof *result);
    spec.schedule = (struct sched_options){.strategy = strategy, .seed = seed};
    run_execute(&spec, result);
}

static void holds_in_every_schedule(const char *source, uint64_t seeds)
{
    use_policy(source);
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++)
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            run_with((enum sched_strategy)strategy, seed);
            if (result->outcome != OUTCOME_OK)
                fail_msg("%s, %s, %u: %s %s\n%.*s", source,
                         sched_strategy_name((enum sched_strategy)strategy), (unsigned)seed,
                         result->stop.text, result->threads.findings[0].text,
                         (int)result->output_bytes, result->output);
            if (strategy == SCHED_IN_ORDER)
                break; /* it has no seed */
        }
}

static void correct_policies_hold_in_every_schedule(void **state)
{
    (void)state;
    holds_in_every_schedule("standard.cpp", 12);
    holds_in_every_schedule("posix.c", 12);
    holds_in_every_schedule("windows.c", 12);
}

/* ---- a race, and its schedule again ---- */

static struct sched_switch switches[SWITCHES_MAX];

static uint32_t read_switches(const char *path)
{
    struct trace_file file;
    char message[256];
    uint32_t count = 0;
    assert_int_equal(trace_file_read(path, &file, message, sizeof message), INPUT_OK);
    for (uint64_t i = 0; i < file.count; i++) {
        const struct event *event = &file.events[i];
        assert_true(count < SWITCHES_MAX);
        count += sched_switch_of(event, &switches[count]);
    }
    trace_file_free(&file);
    return count;
}

static void a_race_is_found_and_its_switches_repeat_it(void **state)
{
    (void)state;
    use_policy("defects/check-then-act.c");
    run_with(SCHED_IN_ORDER, 1);
    assert_int_equal(result->outcome, OUTCOME_OK); /* luck */
    const char *trace = cli_path("found.lwr");
    for (int strategy = SCHED_RANDOM; strategy < SCHED_REPLAY; strategy++) {
        uint64_t seed = 0;
        spec.trace_path = trace;
        do
            run_with((enum sched_strategy)strategy, ++seed);
        while (result->outcome == OUTCOME_OK && seed < 200);
        assert_int_equal(result->ended, OUTCOME_CRASH);
        uint8_t digest[16];
        memcpy(digest, result->digest, sizeof digest);
        uint32_t count = read_switches(trace);
        assert_true(count > 0);
        spec.trace_path = NULL;
        memset(result, 0, sizeof *result);
        spec.schedule = (struct sched_options){
            .strategy = SCHED_REPLAY, .switches = switches, .switches_count = count};
        run_execute(&spec, result);
        assert_memory_equal(result->digest, digest, sizeof digest);
        assert_int_equal(result->ended, OUTCOME_CRASH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(correct_policies_hold_in_every_schedule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_race_is_found_and_its_switches_repeat_it, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
