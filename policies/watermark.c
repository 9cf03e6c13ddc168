/* watermark: grants what Windows grants, and keeps the CLR informed of how little is left.
 *
 * Below the low mark the CLR is told Low, so that it collects and gives back before a request has
 * to be refused; above the high mark Neutral, without which it would stay in low-memory mode for
 * ever. Between the marks nothing changes: that is the hysteresis. The decision is taken on calls
 * that change memory, not on a thread of its own, so it needs neither a timer nor a wait.
 *
 * A request that Windows refuses is itself a sign of low memory. One whose failure would cost an
 * application domain or the process is tried again a few times after the Low, with a short sleep
 * in between for the collection; a task's request fails at once.
 *
 * What it does not do: refuse anything by itself, or charge anything. */
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

/* Percent of what the machine has: told Low below the first, Neutral above the second. */
static ULONGLONG low_percent = 10;
static ULONGLONG high_percent = 20;
/* The CLR acts on Low at most once in 8.192 s: repeating it sooner is wasted, and a Low stands at
 * least that long, so that one refused request does not make it hear Low and Neutral in turns. */
static ULONGLONG low_interval_ms = 8192;
/* Further tries for requests that are critical to more than a task, and the pause before each. */
static ULONGLONG critical_tries = 3;
static ULONGLONG critical_pause_ms = 20;

#define SAMPLE_EVERY 64 /* heap calls between two looks at the machine: they change little each */

struct watermark {
    IHostMemoryManager iface; /* first: an IHostMemoryManager pointer is a pointer to this */
    volatile LONG references;
    volatile LONG heap_calls;
    CRITICAL_SECTION lock; /* guards all below; never held during a notification */
    ICLRMemoryNotificationCallback *callback;
    EMemoryAvailable state; /* what the machine looks like ... */
    EMemoryAvailable told;  /* ... and what the CLR heard last */
    BOOL news;              /* it has yet to hear of the state */
    BOOL announcing;        /* a thread is telling the CLR: the others leave it to that one */
    BOOL low_sent;          /* low_sent_ms is valid */
    ULONGLONG low_sent_ms;
};

struct heap_malloc {
    IHostMalloc iface; /* first, likewise */
    volatile LONG references;
    HANDLE heap;
    struct watermark *manager; /* holds a reference */
};

/* ---- the marks ---- */

struct sample {
    DWORD load;          /* percent in use, of memory or of what may be committed */
    ULONGLONG available; /* bytes, of whichever is scarcer */
    ULONGLONG total;
    ULONGLONG address_space;
};

/* One look at the machine, from which notifications and GetMemoryLoad both follow, so that they
 * never contradict each other. A commit fails for want of commit charge as often as for want of
 * memory: the scarcer counts. */
static BOOL look(struct sample *sample)
{
    MEMORYSTATUSEX status;
    DWORD used;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return FALSE;
    sample->total = status.ullTotalPhys;
    sample->available = status.ullAvailPhys;
    if (status.ullAvailPageFile < sample->available)
        sample->available = status.ullAvailPageFile;
    sample->address_space = status.ullAvailVirtual;
    used = 100 - (DWORD)(sample->available / (sample->total / 100 + 1));
    sample->load = used > status.dwMemoryLoad ? used : status.dwMemoryLoad;
    return TRUE;
}

/* Tells the CLR what is new, one thread at a time, with the lock released: so it hears of changes
 * in their order, and may call back into this host. Enters and returns with the lock held. */
static void announce(struct watermark *manager)
{
    while (manager->news && !manager->announcing && manager->callback != NULL) {
        ICLRMemoryNotificationCallback *callback = manager->callback;
        EMemoryAvailable state = manager->state;

        ICLRMemoryNotificationCallback_AddRef(callback);
        manager->news = FALSE;
        manager->told = state;
        manager->announcing = TRUE;
        LeaveCriticalSection(&manager->lock);
        ICLRMemoryNotificationCallback_OnMemoryNotification(callback, state);
        ICLRMemoryNotificationCallback_Release(callback);
        EnterCriticalSection(&manager->lock);
        manager->announcing = FALSE;
    }
}

/* Low is new when it begins, and again after the interval while it lasts. */
static void note_low(struct watermark *manager)
{
    ULONGLONG now_ms = GetTickCount64();

    manager->state = eMemoryAvailableLow;
    if (manager->low_sent && now_ms - manager->low_sent_ms < low_interval_ms)
        return;
    manager->low_sent = TRUE;
    manager->low_sent_ms = now_ms;
    manager->news = TRUE;
}

/* Decides by a fresh sample, or, when Windows has refused a request, that memory is low. */
static void decide(struct watermark *manager, BOOL refused)
{
    struct sample sample;

    if (!refused && !look(&sample))
        return; /* nothing known, nothing said */
    EnterCriticalSection(&manager->lock);
    if (refused || sample.available < sample.total / 100 * low_percent) {
        note_low(manager);
    } else if (manager->state == eMemoryAvailableLow &&
               sample.available > sample.total / 100 * high_percent &&
               GetTickCount64() - manager->low_sent_ms >= low_interval_ms) {
        manager->state = eMemoryAvailableNeutral;
        manager->news = manager->told == eMemoryAvailableLow;
    }
    announce(manager);
    LeaveCriticalSection(&manager->lock);
}

/* After a refusal: tells the CLR, and says whether the request should be tried once more. */
static BOOL try_again(struct watermark *manager, EMemoryCriticalLevel level, ULONGLONG tries)
{
    decide(manager, TRUE);
    if (level == eTaskCritical || tries >= critical_tries)
        return FALSE;
    Sleep((DWORD)critical_pause_ms);
    return TRUE;
}

/* ---- IHostMalloc on a heap of its own ---- */

static HRESULT STDMETHODCALLTYPE malloc_query_interface(IHostMalloc *self, REFIID iid,
                                                        void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IHostMalloc))
        return E_NOINTERFACE;
    *object = self;
    IHostMalloc_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE malloc_add_ref(IHostMalloc *self)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    return (ULONG)InterlockedIncrement(&allocator->references);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;
    LONG left = InterlockedDecrement(&allocator->references);

    if (left == 0) {
        HeapDestroy(allocator->heap);
        IHostMemoryManager_Release(&allocator->manager->iface);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static void note_heap_call(struct watermark *manager)
{
    if (InterlockedIncrement(&manager->heap_calls) % SAMPLE_EVERY == 0)
        decide(manager, FALSE);
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;
    ULONGLONG tries = 0;

    if (block == NULL)
        return E_POINTER;
    for (;;) {
        *block = HeapAlloc(allocator->heap, 0, size);
        if (*block != NULL)
            break;
        if (!try_again(allocator->manager, level, tries++))
            return E_OUTOFMEMORY;
    }
    note_heap_call(allocator->manager);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **block)
{
    (void)file; /* may be NULL, and may be gone when the call returns */
    (void)line;
    return malloc_alloc(self, size, level, block);
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    if (block == NULL) /* the CLR does that */
        return S_OK;
    /* HeapFree of somebody else's block corrupts the heap before it can fail: ask first. */
    if (!HeapValidate(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    if (!HeapFree(allocator->heap, 0, block))
        return HOST_E_INVALIDOPERATION;
    note_heap_call(allocator->manager);
    return S_OK;
}

static IHostMallocVtbl malloc_vtbl = {malloc_query_interface, malloc_add_ref,     malloc_release,
                                      malloc_alloc,           malloc_debug_alloc, malloc_free};

/* ---- IHostMemoryManager ---- */

static HRESULT STDMETHODCALLTYPE manager_query_interface(IHostMemoryManager *self, REFIID iid,
                                                         void **object)
{
    if (object == NULL)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IHostMemoryManager))
        return E_NOINTERFACE;
    *object = self;
    IHostMemoryManager_AddRef(self);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE manager_add_ref(IHostMemoryManager *self)
{
    struct watermark *manager = (struct watermark *)self;

    return (ULONG)InterlockedIncrement(&manager->references);
}

static ULONG STDMETHODCALLTYPE manager_release(IHostMemoryManager *self)
{
    struct watermark *manager = (struct watermark *)self;
    LONG left = InterlockedDecrement(&manager->references);

    if (left == 0) {
        if (manager->callback != NULL)
            ICLRMemoryNotificationCallback_Release(manager->callback);
        DeleteCriticalSection(&manager->lock);
        HeapFree(GetProcessHeap(), 0, manager);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE manager_create_malloc(IHostMemoryManager *self, DWORD type,
                                                       IHostMalloc **result)
{
    struct heap_malloc *allocator;
    DWORD options = 0;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    if ((type & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    if ((type & MALLOC_THREADSAFE) == 0)
        options |= HEAP_NO_SERIALIZE;
    if ((type & MALLOC_EXECUTABLE) != 0)
        options |= HEAP_CREATE_ENABLE_EXECUTE;
    allocator = HeapAlloc(GetProcessHeap(), 0, sizeof(*allocator));
    if (allocator == NULL)
        return E_OUTOFMEMORY;
    allocator->heap = HeapCreate(options, 0, 0);
    if (allocator->heap == NULL) {
        HRESULT result_code = lw_last_failure();

        HeapFree(GetProcessHeap(), 0, allocator);
        return result_code;
    }
    allocator->iface.lpVtbl = &malloc_vtbl;
    allocator->references = 1;
    allocator->manager = (struct watermark *)self;
    IHostMemoryManager_AddRef(self);
    *result = &allocator->iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_alloc(IHostMemoryManager *self, void *address,
                                                       SIZE_T size, DWORD type, DWORD protect,
                                                       EMemoryCriticalLevel level, void **result)
{
    struct watermark *manager = (struct watermark *)self;
    ULONGLONG tries = 0;

    if (result == NULL)
        return E_POINTER;
    for (;;) {
        HRESULT failure;

        *result = VirtualAlloc(address, size, type, protect);
        if (*result != NULL)
            break;
        failure = lw_last_failure();
        /* A wrong request stays wrong, and a reserve fails for want of addresses: no collection
         * helps that. */
        if (failure != E_OUTOFMEMORY || (type & MEM_COMMIT) == 0 ||
            !try_again(manager, level, tries++))
            return failure;
    }
    if ((type & MEM_COMMIT) != 0)
        decide(manager, FALSE);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                      SIZE_T size, DWORD type)
{
    if (VirtualFree(address, size, type)) {
        decide((struct watermark *)self, FALSE);
        return S_OK;
    }
    if (GetLastError() == ERROR_INVALID_ADDRESS) /* not an allocation, or not its base */
        return HOST_E_INVALIDOPERATION;
    return lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_virtual_query(IHostMemoryManager *self, void *address,
                                                       void *buffer, SIZE_T length, SIZE_T *result)
{
    SIZE_T written;

    (void)self; /* no lock: the CLR asks with other threads suspended anywhere */
    if (result == NULL)
        return E_POINTER;
    written = VirtualQuery(address, (PMEMORY_BASIC_INFORMATION)buffer, length);
    *result = written;
    return written != 0 ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_virtual_protect(IHostMemoryManager *self, void *address,
                                                         SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    return VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_get_load(IHostMemoryManager *self, DWORD *load,
                                                  SIZE_T *available)
{
    struct sample sample;

    if (load == NULL || available == NULL)
        return E_POINTER;
    decide((struct watermark *)self, FALSE); /* the GC asks before it decides how hard to work */
    if (!look(&sample))
        return lw_last_failure();
    *load = sample.load;
    *available = sample.available > (SIZE_T)-1 ? (SIZE_T)-1 : (SIZE_T)sample.available;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_register(IHostMemoryManager *self,
                                                  ICLRMemoryNotificationCallback *callback)
{
    struct watermark *manager = (struct watermark *)self;
    ICLRMemoryNotificationCallback *before;

    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    EnterCriticalSection(&manager->lock);
    before = manager->callback;
    manager->callback = callback;
    if (callback != before) { /* a new listener knows nothing yet, and expects neutral */
        manager->told = eMemoryAvailableNeutral;
        manager->news = manager->state == eMemoryAvailableLow;
    }
    announce(manager);
    LeaveCriticalSection(&manager->lock);
    if (before != NULL)
        ICLRMemoryNotificationCallback_Release(before);
    return S_OK;
}

/* The CLR could not map a file and asks whether a second try is worth while. Nothing can be given
 * up here, so that depends on the address space alone. S_FALSE would count as a yes. */
static HRESULT STDMETHODCALLTYPE manager_needs_space(IHostMemoryManager *self, LPVOID address,
                                                     SIZE_T size)
{
    struct sample sample;

    (void)self;
    (void)address; /* a hint */
    if (!look(&sample))
        return lw_last_failure();
    return sample.address_space > size ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE manager_acquired(IHostMemoryManager *self, LPVOID address,
                                                  SIZE_T size)
{
    (void)self;
    (void)address;
    (void)size;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    (void)address;
    return S_OK;
}

static IHostMemoryManagerVtbl manager_vtbl = {
    manager_query_interface, manager_add_ref,      manager_release,       manager_create_malloc,
    manager_virtual_alloc,   manager_virtual_free, manager_virtual_query, manager_virtual_protect,
    manager_get_load,        manager_register,     manager_needs_space,   manager_acquired,
    manager_released};

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    struct watermark *manager;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    manager = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*manager));
    if (manager == NULL)
        return E_OUTOFMEMORY;
    /* The form without a result raises an exception where the section needs memory. */
    if (!InitializeCriticalSectionAndSpinCount(&manager->lock, 0)) {
        HeapFree(GetProcessHeap(), 0, manager);
        return E_OUTOFMEMORY;
    }
    manager->iface.lpVtbl = &manager_vtbl;
    manager->references = 1;
    manager->state = eMemoryAvailableNeutral;
    manager->told = eMemoryAvailableNeutral;
    *result = &manager->iface;
    return S_OK;
}

static const struct lw_param params[] = {
    {"low", "told Low when less than this part of memory is left", LW_PERCENT, 0, 100, 10,
     &low_percent},
    {"high", "told Neutral when more than this part is left again", LW_PERCENT, 0, 100, 20,
     &high_percent},
    {"interval", "shortest time between two Lows", LW_MILLISECONDS, 0, 3600000, 8192,
     &low_interval_ms},
    {"tries", "further tries for requests critical to more than a task", LW_COUNT, 0, 100, 3,
     &critical_tries},
    {"pause", "sleep before each of them", LW_MILLISECONDS, 0, 60000, 20, &critical_pause_ms},
    {NULL, NULL, LW_COUNT, 0, 0, 0, NULL}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {
    LW_POLICY_VERSION, "watermark", "low and neutral notifications with hysteresis", params,
    CreateHostMemoryManager};
