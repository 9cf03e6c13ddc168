/* Leaves the notification to a thread of the pool, which holds the host as long as it needs it. */
#include "../types.h"

struct host {
    struct base base;
    volatile LONG low; /* the CLR was or will be told Low, and not yet Neutral */
};

static DWORD WINAPI deliver(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    HeapCompact(GetProcessHeap(), 0);
    tell(&host->base, eMemoryAvailableLow);
    IHostMemoryManager_Release(&host->base.iface);
    return 0;
}

static void leave_to_pool(struct host *host)
{
    IHostMemoryManager_AddRef(&host->base.iface);
    if (!QueueUserWorkItem(deliver, host, WT_EXECUTEDEFAULT))
        IHostMemoryManager_Release(&host->base.iface);
}

static void notice(struct host *host, BOOL refused)
{
    if (refused) {
        if (InterlockedExchange(&host->low, 1) == 0)
            leave_to_pool(host);
    } else if (InterlockedCompareExchange(&host->low, 0, 0) == 1 && machine_load() < 85) {
        if (InterlockedExchange(&host->low, 0) == 1)
            tell(&host->base, eMemoryAvailableNeutral);
    }
}

#define NOTICE notice
#include "../host.h"
