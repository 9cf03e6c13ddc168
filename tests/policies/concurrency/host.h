/* A correct host, short enough to be read in one go, that the hosts of this folder are made of.
 * Each defines struct host (its first member is a struct base), its own functions, and those of the
 * names below that it cares about, before it includes this. None of them is called under a lock.
 * Without any of them it hands everything on to Windows, and may be called from any thread. */
#ifndef CONCURRENCY_HOST_H
#define CONCURRENCY_HOST_H

#include "types.h"

/* ---- what a file may take over ---- */

#ifndef START /* the host is made, all zero (C) or constructed (C++); FALSE: it cannot be */
#define START(host) TRUE
#endif
#ifndef STOP /* the last reference is gone, its memory not yet */
#define STOP(host) (void)0
#endif
#ifndef ADD_REFERENCE /* the new count */
#define ADD_REFERENCE(base) InterlockedIncrement(&(base)->references)
#endif
#ifndef DROP_REFERENCE /* likewise */
#define DROP_REFERENCE(base) InterlockedDecrement(&(base)->references)
#endif
#ifndef ADMIT /* may the commit grow by so many bytes? E_OUTOFMEMORY or another HRESULT: no */
#define ADMIT(host, growth, level) S_OK
#endif
#ifndef ASK /* asks Windows; what the CLR is told */
#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask_windows(host, address, size, type, protect, growth, result)
#endif
#ifndef RETRY /* Windows has refused for lack of memory: is another try worth it? Asked once */
#define RETRY(host, growth) FALSE
#endif
#ifndef REFUSED /* Windows has refused what was admitted, for good */
#define REFUSED(host, growth) (void)0
#endif
#ifndef TOOK /* Windows gave it. FALSE: there is no room to remember it, so it is given back */
#define TOOK(host, address, size, type, growth) TRUE
#endif
#ifndef GIVING /* about to be given back. FALSE: it is not the host's. *note goes to KEPT and GAVE \
                */
#define GIVING(host, address, size, type, note) TRUE
#endif
#ifndef KEPT /* Windows would not take it back */
#define KEPT(host, address, note) (void)0
#endif
#ifndef GAVE /* Windows has taken it back, shrinkage bytes of it committed */
#define GAVE(host, note, shrinkage) (void)0
#endif
#ifndef NOTICE /* a request has been served or refused, nothing is held */
#define NOTICE(host, refused) (void)0
#endif
#ifndef TAKE_BLOCK /* a block, or NULL */
#define TAKE_BLOCK(allocator, size) HeapAlloc((allocator)->heap, 0, size)
#endif
#ifndef GIVE_BLOCK /* FALSE: it is not the host's */
#define GIVE_BLOCK(allocator, block)                                                               \
    (HeapValidate((allocator)->heap, 0, block) && HeapFree((allocator)->heap, 0, block))
#endif
#ifndef LOAD /* changes what Windows said of load and available memory */
#define LOAD(host, load, available) (void)0
#endif
#ifndef REGISTERED /* a callback, or another one, has come */
#define REGISTERED(host) (void)0
#endif
#ifndef NEEDS /* a view could not be mapped: may the CLR try once more? */
#define NEEDS(host, address, size) S_OK
#endif
#ifndef MAPPED /* the CLR has mapped a view */
#define MAPPED(host, address, size) (void)0
#endif
#ifndef UNMAPPED /* the CLR has unmapped it */
#define UNMAPPED(host, address) (void)0
#endif

/* ---- IUnknown of the host ---- */

static ULONG STDMETHODCALLTYPE host_add_ref(IHostMemoryManager *self)
{
    return (ULONG)ADD_REFERENCE((struct base *)self);
}

static ULONG STDMETHODCALLTYPE host_release(IHostMemoryManager *self)
{
    struct host *host = (struct host *)self;
    LONG left = (LONG)DROP_REFERENCE((struct base *)self);

    if (left == 0) {
        STOP(host);
        keep_callback((struct base *)self, NULL);
#ifdef __cplusplus
        delete host;
#else
        HeapFree(GetProcessHeap(), 0, host);
#endif
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE host_query(IHostMemoryManager *self, REFIID iid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IS_IID(iid, IID_IUnknown) && !IS_IID(iid, IID_IHostMemoryManager))
        return E_NOINTERFACE;
    *object = self;
    host_add_ref(self);
    return S_OK;
}

/* ---- IHostMalloc ---- */

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
        host_release((IHostMemoryManager *)allocator->host);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE malloc_query(IHostMalloc *self, REFIID iid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IS_IID(iid, IID_IUnknown) && !IS_IID(iid, IID_IHostMalloc))
        return E_NOINTERFACE;
    *object = self;
    malloc_add_ref(self);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    (void)level;
    if (block == NULL)
        return E_POINTER;
    *block = TAKE_BLOCK((struct heap_malloc *)self, size);
    return *block != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file;
    (void)line;
    return malloc_alloc(self, size, level, block);
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *block)
{
    if (block == NULL)
        return S_OK;
    return GIVE_BLOCK((struct heap_malloc *)self, block) ? S_OK : HOST_E_INVALIDOPERATION;
}

static IHostMallocVtbl malloc_vtbl = {malloc_query, malloc_add_ref,     malloc_release,
                                      malloc_alloc, malloc_debug_alloc, malloc_free};

/* ---- IHostMemoryManager ---- */

static HRESULT STDMETHODCALLTYPE host_create_malloc(IHostMemoryManager *self, DWORD type,
                                                    IHostMalloc **result)
{
    struct heap_malloc *allocator;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    allocator = (struct heap_malloc *)HeapAlloc(GetProcessHeap(), 0, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->heap =
        HeapCreate((type & MALLOC_EXECUTABLE) != 0 ? HEAP_CREATE_ENABLE_EXECUTE : 0, 0, 0);
    if (allocator->heap == NULL) {
        HeapFree(GetProcessHeap(), 0, allocator);
        return E_OUTOFMEMORY;
    }
    allocator->iface.lpVtbl = &malloc_vtbl;
    allocator->references = 1;
    allocator->host = (struct host *)self;
    host_add_ref(self);
    *result = &allocator->iface;
    return S_OK;
}

/* Windows's answer, or after a failure what the CLR is told. */
static inline HRESULT ask_windows(struct host *host, void *address, SIZE_T size, DWORD type,
                                  DWORD protect, ULONGLONG growth, void **result)
{
    HRESULT failure;

    (void)host;
    *result = VirtualAlloc(address, size, type, protect);
    if (*result != NULL)
        return S_OK;
    failure = lw_last_failure();
    if (failure == E_OUTOFMEMORY && growth != 0 && RETRY(host, growth)) {
        *result = VirtualAlloc(address, size, type, protect);
        if (*result != NULL)
            return S_OK;
        failure = lw_last_failure();
    }
    return failure;
}

static HRESULT STDMETHODCALLTYPE host_virtual_alloc(IHostMemoryManager *self, void *address,
                                                    SIZE_T size, DWORD type, DWORD protect,
                                                    EMemoryCriticalLevel level, void **result)
{
    struct host *host = (struct host *)self;
    ULONGLONG growth = growth_of(address, size, type);
    HRESULT outcome;

    (void)level;
    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    outcome = ADMIT(host, growth, level);
    if (outcome == S_OK) {
        outcome = ASK(host, address, size, type, protect, growth, result);
        if (outcome == S_OK && !TOOK(host, *result, size, type, growth)) {
            VirtualFree(*result, 0, MEM_RELEASE);
            *result = NULL;
            outcome = E_OUTOFMEMORY;
        }
        if (outcome != S_OK)
            REFUSED(host, growth);
    }
    NOTICE(host, outcome == E_OUTOFMEMORY);
    return outcome;
}

static HRESULT STDMETHODCALLTYPE host_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                   SIZE_T size, DWORD type)
{
    struct host *host = (struct host *)self;
    ULONGLONG shrinkage = committed_bytes(address, size);
    HRESULT outcome = S_OK;
    void *note = NULL;

    (void)host;
    (void)shrinkage;
    (void)note;
    if (!GIVING(host, address, size, type, &note))
        return HOST_E_INVALIDOPERATION;
    if (VirtualFree(address, size, type)) {
        GAVE(host, note, shrinkage);
    } else {
        outcome =
            GetLastError() == ERROR_INVALID_ADDRESS ? HOST_E_INVALIDOPERATION : lw_last_failure();
        KEPT(host, address, note);
    }
    NOTICE(host, FALSE);
    return outcome;
}

static HRESULT STDMETHODCALLTYPE host_virtual_query(IHostMemoryManager *self, void *address,
                                                    void *buffer, SIZE_T length, SIZE_T *result)
{
    (void)self;
    *result = VirtualQuery(address, (PMEMORY_BASIC_INFORMATION)buffer, length);
    return *result != 0 ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE host_virtual_protect(IHostMemoryManager *self, void *address,
                                                      SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    return VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE host_memory_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    *load = status.dwMemoryLoad;
    *available = (SIZE_T)status.ullAvailPhys;
    (void)self;
    LOAD((struct host *)self, load, available);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_register(IHostMemoryManager *self,
                                               ICLRMemoryNotificationCallback *callback)
{
    keep_callback((struct base *)self, callback);
    REGISTERED((struct host *)self);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_needs(IHostMemoryManager *self, LPVOID address, SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    return NEEDS((struct host *)self, address, size);
}

static HRESULT STDMETHODCALLTYPE host_acquired(IHostMemoryManager *self, LPVOID address,
                                               SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    MAPPED((struct host *)self, address, size);
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
    struct base *base;
#ifdef __cplusplus
    struct host *host = new (std::nothrow) struct host();
#else
    struct host *host = (struct host *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*host));
#endif

    *result = NULL;
    if (host == NULL)
        return E_OUTOFMEMORY;
    base = (struct base *)host;
    base->iface.lpVtbl = &host_vtbl;
    base->references = 1;
    InitializeSRWLock(&base->callback_lock);
    if (!START(host)) {
#ifdef __cplusplus
        delete host;
#else
        HeapFree(GetProcessHeap(), 0, host);
#endif
        return E_OUTOFMEMORY;
    }
    *result = &base->iface;
    return S_OK;
}

#endif
