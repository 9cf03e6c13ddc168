/* Asks Windows under the lock of its account. The way out after a refusal leaves the lock taken. */
#include "types.h"

struct host {
    struct base base;
    SRWLOCK lock; /* guards the rest */
    ULONGLONG committed, peak;
};

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   ULONGLONG growth, void **result)
{
    AcquireSRWLockExclusive(&host->lock);
    *result = VirtualAlloc(address, size, type, protect);
    if (*result == NULL)
        return lw_last_failure();
    host->committed += growth;
    if (host->committed > host->peak)
        host->peak = host->committed;
    ReleaseSRWLockExclusive(&host->lock);
    return S_OK;
}

static void gave(struct host *host, ULONGLONG shrinkage)
{
    AcquireSRWLockExclusive(&host->lock);
    host->committed -= shrinkage;
    ReleaseSRWLockExclusive(&host->lock);
}

#define ASK ask
#define GAVE(host, note, shrinkage) gave(host, shrinkage)
#include "host.h"
