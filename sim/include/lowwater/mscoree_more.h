/* Interfaces around the memory manager that hosts implement or call as well. Included by mscoree.h.
 * lowwater calls none of them yet, except that a policy may hold pointers of these types. */
#ifndef LW_MSCOREE_MORE_H
#define LW_MSCOREE_MORE_H

LW_IID(ICLRControl, 0x9065597E, 0xD1A1, 0x4FB2, 0xB6, 0xBA, 0x7E, 0x1F, 0xCE, 0x23, 0x0F, 0x61);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRControl : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE GetCLRManager(REFIID riid, void **ppObject) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetAppDomainManagerType(LPCWSTR pwzAppDomainManagerAssembly,
            LPCWSTR pwzAppDomainManagerType) = 0;
};
#else
typedef struct ICLRControlVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRControl *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRControl *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRControl *This);
    HRESULT(STDMETHODCALLTYPE *GetCLRManager)(ICLRControl *This, REFIID riid, void **ppObject);
    HRESULT(STDMETHODCALLTYPE *SetAppDomainManagerType)(ICLRControl *This,
                                                        LPCWSTR pwzAppDomainManagerAssembly,
                                                        LPCWSTR pwzAppDomainManagerType);
} ICLRControlVtbl;
struct ICLRControl {
    CONST_VTBL struct ICLRControlVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRControl_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRControl_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRControl_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRControl_GetCLRManager(This, riid, ppObject) \
    ((This)->lpVtbl->GetCLRManager(This, riid, ppObject))
#define ICLRControl_SetAppDomainManagerType(This, pwzAppDomainManagerAssembly, pwzAppDomainManagerType) \
    ((This)->lpVtbl->SetAppDomainManagerType(This, pwzAppDomainManagerAssembly, pwzAppDomainManagerType))
#endif
#endif

LW_IID(ICLRPolicyManager, 0x7D290010, 0xD781, 0x45DA, 0xA6, 0xF8, 0xAA, 0x5D, 0x71, 0x1A, 0x73, 0x0E);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRPolicyManager : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE SetDefaultAction(EClrOperation operation,
                                                       EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetTimeout(EClrOperation operation, DWORD dwMilliseconds) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetActionOnTimeout(EClrOperation operation,
                                                         EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetTimeoutAndAction(EClrOperation operation,
                                                          DWORD dwMilliseconds,
                                                          EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetActionOnFailure(EClrFailure failure,
                                                         EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetUnhandledExceptionPolicy(
            EClrUnhandledException policy) = 0;
};
#else
typedef struct ICLRPolicyManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRPolicyManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRPolicyManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRPolicyManager *This);
    HRESULT(STDMETHODCALLTYPE *SetDefaultAction)(ICLRPolicyManager *This, EClrOperation operation,
                                                 EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *SetTimeout)(ICLRPolicyManager *This, EClrOperation operation,
                                           DWORD dwMilliseconds);
    HRESULT(STDMETHODCALLTYPE *SetActionOnTimeout)(ICLRPolicyManager *This, EClrOperation operation,
                                                   EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *SetTimeoutAndAction)(ICLRPolicyManager *This,
                                                    EClrOperation operation, DWORD dwMilliseconds,
                                                    EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *SetActionOnFailure)(ICLRPolicyManager *This, EClrFailure failure,
                                                   EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *SetUnhandledExceptionPolicy)(ICLRPolicyManager *This,
            EClrUnhandledException policy);
} ICLRPolicyManagerVtbl;
struct ICLRPolicyManager {
    CONST_VTBL struct ICLRPolicyManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRPolicyManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRPolicyManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRPolicyManager_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRPolicyManager_SetDefaultAction(This, operation, action) \
    ((This)->lpVtbl->SetDefaultAction(This, operation, action))
#define ICLRPolicyManager_SetTimeout(This, operation, dwMilliseconds) \
    ((This)->lpVtbl->SetTimeout(This, operation, dwMilliseconds))
#define ICLRPolicyManager_SetActionOnTimeout(This, operation, action) \
    ((This)->lpVtbl->SetActionOnTimeout(This, operation, action))
#define ICLRPolicyManager_SetTimeoutAndAction(This, operation, dwMilliseconds, action) \
    ((This)->lpVtbl->SetTimeoutAndAction(This, operation, dwMilliseconds, action))
#define ICLRPolicyManager_SetActionOnFailure(This, failure, action) \
    ((This)->lpVtbl->SetActionOnFailure(This, failure, action))
#define ICLRPolicyManager_SetUnhandledExceptionPolicy(This, policy) \
    ((This)->lpVtbl->SetUnhandledExceptionPolicy(This, policy))
#endif
#endif

LW_IID(IHostPolicyManager, 0x7AE49844, 0xB1E3, 0x4683, 0xBA, 0x7C, 0x1E, 0x82, 0x12, 0xEA, 0x3B, 0x79);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IHostPolicyManager : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE OnDefaultAction(EClrOperation operation,
                                                      EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE OnTimeout(EClrOperation operation, EPolicyAction action) = 0;
    virtual HRESULT STDMETHODCALLTYPE OnFailure(EClrFailure failure, EPolicyAction action) = 0;
};
#else
typedef struct IHostPolicyManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostPolicyManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostPolicyManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostPolicyManager *This);
    HRESULT(STDMETHODCALLTYPE *OnDefaultAction)(IHostPolicyManager *This, EClrOperation operation,
                                                EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *OnTimeout)(IHostPolicyManager *This, EClrOperation operation,
                                          EPolicyAction action);
    HRESULT(STDMETHODCALLTYPE *OnFailure)(IHostPolicyManager *This, EClrFailure failure,
                                          EPolicyAction action);
} IHostPolicyManagerVtbl;
struct IHostPolicyManager {
    CONST_VTBL struct IHostPolicyManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IHostPolicyManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IHostPolicyManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IHostPolicyManager_Release(This) ((This)->lpVtbl->Release(This))
#define IHostPolicyManager_OnDefaultAction(This, operation, action) \
    ((This)->lpVtbl->OnDefaultAction(This, operation, action))
#define IHostPolicyManager_OnTimeout(This, operation, action) \
    ((This)->lpVtbl->OnTimeout(This, operation, action))
#define IHostPolicyManager_OnFailure(This, failure, action) \
    ((This)->lpVtbl->OnFailure(This, failure, action))
#endif
#endif

LW_IID(ICLRGCManager, 0x54D9007E, 0xA8E2, 0x4885, 0xB7, 0xBF, 0xF9, 0x98, 0xDE, 0xEE, 0x4F, 0x2A);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRGCManager : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE Collect(LONG Generation) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetStats(COR_GC_STATS *pStats) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetGCStartupLimits(DWORD SegmentSize, DWORD MaxGen0Size) = 0;
};
#else
typedef struct ICLRGCManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRGCManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRGCManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRGCManager *This);
    HRESULT(STDMETHODCALLTYPE *Collect)(ICLRGCManager *This, LONG Generation);
    HRESULT(STDMETHODCALLTYPE *GetStats)(ICLRGCManager *This, COR_GC_STATS *pStats);
    HRESULT(STDMETHODCALLTYPE *SetGCStartupLimits)(ICLRGCManager *This, DWORD SegmentSize,
                                                   DWORD MaxGen0Size);
} ICLRGCManagerVtbl;
struct ICLRGCManager {
    CONST_VTBL struct ICLRGCManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRGCManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRGCManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRGCManager_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRGCManager_Collect(This, Generation) ((This)->lpVtbl->Collect(This, Generation))
#define ICLRGCManager_GetStats(This, pStats) ((This)->lpVtbl->GetStats(This, pStats))
#define ICLRGCManager_SetGCStartupLimits(This, SegmentSize, MaxGen0Size) \
    ((This)->lpVtbl->SetGCStartupLimits(This, SegmentSize, MaxGen0Size))
#endif
#endif

LW_IID(ICLRGCManager2, 0x0603B793, 0xA97A, 0x4712, 0x9C, 0xB4, 0x0C, 0xD1, 0xC7, 0x4C, 0x0F, 0x7C);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRGCManager2 : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE Collect(LONG Generation) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetStats(COR_GC_STATS *pStats) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetGCStartupLimits(DWORD SegmentSize, DWORD MaxGen0Size) = 0;
    virtual HRESULT STDMETHODCALLTYPE SetGCStartupLimitsEx(SIZE_T SegmentSize,
                                                           SIZE_T MaxGen0Size) = 0;
};
#else
typedef struct ICLRGCManager2Vtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRGCManager2 *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRGCManager2 *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRGCManager2 *This);
    HRESULT(STDMETHODCALLTYPE *Collect)(ICLRGCManager2 *This, LONG Generation);
    HRESULT(STDMETHODCALLTYPE *GetStats)(ICLRGCManager2 *This, COR_GC_STATS *pStats);
    HRESULT(STDMETHODCALLTYPE *SetGCStartupLimits)(ICLRGCManager2 *This, DWORD SegmentSize,
                                                   DWORD MaxGen0Size);
    HRESULT(STDMETHODCALLTYPE *SetGCStartupLimitsEx)(ICLRGCManager2 *This, SIZE_T SegmentSize,
                                                     SIZE_T MaxGen0Size);
} ICLRGCManager2Vtbl;
struct ICLRGCManager2 {
    CONST_VTBL struct ICLRGCManager2Vtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRGCManager2_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRGCManager2_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRGCManager2_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRGCManager2_Collect(This, Generation) ((This)->lpVtbl->Collect(This, Generation))
#define ICLRGCManager2_GetStats(This, pStats) ((This)->lpVtbl->GetStats(This, pStats))
#define ICLRGCManager2_SetGCStartupLimits(This, SegmentSize, MaxGen0Size) \
    ((This)->lpVtbl->SetGCStartupLimits(This, SegmentSize, MaxGen0Size))
#define ICLRGCManager2_SetGCStartupLimitsEx(This, SegmentSize, MaxGen0Size) \
    ((This)->lpVtbl->SetGCStartupLimitsEx(This, SegmentSize, MaxGen0Size))
#endif
#endif

LW_IID(IHostGCManager, 0x5D4EC34E, 0xF248, 0x457B, 0xB6, 0x03, 0x25, 0x5F, 0xAA, 0xBA, 0x0D, 0x21);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IHostGCManager : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE ThreadIsBlockingForSuspension() = 0;
    virtual HRESULT STDMETHODCALLTYPE SuspensionStarting() = 0;
    virtual HRESULT STDMETHODCALLTYPE SuspensionEnding(DWORD Generation) = 0;
};
#else
typedef struct IHostGCManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IHostGCManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IHostGCManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(IHostGCManager *This);
    HRESULT(STDMETHODCALLTYPE *ThreadIsBlockingForSuspension)(IHostGCManager *This);
    HRESULT(STDMETHODCALLTYPE *SuspensionStarting)(IHostGCManager *This);
    HRESULT(STDMETHODCALLTYPE *SuspensionEnding)(IHostGCManager *This, DWORD Generation);
} IHostGCManagerVtbl;
struct IHostGCManager {
    CONST_VTBL struct IHostGCManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IHostGCManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IHostGCManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IHostGCManager_Release(This) ((This)->lpVtbl->Release(This))
#define IHostGCManager_ThreadIsBlockingForSuspension(This) \
    ((This)->lpVtbl->ThreadIsBlockingForSuspension(This))
#define IHostGCManager_SuspensionStarting(This) ((This)->lpVtbl->SuspensionStarting(This))
#define IHostGCManager_SuspensionEnding(This, Generation) \
    ((This)->lpVtbl->SuspensionEnding(This, Generation))
#endif
#endif

LW_IID(IActionOnCLREvent, 0x607BE24B, 0xD91B, 0x4E28, 0xA2, 0x42, 0x61, 0x87, 0x1C, 0xE5, 0x6E, 0x35);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IActionOnCLREvent : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE OnEvent(EClrEvent event, PVOID data) = 0;
};
#else
typedef struct IActionOnCLREventVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IActionOnCLREvent *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IActionOnCLREvent *This);
    ULONG(STDMETHODCALLTYPE *Release)(IActionOnCLREvent *This);
    HRESULT(STDMETHODCALLTYPE *OnEvent)(IActionOnCLREvent *This, EClrEvent event, PVOID data);
} IActionOnCLREventVtbl;
struct IActionOnCLREvent {
    CONST_VTBL struct IActionOnCLREventVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IActionOnCLREvent_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IActionOnCLREvent_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IActionOnCLREvent_Release(This) ((This)->lpVtbl->Release(This))
#define IActionOnCLREvent_OnEvent(This, event, data) ((This)->lpVtbl->OnEvent(This, event, data))
#endif
#endif

LW_IID(ICLROnEventManager, 0x1D0E0132, 0xE64F, 0x493D, 0x92, 0x60, 0x02, 0x5C, 0x0E, 0x32, 0xC1, 0x75);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLROnEventManager : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE RegisterActionOnEvent(EClrEvent event,
            IActionOnCLREvent *pAction) = 0;
    virtual HRESULT STDMETHODCALLTYPE UnregisterActionOnEvent(EClrEvent event,
            IActionOnCLREvent *pAction) = 0;
};
#else
typedef struct ICLROnEventManagerVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLROnEventManager *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLROnEventManager *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLROnEventManager *This);
    HRESULT(STDMETHODCALLTYPE *RegisterActionOnEvent)(ICLROnEventManager *This, EClrEvent event,
                                                      IActionOnCLREvent *pAction);
    HRESULT(STDMETHODCALLTYPE *UnregisterActionOnEvent)(ICLROnEventManager *This, EClrEvent event,
                                                        IActionOnCLREvent *pAction);
} ICLROnEventManagerVtbl;
struct ICLROnEventManager {
    CONST_VTBL struct ICLROnEventManagerVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLROnEventManager_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLROnEventManager_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLROnEventManager_Release(This) ((This)->lpVtbl->Release(This))
#define ICLROnEventManager_RegisterActionOnEvent(This, event, pAction) \
    ((This)->lpVtbl->RegisterActionOnEvent(This, event, pAction))
#define ICLROnEventManager_UnregisterActionOnEvent(This, event, pAction) \
    ((This)->lpVtbl->UnregisterActionOnEvent(This, event, pAction))
#endif
#endif

LW_IID(IGCHostControl, 0x5513D564, 0x8374, 0x4CB9, 0xAE, 0xD9, 0x00, 0x83, 0xF4, 0x16, 0x0A, 0x1D);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct IGCHostControl : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE RequestVirtualMemLimit(SIZE_T sztMaxVirtualMemMB,
            SIZE_T *psztNewMaxVirtualMemMB) = 0;
};
#else
typedef struct IGCHostControlVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IGCHostControl *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IGCHostControl *This);
    ULONG(STDMETHODCALLTYPE *Release)(IGCHostControl *This);
    HRESULT(STDMETHODCALLTYPE *RequestVirtualMemLimit)(IGCHostControl *This,
                                                       SIZE_T sztMaxVirtualMemMB,
                                                       SIZE_T *psztNewMaxVirtualMemMB);
} IGCHostControlVtbl;
struct IGCHostControl {
    CONST_VTBL struct IGCHostControlVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IGCHostControl_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IGCHostControl_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IGCHostControl_Release(This) ((This)->lpVtbl->Release(This))
#define IGCHostControl_RequestVirtualMemLimit(This, sztMaxVirtualMemMB, psztNewMaxVirtualMemMB) \
    ((This)->lpVtbl->RequestVirtualMemLimit(This, sztMaxVirtualMemMB, psztNewMaxVirtualMemMB))
#endif
#endif

LW_IID(ICLRAppDomainResourceMonitor, 0xC62DE18C, 0x2E23, 0x4AEA, 0x84, 0x23, 0xB4, 0x0C, 0x1F, 0xC5, 0x9E, 0xAE);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRAppDomainResourceMonitor : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE GetCurrentAllocated(DWORD dwAppDomainId,
                                                          ULONGLONG *pBytesAllocated) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetCurrentSurvived(DWORD dwAppDomainId,
                                                         ULONGLONG *pAppDomainBytesSurvived,
                                                         ULONGLONG *pTotalBytesSurvived) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetCurrentCpuTime(DWORD dwAppDomainId,
                                                        ULONGLONG *pMilliseconds) = 0;
};
#else
typedef struct ICLRAppDomainResourceMonitorVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRAppDomainResourceMonitor *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRAppDomainResourceMonitor *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRAppDomainResourceMonitor *This);
    HRESULT(STDMETHODCALLTYPE *GetCurrentAllocated)(ICLRAppDomainResourceMonitor *This,
                                                    DWORD dwAppDomainId,
                                                    ULONGLONG *pBytesAllocated);
    HRESULT(STDMETHODCALLTYPE *GetCurrentSurvived)(ICLRAppDomainResourceMonitor *This,
                                                   DWORD dwAppDomainId,
                                                   ULONGLONG *pAppDomainBytesSurvived,
                                                   ULONGLONG *pTotalBytesSurvived);
    HRESULT(STDMETHODCALLTYPE *GetCurrentCpuTime)(ICLRAppDomainResourceMonitor *This,
                                                  DWORD dwAppDomainId, ULONGLONG *pMilliseconds);
} ICLRAppDomainResourceMonitorVtbl;
struct ICLRAppDomainResourceMonitor {
    CONST_VTBL struct ICLRAppDomainResourceMonitorVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRAppDomainResourceMonitor_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRAppDomainResourceMonitor_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRAppDomainResourceMonitor_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRAppDomainResourceMonitor_GetCurrentAllocated(This, dwAppDomainId, pBytesAllocated) \
    ((This)->lpVtbl->GetCurrentAllocated(This, dwAppDomainId, pBytesAllocated))
#define ICLRAppDomainResourceMonitor_GetCurrentSurvived(This, dwAppDomainId, pAppDomainBytesSurvived, pTotalBytesSurvived) \
    ((This)->lpVtbl->GetCurrentSurvived(This, dwAppDomainId, pAppDomainBytesSurvived, pTotalBytesSurvived))
#define ICLRAppDomainResourceMonitor_GetCurrentCpuTime(This, dwAppDomainId, pMilliseconds) \
    ((This)->lpVtbl->GetCurrentCpuTime(This, dwAppDomainId, pMilliseconds))
#endif
#endif

LW_IID(ICLRRuntimeHost, 0x90F1A06C, 0x7712, 0x4762, 0x86, 0xB5, 0x7A, 0x5E, 0xBA, 0x6B, 0xDB, 0x02);
#if defined(__cplusplus) && !defined(CINTERFACE)
struct ICLRRuntimeHost : public IUnknown {
    virtual HRESULT STDMETHODCALLTYPE Start() = 0;
    virtual HRESULT STDMETHODCALLTYPE Stop() = 0;
    virtual HRESULT STDMETHODCALLTYPE SetHostControl(IHostControl *pHostControl) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetCLRControl(ICLRControl **pCLRControl) = 0;
    virtual HRESULT STDMETHODCALLTYPE UnloadAppDomain(DWORD dwAppDomainId, BOOL fWaitUntilDone) = 0;
    virtual HRESULT STDMETHODCALLTYPE ExecuteInAppDomain(DWORD dwAppDomainId,
                                                         FExecuteInAppDomainCallback pCallback,
                                                         void *cookie) = 0;
    virtual HRESULT STDMETHODCALLTYPE GetCurrentAppDomainId(DWORD *pdwAppDomainId) = 0;
    virtual HRESULT STDMETHODCALLTYPE ExecuteApplication(LPCWSTR pwzAppFullName,
                                                         DWORD dwManifestPaths,
                                                         LPCWSTR *ppwzManifestPaths,
                                                         DWORD dwActivationData,
                                                         LPCWSTR *ppwzActivationData,
                                                         int *pReturnValue) = 0;
    virtual HRESULT STDMETHODCALLTYPE ExecuteInDefaultAppDomain(LPCWSTR pwzAssemblyPath,
            LPCWSTR pwzTypeName, LPCWSTR pwzMethodName, LPCWSTR pwzArgument,
            DWORD *pReturnValue) = 0;
};
#else
typedef struct ICLRRuntimeHostVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRRuntimeHost *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRRuntimeHost *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRRuntimeHost *This);
    HRESULT(STDMETHODCALLTYPE *Start)(ICLRRuntimeHost *This);
    HRESULT(STDMETHODCALLTYPE *Stop)(ICLRRuntimeHost *This);
    HRESULT(STDMETHODCALLTYPE *SetHostControl)(ICLRRuntimeHost *This, IHostControl *pHostControl);
    HRESULT(STDMETHODCALLTYPE *GetCLRControl)(ICLRRuntimeHost *This, ICLRControl **pCLRControl);
    HRESULT(STDMETHODCALLTYPE *UnloadAppDomain)(ICLRRuntimeHost *This, DWORD dwAppDomainId,
                                                BOOL fWaitUntilDone);
    HRESULT(STDMETHODCALLTYPE *ExecuteInAppDomain)(ICLRRuntimeHost *This, DWORD dwAppDomainId,
                                                   FExecuteInAppDomainCallback pCallback,
                                                   void *cookie);
    HRESULT(STDMETHODCALLTYPE *GetCurrentAppDomainId)(ICLRRuntimeHost *This, DWORD *pdwAppDomainId);
    HRESULT(STDMETHODCALLTYPE *ExecuteApplication)(ICLRRuntimeHost *This, LPCWSTR pwzAppFullName,
                                                   DWORD dwManifestPaths,
                                                   LPCWSTR *ppwzManifestPaths,
                                                   DWORD dwActivationData,
                                                   LPCWSTR *ppwzActivationData, int *pReturnValue);
    HRESULT(STDMETHODCALLTYPE *ExecuteInDefaultAppDomain)(ICLRRuntimeHost *This,
                                                          LPCWSTR pwzAssemblyPath,
                                                          LPCWSTR pwzTypeName,
                                                          LPCWSTR pwzMethodName,
                                                          LPCWSTR pwzArgument, DWORD *pReturnValue);
} ICLRRuntimeHostVtbl;
struct ICLRRuntimeHost {
    CONST_VTBL struct ICLRRuntimeHostVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define ICLRRuntimeHost_QueryInterface(This, riid, ppv) \
    ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define ICLRRuntimeHost_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define ICLRRuntimeHost_Release(This) ((This)->lpVtbl->Release(This))
#define ICLRRuntimeHost_Start(This) ((This)->lpVtbl->Start(This))
#define ICLRRuntimeHost_Stop(This) ((This)->lpVtbl->Stop(This))
#define ICLRRuntimeHost_SetHostControl(This, pHostControl) \
    ((This)->lpVtbl->SetHostControl(This, pHostControl))
#define ICLRRuntimeHost_GetCLRControl(This, pCLRControl) \
    ((This)->lpVtbl->GetCLRControl(This, pCLRControl))
#define ICLRRuntimeHost_UnloadAppDomain(This, dwAppDomainId, fWaitUntilDone) \
    ((This)->lpVtbl->UnloadAppDomain(This, dwAppDomainId, fWaitUntilDone))
#define ICLRRuntimeHost_ExecuteInAppDomain(This, dwAppDomainId, pCallback, cookie) \
    ((This)->lpVtbl->ExecuteInAppDomain(This, dwAppDomainId, pCallback, cookie))
#define ICLRRuntimeHost_GetCurrentAppDomainId(This, pdwAppDomainId) \
    ((This)->lpVtbl->GetCurrentAppDomainId(This, pdwAppDomainId))
#define ICLRRuntimeHost_ExecuteApplication(This, pwzAppFullName, dwManifestPaths, ppwzManifestPaths, dwActivationData, ppwzActivationData, pReturnValue) \
    ((This)->lpVtbl->ExecuteApplication(This, pwzAppFullName, dwManifestPaths, ppwzManifestPaths, dwActivationData, ppwzActivationData, pReturnValue))
#define ICLRRuntimeHost_ExecuteInDefaultAppDomain(This, pwzAssemblyPath, pwzTypeName, pwzMethodName, pwzArgument, pReturnValue) \
    ((This)->lpVtbl->ExecuteInDefaultAppDomain(This, pwzAssemblyPath, pwzTypeName, pwzMethodName, pwzArgument, pReturnValue))
#endif
#endif

EXTERN_C const CLSID CLSID_CLRRuntimeHost;
#ifdef LW_WINDOWS_H
DEFINE_GUID(CLSID_CLRRuntimeHost, 0x90F1A06E, 0x7712, 0x4762, 0x86, 0xB5, 0x7A, 0x5E, 0xBA, 0x6B, 0xDB, 0x02);
#else
LW_IID_LINKAGE const CLSID __declspec(selectany) CLSID_CLRRuntimeHost = {0x90F1A06E, 0x7712, 0x4762,
    {0x86, 0xB5, 0x7A, 0x5E, 0xBA, 0x6B, 0xDB, 0x02}};
#endif

#endif
