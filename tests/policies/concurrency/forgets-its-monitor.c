/* Its monitor holds a reference to the host, so that the host outlives it; and the host ends its
 * monitor when the last reference is gone. So neither ever ends. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    volatile LONG low; /* the CLR was told Low and not yet Neutral */
};

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_pauses(&host->worker, 10)) {
        DWORD load = machine_load();

        if (load >= 95 && InterlockedExchange(&host->low, 1) == 0)
            tell(&host->base, eMemoryAvailableLow);
        else if (load < 85 && InterlockedExchange(&host->low, 0) == 1)
            tell(&host->base, eMemoryAvailableNeutral);
    }
    IHostMemoryManager_Release(&host->base.iface);
    return 0;
}

static BOOL start(struct host *host)
{
    InterlockedIncrement(&host->base.references);
    if (worker_begin(&host->worker, watch, host))
        return TRUE;
    InterlockedDecrement(&host->base.references);
    return FALSE;
}

#define START start
#define STOP(host) worker_end(&(host)->worker)
#include "host.h"
