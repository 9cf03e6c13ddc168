/* Measures the machine when it is first asked for the load: InitOnce lets one thread do it, and the
 * others wait until it is done. */
#include "../types.h"

struct limits {
    ULONGLONG total_mib; /* commit that the machine has */
    ULONGLONG percent;   /* of it, that this host thinks fair to use */
};

struct host {
    struct base base;
    INIT_ONCE once;
    struct limits limits;
};

static BOOL CALLBACK measure(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    struct limits *limits = (struct limits *)parameter;
    MEMORYSTATUSEX status;
    SYSTEM_INFO system;

    (void)once;
    (void)context;
    GetSystemInfo(&system);
    limits->percent = system.dwNumberOfProcessors > 1 ? 90 : 75;
    status.dwLength = sizeof(status);
    limits->total_mib = GlobalMemoryStatusEx(&status) ? status.ullTotalPageFile / MIB : 4096;
    return TRUE;
}

/* What is available, as a share of all, says how loaded the host is. */
static void load_of(struct host *host, DWORD *load, SIZE_T *available)
{
    ULONGLONG fair_mib, left_mib;
    DWORD used;

    InitOnceExecuteOnce(&host->once, measure, &host->limits, NULL);
    fair_mib = host->limits.total_mib * host->limits.percent / 100;
    left_mib = *available / MIB < fair_mib ? *available / MIB : fair_mib;
    used = (DWORD)(100 - left_mib * 100 / fair_mib);
    if (*load < used)
        *load = used;
}

static BOOL start(struct host *host)
{
    InitOnceInitialize(&host->once);
    return TRUE;
}

#define START start
#define LOAD load_of
#include "../host.h"
