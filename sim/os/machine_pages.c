/* Calls about single pages: locking and write watching. Row numbers: docs/win32.md. */
#include "include/windows.h"

#include "core/check.h"
#include "os/machine_private.h"

/* Pages that VirtualLock may not use of the minimum working set (row 43). */
#define LOCK_OVERHEAD_PAGES 8

/* ---- VirtualLock, VirtualUnlock ---- */

/* Rows 40 and 41. *guard: the first guard page of the range, UINT64_MAX: none. */
static enum status check_lockable(const struct machine *m, struct page_range range, uint64_t *guard)
{
    *guard = UINT64_MAX;
    for (uint64_t page = range.first; page < range_end(range);) {
        struct region *region = space_find(m->space, page);
        if (!region)
            return ST_NOACCESS;
        struct extent extent = region_extent(region, page);
        if (!extent.committed || (extent.protect & 0xff) == PAGE_NOACCESS)
            return ST_NOACCESS;
        if ((extent.protect & PAGE_GUARD) && *guard == UINT64_MAX)
            *guard = page;
        page += extent.pages;
    }
    return ST_OK;
}

static uint64_t unlocked_pages(const struct machine *m, struct page_range range)
{
    uint64_t unlocked = 0;
    for (uint64_t page = range.first; page < range_end(range); page++)
        unlocked += !(page_table_get(m->table, page) & PTE_LOCKED);
    return unlocked;
}

static enum status check_lock(const struct machine *m, uint64_t address, uint64_t size,
                              uint64_t *guard)
{
    enum status status = check_range(m, address, size);
    if (status != ST_OK)
        return status;
    struct page_range range = pages_of(address, size);
    status = check_lockable(m, range, guard);
    if (status != ST_OK || *guard != UINT64_MAX)
        return status;
    CHECK(m->config.working_set_min_pages > LOCK_OVERHEAD_PAGES);
    uint64_t limit = m->config.working_set_min_pages - LOCK_OVERHEAD_PAGES;
    /* Some page must stay replaceable on the smallest machine. */
    uint64_t frames = m->phys.total - m->phys.large - 1;
    limit = limit < frames ? limit : frames;
    /* The limit is small, so a range above it is refused without looking at its pages. */
    if (range.pages > limit || m->locked_pages + unlocked_pages(m, range) > limit)
        return ST_WORKING_SET_QUOTA;
    return ST_OK;
}

static void lock_page(struct machine *m, uint64_t page)
{
    uint32_t *entry;
    while (!(*(entry = learn_page(m, page, space_find(m->space, page))) & PTE_RESIDENT))
        bring_in(m, page, entry, &(struct arrival){0});
    if (*entry & PTE_LOCKED)
        return;
    uint32_t f = *page_beside(entry);
    CHECK(page < m->end_page);
    if (f) { /* large pages stay anyway */
        unlink_active(m, f);
        frame_link(&m->phys.frames, f, LIST_LOCKED);
    }
    *entry |= PTE_LOCKED;
    m->locked_pages++;
}

static void lock_pages(struct machine *m, struct page_range range)
{
    CHECK(range.pages > 0);
    for (uint64_t page = range.first; page < range_end(range); page++)
        lock_page(m, page);
    CHECK(m->locked_pages >= range.pages);
}

enum status machine_lock(struct machine *m, uint64_t address, uint64_t size)
{
    uint64_t guard = UINT64_MAX;
    const struct call_traits traits = {.size = size};
    enum status injected = sim_call(m->sim, EVENT_VirtualLock, &traits);
    enum status status = check_lock(m, address, size, &guard);
    if (status == ST_OK)
        status = injected;
    if (status == ST_OK && guard != UINT64_MAX) { /* the probe trips over it: row 40 */
        machine_touch(m, guard << PAGE_SHIFT, ACCESS_READ);
        status = ST_GUARD_PAGE;
    } else if (status == ST_OK) {
        lock_pages(m, pages_of(address, size));
    }
    sim_event(m->sim, EVENT_VirtualLock, status_code(status), address, size, 0, 0);
    return status;
}

static void unlock_page(struct machine *m, uint32_t *entry)
{
    uint32_t f = *page_beside(entry);
    CHECK(*entry & PTE_LOCKED);
    if (f) {
        frame_unlink(&m->phys.frames, f, LIST_LOCKED);
        link_active(m, f, false);
    }
    CHECK(m->locked_pages > 0);
    *entry &= ~(uint32_t)PTE_LOCKED;
    m->locked_pages--;
}

static enum status check_unlock(const struct machine *m, uint64_t address, uint64_t size)
{
    enum status status = check_range(m, address, size);
    if (status != ST_OK)
        return status;
    struct page_range range = pages_of(address, size);
    /* More pages than are locked at all cannot all be locked. */
    if (range.pages > m->locked_pages || unlocked_pages(m, range) != 0)
        return ST_NOT_LOCKED;
    return ST_OK;
}

enum status machine_unlock(struct machine *m, uint64_t address, uint64_t size)
{
    const struct call_traits traits = {.size = size};
    enum status injected = sim_call(m->sim, EVENT_VirtualUnlock, &traits);
    enum status status = check_unlock(m, address, size);
    bool unlocked = status == ST_NOT_LOCKED;
    if (status == ST_OK)
        status = injected;
    if (unlocked) /* row 42: that is how hosts take pages out of a working set */
        trim_range(m, pages_of(address, size));
    if (status == ST_OK) {
        struct page_range range = pages_of(address, size);
        CHECK(m->locked_pages >= range.pages);
        for (uint64_t page = range.first; page < range_end(range); page++)
            unlock_page(m, page_table_find(m->table, page));
    }
    sim_event(m->sim, EVENT_VirtualUnlock, status_code(status), address, size, 0, 0);
    return status;
}

/* ---- write watch ---- */

/* Rows 53 and 54: the range must lie in one watched allocation. */
static enum status check_watch(const struct machine *m, uint64_t address, uint64_t size)
{
    enum status status = check_range(m, address, size);
    if (status != ST_OK)
        return status;
    struct page_range range = pages_of(address, size);
    struct region *region = space_find(m->space, range.first);
    if (!region)
        return ST_INVALID_PARAMETER;
    struct region_info info = region_info(region);
    if (!(info.flags & REGION_WRITE_WATCH) || range_end(range) > info.first_page + info.pages)
        return ST_INVALID_PARAMETER;
    return ST_OK;
}

struct watch_walk {
    struct machine *m;
    uint64_t *pages;
    uint64_t room, found;
    bool reset;
};

/* A page whose watch is reset must fault again at the next write: its MAY_WRITE goes. Native
 * access was closed for the whole range before. */
static void watch_reset_entry(uint32_t *entry)
{
    *entry &= ~(uint32_t)(PTE_DIRTY | PTE_STICKY | PTE_MAY_WRITE);
}

static void watch_visit(void *context, uint64_t page, uint32_t *entry)
{
    struct watch_walk *walk = context;
    if (!(*entry & PTE_DIRTY) || walk->found == walk->room)
        return;
    CHECK(walk->found < walk->room);
    CHECK(page < walk->m->end_page);
    walk->pages[walk->found++] = page << PAGE_SHIFT;
    if (walk->reset)
        watch_reset_entry(entry);
}

enum status machine_get_write_watch(struct machine *m, uint32_t flags, uint64_t address,
                                    uint64_t size, uint64_t *pages, uint64_t *count)
{
    const struct call_traits traits = {.size = size};
    enum status injected = sim_call(m->sim, EVENT_GetWriteWatch, &traits);
    enum status status = check_watch(m, address, size);
    if (flags & ~(uint32_t)WRITE_WATCH_FLAG_RESET || *count == 0)
        status = ST_INVALID_PARAMETER;
    if (status == ST_OK)
        status = injected;
    uint64_t found = 0;
    if (status == ST_OK) {
        struct page_range range = pages_of(address, size);
        struct watch_walk walk = {m, pages, *count, 0, flags & WRITE_WATCH_FLAG_RESET};
        if (walk.reset)
            close_pages(m, range);
        page_table_walk(m->table, range.first, range.pages, watch_visit, &walk);
        CHECK(walk.found <= *count);
        found = *count = walk.found;
    }
    sim_event(m->sim, EVENT_GetWriteWatch, status_code(status), address, size, flags | found << 32,
              0);
    return status;
}

static void reset_visit(void *context, uint64_t page, uint32_t *entry)
{
    (void)context, (void)page;
    watch_reset_entry(entry);
}

enum status machine_reset_write_watch(struct machine *m, uint64_t address, uint64_t size)
{
    const struct call_traits traits = {.size = size};
    enum status injected = sim_call(m->sim, EVENT_ResetWriteWatch, &traits);
    enum status status = check_watch(m, address, size);
    if (status == ST_OK)
        status = injected;
    if (status == ST_OK) {
        struct page_range range = pages_of(address, size);
        close_pages(m, range);
        page_table_walk(m->table, range.first, range.pages, reset_visit, NULL);
    }
    sim_event(m->sim, EVENT_ResetWriteWatch, status_code(status), address, size, 0, 0);
    return status;
}
