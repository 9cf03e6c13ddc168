/* Its timer fires once, and the callback makes the next one, so that none overtakes another. The
 * end deletes the timer it knows: a callback that is under way makes one more, which nobody
 * deletes. */
#include "types.h"

struct host {
    struct base base;
    SRWLOCK lock; /* guards the rest */
    HANDLE timer;
    DWORD highest_load;
};

static VOID CALLBACK look_round(PVOID parameter, BOOLEAN fired)
{
    struct host *host = (struct host *)parameter;
    DWORD load = machine_load();

    (void)fired;
    AcquireSRWLockExclusive(&host->lock);
    if (load > host->highest_load)
        host->highest_load = load;
    DeleteTimerQueueTimer(NULL, host->timer, NULL);
    if (!CreateTimerQueueTimer(&host->timer, NULL, look_round, host, 20, 0, WT_EXECUTEONLYONCE))
        host->timer = NULL;
    ReleaseSRWLockExclusive(&host->lock);
}

static BOOL start(struct host *host)
{
    InitializeSRWLock(&host->lock);
    return CreateTimerQueueTimer(&host->timer, NULL, look_round, host, 20, 0, WT_EXECUTEONLYONCE);
}

static void stop(struct host *host)
{
    HANDLE timer = host->timer;

    if (timer != NULL)
        DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
}

#define START start
#define STOP stop
#include "host.h"
