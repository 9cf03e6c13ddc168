/* Saves the zeroing: what the CLR decommits is only marked as not needed, for a commit soon. */
#include "types.h"

static BOOL let_go(void *address, SIZE_T size, DWORD type)
{
    if (type == MEM_DECOMMIT && size != 0)
        return VirtualAlloc(address, size, MEM_RESET, PAGE_READWRITE) != NULL;
    return VirtualFree(address, size, type);
}

#define RELEASE(address, size, type) let_go(address, size, type)
#include "host.h"
