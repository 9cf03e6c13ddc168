/* Promises the CLR that committed memory is zero, and sees to it itself. */
#include "types.h"

static void *zeroed(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = VirtualAlloc(address, size, type, protect);

    if (memory != NULL && (type & MEM_COMMIT) != 0 && protect == PAGE_READWRITE)
        ZeroMemory(memory, size);
    return memory;
}

#define ALLOCATE(address, size, type, protect, level) zeroed(address, size, type, protect)
#include "host.h"
