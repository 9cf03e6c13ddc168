/* Does not look whether GlobalMemoryStatusEx has worked, and divides by what it did not write. */
#include "types.h"

static BOOL look(MEMORYSTATUSEX *status)
{
    ZeroMemory(status, sizeof(*status));
    status->dwLength = sizeof(*status);
    GlobalMemoryStatusEx(status);
    return TRUE;
}

#define LOOK(status) look(status)
#define LOAD(status, used)                                                                         \
    ((void)(used), (DWORD)(100 - (status)->ullAvailPhys * 100 / (status)->ullTotalPhys))
#include "host.h"
