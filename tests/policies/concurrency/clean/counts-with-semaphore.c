/* When Windows refuses, a worker trims once for all who wait, and lets as many go on as have come:
 * a semaphore counts them, whether they wait already or not. */
#include "../worker.h"

struct host {
    struct base base;
    struct worker worker;
    HANDLE trimmed; /* one for each that may go on */
    volatile LONG waiting;
};

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        LONG served = InterlockedExchange(&host->waiting, 0);

        HeapCompact(GetProcessHeap(), 0);
        SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
        if (served > 0)
            ReleaseSemaphore(host->trimmed, served, NULL);
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
    host->trimmed = CreateSemaphoreA(NULL, 0, MAXLONG, NULL);
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
#include "../host.h"
