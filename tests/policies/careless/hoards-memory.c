/* Keeps what the CLR releases, committed and cleared, for the next request of that size. */
#include "types.h"

#define KEPT 64

static struct {
    void *address;
    SIZE_T size;
} kept[KEPT];

static BOOL keep(void *address, SIZE_T size, DWORD type)
{
    MEMORY_BASIC_INFORMATION info;
    unsigned i = 0;

    while (i < KEPT && kept[i].address != NULL)
        i++;
    if (type != MEM_RELEASE || i == KEPT || VirtualQuery(address, &info, sizeof(info)) == 0 ||
        info.AllocationBase != address || info.State != MEM_COMMIT)
        return VirtualFree(address, size, type);
    ZeroMemory(address, info.RegionSize);
    kept[i].address = address;
    kept[i].size = info.RegionSize;
    return TRUE;
}

static void *serve(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    unsigned i;

    for (i = 0; i < KEPT && address == NULL && type == (MEM_RESERVE | MEM_COMMIT); i++) {
        if (kept[i].address != NULL && kept[i].size == size) {
            address = kept[i].address;
            kept[i].address = NULL;
            return address;
        }
    }
    return VirtualAlloc(address, size, type, protect);
}

#define ALLOCATE(address, size, type, protect, level) serve(address, size, type, protect)
#define RELEASE(address, size, type) keep(address, size, type)
#include "host.h"
