/* malloc and operator new of policies: blocks of the simulated heap, failures that are planned,
 * records of each, and corruption found. */
#include "tests/crt_support.h"

#include <setjmp.h>
#include "os/heap.h"

static struct crt_run run;

/* cmocka takes the signals for itself before each test: the machine, which needs them for native
 * accesses, begins inside the test. */
#define TEST(name)                                                                                 \
    static void name##_body(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        crt_run_begin(&run, 1, true);                                                              \
        name##_body();                                                                             \
        crt_run_end(&run);                                                                         \
    }                                                                                              \
    static void name##_body(void)

static void *function(const char *name)
{
    return bound(crt_memory_bindings, name);
}

typedef void *allocate(size_t bytes);
typedef void release(void *block);

static int free_it(release *function, void *block)
{
    function(block);
    return 0;
}

/* Every matching call fails from now on. */
static void fail_calls(const char *rule)
{
    char message[512];
    assert_true(fault_parse(rule, &run.sim->faults.rules[0], message, sizeof message));
    run.sim->faults.rules_count = 1;
}

static uint64_t records(void)
{
    return trace_count(&run.sim->trace);
}

TEST(blocks_are_simulated_memory_that_can_be_used)
{
    allocate *take = function("malloc");
    release *give = function("free");
    char *first = take(100), *second = take(0);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_in_range((uint64_t)first, WINDOW_BASE, WINDOW_BASE + WINDOW_BYTES - 1);
    assert_int_equal((uint64_t)first % 16, 0);
    memset(first, 7, 100);
    give(first);
    give(second);
    assert_int_equal(run.sim->counters[COUNTER_crt_allocations], 2);
}

TEST(calloc_gives_zeros_and_refuses_overflow)
{
    void *(*take)(size_t, size_t) = function("calloc");
    char *block = take(7, 9);
    for (int i = 0; i < 63; i++)
        assert_int_equal(block[i], 0);
    assert_null(take(SIZE_MAX / 2, 3));
    assert_int_equal(run.sim->thread->crt_errno, 12);
}

TEST(realloc_keeps_the_bytes_and_the_block_on_failure)
{
    void *(*resize)(void *, size_t) = function("realloc");
    size_t (*size_of)(void *) = function("malloc_usable_size");
    char *block = resize(NULL, 8);
    memcpy(block, "1234567", 8);
    block = resize(block, 5000);
    assert_string_equal(block, "1234567");
    assert_int_equal(size_of(block), 5000);
    fail_calls("realloc");
    assert_null(resize(block, 9000));
    assert_string_equal(block, "1234567");
    assert_int_equal(size_of(block), 5000);
    run.sim->faults.rules_count = 0;
    assert_null(resize(block, 0)); /* frees */
    assert_stops(&run, STOP_HEAP_CORRUPTION, resize(block, 10));
}

TEST(aligned_blocks_lie_on_their_boundary)
{
    void *(*take)(size_t, size_t) = function("aligned_alloc");
    void *(*microsoft)(size_t, size_t) = function("_aligned_malloc");
    int (*posix)(void **, size_t, size_t) = function("posix_memalign");
    allocate *page = function("valloc");
    for (size_t alignment = 16; alignment <= 65536; alignment *= 2) {
        void *block = NULL;
        assert_int_equal((uint64_t)take(alignment, 100) % alignment, 0);
        assert_int_equal((uint64_t)microsoft(100, alignment) % alignment, 0);
        assert_int_equal(posix(&block, alignment, 100), 0);
        assert_int_equal((uint64_t)block % alignment, 0);
    }
    assert_int_equal((uint64_t)page(1) % 4096, 0);
    void *untouched = &run;
    assert_null(take(24, 100));
    assert_int_equal(posix(&untouched, 24, 100), 22);
    assert_ptr_equal(untouched, &run);
}

TEST(an_injected_failure_gives_null_and_errno)
{
    allocate *take = function("malloc");
    fail_calls("malloc#2:ENOMEM");
    assert_non_null(take(10));
    assert_null(take(10));
    assert_int_equal(run.sim->thread->crt_errno, 12);
    assert_non_null(take(10));
    assert_int_equal(run.sim->faults.rules[0].injected, 1);
    assert_int_equal(run.sim->counters[COUNTER_crt_allocations], 2);
}

TEST(impossible_sizes_fail_without_any_fault_plan)
{
    allocate *take = function("malloc"), *take_quietly = function("_ZnwmRKSt9nothrow_t");
    assert_null(take(SIZE_MAX));
    assert_null(take((size_t)PTRDIFF_MAX + 1));
    assert_null(take((size_t)1 << 46));
    assert_null(take_quietly(SIZE_MAX));
}

TEST(every_call_leaves_a_record_but_freeing_null_none)
{
    allocate *take = function("malloc"), *new_block = function("_Znwm");
    release *give = function("free"), *delete_block = function("_ZdlPv");
    give(take(8)); /* the first touch of the page is a record too */
    uint64_t before = records();
    give(NULL);
    delete_block(NULL);
    assert_int_equal(records(), before);
    void *block = take(8), *other = new_block(8);
    give(block);
    delete_block(other);
    assert_int_equal(records(), before + 4);
}

TEST(a_second_free_ends_the_run_as_corruption)
{
    allocate *take = function("malloc");
    release *give = function("free"), *delete_block = function("_ZdaPvm");
    char *block = take(24), local = 0;
    give(block);
    assert_stops(&run, STOP_HEAP_CORRUPTION, free_it(give, block));
    assert_stops(&run, STOP_HEAP_CORRUPTION, free_it(delete_block, &local));
    block = take(24);
    assert_stops(&run, STOP_HEAP_CORRUPTION, free_it(give, block + 8));
}

TEST(copied_strings_are_blocks_of_their_own)
{
    char *(*copy)(const char *) = function("strdup");
    char *(*copy_some)(const char *, size_t) = function("strndup");
    wchar_t *(*copy_wide)(const wchar_t *) = function("_wcsdup");
    release *give = function("free");
    char *text = copy("text"), *some = copy_some("text", 2);
    wchar_t *wide = copy_wide(L"wide");
    assert_string_equal(text, "text");
    assert_string_equal(some, "te");
    assert_memory_equal(wide, L"wide", 5 * sizeof *wide);
    give(text);
    give(some);
    give(wide);
    fail_calls("malloc");
    assert_null(copy("text"));
}

/* ---- operator new: what it does when it fails ---- */

static jmp_buf thrown;
static unsigned handler_calls;
static bool has_handler;

static void throw_it(void)
{
    longjmp(thrown, 1);
}

static void relax_at_the_third_call(void)
{
    if (++handler_calls == 3)
        run.sim->faults.rules_count = 0;
}

static void (*get_handler(void))(void)
{
    return has_handler ? relax_at_the_third_call : NULL;
}

static void *find(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "_ZSt17__throw_bad_allocv") == 0)
        return throw_it;
    return strcmp(name, "_ZSt15get_new_handlerv") == 0 ? get_handler : NULL;
}

TEST(failing_new_throws_through_the_library_of_the_policy)
{
    allocate *new_block = function("_Znam");
    run.sim->symbols.find = find;
    has_handler = false;
    fail_calls("operator new#1:ENOMEM:forever");
    volatile bool caught = false;
    if (setjmp(thrown) == 0)
        new_block(8);
    else
        caught = true;
    assert_true(caught);
}

TEST(failing_new_without_a_library_ends_the_run)
{
    allocate *new_block = function("_Znwm");
    fail_calls("operator new#1:ENOMEM:forever");
    assert_stops(&run, STOP_ABORT, new_block(8));
}

TEST(a_new_handler_is_asked_until_memory_is_there)
{
    allocate *new_block = function("_Znwm");
    run.sim->symbols.find = find;
    has_handler = true;
    handler_calls = 0;
    fail_calls("operator new#1:ENOMEM:forever");
    assert_non_null(new_block(8));
    assert_int_equal(handler_calls, 3);
}

TEST(a_loop_that_only_allocates_runs_out_of_budget)
{
    allocate *take = function("malloc");
    run.sim->max_calls_in_host_call = 1000;
    run.expects_stop = true;
    if (setjmp(run.stopped) == 0)
        for (;;)
            take(16);
    assert_int_equal(run.stop.kind, STOP_BUDGET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_simulated_memory_that_can_be_used),
        cmocka_unit_test(calloc_gives_zeros_and_refuses_overflow),
        cmocka_unit_test(realloc_keeps_the_bytes_and_the_block_on_failure),
        cmocka_unit_test(aligned_blocks_lie_on_their_boundary),
        cmocka_unit_test(an_injected_failure_gives_null_and_errno),
        cmocka_unit_test(impossible_sizes_fail_without_any_fault_plan),
        cmocka_unit_test(every_call_leaves_a_record_but_freeing_null_none),
        cmocka_unit_test(a_second_free_ends_the_run_as_corruption),
        cmocka_unit_test(copied_strings_are_blocks_of_their_own),
        cmocka_unit_test(failing_new_throws_through_the_library_of_the_policy),
        cmocka_unit_test(failing_new_without_a_library_ends_the_run),
        cmocka_unit_test(a_new_handler_is_asked_until_memory_is_there),
        cmocka_unit_test(a_loop_that_only_allocates_runs_out_of_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
