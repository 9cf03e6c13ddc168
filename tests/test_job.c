/* Job objects and completion ports as policies call them. */
#include "tests/crt_support.h"

#include "include/windows.h"
#include "os/heap.h"
#include "os/space.h"

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)
#define NEW (MEM_RESERVE | MEM_COMMIT)
#define RW PAGE_READWRITE

static struct crt_run run;

static void begin(void)
{
    crt_run_begin(&run, 1, false);
}

static void end(void)
{
    crt_run_end(&run);
}

static HANDLE make_job(void)
{
    HANDLE job = CreateJobObjectA(NULL, NULL);
    assert_non_null(job);
    return job;
}

static BOOL limit(HANDLE job, DWORD flags, uint64_t process, uint64_t all)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {.ProcessMemoryLimit = process,
                                                 .JobMemoryLimit = all};
    info.BasicLimitInformation.LimitFlags = flags;
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, sizeof info);
}

static JOBOBJECT_EXTENDED_LIMIT_INFORMATION about(HANDLE job)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info;
    DWORD bytes = 0;
    assert_true(QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &info,
                                          sizeof info, &bytes));
    assert_int_equal(bytes, sizeof info);
    return info;
}

/* A job with the process in it that is limited to so much. */
static HANDLE enter_job(DWORD flag, uint64_t bytes)
{
    HANDLE job = make_job();
    assert_true(limit(job, flag, bytes, bytes));
    assert_true(AssignProcessToJobObject(job, GetCurrentProcess()));
    return job;
}

static HANDLE listen_to(HANDLE job, uintptr_t key)
{
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT info = {(PVOID)key, port};
    assert_non_null(port);
    assert_true(SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &info,
                                        sizeof info));
    return port;
}

static void expect_message(HANDLE port, DWORD message, uintptr_t key)
{
    DWORD bytes;
    ULONG_PTR got;
    LPOVERLAPPED process;
    assert_true(GetQueuedCompletionStatus(port, &bytes, &got, &process, 0));
    assert_int_equal(bytes, message);
    assert_int_equal(got, key);
    assert_int_equal((uintptr_t)process, GetCurrentProcessId());
}

static void expect_no_message(HANDLE port)
{
    DWORD bytes;
    ULONG_PTR key;
    LPOVERLAPPED process;
    assert_false(GetQueuedCompletionStatus(port, &bytes, &key, &process, 0));
    assert_int_equal(GetLastError(), WAIT_TIMEOUT);
    assert_null(process);
}

/* ---- limits ---- */

static void commits_past_the_limit_fail_with_1455_and_tell_the_port(void **state)
{
    (void)state;
    static const struct {
        DWORD flag, message;
    } kinds[] = {{JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT},
                 {JOB_OBJECT_LIMIT_JOB_MEMORY, JOB_OBJECT_MSG_JOB_MEMORY_LIMIT}};
    for (size_t i = 0; i < 2; i++) {
        begin();
        HANDLE job = enter_job(kinds[i].flag, MIB), port = listen_to(job, 0x77);
        uint8_t *p = VirtualAlloc(NULL, 4 * MIB, MEM_RESERVE, RW); /* costs nothing */
        assert_non_null(VirtualAlloc(p, MIB, MEM_COMMIT, RW));
        SetLastError(0);
        assert_null(VirtualAlloc(p + MIB, 1, MEM_COMMIT, RW));
        assert_int_equal(GetLastError(), 1455);
        expect_message(port, kinds[i].message, 0x77);
        expect_no_message(port);
        assert_true(VirtualFree(p, PAGE_BYTES, MEM_DECOMMIT)); /* what is released can be had */
        assert_non_null(VirtualAlloc(p + MIB, 1, MEM_COMMIT, RW));
        machine_verify(run.machine);
        end();
    }
}

static void the_tightest_of_nested_limits_decides(void **state)
{
    (void)state;
    begin();
    HANDLE outer = enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 2 * MIB);
    HANDLE inner = enter_job(JOB_OBJECT_LIMIT_PROCESS_MEMORY, 3 * MIB);
    HANDLE ports[] = {listen_to(outer, 1), listen_to(inner, 2)};
    assert_null(VirtualAlloc(NULL, 2 * MIB + 1, NEW, RW));
    expect_message(ports[0], JOB_OBJECT_MSG_JOB_MEMORY_LIMIT, 1);
    expect_no_message(ports[1]);
    assert_true(limit(inner, JOB_OBJECT_LIMIT_PROCESS_MEMORY, MIB, 0));
    assert_null(VirtualAlloc(NULL, 2 * MIB, NEW, RW));
    expect_no_message(ports[0]);
    expect_message(ports[1], JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT, 2);
    assert_non_null(VirtualAlloc(NULL, MIB, NEW, RW));
    assert_int_equal(about(outer).PeakJobMemoryUsed, MIB);
    assert_int_equal(about(inner).PeakProcessMemoryUsed, MIB);
    end();
}

static void limits_that_change_under_load_bind_from_then_on(void **state)
{
    (void)state;
    begin();
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 4 * MIB);
    uint8_t *p = VirtualAlloc(NULL, 3 * MIB, NEW, RW);
    assert_non_null(p);
    assert_true(limit(job, JOB_OBJECT_LIMIT_JOB_MEMORY, 0, MIB)); /* less than there is */
    assert_null(VirtualAlloc(NULL, 1, NEW, RW));
    assert_true(VirtualFree(p, 2 * MIB + PAGE_BYTES, MEM_DECOMMIT));
    assert_non_null(VirtualAlloc(p, PAGE_BYTES, MEM_COMMIT, RW));
    assert_null(VirtualAlloc(p + PAGE_BYTES, PAGE_BYTES, MEM_COMMIT, RW));
    assert_true(limit(job, 0, 0, 0));
    assert_non_null(VirtualAlloc(NULL, 64 * MIB, NEW, RW));
    assert_int_equal(about(job).PeakJobMemoryUsed, 65 * MIB);
    end();
}

static void a_commit_that_needs_no_charge_succeeds_above_a_lowered_limit(void **state)
{
    (void)state;
    begin();
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 4 * MIB), port = listen_to(job, 1);
    uint8_t *p = VirtualAlloc(NULL, 3 * MIB, MEM_RESERVE, RW);
    MEMORY_BASIC_INFORMATION info;
    assert_non_null(VirtualAlloc(p, 2 * MIB, MEM_COMMIT, RW));
    assert_true(limit(job, JOB_OBJECT_LIMIT_JOB_MEMORY, 0, MIB));
    /* The same pages again: the protection becomes the new one. */
    assert_ptr_equal(VirtualAlloc(p, MIB, MEM_COMMIT, PAGE_READONLY), p);
    assert_int_equal(VirtualQuery(p, &info, sizeof info), sizeof info);
    assert_int_equal(info.Protect, PAGE_READONLY);
    expect_no_message(port);
    /* One page more is refused, and changes nothing of those before it. */
    assert_null(VirtualAlloc(p, 2 * MIB + 1, MEM_COMMIT, RW));
    assert_int_equal(GetLastError(), 1455);
    expect_message(port, JOB_OBJECT_MSG_JOB_MEMORY_LIMIT, 1);
    assert_int_equal(VirtualQuery(p, &info, sizeof info), sizeof info);
    assert_int_equal(info.Protect, PAGE_READONLY);
    assert_int_equal(machine_commit_bytes(run.machine), 2 * MIB);
    machine_verify(run.machine);
    end();
}

static void views_cost_no_charge_and_no_job_forbids_them(void **state)
{
    (void)state;
    begin();
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 4 * MIB);
    uint64_t view;
    assert_non_null(VirtualAlloc(NULL, 2 * MIB, NEW, RW));
    assert_true(limit(job, JOB_OBJECT_LIMIT_JOB_MEMORY, 0, MIB));
    assert_int_equal(machine_map(run.machine, 0, MIB, RW, REGION_VIEW, &view), ST_OK);
    assert_int_equal(machine_map_commit(run.machine, view, MIB, RW), ST_OK);
    assert_int_equal(machine_commit_bytes(run.machine), 2 * MIB);
    machine_verify(run.machine);
    end();
}

static void memory_from_before_counts_and_refusals_raise_no_peak(void **state)
{
    (void)state;
    begin();
    assert_non_null(VirtualAlloc(NULL, MIB, NEW, RW));
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_PROCESS_MEMORY, 2 * MIB);
    assert_int_equal(about(job).PeakProcessMemoryUsed, MIB);
    assert_null(VirtualAlloc(NULL, MIB + 1, NEW, RW));
    assert_int_equal(about(job).PeakProcessMemoryUsed, MIB);
    assert_int_equal(about(job).ProcessMemoryLimit, 2 * MIB);
    assert_int_equal(about(job).BasicLimitInformation.LimitFlags, JOB_OBJECT_LIMIT_PROCESS_MEMORY);
    assert_int_equal(about(NULL).PeakProcessMemoryUsed, MIB); /* the job one is in */
    end();
}

static void heaps_in_a_job_are_refused_what_the_job_forbids(void **state)
{
    (void)state;
    begin();
    HANDLE heap = HeapCreate(0, 0, 0);
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 2 * MIB), port = listen_to(job, 5);
    assert_non_null(HeapAlloc(heap, 0, MIB));
    assert_null(HeapAlloc(heap, 0, 2 * MIB));
    expect_message(port, JOB_OBJECT_MSG_JOB_MEMORY_LIMIT, 5);
    assert_true(machine_commit_bytes(run.machine) <= 2 * MIB);
    end();
}

static void large_pages_are_subject_to_no_job(void **state)
{
    (void)state;
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.lock_memory_privilege = true;
    struct sim *sim = sim_create(&options);
    struct machine *m = machine_create(sim, &config, false);
    uint64_t address;
    machine_job_limit(m, MIB);
    assert_int_equal(machine_alloc(m, 0, 4 * MIB, NEW | MEM_LARGE_PAGES, RW, &address), ST_OK);
    assert_int_equal(machine_alloc(m, 0, MIB, NEW, RW, &address), ST_OK);
    assert_int_equal(machine_alloc(m, 0, 1, NEW, RW, &address), ST_COMMITMENT_LIMIT);
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static void a_scenario_limits_the_process_from_outside(void **state)
{
    (void)state;
    begin();
    HANDLE own = enter_job(JOB_OBJECT_LIMIT_PROCESS_MEMORY, 8 * MIB);
    machine_job_limit(run.machine, 2 * MIB);
    assert_null(VirtualAlloc(NULL, 3 * MIB, NEW, RW));
    machine_job_limit(run.machine, 4 * MIB);
    assert_non_null(VirtualAlloc(NULL, 3 * MIB, NEW, RW));
    machine_job_limit(run.machine, UINT64_MAX);
    assert_null(VirtualAlloc(NULL, 6 * MIB, NEW, RW));
    BOOL in = FALSE;
    assert_true(IsProcessInJob(GetCurrentProcess(), own, &in) && in);
    end();
}

static void memory_status_shows_the_lesser_of_system_and_job(void **state)
{
    (void)state;
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    begin();
    assert_non_null(VirtualAlloc(NULL, MIB, NEW, RW));
    assert_true(GlobalMemoryStatusEx(&status));
    assert_int_equal(status.ullTotalPageFile, 8192 * MIB);
    assert_int_equal(status.ullAvailPageFile, 8191 * MIB);
    enter_job(JOB_OBJECT_LIMIT_JOB_MEMORY, 10 * MIB);
    assert_true(GlobalMemoryStatusEx(&status));
    assert_int_equal(status.ullTotalPageFile, 10 * MIB);
    assert_int_equal(status.ullAvailPageFile, 9 * MIB);
    end();
}

/* ---- what is refused ---- */

static void a_job_takes_the_process_once(void **state)
{
    (void)state;
    BOOL in = TRUE;
    begin();
    HANDLE job = make_job(), other = make_job();
    assert_true(IsProcessInJob(GetCurrentProcess(), NULL, &in) && !in);
    assert_true(AssignProcessToJobObject(job, GetCurrentProcess()));
    assert_true(IsProcessInJob(GetCurrentProcess(), NULL, &in) && in);
    assert_true(IsProcessInJob(GetCurrentProcess(), job, &in) && in);
    assert_true(IsProcessInJob(GetCurrentProcess(), other, &in) && !in);
    assert_false(AssignProcessToJobObject(job, GetCurrentProcess()));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_false(AssignProcessToJobObject((HANDLE)0x1234, GetCurrentProcess()));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_true(CloseHandle(job)); /* the limits of a job live on with its process */
    assert_true(IsProcessInJob(GetCurrentProcess(), NULL, &in) && in);
    end();
}

static void wrong_information_of_a_job_is_refused(void **state)
{
    (void)state;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {0};
    begin();
    HANDLE job = make_job();
    assert_false(SetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, 8));
    assert_int_equal(GetLastError(), ERROR_BAD_LENGTH);
    assert_false(SetInformationJobObject(job, (JOBOBJECTINFOCLASS)99, &info, sizeof info));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(limit(job, 0x80000000u, 0, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(limit(job, JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 0, 0));
    assert_int_equal(GetLastError(), ERROR_NOT_SUPPORTED);
    assert_int_equal(about(job).BasicLimitInformation.LimitFlags, 0);
    assert_false(QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &info,
                                           sizeof info, NULL)); /* it is in none */
    end();
}

/* ---- ports and ends ---- */

static void packets_come_out_in_the_order_of_posting(void **state)
{
    (void)state;
    DWORD bytes;
    ULONG_PTR key;
    LPOVERLAPPED overlapped;
    begin();
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    for (DWORD i = 0; i < 100; i++)
        assert_true(PostQueuedCompletionStatus(port, i, i * 3, (LPOVERLAPPED)(uintptr_t)(i * 8)));
    for (DWORD i = 0; i < 100; i++) {
        assert_true(GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE));
        assert_int_equal(bytes, i);
        assert_int_equal(key, i * 3);
        assert_int_equal((uintptr_t)overlapped, i * 8);
    }
    uint64_t before_ns = run.sim->now_ns;
    assert_false(GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 50));
    assert_true(run.sim->now_ns - before_ns >= UINT64_C(50000000));
    assert_true(CloseHandle(port));
    assert_false(PostQueuedCompletionStatus(port, 0, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    end();
}

static void waiting_for_ever_at_an_empty_port_is_a_deadlock(void **state)
{
    (void)state;
    begin();
    DWORD bytes;
    ULONG_PTR key;
    LPOVERLAPPED overlapped;
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    assert_stops(&run, STOP_DEADLOCK,
                 GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE));
    end();
}

static void a_job_that_takes_its_process_along_ends_the_run(void **state)
{
    (void)state;
    begin();
    HANDLE job = enter_job(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0);
    assert_stops(&run, STOP_ABORT, CloseHandle(job));
    end();
    begin();
    assert_true(TerminateJobObject(make_job(), 3)); /* nobody is in it */
    job = enter_job(0, 0);
    assert_stops(&run, STOP_ABORT, TerminateJobObject(job, 7));
    assert_int_equal(run.stop.code, 7);
    end();
}

static HANDLE posted_to;

static DWORD WINAPI post_later(LPVOID unused)
{
    (void)unused;
    Sleep(5);
    PostQueuedCompletionStatus(posted_to, 11, 22, NULL);
    return 0;
}

static void a_packet_that_another_thread_posts_ends_the_wait(void **state)
{
    (void)state;
    begin();
    DWORD bytes = 0;
    ULONG_PTR key = 0;
    LPOVERLAPPED overlapped;
    posted_to = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    HANDLE thread = CreateThread(NULL, 0, post_later, NULL, 0, NULL);
    assert_false(GetQueuedCompletionStatus(posted_to, &bytes, &key, &overlapped, 1));
    assert_int_equal(GetLastError(), WAIT_TIMEOUT);
    assert_true(GetQueuedCompletionStatus(posted_to, &bytes, &key, &overlapped, INFINITE));
    assert_int_equal(bytes, 11);
    assert_int_equal(key, 22);
    assert_int_equal(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits_past_the_limit_fail_with_1455_and_tell_the_port),
        cmocka_unit_test(the_tightest_of_nested_limits_decides),
        cmocka_unit_test(limits_that_change_under_load_bind_from_then_on),
        cmocka_unit_test(a_commit_that_needs_no_charge_succeeds_above_a_lowered_limit),
        cmocka_unit_test(views_cost_no_charge_and_no_job_forbids_them),
        cmocka_unit_test(memory_from_before_counts_and_refusals_raise_no_peak),
        cmocka_unit_test(heaps_in_a_job_are_refused_what_the_job_forbids),
        cmocka_unit_test(large_pages_are_subject_to_no_job),
        cmocka_unit_test(a_scenario_limits_the_process_from_outside),
        cmocka_unit_test(memory_status_shows_the_lesser_of_system_and_job),
        cmocka_unit_test(a_job_takes_the_process_once),
        cmocka_unit_test(wrong_information_of_a_job_is_refused),
        cmocka_unit_test(packets_come_out_in_the_order_of_posting),
        cmocka_unit_test(waiting_for_ever_at_an_empty_port_is_a_deadlock),
        cmocka_unit_test(a_job_that_takes_its_process_along_ends_the_run),
        cmocka_unit_test(a_packet_that_another_thread_posts_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
