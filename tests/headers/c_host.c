/* A host in C: tables of functions, COBJMACROS, and every slot at its place. */
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include "expect.h"

#define SLOT(type, method, number)                                                                 \
    STATIC_EXPECT(offsetof(type##Vtbl, method) == (number) * sizeof(void *))
#define LAST(type, method, number)                                                                 \
    SLOT(type, method, number);                                                                    \
    STATIC_EXPECT(sizeof(type##Vtbl) == ((number) + 1) * sizeof(void *))

SLOT(IUnknown, QueryInterface, 0);
SLOT(IUnknown, AddRef, 1);
LAST(IUnknown, Release, 2);
SLOT(IHostMemoryManager, QueryInterface, 0);
SLOT(IHostMemoryManager, AddRef, 1);
SLOT(IHostMemoryManager, Release, 2);
SLOT(IHostMemoryManager, CreateMalloc, 3);
SLOT(IHostMemoryManager, VirtualAlloc, 4);
SLOT(IHostMemoryManager, VirtualFree, 5);
SLOT(IHostMemoryManager, VirtualQuery, 6);
SLOT(IHostMemoryManager, VirtualProtect, 7);
SLOT(IHostMemoryManager, GetMemoryLoad, 8);
SLOT(IHostMemoryManager, RegisterMemoryNotificationCallback, 9);
SLOT(IHostMemoryManager, NeedsVirtualAddressSpace, 10);
SLOT(IHostMemoryManager, AcquiredVirtualAddressSpace, 11);
LAST(IHostMemoryManager, ReleasedVirtualAddressSpace, 12);
SLOT(IHostMalloc, Alloc, 3);
SLOT(IHostMalloc, DebugAlloc, 4);
LAST(IHostMalloc, Free, 5);
LAST(ICLRMemoryNotificationCallback, OnMemoryNotification, 3);
SLOT(IHostControl, GetHostManager, 3);
LAST(IHostControl, SetAppDomainManager, 4);
SLOT(ICLRControl, GetCLRManager, 3);
LAST(ICLRControl, SetAppDomainManagerType, 4);
SLOT(ICLRPolicyManager, SetDefaultAction, 3);
SLOT(ICLRPolicyManager, SetTimeout, 4);
SLOT(ICLRPolicyManager, SetActionOnTimeout, 5);
SLOT(ICLRPolicyManager, SetTimeoutAndAction, 6);
SLOT(ICLRPolicyManager, SetActionOnFailure, 7);
LAST(ICLRPolicyManager, SetUnhandledExceptionPolicy, 8);
SLOT(IHostPolicyManager, OnDefaultAction, 3);
SLOT(IHostPolicyManager, OnTimeout, 4);
LAST(IHostPolicyManager, OnFailure, 5);
SLOT(ICLRGCManager, Collect, 3);
SLOT(ICLRGCManager, GetStats, 4);
LAST(ICLRGCManager, SetGCStartupLimits, 5);
LAST(ICLRGCManager2, SetGCStartupLimitsEx, 6);
SLOT(IHostGCManager, ThreadIsBlockingForSuspension, 3);
SLOT(IHostGCManager, SuspensionStarting, 4);
LAST(IHostGCManager, SuspensionEnding, 5);
LAST(IActionOnCLREvent, OnEvent, 3);
SLOT(ICLROnEventManager, RegisterActionOnEvent, 3);
LAST(ICLROnEventManager, UnregisterActionOnEvent, 4);
LAST(IGCHostControl, RequestVirtualMemLimit, 3);
SLOT(ICLRAppDomainResourceMonitor, GetCurrentAllocated, 3);
LAST(ICLRAppDomainResourceMonitor, GetCurrentCpuTime, 5);
SLOT(ICLRRuntimeHost, Start, 3);
SLOT(ICLRRuntimeHost, SetHostControl, 5);
LAST(ICLRRuntimeHost, ExecuteInDefaultAppDomain, 11);

struct host {
    IHostMalloc iface;
    LONG references;
    LONG blocks;
};

static struct host *of(IHostMalloc *This)
{
    return CONTAINING_RECORD(This, struct host, iface);
}

static HRESULT STDMETHODCALLTYPE query(IHostMalloc *This, REFIID riid, void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IHostMalloc))
        return E_NOINTERFACE;
    *object = This;
    IHostMalloc_AddRef(This);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE add_ref(IHostMalloc *This)
{
    return (ULONG)InterlockedIncrement(&of(This)->references);
}

static ULONG STDMETHODCALLTYPE release(IHostMalloc *This)
{
    return (ULONG)InterlockedDecrement(&of(This)->references);
}

static HRESULT STDMETHODCALLTYPE alloc(IHostMalloc *This, SIZE_T size, EMemoryCriticalLevel level,
                                       void **block)
{
    UNREFERENCED_PARAMETER(level);
    *block = malloc(max(size, (SIZE_T)1));
    if (*block == NULL)
        return E_OUTOFMEMORY;
    of(This)->blocks++;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE debug_alloc(IHostMalloc *This, SIZE_T size,
                                             EMemoryCriticalLevel level, char *file, int line,
                                             void **block)
{
    UNREFERENCED_PARAMETER(file);
    UNREFERENCED_PARAMETER(line);
    return IHostMalloc_Alloc(This, size, level, block);
}

static HRESULT STDMETHODCALLTYPE free_block(IHostMalloc *This, void *block)
{
    of(This)->blocks -= block != NULL;
    free(block);
    return S_OK;
}

static const IHostMallocVtbl table = {query, add_ref, release, alloc, debug_alloc, free_block};

int main(void)
{
    struct host host = {{&table}, 1, 0};
    IHostMalloc *object = &host.iface;
    void *found = NULL, *block = NULL;
    char file[] = "file";
    EXPECT(IHostMalloc_QueryInterface(object, &IID_IHostMalloc, &found) == S_OK);
    EXPECT(found == (void *)object && host.references == 2);
    EXPECT(IHostMalloc_QueryInterface(object, &IID_IHostControl, &found) == E_NOINTERFACE);
    EXPECT(found == NULL);
    EXPECT(IHostMalloc_Release(object) == 1);
    EXPECT(IHostMalloc_DebugAlloc(object, 24, eTaskCritical, file, 7, &block) == S_OK);
    EXPECT(host.blocks == 1);
    EXPECT(IHostMalloc_Free(object, block) == S_OK && host.blocks == 0);
    EXPECT(IUnknown_AddRef((IUnknown *)object) == 2);
    EXPECT(min(3, 4) == 3 && max(3, 4) == 4);
    return 0;
}
