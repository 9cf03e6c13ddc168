/* Threads as Windows exports them: their life and their handles, timers and work items. */
#include "tests/thread_support.h"

static void *function(const char *name)
{
    return bound(win32_thread_bindings, name);
}

/* ---- the life of a thread ---- */

static DWORD WINAPI return_parameter(LPVOID parameter)
{
    Sleep(5);
    return (DWORD)(uintptr_t)parameter;
}

static void threads_end_with_a_code_that_their_handle_tells(void **state)
{
    (void)state;
    begin();
    DWORD id = 0, code = 0;
    HANDLE thread = CreateThread(NULL, 0, return_parameter, (void *)77, 0, &id);
    assert_int_equal(id, 8);
    assert_int_equal(GetThreadId(thread), 8);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, STILL_ACTIVE);
    assert_int_equal(WaitForSingleObject(thread, 4), WAIT_TIMEOUT);
    JOIN(thread);
    JOIN(thread); /* stays signalled */
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 77);
    assert_true(CloseHandle(thread));
    assert_false(GetExitCodeThread(thread, &code));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    end();
}

static DWORD WINAPI exit_early(LPVOID parameter)
{
    tell('<');
    ExitThread((DWORD)(uintptr_t)parameter);
}

static unsigned __stdcall exit_early_too(void *parameter)
{
    void (*end_thread)(unsigned) = (void (*)(unsigned))function("_endthreadex");
    (void)parameter;
    end_thread(9);
    return 1;
}

static void exiting_early_ends_only_the_thread(void **state)
{
    (void)state;
    begin();
    uintptr_t (*begin_thread)(void *, unsigned, unsigned(__stdcall *)(void *), void *, unsigned,
                              unsigned *) =
        (uintptr_t(*)(void *, unsigned, unsigned(__stdcall *)(void *), void *, unsigned,
                      unsigned *))function("_beginthreadex");
    DWORD code;
    HANDLE thread = start(exit_early, (void *)5);
    JOIN(thread);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 5);
    thread = (HANDLE)begin_thread(NULL, 0, exit_early_too, NULL, 0, NULL);
    JOIN(thread);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 9);
    assert_string_equal(story, "<");
    assert_stops(&run, STOP_ABORT, ExitThread(3)); /* the CLR's */
    end();
}

static DWORD WINAPI tell_name(LPVOID name)
{
    tell(*(const char *)name);
    return 0;
}

static void suspended_threads_begin_when_resumed(void **state)
{
    (void)state;
    begin();
    HANDLE thread = CreateThread(NULL, 0, tell_name, "a", CREATE_SUSPENDED, NULL);
    Sleep(10);
    assert_int_equal(SuspendThread(thread), 1);
    assert_int_equal(ResumeThread(thread), 2);
    Sleep(10);
    assert_string_equal(story, "");
    assert_int_equal(ResumeThread(thread), 1);
    JOIN(thread);
    assert_string_equal(story, "a");
    assert_int_equal(SuspendThread(thread), (DWORD)-1);
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_int_equal(ResumeThread(NULL), (DWORD)-1);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    end();
}

static void terminated_threads_stop_where_they_stand(void **state)
{
    (void)state;
    begin();
    DWORD code;
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE thread = start(wait_for_ever, event);
    Sleep(1);
    assert_true(TerminateThread(thread, 99));
    JOIN(thread);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 99);
    assert_true(TerminateThread(thread, 1)); /* nothing more happens */
    assert_false(TerminateThread(GetCurrentThread(), 1));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_true(SetEvent(event));
    end();
}

static DWORD WINAPI wait_for_itself(LPVOID unused)
{
    (void)unused;
    HANDLE self;
    assert_true(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &self,
                                0, FALSE, DUPLICATE_SAME_ACCESS));
    assert_int_equal(WaitForSingleObject(self, 0), WAIT_TIMEOUT);
    WaitForSingleObject(self, INFINITE);
    return 0;
}

static void a_thread_that_waits_for_its_own_end_is_a_self_deadlock(void **state)
{
    (void)state;
    begin();
    HANDLE thread = start(wait_for_itself, NULL);
    assert_stops(&run, STOP_DEADLOCK, WaitForSingleObject(thread, INFINITE));
    assert_stop_says(&run, "self-deadlock: thread 1 waits for its own end");
    crt_run_end(&run);
}

static DWORD WINAPI keep_slots(LPVOID index)
{
    DWORD slot = (DWORD)(uintptr_t)index;
    assert_null(TlsGetValue(slot));
    TlsSetValue(slot, &slot);
    SwitchToThread();
    assert_ptr_equal(TlsGetValue(slot), &slot);
    SetLastError(slot + 100);
    SwitchToThread();
    assert_int_equal(GetLastError(), slot + 100);
    return 0;
}

static void slots_and_last_errors_belong_to_the_thread(void **state)
{
    (void)state;
    begin();
    DWORD slot = TlsAlloc();
    TlsSetValue(slot, story);
    HANDLE threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(keep_slots, (void *)(uintptr_t)slot);
    assert_int_equal(WaitForMultipleObjects(3, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    assert_ptr_equal(TlsGetValue(slot), story);
    end();
}

static void tell_value(PVOID value)
{
    tell(*(char *)value);
}

static DWORD WINAPI keep_fls(LPVOID index)
{
    assert_null(FlsGetValue((DWORD)(uintptr_t)index));
    FlsSetValue((DWORD)(uintptr_t)index, "b");
    return 0;
}

static void fiber_local_values_are_destroyed_with_their_thread(void **state)
{
    (void)state;
    begin();
    DWORD slot = FlsAlloc(tell_value);
    FlsSetValue(slot, "a");
    JOIN(start(keep_fls, (void *)(uintptr_t)slot));
    assert_string_equal(story, "b");
    assert_true(FlsFree(slot));
    assert_string_equal(story, "ba");
    assert_false(FlsFree(slot));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    end();
}

static void stacks_cost_address_space_until_the_thread_ends(void **state)
{
    (void)state;
    begin();
    uint64_t reserved = run.sim->counters[COUNTER_reserve_bytes];
    uint64_t committed = run.sim->counters[COUNTER_commit_bytes];
    HANDLE thread = CreateThread(NULL, 3 << 20, return_parameter, NULL, 0, NULL);
    assert_int_equal(run.sim->counters[COUNTER_reserve_bytes], reserved + (3 << 20));
    assert_true(run.sim->counters[COUNTER_commit_bytes] > committed);
    JOIN(thread);
    assert_int_equal(run.sim->counters[COUNTER_reserve_bytes], reserved);
    assert_int_equal(run.sim->counters[COUNTER_commit_bytes], committed);
    crt_run_arm(&run, "CreateThread#1:ERROR_NOT_ENOUGH_MEMORY:once");
    assert_null(CreateThread(NULL, 0, return_parameter, NULL, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    assert_null(CreateThread(NULL, (SIZE_T)1 << 40, return_parameter, NULL, 0, NULL));
    assert_int_equal(run.sim->counters[COUNTER_reserve_bytes], reserved);
    end();
}

static void many_threads_may_come_and_go(void **state)
{
    (void)state;
    begin();
    for (int round = 0; round < 100; round++) {
        HANDLE threads[60];
        for (int i = 0; i < 60; i++)
            threads[i] = start(return_parameter, NULL);
        assert_int_equal(WaitForMultipleObjects(60, threads, TRUE, INFINITE), WAIT_OBJECT_0);
        for (int i = 0; i < 60; i++)
            assert_true(CloseHandle(threads[i]));
    }
    assert_string_equal(findings, "");
    end();
}

/* ---- timers and work items ---- */

static void waitable_timers_fire_once_or_again(void **state)
{
    (void)state;
    begin();
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    LARGE_INTEGER due = {.QuadPart = -50000}; /* 5 ms */
    uint64_t before = run.sim->now_ns;
    assert_true(SetWaitableTimer(timer, &due, 10, NULL, NULL, FALSE));
    for (uint64_t tick = 0; tick < 3; tick++) {
        assert_int_equal(WaitForSingleObject(timer, INFINITE), WAIT_OBJECT_0);
        assert_in_range(run.sim->now_ns, before + 5000000 + tick * 10000000,
                        before + 5010000 + tick * 10000000);
    }
    assert_true(CancelWaitableTimer(timer));
    assert_int_equal(WaitForSingleObject(timer, 100), WAIT_TIMEOUT);
    due.QuadPart = 1; /* long ago */
    assert_true(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
    assert_int_equal(WaitForSingleObject(timer, 1), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(timer, 1), WAIT_TIMEOUT);
    assert_false(SetWaitableTimer(timer, &due, -1, NULL, NULL, FALSE));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    due.QuadPart = -1;
    assert_true(SetWaitableTimer(timer, &due, 1, NULL, NULL, FALSE));
    assert_true(CloseHandle(timer)); /* it fires no more */
    Sleep(10);
    assert_int_equal(run.sim->attention, 0);
    end();
}

static void WINAPI tick(PVOID name, BOOLEAN fired)
{
    assert_true(fired);
    assert_int_not_equal(GetCurrentThreadId(), 4);
    tell(*(char *)name);
    Sleep(3);
    tell('.');
}

static void timer_queues_run_callbacks_on_a_thread_of_their_own(void **state)
{
    (void)state;
    begin();
    HANDLE once, again;
    assert_true(CreateTimerQueueTimer(&once, NULL, tick, "o", 1, 0, WT_EXECUTEDEFAULT));
    assert_true(CreateTimerQueueTimer(&again, NULL, tick, "p", 2, 10, WT_EXECUTEDEFAULT));
    Sleep(16);
    assert_string_equal(story, "op..p.");
    Sleep(7); /* its third callback is running */
    assert_false(DeleteTimerQueueTimer(NULL, again, NULL));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    Sleep(50);
    assert_string_equal(story, "op..p.p.");
    assert_true(DeleteTimerQueueTimer(NULL, once, INVALID_HANDLE_VALUE));
    assert_false(DeleteTimerQueueTimer(NULL, once, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_int_equal(threads_of_policy(run.sim, NULL), 0);
    end();
}

static void deleting_a_timer_may_wait_for_its_callback(void **state)
{
    (void)state;
    begin();
    HANDLE timer, event = CreateEventA(NULL, FALSE, FALSE, NULL);
    assert_true(CreateTimerQueueTimer(&timer, NULL, tick, "a", 1, 0, WT_EXECUTEDEFAULT));
    Sleep(2);
    assert_string_equal(story, "a");
    assert_true(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
    assert_string_equal(story, "a.");
    assert_true(CreateTimerQueueTimer(&timer, NULL, tick, "b", 1, 0, WT_EXECUTEDEFAULT));
    Sleep(2);
    assert_false(DeleteTimerQueueTimer(NULL, timer, event));
    assert_int_equal(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    assert_string_equal(story, "a.b.");
    end();
}

static DWORD WINAPI work(LPVOID name)
{
    Sleep(2);
    tell(*(char *)name);
    return 0;
}

static void a_timer_with_two_handles_is_deleted_once(void **state)
{
    (void)state;
    begin();
    HANDLE timer, self = GetCurrentProcess(), again;
    assert_true(CreateTimerQueueTimer(&timer, NULL, tick, "a", 1, 0, WT_EXECUTEDEFAULT));
    assert_true(DuplicateHandle(self, timer, self, &again, 0, FALSE, DUPLICATE_SAME_ACCESS));
    assert_true(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
    assert_false(ChangeTimerQueueTimer(NULL, again, 1, 0));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_false(DeleteTimerQueueTimer(NULL, again, INVALID_HANDLE_VALUE));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_true(CloseHandle(again));
    end();
}

static void a_thread_needs_a_handle_that_is_left(void **state)
{
    (void)state;
    begin();
    HANDLE last = NULL;
    for (HANDLE event; (event = CreateEventA(NULL, TRUE, FALSE, NULL)) != NULL;)
        last = event;
    assert_int_equal(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
    assert_null(CreateThread(NULL, 0, return_parameter, NULL, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_NO_SYSTEM_RESOURCES);
    assert_true(CloseHandle(last));
    HANDLE thread = CreateThread(NULL, 0, return_parameter, NULL, 0, NULL);
    assert_ptr_equal(thread, last);
    JOIN(thread);
    end();
}

static void work_items_run_side_by_side(void **state)
{
    (void)state;
    begin();
    static char names[] = "abcdefgh";
    for (int i = 0; i < 8; i++)
        assert_true(QueueUserWorkItem(work, &names[i], WT_EXECUTEDEFAULT));
    uint64_t before = run.sim->now_ns;
    Sleep(5);
    assert_string_equal(story, "abcdefgh");
    assert_in_range(run.sim->now_ns - before, 5000000, 5100000);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_end_with_a_code_that_their_handle_tells),
        cmocka_unit_test(exiting_early_ends_only_the_thread),
        cmocka_unit_test(suspended_threads_begin_when_resumed),
        cmocka_unit_test(terminated_threads_stop_where_they_stand),
        cmocka_unit_test(a_thread_that_waits_for_its_own_end_is_a_self_deadlock),
        cmocka_unit_test(slots_and_last_errors_belong_to_the_thread),
        cmocka_unit_test(fiber_local_values_are_destroyed_with_their_thread),
        cmocka_unit_test(stacks_cost_address_space_until_the_thread_ends),
        cmocka_unit_test(many_threads_may_come_and_go),
        cmocka_unit_test(waitable_timers_fire_once_or_again),
        cmocka_unit_test(timer_queues_run_callbacks_on_a_thread_of_their_own),
        cmocka_unit_test(deleting_a_timer_may_wait_for_its_callback),
        cmocka_unit_test(a_timer_with_two_handles_is_deleted_once),
        cmocka_unit_test(a_thread_needs_a_handle_that_is_left),
        cmocka_unit_test(work_items_run_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
