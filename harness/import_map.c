/* What mapping calls mean in Windows terms.
 *
 * Each takes the pieces of the address space that the call strikes one by one, so that a call over
 * several reservations is split. A reservation stays one object until its last page is unmapped:
 * Windows cannot release a part, so unmapping a part decommits it. The one exception is trimming:
 * what is cut off the ends of a reservation that nothing has happened to yet was only reserved to
 * find an aligned middle, and the object becomes that middle. */
#include "harness/grow.h"
#include "harness/import_private.h"

static enum operation_protect protection(uint32_t prot)
{
    if (prot & CALL_EXEC)
        return prot & CALL_WRITE ? PROTECT_EXECUTE_WRITE : PROTECT_EXECUTE;
    if (prot & CALL_WRITE)
        return PROTECT_WRITE;
    return prot & CALL_READ ? PROTECT_READ : PROTECT_NONE;
}

static void append(struct import *import, struct import_operation operation)
{
    operation.time_ns = import->now_ns;
    operation.thread = import->thread;
    import->operations = grow_array(import->operations, import->operations_count,
                                    &import->operations_room, sizeof *import->operations);
    import->operations[import->operations_count++] = operation;
}

void import_emit(struct import *import, enum operation_kind kind, uint32_t object, uint64_t start,
                 uint64_t end, uint32_t prot)
{
    CHECK(object < import->objects_count);
    CHECK(start <= end);
    append(import, (struct import_operation){.start = start,
                                             .end = end,
                                             .object = object,
                                             .kind = (uint8_t)kind,
                                             .protect = (uint8_t)protection(prot),
                                             .write = kind == OP_TOUCH && (prot & CALL_WRITE)});
    if (kind != OP_RESERVE && kind != OP_RELEASE)
        import->objects[object].fresh = false;
}

void import_emit_failed(struct import *import, uint64_t size)
{
    uint64_t asked = size < ADDRESSES_END ? page_up(size) : ADDRESSES_END;
    append(import, (struct import_operation){.end = asked, .kind = OP_FAILED});
}

void import_collect(struct import *import, uint64_t start, uint64_t end)
{
    const struct address_map *map = &import->map;
    import->pieces_count = 0;
    if (start >= end)
        return;
    for (size_t i = address_map_first(map, start); i < map->count && map->pieces[i].start < end;
         i++) {
        struct piece piece = map->pieces[i];
        if (piece.start < start)
            piece.start = start;
        if (piece.end > end)
            piece.end = end;
        import->pieces = grow_array(import->pieces, import->pieces_count, &import->pieces_room,
                                    sizeof *import->pieces);
        import->pieces[import->pieces_count++] = piece;
    }
}

uint32_t import_new_object(struct import *import, enum object_class object_class, uint64_t start,
                           uint64_t end, uint32_t prot)
{
    uint32_t object = (uint32_t)import->objects_count;
    import->objects = grow_array(import->objects, import->objects_count, &import->objects_room,
                                 sizeof *import->objects);
    import->objects[import->objects_count++] = (struct import_object){
        .start = start,
        .end = end,
        .object_class = object_class,
        .fresh = true,
    };
    import_emit(import, OP_RESERVE, object, start, end, prot);
    return object;
}

uint32_t import_map_fresh(struct import *import, enum object_class object_class, uint64_t start,
                          uint64_t end, uint32_t prot)
{
    uint32_t object = import_new_object(import, object_class, start, end, prot);
    bool view = object_class == OBJECT_VIEW, committed = !view && prot != 0;
    import->objects[object].live_bytes = end - start;
    if (committed)
        import_emit(import, OP_COMMIT, object, start, end, prot);
    import->objects[object].fresh = !view; /* the first commit belongs to making it */
    address_map_set(&import->map,
                    (struct piece){start, end, view ? NO_OBJECT : object, view ? object : NO_OBJECT,
                                   (uint8_t)prot, committed});
    return object;
}

/* ---- munmap ---- */

static void release_if_gone(struct import *import, uint32_t index)
{
    struct import_object *object = &import->objects[index];
    if (object->live_bytes != 0 || object->released || object->is_break)
        return;
    object->released = true;
    import_emit(import, OP_RELEASE, index, object->start, object->end, 0);
}

/* Cuts the piece off a fresh reservation. False: that is not what happened. */
static bool trim(struct import_object *object, const struct piece *piece)
{
    if (!object->fresh)
        return false;
    if (piece->start == object->start)
        object->start = piece->end;
    else if (piece->end == object->end)
        object->end = piece->start;
    else
        return false;
    return true;
}

static void lose(struct import *import, const struct piece *piece)
{
    if (piece->view != NO_OBJECT)
        release_if_gone(import, piece->view);
    if (piece->object == NO_OBJECT)
        return;
    struct import_object *object = &import->objects[piece->object];
    if (object->live_bytes == 0 && !object->is_break) {
        release_if_gone(import, piece->object);
        return;
    }
    if (trim(object, piece))
        return;
    object->fresh = false;
    if (piece->committed)
        import_emit(import, OP_DECOMMIT, piece->object, piece->start, piece->end, 0);
}

bool import_unmap(struct import *import, uint64_t start, uint64_t end)
{
    if (start >= end)
        return false;
    import_collect(import, start, end);
    for (size_t i = 0; i < import->pieces_count; i++) {
        const struct piece *piece = &import->pieces[i];
        uint64_t bytes = piece->end - piece->start;
        if (piece->view != NO_OBJECT)
            import->objects[piece->view].live_bytes -= bytes;
        if (piece->object != NO_OBJECT)
            import->objects[piece->object].live_bytes -= bytes;
    }
    if (import->pieces_count == 0)
        return false;
    address_map_clear(&import->map, start, end);
    page_set_remove(&import->touched, start, end);
    for (size_t i = 0; i < import->pieces_count; i++)
        lose(import, &import->pieces[i]);
    return true;
}

/* ---- mmap ---- */

/* A view's part is replaced by something of the reservation below it. */
static void uncover(struct import *import, struct piece *piece)
{
    import->objects[piece->view].live_bytes -= piece->end - piece->start;
    release_if_gone(import, piece->view);
    piece->view = NO_OBJECT;
}

/* MAP_FIXED anonymous memory over a piece. */
static void map_over(struct import *import, struct piece piece, uint32_t prot)
{
    piece.prot = (uint8_t)prot;
    if (piece.object == NO_OBJECT) { /* inside a view: belongs to it */
        address_map_set(&import->map, piece);
        return;
    }
    if (piece.view != NO_OBJECT)
        uncover(import, &piece);
    else if (piece.committed)
        import_emit(import, OP_DECOMMIT, piece.object, piece.start, piece.end, 0);
    piece.committed = prot != 0;
    if (piece.committed)
        import_emit(import, OP_COMMIT, piece.object, piece.start, piece.end, prot);
    import->objects[piece.object].fresh = false;
    address_map_set(&import->map, piece);
}

/* MAP_FIXED file or shared memory over a piece. view is made when it is first needed. */
static void view_over(struct import *import, struct piece piece, const struct piece *whole,
                      uint32_t *view)
{
    piece.prot = whole->prot;
    if (piece.view == NO_OBJECT) {
        if (piece.committed)
            import_emit(import, OP_DECOMMIT, piece.object, piece.start, piece.end, 0);
        import->objects[piece.object].fresh = false;
        if (*view == NO_OBJECT)
            *view = import_new_object(import, OBJECT_VIEW, whole->start, whole->end, whole->prot);
        piece.view = *view;
        piece.committed = false;
        import->objects[*view].live_bytes += piece.end - piece.start;
    }
    address_map_set(&import->map, piece);
}

static void view_free(struct import *import, uint64_t start, uint64_t end,
                      const struct piece *whole, uint32_t *view)
{
    if (*view == NO_OBJECT)
        *view = import_new_object(import, OBJECT_VIEW, whole->start, whole->end, whole->prot);
    import->objects[*view].live_bytes += end - start;
    address_map_set(&import->map, (struct piece){start, end, NO_OBJECT, *view, whole->prot, false});
}

/* MAP_FIXED: pieces and the gaps between them, in the order of addresses. */
static void map_fixed(struct import *import, const struct piece *whole,
                      enum object_class object_class)
{
    bool is_view = object_class == OBJECT_VIEW;
    uint32_t view = NO_OBJECT;
    uint64_t at = whole->start;
    page_set_remove(&import->touched, whole->start, whole->end);
    import_collect(import, whole->start, whole->end);
    for (size_t i = 0; i <= import->pieces_count; i++) {
        bool last = i == import->pieces_count;
        uint64_t gap_end = last ? whole->end : import->pieces[i].start;
        if (at < gap_end && is_view)
            view_free(import, at, gap_end, whole, &view);
        else if (at < gap_end)
            import_map_fresh(import, object_class, at, gap_end, whole->prot);
        if (last)
            break;
        at = import->pieces[i].end;
        if (is_view)
            view_over(import, import->pieces[i], whole, &view);
        else
            map_over(import, import->pieces[i], whole->prot);
    }
}

enum effect import_map_call(struct import *import, const struct memory_call *call, uint64_t address)
{
    uint64_t start = page_down(address), end = page_up(address + call->size);
    enum object_class object_class = OBJECT_RUNTIME;
    if ((call->flags & CALL_SHARED) || !(call->flags & CALL_ANONYMOUS))
        object_class = OBJECT_VIEW;
    else if (call->flags & CALL_STACK)
        object_class = OBJECT_STACK;
    if (end <= start)
        return EFFECT_OUTSIDE;
    struct piece whole = {start, end, NO_OBJECT, NO_OBJECT, (uint8_t)call->prot, false};
    size_t before = import->objects_count;
    if (!(call->flags & CALL_FIXED)) /* whatever is still there, the log has lost its end */
        import_unmap(import, start, end);
    map_fixed(import, &whole, object_class);
    for (size_t i = before; i < import->objects_count; i++)
        import->objects[i].noreserve = (call->flags & CALL_NORESERVE) != 0;
    return EFFECT_DONE;
}

/* ---- mprotect, madvise ---- */

enum effect import_protect_call(struct import *import, const struct memory_call *call)
{
    uint64_t start = page_down(call->address), end = page_up(call->address + call->size);
    if (call->size == 0)
        return EFFECT_HINT; /* allowed, and nothing */
    import_collect(import, start, end);
    for (size_t i = 0; i < import->pieces_count; i++) {
        struct piece piece = import->pieces[i];
        uint32_t before = piece.prot;
        piece.prot = (uint8_t)call->prot;
        if (piece.view == NO_OBJECT && !piece.committed && call->prot != 0) {
            import_emit(import, OP_COMMIT, piece.object, piece.start, piece.end, call->prot);
            piece.committed = true;
        } else if (piece.committed && protection(before) != protection(call->prot)) {
            import_emit(import, OP_PROTECT, piece.object, piece.start, piece.end, call->prot);
        }
        address_map_set(&import->map, piece);
    }
    return import->pieces_count > 0 ? EFFECT_DONE : EFFECT_OUTSIDE;
}

enum effect import_discard_call(struct import *import, const struct memory_call *call)
{
    uint64_t start = page_down(call->address), end = page_up(call->address + call->size);
    bool any = false;
    if (call->size == 0)
        return EFFECT_HINT;
    import_collect(import, start, end);
    for (size_t i = 0; i < import->pieces_count; i++) {
        const struct piece *piece = &import->pieces[i];
        if (!piece->committed)
            continue; /* nothing there, or a view, whose contents stay in its file */
        import_emit(import, OP_RESET, piece->object, piece->start, piece->end, 0);
        page_set_remove(&import->touched, piece->start, piece->end);
        any = true;
    }
    if (import->pieces_count == 0)
        return EFFECT_OUTSIDE;
    return any ? EFFECT_DONE : EFFECT_HINT;
}
