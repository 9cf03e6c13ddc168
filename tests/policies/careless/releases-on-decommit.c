/* Takes a decommit that begins at the base for the end of the allocation. */
#include "types.h"

static BOOL give_up(void *address, SIZE_T size, DWORD type)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery(address, &info, sizeof(info)) != 0 && info.AllocationBase == address)
        return VirtualFree(address, 0, MEM_RELEASE);
    return VirtualFree(address, size, type);
}

#define RELEASE(address, size, type) give_up(address, size, type)
#include "host.h"
