/* A binary heap of activities by (due_ns, order). See schedule.h. */
#include "clr/schedule.h"

#include <stddef.h>
#include <string.h>
#include "core/check.h"

#define FIRST_ROOM 16

static bool before(const struct activity *a, const struct activity *b)
{
    CHECK(a->order != b->order);
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void make_room(struct schedule *schedule)
{
    uint32_t room = schedule->room ? schedule->room * 2 : FIRST_ROOM;
    struct activity **heap = arena_alloc(schedule->arena, room * sizeof *heap);
    if (schedule->count)
        memcpy(heap, schedule->heap, schedule->count * sizeof *heap);
    schedule_drop(schedule);
    schedule->heap = heap;
    schedule->room = room;
}

void schedule_add(struct schedule *schedule, struct activity *activity)
{
    CHECK(activity->due_ns != NEVER);
    CHECK(activity->turn != NULL);
    if (schedule->count == schedule->room)
        make_room(schedule);
    uint32_t at = schedule->count++;
    for (; at > 0 && before(activity, schedule->heap[(at - 1) / 2]); at = (at - 1) / 2)
        schedule->heap[at] = schedule->heap[(at - 1) / 2];
    schedule->heap[at] = activity;
}

static struct activity *take_first(struct schedule *schedule)
{
    struct activity **heap = schedule->heap, *first = heap[0];
    CHECK(schedule->count > 0);
    uint32_t count = --schedule->count, at = 0;
    struct activity *last = heap[count];
    for (uint32_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(heap[child + 1], heap[child]))
            child++;
        if (before(last, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* The latest time at which this one is still to act before all others. */
static uint64_t limit_of(const struct schedule *schedule, const struct activity *activity)
{
    if (schedule->count == 0)
        return NEVER - 1;
    const struct activity *next = schedule->heap[0];
    CHECK(before(activity, next));
    return activity->order < next->order ? next->due_ns : next->due_ns - 1;
}

uint64_t schedule_due(const struct schedule *schedule)
{
    return schedule->count ? schedule->heap[0]->due_ns : NEVER;
}

void schedule_turn(struct schedule *schedule, uint64_t latest_ns)
{
    struct activity *activity = take_first(schedule);
    uint64_t earlier = activity->due_ns, limit_ns = limit_of(schedule, activity);
    uint64_t due = activity->turn(activity, limit_ns < latest_ns ? limit_ns : latest_ns);
    if (due == NEVER)
        return; /* it may be gone already */
    CHECK(due >= earlier);
    activity->due_ns = due;
    schedule_add(schedule, activity);
}

void schedule_drop(struct schedule *schedule)
{
    if (schedule->room)
        arena_free(schedule->arena, schedule->heap, schedule->room * sizeof *schedule->heap);
    schedule->heap = NULL;
    schedule->room = 0;
}
