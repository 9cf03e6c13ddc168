/* The importer on small logs: what each kind of call becomes, calls over several objects, other
 * programs, faults, and lines that make no sense. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/rng.h"
#include "harness/import.h"
#include "harness/recording_stat.h"
#include "harness/recording_write.h"

static struct import_result result;

static enum import_status import_with_faults(const char *log, const char *faults)
{
    import_result_free(&result);
    struct import_input input = {log, strlen(log), faults, faults ? strlen(faults) : 0};
    return import_strace(&input, &result);
}

static void import(const char *log)
{
    assert_int_equal(import_with_faults(log, NULL), IMPORT_OK);
    assert_int_equal(result.stats.not_understood, 0);
}

/* All operations, one a line. */
static void expect_operations(const char *expected)
{
    char text[8192] = "";
    size_t length = 0;
    for (uint64_t i = 0; i < result.count; i++) {
        char line[256];
        operation_text(&result.operations[i], line, sizeof line);
        length += (size_t)snprintf(text + length, sizeof text - length, "%s\n", line);
        assert_true(length < sizeof text);
    }
    assert_string_equal(text, expected);
}

/* What was imported can be written and read. */
static void assert_encodes(uint64_t id)
{
    struct recording_head head = {"imported", result.objects, result.threads, result.duration_ns,
                                  result.stats};
    size_t count;
    char message[256];
    struct recording recording;
    uint8_t *bytes = recording_encode(&head, result.operations, result.count, &count);
    assert_non_null(bytes);
    if (!recording_open(&recording, bytes, count, message, sizeof message))
        fail_msg("%llu: %s", (unsigned long long)id, message);
    free(bytes);
}

static void expect_bytes(const struct recording_peak *bytes, uint64_t reserved, uint64_t committed,
                         uint64_t views)
{
    assert_int_equal(bytes->reserved, reserved);
    assert_int_equal(bytes->committed, committed);
    assert_int_equal(bytes->views, views);
}

#define ANONYMOUS "MAP_PRIVATE|MAP_ANONYMOUS"
#define FIXED "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"
#define READ_WRITE "PROT_READ|PROT_WRITE"
/* 1 MiB at 0x10000000 */
#define RESERVE_1M "1 1.0 mmap(NULL, 1048576, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"

static void inaccessible_memory_is_a_reservation(void **state)
{
    (void)state;
    import(RESERVE_1M);
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n");
    expect_bytes(&result.stats.peak, 1048576, 0, 0);
}

static void accessible_memory_is_reserved_and_committed(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 5000, " READ_WRITE ", " ANONYMOUS ", -1, 0) = 0x10000000\n");
    expect_operations("reserve runtime 0 + 0x0, 8 KiB, write\n"
                      "commit runtime 0 + 0x0, 8 KiB, write\n");
    expect_bytes(&result.stats.final, 8192, 8192, 0);
}

static void aligned_reservations_fold_into_their_middle(void **state)
{
    (void)state;
    import(RESERVE_1M "1 1.1 munmap(0x10000000, 65536) = 0\n"
                      "1 1.2 munmap(0x100c0000, 262144) = 0\n"
                      "1 1.3 mprotect(0x10010000, 4096, " READ_WRITE ") = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 704 KiB, none\n"
                      "commit runtime 0 + 0x0, 4 KiB, write\n");
    expect_bytes(&result.stats.peak, 1048576, 4096, 0); /* as the calls were made */
    expect_bytes(&result.stats.final, 1048576 - 65536 - 262144, 4096, 0);
}

static void protecting_commits_once_and_then_changes(void **state)
{
    (void)state;
    import(RESERVE_1M "1 1.1 mprotect(0x10001000, 8192, " READ_WRITE ") = 0\n"
                      "1 1.2 madvise(0x10001000, 8192, MADV_DODUMP) = 0\n"
                      "1 1.3 mprotect(0x10002000, 8192, PROT_READ) = 0\n"
                      "1 1.4 mprotect(0x10001000, 12288, PROT_NONE) = 0\n"
                      "1 1.5 mprotect(0x10001000, 4096, PROT_READ|PROT_EXEC) = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n"
                      "commit runtime 0 + 0x1000, 8 KiB, write\n"
                      "protect runtime 0 + 0x2000, 4 KiB, read\n"
                      "commit runtime 0 + 0x3000, 4 KiB, read\n"
                      "protect runtime 0 + 0x1000, 4 KiB, none\n"
                      "protect runtime 0 + 0x2000, 8 KiB, none\n"
                      "protect runtime 0 + 0x1000, 4 KiB, execute\n");
    expect_bytes(&result.stats.final, 1048576, 12288, 0); /* PROT_NONE keeps the charge */
    assert_int_equal(result.stats.hints, 1);
}

static void mapping_over_own_pages_decommits(void **state)
{
    (void)state;
    import(RESERVE_1M "1 1.1 mprotect(0x10000000, 16384, " READ_WRITE ") = 0\n"
                      "1 1.2 mmap(0x10001000, 4096, PROT_NONE, " FIXED ", -1, 0) = 0x10001000\n"
                      "1 1.3 madvise(0x10001000, 4096, MADV_DONTDUMP) = 0\n"
                      "1 1.4 mmap(0x10002000, 4096, " READ_WRITE ", " FIXED
                      ", -1, 0) = 0x10002000\n");
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n"
                      "commit runtime 0 + 0x0, 16 KiB, write\n"
                      "decommit runtime 0 + 0x1000, 4 KiB\n"
                      "decommit runtime 0 + 0x2000, 4 KiB\n"
                      "commit runtime 0 + 0x2000, 4 KiB, write\n");
    expect_bytes(&result.stats.final, 1048576, 12288, 0);
}

static void unmapping_parts_releases_with_the_last(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 12288, " READ_WRITE ", " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "1 1.1 madvise(0x10000000, 4096, MADV_FREE) = 0\n"
           "1 1.2 munmap(0x10001000, 4096) = 0\n"
           "1 1.3 munmap(0x10000000, 4096) = 0\n"
           "1 1.4 munmap(0x10002000, 4096) = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 12 KiB, write\n"
                      "commit runtime 0 + 0x0, 12 KiB, write\n"
                      "reset runtime 0 + 0x0, 4 KiB\n"
                      "decommit runtime 0 + 0x1000, 4 KiB\n"
                      "decommit runtime 0 + 0x0, 4 KiB\n"
                      "release runtime 0 + 0x0, 12 KiB\n");
    expect_bytes(&result.stats.final, 0, 0, 0);
}

static void calls_over_several_reservations_are_split(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 8192, " READ_WRITE ", " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "1 1.1 mmap(NULL, 8192, " READ_WRITE ", " ANONYMOUS ", -1, 0) = 0x10002000\n"
           "1 1.2 madvise(0x10001000, 8192, MADV_DONTNEED) = 0\n"
           "1 1.3 munmap(0x10001000, 12288) = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 8 KiB, write\n"
                      "commit runtime 0 + 0x0, 8 KiB, write\n"
                      "reserve runtime 1 + 0x0, 8 KiB, write\n"
                      "commit runtime 1 + 0x0, 8 KiB, write\n"
                      "reset runtime 0 + 0x1000, 4 KiB\n"
                      "reset runtime 1 + 0x0, 4 KiB\n"
                      "decommit runtime 0 + 0x1000, 4 KiB\n"
                      "release runtime 1 + 0x0, 8 KiB\n");
}

static void the_break_grows_and_shrinks_at_its_end(void **state)
{
    (void)state;
    import("1 1.0 brk(NULL) = 0x20000000\n"
           "1 1.1 brk(0x20021000) = 0x20021000\n"
           "1 1.2 brk(0x20011000) = 0x20011000\n"
           "1 1.3 brk(0x20012000) = 0x20011000\n");
    expect_operations("reserve native 0 + 0x0, 132 KiB, none\n"
                      "grow native 0 + 0x0, 132 KiB, write\n"
                      "shrink native 0 + 0x11000, 64 KiB\n"
                      "failed, 0\n");
    expect_bytes(&result.stats.peak, 0x21000, 0x21000, 0);
    expect_bytes(&result.stats.final, 0x11000, 0x11000, 0);
    assert_int_equal(result.stats.failed, 1);
}

static void arenas_of_the_c_library_are_native(void **state)
{
    (void)state;
    import(
        "1 1.0 mmap(NULL, 134217728, PROT_NONE, " ANONYMOUS "|MAP_NORESERVE, -1, 0) = 0x11000000\n"
        "1 1.1 munmap(0x11000000, 50331648) = 0\n"
        "1 1.2 munmap(0x18000000, 16777216) = 0\n"
        "1 1.3 mprotect(0x14000000, 135168, " READ_WRITE ") = 0\n"
        "1 1.4 mmap(NULL, 1048576, PROT_NONE, " ANONYMOUS "|MAP_NORESERVE, -1, 0) = 0x30000000\n");
    expect_operations("reserve native 0 + 0x0, 64 MiB, none\n"
                      "grow native 0 + 0x0, 132 KiB, write\n"
                      "reserve runtime 1 + 0x0, 1 MiB, none\n");
}

static void stacks_of_threads_are_told_from_the_rest(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 1048576, PROT_NONE, " ANONYMOUS "|MAP_STACK, -1, 0) = 0x10000000\n"
           "1 1.1 mprotect(0x10001000, 1044480, " READ_WRITE ") = 0\n");
    expect_operations("reserve stack 0 + 0x0, 1 MiB, none\n"
                      "commit stack 0 + 0x1000, 1020 KiB, write\n");
}

static void files_and_shared_memory_are_views_with_their_pieces(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 16384, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0) = 0x10000000\n"
           "1 1.1 mmap(0x10001000, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, 3, 0x1000) = "
           "0x10001000\n"
           "1 1.2 mmap(0x10003000, 4096, " READ_WRITE ", " FIXED ", -1, 0) = 0x10003000\n"
           "1 1.3 mmap(NULL, 4096, " READ_WRITE ", MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x20000000\n"
           "1 1.4 munmap(0x10000000, 16384) = 0\n");
    expect_operations("reserve view 0 + 0x0, 16 KiB, read\n"
                      "reserve view 1 + 0x0, 4 KiB, write\n"
                      "release view 0 + 0x0, 16 KiB\n");
    expect_bytes(&result.stats.peak, 0, 0, 20480);
    expect_bytes(&result.stats.final, 0, 0, 4096);
}

static void a_file_over_a_reservation_takes_its_pages(void **state)
{
    (void)state;
    import(RESERVE_1M "1 1.1 mprotect(0x10000000, 8192, " READ_WRITE ") = 0\n"
                      "1 1.2 mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, 3, 0) = "
                      "0x10000000\n"
                      "1 1.3 mmap(0x10000000, 4096, PROT_NONE, " FIXED ", -1, 0) = 0x10000000\n");
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n"
                      "commit runtime 0 + 0x0, 8 KiB, write\n"
                      "decommit runtime 0 + 0x0, 4 KiB\n"
                      "reserve view 1 + 0x0, 4 KiB, read\n"
                      "release view 1 + 0x0, 4 KiB\n");
    expect_bytes(&result.stats.peak, 1048576, 8192, 4096);
    expect_bytes(&result.stats.final, 1048576, 4096, 0);
}

static void a_moved_mapping_is_a_new_region_with_its_contents(void **state)
{
    (void)state;
    assert_int_equal(
        import_with_faults("1 1.0 mmap(NULL, 8192, " READ_WRITE ", " ANONYMOUS
                           ", -1, 0) = 0x10000000\n"
                           "1 3.0 mremap(0x10000000, 8192, 16384, MREMAP_MAYMOVE) = 0x20000000\n",
                           "1 2.0 10001008\n"),
        IMPORT_OK);
    expect_operations("reserve runtime 0 + 0x0, 8 KiB, write\n"
                      "commit runtime 0 + 0x0, 8 KiB, write\n"
                      "touch runtime 0 + 0x1000, written\n"
                      "reserve runtime 1 + 0x0, 16 KiB, write\n"
                      "commit runtime 1 + 0x0, 16 KiB, write\n"
                      "touch runtime 1 + 0x1000, written\n"
                      "release runtime 0 + 0x0, 8 KiB\n");
    expect_bytes(&result.stats.final, 16384, 16384, 0);
}

static void failed_calls_are_kept_as_failed(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 8192, PROT_NONE, " ANONYMOUS
           ", -1, 0) = -1 ENOMEM (Cannot allocate memory)\n"
           "1 1.1 mmap(NULL, 18446744073709551615, PROT_NONE, " ANONYMOUS
           ", -1, 0) = -1 ENOMEM (Cannot allocate memory)\n");
    assert_int_equal(result.stats.failed, 2);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.operations[0].kind, OP_FAILED);
    assert_int_equal(result.operations[0].size, 8192);
    expect_bytes(&result.stats.peak, 0, 0, 0);
    assert_encodes(0);
}

static void a_munmap_takes_effect_where_it_begins(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 8192, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "1 1.1 munmap(0x10000000, 8192 <unfinished ...>\n"
           "2 1.2 mmap(NULL, 8192, PROT_NONE, " ANONYMOUS " <unfinished ...>\n"
           "2 1.3 <... mmap resumed>, -1, 0) = 0x10000000\n"
           "1 1.4 <... munmap resumed>) = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 8 KiB, none\n"
                      "release runtime 0 + 0x0, 8 KiB\n"
                      "reserve runtime 1 + 0x0, 8 KiB, none\n");
    expect_bytes(&result.stats.peak, 8192, 0, 0);
    assert_int_equal(result.stats.calls, 3);
    assert_int_equal(result.stats.threads, 2);
}

static void calls_on_memory_from_before_are_counted(void **state)
{
    (void)state;
    import("1 1.0 mprotect(0x7ff000000000, 4096, PROT_READ) = 0\n"
           "1 1.1 munmap(0x7ff000000000, 4096) = 0\n");
    assert_int_equal(result.stats.outside, 2);
    assert_int_equal(result.count, 0);
}

/* No process has such addresses; a damaged log may. */
static void ranges_beyond_every_address_space_are_outside(void **state)
{
    (void)state;
    import("1 1.0 mmap(NULL, 0xfffffffffffff000, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "1 1.1 mmap(NULL, 4096, PROT_NONE, " ANONYMOUS ", -1, 0) = 0xfffffffffffff000\n"
           "1 1.2 brk(NULL) = 0x20000000\n"
           "1 1.3 brk(0xffffffffffffff00) = 0xffffffffffffff00\n" RESERVE_1M
           "1 1.4 mremap(0x10000000, 1048576, 0xfffffffffffff000, MREMAP_MAYMOVE) = 0x30000000\n"
           "1 1.5 shmget(IPC_PRIVATE, 0xfffffffffffff000, IPC_CREAT) = 7\n"
           "1 1.6 shmat(7, NULL, 0) = 0x40000000\n");
    assert_int_equal(result.stats.outside, 5);
    assert_encodes(0);
    expect_bytes(&result.stats.peak, 1048576, 0, 0);
}

static void a_thread_that_asks_for_the_break_later_is_another_program(void **state)
{
    (void)state;
    import("1 1.0 brk(NULL) = 0x20000000\n" RESERVE_1M "2 1.1 brk(NULL) = 0x30000000\n"
           "2 1.2 brk(0x30021000) = 0x30021000\n"
           "2 1.3 mmap(NULL, 4096, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "3 1.4 mprotect(0x10000000, 4096, PROT_READ) = 0\n");
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n"
                      "commit runtime 0 + 0x0, 4 KiB, read\n");
    assert_int_equal(result.stats.other_process, 3);
    assert_int_equal(result.stats.threads, 2);
}

static void forked_programs_are_dropped_and_threads_kept(void **state)
{
    (void)state;
    import("1 1.0 brk(NULL) = 0x20000000\n"
           "1 1.1 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SIGHAND, stack=0x7f0000}, 88)"
           " = 2\n"
           "1 1.2 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 3\n"
           "2 1.3 mmap(NULL, 4096, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "3 1.4 mmap(NULL, 4096, PROT_NONE, " ANONYMOUS ", -1, 0) = 0x10000000\n"
           "3 1.5 execve(\"/bin/true\", [\"true\"], 0x7ffe /* 3 vars */) = 0\n"
           "3 1.6 +++ exited with 0 +++\n"
           "2 1.7 +++ exited with 0 +++\n");
    expect_operations("reserve runtime 0 + 0x0, 4 KiB, none\n");
    assert_int_equal(result.stats.other_process, 2);
    assert_int_equal(result.stats.threads, 2);
}

static void faults_become_touches_where_an_object_is(void **state)
{
    (void)state;
    assert_int_equal(
        import_with_faults(
            RESERVE_1M "1 2.0 mprotect(0x10000000, 4096, " READ_WRITE ") = 0\n"
                       "1 2.1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x20000000\n",
            "1 1.500000000 10000000\n"     /* reserved, not committed */
            "1 2.200000000 10000abc\n"     /* a write */
            "7 2.300000000 20000010\n"     /* a read of a view, by a thread without calls */
            "1 2.400000000 7f0000000000\n" /* nothing of ours */
            "1 2.500000000 10000abc\n" /* again: kept */),
        IMPORT_OK);
    expect_operations("reserve runtime 0 + 0x0, 1 MiB, none\n"
                      "commit runtime 0 + 0x0, 4 KiB, write\n"
                      "reserve view 1 + 0x0, 4 KiB, read\n"
                      "touch runtime 0 + 0x0, written\n"
                      "touch view 1 + 0x0, read\n"
                      "touch runtime 0 + 0x0, written\n");
    assert_int_equal(result.stats.faults, 5);
    assert_int_equal(result.stats.faults_placed, 3);
    assert_int_equal(result.stats.threads, 2);
}

static void lines_that_make_no_sense_are_numbered(void **state)
{
    (void)state;
    assert_int_equal(import_with_faults(RESERVE_1M "nonsense\n"
                                                   "1 1.1 mmap(what, is, this) = 0\n"
                                                   "1 1.2 munmap(0x10000000, 1048576) = 0\n"
                                                   "1 1.3 --- SIGCHLD {si_signo=SIGCHLD} ---\n"
                                                   "1 1.4 +++ exited with 0 +++\n",
                                        NULL),
                     IMPORT_OK);
    assert_int_equal(result.stats.lines, 6);
    assert_int_equal(result.stats.not_understood, 2);
    assert_int_equal(result.bad_lines.first[0], 2);
    assert_int_equal(result.bad_lines.first[1], 3);
    assert_int_equal(import_with_faults("a\nb\n" RESERVE_1M, NULL), IMPORT_NOT_UNDERSTOOD);
    assert_int_equal(import_with_faults("", NULL), IMPORT_EMPTY);
}

/* Logs made of true lines in any order, with bytes changed: whatever comes out can be encoded and
 * read. */
static void damaged_logs_give_valid_recordings(void **state)
{
    (void)state;
    static const char *const lines[] = {
        RESERVE_1M,
        "1 1.1 munmap(0x10000000, 65536) = 0\n",
        "2 1.1 munmap(0x10000000, 65536 <unfinished ...>\n",
        "2 1.2 <... munmap resumed>) = 0\n",
        "1 1.2 mprotect(0x10010000, 409600, " READ_WRITE ") = 0\n",
        "1 1.3 mmap(0x10011000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x10011000\n",
        "1 1.3 mmap(0x10012000, 40960, PROT_NONE, " FIXED ", -1, 0) = 0x10012000\n",
        "3 1.4 mremap(0x10010000, 65536, 131072, MREMAP_MAYMOVE) = 0x20000000\n",
        "3 1.4 mremap(0x10010000, 65536, 4096, MREMAP_MAYMOVE) = 0x10010000\n",
        "1 1.5 madvise(0x10010000, 165536, MADV_DONTNEED) = 0\n",
        "1 1.6 brk(NULL) = 0x10080000\n",
        "1 1.6 brk(0x100a1000) = 0x100a1000\n",
        "1 1.7 brk(0x10091000) = 0x10091000\n",
        "1 1.8 clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD) = 3\n",
        "1 1.9 execve(\"/bin/true\", [\"true\"], 0x7ffe /* 3 vars */) = 0\n",
        "2 2.0 +++ exited with 0 +++\n",
        "1 2.0 shmat(5, NULL, 0) = 0x10040000\n",
        "1 2.1 shmdt(0x10040000) = 0\n",
    };
    for (uint64_t id = 0; id < 4000; id++) {
        struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, id);
        char log[4096] = "";
        size_t length = 0;
        for (uint64_t i = 0; i < 1 + rng_below(&rng, 30); i++) {
            const char *line = lines[rng_below(&rng, sizeof lines / sizeof *lines)];
            memcpy(log + length, line, strlen(line));
            length += strlen(line);
        }
        for (uint64_t i = rng_below(&rng, 6); i > 0; i--)
            log[rng_below(&rng, length)] = "0123456789abcdefx,(|)= \n"[rng_below(&rng, 24)];
        struct import_input input = {log, length, "1 1.25 10011000\n3 1.9 20000000\n", 31};
        import_result_free(&result);
        import_strace(&input, &result);
        assert_encodes(id);
    }
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
        cmocka_unit_test(inaccessible_memory_is_a_reservation),
        cmocka_unit_test(accessible_memory_is_reserved_and_committed),
        cmocka_unit_test(aligned_reservations_fold_into_their_middle),
        cmocka_unit_test(protecting_commits_once_and_then_changes),
        cmocka_unit_test(mapping_over_own_pages_decommits),
        cmocka_unit_test(unmapping_parts_releases_with_the_last),
        cmocka_unit_test(calls_over_several_reservations_are_split),
        cmocka_unit_test(the_break_grows_and_shrinks_at_its_end),
        cmocka_unit_test(arenas_of_the_c_library_are_native),
        cmocka_unit_test(stacks_of_threads_are_told_from_the_rest),
        cmocka_unit_test(files_and_shared_memory_are_views_with_their_pieces),
        cmocka_unit_test(a_file_over_a_reservation_takes_its_pages),
        cmocka_unit_test(a_moved_mapping_is_a_new_region_with_its_contents),
        cmocka_unit_test(failed_calls_are_kept_as_failed),
        cmocka_unit_test(a_munmap_takes_effect_where_it_begins),
        cmocka_unit_test(calls_on_memory_from_before_are_counted),
        cmocka_unit_test(ranges_beyond_every_address_space_are_outside),
        cmocka_unit_test(a_thread_that_asks_for_the_break_later_is_another_program),
        cmocka_unit_test(forked_programs_are_dropped_and_threads_kept),
        cmocka_unit_test(faults_become_touches_where_an_object_is),
        cmocka_unit_test(lines_that_make_no_sense_are_numbered),
        cmocka_unit_test(damaged_logs_give_valid_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, release_the_last_result);
}
