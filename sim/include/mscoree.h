/* The hosting interfaces of the .NET Framework's CLR, for C (CINTERFACE and COBJMACROS styles) and
 * C++: what a host implements to own the memory of the CLR, and what it may call.
 *
 * Slots, identifiers and values are those of Microsoft's mscoree.idl, unchanged from 2.0 to 4.8; the
 * comments beside the slots say who calls them, when, and which answers are legal, from the hosting
 * reference and the published sources of the CLR. The same file compiles against the headers of a
 * Windows SDK, so that one source serves lowwater and Windows. */
#ifndef LW_MSCOREE_H
#define LW_MSCOREE_H
#define __mscoree_h__

#include <windows.h>
#include <unknwn.h>

/* One definition of each identifier, however many files include this. */
#ifdef LW_WINDOWS_H
#define LW_IID(type, ...) LW_IID_(IID_##type, __VA_ARGS__); LW_UUID_OF(type)
#define LW_IID_(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)
#else
#ifdef __cplusplus /* where a const is local to its file unless its definition says otherwise */
#define LW_IID_LINKAGE extern "C"
#else
#define LW_IID_LINKAGE
#endif
#define LW_IID(type, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) \
    EXTERN_C const IID IID_##type; \
    LW_IID_LINKAGE const IID __declspec(selectany) IID_##type = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}
#endif

/* ---- values ---- */

typedef enum { eMemoryAvailableLow = 1, eMemoryAvailableNeutral = 2, eMemoryAvailableHigh = 3 }
    EMemoryAvailable;

/* What the failure of a request costs at worst: the task, the application domain, the process. */
typedef enum { eTaskCritical = 0, eAppDomainCritical = 1, eProcessCritical = 2 } EMemoryCriticalLevel;

typedef enum { MALLOC_THREADSAFE = 1, MALLOC_EXECUTABLE = 2 } MALLOC_TYPE;

typedef enum {
    OPR_ThreadAbort,
    OPR_ThreadRudeAbortInNonCriticalRegion,
    OPR_ThreadRudeAbortInCriticalRegion,
    OPR_AppDomainUnload,
    OPR_AppDomainRudeUnload,
    OPR_ProcessExit,
    OPR_FinalizerRun,
    MaxClrOperation
} EClrOperation;

typedef enum {
    FAIL_NonCriticalResource,
    FAIL_CriticalResource,
    FAIL_FatalRuntime,
    FAIL_OrphanedLock,
    FAIL_StackOverflow,
    FAIL_AccessViolation, /* this and the next since version 4 */
    FAIL_CodeContract,
    MaxClrFailure
} EClrFailure;

/* In order of severity. */
typedef enum {
    eNoAction,
    eThrowException,
    eAbortThread,
    eRudeAbortThread,
    eUnloadAppDomain,
    eRudeUnloadAppDomain,
    eExitProcess,
    eFastExitProcess,
    eRudeExitProcess,
    eDisableRuntime,
    MaxPolicyAction
} EPolicyAction;

typedef enum { eRuntimeDeterminedPolicy, eHostDeterminedPolicy } EClrUnhandledException;

typedef enum { Event_DomainUnload, Event_ClrDisabled, Event_MDAFired, Event_StackOverflow, MaxClrEvent }
    EClrEvent;

typedef enum {
    STARTUP_CONCURRENT_GC = 0x1,
    STARTUP_LOADER_OPTIMIZATION_SINGLE_DOMAIN = 0x2,
    STARTUP_LOADER_OPTIMIZATION_MULTI_DOMAIN = 0x4,
    STARTUP_LOADER_OPTIMIZATION_MULTI_DOMAIN_HOST = 0x6,
    STARTUP_SERVER_GC = 0x1000,
    STARTUP_HOARD_GC_VM = 0x2000,
    STARTUP_SINGLE_VERSION_HOSTING_INTERFACE = 0x4000,
    STARTUP_LEGACY_IMPERSONATION = 0x10000,
    STARTUP_DISABLE_COMMITTHREADSTACK = 0x20000,
    STARTUP_ALWAYSFLOW_IMPERSONATION = 0x40000,
    STARTUP_TRIM_GC_COMMIT = 0x80000
} STARTUP_FLAGS;

typedef struct _COR_GC_STATS {
    ULONG Flags;
    SIZE_T ExplicitGCCount;
    SIZE_T GenCollectionsTaken[3];
    SIZE_T CommittedKBytes;
    SIZE_T ReservedKBytes;
    SIZE_T Gen0HeapSizeKBytes;
    SIZE_T Gen1HeapSizeKBytes;
    SIZE_T Gen2HeapSizeKBytes;
    SIZE_T LargeObjectHeapSizeKBytes;
    SIZE_T KBytesPromotedFromGen0;
    SIZE_T KBytesPromotedFromGen1;
} COR_GC_STATS;
enum { COR_GC_COUNTS = 1, COR_GC_MEMORYUSAGE = 2 };

typedef HRESULT(STDMETHODCALLTYPE *FExecuteInAppDomainCallback)(void *cookie);

#include "corerror.h"

/* ---- interfaces ---- */

typedef struct ICLRMemoryNotificationCallback ICLRMemoryNotificationCallback;
typedef struct IHostMalloc IHostMalloc;
typedef struct IHostMemoryManager IHostMemoryManager;
typedef struct IHostControl IHostControl;
typedef struct ICLRControl ICLRControl;
typedef struct ICLRPolicyManager ICLRPolicyManager;
typedef struct IHostPolicyManager IHostPolicyManager;
typedef struct ICLRGCManager ICLRGCManager;
typedef struct ICLRGCManager2 ICLRGCManager2;
typedef struct IHostGCManager IHostGCManager;
typedef struct IActionOnCLREvent IActionOnCLREvent;
typedef struct ICLROnEventManager ICLROnEventManager;
typedef struct IGCHostControl IGCHostControl;
typedef struct ICLRAppDomainResourceMonitor ICLRAppDomainResourceMonitor;
typedef struct ICLRRuntimeHost ICLRRuntimeHost;

/* Given to the host by RegisterMemoryNotificationCallback; replaces
 * CreateMemoryResourceNotification. The CLR's object is a singleton: AddRef and Release return
 * 1, QueryInterface does not AddRef. */
LW_IID(ICLRMemoryNotificationCallback, 0x47EB8E57, 0x0846, 0x4546, 0xAF, 0x76, 0x6F, 0x42, 0xFC, 0xFC, 0x26, 0x49);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRMemoryNotificationCallback : public IUnknown {
    /* Called by the host, from any thread, whenever the amount of memory it has for the CLR
     * changes class. Never blocks. Low: the CLR collects soon (at most once in 8,192 ms) and
     * stays in low-memory mode until Neutral or High. Ignored (S_OK) before the execution engine
     * has started. The host must hold no lock of its own: the CLR may call back into the memory
     * manager. */
    virtual HRESULT STDMETHODCALLTYPE OnMemoryNotification(EMemoryAvailable eMemoryAvailable) = 0;
};
#else
typedef struct ICLRMemoryNotificationCallbackVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRMemoryNotificationCallback *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRMemoryNotificationCallback *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRMemoryNotificationCallback *This);
    HRESULT(STDMETHODCALLTYPE *OnMemoryNotification)(ICLRMemoryNotificationCallback *This,
                                                     EMemoryAvailable eMemoryAvailable);
} ICLRMemoryNotificationCallbackVtbl;
struct ICLRMemoryNotificationCallback {
    CONST_VTBL struct ICLRMemoryNotificationCallbackVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRMemoryNotificationCallback_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRMemoryNotificationCallback_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRMemoryNotificationCallback_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRMemoryNotificationCallback_OnMemoryNotification(This, eMemoryAvailable) \
    ((This)->lpVtbl->OnMemoryNotification(This, eMemoryAvailable))
#endif
#endif

/* A heap of the host for the CLR's small blocks. The CLR takes one, with MALLOC_THREADSAFE, and
 * never releases it. Without that flag the caller serialises the calls on one object. */
LW_IID(IHostMalloc, 0x1831991C, 0xCC53, 0x4A31, 0xB2, 0x18, 0x04, 0xE9, 0x10, 0x44, 0x64, 0x79);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IHostMalloc : public IUnknown {
    /* Called for native allocations of the CLR, from any thread. *ppMem holds garbage before the
     * call. S_OK: *ppMem is a block of at least cbSize bytes, 16-byte aligned, also for 0 bytes;
     * its contents are unspecified. E_OUTOFMEMORY: *ppMem is NULL. Only S_OK is success (S_FALSE
     * is a failure). */
    virtual HRESULT STDMETHODCALLTYPE Alloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel,
                                            void **ppMem) = 0;

    /* As Alloc; the host may remember where the request stands. No shipped CLR calls it. The
     * file name may be NULL and need not live longer than the call. */
    virtual HRESULT STDMETHODCALLTYPE DebugAlloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel,
                                                 char *pszFileName, int iLineNo, void **ppMem) = 0;

    /* Gives a block back, on any thread. NULL is passed too and is S_OK. A pointer that did not
     * come from this object: HOST_E_INVALIDOPERATION. */
    virtual HRESULT STDMETHODCALLTYPE Free(void *pMem) = 0;
};
#else
typedef struct IHostMallocVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostMalloc *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostMalloc *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostMalloc *This);
    HRESULT(STDMETHODCALLTYPE *Alloc)(IHostMalloc *This, SIZE_T cbSize,
                                      EMemoryCriticalLevel eCriticalLevel, void **ppMem);
    HRESULT(STDMETHODCALLTYPE *DebugAlloc)(IHostMalloc *This, SIZE_T cbSize,
                                           EMemoryCriticalLevel eCriticalLevel, char *pszFileName,
                                           int iLineNo, void **ppMem);
    HRESULT(STDMETHODCALLTYPE *Free)(IHostMalloc *This, void *pMem);
} IHostMallocVtbl;
struct IHostMalloc {
    CONST_VTBL struct IHostMallocVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IHostMalloc_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IHostMalloc_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IHostMalloc_Release(This) ((This)->lpVtbl->Release(This))
#define IHostMalloc_Alloc(This, cbSize, eCriticalLevel, ppMem) \
    ((This)->lpVtbl->Alloc(This, cbSize, eCriticalLevel, ppMem))
#define IHostMalloc_DebugAlloc(This, cbSize, eCriticalLevel, pszFileName, iLineNo, ppMem) \
    ((This)->lpVtbl->DebugAlloc(This, cbSize, eCriticalLevel, pszFileName, iLineNo, ppMem))
#define IHostMalloc_Free(This, pMem) ((This)->lpVtbl->Free(This, pMem))
#endif
#endif

/* The host's memory manager. Asked for once, before the CLR starts, through IHostControl; never
 * released by the CLR. Every method may be called from any thread at any time, also from threads
 * the host does not know. Every method may return HOST_E_CLRNOTAVAILABLE, HOST_E_TIMEOUT,
 * HOST_E_NOT_OWNER, HOST_E_ABANDONED; E_FAIL says that the CLR cannot go on in this process and
 * is no answer to a lack of memory. Only S_OK counts as success except where said. Levels of
 * criticality come from the state of the calling thread: eProcessCritical before the CLR has
 * started and for threads that hold locks in the default domain, eAppDomainCritical for those in
 * other domains, eTaskCritical otherwise. */
LW_IID(IHostMemoryManager, 0x7BC698D1, 0xF9E3, 0x4460, 0x9C, 0xDE, 0xD0, 0x42, 0x48, 0xE9, 0xFA, 0x25);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IHostMemoryManager : public IUnknown {
    /* Called once, at start-up, with MALLOC_THREADSAFE. S_OK: *ppMalloc has one reference for
     * the caller. E_OUTOFMEMORY otherwise. With MALLOC_EXECUTABLE the blocks may hold code.
     * (Documentation of 2.0 prints CreateMAlloc(BOOL, ...): the same ABI.) */
    virtual HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD dwMallocType, IHostMalloc **ppMalloc) = 0;

    /* Wraps Win32 VirtualAlloc with its arguments and meaning. *ppMem holds garbage before the
     * call. S_OK: *ppMem is the page-rounded address (64 KiB aligned for a reservation); fresh
     * pages read as zero. Otherwise *ppMem is NULL; E_OUTOFMEMORY for lack of memory or address
     * space. The host may wait before it answers. A refused commit of the collector is followed
     * by a full collection and at most one more try. MEM_RESET grows nothing; its result is
     * ignored. */
    virtual HRESULT STDMETHODCALLTYPE VirtualAlloc(void *pAddress, SIZE_T dwSize,
                                                   DWORD flAllocationType, DWORD flProtect,
                                                   EMemoryCriticalLevel eCriticalLevel,
                                                   void **ppMem) = 0;

    /* Wraps Win32 VirtualFree. Memory that did not come from this manager:
     * HOST_E_INVALIDOPERATION. */
    virtual HRESULT STDMETHODCALLTYPE VirtualFree(LPVOID lpAddress, SIZE_T dwSize,
                                                  DWORD dwFreeType) = 0;

    /* Wraps Win32 VirtualQuery; *pResult is the number of bytes written. Asked about any
     * address: thread stacks, images, free ranges, not only the host's own. Must take no lock
     * that another method holds and run to completion while threads are suspended at random.
     * Anything but failure codes is success. */
    virtual HRESULT STDMETHODCALLTYPE VirtualQuery(void *lpAddress, void *lpBuffer, SIZE_T dwLength,
                                                   SIZE_T *pResult) = 0;

    /* Wraps Win32 VirtualProtect, also for memory the host never allocated (images, guard pages
     * of stacks with size 1). *pflOldProtect receives the first page's protection. */
    virtual HRESULT STDMETHODCALLTYPE VirtualProtect(void *lpAddress, SIZE_T dwSize,
                                                     DWORD flNewProtect, DWORD *pflOldProtect) = 0;

    /* Called by the collector before each collection of generation 1 and up. Percent of physical
     * memory in use (0 to 100) and bytes available to the CLR; from 90 percent on memory counts
     * as scarce. On failure the CLR keeps the operating system's own figures. */
    virtual HRESULT STDMETHODCALLTYPE GetMemoryLoad(DWORD *pMemoryLoad,
                                                    SIZE_T *pAvailableBytes) = 0;

    /* Called once, after CreateMalloc; the result is ignored. A host that keeps the pointer
     * takes a reference. */
    virtual HRESULT STDMETHODCALLTYPE RegisterMemoryNotificationCallback(
            ICLRMemoryNotificationCallback *pCallback) = 0;

    /* Called after the CLR failed to map a view: the host may free address space. Any success
     * code makes the CLR try once more; E_OUTOFMEMORY refuses. */
    virtual HRESULT STDMETHODCALLTYPE NeedsVirtualAddressSpace(LPVOID startAddress,
            SIZE_T size) = 0;

    /* The CLR mapped a view itself. size may be 0 (a whole file) in version 2. Comes without any
     * NeedsVirtualAddressSpace before it. */
    virtual HRESULT STDMETHODCALLTYPE AcquiredVirtualAddressSpace(LPVOID startAddress,
            SIZE_T size) = 0;

    /* The CLR unmapped that view. */
    virtual HRESULT STDMETHODCALLTYPE ReleasedVirtualAddressSpace(LPVOID startAddress) = 0;
};
#else
typedef struct IHostMemoryManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostMemoryManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostMemoryManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostMemoryManager *This);
    HRESULT(STDMETHODCALLTYPE *CreateMalloc)(IHostMemoryManager *This, DWORD dwMallocType,
                                             IHostMalloc **ppMalloc);
    HRESULT(STDMETHODCALLTYPE *VirtualAlloc)(IHostMemoryManager *This, void *pAddress,
                                             SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect,
                                             EMemoryCriticalLevel eCriticalLevel, void **ppMem);
    HRESULT(STDMETHODCALLTYPE *VirtualFree)(IHostMemoryManager *This, LPVOID lpAddress,
                                            SIZE_T dwSize, DWORD dwFreeType);
    HRESULT(STDMETHODCALLTYPE *VirtualQuery)(IHostMemoryManager *This, void *lpAddress,
                                             void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult);
    HRESULT(STDMETHODCALLTYPE *VirtualProtect)(IHostMemoryManager *This, void *lpAddress,
                                               SIZE_T dwSize, DWORD flNewProtect,
                                               DWORD *pflOldProtect);
    HRESULT(STDMETHODCALLTYPE *GetMemoryLoad)(IHostMemoryManager *This, DWORD *pMemoryLoad,
                                              SIZE_T *pAvailableBytes);
    HRESULT(STDMETHODCALLTYPE *RegisterMemoryNotificationCallback)(IHostMemoryManager *This,
            ICLRMemoryNotificationCallback *pCallback);
    HRESULT(STDMETHODCALLTYPE *NeedsVirtualAddressSpace)(IHostMemoryManager *This,
                                                         LPVOID startAddress, SIZE_T size);
    HRESULT(STDMETHODCALLTYPE *AcquiredVirtualAddressSpace)(IHostMemoryManager *This,
            LPVOID startAddress, SIZE_T size);
    HRESULT(STDMETHODCALLTYPE *ReleasedVirtualAddressSpace)(IHostMemoryManager *This,
            LPVOID startAddress);
} IHostMemoryManagerVtbl;
struct IHostMemoryManager {
    CONST_VTBL struct IHostMemoryManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IHostMemoryManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IHostMemoryManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IHostMemoryManager_Release(This) ((This)->lpVtbl->Release(This))
#define IHostMemoryManager_CreateMalloc(This, dwMallocType, ppMalloc) \
    ((This)->lpVtbl->CreateMalloc(This, dwMallocType, ppMalloc))
#define IHostMemoryManager_VirtualAlloc(This, pAddress, dwSize, flAllocationType, flProtect, eCriticalLevel, ppMem) \
    ((This)->lpVtbl->VirtualAlloc(This, pAddress, dwSize, flAllocationType, flProtect, eCriticalLevel, ppMem))
#define IHostMemoryManager_VirtualFree(This, lpAddress, dwSize, dwFreeType) \
    ((This)->lpVtbl->VirtualFree(This, lpAddress, dwSize, dwFreeType))
#define IHostMemoryManager_VirtualQuery(This, lpAddress, lpBuffer, dwLength, pResult) \
    ((This)->lpVtbl->VirtualQuery(This, lpAddress, lpBuffer, dwLength, pResult))
#define IHostMemoryManager_VirtualProtect(This, lpAddress, dwSize, flNewProtect, pflOldProtect) \
    ((This)->lpVtbl->VirtualProtect(This, lpAddress, dwSize, flNewProtect, pflOldProtect))
#define IHostMemoryManager_GetMemoryLoad(This, pMemoryLoad, pAvailableBytes) \
    ((This)->lpVtbl->GetMemoryLoad(This, pMemoryLoad, pAvailableBytes))
#define IHostMemoryManager_RegisterMemoryNotificationCallback(This, pCallback) \
    ((This)->lpVtbl->RegisterMemoryNotificationCallback(This, pCallback))
#define IHostMemoryManager_NeedsVirtualAddressSpace(This, startAddress, size) \
    ((This)->lpVtbl->NeedsVirtualAddressSpace(This, startAddress, size))
#define IHostMemoryManager_AcquiredVirtualAddressSpace(This, startAddress, size) \
    ((This)->lpVtbl->AcquiredVirtualAddressSpace(This, startAddress, size))
#define IHostMemoryManager_ReleasedVirtualAddressSpace(This, startAddress) \
    ((This)->lpVtbl->ReleasedVirtualAddressSpace(This, startAddress))
#endif
#endif

/* The host's answer to "which managers do you have": given to ICLRRuntimeHost::SetHostControl. */
LW_IID(IHostControl, 0x02CA073C, 0x7079, 0x4860, 0x88, 0x0A, 0xC2, 0xF7, 0xA4, 0x49, 0xC9, 0x91);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IHostControl : public IUnknown {
    /* Asked for the memory manager first, then for others. S_OK and the interface, or
     * E_NOINTERFACE and NULL. The CLR never releases what it gets. */
    virtual HRESULT STDMETHODCALLTYPE GetHostManager(REFIID riid, void **ppObject) = 0;

    /* Called when a domain has its manager. */
    virtual HRESULT STDMETHODCALLTYPE SetAppDomainManager(DWORD dwAppDomainID,
                                                          IUnknown *pUnkAppDomainManager) = 0;
};
#else
typedef struct IHostControlVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostControl *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostControl *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostControl *This);
    HRESULT(STDMETHODCALLTYPE *GetHostManager)(IHostControl *This, REFIID riid, void **ppObject);
    HRESULT(STDMETHODCALLTYPE *SetAppDomainManager)(IHostControl *This, DWORD dwAppDomainID,
                                                    IUnknown *pUnkAppDomainManager);
} IHostControlVtbl;
struct IHostControl {
    CONST_VTBL struct IHostControlVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IHostControl_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IHostControl_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IHostControl_Release(This) ((This)->lpVtbl->Release(This))
#define IHostControl_GetHostManager(This, riid, ppObject) \
    ((This)->lpVtbl->GetHostManager(This, riid, ppObject))
#define IHostControl_SetAppDomainManager(This, dwAppDomainID, pUnkAppDomainManager) \
    ((This)->lpVtbl->SetAppDomainManager(This, dwAppDomainID, pUnkAppDomainManager))
#endif
#endif

#include "lowwater/mscoree_more.h"

/* Old name of the same identifier. */
#define IID_IHostMemoryNeededCallback IID_ICLRMemoryNotificationCallback

/* ---- factories that lowwater looks for ---- */

/* A host exports one of these; both hand out one reference. Declared so that a definition in C++
 * has the right linkage. */
STDAPI CreateHostMemoryManager(IHostMemoryManager **ppManager);
STDAPI CreateHostControl(IHostControl **ppControl);

#endif
