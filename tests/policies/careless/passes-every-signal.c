/* Tells the CLR each time that Windows signals low memory or high memory. */
#include "types.h"

static DWORD WINAPI pass_on(LPVOID context)
{
    HANDLE scarce = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    HANDLE plenty = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    ICLRMemoryNotificationCallback *callback = (ICLRMemoryNotificationCallback *)context;

    while (WaitForSingleObject(scarce, INFINITE) == WAIT_OBJECT_0) {
        ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableLow);
        WaitForSingleObject(plenty, INFINITE);
        ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableHigh);
    }
    return 0;
}

static HRESULT watch(ICLRMemoryNotificationCallback *callback)
{
    HANDLE thread = CreateThread(NULL, 0, pass_on, callback, 0, NULL);

    if (thread != NULL)
        CloseHandle(thread);
    return thread != NULL ? S_OK : E_OUTOFMEMORY;
}

#define REGISTER(host, new_callback) watch(new_callback)
#include "host.h"
