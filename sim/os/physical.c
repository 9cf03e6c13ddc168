/* The frames of the machine as sums: what holds nothing, what others have, the page file, and the
 * levels of the memory resource notifications. See physical.h. */
#include "os/machine_private.h"

#include "core/check.h"

/* The low level of Windows: 32 MiB per 4 GiB of RAM, at most 64 MiB. */
#define LOW_OF_RAM 128
#define LOW_MOST_BYTES (UINT64_C(64) << 20)
#define HIGH_OF_LOW 3
/* Half of the low level: the notification comes before pages are taken. */
#define TRIM_OF_RAM 256

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void set_levels(struct machine *m)
{
    struct machine_config *config = &m->config;
    struct physical *p = &m->phys;
    uint64_t ram = p->total << PAGE_SHIFT;
    uint64_t low = config->low_memory_bytes ? config->low_memory_bytes
                                            : least(ram / LOW_OF_RAM, LOW_MOST_BYTES);
    uint64_t high = config->high_memory_bytes ? config->high_memory_bytes : HIGH_OF_LOW * low;
    high = high > low ? high : low;
    p->low = low >> PAGE_SHIFT;
    p->high = (high + PAGE_BYTES - 1) >> PAGE_SHIFT;
    p->trim_below =
        p->lists ? least(p->total / TRIM_OF_RAM, (LOW_MOST_BYTES >> PAGE_SHIFT) / 2) : 0;
    p->plenty = p->high > p->trim_below ? p->high : p->trim_below;
}

static void set_replacement(struct machine *m)
{
    struct physical *p = &m->phys;
    enum replacement replacement = m->config.replacement;
    CHECK(replacement <= REPLACE_FIFO);
    p->lists = !m->config.no_standby;
    p->lru = replacement == REPLACE_LRU;
    p->clock = replacement == REPLACE_CLOCK || replacement == REPLACE_CLOCK_REF0;
    p->fault_bits = replacement == REPLACE_CLOCK ? PTE_REFERENCED : 0;
    for (int kind = ACCESS_READ; kind <= ACCESS_EXECUTE; kind++)
        p->touch_need[kind] = PTE_RESIDENT | 1u << kind | (kind == ACCESS_WRITE ? PTE_MODIFIED : 0);
    p->touch_sets = p->clock ? PTE_REFERENCED : 0;
}

static enum memory_level level_now(const struct physical *p)
{
    uint64_t available = frames_available(p);
    return available <= p->low ? MEMORY_LOW : available >= p->high ? MEMORY_HIGH : MEMORY_NEUTRAL;
}

void physical_create(struct machine *m)
{
    struct physical *p = &m->phys;
    struct machine_config *config = &m->config;
    frames_create(&p->frames, &m->sim->arena);
    p->total = p->zeroed = config->ram_bytes >> PAGE_SHIFT;
    CHECK(p->total > 0); /* more than frames have numbers (frames.h): these are for pages in use */
    p->hard_max = UINT64_MAX;
    p->hand = LIST_ACTIVE;
    p->counts = 1;
    const struct machine_config usual = machine_config_default();
    if (!config->pagefile_read_ns)
        config->pagefile_read_ns = usual.pagefile_read_ns;
    if (!config->pagefile_write_ns)
        config->pagefile_write_ns = usual.pagefile_write_ns;
    set_replacement(m);
    set_levels(m);
    p->level = level_now(p);
}

/* ---- frames that hold nothing ---- */

static void add_free(struct machine *m, uint64_t frames)
{
    struct physical *p = &m->phys;
    if (p->free == 0)
        p->zeroing_ns = m->sim->now_ns + m->sim->costs_ns[COST_zeroing];
    p->free += frames;
}

void frame_give_back(struct machine *m, uint32_t frame)
{
    frame_free(&m->phys.frames, frame);
    add_free(m, 1);
}

void level_update(struct machine *m)
{
    struct physical *p = &m->phys;
    enum memory_level level = level_now(p);
    if (level == p->level)
        return;
    p->level = level;
    sim_event(m->sim, EVENT_memory_level, 0, level, frames_available(p) << PAGE_SHIFT, 0, 0);
    if (m->on_level)
        m->on_level(m->on_level_context, level);
}

void machine_on_level(struct machine *m, void (*on_level)(void *context, enum memory_level level),
                      void *context)
{
    m->on_level = on_level;
    m->on_level_context = context;
}

bool machine_memory_resource(struct machine *m, bool high)
{
    physical_settle(m);
    return m->phys.level == (high ? MEMORY_HIGH : MEMORY_LOW);
}

void machine_settle(struct machine *m)
{
    physical_settle(m);
}

uint64_t machine_due_ns(const struct machine *m)
{
    return next_to_write(m) ? m->phys.writer_ns : UINT64_MAX;
}

uint64_t machine_available_frames(const struct machine *m)
{
    return frames_available(&m->phys);
}

uint64_t machine_resident_pages(const struct machine *m)
{
    return frames_resident(&m->phys);
}

/* ---- others and large pages ---- */

/* Unused frames first, the zeroed ones before the others. */
static uint64_t take_empty(struct physical *p, uint64_t frames)
{
    uint64_t zeroed = least(frames, p->zeroed), free = least(frames - zeroed, p->free);
    p->zeroed -= zeroed;
    p->free -= free;
    return zeroed + free;
}

/* Takes a frame that holds a page: of the standby list, or (any) also of pages that are written
 * first. False: there is none. */
static bool take_used(struct machine *m, bool any)
{
    struct physical *p = &m->phys;
    uint32_t f = take_standby(m);
    if (!f && any) {
        uint32_t modified = next_to_write(m);
        if (!modified && p->frames.count[LIST_ACTIVE] == 0)
            modified = frame_first(&p->frames, LIST_MODIFIED);
        if (modified) {
            write_page(m, modified);
            f = take_standby(m);
        } else if ((f = choose_victim(m)) != 0) {
            unlink_active(m, f);
            drop_page(m, f);
        }
    }
    if (f)
        frame_free(&p->frames, f);
    return f != 0;
}

/* The process keeps its minimum, as far as it has it. */
uint64_t physical_takeable(const struct machine *m)
{
    const struct physical *p = &m->phys;
    uint64_t locked = p->frames.count[LIST_LOCKED], active = p->frames.count[LIST_ACTIVE];
    uint64_t minimum = m->config.working_set_min_pages;
    uint64_t keep = minimum > locked ? minimum - locked : 0;
    return frames_available(p) + p->frames.count[LIST_MODIFIED] +
           (active > keep ? active - keep : 0);
}

/* What the process needs for itself on any machine. */
static uint64_t least_frames(const struct machine *m)
{
    uint64_t minimum = m->config.working_set_min_pages, locked = m->locked_pages + 1;
    return minimum > locked ? minimum : locked;
}

uint64_t physical_removable(const struct machine *m)
{
    const struct physical *p = &m->phys;
    uint64_t keep = least_frames(m) + p->large;
    return p->total > keep ? least(p->total - keep, physical_takeable(m)) : 0;
}

uint64_t physical_for_large(const struct machine *m)
{
    const struct physical *p = &m->phys;
    uint64_t available = frames_available(p), keep = least_frames(m), has = frames_resident(p);
    keep = keep > has ? keep - has : 0;
    return available > keep ? available - keep : 0;
}

static void take_any(struct machine *m, uint64_t frames)
{
    CHECK(frames <= physical_takeable(m));
    uint64_t taken = take_empty(&m->phys, frames);
    while (taken < frames && take_used(m, true))
        taken++;
    CHECK(taken == frames);
}

static void note_trim(struct machine *m, uint64_t resident)
{
    struct physical *p = &m->phys;
    if (resident != frames_resident(p))
        sim_event(m->sim, EVENT_trim, 0, 1, resident - frames_resident(p),
                  frames_resident(p) << PAGE_SHIFT, frames_available(p) << PAGE_SHIFT);
    level_update(m);
}

void physical_others_take(struct machine *m, uint64_t frames)
{
    uint64_t resident = frames_resident(&m->phys);
    take_any(m, frames);
    m->phys.others += frames;
    note_trim(m, resident);
}

void physical_ram_change(struct machine *m, bool put_back, uint64_t frames)
{
    uint64_t resident = frames_resident(&m->phys);
    if (put_back && frames)
        add_free(m, frames);
    else
        take_any(m, frames);
    m->phys.total += put_back ? frames : -frames;
    note_trim(m, resident);
}

void physical_others_give(struct machine *m, uint64_t frames)
{
    CHECK(frames <= m->phys.others);
    m->phys.others -= frames;
    if (frames)
        add_free(m, frames);
    level_update(m);
}

void physical_large_take(struct machine *m, uint64_t frames)
{
    struct physical *p = &m->phys;
    CHECK(frames <= frames_available(p));
    uint64_t taken = take_empty(p, frames);
    while (taken < frames && take_used(m, false))
        taken++;
    CHECK(taken == frames);
    p->large += frames;
    level_update(m);
}

void physical_large_give(struct machine *m, uint64_t frames)
{
    CHECK(frames <= m->phys.large);
    m->phys.large -= frames;
    if (frames)
        add_free(m, frames);
    level_update(m);
}

/* ---- the page file ---- */

static uint64_t slots(const struct machine *m)
{
    return (m->config.pagefile_bytes >> PAGE_SHIFT) - m->others.pagefile_pages;
}

static uint64_t slots_used(const struct machine *m)
{
    return m->phys.absent + m->phys.copies + (m->others.memory_pages - m->phys.others);
}

uint64_t slots_left(const struct machine *m)
{
    uint64_t used = slots_used(m), pages = slots(m);
    return used < pages ? pages - used : 0;
}

uint64_t slots_to_have(const struct machine *m)
{
    const struct physical *p = &m->phys;
    uint64_t standby = p->frames.count[LIST_STANDBY]; /* these must keep theirs */
    return slots_left(m) + (p->copies > standby ? p->copies - standby : 0);
}

/* There is one in the working set. */
static void give_up_copy(struct machine *m)
{
    struct physical *p = &m->phys;
    CHECK(p->copies > p->frames.count[LIST_STANDBY]);
    for (;;) {
        if (++p->search >= p->frames.high)
            p->search = LISTS;
        const struct frame_page *of = &p->frames.of[p->search];
        if (of->entry && (*of->entry & (PTE_RESIDENT | PTE_NO_COPY)) == PTE_RESIDENT)
            break;
    }
    page_written(m, p->frames.of[p->search].entry);
}

void slot_make_room(struct machine *m)
{
    if (slots_left(m) == 0 && slots_to_have(m) > 0)
        give_up_copy(m);
}

void slots_fit(struct machine *m)
{
    uint64_t over = slots_used(m), pages = slots(m);
    for (over = over > pages ? over - pages : 0; over > 0; over--)
        give_up_copy(m);
}

/* ---- checking ---- */

struct counts {
    const struct machine *m;
    uint64_t lists[LISTS], absent, copies, locked, mapped;
};

static void count_entry(void *context, uint64_t page, uint32_t *entry)
{
    struct counts *counts = context;
    const struct frames *frames = &counts->m->phys.frames;
    uint32_t bits = *entry, f = *page_beside(entry);
    bool resident = bits & PTE_RESIDENT, modified = bits & PTE_MODIFIED;
    counts->locked += (bits & PTE_LOCKED) != 0;
    CHECK(resident || !(bits & (PTE_LOCKED | PTE_REFERENCED)));
    CHECK(resident || open_bits(counts->m, bits) == 0);
    if (!(bits & PTE_PRESENT)) {
        CHECK(!(bits & (PTE_MODIFIED | PTE_RESET)));
        counts->absent += (bits & (PTE_PAGED | PTE_MAPPED)) == PTE_PAGED;
        return;
    }
    CHECK(!(bits & PTE_PAGED));
    CHECK(!resident || !(bits & PTE_TRANSITION));
    if (resident && f == 0)
        return; /* a large page */
    CHECK(f >= LISTS && f < frames->high);
    CHECK(frames->of[f].entry == entry && frames->of[f].page == page);
    counts->lists[resident   ? bits & PTE_LOCKED ? LIST_LOCKED : LIST_ACTIVE
                  : modified ? LIST_MODIFIED
                             : LIST_STANDBY]++;
    counts->copies += !(bits & PTE_NO_COPY);
    counts->mapped += (bits & PTE_MAPPED) != 0;
}

void physical_verify(const struct machine *m)
{
    const struct physical *p = &m->phys;
    struct counts counts = {.m = m};
    frames_verify(&p->frames);
    page_table_walk(m->table, 0, m->end_page, count_entry, &counts);
    for (int list = 0; list < LISTS; list++)
        CHECK(counts.lists[list] == p->frames.count[list]);
    CHECK(counts.absent == p->absent);
    CHECK(counts.copies == p->copies);
    CHECK(counts.mapped == p->mapped);
    CHECK(slots_used(m) <= slots(m) + p->in_flight);
    CHECK(counts.locked == m->locked_pages);
    CHECK(p->zeroed + p->free + p->large + p->others + p->in_flight + frames_holding(&p->frames) ==
          p->total);
    CHECK(p->lists || p->frames.count[LIST_STANDBY] + p->frames.count[LIST_MODIFIED] == 0);
    CHECK(p->others <= m->others.memory_pages);
    CHECK(p->level == level_now(p));
    CHECK(p->hand == LIST_ACTIVE || p->frames.of[p->hand].entry != NULL);
}
