/* Lines of strace in every shape that it prints. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>
#include "core/rng.h"
#include "harness/strace_parse.h"

static struct strace_line line;
static struct memory_call call;

static void parse(const char *text)
{
    strace_line_parse(text, strlen(text), &line);
}

static bool arguments(const char *name, const char *text)
{
    return strace_arguments_parse((struct text){name, strlen(name)},
                                  (struct text){text, strlen(text)}, &call);
}

static void expect_text(struct text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.at, expected, text.length);
}

static void a_call_with_number_and_time_is_taken_apart(void **state)
{
    (void)state;
    parse("4711  1699999999.123456 munmap(0x7f0000000000, 4096) = 0");
    assert_int_equal(line.kind, LINE_CALL);
    assert_int_equal(line.tid, 4711);
    assert_int_equal(line.clock, CLOCK_SECONDS);
    assert_int_equal(line.time_ns, 1699999999123456000);
    expect_text(line.name, "munmap");
    expect_text(line.arguments, "0x7f0000000000, 4096");
    assert_true(line.returned);
    assert_false(line.failed);
}

static void processes_and_times_come_in_all_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t tid;
        enum line_clock clock;
        uint64_t time_ns;
    } rows[] = {
        {"brk(NULL) = 0x1000", 0, CLOCK_NONE, 0},
        {"7 brk(NULL) = 0x1000", 7, CLOCK_NONE, 0},
        {"[pid 12] brk(NULL) = 0x1000", 12, CLOCK_NONE, 0},
        {"[pid    12] 3.5 brk(NULL) = 0x1000", 12, CLOCK_SECONDS, 3500000000},
        {"12 00:01:02 brk(NULL) = 0x1000", 12, CLOCK_OF_DAY, 62000000000},
        {"12 00:01:02.000001 brk(NULL) = 0x1000", 12, CLOCK_OF_DAY, 62000001000},
        {"     0.000012 brk(NULL) = 0x1000", 0, CLOCK_SECONDS, 12000},
        {"12 1.000000001 [00007f1234567890] brk(NULL) = 0x1000", 12, CLOCK_SECONDS, 1000000001},
        {"12 1.5 brk(NULL) = 0x1000 <0.000011>", 12, CLOCK_SECONDS, 1500000000},
        {"12 1.5 brk(NULL)                        = 0x1000\r", 12, CLOCK_SECONDS, 1500000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(rows[i].text);
        assert_int_equal(line.kind, LINE_CALL);
        assert_int_equal(line.tid, rows[i].tid);
        assert_int_equal(line.clock, rows[i].clock);
        assert_int_equal(line.time_ns, rows[i].time_ns);
        assert_int_equal(line.result, 0x1000);
    }
}

static void results_tell_failure_from_no_return(void **state)
{
    (void)state;
    parse(
        "1 1.0 mmap(NULL, 8, PROT_NONE, MAP_PRIVATE, -1, 0) = -1 ENOMEM (Cannot allocate memory)");
    assert_int_equal(line.kind, LINE_CALL);
    assert_true(line.returned);
    assert_true(line.failed);
    parse("1 1.0 exit_group(0) = ?");
    assert_int_equal(line.kind, LINE_CALL);
    assert_false(line.returned);
    parse("1 1.0 munmap(0x1000, 4096 <unfinished ...>) = ?");
    assert_false(line.returned);
}

static void split_calls_are_begun_and_resumed(void **state)
{
    (void)state;
    parse("5 1.0 mmap(NULL, 4096, PROT_NONE <unfinished ...>");
    assert_int_equal(line.kind, LINE_UNFINISHED);
    expect_text(line.name, "mmap");
    parse("5 1.1 <... mmap resumed>, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000");
    assert_int_equal(line.kind, LINE_RESUMED);
    expect_text(line.name, "mmap");
    assert_int_equal(line.result, 0x7f0000000000);
}

static void ends_signals_and_own_words_are_no_calls(void **state)
{
    (void)state;
    parse("5 1.0 +++ exited with 0 +++");
    assert_int_equal(line.kind, LINE_EXIT);
    parse("5 1.0 +++ killed by SIGKILL +++");
    assert_int_equal(line.kind, LINE_EXIT);
    parse("5 1.0 --- SIGSEGV {si_signo=SIGSEGV, si_addr=0x10} ---");
    assert_int_equal(line.kind, LINE_NOTE);
    parse("strace: Process 99 attached");
    assert_int_equal(line.kind, LINE_ATTACHED);
    assert_int_equal(line.tid, 99);
    parse("");
    assert_int_equal(line.kind, LINE_BLANK);
    parse("Segmentation fault");
    assert_int_equal(line.kind, LINE_UNKNOWN);
    parse("5 1.0 munmap(0x1000, 40");
    assert_int_equal(line.kind, LINE_UNKNOWN);
}

static void parentheses_in_strings_and_paths_end_nothing(void **state)
{
    (void)state;
    parse("1 1.0 execve(\"/bin/a)b\", [\"a \\\" = 3)\"], 0x7ffe /* 9 vars */) = 0");
    assert_int_equal(line.kind, LINE_CALL);
    assert_int_equal(line.result, 0);
    parse("1 1.0 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</tmp/a, b) c>, 0) = 0x7000");
    assert_int_equal(line.kind, LINE_CALL);
    assert_int_equal(line.result, 0x7000);
    assert_true(arguments("mmap", "NULL, 4096, PROT_READ, MAP_PRIVATE, 3</tmp/a, b) c>, 0"));
    assert_int_equal(call.size, 4096);
}

static void flags_are_read_by_name_and_by_number(void **state)
{
    (void)state;
    assert_true(arguments("mmap", "0x10, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, "
                                  "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0"));
    assert_int_equal(call.prot, CALL_READ | CALL_WRITE | CALL_EXEC);
    assert_int_equal(call.flags, CALL_FIXED | CALL_ANONYMOUS | CALL_NORESERVE);
    assert_true(arguments("mmap", "NULL, 0x1000, 0x3, 0x22, -1, 0"));
    assert_int_equal(call.prot, CALL_READ | CALL_WRITE);
    assert_int_equal(call.flags, CALL_ANONYMOUS);
    assert_true(arguments("mmap", "NULL, 4096, PROT_NONE, "
                                  "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, "
                                  "0"));
    assert_true(arguments("mmap", "0x10, 1, PROT_NONE, MAP_PRIVATE|MAP_FIXED_NOREPLACE, 3, 0"));
    assert_int_equal(call.flags & CALL_FIXED, 0);
    assert_true(arguments("madvise", "0x1000, 4096, MADV_DONTNEED"));
    assert_int_equal(call.flags, CALL_DISCARD);
    assert_true(arguments("madvise", "0x1000, 4096, 0x8 /* MADV_FREE */"));
    assert_int_equal(call.flags, CALL_DISCARD);
    assert_true(arguments("madvise", "0x1000, 4096, MADV_COLLAPSE"));
    assert_int_equal(call.flags, 0);
}

static void births_tell_threads_from_processes(void **state)
{
    (void)state;
    assert_true(arguments("clone3", "{flags=CLONE_VM|CLONE_THREAD|CLONE_FS, exit_signal=0}, 88"));
    assert_int_equal(call.kind, CALL_CLONE);
    assert_int_equal(call.flags, CALL_SAME_MEMORY | CALL_SAME_PROCESS);
    assert_true(arguments("clone", "child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD"));
    assert_int_equal(call.flags, 0);
    assert_true(arguments("vfork", ""));
    assert_int_equal(call.kind, CALL_VFORK);
}

static void arguments_that_are_none_are_refused(void **state)
{
    (void)state;
    assert_false(arguments("munmap", "0x1000"));
    assert_false(arguments("munmap", "0x1000, 4096, 7"));
    assert_false(arguments("munmap", "here, there"));
    assert_false(arguments("mmap", "NULL, 4096, readable, MAP_PRIVATE, -1, 0"));
    assert_true(arguments("mremap", "0x1000, 4096, 8192, MREMAP_MAYMOVE"));
    assert_true(arguments("mremap", "0x1000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000"));
    assert_int_equal(call.new_address, 0x9000);
    arguments("no_such_call", "");
    assert_int_equal(call.kind, CALL_UNKNOWN);
}

/* Each in memory of its exact size, so that a sanitizer sees reads behind it. */
static void changed_and_cut_lines_never_read_past_their_end(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "5 1.0 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
        "[pid 5] 1.1 <... mmap resumed>, MAP_PRIVATE, 3</tmp/x>, 0) = -1 ENOMEM (No memory)",
        "5 1.2 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f}, 88 <unfinished ...>",
        "5 1.3 madvise(0x1000, 4096, 0x8 /* MADV_FREE */) = 0 <0.000011>",
        "strace: Process 99 attached",
    };
    for (uint64_t id = 0; id < 20000; id++) {
        struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, id);
        const char *text = lines[rng_below(&rng, sizeof lines / sizeof *lines)];
        size_t length = rng_below(&rng, strlen(text) + 1);
        char *own = malloc(length ? length : 1);
        assert_non_null(own);
        memcpy(own, text, length);
        for (uint64_t i = rng_below(&rng, 4); length > 0 && i > 0; i--)
            own[rng_below(&rng, length)] = (char)rng_next(&rng);
        strace_line_parse(own, length, &line);
        if (line.kind == LINE_CALL || line.kind == LINE_UNFINISHED || line.kind == LINE_RESUMED)
            strace_arguments_parse(line.name, line.arguments, &call);
        free(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_with_number_and_time_is_taken_apart),
        cmocka_unit_test(processes_and_times_come_in_all_forms),
        cmocka_unit_test(results_tell_failure_from_no_return),
        cmocka_unit_test(split_calls_are_begun_and_resumed),
        cmocka_unit_test(ends_signals_and_own_words_are_no_calls),
        cmocka_unit_test(parentheses_in_strings_and_paths_end_nothing),
        cmocka_unit_test(flags_are_read_by_name_and_by_number),
        cmocka_unit_test(births_tell_threads_from_processes),
        cmocka_unit_test(arguments_that_are_none_are_refused),
        cmocka_unit_test(changed_and_cut_lines_never_read_past_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
