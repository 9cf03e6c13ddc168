/* monitor: grants what Windows grants; a thread of its own waits until memory runs short and tells
 * the CLR so, and that it has recovered.
 *
 * The thread waits on the memory resource notifications of Windows, which the CLR gave up when it
 * accepted this host (CreateMemoryResourceNotification). What the CLR hears:
 *
 *     told nothing, or recovery --- memory low, or a request refused, and `interval`  ---> Low
 *                                   since the last Low
 *     Low --- still low `interval` later: the CLR may collect once more ---------------> Low
 *     Low --- plenty (the high notification), `hold` after the Low at the earliest -----> High
 *     Low --- neither low nor plenty `interval` after the Low --------------------------> Neutral
 *
 * The CLR acts on Low at most once in 8.192 s and collects in a hurry until it hears something
 * else; so Low is not repeated sooner, always followed by one message of recovery, and stands for a
 * moment (`hold`) so that the CLR's finalizer thread sees it. A request that Windows refuses counts
 * as low memory for a second, because commit charge runs out while there is memory to touch.
 *
 * The thread exists from the first registration of a callback to the last release of the manager,
 * which waits for its end. A CLR never releases: then it ends with the process. Who replaces the
 * callback waits until a message that is under way has been delivered, so that the old one hears
 * nothing afterwards. Where the thread or one of its handles cannot be had, memory is served
 * without it, and the next registration, refusal or question for the load tries again.
 *
 * What it does not do: refuse or charge anything by itself, try a refused request again (see
 * watermark). */
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

static ULONGLONG low_interval_ms = 8192;
static ULONGLONG low_hold_ms = 1000;

#define REFUSAL_MS 1000 /* so long a refusal counts as low memory */
#define DEAF_MS 1000    /* so long a notification that led to nothing is not listened to */

struct monitor {
    IHostMemoryManager iface; /* first: an IHostMemoryManager pointer is a pointer to this */
    volatile LONG references;
    SRWLOCK lock; /* guards all below; never held during a message or a wait for the thread */
    ICLRMemoryNotificationCallback *callback;
    BOOL delivering; /* a message is under way to it */
    CONDITION_VARIABLE delivered;
    BOOL in_low;  /* the callback's last message was Low */
    BOOL has_low; /* it has heard Low, the last time at low_ms */
    ULONGLONG low_ms;
    BOOL refused;     /* a request was, and no Low has been told since */
    BOOL has_refusal; /* one was, the last at refusal_ms */
    ULONGLONG refusal_ms;
    HANDLE thread; /* NULL: there is none, and it is tried again */
    DWORD thread_id;
    BOOL stopping;         /* the last reference is gone: the thread must end ... */
    BOOL orphaned;         /* ... and free all, because it gave up that reference itself */
    HANDLE stop, look;     /* events: end, decide again */
    HANDLE scarce, plenty; /* the notifications of Windows */
};

struct heap_malloc {
    IHostMalloc iface; /* first, likewise */
    volatile LONG references;
    HANDLE heap;
    struct monitor *monitor; /* holds a reference */
};

/* ---- what the CLR is told (lock held) ---- */

/* On the thread. The CLR may call back into this host meanwhile. */
static void tell(struct monitor *monitor, EMemoryAvailable news)
{
    ICLRMemoryNotificationCallback *callback = monitor->callback;

    monitor->in_low = news == eMemoryAvailableLow;
    if (monitor->in_low) {
        monitor->has_low = TRUE;
        monitor->low_ms = GetTickCount64();
        monitor->refused = FALSE;
    }
    ICLRMemoryNotificationCallback_AddRef(callback);
    monitor->delivering = TRUE;
    ReleaseSRWLockExclusive(&monitor->lock);
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, news);
    ICLRMemoryNotificationCallback_Release(callback);
    AcquireSRWLockExclusive(&monitor->lock);
    monitor->delivering = FALSE;
    WakeAllConditionVariable(&monitor->delivered);
}

static BOOL may_tell_low(const struct monitor *monitor, ULONGLONG now_ms)
{
    return !monitor->has_low || now_ms - monitor->low_ms >= low_interval_ms;
}

static BOOL is_signalled(HANDLE notification)
{
    BOOL state = FALSE;

    return QueryMemoryResourceNotification(notification, &state) && state;
}

static BOOL is_low(const struct monitor *monitor, ULONGLONG now_ms)
{
    if (monitor->refused || is_signalled(monitor->scarce))
        return TRUE;
    return monitor->has_refusal && now_ms - monitor->refusal_ms < REFUSAL_MS;
}

/* On the thread: the table above. False: there was nothing to tell. */
static BOOL decide(struct monitor *monitor)
{
    ULONGLONG now_ms = GetTickCount64();
    EMemoryAvailable news = eMemoryAvailableLow;

    if (monitor->callback == NULL)
        return FALSE;
    if (is_low(monitor, now_ms)) {
        if (!may_tell_low(monitor, now_ms))
            return FALSE;
    } else if (!monitor->in_low) {
        return FALSE;
    } else if (now_ms - monitor->low_ms >= low_hold_ms && is_signalled(monitor->plenty)) {
        news = eMemoryAvailableHigh;
    } else if (may_tell_low(monitor, now_ms)) {
        news = eMemoryAvailableNeutral;
    } else {
        return FALSE;
    }
    tell(monitor, news);
    return TRUE;
}

/* How long to wait at most before deciding again; *level: the notification that is a reason to do
 * so sooner, NULL where none is. Never longer than the interval, in case a call that should wake
 * the thread fails. */
static DWORD patience(const struct monitor *monitor, HANDLE *level)
{
    ULONGLONG now_ms = GetTickCount64(), since_ms = now_ms - monitor->low_ms;

    *level = NULL;
    if (monitor->callback == NULL)
        return (DWORD)low_interval_ms;
    if (may_tell_low(monitor, now_ms)) {
        if (monitor->in_low)
            return 0;
        *level = monitor->scarce;
        return (DWORD)low_interval_ms;
    }
    if (monitor->in_low && since_ms < low_hold_ms)
        return (DWORD)(low_hold_ms - since_ms);
    if (monitor->in_low)
        *level = monitor->plenty;
    return (DWORD)(low_interval_ms - since_ms);
}

/* ---- the thread ---- */

static void destroy(struct monitor *monitor)
{
    HANDLE handles[] = {monitor->thread, monitor->stop, monitor->look, monitor->scarce,
                        monitor->plenty};
    unsigned i;

    for (i = 0; i < sizeof(handles) / sizeof(*handles); i++) {
        if (handles[i] != NULL)
            CloseHandle(handles[i]);
    }
    if (monitor->callback != NULL)
        ICLRMemoryNotificationCallback_Release(monitor->callback);
    HeapFree(GetProcessHeap(), 0, monitor);
}

/* The notifications are levels, not edges: one that led to nothing, because a refusal is too fresh
 * or because it has changed already, is left out of the next wait, which would end at once. */
static DWORD WINAPI watch(LPVOID context)
{
    struct monitor *monitor = (struct monitor *)context;
    BOOL deaf = FALSE, orphaned;

    AcquireSRWLockExclusive(&monitor->lock);
    while (!monitor->stopping) {
        HANDLE events[3] = {monitor->stop, monitor->look, NULL};
        DWORD wait_ms = patience(monitor, &events[2]);
        DWORD reason;

        if (deaf && wait_ms > DEAF_MS)
            wait_ms = DEAF_MS;
        ReleaseSRWLockExclusive(&monitor->lock);
        reason = WaitForMultipleObjects(events[2] != NULL && !deaf ? 3 : 2, events, FALSE, wait_ms);
        if (reason == WAIT_FAILED)
            Sleep(wait_ms < DEAF_MS ? wait_ms : DEAF_MS);
        AcquireSRWLockExclusive(&monitor->lock);
        deaf = !monitor->stopping && !decide(monitor) && reason == WAIT_OBJECT_0 + 2;
    }
    orphaned = monitor->orphaned;
    ReleaseSRWLockExclusive(&monitor->lock);
    if (orphaned)
        destroy(monitor);
    return 0;
}

/* Lock held. Takes what is missing, so a part that could be had is kept for the next try. */
static void start(struct monitor *monitor)
{
    if (monitor->thread != NULL || monitor->callback == NULL)
        return;
    if (monitor->stop == NULL)
        monitor->stop = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (monitor->look == NULL)
        monitor->look = CreateEvent(NULL, FALSE, FALSE, NULL);
    if (monitor->scarce == NULL)
        monitor->scarce = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    if (monitor->plenty == NULL)
        monitor->plenty = CreateMemoryResourceNotification(HighMemoryResourceNotification);
    if (monitor->stop != NULL && monitor->look != NULL && monitor->scarce != NULL &&
        monitor->plenty != NULL)
        monitor->thread = CreateThread(NULL, 0, watch, monitor, 0, &monitor->thread_id);
}

/* Of what Windows refused for want of memory. The thread is woken only when it can say so. */
static void note_refusal(struct monitor *monitor)
{
    ULONGLONG now_ms = GetTickCount64();
    HANDLE look = NULL;

    AcquireSRWLockExclusive(&monitor->lock);
    start(monitor);
    monitor->has_refusal = TRUE;
    monitor->refusal_ms = now_ms;
    if (!monitor->refused && may_tell_low(monitor, now_ms)) {
        monitor->refused = TRUE;
        look = monitor->look;
    }
    ReleaseSRWLockExclusive(&monitor->lock);
    if (look != NULL)
        SetEvent(look);
}

/* The last reference is gone. */
static void end(struct monitor *monitor)
{
    HANDLE thread;
    BOOL from_thread;
    DWORD code;

    AcquireSRWLockExclusive(&monitor->lock);
    thread = monitor->thread;
    from_thread = thread != NULL && monitor->thread_id == GetCurrentThreadId();
    monitor->orphaned = from_thread;
    monitor->stopping = TRUE;
    ReleaseSRWLockExclusive(&monitor->lock);
    if (from_thread) /* released by the CLR out of a message: nobody can wait for himself */
        return;
    if (thread != NULL) {
        SetEvent(monitor->stop);
        while (WaitForSingleObject(thread, INFINITE) != WAIT_OBJECT_0 &&
               (!GetExitCodeThread(thread, &code) || code == STILL_ACTIVE))
            Sleep(1);
    }
    destroy(monitor);
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
        IHostMemoryManager_Release(&allocator->monitor->iface);
        HeapFree(GetProcessHeap(), 0, allocator);
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **block)
{
    struct heap_malloc *allocator = (struct heap_malloc *)self;

    (void)level; /* nothing is held back here, so every level gets what there is */
    if (block == NULL)
        return E_POINTER;
    *block = HeapAlloc(allocator->heap, 0, size);
    if (*block != NULL)
        return S_OK;
    note_refusal(allocator->monitor);
    return E_OUTOFMEMORY;
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
    return HeapFree(allocator->heap, 0, block) ? S_OK : HOST_E_INVALIDOPERATION;
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
    struct monitor *monitor = (struct monitor *)self;

    return (ULONG)InterlockedIncrement(&monitor->references);
}

static ULONG STDMETHODCALLTYPE manager_release(IHostMemoryManager *self)
{
    struct monitor *monitor = (struct monitor *)self;
    LONG left = InterlockedDecrement(&monitor->references);

    if (left == 0)
        end(monitor);
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
    allocator->monitor = (struct monitor *)self;
    IHostMemoryManager_AddRef(self);
    *result = &allocator->iface;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_alloc(IHostMemoryManager *self, void *address,
                                                       SIZE_T size, DWORD type, DWORD protect,
                                                       EMemoryCriticalLevel level, void **result)
{
    HRESULT failure;

    (void)level;
    if (result == NULL)
        return E_POINTER;
    *result = VirtualAlloc(address, size, type, protect);
    if (*result != NULL)
        return S_OK;
    failure = lw_last_failure();
    /* A reservation fails for want of addresses, which no collection is quick to give back. */
    if (failure == E_OUTOFMEMORY && (type & MEM_COMMIT) != 0)
        note_refusal((struct monitor *)self);
    return failure;
}

static HRESULT STDMETHODCALLTYPE manager_virtual_free(IHostMemoryManager *self, LPVOID address,
                                                      SIZE_T size, DWORD type)
{
    (void)self;
    if (VirtualFree(address, size, type))
        return S_OK;
    if (GetLastError() == ERROR_INVALID_ADDRESS) /* not an allocation, or not its base */
        return HOST_E_INVALIDOPERATION;
    return lw_last_failure();
}

static HRESULT STDMETHODCALLTYPE manager_virtual_query(IHostMemoryManager *self, void *address,
                                                       void *buffer, SIZE_T length, SIZE_T *result)
{
    SIZE_T written;

    (void)self;
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
    struct monitor *monitor = (struct monitor *)self;
    MEMORYSTATUSEX status;

    if (load == NULL || available == NULL)
        return E_POINTER;
    AcquireSRWLockExclusive(&monitor->lock);
    start(monitor);
    ReleaseSRWLockExclusive(&monitor->lock);
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    *load = status.dwMemoryLoad;
    *available = status.ullAvailPhys > (SIZE_T)-1 ? (SIZE_T)-1 : (SIZE_T)status.ullAvailPhys;
    return S_OK;
}

/* A callback that was registered before knows what it was told; a new one knows nothing yet. */
static HRESULT STDMETHODCALLTYPE manager_register(IHostMemoryManager *self,
                                                  ICLRMemoryNotificationCallback *callback)
{
    struct monitor *monitor = (struct monitor *)self;
    ICLRMemoryNotificationCallback *before;
    HANDLE look;

    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    AcquireSRWLockExclusive(&monitor->lock);
    while (monitor->delivering && monitor->thread_id != GetCurrentThreadId())
        SleepConditionVariableSRW(&monitor->delivered, &monitor->lock, INFINITE, 0);
    before = monitor->callback;
    monitor->callback = callback;
    if (callback != before) /* a refusal that is still fresh counts all the same */
        monitor->in_low = monitor->has_low = monitor->refused = FALSE;
    start(monitor);
    look = monitor->look;
    ReleaseSRWLockExclusive(&monitor->lock);
    if (before != NULL)
        ICLRMemoryNotificationCallback_Release(before);
    if (look != NULL)
        SetEvent(look); /* the thread waits for another notification now */
    return S_OK;
}

/* The CLR could not map a file and asks whether a second try is worth while. Nothing can be given
 * up here, so that depends on the address space alone. S_FALSE would count as a yes. */
static HRESULT STDMETHODCALLTYPE manager_needs_space(IHostMemoryManager *self, LPVOID address,
                                                     SIZE_T size)
{
    MEMORYSTATUSEX status;

    (void)self;
    (void)address; /* a hint */
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
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
    struct monitor *monitor;

    if (result == NULL)
        return E_POINTER;
    *result = NULL;
    monitor = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*monitor));
    if (monitor == NULL)
        return E_OUTOFMEMORY;
    monitor->iface.lpVtbl = &manager_vtbl;
    monitor->references = 1;
    InitializeSRWLock(&monitor->lock);
    InitializeConditionVariable(&monitor->delivered);
    *result = &monitor->iface;
    return S_OK;
}

static const struct lw_param params[] = {
    {"interval", "shortest time between two Lows, and longest until a recovery is told",
     LW_MILLISECONDS, 100, 3600000, 8192, &low_interval_ms},
    {"hold", "a Low stands at least so long", LW_MILLISECONDS, 0, 3600000, 1000, &low_hold_ms},
    {NULL, NULL, LW_COUNT, 0, 0, 0, NULL}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {
    LW_POLICY_VERSION, "monitor", "a thread that waits for low memory and tells the CLR", params,
    CreateHostMemoryManager};
