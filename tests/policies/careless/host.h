/* A careful host with a limit, short enough to be read in one go, that the careless hosts of this
 * folder are made of. Each of them defines one of the macros below before it includes this: one
 * decision that authors of hosts get wrong. With none of them (careful.c) the host holds in every
 * bundled scenario, so that what a scenario catches is the defect and nothing else. */
#ifndef CARELESS_HOST_H
#define CARELESS_HOST_H

#include "types.h"

/* ---- the decisions ---- */

#ifndef ALLOWED /* bytes that requests of this level may use together */
#define ALLOWED(level)                                                                             \
    (LIMIT - ((level) == eTaskCritical        ? HELD_BACK                                          \
              : (level) == eAppDomainCritical ? HELD_BACK / 2                                      \
                                              : 0))
#endif
#ifndef GROWTH /* bytes by which a VirtualAlloc makes the charge grow */
#define GROWTH(address, size, type) growth_of(address, size, type)
#endif
#ifndef SHRINKAGE /* bytes by which a VirtualFree makes it shrink */
#define SHRINKAGE(address, size, type) committed_bytes(address, size)
#endif
#ifndef ALLOCATE /* the call into Windows */
#define ALLOCATE(address, size, type, protect, level) VirtualAlloc(address, size, type, protect)
#endif
#ifndef RELEASE /* likewise */
#define RELEASE(address, size, type) VirtualFree(address, size, type)
#endif
#ifndef ROLL_BACK /* after Windows has refused what was charged */
#define ROLL_BACK(host, growth) ((host)->charged -= (growth))
#endif
#ifndef SERVED /* what a served VirtualAlloc returns */
#define SERVED S_OK
#endif
#ifndef REFUSED /* what a refused one returns; failure is the right HRESULT */
#define REFUSED(failure) (failure)
#endif
#ifndef NOTHING /* what a refused one leaves in *ppMem */
#define NOTHING(address) NULL
#endif
#ifndef QUERY /* bytes that VirtualQuery has written */
#define QUERY(host, address, info, length) VirtualQuery(address, info, length)
#endif
#ifndef KNOWS /* does an object that has this interface answer for that one? */
#define KNOWS(own, iid) (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, own))
#endif
#ifndef PROTECT /* the call into Windows */
#define PROTECT(address, size, protect, old) VirtualProtect(address, size, protect, old)
#endif
#ifndef PROTECTED /* what VirtualProtect returns; done is Windows's answer */
#define PROTECTED(done) ((done) ? S_OK : lw_last_failure())
#endif
#ifndef LOOK /* asks Windows how much memory there is */
#define LOOK(status) GlobalMemoryStatusEx(status)
#endif
#ifndef LOAD /* percent told to the CLR: of the machine, or of the limit */
#define LOAD(status, used) ((status)->dwMemoryLoad > (used) ? (status)->dwMemoryLoad : (used))
#endif
#ifndef AVAILABLE /* bytes told to the CLR */
#define AVAILABLE(status, left) ((status)->ullAvailPhys < (left) ? (status)->ullAvailPhys : (left))
#endif
#ifndef TELL_LOW /* is Low news? */
#define TELL_LOW(host) (!(host)->low)
#endif
#ifndef ENOUGH /* after a Low, is there enough again for Neutral? */
#define ENOUGH(status, left)                                                                       \
    ((left) > LIMIT / 8 && (status)->dwMemoryLoad < 85 &&                                          \
     GetTickCount64() - host->low_ms >= LOW_HOLD_MS)
#endif
#ifndef ACQUIRED /* the CLR has mapped a file */
#define ACQUIRED(host, address, size) (void)0
#endif
#ifndef UNMAPPED /* the CLR has unmapped it */
#define UNMAPPED(host, address) (void)0
#endif
#ifndef REGISTER /* keeps the callback */
#define REGISTER(host, new_callback) ((host)->callback = (new_callback), S_OK)
#endif
#ifndef BLOCK_SIZE /* bytes asked of the heap for a block */
#define BLOCK_SIZE(size) (size)
#endif
#ifndef ROLL_BACK_BLOCK /* after the heap has refused what was charged */
#define ROLL_BACK_BLOCK(host, size) ((host)->charged -= (size))
#endif
#ifndef DEBUG_BLOCK /* what DebugAlloc does */
#define DEBUG_BLOCK(self, size, level, file, block) malloc_alloc(self, size, level, block)
#endif
#ifndef FREE_BLOCK /* what Free does with a block that is not NULL */
#define FREE_BLOCK(allocator, block) free_block(allocator, block)
#endif
#ifndef FREE_NULL /* what it does with NULL */
#define FREE_NULL(allocator) S_OK
#endif
#ifndef HAS_HEAP /* can the new object be handed out? */
#define HAS_HEAP(allocator) ((allocator)->heap != NULL)
#endif
#ifndef CREATED /* CreateMalloc is about to hand out this object */
#define CREATED(allocator) (void)0
#endif

/* ---- the charge ---- */

/* Committed bytes of the range, outward to pages; size 0: of the allocation that begins there. */
static inline ULONGLONG committed_bytes(const void *address, SIZE_T size)
{
    ULONG_PTR at = (ULONG_PTR)address & ~(PAGE - 1);
    ULONG_PTR end = size != 0 ? ((ULONG_PTR)address + size + PAGE - 1) & ~(PAGE - 1) : ~(PAGE - 1);
    const void *allocation = NULL;
    ULONGLONG bytes = 0;
    MEMORY_BASIC_INFORMATION info;

    while (at < end && VirtualQuery((const void *)at, &info, sizeof(info)) != 0) {
        ULONG_PTR next = (ULONG_PTR)info.BaseAddress + info.RegionSize;

        if (allocation == NULL)
            allocation = info.AllocationBase;
        if (info.State == MEM_FREE || info.AllocationBase != allocation)
            break;
        if (next > end)
            next = end;
        if (info.State == MEM_COMMIT)
            bytes += next - at;
        at = next;
    }
    return bytes;
}

static inline ULONGLONG pages_of(const void *address, SIZE_T size)
{
    ULONGLONG end = ((ULONG_PTR)address & (PAGE - 1)) + (ULONGLONG)size + PAGE - 1;

    return end < size ? size : end & ~(ULONGLONG)(PAGE - 1);
}

static inline ULONGLONG growth_of(void *address, SIZE_T size, DWORD type)
{
    if ((type & MEM_COMMIT) == 0)
        return 0;
    if (address == NULL || (type & MEM_RESERVE) != 0)
        return pages_of(address, size);
    return pages_of(address, size) - committed_bytes(address, size);
}

static BOOL charge(struct host *host, ULONGLONG bytes, EMemoryCriticalLevel level)
{
    ULONGLONG most = ALLOWED(level);

    if (bytes > most || host->charged > most - bytes)
        return FALSE;
    host->charged += bytes;
    return TRUE;
}

/* Low when little is left of memory or of the limit, Neutral when there is enough again and the
 * Low has stood for so long that the CLR can act on another one. */
static void notify(struct host *host, BOOL refused)
{
    MEMORYSTATUSEX status;
    ULONGLONG left = host->charged < LIMIT ? LIMIT - host->charged : 0;

    status.dwLength = sizeof(status);
    if (host->callback == NULL || !LOOK(&status))
        return;
    if (refused || left < LIMIT / 16 || status.dwMemoryLoad >= 95) {
        if (TELL_LOW(host)) {
            host->low = TRUE;
            host->low_ms = GetTickCount64();
            ICLRMemoryNotificationCallback_OnMemoryNotification(host->callback,
                                                                eMemoryAvailableLow);
        }
    } else if (host->low && ENOUGH(&status, left)) {
        host->low = FALSE;
        ICLRMemoryNotificationCallback_OnMemoryNotification(host->callback,
                                                            eMemoryAvailableNeutral);
    }
}

/* ---- IHostMalloc ---- */

static HRESULT STDMETHODCALLTYPE malloc_query(IHostMalloc *self, REFIID iid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!KNOWS(&IID_IHostMalloc, iid))
        return E_NOINTERFACE;
    *object = self;
    IHostMalloc_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE malloc_add_ref(IHostMalloc *self)
{
    return (ULONG)InterlockedIncrement(&((struct heap_malloc *)self)->references);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;
    LONG left = InterlockedDecrement(&allocator->references);

    if (left == 0) {
        HeapDestroy(allocator->heap);
        IHostMemoryManager_Release(&allocator->host->iface);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;
    struct host *host = allocator->host;

    if (block == NULL)
        return E_POINTER;
    *block = NULL;
    AcquireSRWLockExclusive(&host->lock);
    if (charge(host, BLOCK_SIZE(size), level)) {
        *block = HeapAlloc(allocator->heap, 0, BLOCK_SIZE(size));
        if (*block == NULL)
            ROLL_BACK_BLOCK(host, BLOCK_SIZE(size));
    }
    ReleaseSRWLockExclusive(&host->lock);
    return *block != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file;
    (void)line;
    return DEBUG_BLOCK(self, size, level, file, block);
}

static inline HRESULT free_block(struct heap_malloc *allocator, void *block)
{
    SIZE_T size;

    if (!HeapValidate(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    size = HeapSize(allocator->heap, 0, block);
    if (!HeapFree(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    AcquireSRWLockExclusive(&allocator->host->lock);
    allocator->host->charged -= size;
    ReleaseSRWLockExclusive(&allocator->host->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    return block != NULL ? FREE_BLOCK(allocator, block) : FREE_NULL(allocator);
}

static IHostMallocVtbl malloc_vtbl = {malloc_query, malloc_add_ref,     malloc_release,
                                      malloc_alloc, malloc_debug_alloc, malloc_free};

/* ---- IHostMemoryManager ---- */

static HRESULT STDMETHODCALLTYPE host_query(IHostMemoryManager *self, REFIID iid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!KNOWS(&IID_IHostMemoryManager, iid))
        return E_NOINTERFACE;
    *object = self;
    IHostMemoryManager_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE host_add_ref(IHostMemoryManager *self)
{
    return (ULONG)InterlockedIncrement(&((struct host *)self)->references);
}

static ULONG STDMETHODCALLTYPE host_release(IHostMemoryManager *self)
{
    LONG left = InterlockedDecrement(&((struct host *)self)->references);

    if (left == 0)
        HeapFree(GetProcessHeap(), 0, self);
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE host_create_malloc(IHostMemoryManager *self, DWORD type,
                                                    IHostMalloc **result)
{
    struct heap_malloc *allocator;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    allocator = HeapAlloc(GetProcessHeap(), 0, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->heap =
        HeapCreate((type & MALLOC_EXECUTABLE) != 0 ? HEAP_CREATE_ENABLE_EXECUTE : 0, 0, 0);
    if (!HAS_HEAP(allocator)) {
        HeapFree(GetProcessHeap(), 0, allocator);
        return E_OUTOFMEMORY;
    }
    allocator->iface.lpVtbl = &malloc_vtbl;
    allocator->references = 1;
    allocator->host = (struct host *)self;
    IHostMemoryManager_AddRef(self);
    CREATED(allocator);
    *result = &allocator->iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_virtual_alloc(IHostMemoryManager *self, void *address,
                                                    SIZE_T size, DWORD type, DWORD protect,
                                                    EMemoryCriticalLevel level, void **result)
{
    struct host *host = (struct host *)self;
    HRESULT failure = E_OUTOFMEMORY;
    ULONGLONG growth;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    AcquireSRWLockExclusive(&host->lock);
    growth = GROWTH(address, size, type);
    if (charge(host, growth, level)) {
        *result = ALLOCATE(address, size, type, protect, level);
        if (*result == NULL) {
            failure = lw_last_failure();
            ROLL_BACK(host, growth);
        }
    }
    ReleaseSRWLockExclusive(&host->lock);
    notify(host, *result == NULL && failure == E_OUTOFMEMORY);
    if (*result != NULL)
        return SERVED;
    *result = NOTHING(address);
    return REFUSED(failure);
}

static HRESULT STDMETHODCALLTYPE host_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                   SIZE_T size, DWORD type)
{
    struct host *host = (struct host *)self;
    ULONGLONG shrinkage;
    HRESULT outcome = S_OK;

    AcquireSRWLockExclusive(&host->lock);
    shrinkage = SHRINKAGE(address, size, type);
    if (RELEASE(address, size, type))
        host->charged -= shrinkage;
    else
        outcome =
            GetLastError() == ERROR_INVALID_ADDRESS ? HOST_E_INVALIDOPERATION : lw_last_failure();
    ReleaseSRWLockExclusive(&host->lock);
    notify(host, FALSE);
    return outcome;
}

static HRESULT STDMETHODCALLTYPE host_virtual_query(IHostMemoryManager *self, void *address,
                                                    void *buffer, SIZE_T length, SIZE_T *result)
{
    (void)self;
    *result = QUERY((struct host *)self, address, (PMEMORY_BASIC_INFORMATION)buffer, length);
    return *result != 0 ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE host_virtual_protect(IHostMemoryManager *self, void *address,
                                                      SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    return PROTECTED(PROTECT(address, size, protect, old));
}

static HRESULT STDMETHODCALLTYPE host_memory_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    struct host *host = (struct host *)self;
    ULONGLONG left = host->charged < LIMIT ? LIMIT - host->charged : 0;
    DWORD used = (DWORD)(100 - left / (LIMIT / 100 + 1));
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!LOOK(&status))
        return lw_last_failure();
    *load = LOAD(&status, used);
    *available = (SIZE_T)AVAILABLE(&status, left);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_register(IHostMemoryManager *self,
                                               ICLRMemoryNotificationCallback *callback)
{
    return REGISTER((struct host *)self, callback);
}

static HRESULT STDMETHODCALLTYPE host_needs(IHostMemoryManager *self, LPVOID address, SIZE_T size)
{
    MEMORYSTATUSEX status;

    (void)self;
    (void)address;
    status.dwLength = sizeof(status);
    if (!LOOK(&status))
        return lw_last_failure();
    return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE host_acquired(IHostMemoryManager *self, LPVOID address,
                                               SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    ACQUIRED((struct host *)self, address, size);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    (void)address;
    UNMAPPED((struct host *)self, address);
    return S_OK;
}

static IHostMemoryManagerVtbl host_vtbl = {
    host_query,         host_add_ref,      host_release,       host_create_malloc,
    host_virtual_alloc, host_virtual_free, host_virtual_query, host_virtual_protect,
    host_memory_load,   host_register,     host_needs,         host_acquired,
    host_released};

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    struct host *host = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*host));

    *result = NULL;
    if (host == NULL)
        return E_OUTOFMEMORY;
    host->iface.lpVtbl = &host_vtbl;
    host->references = 1;
    InitializeSRWLock(&host->lock);
    *result = &host->iface;
    return S_OK;
}

#endif
