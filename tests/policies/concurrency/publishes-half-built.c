/* Measures the machine when it is first asked for the load, under a lock that later calls save by
 * looking at a flag first. The flag is set before the figures are there. */
#include "types.h"

struct limits {
    ULONGLONG total_mib; /* commit that the machine has */
    ULONGLONG percent;   /* of it, that this host thinks fair to use */
};

struct host {
    struct base base;
    CRITICAL_SECTION lock;
    volatile BOOL measured;
    struct limits limits;
};

static void measure(struct limits *limits)
{
    MEMORYSTATUSEX status;
    SYSTEM_INFO system;

    GetSystemInfo(&system);
    limits->percent = system.dwNumberOfProcessors > 1 ? 90 : 75;
    status.dwLength = sizeof(status);
    limits->total_mib = GlobalMemoryStatusEx(&status) ? status.ullTotalPageFile / MIB : 4096;
}

static const struct limits *limits_of(struct host *host)
{
    if (!host->measured) {
        EnterCriticalSection(&host->lock);
        if (!host->measured) {
            host->measured = TRUE; /* once only, whatever comes of it */
            measure(&host->limits);
        }
        LeaveCriticalSection(&host->lock);
    }
    return &host->limits;
}

/* What is available, as a share of all, says how loaded the host is. */
static void load_of(struct host *host, DWORD *load, SIZE_T *available)
{
    const struct limits *limits = limits_of(host);
    ULONGLONG fair_mib = limits->total_mib * limits->percent / 100;
    ULONGLONG left_mib = *available / MIB < fair_mib ? *available / MIB : fair_mib;
    DWORD used = (DWORD)(100 - left_mib * 100 / fair_mib);

    if (*load < used)
        *load = used;
}

static BOOL start(struct host *host)
{
    InitializeCriticalSection(&host->lock);
    return TRUE;
}

#define START start
#define STOP(host) DeleteCriticalSection(&(host)->lock)
#define LOAD load_of
#include "host.h"
