/* Looks up its largest region under the lock of its list and takes a reference to it before it
 * gives the lock back: whoever comes last frees the record. */
#include "../types.h"

struct region {
    struct region *next;
    ULONG_PTR base;
    SIZE_T size;
    volatile LONG references; /* one is the list's */
};

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next */
    struct region *regions;
};

static void let_go(struct region *region)
{
    if (region != NULL && InterlockedDecrement(&region->references) == 0)
        HeapFree(GetProcessHeap(), 0, region);
}

static BOOL took(struct host *host, void *address, SIZE_T size, DWORD type)
{
    struct region *region;

    if ((type & MEM_RESERVE) == 0)
        return TRUE;
    region = HeapAlloc(GetProcessHeap(), 0, sizeof(*region));
    if (region == NULL)
        return FALSE;
    region->base = (ULONG_PTR)address;
    region->size = pages_of(address, size);
    region->references = 1;
    AcquireSRWLockExclusive(&host->lock);
    region->next = host->regions;
    host->regions = region;
    ReleaseSRWLockExclusive(&host->lock);
    return TRUE;
}

/* It leaves the list before Windows has it, for another thread may get the same address at once. */
static BOOL giving(struct host *host, void *address, DWORD type, void **note)
{
    struct region **at;

    if (type != MEM_RELEASE)
        return TRUE;
    AcquireSRWLockExclusive(&host->lock);
    for (at = &host->regions; *at != NULL; at = &(*at)->next) {
        if ((*at)->base == (ULONG_PTR)address) {
            *note = *at;
            *at = (*at)->next;
            break;
        }
    }
    ReleaseSRWLockExclusive(&host->lock);
    return TRUE;
}

static void kept(struct host *host, struct region *region)
{
    if (region == NULL)
        return;
    AcquireSRWLockExclusive(&host->lock);
    region->next = host->regions;
    host->regions = region;
    ReleaseSRWLockExclusive(&host->lock);
}

static struct region *hold_largest(struct host *host)
{
    struct region *region, *largest;

    AcquireSRWLockShared(&host->lock);
    largest = host->regions;
    for (region = largest; region != NULL; region = region->next)
        if (region->size > largest->size)
            largest = region;
    if (largest != NULL)
        InterlockedIncrement(&largest->references);
    ReleaseSRWLockShared(&host->lock);
    return largest;
}

/* A CLR that has much committed in its largest region is told of less memory. */
static void load_of(struct host *host, SIZE_T *available)
{
    struct region *largest = hold_largest(host);

    if (largest == NULL)
        return;
    if (committed_bytes((void *)largest->base, largest->size) > largest->size / 2)
        *available -= *available / 8;
    let_go(largest);
}

static void stop(struct host *host)
{
    while (host->regions != NULL) {
        struct region *region = host->regions;

        host->regions = region->next;
        let_go(region);
    }
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING(host, address, size, type, note) giving(host, address, type, note)
#define KEPT(host, address, note) kept(host, (struct region *)(note))
#define GAVE(host, note, shrinkage) let_go((struct region *)(note))
#define LOAD(host, load, available) load_of(host, available)
#define STOP stop
#include "../host.h"
