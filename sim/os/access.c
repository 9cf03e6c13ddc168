/* Accesses to memory: what the hardware and the page-fault handler of Windows would do.
 *
 * A page whose answer is known costs one look into the page table. Otherwise the model decides:
 * reserved and free pages and wrong protections are access violations, a guard page raises once
 * and becomes ordinary, a page outside the working set is brought in (fault.c).
 *
 * Native code that touches a page opens it as well: for reading and writing at once where the
 * protection allows writing, so that code which reads before it writes (built with -O0) and code
 * that only writes (-O2) fault alike, and its fault is a write. Only watched pages tell a read from
 * a write. */
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

/* ---- touching ---- */

static enum access_result guard_raised(struct machine *m, struct region *region, uint64_t page,
                                       uint32_t protect, enum access_kind kind)
{
    CHECK(protect & PAGE_GUARD);
    close_pages(m, (struct page_range){page, 1});
    region_protect(m->space, region, page, 1, (uint16_t)(protect & ~PAGE_GUARD));
    sim_event(m->sim, EVENT_exception, 0, STATUS_GUARD_PAGE_VIOLATION, page << PAGE_SHIFT, kind, 0);
    return ACCESS_GUARD;
}

uint32_t *learn_page(struct machine *m, uint64_t page, const struct region *region)
{
    uint32_t *entry = page_table_make(m->table, page);
    uint32_t may = may_bits(region_extent(region, page).protect);
    uint16_t flags = region_info(region).flags;
    if ((flags & REGION_WRITE_WATCH) && !(*entry & PTE_DIRTY))
        may &= ~(uint32_t)PTE_MAY_WRITE; /* the first write must come back here */
    if (flags & (REGION_VIEW | REGION_IMAGE))
        *entry |= PTE_MAPPED;
    if (flags & REGION_LARGE_PAGES) /* there since it was committed, and no fault */
        *entry |= PTE_RESIDENT | PTE_MODIFIED | PTE_REFERENCED;
    *entry = (*entry & ~(uint32_t)PTE_MAY) | may;
    CHECK(*entry != 0);
    return entry;
}

/* Whether the protection allows the access; then the page's entry says so. */
static enum access_result decide(struct machine *m, uint64_t page, enum access_kind kind)
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
    if ((region_info(region).flags & REGION_WRITE_WATCH) && kind == ACCESS_WRITE)
        *page_table_make(m->table, page) |= PTE_DIRTY;
    uint32_t *entry = learn_page(m, page, region);
    CHECK(*entry & (1u << kind));
    return ACCESS_OK;
}

/* What touching the present page changes. */
static void use_page(struct machine *m, uint32_t *entry, enum access_kind kind)
{
    CHECK(*entry & PTE_RESIDENT);
    if (m->phys.clock)
        *entry |= PTE_REFERENCED;
    else if (m->phys.lru && *page_beside(entry) && !(*entry & PTE_LOCKED))
        move_to_end(&m->phys.frames, *page_beside(entry));
    if (kind == ACCESS_WRITE)
        page_written(m, entry);
}

/* The long way of a touch. *entry: that of the page, NULL if there is none; afterwards, when the
 * access is allowed, the page is in the working set. */
static enum access_result serve(struct machine *m, uint64_t page, enum access_kind kind,
                                bool native, uint32_t **entry)
{
    struct arrival how = {.native = native};
    bool fault = false;
    for (;;) {
        if (!*entry || !(**entry & (1u << kind))) {
            enum access_result result = decide(m, page, kind);
            if (result != ACCESS_OK)
                return result;
            *entry = page_table_find(m->table, page);
        }
        if (**entry & PTE_RESIDENT)
            break;
        fault = true;
        how.write = kind == ACCESS_WRITE || (native && (**entry & PTE_MAY_WRITE));
        if (bring_in(m, page, *entry, &how))
            break;
        /* It waited while others ran, who changed something: all is looked at again. */
        *entry = page_table_find(m->table, page);
    }
    CHECK((**entry & PTE_RESIDENT) && (**entry & (1u << kind)));
    if (!fault)
        use_page(m, *entry, kind);
    return ACCESS_OK;
}

enum access_result machine_touch(struct machine *m, uint64_t address, enum access_kind kind)
{
    uint64_t page = address >> PAGE_SHIFT;
    m->sim->counters[COUNTER_touches]++;
    uint32_t need = m->phys.touch_need[kind];
    uint32_t *entry = page < m->end_page ? page_table_find(m->table, page) : NULL;
    if (entry && (*entry & need) == need) {
        uint32_t bits = *entry | m->phys.touch_sets;
        if (bits != *entry)
            *entry = bits;
        if (m->phys.lru && *page_beside(entry) && !(bits & PTE_LOCKED))
            move_to_end(&m->phys.frames, *page_beside(entry));
        return ACCESS_OK;
    }
    if (entry && (*entry & (1u << kind)) && (*entry & PTE_PAGED) &&
        exchange_pages(m, page, entry, kind == ACCESS_WRITE))
        return ACCESS_OK;
    return serve(m, page, kind, false, &entry);
}

/* ---- native access ---- */

/* Open pages count as referenced and, where they can be written, as modified. */
static void open_page(struct machine *m, uint64_t page, uint32_t *entry)
{
    uint32_t open = PTE_OPEN_READ | (*entry & PTE_MAY_WRITE ? PTE_OPEN_WRITE : 0) |
                    (*entry & PTE_MAY_EXECUTE ? PTE_OPEN_EXECUTE : 0);
    CHECK((*entry & PTE_MAY) && (*entry & PTE_RESIDENT));
    CHECK(page < NATIVE_END_PAGE);
    int change = pieces_change(m, page, open_bits(m, *entry), open);
    native_open(m->native, page, open & PTE_OPEN_WRITE, open & PTE_OPEN_EXECUTE, change);
    if (!(*entry & PTE_REFERENCED)) {
        if (m->phys.lru && *page_beside(entry) && !(*entry & PTE_LOCKED))
            move_to_end(&m->phys.frames, *page_beside(entry));
        *entry |= PTE_REFERENCED;
    }
    if (open & PTE_OPEN_WRITE) {
        page_written(m, entry);
        *entry |= PTE_CONTENT;
    }
    *entry &= (1u << PTE_EPOCH_SHIFT) - 1 - PTE_OPEN;
    *entry |= open | native_epoch(m->native) << PTE_EPOCH_SHIFT;
    CHECK(open_bits(m, *entry) == open);
}

enum access_result machine_open(struct machine *m, uint64_t address, enum access_kind kind)
{
    uint64_t page = address >> PAGE_SHIFT;
    CHECK(m->native != NULL);
    if (page >= m->end_page || page >= NATIVE_END_PAGE)
        return ACCESS_VIOLATION;
    uint32_t *entry = page_table_find(m->table, page);
    if (!entry || !(*entry & (1u << kind)) || !(*entry & PTE_RESIDENT)) {
        m->sim->counters[COUNTER_touches]++;
        enum access_result result = serve(m, page, kind, true, &entry);
        if (result != ACCESS_OK)
            return result;
    }
    open_page(m, page, entry);
    return ACCESS_OK;
}

/* The contents that native code gave the page, wherever the model keeps them. */
static bool peek_page(struct machine *m, uint64_t page, uint64_t offset, uint8_t *bytes,
                      uint64_t count)
{
    CHECK(offset + count <= PAGE_BYTES);
    uint32_t entry = page < m->end_page ? page_table_get(m->table, page) : 0;
    if (!(entry & PTE_MAY_READ))
        return false;
    if (!(entry & PTE_CONTENT)) /* no native code has written there */
        memset(bytes, 0, count);
    else
        native_read(m->native, page, offset, bytes, count, open_bits(m, entry));
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
    uint32_t *entry = page_table_find(m->table, page);
    if (!entry || !(*entry & PTE_MAY_WRITE))
        return false;
    CHECK(*entry & (PTE_PRESENT | PTE_PAGED | PTE_LOST)); /* a touch came before */
    *entry |= PTE_CONTENT;
    native_write(m->native, page, offset, bytes, count, open_bits(m, *entry));
    return true;
}

uint64_t machine_native_pieces(const struct machine *m)
{
    return m->native ? native_pieces(m->native) : 0;
}
