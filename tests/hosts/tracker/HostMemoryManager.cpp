// HostMemoryManager.cpp : a host of several files that keeps its books in std::map
//
#include "StdAfx.h"
#include "HostMemoryManager.h"

using namespace std;

HostMalloc::HostMalloc(DWORD dwMallocType) : m_cRef(1)
{
	DWORD options = 0;
	if (dwMallocType & MALLOC_EXECUTABLE)
		options |= HEAP_CREATE_ENABLE_EXECUTE;
	m_hHeap = HeapCreate(options, 0, 0);
}

HostMalloc::~HostMalloc()
{
	HeapDestroy(m_hHeap);
}

HRESULT STDMETHODCALLTYPE HostMalloc::QueryInterface(REFIID riid, void **ppvObject)
{
	if (ppvObject == NULL)
		return E_POINTER;
	*ppvObject = NULL;
	if (!IsEqualIID(riid, IID_IUnknown) && !IsEqualIID(riid, IID_IHostMalloc))
		return E_NOINTERFACE;
	*ppvObject = this;
	AddRef();
	return S_OK;
}

ULONG STDMETHODCALLTYPE HostMalloc::AddRef()
{
	return InterlockedIncrement(&m_cRef);
}

ULONG STDMETHODCALLTYPE HostMalloc::Release()
{
	LONG cRef = InterlockedDecrement(&m_cRef);
	if (cRef == 0)
		delete this;
	return cRef;
}

HRESULT STDMETHODCALLTYPE HostMalloc::DebugAlloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, char *pszFileName, int iLineNo, void **ppMem)
{
	*ppMem = HeapAlloc(m_hHeap, 0, cbSize);
	if (!*ppMem)
		return E_OUTOFMEMORY;
	try
	{
		Allocation a = { cbSize, GetTickCount(), pszFileName ? pszFileName : "" };
		CAutoLock lock(m_lock);
		m_live[*ppMem] = a;
	}
	catch (const std::bad_alloc&)
	{
		HeapFree(m_hHeap, 0, *ppMem);
		*ppMem = NULL;
		return E_OUTOFMEMORY;
	}
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMalloc::Alloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
	return DebugAlloc(cbSize, eCriticalLevel, NULL, 0, ppMem);
}

HRESULT STDMETHODCALLTYPE HostMalloc::Free(void *pMem)
{
	if (!pMem)
		return S_OK;
	{
		CAutoLock lock(m_lock);
		map<void *, Allocation>::iterator it = m_live.find(pMem);
		if (it == m_live.end())
			return HOST_E_INVALIDOPERATION;
		m_live.erase(it);
	}
	return HeapFree(m_hHeap, 0, pMem) ? S_OK : E_FAIL;
}

HostMemoryManager::HostMemoryManager() : m_cRef(1), m_cAllocs(0), m_cFrees(0), m_pCallback(NULL)
{
}

HostMemoryManager::~HostMemoryManager()
{
	wprintf(L"%ld allocations, %ld frees\n", m_cAllocs, m_cFrees);
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::QueryInterface(REFIID riid, void **ppvObject)
{
	if (ppvObject == NULL)
		return E_POINTER;
	*ppvObject = NULL;
	if (!IsEqualIID(riid, IID_IUnknown) && !IsEqualIID(riid, IID_IHostMemoryManager))
		return E_NOINTERFACE;
	*ppvObject = this;
	AddRef();
	return S_OK;
}

ULONG STDMETHODCALLTYPE HostMemoryManager::AddRef()
{
	return InterlockedIncrement(&m_cRef);
}

ULONG STDMETHODCALLTYPE HostMemoryManager::Release()
{
	LONG cRef = InterlockedDecrement(&m_cRef);
	if (cRef == 0)
		delete this;
	return cRef;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::CreateMalloc(DWORD dwMallocType, IHostMalloc **ppMalloc)
{
	*ppMalloc = new(std::nothrow) HostMalloc(dwMallocType);
	return *ppMalloc ? S_OK : E_OUTOFMEMORY;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::VirtualAlloc(void *pAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect, EMemoryCriticalLevel eCriticalLevel, void **ppMem)
{
	*ppMem = ::VirtualAlloc(pAddress, dwSize, flAllocationType, flProtect);
	if (*ppMem == NULL)
	{
		DWORD dw = GetLastError();
		return dw == ERROR_COMMITMENT_LIMIT || dw == ERROR_NOT_ENOUGH_MEMORY ? E_OUTOFMEMORY : HRESULT_FROM_WIN32(dw);
	}
	InterlockedIncrement(&m_cAllocs);
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::VirtualFree(LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType)
{
	InterlockedIncrement(&m_cFrees);
	return ::VirtualFree(lpAddress, dwSize, dwFreeType) ? S_OK : HOST_E_INVALIDOPERATION;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::VirtualQuery(void *lpAddress, void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult)
{
	*pResult = ::VirtualQuery(lpAddress, (MEMORY_BASIC_INFORMATION *)lpBuffer, dwLength);
	return *pResult ? S_OK : HRESULT_FROM_WIN32(GetLastError());
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::VirtualProtect(void *lpAddress, SIZE_T dwSize, DWORD flNewProtect, DWORD *pflOldProtect)
{
	return ::VirtualProtect(lpAddress, dwSize, flNewProtect, pflOldProtect) ? S_OK : HRESULT_FROM_WIN32(GetLastError());
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::GetMemoryLoad(DWORD *pMemoryLoad, SIZE_T *pAvailableBytes)
{
	MEMORYSTATUS ms;
	ms.dwLength = sizeof(ms);
	GlobalMemoryStatus(&ms);
	*pMemoryLoad = max(min(ms.dwMemoryLoad, (DWORD)100), (DWORD)0);
	*pAvailableBytes = ms.dwAvailPhys;
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *pCallback)
{
	m_pCallback = pCallback;
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::NeedsVirtualAddressSpace(LPVOID startAddress, SIZE_T size)
{
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::AcquiredVirtualAddressSpace(LPVOID startAddress, SIZE_T size)
{
	CAutoLock lock(m_lock);
	m_views[startAddress] += size;
	return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemoryManager::ReleasedVirtualAddressSpace(LPVOID startAddress)
{
	CAutoLock lock(m_lock);
	m_views.erase(startAddress);
	return S_OK;
}
