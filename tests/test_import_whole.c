/* The importer on whole programs: raw logs of one that is not .NET (tests/data), programs that
 * replace each other in one process, and faults that belong to the tools of the recording. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/import.h"
#include "harness/input_file.h"
#include "harness/recording_file.h"
#include "harness/trace_diff.h"
#include "harness/recording_write.h"

#define LOG_BYTES_MAX (UINT64_C(64) << 20)
#define RESERVE "mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000\n"
#define COMMIT "mprotect(0x10000000, 4096, PROT_READ|PROT_WRITE) = 0\n"

static struct import_result result;

static void import(const char *log, const char *faults)
{
    import_result_free(&result);
    struct import_input input = {log, strlen(log), faults, faults ? strlen(faults) : 0};
    assert_int_equal(import_strace(&input, &result), IMPORT_OK);
    assert_int_equal(result.stats.not_understood, 0);
}

static uint64_t count_of(enum operation_kind kind)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < result.count; i++)
        count += result.operations[i].kind == kind;
    return count;
}

static void read_log(const char *path, struct input_file *file)
{
    char message[256];
    if (input_read(path, LOG_BYTES_MAX, file, message, sizeof message) != INPUT_OK)
        fail_msg("%s: %s", path, message);
}

static void raw_logs_of_python_give_the_bundled_recording_again(void **state)
{
    struct input_file log, faults;
    struct recording_file bundled;
    struct recording again;
    char message[256];
    size_t count;
    (void)state;
    read_log("tests/data/python-threads.strace.zst", &log);
    read_log("tests/data/python-threads.faults.zst", &faults);
    assert_true(log.compressed);
    import((const char *)log.bytes, (const char *)faults.bytes);
    struct recording_head head = {"python-threads", result.objects, result.threads,
                                  result.duration_ns, result.stats};
    uint8_t *bytes = recording_encode(&head, result.operations, result.count, &count);
    assert_non_null(bytes);
    assert_true(recording_open(&again, bytes, count, message, sizeof message));
    assert_int_equal(recording_file_read("scenarios/traces/python-threads.lwt", &bundled, message,
                                         sizeof message),
                     INPUT_OK);
    struct diff_options options = {.hunks = 1, .context = 1};
    trace_filter_init(&options.filter);
    assert_true(recording_diff(&again, "again", &bundled.recording, "bundled", &options, stdout));
    assert_int_equal(again.stats.threads, 5);
    free(bytes);
    recording_file_free(&bundled);
    input_free(&log);
    input_free(&faults);
}

/* perf catches the faults of strace as well; where births were traced, thread 9 is none of ours. */
static void faults_of_strangers_are_neither_threads_nor_touches(void **state)
{
    static const char faults[] = "1 1.5 10000000\n2 1.6 10000000\n9 1.7 10000000\n";
    (void)state;
    import("1 1.0 " RESERVE "1 1.1 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 2\n1 1.2 " COMMIT,
           faults);
    assert_int_equal(result.stats.threads, 2);
    assert_int_equal(result.stats.faults, 3);
    assert_int_equal(result.stats.faults_placed, 2);
    import("1 1.0 " RESERVE "1 1.2 " COMMIT, faults); /* births untraced: who knows */
    assert_int_equal(result.stats.threads, 3);
    assert_int_equal(result.stats.faults_placed, 3);
}

static void execve_releases_everything_of_the_program_before(void **state)
{
    (void)state;
    import("1 1.0 " RESERVE "1 1.1 " COMMIT
           "1 1.2 execve(\"/bin/b\", [\"b\"], 0x7ffe /* 3 vars */) = -1 ENOENT (No such file)\n"
           "1 1.3 execve(\"/bin/b\", [\"b\"], 0x7ffe /* 3 vars */) = 0\n"
           "1 1.4 brk(NULL) = 0x30000000\n1 1.5 " RESERVE,
           NULL);
    assert_int_equal(count_of(OP_RELEASE), 1);
    assert_int_equal(count_of(OP_RESERVE), 2);
    assert_int_equal(count_of(OP_FAILED), 1);
    assert_int_equal(result.stats.final.reserved, 8192);
    assert_int_equal(result.stats.final.committed, 0);
}

/* execve untraced: the only thread finds its break where it never was. */
static void a_break_elsewhere_is_another_program_in_the_same_process(void **state)
{
    (void)state;
    import("1 1.0 brk(NULL) = 0x20000000\n1 1.1 " RESERVE
           "1 1.2 brk(NULL) = 0x20000000\n" /* asked twice by one program */
           "1 1.3 brk(0x20021000) = 0x20021000\n1 1.4 brk(NULL) = 0x50000000\n1 1.5 " RESERVE,
           NULL);
    assert_int_equal(count_of(OP_RELEASE), 2);
    assert_int_equal(result.stats.peak.reserved, 8192 + 0x21000);
    assert_int_equal(result.stats.final.reserved, 8192);
}

static void calls_about_no_bytes_have_no_effect(void **state)
{
    (void)state;
    import("1 1.0 " RESERVE "1 1.1 mprotect(0x10001000, 0, PROT_READ) = 0\n"
           "1 1.2 madvise(0x10001000, 0, MADV_DONTNEED) = 0\n",
           NULL);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.stats.hints, 2);
}

/* ---- times ---- */

static void times_of_day_go_on_after_midnight(void **state)
{
    (void)state;
    import("1 23:59:59.500000 " RESERVE "1 00:00:00.250000 " COMMIT, NULL);
    assert_int_equal(result.operations[1].time_ns, 750000000);
}

static void times_since_the_line_before_add_up(void **state)
{
    (void)state;
    import("1      0.000000 " RESERVE "1      0.300000 " COMMIT
           "1      0.100000 mprotect(0x10001000, 4096, PROT_READ) = 0\n"
           "1      0.200000 munmap(0x10000000, 8192) = 0\n",
           NULL);
    assert_int_equal(result.operations[1].time_ns, 300000000);
    assert_int_equal(result.operations[2].time_ns, 400000000);
    assert_int_equal(result.duration_ns, 600000000);
}

static void faults_need_a_log_with_the_time_of_the_clock(void **state)
{
    (void)state;
    static const char log[] = "1 23:59:59.500000 " RESERVE, fault[] = "1 1.5 10000000\n";
    struct import_input input = {log, sizeof log - 1, fault, sizeof fault - 1};
    import_result_free(&result);
    assert_int_equal(import_strace(&input, &result), IMPORT_NO_CLOCK);
}

/* ---- moves, and what only looks like an arena ---- */

static void pages_moved_without_unmapping_leave_an_empty_range(void **state)
{
    (void)state;
    import("1 1.0 " RESERVE "1 1.1 " COMMIT "1 1.2 mremap(0x10000000, 8192, 8192, "
           "MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = 0x20000000\n",
           NULL);
    assert_int_equal(count_of(OP_RESET), 1);
    assert_int_equal(count_of(OP_RELEASE), 0);
    assert_int_equal(result.stats.final.reserved, 2 * 8192);
    assert_int_equal(result.stats.final.committed, 2 * 4096);
}

/* The page touched in the first mapping is gone with it, though the second has its address. */
static void contents_do_not_outlive_their_mapping(void **state)
{
    (void)state;
    import("1 1.0 " RESERVE "1 1.1 " COMMIT "1 1.3 munmap(0x10000000, 8192) = 0\n"
           "1 1.4 " RESERVE "1 1.5 " COMMIT
           "1 1.6 mremap(0x10000000, 8192, 16384, MREMAP_MAYMOVE) = 0x20000000\n",
           "1 1.2 10000000\n");
    assert_int_equal(count_of(OP_TOUCH), 1);
}

#define ARENA(flags, address)                                                                      \
    "1 1.0 mmap(NULL, 67108864, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS" flags ", -1, 0) = " address  \
    "\n"

static enum object_class class_of_first(void)
{
    assert_true(result.count > 0);
    return result.operations[0].object_class;
}

static void only_aligned_mappings_without_reserve_are_arenas(void **state)
{
    (void)state;
    import(ARENA("|MAP_NORESERVE", "0x7f0004000000"), NULL);
    assert_int_equal(class_of_first(), OBJECT_NATIVE);
    import(ARENA("|MAP_NORESERVE", "0x7f0003000000"), NULL);
    assert_int_equal(class_of_first(), OBJECT_RUNTIME);
    import(ARENA("", "0x7f0004000000"), NULL);
    assert_int_equal(class_of_first(), OBJECT_RUNTIME);
}

static void a_hole_in_an_arena_is_no_shrinking(void **state)
{
    (void)state;
    import(
        ARENA("|MAP_NORESERVE",
              "0x7f0004000000") "1 1.1 mprotect(0x7f0004000000, 16384, PROT_READ|PROT_WRITE) = 0\n"
                                "1 1.2 mmap(0x7f0004001000, 4096, PROT_NONE, "
                                "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
                                " = 0x7f0004001000\n"
                                "1 1.3 mmap(0x7f0004002000, 8192, PROT_NONE, "
                                "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)"
                                " = 0x7f0004002000\n",
        NULL);
    assert_int_equal(count_of(OP_GROW), 1);
    assert_int_equal(count_of(OP_RESET), 1);
    assert_int_equal(count_of(OP_SHRINK), 1);
}

static int release_the_last_result(void **state)
{
    (void)state;
    import_result_free(&result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_logs_of_python_give_the_bundled_recording_again),
        cmocka_unit_test(faults_of_strangers_are_neither_threads_nor_touches),
        cmocka_unit_test(execve_releases_everything_of_the_program_before),
        cmocka_unit_test(a_break_elsewhere_is_another_program_in_the_same_process),
        cmocka_unit_test(calls_about_no_bytes_have_no_effect),
        cmocka_unit_test(times_of_day_go_on_after_midnight),
        cmocka_unit_test(times_since_the_line_before_add_up),
        cmocka_unit_test(faults_need_a_log_with_the_time_of_the_clock),
        cmocka_unit_test(pages_moved_without_unmapping_leave_an_empty_range),
        cmocka_unit_test(contents_do_not_outlive_their_mapping),
        cmocka_unit_test(only_aligned_mappings_without_reserve_are_arenas),
        cmocka_unit_test(a_hole_in_an_arena_is_no_shrinking),
    };
    return cmocka_run_group_tests_name("import_whole", tests, NULL, release_the_last_result);
}
