/* Calls that make, move or end mappings in their own ways: brk, mremap, System V segments, and a
 * new program. What they share with the others is in import_map.c. */
#include <string.h>

#include "harness/grow.h"
#include "harness/import_private.h"

/* ---- brk ---- */

static void grow_break(struct import *import, uint64_t start, uint64_t end)
{
    import_unmap(import, start, end); /* nothing, unless the log has gaps */
    if (import->break_object == NO_OBJECT) {
        import->break_object = import_new_object(import, OBJECT_NATIVE, start, end, 0);
        import->objects[import->break_object].is_break = true;
    }
    uint32_t index = import->break_object, prot = CALL_READ | CALL_WRITE;
    struct import_object *object = &import->objects[index];
    if (start < object->start)
        object->start = start;
    if (end > object->end)
        object->end = end;
    object->live_bytes += end - start;
    import_emit(import, OP_COMMIT, index, start, end, prot);
    address_map_set(&import->map,
                    (struct piece){start, end, index, NO_OBJECT, (uint8_t)prot, true});
}

/* A break that is not where it was left belongs to another program: the only thread has called
 * execve, and execve was not traced. */
static void learn_break(struct import *import, uint64_t result, bool alone)
{
    if (import->break_known && import->break_now != result && alone)
        import_forget_all(import);
    if (import->break_known)
        return;
    import->break_known = true;
    import->break_start = page_up(result);
    import->break_now = result;
}

enum effect import_break_call(struct import *import, const struct memory_call *call,
                              uint64_t result, bool alone)
{
    if (call->address == 0 || !import->break_known)
        learn_break(import, result, alone);
    if (call->address == 0)
        return EFFECT_DONE;
    if (result != call->address)
        return EFFECT_FAILED; /* brk says so by returning the old break */
    uint64_t before = page_up(import->break_now), after = page_up(result);
    if (before < import->break_start)
        before = import->break_start;
    if (after < import->break_start)
        after = import->break_start; /* below is the area that was there before */
    import->break_now = result;
    if (after > before)
        grow_break(import, before, after);
    else if (after < before)
        import_unmap(import, after, before);
    return EFFECT_DONE;
}

/* ---- mremap ---- */

/* The pieces of the new mapping: those of the old one moved, cut or with the last one continued. */
static size_t moved_pieces(const struct import *import, uint64_t old_start, uint64_t start,
                           uint64_t end, struct piece *moved)
{
    size_t count = 0;
    uint64_t old_end = 0;
    for (size_t i = 0; i < import->pieces_count; i++) {
        struct piece piece = import->pieces[i];
        old_end = piece.end;
        piece.start = piece.start - old_start + start;
        piece.end = piece.end - old_start + start;
        if (piece.end > end)
            piece.end = end;
        if (piece.start < piece.end)
            moved[count++] = piece;
    }
    if (count > 0 && old_end - old_start < end - start)
        moved[count - 1].end = end;
    return count;
}

/* Contents move too: pages that were touched are touched in their new place. */
static void move_contents(struct import *import, uint32_t object, const struct piece *piece,
                          uint64_t old_start, uint64_t start)
{
    for (uint64_t at = piece->start; at < piece->end && import->touched.count > 0; at += PAGE_BYTES)
        if (page_set_has(&import->touched, at - start + old_start))
            import_emit(import, OP_TOUCH, object, at, at + PAGE_BYTES, CALL_WRITE);
}

/* After a move of the pages alone (MREMAP_DONTUNMAP) the old range is empty. */
static void empty_old(struct import *import)
{
    for (size_t i = 0; i < import->pieces_count; i++) {
        const struct piece *piece = &import->pieces[i];
        if (piece->committed)
            import_emit(import, OP_RESET, piece->object, piece->start, piece->end, 0);
        page_set_remove(&import->touched, piece->start, piece->end);
    }
}

static void move(struct import *import, const struct memory_call *call, uint64_t start)
{
    uint64_t old_start = page_down(call->address), old_end = page_up(old_start + call->size);
    uint64_t end = page_up(start + call->new_size);
    bool duplicate = old_start == old_end;
    if (start != old_start && start < end) /* of MREMAP_FIXED, what was there */
        import_unmap(import, start, end);
    import_collect(import, old_start, duplicate ? old_start + PAGE_BYTES : old_end);
    if (import->pieces_count == 0)
        return; /* the target lay over the source: nonsense in the log */
    struct piece *moved = calloc(import->pieces_count, sizeof *moved);
    CHECK(moved != NULL);
    size_t count = moved_pieces(import, old_start, start, end, moved);
    bool is_view = moved[0].view != NO_OBJECT;
    enum object_class object_class =
        is_view ? OBJECT_VIEW : import->objects[moved[0].object].object_class;
    if (object_class == OBJECT_NATIVE)
        object_class = OBJECT_RUNTIME; /* no longer a heap that grows at its end */
    uint32_t object = import_new_object(import, object_class, start, end, moved[0].prot);
    for (size_t i = 0; i < count; i++) {
        if (moved[i].committed && !is_view)
            import_emit(import, OP_COMMIT, object, moved[i].start, moved[i].end, moved[i].prot);
        move_contents(import, object, &moved[i], old_start, start);
    }
    if (call->flags & CALL_KEEP_OLD)
        empty_old(import);
    else if (!duplicate)
        import_unmap(import, old_start, old_end);
    for (size_t i = 0; i < count; i++) {
        moved[i].object = is_view ? NO_OBJECT : object;
        moved[i].view = is_view ? object : NO_OBJECT;
        moved[i].committed = moved[i].committed && !is_view;
        import->objects[object].live_bytes += moved[i].end - moved[i].start;
        address_map_set(&import->map, moved[i]);
    }
    free(moved);
}

enum effect import_remap_call(struct import *import, const struct memory_call *call,
                              uint64_t address)
{
    uint64_t start = page_down(call->address), end = page_up(start + call->size);
    uint64_t new_end = page_up(address + call->new_size);
    import_collect(import, start, end > start ? end : start + PAGE_BYTES);
    if (import->pieces_count == 0 || end < start || new_end <= address)
        return EFFECT_OUTSIDE;
    if (address == start && new_end <= end) {
        import_unmap(import, new_end, end);
        return EFFECT_DONE;
    }
    move(import, call, page_down(address));
    return EFFECT_DONE;
}

/* ---- System V shared memory ---- */

void import_note_segment(struct import *import, uint64_t id, uint64_t size)
{
    import->segments = grow_array(import->segments, import->segments_count, &import->segments_room,
                                  sizeof *import->segments);
    import->segments[import->segments_count++] = (struct shared_segment){id, size};
}

enum effect import_attach_call(struct import *import, const struct memory_call *call,
                               uint64_t address)
{
    uint64_t size = PAGE_BYTES; /* where shmget was not traced: at least that */
    for (size_t i = 0; i < import->segments_count; i++)
        if (import->segments[i].id == call->id && import->segments[i].size != 0)
            size = import->segments[i].size;
    uint64_t start = page_down(address), end = page_up(start + size);
    if (!is_range_of_program(start, size))
        return EFFECT_OUTSIDE;
    import_unmap(import, start, end);
    import_map_fresh(import, OBJECT_VIEW, start, end, CALL_READ | CALL_WRITE);
    return EFFECT_DONE;
}

enum effect import_detach_call(struct import *import, const struct memory_call *call)
{
    const struct piece *piece = address_map_find(&import->map, call->address);
    if (!piece || piece->view == NO_OBJECT)
        return EFFECT_OUTSIDE;
    struct import_object view = import->objects[piece->view];
    import_unmap(import, view.start, view.end);
    return EFFECT_DONE;
}

/* ---- execve ---- */

void import_forget_all(struct import *import)
{
    for (size_t i = 0; i < import->objects_count; i++) {
        struct import_object *object = &import->objects[i];
        if (object->released)
            continue;
        object->released = true;
        object->live_bytes = 0;
        import_emit(import, OP_RELEASE, (uint32_t)i, object->start, object->end, 0);
    }
    address_map_clear(&import->map, 0, page_down(UINT64_MAX));
    page_set_free(&import->touched);
    import->break_known = false;
    import->break_object = NO_OBJECT;
}
