/* Heap operations of conformance files, through the Win32 surface: the exported functions set the
 * last error and raise exceptions. An exception would end the run, so allocations that would raise
 * one are recognised by their flags and made without. */
#include "harness/vectors_private.h"

#include <inttypes.h>
#include <string.h>
#include "include/windows.h"
#include "os/heap.h"

static HANDLE heap_value(const struct address *heap)
{
    return (HANDLE)(uintptr_t)heap->value;
}

/* Words: NAME of the new thing, HEAP, FLAGS, SIZE from the given place on. */
struct heap_words {
    struct address heap;
    uint64_t flags, size;
};

static bool parse_heap(struct vector_state *state, struct words *w, unsigned at,
                       struct heap_words *words)
{
    return parse_address(state, w, at, &words->heap) && parse_number(w, at + 1, &words->flags) &&
           (w->count <= at + 2 || parse_number(w, at + 2, &words->size) || true);
}

bool do_hcreate(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    uint64_t options, initial, maximum;
    if (w->count < 5 || !parse_number(w, 2, &options) || !parse_number(w, 3, &initial) ||
        !parse_number(w, 4, &maximum))
        return w->count >= 5 ? false : malformed(w, "hcreate needs four words after", w->word[0]);
    struct handle *handle = make_handle(state, w, w->word[1]);
    if (!handle)
        return false;
    HANDLE heap = HeapCreate((DWORD)options, initial, maximum);
    if (!heap) {
        snprintf(result, bytes, "fail %" PRIu32, GetLastError());
        return true;
    }
    handle->bound = handle->is_heap_block = true;
    handle->value = (uint64_t)(uintptr_t)heap;
    snprintf(result, bytes, "ok base_mod_64k=0x%" PRIx64, handle->value & (GRANULARITY_BYTES - 1));
    return true;
}

bool do_hdestroy(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address heap;
    if (!parse_address(state, w, 1, &heap) || w->skip)
        return w->skip;
    bool done = HeapDestroy(heap_value(&heap));
    if (done)
        heap.handle->bound = false;
    snprintf(result, bytes, done ? "ok" : "fail %" PRIu32, GetLastError());
    return true;
}

static void show_block(struct handle *handle, void *block, const char *where, char *result,
                       size_t bytes)
{
    handle->bound = handle->is_heap_block = true;
    handle->value = (uint64_t)(uintptr_t)block;
    snprintf(result, bytes, "ok mod16=%" PRIu64 "%s", handle->value % 16, where);
}

/* A failure as the caller would see it: NULL, or the exception of HEAP_GENERATE_EXCEPTIONS. */
static void show_failure(bool raises, char *result, size_t bytes)
{
    if (raises)
        snprintf(result, bytes, "exception 0xc0000017");
    else
        snprintf(result, bytes, "null %" PRIu32, GetLastError());
}

static bool raises(const struct heap_words *words)
{
    const struct heap *heap = heap_from_handle(machine_current(), words->heap.value);
    return ((words->flags | (heap ? heap_flags(heap) : 0)) & HEAP_GENERATE_EXCEPTIONS) != 0;
}

/* The heap's own exception flag cannot be left out of a call, so such an allocation is made by
 * the model below the surface. */
static void *allocate(const struct heap_words *words)
{
    uint64_t block = 0;
    if (!raises(words))
        return HeapAlloc(heap_value(&words->heap), (DWORD)words->flags, words->size);
    if (words->size < UINT64_C(1) << 62)
        heap_alloc(machine_current(), heap_from_handle(machine_current(), words->heap.value),
                   words->size, 16, words->flags & HEAP_ZERO_MEMORY, &block);
    return (void *)(uintptr_t)block;
}

bool do_halloc(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct heap_words words = {0};
    if (w->count < 5)
        return malformed(w, "halloc needs four words after", w->word[0]);
    if (!parse_heap(state, w, 2, &words) || !parse_number(w, 4, &words.size))
        return false;
    if (w->skip)
        return true;
    struct handle *handle = make_handle(state, w, w->word[1]);
    if (!handle)
        return false;
    void *block = allocate(&words);
    if (block)
        show_block(handle, block, "", result, bytes);
    else
        show_failure(raises(&words), result, bytes);
    return true;
}

bool do_hrealloc(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct heap_words words = {0};
    if (w->count < 5)
        return malformed(w, "hrealloc needs four words after", w->word[0]);
    struct handle *handle = find_handle(state, w->word[1], strlen(w->word[1]));
    if (!parse_heap(state, w, 2, &words) || !parse_number(w, 4, &words.size))
        return false;
    w->skip = w->skip || !handle || !handle->bound;
    if (w->skip)
        return true;
    void *old = (void *)(uintptr_t)handle->value;
    DWORD flags = (DWORD)words.flags & ~HEAP_GENERATE_EXCEPTIONS;
    void *block = HeapReAlloc(heap_value(&words.heap), flags, old, words.size);
    if (block)
        show_block(handle, block, block == old ? " same" : " moved", result, bytes);
    else
        show_failure(raises(&words), result, bytes);
    return true;
}

bool do_hfree(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address heap, block = {0};
    uint64_t flags;
    if (w->count < 4)
        return malformed(w, "hfree needs three words after", w->word[0]);
    if (!parse_address(state, w, 1, &heap) || !parse_number(w, 2, &flags))
        return false;
    if (strcmp(w->word[3], "NULL") != 0 && !parse_address(state, w, 3, &block))
        return false;
    if (w->skip)
        return true;
    /* A bad block would end the run: Windows says FALSE and 87 where it does not crash. */
    uint64_t size;
    struct machine *m = machine_current();
    bool fine = block.value == 0 ||
                heap_check(m, heap_from_handle(m, heap.value), block.value, &size) == HEAP_OK;
    if (fine)
        HeapFree(heap_value(&heap), (DWORD)flags, (void *)(uintptr_t)block.value);
    snprintf(result, bytes, fine ? "ok" : "fail 87");
    return true;
}

bool do_hsize(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address heap, block;
    uint64_t flags;
    if (!parse_address(state, w, 1, &heap) || !parse_number(w, 2, &flags) ||
        !parse_address(state, w, 3, &block))
        return false;
    if (w->skip)
        return true;
    SIZE_T size = HeapSize(heap_value(&heap), (DWORD)flags, (void *)(uintptr_t)block.value);
    if (size == (SIZE_T)-1)
        snprintf(result, bytes, "fail %" PRIu32, GetLastError());
    else
        snprintf(result, bytes, "size 0x%zx", size);
    return true;
}
