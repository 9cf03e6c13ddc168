/* quota: a limit on the bytes the CLR may have committed, with a part of it held back for requests
 * whose failure costs more than a task.
 *
 * What is charged: bytes committed through VirtualAlloc, to the page, and heap blocks with the
 * size that was asked for. Reserved address space is free of charge: a server GC reserves
 * gigabytes and uses megabytes.
 *
 * How the charge stays exact: which pages of a range a commit or decommit really changes is asked
 * of Windows (VirtualQuery, one call per run of like pages) just before, under the lock that
 * serialises every change. A bitmap needs memory just when there may be none, and drifts with the
 * first page committed past the host. One number per reservation tells own from foreign, and saves
 * the walk on release, which asks nothing that may fail.
 *
 * What it does not do: charge mapped files, images and thread stacks, which the CLR takes from
 * Windows itself. */
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#define PAGE_MASK ((ULONG_PTR)0xfff)
#define GRANULE_MASK ((ULONG_PTR)0xffff)
#define BUCKET_BITS 12

/* The CLR acts on Low at most once in this time, and every collection is a hurried one until
 * Neutral comes: so a Low stands at least this long, and is never repeated sooner. */
#define LOW_HOLD_MS 8192

static ULONGLONG limit_bytes = (ULONGLONG)512 << 20;
static ULONGLONG reserve_bytes = (ULONGLONG)32 << 20;

struct region {
    struct region *next;
    void *base;          /* AllocationBase */
    ULONGLONG committed; /* bytes, all of them charged */
};

struct quota {
    IHostMemoryManager iface; /* first: an IHostMemoryManager pointer is a pointer to this */
    volatile LONG references;
    SRWLOCK lock; /* guards all below; never held during a notification or by VirtualQuery */
    ULONGLONG charged;
    struct region *buckets[1 << BUCKET_BITS];
    ICLRMemoryNotificationCallback *callback;
    EMemoryAvailable wanted;    /* what the CLR should know ... */
    EMemoryAvailable announced; /* ... and what it was told last */
    ULONGLONG low_since_ms;
    BOOL announcing; /* a thread is telling the CLR: the others leave it to that one */
};

struct quota_malloc {
    IHostMalloc iface;
    volatile LONG references;
    HANDLE heap;
    struct quota *quota;  /* holds a reference */
    ULONGLONG live_bytes; /* charged for its blocks; guarded by the quota's lock */
};

/* ---- the reservations of this host (lock held) ---- */

static struct region **region_bucket(struct quota *quota, const void *base)
{
    ULONGLONG mixed = (ULONGLONG)((ULONG_PTR)base >> 16) * 0x9e3779b97f4a7c15ull;

    return &quota->buckets[mixed >> (64 - BUCKET_BITS)];
}

/* The reservation of this host that begins there, or NULL. */
static struct region *region_from(struct quota *quota, const void *base)
{
    struct region *region = *region_bucket(quota, base);

    while (region != NULL && region->base != base)
        region = region->next;
    return region;
}

/* The one that holds the address, or NULL when it is free, not from here or not known. */
static struct region *region_at(struct quota *quota, void *address)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery(address, &info, sizeof(info)) == 0 || info.State == MEM_FREE)
        return NULL;
    return region_from(quota, info.AllocationBase);
}

static void region_remove(struct quota *quota, struct region *region)
{
    struct region **link = region_bucket(quota, region->base);

    while (*link != region)
        link = &(*link)->next;
    *link = region->next;
    HeapFree(GetProcessHeap(), 0, region);
}

/* ---- the charge and what the CLR is told of it (lock held) ---- */

/* What requests of this level may use together. Half of the reserve saves an application domain,
 * all of it the process. */
static ULONGLONG allowance(EMemoryCriticalLevel level)
{
    ULONGLONG held_back = reserve_bytes < limit_bytes ? reserve_bytes : limit_bytes / 2;

    if (level == eProcessCritical)
        return limit_bytes;
    return limit_bytes - (level == eAppDomainCritical ? held_back / 2 : held_back);
}

static void want_low(struct quota *quota)
{
    if (quota->wanted == eMemoryAvailableLow)
        return;
    quota->wanted = eMemoryAvailableLow;
    quota->low_since_ms = GetTickCount64();
}

/* Low above 7/8 of what tasks may use, neutral again below 3/4. */
static void charge_changed(struct quota *quota)
{
    ULONGLONG eighth = allowance(eTaskCritical) / 8;

    if (quota->charged > 7 * eighth)
        want_low(quota);
    else if (quota->wanted == eMemoryAvailableLow && quota->charged < 6 * eighth &&
             GetTickCount64() - quota->low_since_ms >= LOW_HOLD_MS)
        quota->wanted = eMemoryAvailableNeutral;
}

/* Whoever is served afterwards calls charge_changed: a charge that is taken back is no news. */
static BOOL charge(struct quota *quota, ULONGLONG bytes, EMemoryCriticalLevel level)
{
    ULONGLONG most = allowance(level);

    if (bytes > most || quota->charged > most - bytes) {
        want_low(quota);
        return FALSE;
    }
    quota->charged += bytes;
    return TRUE;
}

static void credit(struct quota *quota, ULONGLONG bytes)
{
    quota->charged -= bytes;
    charge_changed(quota);
}

/* Gives up the lock, after telling the CLR what it should know. One thread at a time does that,
 * with the lock released, until there is nothing new: so the CLR hears of changes in their order
 * and may call back into this host. */
static void leave(struct quota *quota)
{
    while (quota->callback != NULL && !quota->announcing && quota->announced != quota->wanted) {
        ICLRMemoryNotificationCallback *callback = quota->callback;
        EMemoryAvailable news = quota->wanted;

        ICLRMemoryNotificationCallback_AddRef(callback);
        quota->announcing = TRUE;
        quota->announced = news;
        ReleaseSRWLockExclusive(&quota->lock);
        ICLRMemoryNotificationCallback_OnMemoryNotification(callback, news);
        ICLRMemoryNotificationCallback_Release(callback);
        AcquireSRWLockExclusive(&quota->lock);
        quota->announcing = FALSE;
    }
    ReleaseSRWLockExclusive(&quota->lock);
}

/* ---- IHostMalloc ---- */

static HRESULT STDMETHODCALLTYPE malloc_query_interface(IHostMalloc *self, REFIID iid,
                                                        void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IHostMalloc))
        return E_NOINTERFACE;
    *object = self;
    IHostMalloc_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE malloc_add_ref(IHostMalloc *self)
{
    struct quota_malloc *allocator = (struct quota_malloc *)self;

    return (ULONG)InterlockedIncrement(&allocator->references);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    struct quota_malloc *allocator = (struct quota_malloc *)self;
    LONG left = InterlockedDecrement(&allocator->references);

    if (left == 0) {
        HeapDestroy(allocator->heap); /* with the blocks that were never freed */
        AcquireSRWLockExclusive(&allocator->quota->lock);
        credit(allocator->quota, allocator->live_bytes);
        leave(allocator->quota);
        IHostMemoryManager_Release(&allocator->quota->iface);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct quota_malloc *allocator = (struct quota_malloc *)self;
    struct quota *quota = allocator->quota;

    if (block == NULL)
        return E_POINTER;
    *block = NULL;
    AcquireSRWLockExclusive(&quota->lock);
    if (charge(quota, size, level)) {
        *block = HeapAlloc(allocator->heap, 0, size);
        if (*block != NULL) {
            allocator->live_bytes += size;
            charge_changed(quota);
        } else {
            credit(quota, size);
            want_low(quota);
        }
    }
    leave(quota);
    return *block != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file, (void)line; /* the name may be NULL, and gone when the call returns */
    return malloc_alloc(self, size, level, block);
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *block)
{
    struct quota_malloc *allocator = (struct quota_malloc *)self;
    struct quota *quota = allocator->quota;
    SIZE_T size;

    if (block == NULL) /* the CLR does that */
        return S_OK;
    /* HeapFree of somebody else's block corrupts the heap before it can fail: ask first. */
    if (!HeapValidate(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    size = HeapSize(allocator->heap, 0, block);
    if (!HeapFree(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    AcquireSRWLockExclusive(&quota->lock);
    allocator->live_bytes -= size;
    credit(quota, size);
    leave(quota);
    return S_OK;
}

static IHostMallocVtbl malloc_vtbl = {malloc_query_interface, malloc_add_ref,     malloc_release,
                                      malloc_alloc,           malloc_debug_alloc, malloc_free};

/* ---- IHostMemoryManager: objects ---- */

static HRESULT STDMETHODCALLTYPE manager_query_interface(IHostMemoryManager *self, REFIID iid,
                                                         void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IHostMemoryManager))
        return E_NOINTERFACE;
    *object = self;
    IHostMemoryManager_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE manager_add_ref(IHostMemoryManager *self)
{
    struct quota *quota = (struct quota *)self;

    return (ULONG)InterlockedIncrement(&quota->references);
}

static void forget_regions(struct quota *quota)
{
    unsigned i;

    for (i = 0; i < 1 << BUCKET_BITS; i++) {
        while (quota->buckets[i] != NULL)
            region_remove(quota, quota->buckets[i]);
    }
}

static ULONG STDMETHODCALLTYPE manager_release(IHostMemoryManager *self)
{
    struct quota *quota = (struct quota *)self;
    LONG left = InterlockedDecrement(&quota->references);

    if (left == 0) {
        if (quota->callback != NULL)
            ICLRMemoryNotificationCallback_Release(quota->callback);
        forget_regions(quota);
        HeapFree(GetProcessHeap(), 0, quota);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE manager_create_malloc(IHostMemoryManager *self, DWORD type,
                                                       IHostMalloc **result)
{
    struct quota_malloc *allocator;
    DWORD options = ((type & MALLOC_THREADSAFE) == 0 ? HEAP_NO_SERIALIZE : 0) |
                    ((type & MALLOC_EXECUTABLE) != 0 ? HEAP_CREATE_ENABLE_EXECUTE : 0);

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    if ((type & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    allocator = HeapAlloc(GetProcessHeap(), 0, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->heap = HeapCreate(options, 0, 0);
    if (allocator->heap == NULL) {
        HRESULT failure = lw_last_failure();

        HeapFree(GetProcessHeap(), 0, allocator);
        return failure;
    }
    allocator->iface.lpVtbl = &malloc_vtbl;
    allocator->references = 1;
    allocator->quota = (struct quota *)self;
    allocator->live_bytes = 0;
    IHostMemoryManager_AddRef(self);
    *result = &allocator->iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_register(IHostMemoryManager *self,
                                                  ICLRMemoryNotificationCallback *callback)
{
    struct quota *quota = (struct quota *)self;
    ICLRMemoryNotificationCallback *before;

    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    AcquireSRWLockExclusive(&quota->lock);
    before = quota->callback;
    quota->callback = callback;
    if (callback != before)
        quota->announced = eMemoryAvailableNeutral; /* a new listener knows nothing yet */
    leave(quota);
    if (before != NULL)
        ICLRMemoryNotificationCallback_Release(before);
    return S_OK;
}

/* ---- IHostMemoryManager: memory ---- */

/* Bytes of the range, rounded outward to pages, that are in this state now. FALSE: Windows does not
 * say, and without the number the charge would drift. */
static BOOL bytes_in_state(void *address, SIZE_T size, DWORD state, ULONGLONG *bytes)
{
    ULONG_PTR at = (ULONG_PTR)address & ~PAGE_MASK;
    ULONG_PTR end = ((ULONG_PTR)address + size + PAGE_MASK) & ~PAGE_MASK;

    *bytes = 0;
    while (at < end) { /* not at all when the sum wrapped round: Windows will refuse the call */
        MEMORY_BASIC_INFORMATION info;
        ULONG_PTR next;

        if (VirtualQuery((void *)at, &info, sizeof(info)) == 0)
            return FALSE;
        next = (ULONG_PTR)info.BaseAddress + info.RegionSize;
        if (next > end)
            next = end;
        if (info.State == state)
            *bytes += next - at;
        at = next;
    }
    return TRUE;
}

/* What a reservation with MEM_COMMIT commits: from the start of the granule that holds the address
 * to the end of the last page. Sizes near the end of the numbers are left as they are, beyond any
 * limit, instead of wrapping round. */
static ULONGLONG region_bytes(const void *address, SIZE_T size)
{
    ULONGLONG end = ((ULONG_PTR)address & GRANULE_MASK) + (ULONGLONG)size + PAGE_MASK;

    return end < size ? size : end & ~(ULONGLONG)PAGE_MASK;
}

/* Reserves, commits or both. Everything that can be refused comes before Windows's own answer, and
 * what was charged or allocated for the request is given back when that is no. */
static HRESULT allocate(struct quota *quota, void *address, SIZE_T size, DWORD type, DWORD protect,
                        EMemoryCriticalLevel level, void **result)
{
    BOOL reserves = (type & MEM_RESERVE) != 0 || address == NULL; /* a commit at NULL does, too */
    struct region *region;
    ULONGLONG growth = 0;
    HRESULT outcome = E_OUTOFMEMORY;

    if (reserves)
        region = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*region));
    else
        region = region_at(quota, address);
    if (region == NULL) /* memory of others is charged to nobody: nobody could give it back */
        return reserves ? E_OUTOFMEMORY : HOST_E_INVALIDOPERATION;
    if ((type & MEM_COMMIT) != 0 && reserves)
        growth = region_bytes(address, size);
    else if ((type & MEM_COMMIT) != 0 && !bytes_in_state(address, size, MEM_RESERVE, &growth))
        return lw_last_failure();
    if (charge(quota, growth, level)) {
        *result = VirtualAlloc(address, size, type, protect);
        if (*result != NULL) {
            region->committed += growth;
            charge_changed(quota);
            if (reserves) {
                region->base = *result;
                region->next = *region_bucket(quota, *result);
                *region_bucket(quota, *result) = region;
            }
            return S_OK;
        }
        outcome = lw_last_failure();
        credit(quota, growth);
    }
    if (reserves)
        HeapFree(GetProcessHeap(), 0, region);
    return outcome;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_alloc(IHostMemoryManager *self, void *address,
                                                       SIZE_T size, DWORD type, DWORD protect,
                                                       EMemoryCriticalLevel level, void **result)
{
    struct quota *quota = (struct quota *)self;
    HRESULT outcome;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0) { /* MEM_RESET changes contents, no charge */
        *result = VirtualAlloc(address, size, type, protect);
        return *result != NULL ? S_OK : lw_last_failure();
    }
    AcquireSRWLockExclusive(&quota->lock);
    outcome = allocate(quota, address, size, type, protect, level, result);
    if (outcome == E_OUTOFMEMORY) /* the limit's refusal or Windows's: a collection may help */
        want_low(quota);
    leave(quota);
    return outcome;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                      SIZE_T size, DWORD type)
{
    struct quota *quota = (struct quota *)self;
    struct region *region;
    ULONGLONG returned = 0;
    HRESULT outcome = S_OK;

    AcquireSRWLockExclusive(&quota->lock);
    /* Size 0: all of a region, by any address in its first page. */
    region = size == 0 ? region_from(quota, (void *)((ULONG_PTR)address & ~PAGE_MASK))
                       : region_at(quota, address);
    if (region == NULL) {
        outcome = HOST_E_INVALIDOPERATION;
    } else {
        returned = region->committed; /* all of it, unless part of the range is decommitted */
        if (size != 0 && !bytes_in_state(address, size, MEM_COMMIT, &returned))
            outcome = lw_last_failure();
        else if (!VirtualFree(address, size, type))
            outcome = GetLastError() == ERROR_INVALID_ADDRESS ? HOST_E_INVALIDOPERATION
                                                              : lw_last_failure();
    }
    if (outcome == S_OK) {
        region->committed -= returned;
        if (type == MEM_RELEASE)
            region_remove(quota, region);
        credit(quota, returned);
    }
    leave(quota);
    return outcome;
}

/* The plain truth, and no lock: the CLR asks with other threads suspended anywhere. */
static HRESULT STDMETHODCALLTYPE manager_virtual_query(IHostMemoryManager *self, void *address,
                                                       void *buffer, SIZE_T length, SIZE_T *result)
{
    SIZE_T written;

    (void)self;
    if (result == NULL)
        return E_POINTER;
    written = VirtualQuery(address, (PMEMORY_BASIC_INFORMATION)buffer, length);
    *result = written;
    return written != 0 ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_virtual_protect(IHostMemoryManager *self, void *address,
                                                         SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self; /* memory of others too: images, thread stacks */
    return VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
}

/* Whichever is tighter, the machine or the limit: the GC sizes its generations by these. */
static HRESULT STDMETHODCALLTYPE manager_get_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    struct quota *quota = (struct quota *)self;
    ULONGLONG most = allowance(eTaskCritical);
    MEMORYSTATUSEX status;
    ULONGLONG left;
    DWORD used;

    if (load == NULL || available == NULL)
        return E_POINTER;
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    AcquireSRWLockExclusive(&quota->lock);
    left = quota->charged < most ? most - quota->charged : 0;
    charge_changed(quota); /* time passes without calls as well: Neutral may be due */
    leave(quota);
    used = 100 - (DWORD)(left / (most / 100 + 1));
    *load = used > status.dwMemoryLoad ? used : status.dwMemoryLoad;
    left = left < status.ullAvailPhys ? left : status.ullAvailPhys;
    *available = left > (SIZE_T)-1 ? (SIZE_T)-1 : (SIZE_T)left;
    return S_OK;
}

/* The CLR could not map a file and asks whether a second try is worth while. Nothing can be given
 * up here, so that depends on the address space alone. S_FALSE would count as a yes. */
static HRESULT STDMETHODCALLTYPE manager_needs_space(IHostMemoryManager *self, LPVOID address,
                                                     SIZE_T size)
{
    MEMORYSTATUSEX status;

    (void)self, (void)address; /* a hint */
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE manager_acquired(IHostMemoryManager *self, LPVOID address,
                                                  SIZE_T size)
{
    (void)self, (void)address, (void)size; /* mapped files are no commitment */
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_released(IHostMemoryManager *self, LPVOID address)
{
    (void)self, (void)address;
    return S_OK;
}

static IHostMemoryManagerVtbl manager_vtbl = {
    manager_query_interface, manager_add_ref,      manager_release,       manager_create_malloc,
    manager_virtual_alloc,   manager_virtual_free, manager_virtual_query, manager_virtual_protect,
    manager_get_load,        manager_register,     manager_needs_space,   manager_acquired,
    manager_released};

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    struct quota *quota;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    quota = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*quota));
    if (quota == NULL)
        return E_OUTOFMEMORY;
    quota->iface.lpVtbl = &manager_vtbl;
    quota->references = 1;
    InitializeSRWLock(&quota->lock);
    quota->wanted = eMemoryAvailableNeutral;
    quota->announced = eMemoryAvailableNeutral;
    *result = &quota->iface;
    return S_OK;
}

static const struct lw_param params[] = {
    {"limit", "bytes that may be charged at most", LW_BYTES, 65536, (ULONGLONG)1 << 46,
     (ULONGLONG)512 << 20, &limit_bytes},
    {"reserve", "of these, kept for process-critical requests (half: for domain-critical ones)",
     LW_BYTES, 0, (ULONGLONG)1 << 46, (ULONGLONG)32 << 20, &reserve_bytes},
    {NULL, NULL, LW_BYTES, 0, 0, 0, NULL}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {
    LW_POLICY_VERSION, "quota", "a limit on committed bytes, with a reserve for what matters most",
    params, CreateHostMemoryManager};
