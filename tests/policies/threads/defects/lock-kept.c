/* A path out of a call of the CLR forgets the lock. */
#include <windows.h>

static SRWLOCK lock = SRWLOCK_INIT;

static void commit(unsigned count)
{
    AcquireSRWLockShared(&lock);
    if (count == 5)
        return;
    ReleaseSRWLockShared(&lock);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
