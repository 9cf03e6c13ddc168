/* The machine: what the memory calls do once they are allowed. See machine.h.
 *
 * Each call has one shape: sim_call counts it and says whether the plan wants it to fail; a check
 * of machine_check.c decides; the change follows; sim_event appends the record. A refused call
 * changes nothing. */
#include "include/windows.h"

#include "core/check.h"
#include "os/machine_private.h"

/* The one global of the simulator: exported Win32 functions have no argument that could carry the
 * machine, and neither has the fault handler. */
static struct machine *current_machine;

struct machine *machine_current(void)
{
    return current_machine;
}

struct sim *machine_sim(struct machine *machine)
{
    return machine->sim;
}

const struct machine_config *machine_config(const struct machine *machine)
{
    return &machine->config;
}

struct machine_config machine_config_default(void)
{
    return (struct machine_config){.ram_bytes = UINT64_C(4) << 30,
                                   .pagefile_bytes = UINT64_C(4) << 30,
                                   .address_space_bytes = UINT64_C(128) << 40,
                                   .processors = 2,
                                   .working_set_min_pages = 50,
                                   .working_set_max_pages = 345,
                                   .pagefile_read_ns = 100000,
                                   .pagefile_write_ns = 25000};
}

/* For rules of the fault plan. */
static uint32_t load_percent(void *context)
{
    struct memory_status status;
    machine_memory_status(context, &status);
    return status.load_percent;
}

struct machine *machine_create(struct sim *sim, const struct machine_config *config, bool native)
{
    CHECK(config->ram_bytes >= PAGE_BYTES);
    CHECK(config->address_space_bytes >= UINT64_C(2) << 30);
    CHECK(config->address_space_bytes <= UINT64_C(128) << 40);
    CHECK(config->processors > 0);
    struct machine *m = arena_alloc(&sim->arena, sizeof *m);
    m->sim = sim;
    m->config = *config;
    sim->processors = config->processors;
    working_set_create(m);
    m->notes = notes_create(&sim->arena);
    /* The last 64 KiB of the address space are never accessible. */
    m->end_page = (config->address_space_bytes - GRANULARITY_BYTES) >> PAGE_SHIFT;
    m->placement_end_page = m->end_page < NATIVE_END_PAGE ? m->end_page : NATIVE_END_PAGE;
    CHECK(m->placement_end_page > LOWEST_PAGE && m->placement_end_page <= m->end_page);
    m->space = space_create(&sim->arena, LOWEST_PAGE, m->end_page);
    m->table = page_table_create(&sim->arena, m->end_page);
    physical_create(m);
    sim->load_percent = load_percent;
    sim->load_context = m;
    current_machine = m;
    if (native)
        m->native = native_create(sim);
    return m;
}

void machine_destroy(struct machine *m)
{
    CHECK(m->sim->load_context == m);
    if (m->native)
        native_destroy(m->native);
    m->sim->load_percent = NULL;
    if (current_machine == m)
        current_machine = NULL; /* its memory goes with the arena */
}

/* ---- VirtualAlloc ---- */

struct call_traits traits_of_alloc(uint64_t size, uint32_t type, uint32_t protect)
{
    struct call_traits traits = {.size = size, .protect = protect, .flags = type};
    traits.what = (type & MEM_RESERVE ? FAULT_RESERVE : 0) |
                  (type & MEM_COMMIT ? FAULT_COMMIT : 0) | (type & MEM_RESET ? FAULT_RESET : 0);
    return traits;
}

static void change_alloc(struct machine *m, const struct alloc_plan *plan, uint32_t type,
                         uint32_t protect)
{
    struct region *region = plan->region;
    CHECK(plan->range.pages > 0);
    CHECK((region == NULL) == plan->reserve);
    if (plan->reset)
        reset_pages(m, plan->range);
    if (plan->reset || plan->undo)
        return; /* the charge and the state stay */
    if (plan->reserve) {
        uint16_t flags = (type & MEM_WRITE_WATCH ? REGION_WRITE_WATCH : 0) |
                         (type & MEM_LARGE_PAGES ? REGION_LARGE_PAGES : 0) |
                         (protect & PAGE_NOCACHE ? REGION_NOCACHE : 0);
        region =
            space_insert(m->space, plan->range.first, plan->range.pages, (uint16_t)protect, flags);
    }
    CHECK(plan->new_commit_pages <= (plan->commit ? plan->range.pages : 0));
    if (plan->commit) {
        if (plan->new_commit_pages != plan->range.pages)
            close_pages(m, plan->range); /* pages committed before change protection */
        /* Cachebility belongs to the allocation (row 21): page values leave it out. */
        region_commit(m->space, region, plan->range.first, plan->range.pages,
                      (uint16_t)(protect & ~PAGE_NOCACHE));
    }
    charge_change(m, (int64_t)plan->new_commit_pages,
                  region_info(region).flags & REGION_LARGE_PAGES);
}

enum status machine_alloc(struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                          uint32_t protect, uint64_t *result)
{
    struct call_traits traits = traits_of_alloc(size, type, protect);
    struct alloc_plan plan;
    enum status injected = sim_call(m->sim, EVENT_VirtualAlloc, &traits);
    enum status status = check_alloc(m, address, size, type, protect, &plan);
    if (status == ST_COMMITMENT_LIMIT)
        charge_refused(m, plan.new_commit_pages, type & MEM_LARGE_PAGES);
    if (status == ST_OK)
        status = injected;
    if (status == ST_OK && plan.undo && !undo_reset(m, plan.range))
        status = ST_NOT_ENOUGH_MEMORY; /* row 52: some of it reads as zero */
    if (status == ST_OK) {
        change_alloc(m, &plan, type, protect);
        *result = plan.range.first << PAGE_SHIFT;
        CHECK(*result != 0);
    } else {
        *result = 0;
    }
    sim_event(m->sim, EVENT_VirtualAlloc, status_code(status), address, size,
              type | (uint64_t)protect << 32, *result);
    return status;
}

/* ---- VirtualFree ---- */

static void change_free(struct machine *m, const struct free_plan *plan)
{
    struct region_info info = region_info(plan->region);
    bool watched = info.flags & REGION_WRITE_WATCH;
    uint64_t committed = region_committed(plan->region, plan->range.first, plan->range.pages);
    CHECK(plan->range.pages > 0);
    CHECK(committed <= plan->range.pages);
    if (committed || watched)
        forget_pages(m, plan->range, watched && !plan->release);
    if (plan->release)
        space_remove(m->space, plan->region);
    else if (committed)
        region_decommit(m->space, plan->region, plan->range.first, plan->range.pages);
    charge_change(m, -(int64_t)committed, info.flags & REGION_LARGE_PAGES);
}

struct call_traits traits_of_free(uint64_t size, uint32_t type)
{
    struct call_traits traits = {.size = size, .flags = type};
    traits.what =
        (type & MEM_DECOMMIT ? FAULT_DECOMMIT : 0) | (type & MEM_RELEASE ? FAULT_RELEASE : 0);
    return traits;
}

enum status machine_free(struct machine *m, uint64_t address, uint64_t size, uint32_t type)
{
    struct call_traits traits = traits_of_free(size, type);
    struct free_plan plan;
    enum status injected = sim_call(m->sim, EVENT_VirtualFree, &traits);
    enum status status = check_free(m, address, size, type, &plan);
    if (status == ST_OK)
        status = injected;
    if (status == ST_OK)
        change_free(m, &plan);
    sim_event(m->sim, EVENT_VirtualFree, status_code(status), address, size, type, 0);
    if (status == ST_OK)
        note_change(m, plan.release ? NOTE_RELEASED : NOTE_DECOMMITTED, plan.range);
    return status;
}

/* ---- VirtualProtect ---- */

static uint32_t with_cacheability(const struct region_info *info, uint32_t protect)
{
    return protect && protect != PAGE_NOACCESS && (info->flags & REGION_NOCACHE)
               ? protect | PAGE_NOCACHE
               : protect;
}

static void make_sticky(void *context, uint64_t page, uint32_t *entry)
{
    (void)context, (void)page;
    *entry = *entry & PTE_DIRTY ? *entry | PTE_STICKY : *entry & ~(uint32_t)PTE_STICKY;
}

static void change_protect(struct machine *m, struct region *region, struct page_range range,
                           uint32_t protect)
{
    CHECK(region_committed(region, range.first, range.pages) == range.pages);
    close_pages(m, range);
    if (region_info(region).flags & REGION_WRITE_WATCH)
        page_table_walk(m->table, range.first, range.pages, make_sticky, NULL);
    region_protect(m->space, region, range.first, range.pages, (uint16_t)(protect & ~PAGE_NOCACHE));
}

enum status machine_protect(struct machine *m, uint64_t address, uint64_t size, uint32_t protect,
                            bool has_old, uint32_t *old)
{
    struct call_traits traits = {.size = size, .protect = protect};
    struct region *region = NULL;
    enum status injected = sim_call(m->sim, EVENT_VirtualProtect, &traits);
    enum status status = check_protect(m, address, size, protect, has_old, &region);
    if (status == ST_OK)
        status = injected;
    *old = 0;
    if (status == ST_OK) {
        struct page_range range = pages_of(address, size);
        struct region_info info = region_info(region);
        *old = with_cacheability(&info, region_extent(region, range.first).protect);
        change_protect(m, region, range, protect);
    }
    sim_event(m->sim, EVENT_VirtualProtect, status_code(status), address, size,
              protect | (uint64_t)*old << 32, 0);
    if (status == ST_OK)
        note_change(m, NOTE_PROTECTED, pages_of(address, size));
    return status;
}

/* ---- VirtualQuery ---- */

/* Rows 45 to 48. The free run around a page reaches from the region below to the one above. */
static void describe_free(const struct machine *m, uint64_t page, struct memory_info *info)
{
    struct region *next = space_find_next(m->space, page);
    uint64_t end = next ? region_info(next).first_page : m->end_page;
    CHECK(page < end);
    *info = (struct memory_info){.base = page << PAGE_SHIFT,
                                 .size = (end - page) << PAGE_SHIFT,
                                 .state = MEM_FREE,
                                 .protect = PAGE_NOACCESS};
}

static uint32_t type_of(uint16_t flags)
{
    if (flags & REGION_IMAGE)
        return MEM_IMAGE;
    return flags & REGION_VIEW ? MEM_MAPPED : MEM_PRIVATE;
}

static void describe_region(const struct region *region, uint64_t page, struct memory_info *info)
{
    struct region_info about = region_info(region);
    struct extent extent = region_extent(region, page);
    CHECK(page >= about.first_page && extent.pages > 0);
    *info = (struct memory_info){.base = page << PAGE_SHIFT,
                                 .allocation_base = about.first_page << PAGE_SHIFT,
                                 .size = extent.pages << PAGE_SHIFT,
                                 .allocation_protect = about.alloc_protect,
                                 .state = extent.committed ? MEM_COMMIT : MEM_RESERVE,
                                 .protect = with_cacheability(&about, extent.protect),
                                 .type = type_of(about.flags)};
}

enum status machine_query(struct machine *m, uint64_t address, struct memory_info *info)
{
    uint64_t page = address >> PAGE_SHIFT;
    enum status status = sim_call(m->sim, EVENT_VirtualQuery, NULL);
    *info = (struct memory_info){0};
    if (page >= m->end_page)
        status = ST_INVALID_PARAMETER;
    if (status == ST_OK) {
        struct region *region = space_find(m->space, page);
        if (region)
            describe_region(region, page, info);
        else
            describe_free(m, page, info);
    }
    sim_event(m->sim, EVENT_VirtualQuery, status_code(status), address, info->base, info->size,
              info->state | (uint64_t)info->protect << 32);
    return status;
}

/* ---- checking ---- */

static uint64_t charged_pages(const struct machine *m)
{
    uint64_t charged = 0;
    for (struct region *region = space_find_next(m->space, 0); region;
         region = space_find_next(m->space, region_info(region).first_page + 1)) {
        struct region_info info = region_info(region);
        if (!(info.flags & (REGION_VIEW | REGION_IMAGE)))
            charged += info.committed_pages;
    }
    return charged;
}

void machine_verify(const struct machine *m)
{
    space_verify(m->space);
    page_table_verify(m->table);
    physical_verify(m);
    CHECK(charged_pages(m) == m->commit_pages);
    pressure_verify(m);
}
