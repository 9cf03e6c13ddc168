/* Keeps a list of its reservations without a lock: "the CLR reserves so seldom". Two threads that
 * link at once lose a region, and who walks the list meets one that has just been freed. */
#include "regions.h"

struct host {
    struct base base;
    struct region *regions;
    volatile LONG reservations;
};

static BOOL took(struct host *host, void *address, SIZE_T size, DWORD type)
{
    struct region *region;

    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0)
        return TRUE;
    region = region_at(host->regions, address);
    if (region == NULL) {
        region = region_new(address, pages_of(address, size));
        if (region == NULL)
            return FALSE;
        region_link(&host->regions, region);
        InterlockedIncrement(&host->reservations);
    }
    region->calls++;
    return TRUE;
}

static BOOL giving(struct host *host, void *address, SIZE_T size, DWORD type, void **note)
{
    if (type != MEM_RELEASE || size != 0)
        return region_at(host->regions, address) != NULL;
    *note = region_unlink(&host->regions, address);
    return *note != NULL;
}

static void gave(struct host *host, struct region *region)
{
    if (region != NULL)
        InterlockedDecrement(&host->reservations);
    region_free(region);
}

static void kept(struct host *host, struct region *region)
{
    if (region != NULL)
        region_link(&host->regions, region);
}

/* Not more than what the regions have still uncommitted is promised to the CLR as available. */
static void load_of(struct host *host, SIZE_T *available)
{
    ULONGLONG uncommitted = 0;
    struct region *region;

    for (region = host->regions; region != NULL; region = region->next)
        uncommitted += region->size - committed_bytes((void *)region->base, region->size);
    if (uncommitted != 0 && *available > uncommitted)
        *available = (SIZE_T)uncommitted;
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING giving
#define KEPT(host, address, note) kept(host, (struct region *)(note))
#define GAVE(host, note, shrinkage) gave(host, (struct region *)(note))
#define LOAD(host, load, available) load_of(host, available)
#define STOP(host) regions_free(&(host)->regions)
#include "host.h"
