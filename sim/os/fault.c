/* Pages come in: first touches, soft and hard faults, and where the frames for them come from. See
 * physical.h.
 *
 * A frame that holds nothing is taken first, then the oldest standby page gives its own. When
 * nothing is available the fault waits for the writer, or, where nothing is being written, the
 * replacement chooses. Other processes give frames up only while this one has less than its
 * minimum. */
#include "os/machine_private.h"

#include "core/check.h"

void fault_wait(struct machine *m, uint64_t ns, uint64_t held)
{
    struct sim *sim = m->sim;
    m->phys.in_flight += held;
    if (FAULTS_LET_OTHERS_RUN(m)) {
        m->phys.waits++;
        sched_sleep_until(sim, sim->now_ns + ns);
    } else {
        sim->now_ns += ns;
    }
    CHECK(m->phys.in_flight >= held);
    m->phys.in_flight -= held;
}

/* ---- frames ---- */

static void take_unused(struct machine *m, struct grant *grant)
{
    struct physical *p = &m->phys;
    CHECK(grant->frame == 0);
    if (p->zeroed) {
        p->zeroed--;
        grant->zeroed = true;
    } else if (p->free) {
        p->free--;
    } else {
        grant->frame = take_standby(m);
        return;
    }
    grant->frame = frame_new(&p->frames);
}

/* Without lists: the victim's frame at once. */
static void replace(struct machine *m, struct grant *grant)
{
    uint32_t f = choose_victim(m);
    CHECK(!m->phys.lists);
    CHECK(f != 0); /* locks, large pages and other processes leave some */
    grant->replaced = (uint64_t)m->phys.frames.of[f].page << PAGE_SHIFT;
    unlink_active(m, f);
    if (drop_page(m, f))
        fault_wait(m, m->config.pagefile_write_ns, 1);
    grant->frame = f;
}

/* poor: the process has less than its minimum. */
static bool others_yield(struct machine *m, bool poor)
{
    struct physical *p = &m->phys;
    bool none = p->frames.count[LIST_ACTIVE] + p->frames.count[LIST_MODIFIED] == 0;
    if (p->others == 0 || !(none || (poor && slots_to_have(m) > 0)))
        return false;
    CHECK(p->others <= m->others.memory_pages);
    slot_make_room(m); /* its page goes to the page file */
    p->others--;
    p->free++;
    return true;
}

static void wait_for_writer(struct machine *m)
{
    uint64_t now = m->sim->now_ns, due_ns = m->phys.writer_ns;
    CHECK(m->phys.frames.count[LIST_MODIFIED] > 0);
    if (due_ns > now)
        fault_wait(m, due_ns - now, 0);
    physical_settle(m);
}

/* With lists: a step towards an available frame. */
static void give_way(struct machine *m)
{
    uint32_t modified = frame_first(&m->phys.frames, LIST_MODIFIED);
    CHECK(m->phys.lists);
    if (next_to_write(m)) {
        wait_for_writer(m);
        return;
    }
    uint32_t f = choose_victim(m);
    CHECK(f != 0 || modified != 0); /* locks, large pages and other processes leave some */
    if (modified && (!f || !affordable(m, f)))
        write_page(m, modified); /* the file is full: another page is about to leave it */
    else
        leave_working_set(m, f);
}

static struct grant obtain_when_short(struct machine *m)
{
    struct physical *p = &m->phys;
    struct grant grant = {0};
    bool poor = frames_resident(p) < m->config.working_set_min_pages;
    physical_settle(m);
    trim_when_short(m);
    take_unused(m, &grant);
    if (!grant.frame)
        m->sim->counters[COUNTER_faults_without_frame] += p->counts;
    while (!grant.frame) {
        if (others_yield(m, poor)) {
            /* its frame is the next one */
        } else if (!p->lists) {
            replace(m, &grant);
            break;
        } else {
            give_way(m);
        }
        take_unused(m, &grant);
    }
    CHECK(grant.frame >= LISTS);
    level_update(m);
    return grant;
}

struct grant frame_obtain(struct machine *m)
{
    struct physical *p = &m->phys;
    if (__builtin_expect(p->zeroed <= p->plenty, 0))
        return obtain_when_short(m);
    p->zeroed--;
    return (struct grant){.frame = frame_new(&p->frames), .zeroed = true};
}

/* A hard maximum: a page of the process itself makes room. */
static void keep_maximum(struct machine *m)
{
    while (frames_resident(&m->phys) >= m->phys.hard_max) {
        uint32_t f = choose_victim(m);
        if (!f || !can_leave(m, f))
            break; /* all of it is locked, or has no other place */
        leave_working_set(m, f);
    }
    level_update(m);
}

/* ---- faults ---- */

static void note_resident(struct machine *m)
{
    uint64_t *counters = m->sim->counters, bytes = frames_resident(&m->phys) << PAGE_SHIFT;
    if (bytes > counters[COUNTER_resident_peak_bytes])
        counters[COUNTER_resident_peak_bytes] = bytes;
}

void page_written(struct machine *m, uint32_t *entry)
{
    CHECK(*entry & PTE_RESIDENT);
    if (*entry & PTE_MODIFIED)
        return;
    if (!(*entry & PTE_NO_COPY)) {
        CHECK(m->phys.copies > 0);
        m->phys.copies--;
    }
    *entry = (*entry & ~(uint32_t)(PTE_RESET | PTE_LOST)) | PTE_MODIFIED;
}

/* The frame holds the page from now on. */
static void settle_in(struct machine *m, uint32_t f, uint64_t page, uint32_t *entry,
                      const struct arrival *how, bool batch)
{
    struct frame_page *of = &m->phys.frames.of[f];
    CHECK(f >= LISTS && f < m->phys.frames.high);
    CHECK(!(*entry & PTE_RESIDENT));
    of->entry = entry;
    of->page = page;
    m->phys.mapped += (*entry & (PTE_MAPPED | PTE_TRANSITION)) == PTE_MAPPED;
    *page_beside(entry) = f;
    *entry = (*entry & ~(uint32_t)(PTE_TRANSITION | PTE_PAGED)) | PTE_RESIDENT | m->phys.fault_bits;
    link_active(m, f, batch);
    if (how->write)
        page_written(m, entry);
    note_resident(m);
}

static void soft_fault(struct machine *m, uint64_t page, uint32_t *entry, const struct arrival *how)
{
    struct sim *sim = m->sim;
    uint32_t f = *page_beside(entry);
    CHECK(m->phys.frames.of[f].entry == entry && m->phys.frames.of[f].page == page);
    if (sim->touched_count)
        sim_flush_touches(sim);
    frame_unlink(&m->phys.frames, f, *entry & PTE_MODIFIED ? LIST_MODIFIED : LIST_STANDBY);
    settle_in(m, f, page, entry, how, false);
    sim->counters[COUNTER_faults_soft] += m->phys.counts;
    sim_charge(sim, sim->costs_ns[EVENT_soft_fault]);
    sim_event(sim, EVENT_soft_fault, 0, page << PAGE_SHIFT, how->write, how->native, 0);
    level_update(m);
}

/* Whether the entry still stands where it did and says the same, after a fault has waited. */
static bool unchanged(struct machine *m, uint64_t waits, uint64_t page, uint32_t *entry,
                      uint32_t before)
{
    return waits == m->phys.waits || (page_table_find(m->table, page) == entry && *entry == before);
}

static bool hard_fault(struct machine *m, uint64_t page, uint32_t *entry, const struct arrival *how)
{
    struct physical *p = &m->phys;
    struct sim *sim = m->sim;
    uint64_t waits = p->waits;
    uint32_t before = *entry;
    struct grant grant = frame_obtain(m);
    if (sim->touched_count)
        sim_flush_touches(sim);
    fault_wait(m, m->sim->costs_ns[EVENT_hard_fault] + m->config.pagefile_read_ns, 1);
    if (!unchanged(m, waits, page, entry, before)) {
        frame_give_back(m, grant.frame);
        return false;
    }
    bool of_pagefile = !(before & PTE_MAPPED);
    CHECK(before & PTE_PAGED);
    CHECK(p->absent > 0 || !of_pagefile);
    p->absent -= of_pagefile;
    p->copies += of_pagefile;
    settle_in(m, grant.frame, page, entry, how, false);
    if (of_pagefile && slots_left(m) == 0)
        page_written(m, entry); /* the file is full: it keeps no copy */
    sim->counters[COUNTER_faults_hard] += p->counts;
    sim_event(sim, EVENT_hard_fault, 0, page << PAGE_SHIFT, how->write, how->native,
              grant.replaced);
    return true;
}

static bool first_touch(struct machine *m, uint64_t page, uint32_t *entry,
                        const struct arrival *how)
{
    struct sim *sim = m->sim;
    uint64_t waits = m->phys.waits;
    uint32_t before = *entry;
    CHECK(!(before & (PTE_TRANSITION | PTE_PAGED)));
    struct grant grant = frame_obtain(m);
    if (!unchanged(m, waits, page, entry, before)) {
        frame_give_back(m, grant.frame);
        return false;
    }
    /* What was lost reads as zero, and MEM_RESET_UNDO must fail until it is written. */
    *entry |= before & PTE_LOST ? PTE_RESET : before & PTE_MAPPED ? 0 : PTE_MODIFIED;
    sim->counters[COUNTER_faults_demand_zero] += m->phys.counts;
    sim_charge(sim, sim->costs_ns[EVENT_first_touch]);
    if (!grant.zeroed)
        sim_charge(sim, sim->costs_ns[COST_zeroing_on_fault]);
    bool batch = how->native && !grant.replaced;
    uint32_t room = sizeof sim->touched_pages / sizeof *sim->touched_pages;
    if (sim->touched_count == room || (sim->touched_count && !batch))
        sim_flush_touches(sim);
    settle_in(m, grant.frame, page, entry, how, batch);
    CHECK(sim->touched_count < room);
    if (batch)
        sim->touched_pages[sim->touched_count++] = page;
    else
        sim_event(sim, EVENT_first_touch, 0, page << PAGE_SHIFT, how->write, how->native,
                  grant.replaced);
    return true;
}

bool bring_in(struct machine *m, uint64_t page, uint32_t *entry, const struct arrival *how)
{
    CHECK(page < m->end_page);
    CHECK(*entry != 0 && !(*entry & PTE_RESIDENT));
    if (frames_resident(&m->phys) >= m->phys.hard_max)
        keep_maximum(m);
    else if (!how->native && exchange_pages(m, page, entry, how->write))
        return true;
    if (*entry & PTE_TRANSITION) {
        soft_fault(m, page, entry, how);
        return true;
    }
    return *entry & PTE_PAGED ? hard_fault(m, page, entry, how) : first_touch(m, page, entry, how);
}
