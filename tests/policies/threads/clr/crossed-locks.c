/* VirtualAlloc takes the table and then the heap, Alloc the heap and then the table: two threads of
 * the CLR meet in the middle. */
#include <windows.h>

static SRWLOCK table = SRWLOCK_INIT, heap = SRWLOCK_INIT;

__attribute__((noinline)) static void both(SRWLOCK *first, SRWLOCK *second)
{
    AcquireSRWLockExclusive(first);
    Sleep(1);
    AcquireSRWLockExclusive(second);
    ReleaseSRWLockExclusive(second);
    ReleaseSRWLockExclusive(first);
}

__attribute__((noinline)) static void note_region(void)
{
    both(&table, &heap);
}

__attribute__((noinline)) static void note_block(void)
{
    both(&heap, &table);
}

#define ON_COMMIT(host, count, address, size) note_region()
#define ON_BLOCK(host, count, block, size) note_block()
#include "../../defective/host.h"
