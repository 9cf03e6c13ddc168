/* Opens its notification of low memory anew whenever the CLR registers, and closes the one before,
 * without a lock: two threads that register at once both close the same one. */
#include "types.h"

struct host {
    struct base base;
    HANDLE low;
};

static void open_anew(struct host *host)
{
    HANDLE old = host->low;
    HANDLE fresh = CreateMemoryResourceNotification(LowMemoryResourceNotification);

    if (fresh == NULL)
        return;
    host->low = fresh;
    if (old != NULL)
        CloseHandle(old);
}

static void load_of(struct host *host, SIZE_T *available)
{
    BOOL low = FALSE;

    if (host->low != NULL && QueryMemoryResourceNotification(host->low, &low) && low)
        *available = 0;
}

static void stop(struct host *host)
{
    if (host->low != NULL)
        CloseHandle(host->low);
}

#define REGISTERED open_anew
#define LOAD(host, load, available) load_of(host, available)
#define STOP stop
#include "host.h"
