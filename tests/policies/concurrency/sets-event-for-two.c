/* When Windows refuses, a worker trims once for all who wait and sets an automatic event as often
 * as there are waiters. An event does not count: set twice before anybody has come to wait, it lets
 * one through. (A semaphore would count.) */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    HANDLE trimmed; /* automatic: one thread goes on */
    volatile LONG waiting;
};

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        LONG served = InterlockedExchange(&host->waiting, 0);

        HeapCompact(GetProcessHeap(), 0);
        SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
        while (served-- > 0)
            SetEvent(host->trimmed);
    }
    return 0;
}

static BOOL wait_for_room(struct host *host)
{
    InterlockedIncrement(&host->waiting);
    SetEvent(host->worker.wanted);
    WaitForSingleObject(host->trimmed, INFINITE);
    return TRUE;
}

static BOOL start(struct host *host)
{
    host->trimmed = CreateEventA(NULL, FALSE, FALSE, NULL);
    if (host->trimmed == NULL)
        return FALSE;
    if (worker_begin(&host->worker, trim, host))
        return TRUE;
    CloseHandle(host->trimmed);
    return FALSE;
}

static void stop(struct host *host)
{
    worker_end(&host->worker);
    CloseHandle(host->trimmed);
}

#define START start
#define STOP stop
#define RETRY(host, growth) wait_for_room(host)
#include "host.h"
