/* What looks at records while they are made: expectations, the page to explain, stacks that a
 * report wants, the moment of the highest commit charge. See child.h.
 *
 * A record is looked at while the code that caused it still stands on the stack. A run that wants
 * none of this has no hook. */
#include <string.h>
#include <unistd.h>
#include "clr/host.h"
#include "harness/child.h"
#include "harness/debug.h"
#include "include/winnt.h"

/* Remembers the last record that changed the watched page, with the policy's stack. */
static void watch_page(struct child *child, const struct event *event)
{
    struct sim *sim = child->sim;
    struct run_result *result = child->result;
    static const uint16_t kinds[] = {EVENT_VirtualAlloc, EVENT_VirtualFree, EVENT_VirtualProtect};
    bool changes = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        changes = changes || event->kind == kinds[i];
    if (!changes || event->error != 0)
        return;
    uint64_t base = event->kind == EVENT_VirtualAlloc ? event->arg[3] : event->arg[0];
    uint64_t first = base >> PAGE_SHIFT, page = child->spec->watch_page;
    uint64_t size = event->arg[1] ? event->arg[1] : child->watched_region_bytes;
    if (page < first || page > (base + size - 1) >> PAGE_SHIFT)
        return;
    if (event->kind == EVENT_VirtualAlloc && (event->arg[2] & MEM_RESERVE))
        child->watched_region_bytes = event->arg[1];
    result->watch_seen = true;
    result->watch_event_id = trace_count(&sim->trace) - 1;
    result->watch_event = *event;
    result->watch_stack_frames = 0;
    if (event->depth == 1)
        result->watch_stack_frames =
            capture_stack(child, NULL, result->watch_stack, STACK_FRAMES_MAX);
}

/* The stack is only worth having where the policy stands on it. */
static void watch_stacks(struct child *child, const struct event *event)
{
    const struct run_spec *spec = child->spec;
    struct run_result *result = child->result;
    uint64_t id = trace_count(&child->sim->trace) - 1;
    for (uint32_t i = 0; i < spec->stack_events_count; i++)
        if (spec->stack_events[i] == id && event->depth == 1)
            result->broken_stack_frames[i] =
                capture_stack(child, NULL, result->broken_stack[i], BROKEN_FRAMES_MAX);
}

static void watch_peak(struct child *child, const struct event *event)
{
    uint64_t bytes = child->sim->counters[COUNTER_commit_peak_bytes];
    if (bytes <= child->peak_bytes)
        return;
    child->peak_bytes = bytes;
    child->result->peak_event = trace_count(&child->sim->trace) - 1;
    child->result->peak_ns = event->time_ns;
}

static void watch_steps(struct child *child, const struct event *event)
{
    if (event->kind != EVENT_host_VirtualAlloc && event->kind != EVENT_malloc_Alloc &&
        event->kind != EVENT_malloc_DebugAlloc)
        return;
    child->asked[child->asked_count++] = (struct asked){
        trace_count(&child->sim->trace) - 1, child->clr ? workload_step(child->clr) : NULL};
    if (child->asked_count == ASKED_BUFFER)
        watch_end(child);
}

void watch_end(struct child *child)
{
    size_t bytes = child->asked_count * sizeof *child->asked;
    child->asked_count = 0;
    /* Into memory: what does not fit is missing in an explanation, nothing worse. */
    if (bytes && write(child->spec->steps_fd, child->asked, bytes) < 0)
        return;
}

static void watch_record(struct sim *sim, const struct event *event)
{
    struct child *child = sim->on_stop_context;
    const struct run_spec *spec = child->spec;
    if (spec->watch_page)
        watch_page(child, event);
    if (spec->stack_events_count)
        watch_stacks(child, event);
    if (spec->explain) {
        watch_peak(child, event);
        watch_steps(child, event);
    }
    judge_record(child, event);
    uint64_t next = trace_count(&sim->trace);
    if (spec->stops && spec->stops_at == next)
        debug_event_reached(next);
}

void watch_begin(struct child *child)
{
    const struct run_spec *spec = child->spec;
    bool wanted = judge_begin(child);
    wanted = wanted || spec->watch_page || spec->stack_events_count || spec->explain || spec->stops;
    child->sim->on_record = wanted ? watch_record : NULL;
}
