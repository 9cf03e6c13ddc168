/* At its end it spins on a plain flag until its monitor says that it is gone. Nothing in the loop
 * lets anybody else run, and a compiler that hears nothing of "volatile" would look once only. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    volatile BOOL gone;
};

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;
    MEMORYSTATUSEX status;
    BOOL low = FALSE;

    status.dwLength = sizeof(status);
    while (worker_pauses(&host->worker, 10)) {
        if (!GlobalMemoryStatusEx(&status))
            continue;
        if (low ? status.dwMemoryLoad < 85 : status.dwMemoryLoad >= 95) {
            low = !low;
            tell(&host->base, low ? eMemoryAvailableLow : eMemoryAvailableNeutral);
        }
    }
    host->gone = TRUE;
    return 0;
}

static void stop(struct host *host)
{
    SetEvent(host->worker.ending);
    while (!host->gone)
        ;
    worker_close(&host->worker);
}

#define START(host) worker_begin(&(host)->worker, watch, host)
#define STOP stop
#include "host.h"
