/* Hosts with a defect of concurrency each, and others that do the same correctly
 * (tests/policies/concurrency). With one thread nothing of that shows: all are complete hosts, so
 * that what several threads bring to light is the defect and nothing else. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scenarios of one thread in which no host is refused anything or ends. */
#define CALM                                                                                       \
    "criticality-ladder zero-after-recommit free-half-committed-segments query-foreign-addresses " \
    "reset-is-not-growth decommit-keeps-the-reservation views-balance-acquired-released "          \
    "protect-guard-page-of-a-stack free-of-what-was-never-given malloc-absurd-sizes"

static size_t try_hosts(const char *pattern, const char *scenarios)
{
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    size_t count = files.gl_pathc;
    for (size_t i = 0; i < count; i++) {
        cli("run %s --policy %s --quiet", scenarios, files.gl_pathv[i]);
        expect_exit(0);
    }
    globfree(&files);
    return count;
}

static void hosts_with_a_defect_serve_a_single_thread(void **state)
{
    (void)state;
    assert_true(try_hosts("tests/policies/concurrency/*.c", CALM) >= 25);
    assert_true(try_hosts("tests/policies/concurrency/*.cpp", CALM) >= 10);
}

static void their_clean_counterparts_hold_in_every_scenario(void **state)
{
    (void)state;
    assert_true(try_hosts("tests/policies/concurrency/clean/*.c*", "--all") >= 12);
}

/* ---- what the reports say ---- */

static void stacks_lead_to_the_line_of_the_policy_that_did_it(void **state)
{
    (void)state;
    /* Not to the header of the C++ library that has std::mutex::unlock. */
    cli("run plugins-failure-burst --policy tests/policies/concurrency/unlocks-for-others.cpp");
    expect_exit(1);
    expect_out("is unlocked by a thread that does not have it");
    expect_out("unlocks-for-others.cpp:19");
    /* To each function that the compiler put into another one. The CLR lets go while it looks. */
    static const char slow_look[] = "name: slow-look\n"
                                    "workload: [{wait: 30ms}]\n"
                                    "faults: [{on: GlobalMemoryStatusEx, delay: 50ms}]\n"
                                    "shutdown: release\n";
    write_file(cli_path("slow-look.yaml"), slow_look, sizeof slow_look - 1);
    cli("run %s --policy tests/policies/concurrency/releases-itself.c", cli_path("slow-look.yaml"));
    expect_exit(4);
    expect_err("thread 1 waits for its own end");
    expect_err("worker_end");
    expect_err("worker.h:56");
    expect_err("releases-itself.c:28");
}

/* glibc gives a normal mutex back whoever asks. */
static void a_mutex_that_another_thread_unlocked_is_free(void **state)
{
    (void)state;
    const struct cli_result *result =
        cli("run plugins-failure-burst --policy tests/policies/concurrency/unlocks-for-others.cpp");
    expect_out("72 times in all");
    assert_null(strstr(result->out, "lock-at-exit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_with_a_defect_serve_a_single_thread),
        cmocka_unit_test(their_clean_counterparts_hold_in_every_scenario),
        cmocka_unit_test(stacks_lead_to_the_line_of_the_policy_that_did_it),
        cmocka_unit_test(a_mutex_that_another_thread_unlocked_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
