/* The bundled scenarios: they hold with every bundled policy and with a careful host, and each of
 * them is broken by a careless one (tests/policies/careless) in the way its comment fears; and
 * scenarios/README.md says what is true: its tutorial is followed step by step. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what holds ---- */

/* Compares "scenario policy seed digest" of every run with tests/golden/digests.txt. */
static unsigned compare_with_golden(const char *json)
{
    char *golden = read_whole_file("tests/golden/digests.txt", NULL);
    unsigned count = 0;
    for (const char *at = json; (at = json_find(at, "scenario")); at++, count++) {
        char line[300];
        size_t used = 0;
        static const char *const keys[] = {"scenario", "policy", "seed", "digest"};
        for (size_t k = 0; k < 4; k++)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%c",
                                     json_value(at, keys[k], 0), k < 3 ? ' ' : '\n');
        if (!strstr(golden, line))
            fail_msg("not in tests/golden/digests.txt: %s", line);
    }
    free(golden);
    return count;
}

static void every_scenario_holds_with_every_policy_and_the_golden_digest(void **state)
{
    (void)state;
    glob_t files, policies;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &files), 0);
    assert_int_equal(glob("policies/*.c*", 0, NULL, &policies), 0);
    assert_true(files.gl_pathc >= 18);
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        cli("run --all --policy all --quiet --jobs %u --json %s", jobs, cli_path("all.json"));
        expect_exit(0);
        char *text = read_whole_file(cli_path("all.json"), NULL);
        assert_int_equal(compare_with_golden(text), policies.gl_pathc * files.gl_pathc);
        free(text);
    }
    globfree(&policies);
    globfree(&files);
}

static void every_scenario_holds_with_the_careful_host(void **state)
{
    (void)state;
    cli("run --all --policy tests/policies/careless/careful.c --quiet");
    expect_exit(0);
}

/* The README promises it of hosts with limits of their own. */
static void every_scenario_holds_with_a_limit_of_256_mebibytes(void **state)
{
    (void)state;
    cli("run --all --policy quota --set policy.limit=256MiB --quiet");
    expect_exit(0);
}

/* ---- what does not ---- */

static const struct defect {
    const char *host, *scenario;
    int exit_code;
    const char *fragments[2]; /* expected in the report */
} defects[] = {
    /* the five that every host author should know */
    {"keeps-failed-charge", "commit-fails-inside-reserve-and-commit", 1, {"E_OUTOFMEMORY"}},
    {"answers-e-fail", "commit-fails-inside-reserve-and-commit", 1, {"E_FAIL"}},
    {"leaves-stale-pointer", "commit-fails-inside-reserve-and-commit", 1, {"pointer left"}},
    {"retries-for-ever",
     "criticality-process-refused-for-good",
     4,
     {"retries-for-ever.c:", "eProcessCritical"}},
    {"succeeds-with-null",
     "commit-fails-inside-reserve-and-commit",
     1,
     {"S_OK with a null pointer"}},
    /* answers */
    {"answers-s-false", "startup-first-requests", 1, {"S_FALSE"}},
    {"answers-e-fail", "address-space-fragmented-to-islands", 1, {"E_FAIL"}},
    {"answers-e-fail", "commit-limit-while-collector-grows", 1, {"E_FAIL"}},
    {"never-recovers", "commit-limit-shrinks", 1, {"served >= 85%"}},
    {"drops-write-watch", "startup-write-watch-probe-refused", 1, {"injected >= 1"}},
    {"ignores-failed-protect", "protect-refused-on-code-heap", 1, {"S_OK"}},
    {"queries-own-only", "query-foreign-addresses", 1, {"E_INVALIDARG"}},
    {"protects-own-only", "protect-guard-page-of-a-stack", 1, {"ERROR_INVALID_ADDRESS"}},
    {"ignores-wanted-address", "address-wanted-near-the-code", 1, {"MEM_FREE"}},
    {"answers-every-interface", "objects-answer-for-their-interfaces", 1, {"E_NOINTERFACE"}},
    {"trusts-memory-status", "load-when-windows-does-not-answer", 5, {NULL}},
    {"insists-on-an-address", "commit-without-an-address", 1, {"E_INVALIDARG"}},
    {"overstates-load", "load-answers-stay-sane", 1, {"100"}},
    {"available-address-space", "load-answers-stay-sane", 1, {"128"}},
    {"overstates-load", "load-answers-stay-sane", 1, {"a load above 100%"}},
    {"available-address-space", "load-answers-stay-sane", 1, {"more available than there is"}},
    {"remembers-load", "load-answers-follow-the-machine", 1, {"load-under-peak-percent"}},
    {"remembers-total-memory", "ram-removed-while-running", 1, {"is memory that the machine has"}},
    {"never-tells-recovery", "recovery-is-told", 1, {"got low"}},
    {"passes-every-signal", "notification-storm", 1, {"low-notifications", "high-notifications"}},
    {"repeats-low", "pressure-ramp-and-recovery", 1, {"low-notifications"}},
    {"flaps-at-one-mark", "pressure-swings-around-the-low-mark", 1, {"low-notifications <= 4"}},
    {"never-recovers", "commit-limit-sawtooth", 1, {"served >= 90%"}},
    {"remembers-load", "pressure-recorded-build-server", 1, {"available-over-peak"}},
    {"never-recovers", "pressure-ramp-and-recovery", 1, {"E_OUTOFMEMORY"}},
    /* limits */
    {"remembers-commit-limit", "pagefile-grows-late", 1, {"E_OUTOFMEMORY"}},
    {"asks-before-it-commits", "pagefile-grows-late", 1, {"E_OUTOFMEMORY"}},
    {"asks-before-it-commits", "job-limit-lowered-under-load", 1, {"PAGE_READONLY"}},
    {"hoards-memory", "released-memory-goes-back", 1, {"E_OUTOFMEMORY"}},
    /* time */
    {"waits-half-a-minute", "commit-given-back-late", 1, {"an answer within 10 s"}},
    {"spins-for-memory", "commit-given-back-late", 1, {"win32-calls"}},
    {"wipes-before-free", "pagefile-slow-when-freeing", 1, {"an answer within 120 ms"}},
    {"waits-under-its-lock", "free-while-another-waits", 1, {"Free must give an answer"}},
    {"samples-on-a-thread", "monitor-thread-starved", 1, {"load-under-peak-percent"}},
    {"counts-32-threads", "threads-64-paging", 1, {"VirtualAlloc must give S_OK"}},
    {"waits-for-its-thread", "helper-thread-refused", 4, {"deadlock", "waits-for-its-thread.c:"}},
    /* memory in use */
    {"trims-itself", "working-set-trimming-storm", 1, {"faults-soft"}},
    {"zeroes-itself", "commit-is-not-use", 1, {"peak-resident", "pages-out == 0"}},
    /* contents */
    {"trims-by-reset", "contents-survive-paging", 1, {"what was written in every page"}},
    {"drops-reset", "reset-under-pressure", 1, {"pages-out"}},
    {"credits-reset", "reset-under-pressure", 1, {"E_OUTOFMEMORY"}},
    /* sizes and ranges */
    {"knows-64-regions", "address-space-holes-between-pins", 1, {"HOST_E_INVALIDOPERATION"}},
    {"cuts-from-a-slab", "addresses-are-aligned", 1, {"a multiple of 0x10000"}},
    {"truncates-sizes", "layout32-large-reservation", 1, {"must give a refusal"}},
    {"truncates-sizes", "server-heaps-reserve-gigabytes", 1, {"must give S_OK"}},
    {"releases-on-decommit", "decommit-keeps-the-reservation", 1, {"MEM_FREE"}},
    {"keeps-old-contents", "zero-after-recommit", 1, {"0xa5"}},
    {"hoards-segments", "domain-unload-storm", 1, {"nothing-left-behind"}},
    {"leaks-half-a-pair", "commit-fails-inside-reserve-and-commit", 1, {"nothing-left-behind"}},
    {"loses-what-it-cannot-note", "own-allocations-refused", 1, {"VirtualAlloc regions"}},
    {"needs-memory-to-free", "own-allocations-refused", 1, {"VirtualFree must give S_OK"}},
    {"trusts-its-heap", "plugins-failure-burst", 5, {"trusts-its-heap.c:"}},
    /* the account */
    {"charges-recommit", "commit-again-is-not-growth", 1, {"E_OUTOFMEMORY"}},
    {"charges-reset", "reset-is-not-growth", 1, {"E_OUTOFMEMORY"}},
    {"charges-reservations", "server-heaps-reserve-gigabytes", 1, {"E_OUTOFMEMORY"}},
    {"charges-views", "views-balance-acquired-released", 1, {"E_OUTOFMEMORY"}},
    {"credits-whole-region", "free-half-committed-segments", 1, {"E_OUTOFMEMORY"}},
    {"keeps-charge-on-release", "commit-without-an-address", 1, {"E_OUTOFMEMORY"}},
    {"never-recovers", "replay-webapi-at-half-commit", 1, {"served"}},
    /* criticality */
    {"forgets-criticality", "criticality-process-at-quota", 1, {"E_OUTOFMEMORY"}},
    {"inverts-criticality", "criticality-ladder", 1, {"E_OUTOFMEMORY"}},
    /* blocks */
    {"accepts-foreign-blocks", "free-of-what-was-never-given", 1, {"S_OK"}},
    {"crashes-on-null", "free-of-what-was-never-given", 5, {"Free(pMem NULL)"}},
    {"wraps-block-sizes", "malloc-absurd-sizes", 1, {"S_OK"}},
    {"lacks-debug-blocks", "malloc-absurd-sizes", 1, {"E_NOTIMPL"}},
    {"one-heap-for-all", "malloc-second-object-leaves-the-first", 5, {"no heap"}},
    {"hands-out-half-objects", "malloc-create-refused", 5, {"S_OK"}},
    {"keeps-charge-of-blocks", "heap-growth-refused", 1, {"E_OUTOFMEMORY"}},
    {"frees-at-exit", "malloc-many-small-blocks", 1, {"peak-commit"}},
    /* threads */
    {"../concurrency/waits-under-lock", "threads-all-slots", 4, {"deadlock"}},
    /* notifications */
    {"registers-half", "startup-notification-refused", 5, {"null pointer"}},
    {"forgets-what-it-told", "notification-registered-again", 1, {"low-notifications <= 2"}},
};
#define DEFECTS (sizeof defects / sizeof *defects)

static void careless_hosts_are_caught_by_a_scenario_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEFECTS; i++) {
        const struct defect *defect = &defects[i];
        const struct cli_result *result =
            cli("run %s --policy tests/policies/careless/%s.c --max-events 300000",
                defect->scenario, defect->host);
        expect_exit(defect->exit_code);
        for (size_t f = 0; f < 2 && defect->fragments[f]; f++)
            if (!strstr(result->err, defect->fragments[f]))
                expect_out(defect->fragments[f]);
    }
}

static void every_scenario_has_a_host_that_breaks_it(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        bool broken = false;
        for (size_t i = 0; i < DEFECTS; i++) {
            size_t length = strlen(defects[i].scenario);
            broken = broken || (strncmp(files.gl_pathv[f] + 10, defects[i].scenario, length) == 0 &&
                                strcmp(files.gl_pathv[f] + 10 + length, ".yaml") == 0);
        }
        if (!broken)
            fail_msg("no careless host breaks %s", files.gl_pathv[f]);
    }
    globfree(&files);
}

static void every_careless_host_is_in_the_table(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("tests/policies/careless/*.c", 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        const char *name = strrchr(files.gl_pathv[f], '/') + 1;
        bool known = strcmp(name, "careful.c") == 0;
        for (size_t i = 0; i < DEFECTS; i++)
            known = known || strncmp(name, defects[i].host, strlen(name) - 2) == 0;
        if (!known)
            fail_msg("%s is not tested", files.gl_pathv[f]);
    }
    globfree(&files);
}

/* ---- scenarios/README.md ---- */

static void the_table_of_the_readme_names_every_scenario(void **state)
{
    (void)state;
    char *readme = read_whole_file("scenarios/README.md", NULL);
    assert_non_null(readme);
    glob_t files;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        const char *name = files.gl_pathv[f] + strlen("scenarios/");
        char row[300];
        snprintf(row, sizeof row, "\n| [%.*s](%s) |", (int)strlen(name) - 5, name, name);
        if (!strstr(readme, row))
            fail_msg("scenarios/README.md has no row for %s", name);
    }
    globfree(&files);
    free(readme);
}

static void files_are_named_as_their_scenarios_and_begin_with_a_question(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &files), 0);
    for (size_t f = 0; f < files.gl_pathc; f++) {
        const char *name = files.gl_pathv[f] + strlen("scenarios/");
        char *text = read_whole_file(files.gl_pathv[f], NULL), line[300];
        snprintf(line, sizeof line, "\nname: %.*s\nseed: 1\n", (int)strlen(name) - 5, name);
        const char *at = strstr(text, line);
        const char *question = strchr(text, '?');
        if (!at || text[0] != '#' || !question || question > at)
            fail_msg("%s: name, seed or question", files.gl_pathv[f]);
        free(text);
    }
    globfree(&files);
}

/* The block fenced as this language that begins at or after *at; *at is then behind it. */
static char *fenced(const char **at, const char *language)
{
    char fence[32];
    snprintf(fence, sizeof fence, "\n```%s\n", language);
    const char *begin = strstr(*at, fence);
    if (!begin)
        return NULL;
    begin += strlen(fence);
    const char *end = strstr(begin, "```\n");
    assert_non_null(end);
    *at = end + 3;
    return strndup(begin, (size_t)(end - begin));
}

/* Digests and milliseconds differ from build to build and from run to run. */
static void mask(char *text)
{
    regex_t pattern;
    regmatch_t found;
    assert_int_equal(regcomp(&pattern, "[0-9]+ ms  [0-9a-f]{8}\n", REG_EXTENDED), 0);
    while (regexec(&pattern, text, 1, &found, 0) == 0)
        memmove(text + found.rm_so, text + found.rm_eo - 1, strlen(text + found.rm_eo - 1) + 1);
    regfree(&pattern);
}

/* The last lines of a text. */
static char *tail_of(char *text, unsigned lines)
{
    char *at = text + strlen(text);
    for (unsigned newlines = 0; at > text; at--)
        if (at[-1] == '\n' && newlines++ == lines)
            break;
    return at;
}

static void follow_step(const char *scenario, char *session)
{
    if (scenario)
        write_file(cli_path("first.yaml"), scenario, strlen(scenario));
    assert_memory_equal(session, "$ lowwater ", 11);
    char *shown = strchr(session, '\n');
    *shown++ = 0;
    char *pipe = strstr(session, " | tail -n ");
    if (pipe)
        *pipe = 0;
    const struct cli_result *result = cli_in(cli_folder(), "%s", session + 11);
    size_t room = result->out_bytes + result->err_bytes + 1;
    char *real = malloc(room);
    snprintf(real, room, "%s%s", result->out, result->err);
    mask(real);
    mask(shown);
    if (strcmp(pipe ? tail_of(real, (unsigned)strtoul(pipe + 11, NULL, 10)) : real, shown) != 0)
        fail_msg("%s\n---- scenarios/README.md says\n%s---- it really says\n%s%s", session, shown,
                 result->out, result->err);
    free(real);
}

static void the_tutorial_of_the_readme_is_true_step_by_step(void **state)
{
    (void)state;
    unsigned steps = 0;
    char *readme = read_whole_file("scenarios/README.md", NULL);
    assert_non_null(readme);
    char tests[4096];
    snprintf(tests, sizeof tests, "%s/tests", cli_root());
    if (symlink(tests, cli_path("tests")) != 0) /* the tutorial is followed in another folder */
        assert_int_equal(access(cli_path("tests"), F_OK), 0);
    const char *at = readme;
    for (char *session; (session = fenced(&at, "console"));) {
        /* The file as the last block before the session left it. */
        const char *yaml_at = readme, *end = at;
        char *scenario = NULL;
        for (char *block; (block = fenced(&yaml_at, "yaml"));) {
            char *older = yaml_at < end ? scenario : block;
            scenario = yaml_at < end ? block : scenario;
            free(older);
        }
        follow_step(scenario, session);
        free(scenario);
        free(session);
        steps++;
    }
    assert_true(steps >= 5);
    free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_holds_with_every_policy_and_the_golden_digest),
        cmocka_unit_test(every_scenario_holds_with_the_careful_host),
        cmocka_unit_test(every_scenario_holds_with_a_limit_of_256_mebibytes),
        cmocka_unit_test(careless_hosts_are_caught_by_a_scenario_each),
        cmocka_unit_test(every_scenario_has_a_host_that_breaks_it),
        cmocka_unit_test(every_careless_host_is_in_the_table),
        cmocka_unit_test(the_table_of_the_readme_names_every_scenario),
        cmocka_unit_test(files_are_named_as_their_scenarios_and_begin_with_a_question),
        cmocka_unit_test(the_tutorial_of_the_readme_is_true_step_by_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
