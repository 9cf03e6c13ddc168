#pragma once

#pragma region Lock helpers

class CLock
{
public:
	CLock() { InitializeCriticalSection(&m_cs); }
	~CLock() { DeleteCriticalSection(&m_cs); }
	void Enter() { EnterCriticalSection(&m_cs); }
	void Leave() { LeaveCriticalSection(&m_cs); }

private:
	CRITICAL_SECTION m_cs;
};

class CAutoLock
{
public:
	explicit CAutoLock(CLock& lock) : m_lock(lock) { m_lock.Enter(); }
	~CAutoLock() { m_lock.Leave(); }

private:
	CLock& m_lock;
};

#pragma endregion

struct Allocation
{
	SIZE_T cb;
	DWORD tick;
	std::string where;
};

class HostMalloc : public IHostMalloc
{
public:
	HostMalloc(DWORD dwMallocType);
	virtual ~HostMalloc();

	HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppvObject);
	ULONG STDMETHODCALLTYPE AddRef();
	ULONG STDMETHODCALLTYPE Release();

	HRESULT STDMETHODCALLTYPE Alloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, void **ppMem);
	HRESULT STDMETHODCALLTYPE DebugAlloc(SIZE_T cbSize, EMemoryCriticalLevel eCriticalLevel, char *pszFileName, int iLineNo, void **ppMem);
	HRESULT STDMETHODCALLTYPE Free(void *pMem);

private:
	volatile LONG m_cRef;
	HANDLE m_hHeap;
	CLock m_lock;
	std::map<void *, Allocation> m_live;
};

class HostMemoryManager : public IHostMemoryManager
{
public:
	HostMemoryManager();
	virtual ~HostMemoryManager();

	HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppvObject);
	ULONG STDMETHODCALLTYPE AddRef();
	ULONG STDMETHODCALLTYPE Release();

	HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD dwMallocType, IHostMalloc **ppMalloc);
	HRESULT STDMETHODCALLTYPE VirtualAlloc(void *pAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect, EMemoryCriticalLevel eCriticalLevel, void **ppMem);
	HRESULT STDMETHODCALLTYPE VirtualFree(LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType);
	HRESULT STDMETHODCALLTYPE VirtualQuery(void *lpAddress, void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult);
	HRESULT STDMETHODCALLTYPE VirtualProtect(void *lpAddress, SIZE_T dwSize, DWORD flNewProtect, DWORD *pflOldProtect);
	HRESULT STDMETHODCALLTYPE GetMemoryLoad(DWORD *pMemoryLoad, SIZE_T *pAvailableBytes);
	HRESULT STDMETHODCALLTYPE RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *pCallback);
	HRESULT STDMETHODCALLTYPE NeedsVirtualAddressSpace(LPVOID startAddress, SIZE_T size);
	HRESULT STDMETHODCALLTYPE AcquiredVirtualAddressSpace(LPVOID startAddress, SIZE_T size);
	HRESULT STDMETHODCALLTYPE ReleasedVirtualAddressSpace(LPVOID startAddress);

private:
	volatile LONG m_cRef;
	LONG m_cAllocs, m_cFrees;
	CLock m_lock;
	std::map<LPVOID, SIZE_T> m_views;
	ICLRMemoryNotificationCallback *m_pCallback;
};
