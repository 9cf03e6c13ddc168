/* Memory that the CLR still held when the run ended, and which calls had given it. See explain.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/explain.h"
#include "harness/grow.h"
#include "harness/options.h"
#include "include/winnt.h"

/* Blocks that live, by address: open addressing, kept at most half full. */
struct block {
    uint64_t address; /* 0: free place */
    uint64_t event;   /* that gave it; UINT64_MAX: given back */
};

struct blocks {
    struct block *slots;
    size_t room, used;
};

static struct block *find(const struct blocks *blocks, uint64_t address)
{
    size_t at = (address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (blocks->room - 1);
    while (blocks->slots[at].address && blocks->slots[at].address != address)
        at = (at + 1) & (blocks->room - 1);
    return &blocks->slots[at];
}

static void grow(struct blocks *blocks)
{
    struct blocks larger = {.room = blocks->room ? blocks->room * 2 : 1024};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    CHECK(larger.slots != NULL);
    for (size_t i = 0; i < blocks->room; i++) {
        if (blocks->slots[i].address && blocks->slots[i].event != UINT64_MAX) {
            *find(&larger, blocks->slots[i].address) = blocks->slots[i];
            larger.used++;
        }
    }
    free(blocks->slots);
    *blocks = larger;
}

static void hold(struct blocks *blocks, uint64_t address, uint64_t event)
{
    if (blocks->used * 2 >= blocks->room)
        grow(blocks);
    struct block *block = find(blocks, address);
    blocks->used += block->address == 0;
    *block = (struct block){address, event};
}

static void let_go(struct blocks *blocks, uint64_t address)
{
    struct block *block = blocks->room && address ? find(blocks, address) : NULL;
    if (block && block->address)
        block->event = UINT64_MAX;
}

static void follow(struct blocks *regions, struct blocks *heap, uint64_t id,
                   const struct event *event)
{
    uint32_t type = (uint32_t)event->arg[2];
    if (event->error != 0)
        return;
    switch (event->kind) {
    case EVENT_host_VirtualAlloc:
        if (event->arg[3] && ((type & MEM_RESERVE) || event->arg[0] == 0))
            hold(regions, event->arg[3], id);
        break;
    case EVENT_host_VirtualFree:
        if (type & MEM_RELEASE)
            let_go(regions, event->arg[0]);
        break;
    case EVENT_malloc_Alloc:
    case EVENT_malloc_DebugAlloc:
        if (event->arg[2])
            hold(heap, event->arg[2], id);
        break;
    case EVENT_malloc_Free:
        let_go(heap, event->arg[0]);
        break;
    default:
        break;
    }
}

/* ---- who asked ---- */

struct askers {
    struct asked *items; /* in the order of their events */
    size_t count;
};

static void read_askers(const struct report_run *run, struct askers *askers)
{
    struct stat about;
    *askers = (struct askers){NULL, 0};
    if (!run->spec.explain || fstat(run->spec.steps_fd, &about) != 0)
        return;
    askers->items = malloc((size_t)about.st_size + 1);
    CHECK(askers->items != NULL);
    ssize_t bytes = pread(run->spec.steps_fd, askers->items, (size_t)about.st_size, 0);
    askers->count = bytes > 0 ? (size_t)bytes / sizeof *askers->items : 0;
}

static const struct step *asker(const struct askers *askers, uint64_t event)
{
    size_t low = 0, high = askers->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (askers->items[middle].event < event)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < askers->count && askers->items[low].event == event;
    return found ? askers->items[low].step : NULL;
}

/* A call and the step that made it as one number: pointers have less than 48 bits. */
static uint64_t key_of(uint16_t kind, const struct step *step)
{
    return (uint64_t)(uintptr_t)step << 16 | kind;
}

static void count_held(const struct blocks *blocks, const struct trace_file *trace,
                       const struct askers *askers, struct tallies *held)
{
    for (size_t i = 0; i < blocks->room; i++) {
        const struct block *block = &blocks->slots[i];
        if (block->address == 0 || block->event == UINT64_MAX)
            continue;
        const struct event *event = &trace->events[block->event];
        uint64_t bytes = event->kind == EVENT_host_VirtualAlloc ? event->arg[1] : event->arg[0];
        tally_add(held, key_of(event->kind, asker(askers, block->event)), block->event,
                  event->time_ns, bytes);
    }
}

/* "49 blocks, 3.8 MiB of Alloc by workload[0] (line 6), first event 512 at 0.1 s" */
static void put_held(const char *label, const struct tally *tally, FILE *out)
{
    const struct step *step = (const struct step *)(uintptr_t)(tally->key >> 16);
    char text[512], by[160] = "", bytes[32], number[32], event[32], when[64];
    const char *name = event_shapes[tally->key & 0xffff].name, *colons = strstr(name, "::");
    if (step && step->line)
        snprintf(by, sizeof by, " in %.96s (line %" PRIu32 ")", step->path ? step->path : "a step",
                 step->line);
    bool region = (tally->key & 0xffff) == EVENT_host_VirtualAlloc;
    snprintf(text, sizeof text, "%s %s%s, %s %s %s%s, first event %s at %s",
             count_text(tally->count, number, sizeof number), region ? "region" : "block",
             tally->count > 1 ? "s" : "", bytes_text(tally->bytes, bytes, sizeof bytes),
             region ? "reserved by" : "of", colons ? colons + 2 : name, by,
             count_text(tally->first_event, event, sizeof event),
             time_text(tally->first_ns, when, sizeof when));
    put_explained(label, text, out);
}

void explain_left(const struct report_run *run, const struct trace_file *trace, FILE *out)
{
    static struct tallies held;
    struct blocks regions = {NULL, 0, 0}, heap = {NULL, 0, 0};
    struct askers askers;
    held = (struct tallies){.used = 0};
    read_askers(run, &askers);
    for (uint64_t i = 0; i < trace->count; i++)
        follow(&regions, &heap, i, &trace->events[i]);
    count_held(&regions, trace, &askers, &held);
    count_held(&heap, trace, &askers, &held);
    tally_sort(&held);
    for (uint32_t i = 0; i < held.used && i < TALLIES_SHOWN; i++)
        put_held(i ? "" : "left", &held.items[i], out);
    if (held.used > TALLIES_SHOWN)
        put_explained("", "and blocks of other steps", out);
    if (held.used == 0)
        put_explained("left", "nothing that the CLR had asked for", out);
    free(askers.items);
    free(regions.slots);
    free(heap.slots);
}
