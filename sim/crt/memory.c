/* malloc, operator new and their relatives, on the heap of the simulated process.
 *
 * Every allocation is a simulated call with a row, a failure point and a record; blocks are fresh
 * memory of the window, so that a use after free or an overrun is found like one of HeapAlloc's.
 * Freeing what is no live block of this heap ends the run as a heap corruption.
 *
 * free(NULL) and delete of a null pointer leave no record: compilers drop such calls or not,
 * depending on how they optimise, and the digest must not.
 *
 * operator new calls the policy's new handler as C++ demands, and throws std::bad_alloc through
 * the C++ library that the policy uses. The nothrow forms return null without asking the handler:
 * a handler may throw, and C cannot catch it. */
#include <string.h>
#include "core/binding.h"
#include "crt/crt.h"
#include "os/heap.h"

/* Above it, no allocation can succeed anywhere (the C library's own limit). */
#define BYTES_MAX ((size_t)PTRDIFF_MAX)
/* What an overflowing product of sizes is called in records. */
#define BYTES_OVERFLOW SIZE_MAX

struct request {
    uint16_t call; /* EVENT_ */
    size_t bytes;
    size_t alignment; /* 0: the default, 16 */
    bool zero;
};

static bool is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Asks plan and heap; *block is 0 on failure. Leaves record and errno to the caller. */
static enum status take(struct sim *sim, const struct request *request, uint64_t *block)
{
    CHECK(request->alignment == 0 || is_power_of_two(request->alignment));
    CHECK(event_shapes[request->call].failure == ST_ENOMEM);
    const struct call_traits traits = {.size = request->bytes};
    *block = 0;
    enum status status = sim_call(sim, request->call, &traits);
    if (status == ST_OK && request->bytes > BYTES_MAX)
        status = ST_ENOMEM;
    if (status != ST_OK)
        return ST_ENOMEM;
    struct machine *machine = machine_current();
    size_t alignment = request->alignment > 16 ? request->alignment : 16;
    status = heap_alloc(machine, machine_process_heap(machine), request->bytes, alignment,
                        request->zero, block);
    if (status != ST_OK)
        *block = 0;
    else
        sim->counters[COUNTER_crt_allocations]++;
    CHECK((status == ST_OK) == (*block != 0));
    CHECK(*block % alignment == 0);
    return status == ST_OK ? ST_OK : ST_ENOMEM;
}

/* The caller passes records' arguments in the order of the row. */
static void *finish(struct sim *sim, const struct request *request, enum status status,
                    uint64_t block)
{
    CHECK((status == ST_OK) == (block != 0));
    CHECK(request->call < EVENT_KINDS);
    uint64_t result = sim_logical(block);
    uint32_t error = status_code(status);
    if (request->alignment != 0)
        sim_event(sim, request->call, error, request->alignment, request->bytes, result, 0);
    else
        sim_event(sim, request->call, error, request->bytes, result, 0, 0);
    if (status != ST_OK)
        sim->thread->crt_errno = CRT_ENOMEM;
    return (void *)block;
}

/* Gives back a live block, or ends the run. */
static void give_back(struct sim *sim, uint16_t call, void *block)
{
    CHECK(call == EVENT_free || call == EVENT_operator_delete);
    if (!block)
        return;
    struct machine *machine = machine_current();
    struct heap *heap = machine_process_heap(machine);
    sim_call(sim, call, NULL);
    sim_event(sim, call, 0, sim_logical((uintptr_t)block), 0, 0, 0);
    enum heap_result result = heap_free(machine, heap, (uintptr_t)block);
    if (result != HEAP_OK)
        heap_corrupted(machine, heap, (uintptr_t)block, result, event_shapes[call].name);
}

/* The size of a live block; ends the run if it is none. */
static uint64_t size_of(const void *block, const char *call)
{
    struct machine *machine = machine_current();
    struct heap *heap = machine_process_heap(machine);
    uint64_t bytes = 0;
    enum heap_result result = heap_check(machine, heap, (uintptr_t)block, &bytes);
    if (result != HEAP_OK)
        heap_corrupted(machine, heap, (uintptr_t)block, result, call);
    return bytes;
}

/* ---- C ---- */

void *crt_malloc(size_t bytes)
{
    struct sim *sim = crt_sim();
    const struct request request = {.call = EVENT_malloc, .bytes = bytes};
    uint64_t block;
    enum status status = take(sim, &request, &block);
    return finish(sim, &request, status, block);
}

static void *crt_calloc(size_t count, size_t bytes)
{
    struct sim *sim = crt_sim();
    struct request request = {.call = EVENT_calloc, .zero = true};
    if (__builtin_mul_overflow(count, bytes, &request.bytes))
        request.bytes = BYTES_OVERFLOW;
    uint64_t block;
    enum status status = take(sim, &request, &block);
    sim_event(sim, EVENT_calloc, status_code(status), count, bytes, sim_logical(block), 0);
    if (status != ST_OK)
        sim->thread->crt_errno = CRT_ENOMEM;
    return (void *)block;
}

/* Moves or resizes a live block; *result is 0 and the block unchanged on failure. */
static enum status resize(struct sim *sim, void *block, size_t bytes, uint64_t *result)
{
    const struct call_traits traits = {.size = bytes};
    *result = 0;
    enum status injected = sim_call(sim, EVENT_realloc, &traits);
    size_of(block, "realloc");
    if (injected != ST_OK || bytes > BYTES_MAX)
        return ST_ENOMEM;
    struct machine *machine = machine_current();
    enum status status = heap_realloc(machine, machine_process_heap(machine), (uintptr_t)block,
                                      bytes, false, false, result);
    CHECK(status != ST_OK || *result % 16 == 0);
    if (status == ST_OK)
        return ST_OK;
    *result = 0;
    return ST_ENOMEM;
}

/* realloc(block, 0) frees and returns NULL, with Microsoft's library as with Linux's. */
static void *crt_realloc(void *block, size_t bytes)
{
    struct sim *sim = crt_sim();
    uint64_t result = 0;
    enum status status;
    if (!block) {
        const struct request request = {.call = EVENT_realloc, .bytes = bytes};
        status = take(sim, &request, &result);
    } else if (bytes == 0) {
        give_back(sim, EVENT_free, block);
        return NULL;
    } else {
        status = resize(sim, block, bytes, &result);
    }
    sim_event(sim, EVENT_realloc, status_code(status), sim_logical((uintptr_t)block), bytes,
              sim_logical(result), 0);
    if (status != ST_OK)
        sim->thread->crt_errno = CRT_ENOMEM;
    return (void *)result;
}

static void *crt_reallocarray(void *block, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        total = BYTES_OVERFLOW;
    return crt_realloc(block, total);
}

static void crt_free(void *block)
{
    give_back(crt_sim(), EVENT_free, block);
}

static uint64_t take_aligned(struct sim *sim, size_t alignment, size_t bytes, enum status *status)
{
    const struct request request = {
        .call = EVENT_aligned_alloc, .bytes = bytes, .alignment = alignment};
    uint64_t block;
    *status = take(sim, &request, &block);
    finish(sim, &request, *status, block);
    return block;
}

static void *crt_aligned_alloc(size_t alignment, size_t bytes)
{
    if (!is_power_of_two(alignment)) {
        crt_set_errno(CRT_EINVAL);
        return NULL;
    }
    enum status status;
    return (void *)take_aligned(crt_sim(), alignment, bytes, &status);
}

/* Microsoft's form: the same with its arguments the other way round. */
static void *aligned_malloc(size_t bytes, size_t alignment)
{
    return crt_aligned_alloc(alignment, bytes);
}

/* Reports by its result and leaves errno alone. */
static int crt_posix_memalign(void **result, size_t alignment, size_t bytes)
{
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return CRT_EINVAL;
    struct sim *sim = crt_sim();
    int saved = sim->thread->crt_errno;
    enum status status;
    uint64_t block = take_aligned(sim, alignment, bytes, &status);
    sim->thread->crt_errno = saved;
    if (status != ST_OK)
        return CRT_ENOMEM;
    *result = (void *)block;
    return 0;
}

static void *crt_valloc(size_t bytes)
{
    return crt_aligned_alloc(PAGE_BYTES, bytes);
}

static size_t crt_malloc_usable_size(void *block)
{
    return block ? size_of(block, "malloc_usable_size") : 0;
}

/* ---- copies of strings: a malloc and a copy ---- */

static char *copy_bytes(const char *text, size_t bytes)
{
    char *copy = crt_malloc(bytes + 1);
    if (!copy)
        return NULL;
    crt_memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

static char *crt_strdup(const char *text)
{
    return copy_bytes(text, crt_strlen(text));
}

static char *crt_strndup(const char *text, size_t limit)
{
    return copy_bytes(text, crt_strnlen(text, limit));
}

static wchar_t *crt_wcsdup(const wchar_t *text)
{
    size_t bytes = (crt_wcslen(text) + 1) * sizeof *text;
    wchar_t *copy = crt_malloc(bytes);
    return copy ? crt_memcpy(copy, text, bytes) : NULL;
}

/* ---- C++ ---- */

typedef void (*handler)(void);

static void *find_symbol(struct sim *sim, const char *name)
{
    return sim->symbols.find ? sim->symbols.find(sim->symbols.context, name) : NULL;
}

/* std::get_new_handler, if there is a C++ library. */
static handler new_handler(struct sim *sim)
{
    handler (*get)(void) = (handler(*)(void))find_symbol(sim, "_ZSt15get_new_handlerv");
    return get ? get() : NULL;
}

/* Leaves by an exception that unwinds this frame too; nothing here needs cleaning up. */
static _Noreturn void throw_bad_alloc(struct sim *sim, size_t bytes)
{
    handler throw = (handler)find_symbol(sim, "_ZSt17__throw_bad_allocv");
    if (!throw)
        sim_stop_text(sim, STOP_ABORT, 0,
                      "operator new failed for %zu bytes, and the policy has no C++ library that "
                      "could throw std::bad_alloc",
                      bytes);
    throw();
    check_failed("std::__throw_bad_alloc came back", __FILE__, __LINE__);
}

static void *try_new(struct sim *sim, size_t bytes, size_t alignment)
{
    const struct request request = {
        .call = EVENT_operator_new, .bytes = bytes, .alignment = alignment};
    uint64_t block;
    enum status status = take(sim, &request, &block);
    sim_event(sim, EVENT_operator_new, status_code(status), bytes, sim_logical(block), 0, 0);
    return (void *)block;
}

static void *new_aligned(size_t bytes, size_t alignment)
{
    struct sim *sim = crt_sim();
    for (;;) {
        void *block = try_new(sim, bytes, alignment);
        if (block)
            return block;
        handler handle = new_handler(sim);
        if (!handle)
            throw_bad_alloc(sim, bytes);
        handle(); /* frees something, throws, or the budget of calls ends this */
    }
}

static void *new_plain(size_t bytes)
{
    return new_aligned(bytes, 0);
}

static void *new_nothrow(size_t bytes, const void *nothrow)
{
    (void)nothrow;
    return try_new(crt_sim(), bytes, 0);
}

static void *new_aligned_nothrow(size_t bytes, size_t alignment, const void *nothrow)
{
    (void)nothrow;
    return try_new(crt_sim(), bytes, alignment);
}

/* Serves every form: what follows the address (size, alignment, nothrow) needs no answer, the heap
 * knows the block. */
static void delete_any(void *block)
{
    give_back(crt_sim(), EVENT_operator_delete, block);
}

const struct binding crt_memory_bindings[] = {
    {"malloc", crt_malloc},
    {"calloc", crt_calloc},
    {"realloc", crt_realloc},
    {"reallocarray", crt_reallocarray},
    {"free", crt_free},
    {"cfree", crt_free},
    {"aligned_alloc", crt_aligned_alloc},
    {"memalign", crt_aligned_alloc},
    {"posix_memalign", crt_posix_memalign},
    {"valloc", crt_valloc},
    {"malloc_usable_size", crt_malloc_usable_size},
    {"_msize", crt_malloc_usable_size},
    {"_aligned_malloc", aligned_malloc},
    {"_aligned_free", crt_free},
    {"strdup", crt_strdup},
    {"__strdup", crt_strdup},
    {"_strdup", crt_strdup},
    {"strndup", crt_strndup},
    {"__strndup", crt_strndup},
    {"wcsdup", crt_wcsdup},
    {"_wcsdup", crt_wcsdup},
    {"_Znwm", new_plain},
    {"_Znam", new_plain},
    {"_ZnwmRKSt9nothrow_t", new_nothrow},
    {"_ZnamRKSt9nothrow_t", new_nothrow},
    {"_ZnwmSt11align_val_t", new_aligned},
    {"_ZnamSt11align_val_t", new_aligned},
    {"_ZnwmSt11align_val_tRKSt9nothrow_t", new_aligned_nothrow},
    {"_ZnamSt11align_val_tRKSt9nothrow_t", new_aligned_nothrow},
    {"_ZdlPv", delete_any},
    {"_ZdaPv", delete_any},
    {"_ZdlPvm", delete_any},
    {"_ZdaPvm", delete_any},
    {"_ZdlPvRKSt9nothrow_t", delete_any},
    {"_ZdaPvRKSt9nothrow_t", delete_any},
    {"_ZdlPvSt11align_val_t", delete_any},
    {"_ZdaPvSt11align_val_t", delete_any},
    {"_ZdlPvmSt11align_val_t", delete_any},
    {"_ZdaPvmSt11align_val_t", delete_any},
    {"_ZdlPvSt11align_val_tRKSt9nothrow_t", delete_any},
    {"_ZdaPvSt11align_val_tRKSt9nothrow_t", delete_any},
    {NULL, NULL},
};
