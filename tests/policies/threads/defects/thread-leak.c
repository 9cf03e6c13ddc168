/* The last Release does not end the monitor. */
#include <windows.h>

__attribute__((noinline)) static DWORD WINAPI watch(LPVOID low)
{
    for (;;)
        WaitForSingleObject(low, 100);
    return 0;
}

static HRESULT begin(void)
{
    HANDLE low = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    CloseHandle(CreateThread(NULL, 0, watch, low, 0, NULL));
    return S_OK;
}

#define FACTORY_RESULT(host, result) (*(result) = &(host)->iface, begin())
#include "../../defective/host.h"
