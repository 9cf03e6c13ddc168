/* Each thread of the CLR that commits goes away with a lock. */
#include <windows.h>

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static CRITICAL_SECTION sections[8];
static LONG next;

static BOOL CALLBACK make(PINIT_ONCE self, PVOID parameter, PVOID *context)
{
    (void)self, (void)parameter, (void)context;
    for (int i = 0; i < 8; i++)
        InitializeCriticalSection(&sections[i]);
    return TRUE;
}

static void commit(void)
{
    InitOnceExecuteOnce(&once, make, NULL, NULL);
    EnterCriticalSection(&sections[(InterlockedIncrement(&next) - 1) % 8]);
}

#define ON_COMMIT(host, count, address, size) commit()
#include "../../defective/host.h"
