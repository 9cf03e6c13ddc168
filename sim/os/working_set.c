/* The working set of the process: its limits, and calls that take pages out of it.
 *
 * The maximum is soft as on Windows: only a hard one makes pages of the process give way to each
 * other. The minimum is what others leave the process in any case. Row numbers: docs/win32.md. */
#include "include/windows.h"

#include "core/check.h"
#include "os/machine_private.h"

/* Windows raises a lower minimum to this; the maximum has to be larger than it. */
#define WORKING_SET_LEAST_PAGES 20
#define HARD_MIN (QUOTA_LIMITS_HARDWS_MIN_ENABLE | QUOTA_LIMITS_HARDWS_MIN_DISABLE)
#define HARD_MAX (QUOTA_LIMITS_HARDWS_MAX_ENABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE)

static bool excludes_itself(uint32_t flags)
{
    return (flags & HARD_MIN) == HARD_MIN || (flags & HARD_MAX) == HARD_MAX;
}

void working_set_create(struct machine *m)
{
    struct machine_config *config = &m->config, usual = machine_config_default();
    if (!config->working_set_min_pages)
        config->working_set_min_pages = usual.working_set_min_pages;
    if (!config->working_set_max_pages)
        config->working_set_max_pages = usual.working_set_max_pages;
    if (config->working_set_min_pages < WORKING_SET_LEAST_PAGES)
        config->working_set_min_pages = WORKING_SET_LEAST_PAGES;
    m->working_set_flags = QUOTA_LIMITS_HARDWS_MIN_DISABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE;
    CHECK(!excludes_itself(m->working_set_flags));
}

static enum status check_working_set(const struct machine *m, uint64_t min_bytes,
                                     uint64_t max_bytes, uint32_t flags)
{
    if ((flags & ~(uint32_t)(HARD_MIN | HARD_MAX)) || excludes_itself(flags))
        return ST_INVALID_PARAMETER;
    if (min_bytes == UINT64_MAX && max_bytes == UINT64_MAX)
        return ST_OK;
    uint64_t min = min_bytes >> PAGE_SHIFT, max = max_bytes >> PAGE_SHIFT;
    if (min == 0 || min > max || max <= WORKING_SET_LEAST_PAGES)
        return ST_INVALID_PARAMETER;
    return min > m->phys.total ? ST_NO_SYSTEM_RESOURCES : ST_OK;
}

static void change_working_set(struct machine *m, uint64_t min, uint64_t max, uint32_t flags)
{
    CHECK(min > 0);
    CHECK(min <= m->phys.total);
    m->config.working_set_min_pages = min < WORKING_SET_LEAST_PAGES ? WORKING_SET_LEAST_PAGES : min;
    m->config.working_set_max_pages = max;
    CHECK(m->config.working_set_min_pages <= max);
    /* Of each pair one flag is set at any time. */
    if (flags & HARD_MIN)
        m->working_set_flags &= ~(uint32_t)HARD_MIN;
    if (flags & HARD_MAX)
        m->working_set_flags &= ~(uint32_t)HARD_MAX;
    m->working_set_flags |= flags;
    CHECK(!excludes_itself(m->working_set_flags));
    bool hard = m->working_set_flags & QUOTA_LIMITS_HARDWS_MAX_ENABLE;
    m->phys.hard_max = hard ? max : UINT64_MAX;
    uint32_t f;
    while (frames_resident(&m->phys) > m->phys.hard_max && (f = choose_victim(m)) != 0 &&
           can_leave(m, f))
        leave_working_set(m, f);
    level_update(m);
}

enum status machine_set_working_set(struct machine *m, uint64_t min_bytes, uint64_t max_bytes,
                                    uint32_t flags)
{
    const struct call_traits traits = {.size = min_bytes};
    enum status injected = sim_call(m->sim, EVENT_SetProcessWorkingSetSize, &traits);
    enum status status = check_working_set(m, min_bytes, max_bytes, flags);
    if (status == ST_OK)
        status = injected;
    if (status == ST_OK && min_bytes == UINT64_MAX)
        trim_all(m);
    else if (status == ST_OK)
        change_working_set(m, min_bytes >> PAGE_SHIFT, max_bytes >> PAGE_SHIFT, flags);
    sim_event(m->sim, EVENT_SetProcessWorkingSetSize, status_code(status), min_bytes, max_bytes,
              flags, 0);
    return status;
}

enum status machine_empty_working_set(struct machine *m)
{
    enum status status = sim_call(m->sim, EVENT_EmptyWorkingSet, NULL);
    uint64_t before = frames_resident(&m->phys);
    if (status == ST_OK)
        trim_all(m);
    uint64_t after = frames_resident(&m->phys);
    CHECK(after <= before);
    CHECK(status == ST_OK || after == before);
    sim_event(m->sim, EVENT_EmptyWorkingSet, status_code(status), (before - after) << PAGE_SHIFT,
              after << PAGE_SHIFT, 0, 0);
    return status;
}

void machine_study(struct machine *m, bool begins)
{
    static const enum counter counted[] = {COUNTER_faults_demand_zero, COUNTER_faults_soft,
                                           COUNTER_faults_hard, COUNTER_faults_without_frame,
                                           COUNTER_pages_out};
    struct physical *p = &m->phys;
    CHECK(begins || p->studied || p->lists);
    if (p->lists)
        return;
    p->counts = begins;
    if (!begins)
        return;
    trim_all(m); /* the ring begins anew with it */
    for (size_t i = 0; !p->studied && i < sizeof counted / sizeof *counted; i++)
        m->sim->counters[counted[i]] = 0;
    p->studied = true;
}

/* ---- what a page is ---- */

struct page_state machine_page_state(struct machine *m, uint64_t address)
{
    uint64_t page = address >> PAGE_SHIFT;
    struct region *region = page < m->end_page ? space_find(m->space, page) : NULL;
    uint32_t *entry = region ? page_table_find(m->table, page) : NULL;
    if (!entry || !(*entry & PTE_RESIDENT))
        return (struct page_state){0};
    return (struct page_state){.valid = true,
                               .locked = *entry & PTE_LOCKED,
                               .large = *page_beside(entry) == 0,
                               .protect = region_extent(region, page).protect};
}
