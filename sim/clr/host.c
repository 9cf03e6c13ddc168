/* Calls of the CLR into the policy. See host.h. */
#define CINTERFACE
#define COBJMACROS
#include "clr/host.h"
#include "clr/load.h"

#include "core/race.h"

/* What the CLR leaves in a result before the call: never a sensible address. */
#define GARBAGE ((void *)(uintptr_t)0xBAADF00DBAADF00D)

/* ---- entering and leaving the policy ---- */

/* Its stack is not what it was: the compiler's own jumps are seen by nobody. */
static _Noreturn void came_another_way(struct sim *sim)
{
    sim_stop_text(sim, STOP_ABORT, 0,
                  "the policy is back in the CLR without having returned from its call "
                  "(a jump out of it?)");
}

static void enter(struct clr *clr, uint16_t call, uint64_t a, uint64_t b, uint64_t c)
{
    struct sim *sim = clr->sim;
    if (sim->actor == ACTOR_POLICY)
        came_another_way(sim);
    sched_point(sim);
    race_acquire(sim, sim->thread, clr->notified);
    sim->host_call = call;
    sim->host_call_arg[0] = a;
    sim->host_call_arg[1] = b;
    sim->host_call_arg[2] = c;
    sim->host_call_level = -1;
    sim->calls_in_host_call = 0;
    sim->progress++;
    sim->thread->entries++;
    sim_charge(sim, sim->costs_ns[call]);
    CHECK(call < EVENT_KINDS);
    sim->actor = ACTOR_POLICY;
}

/* The same for a request of memory, which says what its failure would cost. */
static void enter_at_level(struct clr *clr, uint16_t call, uint64_t a, uint64_t b, uint64_t c,
                           EMemoryCriticalLevel level)
{
    enter(clr, call, a, b, c);
    clr->sim->host_call_level = (int)level;
}

static HRESULT leave(struct clr *clr, HRESULT result)
{
    struct sim *sim = clr->sim;
    if (sim->actor != ACTOR_POLICY)
        came_another_way(sim);
    race_call(sim, 0);
    sim->actor = ACTOR_CLR;
    sim->thread->entries++;
    sim->host_call = EVENT_KINDS;
    sim->host_call_level = -1;
    sim->counters[COUNTER_vtable_calls]++;
    sim->counters[COUNTER_vtable_refusals] += result != S_OK;
    sched_point(sim);
    clr->answer = result; /* until the next point: other threads call as well */
    clr->leftover = 0;
    return result;
}

static uint64_t number(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* An out parameter as records show it: where it was not written, 0. */
static uint64_t shown(const void *pointer)
{
    return pointer == GARBAGE ? 0 : sim_logical(number(pointer));
}

/* ---- the notification callback: one object, as the real CLR's ---- */

struct callback {
    ICLRMemoryNotificationCallback iface;
    struct clr *clr;
};

static HRESULT STDMETHODCALLTYPE callback_query(ICLRMemoryNotificationCallback *This, REFIID riid,
                                                void **object)
{
    if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_ICLRMemoryNotificationCallback))
        return E_NOINTERFACE;
    *object = This; /* without AddRef, and without looking at NULL: as the real one */
    return S_OK;
}

static ULONG STDMETHODCALLTYPE callback_reference(ICLRMemoryNotificationCallback *This)
{
    (void)This;
    return 1;
}

static HRESULT STDMETHODCALLTYPE callback_notify(ICLRMemoryNotificationCallback *This,
                                                 EMemoryAvailable available)
{
    struct clr *clr = ((struct callback *)This)->clr;
    struct sim *sim = clr->sim;
    static const uint8_t counters[] = {[eMemoryAvailableLow] = COUNTER_low_notifications,
                                       [eMemoryAvailableNeutral] = COUNTER_neutral_notifications,
                                       [eMemoryAvailableHigh] = COUNTER_high_notifications};
    if (available >= eMemoryAvailableLow && available <= eMemoryAvailableHigh) {
        sim->counters[counters[available]]++;
        clr->availability = available; /* anything else tells the CLR nothing */
    }
    race_release(sim, &clr->notified);
    if (sim->on_notify)
        sim->on_notify(sim);
    sim_charge(sim, sim->costs_ns[EVENT_clr_Notification]);
    sim_event(sim, EVENT_clr_Notification, 0, (uint64_t)available, 0, 0, 0);
    return S_OK;
}

static const ICLRMemoryNotificationCallbackVtbl callback_table = {
    callback_query, callback_reference, callback_reference, callback_notify};

/* ---- the life of a run ---- */

static HRESULT get_manager(struct clr *clr)
{
    void *manager = NULL;
    enter(clr, EVENT_host_factory, 1, 0, 0);
    HRESULT result =
        leave(clr, IHostControl_GetHostManager(clr->control, &IID_IHostMemoryManager, &manager));
    sim_event(clr->sim, EVENT_host_factory, (uint32_t)result, 1, manager != NULL, 0, 0);
    if (result == S_OK && !manager)
        result = E_NOINTERFACE;
    clr->manager = manager;
    return result;
}

HRESULT host_create_malloc(struct clr *clr, uint32_t type, IHostMalloc **result)
{
    IHostMalloc *malloc = GARBAGE;
    enter(clr, EVENT_host_CreateMalloc, type, 0, 0);
    HRESULT hr = leave(clr, IHostMemoryManager_CreateMalloc(clr->manager, type, &malloc));
    if (malloc == GARBAGE)
        malloc = NULL;
    sim_event(clr->sim, EVENT_host_CreateMalloc, (uint32_t)hr, type, malloc != NULL, 0, 0);
    *result = hr == S_OK ? malloc : NULL;
    race_release_at(clr->sim, number(*result), false);
    return hr == S_OK && !malloc ? E_POINTER : hr;
}

HRESULT host_register_callback(struct clr *clr)
{
    if (!clr->callback) {
        struct callback *callback = arena_alloc(&clr->sim->arena, sizeof *callback);
        callback->iface.lpVtbl = &callback_table;
        callback->clr = clr;
        clr->callback = &callback->iface;
    }
    enter(clr, EVENT_host_RegisterCallback, 1, 0, 0);
    HRESULT hr = leave(
        clr, IHostMemoryManager_RegisterMemoryNotificationCallback(clr->manager, clr->callback));
    clr->callback_registered = hr == S_OK;
    sim_event(clr->sim, EVENT_host_RegisterCallback, (uint32_t)hr, 1, 0, 0, 0);
    return hr;
}

HRESULT clr_start(struct clr *clr, const struct clr_env *env, IHostControl *control,
                  IHostMemoryManager *manager)
{
    CHECK((control != NULL) != (manager != NULL));
    CHECK(env->touch != NULL && env->os_reserve != NULL && env->os_release != NULL);
    *clr = (struct clr){.env = *env,
                        .sim = env->sim,
                        .control = control,
                        .manager = manager,
                        .availability = eMemoryAvailableNeutral};
    clr->sim->actor = ACTOR_CLR;
    clr->sim->memory_told = load_told;
    clr->sim->memory_told_context = clr;
    HRESULT result = control ? get_manager(clr) : S_OK;
    if (result == S_OK)
        result = host_create_malloc(clr, MALLOC_THREADSAFE, &clr->malloc);
    if (result == S_OK)
        host_register_callback(clr); /* the CLR does not look at the answer */
    return result;
}

void clr_release(struct clr *clr)
{
    if (clr->malloc && !(clr->released & 1u << HOST_MALLOC))
        host_release(clr, (IUnknown *)clr->malloc, HOST_MALLOC);
    if (clr->manager && !(clr->released & 1u << HOST_MANAGER))
        host_release(clr, (IUnknown *)clr->manager, HOST_MANAGER);
    if (clr->control && !(clr->released & 1u << HOST_CONTROL))
        host_release(clr, (IUnknown *)clr->control, HOST_CONTROL);
    clr->malloc = NULL;
    clr->manager = NULL;
    clr->control = NULL;
}

/* ---- views ---- */

bool clr_map_view(struct clr *clr, uint64_t size, uint64_t *address)
{
    const struct clr_env *env = &clr->env;
    bool mapped = env->os_reserve(env->context, size, true, address);
    if (!mapped && SUCCEEDED(host_needs_address_space(clr, 0, size)))
        mapped = env->os_reserve(env->context, size, true, address);
    if (!mapped) {
        *address = 0;
        return false;
    }
    CHECK(*address != 0);
    env->os_commit(env->context, *address, size); /* costs a view nothing */
    host_acquired_address_space(clr, *address, size);
    return true;
}

void clr_unmap_view(struct clr *clr, uint64_t address)
{
    CHECK(address != 0);
    clr->env.os_release(clr->env.context, address);
    host_released_address_space(clr, address);
}

/* ---- IUnknown of the host's objects ---- */

HRESULT host_query_interface(struct clr *clr, IUnknown *object, uint64_t which, const IID *iid,
                             IUnknown **result)
{
    void *found = GARBAGE;
    enter(clr, EVENT_host_QueryInterface, which, iid->Data1, 0);
    HRESULT hr = leave(clr, IUnknown_QueryInterface(object, iid, &found));
    if (found == GARBAGE)
        found = NULL;
    sim_event(clr->sim, EVENT_host_QueryInterface, (uint32_t)hr, which, iid->Data1, found != NULL,
              0);
    *result = hr == S_OK ? found : NULL;
    race_release_at(clr->sim, number(*result), false);
    return hr == S_OK && !found ? E_POINTER : hr;
}

uint32_t host_add_ref(struct clr *clr, IUnknown *object, uint64_t which)
{
    enter(clr, EVENT_host_AddRef, which, 0, 0);
    ULONG references = IUnknown_AddRef(object);
    leave(clr, S_OK);
    sim_event(clr->sim, EVENT_host_AddRef, 0, which, references, 0, 0);
    return references;
}

uint32_t host_release(struct clr *clr, IUnknown *object, uint64_t which)
{
    enter(clr, EVENT_host_Release, which, 0, 0);
    ULONG references = IUnknown_Release(object);
    leave(clr, S_OK);
    sim_event(clr->sim, EVENT_host_Release, 0, which, references, 0, 0);
    return references;
}

/* ---- virtual memory ---- */

static bool is_in_window(uint64_t address, uint64_t size)
{
    return address - WINDOW_BASE < WINDOW_BYTES && size <= WINDOW_BASE + WINDOW_BYTES - address;
}

/* Memory from the host, 0 when the request was refused. A result that a refused call did not write
 * at all is let pass: the CLR does not read it. */
static HRESULT took(struct clr *clr, HRESULT hr, const void *memory, uint64_t size,
                    uint64_t *result)
{
    uint64_t given = memory != GARBAGE ? number(memory) : 0;
    *result = hr == S_OK ? given : 0;
    if (is_in_window(*result, size))
        race_hand_out(clr->sim, *result, size);
    clr->leftover = hr == S_OK ? 0 : given;
    return hr == S_OK && *result == 0 ? E_OUTOFMEMORY : hr;
}

HRESULT host_virtual_alloc(struct clr *clr, uint64_t address, uint64_t size, uint32_t type,
                           uint32_t protect, EMemoryCriticalLevel level, uint64_t *result)
{
    void *memory = GARBAGE;
    enter_at_level(clr, EVENT_host_VirtualAlloc, sim_logical(address), size,
                   type | (uint64_t)protect << 32 | (uint64_t)level << 48, level);
    if (is_in_window(address, size))
        race_hand_back(clr->sim, address, size);
    HRESULT hr = leave(clr, IHostMemoryManager_VirtualAlloc(clr->manager, (void *)address, size,
                                                            type, protect, level, &memory));
    sim_event(clr->sim, EVENT_host_VirtualAlloc, (uint32_t)hr, sim_logical(address), size,
              type | (uint64_t)protect << 32 | (uint64_t)level << 48, shown(memory));
    return took(clr, hr, memory, size, result);
}

HRESULT host_virtual_free(struct clr *clr, uint64_t address, uint64_t size, uint32_t type)
{
    enter(clr, EVENT_host_VirtualFree, sim_logical(address), size, type);
    if (is_in_window(address, size))
        race_hand_back(clr->sim, address, size);
    HRESULT hr =
        leave(clr, IHostMemoryManager_VirtualFree(clr->manager, (void *)address, size, type));
    sim_event(clr->sim, EVENT_host_VirtualFree, (uint32_t)hr, sim_logical(address), size, type, 0);
    return hr;
}

HRESULT host_virtual_query(struct clr *clr, uint64_t address, MEMORY_BASIC_INFORMATION *info)
{
    SIZE_T written = 0;
    *info = (MEMORY_BASIC_INFORMATION){0};
    enter(clr, EVENT_host_VirtualQuery, sim_logical(address), 0, 0);
    HRESULT hr = leave(clr, IHostMemoryManager_VirtualQuery(clr->manager, (void *)address, info,
                                                            sizeof *info, &written));
    sim_event(clr->sim, EVENT_host_VirtualQuery, (uint32_t)hr, sim_logical(address),
              sim_logical(number(info->BaseAddress)), info->RegionSize,
              info->State | (uint64_t)info->Protect << 32);
    return hr;
}

HRESULT host_virtual_protect(struct clr *clr, uint64_t address, uint64_t size, uint32_t protect,
                             uint32_t *old)
{
    DWORD before = 0;
    enter(clr, EVENT_host_VirtualProtect, sim_logical(address), size, protect);
    HRESULT hr = leave(clr, IHostMemoryManager_VirtualProtect(clr->manager, (void *)address, size,
                                                              protect, &before));
    sim_event(clr->sim, EVENT_host_VirtualProtect, (uint32_t)hr, sim_logical(address), size,
              protect | (uint64_t)before << 32, 0);
    *old = before;
    return hr;
}

HRESULT host_get_memory_load(struct clr *clr, uint32_t *load, uint64_t *available)
{
    DWORD percent = LOAD_UNWRITTEN;
    SIZE_T bytes = AVAILABLE_UNWRITTEN;
    struct load_answer answer = {.clr = clr};
    enter(clr, EVENT_host_GetMemoryLoad, 0, 0, 0);
    load_call_begins(&answer);
    HRESULT hr = IHostMemoryManager_GetMemoryLoad(clr->manager, &percent, &bytes);
    load_call_ends(&answer);
    leave(clr, hr);
    *load = percent != LOAD_UNWRITTEN ? percent : 0;
    *available = bytes != AVAILABLE_UNWRITTEN ? bytes : 0;
    sim_event(clr->sim, EVENT_host_GetMemoryLoad, (uint32_t)hr, *load, *available, 0, 0);
    if (hr == S_OK)
        load_judge(&answer, percent, bytes);
    return hr;
}

HRESULT host_needs_address_space(struct clr *clr, uint64_t address, uint64_t size)
{
    enter(clr, EVENT_host_NeedsVirtualAddressSpace, sim_logical(address), size, 0);
    HRESULT hr = leave(
        clr, IHostMemoryManager_NeedsVirtualAddressSpace(clr->manager, (void *)address, size));
    sim_event(clr->sim, EVENT_host_NeedsVirtualAddressSpace, (uint32_t)hr, sim_logical(address),
              size, 0, 0);
    return hr;
}

HRESULT host_acquired_address_space(struct clr *clr, uint64_t address, uint64_t size)
{
    enter(clr, EVENT_host_AcquiredVirtualAddressSpace, sim_logical(address), size, 0);
    HRESULT hr = leave(
        clr, IHostMemoryManager_AcquiredVirtualAddressSpace(clr->manager, (void *)address, size));
    sim_event(clr->sim, EVENT_host_AcquiredVirtualAddressSpace, (uint32_t)hr, sim_logical(address),
              size, 0, 0);
    return hr;
}

HRESULT host_released_address_space(struct clr *clr, uint64_t address)
{
    enter(clr, EVENT_host_ReleasedVirtualAddressSpace, sim_logical(address), 0, 0);
    HRESULT hr =
        leave(clr, IHostMemoryManager_ReleasedVirtualAddressSpace(clr->manager, (void *)address));
    sim_event(clr->sim, EVENT_host_ReleasedVirtualAddressSpace, (uint32_t)hr, sim_logical(address),
              0, 0, 0);
    return hr;
}

/* ---- small blocks ---- */

HRESULT host_malloc_alloc(struct clr *clr, IHostMalloc *object, uint64_t size,
                          EMemoryCriticalLevel level, uint64_t *result)
{
    void *block = GARBAGE;
    enter_at_level(clr, EVENT_malloc_Alloc, size, level, 0, level);
    race_acquire_at(clr->sim, number(object));
    HRESULT hr = leave(clr, IHostMalloc_Alloc(object, size, level, &block));
    sim_event(clr->sim, EVENT_malloc_Alloc, (uint32_t)hr, size, level, shown(block), 0);
    return took(clr, hr, block, size, result);
}

HRESULT host_malloc_debug_alloc(struct clr *clr, IHostMalloc *object, uint64_t size,
                                EMemoryCriticalLevel level, const char *file, int line,
                                uint64_t *result)
{
    void *block = GARBAGE;
    enter_at_level(clr, EVENT_malloc_DebugAlloc, size, level, (uint64_t)line, level);
    race_acquire_at(clr->sim, number(object));
    HRESULT hr =
        leave(clr, IHostMalloc_DebugAlloc(object, size, level, (char *)file, line, &block));
    sim_event(clr->sim, EVENT_malloc_DebugAlloc, (uint32_t)hr, size, level, shown(block),
              (uint64_t)line);
    return took(clr, hr, block, size, result);
}

HRESULT host_malloc_free(struct clr *clr, IHostMalloc *object, uint64_t block)
{
    enter(clr, EVENT_malloc_Free, sim_logical(block), 0, 0);
    race_acquire_at(clr->sim, number(object));
    if (is_in_window(block, 0))
        race_hand_back(clr->sim, block, 0);
    HRESULT hr = leave(clr, IHostMalloc_Free(object, (void *)block));
    sim_event(clr->sim, EVENT_malloc_Free, (uint32_t)hr, sim_logical(block), 0, 0, 0);
    return hr;
}
