/* Shapes of pressure on a whole machine, as scenarios say them. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_text(const char *text)
{
    write_file(cli_path("shapes.yaml"), text, strlen(text));
    cli("run %s --policy passthrough --trace %s --json %s", cli_path("shapes.yaml"),
        cli_path("shapes.lwr"), cli_path("shapes.json"));
    expect_exit(0);
}

static uint64_t counter(const char *name)
{
    char *json = read_whole_file(cli_path("shapes.json"), NULL);
    const char *value = json_value(json, name, 0);
    assert_non_null(value);
    uint64_t number = strtoull(value, NULL, 10);
    free(json);
    return number;
}

/* How many lines of the printed trace hold the fragment. */
static unsigned lines_with(const char *fragment)
{
    unsigned count = 0;
    const struct cli_result *result =
        cli("trace print --width 0 --depth clr %s", cli_path("shapes.lwr"));
    for (const char *at = strstr(result->out, fragment); at; at = strstr(at + 1, fragment))
        count++;
    return count;
}

static void every_kind_swings_and_comes_back_exactly(void **state)
{
    static const struct {
        const char *of, *held;
    } kinds[] = {{"memory", "12 MiB of memory"},
                 {"commit", "12 MiB of commit"},
                 {"pagefile", "12 MiB of page file"},
                 {"address-space", "12 MiB of address space"},
                 {"ram", "12 MiB of RAM"}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char text[512], words[64];
        snprintf(text, sizeof text,
                 "name: swings\n"
                 "machine: {ram: 64MiB, pagefile: 64MiB}\n"
                 "pressure:\n"
                 "  - {at: 1ms, wave: square, take: 12MiB, period: 10ms, times: 3, of: %s}\n"
                 "workload: [wait: 100ms]\n",
                 kinds[i].of);
        run_text(text);
        snprintf(words, sizeof words, "%s taken, 12 MiB held", kinds[i].held);
        assert_int_equal(lines_with(words), 3);
        snprintf(words, sizeof words, "%s given back, 0 held", kinds[i].held);
        assert_int_equal(lines_with(words), 3);
    }
}

static void a_wave_on_a_full_machine_gives_back_what_it_got(void **state)
{
    (void)state;
    run_text("name: full\n"
             "machine: {ram: 64MiB, pagefile: 0}\n"
             "pressure:\n"
             "  - {at: 0, take: 40MiB}\n"
             "  - {at: 1ms, wave: sawtooth, take: 64MiB, period: 64ms, until: 200ms}\n"
             "  - {at: 2ms, take: all, for: 10ms}\n"
             "workload: [wait: 300ms]\n");
    assert_int_equal(counter("other_commit_bytes"), 40 << 20);
}

static void latency_and_job_limit_go_back_by_themselves(void **state)
{
    (void)state;
    run_text("name: spikes\n"
             "machine: {ram: 4MiB, pagefile: 256MiB, standby: 0, pagefile-latency: 1ms}\n"
             "pressure:\n"
             "  - {at: 10ms, latency: 20ms, for: 5ms}\n"
             "  - {at: 30ms, latency: 9ms, wave: square, period: 10ms, duty: 20%, times: 2}\n"
             "  - {at: 100ms, job-limit: 32MiB, for: 10ms}\n"
             "workload:\n"
             "  - wait: 105ms\n"
             "  - VirtualAlloc: {size: 40MiB, type: MEM_RESERVE|MEM_COMMIT, expect: refused}\n"
             "  - wait: 10ms\n"
             "  - VirtualAlloc: {size: 40MiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}\n");
    assert_int_equal(lines_with("page file latency"), 6);
    assert_int_equal(lines_with("job limit"), 2);
}

/* What is charged already stays; what needs no charge succeeds. */
static void a_job_limit_is_lowered_under_load_and_raised_again(void **state)
{
    (void)state;
    run_text("name: lowered\n"
             "pressure:\n"
             "  - {at: 10ms, job-limit: 16MiB, for: 10ms}\n"
             "workload:\n"
             "  - VirtualAlloc: {as: a, size: 64MiB, type: MEM_RESERVE, expect: ok}\n"
             "  - VirtualAlloc: {at: a, size: 32MiB, type: MEM_COMMIT, expect: ok}\n"
             "  - wait: 15ms\n"
             "  - write: {at: a, size: 32MiB, expect: ok}\n"
             "  - VirtualAlloc: {at: a, size: 32MiB, type: MEM_COMMIT, expect: ok}\n"
             "  - VirtualAlloc: {at: a+32MiB, size: 4KiB, type: MEM_COMMIT, expect: refused}\n"
             "  - VirtualFree: {at: a, size: 20MiB, type: MEM_DECOMMIT, expect: ok}\n"
             "  - VirtualAlloc: {at: a+32MiB, size: 4KiB, type: MEM_COMMIT, expect: ok}\n"
             "  - wait: 10ms\n"
             "  - VirtualAlloc: {at: a, size: 64MiB, type: MEM_COMMIT, expect: ok}\n");
}

/* ---- what a host says about it ---- */

static void find_in(const char *host, const char *id, const char *severity, const char *words)
{
    cli("run load-answers-stay-sane --policy tests/policies/careless/%s.c --json %s", host,
        cli_path("found.json"));
    expect_exit(1);
    expect_out(words);
    char *json = read_whole_file(cli_path("found.json"), NULL);
    bool found = false;
    for (unsigned i = 0; i < json_count(json, "id"); i++)
        found = found || strcmp(json_value(json, "id", i), id) == 0;
    assert_true(found);
    bool as_severe = false;
    for (unsigned i = 0; i < json_count(json, "severity"); i++)
        as_severe = as_severe || strcmp(json_value(json, "severity", i), severity) == 0;
    assert_true(as_severe);
    free(json);
}

static void impossible_answers_are_findings_with_the_first_and_their_number(void **state)
{
    (void)state;
    find_in("overstates-load", "L1", "E", "a load above 100%: 101%\n          at event");
    expect_out("times in all");
    find_in("available-address-space", "L2", "W", "more available than there is memory: ");
}

static void explain_tells_by_how_much_answers_were_too_good(void **state)
{
    (void)state;
    cli("run load-answers-follow-the-machine --policy tests/policies/careless/remembers-load.c "
        "--explain");
    expect_exit(1);
    expect_out("better than the truth by up to 40 points\n");
    const struct cli_result *result =
        cli("run load-answers-follow-the-machine --policy passthrough --explain");
    expect_exit(0);
    assert_null(strstr(result->out, "better than the truth"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_swings_and_comes_back_exactly),
        cmocka_unit_test(a_wave_on_a_full_machine_gives_back_what_it_got),
        cmocka_unit_test(latency_and_job_limit_go_back_by_themselves),
        cmocka_unit_test(impossible_answers_are_findings_with_the_first_and_their_number),
        cmocka_unit_test(explain_tells_by_how_much_answers_were_too_good),
        cmocka_unit_test(a_job_limit_is_lowered_under_load_and_raised_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
