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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_with_a_defect_serve_a_single_thread),
        cmocka_unit_test(their_clean_counterparts_hold_in_every_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
