/* What is found when threads and locks are used wrongly. */
#include "tests/thread_support.h"

/* ---- what is found ---- */

static DWORD WINAPI take_other_first(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&shared.other);
    Sleep(1);
    EnterCriticalSection(&shared.section);
    return 0;
}

static int take_section_first(void)
{
    EnterCriticalSection(&shared.section);
    Sleep(1);
    EnterCriticalSection(&shared.other);
    return 0;
}

static void a_cycle_of_owners_is_told_with_all_of_them(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    start(take_other_first, NULL);
    assert_stops(&run, STOP_DEADLOCK, take_section_first());
    assert_stop_says(&run, "deadlock: thread 1 waits for critical section 1, which thread 0 has");
    assert_stop_says(&run,
                     "; thread 0 waits for critical section 2, which thread 1 has since event");
    crt_run_end(&run);
}

static DWORD WINAPI poll_for_ever(LPVOID unused)
{
    (void)unused;
    for (unsigned i = 0; i < UINT32_MAX; i++)
        Sleep(100);
    return 0;
}

static DWORD WINAPI enter_section(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&shared.section);
    LeaveCriticalSection(&shared.section);
    return 0;
}

static int join_with_the_lock(HANDLE thread)
{
    EnterCriticalSection(&shared.section);
    JOIN(thread);
    return 0;
}

static void joining_a_thread_that_wants_ones_lock_is_a_deadlock(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    start(poll_for_ever, NULL); /* somebody could always run */
    assert_stops(&run, STOP_DEADLOCK, join_with_the_lock(start(enter_section, NULL)));
    assert_stop_says(&run, "thread 2 waits for critical section 1, which thread 0 has since event");
    assert_stop_says(&run, "; thread 0 waits for the end of thread 2");
    crt_run_end(&run);
}

static int notify_too_early(void)
{
    WakeConditionVariable(&shared.condition);
    EnterCriticalSection(&shared.section);
    SleepConditionVariableCS(&shared.condition, &shared.section, INFINITE);
    return 0;
}

static int set_twice(void)
{
    SetEvent(shared.event);
    SetEvent(shared.event);
    WaitForSingleObject(shared.event, INFINITE);
    WaitForSingleObject(shared.event, INFINITE);
    return 0;
}

static int reset_too_late(void)
{
    for (int i = 0; i < 2; i++) {
        SetEvent(shared.event);
        ResetEvent(shared.event);
    }
    WaitForSingleObject(shared.event, INFINITE);
    return 0;
}

static void wake_ups_that_came_too_early_are_lost(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_DEADLOCK, notify_too_early());
    assert_stop_says(&run, "lost-wakeup: thread 0 waits for ever for condition variable 3; thread "
                           "0 had woken it at ");
    crt_run_end(&run);
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_DEADLOCK, set_twice());
    assert_stop_says(&run, "lost-wakeup: thread 0 waits for ever for event 0x100; event 0x100 "
                           "had been set while it was set already, 1 time");
    crt_run_end(&run);
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_DEADLOCK, reset_too_late());
    assert_stop_says(&run, "lost-wakeup: thread 0 waits for ever for event 0x100; event 0x100 "
                           "had been set and reset again before anybody went on by it, 2 times");
    crt_run_end(&run);
}

static int reset_after_each_wait(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < 3; i++) {
        SetEvent(event);
        WaitForSingleObject(event, INFINITE);
        ResetEvent(event);
        ResetEvent(event);
    }
    WaitForSingleObject(event, INFINITE);
    return 0;
}

static void a_wake_up_that_somebody_had_is_not_lost(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_DEADLOCK, reset_after_each_wait());
    assert_stop_says(&run, "deadlock: thread 0 waits for ever for event 0x108");
    crt_run_end(&run);
}

/* A worker that has nothing to do was woken twice for one piece of work: that is no evidence while
 * another wake-up of the workload's was lost. */
static void the_lost_wake_up_of_the_workload_comes_first(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE wanted = CreateEventA(NULL, FALSE, FALSE, NULL);
    SetEvent(wanted);
    SetEvent(wanted);
    WaitForSingleObject(wanted, INFINITE);
    start(wait_for_ever, wanted);
    assert_stops(&run, STOP_DEADLOCK, set_twice());
    assert_stop_says(&run, "lost-wakeup: thread 0 waits for ever for event 0x100;");
    crt_run_end(&run);
}

static void hangs_are_told_with_all_who_wait(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    start(wait_for_ever, shared.event);
    assert_stops(&run, STOP_DEADLOCK, WaitForSingleObject(event, INFINITE));
    assert_stop_says(&run, "deadlock: thread 0 waits for ever for event 0x108; thread 1 waits for "
                           "ever for event 0x100");
    crt_run_end(&run);
}

static DWORD WINAPI leave_with_locks(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&shared.section);
    AcquireSRWLockShared(&shared.srw);
    return 0;
}

static void locks_of_ended_threads_are_found(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    JOIN(start(leave_with_locks, NULL));
    assert_found("lock-at-exit: thread 1 ended and still has SRW lock 3, taken at event");
    assert_found("lock-at-exit: thread 1 ended and still has critical section 1, taken at event");
    assert_false(TryEnterCriticalSection(&shared.section));
    assert_true(TryAcquireSRWLockShared(&shared.srw));
    assert_stops(&run, STOP_DEADLOCK, EnterCriticalSection(&shared.section));
    crt_run_end(&run);
}

static void locks_that_are_none_are_found_and_served(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    static CRITICAL_SECTION never, by_hand = {(PVOID)-1, -1, 0, NULL, NULL, 0};
    memset(&never, 0, sizeof never);
    EnterCriticalSection(&by_hand);
    LeaveCriticalSection(&by_hand);
    assert_string_equal(findings, "");
    EnterCriticalSection(&never);
    LeaveCriticalSection(&never);
    assert_found("lock-invalid: critical section 4 is used and was never initialised");
    DeleteCriticalSection(&shared.section);
    EnterCriticalSection(&shared.section);
    assert_found("is used after it was deleted");
    DeleteCriticalSection(&shared.section);
    assert_found("is deleted while it is in use");
    LeaveCriticalSection(&shared.other);
    assert_found("critical section 2 is left by a thread that does not have it");
    CloseHandle(shared.event);
    SetEvent(shared.event);
    assert_found("lock-invalid: handle 0x100 is used after it was closed");
    end();
}

static void a_handle_closed_under_a_waiter_is_found(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE thread = start(wait_for_ever, shared.event);
    Sleep(1);
    CloseHandle(shared.event);
    assert_found("handle 0x100 is closed while thread 1 waits for it");
    assert_true(TerminateThread(thread, 0));
    JOIN(thread);
    end();
}

static DWORD WINAPI try_for_ever(LPVOID section)
{
    while (!TryEnterCriticalSection(section))
        SwitchToThread();
    return 0;
}

static DWORD WINAPI keep_other(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&shared.other);
    return try_for_ever(&shared.section);
}

static int try_both(void)
{
    EnterCriticalSection(&shared.section);
    start(keep_other, NULL);
    Sleep(1);
    return (int)try_for_ever(&shared.other);
}

static void threads_that_only_try_are_a_livelock(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_BUDGET, try_both());
    assert_stop_says(&run, "livelock");
    crt_run_end(&run);
}

static int pause_for_ever(void)
{
    while (shared.value == 0)
        YieldProcessor();
    return 0;
}

static void a_thread_that_spins_alone_is_a_livelock(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    assert_stops(&run, STOP_BUDGET, pause_for_ever());
    assert_stop_says(&run, "livelock: the only thread there is only yields");
    crt_run_end(&run);
    begin_shared(SCHED_IN_ORDER, 0);
    for (int i = 0; i < 6000000; i++) { /* who does something now and then may spin as it likes */
        if (i % 1000000 == 0)
            SetEvent(shared.event);
        YieldProcessor();
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cycle_of_owners_is_told_with_all_of_them),
        cmocka_unit_test(joining_a_thread_that_wants_ones_lock_is_a_deadlock),
        cmocka_unit_test(wake_ups_that_came_too_early_are_lost),
        cmocka_unit_test(a_wake_up_that_somebody_had_is_not_lost),
        cmocka_unit_test(the_lost_wake_up_of_the_workload_comes_first),
        cmocka_unit_test(hangs_are_told_with_all_who_wait),
        cmocka_unit_test(locks_of_ended_threads_are_found),
        cmocka_unit_test(locks_that_are_none_are_found_and_served),
        cmocka_unit_test(a_handle_closed_under_a_waiter_is_found),
        cmocka_unit_test(threads_that_only_try_are_a_livelock),
        cmocka_unit_test(a_thread_that_spins_alone_is_a_livelock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
