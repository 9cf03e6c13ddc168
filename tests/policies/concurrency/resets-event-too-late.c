/* When Windows refuses, a worker trims the working set and says so by an event that stays set. The
 * one who waits takes back the last answer before it waits, but after it has asked: an answer that
 * was quick is taken back as well. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    HANDLE trimmed; /* manual */
};

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        HeapCompact(GetProcessHeap(), 0);
        SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
        SetEvent(host->trimmed);
    }
    return 0;
}

static BOOL wait_for_room(struct host *host)
{
    SetEvent(host->worker.wanted);
    ResetEvent(host->trimmed);
    WaitForSingleObject(host->trimmed, INFINITE);
    return TRUE;
}

static BOOL start(struct host *host)
{
    host->trimmed = CreateEventA(NULL, TRUE, FALSE, NULL);
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
