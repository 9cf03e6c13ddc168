/* Two threads back off from each other's lock for ever. */
#include <windows.h>

static CRITICAL_SECTION left, right;

__attribute__((noinline)) static void take_both(CRITICAL_SECTION *first, CRITICAL_SECTION *second)
{
    EnterCriticalSection(first);
    Sleep(1);
    while (!TryEnterCriticalSection(second))
        SwitchToThread();
    LeaveCriticalSection(second);
    LeaveCriticalSection(first);
}

static DWORD WINAPI other(LPVOID unused)
{
    (void)unused;
    take_both(&right, &left);
    return 0;
}

static void commit(unsigned count)
{
    if (count != 5)
        return;
    InitializeCriticalSection(&left);
    InitializeCriticalSection(&right);
    CloseHandle(CreateThread(NULL, 0, other, NULL, 0, NULL));
    take_both(&left, &right);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
