/* Refused ranges in replays: a list, because refusals are few. See replay_refused.h. */
#include "clr/replay_refused.h"

#include <stddef.h>
#include "core/check.h"

struct refused {
    struct refused *next;
    uint64_t start, end; /* offsets */
};

void refused_add(struct arena *arena, struct refused **refused, uint64_t offset, uint64_t size)
{
    struct refused *range = arena_alloc(arena, sizeof *range);
    CHECK(size > 0);
    *range = (struct refused){*refused, offset, offset + size};
    *refused = range;
}

/* Both ends of the range stay, the middle goes. */
static struct refused *split(struct arena *arena, struct refused *range, uint64_t start,
                             uint64_t end)
{
    struct refused *upper = arena_alloc(arena, sizeof *upper);
    CHECK(range->start < start);
    CHECK(end < range->end);
    *upper = (struct refused){range->next, end, range->end};
    range->next = upper;
    range->end = start;
    return upper;
}

void refused_remove(struct arena *arena, struct refused **refused, uint64_t offset, uint64_t size)
{
    uint64_t start = offset, end = offset + size;
    for (struct refused **link = refused; *link;) {
        struct refused *at = *link;
        CHECK(at->start < at->end);
        if (start <= at->start && at->end <= end) {
            *link = at->next;
            arena_free(arena, at, sizeof *at);
            continue;
        }
        if (at->start < start && end < at->end)
            at = split(arena, at, start, end);
        else if (at->start < start && start < at->end)
            at->end = start;
        else if (at->start < end && end < at->end)
            at->start = end;
        link = &at->next;
    }
}

bool refused_overlaps(const struct refused *refused, uint64_t offset, uint64_t size)
{
    for (const struct refused *at = refused; at; at = at->next)
        if (offset < at->end && at->start < offset + size)
            return true;
    return false;
}

void refused_drop(struct arena *arena, struct refused **refused)
{
    while (*refused) {
        struct refused *gone = *refused;
        *refused = gone->next;
        arena_free(arena, gone, sizeof *gone);
    }
}
