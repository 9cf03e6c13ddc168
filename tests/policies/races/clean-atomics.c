/* What is ordered by C11's atomic operations and by what hosts build of them: no schedule may show
 * a race. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define TURNS 4

static SRWLOCK srw = SRWLOCK_INIT;
static long counter, box, answer;

static atomic_int flag, turn, wants[2], sequence;
static atomic_long halves[2];
static _Atomic(long *) published;
static volatile LONG references;
static long *shared_block;

THREAD(release_flag)
{
    (void)argument;
    box = 1;
    atomic_store_explicit(&flag, 1, memory_order_release);
    return 0;
}

THREAD(acquire_flag)
{
    (void)argument;
    while (!atomic_load_explicit(&flag, memory_order_acquire))
        ;
    counter = box;
    return 0;
}

SCENE(message_passing)
{
    both(release_flag, acquire_flag, NULL);
}

THREAD(fence_and_store)
{
    (void)argument;
    box = 1;
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&flag, 1, memory_order_relaxed);
    return 0;
}

THREAD(load_and_fence)
{
    (void)argument;
    while (!atomic_load_explicit(&flag, memory_order_relaxed))
        SwitchToThread();
    atomic_thread_fence(memory_order_acquire);
    counter = box;
    return 0;
}

SCENE(message_behind_fences)
{
    both(load_and_fence, fence_and_store, NULL);
}

/* A relaxed exchange goes on with the release sequence. */
THREAD(exchange_between)
{
    int expected = 1;
    (void)argument;
    while (!atomic_compare_exchange_weak_explicit(&flag, &expected, 2, memory_order_relaxed,
                                                  memory_order_relaxed)) {
        expected = 1;
        SwitchToThread();
    }
    return 0;
}

THREAD(acquire_end_of_sequence)
{
    HANDLE thread = CreateThread(NULL, 0, exchange_between, NULL, 0, NULL);
    (void)argument;
    while (atomic_load_explicit(&flag, memory_order_acquire) != 2)
        SwitchToThread();
    counter = box;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return 0;
}

SCENE(release_sequence)
{
    both(release_flag, acquire_end_of_sequence, NULL);
}

static void peterson(int me)
{
    for (int i = 0; i < TURNS; i++) {
        atomic_store(&wants[me], 1);
        atomic_store(&turn, 1 - me);
        while (atomic_load(&wants[1 - me]) && atomic_load(&turn) == 1 - me)
            SwitchToThread();
        counter++;
        atomic_store(&wants[me], 0);
    }
}

THREAD(first_of_peterson)
{
    (void)argument;
    peterson(0);
    return 0;
}

THREAD(second_of_peterson)
{
    (void)argument;
    peterson(1);
    return 0;
}

SCENE(peterson_lock)
{
    both(first_of_peterson, second_of_peterson, NULL);
    if (counter != 2 * TURNS)
        abort();
}

static long *get_published(void)
{
    long *value = atomic_load_explicit(&published, memory_order_acquire);
    if (!value) {
        AcquireSRWLockExclusive(&srw);
        value = atomic_load_explicit(&published, memory_order_relaxed);
        if (!value) {
            value = (long *)malloc(sizeof *value);
            *value = 77;
            atomic_store_explicit(&published, value, memory_order_release);
        }
        ReleaseSRWLockExclusive(&srw);
    }
    return value;
}

THREAD(use_published)
{
    (void)argument;
    return *get_published() == 77;
}

SCENE(double_checked)
{
    both(use_published, use_published, NULL);
    free(get_published());
    atomic_store(&published, NULL);
}

THREAD(write_under_sequence)
{
    (void)argument;
    for (int i = 1; i <= TURNS; i++) {
        atomic_fetch_add_explicit(&sequence, 1, memory_order_acq_rel);
        atomic_store_explicit(&halves[0], i, memory_order_relaxed);
        atomic_store_explicit(&halves[1], -i, memory_order_relaxed);
        atomic_fetch_add_explicit(&sequence, 1, memory_order_release);
    }
    return 0;
}

THREAD(read_under_sequence)
{
    long sum = 0;
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        int before, after;
        do {
            before = atomic_load_explicit(&sequence, memory_order_acquire);
            sum = atomic_load_explicit(&halves[0], memory_order_relaxed) +
                  atomic_load_explicit(&halves[1], memory_order_relaxed);
            atomic_thread_fence(memory_order_acquire);
            after = atomic_load_explicit(&sequence, memory_order_relaxed);
        } while (before != after || before % 2);
        if (sum != 0)
            abort();
    }
    return 0;
}

SCENE(sequence_lock)
{
    both(write_under_sequence, read_under_sequence, NULL);
}

THREAD(drop_reference)
{
    (void)argument;
    answer = shared_block[0]; /* each reads, the last one gives it back */
    if (InterlockedDecrement(&references) == 0)
        free(shared_block);
    return 0;
}

THREAD(read_and_drop)
{
    long value = shared_block[0];
    (void)argument;
    if (InterlockedDecrement(&references) == 0)
        free(shared_block);
    return (DWORD)value;
}

SCENE(counted_references)
{
    shared_block = (long *)malloc(sizeof *shared_block);
    shared_block[0] = 1;
    references = 2;
    both(drop_reference, read_and_drop, NULL);
}

/* Read without a lock what others change with Interlocked functions, as Windows documents. */
THREAD(watch_references)
{
    (void)argument;
    while (references < TURNS)
        SwitchToThread();
    return 0;
}

THREAD(raise_references)
{
    (void)argument;
    for (int i = 0; i < TURNS; i++)
        InterlockedIncrement(&references);
    return 0;
}

SCENE(interlocked_and_volatile)
{
    references = 0;
    both(watch_references, raise_references, NULL);
}

static LONG door;

THREAD(open_door)
{
    (void)argument;
    box = 2;
    InterlockedExchange(&door, 1);
    WakeByAddressAll(&door);
    return 0;
}

THREAD(wait_at_door)
{
    LONG closed = 0;
    (void)argument;
    while (InterlockedCompareExchange(&door, 0, 0) == closed)
        WaitOnAddress(&door, &closed, sizeof closed, INFINITE);
    counter = box;
    return 0;
}

SCENE(wait_on_address)
{
    both(open_door, wait_at_door, NULL);
}
