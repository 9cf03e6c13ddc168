// The C++ half: numbers of the virtual methods, and calls across the border to cross.c
// in both directions. Exit 0 when everything is as on Windows; otherwise says what is not.
#include <mscoree.h>
#include <stdio.h>
#include <string.h>
#include "slots.h"

extern "C" IHostMalloc *malloc_in_c(void);
extern "C" int call_from_c(IHostMemoryManager *manager);

static int problems;
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("not so: %s\n", #condition);                                                    \
            problems++;                                                                            \
        }                                                                                          \
    } while (0)

// In the Itanium ABI a pointer to a virtual method holds 1 + the offset in the table.
template <class M> static unsigned slot_of(M method)
{
    size_t word;
    memcpy(&word, &method, sizeof word);
    return (unsigned)((word - 1) / sizeof(void *));
}

// Two interfaces, one object; a virtual destructor, which must come behind the slots of COM.
class Manager : public IHostControl, public IHostMemoryManager
{
    LONG m_refs = 1;

public:
    unsigned m_calls = 0;
    virtual ~Manager() {}
    STDMETHODIMP QueryInterface(REFIID riid, void **object) override
    {
        if (riid == __uuidof(IHostControl))
            *object = static_cast<IHostControl *>(this);
        else if (IsEqualIID(riid, IID_IUnknown) || riid == IID_IHostMemoryManager)
            *object = static_cast<IHostMemoryManager *>(this);
        else
            return *object = NULL, E_NOINTERFACE;
        return AddRef(), S_OK;
    }
    STDMETHODIMP_(DWORD) AddRef() override { return InterlockedIncrement(&m_refs); }
    STDMETHODIMP_(ULONG) Release() override { return InterlockedDecrement(&m_refs); }
    STDMETHODIMP GetHostManager(REFIID riid, void **o) override { return QueryInterface(riid, o); }
    STDMETHODIMP SetAppDomainManager(DWORD, IUnknown *) override { return S_OK; }
    STDMETHODIMP CreateMalloc(DWORD, IHostMalloc **made) override
    {
        return *made = malloc_in_c(), S_OK;
    }
    STDMETHODIMP VirtualAlloc(void *, SIZE_T, DWORD, DWORD, EMemoryCriticalLevel, void **) override
    {
        return E_OUTOFMEMORY;
    }
    STDMETHODIMP VirtualFree(LPVOID address, SIZE_T size, DWORD type) override
    {
        m_calls += address == (void *)0x10000 && size == 7 && type == MEM_RELEASE;
        return S_OK;
    }
    STDMETHODIMP VirtualQuery(void *, void *, SIZE_T, SIZE_T *) override { return E_FAIL; }
    STDMETHODIMP VirtualProtect(void *, SIZE_T, DWORD, DWORD *) override { return E_FAIL; }
    STDMETHODIMP GetMemoryLoad(DWORD *, SIZE_T *) override { return E_FAIL; }
    STDMETHODIMP RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *) override
    {
        return S_OK;
    }
    STDMETHODIMP NeedsVirtualAddressSpace(LPVOID, SIZE_T) override { return S_OK; }
    STDMETHODIMP AcquiredVirtualAddressSpace(LPVOID, SIZE_T) override { return S_OK; }
    STDMETHODIMP ReleasedVirtualAddressSpace(LPVOID address) override
    {
        m_calls += address == (void *)0x20000;
        return S_OK;
    }
};

#define SLOT(interface_, number, method) EXPECT(slot_of(&interface_::method) == number);

int main()
{
    SLOTS(SLOT)
    Manager manager;
    EXPECT(call_from_c(&manager) == 0);
    EXPECT(manager.m_calls == 2);
    IHostMalloc *in_c = NULL;
    EXPECT(manager.CreateMalloc(MALLOC_THREADSAFE, &in_c) == S_OK);
    void *block = NULL;
    EXPECT(in_c->Alloc(40, eProcessCritical, &block) == S_OK && block == (void *)42);
    EXPECT(in_c->DebugAlloc(6, eTaskCritical, NULL, 1, &block) == S_OK && block == (void *)6);
    EXPECT(in_c->Free(NULL) == S_OK && in_c->Free(block) == HOST_E_INVALIDOPERATION);
    IUnknown *unknown = NULL;
    EXPECT(in_c->QueryInterface(IID_PPV_ARGS(&unknown)) == S_OK && unknown == in_c);
    EXPECT(__uuidof(in_c) == IID_IHostMalloc);
    EXPECT(HRESULT_FROM_WIN32(ERROR_NOT_ENOUGH_MEMORY) == (HRESULT)0x80070008u);
    EXPECT(HRESULT_FROM_WIN32(ERROR_SUCCESS) == S_OK);
    EXPECT(HRESULT_FROM_WIN32((DWORD)E_OUTOFMEMORY) == E_OUTOFMEMORY);
    EXPECT(FAILED(E_FAIL) && SUCCEEDED(S_FALSE));
    return problems != 0;
}
