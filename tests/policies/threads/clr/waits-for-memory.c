/* A commit waits, with all its callers, until there is plenty of memory. */
#include <windows.h>

static void commit(void)
{
    HANDLE high = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    WaitForSingleObject(high, INFINITE);
    CloseHandle(high);
}

#define ON_COMMIT(host, count, address, size) commit()
#include "../../defective/host.h"
