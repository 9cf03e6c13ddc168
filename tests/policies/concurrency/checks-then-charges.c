/* Looks whether a request fits into its limit under its lock, and charges it under the same lock,
 * but not in one go: two requests that each fit into what is left are both let through. */
#include "types.h"

#define LIMIT (256 * MIB)

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next */
    ULONGLONG used;
};

/* The more critical, the more of the limit is there for it. */
static ULONGLONG most(EMemoryCriticalLevel level)
{
    return LIMIT - (level == eTaskCritical ? 32 : level == eAppDomainCritical ? 16 : 0) * MIB;
}

static ULONGLONG used_bytes(struct host *host)
{
    ULONGLONG used;

    AcquireSRWLockShared(&host->lock);
    used = host->used;
    ReleaseSRWLockShared(&host->lock);
    return used;
}

static void charge(struct host *host, ULONGLONG bytes)
{
    AcquireSRWLockExclusive(&host->lock);
    host->used += bytes;
    ReleaseSRWLockExclusive(&host->lock);
}

static HRESULT admit(struct host *host, ULONGLONG growth, EMemoryCriticalLevel level)
{
    ULONGLONG used = used_bytes(host);

    if (growth > most(level) || used > most(level) - growth)
        return growth == 0 ? S_OK : E_OUTOFMEMORY;
    charge(host, growth);
    return S_OK;
}

static void give_back(struct host *host, ULONGLONG bytes)
{
    charge(host, 0 - bytes);
}

/* The CLR hears of the scarcer one: the machine's memory, or what the limit leaves. */
static void load_of(struct host *host, DWORD *load, SIZE_T *available)
{
    ULONGLONG used = used_bytes(host);
    ULONGLONG left = LIMIT - used;
    DWORD percent = (DWORD)(used * 100 / LIMIT);

    if (*load < percent)
        *load = percent;
    if (*available > left)
        *available = (SIZE_T)left;
}

#define ADMIT admit
#define REFUSED give_back
#define GAVE(host, note, shrinkage) give_back(host, shrinkage)
#define LOAD load_of
#include "host.h"
