/* Hosts that several threads of the CLR enter at once, as a user sees it: what is found, whose
 * stacks are shown, and that a trace repeats it. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS "tests/policies/threads/clr/"

static const char *scenario(const char *text)
{
    const char *path = cli_path("threads.yaml");
    write_file(path, text, strlen(text));
    return path;
}

static const char region_and_block[] =
    "name: both\n"
    "workload:\n"
    "  - together:\n"
    "      - VirtualAlloc: {as: heap, size: 64KiB, type: MEM_RESERVE|MEM_COMMIT}\n"
    "      - Alloc: {as: block, size: 24}\n"
    "    threads: 1\n";

static const char four_commits[] =
    "name: four\n"
    "workload:\n"
    "  - together:\n"
    "      - VirtualAlloc: {as: heap#, size: 64KiB, type: MEM_RESERVE|MEM_COMMIT}\n"
    "    threads: 4\n";

static void threads_that_lock_in_two_orders_deadlock_with_both_stacks(void **state)
{
    (void)state;
    const char *path = scenario(region_and_block);
    cli("run %s --policy " HOSTS "crossed-locks.c --trace %s", path, cli_path("crossed.lwr"));
    expect_exit(4);
    expect_err("deadlock: thread 2 waits for SRW lock");
    expect_err("      thread 1 waits for SRW lock 2, which thread 2 has since event");
    expect_err("note_region");
    expect_err("note_block");
    expect_err("the threads it started to end"); /* thread 0 */
    cli("replay %s", cli_path("crossed.lwr"));
    expect_exit(0);
}

static void a_lock_that_a_thread_takes_away_is_found_for_each(void **state)
{
    (void)state;
    cli("run %s --policy " HOSTS "keeps-lock.c --json %s", scenario(four_commits),
        cli_path("kept.json"));
    expect_exit(1);
    expect_out("lock-at-exit");
    expect_out("thread 4 ended and still has critical section");
    char *json = read_whole_file(cli_path("kept.json"), NULL);
    assert_non_null(json);
    assert_string_equal(json_value(json, "finding", 0), "1");
    unsigned found = 0;
    for (const char *at = json; (at = strstr(at, "\"lock-at-exit\"")); at++)
        found++;
    assert_int_equal(found, 4);
    free(json);
}

static void data_of_threads_is_destroyed_when_they_leave(void **state)
{
    (void)state;
    cli("run %s --policy " HOSTS "per-thread.cpp --trace %s", scenario(four_commits),
        cli_path("per.lwr"));
    expect_exit(0);
    const struct cli_result *result = cli("trace print %s", cli_path("per.lwr"));
    unsigned freed = 0, ended = 0;
    for (const char *at = result->out; (at = strstr(at, "HeapFree(")); at++)
        freed++;
    for (const char *at = result->out; (at = strstr(at, "thread ends(")); at++)
        ended++;
    assert_int_equal(freed, 4);
    assert_int_equal(ended, 4);
    expect_out("CLR thread begins(index 3, count 4)");
}

static void pressure_frees_threads_that_all_wait(void **state)
{
    (void)state;
    const char *path =
        scenario("name: wait\n"
                 "machine: {ram: 64MiB, low-memory: 4MiB, high-memory: 40MiB}\n"
                 "workload:\n"
                 "  - wait: 1ms\n"
                 "  - together:\n"
                 "      - VirtualAlloc: {as: heap#, size: 64KiB, type: MEM_RESERVE|MEM_COMMIT,\n"
                 "                       expect: ok}\n"
                 "    threads: 4\n"
                 "pressure:\n"
                 "  - {at: 0, take: 50MiB}\n"
                 "  - {at: 20min, give-back: all}\n");
    cli("run %s --policy " HOSTS "waits-for-memory.c --json %s", path, cli_path("wait.json"));
    expect_exit(0);
    char *json = read_whole_file(cli_path("wait.json"), NULL);
    assert_non_null(json);
    assert_int_equal(strtoull(json_value(json, "virtual_ns", 0), NULL, 10) / 1000000, 20 * 60000);
    free(json);
    cli("run %s --policy " HOSTS "waits-for-memory.c --set pressure[1].at=0 --set "
        "pressure[1].give-back=1MiB",
        path);
    expect_exit(4); /* nobody gives enough back */
    expect_err("deadlock");
}

#define SPINNING                                                                                   \
    "#include \"%s/tests/policies/concurrency/types.h\"\n"                                         \
    "struct host { struct base base; volatile LONG taken; ULONGLONG used; };\n"                    \
    "static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD "         \
    "protect,\n"                                                                                   \
    "                   ULONGLONG growth, void **result)\n"                                        \
    "{\n"                                                                                          \
    "    while (InterlockedCompareExchange(&host->taken, 1, 0) != 0)\n"                            \
    "        ;\n"                                                                                  \
    "    *result = VirtualAlloc(address, size, type, protect);\n"                                  \
    "    if (*result != NULL) host->used += growth;\n"                                             \
    "    %s InterlockedExchange(&host->taken, 0);\n"                                               \
    "    return *result != NULL ? S_OK : lw_last_failure();\n"                                     \
    "}\n"                                                                                          \
    "#define ASK ask\n"                                                                            \
    "#include \"%s/tests/policies/concurrency/host.h\"\n"

/* A loop on an atomic operation is no hang: the others go on, and give the lock back if they ever
 * do. */
static void a_lock_that_spins_without_a_pause_lets_others_go_on(void **state)
{
    (void)state;
    char text[4096];
    int bytes = snprintf(text, sizeof text, SPINNING, cli_root(), "", cli_root());
    write_file(cli_path("spins.c"), text, (size_t)bytes);
    cli("run threads-all-slots --policy %s --schedules 40", cli_path("spins.c"));
    expect_exit(0);
    bytes = snprintf(text, sizeof text, SPINNING, cli_root(), "if (*result != NULL)", cli_root());
    write_file(cli_path("keeps.c"), text, (size_t)bytes);
    cli("run threads-all-slots --policy %s", cli_path("keeps.c"));
    expect_exit(4);
    expect_err("livelock: all threads only yield, try and poll");
    expect_err("keeps.c:");
}

static void a_host_must_not_end_threads_of_the_clr(void **state)
{
    (void)state;
    cli("run %s --policy " HOSTS "ends-the-thread.c", scenario(four_commits));
    expect_exit(5);
    expect_err("which belongs to the CLR, was ended with code 7");
}

static void too_many_threads_are_refused_when_the_scenario_is_read(void **state)
{
    (void)state;
    cli("validate %s", scenario("name: many\n"
                                "workload:\n"
                                "  - together:\n"
                                "      - together:\n"
                                "          - GetMemoryLoad: {}\n"
                                "        threads: 16\n"
                                "    threads: 63\n"));
    expect_exit(6);
    expect_err("these steps make more than 1,000 threads at a time");
    cli("validate %s", scenario("name: none\n"
                                "workload:\n"
                                "  - together: [{GetMemoryLoad: {}}]\n"
                                "    threads: 0\n"));
    expect_exit(6);
    expect_err("together.threads must be a whole number from 1 to 64, not '0'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_that_lock_in_two_orders_deadlock_with_both_stacks),
        cmocka_unit_test(a_lock_that_a_thread_takes_away_is_found_for_each),
        cmocka_unit_test(data_of_threads_is_destroyed_when_they_leave),
        cmocka_unit_test(pressure_frees_threads_that_all_wait),
        cmocka_unit_test(a_lock_that_spins_without_a_pause_lets_others_go_on),
        cmocka_unit_test(a_host_must_not_end_threads_of_the_clr),
        cmocka_unit_test(too_many_threads_are_refused_when_the_scenario_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
