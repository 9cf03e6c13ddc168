/* What belongs to a working set, what takes pages out of it and what cannot: limits, locks, other
 * processes, MEM_RESET, large pages. */
#include "tests/physical_support.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
