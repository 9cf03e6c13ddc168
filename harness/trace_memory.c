/* Memory of a run from its trace. See trace_memory.h. Answers of a defective host may be nonsense;
 * then so are the figures, but nothing else. */
#include "harness/trace_memory.h"

#include "core/layout.h"
#include "core/sim.h"
#include "harness/event_text.h"
#include "include/windows.h"

#define ADDRESS_END (UINT64_C(1) << 47)

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
}

/* The pages that hold one of the bytes. False: none, or an impossible range. */
static bool pages_of(uint64_t address, uint64_t bytes, uint64_t *start, uint64_t *end)
{
    *start = address & ~(uint64_t)(PAGE_BYTES - 1);
    if (bytes == 0 || bytes > ADDRESS_END || address > ADDRESS_END)
        return false;
    *end = page_up(address + bytes);
    return true;
}

static void set(struct memory_view *view, uint64_t start, uint64_t end, uint32_t object,
                bool committed)
{
    if (start >= end)
        return; /* nonsense of a defective host */
    address_map_set(&view->map, (struct piece){start, end, object, NO_OBJECT, 0, committed});
}

/* All of the reservation that begins at or lies around the address. */
static bool reservation(const struct address_map *map, uint64_t address, uint64_t *start,
                        uint64_t *end)
{
    const struct piece *piece = address_map_find(map, address);
    if (!piece)
        return false;
    const struct piece *first = piece, *last = piece;
    while (first > map->pieces && first[-1].object == piece->object &&
           first[-1].end == first->start)
        first--;
    while (last + 1 < map->pieces + map->count && last[1].object == piece->object &&
           last[1].start == last->end)
        last++;
    *start = first->start;
    *end = last->end;
    return true;
}

static void follow_alloc(struct memory_view *view, const struct event *event)
{
    uint64_t asked = event->arg[0], result = event->arg[3], start, end;
    uint32_t type = (uint32_t)event->arg[2];
    uint64_t from = asked ? asked : result;
    if (result == 0 || !pages_of(from, event->arg[1], &start, &end))
        return;
    if (type & MEM_RESERVE) {
        set(view, result & ~(uint64_t)(PAGE_BYTES - 1), end, view->reservations++,
            (type & MEM_COMMIT) != 0);
        return;
    }
    const struct piece *piece = address_map_find(&view->map, start);
    if ((type & MEM_COMMIT) && piece)
        set(view, start, end, piece->object, true);
    else if (type & MEM_COMMIT) /* VirtualAlloc reserves what nobody had */
        set(view, start, end, view->reservations++, true);
}

static void follow_free(struct memory_view *view, const struct event *event)
{
    uint64_t start, end;
    uint32_t type = (uint32_t)event->arg[2];
    bool whole = event->arg[1] == 0;
    if (whole ? !reservation(&view->map, event->arg[0], &start, &end)
              : !pages_of(event->arg[0], event->arg[1], &start, &end))
        return;
    const struct piece *piece = address_map_find(&view->map, start);
    if (type & MEM_RELEASE)
        address_map_clear(&view->map, start, end);
    else if (piece)
        set(view, start, end, piece->object, false);
}

void trace_memory_follow(struct trace_memory *memory, uint64_t id, const struct event *event)
{
    bool alloc = event->kind == EVENT_VirtualAlloc || event->kind == EVENT_host_VirtualAlloc;
    bool is_free = event->kind == EVENT_VirtualFree || event->kind == EVENT_host_VirtualFree;
    if (event->error != 0 || (!alloc && !is_free))
        return;
    struct memory_view *view = event_is_host_call(event->kind) ? &memory->clr : &memory->policy;
    if (alloc)
        follow_alloc(view, event);
    else
        follow_free(view, event);
    if (view->map.now.reserved > view->peak.reserved)
        view->peak.reserved = view->map.now.reserved;
    if (view->map.now.committed > view->peak.committed) {
        view->peak.committed = view->map.now.committed;
        view->peak.committed_event = id;
    }
}

void trace_memory_free(struct trace_memory *memory)
{
    address_map_free(&memory->clr.map);
    address_map_free(&memory->policy.map);
}
