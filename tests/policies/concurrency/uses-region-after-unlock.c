/* Looks up its largest region under the lock of its list, and uses what it found after it has given
 * the lock back: the region may have been released and its record freed by then. */
#include "regions.h"

struct kind {
    ULONGLONG asked;
};

struct entry {
    struct region region;
    struct kind *kind;
};

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next */
    struct region *regions;
    struct kind code, data;
};

static BOOL took(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect)
{
    struct entry *entry;
    BOOL known;

    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0)
        return TRUE;
    AcquireSRWLockShared(&host->lock);
    known = region_at(host->regions, address) != NULL;
    ReleaseSRWLockShared(&host->lock);
    if (known)
        return TRUE;
    entry = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*entry));
    if (entry == NULL)
        return FALSE;
    entry->region.base = (ULONG_PTR)address;
    entry->region.size = pages_of(address, size);
    entry->kind = (protect & 0xF0) != 0 ? &host->code : &host->data;
    AcquireSRWLockExclusive(&host->lock);
    region_link(&host->regions, &entry->region);
    ReleaseSRWLockExclusive(&host->lock);
    return TRUE;
}

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   void **result)
{
    *result = VirtualAlloc(address, size, type, protect);
    if (*result == NULL)
        return lw_last_failure();
    if (took(host, *result, size, type, protect))
        return S_OK;
    VirtualFree(*result, 0, MEM_RELEASE);
    *result = NULL;
    return E_OUTOFMEMORY;
}

static BOOL giving(struct host *host, void *address, SIZE_T size, DWORD type, void **note)
{
    struct region *region;

    AcquireSRWLockExclusive(&host->lock);
    region = region_at(host->regions, address);
    if (region != NULL && type == MEM_RELEASE && size == 0)
        *note = region = region_unlink(&host->regions, address);
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

/* A CLR that has much committed in its largest region is told of less memory. */
static void load_of(struct host *host, SIZE_T *available)
{
    struct entry *largest;
    ULONGLONG committed;

    AcquireSRWLockShared(&host->lock);
    largest = (struct entry *)region_largest(host->regions);
    ReleaseSRWLockShared(&host->lock);
    if (largest == NULL)
        return;
    committed = committed_bytes((void *)largest->region.base, largest->region.size);
    if (committed > largest->region.size / 2)
        *available -= *available / 8;
    InterlockedIncrement64((volatile LONG64 *)&largest->kind->asked);
}

#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask(host, address, size, type, protect, result)
#define GIVING giving
#define KEPT(host, address, note) kept(host, (struct region *)(note))
#define GAVE(host, note, shrinkage) region_free((struct region *)(note))
#define LOAD(host, load, available) load_of(host, available)
#define STOP(host) regions_free(&(host)->regions)
#include "host.h"
