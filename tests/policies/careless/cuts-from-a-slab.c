/* Serves small reservations from a large one, whose first page is for its own notes. */
#include "types.h"

#define SLAB (64 * MIB)
#define SLICE 0x10000

static char *slab;
static SIZE_T used = PAGE;

static BOOL is_slice(const void *address)
{
    return slab != NULL && (ULONG_PTR)address - (ULONG_PTR)slab < SLAB;
}

static void *cut(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    if (address != NULL || type != MEM_RESERVE || size > SLICE)
        return VirtualAlloc(address, size, type, protect);
    if (slab == NULL)
        slab = VirtualAlloc(NULL, SLAB, MEM_RESERVE, PAGE_READWRITE);
    if (slab == NULL || used + SLICE > SLAB)
        return VirtualAlloc(address, size, type, protect);
    used += SLICE;
    return slab + used - SLICE;
}

static BOOL give_back(void *address, SIZE_T size, DWORD type)
{
    if (type == MEM_RELEASE && is_slice(address))
        return VirtualFree(address, SLICE, MEM_DECOMMIT);
    return VirtualFree(address, size, type);
}

#define SHRINKAGE(address, size, type)                                                             \
    committed_bytes(address, (type) == MEM_RELEASE && is_slice(address) ? SLICE : (size))
#define ALLOCATE(address, size, type, protect, level) cut(address, size, type, protect)
#define RELEASE(address, size, type) give_back(address, size, type)
#include "host.h"
