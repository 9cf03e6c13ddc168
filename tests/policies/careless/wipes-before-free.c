/* Overwrites what the CLR gives back, so that no secret stays in memory. */
#include "types.h"

static BOOL wipe(char *address, SIZE_T size, DWORD type)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery(address, &info, sizeof(info)) != 0 && info.State == MEM_COMMIT &&
        info.Protect == PAGE_READWRITE)
        ZeroMemory(address, size != 0 && size < info.RegionSize ? size : info.RegionSize);
    return VirtualFree(address, size, type);
}

#define RELEASE(address, size, type) wipe(address, size, type)
#include "host.h"
