/* Heaps: blocks against a naive list of them, what corruption is found and how it is called, the
 * limits of fixed heaps, and exhausted memory. */
#include "tests/crt_support.h"

#include "core/rng.h"
#include "include/windows.h"
#include "os/heap.h"

static struct crt_run run;

static void begin_with(const struct machine_config *config)
{
    memset(&run, 0, sizeof run);
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    run.sim = sim_create(&options);
    assert_non_null(run.sim);
    run.machine = machine_create(run.sim, config, true);
    assert_non_null(run.machine);
    run.sim->on_stop = crt_run_on_stop;
    run.sim->on_stop_context = &run;
    run.sim->actor = ACTOR_POLICY;
}

static void begin(void)
{
    const struct machine_config config = machine_config_default();
    begin_with(&config);
}

static void end(void)
{
    machine_verify(run.machine);
    crt_run_end(&run);
}

/* ---- against the model ---- */

#define BLOCKS 300u
#define HEAPS 2u
#define EDGE 96u /* bytes at both ends that are written and compared */

struct model_block {
    uint64_t address, size;
    uint8_t byte;
    bool live;
};

struct model {
    struct heap *heaps[HEAPS];
    struct model_block blocks[HEAPS][BLOCKS];
    struct rng rng;
    uint8_t next_byte;
};

static uint8_t *at(uint64_t address)
{
    return (uint8_t *)(uintptr_t)address;
}

static void paint(struct model_block *block, uint8_t byte)
{
    uint64_t edge = block->size < EDGE ? block->size : EDGE;
    block->byte = byte;
    memset(at(block->address), byte, edge);
    memset(at(block->address + block->size - edge), byte, edge);
}

static void compare(const struct model_block *block, uint64_t address, uint64_t bytes, bool tail)
{
    uint64_t edge = bytes < EDGE ? bytes : EDGE;
    for (uint64_t i = 0; i < edge; i++)
        assert_int_equal(at(address)[i], block->byte);
    for (uint64_t i = 0; tail && i < edge; i++)
        assert_int_equal(at(address)[bytes - 1 - i], block->byte);
}

/* A live block is aligned, disjoint from every other of all heaps, and knows its size. */
static void assert_placed(const struct model *model, unsigned h, const struct model_block *block)
{
    uint64_t size;
    assert_int_equal(block->address % 16, 0);
    assert_int_equal(heap_check(run.machine, model->heaps[h], block->address, &size), HEAP_OK);
    assert_int_equal(size, block->size);
    for (unsigned i = 0; i < HEAPS * BLOCKS; i++) {
        const struct model_block *other = &model->blocks[i / BLOCKS][i % BLOCKS];
        if (other == block || !other->live)
            continue;
        assert_true(block->address + block->size <= other->address ||
                    other->address + other->size <= block->address);
        assert_int_not_equal(block->address, other->address);
    }
}

static uint64_t random_size(struct rng *rng)
{
    switch (rng_below(rng, 8)) {
    case 0:
        return rng_below(rng, 3);
    case 1:
        return 1000 + rng_below(rng, 60);
    case 2:
        return rng_below(rng, 40000);
    case 3:
        return (UINT64_C(512) << 10) - 40 +
               rng_below(rng, 80); /* where regions of their own begin */
    case 4:
        return rng_below(rng, 900000);
    default:
        return rng_below(rng, 600);
    }
}

static void model_alloc(struct model *model, unsigned h, struct model_block *block)
{
    uint64_t size = random_size(&model->rng);
    bool zero = rng_below(&model->rng, 2);
    uint64_t alignment = rng_below(&model->rng, 8) ? 16 : 16u << rng_below(&model->rng, 9);
    assert_int_equal(
        heap_alloc(run.machine, model->heaps[h], size, alignment, zero, &block->address), ST_OK);
    *block = (struct model_block){block->address, size, zero ? 0 : 0xBA, true};
    assert_int_equal(block->address % alignment, 0);
    assert_placed(model, h, block);
    if (zero || size <= 128) /* fresh bytes: zero, or the pattern at both ends */
        compare(block, block->address, size, true);
    paint(block, ++model->next_byte);
}

static void model_realloc(struct model *model, unsigned h, struct model_block *block)
{
    uint64_t size = random_size(&model->rng), old = block->address;
    bool in_place = rng_below(&model->rng, 4) == 0;
    uint64_t result;
    enum status status =
        heap_realloc(run.machine, model->heaps[h], old, size, true, in_place, &result);
    if (status != ST_OK) { /* only growth in place may fail here */
        assert_true(in_place && size > block->size);
        assert_placed(model, h, block);
        compare(block, old, block->size, true);
        return;
    }
    assert_true(!in_place || result == old);
    uint64_t kept = size < block->size ? size : block->size;
    compare(block, result, kept, kept == block->size);
    for (uint64_t i = kept; i < size && i < kept + EDGE; i++)
        assert_int_equal(at(result)[i], 0);
    block->address = result;
    block->size = size;
    assert_placed(model, h, block);
    paint(block, ++model->next_byte);
}

static void model_free(struct model *model, unsigned h, struct model_block *block)
{
    uint64_t size;
    compare(block, block->address, block->size, true);
    assert_int_equal(heap_free(run.machine, model->heaps[1 - h], block->address), HEAP_OTHER_HEAP);
    assert_int_equal(heap_free(run.machine, model->heaps[h], block->address), HEAP_OK);
    assert_int_equal(heap_check(run.machine, model->heaps[h], block->address, &size),
                     HEAP_FREED_BLOCK);
    block->live = false;
}

static void assert_totals(const struct model *model)
{
    uint64_t blocks = 0, bytes = 0, have_blocks, have_bytes, bad;
    for (unsigned i = 0; i < HEAPS * BLOCKS; i++) {
        const struct model_block *block = &model->blocks[i / BLOCKS][i % BLOCKS];
        blocks += block->live;
        bytes += block->live ? block->size : 0;
    }
    heap_totals(run.machine, &have_blocks, &have_bytes);
    assert_int_equal(have_blocks, blocks);
    assert_int_equal(have_bytes, bytes);
    for (unsigned h = 0; h < HEAPS; h++)
        heap_verify(run.machine, model->heaps[h]);
    assert_int_equal(heap_validate(run.machine, NULL, &bad), HEAP_OK);
    machine_verify(run.machine);
}

static void random_steps(uint64_t seed, bool guarded, unsigned steps)
{
    static struct model model;
    struct machine_config config = machine_config_default();
    struct heap_options options = {0};
    config.guard_heap_blocks = guarded;
    begin_with(&config);
    uint64_t charged = machine_commit_bytes(run.machine);
    memset(&model, 0, sizeof model);
    model.rng = rng_keyed(seed, RNG_PROPERTY_TEST, guarded);
    for (unsigned h = 0; h < HEAPS; h++)
        assert_int_equal(heap_create(run.machine, &options, &model.heaps[h]), ST_OK);
    for (unsigned step = 0; step < steps; step++) {
        unsigned h = (unsigned)rng_below(&model.rng, HEAPS);
        struct model_block *block = &model.blocks[h][rng_below(&model.rng, BLOCKS)];
        if (!block->live)
            model_alloc(&model, h, block);
        else if (rng_below(&model.rng, 3) == 0)
            model_realloc(&model, h, block);
        else
            model_free(&model, h, block);
        if (step % 256 == 0)
            assert_totals(&model);
    }
    assert_totals(&model);
    for (unsigned h = 0; h < HEAPS; h++)
        heap_destroy(run.machine, model.heaps[h]);
    assert_int_equal(machine_commit_bytes(run.machine), charged);
    end();
}

static void random_blocks_agree_with_a_naive_list(void **state)
{
    (void)state;
    random_steps(1, false, 6000);
    random_steps(2, false, 6000);
}

static void random_guarded_blocks_agree_as_well(void **state)
{
    (void)state;
    random_steps(3, true, 3000);
}

/* ---- corruption ---- */

static void an_overrun_is_found_when_freed(void **state)
{
    (void)state;
    static const SIZE_T sizes[] = {0, 1, 15, 16, 24, 1000, 1024, 4096, 600000};
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = HeapAlloc(heap, 0, sizes[i]);
        block[sizes[i]] ^= 0x55;
        assert_false(HeapValidate(heap, 0, NULL));
        assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(heap, 0, block));
        assert_int_equal(run.stop.code, 0xC0000374u);
        assert_ptr_equal(run.stop.address, block);
        assert_stop_says(&run, "found by HeapFree");
        assert_stop_says(&run, "was overrun");
        block[sizes[i]] ^= 0x55;
        assert_true(HeapFree(heap, 0, block));
    }
    assert_true(HeapValidate(heap, 0, NULL));
    end();
}

static void validating_one_block_does_not_look_at_its_neighbours(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    char *good = HeapAlloc(heap, 0, 100), *bad = HeapAlloc(heap, 0, 100);
    bad[100] ^= 0x55;
    assert_true(HeapValidate(heap, 0, good));
    assert_false(HeapValidate(heap, 0, bad));
    assert_false(HeapValidate(heap, 0, NULL));
    assert_false(HeapValidate(GetProcessHeap(), 0, good)); /* a block of another heap */
    bad[100] ^= 0x55;
    assert_true(HeapValidate(heap, 0, bad));
    end();
}

static void an_overrun_is_found_when_resized_or_destroyed(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 40);
    block[47] = 1;
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapReAlloc(heap, 0, block, 80));
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapDestroy(heap));
    assert_stop_says(&run, "found by HeapDestroy");
    assert_stop_says(&run, "live heap block of 40 bytes");
    end();
}

static void a_second_free_is_named(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    void *small = HeapAlloc(heap, 0, 100), *large = HeapAlloc(heap, 0, 2000000);
    HeapFree(heap, 0, small);
    HeapFree(heap, 0, large);
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(heap, 0, small));
    assert_stop_says(&run, "was freed before");
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(heap, 0, large));
    assert_stop_says(&run, "was freed before");
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapReAlloc(heap, 0, small, 10));
    assert_int_equal(HeapSize(heap, 0, small), (SIZE_T)-1);
    assert_false(HeapValidate(heap, 0, small));
    end();
}

static void foreign_and_inner_pointers_are_named(void **state)
{
    (void)state;
    begin();
    int on_stack;
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 100);
    void *page = VirtualAlloc(NULL, 1, MEM_COMMIT, PAGE_READWRITE);
    void *foreign[] = {block + 16, block - 16, block + 4096, page, &on_stack, (void *)16};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(heap, 0, foreign[i]));
        assert_stop_says(&run, "is no block of any heap");
    }
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(heap, 0, block + 16));
    assert_stop_says(&run, "16 bytes into the live heap block of 100 bytes");
    end();
}

static void a_block_of_another_heap_is_named(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(GetProcessHeap(), 0, block));
    assert_stop_says(&run, "belongs to another heap");
    assert_int_equal(HeapSize(heap, 0, block), 100);
    assert_true(HeapFree(heap, 0, block));
    end();
}

static void a_destroyed_heap_is_no_heap(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 100);
    assert_true(HeapDestroy(heap));
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapAlloc(heap, 0, 1));
    assert_stop_says(&run, "the handle is no heap");
    assert_stops(&run, STOP_HEAP_CORRUPTION, HeapFree(GetProcessHeap(), 0, block));
    assert_false(HeapDestroy(GetProcessHeap()));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    end();
}

/* ---- patterns and guards ---- */

static void fresh_and_freed_bytes_have_patterns(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    uint8_t *block = HeapAlloc(heap, 0, 200);
    assert_int_equal(block[0], 0xBA);
    assert_int_equal(block[199], 0xBA);
    memset(block, 7, 200);
    HeapFree(heap, 0, block);
    assert_int_equal(block[0], 0xFE);
    uint8_t *again = HeapAlloc(heap, HEAP_ZERO_MEMORY, 200);
    assert_ptr_equal(again, block); /* the block freed last is used next */
    for (int i = 0; i < 200; i++)
        assert_int_equal(again[i], 0);
    end();
}

static void guarded_blocks_end_at_an_inaccessible_page(void **state)
{
    (void)state;
    struct machine_config config = machine_config_default();
    config.guard_heap_blocks = true;
    begin_with(&config);
    HANDLE heap = HeapCreate(0, 0, 0);
    static const SIZE_T sizes[] = {16, 32, 4096, 4080, 100000, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        MEMORY_BASIC_INFORMATION info;
        char *block = HeapAlloc(heap, 0, sizes[i]);
        SIZE_T whole = (sizes[i] + 15) & ~(SIZE_T)15;
        block[sizes[i] - 1] = 1;
        assert_int_equal(VirtualQuery(block + whole, &info, sizeof info), sizeof info);
        assert_int_equal(info.State, MEM_RESERVE);
        assert_int_equal((uintptr_t)(block + whole) % 4096, 0);
        assert_true(HeapFree(heap, 0, block));
        assert_int_equal(VirtualQuery(block, &info, sizeof info), sizeof info);
        assert_int_equal(info.State, MEM_FREE);
    }
    end();
}

static void executable_heaps_have_executable_blocks(void **state)
{
    (void)state;
    MEMORY_BASIC_INFORMATION info;
    begin();
    void *code = HeapAlloc(HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0), 0, 10);
    VirtualQuery(code, &info, sizeof info);
    assert_int_equal(info.Protect, PAGE_EXECUTE_READWRITE);
    void *data = HeapAlloc(GetProcessHeap(), 0, 10);
    VirtualQuery(data, &info, sizeof info);
    assert_int_equal(info.Protect, PAGE_READWRITE);
    end();
}

/* ---- limits ---- */

static void fixed_heaps_do_not_grow(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0x100000);
    SIZE_T served = 0;
    assert_null(HeapAlloc(heap, 0, 0x100000)); /* its own structures need room too */
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    void *first = HeapAlloc(heap, 0, 1000);
    assert_non_null(first);
    while (HeapAlloc(heap, 0, 1000))
        served += 1000;
    assert_in_range(served, 0x100000 * 3 / 4, 0x100000);
    assert_true(HeapFree(heap, 0, first));
    assert_non_null(HeapAlloc(heap, 0, 1000));
    heap_verify(run.machine, heap_from_handle(run.machine, (uintptr_t)heap));
    end();
}

static void one_block_of_a_fixed_heap_stays_below_one_mebibyte(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 16 << 20);
    assert_non_null(HeapAlloc(heap, 0, 0xFE000));
    assert_null(HeapAlloc(heap, 0, 0x100000));
    assert_non_null(HeapAlloc(HeapCreate(0, 0, 0), 0, 0x100000));
    uint64_t block; /* an alignment that no fixed heap has room for is refused, not fatal */
    struct heap *fixed = heap_from_handle(run.machine, (uintptr_t)heap);
    assert_int_equal(heap_alloc(run.machine, fixed, 16, UINT64_C(1) << 32, false, &block),
                     ST_NOT_ENOUGH_MEMORY);
    end();
}

static void senseless_heaps_are_refused(void **state)
{
    (void)state;
    begin();
    assert_null(HeapCreate(0, 0x2000, 0x1000));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_null(HeapCreate(0, 0, (SIZE_T)-1));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_null(HeapCreate(0, (SIZE_T)1 << 45, 0)); /* address space, but no such memory */
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_null(HeapAlloc(GetProcessHeap(), 0, (SIZE_T)-1));
    assert_null(HeapAlloc(GetProcessHeap(), 0, (SIZE_T)-16));
    assert_null(HeapAlloc(GetProcessHeap(), 0, (SIZE_T)1 << 46));
    end();
}

static void exhausted_memory_is_an_error_and_changes_nothing(void **state)
{
    (void)state;
    struct machine_config config = machine_config_default();
    config.ram_bytes = 8 << 20;
    config.pagefile_bytes = 0;
    begin_with(&config);
    HANDLE heap = HeapCreate(0, 0, 0);
    struct heap *model = heap_from_handle(run.machine, (uintptr_t)heap);
    char *kept = HeapAlloc(heap, 0, 600000);
    memset(kept, 5, 600000);
    void *blocks[16];
    unsigned count = 0;
    while ((blocks[count] = HeapAlloc(heap, 0, 1000000)) != NULL)
        count++;
    assert_in_range(count, 5, 8);
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    uint64_t charged = machine_commit_bytes(run.machine);
    assert_null(HeapAlloc(heap, 0, 1000000));
    assert_null(HeapReAlloc(heap, 0, kept, 2000000));
    assert_int_equal(machine_commit_bytes(run.machine), charged);
    assert_int_equal(HeapSize(heap, 0, kept), 600000);
    assert_int_equal(kept[599999], 5);
    heap_verify(run.machine, model);
    while (HeapAlloc(heap, 0, 4000))
        continue;
    assert_true(HeapFree(heap, 0, blocks[0]));
    assert_non_null(HeapAlloc(heap, 0, 4000));
    heap_verify(run.machine, model);
    assert_true(HeapDestroy(heap));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_agree_with_a_naive_list),
        cmocka_unit_test(random_guarded_blocks_agree_as_well),
        cmocka_unit_test(an_overrun_is_found_when_freed),
        cmocka_unit_test(validating_one_block_does_not_look_at_its_neighbours),
        cmocka_unit_test(an_overrun_is_found_when_resized_or_destroyed),
        cmocka_unit_test(a_second_free_is_named),
        cmocka_unit_test(foreign_and_inner_pointers_are_named),
        cmocka_unit_test(a_block_of_another_heap_is_named),
        cmocka_unit_test(a_destroyed_heap_is_no_heap),
        cmocka_unit_test(fresh_and_freed_bytes_have_patterns),
        cmocka_unit_test(guarded_blocks_end_at_an_inaccessible_page),
        cmocka_unit_test(executable_heaps_have_executable_blocks),
        cmocka_unit_test(fixed_heaps_do_not_grow),
        cmocka_unit_test(one_block_of_a_fixed_heap_stays_below_one_mebibyte),
        cmocka_unit_test(senseless_heaps_are_refused),
        cmocka_unit_test(exhausted_memory_is_an_error_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
