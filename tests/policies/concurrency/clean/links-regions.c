/* Keeps a list of its reservations under one lock: what is in it stays as it is while anybody
 * looks. A region leaves the list before Windows gets it back, for another thread may be given the
 * same address at once. */
#include "../regions.h"

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next three */
    struct region *regions;
    ULONGLONG committed, peak;
};

static void settle(struct host *host, ULONGLONG growth)
{
    host->committed += growth;
    if (host->committed > host->peak)
        host->peak = host->committed;
}

static BOOL took(struct host *host, void *address, SIZE_T size, DWORD type, ULONGLONG growth)
{
    struct region *region, *fresh = NULL;
    BOOL known;

    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0)
        return TRUE;
    AcquireSRWLockShared(&host->lock);
    known = region_at(host->regions, address) != NULL;
    ReleaseSRWLockShared(&host->lock);
    if (!known) {
        fresh = region_new(address, pages_of(address, size));
        if (fresh == NULL)
            return FALSE;
    }
    AcquireSRWLockExclusive(&host->lock);
    if (fresh != NULL)
        region_link(&host->regions, fresh);
    region = region_at(host->regions, address);
    if (region != NULL)
        region->calls++;
    settle(host, growth);
    ReleaseSRWLockExclusive(&host->lock);
    return TRUE;
}

static BOOL giving(struct host *host, void *address, SIZE_T size, DWORD type, void **note)
{
    struct region *region;

    AcquireSRWLockExclusive(&host->lock);
    if (type == MEM_RELEASE && size == 0)
        *note = region = region_unlink(&host->regions, address);
    else
        region = region_at(host->regions, address);
    ReleaseSRWLockExclusive(&host->lock);
    return region != NULL;
}

static void kept(struct host *host, struct region *region)
{
    if (region == NULL)
        return;
    AcquireSRWLockExclusive(&host->lock);
    region_link(&host->regions, region);
    ReleaseSRWLockExclusive(&host->lock);
}

static void gave(struct host *host, struct region *region, ULONGLONG shrinkage)
{
    AcquireSRWLockExclusive(&host->lock);
    host->committed -= shrinkage;
    ReleaseSRWLockExclusive(&host->lock);
    region_free(region);
}

static void stop(struct host *host)
{
    regions_free(&host->regions);
}

#define TOOK took
#define GIVING giving
#define KEPT(host, address, note) kept(host, (struct region *)(note))
#define GAVE(host, note, shrinkage) gave(host, (struct region *)(note), shrinkage)
#define STOP stop
#include "../host.h"
