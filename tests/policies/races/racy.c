/* One race in each scene, between the lines that are marked with its name. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

static SRWLOCK lock = SRWLOCK_INIT, other_lock = SRWLOCK_INIT;
static HANDLE event, semaphore;
static long counter, box, half;
static long *pointer;
static char text[64];
static atomic_int flag;
static volatile LONG stop;

/* ---- nothing at all ---- */

THREAD(count_plainly)
{
    (void)argument;
    for (int i = 0; i < 3; i++)
        counter++; /* plain_counter A B */
    return 0;
}

SCENE(plain_counter)
{
    both(count_plainly, count_plainly, NULL);
}

/* ---- one side has no lock ---- */

THREAD(write_locked)
{
    (void)argument;
    AcquireSRWLockExclusive(&lock);
    counter = 5; /* unlocked_reader A */
    ReleaseSRWLockExclusive(&lock);
    return 0;
}

THREAD(read_unlocked)
{
    (void)argument;
    return (DWORD)counter; /* unlocked_reader B */
}

SCENE(unlocked_reader)
{
    both(write_locked, read_unlocked, NULL);
}

/* ---- each side has another lock ---- */

THREAD(write_under_one)
{
    (void)argument;
    AcquireSRWLockExclusive(&lock);
    box++; /* different_locks A */
    ReleaseSRWLockExclusive(&lock);
    return 0;
}

THREAD(write_under_other)
{
    (void)argument;
    AcquireSRWLockExclusive(&other_lock);
    box += 2; /* different_locks B */
    ReleaseSRWLockExclusive(&other_lock);
    return 0;
}

SCENE(different_locks)
{
    both(write_under_one, write_under_other, NULL);
}

/* ---- a write under a shared lock ---- */

THREAD(write_shared)
{
    (void)argument;
    AcquireSRWLockShared(&lock);
    half += 1; /* shared_writer A B */
    ReleaseSRWLockShared(&lock);
    return 0;
}

SCENE(shared_writer)
{
    both(write_shared, write_shared, NULL);
}

/* ---- a flag that does not order ---- */

THREAD(store_relaxed)
{
    (void)argument;
    box = 7; /* relaxed_flag A */
    atomic_store_explicit(&flag, 1, memory_order_relaxed);
    return 0;
}

THREAD(load_acquire)
{
    (void)argument;
    while (!atomic_load_explicit(&flag, memory_order_acquire))
        SwitchToThread();
    return (DWORD)box; /* relaxed_flag B */
}

SCENE(relaxed_flag)
{
    both(store_relaxed, load_acquire, NULL);
}

/* ---- the fence is on the wrong side of the load ---- */

THREAD(store_behind_fence)
{
    (void)argument;
    box = 8; /* misplaced_fence A */
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&flag, 1, memory_order_relaxed);
    return 0;
}

THREAD(load_in_front_of_nothing)
{
    (void)argument;
    atomic_thread_fence(memory_order_acquire);
    while (!atomic_load_explicit(&flag, memory_order_relaxed))
        SwitchToThread();
    return (DWORD)box; /* misplaced_fence B */
}

SCENE(misplaced_fence)
{
    both(store_behind_fence, load_in_front_of_nothing, NULL);
}

/* ---- another thread's relaxed store ends the release sequence ---- */

THREAD(release_one)
{
    (void)argument;
    box = 9; /* broken_sequence A */
    atomic_store_explicit(&flag, 1, memory_order_release);
    while (atomic_load_explicit(&flag, memory_order_relaxed) == 1)
        SwitchToThread();
    return 0;
}

THREAD(store_two)
{
    (void)argument;
    while (atomic_load_explicit(&flag, memory_order_relaxed) != 1)
        SwitchToThread();
    atomic_store_explicit(&flag, 2, memory_order_relaxed);
    return 0;
}

THREAD(acquire_two)
{
    HANDLE thread = CreateThread(NULL, 0, store_two, NULL, 0, NULL);
    (void)argument;
    while (atomic_load_explicit(&flag, memory_order_acquire) != 2)
        SwitchToThread();
    counter = box; /* broken_sequence B */
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return 0;
}

SCENE(broken_sequence)
{
    both(release_one, acquire_two, NULL);
}

/* ---- double-checked initialisation with a plain pointer ---- */

static long *make_once(void)
{
    if (pointer == NULL) { /* double_checked_plain A */
        AcquireSRWLockExclusive(&lock);
        if (pointer == NULL)
            pointer = &counter; /* double_checked_plain B */
        ReleaseSRWLockExclusive(&lock);
    }
    return pointer;
}

THREAD(use_once)
{
    (void)argument;
    return make_once() != NULL;
}

SCENE(double_checked_plain)
{
    both(use_once, use_once, NULL);
}

/* ---- volatile is no lock ---- */

THREAD(raise_stop)
{
    (void)argument;
    stop = 1; /* volatile_flag A */
    return 0;
}

THREAD(wait_for_stop)
{
    (void)argument;
    while (!stop) /* volatile_flag B */
        SwitchToThread();
    return 0;
}

SCENE(volatile_flag)
{
    both(raise_stop, wait_for_stop, NULL);
}

/* ---- the event is set before the write ---- */

THREAD(set_too_early)
{
    (void)argument;
    SetEvent(event);
    box = 3; /* event_too_early A */
    return 0;
}

THREAD(wait_and_read)
{
    (void)argument;
    WaitForSingleObject(event, INFINITE);
    return (DWORD)box; /* event_too_early B */
}

SCENE(event_too_early)
{
    event = CreateEventA(NULL, FALSE, FALSE, NULL);
    both(set_too_early, wait_and_read, NULL);
    CloseHandle(event);
}

/* ---- a semaphore that lets two in ---- */

THREAD(count_in_semaphore)
{
    (void)argument;
    WaitForSingleObject(semaphore, INFINITE);
    counter += 3; /* semaphore_of_two A B */
    ReleaseSemaphore(semaphore, 1, NULL);
    return 0;
}

SCENE(semaphore_of_two)
{
    semaphore = CreateSemaphoreA(NULL, 2, 2, NULL);
    both(count_in_semaphore, count_in_semaphore, NULL);
    CloseHandle(semaphore);
}

/* ---- the result is read before the thread is known to have ended ---- */

THREAD(compute)
{
    *(long *)argument = 12; /* read_before_join A */
    return 0;
}

SCENE(read_before_join)
{
    long result = 0;
    HANDLE thread = CreateThread(NULL, 0, compute, &result, 0, NULL);
    Sleep(1);
    counter = result; /* read_before_join B */
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* ---- references are counted plainly ---- */

static long references;

THREAD(drop_plainly)
{
    (void)argument;
    references--; /* plain_references A B */
    return 0;
}

SCENE(plain_references)
{
    references = 2;
    both(drop_plainly, drop_plainly, NULL);
}

/* ---- a list without a lock ---- */

struct node {
    struct node *next;
};
static struct node *list;

THREAD(push)
{
    struct node *node = (struct node *)malloc(sizeof *node);
    (void)argument;
    node->next = list; /* unlocked_list A */
    list = node;       /* unlocked_list B */
    return 0;
}

SCENE(unlocked_list)
{
    both(push, push, NULL);
}

/* ---- an atomic and a plain access of the same variable ---- */

static long mixed;

THREAD(add_atomically)
{
    (void)argument;
    InterlockedIncrement((LONG volatile *)&mixed); /* half_atomic A */
    return 0;
}

THREAD(set_plainly)
{
    (void)argument;
    mixed = 1; /* half_atomic B */
    return 0;
}

SCENE(half_atomic)
{
    both(add_atomically, set_plainly, NULL);
}

/* ---- a structure is copied while it is written ---- */

static struct pair {
    long a, b, c, d, e, f, g, h;
} pair;

THREAD(write_last)
{
    (void)argument;
    pair.h = 1; /* torn_copy A */
    return 0;
}

THREAD(copy_all)
{
    struct pair copy;
    (void)argument;
    copy = pair; /* torn_copy B */
    text[0] = (char)copy.a;
    return (DWORD)copy.h;
}

SCENE(torn_copy)
{
    both(write_last, copy_all, NULL);
}

/* ---- functions that read and write for the policy ---- */

THREAD(write_text)
{
    (void)argument;
    text[5] = 'x'; /* copied_while_written A */
    return 0;
}

THREAD(copy_text)
{
    char copy[64];
    (void)argument;
    memcpy(copy, text, (size_t)(counter + 40)); /* copied_while_written B */
    return (DWORD)copy[39];
}

SCENE(copied_while_written)
{
    both(write_text, copy_text, NULL);
}

THREAD(end_text)
{
    (void)argument;
    text[1] = '\0'; /* printed_while_written A */
    return 0;
}

THREAD(print_text)
{
    char line[80];
    (void)argument;
    return (DWORD)snprintf(line, sizeof line, "<%s>", text); /* printed_while_written B */
}

SCENE(printed_while_written)
{
    memset(text, 'a', 20);
    both(end_text, print_text, NULL);
}

THREAD(use_block)
{
    (void)argument;
    pointer[2] = 4; /* freed_while_used A */
    return 0;
}

THREAD(free_block)
{
    (void)argument;
    Sleep(1);
    free(pointer); /* freed_while_used B */
    return 0;
}

SCENE(freed_while_used)
{
    pointer = (long *)malloc(64);
    both(use_block, free_block, NULL);
    pointer = NULL;
}

static CRITICAL_SECTION section;

THREAD(enter_section)
{
    (void)argument;
    Sleep(1);
    EnterCriticalSection(&section); /* lock_made_late B */
    LeaveCriticalSection(&section);
    return 0;
}

SCENE(lock_made_late)
{
    HANDLE thread = CreateThread(NULL, 0, enter_section, NULL, 0, NULL);
    InitializeCriticalSection(&section); /* lock_made_late A */
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static SYSTEM_INFO info;

THREAD(ask_system)
{
    (void)argument;
    GetSystemInfo(&info); /* filled_while_read A */
    return 0;
}

THREAD(read_system)
{
    (void)argument;
    return info.dwNumberOfProcessors; /* filled_while_read B */
}

SCENE(filled_while_read)
{
    both(ask_system, read_system, NULL);
}

/* ---- accesses that compilers make themselves, without a call ---- */

static char block[64], name[16];
static volatile int alike;

THREAD(set_whole)
{
    (void)argument;
    memset(block, 1, sizeof block); /* set_at_once A */
    return 0;
}

THREAD(set_last)
{
    (void)argument;
    block[63] = 2; /* set_at_once B */
    return 0;
}

SCENE(set_at_once)
{
    both(set_whole, set_last, NULL);
}

THREAD(copy_part)
{
    (void)argument;
    memcpy(block, name, 12); /* copied_at_once A */
    return 0;
}

THREAD(change_part)
{
    (void)argument;
    block[11] = 3; /* copied_at_once B */
    return 0;
}

SCENE(copied_at_once)
{
    both(copy_part, change_part, NULL);
}

THREAD(compare_part)
{
    (void)argument;
    alike = memcmp(block, name, 8) == 0; /* compared_at_once A */
    return 0;
}

THREAD(change_name)
{
    (void)argument;
    name[0] = 'n'; /* compared_at_once B */
    return 0;
}

SCENE(compared_at_once)
{
    both(compare_part, change_name, NULL);
}

THREAD(write_name)
{
    (void)argument;
    strcpy(name, "lowwater"); /* named_at_once A */
    return 0;
}

THREAD(read_name)
{
    (void)argument;
    alike = name[3] == 'w'; /* named_at_once B */
    return 0;
}

SCENE(named_at_once)
{
    both(write_name, read_name, NULL);
}

struct record {
    long numbers[9];
};
static struct record record, spare;

THREAD(copy_record)
{
    (void)argument;
    record = spare; /* assigned_at_once A */
    return 0;
}

THREAD(read_record)
{
    (void)argument;
    alike = record.numbers[8] == 1; /* assigned_at_once B */
    return 0;
}

SCENE(assigned_at_once)
{
    both(copy_record, read_record, NULL);
}
