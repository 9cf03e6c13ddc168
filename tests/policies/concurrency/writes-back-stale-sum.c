/* Keeps its account under a lock, but leaves the lock between reading the sum and writing the new
 * one, while it asks Windows: what others charged or gave back meanwhile is lost. */
#include "types.h"

#define LIMIT (256 * MIB)

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next */
    ULONGLONG used;
};

static ULONGLONG read_sum(struct host *host)
{
    ULONGLONG used;

    AcquireSRWLockShared(&host->lock);
    used = host->used;
    ReleaseSRWLockShared(&host->lock);
    return used;
}

static void write_sum(struct host *host, ULONGLONG used)
{
    AcquireSRWLockExclusive(&host->lock);
    host->used = used;
    ReleaseSRWLockExclusive(&host->lock);
}

static HRESULT admit(struct host *host, ULONGLONG growth, EMemoryCriticalLevel level)
{
    ULONGLONG used = read_sum(host);
    ULONGLONG most = level == eProcessCritical ? LIMIT : LIMIT - 16 * MIB;

    if (level == eTaskCritical)
        most -= 16 * MIB;
    if (growth != 0 && (growth > most || used > most - growth))
        return E_OUTOFMEMORY;
    return S_OK;
}

static BOOL took(struct host *host, ULONGLONG growth)
{
    ULONGLONG used = read_sum(host);

    if (growth != 0 && machine_load() <= 100)
        write_sum(host, used + growth);
    return TRUE;
}

static void gave(struct host *host, ULONGLONG shrinkage)
{
    ULONGLONG used = read_sum(host);

    if (shrinkage != 0 && machine_load() <= 100)
        write_sum(host, used - shrinkage);
}

#define ADMIT admit
#define TOOK(host, address, size, type, growth) took(host, growth)
#define GAVE(host, note, shrinkage) gave(host, shrinkage)
#include "host.h"
