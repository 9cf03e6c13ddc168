/* --set KEY=VALUE: whatever a file can say, a setting can say, and mistakes name the setting. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clr/replay.h"
#include "core/trace.h"
#include "tests/cli_run.h"
#include "tests/scenario_support.h"

#define MiB (UINT64_C(1) << 20)

static const char text[] = "name: t\n"
                           "machine: &m {ram: 2GiB}\n"
                           "workload:\n"
                           "- wait: 1ms\n"
                           "- repeat: 3\n"
                           "  do:\n"
                           "  - VirtualAlloc: {as: a, size: 4KiB, type: reserve}\n"
                           "expect:\n"
                           "- injected: 0\n";

static const struct scenario *set(const char *const *settings)
{
    const struct loaded *loaded = load_with(text, settings);
    if (loaded->result != INPUT_OK)
        fail_msg("refused: %s", loaded->err);
    return loaded->scenario;
}

#define SET(...) set((const char *const[]){__VA_ARGS__, NULL})

static void refused(const char *setting, const char *fragment)
{
    const char *const settings[] = {setting, NULL};
    char start[512];
    const struct loaded *loaded = load_with(text, settings);
    snprintf(start, sizeof start, "lowwater: --set %s: ", setting);
    if (loaded->result != INPUT_INVALID || !loaded->usage ||
        strncmp(loaded->err, start, strlen(start)) != 0 || !strstr(loaded->err, fragment))
        fail_msg("--set %s: expected '%s', got result %d, usage %d: %s", setting, fragment,
                 loaded->result, loaded->usage, loaded->err);
}

static void a_setting_replaces_or_adds_any_key(void **state)
{
    (void)state;
    const struct scenario *s = SET("machine.ram=1GiB", "machine.processors=8", "seed=3",
                                   "shutdown=release", "replay.native=virtual", "name=other");
    assert_int_equal(s->machine.ram_bytes, 1024 * MiB);
    assert_int_equal(s->machine.processors, 8);
    assert_int_equal(s->seed, 3);
    assert_true(s->shutdown_release);
    assert_string_equal(s->name, "other");
}

static void parameters_of_the_policy_need_no_longer_name(void **state)
{
    (void)state;
    const struct scenario *s =
        SET("policy.limit=512MiB", "policy.params.reserve=64KiB", "policy.name=quota");
    assert_string_equal(s->policy, "quota");
    assert_int_equal(s->params_count, 2);
    assert_string_equal(s->params[0].key, "limit");
    assert_string_equal(s->params[1].key, "reserve");
    s = SET("policy.limit=1MiB", "policy.limit=2MiB");
    assert_int_equal(s->params_count, 1);
    assert_string_equal(s->params[0].value, "2MiB");
}

static void items_of_lists_are_changed_and_added_by_number(void **state)
{
    (void)state;
    const struct scenario *s =
        SET("workload[0].wait=5ms", "workload[1].repeat=7",
            "workload[1].do[0].VirtualAlloc.size=8KiB", "workload[2]={wait: 9ms}",
            "faults[0].on=malloc", "faults[0].nth=3", "faults[1]={on: HeapAlloc, every: 2}");
    assert_int_equal(s->workload.steps_count, 3);
    assert_int_equal(s->workload.steps[0].wait_ns, 5000000);
    assert_int_equal(s->workload.steps[1].times, 7);
    assert_int_equal(s->workload.steps[1].steps[0].call->size, 8192);
    assert_int_equal(s->workload.steps[2].wait_ns, 9000000);
    assert_int_equal(s->faults_count, 2);
    assert_int_equal(s->faults[0].rule.call, EVENT_malloc);
    assert_int_equal(s->faults[0].rule.nth, 3);
    assert_int_equal(s->faults[1].rule.every, 2);
}

static void values_need_no_quotes_of_their_own(void **state)
{
    (void)state;
    const struct scenario *s =
        SET("expect[0].injected=> 3", "expect[1].peak-commit=<= 1GiB", "expect[2].served='>= 95%'",
            "expect[3]={process-exits: \"!= 1\"}");
    assert_int_equal(s->expectations[0].comparison.op, COMPARE_MORE);
    assert_int_equal(s->expectations[1].comparison.value, 1024 * MiB);
    assert_int_equal(s->expectations[2].comparison.op, COMPARE_AT_LEAST);
    assert_int_equal(s->expectations[3].comparison.op, COMPARE_NOT_EQUAL);
    assert_string_equal(s->expectations[1].text, "peak-commit <= 1GiB");
}

static void what_an_alias_shares_is_changed_in_one_place_only(void **state)
{
    (void)state;
    static const char shared[] = "name: t\nworkload:\n- Alloc: &a {size: 1}\n- Alloc: *a\n";
    static const char *const settings[] = {"workload[1].Alloc.size=2", NULL};
    const struct scenario *s = load_with(shared, settings)->scenario;
    assert_int_equal(s->workload.steps[0].call->size, 1);
    assert_int_equal(s->workload.steps[1].call->size, 2);
}

static void mistakes_name_the_setting_and_what_is_legal(void **state)
{
    (void)state;
    refused("machine.rma=1GiB", "unknown key 'rma' in 'machine'; did you mean 'ram'?");
    refused("machine.ram=lots", "machine.ram must be a size from 4KiB to 64TiB");
    refused("machine.address-space=1GiB", "one of 2GiB 3GiB 4GiB 8TiB 128TiB");
    refused("replay.native=sideways", "one of malloc virtual around");
    refused("shutdown=perhaps", "one of none release");
    refused("polcy.limit=1", "unknown key 'polcy'; did you mean 'policy'?");
    refused("seed", "KEY=VALUE");
    refused("=3", "KEY=VALUE");
    refused("workload.wait=3ms", "'workload' is a list: say which item");
    refused("workload[3].wait=3ms", "'workload' has 2 items: [2] would add one, [3] is beyond");
    refused("workload[x].wait=3ms", "the number of an item");
    refused("workload[0]wait.x=3ms", "'workload[0]wait");
    refused("seed.low=3", "seed must be a whole number, not a mapping");
    refused("name.low=3", "is a word and has no keys");
    refused("machine[0]=3", "'machine' is a mapping, not a list");
    refused("machine..ram=3", "a key is missing behind 'machine'");
    refused("faults[0]={on: malloc", "this is not YAML");
    refused("faults[0]={on: maloc}", "did you mean 'malloc'?");
    refused("policy.limit=0123456789012345678901234567890123456789012345678901234567890123456789",
            "at most 63 characters");
}

static void a_mistake_of_the_file_is_not_one_of_the_command_line(void **state)
{
    (void)state;
    static const char *const settings[] = {"machine.ram=x", NULL};
    const struct loaded *loaded = load_with("name: t\nworkload: [weit: 1ms]\n", settings);
    assert_int_equal(loaded->result, INPUT_INVALID);
    assert_false(loaded->usage);
    assert_non_null(strstr(loaded->err, "unknown step 'weit'"));
    assert_non_null(strstr(loaded->err, "--set machine.ram=x"));
    /* A setting can also put a mistake of the file right. */
    static const char *const right[] = {"workload[0]={wait: 1ms}", NULL};
    assert_int_equal(load_with("name: t\nworkload: [weit: 1ms]\n", right)->result, INPUT_OK);
}

static void wrong_settings_of_a_run_exit_with_usage(void **state)
{
    (void)state;
    write_file(cli_path("s.yaml"), text, sizeof text - 1);
    cli("run %s --set machine.rma=1GiB", cli_path("s.yaml"));
    expect_exit(2);
    expect_err("did you mean 'ram'?");
    cli("run %s --set machine.rma=1GiB", small_recording());
    expect_exit(2);
    expect_err("did you mean 'ram'?");
}

static int release(void **state)
{
    (void)state;
    unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_replaces_or_adds_any_key),
        cmocka_unit_test(parameters_of_the_policy_need_no_longer_name),
        cmocka_unit_test(items_of_lists_are_changed_and_added_by_number),
        cmocka_unit_test(values_need_no_quotes_of_their_own),
        cmocka_unit_test(what_an_alias_shares_is_changed_in_one_place_only),
        cmocka_unit_test(mistakes_name_the_setting_and_what_is_legal),
        cmocka_unit_test(a_mistake_of_the_file_is_not_one_of_the_command_line),
        cmocka_unit_test(wrong_settings_of_a_run_exit_with_usage),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
