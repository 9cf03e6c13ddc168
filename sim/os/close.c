/* Pages go out of use or out of sight: native access, cached answers, frames and contents.
 *
 * Neighbouring pages go together, so that the kernel is asked once a run. */
#include "os/machine_private.h"

#include "core/check.h"
#include "core/race.h"

/* ---- native access ---- */

uint32_t open_bits_at(const struct machine *m, uint64_t page)
{
    return page < m->end_page ? open_bits(m, page_table_get(m->table, page)) : 0;
}

/* How many pieces begin at a page with the bits `open`, or right behind it. */
static int pieces_begun(uint32_t left, uint32_t open, uint32_t right)
{
    return (open && open != left) + (right && right != open);
}

int pieces_change(struct machine *m, uint64_t page, uint32_t before, uint32_t after)
{
    CHECK(page > 0);
    uint32_t left = open_bits_at(m, page - 1), right = open_bits_at(m, page + 1);
    return pieces_begun(left, after, right) - pieces_begun(left, before, right);
}

void close_native(struct machine *m, uint64_t page, uint32_t *entry)
{
    uint32_t open = open_bits(m, *entry);
    if (open)
        native_close(m->native, page, 1, pieces_change(m, page, open, 0));
    *entry &= (1u << PTE_EPOCH_SHIFT) - 1 - PTE_OPEN;
}

static void forget_open_entry(void *context, uint64_t page, uint32_t *entry)
{
    (void)context, (void)page;
    *entry &= (1u << PTE_EPOCH_SHIFT) - 1 - PTE_OPEN;
}

void forget_open_bits(struct machine *m)
{
    page_table_walk(m->table, 0, m->end_page, forget_open_entry, NULL);
}

void discard_page(struct machine *m, uint64_t page, uint32_t *entry)
{
    if (*entry & PTE_CONTENT)
        native_discard(m->native, page, 1);
    *entry &= ~(uint32_t)PTE_CONTENT;
}

/* ---- ranges ---- */

/* Collects neighbouring pages so that the kernel is asked once a run. */
struct run {
    uint64_t first, pages;
};

struct closing {
    struct machine *m;
    struct run open, content;
    uint32_t last_open; /* open bits of the last page of the open run, */
    int64_t begun;      /* and pieces that began in it */
    bool forget, keep_sticky, keep_answers;
};

static void flush_open(struct closing *closing)
{
    struct run *run = &closing->open;
    CHECK(run->pages > 0 && closing->last_open);
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
    CHECK(page == run->first + run->pages); /* the walk goes upwards */
    run->pages++;
}

/* The page's frame and its page of the page file are nobody's any more. */
static void free_frame(struct machine *m, uint32_t *entry)
{
    struct physical *p = &m->phys;
    uint32_t bits = *entry, f = *page_beside(entry);
    CHECK(m->locked_pages > 0 || !(bits & PTE_LOCKED));
    CHECK(p->absent > 0 || (bits & (PTE_PAGED | PTE_MAPPED)) != PTE_PAGED);
    m->locked_pages -= (bits & PTE_LOCKED) != 0;
    p->absent -= (bits & (PTE_PAGED | PTE_MAPPED)) == PTE_PAGED;
    if (!(bits & PTE_PRESENT) || f == 0)
        return; /* large pages have no frame of their own */
    CHECK(p->frames.of[f].entry == entry);
    CHECK(p->copies > 0 || (bits & PTE_NO_COPY));
    p->copies -= !(bits & PTE_NO_COPY);
    p->mapped -= (bits & PTE_MAPPED) != 0;
    if ((bits & (PTE_RESIDENT | PTE_LOCKED)) == PTE_RESIDENT)
        unlink_active(m, f);
    else
        frame_unlink(&p->frames, f,
                     bits & PTE_LOCKED     ? LIST_LOCKED
                     : bits & PTE_MODIFIED ? LIST_MODIFIED
                                           : LIST_STANDBY);
    frame_give_back(m, f);
}

static void close_entry(void *context, uint64_t page, uint32_t *entry)
{
    struct closing *closing = context;
    struct machine *m = closing->m;
    uint32_t open = open_bits(m, *entry);
    if (open) {
        extend_run(closing, &closing->open, page);
        uint32_t left = closing->open.pages > 1 ? closing->last_open : open_bits_at(m, page - 1);
        closing->begun += open != left;
        closing->last_open = open;
    }
    uint32_t gone = PTE_OPEN | (m->phys.clock ? 0 : PTE_REFERENCED);
    *entry &= (1u << PTE_EPOCH_SHIFT) - 1 - gone;
    if (closing->keep_answers)
        return;
    *entry &= ~(uint32_t)PTE_MAY;
    if (!closing->forget)
        return;
    if (*entry & PTE_CONTENT)
        extend_run(closing, &closing->content, page);
    free_frame(m, entry);
    *entry = closing->keep_sticky && (*entry & PTE_STICKY) ? PTE_STICKY | PTE_DIRTY : 0;
    *page_beside(entry) = 0;
}

static void close_or_forget(struct machine *m, struct page_range range, struct closing *closing)
{
    if (page_table_entries(m->table) == 0)
        return;
    /* Touches of these pages happened before: their records come first. */
    if (m->sim->touched_count)
        sim_flush_touches(m->sim);
    closing->m = m;
    page_table_walk(m->table, range.first, range.pages, close_entry, closing);
    flush_run(closing, &closing->open);
    flush_run(closing, &closing->content);
    CHECK(closing->open.pages == 0 && closing->begun == 0);
    if (closing->forget)
        level_update(m);
}

void forget_pages(struct machine *m, struct page_range range, bool keep_sticky)
{
    struct closing closing = {.forget = true, .keep_sticky = keep_sticky};
    race_give_back(m->sim, WINDOW_BASE + (range.first << PAGE_SHIFT), range.pages << PAGE_SHIFT);
    close_or_forget(m, range, &closing);
}

void close_pages(struct machine *m, struct page_range range)
{
    struct closing closing = {0};
    close_or_forget(m, range, &closing);
}

void close_pages_natively(struct machine *m, struct page_range range)
{
    struct closing closing = {.keep_answers = true};
    close_or_forget(m, range, &closing);
}
