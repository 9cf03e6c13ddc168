/* Heaps as Windows exports them: sizes, flags, exceptions, injected failures and older names. What
 * a heap does with its memory is test_heap.c's. */
#include "tests/crt_support.h"

#include "include/windows.h"
#include "os/heap.h"

static struct crt_run run;

static void begin(void)
{
    crt_run_begin(&run, 1, true);
}

static void end(void)
{
    machine_verify(run.machine);
    crt_run_end(&run);
}

static void sizes_are_exactly_as_asked_for(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    assert_int_equal((uintptr_t)heap % 0x10000, 0);
    void *empty = HeapAlloc(heap, 0, 0), *other = HeapAlloc(heap, 0, 0);
    assert_non_null(empty);
    assert_ptr_not_equal(empty, other);
    assert_int_equal(HeapSize(heap, 0, empty), 0);
    for (SIZE_T size = 1; size < 3000; size += 37)
        assert_int_equal(HeapSize(heap, 0, HeapAlloc(heap, 0, size)), size);
    assert_true(HeapFree(heap, 0, NULL));
    assert_true(HeapFree(heap, 0, empty));
    end();
}

static void resizing_zeroes_only_the_new_part(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    uint8_t *block = HeapAlloc(heap, 0, 10);
    memset(block, 3, 10);
    block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 5000);
    assert_int_equal(HeapSize(heap, 0, block), 5000);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(block[i], i < 10 ? 3 : 0);
    end();
}

static void blocks_shrink_in_place_and_may_not_grow_there(void **state)
{
    (void)state;
    begin();
    static const SIZE_T sizes[] = {100, 5000, 700000};
    HANDLE heap = HeapCreate(0, 0, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = HeapAlloc(heap, 0, sizes[i]);
        assert_null(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, sizes[i] * 3));
        assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
        assert_int_equal(HeapSize(heap, 0, block), sizes[i]);
        assert_ptr_equal(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, sizes[i] / 2), block);
        assert_int_equal(HeapSize(heap, 0, block), sizes[i] / 2);
        block[sizes[i] / 2] ^= 1; /* the padding has moved with the end */
        assert_false(HeapValidate(heap, 0, NULL));
        block[sizes[i] / 2] ^= 1;
        assert_true(HeapFree(heap, 0, block));
    }
    end();
}

static void failures_raise_exceptions_where_asked(void **state)
{
    (void)state;
    begin();
    HANDLE plain = HeapCreate(0, 0, 0), raising = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    void *block = HeapAlloc(raising, 0, 10);
    assert_null(HeapAlloc(plain, 0, (SIZE_T)1 << 50));
    assert_stops(&run, STOP_EXCEPTION, HeapAlloc(plain, HEAP_GENERATE_EXCEPTIONS, (SIZE_T)1 << 50));
    assert_int_equal(run.stop.code, 0xC0000017u);
    assert_stops(&run, STOP_EXCEPTION, HeapAlloc(raising, 0, (SIZE_T)1 << 50));
    assert_stop_says(&run, "HeapAlloc raised STATUS_NO_MEMORY");
    assert_stops(&run, STOP_EXCEPTION, HeapReAlloc(raising, 0, block, (SIZE_T)1 << 50));
    assert_int_equal(HeapSize(raising, 0, block), 10);
    end();
}

static void injected_failures_leave_blocks_as_they_are(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 10);
    block[9] = 4;
    crt_run_arm(&run, "HeapAlloc#1:ERROR_NOT_ENOUGH_MEMORY:once");
    crt_run_arm(&run, "HeapReAlloc#1:ERROR_NOT_ENOUGH_MEMORY:once");
    crt_run_arm(&run, "HeapCreate#1:ERROR_NOT_ENOUGH_MEMORY:once");
    uint64_t blocks, bytes, after_blocks, after_bytes;
    heap_totals(run.machine, &blocks, &bytes);
    assert_null(HeapAlloc(heap, 0, 10));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_null(HeapReAlloc(heap, 0, block, 20));
    assert_null(HeapCreate(0, 0, 0));
    heap_totals(run.machine, &after_blocks, &after_bytes);
    assert_int_equal(after_blocks, blocks);
    assert_int_equal(after_bytes, bytes);
    assert_int_equal(block[9], 4);
    assert_non_null(HeapAlloc(heap, 0, 10));
    assert_non_null(HeapReAlloc(heap, 0, block, 20));
    end();
}

static void older_names_use_the_process_heap(void **state)
{
    (void)state;
    begin();
    char *local = LocalAlloc(LPTR, 30);
    assert_int_equal(local[29], 0);
    assert_int_equal(LocalSize(local), 30);
    assert_int_equal(HeapSize(GetProcessHeap(), 0, local), 30);
    local = LocalReAlloc(local, 60, LMEM_ZEROINIT);
    assert_int_equal(local[59], 0);
    assert_null(LocalFree(local));
    void *global = GlobalAlloc(GMEM_FIXED, 8);
    assert_int_equal(GlobalSize(global), 8);
    assert_null(GlobalFree(global));
    HANDLE heaps[2];
    assert_int_equal(GetProcessHeaps(2, heaps), 1);
    assert_ptr_equal(heaps[0], GetProcessHeap());
    end();
}

static void the_low_fragmentation_heap_needs_serialisation(void **state)
{
    (void)state;
    begin();
    ULONG wanted = 2, answer = 0;
    SIZE_T returned = 0;
    HANDLE plain = HeapCreate(0, 0, 0), unserialised = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    assert_true(HeapSetInformation(plain, HeapCompatibilityInformation, &wanted, sizeof wanted));
    assert_true(HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0));
    assert_false(HeapSetInformation(plain, HeapCompatibilityInformation, &wanted, 1));
    assert_false(
        HeapSetInformation(unserialised, HeapCompatibilityInformation, &wanted, sizeof wanted));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(HeapQueryInformation(plain, HeapCompatibilityInformation, &answer, sizeof answer,
                                     &returned));
    assert_int_equal(answer, 2);
    assert_int_equal(returned, sizeof answer);
    assert_true(HeapLock(plain) && HeapUnlock(plain));
    assert_true(HeapCompact(plain, 0) > 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_exactly_as_asked_for),
        cmocka_unit_test(resizing_zeroes_only_the_new_part),
        cmocka_unit_test(blocks_shrink_in_place_and_may_not_grow_there),
        cmocka_unit_test(failures_raise_exceptions_where_asked),
        cmocka_unit_test(injected_failures_leave_blocks_as_they_are),
        cmocka_unit_test(older_names_use_the_process_heap),
        cmocka_unit_test(the_low_fragmentation_heap_needs_serialisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
