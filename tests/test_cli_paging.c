/* Physical memory as scenarios see it: the exact counts of all replacements with every bundled
 * policy, and what the keys of the machine do. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_scenario(const char *text, const char *policy)
{
    write_file(cli_path("paging.yaml"), text, strlen(text));
    cli("run %s --policy %s --json %s", cli_path("paging.yaml"), policy, cli_path("paging.json"));
    expect_exit(0);
}

static uint64_t counter(const char *name)
{
    char *json = read_whole_file(cli_path("paging.json"), NULL);
    const char *value = json_value(json, name, 0);
    assert_non_null(value);
    uint64_t number = strtoull(value, NULL, 10);
    free(json);
    return number;
}

static void zipf_counts_are_exact_with_every_replacement(void **state)
{
    (void)state;
    static const struct {
        unsigned ram_kib;
        const char *replacement, *policy;
        uint64_t faults;
    } rows[] = {
        {400, "lru", "passthrough", 1421207},   {4000, "lru", "arena", 988330},
        {40000, "lru", "quota", 528558},        {400, "fifo", "watermark", 1499899},
        {4000, "fifo", "passthrough", 1071197}, {40000, "fifo", "arena", 600265},
        {400, "clock-ref0", "quota", 1396124},  {4000, "clock-ref0", "watermark", 965280},
        {40000, "clock-ref0", "arena", 511743}, {400, "clock", "passthrough", 1444097},
        {4000, "clock", "watermark", 1009312},  {40000, "clock", "passthrough", 545165},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "name: zipf\n"
                 "machine: {ram: %uKiB, pagefile: 1GiB, replacement: %s, standby: 0}\n"
                 "workload:\n"
                 "  - touch: {order: zipf, pages: 100000, references: 2000000, pcg32: [42, 54]}\n",
                 rows[i].ram_kib, rows[i].replacement);
        run_scenario(text, rows[i].policy);
        assert_int_equal(counter("faults_demand_zero") + counter("faults_hard"), rows[i].faults);
        assert_int_equal(counter("faults_soft"), 0);
    }
}

static void a_page_file_of_other_latency_takes_its_time(void **state)
{
    (void)state;
    uint64_t took_ns[2];
    for (int slow = 0; slow < 2; slow++) {
        char text[512];
        snprintf(text, sizeof text,
                 "name: latency\n"
                 "machine: {ram: 4MiB, pagefile: 64MiB, standby: 0, pagefile-latency: %s}\n"
                 "workload:\n"
                 "  - touch: {order: sequential, pages: 2000, references: 4000}\n",
                 slow ? "5ms" : "1ms");
        run_scenario(text, "passthrough");
        took_ns[slow] = counter("virtual_ns");
    }
    assert_int_equal(counter("faults_hard"), 2000);
    assert_true(took_ns[1] - took_ns[0] >= UINT64_C(2000) * 4000000);
}

static void a_page_file_grows_up_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    run_scenario("name: growth\n"
                 "machine: {ram: 64MiB, pagefile: 16MiB, pagefile-max: 96MiB}\n"
                 "workload:\n"
                 "  - VirtualAlloc: {as: a, size: 140MiB, type: MEM_RESERVE|MEM_COMMIT, "
                 "protect: PAGE_READWRITE, expect: ok}\n"
                 "  - VirtualAlloc: {as: b, size: 40MiB, type: MEM_RESERVE|MEM_COMMIT, "
                 "protect: PAGE_READWRITE, expect: refused}\n",
                 "passthrough");
}

static void pressure_changes_latency_ram_and_the_limit_of_a_job(void **state)
{
    (void)state;
    run_scenario("name: changes\n"
                 "machine: {ram: 64MiB, pagefile: 64MiB}\n"
                 "pressure:\n"
                 "  - {at: 10ms, take: 32MiB, of: ram}\n"
                 "  - {at: 20ms, job-limit: 32MiB}\n"
                 "  - {at: 30ms, job-limit: all}\n"
                 "  - {at: 30ms, give-back: all, of: ram}\n"
                 "  - {at: 30ms, latency: 1s}\n"
                 "workload:\n"
                 "  - wait: 15ms\n"
                 "  - VirtualAlloc: {as: a, size: 100MiB, type: MEM_RESERVE|MEM_COMMIT, "
                 "protect: PAGE_READWRITE, expect: refused}\n"
                 "  - VirtualAlloc: {as: b, size: 80MiB, type: MEM_RESERVE|MEM_COMMIT, "
                 "protect: PAGE_READWRITE, expect: ok}\n"
                 "  - VirtualFree: {at: b, size: 0, type: MEM_RELEASE, expect: ok}\n"
                 "  - wait: 10ms\n"
                 "  - VirtualAlloc: {as: c, size: 40MiB, type: MEM_RESERVE|MEM_COMMIT, "
                 "protect: PAGE_READWRITE, expect: refused}\n"
                 "  - wait: 10ms\n"
                 "  - touch: {order: sequential, pages: 20000, references: 20001}\n",
                 "passthrough");
    assert_true(counter("faults_hard") > 0);
    assert_true(counter("virtual_ns") > UINT64_C(1000000000));
}

/* Each with a region and draws of its own, all short of frames. */
static void threads_touch_regions_of_their_own_and_page_side_by_side(void **state)
{
    (void)state;
    static const char text[] =
        "name: touches\n"
        "machine: {ram: 4MiB, pagefile: 64MiB}\n"
        "workload:\n"
        "  - together:\n"
        "      - repeat: 1\n"
        "        do:\n"
        "          - VirtualAlloc: {as: heap#, size: 2MiB, type: MEM_RESERVE|MEM_COMMIT}\n"
        "          - touch: {order: hot-cold, pages: 512, references: 3000, at: heap#, write: "
        "50%,\n"
        "                    rate: 10000/s}\n"
        "          - touch: {order: zipf, pages: 200, references: 500}\n"
        "          - VirtualFree: {at: heap#, type: MEM_RELEASE, expect: ok}\n"
        "    threads: 4\n"
        "expect: [nothing-left-behind: yes]\n";
    run_scenario(text, "passthrough");
    assert_true(counter("touches") >= 4 * 3500);
    cli("run %s --policy passthrough --trace %s", cli_path("paging.yaml"), cli_path("paging.lwr"));
    expect_exit(0);
    cli("replay %s", cli_path("paging.lwr"));
    expect_exit(0);
    char last[200] = "";
    for (int thread = 1; thread <= 4; thread++) {
        char word[32];
        snprintf(word, sizeof word, "--thread %d", thread);
        const struct cli_result *result =
            cli("trace print %s --width 0 --call hard* %s", cli_path("paging.lwr"), word);
        const char *first = strstr(result->out, "hard fault");
        assert_non_null(first);
        assert_int_not_equal(strncmp(first, last, 60), 0);
        snprintf(last, sizeof last, "%.60s", first);
    }
}

/* Its pages drive out each other: nothing happens but faults, each of which is an event. */
static void an_instruction_that_needs_more_frames_than_there_are_ends_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *ram;
        int exit_code;
    } rows[] = {{"4KiB", 4}, {"16KiB", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "name: frames\nmachine: {ram: %s, pagefile: 1MiB}\nworkload:\n"
                 "  - repeat: 3\n    do:\n"
                 "      - VirtualAlloc: {size: 4KiB, type: MEM_RESERVE|MEM_COMMIT}\n",
                 rows[i].ram);
        write_file(cli_path("paging.yaml"), text, strlen(text));
        const struct cli_result *result =
            cli("run %s --policy tests/policies/threads/straddles.c", cli_path("paging.yaml"));
        expect_exit(rows[i].exit_code);
        bool told = strstr(result->err, "more pages at once than there are frames") != NULL;
        assert_true(told == (rows[i].exit_code == 4));
        assert_true(!told || strstr(result->err, "straddles.c:") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zipf_counts_are_exact_with_every_replacement),
        cmocka_unit_test(a_page_file_of_other_latency_takes_its_time),
        cmocka_unit_test(pressure_changes_latency_ram_and_the_limit_of_a_job),
        cmocka_unit_test(a_page_file_grows_up_to_its_maximum_and_no_further),
        cmocka_unit_test(threads_touch_regions_of_their_own_and_page_side_by_side),
        cmocka_unit_test(an_instruction_that_needs_more_frames_than_there_are_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
