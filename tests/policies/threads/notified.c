/* A monitor that waits for memory to run short, and for plenty of it afterwards: the machine's own
 * levels wake it, also when nothing but the page writer is at work. */
#include <windows.h>

#include "check.h"

#define PAGES 2300 /* more than 8 MiB */

static HANDLE low, high, was_low, was_high;

static DWORD WINAPI watch(LPVOID unused)
{
    (void)unused;
    EXPECT(WaitForSingleObject(low, INFINITE) == WAIT_OBJECT_0);
    SetEvent(was_low);
    EXPECT(WaitForSingleObject(high, INFINITE) == WAIT_OBJECT_0);
    SetEvent(was_high);
    return 0;
}

static void commit(unsigned count)
{
    BOOL level;
    if (count != 5)
        return;
    low = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    high = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    was_low = CreateEvent(NULL, FALSE, FALSE, NULL);
    was_high = CreateEvent(NULL, FALSE, FALSE, NULL);
    EXPECT(QueryMemoryResourceNotification(low, &level) && !level);
    HANDLE monitor = CreateThread(NULL, 0, watch, NULL, 0, NULL);
    unsigned char *memory =
        VirtualAlloc(NULL, (SIZE_T)PAGES * 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    unsigned i = 0;
    while (WaitForSingleObject(was_low, 0) == WAIT_TIMEOUT) {
        memory[(SIZE_T)(i++ % PAGES) * 4096] = 1;
        EXPECT(i < 3 * PAGES);
        Sleep(0);
    }
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
    EXPECT(WaitForSingleObject(was_high, INFINITE) == WAIT_OBJECT_0);
    EXPECT(WaitForSingleObject(monitor, INFINITE) == WAIT_OBJECT_0);
    EXPECT(QueryMemoryResourceNotification(high, &level) && level);
    CloseHandle(monitor);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../defective/host.h"
