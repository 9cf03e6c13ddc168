/* Charges address space like memory. The collector reserves gigabytes and uses megabytes. */
#include "types.h"

static ULONGLONG reserved_bytes(const void *address, DWORD type)
{
    MEMORY_BASIC_INFORMATION info;
    const char *at = (const char *)address;

    while (type == MEM_RELEASE && VirtualQuery(at, &info, sizeof(info)) != 0 &&
           info.State != MEM_FREE && info.AllocationBase == address)
        at += info.RegionSize;
    return (ULONGLONG)(at - (const char *)address);
}

#define GROWTH(address, size, type)                                                                \
    ((address) == NULL || ((type)&MEM_RESERVE) != 0 ? pages_of(address, size) : 0)
#define SHRINKAGE(address, size, type) reserved_bytes(address, type)
#include "host.h"
