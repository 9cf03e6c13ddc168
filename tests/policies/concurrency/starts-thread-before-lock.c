/* Starts its monitor, then makes the lock that the monitor takes: there is time for that, for the
 * monitor looks at the machine first. There is not, when the starting thread loses its turn. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    CRITICAL_SECTION lock; /* guards the next */
    DWORD highest_load;
};

static void note_load(struct host *host, DWORD load)
{
    EnterCriticalSection(&host->lock);
    if (load > host->highest_load)
        host->highest_load = load;
    LeaveCriticalSection(&host->lock);
}

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    do {
        note_load(host, machine_load());
    } while (worker_pauses(&host->worker, 10));
    return 0;
}

static BOOL start(struct host *host)
{
    if (!worker_begin(&host->worker, watch, host))
        return FALSE;
    InitializeCriticalSection(&host->lock);
    return TRUE;
}

static void stop(struct host *host)
{
    worker_end(&host->worker);
    DeleteCriticalSection(&host->lock);
}

#define START start
#define STOP stop
#define LOAD(host, load, available) note_load(host, *(load))
#include "host.h"
