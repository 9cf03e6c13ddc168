/* Slots of the hosting interfaces, written down a second time: from the reference, not from our
 * header. Used from C (layout of the tables) and from C++ (numbers of the methods). */
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

#endif
