/* What Windows refuses, and why: the checks of the memory calls, in Windows' order.
 *
 * Row numbers are those of docs/win32.md. Nothing here changes the machine. */
#include "include/windows.h"

#include "core/check.h"
#include "os/machine_private.h"

#define PROTECT_BASE 0xffu
#define PROTECT_MODIFIERS (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE)
#define ALLOC_KINDS (MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_RESET_UNDO)
#define ALLOC_FLAGS (ALLOC_KINDS | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_LARGE_PAGES)

/* Rows 18 to 20. */
enum status check_protection(uint32_t protect)
{
    uint32_t base = protect & PROTECT_BASE;
    uint32_t modifiers = protect & PROTECT_MODIFIERS;
    if (protect & ~(PROTECT_BASE | PROTECT_MODIFIERS))
        return ST_INVALID_PARAMETER;
    if (base == 0 || (base & (base - 1)) != 0)
        return ST_INVALID_PARAMETER;
    if (base == PAGE_NOACCESS && modifiers)
        return ST_INVALID_PARAMETER;
    if (modifiers & (modifiers - 1)) /* each of them excludes the others */
        return ST_INVALID_PARAMETER;
    return ST_OK;
}

/* Write-copy is for mapped files only: Windows finds that out once it knows the memory. */
static enum status check_private(uint32_t protect)
{
    bool copies = protect & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY);
    return copies ? ST_INVALID_PARAMETER : ST_OK;
}

/* Rows 14 to 17. */
static enum status check_alloc_type(uint32_t type)
{
    if ((type & ~ALLOC_FLAGS) || !(type & ALLOC_KINDS))
        return ST_INVALID_PARAMETER;
    if ((type & (MEM_RESET | MEM_RESET_UNDO)) && type != MEM_RESET && type != MEM_RESET_UNDO)
        return ST_INVALID_PARAMETER;
    if ((type & MEM_WRITE_WATCH) && !(type & MEM_RESERVE))
        return ST_INVALID_PARAMETER;
    if ((type & MEM_LARGE_PAGES) &&
        (type & (MEM_RESERVE | MEM_COMMIT)) != (MEM_RESERVE | MEM_COMMIT))
        return ST_INVALID_PARAMETER;
    return ST_OK;
}

static enum status check_large_pages(const struct machine *m, uint64_t address, uint64_t size)
{
    if (!m->config.lock_memory_privilege)
        return ST_PRIVILEGE_NOT_HELD;
    if (address % LARGE_PAGE_BYTES || size % LARGE_PAGE_BYTES)
        return ST_INVALID_PARAMETER;
    return ST_OK;
}

enum status check_range(const struct machine *m, uint64_t address, uint64_t size)
{
    uint64_t end = m->end_page << PAGE_SHIFT;
    if (address >= end || size == 0 || size > end - address)
        return ST_INVALID_PARAMETER;
    return ST_OK;
}

/* Rows 1, 3 and 13. */
static enum status plan_reserve(const struct machine *m, uint64_t address, uint64_t size,
                                uint32_t type, struct alloc_plan *plan)
{
    plan->reserve = true;
    if (address == 0) {
        uint64_t align = type & MEM_LARGE_PAGES ? LARGE_PAGE_BYTES : GRANULARITY_BYTES;
        plan->range.pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;
        if (!space_find_gap(m->space, plan->range.pages, align >> PAGE_SHIFT, LOWEST_PAGE,
                            m->placement_end_page, type & MEM_TOP_DOWN, &plan->range.first))
            return ST_NOT_ENOUGH_MEMORY;
        CHECK(plan->range.first % (align >> PAGE_SHIFT) == 0);
        CHECK(range_end(plan->range) <= m->placement_end_page);
        return ST_OK;
    }
    uint64_t base = address & ~(GRANULARITY_BYTES - 1);
    plan->range = pages_of(base, address + size - base);
    CHECK(plan->range.first >= LOWEST_PAGE);
    if (range_end(plan->range) > m->end_page)
        return ST_INVALID_PARAMETER;
    return space_is_free(m->space, plan->range.first, plan->range.pages) ? ST_OK
                                                                         : ST_INVALID_ADDRESS;
}

/* Rows 6 and 50: the range must lie in one reservation of VirtualAlloc. */
static enum status plan_inside(const struct machine *m, uint64_t address, uint64_t size,
                               struct alloc_plan *plan)
{
    plan->range = pages_of(address, size);
    plan->region = space_find(m->space, plan->range.first);
    if (!plan->region)
        return ST_INVALID_ADDRESS;
    struct region_info info = region_info(plan->region);
    CHECK(info.first_page <= plan->range.first);
    if (range_end(plan->range) > info.first_page + info.pages)
        return ST_INVALID_ADDRESS;
    if (info.flags & REGION_OTHERS)
        return ST_INVALID_ADDRESS;
    return ST_OK;
}

enum status check_alloc(const struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                        uint32_t protect, struct alloc_plan *plan)
{
    *plan = (struct alloc_plan){0};
    if (address > 0 && address < GRANULARITY_BYTES) /* row 11 */
        return ST_INVALID_PARAMETER;
    enum status status = check_alloc_type(type);
    if (status == ST_OK)
        status = check_protection(protect);
    if (status == ST_OK)
        status = check_range(m, address, size);
    if (status == ST_OK && (type & MEM_LARGE_PAGES))
        status = check_large_pages(m, address, size);
    if (status == ST_OK)
        status = check_private(protect);
    if (status != ST_OK)
        return status;
    plan->commit = type & MEM_COMMIT;
    plan->reset = type & MEM_RESET;
    plan->undo = type & MEM_RESET_UNDO;
    bool new_region = (type & MEM_RESERVE) || (plan->commit && address == 0); /* row 5 */
    status = new_region ? plan_reserve(m, address, size, type, plan)
                        : plan_inside(m, address, size, plan);
    if (status != ST_OK || !plan->commit)
        return status;
    plan->new_commit_pages = plan->range.pages;
    if (plan->region)
        plan->new_commit_pages -=
            region_committed(plan->region, plan->range.first, plan->range.pages);
    CHECK(plan->new_commit_pages <= plan->range.pages);
    if ((type & MEM_LARGE_PAGES) && plan->range.pages > physical_for_large(m))
        return ST_NO_SYSTEM_RESOURCES;
    return charge_possible(m, plan->new_commit_pages, type & MEM_LARGE_PAGES);
}

/* Rows 22 to 31. */
enum status check_free(const struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                       struct free_plan *plan)
{
    *plan = (struct free_plan){.release = type == MEM_RELEASE};
    if (type != MEM_RELEASE && type != MEM_DECOMMIT)
        return ST_INVALID_PARAMETER;
    if (plan->release && size != 0)
        return ST_INVALID_PARAMETER;
    uint64_t end = m->end_page << PAGE_SHIFT;
    if (address >= end || size > end - address)
        return ST_INVALID_PARAMETER;
    plan->region = space_find(m->space, address >> PAGE_SHIFT);
    if (!plan->region)
        return ST_INVALID_ADDRESS;
    struct region_info info = region_info(plan->region);
    CHECK(info.pages > 0 && info.committed_pages <= info.pages);
    if (info.flags & REGION_OTHERS)
        return ST_INVALID_PARAMETER;
    if (size != 0) {
        plan->range = pages_of(address, size);
        return range_end(plan->range) > info.first_page + info.pages ? ST_INVALID_PARAMETER : ST_OK;
    }
    plan->range = (struct page_range){info.first_page, info.pages};
    return address >> PAGE_SHIFT == info.first_page ? ST_OK : ST_INVALID_ADDRESS;
}

/* Rows 34 to 38. */
enum status check_protect(const struct machine *m, uint64_t address, uint64_t size,
                          uint32_t protect, bool has_old, struct region **region)
{
    enum status status = check_protection(protect);
    if (status == ST_OK)
        status = check_range(m, address, size);
    if (status != ST_OK)
        return status;
    if (!has_old)
        return ST_NOACCESS;
    struct page_range range = pages_of(address, size);
    CHECK(range_end(range) <= m->end_page);
    *region = space_find(m->space, range.first);
    if (!*region)
        return ST_INVALID_ADDRESS;
    struct region_info info = region_info(*region);
    if (range_end(range) > info.first_page + info.pages)
        return ST_INVALID_ADDRESS;
    if (check_private(protect) != ST_OK)
        return ST_INVALID_PARAMETER;
    if (region_committed(*region, range.first, range.pages) != range.pages)
        return ST_INVALID_ADDRESS;
    return ST_OK;
}
