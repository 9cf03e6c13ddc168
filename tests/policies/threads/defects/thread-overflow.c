/* A thread of the policy's own uses up its stack. */
#include <windows.h>

__attribute__((noinline)) static int merge(volatile char *below)
{
    volatile char room[4096];
    room[0] = below ? below[0] : 1;
    return merge(room) + room[0];
}

static DWORD WINAPI trim(LPVOID unused)
{
    (void)unused;
    return (DWORD)merge(NULL);
}

static void commit(unsigned count)
{
    if (count == 5)
        WaitForSingleObject(CreateThread(NULL, 0, trim, NULL, 0, NULL), INFINITE);
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
