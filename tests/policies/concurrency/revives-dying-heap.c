/* All executable objects of the CLR share one heap, with a count of those that use it. The last one
 * to leave destroys it, while another that has just seen it there begins to use it. */
#include "types.h"

struct shared {
    HANDLE heap;
    volatile LONG users;
};

struct host {
    struct base base;
    SRWLOCK lock; /* guards the pointer */
    struct shared *shared;
};

static BOOL share_heaps(void);
#define START(host) share_heaps()
#include "host.h"

static struct shared *join_shared(struct host *host)
{
    struct shared *shared;

    AcquireSRWLockExclusive(&host->lock);
    shared = host->shared;
    if (shared == NULL) {
        shared = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*shared));
        if (shared != NULL)
            shared->heap = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
        if (shared != NULL && shared->heap == NULL) {
            HeapFree(GetProcessHeap(), 0, shared);
            shared = NULL;
        }
        host->shared = shared;
    }
    ReleaseSRWLockExclusive(&host->lock);
    if (shared != NULL)
        InterlockedIncrement(&shared->users);
    return shared;
}

static void leave_shared(struct host *host, struct shared *shared)
{
    if (InterlockedDecrement(&shared->users) != 0)
        return;
    AcquireSRWLockExclusive(&host->lock);
    if (host->shared == shared)
        host->shared = NULL;
    ReleaseSRWLockExclusive(&host->lock);
    HeapDestroy(shared->heap);
    HeapFree(GetProcessHeap(), 0, shared);
}

struct shared_malloc {
    IHostMalloc iface;
    volatile LONG references;
    struct host *host;
    struct shared *shared;
};

static ULONG STDMETHODCALLTYPE shared_add_ref(IHostMalloc *self)
{
    return (ULONG)InterlockedIncrement(&((struct shared_malloc *)self)->references);
}

static ULONG STDMETHODCALLTYPE shared_release(IHostMalloc *self)
{
    struct shared_malloc *allocator = (struct shared_malloc *)self;
    LONG left = InterlockedDecrement(&allocator->references);

    if (left == 0) {
        leave_shared(allocator->host, allocator->shared);
        host_release((IHostMemoryManager *)allocator->host);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE shared_query(IHostMalloc *self, REFIID iid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IS_IID(iid, IID_IUnknown) && !IS_IID(iid, IID_IHostMalloc))
        return E_NOINTERFACE;
    *object = self;
    shared_add_ref(self);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE shared_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    (void)level;
    *block = HeapAlloc(((struct shared_malloc *)self)->shared->heap, 0, size);
    return *block != NULL ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE shared_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file;
    (void)line;
    return shared_alloc(self, size, level, block);
}

static HRESULT STDMETHODCALLTYPE shared_free(IHostMalloc *self, void *block)
{
    HANDLE heap = ((struct shared_malloc *)self)->shared->heap;

    if (block == NULL)
        return S_OK;
    return HeapValidate(heap, 0, block) && HeapFree(heap, 0, block) ? S_OK
                                                                    : HOST_E_INVALIDOPERATION;
}

static IHostMallocVtbl shared_vtbl = {shared_query, shared_add_ref,     shared_release,
                                      shared_alloc, shared_debug_alloc, shared_free};

static HRESULT STDMETHODCALLTYPE create_shared(IHostMemoryManager *self, DWORD type,
                                               IHostMalloc **result)
{
    struct shared_malloc *allocator;

    if (result == NULL || (type & MALLOC_EXECUTABLE) == 0)
        return host_create_malloc(self, type, result);
    *result = NULL;
    allocator = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->shared = join_shared((struct host *)self);
    if (allocator->shared == NULL) {
        HeapFree(GetProcessHeap(), 0, allocator);
        return E_OUTOFMEMORY;
    }
    allocator->iface.lpVtbl = &shared_vtbl;
    allocator->references = 1;
    allocator->host = (struct host *)self;
    host_add_ref(self);
    *result = &allocator->iface;
    return S_OK;
}

static BOOL share_heaps(void)
{
    host_vtbl.CreateMalloc = create_shared;
    return TRUE;
}
