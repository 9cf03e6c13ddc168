/* Pages go out: the choice of a page, the way to the standby and modified lists, to the page file,
 * and the writer. See physical.h.
 *
 * All four replacements keep the working set in one list. CLOCK is a ring with a hand: a page that
 * was touched since the hand came by loses its mark, and native access with it, because what
 * native code does to an open page is not seen. LRU moves a page to the end at each touch; FIFO
 * never does. The hand of these two stays at the end. */
#include "os/machine_private.h"

#include "core/check.h"

/* ---- the working set ---- */

void link_active(struct machine *m, uint32_t f, bool native)
{
    struct frames *frames = &m->phys.frames;
    uint32_t before = m->phys.hand;
    CHECK(f >= LISTS && f != before);
    CHECK(*frames->of[f].entry & PTE_RESIDENT);
    frames->of[f].batch = 0;
    if (native) {
        /* Native touches that are recorded together stand in page order here as well. */
        if (m->sim->touched_count == 0)
            m->phys.batch++;
        frames->of[f].batch = m->phys.batch;
        uint32_t left = frames->link[before].previous;
        while (left >= LISTS && frames->of[left].batch == frames->of[f].batch &&
               frames->of[left].page > frames->of[f].page) {
            before = left;
            left = frames->link[before].previous;
        }
    }
    frame_insert_before(frames, f, before);
    frames->count[LIST_ACTIVE]++;
}

void unlink_active(struct machine *m, uint32_t f)
{
    if (m->phys.hand == f)
        m->phys.hand = m->phys.frames.link[f].next;
    frame_unlink(&m->phys.frames, f, LIST_ACTIVE);
    CHECK(m->phys.hand != f);
}

/* Spares pages with the mark. */
static uint32_t move_hand(struct machine *m)
{
    struct frames *frames = &m->phys.frames;
    uint32_t f = m->phys.hand;
    CHECK(frames->count[LIST_ACTIVE] > 0); /* or the hand goes round for ever */
    for (;;) {
        if (f == LIST_ACTIVE)
            f = frames->link[f].next;
        uint32_t *entry = frames->of[f].entry;
        if (!(*entry & PTE_REFERENCED))
            break;
        if (*entry & PTE_OPEN)
            close_native(m, frames->of[f].page, entry);
        *entry &= ~(uint32_t)PTE_REFERENCED;
        f = frames->link[f].next;
    }
    return m->phys.hand = f;
}

bool affordable(const struct machine *m, uint32_t f)
{
    const struct frames *frames = &m->phys.frames;
    uint32_t bits = *frames->of[f].entry;
    return (bits & PTE_NO_COPY) != PTE_MODIFIED || slots_to_have(m) > frames->count[LIST_MODIFIED];
}

/* The page file is full: a page that needs nothing of it goes instead. What is charged fits into
 * RAM and file, so without such pages none has to go, except for another that comes in. */
static uint32_t mapped_instead(const struct machine *m, uint32_t f)
{
    const struct frames *frames = &m->phys.frames;
    uint32_t other = m->phys.mapped ? frame_first(frames, LIST_ACTIVE) : LIST_ACTIVE;
    while (other != LIST_ACTIVE && !affordable(m, other))
        other = frames->link[other].next;
    return other != LIST_ACTIVE ? other : f;
}

uint32_t choose_victim(struct machine *m)
{
    if (m->phys.frames.count[LIST_ACTIVE] == 0)
        return 0;
    if (m->sim->touched_count) /* these touches happened before */
        sim_flush_touches(m->sim);
    uint32_t f = m->phys.clock ? move_hand(m) : frame_first(&m->phys.frames, LIST_ACTIVE);
    CHECK(f >= LISTS);
    return affordable(m, f) ? f : mapped_instead(m, f);
}

bool can_leave(const struct machine *m, uint32_t f)
{
    return m->phys.lists || affordable(m, f);
}

/* ---- out of the working set ---- */

bool drop_page(struct machine *m, uint32_t f)
{
    struct frame_page *of = &m->phys.frames.of[f];
    uint32_t *entry = of->entry;
    bool dirty = *entry & PTE_MODIFIED;
    CHECK(*entry & PTE_PRESENT);
    CHECK(!(*entry & PTE_LOCKED));
    if (*entry & PTE_OPEN)
        close_native(m, of->page, entry);
    if (*entry & PTE_RESET) {
        discard_page(m, of->page, entry);
        *entry |= PTE_LOST;
    } else {
        *entry |= PTE_PAGED;
    }
    if (!(*entry & (PTE_RESET | PTE_MAPPED))) {
        if (dirty)
            slot_make_room(m);
        CHECK(dirty || m->phys.copies > 0);
        m->phys.copies -= !dirty;
        m->phys.absent++;
    }
    CHECK(m->phys.mapped > 0 || !(*entry & PTE_MAPPED));
    m->phys.mapped -= (*entry & PTE_MAPPED) != 0;
    *entry &= ~(uint32_t)(PTE_PRESENT | PTE_REFERENCED | PTE_MODIFIED | PTE_RESET);
    of->entry = NULL;
    m->sim->counters[COUNTER_pages_out] += dirty ? m->phys.counts : 0;
    return dirty;
}

bool exchange_pages(struct machine *m, uint64_t page, uint32_t *entry, bool write)
{
    struct physical *p = &m->phys;
    struct sim *sim = m->sim;
    if (p->lists || frames_unused(p) || p->others || p->hard_max != UINT64_MAX ||
        sim->touched_count || slots_left(m) < 2 || (*entry & (PTE_MAPPED | PTE_LOST)) ||
        FAULTS_LET_OTHERS_RUN(m))
        return false;
    uint32_t f = choose_victim(m);
    struct frame_page *of = &p->frames.of[f];
    if (f == 0 || (*of->entry & (PTE_OPEN | PTE_RESET | PTE_MAPPED)))
        return false;
    CHECK(*of->entry & PTE_RESIDENT);
    bool dirty = *of->entry & PTE_MODIFIED, hard = *entry & PTE_PAGED, clean = hard && !write;
    uint64_t replaced = (uint64_t)of->page << PAGE_SHIFT;
    *of->entry = (*of->entry & ~(uint32_t)(PTE_RESIDENT | PTE_MODIFIED)) | PTE_PAGED;
    *entry =
        (*entry & ~(uint32_t)PTE_PAGED) | PTE_RESIDENT | (clean ? 0 : PTE_MODIFIED) | p->fault_bits;
    *page_beside(entry) = f;
    *of = (struct frame_page){.entry = entry, .page = page};
    p->absent += 1 - (uint64_t)hard;
    p->copies += (uint64_t)clean - !dirty;
    if (p->clock)
        p->hand = p->frames.link[f].next;
    else
        move_to_end(&p->frames, f);
    sim->counters[COUNTER_faults_without_frame] += p->counts;
    sim->counters[COUNTER_pages_out] += dirty ? p->counts : 0;
    sim->counters[hard ? COUNTER_faults_hard : COUNTER_faults_demand_zero] += p->counts;
    sim->now_ns += dirty ? m->config.pagefile_write_ns : 0;
    sim->now_ns += hard ? sim->costs_ns[EVENT_hard_fault] + m->config.pagefile_read_ns
                        : sim->costs_ns[EVENT_first_touch] + sim->costs_ns[COST_zeroing_on_fault];
    sim_event(sim, hard ? EVENT_hard_fault : EVENT_first_touch, 0, page << PAGE_SHIFT, write, 0,
              replaced);
    return true;
}

uint32_t take_standby(struct machine *m)
{
    uint32_t f = frame_first(&m->phys.frames, LIST_STANDBY);
    if (f) {
        frame_unlink(&m->phys.frames, f, LIST_STANDBY);
        bool dirty = drop_page(m, f);
        CHECK(!dirty);
    }
    return f;
}

void leave_working_set(struct machine *m, uint32_t f)
{
    struct physical *p = &m->phys;
    uint32_t *entry = p->frames.of[f].entry;
    CHECK((*entry & PTE_RESIDENT) && !(*entry & PTE_LOCKED));
    CHECK(*page_beside(entry) == f);
    unlink_active(m, f);
    if (!p->lists) {
        drop_page(m, f);
        frame_give_back(m, f);
        return;
    }
    if (*entry & PTE_OPEN)
        close_native(m, p->frames.of[f].page, entry);
    *entry = (*entry & ~(uint32_t)(PTE_RESIDENT | PTE_REFERENCED)) | PTE_TRANSITION;
    if (!(*entry & PTE_MODIFIED)) {
        frame_link(&p->frames, f, LIST_STANDBY);
        return;
    }
    if (p->frames.count[LIST_MODIFIED] == 0)
        p->writer_ns = m->sim->now_ns + m->config.pagefile_write_ns;
    frame_link(&p->frames, f, LIST_MODIFIED);
}

static void trim_entry(void *context, uint64_t page, uint32_t *entry)
{
    (void)page;
    if ((*entry & (PTE_RESIDENT | PTE_LOCKED)) == PTE_RESIDENT && *page_beside(entry) != 0 &&
        can_leave(context, *page_beside(entry)))
        leave_working_set(context, *page_beside(entry));
}

void trim_all(struct machine *m)
{
    const struct frames *frames = &m->phys.frames;
    if (m->sim->touched_count)
        sim_flush_touches(m->sim);
    m->phys.hand = LIST_ACTIVE;
    for (uint32_t f = frames->link[LIST_ACTIVE].next, next; f != LIST_ACTIVE; f = next) {
        next = frames->link[f].next;
        if (can_leave(m, f))
            leave_working_set(m, f);
    }
    CHECK(m->phys.hand == LIST_ACTIVE);
    level_update(m);
}

void trim_range(struct machine *m, struct page_range range)
{
    if (m->sim->touched_count)
        sim_flush_touches(m->sim);
    page_table_walk(m->table, range.first, range.pages, trim_entry, m);
    level_update(m);
}

void trim_when_short(struct machine *m)
{
    struct physical *p = &m->phys;
    uint64_t enough = p->trim_below * 2, pages = 0;
    /* Pages that are being written will be available: they are not missed twice. */
    if (frames_available(p) + p->frames.count[LIST_MODIFIED] >= p->trim_below)
        return;
    while (frames_available(p) + p->frames.count[LIST_MODIFIED] < enough &&
           frames_resident(p) > m->config.working_set_min_pages &&
           p->frames.count[LIST_MODIFIED] < slots_to_have(m)) {
        uint32_t f = choose_victim(m);
        if (!f)
            break;
        leave_working_set(m, f);
        pages++;
    }
    if (pages)
        sim_event(m->sim, EVENT_trim, 0, 0, pages, frames_resident(p) << PAGE_SHIFT,
                  frames_available(p) << PAGE_SHIFT);
}

/* ---- the writer and the zeroing of frames ---- */

void write_page(struct machine *m, uint32_t f)
{
    struct physical *p = &m->phys;
    struct frame_page *of = &p->frames.of[f];
    CHECK(p->lists);
    CHECK((*of->entry & (PTE_MODIFIED | PTE_TRANSITION)) == (PTE_MODIFIED | PTE_TRANSITION));
    frame_unlink(&p->frames, f, LIST_MODIFIED);
    if (!(*of->entry & PTE_MAPPED)) {
        slot_make_room(m);
        p->copies++;
    }
    *of->entry &= ~(uint32_t)PTE_MODIFIED;
    frame_link(&p->frames, f, LIST_STANDBY);
    m->sim->counters[COUNTER_pages_out] += p->counts;
}

uint32_t next_to_write(const struct machine *m)
{
    const struct frames *frames = &m->phys.frames;
    uint32_t f = frame_first(frames, LIST_MODIFIED);
    if (!f || slots_to_have(m) > 0)
        return f;
    if (m->phys.mapped == 0)
        return 0;
    while (f != LIST_MODIFIED && !(*frames->of[f].entry & PTE_MAPPED))
        f = frames->link[f].next;
    return f != LIST_MODIFIED ? f : 0;
}

static void settle_writer(struct machine *m)
{
    struct physical *p = &m->phys;
    uint64_t written = 0;
    uint32_t f;
    while (p->writer_ns <= m->sim->now_ns && (f = next_to_write(m)) != 0) {
        write_page(m, f);
        p->writer_ns += m->config.pagefile_write_ns;
        written++;
    }
    if (p->frames.count[LIST_MODIFIED] && p->writer_ns <= m->sim->now_ns)
        p->writer_ns = m->sim->now_ns + m->config.pagefile_write_ns; /* the file was full */
    CHECK(p->frames.count[LIST_MODIFIED] == 0 || p->writer_ns > m->sim->now_ns);
    if (written)
        sim_event(m->sim, EVENT_page_write, 0, written, p->frames.count[LIST_MODIFIED],
                  p->frames.count[LIST_STANDBY], frames_available(p) << PAGE_SHIFT);
}

/* The same choices as settle_writer makes, on sums: while there is room in the file every page
 * goes, then those that have a file of their own. */
uint64_t pages_to_settle(const struct machine *m)
{
    const struct physical *p = &m->phys;
    const struct frames *frames = &p->frames;
    uint64_t now = m->sim->now_ns, written = 0, left = slots_left(m), copies = p->copies;
    uint64_t standby = frames->count[LIST_STANDBY];
    uint32_t f = frames->link[LIST_MODIFIED].next;
    for (uint64_t at_ns = p->writer_ns; f != LIST_MODIFIED && at_ns <= now;
         f = frames->link[f].next) {
        bool mapped = *frames->of[f].entry & PTE_MAPPED;
        bool room = left > 0 || copies > standby;
        if (!room && p->mapped == 0)
            break;
        if (!room && !mapped)
            continue;
        if (!mapped && left > 0) { /* else a present page gives up its copy for this one */
            left--;
            copies++;
        }
        standby++;
        written++;
        at_ns += m->config.pagefile_write_ns;
    }
    return written;
}

void physical_settle(struct machine *m)
{
    struct physical *p = &m->phys;
    uint64_t now = m->sim->now_ns;
    if (p->free && p->zeroing_ns <= now) {
        uint64_t each_ns = m->sim->costs_ns[COST_zeroing];
        uint64_t done = each_ns ? (now - p->zeroing_ns) / each_ns + 1 : p->free;
        done = done < p->free ? done : p->free;
        p->free -= done;
        p->zeroed += done;
        p->zeroing_ns += done * each_ns;
        CHECK(p->free == 0 || p->zeroing_ns > now);
    }
    if (p->frames.count[LIST_MODIFIED] && p->writer_ns <= now) {
        settle_writer(m);
        level_update(m);
    }
}
