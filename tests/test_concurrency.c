/* Hosts with a defect of concurrency each, and others that do the same correctly
 * (tests/policies/concurrency). With one thread nothing of that shows: all are complete hosts, so
 * that what several threads bring to light is the defect and nothing else. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scenarios of one thread in which no host is refused anything or ends. */
#define CALM                                                                                       \
    "criticality-ladder zero-after-recommit free-half-committed-segments "                         \
    "decommit-keeps-the-reservation views-balance-acquired-released "                              \
    "free-of-what-was-never-given malloc-absurd-sizes"

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

/* What all of them share is in the plain one; the others differ in what these drive. */
#define BUSY                                                                                       \
    "commit-limit-while-collector-grows recovery-is-told released-memory-goes-back "               \
    "domain-unload-storm malloc-many-small-blocks commit-without-an-address threads-all-slots"

static void their_clean_counterparts_hold_in_every_scenario(void **state)
{
    (void)state;
    assert_int_equal(try_hosts("tests/policies/concurrency/clean/plain.c", "--all"), 1);
    assert_true(try_hosts("tests/policies/concurrency/clean/*.c*", CALM " " BUSY) >= 12);
}

static void their_clean_counterparts_hold_in_every_schedule(void **state)
{
    (void)state;
    assert_true(try_hosts("tests/policies/concurrency/clean/*.c*",
                          "threads-all-slots --schedules 60") >= 12);
}

/* ---- that they are found ---- */

/* Those that threads-all-slots does not break in schedule random:1: the first of --schedules that
 * does. With race: nothing that happens at calls shows it. */
static const struct found {
    const char *host, *schedule;
    bool race;
} later[] = {
    {"counts-references-plainly.c", "random:1", true},
    {"couples-locks-loosely.cpp", "slow-random:3"},
    {"decommits-what-it-gave.cpp", "slow-random:23"},
    {"deletes-lock-in-use.c", "slow-pct:4"},
    {"delivers-after-release.c", "pct:34"},
    {"gives-up-on-worker.c", "slow-pct:16"},
    {"joins-under-lock.c", "slow-pct:4"},
    {"leaves-timer-running.c", "slow-pct:4"},
    {"links-regions-unlocked.c", "slow-pct:4"},
    {"makes-heap-twice.c", "slow-pct:4"},
    {"maps-regions-unlocked.cpp", "slow-pct:4"},
    {"notifies-before-wait.cpp", "slow-random:3"},
    {"pops-without-tag.cpp", "slow-random:15", true},
    {"rearms-timer-at-end.c", "slow-pct:16"},
    {"releases-itself.c", "slow-random:15"},
    {"resets-event-too-late.c", "pct:2"},
    {"sets-event-for-two.c", "slow-pct:4"},
    {"sleeps-on-stale-flag.cpp", "slow-random:71"},
    {"starts-thread-before-lock.c", "pct:6"},
    {"tears-statistics.c", "random:1", true},
    {"uses-region-after-unlock.c", "pct:10"},
    {"wakes-after-handover.cpp", "slow-pct:24"},
    {"wakes-the-wrong-one.cpp", "slow-random:23"},
};

static struct found found_by(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (strcmp(later[i].host, name) == 0)
            return later[i];
    return (struct found){name, "random:1", false};
}

static bool is_found(const char *path)
{
    struct found found = found_by(path);
    const struct cli_result *result =
        cli("run threads-all-slots --timeout 1 --policy %s --schedule %s%s", path, found.schedule,
            found.race ? " --race" : "");
    bool is = result->exit_code == 1 || result->exit_code == 4 || result->exit_code == 5;
    if (!is)
        print_message("%s is not found by %s: exit %d\n%.2000s%.2000s", path, found.schedule,
                      result->exit_code, result->out, result->err);
    return is;
}

static void every_defect_is_found_by_the_bundled_scenario(void **state)
{
    (void)state;
    static const char *const patterns[] = {"tests/policies/concurrency/*.c",
                                           "tests/policies/concurrency/*.cpp"};
    unsigned missed = 0;
    for (size_t p = 0; p < 2; p++) {
        glob_t files;
        assert_int_equal(glob(patterns[p], 0, NULL, &files), 0);
        for (size_t i = 0; i < files.gl_pathc; i++)
            missed += !is_found(files.gl_pathv[i]);
        globfree(&files);
    }
    assert_int_equal(missed, 0);
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
        cmocka_unit_test(their_clean_counterparts_hold_in_every_schedule),
        cmocka_unit_test(every_defect_is_found_by_the_bundled_scenario),
        cmocka_unit_test(stacks_lead_to_the_line_of_the_policy_that_did_it),
        cmocka_unit_test(a_mutex_that_another_thread_unlocked_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
