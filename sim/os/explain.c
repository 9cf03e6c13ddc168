/* Why an access fails, in words: what is at the address, and which call made it so.
 *
 * The trace knows every call, but the machine may not read it, so the last calls that took pages
 * away or changed their protection are remembered here as well. Older ones are forgotten; the text
 * then says what is known for certain. */
#include "include/windows.h"

#include <stdio.h>
#include <string.h>
#include "core/check.h"
#include "os/heap.h"
#include "os/machine_private.h"

/* A power of two; the ring fits the cache, and the call to blame is seldom that far back. */
#define NOTES 8192

struct note {
    uint64_t first, pages; /* of the call's range */
    uint64_t event;        /* the record of the call */
    uint64_t time_ns;
    uint32_t kind;
};

struct notes {
    uint64_t count; /* made so far */
    struct note ring[NOTES];
};

struct notes *notes_create(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct notes));
}

void note_change(struct machine *m, enum note_kind kind, struct page_range range)
{
    struct notes *notes = m->notes;
    CHECK(range.pages > 0);
    uint64_t events = trace_count(&m->sim->trace);
    notes->ring[notes->count++ % NOTES] = (struct note){
        range.first, range.pages, events ? events - 1 : 0, m->sim->now_ns, (uint32_t)kind};
}

/* The newest note about the page, NULL: none is remembered. */
static const struct note *newest_note(const struct machine *m, uint64_t page)
{
    const struct notes *notes = m->notes;
    uint64_t oldest = notes->count > NOTES ? notes->count - NOTES : 0;
    for (uint64_t i = notes->count; i > oldest; i--) {
        const struct note *note = &notes->ring[(i - 1) % NOTES];
        if (page - note->first < note->pages)
            return note;
    }
    return NULL;
}

/* Appends who did it, when the newest call about the page explains its present state. */
static void append_note(const struct note *note, enum note_kind wanted, char *text, uint32_t bytes)
{
    static const char *const what[] = {"released by VirtualFree", "decommitted by VirtualFree",
                                       "protected by VirtualProtect", "given back by its heap"};
    if (!note || note->kind != (uint32_t)wanted)
        return;
    size_t used = strlen(text);
    CHECK(used < bytes);
    snprintf(text + used, bytes - used, "; %s, event %llu at %llu.%06llu s", what[note->kind],
             (unsigned long long)note->event, (unsigned long long)(note->time_ns / 1000000000),
             (unsigned long long)(note->time_ns % 1000000000 / 1000));
}

/* ---- in words ---- */

static const char *protect_name(uint32_t protect)
{
    switch (protect & 0xff) {
    case PAGE_NOACCESS:
        return "PAGE_NOACCESS";
    case PAGE_READONLY:
        return "PAGE_READONLY";
    case PAGE_READWRITE:
        return "PAGE_READWRITE";
    case PAGE_EXECUTE:
        return "PAGE_EXECUTE";
    case PAGE_EXECUTE_READ:
        return "PAGE_EXECUTE_READ";
    default:
        return "PAGE_EXECUTE_READWRITE";
    }
}

static void explain_free(const struct machine *m, uint64_t page, char *text, uint32_t text_bytes)
{
    struct region *below = space_find_previous(m->space, page);
    struct region *above = space_find_next(m->space, page);
    uint64_t below_end = below ? region_info(below).first_page + region_info(below).pages : 0;
    uint64_t above_first = above ? region_info(above).first_page : UINT64_MAX;
    if (below && page - below_end <= above_first - page)
        snprintf(text, text_bytes, "free: %llu KiB above the end of the region at 0x%llx",
                 (unsigned long long)(page - below_end) * 4,
                 (unsigned long long)region_info(below).first_page << PAGE_SHIFT);
    else if (above)
        snprintf(text, text_bytes, "free: %llu KiB below the region at 0x%llx",
                 (unsigned long long)(above_first - page) * 4,
                 (unsigned long long)above_first << PAGE_SHIFT);
    else
        snprintf(text, text_bytes, "free: nothing is reserved near it");
    const struct note *note = newest_note(m, page);
    append_note(note, NOTE_RELEASED, text, text_bytes);
    append_note(note, NOTE_HEAP, text, text_bytes);
}

static const char *reserved_state(const struct machine *m, const struct note *note)
{
    if (note && note->kind == NOTE_DECOMMITTED)
        return "reserved, decommitted";
    /* No call since the region was reserved took the page away. */
    if ((note && note->kind == NOTE_RELEASED) || (!note && m->notes->count <= NOTES))
        return "reserved, never committed";
    return "reserved, not committed";
}

static void explain_region(const struct machine *m, const struct region *region, uint64_t page,
                           char *text, uint32_t text_bytes)
{
    struct region_info info = region_info(region);
    struct extent extent = region_extent(region, page);
    const struct note *note = newest_note(m, page);
    const char *state = info.flags & REGION_ISLAND ? "taken by pressure on the address space"
                        : extent.committed         ? "committed, "
                                                   : reserved_state(m, note);
    CHECK(page - info.first_page < info.pages);
    snprintf(text, text_bytes, "%s%s%s: page %llu of the %llu pages at 0x%llx", state,
             extent.committed ? protect_name(extent.protect) : "",
             extent.protect & PAGE_GUARD ? " | PAGE_GUARD" : "",
             (unsigned long long)(page - info.first_page), (unsigned long long)info.pages,
             (unsigned long long)info.first_page << PAGE_SHIFT);
    append_note(note, extent.committed ? NOTE_PROTECTED : NOTE_DECOMMITTED, text, text_bytes);
}

static void explain_outside(const struct machine *m, uint64_t native, char *text,
                            uint32_t text_bytes)
{
    const char *what = "outside the simulated address space";
    for (uint32_t i = 0; i < m->ranges_count; i++)
        if (native - m->ranges[i].base < m->ranges[i].size)
            what = m->ranges[i].type == MEM_IMAGE ? "in the image of the policy" : "on a stack";
    if (native < GRANULARITY_BYTES)
        what = native ? "a null pointer plus an offset" : "a null pointer";
    snprintf(text, text_bytes, "%s", what);
}

void machine_explain(struct machine *m, uint64_t native_address, char *text, uint32_t text_bytes)
{
    uint64_t address = native_address - WINDOW_BASE, page = address >> PAGE_SHIFT;
    CHECK(text_bytes > 0);
    text[0] = '\0';
    if (native_address < WINDOW_BASE || page >= NATIVE_END_PAGE) {
        explain_outside(m, native_address, text, text_bytes);
        return;
    }
    if (heap_explain(m, native_address, text, text_bytes))
        return;
    struct region *region = page < m->end_page ? space_find(m->space, page) : NULL;
    if (region)
        explain_region(m, region, page, text, text_bytes);
    else if (page < m->end_page)
        explain_free(m, page, text, text_bytes);
    else
        snprintf(text, text_bytes, "above the end of the user address space");
}
