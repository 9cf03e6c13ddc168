/* Deletes a critical section that its monitor still uses. */
#include <windows.h>

static CRITICAL_SECTION section;

__attribute__((noinline)) static DWORD WINAPI watch(LPVOID unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        EnterCriticalSection(&section);
        LeaveCriticalSection(&section);
        Sleep(1);
    }
    return 0;
}

static void commit(unsigned count)
{
    if (count == 5) {
        InitializeCriticalSection(&section);
        CloseHandle(CreateThread(NULL, 0, watch, NULL, 0, NULL));
        Sleep(2);
        DeleteCriticalSection(&section);
    }
    if (count == 6)
        Sleep(10);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
