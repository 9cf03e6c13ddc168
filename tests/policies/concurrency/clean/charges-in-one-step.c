/* Looks whether a request fits and charges it in one atomic step: what changed in between makes it
 * look again. */
#include "../types.h"

#define LIMIT (256 * MIB)

struct host {
    struct base base;
    volatile LONG64 used;
};

/* The more critical, the more of the limit is there for it. */
static ULONGLONG most(EMemoryCriticalLevel level)
{
    return LIMIT - (level == eTaskCritical ? 32 : level == eAppDomainCritical ? 16 : 0) * MIB;
}

static ULONGLONG used_bytes(struct host *host)
{
    return (ULONGLONG)InterlockedCompareExchange64(&host->used, 0, 0);
}

static HRESULT admit(struct host *host, ULONGLONG growth, EMemoryCriticalLevel level)
{
    ULONGLONG used = used_bytes(host), seen;

    if (growth == 0)
        return S_OK;
    for (;;) {
        if (growth > most(level) || used > most(level) - growth)
            return E_OUTOFMEMORY;
        seen = (ULONGLONG)InterlockedCompareExchange64(&host->used, (LONG64)(used + growth),
                                                       (LONG64)used);
        if (seen == used)
            return S_OK;
        used = seen;
    }
}

static void give_back(struct host *host, ULONGLONG bytes)
{
    InterlockedExchangeAdd64(&host->used, -(LONG64)bytes);
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
#include "../host.h"
