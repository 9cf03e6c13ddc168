/* Physical memory: lists, faults, working sets, resets, large pages, the page file and the levels
 * of the notifications, each on a machine small enough to count its frames. Random use is in
 * test_paging_model.c, exact counts of replacements in test_replacement.c. */
#include "tests/support.h"

#include <string.h>
#include "core/sim.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/machine.h"
#include "os/space.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define NEW (MEM_RESERVE | MEM_COMMIT)
#define RW PAGE_READWRITE
#define MS UINT64_C(1000000)

static struct machine *m;
static struct sim *sim;
static struct event *last; /* the records of the run, for the tests that read them */
static uint64_t last_count;

static struct machine_config small(uint64_t frames)
{
    struct machine_config config = machine_config_default();
    config.ram_bytes = frames * PAGE_BYTES;
    config.pagefile_bytes = 1000 * PAGE_BYTES;
    config.working_set_min_pages = 20;
    return config;
}

static void begin(const struct machine_config *config, bool native)
{
    static struct event tail[1024];
    const struct sim_options options = {.arena_bytes = GIB,
                                        .trace = {.digest = true,
                                                  .fd = -1,
                                                  .tail = tail,
                                                  .tail_count = &last_count,
                                                  .tail_events = 1024}};
    sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    last = tail;
    m = machine_create(sim, config, native);
}

static void end(void)
{
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static uint64_t count(enum counter counter)
{
    return sim->counters[counter];
}

/* The newest record of a kind; fails when there is none. */
static const struct event *newest(uint16_t kind)
{
    trace_flush(&sim->trace);
    for (uint64_t i = last_count; i-- > 0;)
        if (last[i & 1023].kind == kind)
            return &last[i & 1023];
    fail_msg("no record of %s", event_shapes[kind].name);
    return NULL;
}

static uint64_t commit(uint64_t pages)
{
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, pages * PAGE_BYTES, NEW, RW, &address), ST_OK);
    return address;
}

static void touch(uint64_t base, uint64_t first, uint64_t pages, enum access_kind kind)
{
    for (uint64_t i = first; i < first + pages; i++)
        assert_int_equal(machine_touch(m, base + i * PAGE_BYTES, kind), ACCESS_OK);
    machine_verify(m);
}

static void pass(uint64_t ns)
{
    struct memory_status status;
    sim->now_ns += ns;
    machine_memory_status(m, &status); /* looks, so that the writer's work is done */
}

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

/* ---- working sets ---- */

static void only_a_hard_maximum_makes_pages_give_way_to_each_other(void **state)
{
    (void)state;
    const struct machine_config config = small(200);
    begin(&config, false);
    uint64_t base = commit(100);
    assert_int_equal(machine_set_working_set(m, 20 * PAGE_BYTES, 30 * PAGE_BYTES, 0), ST_OK);
    touch(base, 0, 50, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 50);
    assert_int_equal(machine_set_working_set(m, 20 * PAGE_BYTES, 30 * PAGE_BYTES,
                                             QUOTA_LIMITS_HARDWS_MAX_ENABLE),
                     ST_OK);
    assert_int_equal(machine_resident_pages(m), 30);
    touch(base, 0, 100, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 30);
    assert_int_equal(count(COUNTER_faults_hard), 0); /* memory is not short: all of it is near */
    assert_int_equal(machine_set_working_set(m, 20 * PAGE_BYTES, 30 * PAGE_BYTES,
                                             QUOTA_LIMITS_HARDWS_MAX_DISABLE),
                     ST_OK);
    touch(base, 0, 100, ACCESS_READ);
    assert_int_equal(machine_resident_pages(m), 100);
    end();
}

static void locked_pages_stay_whatever_happens(void **state)
{
    (void)state;
    const struct machine_config config = small(30);
    begin(&config, false);
    uint64_t base = commit(100);
    assert_int_equal(machine_lock(m, base, 12 * PAGE_BYTES), ST_OK); /* the minimum less eight */
    touch(base, 20, 80, ACCESS_WRITE);
    machine_empty_working_set(m);
    machine_pressure(m, PRESSURE_MEMORY, false, UINT64_MAX, 0);
    assert_int_equal(machine_resident_pages(m), 12);
    touch(base, 0, 12, ACCESS_WRITE);
    assert_int_equal(count(COUNTER_faults_hard) + count(COUNTER_faults_soft), 0);
    assert_int_equal(machine_unlock(m, base, 12 * PAGE_BYTES), ST_OK);
    machine_empty_working_set(m);
    assert_int_equal(machine_resident_pages(m), 0);
    end();
}

static void the_smallest_machine_cannot_be_locked_up(void **state)
{
    (void)state;
    const struct machine_config config = small(4);
    begin(&config, false);
    uint64_t base = commit(50);
    assert_int_equal(machine_lock(m, base, 4 * PAGE_BYTES), ST_WORKING_SET_QUOTA);
    assert_int_equal(machine_lock(m, base, 3 * PAGE_BYTES), ST_OK);
    touch(base, 0, 50, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 4);
    end();
}

static void unlocking_what_is_not_locked_takes_it_out(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    begin(&config, false);
    uint64_t base = commit(10);
    touch(base, 0, 10, ACCESS_WRITE);
    assert_int_equal(machine_unlock(m, base + 2 * PAGE_BYTES, 3 * PAGE_BYTES), ST_NOT_LOCKED);
    assert_int_equal(machine_resident_pages(m), 7);
    assert_false(machine_page_state(m, base + 2 * PAGE_BYTES).valid);
    assert_true(machine_page_state(m, base + 5 * PAGE_BYTES).valid);
    end();
}

static void figures_of_the_process_tell_sets_from_charges(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    PROCESS_MEMORY_COUNTERS_EX counters;
    PERFORMANCE_INFORMATION info;
    begin(&config, false);
    uint64_t base = commit(30);
    touch(base, 0, 20, ACCESS_WRITE);
    assert_true(EmptyWorkingSet(GetCurrentProcess()));
    touch(base, 0, 5, ACCESS_READ);
    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters,
                                     sizeof counters));
    assert_int_equal(counters.WorkingSetSize, 5 * PAGE_BYTES);
    assert_int_equal(counters.PeakWorkingSetSize, 20 * PAGE_BYTES);
    assert_int_equal(counters.PageFaultCount, 25);
    assert_int_equal(counters.PagefileUsage, 30 * PAGE_BYTES);
    assert_int_equal(counters.PrivateUsage, 30 * PAGE_BYTES);
    assert_true(GetPerformanceInfo(&info, sizeof info));
    assert_int_equal(info.PhysicalTotal, 100);
    assert_int_equal(info.PhysicalAvailable, machine_available_frames(m));
    assert_int_equal(info.SystemCache, 0);
    assert_int_equal(info.CommitTotal, 30);
    assert_int_equal(info.CommitLimit, 1100);
    end();
}

static void pages_can_be_asked_whether_they_are_in_the_working_set(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    begin(&config, true);
    uint8_t *p = VirtualAlloc(NULL, 3 * PAGE_BYTES, NEW, RW);
    PSAPI_WORKING_SET_EX_INFORMATION pages[3];
    *(volatile uint8_t *)p = 1;
    assert_true(VirtualLock(p + PAGE_BYTES, 1));
    for (int i = 0; i < 3; i++)
        pages[i].VirtualAddress = p + i * PAGE_BYTES;
    assert_true(QueryWorkingSetEx(GetCurrentProcess(), pages, sizeof pages));
    assert_true(pages[0].VirtualAttributes.Valid && !pages[0].VirtualAttributes.Locked);
    assert_int_equal(pages[0].VirtualAttributes.Win32Protection, RW);
    assert_true(pages[1].VirtualAttributes.Valid && pages[1].VirtualAttributes.Locked);
    assert_int_equal(pages[2].VirtualAttributes.Flags, 0);
    assert_false(QueryWorkingSetEx(GetCurrentProcess(), pages, sizeof pages - 1));
    assert_int_equal(GetLastError(), ERROR_BAD_LENGTH);
    end();
}

/* ---- others ---- */

static void others_leave_the_process_its_minimum(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    begin(&config, false);
    uint64_t base = commit(90);
    touch(base, 0, 90, ACCESS_WRITE);
    uint64_t got = machine_pressure(m, PRESSURE_MEMORY, false, UINT64_MAX, 0) / PAGE_BYTES;
    assert_int_equal(got, 80);
    assert_int_equal(machine_resident_pages(m), 20);
    assert_int_equal(newest(EVENT_trim)->arg[1], 70);
    machine_verify(m);
    touch(base, 0, 90, ACCESS_READ); /* it goes on with twenty pages */
    assert_int_equal(machine_resident_pages(m), 20);
    machine_pressure(m, PRESSURE_MEMORY, true, UINT64_MAX, 0);
    touch(base, 0, 90, ACCESS_READ);
    assert_int_equal(machine_resident_pages(m), 90);
    end();
}

static void a_process_without_frames_gets_its_minimum_from_others(void **state)
{
    (void)state;
    const struct machine_config config = small(100);
    begin(&config, false);
    assert_int_equal(machine_pressure(m, PRESSURE_MEMORY, false, UINT64_MAX, 0), 100 * PAGE_BYTES);
    uint64_t base = commit(90);
    touch(base, 0, 90, ACCESS_WRITE);
    assert_int_equal(machine_resident_pages(m), 20);
    assert_int_equal(machine_pressure(m, PRESSURE_MEMORY, true, UINT64_MAX, 0), 100 * PAGE_BYTES);
    assert_int_equal(machine_available_frames(m), 80);
    end();
}

/* ---- MEM_RESET ---- */

static void reset_pages_are_dropped_unwritten_when_frames_are_needed(void **state)
{
    (void)state;
    const struct machine_config config = small(40);
    begin(&config, true);
    uint64_t result;
    volatile uint8_t *p = VirtualAlloc(NULL, 100 * PAGE_BYTES, NEW, RW);
    uint64_t base = (uintptr_t)p - WINDOW_BASE;
    memset((void *)p, 7, 20 * PAGE_BYTES);
    assert_int_equal(machine_alloc(m, base, 20 * PAGE_BYTES, MEM_RESET, RW, &result), ST_OK);
    assert_int_equal(p[0], 7); /* nothing was needed yet; reading may write, natively */
    assert_int_equal(machine_alloc(m, base, 20 * PAGE_BYTES, MEM_RESET, RW, &result), ST_OK);
    assert_int_equal(machine_alloc(m, base, 20 * PAGE_BYTES, MEM_RESET_UNDO, RW, &result), ST_OK);
    assert_int_equal(machine_alloc(m, base, 20 * PAGE_BYTES, MEM_RESET, RW, &result), ST_OK);
    machine_empty_working_set(m);
    uint64_t before = count(COUNTER_pages_out);
    touch(base, 40, 35, ACCESS_READ); /* fifteen of the reset pages lose their frames */
    assert_int_equal(count(COUNTER_pages_out), before);
    assert_int_equal(machine_alloc(m, base, 20 * PAGE_BYTES, MEM_RESET_UNDO, RW, &result),
                     ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(
        machine_alloc(m, base + 15 * PAGE_BYTES, 5 * PAGE_BYTES, MEM_RESET_UNDO, RW, &result),
        ST_OK);
    for (int i = 0; i < 20; i++)
        assert_int_equal(p[i * PAGE_BYTES + 5], i < 15 ? 0 : 7);
    assert_int_equal(machine_alloc(m, base, 15 * PAGE_BYTES, MEM_RESET_UNDO, RW, &result), ST_OK);
    end();
}

static void what_is_in_the_page_file_is_lost_at_a_reset(void **state)
{
    (void)state;
    struct machine_config config = small(40);
    config.no_standby = true;
    begin(&config, true);
    uint64_t result;
    volatile uint8_t *p = VirtualAlloc(NULL, PAGE_BYTES, NEW, RW);
    uint64_t base = (uintptr_t)p - WINDOW_BASE;
    p[9] = 9;
    machine_empty_working_set(m);
    assert_int_equal(machine_alloc(m, base, 1, MEM_RESET, RW, &result), ST_OK);
    machine_verify(m);
    assert_int_equal(machine_alloc(m, base, 1, MEM_RESET_UNDO, RW, &result), ST_NOT_ENOUGH_MEMORY);
    touch(base, 0, 1, ACCESS_READ); /* a first touch again; still lost */
    assert_int_equal(count(COUNTER_faults_demand_zero), 2);
    assert_int_equal(machine_alloc(m, base, 1, MEM_RESET_UNDO, RW, &result), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(p[9], 0);
    p[9] = 1;
    machine_empty_working_set(m);
    assert_int_equal(p[9], 1); /* written after the reset: kept */
    end();
}

/* ---- large pages ---- */

static void large_pages_have_frames_and_are_in_no_working_set(void **state)
{
    (void)state;
    struct machine_config config = small(2048);
    config.lock_memory_privilege = true;
    begin(&config, false);
    uint64_t a, b;
    const uint32_t large = NEW | MEM_LARGE_PAGES;
    assert_int_equal(machine_alloc(m, 0, 4 * MIB, large, RW, &a), ST_OK);
    assert_int_equal(machine_available_frames(m), 1024);
    assert_int_equal(machine_alloc(m, 0, 6 * MIB, large, RW, &b), ST_NO_SYSTEM_RESOURCES);
    machine_verify(m);
    touch(a, 0, 1024, ACCESS_WRITE);
    machine_empty_working_set(m);
    assert_int_equal(machine_resident_pages(m), 0);
    assert_int_equal(count(COUNTER_faults_demand_zero), 0);
    assert_true(machine_page_state(m, a).large);
    touch(a, 0, 1024, ACCESS_READ);
    assert_int_equal(machine_free(m, a, 0, MEM_RELEASE), ST_OK);
    assert_int_equal(machine_available_frames(m), 2048);
    end();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trimmed_page_comes_back_with_a_soft_fault),
        cmocka_unit_test(the_writer_makes_modified_pages_available_one_after_the_other),
        cmocka_unit_test(standby_pages_give_their_frames_up_the_oldest_first),
        cmocka_unit_test(a_machine_that_runs_short_trims_before_nothing_is_left),
        cmocka_unit_test(pages_of_a_view_go_without_the_page_file),
        cmocka_unit_test(a_full_page_file_keeps_no_copies_of_present_pages),
        cmocka_unit_test(only_a_hard_maximum_makes_pages_give_way_to_each_other),
        cmocka_unit_test(locked_pages_stay_whatever_happens),
        cmocka_unit_test(the_smallest_machine_cannot_be_locked_up),
        cmocka_unit_test(unlocking_what_is_not_locked_takes_it_out),
        cmocka_unit_test(figures_of_the_process_tell_sets_from_charges),
        cmocka_unit_test(pages_can_be_asked_whether_they_are_in_the_working_set),
        cmocka_unit_test(others_leave_the_process_its_minimum),
        cmocka_unit_test(a_process_without_frames_gets_its_minimum_from_others),
        cmocka_unit_test(reset_pages_are_dropped_unwritten_when_frames_are_needed),
        cmocka_unit_test(what_is_in_the_page_file_is_lost_at_a_reset),
        cmocka_unit_test(large_pages_have_frames_and_are_in_no_working_set),
        cmocka_unit_test(a_commit_that_needs_it_makes_the_page_file_grow),
        cmocka_unit_test(levels_change_when_available_memory_passes_them),
        cmocka_unit_test(the_level_changes_while_the_writer_works),
        cmocka_unit_test(the_hand_sees_what_native_code_touches_again),
        cmocka_unit_test(bytes_of_absent_pages_can_be_looked_at_without_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
