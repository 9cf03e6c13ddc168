/* After a refusal a thread trims the process under a mutex of Windows, which no two processes of
 * this host trim under at once. A thread that finds nothing to trim ends with the mutex. The next
 * one is told that it was abandoned, and thinks it did not get it. */
#include "types.h"

struct host {
    struct base base;
    HANDLE trimming;
    volatile LONG trimmers; /* threads on their way */
    ULONGLONG trims;        /* guarded by the mutex */
};

static void leave(struct host *host)
{
    InterlockedExchange(&host->trimmers, 0);
    IHostMemoryManager_Release(&host->base.iface);
}

static DWORD WINAPI trim(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    if (WaitForSingleObject(host->trimming, 100) != WAIT_OBJECT_0) {
        leave(host);
        return 1;
    }
    if (machine_load() < 50) {
        leave(host);
        return 0;
    }
    host->trims++;
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    ReleaseMutex(host->trimming);
    leave(host);
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
    host->trimming = CreateMutexA(NULL, FALSE, "Local\\trimming");
    return host->trimming != NULL;
}

#define START start
#define STOP(host) CloseHandle((host)->trimming)
#define NOTICE notice
#include "host.h"
