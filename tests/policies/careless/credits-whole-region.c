/* Gives back the size of the reservation when it goes, not what was committed of it: the charge
 * sinks below zero, which is a very large number. */
#include "types.h"

static ULONGLONG region_bytes(const void *address)
{
    MEMORY_BASIC_INFORMATION info;
    const char *at = (const char *)address;

    while (VirtualQuery(at, &info, sizeof(info)) != 0 && info.State != MEM_FREE &&
           info.AllocationBase == address)
        at += info.RegionSize;
    return (ULONGLONG)(at - (const char *)address);
}

#define SHRINKAGE(address, size, type)                                                             \
    ((type) == MEM_RELEASE ? region_bytes(address) : committed_bytes(address, size))
#include "host.h"
