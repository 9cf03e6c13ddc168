/* A monitor waits for memory to run short and tells the CLR, under no lock. It holds no reference;
 * the last Release tells it to end and waits for that before anything goes. */
#include "../worker.h"

struct host {
    struct base base;
    struct worker worker;
    HANDLE shortage; /* of memory */
    SRWLOCK lock;    /* guards the next two */
    DWORD highest_load;
    BOOL low; /* the CLR was told Low and not yet Neutral */
};

/* TRUE: the CLR is to hear of it. */
static BOOL note_load(struct host *host, DWORD load)
{
    BOOL changed;

    AcquireSRWLockExclusive(&host->lock);
    if (load > host->highest_load)
        host->highest_load = load;
    changed = host->low ? load < 85 : load >= 95;
    if (changed)
        host->low = !host->low;
    ReleaseSRWLockExclusive(&host->lock);
    return changed;
}

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;
    HANDLE handles[2];

    handles[0] = host->worker.ending;
    handles[1] = host->shortage;
    while (WaitForMultipleObjects(2, handles, FALSE, 100) != WAIT_OBJECT_0) {
        DWORD load = machine_load();

        if (note_load(host, load))
            tell(&host->base, load >= 95 ? eMemoryAvailableLow : eMemoryAvailableNeutral);
        if (!worker_pauses(&host->worker, 100))
            break;
    }
    return 0;
}

static BOOL start(struct host *host)
{
    InitializeSRWLock(&host->lock);
    host->shortage = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    if (host->shortage == NULL)
        return FALSE;
    if (worker_begin(&host->worker, watch, host))
        return TRUE;
    CloseHandle(host->shortage);
    return FALSE;
}

static void stop(struct host *host)
{
    worker_end(&host->worker);
    CloseHandle(host->shortage);
}

#define START start
#define STOP stop
#include "../host.h"
