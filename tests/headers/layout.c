/* Compiles when the C side of the headers has the sizes, values and slots that Windows has. */
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>
#include <psapi.h>
#include <process.h>
#include "slots.h"

#define SAME(expression, value) _Static_assert((expression) == (value), #expression)

#define SLOT(interface_, number, method)                                                           \
    SAME(offsetof(interface_##Vtbl, method), (number) * sizeof(void *));
SLOTS(SLOT)

/* Every table ends where the last slot ends: nothing was added behind it. */
SAME(sizeof(IUnknownVtbl), 3 * sizeof(void *));
SAME(sizeof(IHostMemoryManagerVtbl), 13 * sizeof(void *));
SAME(sizeof(IHostMallocVtbl), 6 * sizeof(void *));
SAME(sizeof(ICLRMemoryNotificationCallbackVtbl), 4 * sizeof(void *));
SAME(sizeof(IHostControlVtbl), 5 * sizeof(void *));
SAME(sizeof(ICLRPolicyManagerVtbl), 9 * sizeof(void *));
SAME(sizeof(ICLRRuntimeHostVtbl), 12 * sizeof(void *));

SAME(sizeof(BOOL), 4);
SAME(sizeof(LONG), 4);
SAME(sizeof(DWORD), 4);
SAME(sizeof(HRESULT), 4);
SAME(sizeof(SIZE_T), 8);
SAME(sizeof(ULONGLONG), 8);
SAME(sizeof(HANDLE), 8);
SAME(sizeof(GUID), 16);
SAME((HRESULT)-1 < 0, 1);
SAME(_Generic((DWORD *)0, ULONG * : 1, default : 0), 1);
SAME(sizeof(MEMORY_BASIC_INFORMATION), 48);
SAME(offsetof(MEMORY_BASIC_INFORMATION, RegionSize), 24);
SAME(offsetof(MEMORY_BASIC_INFORMATION, Type), 40);
SAME(sizeof(MEMORYSTATUSEX), 64);
SAME(sizeof(MEMORYSTATUS), 56);
SAME(sizeof(SYSTEM_INFO), 48);
SAME(offsetof(SYSTEM_INFO, dwAllocationGranularity), 40);
SAME(sizeof(CRITICAL_SECTION), 40);
SAME(sizeof(SRWLOCK), 8);
SAME(sizeof(PROCESS_MEMORY_COUNTERS), 72);
SAME(sizeof(PROCESS_MEMORY_COUNTERS_EX), 80);
SAME(sizeof(FILETIME), 8);
SAME(sizeof(SYSTEMTIME), 16);
SAME(sizeof(COR_GC_STATS), 104);

SAME(eMemoryAvailableLow, 1);
SAME(eMemoryAvailableHigh, 3);
SAME(eProcessCritical, 2);
SAME(MALLOC_EXECUTABLE, 2);
SAME(MaxClrOperation, 7);
SAME(MaxClrFailure, 7);
SAME(FAIL_StackOverflow, 4);
SAME(MaxPolicyAction, 10);
SAME(eRudeExitProcess, 8);
SAME(STARTUP_HOARD_GC_VM, 0x2000);
SAME(STARTUP_TRIM_GC_COMMIT, 0x80000);
SAME((DWORD)HOST_E_INVALIDOPERATION, 0x80131022u);
SAME((DWORD)HOST_E_EXITPROCESS_OUTOFMEMORY, 0x8013102Au);
SAME((DWORD)COR_E_OUTOFMEMORY, (DWORD)E_OUTOFMEMORY);
SAME((DWORD)E_UNEXPECTED, 0x8000FFFFu);
SAME(MEM_WRITE_WATCH, 0x200000u);
SAME(ERROR_COMMITMENT_LIMIT, 1455);

/* An extern object declared by a host that knows only the name. */
const IID *identifier_for_c(void)
{
    return &IID_IHostMemoryManager;
}
