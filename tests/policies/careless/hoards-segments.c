/* Keeps what the CLR releases for the next request, which never comes in the same size. */
#include "types.h"

static BOOL keep(void *address, SIZE_T size, DWORD type)
{
    return type == MEM_RELEASE ? VirtualFree(address, 0, MEM_DECOMMIT)
                               : VirtualFree(address, size, type);
}

#define RELEASE(address, size, type) keep(address, size, type)
#include "host.h"
