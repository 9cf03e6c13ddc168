/* What is ordered by Windows: no schedule may show a race. By atomics: clean-atomics.c. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define TURNS 4

/* ---- locks ---- */

static CRITICAL_SECTION section;
static SRWLOCK srw = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static HANDLE mutex, event, semaphore, other;
static long counter, read_sum, box, answer;
static char neighbours[8];

THREAD(count_in_section)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        EnterCriticalSection(&section);
        counter++;
        LeaveCriticalSection(&section);
    }
    return 0;
}

SCENE(locked_counter)
{
    InitializeCriticalSection(&section);
    both(count_in_section, count_in_section, NULL);
    if (counter != 2 * TURNS)
        abort();
    DeleteCriticalSection(&section);
}

THREAD(write_exclusively)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        AcquireSRWLockExclusive(&srw);
        counter++;
        ReleaseSRWLockExclusive(&srw);
    }
    return 0;
}

THREAD(read_shared)
{
    long sum = 0;
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        AcquireSRWLockShared(&srw);
        sum += counter;
        ReleaseSRWLockShared(&srw);
    }
    AcquireSRWLockExclusive(&srw);
    read_sum += sum;
    ReleaseSRWLockExclusive(&srw);
    return 0;
}

SCENE(shared_and_exclusive)
{
    both(write_exclusively, read_shared, NULL);
    both(read_shared, read_shared, NULL);
    counter = read_sum;
}

THREAD(put)
{
    (void)argument;
    for (long i = 1; i <= TURNS; i++) {
        AcquireSRWLockExclusive(&srw);
        while (box != 0)
            SleepConditionVariableSRW(&changed, &srw, INFINITE, 0);
        box = i;
        ReleaseSRWLockExclusive(&srw);
        WakeAllConditionVariable(&changed);
    }
    return 0;
}

THREAD(take)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        AcquireSRWLockExclusive(&srw);
        while (box == 0)
            SleepConditionVariableSRW(&changed, &srw, INFINITE, 0);
        answer += box;
        box = 0;
        ReleaseSRWLockExclusive(&srw);
        WakeAllConditionVariable(&changed);
    }
    return 0;
}

SCENE(condition_queue)
{
    both(put, take, NULL);
    if (answer != TURNS * (TURNS + 1) / 2)
        abort();
}

THREAD(count_in_mutex)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        WaitForSingleObject(mutex, INFINITE);
        counter++;
        ReleaseMutex(mutex);
    }
    return 0;
}

SCENE(mutex_object)
{
    mutex = CreateMutexA(NULL, FALSE, NULL);
    both(count_in_mutex, count_in_mutex, NULL);
    CloseHandle(mutex);
}

/* Bytes side by side are different memory. */
THREAD(own_byte)
{
    static volatile LONG next;
    (void)argument;
    neighbours[InterlockedIncrement(&next) % 8] = 1;
    return 0;
}

SCENE(bytes_side_by_side)
{
    both(own_byte, own_byte, NULL);
}

/* ---- objects ---- */

THREAD(set_event_behind_write)
{
    (void)argument;
    answer = 42;
    SetEvent(event);
    return 0;
}

THREAD(wait_for_event_and_read)
{
    (void)argument;
    WaitForSingleObject(event, INFINITE);
    if (answer != 42)
        abort();
    return 0;
}

SCENE(event_hand_over)
{
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    both(set_event_behind_write, wait_for_event_and_read, NULL);
    CloseHandle(event);
    event = CreateEventA(NULL, TRUE, FALSE, NULL);
    answer = 0;
    both(wait_for_event_and_read, set_event_behind_write, NULL);
    CloseHandle(event);
}

THREAD(post_behind_write)
{
    (void)argument;
    answer = 7;
    ReleaseSemaphore(semaphore, 1, NULL);
    return 0;
}

THREAD(wait_for_post)
{
    HANDLE two[2] = {other, semaphore};
    (void)argument;
    if (WaitForMultipleObjects(2, two, FALSE, INFINITE) == WAIT_OBJECT_0 + 1)
        counter = answer;
    return 0;
}

SCENE(semaphore_hand_over)
{
    semaphore = CreateSemaphoreA(NULL, 0, 4, NULL);
    other = CreateEventA(NULL, TRUE, FALSE, NULL);
    both(post_behind_write, wait_for_post, NULL);
    CloseHandle(semaphore);
    CloseHandle(other);
}

THREAD(signal_and_wait)
{
    (void)argument;
    box = 1;
    SignalObjectAndWait(event, other, INFINITE, FALSE);
    answer = box;
    return 0;
}

THREAD(answer_the_signal)
{
    (void)argument;
    WaitForSingleObject(event, INFINITE);
    box++;
    SetEvent(other);
    return 0;
}

SCENE(signal_object_and_wait)
{
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    other = CreateEventA(NULL, FALSE, FALSE, NULL);
    both(signal_and_wait, answer_the_signal, NULL);
    if (answer != 2)
        abort();
    CloseHandle(event);
    CloseHandle(other);
}

THREAD(read_what_creator_wrote)
{
    long *value = (long *)argument;
    return (DWORD)(*value += 1);
}

SCENE(start_and_join)
{
    long local = 1;
    HANDLE thread;
    box = 5;
    thread = CreateThread(NULL, 0, read_what_creator_wrote, &local, CREATE_SUSPENDED, NULL);
    local = 10; /* before it is resumed */
    ResumeThread(thread);
    WaitForSingleObject(thread, INFINITE);
    if (local != 11)
        abort();
    CloseHandle(thread);
}

THREAD(post_packet)
{
    answer = 3;
    PostQueuedCompletionStatus((HANDLE)argument, 1, 2, NULL);
    return 0;
}

THREAD(take_packet)
{
    DWORD bytes;
    ULONG_PTR key;
    LPOVERLAPPED overlapped;
    if (GetQueuedCompletionStatus((HANDLE)argument, &bytes, &key, &overlapped, INFINITE))
        counter += answer;
    return 0;
}

SCENE(completion_port)
{
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    both(post_packet, take_packet, port);
    CloseHandle(port);
}

/* ---- the pool ---- */

THREAD(work)
{
    (void)argument;
    box *= 2;
    SetEvent(event);
    return 0;
}

static void CALLBACK tick(PVOID unused, BOOLEAN fired)
{
    (void)unused;
    (void)fired;
    AcquireSRWLockExclusive(&srw);
    counter++;
    ReleaseSRWLockExclusive(&srw);
}

SCENE(work_items_and_timers)
{
    HANDLE timer;
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    box = 4;
    QueueUserWorkItem(work, NULL, WT_EXECUTEDEFAULT);
    WaitForSingleObject(event, INFINITE);
    if (box != 8)
        abort();
    counter = 0;
    CreateTimerQueueTimer(&timer, NULL, tick, NULL, 1, 1, WT_EXECUTEDEFAULT);
    Sleep(5);
    DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
    if (counter == 0) /* nobody else is there any more */
        abort();
    CloseHandle(event);
}

THREAD(wait_for_timer)
{
    WaitForSingleObject((HANDLE)argument, INFINITE);
    counter = box;
    return 0;
}

THREAD(set_timer)
{
    LARGE_INTEGER due;
    due.QuadPart = -10000;
    box = 9;
    SetWaitableTimer((HANDLE)argument, &due, 0, NULL, NULL, FALSE);
    return 0;
}

SCENE(waitable_timer)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL);
    both(set_timer, wait_for_timer, timer);
    CloseHandle(timer);
}

/* ---- once ---- */

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static long made;

static BOOL CALLBACK make(PINIT_ONCE unused, PVOID parameter, PVOID *context)
{
    (void)unused;
    (void)parameter;
    made = 6;
    *context = &counter;
    return TRUE;
}

THREAD(use_once)
{
    LPVOID context;
    BOOL pending;
    (void)argument;
    InitOnceExecuteOnce(&once, make, NULL, &context);
    if (made != 6 || context != &counter)
        abort();
    InitOnceBeginInitialize(&once, 0, &pending, &context);
    return pending;
}

SCENE(init_once)
{
    both(use_once, use_once, NULL);
}

/* ---- memory that changes hands ---- */

THREAD(allocate_and_free)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        char *block = (char *)HeapAlloc(GetProcessHeap(), 0, 100);
        void *pages = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        memset(block, i, 100);
        block[3] = 1;
        *(int *)pages = i;
        HeapFree(GetProcessHeap(), 0, block);
        VirtualFree(pages, 0, MEM_RELEASE);
    }
    return 0;
}

SCENE(memory_used_again)
{
    both(allocate_and_free, allocate_and_free, NULL);
}

static __thread long own;

THREAD(change_own)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        own += i;
        SwitchToThread();
    }
    return (DWORD)own;
}

SCENE(thread_local_data)
{
    both(change_own, change_own, NULL);
    both(change_own, change_own, NULL);
}

THREAD(count_while_watched)
{
    (void)argument;
    for (;;) {
        counter++;
        Sleep(1);
    }
}

SCENE(suspended_and_ended)
{
    HANDLE thread = CreateThread(NULL, 0, count_while_watched, NULL, 0, NULL);
    Sleep(3);
    SuspendThread(thread);
    counter += 100; /* it stands still */
    ResumeThread(thread);
    Sleep(3);
    TerminateThread(thread, 0);
    WaitForSingleObject(thread, INFINITE);
    counter = 0;
    CloseHandle(thread);
}

/* ---- functions that read and write for the policy ---- */

THREAD(format_own)
{
    char text[60], copy[60];
    char *twice;
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        snprintf(text, sizeof text, "%s %d %.3f", "turn", i, 1.5);
        memcpy(copy, text, sizeof text);
        twice = strdup(copy);
        if (strcmp(twice, "turn 2 1.500") == 0)
            strcat(twice, "");
        free(twice);
    }
    return 0;
}

SCENE(texts_of_ones_own)
{
    both(format_own, format_own, NULL);
}

THREAD(read_constant)
{
    static const char constant[] = "everybody reads this";
    char copy[40];
    (void)argument;
    memcpy(copy, constant, sizeof constant);
    return (DWORD)strlen(constant) + (DWORD)copy[0];
}

SCENE(constants)
{
    both(read_constant, read_constant, NULL);
}

static CRITICAL_SECTION *lent;
static LONG users;

THREAD(use_lent_section)
{
    bool last;
    (void)argument;
    EnterCriticalSection(lent);
    last = --users == 0;
    LeaveCriticalSection(lent);
    if (last) {
        DeleteCriticalSection(lent);
        HeapFree(GetProcessHeap(), 0, lent);
    }
    return 0;
}

SCENE(last_one_deletes_the_lock)
{
    lent = (CRITICAL_SECTION *)HeapAlloc(GetProcessHeap(), 0, sizeof *lent);
    users = 2;
    InitializeCriticalSection(lent);
    both(use_lent_section, use_lent_section, NULL);
}
