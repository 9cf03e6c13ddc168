/* Tells its monitor to end, does not wait for that, and deletes the lock that the monitor takes. */
#include "worker.h"

static CRITICAL_SECTION figures_lock; /* guards the next two */
static DWORD highest_load;
static ULONGLONG looks;

struct host {
    struct base base;
};

static HANDLE ending;

static DWORD WINAPI watch(LPVOID unused)
{
    (void)unused;
    while (WaitForSingleObject(ending, 10) == WAIT_TIMEOUT) {
        DWORD load = machine_load();

        EnterCriticalSection(&figures_lock);
        looks++;
        if (load > highest_load)
            highest_load = load;
        LeaveCriticalSection(&figures_lock);
    }
    return 0;
}

static BOOL start(void)
{
    HANDLE thread = NULL;

    InitializeCriticalSection(&figures_lock);
    ending = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (ending != NULL)
        thread = CreateThread(NULL, 0, watch, NULL, 0, NULL);
    if (thread == NULL) {
        if (ending != NULL)
            CloseHandle(ending);
        DeleteCriticalSection(&figures_lock);
        return FALSE;
    }
    CloseHandle(thread);
    return TRUE;
}

/* The event stays open: the monitor still looks at it. */
static void stop(void)
{
    SetEvent(ending);
    DeleteCriticalSection(&figures_lock);
}

/* The CLR hears of the worst that was seen, so that it does not grow into a short lull. */
static void load_of(DWORD *load)
{
    EnterCriticalSection(&figures_lock);
    if (*load < highest_load && looks < 100)
        *load = highest_load;
    LeaveCriticalSection(&figures_lock);
}

#define START(host) start()
#define STOP(host) stop()
#define LOAD(host, load, available) load_of(load)
#include "host.h"
