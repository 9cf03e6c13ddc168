/* The functions of Windows that a host may call. Each behaves as its page in Microsoft's
 * documentation says; docs/win32.md lists the behaviour with its evidence. */
#ifndef LW_WINBASE_H
#define LW_WINBASE_H

#include "winerror.h"
#include "winnt.h"

#define INFINITE 0xffffffffu
#define WAIT_OBJECT_0 0u
#define WAIT_ABANDONED 0x80u
#define WAIT_ABANDONED_0 0x80u
#define WAIT_TIMEOUT 258u
#define WAIT_IO_COMPLETION 0xC0u
#define WAIT_FAILED 0xffffffffu
#define MAXIMUM_WAIT_OBJECTS 64
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define LMEM_FIXED 0u
#define LMEM_ZEROINIT 0x40u
#define LPTR 0x40u
#define GMEM_FIXED 0u
#define GMEM_ZEROINIT 0x40u
#define GPTR 0x40u
#define CP_ACP 0u
#define CP_UTF8 65001u
#define EVENT_ALL_ACCESS 0x1F0003u
#define CREATE_SUSPENDED 4u
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000u
#define STILL_ACTIVE 259u
#define THREAD_PRIORITY_IDLE (-15)
#define THREAD_PRIORITY_LOWEST (-2)
#define THREAD_PRIORITY_BELOW_NORMAL (-1)
#define THREAD_PRIORITY_NORMAL 0
#define THREAD_PRIORITY_ABOVE_NORMAL 1
#define THREAD_PRIORITY_HIGHEST 2
#define THREAD_PRIORITY_TIME_CRITICAL 15
#define THREAD_PRIORITY_ERROR_RETURN 0x7fffffff
#define CREATE_EVENT_MANUAL_RESET 1u
#define CREATE_EVENT_INITIAL_SET 2u
#define CREATE_WAITABLE_TIMER_MANUAL_RESET 1u
#define EVENT_MODIFY_STATE 2u
#define MUTEX_ALL_ACCESS 0x1F0001u
#define TIMER_ALL_ACCESS 0x1F0003u
#define SYNCHRONIZE 0x100000u
#define DUPLICATE_CLOSE_SOURCE 1u
#define DUPLICATE_SAME_ACCESS 2u
#define CONDITION_VARIABLE_LOCKMODE_SHARED 1u
#define INIT_ONCE_CHECK_ONLY 1u
#define INIT_ONCE_ASYNC 2u
#define INIT_ONCE_INIT_FAILED 4u
#define INIT_ONCE_CTX_RESERVED_BITS 2
#define CRITICAL_SECTION_NO_DEBUG_INFO 0x01000000u
#define FLS_OUT_OF_INDEXES 0xffffffffu
#define WT_EXECUTEDEFAULT 0u
#define WT_EXECUTEONLYONCE 8u
#define WT_EXECUTELONGFUNCTION 0x10u
#define WT_EXECUTEINTIMERTHREAD 0x20u

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _SYSTEM_INFO {
    union {
        DWORD dwOemId;
        struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        };
    };
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;

typedef struct _MEMORYSTATUSEX {
    DWORD dwLength;
    DWORD dwMemoryLoad;
    DWORDLONG ullTotalPhys;
    DWORDLONG ullAvailPhys;
    DWORDLONG ullTotalPageFile;
    DWORDLONG ullAvailPageFile;
    DWORDLONG ullTotalVirtual;
    DWORDLONG ullAvailVirtual;
    DWORDLONG ullAvailExtendedVirtual;
} MEMORYSTATUSEX, *LPMEMORYSTATUSEX;

typedef struct _MEMORYSTATUS {
    DWORD dwLength;
    DWORD dwMemoryLoad;
    SIZE_T dwTotalPhys;
    SIZE_T dwAvailPhys;
    SIZE_T dwTotalPageFile;
    SIZE_T dwAvailPageFile;
    SIZE_T dwTotalVirtual;
    SIZE_T dwAvailVirtual;
} MEMORYSTATUS, *LPMEMORYSTATUS;

typedef enum _MEMORY_RESOURCE_NOTIFICATION_TYPE {
    LowMemoryResourceNotification,
    HighMemoryResourceNotification
} MEMORY_RESOURCE_NOTIFICATION_TYPE;

typedef DWORD(WINAPI *LPTHREAD_START_ROUTINE)(LPVOID parameter);
typedef BOOL(WINAPI *PINIT_ONCE_FN)(PINIT_ONCE once, PVOID parameter, PVOID *context);
typedef void(WINAPI *PFLS_CALLBACK_FUNCTION)(PVOID data);
typedef void(WINAPI *WAITORTIMERCALLBACK)(PVOID parameter, BOOLEAN timed_out);
typedef void(WINAPI *PTIMERAPCROUTINE)(LPVOID argument, DWORD low, DWORD high);

/* ---- virtual memory ---- */

LPVOID WINAPI VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect);
BOOL WINAPI VirtualFree(LPVOID address, SIZE_T size, DWORD type);
BOOL WINAPI VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old);
SIZE_T WINAPI VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION info, SIZE_T length);
BOOL WINAPI VirtualLock(LPVOID address, SIZE_T size);
BOOL WINAPI VirtualUnlock(LPVOID address, SIZE_T size);
LPVOID WINAPI VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                             DWORD protect);
BOOL WINAPI VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type);
BOOL WINAPI VirtualProtectEx(HANDLE process, LPVOID address, SIZE_T size, DWORD protect,
                             PDWORD old);
SIZE_T WINAPI VirtualQueryEx(HANDLE process, LPCVOID address, PMEMORY_BASIC_INFORMATION info,
                             SIZE_T length);
UINT WINAPI GetWriteWatch(DWORD flags, PVOID base, SIZE_T size, PVOID *addresses, ULONG_PTR *count,
                          LPDWORD granularity);
UINT WINAPI ResetWriteWatch(LPVOID base, SIZE_T size);
SIZE_T WINAPI GetLargePageMinimum(void);
BOOL WINAPI GlobalMemoryStatusEx(LPMEMORYSTATUSEX status);
void WINAPI GlobalMemoryStatus(LPMEMORYSTATUS status);
void WINAPI GetSystemInfo(LPSYSTEM_INFO info);
void WINAPI GetNativeSystemInfo(LPSYSTEM_INFO info);
BOOL WINAPI GetProcessWorkingSetSize(HANDLE process, PSIZE_T minimum, PSIZE_T maximum);
BOOL WINAPI GetProcessWorkingSetSizeEx(HANDLE process, PSIZE_T minimum, PSIZE_T maximum,
                                       PDWORD flags);
BOOL WINAPI SetProcessWorkingSetSize(HANDLE process, SIZE_T minimum, SIZE_T maximum);
BOOL WINAPI SetProcessWorkingSetSizeEx(HANDLE process, SIZE_T minimum, SIZE_T maximum, DWORD flags);
BOOL WINAPI FlushInstructionCache(HANDLE process, LPCVOID address, SIZE_T size);
HANDLE WINAPI CreateMemoryResourceNotification(MEMORY_RESOURCE_NOTIFICATION_TYPE type);
BOOL WINAPI QueryMemoryResourceNotification(HANDLE notification, PBOOL state);

/* ---- heaps ---- */

HANDLE WINAPI HeapCreate(DWORD options, SIZE_T initial_size, SIZE_T maximum_size);
BOOL WINAPI HeapDestroy(HANDLE heap);
LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T bytes);
LPVOID WINAPI HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T bytes);
BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID block);
SIZE_T WINAPI HeapSize(HANDLE heap, DWORD flags, LPCVOID block);
BOOL WINAPI HeapValidate(HANDLE heap, DWORD flags, LPCVOID block);
SIZE_T WINAPI HeapCompact(HANDLE heap, DWORD flags);
BOOL WINAPI HeapLock(HANDLE heap);
BOOL WINAPI HeapUnlock(HANDLE heap);
BOOL WINAPI HeapSetInformation(HANDLE heap, HEAP_INFORMATION_CLASS about, PVOID info,
                               SIZE_T length);
BOOL WINAPI HeapQueryInformation(HANDLE heap, HEAP_INFORMATION_CLASS about, PVOID info,
                                 SIZE_T length, PSIZE_T returned);
HANDLE WINAPI GetProcessHeap(void);
DWORD WINAPI GetProcessHeaps(DWORD count, PHANDLE heaps);
HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T bytes);
HLOCAL WINAPI LocalReAlloc(HLOCAL block, SIZE_T bytes, UINT flags);
HLOCAL WINAPI LocalFree(HLOCAL block);
SIZE_T WINAPI LocalSize(HLOCAL block);
HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T bytes);
HGLOBAL WINAPI GlobalFree(HGLOBAL block);
SIZE_T WINAPI GlobalSize(HGLOBAL block);

/* ---- errors, process, time ---- */

DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD error);
HANDLE WINAPI GetCurrentProcess(void);
DWORD WINAPI GetCurrentProcessId(void);
HANDLE WINAPI GetCurrentThread(void);
DWORD WINAPI GetCurrentThreadId(void);
DWORD WINAPI GetCurrentProcessorNumber(void);
DECLSPEC_NORETURN void WINAPI ExitProcess(UINT code);
BOOL WINAPI TerminateProcess(HANDLE process, UINT code);
DECLSPEC_NORETURN void WINAPI FatalExit(int code);
void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR *arguments);
void WINAPI DebugBreak(void);
BOOL WINAPI IsDebuggerPresent(void);
void WINAPI OutputDebugStringA(LPCSTR text);
void WINAPI OutputDebugStringW(LPCWSTR text);
HMODULE WINAPI GetModuleHandleA(LPCSTR name);
HMODULE WINAPI GetModuleHandleW(LPCWSTR name);
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name);
DWORD WINAPI GetTickCount(void);
ULONGLONG WINAPI GetTickCount64(void);
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency);
void WINAPI GetSystemTimeAsFileTime(LPFILETIME time);
void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME time);
void WINAPI GetSystemTime(LPSYSTEMTIME time);
void WINAPI GetLocalTime(LPSYSTEMTIME time);
void WINAPI Sleep(DWORD milliseconds);
DWORD WINAPI SleepEx(DWORD milliseconds, BOOL alertable);
BOOL WINAPI SwitchToThread(void);
DWORD WINAPI TlsAlloc(void);
LPVOID WINAPI TlsGetValue(DWORD index);
BOOL WINAPI TlsSetValue(DWORD index, LPVOID value);
BOOL WINAPI TlsFree(DWORD index);
DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback);
PVOID WINAPI FlsGetValue(DWORD index);
BOOL WINAPI FlsSetValue(DWORD index, PVOID value);
BOOL WINAPI FlsFree(DWORD index);

/* ---- locks and events ---- */

void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD spin);
BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spin, DWORD flags);
DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION section, DWORD spin);
void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section);
void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section);
void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section);
void WINAPI InitializeSRWLock(PSRWLOCK lock);
void WINAPI AcquireSRWLockExclusive(PSRWLOCK lock);
void WINAPI AcquireSRWLockShared(PSRWLOCK lock);
BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock);
BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock);
void WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock);
void WINAPI ReleaseSRWLockShared(PSRWLOCK lock);
BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function, PVOID parameter,
                                LPVOID *context);
void WINAPI InitOnceInitialize(PINIT_ONCE once);
BOOL WINAPI InitOnceBeginInitialize(LPINIT_ONCE once, DWORD flags, PBOOL pending, LPVOID *context);
BOOL WINAPI InitOnceComplete(LPINIT_ONCE once, DWORD flags, LPVOID context);
BOOL WINAPI WaitOnAddress(volatile void *address, PVOID compare, SIZE_T bytes, DWORD milliseconds);
void WINAPI WakeByAddressSingle(PVOID address);
void WINAPI WakeByAddressAll(PVOID address);
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial, LPCSTR name);
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial, LPCWSTR name);
HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags,
                             DWORD access);
BOOL WINAPI SetEvent(HANDLE event);
BOOL WINAPI ResetEvent(HANDLE event);
BOOL WINAPI CloseHandle(HANDLE object);
DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD milliseconds);
DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable);

BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process,
                            LPHANDLE target, DWORD access, BOOL inherit, DWORD options);

/* ---- threads ---- */

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack, LPTHREAD_START_ROUTINE start,
                           LPVOID parameter, DWORD flags, LPDWORD id);
DECLSPEC_NORETURN void WINAPI ExitThread(DWORD code);
BOOL WINAPI TerminateThread(HANDLE thread, DWORD code);
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code);
BOOL WINAPI SetThreadPriority(HANDLE thread, int priority);
int WINAPI GetThreadPriority(HANDLE thread);
DWORD WINAPI GetThreadId(HANDLE thread);
DWORD WINAPI ResumeThread(HANDLE thread);
DWORD WINAPI SuspendThread(HANDLE thread);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD timeout);
DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all, DWORD timeout,
                                      BOOL alertable);
DWORD WINAPI SignalObjectAndWait(HANDLE signal, HANDLE object, DWORD milliseconds, BOOL alertable);
HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCSTR name);
HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCWSTR name);
BOOL WINAPI ReleaseMutex(HANDLE mutex);
HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                               LPCSTR name);
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                               LPCWSTR name);
BOOL WINAPI ReleaseSemaphore(HANDLE semaphore, LONG count, LPLONG previous);
void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable, PCRITICAL_SECTION section,
                                     DWORD milliseconds);
BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable, PSRWLOCK lock,
                                      DWORD milliseconds, ULONG flags);
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI CreateTimerQueueTimer(PHANDLE timer, HANDLE queue, WAITORTIMERCALLBACK callback,
                                  PVOID parameter, DWORD due, DWORD period, ULONG flags);
BOOL WINAPI ChangeTimerQueueTimer(HANDLE queue, HANDLE timer, ULONG due, ULONG period);
BOOL WINAPI DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE completion);
BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE function, PVOID context, ULONG flags);
HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCSTR name);
HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCWSTR name);
HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags,
                                     DWORD access);
BOOL WINAPI SetWaitableTimer(HANDLE timer, const LARGE_INTEGER *due, LONG period,
                             PTIMERAPCROUTINE routine, LPVOID argument, BOOL resume);
BOOL WINAPI CancelWaitableTimer(HANDLE timer);

/* Declared so that code compiles; refused by name when a policy that needs them is loaded. */
BOOL WINAPI RegisterWaitForSingleObject(PHANDLE wait, HANDLE object, WAITORTIMERCALLBACK callback,
                                        PVOID context, ULONG milliseconds, ULONG flags);
BOOL WINAPI UnregisterWait(HANDLE wait);

/* ---- text ---- */

int WINAPI lstrlenA(LPCSTR text);
int WINAPI lstrlenW(LPCWSTR text);
int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int from_count, LPWSTR to,
                               int to_count);
int WINAPI WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR from, int from_count, LPSTR to,
                               int to_count, LPCSTR fallback, LPBOOL used_fallback);
int WINAPIV wsprintfA(LPSTR to, LPCSTR format, ...);
int WINAPIV wsprintfW(LPWSTR to, LPCWSTR format, ...);

/* Microsoft's own names in the C run-time. */
int wprintf_s(const wchar_t *format, ...);
int printf_s(const char *format, ...);
int sprintf_s(char *to, size_t room, const char *format, ...);
int swprintf_s(wchar_t *to, size_t room, const wchar_t *format, ...);
int _snprintf(char *to, size_t room, const char *format, ...);
int _snwprintf(wchar_t *to, size_t room, const wchar_t *format, ...);
int _stricmp(const char *left, const char *right);
int _wcsicmp(const wchar_t *left, const wchar_t *right);
void *_aligned_malloc(size_t bytes, size_t alignment);
void _aligned_free(void *block);

#ifdef __cplusplus
}
#endif

/* What Windows spells as macros over the A and W forms; without UNICODE, like its compilers. */
#ifdef __cplusplus
/* Both forms at once: a project's UNICODE setting is not known here. The wide form is a template so
 * that NULL, which fits both, means the narrow one. */
static inline HANDLE CreateEvent(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial,
                                 LPCSTR name)
{
    return CreateEventA(security, manual, initial, name);
}
template <class Wide>
auto CreateEvent(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial, const Wide *name)
    -> decltype(CreateEventW(security, manual, initial, name))
{
    return CreateEventW(security, manual, initial, name);
}
static inline HMODULE GetModuleHandle(LPCSTR name) { return GetModuleHandleA(name); }
template <class Wide>
auto CreateMutex(LPSECURITY_ATTRIBUTES security, BOOL owner, const Wide *name)
    -> decltype(CreateMutexW(security, owner, name))
{
    return CreateMutexW(security, owner, name);
}
static inline HANDLE CreateMutex(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCSTR name)
{
    return CreateMutexA(security, owner, name);
}
template <class Wide>
auto CreateSemaphore(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum, const Wide *name)
    -> decltype(CreateSemaphoreW(security, initial, maximum, name))
{
    return CreateSemaphoreW(security, initial, maximum, name);
}
static inline HANDLE CreateSemaphore(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                                     LPCSTR name)
{
    return CreateSemaphoreA(security, initial, maximum, name);
}
template <class Wide>
auto CreateWaitableTimer(LPSECURITY_ATTRIBUTES security, BOOL manual, const Wide *name)
    -> decltype(CreateWaitableTimerW(security, manual, name))
{
    return CreateWaitableTimerW(security, manual, name);
}
static inline HANDLE CreateWaitableTimer(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCSTR name)
{
    return CreateWaitableTimerA(security, manual, name);
}
template <class Wide> auto GetModuleHandle(const Wide *name) -> decltype(GetModuleHandleW(name))
{
    return GetModuleHandleW(name);
}
static inline void OutputDebugString(LPCSTR text) { OutputDebugStringA(text); }
static inline void OutputDebugString(LPCWSTR text) { OutputDebugStringW(text); }
static inline int lstrlen(LPCSTR text) { return lstrlenA(text); }
static inline int lstrlen(LPCWSTR text) { return lstrlenW(text); }
template <class... Arguments> int wsprintf(LPSTR to, LPCSTR format, Arguments... arguments)
{
    return wsprintfA(to, format, arguments...);
}
template <class... Arguments> int wsprintf(LPWSTR to, LPCWSTR format, Arguments... arguments)
{
    return wsprintfW(to, format, arguments...);
}
#elif defined(UNICODE)
static inline HANDLE CreateEvent(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial,
                                 LPCWSTR name)
{
    return CreateEventW(security, manual, initial, name);
}
static inline HANDLE CreateMutex(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCWSTR name)
{
    return CreateMutexW(security, owner, name);
}
static inline HANDLE CreateSemaphore(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                                     LPCWSTR name)
{
    return CreateSemaphoreW(security, initial, maximum, name);
}
static inline HANDLE CreateWaitableTimer(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCWSTR name)
{
    return CreateWaitableTimerW(security, manual, name);
}
static inline HMODULE GetModuleHandle(LPCWSTR name) { return GetModuleHandleW(name); }
static inline void OutputDebugString(LPCWSTR text) { OutputDebugStringW(text); }
static inline int lstrlen(LPCWSTR text) { return lstrlenW(text); }
#define wsprintf wsprintfW
#else
static inline HANDLE CreateEvent(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL initial,
                                 LPCSTR name)
{
    return CreateEventA(security, manual, initial, name);
}
static inline HANDLE CreateMutex(LPSECURITY_ATTRIBUTES security, BOOL owner, LPCSTR name)
{
    return CreateMutexA(security, owner, name);
}
static inline HANDLE CreateSemaphore(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum,
                                     LPCSTR name)
{
    return CreateSemaphoreA(security, initial, maximum, name);
}
static inline HANDLE CreateWaitableTimer(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCSTR name)
{
    return CreateWaitableTimerA(security, manual, name);
}
static inline HMODULE GetModuleHandle(LPCSTR name) { return GetModuleHandleA(name); }
static inline void OutputDebugString(LPCSTR text) { OutputDebugStringA(text); }
static inline int lstrlen(LPCSTR text) { return lstrlenA(text); }
#define wsprintf wsprintfA
#endif

#endif
