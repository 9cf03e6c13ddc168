/* After a refusal it waits for its worker's trimming, under the lock that keeps others from asking
 * at the same time. The worker takes that lock when it has something to write down. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    HANDLE trimmed; /* automatic */
    SRWLOCK lock;   /* one request at a time; guards the next */
    SIZE_T freed;
};

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        SIZE_T largest = HeapCompact(GetProcessHeap(), 0);

        if (largest > host->freed) {
            AcquireSRWLockExclusive(&host->lock);
            host->freed = largest;
            ReleaseSRWLockExclusive(&host->lock);
        }
        SetEvent(host->trimmed);
    }
    return 0;
}

static BOOL wait_for_room(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    SetEvent(host->worker.wanted);
    WaitForSingleObject(host->trimmed, INFINITE);
    ReleaseSRWLockExclusive(&host->lock);
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
