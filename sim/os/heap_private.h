/* What heap.c (room and contents) and heap_index.c (which blocks there are) share. */
#ifndef LW_OS_HEAP_PRIVATE_H
#define LW_OS_HEAP_PRIVATE_H

#include "os/heap.h"
#include "os/space.h"

#define HEAP_SEGMENTS_MAX 64
#define HEAP_SEGMENT_BYTES (UINT64_C(1) << 20)
#define HEAP_SEGMENT_MAX (UINT64_C(1) << 30)
#define HEAP_COMMIT_BYTES (UINT64_C(64) << 10)
#define HEAP_LARGE_BYTES (UINT64_C(512) << 10)
#define HEAP_HEADER_BYTES UINT64_C(0x100) /* the handle is no block's address */
#define HEAP_PAD_BYTES 16
#define HEAP_CLASSES 160

struct heap_segment {
    uint64_t base, bytes; /* logical address, reserved */
    uint64_t committed;   /* from base */
    uint64_t used;        /* cut off so far */
};

struct heap {
    struct heap *next; /* in order of creation */
    uint32_t flags;
    uint64_t fixed_bytes; /* 0: growable */
    uint64_t live_blocks, live_bytes;
    uint64_t free_bytes;
    uint32_t segments_count;
    struct heap_segment segments[HEAP_SEGMENTS_MAX];
    uint64_t *free_stack[HEAP_CLASSES];
    uint32_t free_count[HEAP_CLASSES];
    uint32_t free_room[HEAP_CLASSES];
};

enum block_kind { BLOCK_SMALL, BLOCK_LARGE, BLOCK_GUARDED };

struct heap_block {
    uint64_t address; /* logical, what the policy got; 0: an empty slot of the index */
    uint64_t size;    /* as asked for */
    uint64_t place;   /* where its room begins */
    struct heap *heap;
    uint16_t class;
    uint8_t kind;
    bool live;
};

/* The block that begins at a logical address, live or freed last there; NULL: none. */
struct heap_block *block_find(struct machine *m, uint64_t address);
/* Adds a live block; replaces a freed one at the same address. */
void block_insert(struct machine *m, const struct heap_block *block);
void blocks_forget_heap(struct machine *m, struct heap *heap);
void heap_list_add(struct machine *m, struct heap *heap);
void heap_list_remove(struct machine *m, struct heap *heap);
/* Whether block bytes are real memory (not in a model-only machine). */
bool heap_has_contents(const struct machine *m);
enum heap_result heap_validate_block(struct machine *m, const struct heap_block *block);
uint64_t heap_class_bytes(uint32_t class);

#endif
