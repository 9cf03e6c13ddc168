/* trace print: what a log of a trace looks like, and which records filters let through. */
#include "tests/support.h"
#include "tests/cli_run.h"
#include "tests/trace_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/trace_print.h"
#include "include/mscoree.h"

static struct made_trace made;
static struct print_options options;
static char *printed;

static int begin(void **state)
{
    (void)state;
    made_begin(&made);
    memset(&options, 0, sizeof options);
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

static const char *print_with(void (*print)(const struct trace_file *, struct print_options *,
                                            FILE *))
{
    size_t bytes;
    free(printed);
    FILE *out = open_memstream(&printed, &bytes);
    assert_non_null(out);
    assert_int_equal(trace_filter_resolve(&options.filter, false, "test"), EXIT_HELD);
    print(made_finish(&made), &options, out);
    fclose(out);
    return printed;
}

static void text(const struct trace_file *trace, struct print_options *print, FILE *out)
{
    trace_print(trace, "t", print, out);
}

/* The log without its head: the lines that do not begin with "#". */
static const char *print(void)
{
    const char *at = print_with(text);
    while (*at == '#')
        at = strchr(at, '\n') + 1;
    return at;
}

static void filter(int option, const char *word)
{
    assert_int_equal(trace_filter_option(&options.filter, option, word, "test"), EXIT_HELD);
}

/* ---- the log ---- */

static void calls_inside_stand_between_the_call_and_its_result(void **state)
{
    (void)state;
    made_host_alloc(&made, 0x20000, 0);
    made_add(&made, EVENT_first_touch, false, 0, 0x20000, 1, 0, 0);
    assert_string_equal(
        print_with(text),
        "# t: made with hand, seed 7, 4 events\n"
        "#event  seconds      thread\n"
        "     0  0.000000100  t0  run begins: seed 7, RAM 4 GiB, page file 1 GiB, address space "
        "2 GiB\n"
        "                         IHostMemoryManager::VirtualAlloc(pAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE, eAppDomainCritical)\n"
        "     1  0.000000200  t0    VirtualAlloc(lpAddress NULL, dwSize 64 KiB, "
        "MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE) = 0x20000\n"
        "     2  0.000000300  t0  = S_OK, pMem 0x20000\n"
        "     3  0.000000400  t0  first touch of the page at 0x20000, written by managed code\n");
}

static void a_call_without_calls_inside_is_one_line(void **state)
{
    (void)state;
    made.count = 0;
    made_add(&made, EVENT_malloc_Free, false, 0, 0x20000, 0, 0, 0);
    made_host_alloc(&made, 0x20000, 0x8007000E);
    filter('d', "clr");
    assert_string_equal(
        print(), "     0  0.000000200  t0  IHostMalloc::Free(pMem 0x20000) = S_OK\n"
                 "     2  0.000000400  t0  IHostMemoryManager::VirtualAlloc(pAddress NULL, dwSize "
                 "64 KiB, MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE, eAppDomainCritical) = "
                 "E_OUTOFMEMORY\n");
}

static void a_result_names_its_call_when_threads_took_turns(void **state)
{
    (void)state;
    made.count = 0;
    made_add(&made, EVENT_SwitchToThread, true, 0, 0, 0, 0, 0);
    made.thread = 1;
    made_add(&made, EVENT_Sleep, true, 0, 0xffffffff, 0, 0, 0);
    made.thread = 0;
    made_add(&made, EVENT_malloc_Free, false, 0, 0x20000, 0, 0, 0);
    made.thread = 1;
    made_add(&made, EVENT_malloc_Free, false, 0x80004005, 0x30000, 0, 0, 0);
    assert_string_equal(print(), "                         IHostMalloc::Free(pMem 0x20000)\n"
                                 "     0  0.000000200  t0    SwitchToThread()\n"
                                 "                         IHostMalloc::Free(pMem 0x30000)\n"
                                 "     1  0.000000300  t1    Sleep(INFINITE)\n"
                                 "     2  0.000000400  t0  IHostMalloc::Free() = S_OK\n"
                                 "     3  0.000000500  t1  IHostMalloc::Free() = E_FAIL\n");
}

static void what_a_crash_left_unfinished_is_marked(void **state)
{
    (void)state;
    made.count = 0;
    made_add(&made, EVENT_VirtualFree, true, 0, 0x20000, 4096, MEM_DECOMMIT, 0);
    made_add(&made, EVENT_exception, true, 0, 0xC0000005, 0x20010, 1, 0);
    made_add(&made, EVENT_run_end, false, 0, 3, 0xC0000005, 0, 0);
    assert_string_equal(
        print(), "                         (inside a call of the CLR that did not return)\n"
                 "     0  0.000000200  t0    VirtualFree(lpAddress 0x20000, dwSize 4 KiB, "
                 "MEM_DECOMMIT)\n"
                 "     1  0.000000300  t0    exception STATUS_ACCESS_VIOLATION: write to 0x20010\n"
                 "     2  0.000000400  t0  run ends: crash, STATUS_ACCESS_VIOLATION\n");
}

static void faults_on_neighbouring_pages_are_one_line_unless_raw(void **state)
{
    (void)state;
    made.count = 0;
    static const uint64_t pages[] = {0x30000, 0x31000, 0x2f000, 0x40000};
    for (int i = 0; i < 4; i++)
        made_add(&made, EVENT_first_touch, false, 0, pages[i], 1, 0, 0);
    assert_string_equal(
        print(), "     0  0.000000200  t0  first touch of 3 pages at 0x2f000, written by managed "
                 "code (events 0 to 2)\n"
                 "     3  0.000000500  t0  first touch of the page at 0x40000, written by managed "
                 "code\n");
    options.raw = true;
    assert_non_null(strstr(print(), "page at 0x31000"));
    options.raw = false;
    filter('a', "0x31000");
    assert_string_equal(print(), "     1  0.000000300  t0  first touch of the page at 0x31000, "
                                 "written by managed code\n");
}

static void pages_of_policy_code_belong_to_its_call_whenever_noticed(void **state)
{
    (void)state;
    made.count = 0;
    made_add(&made, EVENT_GetSystemInfo, true, 0, 0, 0, 0, 0);
    made_add(&made, EVENT_first_touch, false, 0, 0x30000, 1, 1, 0); /* flushed after the return */
    made_add(&made, EVENT_malloc_Free, false, 0, 0x20000, 0, 0, 0);
    assert_non_null(strstr(print(), "t0    first touch of the page at 0x30000, written by policy"));
}

static void injected_failures_say_call_match_rule_and_error(void **state)
{
    (void)state;
    made.count = 0;
    made_add(&made, EVENT_fault_injected, true, 1455, EVENT_VirtualAlloc, 106, 0, 0);
    made_add(&made, EVENT_fault_injected, true, 0, EVENT_HeapAlloc, 3, 2, 5000000);
    filter('d', "policy");
    const char *log = print();
    assert_non_null(
        strstr(log, "injected failure: VirtualAlloc #106 -> ERROR_COMMITMENT_LIMIT (rule 0)\n"));
    assert_non_null(strstr(log, "HeapAlloc #3 delayed by 5000000 ns (rule 2)\n"));
}

static void long_lines_wrap_under_themselves_at_arguments(void **state)
{
    (void)state;
    made.count = 0;
    made_host_alloc(&made, 0x20000, 0);
    options.has_columns = true;
    options.columns = 80;
    const char *log = print();
    assert_string_equal(log,
                        "                         IHostMemoryManager::VirtualAlloc(pAddress NULL,\n"
                        "                             dwSize 64 KiB, MEM_RESERVE|MEM_COMMIT,\n"
                        "                             PAGE_READWRITE, eAppDomainCritical)\n"
                        "     0  0.000000200  t0    VirtualAlloc(lpAddress NULL, dwSize 64 KiB,\n"
                        "                               MEM_RESERVE|MEM_COMMIT, PAGE_READWRITE) "
                        "= 0x20000\n"
                        "     1  0.000000300  t0  = S_OK, pMem 0x20000\n");
}

/* ---- values ---- */

static void expect_text(const char *expected)
{
    char shown[EVENT_TEXT_BYTES];
    event_text(&made.events[made.count - 1], shown, sizeof shown);
    assert_string_equal(shown, expected);
}

static void values_show_as_names_and_exact_sizes(void **state)
{
    (void)state;
    made_add(&made, EVENT_HeapAlloc, true, 8, 0x110000, HEAP_ZERO_MEMORY, 4100, 0);
    expect_text("HeapAlloc(hHeap 0x110000, HEAP_ZERO_MEMORY, dwBytes 4100 B) = "
                "ERROR_NOT_ENOUGH_MEMORY");
    made_add(&made, EVENT_VirtualAlloc, true, 0, UINT64_C(0xfffffffffffff000), UINT64_C(3) << 29,
             0x40000000u | (uint64_t)(PAGE_READONLY | PAGE_GUARD) << 32, 0x10000);
    expect_text("VirtualAlloc(lpAddress outside, dwSize 1536 MiB, flAllocationType 0x40000000, "
                "PAGE_READONLY|PAGE_GUARD) = 0x10000");
    made_add(&made, EVENT_host_GetMemoryLoad, false, 0, 12, UINT64_C(123456789), 0, 0);
    expect_text("IHostMemoryManager::GetMemoryLoad() = S_OK, pMemoryLoad 12 %, pAvailableBytes "
                "123,456,789 B");
    made_add(&made, EVENT_host_VirtualFree, false, 0x800705AF, 0x10000, 0, MEM_RELEASE, 0);
    expect_text("IHostMemoryManager::VirtualFree(lpAddress 0x10000, dwSize 0, MEM_RELEASE) = "
                "HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT)");
    made_add(&made, EVENT_clr_Notification, true, 0, eMemoryAvailableLow, 0, 0, 0);
    expect_text("ICLRMemoryNotificationCallback::OnMemoryNotification(eMemoryAvailableLow)");
    made_add(&made, EVENT_host_QueryInterface, false, 0x80004002, 2, 0, 0, 0);
    expect_text("IUnknown::QueryInterface(IHostMemoryManager, IID_IUnknown) = E_NOINTERFACE");
    made_add(&made, EVENT_pressure, false, 0, 1, UINT64_C(64) << 20, 8 << 20, 24 << 20);
    expect_text("pressure: 8 MiB of commit taken (64 MiB asked), 24 MiB held");
    made_add(&made, EVENT_pressure, false, 0, UINT64_C(1) << 32, UINT64_MAX, 24 << 20, 0);
    expect_text("pressure: 24 MiB of memory given back, 0 held");
    made_add(&made, EVENT_load_truth, false, 0, 97, 12 << 20, 12, 40 << 20);
    expect_text(
        "the truth: load 97%, 12 MiB available; the answer is 12 points less, 40 MiB too much");
    made_add(&made, EVENT_load_truth, false, 0, 97, 12 << 20, 0, 4096);
    expect_text("the truth: load 97%, 12 MiB available; the answer is 4 KiB too much");
    made_add(&made, EVENT_AcquireSRWLock, true, 0, 4, 0, 0, 0);
    expect_text("AcquireSRWLock(lock 4, not exclusive)");
}

static void every_kind_of_record_has_a_text(void **state)
{
    (void)state;
    for (uint16_t kind = 0; kind < EVENT_KINDS; kind++) {
        char shown[EVENT_TEXT_BYTES];
        for (uint64_t word = 0; word < 64; word += 7) {
            uint64_t value = UINT64_MAX >> word;
            struct event event = {0, kind, 0, 1, 0, {value, value, value, value}};
            event_text(&event, shown, sizeof shown);
            assert_true(strlen(shown) > 3);
            assert_true(strlen(shown) < sizeof shown - 1);
        }
    }
}

/* ---- filters ---- */

/* Numbers of the records that pass, separated by blanks. */
static const char *passing(void)
{
    static char numbers[1024];
    size_t used = 0;
    struct trace_filter *f = &options.filter;
    numbers[0] = '\0';
    assert_int_equal(trace_filter_resolve(f, false, "test"), EXIT_HELD);
    for (uint64_t i = 0; i < made.count; i++) {
        if (trace_filter_event(f, i, &made.events[i]))
            used += (size_t)snprintf(numbers + used, sizeof numbers - used, "%s%d", used ? " " : "",
                                     (int)i);
        trace_filter_note(f, &made.events[i]);
    }
    return numbers;
}

static void again(int option, const char *word)
{
    trace_filter_init(&options.filter);
    filter(option, word);
}

static void filters_let_through_what_they_name(void **state)
{
    (void)state;
    made_host_alloc(&made, 0x20000, 0);          /* 1 2 */
    made_host_alloc(&made, 0x30000, 0x8007000E); /* 3 4 */
    made.thread = 3;
    made_add(&made, EVENT_malloc_Alloc, false, 0, 64, 0, 0x40000, 0); /* 5 */
    made_add(&made, EVENT_HeapFree, true, 0, 0x10000, 0, 0x40000, 0); /* 6 */
    again('c', "VirtualAlloc");
    assert_string_equal(passing(), "1 3");
    again('c', "host");
    assert_string_equal(passing(), "2 4 5");
    again('c', "IHostMalloc::*");
    filter('c', "Heap");
    assert_string_equal(passing(), "5 6");
    again('H', "*VirtualAlloc");
    assert_string_equal(passing(), "0 5 6");
    again('x', NULL);
    assert_string_equal(passing(), "3 4");
    again('d', "policy");
    assert_string_equal(passing(), "1 3 6");
    again('t', "3");
    assert_string_equal(passing(), "5 6");
    again('e', "2..3");
    assert_string_equal(passing(), "2 3");
    again('e', "5..");
    assert_string_equal(passing(), "5 6");
    again('f', "0.0000003");
    filter('o', "400ns");
    assert_string_equal(passing(), "2 3");
    again('g', "E_OUTOF");
    assert_string_equal(passing(), "4");
}

static void an_address_finds_its_range_and_the_release_of_it(void **state)
{
    (void)state;
    uint64_t reserve = MEM_RESERVE | (uint64_t)PAGE_NOACCESS << 32;
    uint64_t commit = MEM_COMMIT | (uint64_t)PAGE_READWRITE << 32;
    made_add(&made, EVENT_VirtualAlloc, true, 0, 0, 1 << 20, reserve, 0x100000);    /* 1 */
    made_add(&made, EVENT_VirtualAlloc, true, 0, 0x180000, 4096, commit, 0x180000); /* 2 */
    made_add(&made, EVENT_VirtualAlloc, true, 0, 0x190000, 8192, commit, 0x190000); /* 3 */
    made_add(&made, EVENT_first_touch, false, 0, 0x191000, 1, 0, 0);                /* 4 */
    made_add(&made, EVENT_VirtualFree, true, 0, 0x200000, 0, MEM_RELEASE, 0);       /* 5 */
    made_add(&made, EVENT_HeapAlloc, true, 0, 0x191000, 0, 64, 0x400000);           /* 6 */
    made_add(&made, EVENT_VirtualQuery, true, 0, 0x190ff0, 0x100000, 0x1000, 0);    /* 7 */
    made_add(&made, EVENT_VirtualFree, true, 0, 0x100000, 0, MEM_RELEASE, 0);       /* 8 */
    again('a', "0x191800");
    assert_string_equal(passing(), "1 3 4 8");
    again('a', "0x180000..0x181000");
    assert_string_equal(passing(), "1 2 8");
    again('a', "0x190000+4KiB");
    assert_string_equal(passing(), "1 3 7 8");
}

static void words_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const struct {
        int option;
        const char *word;
    } wrong[] = {{'a', "0x20..0x10"}, {'a', "here"}, {'a', "0x10+"}, {'e', "9..3"},
                 {'e', ".."},         {'e', "x"},    {'f', "1.5.2"}, {'f', "1.0123456789"},
                 {'o', "soon"},       {'d', "both"}, {'t', "first"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        trace_filter_init(&options.filter);
        assert_int_equal(
            trace_filter_option(&options.filter, wrong[i].option, wrong[i].word, "test"),
            EXIT_USAGE);
    }
    again('c', "VirtualAlloK");
    assert_int_equal(trace_filter_resolve(&options.filter, false, "test"), EXIT_USAGE);
    again('c', "commit");
    assert_int_equal(trace_filter_resolve(&options.filter, true, "test"), EXIT_HELD);
    assert_int_equal(trace_filter_resolve(&options.filter, false, "test"), EXIT_USAGE);
}

static void head_and_tail_count_what_passes(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        made_add(&made, EVENT_HeapFree, true, 0, 0x10000, 0, 0x40000 + i, 0);
    filter('c', "HeapFree");
    options.head = 2;
    assert_null(strstr(print(), "0x40002"));
    assert_non_null(strstr(print(), "0x40001"));
    options.head = 0;
    options.tail = 3;
    assert_null(strstr(print(), "0x40006"));
    assert_non_null(strstr(print(), "0x40007"));
    assert_non_null(strstr(print(), "0x40009"));
}

/* ---- JSON ---- */

static void json_has_one_valid_object_a_line(void **state)
{
    (void)state;
    made_host_alloc(&made, 0x20000, 0);
    made_host_alloc(&made, 0x20000, 0x8007000E);
    made_add(&made, EVENT_fault_injected, true, 1455, EVENT_VirtualAlloc, 106, 0, 0);
    char *line = (char *)print_with(trace_print_json);
    assert_non_null(strstr(line, "{\"event\": 2, \"time_ns\": 300, \"thread\": 0, \"by\": \"clr\", "
                                 "\"call\": \"IHostMemoryManager::VirtualAlloc\""));
    assert_non_null(strstr(line, "\"flProtect\": \"PAGE_READWRITE\", \"eCriticalLevel\": "
                                 "\"eAppDomainCritical\""));
    assert_non_null(strstr(line, "\"call\": \"VirtualAlloc\", \"match\": 106"));
    unsigned lines = 0;
    for (char *rest = line; (line = strsep(&rest, "\n")) && *line; lines++)
        assert_true(json_is_valid(line));
    assert_int_equal(lines, made.count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_inside_stand_between_the_call_and_its_result),
        TEST(a_call_without_calls_inside_is_one_line),
        TEST(a_result_names_its_call_when_threads_took_turns),
        TEST(what_a_crash_left_unfinished_is_marked),
        TEST(faults_on_neighbouring_pages_are_one_line_unless_raw),
        TEST(pages_of_policy_code_belong_to_its_call_whenever_noticed),
        TEST(injected_failures_say_call_match_rule_and_error),
        TEST(long_lines_wrap_under_themselves_at_arguments),
        TEST(values_show_as_names_and_exact_sizes),
        TEST(every_kind_of_record_has_a_text),
        TEST(filters_let_through_what_they_name),
        TEST(an_address_finds_its_range_and_the_release_of_it),
        TEST(words_that_mean_nothing_are_refused),
        TEST(head_and_tail_count_what_passes),
        TEST(json_has_one_valid_object_a_line),
    };
    return cmocka_run_group_tests_name("trace_print", tests, NULL, NULL);
}
