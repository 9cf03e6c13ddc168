/* Has a table of 64 reservations, which is more than enough, and frees what stands in it. */
#include "types.h"

#define KNOWN 64

static void *known[KNOWN];

static BOOL replace(void *before, void *after)
{
    unsigned i = 0;

    while (i < KNOWN && known[i] != before)
        i++;
    if (i < KNOWN)
        known[i] = after;
    return i < KNOWN;
}

static void *write_down(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = VirtualAlloc(address, size, type, protect);

    if (memory != NULL && (address == NULL || (type & MEM_RESERVE) != 0))
        replace(NULL, memory);
    return memory;
}

static BOOL strike_out(void *address, SIZE_T size, DWORD type)
{
    if (type == MEM_RELEASE && !replace(address, NULL)) {
        SetLastError(ERROR_INVALID_ADDRESS);
        return FALSE;
    }
    return VirtualFree(address, size, type);
}

#define ALLOCATE(address, size, type, protect, level) write_down(address, size, type, protect)
#define RELEASE(address, size, type) strike_out(address, size, type)
#include "host.h"
