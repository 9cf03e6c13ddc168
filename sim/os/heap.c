/* Heaps: segments, free space, blocks. See heap.h.
 *
 * Blocks up to 512 KiB come from segments of the heap, in size classes; larger ones are regions of
 * their own, as on Windows. A class keeps its free blocks in a stack, so the block freed last is
 * used next, and a fresh one is cut from the end of the newest segment. All records stand in the
 * arena: an index from addresses to blocks (heap_index.c), the stacks, the segments.
 *
 * Behind each block's bytes stand at least 16 bytes of padding with a known pattern: an overrun is
 * found when the block is freed or validated. Fresh and freed bytes get patterns as well, but only
 * the first and last 64, so that a block of 100 MB costs no more than a small one. */
#include "include/windows.h"

#include <string.h>
#include "core/check.h"
#include "core/race.h"
#include "os/heap_private.h"

#define PAD_BYTE 0xFD
#define FILL_BYTES 64

/* A fixed heap's own structures take this much of it (row 62). */
#define FIXED_OVERHEAD UINT64_C(0x2000)
/* "Slightly under 1 MiB": what a fixed heap gives at most in one block. */
#define FIXED_BLOCK_MAX UINT64_C(0xFF000)

static void *memory(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

/* ---- creating ---- */

static uint32_t heap_protect(const struct heap *heap)
{
    return heap->flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
}

static enum status map_segment(struct machine *m, struct heap *heap, uint64_t bytes)
{
    CHECK(heap->segments_count < HEAP_SEGMENTS_MAX);
    CHECK(bytes > 0 && bytes % PAGE_BYTES == 0);
    uint64_t base;
    enum status status = machine_map(m, 0, bytes, heap_protect(heap), REGION_HEAP, &base);
    if (status != ST_OK)
        return status;
    heap->segments[heap->segments_count++] = (struct heap_segment){
        .base = base, .bytes = bytes, .used = heap->segments_count == 1 ? HEAP_HEADER_BYTES : 0};
    return ST_OK;
}

/* Commits the segment up to `end` bytes, in steps so that small blocks share a call; near the
 * commit limit only the pages that are needed. */
static enum status commit_segment(struct machine *m, struct heap *heap,
                                  struct heap_segment *segment, uint64_t end)
{
    if (end <= segment->committed)
        return ST_OK;
    uint64_t wanted = (end + HEAP_COMMIT_BYTES - 1) & ~(HEAP_COMMIT_BYTES - 1);
    if (wanted > segment->bytes)
        wanted = segment->bytes;
    CHECK(end <= wanted);
    CHECK(segment->committed % PAGE_BYTES == 0);
    uint64_t base = segment->base + segment->committed;
    enum status status =
        machine_map_commit(m, base, wanted - segment->committed, heap_protect(heap));
    if (status != ST_OK && page_up(end) < wanted) {
        wanted = page_up(end);
        status = machine_map_commit(m, base, wanted - segment->committed, heap_protect(heap));
    }
    if (status == ST_OK)
        segment->committed = wanted;
    return status;
}

enum status heap_create(struct machine *m, const struct heap_options *options, struct heap **heap)
{
    struct sim *sim = machine_sim(m);
    uint64_t first = options->maximum_bytes ? options->maximum_bytes : HEAP_SEGMENT_BYTES;
    if (options->initial_bytes > first)
        first = options->initial_bytes;
    *heap = NULL;
    if (first > UINT64_C(1) << 46)
        return ST_NOT_ENOUGH_MEMORY;
    struct heap *fresh = arena_alloc(&sim->arena, sizeof *fresh);
    fresh->flags = options->flags;
    fresh->fixed_bytes = options->maximum_bytes ? page_up(options->maximum_bytes) : 0;
    enum status status = map_segment(m, fresh, page_up(first));
    if (status == ST_OK) {
        uint64_t initial = page_up(options->initial_bytes ? options->initial_bytes : 1);
        status = machine_map_commit(m, fresh->segments[0].base, initial, heap_protect(fresh));
        fresh->segments[0].committed = initial;
        if (status != ST_OK)
            machine_unmap(m, fresh->segments[0].base);
    }
    if (status != ST_OK) {
        arena_free(&sim->arena, fresh, sizeof *fresh);
        return ST_NOT_ENOUGH_MEMORY;
    }
    CHECK(fresh->segments_count == 1);
    heap_list_add(m, fresh);
    *heap = fresh;
    return ST_OK;
}

void heap_destroy(struct machine *m, struct heap *heap)
{
    struct arena *arena = &machine_sim(m)->arena;
    CHECK(heap->segments_count > 0);
    heap_list_remove(m, heap);
    blocks_forget_heap(m, heap);
    for (uint32_t i = 0; i < heap->segments_count; i++)
        machine_unmap(m, heap->segments[i].base);
    for (uint32_t i = 0; i < HEAP_CLASSES; i++)
        if (heap->free_room[i])
            arena_free(arena, heap->free_stack[i], heap->free_room[i] * sizeof(uint64_t));
    arena_free(arena, heap, sizeof *heap);
}

uint64_t heap_handle(const struct heap *heap)
{
    return WINDOW_BASE + heap->segments[0].base;
}

uint32_t heap_flags(const struct heap *heap)
{
    return heap->flags;
}

/* ---- size classes: multiples of 16 up to 1 KiB, then eight steps per power of two ---- */

static uint32_t class_of(uint64_t bytes, uint64_t *rounded)
{
    if (bytes <= 1024) {
        uint32_t class = bytes ? (uint32_t)((bytes - 1) / 16) : 0;
        *rounded = (uint64_t)(class + 1) * 16;
        return class;
    }
    unsigned log = 63 - (unsigned)__builtin_clzll(bytes - 1);
    uint64_t eighth = UINT64_C(1) << (log - 3);
    uint32_t step = (uint32_t)((bytes - 1 - (UINT64_C(1) << log)) / eighth);
    *rounded = (UINT64_C(1) << log) + (step + 1) * eighth;
    uint32_t class = 64 + (log - 10) * 8 + step;
    CHECK(class < HEAP_CLASSES);
    return class;
}

static void push_free(struct arena *arena, struct heap *heap, uint32_t class, uint64_t place)
{
    CHECK(class < HEAP_CLASSES);
    CHECK(place != 0);
    if (heap->free_count[class] == heap->free_room[class]) {
        uint32_t room = heap->free_room[class] ? heap->free_room[class] * 2 : 16;
        uint64_t *grown = arena_alloc(arena, room * sizeof *grown);
        if (heap->free_room[class]) {
            memcpy(grown, heap->free_stack[class], heap->free_count[class] * sizeof *grown);
            arena_free(arena, heap->free_stack[class], heap->free_room[class] * sizeof *grown);
        }
        heap->free_stack[class] = grown;
        heap->free_room[class] = room;
    }
    heap->free_stack[class][heap->free_count[class]++] = place;
    heap->free_bytes += heap_class_bytes(class);
}

uint64_t heap_class_bytes(uint32_t class)
{
    if (class < 64)
        return (uint64_t)(class + 1) * 16;
    uint32_t log = (class - 64) / 8 + 10, step = (class - 64) % 8;
    return (UINT64_C(1) << log) + (step + 1) * (UINT64_C(1) << (log - 3));
}

/* ---- taking room ---- */

/* Twice as large as the newest segment, or as large as the holes of the address space allow. */
static enum status add_segment(struct machine *m, struct heap *heap, uint64_t least)
{
    CHECK(heap->segments_count > 0 && least > 0);
    uint64_t newest = heap->segments[heap->segments_count - 1].bytes;
    uint64_t bytes = newest < HEAP_SEGMENT_MAX ? newest * 2 : newest;
    if (heap->fixed_bytes || heap->segments_count == HEAP_SEGMENTS_MAX)
        return ST_NOT_ENOUGH_MEMORY;
    for (; bytes >= least && bytes >= GRANULARITY_BYTES; bytes = page_up(bytes / 2))
        if (map_segment(m, heap, bytes) == ST_OK)
            return ST_OK;
    return ST_NOT_ENOUGH_MEMORY;
}

/* From the end of the newest segment, or of one more. */
static enum status cut_fresh(struct machine *m, struct heap *heap, uint64_t rounded,
                             uint64_t *place)
{
    uint32_t count = heap->segments_count;
    struct heap_segment *segment = &heap->segments[count - 1];
    if (segment->used + rounded > segment->bytes) {
        if (add_segment(m, heap, rounded) != ST_OK)
            return ST_NOT_ENOUGH_MEMORY;
        segment++;
    }
    CHECK(segment->used + rounded <= segment->bytes);
    if (commit_segment(m, heap, segment, segment->used + rounded) != ST_OK) {
        if (heap->segments_count > count) /* as it was */
            machine_unmap(m, heap->segments[--heap->segments_count].base);
        return ST_NOT_ENOUGH_MEMORY;
    }
    *place = segment->base + segment->used;
    segment->used += rounded;
    CHECK(segment->used <= segment->committed);
    return ST_OK;
}

static void pop_free(struct heap *heap, uint32_t class, struct heap_block *block)
{
    CHECK(heap->free_count[class] > 0);
    block->class = (uint16_t) class;
    block->place = heap->free_stack[class][--heap->free_count[class]];
    CHECK(block->place != 0 && heap->free_bytes >= heap_class_bytes(class));
    heap->free_bytes -= heap_class_bytes(class);
}

/* A freed block of the class, else fresh room, else any larger freed block. */
static enum status take_small(struct machine *m, struct heap *heap, uint64_t padded,
                              struct heap_block *block)
{
    uint64_t rounded;
    uint32_t class = class_of(padded, &rounded);
    CHECK(rounded >= padded);
    block->kind = BLOCK_SMALL;
    block->class = (uint16_t) class;
    if (heap->free_count[class] == 0 && cut_fresh(m, heap, rounded, &block->place) == ST_OK)
        return ST_OK;
    while (class < HEAP_CLASSES && heap->free_count[class] == 0)
        class ++;
    if (class == HEAP_CLASSES)
        return ST_NOT_ENOUGH_MEMORY;
    pop_free(heap, class, block);
    return ST_OK;
}

/* A region of its own: for large blocks, and for every block when each is to end at its own
 * inaccessible page. */
static enum status take_region(struct machine *m, struct heap *heap, uint64_t bytes, bool guarded,
                               uint64_t *base)
{
    uint64_t committed = page_up(bytes ? bytes : 1);
    uint64_t reserved = committed + (guarded ? PAGE_BYTES : 0);
    CHECK(committed >= bytes); /* no wrap */
    if (machine_map(m, 0, reserved, heap_protect(heap), REGION_HEAP, base) != ST_OK)
        return ST_NOT_ENOUGH_MEMORY;
    if (machine_map_commit(m, *base, committed, heap_protect(heap)) == ST_OK)
        return ST_OK;
    machine_unmap(m, *base);
    return ST_NOT_ENOUGH_MEMORY;
}

static enum status take_room(struct machine *m, struct heap *heap, uint64_t alignment,
                             struct heap_block *block)
{
    bool guarded = machine_config(m)->guard_heap_blocks && !heap->fixed_bytes;
    uint64_t padded = block->size + HEAP_PAD_BYTES + (alignment > 16 ? alignment : 0);
    if (guarded) {
        block->kind = BLOCK_GUARDED;
        if (take_region(m, heap, block->size + alignment, true, &block->place) != ST_OK)
            return ST_NOT_ENOUGH_MEMORY;
        uint64_t end = block->place + page_up(block->size + alignment);
        block->address = (end - block->size) & ~(alignment - 1);
        return ST_OK;
    }
    if (padded > HEAP_LARGE_BYTES && !heap->fixed_bytes) {
        block->kind = BLOCK_LARGE;
        if (take_region(m, heap, padded, false, &block->place) != ST_OK)
            return ST_NOT_ENOUGH_MEMORY;
    } else if (padded > heap_class_bytes(HEAP_CLASSES - 1) ||
               take_small(m, heap, padded, block) != ST_OK) {
        return ST_NOT_ENOUGH_MEMORY;
    }
    block->address = (block->place + alignment - 1) & ~(alignment - 1);
    return ST_OK;
}

static void give_room_back(struct machine *m, struct heap *heap, const struct heap_block *block)
{
    CHECK(block->heap == heap);
    CHECK(block->place <= block->address);
    if (block->kind == BLOCK_SMALL)
        push_free(&machine_sim(m)->arena, heap, block->class, block->place);
    else
        machine_unmap(m, block->place);
}

/* ---- contents ---- */

const char *heap_fill_words(uint64_t pointer)
{
    uint64_t upper = pointer >> 32;
    if (upper == HEAP_FREED_BYTE * UINT64_C(0x01010101))
        return "freed heap memory";
    return upper == HEAP_FRESH_BYTE * UINT64_C(0x01010101) ? "heap memory that was never written to"
                                                           : NULL;
}

static void fill_ends(uint64_t native, uint64_t size, int byte)
{
    if (size <= 2 * FILL_BYTES) {
        memset(memory(native), byte, size);
        return;
    }
    memset(memory(native), byte, FILL_BYTES);
    memset(memory(native + size - FILL_BYTES), byte, FILL_BYTES);
}

/* Bytes of padding behind the block that the check covers. */
static uint64_t pad_bytes(const struct heap_block *block)
{
    if (block->kind != BLOCK_GUARDED)
        return HEAP_PAD_BYTES;
    uint64_t end = (block->address + block->size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uint64_t gap = end - (block->address + block->size);
    return gap < HEAP_PAD_BYTES ? gap : HEAP_PAD_BYTES;
}

/* Everything the simulator itself does to a block's bytes happens as the machine's own access: it
 * must not show up as a touch in an order that depends on the block's past. */
static void prepare_contents(struct machine *m, const struct heap_block *block, bool zero)
{
    uint64_t native = WINDOW_BASE + block->address;
    if (!heap_has_contents(m))
        return;
    if (!zero)
        fill_ends(native, block->size, HEAP_FRESH_BYTE);
    else if (block->kind == BLOCK_SMALL) /* regions of their own are fresh pages */
        memset(memory(native), 0, block->size);
    memset(memory(native + block->size), PAD_BYTE, pad_bytes(block));
}

static bool pad_is_intact(struct machine *m, const struct heap_block *block)
{
    if (!heap_has_contents(m))
        return true;
    const uint8_t *pad = memory(WINDOW_BASE + block->address + block->size);
    for (uint64_t i = 0; i < pad_bytes(block); i++)
        if (pad[i] != PAD_BYTE)
            return false;
    return true;
}

/* ---- blocks ---- */

static uint64_t largest_allowed(const struct heap *heap)
{
    if (!heap->fixed_bytes)
        return UINT64_C(1) << 46;
    uint64_t room = heap->fixed_bytes > FIXED_OVERHEAD ? heap->fixed_bytes - FIXED_OVERHEAD : 0;
    return room < FIXED_BLOCK_MAX ? room : FIXED_BLOCK_MAX;
}

enum status heap_alloc(struct machine *m, struct heap *heap, uint64_t size, uint64_t alignment,
                       bool zero, uint64_t *address)
{
    CHECK(alignment >= 16 && (alignment & (alignment - 1)) == 0);
    struct heap_block block = {.size = size, .heap = heap, .live = true};
    *address = 0;
    if (size > largest_allowed(heap) || alignment > UINT64_C(1) << 32)
        return ST_NOT_ENOUGH_MEMORY;
    if (take_room(m, heap, alignment, &block) != ST_OK)
        return ST_NOT_ENOUGH_MEMORY;
    CHECK(block.address % alignment == 0);
    CHECK(block.address >= block.place);
    block_insert(m, &block);
    prepare_contents(m, &block, zero);
    heap->live_blocks++;
    heap->live_bytes += size;
    *address = WINDOW_BASE + block.address;
    return ST_OK;
}

enum heap_result heap_check(struct machine *m, struct heap *heap, uint64_t address, uint64_t *size)
{
    const struct heap_block *block = block_find(m, address - WINDOW_BASE);
    if (!block)
        return HEAP_NO_BLOCK;
    if (!block->live)
        return HEAP_FREED_BLOCK;
    if (block->heap != heap)
        return HEAP_OTHER_HEAP;
    *size = block->size;
    return HEAP_OK;
}

enum heap_result heap_free(struct machine *m, struct heap *heap, uint64_t address)
{
    uint64_t size;
    enum heap_result result = heap_check(m, heap, address, &size);
    if (result != HEAP_OK)
        return result;
    struct heap_block *block = block_find(m, address - WINDOW_BASE);
    CHECK(block->size == size && block->live);
    if (!pad_is_intact(m, block))
        return HEAP_OVERRUN;
    if (heap_has_contents(m) && block->kind == BLOCK_SMALL)
        fill_ends(address, block->size, HEAP_FREED_BYTE);
    race_give_back(machine_sim(m), address, size);
    give_room_back(m, heap, block);
    block->live = false; /* kept, so that a second free is recognised, until the place is reused */
    CHECK(heap->live_blocks > 0 && heap->live_bytes >= size);
    heap->live_blocks--;
    heap->live_bytes -= size;
    return HEAP_OK;
}

/* Where the block's room suffices it stays; padding moves with its end. Regions of their own only
 * shrink, and only where moving is forbidden: a move gives their pages back. */
static bool resize_in_place(struct machine *m, struct heap_block *block, uint64_t size,
                            bool in_place_only)
{
    if (block->kind == BLOCK_SMALL) {
        uint64_t room = block->place + heap_class_bytes(block->class) - block->address;
        if (size + HEAP_PAD_BYTES > room)
            return false;
    } else if (!in_place_only || size > block->size) {
        return false;
    }
    CHECK(block->live && block->heap->live_bytes >= block->size);
    block->heap->live_bytes += size - block->size;
    block->size = size;
    if (heap_has_contents(m))
        memset(memory(WINDOW_BASE + block->address + size), PAD_BYTE, pad_bytes(block));
    return true;
}

enum status heap_realloc(struct machine *m, struct heap *heap, uint64_t address, uint64_t size,
                         bool zero, bool in_place_only, uint64_t *result)
{
    struct heap_block *block = block_find(m, address - WINDOW_BASE);
    CHECK(block != NULL && block->live && block->heap == heap);
    uint64_t before = block->size;
    *result = 0;
    if (size > largest_allowed(heap))
        return ST_NOT_ENOUGH_MEMORY;
    if (!pad_is_intact(m, block))
        heap_corrupted(m, heap, address, HEAP_OVERRUN, "realloc");
    if (resize_in_place(m, block, size, in_place_only)) {
        *result = address;
        if (zero && size > before && heap_has_contents(m))
            memset(memory(address + before), 0, size - before);
        return ST_OK;
    }
    if (in_place_only)
        return ST_NOT_ENOUGH_MEMORY;
    enum status status = heap_alloc(m, heap, size, 16, zero, result);
    if (status != ST_OK)
        return status;
    CHECK(*result != 0 && *result != address);
    if (heap_has_contents(m))
        memcpy(memory(*result), memory(address), before < size ? before : size);
    enum heap_result freed = heap_free(m, heap, address);
    CHECK(freed == HEAP_OK);
    return ST_OK;
}

enum heap_result heap_validate_block(struct machine *m, const struct heap_block *block)
{
    return pad_is_intact(m, block) ? HEAP_OK : HEAP_OVERRUN;
}

uint64_t heap_largest_free(struct machine *m, struct heap *heap)
{
    const struct heap_segment *segment = &heap->segments[heap->segments_count - 1];
    (void)m;
    for (uint32_t class = HEAP_CLASSES; class -- > 0;)
        if (heap->free_count[class])
            return heap_class_bytes(class) - HEAP_PAD_BYTES;
    return segment->bytes - segment->used;
}
