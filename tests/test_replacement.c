/* Exact counts of faults of all four replacements over a fixed stream of references: Zipf over
 * 100,000 pages by PCG32 with state 42 and sequence 54 (core/page_stream.h). The counts for LRU,
 * FIFO and CLOCK ref0 are those of libCacheSim. */
#include "tests/support.h"

#include <stdlib.h>
#include "core/page_stream.h"
#include "core/sim.h"
#include "include/windows.h"
#include "os/machine.h"

#define PAGES 100000u
#define REFERENCES 2000000u

static uint32_t *references;

static int make_references(void **state)
{
    (void)state;
    struct arena arena;
    struct page_stream stream;
    references = malloc(REFERENCES * sizeof *references);
    if (!references || arena_init(&arena, 0, UINT64_C(1) << 26) != 0)
        return -1;
    page_stream_open(&stream, &arena, PAGES_ZIPF, PAGES, 42, 54);
    for (uint32_t i = 0; i < REFERENCES; i++)
        references[i] = (uint32_t)page_stream_next(&stream);
    arena_destroy(&arena);
    return 0;
}

static int free_references(void **state)
{
    (void)state;
    free(references);
    return 0;
}

/* ---- the counts ---- */

static uint64_t count_faults(enum replacement replacement, uint64_t frames)
{
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.ram_bytes = frames * PAGE_BYTES;
    config.pagefile_bytes = UINT64_C(1) << 30;
    config.replacement = replacement;
    config.no_standby = true;
    struct sim *sim = sim_create(&options);
    struct machine *m = machine_create(sim, &config, false);
    uint64_t base;
    assert_int_equal(
        machine_alloc(m, 0, PAGES * PAGE_BYTES, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE, &base),
        ST_OK);
    for (uint32_t i = 0; i < REFERENCES; i++)
        if (machine_touch(m, base + references[i] * PAGE_BYTES, ACCESS_READ) != ACCESS_OK)
            fail_msg("a touch was refused");
    machine_verify(m);
    assert_int_equal(machine_resident_pages(m), frames);
    assert_int_equal(sim->counters[COUNTER_faults_soft], 0);
    uint64_t faults =
        sim->counters[COUNTER_faults_demand_zero] + sim->counters[COUNTER_faults_hard];
    machine_destroy(m);
    sim_destroy(sim);
    return faults;
}

static void expect_counts(enum replacement replacement, uint64_t of_100, uint64_t of_1000,
                          uint64_t of_10000)
{
    assert_int_equal(count_faults(replacement, 100), of_100);
    assert_int_equal(count_faults(replacement, 1000), of_1000);
    assert_int_equal(count_faults(replacement, 10000), of_10000);
}

static void lru_faults_exactly_as_often_as_it_must(void **state)
{
    (void)state;
    expect_counts(REPLACE_LRU, 1421207, 988330, 528558);
}

static void fifo_faults_exactly_as_often_as_it_must(void **state)
{
    (void)state;
    expect_counts(REPLACE_FIFO, 1499899, 1071197, 600265);
}

static void clock_without_a_mark_at_the_fault_is_exact(void **state)
{
    (void)state;
    expect_counts(REPLACE_CLOCK_REF0, 1396124, 965280, 511743);
}

static void clock_as_a_system_does_it_is_exact(void **state)
{
    (void)state;
    expect_counts(REPLACE_CLOCK, 1444097, 1009312, 545165);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lru_faults_exactly_as_often_as_it_must),
        cmocka_unit_test(fifo_faults_exactly_as_often_as_it_must),
        cmocka_unit_test(clock_without_a_mark_at_the_fault_is_exact),
        cmocka_unit_test(clock_as_a_system_does_it_is_exact),
    };
    return cmocka_run_group_tests(tests, make_references, free_references);
}
