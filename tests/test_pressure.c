/* Other consumers of the machine: what they can take, what the process sees of it, and that what
 * is given back is what was taken. The last test compares random calls with a naive machine. */
#include "tests/support.h"

#include <string.h>
#include "core/rng.h"
#include "core/sim.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/machine.h"
#include "os/space.h"

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define ALL UINT64_MAX
#define NEW (MEM_RESERVE | MEM_COMMIT)
#define RW PAGE_READWRITE

static struct machine *begin(uint64_t ram, uint64_t pagefile, uint64_t address_space)
{
    const struct sim_options options = {.arena_bytes = GIB, .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.ram_bytes = ram;
    config.pagefile_bytes = pagefile;
    config.address_space_bytes = address_space;
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    return machine_create(sim, &config, false);
}

static void end(struct machine *m)
{
    struct sim *sim = machine_sim(m);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static uint64_t take(struct machine *m, enum pressure_of of, uint64_t bytes)
{
    uint64_t got = machine_pressure(m, of, false, bytes, 0);
    machine_verify(m);
    return got;
}

static uint64_t give(struct machine *m, enum pressure_of of, uint64_t bytes)
{
    uint64_t got = machine_pressure(m, of, true, bytes, 0);
    machine_verify(m);
    return got;
}

static struct memory_status status_of(struct machine *m)
{
    struct memory_status status;
    machine_memory_status(m, &status);
    return status;
}

/* ---- frames, charge, page file ---- */

static void memory_of_others_is_missing_in_frames_and_charge(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    assert_int_equal(take(m, PRESSURE_MEMORY, 30 * MIB), 30 * MIB);
    struct memory_status status = status_of(m);
    assert_int_equal(status.avail_phys, 70 * MIB);
    assert_int_equal(status.load_percent, 30);
    assert_int_equal(status.total_pagefile, 150 * MIB);
    assert_int_equal(status.avail_pagefile, 120 * MIB);
    assert_int_equal(machine_commit_bytes(m), 0); /* of the process */
    assert_int_equal(machine_commit_total_bytes(m), 30 * MIB);
    assert_int_equal(take(m, PRESSURE_MEMORY, ALL), 70 * MIB); /* no more frames than there are */
    assert_int_equal(status_of(m).avail_phys, 0);
    assert_int_equal(status_of(m).load_percent, 100);
    assert_int_equal(give(m, PRESSURE_MEMORY, ALL), 100 * MIB);
    assert_int_equal(status_of(m).avail_phys, 100 * MIB);
    end(m);
}

static void commit_of_others_takes_charge_and_no_frame(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, 10 * MIB, NEW, RW, &address), ST_OK);
    assert_int_equal(take(m, PRESSURE_COMMIT, ALL), 140 * MIB);
    assert_int_equal(status_of(m).avail_phys, 100 * MIB);
    assert_int_equal(status_of(m).avail_pagefile, 0);
    assert_int_equal(machine_alloc(m, 0, 1, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, RW, &address), ST_OK);
    assert_int_equal(give(m, PRESSURE_COMMIT, 1), 4 * KIB); /* whole pages */
    assert_int_equal(machine_alloc(m, address, 1, MEM_COMMIT, RW, &address), ST_OK);
    assert_int_equal(take(m, PRESSURE_MEMORY, 1), 0);
    end(m);
}

static void the_page_file_keeps_what_is_charged_to_it(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, 120 * MIB, NEW, RW, &address), ST_OK);
    assert_int_equal(take(m, PRESSURE_PAGEFILE, ALL), 30 * MIB);
    assert_int_equal(machine_commit_limit(m), 120 * MIB);
    assert_int_equal(status_of(m).total_pagefile, 120 * MIB);
    assert_int_equal(machine_alloc(m, 0, 1, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    assert_int_equal(give(m, PRESSURE_PAGEFILE, 10 * MIB), 10 * MIB);
    assert_int_equal(machine_commit_limit(m), 130 * MIB);
    assert_int_equal(give(m, PRESSURE_PAGEFILE, ALL), 20 * MIB);
    assert_int_equal(give(m, PRESSURE_PAGEFILE, ALL), 0);
    end(m);
}

static void an_empty_page_file_leaves_the_ram_as_limit(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    assert_int_equal(take(m, PRESSURE_PAGEFILE, 1000 * GIB), 50 * MIB);
    assert_int_equal(machine_commit_limit(m), 100 * MIB);
    end(m);
}

static void performance_info_shows_the_charge_of_all(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    PERFORMANCE_INFORMATION info;
    uint64_t address;
    take(m, PRESSURE_MEMORY, 60 * MIB);
    assert_int_equal(machine_alloc(m, 0, 10 * MIB, NEW, RW, &address), ST_OK);
    give(m, PRESSURE_MEMORY, 20 * MIB);
    take(m, PRESSURE_PAGEFILE, 8 * MIB);
    assert_true(GetPerformanceInfo(&info, sizeof info));
    assert_int_equal(info.CommitTotal * PAGE_BYTES, 50 * MIB);
    assert_int_equal(info.CommitPeak * PAGE_BYTES, 70 * MIB);
    assert_int_equal(info.CommitLimit * PAGE_BYTES, 142 * MIB);
    assert_int_equal(info.PhysicalAvailable * PAGE_BYTES, 60 * MIB);
    end(m);
}

static void touches_without_a_frame_left_by_others_are_counted(void **state)
{
    (void)state;
    struct machine *m = begin(MIB, 50 * MIB, 2 * GIB);
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, MIB, NEW, RW, &address), ST_OK);
    take(m, PRESSURE_MEMORY, MIB - 2 * PAGE_BYTES);
    for (uint64_t i = 0; i < 3; i++)
        machine_touch(m, address + i * PAGE_BYTES, ACCESS_WRITE);
    assert_int_equal(machine_sim(m)->counters[COUNTER_faults_without_frame], 1);
    assert_int_equal(take(m, PRESSURE_MEMORY, ALL), 0);
    end(m);
}

static void resource_notifications_are_due_at_the_documented_levels(void **state)
{
    (void)state;
    struct machine *m = begin(4 * GIB, 4 * GIB, 2 * GIB);
    assert_true(machine_memory_resource(m, true));
    assert_false(machine_memory_resource(m, false));
    take(m, PRESSURE_MEMORY, 4 * GIB - 96 * MIB);
    assert_true(machine_memory_resource(m, true));
    take(m, PRESSURE_MEMORY, 1);
    assert_false(machine_memory_resource(m, true));
    assert_false(machine_memory_resource(m, false));
    take(m, PRESSURE_MEMORY, 64 * MIB - PAGE_BYTES);
    assert_true(machine_memory_resource(m, false));
    end(m);
    m = begin(64 * GIB, 0, 2 * GIB);
    take(m, PRESSURE_MEMORY, 64 * GIB - 64 * MIB - 1);
    assert_true(machine_memory_resource(m, false));
    end(m);
}

static void fault_rules_see_the_load_that_others_make(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    struct sim *sim = machine_sim(m);
    struct fault_rule rule;
    char message[256];
    uint64_t address;
    assert_true(fault_parse("VirtualAlloc[load>90]#1:forever", &rule, message, sizeof message));
    fault_plan_set(&sim->faults, &rule, 1);
    sim->actor = ACTOR_POLICY;
    assert_int_equal(machine_alloc(m, 0, MIB, NEW, RW, &address), ST_OK);
    take(m, PRESSURE_MEMORY, 91 * MIB);
    assert_int_equal(machine_alloc(m, 0, MIB, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    give(m, PRESSURE_MEMORY, MIB);
    assert_int_equal(machine_alloc(m, 0, MIB, NEW, RW, &address), ST_OK);
    assert_int_equal(sim->faults.rules[0].matches, 1);
    end(m);
}

/* ---- address space ---- */

/* The largest hole in bytes, by trying. */
static uint64_t largest_hole(struct machine *m)
{
    uint64_t fits = 0, most = (UINT64_C(2) * GIB) / (64 * KIB), found;
    while (fits < most) {
        uint64_t middle = most - (most - fits) / 2;
        if (space_find_gap(machine_space(m), middle * 16, 16, 16, UINT64_MAX, false, &found))
            fits = middle;
        else
            most = middle - 1;
    }
    return fits * 64 * KIB;
}

static void islands_leave_holes_of_like_size(void **state)
{
    (void)state;
    struct machine *m = begin(GIB, GIB, 2 * GIB);
    uint64_t usable = 2 * GIB - 128 * KIB;
    for (uint64_t pieces = 1; pieces < 40; pieces += 13) {
        uint64_t bytes = pieces * 128 * KIB;
        assert_int_equal(machine_pressure(m, PRESSURE_ADDRESS_SPACE, false, bytes, pieces), bytes);
        machine_verify(m);
        assert_int_equal(space_regions(machine_space(m)), pieces);
        uint64_t even = (usable - bytes) / (pieces + 1);
        assert_in_range(largest_hole(m), even - 64 * KIB, even + 64 * KIB);
        assert_int_equal(status_of(m).avail_virtual, usable - bytes);
        assert_int_equal(give(m, PRESSURE_ADDRESS_SPACE, ALL), bytes);
        assert_int_equal(space_regions(machine_space(m)), 0);
    }
    end(m);
}

static void islands_take_the_last_hole_in_parts_and_no_more(void **state)
{
    (void)state;
    struct machine *m = begin(GIB, GIB, 2 * GIB);
    uint64_t low = 0x10000000, high = 0x50000000, found;
    assert_int_equal(machine_alloc(m, low, 64 * KIB, MEM_RESERVE, RW, &found), ST_OK);
    assert_int_equal(machine_alloc(m, high, 5 * KIB, MEM_RESERVE, RW, &found), ST_OK);
    assert_int_equal(take(m, PRESSURE_ADDRESS_SPACE, ALL), 2 * GIB - 4 * 64 * KIB);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, RW, &found), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(take(m, PRESSURE_ADDRESS_SPACE, 1), 0);
    assert_int_equal(give(m, PRESSURE_ADDRESS_SPACE, 1), 64 * KIB);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, RW, &found), ST_OK);
    end(m);
}

static void islands_are_nothing_for_virtual_free_and_cost_no_charge(void **state)
{
    (void)state;
    struct machine *m = begin(GIB, GIB, 2 * GIB);
    uint64_t first, found;
    take(m, PRESSURE_ADDRESS_SPACE, 64 * KIB);
    first = region_info(space_find_next(machine_space(m), 0)).first_page << PAGE_SHIFT;
    assert_int_equal(machine_free(m, first, 0, MEM_RELEASE), ST_INVALID_PARAMETER);
    assert_int_equal(machine_alloc(m, first, 1, MEM_COMMIT, RW, &found), ST_INVALID_ADDRESS);
    assert_int_equal(machine_alloc(m, first, 1, MEM_RESERVE, RW, &found), ST_INVALID_ADDRESS);
    struct memory_info info;
    assert_int_equal(machine_query(m, first, &info), ST_OK);
    assert_int_equal(info.state, MEM_RESERVE);
    assert_int_equal(machine_commit_bytes(m), 0);
    assert_int_equal(machine_sim(m)->counters[COUNTER_reserve_bytes], 0); /* not the process's */
    assert_int_equal(machine_sim(m)->counters[COUNTER_pressure_peak_bytes], 64 * KIB);
    take(m, PRESSURE_ADDRESS_SPACE, 64 * KIB);
    give(m, PRESSURE_ADDRESS_SPACE, 64 * KIB);
    assert_int_equal(machine_sim(m)->counters[COUNTER_pressure_peak_bytes], 128 * KIB);
    end(m);
}

static void the_newest_islands_are_given_back_first(void **state)
{
    (void)state;
    struct machine *m = begin(GIB, GIB, 2 * GIB);
    take(m, PRESSURE_ADDRESS_SPACE, 256 * KIB);
    uint64_t first = region_info(space_find_next(machine_space(m), 0)).first_page;
    machine_pressure(m, PRESSURE_ADDRESS_SPACE, false, 10 * MIB, 10);
    assert_int_equal(give(m, PRESSURE_ADDRESS_SPACE, 10 * MIB), 10 * MIB);
    struct region_info left = region_info(space_find_next(machine_space(m), 0));
    assert_int_equal(left.first_page, first);
    assert_int_equal(left.pages, 64);
    assert_int_equal(give(m, PRESSURE_ADDRESS_SPACE, 64 * KIB), 64 * KIB); /* a part of the last */
    left = region_info(space_find_next(machine_space(m), 0));
    assert_int_equal(left.first_page, first);
    assert_int_equal(left.pages, 48);
    end(m);
}

static void islands_fill_a_large_layout_above_native_memory_too(void **state)
{
    (void)state;
    struct machine *m = begin(GIB, GIB, UINT64_C(128) << 40);
    uint64_t found;
    assert_int_equal(take(m, PRESSURE_ADDRESS_SPACE, ALL), (UINT64_C(128) << 40) - 128 * KIB);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, RW, &found), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(give(m, PRESSURE_ADDRESS_SPACE, ALL), (UINT64_C(128) << 40) - 128 * KIB);
    assert_int_equal(machine_pressure(m, PRESSURE_ADDRESS_SPACE, false, 100 * GIB, 10000),
                     100 * GIB);
    end(m);
}

/* ---- records ---- */

static void each_call_writes_what_was_asked_and_got(void **state)
{
    (void)state;
    struct machine *m = begin(100 * MIB, 50 * MIB, 2 * GIB);
    struct sim *sim = machine_sim(m);
    uint64_t before = trace_count(&sim->trace);
    take(m, PRESSURE_PAGEFILE, 20 * MIB);
    give(m, PRESSURE_PAGEFILE, 30 * MIB);
    take(m, PRESSURE_PAGEFILE, 60 * MIB);
    assert_int_equal(trace_count(&sim->trace), before + 3);
    static const uint64_t expected[3][4] = {
        {PRESSURE_PAGEFILE, 20 * MIB, 20 * MIB, 20 * MIB},
        {PRESSURE_PAGEFILE | UINT64_C(1) << 32, 30 * MIB, 20 * MIB, 0},
        {PRESSURE_PAGEFILE, 60 * MIB, 50 * MIB, 50 * MIB},
    };
    for (int i = 0; i < 3; i++) {
        const struct event *event = &sim->trace.next[i - 3];
        assert_int_equal(event->kind, EVENT_pressure);
        assert_int_equal(event->depth, 0);
        assert_memory_equal(event->arg, expected[i], sizeof expected[i]);
    }
    end(m);
}

/* ---- random calls against a naive machine ---- */

#define RAM_PAGES 300
#define FILE_PAGES 200
#define GRANULES (2 * 1024 * 16 - 2) /* of the 2 GiB layout */
#define BLOCKS 24

struct naive {
    uint64_t memory, commit, pagefile, islands, ram; /* pages; islands granules */
    uint64_t charge, touched, granules;              /* of the process */
    struct {
        uint64_t address, pages, touched;
    } blocks[BLOCKS];
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t naive_charge_left(const struct naive *n)
{
    return RAM_PAGES + FILE_PAGES - n->ram - n->pagefile - n->memory - n->commit - n->charge;
}

static uint64_t naive_frames_left(const struct naive *n)
{
    uint64_t used = n->memory + n->touched + n->ram;
    return used < RAM_PAGES ? RAM_PAGES - used : 0;
}

static bool is_paging(struct machine *m)
{
    const uint64_t *counters = machine_sim(m)->counters;
    return counters[COUNTER_faults_without_frame] + counters[COUNTER_pages_out] > 0;
}

static void pressure_step(struct machine *m, struct naive *n, struct rng *rng)
{
    enum pressure_of of = (enum pressure_of)rng_below(rng, PRESSURES);
    bool back = rng_below(rng, 5) < 2;
    bool space = of == PRESSURE_ADDRESS_SPACE;
    uint64_t unit = space ? 64 * KIB : PAGE_BYTES;
    uint64_t units = rng_below(rng, 20) == 0 ? UINT64_MAX : rng_below(rng, space ? 9000 : 150);
    uint64_t bytes = units == UINT64_MAX ? ALL : units * unit - (units ? rng_below(rng, unit) : 0);
    uint64_t pieces = rng_below(rng, 20), there = 0;
    uint64_t *held[] = {&n->memory, &n->commit, &n->pagefile, &n->islands, &n->ram};
    if ((of == PRESSURE_MEMORY || of == PRESSURE_RAM) && !back) {
        /* More than the frames nobody uses, when pages of the process go out. */
        uint64_t least = smaller(naive_charge_left(n), machine_available_frames(m));
        uint64_t ram = RAM_PAGES - n->ram;
        if (of == PRESSURE_RAM) /* there is always room for the least working set, 50 pages */
            least = smaller(least, ram > 50 ? ram - 50 : 0);
        uint64_t got = machine_pressure(m, of, back, bytes, 0) / unit;
        assert_true(got >= smaller(units, least) && got <= smaller(units, naive_charge_left(n)));
        *held[of] += got;
        return;
    }
    if (of == PRESSURE_COMMIT)
        there = naive_charge_left(n);
    else if (of == PRESSURE_PAGEFILE)
        there = smaller(naive_charge_left(n), FILE_PAGES - n->pagefile);
    else
        there = GRANULES - n->islands - n->granules;
    uint64_t all = back ? *held[of] : there, got = smaller(units, all);
    if (units == UINT64_MAX && !space && pieces > 1)
        got = (all + pieces - 1) / pieces; /* an equal part of a ramp */
    uint64_t really = machine_pressure(m, of, back, bytes, pieces) / unit;
    if (of == PRESSURE_PAGEFILE && is_paging(m)) { /* what is in the file stays there */
        assert_true(really <= got);
        got = really;
    }
    assert_int_equal(really, got);
    *held[of] = back ? *held[of] - got : *held[of] + got;
}

static void allocate_step(struct machine *m, struct naive *n, struct rng *rng)
{
    uint64_t i = rng_below(rng, BLOCKS), pages = 1 + rng_below(rng, 60), address;
    if (n->blocks[i].pages) {
        assert_int_equal(machine_free(m, n->blocks[i].address, 0, MEM_RELEASE), ST_OK);
        n->charge -= n->blocks[i].pages;
        n->touched -= n->blocks[i].touched;
        n->granules -= (n->blocks[i].pages + 15) / 16;
        n->blocks[i].pages = n->blocks[i].touched = 0;
        return;
    }
    enum status status = machine_alloc(m, 0, pages * PAGE_BYTES, NEW, RW, &address);
    if (pages > naive_charge_left(n)) { /* unless no hole is found before */
        assert_true(status == ST_COMMITMENT_LIMIT || status == ST_NOT_ENOUGH_MEMORY);
        return;
    }
    if (status == ST_NOT_ENOUGH_MEMORY) { /* small holes may be left: fewer than four granules */
        uint64_t found;
        assert_false(space_find_gap(machine_space(m), pages, 16, 16, UINT64_MAX, false, &found));
        return;
    }
    assert_int_equal(status, ST_OK);
    n->blocks[i].address = address;
    n->blocks[i].pages = pages;
    n->charge += pages;
    n->granules += (pages + 15) / 16;
}

static void touch_step(struct machine *m, struct naive *n, struct rng *rng)
{
    uint64_t i = rng_below(rng, BLOCKS);
    uint64_t wanted = n->blocks[i].pages ? rng_below(rng, n->blocks[i].pages + 1) : 0;
    for (; n->blocks[i].touched < wanted; n->blocks[i].touched++, n->touched++)
        assert_int_equal(machine_touch(m, n->blocks[i].address + n->blocks[i].touched * PAGE_BYTES,
                                       ACCESS_WRITE),
                         ACCESS_OK);
}

static void compare_figures(struct machine *m, const struct naive *n)
{
    struct memory_status status = status_of(m);
    if (is_paging(m)) /* pages that are in no frame leave it to others */
        assert_true(status.avail_phys >= naive_frames_left(n) * PAGE_BYTES);
    else
        assert_int_equal(status.avail_phys, naive_frames_left(n) * PAGE_BYTES);
    assert_int_equal(status.total_pagefile,
                     (RAM_PAGES + FILE_PAGES - n->ram - n->pagefile) * PAGE_BYTES);
    assert_int_equal(status.total_phys, (RAM_PAGES - n->ram) * PAGE_BYTES);
    assert_int_equal(status.avail_pagefile, naive_charge_left(n) * PAGE_BYTES);
    uint64_t reserved = n->islands * 16;
    for (int i = 0; i < BLOCKS; i++)
        reserved += n->blocks[i].pages;
    assert_int_equal(status.avail_virtual, status.total_virtual - reserved * PAGE_BYTES);
    assert_int_equal(machine_commit_bytes(m), n->charge * PAGE_BYTES);
    assert_int_equal(machine_commit_total_bytes(m),
                     (n->charge + n->memory + n->commit) * PAGE_BYTES);
    assert_true(machine_commit_total_bytes(m) <= machine_commit_limit(m));
}

static void random_pressure_and_allocations_agree_with_a_naive_machine(void **state)
{
    (void)state;
    struct machine *m = begin(RAM_PAGES * PAGE_BYTES, FILE_PAGES * PAGE_BYTES, 2 * GIB);
    struct naive naive = {0};
    struct rng rng = rng_keyed(3, RNG_PROPERTY_TEST, 0);
    for (int step = 0; step < 20000; step++) {
        uint64_t which = rng_below(&rng, 3);
        if (which == 0)
            pressure_step(m, &naive, &rng);
        else if (which == 1)
            allocate_step(m, &naive, &rng);
        else
            touch_step(m, &naive, &rng);
        compare_figures(m, &naive);
        if (step % 16 == 0)
            machine_verify(m);
    }
    end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_others_is_missing_in_frames_and_charge),
        cmocka_unit_test(commit_of_others_takes_charge_and_no_frame),
        cmocka_unit_test(the_page_file_keeps_what_is_charged_to_it),
        cmocka_unit_test(an_empty_page_file_leaves_the_ram_as_limit),
        cmocka_unit_test(performance_info_shows_the_charge_of_all),
        cmocka_unit_test(touches_without_a_frame_left_by_others_are_counted),
        cmocka_unit_test(resource_notifications_are_due_at_the_documented_levels),
        cmocka_unit_test(fault_rules_see_the_load_that_others_make),
        cmocka_unit_test(islands_leave_holes_of_like_size),
        cmocka_unit_test(islands_take_the_last_hole_in_parts_and_no_more),
        cmocka_unit_test(islands_are_nothing_for_virtual_free_and_cost_no_charge),
        cmocka_unit_test(the_newest_islands_are_given_back_first),
        cmocka_unit_test(islands_fill_a_large_layout_above_native_memory_too),
        cmocka_unit_test(each_call_writes_what_was_asked_and_got),
        cmocka_unit_test(random_pressure_and_allocations_agree_with_a_naive_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
