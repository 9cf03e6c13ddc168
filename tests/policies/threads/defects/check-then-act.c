/* Two threads find the last free slot and both take it: the count is looked at under one lock and
 * changed under another. */
#include <windows.h>

#include "../check.h"

static SRWLOCK lock = SRWLOCK_INIT;
static int free_slots = 1;

__attribute__((noinline)) static int has_free_slot(void)
{
    AcquireSRWLockShared(&lock);
    int free = free_slots > 0;
    ReleaseSRWLockShared(&lock);
    return free;
}

__attribute__((noinline)) static void take_slot(void)
{
    AcquireSRWLockExclusive(&lock);
    free_slots--;
    EXPECT(free_slots >= 0);
    ReleaseSRWLockExclusive(&lock);
}

static DWORD WINAPI worker(LPVOID unused)
{
    (void)unused;
    if (has_free_slot())
        take_slot();
    return 0;
}

static void commit(unsigned count)
{
    if (count != 5)
        return;
    HANDLE threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, worker, NULL, 0, NULL);
    WaitForMultipleObjects(2, threads, TRUE, INFINITE);
    CloseHandle(threads[0]);
    CloseHandle(threads[1]);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
