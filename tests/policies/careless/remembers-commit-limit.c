/* Reads once how much can be committed, and refuses what goes beyond that without asking. */
#include "types.h"

static void *within_limit(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    static ULONGLONG most;
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return NULL;
    if (most == 0)
        most = status.ullTotalPageFile;
    if ((type & MEM_COMMIT) != 0 &&
        status.ullTotalPageFile - status.ullAvailPageFile + size > most) {
        SetLastError(ERROR_COMMITMENT_LIMIT);
        return NULL;
    }
    return VirtualAlloc(address, size, type, protect);
}

#define ALLOCATE(address, size, type, protect, level) within_limit(address, size, type, protect)
#include "host.h"
