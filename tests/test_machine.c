/* The machine without native memory: charges, limits, and refusals that change nothing. Random
 * calls are in test_machine_model.c. */
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include "core/sim.h"
#include "include/windows.h"
#include "os/machine.h"
#include "os/space.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define RW PAGE_READWRITE
#define NEW (MEM_RESERVE | MEM_COMMIT)

static struct machine *make(const struct machine_config *config)
{
    const struct sim_options options = {
        .seed = 1, .arena_bytes = GIB, .trace = {.digest = true, .fd = -1}};
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    return machine_create(sim, config, false);
}

static struct machine *make_small(uint64_t ram, uint64_t pagefile)
{
    struct machine_config config = machine_config_default();
    config.ram_bytes = ram;
    config.pagefile_bytes = pagefile;
    return make(&config);
}

static void done(struct machine *m)
{
    struct sim *sim = machine_sim(m);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static uint64_t take(struct machine *m, uint64_t size, uint32_t type, uint32_t protect)
{
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, size, type, protect, &address), ST_OK);
    return address;
}

/* ---- charges and limits ---- */

static void commits_are_charged_up_to_ram_plus_page_file(void **state)
{
    (void)state;
    struct machine *m = make_small(2 * MIB, MIB);
    uint64_t address, base = take(m, GIB, MEM_RESERVE, RW);
    assert_int_equal(machine_commit_bytes(m), 0);
    assert_int_equal(machine_alloc(m, base, 3 * MIB, MEM_COMMIT, RW, &address), ST_OK);
    assert_int_equal(machine_commit_bytes(m), machine_commit_limit(m));
    assert_int_equal(machine_alloc(m, base + 3 * MIB, 1, MEM_COMMIT, RW, &address),
                     ST_COMMITMENT_LIMIT);
    assert_int_equal(machine_alloc(m, 0, 1, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    assert_int_equal(status_code(ST_COMMITMENT_LIMIT), 1455);
    assert_int_equal(machine_free(m, base + MIB, 0x1000, MEM_DECOMMIT), ST_OK);
    assert_int_equal(machine_alloc(m, base + 3 * MIB, 1, MEM_COMMIT, RW, &address), ST_OK);
    done(m);
}

static void committing_committed_pages_again_charges_nothing(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint64_t address, base = take(m, MIB, NEW, RW);
    assert_int_equal(machine_alloc(m, base, MIB, MEM_COMMIT, PAGE_READONLY, &address), ST_OK);
    assert_int_equal(machine_commit_bytes(m), MIB);
    assert_int_equal(machine_free(m, base, 0, MEM_RELEASE), ST_OK);
    assert_int_equal(machine_commit_bytes(m), 0);
    assert_int_equal(machine_sim(m)->counters[COUNTER_commit_peak_bytes], MIB);
    done(m);
}

static void inaccessible_committed_pages_are_charged_as_well(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    take(m, MIB / 2, NEW, PAGE_NOACCESS);
    take(m, MIB / 2, NEW, PAGE_READONLY);
    assert_int_equal(machine_commit_bytes(m), MIB);
    done(m);
}

static void a_full_address_space_refuses_with_error_8(void **state)
{
    (void)state;
    struct machine_config config = machine_config_default();
    config.address_space_bytes = 2 * GIB;
    struct machine *m = make(&config);
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, 2 * GIB - 128 * 1024, MEM_RESERVE, RW, &address), ST_OK);
    assert_int_equal(machine_alloc(m, 0, 1, MEM_RESERVE, RW, &address), ST_NOT_ENOUGH_MEMORY);
    assert_int_equal(status_code(ST_NOT_ENOUGH_MEMORY), 8);
    done(m);
}

static void every_layout_has_its_own_highest_address(void **state)
{
    (void)state;
    const uint64_t layouts[] = {2 * GIB, 3 * GIB, 4 * GIB, 8192 * GIB, 131072 * GIB};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct machine_config config = machine_config_default();
        config.address_space_bytes = layouts[i];
        struct machine *m = make(&config);
        struct memory_status status;
        struct memory_info info;
        machine_memory_status(m, &status);
        assert_int_equal(status.total_virtual, layouts[i] - 128 * 1024);
        assert_int_equal(machine_query(m, layouts[i] - 65537, &info), ST_OK);
        assert_int_equal(machine_query(m, layouts[i] - 65536, &info), ST_INVALID_PARAMETER);
        uint64_t top = take(m, 65536, MEM_RESERVE | MEM_TOP_DOWN, RW);
        uint64_t highest = layouts[i] < 65536 * GIB ? layouts[i] - 2 * 65536 : 65536 * GIB - 65536;
        assert_int_equal(top, highest);
        done(m);
    }
}

static void the_load_is_divided_twice_as_windows_does(void **state)
{
    (void)state;
    struct machine *m = make_small(1000 * PAGE_BYTES, 0);
    uint64_t base = take(m, 999 * PAGE_BYTES, NEW, RW);
    for (uint64_t i = 0; i < 999; i++)
        assert_int_equal(machine_touch(m, base + i * PAGE_BYTES, ACCESS_WRITE), ACCESS_OK);
    struct memory_status status;
    machine_memory_status(m, &status);
    assert_int_equal(status.avail_phys, PAGE_BYTES);
    assert_int_equal(status.load_percent,
                     (status.total_phys - status.avail_phys) / (status.total_phys / 100));
    assert_int_equal(status.load_percent, 99);
    assert_int_equal(status.avail_pagefile, PAGE_BYTES);
    done(m);
}

static void a_touch_without_a_free_frame_is_counted(void **state)
{
    (void)state;
    struct machine *m = make_small(2 * PAGE_BYTES, MIB);
    uint64_t base = take(m, 4 * PAGE_BYTES, NEW, RW);
    for (uint64_t i = 0; i < 4; i++)
        machine_touch(m, base + i * PAGE_BYTES, ACCESS_READ);
    assert_int_equal(machine_sim(m)->counters[COUNTER_faults_without_frame], 2);
    assert_int_equal(machine_sim(m)->counters[COUNTER_faults_demand_zero], 4);
    assert_int_equal(machine_available_frames(m), 0);
    machine_free(m, base, 0, MEM_RELEASE);
    assert_int_equal(machine_available_frames(m), 2);
    done(m);
}

static void locks_are_bounded_by_the_minimum_working_set(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint64_t base = take(m, MIB, NEW, RW);
    assert_int_equal(machine_lock(m, base, 42 * PAGE_BYTES), ST_OK);
    assert_int_equal(machine_lock(m, base, 42 * PAGE_BYTES), ST_OK); /* locks do not nest */
    assert_int_equal(machine_lock(m, base + 42 * PAGE_BYTES, 1), ST_WORKING_SET_QUOTA);
    assert_int_equal(machine_set_working_set(m, 51 * PAGE_BYTES, MIB, 0), ST_OK);
    assert_int_equal(machine_lock(m, base + 42 * PAGE_BYTES, 1), ST_OK);
    assert_int_equal(machine_unlock(m, base, 43 * PAGE_BYTES), ST_OK);
    assert_int_equal(machine_unlock(m, base, 1), ST_NOT_LOCKED);
    done(m);
}

static void senseless_working_sets_are_refused(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    assert_int_equal(machine_set_working_set(m, 0, MIB, 0), ST_INVALID_PARAMETER);
    assert_int_equal(machine_set_working_set(m, MIB, MIB / 2, 0), ST_INVALID_PARAMETER);
    assert_int_equal(machine_set_working_set(m, MIB / 2, MIB, 3), ST_INVALID_PARAMETER);
    assert_int_equal(machine_set_working_set(m, MIB / 2, MIB, 16), ST_INVALID_PARAMETER);
    assert_int_equal(machine_set_working_set(m, 2 * MIB, 4 * MIB, 0), ST_NO_SYSTEM_RESOURCES);
    assert_int_equal(machine_config(m)->working_set_min_pages, 50);
    assert_int_equal(machine_set_working_set(m, UINT64_MAX, UINT64_MAX, 0), ST_OK);
    assert_int_equal(machine_config(m)->working_set_min_pages, 50);
    assert_int_equal(machine_set_working_set(m, PAGE_BYTES, MIB, 1), ST_OK);
    assert_int_equal(machine_config(m)->working_set_min_pages, 20);
    done(m);
}

static void large_pages_need_the_privilege_and_alignment(void **state)
{
    (void)state;
    uint64_t address;
    struct machine *m = make_small(64 * MIB, 0);
    assert_int_equal(machine_alloc(m, 0, 2 * MIB, NEW | MEM_LARGE_PAGES, RW, &address),
                     ST_PRIVILEGE_NOT_HELD);
    done(m);
    struct machine_config config = machine_config_default();
    config.lock_memory_privilege = true;
    m = make(&config);
    assert_int_equal(machine_alloc(m, 0, 2 * MIB, MEM_RESERVE | MEM_LARGE_PAGES, RW, &address),
                     ST_INVALID_PARAMETER);
    assert_int_equal(machine_alloc(m, 0, MIB, NEW | MEM_LARGE_PAGES, RW, &address),
                     ST_INVALID_PARAMETER);
    assert_int_equal(take(m, 2 * MIB, NEW | MEM_LARGE_PAGES, RW) % (2 * MIB), 0);
    done(m);
}

/* ---- refusals change nothing ---- */

/* All that calls can see of the machine, as one number and a few sums. */
struct snapshot {
    uint64_t commit, reserved, regions, resident, pages_hash;
};

static struct snapshot snapshot_of(struct machine *m)
{
    struct snapshot s = {machine_commit_bytes(m), space_reserved_pages(machine_space(m)),
                         space_regions(machine_space(m)), machine_resident_pages(m), 0};
    struct memory_info info;
    for (uint64_t at = 0; machine_query(m, at, &info) == ST_OK; at = info.base + info.size) {
        const uint64_t fields[] = {info.base,  info.size,    info.allocation_base,
                                   info.state, info.protect, info.allocation_protect};
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            s.pages_hash = (s.pages_hash ^ fields[i]) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return s;
}

static void assert_unchanged(struct machine *m, const struct snapshot *before)
{
    struct snapshot now = snapshot_of(m);
    assert_memory_equal(before, &now, sizeof now);
    machine_verify(m);
}

/* One region: 16 pages, the first 4 committed, page 1 a guard, page 2 locked; 1 MiB to commit. */
static uint64_t make_scene(struct machine *m)
{
    uint32_t old;
    uint64_t address, base = take(m, 0x10000, MEM_RESERVE | MEM_WRITE_WATCH, RW);
    machine_alloc(m, base, 0x4000, MEM_COMMIT, RW, &address);
    machine_protect(m, base + 0x1000, 0x1000, RW | PAGE_GUARD, true, &old);
    machine_lock(m, base + 0x2000, 0x1000);
    machine_touch(m, base, ACCESS_WRITE);
    return base;
}

static void refused_allocations_change_nothing(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint64_t base = make_scene(m), got;
    struct snapshot before = snapshot_of(m);
    const struct {
        uint64_t address, size;
        uint32_t type, protect;
        enum status expected;
    } refused[] = {
        {base, 0x1000, MEM_RESERVE, RW, ST_INVALID_ADDRESS},
        {base + 0xf000, 0x2000, MEM_COMMIT, RW, ST_INVALID_ADDRESS},
        {base + 0x10000, 0x1000, MEM_COMMIT, RW, ST_INVALID_ADDRESS},
        {0, 0, NEW, RW, ST_INVALID_PARAMETER},
        {0x1000, 0x1000, NEW, RW, ST_INVALID_PARAMETER},
        {base, 0x1000, 0, RW, ST_INVALID_PARAMETER},
        {base, 0x1000, MEM_COMMIT | MEM_WRITE_WATCH, RW, ST_INVALID_PARAMETER},
        {base, 0x1000, MEM_COMMIT, PAGE_WRITECOPY, ST_INVALID_PARAMETER},
        {base, 0x1000, MEM_RESET, 0, ST_INVALID_PARAMETER},
        {base, 0x1000, MEM_RESET | MEM_COMMIT, RW, ST_INVALID_PARAMETER},
        {0, 2 * MIB, NEW, RW, ST_COMMITMENT_LIMIT},
        {0, UINT64_C(127) << 40, MEM_RESERVE, RW, ST_NOT_ENOUGH_MEMORY},
        {0, UINT64_MAX, MEM_RESERVE, RW, ST_INVALID_PARAMETER},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(machine_alloc(m, refused[i].address, refused[i].size, refused[i].type,
                                       refused[i].protect, &got),
                         refused[i].expected);
        assert_int_equal(got, 0);
        assert_unchanged(m, &before);
    }
    done(m);
}

static void refused_frees_change_nothing(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint64_t base = make_scene(m);
    struct snapshot before = snapshot_of(m);
    const struct {
        uint64_t address, size;
        uint32_t type;
        enum status expected;
    } refused[] = {
        {base, 0x1000, MEM_RELEASE, ST_INVALID_PARAMETER},
        {base + 0x1000, 0, MEM_RELEASE, ST_INVALID_ADDRESS},
        {base + 0x1000, 0, MEM_DECOMMIT, ST_INVALID_ADDRESS},
        {base + 0xf000, 0x2000, MEM_DECOMMIT, ST_INVALID_PARAMETER},
        {base, UINT64_MAX, MEM_DECOMMIT, ST_INVALID_PARAMETER},
        {base, 0, MEM_RELEASE | MEM_DECOMMIT, ST_INVALID_PARAMETER},
        {base, 0, 0, ST_INVALID_PARAMETER},
        {base + 0x10000, 0, MEM_RELEASE, ST_INVALID_ADDRESS},
        {0, 0, MEM_RELEASE, ST_INVALID_ADDRESS},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(machine_free(m, refused[i].address, refused[i].size, refused[i].type),
                         refused[i].expected);
        assert_unchanged(m, &before);
    }
    done(m);
}

static void refused_calls_about_pages_change_nothing(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint64_t base = make_scene(m), pages[4], count = 0;
    uint32_t old;
    struct snapshot before = snapshot_of(m);
    assert_int_equal(machine_protect(m, base, 0, RW, true, &old), ST_INVALID_PARAMETER);
    assert_int_equal(machine_protect(m, base, 1, 0, true, &old), ST_INVALID_PARAMETER);
    assert_int_equal(machine_protect(m, base, 1, RW, false, &old), ST_NOACCESS);
    assert_int_equal(machine_protect(m, base, 0x5000, RW, true, &old), ST_INVALID_ADDRESS);
    assert_int_equal(machine_protect(m, base + 0x10000, 1, PAGE_WRITECOPY, true, &old),
                     ST_INVALID_ADDRESS);
    assert_int_equal(machine_lock(m, base, 0x5000), ST_NOACCESS);
    assert_int_equal(machine_lock(m, base, 0), ST_INVALID_PARAMETER);
    assert_int_equal(machine_unlock(m, base + 0x2000, 0x2000), ST_NOT_LOCKED);
    assert_int_equal(machine_get_write_watch(m, 1, base, 0x4000, pages, &count),
                     ST_INVALID_PARAMETER);
    count = 4;
    assert_int_equal(machine_get_write_watch(m, 3, base, 0x4000, pages, &count),
                     ST_INVALID_PARAMETER);
    assert_int_equal(machine_reset_write_watch(m, base, 0x11000), ST_INVALID_PARAMETER);
    assert_unchanged(m, &before);
    assert_int_equal(machine_get_write_watch(m, 0, base, 0x10000, pages, &count), ST_OK);
    assert_int_equal(count, 1);                                        /* still dirty */
    assert_int_equal(machine_unlock(m, base + 0x2000, 0x1000), ST_OK); /* still locked */
    done(m);
}

static void injected_failures_change_nothing_either(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "VirtualAlloc#1:forever",   "VirtualFree#1:ERROR_INVALID_ADDRESS:forever",
        "VirtualProtect#1:forever", "VirtualLock#1:forever",
        "VirtualUnlock#1:forever",  "ResetWriteWatch#1:forever"};
    struct machine *m = make_small(MIB, 0);
    uint64_t base = make_scene(m), got, pages[4], count = 4;
    uint32_t old;
    char message[256];
    struct snapshot before = snapshot_of(m);
    struct fault_plan *plan = &machine_sim(m)->faults;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_true(
            fault_parse(rules[i], &plan->rules[plan->rules_count++], message, sizeof message));
    assert_int_equal(machine_alloc(m, base, 1, MEM_COMMIT, RW, &got), ST_COMMITMENT_LIMIT);
    assert_int_equal(machine_free(m, base, 0, MEM_DECOMMIT), ST_INVALID_ADDRESS);
    assert_int_equal(machine_protect(m, base, 1, PAGE_READONLY, true, &old), ST_INVALID_ADDRESS);
    assert_int_equal(machine_lock(m, base + 0x1000, 1), ST_WORKING_SET_QUOTA); /* a guard page */
    assert_int_equal(machine_unlock(m, base + 0x2000, 1), ST_NOT_LOCKED);
    assert_int_equal(machine_reset_write_watch(m, base, 0x4000), ST_INVALID_PARAMETER);
    machine_sim(m)->actor = ACTOR_MACHINE;
    assert_unchanged(m, &before);
    assert_int_equal(machine_get_write_watch(m, 0, base, 0x10000, pages, &count), ST_OK);
    assert_int_equal(count, 1);
    assert_int_equal(machine_unlock(m, base + 0x2000, 1), ST_OK);
    done(m);
}

/* ---- in words ---- */

static void assert_explained(struct machine *m, uint64_t address, const char *expected)
{
    char text[256];
    machine_explain(m, WINDOW_BASE + address, text, sizeof text);
    if (!strstr(text, expected))
        fail_msg("'%s' does not say '%s'", text, expected);
}

static void explanations_name_state_and_responsible_call(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    uint32_t old;
    uint64_t got, base = take(m, 0x4000, MEM_RESERVE, RW);
    assert_explained(m, base, "reserved, never committed: page 0 of the 4 pages");
    machine_alloc(m, base, 0x4000, MEM_COMMIT, RW, &got);
    machine_protect(m, base, 0x1000, PAGE_NOACCESS, true, &old);
    assert_explained(m, base + 5, "committed, PAGE_NOACCESS");
    assert_explained(m, base + 5, "protected by VirtualProtect, event 2 at 0.0");
    machine_free(m, base + 0x1000, 0x1000, MEM_DECOMMIT);
    assert_explained(m, base + 0x1000, "reserved, decommitted: page 1");
    assert_explained(m, base + 0x1fff, "decommitted by VirtualFree, event 3");
    assert_explained(m, base + 0x4000, "free: 0 KiB above the end of the region");
    assert_explained(m, base + 0x14000, "free: 64 KiB above the end of the region");
    machine_free(m, base, 0, MEM_RELEASE);
    assert_explained(m, base, "released by VirtualFree, event 4");
    take(m, 0x4000, MEM_RESERVE, RW);
    assert_explained(m, base, "reserved, never committed");
    done(m);
}

static void explanations_know_addresses_outside_the_window(void **state)
{
    (void)state;
    struct machine *m = make_small(MIB, 0);
    char text[256];
    machine_note_native(m, 0x530000000000, 0x3000, PAGE_EXECUTE_READ, MEM_IMAGE);
    machine_explain(m, 0, text, sizeof text);
    assert_string_equal(text, "a null pointer");
    machine_explain(m, 8, text, sizeof text);
    assert_string_equal(text, "a null pointer plus an offset");
    machine_explain(m, 0x530000002fff, text, sizeof text);
    assert_string_equal(text, "in the image of the policy");
    machine_explain(m, 0x530000003000, text, sizeof text);
    assert_string_equal(text, "outside the simulated address space");
    done(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits_are_charged_up_to_ram_plus_page_file),
        cmocka_unit_test(committing_committed_pages_again_charges_nothing),
        cmocka_unit_test(inaccessible_committed_pages_are_charged_as_well),
        cmocka_unit_test(a_full_address_space_refuses_with_error_8),
        cmocka_unit_test(every_layout_has_its_own_highest_address),
        cmocka_unit_test(the_load_is_divided_twice_as_windows_does),
        cmocka_unit_test(a_touch_without_a_free_frame_is_counted),
        cmocka_unit_test(locks_are_bounded_by_the_minimum_working_set),
        cmocka_unit_test(senseless_working_sets_are_refused),
        cmocka_unit_test(large_pages_need_the_privilege_and_alignment),
        cmocka_unit_test(refused_allocations_change_nothing),
        cmocka_unit_test(refused_frees_change_nothing),
        cmocka_unit_test(refused_calls_about_pages_change_nothing),
        cmocka_unit_test(injected_failures_change_nothing_either),
        cmocka_unit_test(explanations_name_state_and_responsible_call),
        cmocka_unit_test(explanations_know_addresses_outside_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
