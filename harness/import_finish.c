/* From collected operations, with addresses, to those of a recording, with offsets.
 *
 * Only now is known what each reservation became: how much was trimmed for alignment, how far brk
 * ever went, which reservations are arenas of the C library. */
#include <stdlib.h>

#include "harness/import_private.h"

#define ARENA_OF_LIBC_BYTES (UINT64_C(64) << 20)

static void classify(struct import_object *object)
{
    if (object->object_class == OBJECT_RUNTIME && object->noreserve &&
        object->end - object->start == ARENA_OF_LIBC_BYTES &&
        object->start % ARENA_OF_LIBC_BYTES == 0)
        object->object_class = OBJECT_NATIVE;
}

/* Commits and decommits of a native object as growth and shrinking. top: where it ends now. A hole
 * in the middle is no shrinking: the C library keeps it and its contents are gone. */
static void make_native(struct operation *op, uint64_t *top)
{
    uint64_t end = op->offset + op->size;
    if (op->kind == OP_COMMIT) {
        op->kind = OP_GROW;
        if (end > *top)
            *top = end;
    } else if (op->kind == OP_DECOMMIT && end < *top) {
        op->kind = OP_RESET;
    } else if (op->kind == OP_DECOMMIT) {
        op->kind = OP_SHRINK;
        *top = op->offset;
    }
}

/* False: nothing is left of it within the object's final extent. */
static bool convert(const struct import *import, const struct import_operation *from,
                    uint64_t *tops, struct operation *to)
{
    static const struct import_object none = {.object_class = OBJECT_RUNTIME};
    bool failed = from->kind == OP_FAILED;
    const struct import_object *object = failed ? &none : &import->objects[from->object];
    uint64_t start = from->start, end = from->end;
    *to = (struct operation){
        .time_ns = from->time_ns,
        .object = from->object,
        .thread = (uint16_t)from->thread,
        .kind = from->kind,
        .object_class = (uint8_t)object->object_class,
        .protect = from->protect,
        .write = from->write,
    };
    if (failed) {
        to->size = end;
        return true;
    }
    if (from->kind == OP_RESERVE || from->kind == OP_RELEASE) {
        to->size = object->end - object->start;
        return true;
    }
    if (start < object->start)
        start = object->start;
    if (end > object->end)
        end = object->end;
    if (start >= end)
        return false;
    to->offset = start - object->start;
    to->size = end - start;
    if (object->object_class == OBJECT_NATIVE)
        make_native(to, &tops[from->object]);
    return true;
}

void import_finish(struct import *import, struct import_result *result)
{
    result->operations = calloc(import->operations_count + 1, sizeof *result->operations);
    uint64_t *tops = calloc(import->objects_count + 1, sizeof *tops);
    CHECK(result->operations != NULL);
    CHECK(tops != NULL);
    for (size_t i = 0; i < import->objects_count; i++)
        classify(&import->objects[i]);
    for (size_t i = 0; i < import->operations_count; i++)
        if (convert(import, &import->operations[i], tops, &result->operations[result->count]))
            result->count++;
    free(tops);
    result->objects = (uint32_t)import->objects_count;
    result->threads = import->threads <= UINT16_MAX ? import->threads : UINT16_MAX + 1u;
}
