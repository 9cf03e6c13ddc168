/* Looks whether there is enough to commit before it asks Windows, also for pages that are committed
 * already. */
#include "types.h"

static void *ask_first(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if ((type & MEM_COMMIT) != 0 && GlobalMemoryStatusEx(&status) &&
        size > status.ullAvailPageFile) {
        SetLastError(ERROR_COMMITMENT_LIMIT);
        return NULL;
    }
    return VirtualAlloc(address, size, type, protect);
}

#define ALLOCATE(address, size, type, protect, level) ask_first(address, size, type, protect)
#include "host.h"
