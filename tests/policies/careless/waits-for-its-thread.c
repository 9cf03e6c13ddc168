/* Looks for memory on a thread that it starts when there is none, and waits until that has begun.
 */
#include "types.h"

static HANDLE begun;

static DWORD WINAPI look_for_memory(LPVOID context)
{
    (void)context;
    SetEvent(begun);
    Sleep(10);
    return 0;
}

static HRESULT get_help(HRESULT failure)
{
    begun = CreateEvent(NULL, TRUE, FALSE, NULL);
    CloseHandle(CreateThread(NULL, 0, look_for_memory, NULL, 0, NULL));
    WaitForSingleObject(begun, INFINITE);
    CloseHandle(begun);
    return failure;
}

#define REFUSED(failure) get_help(failure)
#include "host.h"
