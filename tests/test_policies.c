/* What the bundled policies promise beyond the scenarios that hold with all of them: monitor's
 * timing, what recycle gives out again, who gives way first with broker. Policies are run as a user
 * runs them; what a scenario cannot say is driven from inside the process (tests/policies/bundled).
 */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- running ---- */

/* Runs "name: t" and the given lines with a policy; options are further words, each after a blank.
 * The run must hold. */
static void run_lines(const char *policy, const char *lines, const char *options)
{
    char text[4096];
    snprintf(text, sizeof text, "name: t\n%s", lines);
    write_file(cli_path("t.yaml"), text, strlen(text));
    cli("run %s --policy %s --trace %s --json %s%s", cli_path("t.yaml"), policy, cli_path("t.lwr"),
        cli_path("t.json"), options);
    expect_exit(0);
}

static uint64_t counter(const char *name)
{
    char *json = read_whole_file(cli_path("t.json"), NULL);
    const char *value = json_value(json, name, 0);
    assert_non_null(value);
    uint64_t number = strtoull(value, NULL, 10);
    free(json);
    return number;
}

/* The messages that reached the CLR in the last run: "L1000 H2000", kinds with milliseconds. */
static const char *messages(void)
{
    static char text[2048];
    size_t used = 0;
    const struct cli_result *result =
        cli("trace print --width 0 --call ICLRMemoryNotificationCallback::OnMemoryNotification %s",
            cli_path("t.lwr"));
    text[0] = 0;
    for (const char *at = result->out; (at = strstr(at, "(eMemoryAvailable")); at++) {
        const char *line = at;
        while (line > result->out && line[-1] != '\n')
            line--;
        unsigned long long event, seconds, ns;
        assert_int_equal(sscanf(line, "%llu %llu.%9llu", &event, &seconds, &ns), 3);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%llu", used ? " " : "",
                                 at[strlen("(eMemoryAvailable")], seconds * 1000 + ns / 1000000);
        assert_true(used < sizeof text);
    }
    return text;
}

/* Of a policy that is driven from inside, by a file of tests/policies/bundled. */
#define DRIVEN                                                                                     \
    "workload: [wait: 1ms]\n"                                                                      \
    "shutdown: release\n"                                                                          \
    "expect: [nothing-left-behind: yes]\n"

/* ---- monitor: low is at 4 MiB available here, plenty at 12 ---- */

#define MACHINE "machine: {ram: 512MiB, pagefile: 512MiB}\n"

static void a_long_shortage_is_told_every_eight_seconds_and_its_end_at_once(void **state)
{
    (void)state;
    run_lines("monitor",
              MACHINE "pressure: [{at: 1s, take: all, for: 30s}]\n"
                      "workload: [wait: 60s]\n",
              "");
    assert_string_equal(messages(), "L1000 L9192 L17384 L25576 H31000");
}

static void a_short_shortage_stands_for_a_second(void **state)
{
    (void)state;
    run_lines("monitor",
              MACHINE "pressure: [{at: 1s, take: all, for: 50ms}]\n"
                      "workload: [wait: 60s]\n",
              "");
    assert_string_equal(messages(), "L1000 H2000");
    run_lines("monitor",
              MACHINE "pressure: [{at: 1s, take: all, for: 50ms}]\n"
                      "workload: [wait: 60s]\n",
              " --set policy.hold=0");
    assert_string_equal(messages(), "L1000 H1050");
}

static void memory_between_the_marks_is_told_as_neutral(void **state)
{
    (void)state;
    run_lines("monitor",
              MACHINE "pressure:\n"
                      "  - {at: 1s, take: all}\n"
                      "  - {at: 3s, give-back: 8MiB}\n"
                      "workload: [wait: 60s]\n",
              "");
    assert_string_equal(messages(), "L1000 N9192");
}

/* Whatever the pressure does, Lows keep their distance, each message of recovery follows a Low, and
 * the last message is one. */
static void oscillating_pressure_neither_floods_nor_ends_in_low(void **state)
{
    (void)state;
    for (unsigned period_ms = 100; period_ms <= 12800; period_ms *= 2) {
        char lines[300];
        snprintf(lines, sizeof lines,
                 MACHINE "pressure: [{at: 1s, wave: square, take: all, period: %ums, until: 90s}]\n"
                         "workload: [wait: 120s]\n",
                 period_ms);
        run_lines("monitor", lines, "");
        uint64_t low_ms = 0, lows = 0;
        char last = 0;
        for (const char *at = messages(); *at; at += strcspn(at, " "), at += *at == ' ') {
            uint64_t at_ms = strtoull(at + 1, NULL, 10);
            if (*at == 'L' && lows++ > 0)
                assert_true(at_ms - low_ms >= 8192);
            if (*at == 'L')
                low_ms = at_ms;
            else
                assert_int_equal(last, 'L');
            last = *at;
        }
        assert_int_not_equal(last, 'L');
        assert_int_not_equal(last, 0);
        assert_true(lows >= 6 && lows <= 12);
    }
}

static void a_refused_request_counts_as_low_memory(void **state)
{
    (void)state;
    run_lines("monitor",
              MACHINE "pressure: [{at: 1s, take: all, of: commit, for: 12s}]\n"
                      "workload:\n"
                      "  - repeat: 200\n"
                      "    do:\n"
                      "      - wait: 100ms\n"
                      "      - VirtualAlloc: {size: 1MiB, type: MEM_RESERVE|MEM_COMMIT, protect: "
                      "PAGE_READWRITE}\n"
                      "  - wait: 20s\n",
              "");
    /* While the last refusal is fresh there is plenty already: looked at again once a second. */
    assert_string_equal(messages(), "L1000 L9192 H14192");
    assert_true(counter("vtable_refusals") >= 119);
}

static void without_a_thread_memory_is_served_and_a_later_try_makes_one(void **state)
{
    (void)state;
    static const char *const calls[] = {"CreateThread", "CreateEvent",
                                        "CreateMemoryResourceNotification"};
    const char *lines = MACHINE "pressure: [{at: 5s, take: all, for: 20s}]\n"
                                "workload:\n"
                                "  - wait: 1s\n"
                                "  - GetMemoryLoad: {expect: ok}\n"
                                "  - wait: 40s\n"
                                "shutdown: release\n"
                                "expect: [nothing-left-behind: yes]\n";
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char options[100];
        snprintf(options, sizeof options, " --inject %s#1", calls[i]);
        run_lines("monitor", lines, options);
        assert_string_equal(messages(), "L5000 L13192 L21384 H25000");
        snprintf(options, sizeof options, " --inject %s#1:forever", calls[i]);
        run_lines("monitor", lines, options);
        assert_string_equal(messages(), "");
    }
}

static void the_thread_ends_whichever_of_its_calls_fails(void **state)
{
    (void)state;
    static const char *const calls[] = {"WaitForMultipleObjects", "SetEvent", "CloseHandle",
                                        "WaitForSingleObject"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (unsigned n = 1; n <= 3; n++) {
            char options[100];
            snprintf(options, sizeof options, " --inject %s#%u:forever", calls[i], n);
            run_lines("monitor",
                      MACHINE "pressure: [{at: 5s, take: all, for: 20s}]\n"
                              "workload: [wait: 40s]\n"
                              "shutdown: release\n"
                              "expect: [nothing-left-behind: yes, low-notifications: 3]\n",
                      options);
        }
    }
}

/* Withdrawn and exchanged callbacks, also in the middle of a message: the drive checks. */
static void no_message_reaches_who_has_left(void **state)
{
    (void)state;
    run_lines("tests/policies/bundled/monitor.c", DRIVEN, "");
}

/* ---- who tells on the calls of the CLR: quota, watermark ---- */

/* The same one, another, none: the drives check. */
static void a_new_listener_is_told_and_one_that_has_left_is_not(void **state)
{
    (void)state;
    run_lines("tests/policies/bundled/watermark.c", DRIVEN, "");
    run_lines("tests/policies/bundled/quota.c", DRIVEN, "");
}

/* What is only charged while Windows is asked for it is no shortage. */
static void a_wrong_request_is_no_low_memory(void **state)
{
    (void)state;
    static const char *const policies[] = {"quota", "broker"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        run_lines(policies[i],
                  "workload:\n"
                  "  - VirtualAlloc: {size: 470MiB, type: MEM_RESERVE|MEM_COMMIT, protect: "
                  "PAGE_WRITECOPY}\n",
                  "");
        assert_int_equal(counter("vtable_refusals"), 1);
        assert_string_equal(messages(), "");
    }
}

/* Against a model, after each of a few thousand random calls. */
static void the_charge_of_quota_is_exact_whichever_call_fails(void **state)
{
    (void)state;
    static const char *const rules[] = {"VirtualAlloc#1/3", "VirtualFree#1/3", "VirtualQuery#1/9",
                                        "VirtualQuery#1/2", "HeapAlloc#%7"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char options[100];
        snprintf(options, sizeof options, " --inject %s", rules[i]);
        run_lines("tests/policies/bundled/quota.c", DRIVEN, options);
        assert_true(counter("injected") > 0);
    }
}

/* A release asks Windows nothing before: it cannot fail for want of an answer. */
static void quota_releases_regions_while_no_query_is_answered(void **state)
{
    (void)state;
    run_lines("quota",
              "workload:\n"
              "  - VirtualAlloc: {as: a, size: 1MiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}\n"
              "  - VirtualFree: {at: a, type: MEM_RELEASE, expect: ok}\n"
              "expect: [nothing-left-behind: yes]\n",
              " --inject VirtualQuery#1:forever");
}

/* ---- arena ---- */

static void a_large_block_that_windows_kept_can_be_freed_again(void **state)
{
    (void)state;
    run_lines("arena",
              "workload:\n"
              "  - Alloc: {as: a, size: 100KiB, expect: ok}\n"
              "  - Alloc: {as: b, size: 100KiB, expect: ok}\n"
              "  - Free: {at: b}\n"
              "  - Alloc: {as: c, size: 100KiB, expect: ok}\n"
              "  - Free: {at: a, expect: ok}\n"
              "  - Free: {at: b, expect: ok}\n"
              "  - Free: {at: c, expect: ok}\n"
              "shutdown: release\n"
              "expect: [nothing-left-behind: yes]\n",
              " --inject VirtualFree#1");
    assert_int_equal(counter("vtable_refusals"), 1);
}

static void what_arena_gives_back_in_the_end_is_tried_again(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) { /* a large block; the slabs */
        char options[40];
        snprintf(options, sizeof options, " --inject VirtualFree#%u:x3", n);
        run_lines("arena",
                  "workload:\n"
                  "  - Alloc: {size: 100KiB, expect: ok}\n"
                  "shutdown: release\n"
                  "expect: [nothing-left-behind: yes]\n",
                  options);
    }
}

/* ---- locks that Windows does not give ---- */

static void without_a_lock_there_is_no_object_and_no_exception(void **state)
{
    (void)state;
    static const char *const policies[] = {"watermark", "arena"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        cli("run startup-first-requests --policy %s --inject InitializeCriticalSection#1",
            policies[i]);
        expect_exit(5);
        expect_err("the CLR cannot start with this host");
    }
    run_lines("arena", /* a second object, later */
              "workload:\n"
              "  - CreateMalloc: {as: more, type: MALLOC_THREADSAFE}\n"
              "shutdown: release\n"
              "expect: [nothing-left-behind: yes]\n",
              " --inject InitializeCriticalSection#2");
    assert_int_equal(counter("vtable_refusals"), 1);
}

/* ---- recycle ---- */

/* What comes again and how it looks, and random calls against a model: the drive checks. */
static void recycled_regions_look_like_fresh_ones(void **state)
{
    (void)state;
    run_lines("tests/policies/bundled/recycle.cpp", DRIVEN, "");
}

static void recycled_regions_stay_right_whichever_call_fails(void **state)
{
    (void)state;
    static const char *const rules[] = {"VirtualAlloc#1/3", "VirtualFree#1/3", "VirtualProtect#1/3",
                                        "HeapAlloc#%7", "CreateMemoryResourceNotification#1:x9"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char options[100];
        snprintf(options, sizeof options, " --set policy.regions=63 --inject %s", rules[i]);
        run_lines("tests/policies/bundled/recycle.cpp", DRIVEN, options);
        assert_true(counter("injected") > 0);
    }
}

#define KEEPS_4_MIB                                                                                \
    "  - VirtualAlloc: {as: a, size: 4MiB, type: MEM_RESERVE|MEM_COMMIT, protect: "                \
    "PAGE_READWRITE, expect: ok}\n"                                                                \
    "  - VirtualFree: {at: a, size: 0, type: MEM_RELEASE, expect: ok}\n"

static void the_cache_goes_back_when_memory_is_low(void **state)
{
    (void)state;
    run_lines("recycle", MACHINE "workload:\n" KEEPS_4_MIB "  - GetMemoryLoad: {expect: ok}\n", "");
    assert_true(counter("commit_bytes") >= 4 << 20);
    run_lines("recycle",
              MACHINE "pressure: [{at: 1s, take: all}]\n"
                      "workload:\n" KEEPS_4_MIB "  - wait: 2s\n"
                      "  - GetMemoryLoad: {expect: ok}\n",
              "");
    assert_true(counter("commit_bytes") < 1 << 20);
    run_lines("recycle",
              MACHINE "pressure: [{at: 1s, take: all}]\n"
                      "workload:\n"
                      "  - wait: 2s\n" KEEPS_4_MIB,
              ""); /* and nothing is kept while it is low */
    assert_true(counter("commit_bytes") < 1 << 20);
}

static void a_refused_request_is_tried_again_without_the_cache(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "{size: 5MiB, type: MEM_RESERVE|MEM_COMMIT, protect: PAGE_READWRITE, expect: ok}",
        "{at: b, size: 5MiB, type: MEM_COMMIT, protect: PAGE_READWRITE, expect: ok}"};
    for (size_t i = 0; i < 2; i++) {
        char lines[1000];
        snprintf(lines, sizeof lines,
                 "machine: {ram: 6MiB, pagefile: 0}\n"
                 "workload:\n"
                 "  - VirtualAlloc: {as: b, size: 8MiB, type: MEM_RESERVE, protect: "
                 "PAGE_READWRITE, expect: ok}\n" KEEPS_4_MIB "  - VirtualAlloc: %s\n",
                 requests[i]);
        run_lines("recycle", lines, "");
    }
    run_lines("recycle",
              "machine: {ram: 6MiB, pagefile: 0}\n"
              "workload:\n" KEEPS_4_MIB "  - Alloc: {size: 5MiB, expect: ok}\n",
              "");
}

/* ---- broker ---- */

static void the_pool_gives_way_first_and_tasks_before_the_process(void **state)
{
    (void)state;
    run_lines("tests/policies/bundled/broker.cpp", DRIVEN, "");
    run_lines("tests/policies/bundled/broker.cpp", DRIVEN,
              " --set policy.grow=19ms --set machine.ram=48MiB --set machine.pagefile=0");
}

/* By Windows: pages, addresses, a block. */
static void a_request_refused_once_is_served_at_the_expense_of_the_pool(void **state)
{
    (void)state;
    static const char *const requests[][2] = {
        {"VirtualAlloc: {size: 1MiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}",
         "VirtualAlloc[size>=1MiB]#1"},
        {"VirtualAlloc: {size: 1MiB, type: MEM_RESERVE, expect: ok}",
         "VirtualAlloc[size>=1MiB]#1:ERROR_NOT_ENOUGH_MEMORY"},
        {"Alloc: {size: 1MiB, expect: ok}", "HeapAlloc[size>=1MiB]#1"}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char lines[500], options[100];
        snprintf(lines, sizeof lines,
                 "workload:\n"
                 "  - repeat: 100\n"
                 "    do: [wait: 50ms, GetMemoryLoad: {}]\n"
                 "  - %s\n",
                 requests[i][0]);
        run_lines("broker", lines, " --set policy.pool-minimum=0");
        uint64_t before = counter("commit_bytes");
        snprintf(options, sizeof options, " --set policy.pool-minimum=0 --inject %s",
                 requests[i][1]);
        run_lines("broker", lines, options);
        assert_int_equal(counter("injected"), 1);
        uint64_t less = before - counter("commit_bytes"); /* a buffer may have come back since */
        assert_in_range(less, (1 << 20) - (1 << 16), 1 << 20);
        assert_string_equal(messages(), "");
    }
}

static void the_account_is_exact_whichever_call_fails(void **state)
{
    (void)state;
    static const char *const rules[] = {"",
                                        " --inject VirtualAlloc#1/3",
                                        " --inject VirtualFree#1/3",
                                        " --inject VirtualQuery#1/9",
                                        " --inject HeapAlloc#%7",
                                        " --inject GlobalMemoryStatusEx#1/2"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char options[100];
        snprintf(options, sizeof options, " --set policy.pool=0%s", rules[i]);
        run_lines("tests/policies/bundled/broker.cpp", DRIVEN, options);
    }
}

/* A commit whose growth is not known is refused: its pages would be given back uncharged, and a
 * charge below nothing is above every limit. */
static void the_quota_is_not_lost_when_windows_does_not_tell_the_state_of_pages(void **state)
{
    (void)state;
    for (int n = 0; n <= 5; n++) {
        char options[100] = "";
        if (n > 0)
            snprintf(options, sizeof options, " --inject VirtualQuery#%d", n);
        run_lines("quota",
                  "policy: {name: quota, params: {limit: 1MiB, reserve: 0}}\n"
                  "workload:\n"
                  "  - VirtualAlloc: {as: r, size: 1MiB, type: MEM_RESERVE}\n"
                  "  - VirtualAlloc: {as: a, at: r, size: 256KiB, type: MEM_COMMIT}\n"
                  "  - VirtualAlloc: {as: b, at: r+128KiB, size: 256KiB, type: MEM_COMMIT}\n"
                  "  - VirtualFree: {at: r, size: 384KiB, type: MEM_DECOMMIT, expect: ok}\n"
                  "  - VirtualAlloc: {size: 1MiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}\n"
                  "  - VirtualAlloc: {at: r, size: 4KiB, type: MEM_COMMIT, expect: refused}\n",
                  options);
    }
}

/* Once for each listener and change: one that registers again knows already. */
static void a_listener_that_registers_again_is_not_told_again(void **state)
{
    (void)state;
    static const char *const policies[] = {"quota", "watermark", "monitor", "broker"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        run_lines(policies[i],
                  "machine: {ram: 64MiB, pagefile: 64MiB}\n"
                  "faults:\n"
                  "  - {on: VirtualAlloc, when: {size: '>= 1MiB'}, nth: 1, times: 3}\n"
                  "workload:\n"
                  "  - wait: 1s\n"
                  "  - VirtualAlloc: {size: 1MiB, type: MEM_RESERVE|MEM_COMMIT, expect: refused}\n"
                  "  - wait: 10ms\n"
                  "  - repeat: 20\n"
                  "    do: [RegisterMemoryNotificationCallback: {}, wait: 1ms]\n",
                  "");
        assert_int_equal(counter("low_notifications"), 1);
    }
}

/* The host's own cache gives way to other processes too, an eighth of everything at each look. The
 * CLR is asked when it has more than its share: at once where it has nearly all, else when the pool
 * is nearly gone. */
static void others_in_need_get_the_pool_before_the_clr_is_asked(void **state)
{
    (void)state;
    char lines[1000];
    for (unsigned clr_mib = 1; clr_mib <= 101; clr_mib += 100) {
        snprintf(lines, sizeof lines,
                 "machine: {ram: 256MiB, pagefile: 256MiB}\n"
                 "pressure: [{at: 5s, take: all}]\n"
                 "workload:\n"
                 "  - VirtualAlloc: {size: %uMiB, type: MEM_RESERVE|MEM_COMMIT, expect: ok}\n"
                 "  - repeat: 1000\n"
                 "    do: [wait: 10ms, GetMemoryLoad: {}]\n",
                 clr_mib);
        run_lines("broker", lines, " --set pressure[0].at=1min");
        uint64_t before = counter("commit_bytes");
        assert_string_equal(messages(), "");
        assert_true(before > (clr_mib + 15) << 20);
        run_lines("broker", lines, "");
        uint64_t after = counter("commit_bytes");
        assert_true(after < (clr_mib + 4) << 20);
        assert_int_equal(messages()[0], 'L');
        assert_int_equal(counter("low_notifications"), 1);
        uint64_t low_ms = strtoull(messages() + 1, NULL, 10);
        assert_true(clr_mib == 1 ? low_ms >= 5100 && low_ms < 5300 : low_ms <= 5020);
    }
}

/* ---- what is left at the end, and the question before it counts ---- */

static unsigned questions(void)
{
    unsigned count = 0;
    const struct cli_result *result =
        cli("trace print --width 0 --call IHostMemoryManager::NeedsVirtualAddressSpace %s",
            cli_path("t.lwr"));
    for (const char *at = result->out; (at = strstr(at, "NeedsVirtualAddressSpace(")); at++)
        count++;
    return count;
}

static void a_host_is_asked_once_for_what_it_kept_before_that_counts(void **state)
{
    (void)state;
    const char *lines = "workload:\n" KEEPS_4_MIB "expect: [nothing-left-behind: yes]\n";
    run_lines("recycle", lines, "");
    assert_int_equal(questions(), 1);
    run_lines("passthrough", lines, "");
    assert_int_equal(questions(), 0); /* it kept nothing */
    run_lines("recycle", lines, " --set shutdown=release");
    assert_int_equal(questions(), 0); /* the last reference is question enough */
    run_lines("recycle", "workload:\n" KEEPS_4_MIB, "");
    assert_int_equal(questions(), 0); /* nobody wants to know */
    char text[1000];
    snprintf(text, sizeof text, "name: t\n%s", lines);
    write_file(cli_path("t.yaml"), text, strlen(text));
    cli("run %s --policy tests/policies/careless/hoards-segments.c", cli_path("t.yaml"));
    expect_exit(1);
    expect_out("4.0 MiB reserved");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_shortage_is_told_every_eight_seconds_and_its_end_at_once),
        cmocka_unit_test(a_short_shortage_stands_for_a_second),
        cmocka_unit_test(memory_between_the_marks_is_told_as_neutral),
        cmocka_unit_test(oscillating_pressure_neither_floods_nor_ends_in_low),
        cmocka_unit_test(a_refused_request_counts_as_low_memory),
        cmocka_unit_test(without_a_thread_memory_is_served_and_a_later_try_makes_one),
        cmocka_unit_test(the_thread_ends_whichever_of_its_calls_fails),
        cmocka_unit_test(no_message_reaches_who_has_left),
        cmocka_unit_test(a_new_listener_is_told_and_one_that_has_left_is_not),
        cmocka_unit_test(a_wrong_request_is_no_low_memory),
        cmocka_unit_test(the_charge_of_quota_is_exact_whichever_call_fails),
        cmocka_unit_test(quota_releases_regions_while_no_query_is_answered),
        cmocka_unit_test(a_large_block_that_windows_kept_can_be_freed_again),
        cmocka_unit_test(what_arena_gives_back_in_the_end_is_tried_again),
        cmocka_unit_test(without_a_lock_there_is_no_object_and_no_exception),
        cmocka_unit_test(recycled_regions_look_like_fresh_ones),
        cmocka_unit_test(recycled_regions_stay_right_whichever_call_fails),
        cmocka_unit_test(the_cache_goes_back_when_memory_is_low),
        cmocka_unit_test(a_refused_request_is_tried_again_without_the_cache),
        cmocka_unit_test(the_pool_gives_way_first_and_tasks_before_the_process),
        cmocka_unit_test(a_request_refused_once_is_served_at_the_expense_of_the_pool),
        cmocka_unit_test(the_account_is_exact_whichever_call_fails),
        cmocka_unit_test(the_quota_is_not_lost_when_windows_does_not_tell_the_state_of_pages),
        cmocka_unit_test(a_listener_that_registers_again_is_not_told_again),
        cmocka_unit_test(others_in_need_get_the_pool_before_the_clr_is_asked),
        cmocka_unit_test(a_host_is_asked_once_for_what_it_kept_before_that_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
