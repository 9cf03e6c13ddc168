/* A small correct host that the defective policies of this folder are made of. A policy defines one
 * or more of the ON_ macros before it includes this; each is a statement that runs when the CLR
 * has been served for the count-th time, so that the defect strikes on a plausible path, in the
 * middle of ordinary work. Usable from C and C++. */
#ifndef DEFECTIVE_HOST_H
#define DEFECTIVE_HOST_H

#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>

#ifndef ON_COMMIT /* after a successful commit */
#define ON_COMMIT(host, count, address, size) (void)(count)
#endif
#ifndef ON_FREE /* after a successful VirtualFree */
#define ON_FREE(host, count, address, size, type) (void)(count)
#endif
#ifndef ON_BLOCK /* after a successful Alloc */
#define ON_BLOCK(host, count, block, size) (void)(count)
#endif
#ifndef ON_BLOCK_FREE /* before a Free */
#define ON_BLOCK_FREE(host, count, block) (void)(count)
#endif
#ifndef ON_RELEASE /* after a release of the manager */
#define ON_RELEASE(host, references) (void)(references)
#endif
#ifndef FACTORY_RESULT /* what the factory does with a working host */
#define FACTORY_RESULT(host, result) (*(result) = &(host)->iface, S_OK)
#endif

/* Keeps a function of its own in the stack at every optimisation level. */
#define FRAME __attribute__((noinline))

struct host {
    IHostMemoryManager iface;
    IHostMalloc allocator;
    volatile LONG references;
    HANDLE heap;
    ICLRMemoryNotificationCallback *callback;
    unsigned commits, frees, blocks, block_frees;
    void *kept; /* for the defect */
    SIZE_T kept_bytes;
};

static struct host *host_of(IHostMalloc *allocator)
{
    return (struct host *)((char *)allocator - offsetof(struct host, allocator));
}

static HRESULT STDMETHODCALLTYPE malloc_query(IHostMalloc *self, REFIID iid, void **object)
{
    (void)iid;
    *object = self;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE malloc_add_ref(IHostMalloc *self)
{
    return (ULONG)InterlockedIncrement(&host_of(self)->references);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    return (ULONG)InterlockedDecrement(&host_of(self)->references);
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct host *host = host_of(self);

    (void)level;
    *block = HeapAlloc(host->heap, 0, size);
    if (*block == NULL)
        return E_OUTOFMEMORY;
    host->blocks++;
    ON_BLOCK(host, host->blocks, *block, size);
    return S_OK;
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
    struct host *host = host_of(self);

    if (block == NULL)
        return S_OK;
    host->block_frees++;
    ON_BLOCK_FREE(host, host->block_frees, block);
    return HeapFree(host->heap, 0, block) ? S_OK : HOST_E_INVALIDOPERATION;
}

static HRESULT STDMETHODCALLTYPE host_query(IHostMemoryManager *self, REFIID iid, void **object)
{
    (void)iid;
    *object = self;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE host_add_ref(IHostMemoryManager *self)
{
    return (ULONG)InterlockedIncrement(&((struct host *)self)->references);
}

static ULONG STDMETHODCALLTYPE host_release(IHostMemoryManager *self)
{
    ULONG references = (ULONG)InterlockedDecrement(&((struct host *)self)->references);

    ON_RELEASE((struct host *)self, references);
    return references;
}

static HRESULT STDMETHODCALLTYPE host_create_malloc(IHostMemoryManager *self, DWORD type,
                                                    IHostMalloc **result)
{
    (void)type;
    host_add_ref(self);
    *result = &((struct host *)self)->allocator;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_virtual_alloc(IHostMemoryManager *self, void *address,
                                                    SIZE_T size, DWORD type, DWORD protect,
                                                    EMemoryCriticalLevel level, void **result)
{
    struct host *host = (struct host *)self;

    (void)level;
    *result = VirtualAlloc(address, size, type, protect);
    if (*result == NULL)
        return E_OUTOFMEMORY;
    if ((type & MEM_COMMIT) != 0) {
        host->commits++;
        ON_COMMIT(host, host->commits, result, size);
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                   SIZE_T size, DWORD type)
{
    struct host *host = (struct host *)self;

    if (!VirtualFree(address, size, type))
        return HOST_E_INVALIDOPERATION;
    host->frees++;
    ON_FREE(host, host->frees, address, size, type);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_virtual_query(IHostMemoryManager *self, void *address,
                                                    void *buffer, SIZE_T length, SIZE_T *result)
{
    (void)self;
    *result = VirtualQuery(address, (PMEMORY_BASIC_INFORMATION)buffer, length);
    return *result != 0 ? S_OK : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE host_virtual_protect(IHostMemoryManager *self, void *address,
                                                      SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    return VirtualProtect(address, size, protect, old) ? S_OK : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE host_memory_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    MEMORYSTATUSEX status;

    (void)self;
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return E_UNEXPECTED;
    *load = status.dwMemoryLoad;
    *available = (SIZE_T)status.ullAvailPhys;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_callback(IHostMemoryManager *self,
                                               ICLRMemoryNotificationCallback *callback)
{
    ((struct host *)self)->callback = callback;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_needs(IHostMemoryManager *self, LPVOID address, SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE host_released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    (void)address;
    return S_OK;
}

static IHostMallocVtbl malloc_vtbl = {malloc_query, malloc_add_ref,     malloc_release,
                                      malloc_alloc, malloc_debug_alloc, malloc_free};

static IHostMemoryManagerVtbl host_vtbl = {
    host_query,         host_add_ref,      host_release,       host_create_malloc,
    host_virtual_alloc, host_virtual_free, host_virtual_query, host_virtual_protect,
    host_memory_load,   host_callback,     host_needs,         host_needs,
    host_released};

#ifdef __cplusplus
extern "C"
#endif
    __attribute__((visibility("default"))) HRESULT STDMETHODCALLTYPE
    CreateHostMemoryManager(IHostMemoryManager **result)
{
    static struct host the_host;

    the_host.iface.lpVtbl = &host_vtbl;
    the_host.allocator.lpVtbl = &malloc_vtbl;
    the_host.references = 1;
    the_host.heap = HeapCreate(0, 0, 0);
    return FACTORY_RESULT(&the_host, result);
}

#endif
