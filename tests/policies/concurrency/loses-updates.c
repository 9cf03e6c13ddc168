/* Reads its account atomically, adds, and writes it atomically: what another thread wrote between
 * is lost, and the account drifts. */
#include "types.h"

#define LIMIT (256 * MIB)

struct host {
    struct base base;
    volatile LONG64 used;
};

static ULONGLONG used_bytes(struct host *host)
{
    return (ULONGLONG)InterlockedCompareExchange64(&host->used, 0, 0);
}

/* The more critical, the more of the limit is there for it. */
static ULONGLONG most(EMemoryCriticalLevel level)
{
    return LIMIT - (level == eTaskCritical ? 32 : level == eAppDomainCritical ? 16 : 0) * MIB;
}

static HRESULT admit(struct host *host, ULONGLONG growth, EMemoryCriticalLevel level)
{
    ULONGLONG used = used_bytes(host);

    if (growth > most(level) || used > most(level) - growth)
        return growth == 0 ? S_OK : E_OUTOFMEMORY;
    InterlockedExchange64(&host->used, (LONG64)(used + growth));
    return S_OK;
}

static void give_back(struct host *host, ULONGLONG bytes)
{
    InterlockedExchange64(&host->used, (LONG64)(used_bytes(host) - bytes));
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
