/* Serves MEM_RESERVE | MEM_COMMIT by two calls, and keeps the reservation when the second fails. */
#include "types.h"

static void *in_two_steps(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    if ((type & MEM_COMMIT) == 0 || ((type & MEM_RESERVE) == 0 && address != NULL))
        return VirtualAlloc(address, size, type, protect);
    address = VirtualAlloc(address, size, (type & ~(DWORD)MEM_COMMIT) | MEM_RESERVE, protect);
    return address != NULL ? VirtualAlloc(address, size, MEM_COMMIT, protect) : NULL;
}

#define ALLOCATE(address, size, type, protect, level) in_two_steps(address, size, type, protect)
#include "host.h"
