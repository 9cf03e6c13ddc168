/* Heaps where memory ends: how close to the commit limit and to the end of a small address space
 * they get, and that a refused growth leaves nothing behind. */
#include "tests/crt_support.h"

#include "include/windows.h"
#include "os/heap.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

static struct machine *make(uint64_t ram, uint64_t address_space)
{
    const struct sim_options options = {
        .seed = 1, .arena_bytes = GIB, .trace = {.digest = true, .fd = -1}};
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    struct machine_config config = machine_config_default();
    config.ram_bytes = ram;
    config.pagefile_bytes = 0;
    config.address_space_bytes = address_space;
    return machine_create(sim, &config, false);
}

static void done(struct machine *m)
{
    struct sim *sim = machine_sim(m);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static struct heap *growable(struct machine *m)
{
    struct heap *heap;
    const struct heap_options options = {.flags = 0};
    assert_int_equal(heap_create(m, &options, &heap), ST_OK);
    return heap;
}

static uint64_t reserved(struct machine *m)
{
    struct memory_status status;
    machine_memory_status(m, &status);
    return status.total_virtual - status.avail_virtual;
}

/* Blocks until the heap refuses; how many bytes that were. */
static uint64_t fill(struct machine *m, struct heap *heap, uint64_t size)
{
    uint64_t block, bytes = 0;
    while (heap_alloc(m, heap, size, 16, false, &block) == ST_OK)
        bytes += size;
    heap_verify(m, heap);
    return bytes;
}

static void small_blocks_use_the_last_committable_page(void **state)
{
    (void)state;
    for (uint64_t odd_pages = 0; odd_pages < 16; odd_pages += 5) {
        struct machine *m = make(4 * MIB + odd_pages * 4 * KIB, 128 * KIB * GIB);
        struct heap *heap = growable(m);
        fill(m, heap, 100);
        assert_in_range(machine_commit_limit(m) - machine_commit_bytes(m), 0, 4 * KIB - 1);
        done(m);
    }
}

static void small_blocks_use_nearly_all_of_a_small_address_space(void **state)
{
    (void)state;
    for (uint64_t taken = 100 * MIB; taken < 2 * GIB; taken += 500 * MIB) {
        struct machine *m = make(8 * GIB, 2 * GIB);
        uint64_t address;
        assert_int_equal(machine_alloc(m, 0, taken, MEM_RESERVE, PAGE_READWRITE, &address), ST_OK);
        uint64_t served = fill(m, growable(m), 400 * KIB);
        assert_true(served > (2 * GIB - taken) * 7 / 8);
        done(m);
    }
}

static void refused_growth_leaves_reservations_as_they_were(void **state)
{
    (void)state;
    struct machine *m = make(MIB, 128 * KIB * GIB); /* as much as a heap's first segment */
    struct heap *heap = growable(m);
    uint64_t before = reserved(m), block;
    assert_true(fill(m, heap, 100) > MIB / 2);
    uint64_t committed = machine_commit_bytes(m);
    for (uint64_t size = 100; size < 8 * MIB; size *= 3)
        assert_int_equal(heap_alloc(m, heap, size, 16, false, &block), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(reserved(m), before);
    assert_int_equal(machine_commit_bytes(m), committed);
    done(m);
}

static void destroyed_heaps_give_everything_back(void **state)
{
    (void)state;
    struct machine *m = make(64 * MIB, 2 * GIB);
    uint64_t reserved_before = reserved(m);
    for (int round = 0; round < 3; round++) {
        struct heap *heap = growable(m);
        uint64_t block;
        assert_int_equal(heap_alloc(m, heap, 9 * MIB, 16, true, &block), ST_OK);
        assert_true(fill(m, heap, 1000) > 40 * MIB);
        heap_destroy(m, heap);
        assert_int_equal(machine_commit_bytes(m), 0);
        assert_int_equal(reserved(m), reserved_before);
    }
    done(m);
}

static void every_heap_of_the_process_is_listed(void **state)
{
    (void)state;
    struct crt_run run;
    crt_run_begin(&run, 1, false);
    DWORD(WINAPI * list)(DWORD, PHANDLE) = bound(win32_heap_bindings, "GetProcessHeaps");
    HANDLE(WINAPI * create)(DWORD, SIZE_T, SIZE_T) = bound(win32_heap_bindings, "HeapCreate");
    BOOL(WINAPI * destroy)(HANDLE) = bound(win32_heap_bindings, "HeapDestroy");
    HANDLE(WINAPI * process_heap)(void) = bound(win32_heap_bindings, "GetProcessHeap");
    HANDLE heaps[4] = {NULL, NULL, NULL, NULL};
    HANDLE first = create(0, 0, 0), second = create(HEAP_NO_SERIALIZE, 0, 64 * KIB);
    assert_int_equal(list(0, NULL), 3); /* too little room: only counts */
    assert_int_equal(list(2, heaps), 3);
    assert_int_equal(list(4, heaps), 3);
    assert_ptr_equal(heaps[0], first);
    assert_ptr_equal(heaps[1], second);
    assert_ptr_equal(heaps[2], process_heap()); /* made on first use */
    assert_true(destroy(first));
    assert_int_equal(list(4, heaps), 2);
    assert_ptr_equal(heaps[0], second);
    crt_run_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_blocks_use_the_last_committable_page),
        cmocka_unit_test(small_blocks_use_nearly_all_of_a_small_address_space),
        cmocka_unit_test(refused_growth_leaves_reservations_as_they_were),
        cmocka_unit_test(destroyed_heaps_give_everything_back),
        cmocka_unit_test(every_heap_of_the_process_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
