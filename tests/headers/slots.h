/* Slots and identifiers of the hosting interfaces, written down a second time: from the reference,
 * not from our header. Used from C (layout of the tables) and from C++ (numbers of the methods). */
#ifndef LW_TESTS_SLOTS_H
#define LW_TESTS_SLOTS_H

/* X(interface, slot, method) */
#define SLOTS(X)                                                                                   \
    X(IUnknown, 0, QueryInterface)                                                                 \
    X(IUnknown, 1, AddRef)                                                                         \
    X(IUnknown, 2, Release)                                                                        \
    X(IHostMemoryManager, 0, QueryInterface)                                                       \
    X(IHostMemoryManager, 1, AddRef)                                                               \
    X(IHostMemoryManager, 2, Release)                                                              \
    X(IHostMemoryManager, 3, CreateMalloc)                                                         \
    X(IHostMemoryManager, 4, VirtualAlloc)                                                         \
    X(IHostMemoryManager, 5, VirtualFree)                                                          \
    X(IHostMemoryManager, 6, VirtualQuery)                                                         \
    X(IHostMemoryManager, 7, VirtualProtect)                                                       \
    X(IHostMemoryManager, 8, GetMemoryLoad)                                                        \
    X(IHostMemoryManager, 9, RegisterMemoryNotificationCallback)                                   \
    X(IHostMemoryManager, 10, NeedsVirtualAddressSpace)                                            \
    X(IHostMemoryManager, 11, AcquiredVirtualAddressSpace)                                         \
    X(IHostMemoryManager, 12, ReleasedVirtualAddressSpace)                                         \
    X(IHostMalloc, 2, Release)                                                                     \
    X(IHostMalloc, 3, Alloc)                                                                       \
    X(IHostMalloc, 4, DebugAlloc)                                                                  \
    X(IHostMalloc, 5, Free)                                                                        \
    X(ICLRMemoryNotificationCallback, 3, OnMemoryNotification)                                     \
    X(IHostControl, 3, GetHostManager)                                                             \
    X(IHostControl, 4, SetAppDomainManager)                                                        \
    X(ICLRControl, 3, GetCLRManager)                                                               \
    X(ICLRControl, 4, SetAppDomainManagerType)                                                     \
    X(ICLRPolicyManager, 3, SetDefaultAction)                                                      \
    X(ICLRPolicyManager, 4, SetTimeout)                                                            \
    X(ICLRPolicyManager, 5, SetActionOnTimeout)                                                    \
    X(ICLRPolicyManager, 6, SetTimeoutAndAction)                                                   \
    X(ICLRPolicyManager, 7, SetActionOnFailure)                                                    \
    X(ICLRPolicyManager, 8, SetUnhandledExceptionPolicy)                                           \
    X(IHostPolicyManager, 3, OnDefaultAction)                                                      \
    X(IHostPolicyManager, 4, OnTimeout)                                                            \
    X(IHostPolicyManager, 5, OnFailure)                                                            \
    X(ICLRGCManager, 3, Collect)                                                                   \
    X(ICLRGCManager, 4, GetStats)                                                                  \
    X(ICLRGCManager, 5, SetGCStartupLimits)                                                        \
    X(ICLRGCManager2, 5, SetGCStartupLimits)                                                       \
    X(ICLRGCManager2, 6, SetGCStartupLimitsEx)                                                     \
    X(IHostGCManager, 3, ThreadIsBlockingForSuspension)                                            \
    X(IHostGCManager, 4, SuspensionStarting)                                                       \
    X(IHostGCManager, 5, SuspensionEnding)                                                         \
    X(IActionOnCLREvent, 3, OnEvent)                                                               \
    X(ICLROnEventManager, 3, RegisterActionOnEvent)                                                \
    X(ICLROnEventManager, 4, UnregisterActionOnEvent)                                              \
    X(IGCHostControl, 3, RequestVirtualMemLimit)                                                   \
    X(ICLRAppDomainResourceMonitor, 3, GetCurrentAllocated)                                        \
    X(ICLRRuntimeHost, 3, Start)                                                                   \
    X(ICLRRuntimeHost, 4, Stop)                                                                    \
    X(ICLRRuntimeHost, 5, SetHostControl)                                                          \
    X(ICLRRuntimeHost, 6, GetCLRControl)                                                           \
    X(ICLRRuntimeHost, 7, UnloadAppDomain)                                                         \
    X(ICLRRuntimeHost, 8, ExecuteInAppDomain)                                                      \
    X(ICLRRuntimeHost, 9, GetCurrentAppDomainId)                                                   \
    X(ICLRRuntimeHost, 10, ExecuteApplication)                                                     \
    X(ICLRRuntimeHost, 11, ExecuteInDefaultAppDomain)

/* X(identifier, text): compared with the bytes as Windows prints them. */
#define IDENTIFIERS(X)                                                                             \
    X(IID_IUnknown, "00000000-0000-0000-C000-000000000046")                                        \
    X(IID_IHostMemoryManager, "7BC698D1-F9E3-4460-9CDE-D04248E9FA25")                              \
    X(IID_IHostMalloc, "1831991C-CC53-4A31-B218-04E910446479")                                     \
    X(IID_ICLRMemoryNotificationCallback, "47EB8E57-0846-4546-AF76-6F42FCFC2649")                  \
    X(IID_IHostMemoryNeededCallback, "47EB8E57-0846-4546-AF76-6F42FCFC2649")                       \
    X(IID_IHostControl, "02CA073C-7079-4860-880A-C2F7A449C991")                                    \
    X(IID_ICLRControl, "9065597E-D1A1-4FB2-B6BA-7E1FCE230F61")                                     \
    X(IID_ICLRPolicyManager, "7D290010-D781-45DA-A6F8-AA5D711A730E")                               \
    X(IID_IHostPolicyManager, "7AE49844-B1E3-4683-BA7C-1E8212EA3B79")                              \
    X(IID_ICLRGCManager, "54D9007E-A8E2-4885-B7BF-F998DEEE4F2A")                                   \
    X(IID_ICLRGCManager2, "0603B793-A97A-4712-9CB4-0CD1C74C0F7C")                                  \
    X(IID_IHostGCManager, "5D4EC34E-F248-457B-B603-255FAABA0D21")                                  \
    X(IID_ICLRRuntimeHost, "90F1A06C-7712-4762-86B5-7A5EBA6BDB02")                                 \
    X(CLSID_CLRRuntimeHost, "90F1A06E-7712-4762-86B5-7A5EBA6BDB02")                                \
    X(IID_ICLROnEventManager, "1D0E0132-E64F-493D-9260-025C0E32C175")                              \
    X(IID_IActionOnCLREvent, "607BE24B-D91B-4E28-A242-61871CE56E35")                               \
    X(IID_ICLRAppDomainResourceMonitor, "C62DE18C-2E23-4AEA-8423-B40C1FC59EAE")                    \
    X(IID_IGCHostControl, "5513D564-8374-4CB9-AED9-0083F4160A1D")

#endif
