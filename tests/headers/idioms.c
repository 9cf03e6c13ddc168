/* Compiles when the headers accept what hosts in C write. */
#define WIN32_LEAN_AND_MEAN
#define STRICT
#include <WINDOWS.H>
#include <MSCOREE.H>
#include <corerror.h>
#include <objbase.h>
#include <process.h>
#include <stdio.h>
#include <intrin.h>
#include <tchar.h>

#define INTERFACE IOwn
DECLARE_INTERFACE_(IOwn, IUnknown)
{
    STDMETHOD(QueryInterface)(THIS_ REFIID riid, void **object) PURE;
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;
};

DEFINE_GUID(IID_IOwn, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

struct line {
    __declspec(align(32)) char bytes[32];
};
_Static_assert(_Alignof(struct line) == 32, "__declspec(align) must not be dropped");
static struct line buffer;
static __declspec(thread) DWORD depth;

typedef struct Host {
    IHostControl control;
    LONG references;
    CRITICAL_SECTION lock;
    SRWLOCK srw;
    LIST_ENTRY list;
} Host;

static ULONG STDMETHODCALLTYPE add(IHostControl *This)
{
    Host *host = CONTAINING_RECORD(This, Host, control);
    return (ULONG)InterlockedIncrement(&host->references);
}

ULONG add_reference(IOwn *own)
{
    return own->lpVtbl->AddRef(own);
}

ULONG use(Host *host, SIZE_T a, DWORD b)
{
    LARGE_INTEGER ticks;
    FILETIME now;
    QueryPerformanceCounter(&ticks);
    GetSystemTimeAsFileTime(&now);
    ZeroMemory(&buffer, sizeof buffer);
    EnterCriticalSection(&host->lock);
    depth += (DWORD)min(a, b) + HIWORD(b) + ticks.LowPart + now.dwLowDateTime;
    LeaveCriticalSection(&host->lock);
    CoTaskMemFree(CoTaskMemAlloc(8));
    _InterlockedIncrement(&host->references);
    return add(&host->control) + depth + (ULONG)IsEqualGUID(&IID_IOwn, &IID_NULL);
}

STDAPI CreateHostMemoryManager(IHostMemoryManager **manager)
{
    *manager = NULL;
    return E_NOTIMPL;
}
