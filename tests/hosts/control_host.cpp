// control_host: a host control with its memory manager in one file, written the way sample hosts
// are: mixed-case headers, STDMETHODIMP, wprintf logging, a heap per IHostMalloc. Serves to check
// that such code builds and runs here without a change.

#include <Windows.h>
#include <MSCorEE.h>
#include <metahost.h>
#include <stdio.h>
#include <new>

#pragma comment(lib, "mscoree.lib")
#pragma warning(disable : 4996)

using namespace std;

static volatile LONG g_cLive = 0;

class CHostMalloc : public IHostMalloc
{
private:
    volatile LONG m_cRef;
    HANDLE m_hHeap;

public:
    CHostMalloc(DWORD dwMallocType) : m_cRef(1), m_hHeap(NULL)
    {
        DWORD flOptions = 0;
        if (dwMallocType & MALLOC_EXECUTABLE)
            flOptions |= HEAP_CREATE_ENABLE_EXECUTE;
        if (!(dwMallocType & MALLOC_THREADSAFE))
            flOptions |= HEAP_NO_SERIALIZE;
        m_hHeap = ::HeapCreate(flOptions, 0, 0);
        InterlockedIncrement(&g_cLive);
    }

    virtual ~CHostMalloc()
    {
        if (m_hHeap != NULL)
            ::HeapDestroy(m_hHeap);
        InterlockedDecrement(&g_cLive);
    }

    bool IsValid() const { return m_hHeap != NULL; }

    // IUnknown
    STDMETHODIMP_(DWORD) AddRef() { return InterlockedIncrement(&m_cRef); }

    STDMETHODIMP_(DWORD) Release()
    {
        ULONG cRef = InterlockedDecrement(&m_cRef);
        if (cRef == 0)
            delete this;
        return cRef;
    }

    STDMETHODIMP QueryInterface(const IID &riid, void **ppvObject)
    {
        if (!ppvObject)
            return E_POINTER;
        if (riid == IID_IUnknown || riid == IID_IHostMalloc)
        {
            *ppvObject = static_cast<IHostMalloc *>(this);
            AddRef();
            return S_OK;
        }
        *ppvObject = NULL;
        return E_NOINTERFACE;
    }

    // IHostMalloc
    STDMETHODIMP Alloc(/* [in] */ SIZE_T cbSize, /* [in] */ EMemoryCriticalLevel eCriticalLevel,
                       /* [out] */ void **ppMem)
    {
        UNREFERENCED_PARAMETER(eCriticalLevel);
        *ppMem = ::HeapAlloc(m_hHeap, 0, cbSize);
        return *ppMem == NULL ? E_OUTOFMEMORY : S_OK;
    }

    STDMETHODIMP DebugAlloc(/* [in] */ SIZE_T cbSize,
                            /* [in] */ EMemoryCriticalLevel eCriticalLevel,
                            /* [annotation][in] */ _In_ char *pszFileName,
                            /* [in] */ int iLineNo,
                            /* [annotation][out] */ _Outptr_result_maybenull_ void **ppMem)
    {
        wprintf(L"DebugAlloc %Iu bytes, line %d\n", cbSize, iLineNo);
        UNREFERENCED_PARAMETER(pszFileName);
        return Alloc(cbSize, eCriticalLevel, ppMem);
    }

    STDMETHODIMP Free(/* [in] */ void *pMem)
    {
        if (pMem == NULL)
            return S_OK;
        return ::HeapFree(m_hHeap, 0, pMem) ? S_OK : HOST_E_INVALIDOPERATION;
    }
};

class CMemoryManager : public IHostMemoryManager
{
private:
    volatile LONG m_cRef;
    ICLRMemoryNotificationCallback *m_pCallback;

    static HRESULT HrLastError()
    {
        DWORD dwErr = ::GetLastError();
        if (dwErr == ERROR_COMMITMENT_LIMIT || dwErr == ERROR_NOT_ENOUGH_MEMORY)
            return E_OUTOFMEMORY;
        return dwErr == ERROR_SUCCESS ? E_UNEXPECTED : HRESULT_FROM_WIN32(dwErr);
    }

public:
    CMemoryManager() : m_cRef(1), m_pCallback(NULL) {}
    virtual ~CMemoryManager()
    {
        if (m_pCallback)
            m_pCallback->Release();
    }

    STDMETHODIMP_(DWORD) AddRef() { return InterlockedIncrement(&m_cRef); }
    STDMETHODIMP_(DWORD) Release()
    {
        ULONG cRef = InterlockedDecrement(&m_cRef);
        if (cRef == 0)
            delete this;
        return cRef;
    }
    STDMETHODIMP QueryInterface(const IID &riid, void **ppvObject)
    {
        if (!ppvObject)
            return E_POINTER;
        if (riid == __uuidof(IUnknown) || riid == __uuidof(IHostMemoryManager))
        {
            *ppvObject = static_cast<IHostMemoryManager *>(this);
            AddRef();
            return S_OK;
        }
        *ppvObject = NULL;
        return E_NOINTERFACE;
    }

    STDMETHODIMP CreateMalloc(DWORD dwMallocType, IHostMalloc **ppMalloc)
    {
        CHostMalloc *pMalloc = new (std::nothrow) CHostMalloc(dwMallocType);
        if (pMalloc == NULL || !pMalloc->IsValid())
        {
            delete pMalloc;
            *ppMalloc = NULL;
            return E_OUTOFMEMORY;
        }
        *ppMalloc = pMalloc;
        return S_OK;
    }

    STDMETHODIMP VirtualAlloc(void *pAddress, SIZE_T dwSize, DWORD flAllocationType,
                              DWORD flProtect, EMemoryCriticalLevel eCriticalLevel, void **ppMem)
    {
        *ppMem = ::VirtualAlloc(pAddress, dwSize, flAllocationType, flProtect);
        if (*ppMem != NULL)
            return S_OK;
        HRESULT hr = HrLastError();
        wprintf(L"VirtualAlloc(%p, %Iu) failed: hr=0x%08X level=%d\n", pAddress, dwSize, hr,
                (int)eCriticalLevel);
        return hr;
    }

    STDMETHODIMP VirtualFree(LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType)
    {
        return ::VirtualFree(lpAddress, dwSize, dwFreeType) ? S_OK : HOST_E_INVALIDOPERATION;
    }

    STDMETHODIMP VirtualQuery(void *lpAddress, void *lpBuffer, SIZE_T dwLength, SIZE_T *pResult)
    {
        *pResult = ::VirtualQuery(lpAddress, (PMEMORY_BASIC_INFORMATION)lpBuffer, dwLength);
        return *pResult ? S_OK : HrLastError();
    }

    STDMETHODIMP VirtualProtect(void *lpAddress, SIZE_T dwSize, DWORD flNewProtect,
                                DWORD *pflOldProtect)
    {
        return ::VirtualProtect(lpAddress, dwSize, flNewProtect, pflOldProtect) ? S_OK
                                                                                : HrLastError();
    }

    STDMETHODIMP GetMemoryLoad(DWORD *pMemoryLoad, SIZE_T *pAvailableBytes)
    {
        MEMORYSTATUSEX ms = {0};
        ms.dwLength = sizeof(MEMORYSTATUSEX);
        if (!::GlobalMemoryStatusEx(&ms))
            return HrLastError();
        *pMemoryLoad = ms.dwMemoryLoad;
        *pAvailableBytes = (SIZE_T)min(ms.ullAvailPhys, (DWORDLONG)(SIZE_T)-1);
        return S_OK;
    }

    STDMETHODIMP RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *pCallback)
    {
        if (pCallback)
            pCallback->AddRef();
        if (m_pCallback)
            m_pCallback->Release();
        m_pCallback = pCallback;
        return S_OK;
    }

    STDMETHODIMP NeedsVirtualAddressSpace(LPVOID startAddress, SIZE_T size) { return S_OK; }
    STDMETHODIMP AcquiredVirtualAddressSpace(LPVOID startAddress, SIZE_T size) { return S_OK; }
    STDMETHODIMP ReleasedVirtualAddressSpace(LPVOID startAddress) { return S_OK; }
};

class CHostControl : public IHostControl
{
private:
    volatile LONG m_cRef;
    CMemoryManager *m_pMemoryManager;

public:
    CHostControl() : m_cRef(1), m_pMemoryManager(new CMemoryManager()) {}
    virtual ~CHostControl() { m_pMemoryManager->Release(); }

    STDMETHODIMP_(DWORD) AddRef() { return InterlockedIncrement(&m_cRef); }
    STDMETHODIMP_(DWORD) Release()
    {
        ULONG cRef = InterlockedDecrement(&m_cRef);
        if (cRef == 0)
            delete this;
        return cRef;
    }
    STDMETHODIMP QueryInterface(const IID &riid, void **ppvObject)
    {
        if (!ppvObject)
            return E_POINTER;
        if (riid == IID_IUnknown || riid == IID_IHostControl)
        {
            *ppvObject = static_cast<IHostControl *>(this);
            AddRef();
            return S_OK;
        }
        *ppvObject = NULL;
        return E_NOINTERFACE;
    }

    STDMETHODIMP GetHostManager(REFIID riid, void **ppObject)
    {
        if (riid == IID_IHostMemoryManager)
            return m_pMemoryManager->QueryInterface(riid, ppObject);
        *ppObject = NULL;
        return E_NOINTERFACE;
    }

    STDMETHODIMP SetAppDomainManager(DWORD dwAppDomainID, IUnknown *pUnkAppDomainManager)
    {
        wprintf(L"domain %u has a manager\n", dwAppDomainID);
        return S_OK;
    }
};

extern "C" HRESULT STDMETHODCALLTYPE CreateHostControl(IHostControl **ppHostControl)
{
    *ppHostControl = new (std::nothrow) CHostControl();
    return *ppHostControl ? S_OK : E_OUTOFMEMORY;
}
