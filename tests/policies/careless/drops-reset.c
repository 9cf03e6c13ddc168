/* Sees that MEM_RESET commits nothing, and does not bother Windows with it. */
#include "types.h"

static void *pass_on(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    return (type & MEM_RESET) != 0 ? address : VirtualAlloc(address, size, type, protect);
}

#define ALLOCATE(address, size, type, protect, level) pass_on(address, size, type, protect)
#include "host.h"
