/* Looks round by a timer of the pool. At the end it deletes the timer and waits for a callback that
 * is under way before it frees what that works on. */
#include "../types.h"

struct figures {
    volatile LONG looks, highest_load;
};

struct host {
    struct base base;
    HANDLE timer;
    struct figures *figures;
};

/* A callback that comes late may meet the next one. */
static VOID CALLBACK look_round(PVOID parameter, BOOLEAN fired)
{
    struct figures *figures = (struct figures *)parameter;
    LONG load = (LONG)machine_load();
    LONG highest = InterlockedCompareExchange(&figures->highest_load, 0, 0), seen;

    (void)fired;
    InterlockedIncrement(&figures->looks);
    while (load > highest) {
        seen = InterlockedCompareExchange(&figures->highest_load, load, highest);
        if (seen == highest)
            break;
        highest = seen;
    }
}

static BOOL start(struct host *host)
{
    host->figures = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*host->figures));
    if (host->figures == NULL)
        return FALSE;
    if (CreateTimerQueueTimer(&host->timer, NULL, look_round, host->figures, 10, 10,
                              WT_EXECUTEDEFAULT))
        return TRUE;
    HeapFree(GetProcessHeap(), 0, host->figures);
    return FALSE;
}

static void stop(struct host *host)
{
    DeleteTimerQueueTimer(NULL, host->timer, INVALID_HANDLE_VALUE);
    HeapFree(GetProcessHeap(), 0, host->figures);
}

#define START start
#define STOP stop
#include "../host.h"
