// Compiles when the headers accept what hosts in C++ write: methods with names of Windows, mixed
// operands, annotations, words of Microsoft's compiler, the C++ library beside windows.h.
#include "Windows.h"
#include <MSCorEE.h>
#include <MetaHost.h>
#include <algorithm>
#include <atomic>
#include <cassert>
#include <crtdbg.h>
#include <functional>
#include <intrin.h>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <process.h>
#include <Psapi.h>
#include <string>
#include <tchar.h>
#include <unordered_map>
#include <vector>
#include <stdio.h>
#include <wchar.h>


#pragma region helpers
#pragma warning(push)
#pragma comment(lib, "mscoree.lib")

static_assert(std::is_same<DWORD, ULONG>::value, "hosts override AddRef with DWORD");

__declspec(thread) static int t_depth;
struct __declspec(align(64)) CacheLine { char bytes[1]; };
static_assert(alignof(CacheLine) == 64, "__declspec(align) must not be dropped");
extern "C" __declspec(dllexport) HRESULT __stdcall ExportedByHost(void **) { return E_NOTIMPL; }
__declspec(noinline) int NotInlined(int a) { return a; }
__declspec(noreturn) void Leaves() { ExitProcess(3); }
__declspec(selectany) int g_shared = 4;
__forceinline static __int64 Twice(unsigned __int32 a) { return (__int64)a * 2; }

class CritSec
{
    CRITICAL_SECTION m_cs;

public:
    CritSec() { InitializeCriticalSectionAndSpinCount(&m_cs, 4000); }
    ~CritSec() { DeleteCriticalSection(&m_cs); }
    void Enter() { EnterCriticalSection(&m_cs); }
    void Leave() { LeaveCriticalSection(&m_cs); }
};

class Memory
{
    volatile LONG m_signed;
    ULONG m_unsigned;
    volatile ULONG m_volatile;
    volatile LONGLONG m_big;
    SRWLOCK m_srw = SRWLOCK_INIT;
    CritSec m_lock;
    std::map<void *, SIZE_T> m_sizes;

public:
    Memory() : m_signed(0), m_unsigned(0), m_volatile(0), m_big(0) {}
    // A method with the name of the function that it calls.
    HRESULT VirtualAlloc(_In_opt_ void *p, SIZE_T size, DWORD type, DWORD protect,
                         _Outptr_result_maybenull_ void **out)
    {
        m_lock.Enter();
        *out = ::VirtualAlloc(p, size, type, protect);
        m_lock.Leave();
        return *out ? S_OK : HRESULT_FROM_WIN32(::GetLastError());
    }
    void Locked()
    {
        AcquireSRWLockExclusive(&m_srw);
        ReleaseSRWLockExclusive(&m_srw);
    }
    HRESULT VirtualFree(LPVOID p) { return ::VirtualFree(p, 0, MEM_RELEASE) ? S_OK : E_FAIL; }
    void *HeapAlloc(SIZE_T bytes) { return ::HeapAlloc(::GetProcessHeap(), 0, bytes); }
    ULONG Count()
    {
        ULONG sum = InterlockedIncrement(&m_unsigned) + InterlockedDecrement(&m_volatile);
        InterlockedExchangeAdd(&m_signed, -1);
        InterlockedExchangeAdd64(&m_big, 4096);
        InterlockedCompareExchange(&m_signed, 0, 5);
        InterlockedCompareExchange64(&m_big, 0, 5);
        static void *pointer;
        InterlockedCompareExchangePointer(&pointer, this, NULL);
        return sum + (ULONG)InterlockedIncrement(&m_signed);
    }
    SIZE_T Limits(DWORD small, SIZE_T large, int number)
    {
        SIZE_T a = min(small, large), b = max((LONG)number, 3u);
        return std::min<SIZE_T>(a, b) + std::max(a, b) + (std::numeric_limits<DWORD>::max)();
    }
    Memory *Another() { return new (std::nothrow) Memory; }
};

// The same with a using-directive: equal and different operands must not become ambiguous.
using namespace std;
SIZE_T MixedMinimum(DWORD a, SIZE_T b)
{
    return min(a, b) + min(a, a) + max(b, b) + (SIZE_T)min(1, 2);
}

void Report(DWORD load)
{
    MEMORYSTATUSEX status = {sizeof status};
    PROCESS_MEMORY_COUNTERS counters;
    if (GlobalMemoryStatusEx(&status) && GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters))
        wprintf(L"%u %Iu\n", load, (SIZE_T)status.ullAvailPhys);
    wchar_t line[64];
    wsprintfW(line, L"load %u", load);
    OutputDebugStringW(line);
    OutputDebugString(TEXT("done"));
    SetProcessWorkingSetSizeEx(GetCurrentProcess(), 1 << 20, 4 << 20, QUOTA_LIMITS_HARDWS_MIN_ENABLE);
    _ASSERTE(load <= 100);
    t_depth++;
    HANDLE event = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (WaitForSingleObject(event, 0) == WAIT_TIMEOUT)
        SetEvent(event);
    CloseHandle(event);
    g_shared += NotInlined(2) + (int)Twice(4);
    wchar_t name[8] = L"ntdll";
    HMODULE kernel = GetModuleHandle(TEXT("kernel32"));
    if (!GetModuleHandle(NULL) || !GetModuleHandle(nullptr) || !GetModuleHandle(0))
        kernel = GetModuleHandle(name);
    CloseHandle(CreateEvent(nullptr, FALSE, FALSE, L"named"));
    CloseHandle(CreateEvent(NULL, FALSE, FALSE, "named"));
    (void)GetProcAddress(kernel, "GetTickCount64");
}

unsigned __stdcall Worker(void *) { return 0; }
uintptr_t StartWorker() { return _beginthreadex(NULL, 0, Worker, NULL, 0, NULL); }

STDAPI CreateHostControl(IHostControl **control) { return *control = NULL, E_NOTIMPL; }
#pragma endregion
