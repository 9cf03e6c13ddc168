/* Heaps of the simulated machine. Blocks are memory of the window; every record about them is
 * kept apart from them, so that an overrun damages neighbours and padding but no bookkeeping.
 *
 * These functions are the model: no failure points, no records of the trace, no last error. The
 * Win32 surface (win32_heap.c) and the C run-time (sim/crt) wrap them with their own call rows.
 * Addresses are native. */
#ifndef LW_OS_HEAP_H
#define LW_OS_HEAP_H

#include <stdbool.h>
#include <stdint.h>
#include "os/machine.h"

struct heap;

struct heap_options {
    uint32_t flags; /* HEAP_ values of HeapCreate */
    uint64_t initial_bytes;
    uint64_t maximum_bytes; /* 0: growable */
};
enum status heap_create(struct machine *m, const struct heap_options *options, struct heap **heap);
/* Releases all blocks and memory. */
void heap_destroy(struct machine *m, struct heap *heap);
/* The handle that policies see (its base address in the window), and back; NULL: no such heap. */
uint64_t heap_handle(const struct heap *heap);
struct heap *heap_from_handle(struct machine *m, uint64_t handle);
/* Handles of all heaps in order of creation, at most room of them; returns how many there are. */
uint32_t heap_handles(struct machine *m, uint64_t *handles, uint32_t room);
uint32_t heap_flags(const struct heap *heap);

/* A block of exactly size bytes (0 is legal), 16-byte aligned, or at a larger power of two.
 * Fresh bytes hold 0xBA unless zero is asked; freed ones are filled with 0xFE. */
#define HEAP_FRESH_BYTE 0xBA
#define HEAP_FREED_BYTE 0xFE
/* Whether eight bytes hold what freeing a block leaves in it: they do not lie in a live one, unless
 * somebody wrote just that. */
static inline bool heap_is_freed_fill(const void *bytes)
{
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word == HEAP_FREED_BYTE * UINT64_C(0x0101010101010101);
}
/* Where a pointer comes from whose upper half is a pattern: "freed heap memory"; NULL: it is none.
 */
const char *heap_fill_words(uint64_t pointer);
enum status heap_alloc(struct machine *m, struct heap *heap, uint64_t size, uint64_t alignment,
                       bool zero, uint64_t *block);
enum heap_result {
    HEAP_OK,
    HEAP_NO_BLOCK,    /* never a block of any heap, or inside one */
    HEAP_FREED_BLOCK, /* freed before */
    HEAP_OTHER_HEAP,  /* a live block of another heap */
    HEAP_OVERRUN,     /* bytes behind the block were written */
};
enum heap_result heap_free(struct machine *m, struct heap *heap, uint64_t block);
/* In place where possible; in_place_only: never moves. */
enum status heap_realloc(struct machine *m, struct heap *heap, uint64_t block, uint64_t size,
                         bool zero, bool in_place_only, uint64_t *result);
/* State of a block; its size in *size when it is a live one of this heap. */
enum heap_result heap_check(struct machine *m, struct heap *heap, uint64_t block, uint64_t *size);
/* Checks all blocks of the heap (NULL: of all heaps) for overruns; the first bad one in *block. */
enum heap_result heap_validate(struct machine *m, struct heap *heap, uint64_t *block);
/* The same for one block, which must be a live one of this heap; the others are not looked at. */
enum heap_result heap_validate_one(struct machine *m, struct heap *heap, uint64_t block);
/* Ends the run as a heap corruption (STOP_HEAP_CORRUPTION), saying what is wrong with the block. */
_Noreturn void heap_corrupted(struct machine *m, struct heap *heap, uint64_t block,
                              enum heap_result what, const char *call);
/* "block of 24 bytes at +0x10, freed", for machine_explain; false: no block there. */
bool heap_explain(struct machine *m, uint64_t address, char *text, uint32_t text_bytes);
/* The largest free block, bytes (HeapCompact). */
uint64_t heap_largest_free(struct machine *m, struct heap *heap);
/* Live blocks and bytes of all heaps. */
void heap_totals(struct machine *m, uint64_t *blocks, uint64_t *bytes);
void heap_verify(struct machine *m, const struct heap *heap);

#endif
