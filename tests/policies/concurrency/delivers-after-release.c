/* Leaves the notification to a thread of the pool, so that no call of the CLR waits for it. The
 * host may be gone by the time it is delivered: nothing holds it, and nobody waits. */
#include "types.h"

struct host {
    struct base base;
    volatile LONG low; /* the CLR was or will be told Low, and not yet Neutral */
};

static DWORD WINAPI deliver(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    HeapCompact(GetProcessHeap(), 0);
    tell(&host->base, eMemoryAvailableLow);
    return 0;
}

static void notice(struct host *host, BOOL refused)
{
    if (refused) {
        if (InterlockedExchange(&host->low, 1) == 0)
            QueueUserWorkItem(deliver, host, WT_EXECUTEDEFAULT);
    } else if (InterlockedCompareExchange(&host->low, 0, 0) == 1 && machine_load() < 85) {
        if (InterlockedExchange(&host->low, 0) == 1)
            tell(&host->base, eMemoryAvailableNeutral);
    }
}

#define NOTICE notice
#include "host.h"
