/* Its monitor holds the host while it looks round, as it should. When the CLR lets go meanwhile,
 * the monitor's reference is the last one, and the monitor waits for its own end. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    volatile LONG low; /* the CLR was told Low and not yet Neutral */
};

static void look_round(struct host *host)
{
    DWORD load = machine_load();

    if (load >= 95 && InterlockedExchange(&host->low, 1) == 0)
        tell(&host->base, eMemoryAvailableLow);
    else if (load < 85 && InterlockedExchange(&host->low, 0) == 1)
        tell(&host->base, eMemoryAvailableNeutral);
}

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_pauses(&host->worker, 10)) {
        IHostMemoryManager_AddRef(&host->base.iface);
        look_round(host);
        IHostMemoryManager_Release(&host->base.iface);
    }
    return 0;
}

#define START(host) worker_begin(&(host)->worker, watch, host)
#define STOP(host) worker_end(&(host)->worker)
#include "host.h"
