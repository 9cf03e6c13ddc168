/* Has a thread that looks at memory a hundred times a second, and answers with its last look. */
#include "types.h"

static volatile LONG64 last_load, last_available;

static DWORD WINAPI sample(LPVOID context)
{
    MEMORYSTATUSEX status;

    (void)context;
    status.dwLength = sizeof(status);
    for (;;) {
        if (GlobalMemoryStatusEx(&status)) {
            InterlockedExchange64(&last_load, (LONG64)status.dwMemoryLoad);
            InterlockedExchange64(&last_available, (LONG64)status.ullAvailPhys);
        }
        Sleep(10);
    }
}

static HRESULT start(ICLRMemoryNotificationCallback *callback)
{
    HANDLE thread = CreateThread(NULL, 0, sample, callback, 0, NULL);

    if (thread != NULL)
        CloseHandle(thread);
    return thread != NULL ? S_OK : E_OUTOFMEMORY;
}

#define REGISTER(host, new_callback) start(new_callback)
#define LOAD(status, used) ((DWORD)last_load)
#define AVAILABLE(status, left) ((ULONGLONG)last_available)
#include "host.h"
