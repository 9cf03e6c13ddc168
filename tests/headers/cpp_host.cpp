// A host in C++ as real ones are: two interfaces at once, methods with the names of Win32 functions
// that call those functions, DWORD where the interface says ULONG, __uuidof, Interlocked overloads.
#include <windows.h>
#include <mscoree.h>
#include <new>
#include <type_traits>
#include "expect.h"

static_assert(std::is_same<DWORD, ULONG>::value, "hosts override AddRef with a DWORD result");
static_assert(std::is_same<HRESULT, LONG>::value, "");

static int slot_called;
static void *os_result;

class Host : public IHostControl, public IHostMemoryManager
{
  public:
    Host() : references(1) {}
    virtual ~Host() {} // its slots come behind those of the interface

    STDMETHODIMP QueryInterface(REFIID riid, void **object) override
    {
        if (!object)
            return E_POINTER;
        *object = nullptr;
        if (riid == IID_IUnknown || riid == __uuidof(IHostControl))
            *object = static_cast<IHostControl *>(this);
        else if (IsEqualIID(riid, IID_IHostMemoryManager))
            *object = static_cast<IHostMemoryManager *>(this);
        else
            return E_NOINTERFACE;
        static_cast<IUnknown *>(*object)->AddRef();
        return S_OK;
    }
    STDMETHODIMP_(DWORD) AddRef() override { return InterlockedIncrement(&references); }
    STDMETHODIMP_(DWORD) Release() override
    {
        DWORD left = InterlockedDecrement(&references);
        if (left == 0)
            delete this;
        return left;
    }

    STDMETHODIMP GetHostManager(REFIID riid, void **object) override
    {
        return QueryInterface(riid, object);
    }
    STDMETHODIMP SetAppDomainManager(DWORD, IUnknown *) override { return S_OK; }

    STDMETHODIMP CreateMalloc(DWORD, IHostMalloc **) override { return called(3); }
    STDMETHODIMP VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                              EMemoryCriticalLevel, void **result) override
    {
        *result = ::VirtualAlloc(address, size, type, protect);
        return *result ? called(4) : HRESULT_FROM_WIN32(::GetLastError());
    }
    STDMETHODIMP VirtualFree(LPVOID, SIZE_T, DWORD) override { return called(5); }
    STDMETHODIMP VirtualQuery(void *, void *, SIZE_T, SIZE_T *) override { return called(6); }
    STDMETHODIMP VirtualProtect(void *, SIZE_T, DWORD, DWORD *) override { return called(7); }
    STDMETHODIMP GetMemoryLoad(DWORD *, SIZE_T *) override { return called(8); }
    STDMETHODIMP RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *) override
    {
        return called(9);
    }
    STDMETHODIMP NeedsVirtualAddressSpace(LPVOID, SIZE_T) override { return called(10); }
    STDMETHODIMP AcquiredVirtualAddressSpace(LPVOID, SIZE_T) override { return called(11); }
    STDMETHODIMP ReleasedVirtualAddressSpace(LPVOID) override { return called(12); }

  private:
    static HRESULT called(int slot)
    {
        slot_called = slot;
        return S_OK;
    }
    volatile DWORD references;
};

// Old hosts declare their interfaces with the macros of the SDK.
DECLARE_INTERFACE_(IOldStyle, IUnknown)
{
    STDMETHOD(Work)(THIS_ DWORD amount) PURE;
    STDMETHOD_(ULONG, Count)(THIS) PURE;
};

extern "C" LPVOID WINAPI VirtualAlloc(LPVOID, SIZE_T, DWORD, DWORD)
{
    return os_result;
}
extern "C" DWORD WINAPI GetLastError()
{
    return ERROR_COMMITMENT_LIMIT;
}

// What the CLR does: it knows slots, not classes.
template <typename... Arguments> static HRESULT call(void *object, int slot, Arguments... arguments)
{
    void **table = *static_cast<void ***>(object);
    return reinterpret_cast<HRESULT (*)(void *, Arguments...)>(table[slot])(object, arguments...);
}

static void slots_stand_where_the_clr_looks()
{
    Host *host = new (std::nothrow) Host;
    IHostControl *control = host;
    void *manager = nullptr;
    EXPECT(call<const IID *, void **>(control, 3, &IID_IHostMemoryManager, &manager) == S_OK);
    EXPECT(manager == static_cast<IHostMemoryManager *>(host));
    EXPECT(manager != static_cast<void *>(control));
    void *result = &result;
    os_result = &os_result;
    EXPECT((call<void *, SIZE_T, DWORD, DWORD, EMemoryCriticalLevel, void **>(
               manager, 4, nullptr, 1, MEM_COMMIT, PAGE_READWRITE, eTaskCritical, &result)) ==
           S_OK);
    EXPECT(slot_called == 4 && result == &os_result);
    os_result = nullptr;
    EXPECT((call<void *, SIZE_T, DWORD, DWORD, EMemoryCriticalLevel, void **>(
               manager, 4, nullptr, 1, MEM_COMMIT, PAGE_READWRITE, eTaskCritical, &result)) ==
           HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT));
    EXPECT((call<DWORD, void *>(manager, 3, 1, nullptr)) == S_OK && slot_called == 3);
    EXPECT((call<void *, SIZE_T, DWORD>(manager, 5, nullptr, 0, 0)) == S_OK && slot_called == 5);
    EXPECT((call<void *, void *, SIZE_T, SIZE_T *>(manager, 6, nullptr, nullptr, 0, nullptr)) ==
           S_OK);
    EXPECT(slot_called == 6);
    EXPECT((call<void *, SIZE_T, DWORD, DWORD *>(manager, 7, nullptr, 0, 0, nullptr)) == S_OK);
    EXPECT(slot_called == 7);
    EXPECT((call<DWORD *, SIZE_T *>(manager, 8, nullptr, nullptr)) == S_OK && slot_called == 8);
    EXPECT((call<void *>(manager, 9, nullptr)) == S_OK && slot_called == 9);
    EXPECT((call<void *, SIZE_T>(manager, 10, nullptr, 0)) == S_OK && slot_called == 10);
    EXPECT((call<void *, SIZE_T>(manager, 11, nullptr, 0)) == S_OK && slot_called == 11);
    EXPECT((call<void *>(manager, 12, nullptr)) == S_OK && slot_called == 12);
    EXPECT(static_cast<IHostMemoryManager *>(manager)->Release() == 1);
    EXPECT(control->Release() == 0);
}

static void identifiers_come_from_types()
{
    IHostMemoryManager *manager = nullptr;
    EXPECT(__uuidof(IHostMemoryManager) == IID_IHostMemoryManager);
    EXPECT(__uuidof(manager) == IID_IHostMemoryManager);
    EXPECT(__uuidof(IHostMalloc) != __uuidof(IHostControl));
    EXPECT(__uuidof(IUnknown) == IID_IUnknown);
    Host *host = new Host;
    EXPECT(host->QueryInterface(IID_PPV_ARGS(&manager)) == S_OK);
    EXPECT(manager == static_cast<IHostMemoryManager *>(host));
    EXPECT(manager->Release() == 1);
    host->Release();
}

template <typename T> static void interlocked_32()
{
    volatile T value = 5;
    T plain = 1;
    EXPECT(InterlockedIncrement(&value) == 6 && InterlockedDecrement(&value) == 5);
    EXPECT(InterlockedIncrement(&plain) == 2);
    EXPECT(InterlockedExchange(&value, T(9)) == 5 && value == 9);
    EXPECT(InterlockedExchangeAdd(&value, T(3)) == 9 && value == 12);
    EXPECT(InterlockedCompareExchange(&value, T(1), T(12)) == 12 && value == 1);
    EXPECT(InterlockedCompareExchange(&value, T(7), T(12)) == 1 && value == 1);
    EXPECT(InterlockedOr(&value, T(6)) == 1 && InterlockedAnd(&value, T(3)) == 7 && value == 3);
    EXPECT(InterlockedXor(&value, T(1)) == 3 && value == 2);
    EXPECT(InterlockedAdd(&value, T(2)) == 4);
}

template <typename T> static void interlocked_64()
{
    volatile T value = T(1) << 40;
    EXPECT(InterlockedIncrement64(&value) == (T(1) << 40) + 1);
    EXPECT(InterlockedDecrement64(&value) == T(1) << 40);
    EXPECT(InterlockedExchangeAdd64(&value, T(1) << 41) == T(1) << 40);
    EXPECT(InterlockedExchange64(&value, T(4)) == T(3) << 40);
    EXPECT(InterlockedCompareExchange64(&value, T(8), T(4)) == 4 && value == 8);
    EXPECT(InterlockedOr64(&value, T(1)) == 8 && InterlockedAdd64(&value, T(1)) == 10);
}

static void interlocked_pointers()
{
    int a, b;
    PVOID volatile pointer = &a;
    EXPECT(InterlockedExchangePointer(&pointer, &b) == &a);
    EXPECT(InterlockedCompareExchangePointer(&pointer, &a, &b) == &b && pointer == &a);
}

int main()
{
    slots_stand_where_the_clr_looks();
    identifiers_come_from_types();
    interlocked_32<LONG>();
    interlocked_32<ULONG>();
    interlocked_32<DWORD>();
    interlocked_64<LONGLONG>();
    interlocked_64<ULONGLONG>();
    interlocked_pointers();
    return 0;
}
