/* Who was refused waits for the worker's trimming on an event of its own, but not for long. When
 * the time is over it closes the event, and the worker sets what is no handle any more or, worse,
 * another one. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    SRWLOCK asking;          /* one request at a time; guards the next */
    ULONGLONG last_ms;       /* when the last one was made */
    HANDLE volatile trimmed; /* of the request */
};

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        HANDLE trimmed =
            InterlockedCompareExchangePointer((PVOID volatile *)&host->trimmed, NULL, NULL);
        int slice;

        for (slice = 0; slice < 6 && worker_pauses(&host->worker, 1); slice++)
            HeapCompact(GetProcessHeap(), 0);
        SetEvent(trimmed);
    }
    return 0;
}

static BOOL wait_for_room(struct host *host)
{
    HANDLE trimmed = CreateEventA(NULL, FALSE, FALSE, NULL);
    BOOL in_time = FALSE;
    ULONGLONG now_ms;

    if (trimmed == NULL)
        return FALSE;
    AcquireSRWLockExclusive(&host->asking);
    now_ms = GetTickCount64();
    if (host->last_ms == 0 || now_ms - host->last_ms >= 50) {
        host->last_ms = now_ms;
        InterlockedExchangePointer((PVOID volatile *)&host->trimmed, trimmed);
        SetEvent(host->worker.wanted);
        in_time = WaitForSingleObject(trimmed, 5) == WAIT_OBJECT_0;
    }
    ReleaseSRWLockExclusive(&host->asking);
    CloseHandle(trimmed);
    return in_time;
}

#define START(host) worker_begin(&(host)->worker, trim, host)
#define STOP(host) worker_end(&(host)->worker)
#define RETRY(host, growth) wait_for_room(host)
#include "host.h"
