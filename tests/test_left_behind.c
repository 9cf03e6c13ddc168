/* What a process still holds, for comparing an end with a beginning; and looking into its memory
 * without touching it. */
#include "tests/support.h"

#include <string.h>
#include "core/sim.h"
#include "include/windows.h"
#include "os/heap.h"
#include "os/machine.h"
#include "os/space.h"

#define NEW (MEM_RESERVE | MEM_COMMIT)
#define KIB UINT64_C(1024)

static struct machine *begin(bool native)
{
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30, .trace = {.fd = -1}};
    const struct machine_config config = machine_config_default();
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    return machine_create(sim, &config, native);
}

static void end(struct machine *m)
{
    struct sim *sim = machine_sim(m);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static struct machine_left left_of(struct machine *m)
{
    struct machine_left left;
    machine_left_behind(m, &left);
    return left;
}

static void only_regions_of_virtual_alloc_count_as_regions(void **state)
{
    (void)state;
    struct machine *m = begin(false);
    uint64_t a, b, other;
    assert_int_equal(left_of(m).regions, 0);
    assert_int_equal(machine_alloc(m, 0, 64 * KIB, NEW, PAGE_READWRITE, &a), ST_OK);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, PAGE_READWRITE, &b), ST_OK);
    assert_int_equal(machine_map(m, 0, 64 * KIB, PAGE_READWRITE, REGION_STACK, &other), ST_OK);
    assert_int_equal(machine_map_commit(m, other, 8 * KIB, PAGE_READWRITE), ST_OK);
    assert_int_equal(machine_map(m, 0, 64 * KIB, PAGE_READWRITE, REGION_VIEW, &other), ST_OK);
    machine_pressure(m, PRESSURE_ADDRESS_SPACE, false, 64 * KIB, 1);
    struct machine_left left = left_of(m);
    assert_int_equal(left.regions, 2);
    assert_int_equal(left.reserved_bytes, 68 * KIB);
    assert_int_equal(left.commit_bytes, 64 * KIB); /* neither stacks nor heaps */
    assert_int_equal(machine_free(m, a, 0, MEM_RELEASE), ST_OK);
    assert_int_equal(left_of(m).reserved_bytes, 4 * KIB);
    end(m);
}

static void heaps_and_their_blocks_count_and_the_process_heap_is_no_heap(void **state)
{
    (void)state;
    struct machine *m = begin(false);
    struct heap_options options = {0};
    struct heap *heap;
    uint64_t block, second;
    assert_int_equal(left_of(m).heaps, 0);
    assert_int_equal(heap_alloc(m, machine_process_heap(m), 100, 16, false, &block), ST_OK);
    assert_int_equal(heap_create(m, &options, &heap), ST_OK);
    assert_int_equal(heap_alloc(m, heap, 1 << 20, 16, false, &second), ST_OK);
    struct machine_left left = left_of(m);
    assert_int_equal(left.heaps, 1);
    assert_int_equal(left.heap_blocks, 2);
    assert_int_equal(left.heap_bytes, 100 + (1 << 20));
    assert_int_equal(left.regions, 0);
    heap_destroy(m, heap);
    heap_free(m, machine_process_heap(m), block);
    left = left_of(m);
    assert_int_equal(left.heaps + left.heap_blocks + left.heap_bytes, 0);
    end(m);
}

static void a_process_that_gives_all_back_leaves_what_it_began_with(void **state)
{
    (void)state;
    struct machine *m = begin(true);
    HANDLE heap = HeapCreate(0, 0, 0);
    struct machine_left before = left_of(m);
    void *p = VirtualAlloc(NULL, 1 << 20, NEW, PAGE_READWRITE);
    void *block = HeapAlloc(heap, 0, 1000);
    struct machine_left during = left_of(m);
    assert_int_equal(during.heap_blocks, before.heap_blocks + 1);
    assert_int_equal(during.commit_bytes, before.commit_bytes + (1 << 20));
    HeapFree(heap, 0, block);
    VirtualFree(p, 0, MEM_RELEASE);
    struct machine_left after = left_of(m);
    assert_memory_equal(&before, &after, sizeof before);
    end(m);
}

/* ---- looking ---- */

static void looking_shows_contents_and_leaves_no_trace(void **state)
{
    (void)state;
    struct machine *m = begin(true);
    struct sim *sim = machine_sim(m);
    uint8_t bytes[3 * PAGE_BYTES], *p = VirtualAlloc(NULL, sizeof bytes, NEW, PAGE_READWRITE);
    assert_non_null(p);
    uint64_t address = (uint64_t)(uintptr_t)p - WINDOW_BASE;
    p[5] = 1;
    p[2 * PAGE_BYTES] = 2;
    sim_flush_touches(sim);
    assert_false(machine_peek(m, address, bytes, sizeof bytes)); /* a page without a first touch */
    assert_int_equal(machine_touch(m, address + PAGE_BYTES, ACCESS_READ), ACCESS_OK);
    uint64_t records = trace_count(&sim->trace), now_ns = sim->now_ns;
    memset(bytes, 0xcc, sizeof bytes);
    assert_true(machine_peek(m, address + 1, bytes + 1, sizeof bytes - 1));
    assert_int_equal(bytes[0], 0xcc);
    for (size_t i = 1; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], i == 5 ? 1 : i == 2 * PAGE_BYTES ? 2 : 0);
    assert_int_equal(trace_count(&sim->trace), records);
    assert_int_equal(sim->now_ns, now_ns);
    assert_true(machine_peek(m, address, bytes, 0));
    end(m);
}

static void what_was_decommitted_cannot_be_looked_at_and_comes_back_as_zero(void **state)
{
    (void)state;
    struct machine *m = begin(true);
    uint8_t byte, *p = VirtualAlloc(NULL, 1, NEW, PAGE_READWRITE);
    uint64_t address = (uint64_t)(uintptr_t)p - WINDOW_BASE;
    *p = 1;
    assert_true(machine_peek(m, address, &byte, 1));
    assert_int_equal(byte, 1);
    VirtualFree(p, 1, MEM_DECOMMIT);
    assert_false(machine_peek(m, address, &byte, 1));
    VirtualAlloc(p, 1, MEM_COMMIT, PAGE_READWRITE);
    assert_int_equal(machine_touch(m, address, ACCESS_READ), ACCESS_OK);
    assert_true(machine_peek(m, address, &byte, 1));
    assert_int_equal(byte, 0);
    assert_false(machine_peek(m, UINT64_C(128) << 40, &byte, 1));
    end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_regions_of_virtual_alloc_count_as_regions),
        cmocka_unit_test(heaps_and_their_blocks_count_and_the_process_heap_is_no_heap),
        cmocka_unit_test(a_process_that_gives_all_back_leaves_what_it_began_with),
        cmocka_unit_test(looking_shows_contents_and_leaves_no_trace),
        cmocka_unit_test(what_was_decommitted_cannot_be_looked_at_and_comes_back_as_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
