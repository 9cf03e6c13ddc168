/* Heaps as Windows exports them. What a heap is stands in heap.c; here are arguments, failure
 * points, records, last errors, and the exceptions of HEAP_GENERATE_EXCEPTIONS. A pointer that is
 * no block ends the run as Windows ends the process: with STATUS_HEAP_CORRUPTION. */
#include "include/objbase.h"

#include "core/binding.h"
#include "core/check.h"
#include "os/heap.h"

#define LARGEST_BLOCK (UINT64_C(1) << 62)

static struct sim *current_sim(void)
{
    return machine_sim(machine_current());
}

static uint64_t number(const volatile void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* The heap of a handle; a handle of none ends the run, as Windows' heap code would crash. */
static struct heap *heap_of(HANDLE handle, const char *call)
{
    struct machine *m = machine_current();
    struct heap *heap = heap_from_handle(m, number(handle));
    if (!heap)
        sim_stop_text(current_sim(), STOP_HEAP_CORRUPTION, STATUS_HEAP_CORRUPTION,
                      "heap corruption found by %s: the handle is %s", call,
                      handle ? "no heap, or a destroyed one" : "NULL: had HeapCreate failed?");
    return heap;
}

static void raise_no_memory(struct sim *sim, const char *call)
{
    sim_event(sim, EVENT_exception, 0, STATUS_NO_MEMORY, 0, 0, 0);
    sim_stop_text(sim, STOP_EXCEPTION, STATUS_NO_MEMORY,
                  "%s raised STATUS_NO_MEMORY (HEAP_GENERATE_EXCEPTIONS)", call);
}

/* ---- heaps ---- */

HANDLE WINAPI HeapCreate(DWORD options, SIZE_T initial_size, SIZE_T maximum_size)
{
    struct sim *sim = current_sim();
    const struct call_traits traits = {.size = initial_size, .flags = options};
    struct heap_options wanted = {options, initial_size, maximum_size};
    struct heap *heap = NULL;
    enum status status = sim_call(sim, EVENT_HeapCreate, &traits);
    if (status == ST_OK && maximum_size && initial_size > maximum_size)
        status = ST_INVALID_PARAMETER;
    if (status == ST_OK)
        status = heap_create(machine_current(), &wanted, &heap);
    CHECK((status == ST_OK) == (heap != NULL));
    HANDLE handle = heap ? (HANDLE)(uintptr_t)heap_handle(heap) : NULL;
    sim_event(sim, EVENT_HeapCreate, status_code(status), options, initial_size, maximum_size,
              sim_logical(number(handle)));
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return handle;
}

BOOL WINAPI HeapDestroy(HANDLE handle)
{
    struct sim *sim = current_sim();
    struct machine *m = machine_current();
    uint64_t bad;
    sim_call(sim, EVENT_HeapDestroy, NULL);
    struct heap *heap = heap_of(handle, "HeapDestroy");
    bool is_process_heap = heap == machine_process_heap(m);
    sim_event(sim, EVENT_HeapDestroy, is_process_heap ? ERROR_INVALID_HANDLE : 0,
              sim_logical(number(handle)), 0, 0, 0);
    if (is_process_heap) { /* Windows keeps it */
        sim->thread->last_error = ERROR_INVALID_HANDLE;
        return FALSE;
    }
    if (heap_validate(m, heap, &bad) != HEAP_OK)
        heap_corrupted(m, heap, bad, HEAP_OVERRUN, "HeapDestroy");
    heap_destroy(m, heap);
    CHECK(heap_from_handle(m, number(handle)) == NULL);
    return TRUE;
}

HANDLE WINAPI GetProcessHeap(void)
{
    return (HANDLE)(uintptr_t)heap_handle(machine_process_heap(machine_current()));
}

DWORD WINAPI GetProcessHeaps(DWORD count, PHANDLE heaps)
{
    GetProcessHeap(); /* is one of them, used so far or not */
    _Static_assert(sizeof(HANDLE) == sizeof(uint64_t), "handles are stored as they are");
    return heap_handles(machine_current(), (uint64_t *)heaps, count);
}

/* ---- blocks ---- */

LPVOID WINAPI HeapAlloc(HANDLE handle, DWORD flags, SIZE_T bytes)
{
    struct sim *sim = current_sim();
    struct machine *m = machine_current();
    const struct call_traits traits = {.size = bytes, .flags = flags};
    uint64_t block = 0;
    enum status status = sim_call(sim, EVENT_HeapAlloc, &traits);
    struct heap *heap = heap_of(handle, "HeapAlloc");
    if (status == ST_OK && bytes > LARGEST_BLOCK)
        status = ST_NOT_ENOUGH_MEMORY;
    if (status == ST_OK)
        status = heap_alloc(m, heap, bytes, 16, flags & HEAP_ZERO_MEMORY, &block);
    CHECK((status == ST_OK) == (block != 0));
    sim_event(sim, EVENT_HeapAlloc, status_code(status), sim_logical(number(handle)), flags, bytes,
              sim_logical(block));
    if (status != ST_OK && ((flags | heap_flags(heap)) & HEAP_GENERATE_EXCEPTIONS))
        raise_no_memory(sim, "HeapAlloc");
    if (status != ST_OK) /* documented not to, but RtlAllocateHeap does (row 60) */
        sim->thread->last_error = status_code(status);
    return (LPVOID)(uintptr_t)block;
}

LPVOID WINAPI HeapReAlloc(HANDLE handle, DWORD flags, LPVOID old, SIZE_T bytes)
{
    struct sim *sim = current_sim();
    struct machine *m = machine_current();
    const struct call_traits traits = {.size = bytes, .flags = flags};
    uint64_t block = 0, size;
    enum status status = sim_call(sim, EVENT_HeapReAlloc, &traits);
    struct heap *heap = heap_of(handle, "HeapReAlloc");
    enum heap_result state = heap_check(m, heap, number(old), &size);
    if (state != HEAP_OK)
        heap_corrupted(m, heap, number(old), state, "HeapReAlloc");
    if (status == ST_OK && bytes > LARGEST_BLOCK)
        status = ST_NOT_ENOUGH_MEMORY;
    if (status == ST_OK)
        status = heap_realloc(m, heap, number(old), bytes, flags & HEAP_ZERO_MEMORY,
                              flags & HEAP_REALLOC_IN_PLACE_ONLY, &block);
    CHECK((status == ST_OK) == (block != 0));
    sim_event(sim, EVENT_HeapReAlloc, status_code(status), sim_logical(number(handle)),
              sim_logical(number(old)), bytes, sim_logical(block));
    if (status != ST_OK && ((flags | heap_flags(heap)) & HEAP_GENERATE_EXCEPTIONS))
        raise_no_memory(sim, "HeapReAlloc");
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return (LPVOID)(uintptr_t)block;
}

BOOL WINAPI HeapFree(HANDLE handle, DWORD flags, LPVOID block)
{
    struct sim *sim = current_sim();
    struct machine *m = machine_current();
    sim_call(sim, EVENT_HeapFree, NULL);
    struct heap *heap = heap_of(handle, "HeapFree");
    sim_event(sim, EVENT_HeapFree, 0, sim_logical(number(handle)), flags,
              sim_logical(number(block)), 0);
    if (!block)
        return TRUE;
    enum heap_result result = heap_free(m, heap, number(block));
    if (result != HEAP_OK)
        heap_corrupted(m, heap, number(block), result, "HeapFree");
    return TRUE;
}

SIZE_T WINAPI HeapSize(HANDLE handle, DWORD flags, LPCVOID block)
{
    struct sim *sim = current_sim();
    uint64_t size = 0;
    (void)flags;
    sim_call(sim, EVENT_HeapSize, NULL);
    struct heap *heap = heap_of(handle, "HeapSize");
    enum heap_result result = heap_check(machine_current(), heap, number(block), &size);
    if (result != HEAP_OK)
        size = (SIZE_T)-1;
    sim_event(sim, EVENT_HeapSize, 0, sim_logical(number(handle)), sim_logical(number(block)), size,
              0);
    return size;
}

BOOL WINAPI HeapValidate(HANDLE handle, DWORD flags, LPCVOID block)
{
    struct sim *sim = current_sim();
    struct machine *m = machine_current();
    uint64_t ignored;
    (void)flags;
    sim_call(sim, EVENT_HeapValidate, NULL);
    struct heap *heap = heap_of(handle, "HeapValidate");
    bool valid = block ? heap_validate_one(m, heap, number(block)) == HEAP_OK
                       : heap_validate(m, heap, &ignored) == HEAP_OK;
    sim_event(sim, EVENT_HeapValidate, 0, sim_logical(number(handle)), sim_logical(number(block)),
              valid, 0);
    return valid;
}

SIZE_T WINAPI HeapCompact(HANDLE handle, DWORD flags)
{
    struct sim *sim = current_sim();
    (void)flags;
    sim_call(sim, EVENT_HeapCompact, NULL);
    uint64_t largest = heap_largest_free(machine_current(), heap_of(handle, "HeapCompact"));
    sim_event(sim, EVENT_HeapCompact, 0, sim_logical(number(handle)), largest, 0, 0);
    return largest;
}

/* One thread runs at a time and does not give the processor up inside a heap call. */
BOOL WINAPI HeapLock(HANDLE handle)
{
    return heap_of(handle, "HeapLock") != NULL;
}
BOOL WINAPI HeapUnlock(HANDLE handle)
{
    return heap_of(handle, "HeapUnlock") != NULL;
}

BOOL WINAPI HeapSetInformation(HANDLE handle, HEAP_INFORMATION_CLASS about, PVOID info,
                               SIZE_T length)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_HeapSetInformation, NULL);
    bool compatibility = about == HeapCompatibilityInformation;
    if (status == ST_OK && compatibility && (!info || length < sizeof(ULONG)))
        status = ST_INVALID_PARAMETER;
    /* The low-fragmentation heap (2) needs serialisation (row 64). */
    if (status == ST_OK && compatibility && *(ULONG *)info == 2 && handle &&
        (heap_flags(heap_of(handle, "HeapSetInformation")) & HEAP_NO_SERIALIZE))
        status = ST_INVALID_PARAMETER;
    sim_event(sim, EVENT_HeapSetInformation, status_code(status), sim_logical(number(handle)),
              (uint64_t)about, 0, 0);
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return status == ST_OK;
}

BOOL WINAPI HeapQueryInformation(HANDLE handle, HEAP_INFORMATION_CLASS about, PVOID info,
                                 SIZE_T length, PSIZE_T returned)
{
    heap_of(handle, "HeapQueryInformation");
    if (about != HeapCompatibilityInformation || length < sizeof(ULONG)) {
        current_sim()->thread->last_error = ERROR_INSUFFICIENT_BUFFER;
        return FALSE;
    }
    *(ULONG *)info = 2; /* Windows gives every growable heap the low-fragmentation front end */
    if (returned)
        *returned = sizeof(ULONG);
    return TRUE;
}

/* ---- older names for blocks of the process heap ---- */

static LPVOID process_alloc(bool zero, SIZE_T bytes)
{
    return HeapAlloc(GetProcessHeap(), zero ? HEAP_ZERO_MEMORY : 0, bytes);
}

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T bytes)
{
    return process_alloc(flags & LMEM_ZEROINIT, bytes);
}

HLOCAL WINAPI LocalReAlloc(HLOCAL block, SIZE_T bytes, UINT flags)
{
    return HeapReAlloc(GetProcessHeap(), flags & LMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0, block,
                       bytes);
}

HLOCAL WINAPI LocalFree(HLOCAL block)
{
    HeapFree(GetProcessHeap(), 0, block);
    return NULL;
}

SIZE_T WINAPI LocalSize(HLOCAL block)
{
    return HeapSize(GetProcessHeap(), 0, block);
}

HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T bytes)
{
    return process_alloc(flags & GMEM_ZEROINIT, bytes);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL block)
{
    return LocalFree(block);
}

SIZE_T WINAPI GlobalSize(HGLOBAL block)
{
    return LocalSize(block);
}

LPVOID WINAPI CoTaskMemAlloc(SIZE_T bytes)
{
    return process_alloc(false, bytes);
}

LPVOID WINAPI CoTaskMemRealloc(LPVOID block, SIZE_T bytes)
{
    if (!block)
        return CoTaskMemAlloc(bytes);
    if (bytes == 0) {
        CoTaskMemFree(block);
        return NULL;
    }
    return HeapReAlloc(GetProcessHeap(), 0, block, bytes);
}

void WINAPI CoTaskMemFree(LPVOID block)
{
    HeapFree(GetProcessHeap(), 0, block);
}

/* Apartments mean nothing to a memory manager. */
HRESULT WINAPI CoInitialize(LPVOID reserved)
{
    (void)reserved;
    return S_OK;
}

HRESULT WINAPI CoInitializeEx(LPVOID reserved, DWORD model)
{
    (void)reserved, (void)model;
    return S_OK;
}

void WINAPI CoUninitialize(void) {}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_heap_bindings[] = {
    BIND(HeapCreate),         BIND(HeapDestroy),
    BIND(GetProcessHeap),     BIND(GetProcessHeaps),
    BIND(HeapAlloc),          BIND(HeapReAlloc),
    BIND(HeapFree),           BIND(HeapSize),
    BIND(HeapValidate),       BIND(HeapCompact),
    BIND(HeapLock),           BIND(HeapUnlock),
    BIND(HeapSetInformation), BIND(HeapQueryInformation),
    BIND(LocalAlloc),         BIND(LocalReAlloc),
    BIND(LocalFree),          BIND(LocalSize),
    BIND(GlobalAlloc),        BIND(GlobalFree),
    BIND(GlobalSize),         BIND(CoTaskMemAlloc),
    BIND(CoTaskMemRealloc),   BIND(CoTaskMemFree),
    BIND(CoInitialize),       BIND(CoInitializeEx),
    BIND(CoUninitialize),     {NULL, NULL},
};
