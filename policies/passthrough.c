/* passthrough: every request goes straight to Windows, with the HRESULT that the contract asks for.
 *
 * The smallest host that is right. Read it first, start your own from it, and compare with it: what
 * another policy costs, this one does not. It keeps no account and sends no notifications, so the
 * CLR learns of low memory only from GetMemoryLoad and from refusals. */
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

struct heap_malloc {
    IHostMalloc iface; /* first: an IHostMalloc pointer is a pointer to this */
    volatile LONG references;
    HANDLE heap;
};

struct passthrough {
    IHostMemoryManager iface;
    volatile LONG references;
    ICLRMemoryNotificationCallback *volatile callback; /* held, never called */
};

/* ---- IHostMalloc on a heap of its own ---- */

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
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    return (ULONG)InterlockedIncrement(&allocator->references);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;
    LONG left = InterlockedDecrement(&allocator->references);

    if (left == 0) {
        HeapDestroy(allocator->heap);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    (void)level; /* nothing is held back here, so every level gets what there is */
    if (block == NULL)
        return E_POINTER;
    *block = HeapAlloc(allocator->heap, 0, size);
    return *block != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file; /* may be NULL, and may be gone when the call returns */
    (void)line;
    return malloc_alloc(self, size, level, block);
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    if (block == NULL) /* the CLR does that */
        return S_OK;
    /* HeapFree of somebody else's block corrupts the heap before it can fail: ask first. */
    if (!HeapValidate(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    return HeapFree(allocator->heap, 0, block) ? S_OK : HOST_E_INVALIDOPERATION;
}

static IHostMallocVtbl malloc_vtbl = {malloc_query_interface, malloc_add_ref,     malloc_release,
                                      malloc_alloc,           malloc_debug_alloc, malloc_free};

/* ---- IHostMemoryManager ---- */

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
    struct passthrough *manager = (struct passthrough *)self;

    return (ULONG)InterlockedIncrement(&manager->references);
}

static ULONG STDMETHODCALLTYPE manager_release(IHostMemoryManager *self)
{
    struct passthrough *manager = (struct passthrough *)self;
    LONG left = InterlockedDecrement(&manager->references);

    if (left == 0) {
        if (manager->callback != NULL)
            ICLRMemoryNotificationCallback_Release(manager->callback);
        HeapFree(GetProcessHeap(), 0, manager);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE manager_create_malloc(IHostMemoryManager *self, DWORD type,
                                                       IHostMalloc **result)
{
    struct heap_malloc *allocator;
    DWORD options = 0;

    (void)self;
    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    if ((type & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    if ((type & MALLOC_THREADSAFE) == 0)
        options |= HEAP_NO_SERIALIZE;
    if ((type & MALLOC_EXECUTABLE) != 0)
        options |= HEAP_CREATE_ENABLE_EXECUTE;
    allocator = HeapAlloc(GetProcessHeap(), 0, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->heap = HeapCreate(options, 0, 0);
    if (allocator->heap == NULL) {
        HRESULT result_code = lw_last_failure();

        HeapFree(GetProcessHeap(), 0, allocator);
        return result_code;
    }
    allocator->iface.lpVtbl = &malloc_vtbl;
    allocator->references = 1;
    *result = &allocator->iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_alloc(IHostMemoryManager *self, void *address,
                                                       SIZE_T size, DWORD type, DWORD protect,
                                                       EMemoryCriticalLevel level, void **result)
{
    (void)self;
    (void)level;
    if (result == NULL)
        return E_POINTER;
    *result = VirtualAlloc(address, size, type, protect);
    return *result != NULL ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                      SIZE_T size, DWORD type)
{
    (void)self;
    if (VirtualFree(address, size, type))
        return S_OK;
    if (GetLastError() == ERROR_INVALID_ADDRESS) /* not an allocation, or not its base */
        return HOST_E_INVALIDOPERATION;
    return lw_last_failure();
}

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
    (void)self;
    return VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_get_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    MEMORYSTATUSEX status;

    (void)self;
    if (load == NULL || available == NULL)
        return E_POINTER;
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    *load = status.dwMemoryLoad;
    *available = status.ullAvailPhys > (SIZE_T)-1 ? (SIZE_T)-1 : (SIZE_T)status.ullAvailPhys;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_register(IHostMemoryManager *self,
                                                  ICLRMemoryNotificationCallback *callback)
{
    struct passthrough *manager = (struct passthrough *)self;
    ICLRMemoryNotificationCallback *before;

    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    before = InterlockedExchangePointer((void *volatile *)&manager->callback, callback);
    if (before != NULL)
        ICLRMemoryNotificationCallback_Release(before);
    return S_OK;
}

/* The CLR could not map a file and asks whether a second try is worth while. Nothing can be given
 * up here, so that depends on the address space alone. S_FALSE would count as a yes. */
static HRESULT STDMETHODCALLTYPE manager_needs_space(IHostMemoryManager *self, LPVOID address,
                                                     SIZE_T size)
{
    MEMORYSTATUSEX status;

    (void)self;
    (void)address; /* a hint */
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE manager_acquired(IHostMemoryManager *self, LPVOID address,
                                                  SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    (void)address;
    return S_OK;
}

static IHostMemoryManagerVtbl manager_vtbl = {
    manager_query_interface, manager_add_ref,      manager_release,       manager_create_malloc,
    manager_virtual_alloc,   manager_virtual_free, manager_virtual_query, manager_virtual_protect,
    manager_get_load,        manager_register,     manager_needs_space,   manager_acquired,
    manager_released};

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    struct passthrough *manager;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    manager = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*manager));
    if (manager == NULL)
        return E_OUTOFMEMORY;
    manager->iface.lpVtbl = &manager_vtbl;
    manager->references = 1;
    *result = &manager->iface;
    return S_OK;
}

LW_POLICY_EXPORT const struct lw_policy lw_policy = {LW_POLICY_VERSION, "passthrough",
                                                     "every request straight to Windows", NULL,
                                                     CreateHostMemoryManager};
