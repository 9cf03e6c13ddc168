/* Looks round by a timer of the pool. At the end it deletes the timer without waiting for a
 * callback that is under way, and frees what that works on. */
#include "types.h"

struct figures {
    volatile LONG looks, highest_load;
};

struct host {
    struct base base;
    HANDLE timer;
    struct figures *figures;
};

static VOID CALLBACK look_round(PVOID parameter, BOOLEAN fired)
{
    struct host *host = (struct host *)parameter;
    LONG load = (LONG)machine_load();

    (void)fired;
    InterlockedIncrement(&host->figures->looks);
    if (load > host->figures->highest_load)
        InterlockedExchange(&host->figures->highest_load, load);
}

static BOOL start(struct host *host)
{
    host->figures = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*host->figures));
    if (host->figures == NULL)
        return FALSE;
    if (CreateTimerQueueTimer(&host->timer, NULL, look_round, host, 10, 10, WT_EXECUTEDEFAULT))
        return TRUE;
    HeapFree(GetProcessHeap(), 0, host->figures);
    return FALSE;
}

static void stop(struct host *host)
{
    DeleteTimerQueueTimer(NULL, host->timer, NULL);
    HeapFree(GetProcessHeap(), 0, host->figures);
}

#define START start
#define STOP stop
#include "host.h"
