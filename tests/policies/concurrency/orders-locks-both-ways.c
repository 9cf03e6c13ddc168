/* Has a lock for its list of regions and one for its account. A reservation takes them in this
 * order; the report about a refusal, written later by somebody else, in the other. */
#include "regions.h"

struct host {
    struct base base;
    CRITICAL_SECTION regions_lock; /* guards the next */
    struct region *regions;
    CRITICAL_SECTION account_lock; /* guards the rest */
    ULONGLONG committed, peak;
    ULONGLONG refusals, refused_with; /* bytes committed at the last refusal */
    SIZE_T largest;                   /* region at the last refusal */
};

static void charge(struct host *host, ULONGLONG growth)
{
    EnterCriticalSection(&host->account_lock);
    host->committed += growth;
    if (host->committed > host->peak)
        host->peak = host->committed;
    LeaveCriticalSection(&host->account_lock);
}

static BOOL took(struct host *host, void *address, SIZE_T size, DWORD type, ULONGLONG growth)
{
    struct region *region;

    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0)
        return TRUE;
    EnterCriticalSection(&host->regions_lock);
    region = region_at(host->regions, address);
    if (region == NULL) {
        region = region_new(address, pages_of(address, size));
        if (region == NULL) {
            LeaveCriticalSection(&host->regions_lock);
            return FALSE;
        }
        region_link(&host->regions, region);
    }
    region->calls++;
    charge(host, growth);
    LeaveCriticalSection(&host->regions_lock);
    return TRUE;
}

static SIZE_T largest_region(struct host *host)
{
    struct region *largest;
    SIZE_T size;

    EnterCriticalSection(&host->regions_lock);
    largest = region_largest(host->regions);
    size = largest != NULL ? largest->size : 0;
    LeaveCriticalSection(&host->regions_lock);
    return size;
}

static void report_refusal(struct host *host)
{
    EnterCriticalSection(&host->account_lock);
    host->refusals++;
    host->refused_with = host->committed;
    host->largest = largest_region(host);
    LeaveCriticalSection(&host->account_lock);
}

static BOOL giving(struct host *host, void *address, SIZE_T size, DWORD type, void **note)
{
    struct region *region;

    EnterCriticalSection(&host->regions_lock);
    region = region_at(host->regions, address);
    if (region != NULL && type == MEM_RELEASE && size == 0)
        *note = region = region_unlink(&host->regions, address);
    LeaveCriticalSection(&host->regions_lock);
    return region != NULL;
}

static void kept(struct host *host, struct region *region)
{
    if (region == NULL)
        return;
    EnterCriticalSection(&host->regions_lock);
    region_link(&host->regions, region);
    LeaveCriticalSection(&host->regions_lock);
}

static void gave(struct host *host, struct region *region, ULONGLONG shrinkage)
{
    charge(host, 0 - shrinkage);
    region_free(region);
}

static BOOL start(struct host *host)
{
    InitializeCriticalSection(&host->regions_lock);
    InitializeCriticalSection(&host->account_lock);
    return TRUE;
}

static void stop(struct host *host)
{
    regions_free(&host->regions);
    DeleteCriticalSection(&host->account_lock);
    DeleteCriticalSection(&host->regions_lock);
}

#define START start
#define STOP stop
#define TOOK took
#define NOTICE(host, refused) ((refused) ? report_refusal(host) : (void)0)
#define GIVING giving
#define KEPT(host, address, note) kept(host, (struct region *)(note))
#define GAVE(host, note, shrinkage) gave(host, (struct region *)(note), shrinkage)
#include "host.h"
