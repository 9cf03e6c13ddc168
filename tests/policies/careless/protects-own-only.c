/* Refuses to change the protection of memory that it has not given out: thread stacks, images. */
#include "types.h"

static BOOL protect_own(void *address, SIZE_T size, DWORD protect, DWORD *old)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery(address, &info, sizeof(info)) != 0 && info.Type == MEM_PRIVATE)
        return VirtualProtect(address, size, protect, old);
    SetLastError(ERROR_INVALID_ADDRESS);
    return FALSE;
}

#define PROTECT(address, size, protect, old) protect_own(address, size, protect, old)
#include "host.h"
