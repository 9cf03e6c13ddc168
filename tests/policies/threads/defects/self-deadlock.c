/* Takes a slim lock that it has already, two functions further down. */
#include <windows.h>

static SRWLOCK lock = SRWLOCK_INIT;

__attribute__((noinline)) static void note_block(unsigned count)
{
    AcquireSRWLockExclusive(&lock);
    (void)count;
    ReleaseSRWLockExclusive(&lock);
}

static void note_commit(unsigned count)
{
    AcquireSRWLockShared(&lock);
    if (count == 5)
        note_block(count);
    ReleaseSRWLockShared(&lock);
}

#define ON_COMMIT(host, count, address, size) note_commit(count)
#include "../../defective/host.h"
