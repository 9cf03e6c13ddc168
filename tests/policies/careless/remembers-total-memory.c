/* Reads once how much memory the machine has, and computes the rest from the load. */
#include "types.h"

static ULONGLONG computed(const MEMORYSTATUSEX *status)
{
    static ULONGLONG total;

    if (total == 0)
        total = status->ullTotalPhys;
    return total / 100 * (100 - status->dwMemoryLoad);
}

#define AVAILABLE(status, left) computed(status)
#include "host.h"
