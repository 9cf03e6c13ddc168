/* The C half of a program of two languages: calls objects of C++ through their tables, and offers
 * one of its own. The layout of the tables is checked here, too; cross.cpp reports. */
#define CINTERFACE
#define COBJMACROS
#include <Windows.h>
#include <MSCorEE.h>
#include "slots.h"

#define SLOT(interface_, number, method)                                                           \
    _Static_assert(offsetof(interface_##Vtbl, method) == (number) * sizeof(void *), #method);
SLOTS(SLOT)

/* The tables end where their last slot ends. */
_Static_assert(sizeof(IHostMemoryManagerVtbl) == 13 * sizeof(void *), "");
_Static_assert(sizeof(IHostMallocVtbl) == 6 * sizeof(void *), "");
_Static_assert(sizeof(ICLRMemoryNotificationCallbackVtbl) == 4 * sizeof(void *), "");
_Static_assert(sizeof(IHostControlVtbl) == 5 * sizeof(void *), "");

static HRESULT STDMETHODCALLTYPE query(IHostMalloc *This, REFIID riid, void **object)
{
    *object = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IHostMalloc) ? This : NULL;
    return *object ? S_OK : E_NOINTERFACE;
}
static ULONG STDMETHODCALLTYPE count_up(IHostMalloc *This)
{
    (void)This;
    return 2;
}
static ULONG STDMETHODCALLTYPE count_down(IHostMalloc *This)
{
    (void)This;
    return 1;
}
static HRESULT STDMETHODCALLTYPE alloc(IHostMalloc *This, SIZE_T bytes, EMemoryCriticalLevel level,
                                       void **block)
{
    (void)This;
    *block = (void *)(UINT_PTR)(bytes + level);
    return S_OK;
}
static HRESULT STDMETHODCALLTYPE debug_alloc(IHostMalloc *This, SIZE_T bytes,
                                             EMemoryCriticalLevel level, char *file, int line,
                                             void **block)
{
    (void)file, (void)line;
    return This->lpVtbl->Alloc(This, bytes, level, block);
}
static HRESULT STDMETHODCALLTYPE give_back(IHostMalloc *This, void *block)
{
    (void)This;
    return block ? HOST_E_INVALIDOPERATION : S_OK;
}

static const IHostMallocVtbl table = {query, count_up, count_down, alloc, debug_alloc, give_back};
static IHostMalloc in_c = {(IHostMallocVtbl *)&table};

IHostMalloc *malloc_in_c(void)
{
    return &in_c;
}

/* Calls slot 5 of a C++ object by the macro and slot 12 by the table; 0: both arrived. */
int call_from_c(IHostMemoryManager *manager)
{
    if (IHostMemoryManager_VirtualFree(manager, (void *)0x10000, 7, MEM_RELEASE) != S_OK)
        return 1;
    if (manager->lpVtbl->ReleasedVirtualAddressSpace(manager, (void *)0x20000) != S_OK)
        return 2;
    IUnknown *same = NULL;
    if (IHostMemoryManager_QueryInterface(manager, &IID_IUnknown, (void **)&same) != S_OK || !same)
        return 3;
    return IUnknown_Release(same) == 1 ? 0 : 4;
}
