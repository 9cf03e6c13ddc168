/* trace diff: what counts as a difference, how it is shown, what it comes to. */
#include "tests/support.h"
#include "tests/trace_make.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/sim.h"
#include "harness/trace_diff.h"
#include "include/mscoree.h"

static struct made_trace a, b;
static struct diff_options options;
static char *printed;

static int begin(void **state)
{
    (void)state;
    made_begin(&a);
    made_begin(&b);
    options = (struct diff_options){.hunks = DIFF_HUNKS_DEFAULT, .context = 1};
    trace_filter_init(&options.filter);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(printed);
    printed = NULL;
    return 0;
}

static bool same(void)
{
    size_t bytes;
    free(printed);
    FILE *out = open_memstream(&printed, &bytes);
    assert_non_null(out);
    assert_int_equal(trace_filter_resolve(&options.filter, false, "test"), 0);
    bool identical = trace_diff(made_finish(&a), "a", made_finish(&b), "b", &options, out);
    fclose(out);
    return identical;
}

static void expect(const char *fragment)
{
    if (!strstr(printed, fragment))
        fail_msg("no \"%s\" in\n%s", fragment, printed);
}

static void expect_not(const char *fragment)
{
    if (strstr(printed, fragment))
        fail_msg("\"%s\" in\n%s", fragment, printed);
}

static void query(struct made_trace *made, uint64_t address)
{
    made_add(made, EVENT_VirtualQuery, true, 0, address, address, 4096, MEM_RESERVE);
}

/* ---- what is shown ---- */

static void differences_show_in_unified_style_and_add_up(void **state)
{
    (void)state;
    made_host_alloc(&a, 0x20000, 0);
    made_host_alloc(&b, 0x20000, 0x8007000E);
    query(&a, 0x50000);
    query(&b, 0x50000);
    assert_false(same());
    assert_string_equal(
        printed,
        "--- A  a: made with hand, seed 7, 4 events\n"
        "+++ B  b: made with hand, seed 7, 4 events\n"
        "@@ event 1, 0.000000200 s, inside IHostMemoryManager::VirtualAlloc (event 2) @@\n"
        "       0  0.000000100  t0  run begins: seed 7, RAM 4 GiB, page file 1 GiB, address space "
        "2 GiB\n"
        "-      1  0.000000200  t0    VirtualAlloc(lpAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE) = 0x20000\n"
        "-      2  0.000000300  t0  IHostMemoryManager::VirtualAlloc(pAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE, eAppDomainCritical) = S_OK, pMem 0x20000\n"
        "+      1  0.000000200  t0    VirtualAlloc(lpAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE) = ERROR_COMMITMENT_LIMIT\n"
        "+      2  0.000000300  t0  IHostMemoryManager::VirtualAlloc(pAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE, eAppDomainCritical) = E_OUTOFMEMORY\n"
        "       3  0.000000400  t0    VirtualQuery(lpAddress 0x50000) = base 0x50000, size 4 KiB, "
        "MEM_RESERVE, protect 0\n"
        "  records                                              A           B\n"
        "  IHostMemoryManager::VirtualAlloc failed              0           1  +1\n"
        "  VirtualAlloc failed                                  0           1  +1\n"
        "2 events alike, 2 only in A, 2 only in B, in 1 place\n"
        "different from event 1 of A on, 0.000000200 s\n");
}

static void numbers_and_times_do_not_make_a_difference(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        query(&a, 0x20000 + (uint64_t)i * 4096);
        if (i == 3)
            made_add(&b, EVENT_SwitchToThread, true, 0, 0, 0, 0, 0);
        query(&b, 0x20000 + (uint64_t)i * 4096);
    }
    assert_false(same());
    expect("+      4  0.000000500  t0    SwitchToThread()\n");
    expect_not("\n- ");
    expect("21 events alike, 0 only in A, 1 only in B, in 1 place\n"
           "  17 of those alike at other times, from event 4 on: 0.000000500 s, 0.000000600 s\n");
    options.times = true;
    assert_false(same());
    expect("4 events alike");
}

static void times_that_differ_alone_are_one_line(void **state)
{
    (void)state;
    b.now_ns += 5;
    query(&a, 0x20000);
    query(&b, 0x20000);
    made_add(&a, EVENT_GetTickCount64, true, 0, 60000, 0, 0, 0); /* answers with the time */
    made_add(&b, EVENT_GetTickCount64, true, 0, 60001, 0, 0, 0);
    assert_false(same());
    assert_string_equal(printed,
                        "--- A  a: made with hand, seed 7, 3 events\n"
                        "+++ B  b: made with hand, seed 7, 3 events\n"
                        "3 events alike\n"
                        "  2 of those alike at other times, from event 1 on: 0.000000200 s, "
                        "0.000000205 s\n"
                        "different: the same events at other times\n");
}

static void equal_traces_are_identical_whatever_their_headers(void **state)
{
    (void)state;
    made_host_alloc(&a, 0x20000, 0);
    made_host_alloc(&b, 0x20000, 0);
    assert_true(same());
    expect("identical: 3 events\n");
    expect_not("what was run");
}

static void addresses_can_be_ignored_but_not_whether_there_is_one(void **state)
{
    (void)state;
    made_host_alloc(&a, 0x20000, 0);
    made_host_alloc(&b, 0x70000, 0);
    options.ignore_addresses = true;
    assert_true(same());
    expect("  2 of those alike have other addresses\nidentical: 3 events\n");
    made_add(&a, EVENT_HeapFree, true, 0, 0x10000, 0, 0x40000, 0);
    made_add(&b, EVENT_HeapFree, true, 0, 0x10000, 0, 0, 0);
    assert_false(same());
    expect("-      3");
}

static void only_what_passes_the_filters_is_compared(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        made_add(&a, EVENT_AcquireSRWLock, true, 0, 1, 1, 0, 0);
        made_add(&b, EVENT_EnterCriticalSection, true, 0, 1, 1, 0, 0);
        made_add(&b, EVENT_LeaveCriticalSection, true, 0, 1, 0, 0, 0);
        a.now_ns = b.now_ns;
        made_host_alloc(&a, 0x20000, 0);
        made_host_alloc(&b, 0x20000, 0);
    }
    assert_false(same());
    assert_int_equal(trace_filter_option(&options.filter, 'd', "clr", "test"), 0);
    assert_true(same());
    expect("identical: 6 events\n");
}

/* ---- what is left out ---- */

static void places_like_one_that_was_shown_are_only_counted(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        for (uint64_t j = 0; j < 6; j++) {
            query(&a, (i * 6 + j) << 16 | 0x10000000);
            query(&b, (i * 6 + j) << 16 | 0x10000000);
        }
        made_add(&b, EVENT_HeapFree, true, 0, 0x10000, 0, 0x40000 + i, 0);
    }
    assert_false(same());
    expect("@@ event 7, ");
    expect_not("@@ event 13");
    expect("... 19 more places like the one at event 7 of B\n");
    options.full = true;
    assert_false(same());
    expect("@@ event 13 and 14, ");
    expect_not("more places");
}

static void long_differences_show_their_beginning_and_end(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++)
        query(&a, 0x20000 + i * 4096);
    made_add(&b, EVENT_SwitchToThread, true, 0, 0, 0, 0, 0);
    assert_false(same());
    expect("-       ... 24 more ...\n");
    expect("lpAddress 0x2b000");
    expect_not("lpAddress 0x2c000");
    expect_not("lpAddress 0x43000");
    expect("lpAddress 0x44000");
    options.full = true;
    assert_false(same());
    expect("lpAddress 0x2c000");
}

static void a_trace_that_ends_early_says_so(void **state)
{
    (void)state;
    query(&b, 0x20000);
    assert_false(same());
    expect("- (A ends here)\n+      1");
    expect("different from event 1 of B on, 0.000000200 s\n");
}

static void headers_that_differ_are_listed(void **state)
{
    (void)state;
    struct diff_options open = options;
    size_t bytes;
    struct trace_file first = *made_finish(&a), second = *made_finish(&b);
    second.seed = 8;
    snprintf(second.policy, sizeof second.policy, "other");
    first.words.settings[first.words.settings_count++] = "policy.limit=1MiB";
    second.words.settings[second.words.settings_count++] = "policy.limit=1MiB";
    second.words.inject[second.words.inject_count++] = "VirtualAlloc#3";
    second.text = "name: made";
    FILE *out = open_memstream(&printed, &bytes);
    assert_true(trace_diff(&first, "a", &second, "b", &open, out));
    fclose(out);
    expect("@@ what was run @@\n- policy hand\n+ policy other\n- seed 7\n+ seed 8\n"
           "+ --inject VirtualAlloc#3\n  the scenarios' texts differ\nidentical: 1 events\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(differences_show_in_unified_style_and_add_up),
        TEST(numbers_and_times_do_not_make_a_difference),
        TEST(times_that_differ_alone_are_one_line),
        TEST(equal_traces_are_identical_whatever_their_headers),
        TEST(addresses_can_be_ignored_but_not_whether_there_is_one),
        TEST(only_what_passes_the_filters_is_compared),
        TEST(places_like_one_that_was_shown_are_only_counted),
        TEST(long_differences_show_their_beginning_and_end),
        TEST(a_trace_that_ends_early_says_so),
        TEST(headers_that_differ_are_listed),
    };
    return cmocka_run_group_tests_name("trace_diff", tests, NULL, NULL);
}
