/* Takes a slim lock in memory that it has freed. */
#include <windows.h>

struct figures {
    SRWLOCK lock;
    ULONGLONG commits;
};

static struct figures *figures;

__attribute__((noinline)) static void count(void)
{
    AcquireSRWLockExclusive(&figures->lock);
    figures->commits++;
    ReleaseSRWLockExclusive(&figures->lock);
}

static void commit(unsigned number)
{
    if (number == 1)
        figures = (struct figures *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*figures));
    if (number == 5)
        HeapFree(GetProcessHeap(), 0, figures);
    if (number <= 5)
        count();
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
