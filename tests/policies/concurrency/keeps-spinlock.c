/* A spin lock of its own round the call to Windows. After a refusal the way out is another one, and
 * the lock stays taken: all others spin, politely. */
#include "types.h"

struct host {
    struct base base;
    volatile LONG taken; /* the lock; guards the next */
    ULONGLONG committed;
};

static void spin_lock(struct host *host)
{
    while (InterlockedCompareExchange(&host->taken, 1, 0) != 0)
        YieldProcessor();
}

static void spin_unlock(struct host *host)
{
    InterlockedExchange(&host->taken, 0);
}

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   ULONGLONG growth, void **result)
{
    spin_lock(host);
    *result = VirtualAlloc(address, size, type, protect);
    if (*result == NULL)
        return lw_last_failure();
    host->committed += growth;
    spin_unlock(host);
    return S_OK;
}

static void gave(struct host *host, ULONGLONG shrinkage)
{
    spin_lock(host);
    host->committed -= shrinkage;
    spin_unlock(host);
}

#define ASK ask
#define GAVE(host, note, shrinkage) gave(host, shrinkage)
#include "host.h"
