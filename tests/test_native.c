/* Native accesses to simulated memory: real loads, stores and jumps in the window, and the Win32
 * surface that hands out its addresses. What ends a run happens in a child process. */
#include "tests/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/fiber.h"
#include "core/sim.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/machine.h"

#define NEW (MEM_RESERVE | MEM_COMMIT)
#define REGIONS 200000u

static struct machine *begin(void)
{
    const struct sim_options options = {.arena_bytes = UINT64_C(2) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    const struct machine_config config = machine_config_default();
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    return machine_create(sim, &config, true);
}

static void end(struct machine *m)
{
    struct sim *sim = machine_sim(m);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static volatile uint8_t *memory(SIZE_T size, DWORD type, DWORD protect)
{
    uint8_t *p = VirtualAlloc(NULL, size, type, protect);
    assert_non_null(p);
    return p;
}

/* ---- runs that end ---- */

static struct stop *stopped; /* shared with the child */

static void note_stop(struct sim *sim, const struct stop *stop)
{
    (void)sim;
    *stopped = *stop;
    _exit(0);
}

static volatile uint8_t sink;

/* Does the access in a child; *stopped says how its run ended, STOP_NONE when it did not. */
static void access_in_child(struct machine *m, volatile uint8_t *p, enum access_kind kind)
{
    memset(stopped, 0, sizeof *stopped);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        machine_sim(m)->on_stop = note_stop;
        if (kind == ACCESS_READ)
            sink = *p;
        else if (kind == ACCESS_WRITE)
            *p = 1;
        else
            ((void (*)(void))(uintptr_t)p)();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void assert_exception(volatile uint8_t *p, uint32_t code, enum access_kind kind,
                             const char *words)
{
    assert_int_equal(stopped->kind, STOP_EXCEPTION);
    assert_int_equal(stopped->code, code);
    assert_int_equal(stopped->access, kind);
    assert_ptr_equal(stopped->address, p);
    if (!strstr(stopped->text, words))
        fail_msg("'%s' does not say '%s'", stopped->text, words);
}

static void a_use_after_decommit_names_the_call(void **state)
{
    (void)state;
    struct machine *m = begin();
    volatile uint8_t *p = memory(0x3000, NEW, PAGE_READWRITE);
    p[0x1004] = 1;
    assert_true(VirtualFree((void *)(p + 0x1000), 0x1000, MEM_DECOMMIT));
    access_in_child(m, p + 0x1004, ACCESS_WRITE);
    assert_exception(p + 0x1004, 0xC0000005, ACCESS_WRITE, "decommitted by VirtualFree, event 2");
    access_in_child(m, p + 0x2000, ACCESS_WRITE);
    assert_int_equal(stopped->kind, STOP_NONE);
    end(m);
}

static void a_use_after_release_names_the_call(void **state)
{
    (void)state;
    struct machine *m = begin();
    volatile uint8_t *p = memory(0x3000, NEW, PAGE_READWRITE);
    p[0] = 1;
    assert_true(VirtualFree((void *)p, 0, MEM_RELEASE));
    access_in_child(m, p, ACCESS_READ);
    assert_exception(p, 0xC0000005, ACCESS_READ, "released by VirtualFree, event 2");
    end(m);
}

static void a_guard_page_raises_once_and_opens(void **state)
{
    (void)state;
    struct machine *m = begin();
    volatile uint8_t *p = memory(0x1000, NEW, PAGE_READWRITE | PAGE_GUARD);
    access_in_child(m, p + 8, ACCESS_WRITE);
    assert_exception(p + 8, 0x80000001, ACCESS_WRITE, "guard page violation");
    assert_int_equal(machine_touch(m, (uint64_t)p - WINDOW_BASE, ACCESS_READ), ACCESS_GUARD);
    p[8] = 5; /* the guard is gone */
    assert_int_equal(p[8], 5);
    end(m);
}

static void protections_hold_for_native_code(void **state)
{
    (void)state;
    struct machine *m = begin();
    DWORD old;
    volatile uint8_t *p = memory(0x1000, NEW, PAGE_READWRITE);
    p[0] = 0xc3; /* a return */
    access_in_child(m, p, ACCESS_EXECUTE);
    assert_exception(p, 0xC0000005, ACCESS_EXECUTE, "PAGE_READWRITE");
    assert_true(VirtualProtect((void *)p, 1, PAGE_READONLY, &old));
    access_in_child(m, p, ACCESS_WRITE);
    assert_exception(p, 0xC0000005, ACCESS_WRITE, "protected by VirtualProtect");
    assert_int_equal(p[0], 0xc3);
    assert_true(VirtualProtect((void *)p, 1, PAGE_EXECUTE, &old));
    access_in_child(m, p, ACCESS_EXECUTE);
    assert_int_equal(stopped->kind, STOP_NONE);
    assert_true(VirtualProtect((void *)p, 1, PAGE_NOACCESS, &old));
    access_in_child(m, p, ACCESS_READ);
    assert_exception(p, 0xC0000005, ACCESS_READ, "PAGE_NOACCESS");
    end(m);
}

static void faults_outside_the_window_are_signals(void **state)
{
    (void)state;
    struct machine *m = begin();
    access_in_child(m, (volatile uint8_t *)16, ACCESS_WRITE);
    assert_int_equal(stopped->kind, STOP_SIGNAL);
    assert_int_equal(stopped->code, SIGSEGV);
    assert_int_equal(stopped->address, 16);
    assert_non_null(strstr(stopped->text, "null pointer"));
    end(m);
}

static int recurse(volatile uint8_t *above)
{
    volatile uint8_t frame[1024];
    frame[0] = above[0];
    return frame[0] ? 0 : recurse(frame) + frame[0]; /* it is always 0, but no compiler knows */
}

static void recurse_for_ever(void *context)
{
    (void)context;
    volatile uint8_t first[1] = {0};
    sink = (uint8_t)recurse(first);
}

static void a_used_up_stack_is_a_stack_overflow(void **state)
{
    (void)state;
    struct machine *m = begin();
    memset(stopped, 0, sizeof *stopped);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        machine_sim(m)->on_stop = note_stop;
        fiber_switch(fiber_create(0, 64 * 4096, recurse_for_ever, NULL));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(stopped->kind, STOP_EXCEPTION);
    assert_int_equal(stopped->code, 0xC00000FDu);
    assert_int_equal(stopped->access, ACCESS_WRITE);
    assert_non_null(strstr(stopped->text, "the stack of 256 KiB is used up"));
    end(m);
}

/* ---- contents ---- */

static void recommitted_pages_read_as_zero(void **state)
{
    (void)state;
    struct machine *m = begin();
    volatile uint8_t *p = memory(0x10000, NEW, PAGE_READWRITE);
    for (unsigned i = 0; i < 16; i++)
        p[i * 0x1000 + 7] = 0xee;
    assert_true(VirtualFree((void *)(p + 0x4000), 0x8000, MEM_DECOMMIT));
    assert_ptr_equal(VirtualAlloc((void *)(p + 0x4000), 0x8000, MEM_COMMIT, PAGE_READWRITE),
                     p + 0x4000);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(p[i * 0x1000 + 7], i >= 4 && i < 12 ? 0 : 0xee);
    assert_true(VirtualFree((void *)p, 0, MEM_RELEASE));
    assert_ptr_equal(memory(0x10000, NEW, PAGE_READWRITE), p);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(p[i * 0x1000 + 7], 0);
    end(m);
}

static void contents_survive_a_change_of_protection(void **state)
{
    (void)state;
    struct machine *m = begin();
    DWORD old;
    volatile uint8_t *p = memory(0x3000, NEW, PAGE_READWRITE);
    p[0x1000] = 9;
    assert_true(VirtualProtect((void *)p, 0x3000, PAGE_NOACCESS, &old));
    assert_int_equal(old, PAGE_READWRITE);
    assert_true(VirtualProtect((void *)p, 0x3000, PAGE_READONLY, &old));
    assert_int_equal(p[0x1000], 9);
    end(m);
}

/* ---- the cache of permissions ---- */

static void writing_in_200000_regions_never_overflows(void **state)
{
    (void)state;
    struct machine *m = begin();
    static volatile uint8_t *p[REGIONS];
    for (unsigned i = 0; i < REGIONS; i++) {
        p[i] = memory(0x1000, NEW, PAGE_READWRITE);
        *p[i] = (uint8_t)(i % 251);
        if (i % 1000 == 0)
            assert_in_range(machine_native_pieces(m), 1, 30000);
    }
    uint64_t events = trace_count(&machine_sim(m)->trace);
    uint64_t now_ns = machine_sim(m)->now_ns;
    for (unsigned i = 0; i < REGIONS; i++)
        if (*p[i] != i % 251)
            fail_msg("region %u lost its contents", i);
    /* Opening pages again is no event and takes no virtual time. */
    assert_int_equal(trace_count(&machine_sim(m)->trace), events);
    assert_int_equal(machine_sim(m)->now_ns, now_ns);
    assert_int_equal(machine_sim(m)->counters[COUNTER_faults_demand_zero], REGIONS);
    end(m);
}

static void touched_and_freed_blocks_leave_no_pieces(void **state)
{
    (void)state;
    struct machine *m = begin();
    DWORD old;
    for (unsigned i = 0; i < 100; i++) {
        volatile uint8_t *p = memory(0x5000, NEW, PAGE_READWRITE);
        for (unsigned page = 0; page < 5; page++)
            p[page * 0x1000] = 1;
        assert_int_equal(machine_native_pieces(m), 1);
        assert_true(VirtualProtect((void *)(p + 0x2000), 1, PAGE_READONLY, &old));
        assert_int_equal(machine_native_pieces(m), 2);
        assert_int_equal(p[0x2000], 1);
        assert_int_equal(machine_native_pieces(m), 3);
        assert_true(VirtualFree((void *)(p + 0x1000), 0x2000, MEM_DECOMMIT));
        assert_int_equal(machine_native_pieces(m), 2);
        assert_true(VirtualFree((void *)p, 0, MEM_RELEASE));
        assert_int_equal(machine_native_pieces(m), 0);
    }
    end(m);
}

static void write_order(const unsigned *order, unsigned count, uint8_t digest[16])
{
    struct machine *m = begin();
    volatile uint8_t *p = memory(0x10000, NEW, PAGE_READWRITE);
    for (unsigned i = 0; i < count; i++)
        p[order[i] * 0x1000] = 1;
    assert_true(VirtualFree((void *)p, 0, MEM_RELEASE));
    trace_digest(&machine_sim(m)->trace, digest);
    end(m);
}

/* Every second page is open to native code. */
static void look_and_put_everywhere(struct machine *m, volatile uint8_t *p, uint8_t first)
{
    uint64_t address = (uintptr_t)p - WINDOW_BASE;
    for (uint64_t page = 0; page < 60; page++) {
        uint8_t value = (uint8_t)(first + page), seen[2] = {1, 1};
        uint64_t at = address + page * PAGE_BYTES + 7 * page;
        if (page % 2)
            sink = p[page * PAGE_BYTES];
        uint64_t pieces = machine_native_pieces(m);
        assert_true(machine_poke(m, at, &value, 1));
        assert_true(machine_peek(m, at, seen, 2));
        assert_int_equal(machine_native_pieces(m), pieces);
        assert_int_equal(seen[0], value);
        assert_int_equal(seen[1], 0);
    }
    for (uint64_t page = 0; page < 60; page++)
        assert_int_equal(p[page * PAGE_BYTES + 7 * page], first + page);
}

static void machine_writes_reach_pages_open_or_closed(void **state)
{
    (void)state;
    struct machine *m = begin();
    volatile uint8_t *p = memory(60 * PAGE_BYTES, NEW, PAGE_READWRITE);
    for (uint64_t page = 0; page < 60; page++)
        machine_touch(m, (uintptr_t)p - WINDOW_BASE + page * PAGE_BYTES, ACCESS_WRITE);
    look_and_put_everywhere(m, p, 1);
    pid_t pid = fork();
    if (pid == 0) { /* does not reach into its parent */
        look_and_put_everywhere(m, p, 101);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (uint64_t page = 0; page < 60; page++)
        assert_int_equal(p[page * PAGE_BYTES + 7 * page], 1 + page);
    end(m);
}

static void machine_writes_need_no_file_of_the_kernel(void **state)
{
    (void)state;
    struct machine *m = begin();
    struct rlimit before, none = {0, 0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    volatile uint8_t *p = memory(60 * PAGE_BYTES, NEW, PAGE_READWRITE);
    for (uint64_t page = 0; page < 60; page++)
        machine_touch(m, (uintptr_t)p - WINDOW_BASE + page * PAGE_BYTES, ACCESS_WRITE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0); /* as a sandbox that refuses it */
    look_and_put_everywhere(m, p, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    end(m);
}

static void the_order_of_native_touches_is_not_recorded(void **state)
{
    (void)state;
    uint8_t up[16], down[16], fewer[16];
    write_order((const unsigned[]){0, 3, 7, 9}, 4, up);
    write_order((const unsigned[]){9, 7, 0, 3}, 4, down);
    write_order((const unsigned[]){9, 7, 0}, 3, fewer);
    assert_memory_equal(up, down, 16);
    assert_memory_not_equal(up, fewer, 16);
}

/* ---- write watch ---- */

static void native_writes_are_watched_and_reads_are_not(void **state)
{
    (void)state;
    struct machine *m = begin();
    uint8_t *p = (uint8_t *)memory(0x8000, NEW | MEM_WRITE_WATCH, PAGE_READWRITE);
    void *dirty[8];
    for (unsigned round = 0; round < 3; round++) {
        ULONG_PTR count = 8;
        DWORD granularity = 0;
        for (unsigned i = 0; i < 8; i++)
            sink = ((volatile uint8_t *)p)[i * 0x1000];
        ((volatile uint8_t *)p)[0x3000] = 1;
        ((volatile uint8_t *)p)[0x1fff] = 1;
        assert_int_equal(
            GetWriteWatch(WRITE_WATCH_FLAG_RESET, p, 0x8000, dirty, &count, &granularity), 0);
        assert_int_equal(count, 2);
        assert_int_equal(granularity, 4096);
        assert_ptr_equal(dirty[0], p + 0x1000);
        assert_ptr_equal(dirty[1], p + 0x3000);
    }
    end(m);
}

static void the_list_of_dirty_pages_may_be_watched_itself(void **state)
{
    (void)state;
    struct machine *m = begin();
    void **p = (void **)memory(0x4000, NEW | MEM_WRITE_WATCH, PAGE_READWRITE);
    ULONG_PTR count = 512;
    DWORD granularity;
    p[512] = NULL; /* page 1 */
    assert_int_equal(GetWriteWatch(WRITE_WATCH_FLAG_RESET, p, 0x4000, p, &count, &granularity), 0);
    assert_int_equal(count, 1);
    assert_ptr_equal(p[0], p + 512);
    count = 512;
    assert_int_equal(GetWriteWatch(0, p, 0x4000, p + 1024, &count, &granularity), 0);
    assert_int_equal(count, 1); /* page 0, which the call before wrote */
    assert_ptr_equal(p[1024], p);
    end(m);
}

/* ---- the Win32 surface ---- */

static void the_host_process_is_one_free_region(void **state)
{
    (void)state;
    struct machine *m = begin();
    MEMORY_BASIC_INFORMATION info;
    assert_int_equal(VirtualQuery(NULL, &info, sizeof info), sizeof info);
    assert_int_equal(info.State, MEM_FREE);
    assert_null(info.BaseAddress);
    assert_int_equal(info.RegionSize, WINDOW_BASE);
    assert_null(VirtualAlloc((void *)0x400000, 0x1000, NEW, PAGE_READWRITE));
    assert_int_equal(machine_sim(m)->thread->last_error, ERROR_INVALID_ADDRESS);
    assert_null(VirtualAlloc((void *)0x1000, 0x1000, NEW, PAGE_READWRITE));
    assert_int_equal(machine_sim(m)->thread->last_error, ERROR_INVALID_PARAMETER);
    assert_false(VirtualFree((void *)&info, 0, MEM_RELEASE));
    assert_int_equal(VirtualQuery(NULL, &info, sizeof info - 1), 0);
    assert_int_equal(machine_sim(m)->thread->last_error, 24);
    end(m);
}

static void images_and_stacks_can_be_queried_but_not_had(void **state)
{
    (void)state;
    struct machine *m = begin();
    MEMORY_BASIC_INFORMATION info;
    DWORD old;
    uint8_t *image = (uint8_t *)0x530000000000;
    machine_note_native(m, (uint64_t)image, 0x4000, PAGE_EXECUTE_READ, MEM_IMAGE);
    assert_int_equal(VirtualQuery(image + 0x1234, &info, sizeof info), sizeof info);
    assert_ptr_equal(info.BaseAddress, image + 0x1000);
    assert_ptr_equal(info.AllocationBase, image);
    assert_int_equal(info.RegionSize, 0x3000);
    assert_int_equal(info.State, MEM_COMMIT);
    assert_int_equal(info.Type, MEM_IMAGE);
    assert_null(VirtualAlloc(image, 0x1000, NEW, PAGE_READWRITE));
    assert_int_equal(machine_sim(m)->thread->last_error, ERROR_INVALID_ADDRESS);
    assert_true(VirtualProtect(image, 1, PAGE_READWRITE, &old));
    assert_int_equal(old, PAGE_EXECUTE_READ);
    end(m);
}

static void addresses_of_the_window_come_back_native(void **state)
{
    (void)state;
    struct machine *m = begin();
    MEMORY_BASIC_INFORMATION info;
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    uint8_t *p = (uint8_t *)memory(0x3000, MEM_RESERVE, PAGE_READWRITE);
    assert_ptr_equal(p, system.lpMinimumApplicationAddress);
    assert_int_equal((uintptr_t)p, WINDOW_BASE + GRANULARITY_BYTES);
    assert_ptr_equal(VirtualAlloc(p + 0x1001, 1, MEM_COMMIT, PAGE_READWRITE), p + 0x1000);
    assert_int_equal(VirtualQuery(p + 0x1001, &info, sizeof info), sizeof info);
    assert_ptr_equal(info.AllocationBase, p);
    assert_int_equal(info.RegionSize, 0x1000);
    assert_int_equal(VirtualQuery(p + 0x3000, &info, sizeof info), sizeof info);
    assert_null(info.AllocationBase); /* free: the tail of the granule */
    end(m);
}

static void figures_of_memory_follow_commits_and_touches(void **state)
{
    (void)state;
    struct machine *m = begin();
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    PROCESS_MEMORY_COUNTERS_EX counters = {0};
    PERFORMANCE_INFORMATION performance;
    volatile uint8_t *p = memory(0x10000, NEW, PAGE_READWRITE);
    p[0] = p[0x1000] = 1;
    assert_true(GlobalMemoryStatusEx(&status));
    assert_int_equal(status.ullTotalPhys - status.ullAvailPhys, 0x2000);
    assert_int_equal(status.ullTotalPageFile - status.ullAvailPageFile, 0x10000);
    assert_int_equal(status.ullTotalVirtual, 0x7FFFFFFE0000);
    status.dwLength--;
    assert_false(GlobalMemoryStatusEx(&status));
    assert_int_equal(machine_sim(m)->thread->last_error, ERROR_INVALID_PARAMETER);
    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters,
                                     sizeof counters));
    assert_int_equal(counters.PrivateUsage, 0x10000);
    assert_int_equal(counters.WorkingSetSize, 0x2000);
    assert_true(GetPerformanceInfo(&performance, sizeof performance));
    assert_int_equal(performance.CommitTotal, 16);
    assert_int_equal(performance.CommitLimit, UINT64_C(8) << 18);
    end(m);
}

static void working_set_limits_can_be_set_and_asked(void **state)
{
    (void)state;
    struct machine *m = begin();
    SIZE_T minimum, maximum;
    DWORD flags;
    HANDLE self = GetCurrentProcess();
    assert_true(SetProcessWorkingSetSizeEx(self, 1 << 20, 4 << 20, QUOTA_LIMITS_HARDWS_MAX_ENABLE));
    assert_true(GetProcessWorkingSetSizeEx(self, &minimum, &maximum, &flags));
    assert_int_equal(minimum, 1 << 20);
    assert_int_equal(maximum, 4 << 20);
    assert_int_equal(flags, QUOTA_LIMITS_HARDWS_MIN_DISABLE | QUOTA_LIMITS_HARDWS_MAX_ENABLE);
    assert_false(SetProcessWorkingSetSize(self, 2 << 20, 1 << 20));
    assert_true(SetProcessWorkingSetSize(self, (SIZE_T)-1, (SIZE_T)-1));
    assert_true(GetProcessWorkingSetSize(self, &minimum, &maximum));
    assert_int_equal(maximum, 4 << 20);
    end(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_use_after_decommit_names_the_call),
        cmocka_unit_test(a_use_after_release_names_the_call),
        cmocka_unit_test(a_guard_page_raises_once_and_opens),
        cmocka_unit_test(protections_hold_for_native_code),
        cmocka_unit_test(faults_outside_the_window_are_signals),
        cmocka_unit_test(a_used_up_stack_is_a_stack_overflow),
        cmocka_unit_test(recommitted_pages_read_as_zero),
        cmocka_unit_test(contents_survive_a_change_of_protection),
        cmocka_unit_test(writing_in_200000_regions_never_overflows),
        cmocka_unit_test(touched_and_freed_blocks_leave_no_pieces),
        cmocka_unit_test(machine_writes_reach_pages_open_or_closed),
        cmocka_unit_test(machine_writes_need_no_file_of_the_kernel),
        cmocka_unit_test(the_order_of_native_touches_is_not_recorded),
        cmocka_unit_test(native_writes_are_watched_and_reads_are_not),
        cmocka_unit_test(the_list_of_dirty_pages_may_be_watched_itself),
        cmocka_unit_test(the_host_process_is_one_free_region),
        cmocka_unit_test(images_and_stacks_can_be_queried_but_not_had),
        cmocka_unit_test(addresses_of_the_window_come_back_native),
        cmocka_unit_test(figures_of_memory_follow_commits_and_touches),
        cmocka_unit_test(working_set_limits_can_be_set_and_asked),
    };
    stopped =
        mmap(NULL, sizeof *stopped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return stopped == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
