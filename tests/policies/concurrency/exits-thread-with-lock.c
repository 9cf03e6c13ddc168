/* After a refusal a thread of its own trims the host, one at a time. Where Windows does not say how
 * much there is to trim, the thread ends early and takes the lock along. */
#include "types.h"

struct host {
    struct base base;
    CRITICAL_SECTION trimming; /* guards the next */
    SIZE_T trimmed_bytes;
    volatile LONG trimmers; /* threads on their way */
};

static SIZE_T resident_bytes(void)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status) || status.ullAvailPhys > status.ullTotalPhys / 2)
        return 0;
    return (SIZE_T)(status.ullTotalPhys - status.ullAvailPhys);
}

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;
    SIZE_T before;

    EnterCriticalSection(&host->trimming);
    before = resident_bytes();
    if (before == 0) {
        IHostMemoryManager_Release(&host->base.iface);
        return 1;
    }
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    host->trimmed_bytes += before;
    LeaveCriticalSection(&host->trimming);
    InterlockedExchange(&host->trimmers, 0);
    IHostMemoryManager_Release(&host->base.iface);
    return 0;
}

/* The thread has a reference of its own. */
static void notice(struct host *host, BOOL refused)
{
    HANDLE thread;

    if (!refused || InterlockedExchange(&host->trimmers, 1) != 0)
        return;
    InterlockedIncrement(&host->base.references);
    thread = CreateThread(NULL, 0, trim, host, 0, NULL);
    if (thread != NULL) {
        CloseHandle(thread);
        return;
    }
    InterlockedDecrement(&host->base.references);
    InterlockedExchange(&host->trimmers, 0);
}

static BOOL start(struct host *host)
{
    InitializeCriticalSection(&host->trimming);
    return TRUE;
}

#define START start
#define STOP(host) DeleteCriticalSection(&(host)->trimming)
#define NOTICE notice
#include "host.h"
