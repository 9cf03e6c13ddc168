/* A binary heap of pointers. See due.h. */
#include "core/due.h"

#include <stdbool.h>
#include "core/arena.h"
#include "core/check.h"

static bool before(const struct due *a, const struct due *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void put(struct due_queue *queue, uint32_t at, struct due *due)
{
    queue->heap[at] = due;
    due->place = at + 1;
}

static void rise(struct due_queue *queue, uint32_t at, struct due *due)
{
    for (; at > 0 && before(due, queue->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(queue, at, queue->heap[(at - 1) / 2]);
    put(queue, at, due);
}

static void sink(struct due_queue *queue, uint32_t at, struct due *due)
{
    for (uint32_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && before(queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!before(queue->heap[child], due))
            break;
        put(queue, at, queue->heap[child]);
    }
    put(queue, at, due);
}

static void grow(struct due_queue *queue, struct arena *arena)
{
    uint32_t room = queue->room ? queue->room * 2 : 16;
    struct due **heap = arena_alloc(arena, room * sizeof *heap);
    for (uint32_t i = 0; i < queue->count; i++)
        heap[i] = queue->heap[i];
    if (queue->heap)
        arena_free(arena, queue->heap, queue->room * sizeof *heap);
    queue->heap = heap;
    queue->room = room;
}

void due_add(struct due_queue *queue, struct arena *arena, struct due *due, uint64_t due_ns)
{
    CHECK(due->place == 0);
    CHECK(due->fire != 0);
    if (queue->count == queue->room)
        grow(queue, arena);
    due->due_ns = due_ns;
    due->number = queue->next_number++;
    rise(queue, queue->count++, due);
}

void due_remove(struct due_queue *queue, struct due *due)
{
    if (due->place == 0)
        return;
    uint32_t at = due->place - 1;
    CHECK(at < queue->count && queue->heap[at] == due);
    due->place = 0;
    struct due *last = queue->heap[--queue->count];
    if (last == due)
        return;
    if (at > 0 && before(last, queue->heap[(at - 1) / 2]))
        rise(queue, at, last);
    else
        sink(queue, at, last);
}

void due_verify(const struct due_queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        CHECK(queue->heap[i]->place == i + 1);
        CHECK(i == 0 || !before(queue->heap[i], queue->heap[(i - 1) / 2]));
    }
}
