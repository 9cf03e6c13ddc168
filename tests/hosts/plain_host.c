/* plain_host: a memory manager in C as COM code in C looks: lpVtbl tables, a doubly linked list of
   live blocks with a header in front of each, everything under one critical section. */

#define CINTERFACE
#define COBJMACROS
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <mscoree.h>
#include <stdio.h>
#include <string.h>

#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif

#define BLOCK_MAGIC 0x4B4C4254UL

typedef struct _BLOCK
{
	struct _BLOCK *Next, *Prev;
	SIZE_T Size;
	DWORD Magic;
	DWORD Line;
} BLOCK, *PBLOCK;

typedef struct _HOST
{
	IHostMemoryManager Manager;
	IHostMalloc Malloc;
	LONG RefCount;
	CRITICAL_SECTION Lock;
	HANDLE Heap;
	BLOCK Blocks;
	SIZE_T BytesInBlocks, PeakBytes;
	ICLRMemoryNotificationCallback *Callback;
} HOST, *PHOST;

static HOST TheHost;

static HRESULT Win32Result(BOOL ok)
{
	DWORD e;
	if (ok) return S_OK;
	e = GetLastError();
	switch (e)
	{
	case ERROR_COMMITMENT_LIMIT:
	case ERROR_NOT_ENOUGH_MEMORY:
		return E_OUTOFMEMORY;
	case NO_ERROR:
		return E_UNEXPECTED;
	}
	return HRESULT_FROM_WIN32(e);
}

/* --- IHostMalloc --- */

static HRESULT STDMETHODCALLTYPE Malloc_QueryInterface(IHostMalloc *This, REFIID riid, void **ppv)
{
	if (!ppv) return E_POINTER;
	if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IHostMalloc))
	{
		*ppv = This;
		IHostMalloc_AddRef(This);
		return S_OK;
	}
	*ppv = NULL;
	return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE Malloc_AddRef(IHostMalloc *This) { return InterlockedIncrement(&TheHost.RefCount); }
static ULONG STDMETHODCALLTYPE Malloc_Release(IHostMalloc *This) { return InterlockedDecrement(&TheHost.RefCount); }

static HRESULT STDMETHODCALLTYPE Malloc_DebugAlloc(IHostMalloc *This, SIZE_T cbSize,
	EMemoryCriticalLevel eCriticalLevel, char *pszFileName, int iLineNo, void **ppMem)
{
	PBLOCK b = NULL;

	*ppMem = NULL;
	if (cbSize <= (SIZE_T)-1 - sizeof(BLOCK))
		b = (PBLOCK)HeapAlloc(TheHost.Heap, HEAP_ZERO_MEMORY, sizeof(BLOCK) + cbSize);
	if (b == NULL) return E_OUTOFMEMORY;
	b->Size = cbSize;
	b->Magic = BLOCK_MAGIC;
	b->Line = iLineNo;
	EnterCriticalSection(&TheHost.Lock);
	b->Prev = &TheHost.Blocks;
	b->Next = TheHost.Blocks.Next;
	b->Next->Prev = b;
	TheHost.Blocks.Next = b;
	TheHost.BytesInBlocks += cbSize;
	if (TheHost.BytesInBlocks > TheHost.PeakBytes) TheHost.PeakBytes = TheHost.BytesInBlocks;
	LeaveCriticalSection(&TheHost.Lock);
	*ppMem = b + 1;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE Malloc_Alloc(IHostMalloc *This, SIZE_T cbSize,
	EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
	return Malloc_DebugAlloc(This, cbSize, eCriticalLevel, NULL, 0, ppMem);
}

static HRESULT STDMETHODCALLTYPE Malloc_Free(IHostMalloc *This, void *pMem)
{
	PBLOCK b = (PBLOCK)pMem - 1;

	if (!pMem) return S_OK;
	if (b->Magic != BLOCK_MAGIC) return HOST_E_INVALIDOPERATION;
	EnterCriticalSection(&TheHost.Lock);
	b->Prev->Next = b->Next;
	b->Next->Prev = b->Prev;
	TheHost.BytesInBlocks -= b->Size;
	LeaveCriticalSection(&TheHost.Lock);
	b->Magic = 0;
	return HeapFree(TheHost.Heap, 0, b) ? S_OK : HOST_E_INVALIDOPERATION;
}

static IHostMallocVtbl MallocVtbl =
{
	Malloc_QueryInterface,
	Malloc_AddRef,
	Malloc_Release,
	Malloc_Alloc,
	Malloc_DebugAlloc,
	Malloc_Free
};

/* --- IHostMemoryManager --- */

static HRESULT STDMETHODCALLTYPE Mgr_QueryInterface(IHostMemoryManager *This, REFIID riid, void **ppv)
{
	if (!ppv) return E_POINTER;
	if (IsEqualGUID(riid, &IID_IUnknown) || IsEqualGUID(riid, &IID_IHostMemoryManager))
	{
		*ppv = This;
		This->lpVtbl->AddRef(This);
		return S_OK;
	}
	*ppv = NULL;
	return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE Mgr_AddRef(IHostMemoryManager *This) { return InterlockedIncrement(&TheHost.RefCount); }
static ULONG STDMETHODCALLTYPE Mgr_Release(IHostMemoryManager *This) { return InterlockedDecrement(&TheHost.RefCount); }

static HRESULT STDMETHODCALLTYPE Mgr_CreateMalloc(IHostMemoryManager *This, DWORD dwMallocType, IHostMalloc **ppMalloc)
{
	DWORD dwOptions = (dwMallocType & MALLOC_EXECUTABLE) ? HEAP_CREATE_ENABLE_EXECUTE : 0;

	if (TheHost.Heap == NULL)
		TheHost.Heap = HeapCreate(dwOptions, 0x10000, 0);
	if (TheHost.Heap == NULL) { *ppMalloc = NULL; return E_OUTOFMEMORY; }
	TheHost.Malloc.lpVtbl->AddRef(&TheHost.Malloc);
	*ppMalloc = &TheHost.Malloc;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE Mgr_VirtualAlloc(IHostMemoryManager *This, void *pAddress, SIZE_T dwSize,
	DWORD flAllocationType, DWORD flProtect, EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
	*ppMem = VirtualAlloc(pAddress, dwSize, flAllocationType, flProtect);
	return Win32Result(*ppMem != NULL);
}

static HRESULT STDMETHODCALLTYPE Mgr_VirtualFree(IHostMemoryManager *This, LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType)
{
	return Win32Result(VirtualFree(lpAddress, dwSize, dwFreeType));
}

static HRESULT STDMETHODCALLTYPE Mgr_VirtualQuery(IHostMemoryManager *This, void *lpAddress, void *lpBuffer,
	SIZE_T dwLength, SIZE_T *pResult)
{
	*pResult = VirtualQuery(lpAddress, lpBuffer, dwLength);
	return Win32Result(*pResult != 0);
}

static HRESULT STDMETHODCALLTYPE Mgr_VirtualProtect(IHostMemoryManager *This, void *lpAddress, SIZE_T dwSize,
	DWORD flNewProtect, DWORD *pflOldProtect)
{
	return Win32Result(VirtualProtect(lpAddress, dwSize, flNewProtect, pflOldProtect));
}

static HRESULT STDMETHODCALLTYPE Mgr_GetMemoryLoad(IHostMemoryManager *This, DWORD *pMemoryLoad, SIZE_T *pAvailableBytes)
{
	MEMORYSTATUSEX Status;

	memset(&Status, 0, sizeof(Status));
	Status.dwLength = sizeof(Status);
	if (!GlobalMemoryStatusEx(&Status)) return Win32Result(FALSE);
	*pMemoryLoad = Status.dwMemoryLoad;
	*pAvailableBytes = (SIZE_T)min(Status.ullAvailPhys, (ULONGLONG)(SIZE_T)-1);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE Mgr_Register(IHostMemoryManager *This, ICLRMemoryNotificationCallback *pCallback)
{
	if (pCallback) ICLRMemoryNotificationCallback_AddRef(pCallback);
	TheHost.Callback = pCallback;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE Mgr_Needs(IHostMemoryManager *This, LPVOID startAddress, SIZE_T size) { return S_OK; }

static HRESULT STDMETHODCALLTYPE Mgr_Acquired(IHostMemoryManager *This, LPVOID startAddress, SIZE_T size)
{
	printf("mapped %p %lu\n", startAddress, (unsigned long)size);
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE Mgr_Released(IHostMemoryManager *This, LPVOID startAddress) { return S_OK; }

static IHostMemoryManagerVtbl MgrVtbl =
{
	Mgr_QueryInterface, Mgr_AddRef, Mgr_Release,
	Mgr_CreateMalloc, Mgr_VirtualAlloc, Mgr_VirtualFree, Mgr_VirtualQuery, Mgr_VirtualProtect,
	Mgr_GetMemoryLoad, Mgr_Register, Mgr_Needs, Mgr_Acquired, Mgr_Released
};

HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **ppManager)
{
	TheHost.Manager.lpVtbl = &MgrVtbl;
	TheHost.Malloc.lpVtbl = &MallocVtbl;
	TheHost.RefCount = 1;
	TheHost.Blocks.Next = TheHost.Blocks.Prev = &TheHost.Blocks;
	InitializeCriticalSection(&TheHost.Lock);
	*ppManager = &TheHost.Manager;
	return S_OK;
}
