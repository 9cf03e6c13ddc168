/* Decides about Low and Neutral under the lock of its state, and tells the CLR before it lets go:
 * whoever the CLR wakes and lets run waits for this lock. */
#include "types.h"

struct host {
    struct base base;
    CRITICAL_SECTION lock; /* guards the rest */
    BOOL low;              /* the CLR was told Low and not yet Neutral */
    ULONGLONG refusals;
};

static void notice(struct host *host, BOOL refused)
{
    DWORD load = machine_load();

    EnterCriticalSection(&host->lock);
    if (refused)
        host->refusals++;
    if (!host->low && (refused || load >= 95)) {
        host->low = TRUE;
        tell(&host->base, eMemoryAvailableLow);
    } else if (host->low && !refused && load < 85) {
        host->low = FALSE;
        tell(&host->base, eMemoryAvailableNeutral);
    }
    LeaveCriticalSection(&host->lock);
}

static BOOL start(struct host *host)
{
    InitializeCriticalSection(&host->lock);
    return TRUE;
}

#define START start
#define STOP(host) DeleteCriticalSection(&(host)->lock)
#define NOTICE notice
#include "host.h"
