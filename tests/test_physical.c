/* Physical memory: lists, the writer, the page file, the levels of the notifications, and what
 * native code sees of it. Random use is in test_paging_model.c, exact counts of replacements in
 * test_replacement.c. */
#include "tests/physical_support.h"

/* ---- lists ---- */

static void a_trimmed_page_comes_back_with_a_soft_fault(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    begin(&config, false);
    uint64_t base = commit(10);
    touch(base, 0, 10, ACCESS_WRITE);
    assert_int_equal(machine_empty_working_set(m), ST_OK);
    assert_int_equal(machine_resident_pages(m), 0);
    assert_int_equal(machine_available_frames(m), 90); /* modified pages are not available */
    uint64_t before_ns = sim->now_ns;
    touch(base, 3, 1, ACCESS_READ);
    assert_int_equal(sim->now_ns - before_ns, event_shapes[EVENT_soft_fault].cost_ns);
    assert_int_equal(count(COUNTER_faults_soft), 1);
    assert_int_equal(count(COUNTER_faults_hard), 0);
    end();
}

static void the_writer_makes_modified_pages_available_one_after_the_other(void **state)
{
    (void)state;
    struct machine_config config = small(100);
    config.pagefile_write_ns = MS;
    begin(&config, false);
    uint64_t base = commit(10);
    touch(base, 0, 10, ACCESS_WRITE);
    machine_empty_working_set(m);
    pass(3 * MS);
    assert_int_equal(machine_available_frames(m), 93);
    assert_int_equal(count(COUNTER_pages_out), 3);
    assert_int_equal(newest(EVENT_page_write)->arg[1], 7);
    pass(100 * MS);
    assert_int_equal(machine_available_frames(m), 100);
    touch(base, 0, 10, ACCESS_READ); /* they are still there */
    assert_int_equal(count(COUNTER_faults_soft), 10);
    machine_empty_working_set(m); /* and like their copies */
    pass(100 * MS);
    assert_int_equal(count(COUNTER_pages_out), 10);
    touch(base, 0, 1, ACCESS_WRITE);
    machine_empty_working_set(m);
    pass(100 * MS);
    assert_int_equal(count(COUNTER_pages_out), 11);
    end();
}

static void standby_pages_give_their_frames_up_the_oldest_first(void **state)
{
    (void)state;
    const struct machine_config config = small(40);
    begin(&config, false);
    uint64_t base = commit(100);
    touch(base, 0, 30, ACCESS_WRITE);
    machine_empty_working_set(m);
    pass(100 * MS);
    touch(base, 50, 13, ACCESS_WRITE); /* ten unused frames and three of standby pages */
    touch(base, 3, 27, ACCESS_READ);
    assert_int_equal(count(COUNTER_faults_soft), 27);
    uint64_t before_ns = sim->now_ns;
    touch(base, 2, 1, ACCESS_READ);
    assert_int_equal(count(COUNTER_faults_hard), 1);
    assert_true(sim->now_ns - before_ns >= 100000);
    assert_int_equal(newest(EVENT_hard_fault)->arg[0], base + 2 * PAGE_BYTES);
    end();
}

static void a_machine_that_runs_short_trims_before_nothing_is_left(void **state)
{
    (void)state;
    struct machine_config config = small(10240);
    config.pagefile_bytes = GIB;
    begin(&config, false);
    uint64_t base = commit(20480);
    touch(base, 0, 10200, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 10200);
    touch(base, 10200, 2, ACCESS_WRITE); /* 39 are left, one in 256 is 40 */
    assert_int_equal(machine_resident_pages(m), 10202 - 41);
    assert_int_equal(newest(EVENT_trim)->arg[1], 41);
    assert_true(machine_memory_resource(m, false));
    touch(base, 10202, 10278, ACCESS_WRITE);
    touch(base, 0, 20480, ACCESS_READ);
    assert_true(count(COUNTER_faults_hard) > 10000);
    assert_int_equal(count(COUNTER_faults_demand_zero), 20480);
    end();
}

static void pages_of_a_view_go_without_the_page_file(void **state)
{
    (void)state;
    struct machine_config config = small(40);
    config.pagefile_bytes = 0;
    begin(&config, false);
    uint64_t view;
    assert_int_equal(machine_map(m, 0, 100 * PAGE_BYTES, PAGE_READONLY, REGION_VIEW, &view), ST_OK);
    assert_int_equal(machine_map_commit(m, view, 100 * PAGE_BYTES, PAGE_READONLY), ST_OK);
    touch(view, 0, 100, ACCESS_READ);
    touch(view, 0, 100, ACCESS_READ);
    assert_int_equal(count(COUNTER_pages_out), 0);
    assert_int_equal(count(COUNTER_faults_demand_zero), 100);
    assert_true(count(COUNTER_faults_hard) >= 60);
    uint64_t base = commit(40); /* private pages take all their frames: no file is needed */
    touch(base, 0, 40, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 40);
    machine_unmap(m, view);
    end();
}

static void a_full_page_file_keeps_no_copies_of_present_pages(void **state)
{
    (void)state;
    struct machine_config config = small(40);
    config.pagefile_bytes = 20 * PAGE_BYTES;
    for (int lists = 0; lists < 2; lists++) {
        config.no_standby = !lists;
        begin(&config, false);
        uint64_t base = commit(60); /* all there is */
        for (int round = 0; round < 5; round++)
            touch(base, 0, 60, round % 2 ? ACCESS_READ : ACCESS_WRITE);
        assert_true(count(COUNTER_faults_hard) > 60);
        assert_int_equal(count(COUNTER_faults_demand_zero), 60);
        assert_int_equal(machine_free(m, base, 0, MEM_RELEASE), ST_OK);
        assert_int_equal(machine_available_frames(m), 40);
        end();
    }
}

/* ---- the page file ---- */

static void a_commit_that_needs_it_makes_the_page_file_grow(void **state)
{
    (void)state;
    struct machine_config config = small(MIB / PAGE_BYTES);
    config.pagefile_bytes = MIB;
    config.pagefile_max_bytes = 40 * MIB;
    begin(&config, false);
    uint64_t address, before_ns = sim->now_ns;
    commit(512); /* what there is */
    assert_true(sim->now_ns - before_ns < MS);
    commit(1);
    assert_int_equal(machine_commit_limit(m), 18 * MIB);
    assert_int_equal(newest(EVENT_pagefile_grows)->arg[1], 17 * MIB);
    assert_true(sim->now_ns - before_ns >= 2 * MS);
    assert_int_equal(machine_alloc(m, 0, 39 * MIB, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    assert_int_equal(machine_commit_limit(m), 18 * MIB); /* a refusal makes nothing grow */
    commit(39 * MIB / PAGE_BYTES - 1);
    assert_int_equal(machine_commit_limit(m), 41 * MIB);
    assert_int_equal(machine_alloc(m, 0, 1, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    end();
}

/* ---- levels ---- */

static unsigned changes;
static enum memory_level level_seen;

static void note_level(void *context, enum memory_level level)
{
    assert_ptr_equal(context, m);
    level_seen = level;
    changes++;
}

static void levels_change_when_available_memory_passes_them(void **state)
{
    (void)state;
    struct machine_config config = small(100);
    config.low_memory_bytes = 10 * PAGE_BYTES;
    config.high_memory_bytes = 50 * PAGE_BYTES;
    changes = 0;
    begin(&config, false);
    machine_on_level(m, note_level, m);
    uint64_t base = commit(100);
    touch(base, 0, 50, ACCESS_WRITE);
    assert_true(machine_memory_resource(m, true));
    touch(base, 50, 1, ACCESS_WRITE);
    assert_int_equal(level_seen, MEMORY_NEUTRAL);
    assert_int_equal(changes, 1);
    touch(base, 51, 38, ACCESS_WRITE);
    assert_int_equal(changes, 1);
    touch(base, 89, 1, ACCESS_WRITE);
    assert_int_equal(level_seen, MEMORY_LOW);
    assert_true(machine_memory_resource(m, false));
    assert_int_equal(newest(EVENT_memory_level)->arg[1], 10 * PAGE_BYTES);
    assert_int_equal(machine_free(m, base, 40 * PAGE_BYTES, MEM_DECOMMIT), ST_OK);
    assert_int_equal(level_seen, MEMORY_HIGH);
    assert_int_equal(changes, 3);
    end();
}

static void the_level_changes_while_the_writer_works(void **state)
{
    (void)state;
    struct machine_config config = small(100);
    config.low_memory_bytes = 10 * PAGE_BYTES;
    config.pagefile_write_ns = MS;
    begin(&config, false);
    uint64_t base = commit(100);
    touch(base, 0, 95, ACCESS_WRITE);
    machine_empty_working_set(m);
    assert_true(machine_memory_resource(m, false));
    sim->now_ns += 6 * MS;
    assert_false(machine_memory_resource(m, false));
    sim->now_ns += 90 * MS;
    assert_true(machine_memory_resource(m, true));
    end();
}

static void a_machine_may_have_more_frames_than_fit_into_a_table(void **state)
{
    (void)state;
    struct machine_config config = small(1);
    struct memory_status status;
    config.ram_bytes = UINT64_C(64) << 40;
    begin(&config, false);
    touch(commit(1000), 0, 1000, ACCESS_WRITE);
    machine_memory_status(m, &status);
    assert_int_equal(status.avail_phys, config.ram_bytes - 1000 * PAGE_BYTES);
    end();
}

/* ---- native memory ---- */

static void the_hand_sees_what_native_code_touches_again(void **state)
{
    (void)state;
    struct machine_config config = small(10);
    config.no_standby = true;
    begin(&config, true);
    volatile uint8_t *p = VirtualAlloc(NULL, 100 * PAGE_BYTES, NEW, RW);
    for (int i = 0; i < 10; i++)
        p[i * PAGE_BYTES] = (uint8_t)i;
    p[10 * PAGE_BYTES] = 10; /* all ten lose their mark, the first one goes */
    assert_int_equal(machine_native_pieces(m), 1);
    p[1 * PAGE_BYTES] = 11; /* touched again: spared */
    p[11 * PAGE_BYTES] = 12;
    assert_true(machine_page_state(m, (uintptr_t)p - WINDOW_BASE + PAGE_BYTES).valid);
    assert_false(machine_page_state(m, (uintptr_t)p - WINDOW_BASE + 2 * PAGE_BYTES).valid);
    for (int i = 0; i < 12; i++)
        assert_int_equal(p[i * PAGE_BYTES], i == 1 ? 11 : i == 11 ? 12 : i);
    end();
}

/* Pages whose touches come in each way: first ones, alone and together, soft and hard ones. */
static void touch_in_every_way(volatile uint8_t *p, bool reads_first)
{
    uint8_t sum = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 15; i++) {
            sum = reads_first ? (uint8_t)(sum + p[i * PAGE_BYTES]) : 0;
            p[i * PAGE_BYTES] = (uint8_t)i;
        }
        if (round == 1)
            pass(MS); /* everything has been written */
        machine_empty_working_set(m);
    }
}

static void code_that_reads_before_it_writes_leaves_the_same_records(void **state)
{
    (void)state;
    for (int standby = 0; standby < 2; standby++) {
        uint8_t digests[2][16];
        for (int reads_first = 0; reads_first < 2; reads_first++) {
            struct machine_config config = small(standby ? 30 : 10);
            config.no_standby = !standby;
            begin(&config, true);
            touch_in_every_way(VirtualAlloc(NULL, 15 * PAGE_BYTES, NEW, RW), reads_first);
            assert_true(newest(standby ? EVENT_soft_fault : EVENT_hard_fault)->arg[1]);
            trace_digest(&sim->trace, digests[reads_first]);
            end();
        }
        assert_memory_equal(digests[0], digests[1], 16);
    }
}

static void bytes_of_absent_pages_can_be_looked_at_without_a_fault(void **state)
{
    (void)state;
    struct machine_config config = small(10);
    uint8_t byte;
    config.no_standby = true;
    begin(&config, true);
    volatile uint8_t *p = VirtualAlloc(NULL, PAGE_BYTES, NEW, RW);
    uint64_t address = (uintptr_t)p - WINDOW_BASE;
    p[3] = 3;
    machine_empty_working_set(m);
    assert_true(machine_peek(m, address + 3, &byte, 1));
    assert_int_equal(byte, 3);
    byte = 4;
    assert_true(machine_poke(m, address + 3, &byte, 1));
    assert_int_equal(machine_resident_pages(m), 0);
    assert_int_equal(count(COUNTER_faults_hard), 0);
    assert_int_equal(p[3], 4);
    assert_int_equal(count(COUNTER_faults_hard), 1);
    end();
}

/* ---- the truth without effects ---- */

static void compare_truth(void)
{
    struct memory_status truth, status;
    machine_memory_truth(m, &truth);
    machine_memory_status(m, &status);
    assert_memory_equal(&truth, &status, sizeof status);
}

/* Files too small for what is modified: which pages the writer can write depends on slots, on
 * copies that present pages give up, and on pages that have a file of their own. */
static void the_truth_knows_what_the_writer_has_done_with_a_full_file(void **state)
{
    struct rng rng = rng_keyed(5, RNG_PROPERTY_TEST, 0);
    (void)state;
    for (int round = 0; round < 100; round++) {
        struct machine_config config = small(64);
        config.pagefile_bytes = (1 + rng_below(&rng, 24)) * PAGE_BYTES;
        begin(&config, false);
        uint64_t view, base = commit(40);
        assert_int_equal(machine_map(m, 0, 16 * PAGE_BYTES, RW, REGION_VIEW, &view), ST_OK);
        assert_int_equal(machine_map_commit(m, view, 16 * PAGE_BYTES, RW), ST_OK);
        for (int step = 0; step < 60; step++) {
            bool mapped = rng_below(&rng, 4) == 0;
            uint64_t first = rng_below(&rng, mapped ? 16 : 40);
            uint64_t pages = 1 + rng_below(&rng, (mapped ? 16 : 40) - first);
            touch(mapped ? view : base, first, pages,
                  rng_below(&rng, 2) ? ACCESS_WRITE : ACCESS_READ);
            if (rng_below(&rng, 3) == 0)
                machine_empty_working_set(m);
            if (rng_below(&rng, 3) == 0)
                machine_pressure(m, PRESSURE_PAGEFILE, rng_below(&rng, 2),
                                 rng_below(&rng, 8) * PAGE_BYTES, 0);
            sim->now_ns += rng_below(&rng, 40 * config.pagefile_write_ns);
            if (rng_below(&rng, 2))
                compare_truth();
        }
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trimmed_page_comes_back_with_a_soft_fault),
        cmocka_unit_test(the_writer_makes_modified_pages_available_one_after_the_other),
        cmocka_unit_test(standby_pages_give_their_frames_up_the_oldest_first),
        cmocka_unit_test(a_machine_that_runs_short_trims_before_nothing_is_left),
        cmocka_unit_test(pages_of_a_view_go_without_the_page_file),
        cmocka_unit_test(a_full_page_file_keeps_no_copies_of_present_pages),
        cmocka_unit_test(a_commit_that_needs_it_makes_the_page_file_grow),
        cmocka_unit_test(levels_change_when_available_memory_passes_them),
        cmocka_unit_test(the_level_changes_while_the_writer_works),
        cmocka_unit_test(a_machine_may_have_more_frames_than_fit_into_a_table),
        cmocka_unit_test(the_hand_sees_what_native_code_touches_again),
        cmocka_unit_test(code_that_reads_before_it_writes_leaves_the_same_records),
        cmocka_unit_test(bytes_of_absent_pages_can_be_looked_at_without_a_fault),
        cmocka_unit_test(the_truth_knows_what_the_writer_has_done_with_a_full_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
