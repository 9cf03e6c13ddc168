/* A thread returns early and keeps its lock. */
#include <windows.h>

static CRITICAL_SECTION section;
static int empty = 1;

__attribute__((noinline)) static DWORD WINAPI trim(LPVOID unused)
{
    (void)unused;
    EnterCriticalSection(&section);
    if (empty)
        return 0;
    LeaveCriticalSection(&section);
    return 1;
}

static void commit(unsigned count)
{
    if (count != 5)
        return;
    InitializeCriticalSection(&section);
    HANDLE thread = CreateThread(NULL, 0, trim, NULL, 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
