/* What each lock and object of Windows does when several threads want it. */
#include "tests/thread_support.h"

/* ---- locks between threads ---- */
static DWORD WINAPI add_under_every_lock(LPVOID unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        EnterCriticalSection(&shared.section);
        EnterCriticalSection(&shared.section);
        AcquireSRWLockExclusive(&shared.srw);
        assert_int_equal(WaitForSingleObject(shared.mutex, INFINITE), WAIT_OBJECT_0);
        int value = shared.value;
        SwitchToThread();
        shared.value = value + 1;
        assert_true(ReleaseMutex(shared.mutex));
        ReleaseSRWLockExclusive(&shared.srw);
        LeaveCriticalSection(&shared.section);
        Sleep(0);
        LeaveCriticalSection(&shared.section);
    }
    return 0;
}

static void locks_exclude_each_other_in_every_schedule(void **state)
{
    (void)state;
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            begin_shared((enum sched_strategy)strategy, seed);
            HANDLE threads[4];
            for (int i = 0; i < 4; i++)
                threads[i] = start(add_under_every_lock, NULL);
            WaitForMultipleObjects(4, threads, TRUE, INFINITE);
            assert_int_equal(shared.value, 80);
            assert_int_equal(shared.section.RecursionCount, 0);
            assert_null(shared.srw.Ptr);
            assert_string_equal(findings, "");
            end();
        }
}

static DWORD WINAPI read_shared(LPVOID unused)
{
    (void)unused;
    AcquireSRWLockShared(&shared.srw);
    if (++shared.readers > shared.most_readers)
        shared.most_readers = shared.readers;
    Sleep(10);
    shared.readers--;
    ReleaseSRWLockShared(&shared.srw);
    return 0;
}

static DWORD WINAPI write_alone(LPVOID unused)
{
    (void)unused;
    AcquireSRWLockExclusive(&shared.srw);
    assert_int_equal(shared.readers, 0);
    tell('w');
    Sleep(10);
    assert_int_equal(shared.readers, 0);
    ReleaseSRWLockExclusive(&shared.srw);
    return 0;
}

static void readers_share_a_slim_lock_and_wait_behind_writers(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE threads[5] = {start(read_shared, NULL), start(read_shared, NULL)};
    threads[2] = start(write_alone, NULL);
    threads[3] = start(read_shared, NULL);
    threads[4] = start(read_shared, NULL);
    Sleep(1);
    assert_int_equal(shared.readers, 2);
    Sleep(13);
    assert_string_equal(story, "w");
    assert_int_equal(WaitForMultipleObjects(5, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    assert_int_equal(shared.most_readers, 2);
    end();
}

static DWORD WINAPI consume(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&shared.section);
    while (shared.value == 0)
        assert_true(SleepConditionVariableCS(&shared.condition, &shared.section, INFINITE));
    shared.value--;
    LeaveCriticalSection(&shared.section);
    return 0;
}

static void condition_variables_wake_one_or_all(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        begin_shared(SCHED_RANDOM, seed);
        HANDLE threads[4];
        for (int i = 0; i < 4; i++)
            threads[i] = start(consume, NULL);
        for (int i = 0; i < 4; i++) {
            EnterCriticalSection(&shared.section);
            shared.value++;
            LeaveCriticalSection(&shared.section);
            if (i % 2)
                WakeAllConditionVariable(&shared.condition);
            else
                WakeConditionVariable(&shared.condition);
        }
        WaitForMultipleObjects(4, threads, TRUE, INFINITE);
        assert_int_equal(shared.value, 0);
        AcquireSRWLockExclusive(&shared.srw);
        assert_false(SleepConditionVariableSRW(&shared.condition, &shared.srw, 7, 0));
        assert_int_equal(GetLastError(), ERROR_TIMEOUT);
        ReleaseSRWLockExclusive(&shared.srw);
        end();
    }
}

static void conditions_may_wake_for_no_reason_when_told(void **state)
{
    (void)state;
    begin();
    sched_configure(run.sim, &(struct sched_options){.seed = 1, .spurious = 2});
    unsigned early = 0;
    SRWLOCK lock = SRWLOCK_INIT;
    CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
    AcquireSRWLockExclusive(&lock);
    for (int i = 0; i < 100; i++)
        if (SleepConditionVariableSRW(&condition, &lock, 10, 0))
            early++; /* nobody woke it */
    ReleaseSRWLockExclusive(&lock);
    assert_in_range(early, 30, 70);
    end();
}

static struct {
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
    int order[3], woken;
} queue;

static DWORD WINAPI wait_in_turn(LPVOID number)
{
    AcquireSRWLockExclusive(&queue.lock);
    SleepConditionVariableSRW(&queue.condition, &queue.lock, INFINITE, 0);
    queue.order[queue.woken++] = (int)(uintptr_t)number;
    ReleaseSRWLockExclusive(&queue.lock);
    return 0;
}

/* The order in which three waiters are woken, as digits. */
static int wake_three(uint64_t seed, bool any)
{
    begin();
    memset(&queue, 0, sizeof queue);
    sched_configure(run.sim, &(struct sched_options){.seed = seed, .wakes_any = any});
    for (uintptr_t i = 0; i < 3; i++) {
        start(wait_in_turn, (void *)(i + 1));
        Sleep(1);
    }
    for (int i = 0; i < 3; i++) {
        WakeConditionVariable(&queue.condition);
        Sleep(1);
    }
    assert_int_equal(queue.woken, 3);
    end();
    return queue.order[0] * 100 + queue.order[1] * 10 + queue.order[2];
}

static void a_condition_wakes_the_first_or_any_when_told(void **state)
{
    (void)state;
    unsigned seen[322] = {0}, orders = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        assert_int_equal(wake_three(seed, false), 123);
        int order = wake_three(seed, true);
        assert_int_equal(wake_three(seed, true), order);
        orders += seen[order]++ == 0;
    }
    assert_int_equal(orders, 6);
}

static volatile LONG ready;

static DWORD WINAPI become_ready(LPVOID unused)
{
    (void)unused;
    InterlockedExchange(&ready, 1);
    return 0;
}

static void spinning_with_a_pause_lets_others_run(void **state)
{
    (void)state;
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++) {
        begin_with((enum sched_strategy)strategy, 3);
        ready = 0;
        start(become_ready, NULL);
        while (!InterlockedCompareExchange(&ready, 1, 1))
            YieldProcessor();
        end();
    }
}

static DWORD WINAPI note_time(LPVOID times)
{
    uint64_t *last = times;
    for (int i = 0; i < 20; i++) {
        uint64_t now = GetTickCount64();
        assert_true(now >= *last); /* one clock for all */
        *last = now;
        Sleep(3);
    }
    return 0;
}

static void all_threads_see_one_clock(void **state)
{
    (void)state;
    begin_with(SCHED_RANDOM, 5);
    uint64_t last = 0;
    HANDLE threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(note_time, &last);
    WaitForMultipleObjects(3, threads, TRUE, INFINITE);
    /* They sleep side by side. */
    assert_in_range(run.sim->now_ns, 60000000, 60200000);
    end();
}

static BOOL initialise_slowly(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once, (void)parameter;
    tell('i');
    Sleep(10);
    *context = story;
    return TRUE;
}

static DWORD WINAPI use_once(LPVOID unused)
{
    void *context = NULL;
    (void)unused;
    assert_true(InitOnceExecuteOnce(&shared.once, initialise_slowly, NULL, &context));
    assert_ptr_equal(context, story);
    return 0;
}

static void initialisation_runs_once_and_others_wait_for_it(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(use_once, NULL);
    WaitForMultipleObjects(3, threads, TRUE, INFINITE);
    assert_string_equal(story, "i");
    BOOL pending = TRUE;
    void *context;
    assert_true(InitOnceBeginInitialize(&shared.once, 0, &pending, &context));
    assert_false(pending);
    assert_ptr_equal(context, story);
    InitOnceInitialize(&shared.once);
    assert_false(InitOnceBeginInitialize(&shared.once, INIT_ONCE_CHECK_ONLY, &pending, &context));
    assert_int_equal(GetLastError(), ERROR_GEN_FAILURE);
    assert_true(InitOnceBeginInitialize(&shared.once, 0, &pending, &context));
    assert_true(pending);
    assert_false(InitOnceComplete(&shared.once, 0, (void *)3));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(InitOnceComplete(&shared.once, INIT_ONCE_INIT_FAILED, NULL));
    assert_true(InitOnceBeginInitialize(&shared.once, INIT_ONCE_ASYNC, &pending, &context));
    assert_true(pending);
    assert_true(InitOnceComplete(&shared.once, INIT_ONCE_ASYNC, story));
    assert_false(InitOnceComplete(&shared.once, INIT_ONCE_ASYNC, story));
    end();
}

static DWORD WINAPI wait_until_changed(LPVOID unused)
{
    int seen = 0;
    (void)unused;
    while (shared.value == seen)
        assert_true(WaitOnAddress(&shared.value, &seen, sizeof seen, INFINITE));
    tell('c');
    return 0;
}

static void waits_on_an_address_end_when_it_was_changed_and_woken(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE threads[2] = {start(wait_until_changed, NULL), start(wait_until_changed, NULL)};
    Sleep(1);
    WakeByAddressAll(&shared.value); /* unchanged: they wait on */
    Sleep(1);
    shared.value = 1;
    WakeByAddressSingle(&shared.value);
    Sleep(1);
    assert_string_equal(story, "c");
    WakeByAddressSingle(&shared.value);
    WaitForMultipleObjects(2, threads, TRUE, INFINITE);
    int seen = 1;
    assert_false(WaitOnAddress(&shared.value, &seen, sizeof seen, 3));
    assert_int_equal(GetLastError(), ERROR_TIMEOUT);
    assert_false(WaitOnAddress(&shared.value, &seen, 3, 3));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    end();
}

/* ---- objects ---- */

static DWORD WINAPI take_mutex_and_end(LPVOID mutex)
{
    WaitForSingleObject(mutex, INFINITE);
    Sleep(5);
    return 0;
}

static void mutexes_of_ended_threads_are_abandoned(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    JOIN(start(take_mutex_and_end, shared.mutex));
    assert_found("lock-at-exit: thread 1 ended and still has mutex 0x104");
    HANDLE both[2] = {shared.event, shared.mutex};
    assert_int_equal(WaitForMultipleObjects(2, both, FALSE, 0), WAIT_ABANDONED_0 + 1);
    assert_int_equal(WaitForSingleObject(shared.mutex, 0), WAIT_OBJECT_0); /* once told */
    assert_true(ReleaseMutex(shared.mutex));
    assert_true(ReleaseMutex(shared.mutex));
    assert_false(ReleaseMutex(shared.mutex));
    assert_int_equal(GetLastError(), ERROR_NOT_OWNER);
    start(take_mutex_and_end, shared.mutex); /* and while somebody waits */
    Sleep(1);
    assert_int_equal(WaitForSingleObject(shared.mutex, INFINITE), WAIT_ABANDONED);
    end();
}

static void semaphores_count_to_their_maximum(void **state)
{
    (void)state;
    begin();
    LONG previous = -1;
    HANDLE semaphore = CreateSemaphoreA(NULL, 2, 3, NULL);
    assert_int_equal(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT);
    assert_true(ReleaseSemaphore(semaphore, 2, &previous));
    assert_int_equal(previous, 0);
    assert_false(ReleaseSemaphore(semaphore, 2, &previous));
    assert_int_equal(GetLastError(), ERROR_TOO_MANY_POSTS);
    assert_false(ReleaseSemaphore(semaphore, 0, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_null(CreateSemaphoreW(NULL, 4, 3, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    end();
}

static void senseless_waits_for_several_objects_are_refused(void **state)
{
    (void)state;
    begin_shared(SCHED_IN_ORDER, 0);
    HANDLE handles[65];
    for (int i = 0; i < 65; i++)
        handles[i] = shared.event;
    assert_int_equal(WaitForMultipleObjects(65, handles, FALSE, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(WaitForMultipleObjects(0, handles, FALSE, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(WaitForMultipleObjects(2, handles, TRUE, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(WaitForMultipleObjects(64, handles, FALSE, 0), WAIT_TIMEOUT);
    handles[1] = (HANDLE)0x4444;
    assert_int_equal(WaitForMultipleObjects(2, handles, FALSE, 0), WAIT_FAILED);
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    end();
}

static DWORD WINAPI signal_and_wait(LPVOID event)
{
    assert_int_equal(SignalObjectAndWait(event, shared.event, 50, FALSE), WAIT_OBJECT_0);
    return 0;
}

static void a_signal_and_a_wait_can_be_one_step(void **state)
{
    (void)state;
    begin_shared(SCHED_RANDOM, 3);
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), thread = start(signal_and_wait, event);
    assert_int_equal(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    assert_true(SetEvent(shared.event));
    JOIN(thread);
    end();
}

static void memory_notifications_follow_the_level(void **state)
{
    (void)state;
    begin();
    HANDLE low = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    HANDLE high = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    BOOL level = 7;
    assert_true(QueryMemoryResourceNotification(low, &level));
    assert_false(level);
    assert_true(QueryMemoryResourceNotification(high, &level));
    assert_true(level);
    HANDLE thread = start(wait_for_ever, low);
    Sleep(1);
    sync_memory_level(run.sim, true, false);
    JOIN(thread);
    assert_int_equal(WaitForSingleObject(low, 0), WAIT_OBJECT_0); /* until the level changes */
    assert_int_equal(WaitForSingleObject(high, 0), WAIT_TIMEOUT);
    sync_memory_level(run.sim, false, false);
    assert_int_equal(WaitForSingleObject(low, 0), WAIT_TIMEOUT);
    assert_null(CreateMemoryResourceNotification((MEMORY_RESOURCE_NOTIFICATION_TYPE)2));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_false(QueryMemoryResourceNotification(NULL, &level));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_true(CloseHandle(low));
    sync_memory_level(run.sim, true, false);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_exclude_each_other_in_every_schedule),
        cmocka_unit_test(readers_share_a_slim_lock_and_wait_behind_writers),
        cmocka_unit_test(condition_variables_wake_one_or_all),
        cmocka_unit_test(conditions_may_wake_for_no_reason_when_told),
        cmocka_unit_test(a_condition_wakes_the_first_or_any_when_told),
        cmocka_unit_test(spinning_with_a_pause_lets_others_run),
        cmocka_unit_test(all_threads_see_one_clock),
        cmocka_unit_test(initialisation_runs_once_and_others_wait_for_it),
        cmocka_unit_test(waits_on_an_address_end_when_it_was_changed_and_woken),
        cmocka_unit_test(mutexes_of_ended_threads_are_abandoned),
        cmocka_unit_test(semaphores_count_to_their_maximum),
        cmocka_unit_test(senseless_waits_for_several_objects_are_refused),
        cmocka_unit_test(a_signal_and_a_wait_can_be_one_step),
        cmocka_unit_test(memory_notifications_follow_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
