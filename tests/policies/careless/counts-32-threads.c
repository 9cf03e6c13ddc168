/* Keeps an account for each thread that asks, in a table of 32, and never strikes one out. */
#include "types.h"

#define THREADS 32

static struct {
    DWORD thread;
    SIZE_T bytes;
} accounts[THREADS];

static BOOL account(SIZE_T bytes)
{
    DWORD self = GetCurrentThreadId();
    unsigned i = 0;

    while (i < THREADS && accounts[i].thread != 0 && accounts[i].thread != self)
        i++;
    if (i == THREADS) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    accounts[i].thread = self;
    accounts[i].bytes += bytes;
    return TRUE;
}

#define ALLOCATE(address, size, type, protect, level)                                              \
    (account(size) ? VirtualAlloc(address, size, type, protect) : NULL)
#include "host.h"
