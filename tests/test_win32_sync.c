/* Locks, events, waits and sleeping as Windows exports them: what each leaves in its structure and
 * on the clock, and that whatever can never end is a deadlock with both sides named. */
#include "tests/crt_support.h"

#include "include/windows.h"
#include "os/sync.h"

static struct crt_run run;

static void begin(void)
{
    crt_run_begin(&run, 1, false);
}

static void end(void)
{
    crt_run_end(&run);
}

static void run_as(uint32_t thread)
{
    run.sim->thread = sim_thread(run.sim, thread);
}

/* ---- critical sections ---- */

static void critical_sections_nest_and_show_their_owner(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    assert_int_equal(section.LockCount, -1);
    EnterCriticalSection(&section);
    assert_true(TryEnterCriticalSection(&section));
    assert_int_equal(section.RecursionCount, 2);
    assert_ptr_equal(section.OwningThread, (void *)(uintptr_t)GetCurrentThreadId());
    LeaveCriticalSection(&section);
    assert_int_equal(section.RecursionCount, 1);
    LeaveCriticalSection(&section);
    assert_null(section.OwningThread);
    assert_int_equal(section.LockCount, -1);
    DeleteCriticalSection(&section);
    end();
}

static void spin_counts_are_kept_in_24_bits(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    assert_true(InitializeCriticalSectionAndSpinCount(&section, 0x80000400));
    assert_int_equal(SetCriticalSectionSpinCount(&section, 7), 0x400);
    assert_int_equal(section.SpinCount, 7);
    assert_true(InitializeCriticalSectionEx(&section, 9, 0));
    assert_int_equal(section.SpinCount, 9);
    end();
}

static void a_section_another_thread_kept_is_a_deadlock(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    run_as(3);
    assert_false(TryEnterCriticalSection(&section));
    assert_stops(&run, STOP_DEADLOCK, EnterCriticalSection(&section));
    assert_stop_says(&run, "thread 3 waits for critical section 1, which thread 0 kept");
    run_as(0);
    LeaveCriticalSection(&section);
    run_as(3);
    assert_true(TryEnterCriticalSection(&section));
    end();
}

static void leaving_a_section_of_another_thread_changes_nothing(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    run_as(1);
    LeaveCriticalSection(&section);
    assert_false(TryEnterCriticalSection(&section));
    run_as(0);
    LeaveCriticalSection(&section);
    LeaveCriticalSection(&section); /* once too often */
    assert_true(TryEnterCriticalSection(&section));
    end();
}

static void a_new_section_at_a_used_place_is_free(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    InitializeCriticalSection(&section);
    run_as(1);
    assert_true(TryEnterCriticalSection(&section));
    DeleteCriticalSection(&section);
    InitializeCriticalSection(&section);
    run_as(0);
    assert_true(TryEnterCriticalSection(&section));
    end();
}

static void an_injected_failure_of_initialisation_is_an_exception(void **state)
{
    (void)state;
    begin();
    CRITICAL_SECTION section;
    crt_run_arm(&run, "InitializeCriticalSection#1:ERROR_NOT_ENOUGH_MEMORY:x2");
    assert_stops(&run, STOP_EXCEPTION, InitializeCriticalSection(&section));
    assert_int_equal(run.stop.code, 0xC0000017u);
    assert_false(InitializeCriticalSectionAndSpinCount(&section, 1));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_true(InitializeCriticalSectionAndSpinCount(&section, 1));
    end();
}

static void a_thousand_locks_stay_apart(void **state)
{
    (void)state;
    begin();
    static CRITICAL_SECTION sections[1000];
    for (int i = 0; i < 1000; i++) {
        InitializeCriticalSection(&sections[i]);
        if (i % 2)
            EnterCriticalSection(&sections[i]);
    }
    run_as(1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(TryEnterCriticalSection(&sections[i]), i % 2 == 0);
    end();
}

/* ---- slim locks ---- */

static void slim_locks_are_zero_exactly_when_free(void **state)
{
    (void)state;
    begin();
    SRWLOCK lock = SRWLOCK_INIT;
    AcquireSRWLockShared(&lock);
    AcquireSRWLockShared(&lock);
    assert_non_null(lock.Ptr);
    assert_false(TryAcquireSRWLockExclusive(&lock));
    ReleaseSRWLockShared(&lock);
    assert_non_null(lock.Ptr);
    ReleaseSRWLockShared(&lock);
    assert_null(lock.Ptr);
    assert_true(TryAcquireSRWLockExclusive(&lock));
    assert_false(TryAcquireSRWLockShared(&lock));
    ReleaseSRWLockExclusive(&lock);
    assert_null(lock.Ptr);
    end();
}

static void slim_locks_are_not_recursive(void **state)
{
    (void)state;
    begin();
    SRWLOCK lock;
    InitializeSRWLock(&lock);
    AcquireSRWLockExclusive(&lock);
    assert_stops(&run, STOP_DEADLOCK, AcquireSRWLockExclusive(&lock));
    assert_stop_says(&run, "self-deadlock: thread 0 waits for SRW lock 1, which it holds itself");
    run_as(2);
    assert_stops(&run, STOP_DEADLOCK, AcquireSRWLockShared(&lock));
    assert_stop_says(&run, "which thread 0 kept");
    run_as(0);
    ReleaseSRWLockExclusive(&lock);
    AcquireSRWLockShared(&lock);
    assert_stops(&run, STOP_DEADLOCK, AcquireSRWLockExclusive(&lock));
    assert_stop_says(&run, "which it holds itself (shared)");
    end();
}

static void releasing_a_free_slim_lock_is_an_exception(void **state)
{
    (void)state;
    begin();
    SRWLOCK lock = SRWLOCK_INIT;
    assert_stops(&run, STOP_EXCEPTION, ReleaseSRWLockExclusive(&lock));
    assert_int_equal(run.stop.code, 0xC0000264u);
    AcquireSRWLockShared(&lock);
    assert_stops(&run, STOP_EXCEPTION, ReleaseSRWLockExclusive(&lock));
    ReleaseSRWLockShared(&lock);
    assert_stops(&run, STOP_EXCEPTION, ReleaseSRWLockShared(&lock));
    end();
}

/* ---- run once ---- */

static int once_calls;
static BOOL once_result;

static BOOL once_function(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    once_calls++;
    *context = parameter;
    return once_result;
}

static void a_function_runs_once_until_it_succeeds(void **state)
{
    (void)state;
    begin();
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    uint64_t object;
    void *context = NULL;
    once_calls = 0;
    once_result = FALSE;
    assert_false(InitOnceExecuteOnce(&once, once_function, &object, &context));
    once_result = TRUE;
    assert_true(InitOnceExecuteOnce(&once, once_function, &object, &context));
    assert_true(InitOnceExecuteOnce(&once, once_function, NULL, &context));
    assert_ptr_equal(context, &object);
    assert_int_equal(once_calls, 2);
    end();
}

/* ---- events ---- */

static void automatic_events_let_one_wait_through(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL);
    assert_int_equal(GetLastError(), 0);
    assert_int_equal((uintptr_t)event % 4, 0);
    assert_int_equal(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    assert_true(SetEvent(event));
    assert_true(SetEvent(event));
    assert_int_equal(WaitForSingleObjectEx(event, 0, FALSE), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    assert_true(CloseHandle(event));
    end();
}

static void manual_events_stay_set_until_reset(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventW(NULL, 7, FALSE, L"name");
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    assert_true(SetEvent(event));
    assert_int_equal(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    assert_true(ResetEvent(event));
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    end();
}

static void waits_take_their_time_and_no_more(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    uint64_t before = run.sim->now_ns;
    assert_int_equal(WaitForSingleObject(event, 250), WAIT_TIMEOUT);
    assert_in_range(run.sim->now_ns - before, 250000000, 250010000);
    SetEvent(event);
    before = run.sim->now_ns;
    assert_int_equal(WaitForSingleObject(event, 250), WAIT_OBJECT_0);
    assert_in_range(run.sim->now_ns - before, 0, 10000);
    end();
}

static void waiting_for_what_nobody_can_set_is_a_deadlock(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    assert_stops(&run, STOP_DEADLOCK, WaitForSingleObject(event, INFINITE));
    assert_stop_says(&run, "thread 0 waits for ever for event 0x100, which nobody can set");
    end();
}

static void closed_and_foreign_handles_are_invalid(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL);
    HANDLE senseless[] = {event, NULL, (HANDLE)0x101, (HANDLE)0x10000, INVALID_HANDLE_VALUE - 7};
    assert_true(CloseHandle(event));
    for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++) {
        assert_false(SetEvent(senseless[i]));
        assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
        assert_false(ResetEvent(senseless[i]));
        SetLastError(0);
        assert_int_equal(WaitForSingleObject(senseless[i], INFINITE), WAIT_FAILED);
        assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
        assert_false(CloseHandle(senseless[i]));
    }
    assert_true(CloseHandle(GetCurrentProcess()));
    assert_true(CloseHandle(GetCurrentThread()));
    end();
}

static void the_lowest_free_handle_comes_next(void **state)
{
    (void)state;
    begin();
    HANDLE handles[300];
    for (int i = 0; i < 300; i++) {
        handles[i] = CreateEventA(NULL, TRUE, i % 3 == 0, NULL);
        assert_ptr_equal(handles[i], (void *)(uintptr_t)(0x100 + 4 * i));
    }
    for (int i = 0; i < 300; i++)
        assert_int_equal(WaitForSingleObject(handles[i], 0), i % 3 ? WAIT_TIMEOUT : WAIT_OBJECT_0);
    CloseHandle(handles[200]);
    CloseHandle(handles[100]);
    assert_ptr_equal(CreateEventA(NULL, TRUE, TRUE, NULL), handles[100]);
    assert_ptr_equal(CreateEventA(NULL, TRUE, TRUE, NULL), handles[200]);
    end();
}

static void injected_failures_of_events_change_nothing(void **state)
{
    (void)state;
    begin();
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    crt_run_arm(&run, "CreateEvent#1:ERROR_NOT_ENOUGH_MEMORY:once");
    crt_run_arm(&run, "SetEvent#1:ERROR_INVALID_HANDLE:once");
    crt_run_arm(&run, "CloseHandle#1:ERROR_INVALID_HANDLE:once");
    assert_null(CreateEventA(NULL, TRUE, TRUE, NULL));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_false(SetEvent(event));
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    assert_false(CloseHandle(event));
    assert_true(CloseHandle(event));
    assert_ptr_equal(CreateEventA(NULL, TRUE, TRUE, NULL), event);
    end();
}

/* ---- sleeping ---- */

static void sleeping_moves_the_clock_by_its_duration(void **state)
{
    (void)state;
    begin();
    uint64_t before = run.sim->now_ns;
    Sleep(0);
    assert_int_equal(run.sim->now_ns, before);
    Sleep(15);
    assert_int_equal(run.sim->now_ns, before + 15000000);
    assert_int_equal(SleepEx(4000000000u, TRUE), 0); /* 46 days: no 32-bit product */
    assert_int_equal(run.sim->now_ns, before + 15000000 + UINT64_C(4000000000) * 1000000);
    assert_false(SwitchToThread());
    assert_stops(&run, STOP_DEADLOCK, Sleep(INFINITE));
    assert_stop_says(&run, "sleeps for ever");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_sections_nest_and_show_their_owner),
        cmocka_unit_test(spin_counts_are_kept_in_24_bits),
        cmocka_unit_test(a_section_another_thread_kept_is_a_deadlock),
        cmocka_unit_test(leaving_a_section_of_another_thread_changes_nothing),
        cmocka_unit_test(a_new_section_at_a_used_place_is_free),
        cmocka_unit_test(an_injected_failure_of_initialisation_is_an_exception),
        cmocka_unit_test(a_thousand_locks_stay_apart),
        cmocka_unit_test(slim_locks_are_zero_exactly_when_free),
        cmocka_unit_test(slim_locks_are_not_recursive),
        cmocka_unit_test(releasing_a_free_slim_lock_is_an_exception),
        cmocka_unit_test(a_function_runs_once_until_it_succeeds),
        cmocka_unit_test(automatic_events_let_one_wait_through),
        cmocka_unit_test(manual_events_stay_set_until_reset),
        cmocka_unit_test(waits_take_their_time_and_no_more),
        cmocka_unit_test(waiting_for_what_nobody_can_set_is_a_deadlock),
        cmocka_unit_test(closed_and_foreign_handles_are_invalid),
        cmocka_unit_test(the_lowest_free_handle_comes_next),
        cmocka_unit_test(injected_failures_of_events_change_nothing),
        cmocka_unit_test(sleeping_moves_the_clock_by_its_duration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
