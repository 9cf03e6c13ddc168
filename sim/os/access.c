/* Accesses to memory: what the hardware and the page-fault handler of Windows would do.
 *
 * A page whose answer is known costs one look into the page table. Otherwise the model decides:
 * reserved and free pages and wrong protections are access violations, a guard page raises once
 * and becomes ordinary, a first touch takes a frame. When no frame is free the touch is counted
 * (faults_without_frame); choosing a page to replace belongs here, in take_frame.
 *
 * Native code that touches a page opens it as well: for reading and writing at once where the
 * protection allows writing, so that code which reads before it writes (built with -O0) and code
 * that only writes (-O2) fault alike. Only watched pages tell a read from a write. */
#include "include/windows.h"

#include <string.h>
#include "core/check.h"
#include "os/machine_private.h"

static bool protect_allows(uint32_t protect, enum access_kind kind)
{
    switch (protect & 0xff) {
    case PAGE_READONLY:
        return kind == ACCESS_READ;
    case PAGE_READWRITE:
        return kind != ACCESS_EXECUTE;
    case PAGE_EXECUTE: /* row 44: readable as well */
    case PAGE_EXECUTE_READ:
        return kind != ACCESS_WRITE;
    case PAGE_EXECUTE_READWRITE:
        return true;
    default:
        return false;
    }
}

static uint32_t may_bits(uint32_t protect)
{
    uint32_t may = 0;
    for (int kind = ACCESS_READ; kind <= ACCESS_EXECUTE; kind++)
        if (protect_allows(protect, (enum access_kind)kind))
            may |= 1u << kind;
    return may;
}

/* ---- frames ---- */

static void take_frame(struct machine *m)
{
    uint64_t *counters = m->sim->counters;
    if (machine_available_frames(m) == 0)
        counters[COUNTER_faults_without_frame]++;
    m->frames_used++;
    uint64_t resident = m->frames_used << PAGE_SHIFT;
    if (resident > counters[COUNTER_resident_peak_bytes])
        counters[COUNTER_resident_peak_bytes] = resident;
}

void make_resident(struct machine *m, uint64_t page, uint32_t *entry, bool write, bool native)
{
    struct sim *sim = m->sim;
    CHECK(!(*entry & PTE_RESIDENT));
    take_frame(m);
    *entry |= PTE_RESIDENT;
    sim->counters[COUNTER_faults_demand_zero]++;
    sim_charge(sim, event_shapes[EVENT_first_touch].cost_ns);
    if (!native) {
        sim_event(sim, EVENT_first_touch, 0, page << PAGE_SHIFT, write, 0, 0);
        return;
    }
    if (sim->touched_count == sizeof sim->touched_pages / sizeof *sim->touched_pages)
        sim_flush_touches(sim);
    sim->touched_pages[sim->touched_count++] = page;
}

uint64_t machine_available_frames(const struct machine *m)
{
    uint64_t used = m->frames_used + m->others.memory_pages;
    return used < m->frames_total ? m->frames_total - used : 0;
}

uint64_t machine_resident_pages(const struct machine *m)
{
    return m->frames_used;
}

/* ---- touching ---- */

static enum access_result guard_raised(struct machine *m, struct region *region, uint64_t page,
                                       uint32_t protect, enum access_kind kind)
{
    close_pages(m, (struct page_range){page, 1});
    region_protect(m->space, region, page, 1, (uint16_t)(protect & ~PAGE_GUARD));
    sim_event(m->sim, EVENT_exception, 0, STATUS_GUARD_PAGE_VIOLATION, page << PAGE_SHIFT, kind, 0);
    return ACCESS_GUARD;
}

static enum access_result decide(struct machine *m, uint64_t page, enum access_kind kind,
                                 bool native)
{
    struct region *region = page < m->end_page ? space_find(m->space, page) : NULL;
    if (!region)
        return ACCESS_VIOLATION;
    struct extent extent = region_extent(region, page);
    if (!extent.committed)
        return ACCESS_VIOLATION;
    if (extent.protect & PAGE_GUARD)
        return guard_raised(m, region, page, extent.protect, kind);
    if (!protect_allows(extent.protect, kind))
        return ACCESS_VIOLATION;
    uint32_t entry = page_table_get(m->table, page), may = may_bits(extent.protect);
    if (region_info(region).flags & REGION_WRITE_WATCH) {
        if (kind == ACCESS_WRITE)
            entry |= PTE_DIRTY;
        if (!(entry & PTE_DIRTY))
            may &= ~(uint32_t)PTE_MAY_WRITE; /* the first write must come back here */
    }
    if (!(entry & PTE_RESIDENT))
        make_resident(m, page, &entry, kind == ACCESS_WRITE, native);
    CHECK(may & (1u << kind));
    page_table_set(m->table, page, (entry & ~(uint32_t)PTE_MAY) | may);
    return ACCESS_OK;
}

enum access_result machine_touch(struct machine *m, uint64_t address, enum access_kind kind)
{
    uint64_t page = address >> PAGE_SHIFT;
    m->sim->counters[COUNTER_touches]++;
    if (page < m->end_page && (page_table_get(m->table, page) & (1u << kind)))
        return ACCESS_OK;
    return decide(m, page, kind, false);
}

/* ---- native access ---- */

static uint32_t open_bits(const struct machine *m, uint32_t entry)
{
    return entry >> PTE_EPOCH_SHIFT == native_epoch(m->native) ? entry & PTE_OPEN : 0;
}

static uint32_t open_bits_at(const struct machine *m, uint64_t page)
{
    return page < m->end_page ? open_bits(m, page_table_get(m->table, page)) : 0;
}

/* How many pieces begin at a page with the bits `open`, or right behind it. */
static int pieces_begun(uint32_t left, uint32_t open, uint32_t right)
{
    return (open && open != left) + (right && right != open);
}

static void open_page(struct machine *m, uint64_t page)
{
    uint32_t entry = page_table_get(m->table, page);
    uint32_t open = PTE_OPEN_READ | (entry & PTE_MAY_WRITE ? PTE_OPEN_WRITE : 0) |
                    (entry & PTE_MAY_EXECUTE ? PTE_OPEN_EXECUTE : 0);
    CHECK(entry & PTE_MAY);
    CHECK(page < NATIVE_END_PAGE);
    uint32_t left = open_bits_at(m, page - 1), right = open_bits_at(m, page + 1);
    int change = pieces_begun(left, open, right) - pieces_begun(left, open_bits(m, entry), right);
    native_open(m->native, page, open & PTE_OPEN_WRITE, open & PTE_OPEN_EXECUTE, change);
    entry &= (1u << PTE_EPOCH_SHIFT) - 1;
    entry = (entry & ~(uint32_t)PTE_OPEN) | open | native_epoch(m->native) << PTE_EPOCH_SHIFT;
    if (open & PTE_OPEN_WRITE)
        entry |= PTE_CONTENT;
    page_table_set(m->table, page, entry);
}

enum access_result machine_open(struct machine *m, uint64_t address, enum access_kind kind)
{
    uint64_t page = address >> PAGE_SHIFT;
    CHECK(m->native != NULL);
    if (page >= m->end_page || page >= NATIVE_END_PAGE)
        return ACCESS_VIOLATION;
    if (!(page_table_get(m->table, page) & (1u << kind))) {
        m->sim->counters[COUNTER_touches]++;
        enum access_result result = decide(m, page, kind, true);
        if (result != ACCESS_OK)
            return result;
    }
    open_page(m, page);
    return ACCESS_OK;
}

static bool peek_page(struct machine *m, uint64_t page, uint64_t offset, uint8_t *bytes,
                      uint64_t count)
{
    CHECK(offset + count <= PAGE_BYTES);
    uint32_t entry = page < m->end_page ? page_table_get(m->table, page) : 0;
    if (!(entry & PTE_MAY_READ))
        return false;
    if (!(entry & PTE_CONTENT)) { /* no native code has written there */
        memset(bytes, 0, count);
        return true;
    }
    uint64_t address = page << PAGE_SHIFT;
    enum access_result result = machine_open(m, address, ACCESS_READ);
    CHECK(result == ACCESS_OK);
    memcpy(bytes, (void *)(uintptr_t)(WINDOW_BASE + address + offset), count);
    return true;
}

bool machine_peek(struct machine *m, uint64_t address, void *bytes, uint64_t count)
{
    uint8_t *to = bytes;
    while (count > 0) {
        uint64_t offset = address & (PAGE_BYTES - 1), part = PAGE_BYTES - offset;
        part = part < count ? part : count;
        if (!peek_page(m, address >> PAGE_SHIFT, offset, to, part))
            return false;
        address += part;
        to += part;
        count -= part;
    }
    return true;
}

bool machine_poke(struct machine *m, uint64_t address, const void *bytes, uint64_t count)
{
    uint64_t page = address >> PAGE_SHIFT, offset = address & (PAGE_BYTES - 1);
    CHECK(offset + count <= PAGE_BYTES);
    if (!m->native || page >= m->end_page || page >= NATIVE_END_PAGE)
        return false;
    if (!(page_table_get(m->table, page) & PTE_MAY_WRITE))
        return false;
    enum access_result result = machine_open(m, page << PAGE_SHIFT, ACCESS_WRITE);
    CHECK(result == ACCESS_OK);
    memcpy((void *)(uintptr_t)(WINDOW_BASE + address), bytes, count);
    return true;
}

/* ---- pages go out of use ---- */

/* Collects neighbouring pages so that the kernel is asked once a run. */
struct run {
    uint64_t first, pages;
};

struct closing {
    struct machine *m;
    struct run open, content;
    uint32_t last_open; /* open bits of the last page of the open run, */
    int64_t begun;      /* and pieces that began in it */
    bool forget, keep_sticky;
};

static void flush_open(struct closing *closing)
{
    struct run *run = &closing->open;
    uint32_t right = open_bits_at(closing->m, run->first + run->pages);
    /* What went on behind the run now begins there. */
    int64_t change = (right && right == closing->last_open) - closing->begun;
    native_close(closing->m->native, run->first, run->pages, change);
    closing->begun = 0;
}

static void flush_run(struct closing *closing, struct run *run)
{
    if (run->pages == 0)
        return;
    if (run == &closing->open)
        flush_open(closing);
    else
        native_discard(closing->m->native, run->first, run->pages);
    run->pages = 0;
}

static void extend_run(struct closing *closing, struct run *run, uint64_t page)
{
    if (run->pages && run->first + run->pages != page)
        flush_run(closing, run);
    if (run->pages == 0)
        run->first = page;
    run->pages++;
}

static uint32_t close_entry(void *context, uint64_t page, uint32_t entry)
{
    struct closing *closing = context;
    struct machine *m = closing->m;
    uint32_t open = open_bits(m, entry);
    if (open) {
        extend_run(closing, &closing->open, page);
        uint32_t left = closing->open.pages > 1 ? closing->last_open : open_bits_at(m, page - 1);
        closing->begun += open != left;
        closing->last_open = open;
    }
    CHECK(!(entry & PTE_LOCKED) || (entry & PTE_RESIDENT));
    entry &= (1u << PTE_EPOCH_SHIFT) - 1;
    entry &= ~(uint32_t)(PTE_MAY | PTE_OPEN);
    if (!closing->forget)
        return entry;
    CHECK(m->frames_used >= 1 || !(entry & PTE_RESIDENT));
    if (entry & PTE_CONTENT)
        extend_run(closing, &closing->content, page);
    m->frames_used -= (entry & PTE_RESIDENT) != 0;
    m->locked_pages -= (entry & PTE_LOCKED) != 0;
    return closing->keep_sticky && (entry & PTE_STICKY) ? PTE_STICKY | PTE_DIRTY : 0;
}

static void close_or_forget(struct machine *m, struct page_range range, bool forget,
                            bool keep_sticky)
{
    struct closing closing = {.m = m, .forget = forget, .keep_sticky = keep_sticky};
    if (page_table_entries(m->table) == 0)
        return;
    /* Touches of these pages happened before: their records come first. */
    if (m->sim->touched_count)
        sim_flush_touches(m->sim);
    page_table_walk(m->table, range.first, range.pages, close_entry, &closing);
    flush_run(&closing, &closing.open);
    flush_run(&closing, &closing.content);
}

void forget_pages(struct machine *m, struct page_range range, bool keep_sticky)
{
    close_or_forget(m, range, true, keep_sticky);
}

void close_pages(struct machine *m, struct page_range range)
{
    close_or_forget(m, range, false, false);
}

uint64_t machine_native_pieces(const struct machine *m)
{
    return m->native ? native_pieces(m->native) : 0;
}
