/* Drives a bundled policy from inside a simulated process, as a CLR with whims would: for what a
 * scenario cannot say. A drive includes rename.h, the policy, this, and defines drive(), which the
 * factory calls on the CLR's thread; the manager that it returns serves the workload. */
#ifndef BUNDLED_DRIVE_H
#define BUNDLED_DRIVE_H

#include "../threads/check.h"

static IHostMemoryManager *drive(void);

#undef CreateHostMemoryManager
LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    *result = drive();
    return *result != NULL ? S_OK : E_OUTOFMEMORY;
}

/* The parameters are the policy's own. */
#undef lw_policy
LW_POLICY_EXPORT const struct policy_being_driven lw_policy = {
    LW_POLICY_VERSION, "driven", "a bundled policy, driven", params, CreateHostMemoryManager};

static IHostMemoryManager *new_manager(void)
{
    IHostMemoryManager *manager = NULL;
    unsigned tries = 0;

    while (create_policy(&manager) == E_OUTOFMEMORY) /* where failures are injected */
        EXPECT(manager == NULL && tries++ < 100);
    EXPECT(manager != NULL);
    return manager;
}

#ifdef CINTERFACE

/* A callback that remembers what it heard. */
struct listener {
    ICLRMemoryNotificationCallback iface; /* first */
    volatile LONG references;
    volatile LONG lows, recoveries, inside;
    EMemoryAvailable last;
    ULONGLONG last_ms;
    void (*on_message)(struct listener *listener); /* NULL: nothing more */
    IHostMemoryManager *manager;                   /* for it */
};

static HRESULT STDMETHODCALLTYPE listener_query(ICLRMemoryNotificationCallback *self, REFIID iid,
                                                void **object)
{
    (void)self, (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE listener_add_ref(ICLRMemoryNotificationCallback *self)
{
    return (ULONG)InterlockedIncrement(&((struct listener *)self)->references);
}

static ULONG STDMETHODCALLTYPE listener_release(ICLRMemoryNotificationCallback *self)
{
    LONG left = InterlockedDecrement(&((struct listener *)self)->references);

    EXPECT(left >= 0);
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE listener_hear(ICLRMemoryNotificationCallback *self,
                                               EMemoryAvailable news)
{
    struct listener *listener = (struct listener *)self;

    EXPECT(listener->references > 0);
    EXPECT(news >= eMemoryAvailableLow && news <= eMemoryAvailableHigh);
    EXPECT(InterlockedIncrement(&listener->inside) == 1); /* one message at a time */
    InterlockedIncrement(news == eMemoryAvailableLow ? &listener->lows : &listener->recoveries);
    listener->last = news;
    listener->last_ms = GetTickCount64();
    if (listener->on_message != NULL)
        listener->on_message(listener);
    InterlockedDecrement(&listener->inside);
    return S_OK;
}

static ICLRMemoryNotificationCallbackVtbl listener_vtbl = {listener_query, listener_add_ref,
                                                           listener_release, listener_hear};

#define LISTENER                                                                                   \
    {                                                                                              \
        {&listener_vtbl}, 0, 0, 0, 0, eMemoryAvailableNeutral, 0, NULL, NULL                       \
    }

/* A request that no machine can serve. */
static HRESULT ask_too_much(IHostMemoryManager *manager)
{
    void *memory = &memory;
    HRESULT answer =
        IHostMemoryManager_VirtualAlloc(manager, NULL, (SIZE_T)1 << 40, MEM_RESERVE | MEM_COMMIT,
                                        PAGE_READWRITE, eTaskCritical, &memory);
    EXPECT(answer != S_OK && memory == NULL);
    return answer;
}

static void listen_with(IHostMemoryManager *manager, struct listener *listener)
{
    EXPECT(IHostMemoryManager_RegisterMemoryNotificationCallback(
               manager, listener != NULL ? &listener->iface : NULL) == S_OK);
}

/* Of a host that tells on the calls: who is registered again has heard of the Low, who is new has
 * not, and who is gone hears no more. */
static inline void registered_again_is_not_told_again(void)
{
    struct listener first = LISTENER, second = LISTENER;
    IHostMemoryManager *manager = new_manager();
    unsigned i;

    listen_with(manager, &first);
    EXPECT(first.lows == 0);
    ask_too_much(manager);
    for (i = 0; i < 5; i++) {
        listen_with(manager, &first);
        ask_too_much(manager);
        EXPECT(first.lows == 1 && first.references == 1);
    }
    listen_with(manager, &second);
    listen_with(manager, &second);
    EXPECT(second.lows == 1 && first.references == 0);
    listen_with(manager, NULL);
    ask_too_much(manager);
    EXPECT(first.lows == 1 && second.lows == 1 && second.references == 0);
    listen_with(manager, &first); /* it may have missed something in between */
    EXPECT(first.lows == 2 && first.recoveries == 0);
    EXPECT(IHostMemoryManager_Release(manager) == 0 && first.references == 0);
}

#endif

#endif
