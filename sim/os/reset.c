/* MEM_RESET and MEM_RESET_UNDO: pages whose contents need not be kept. Rows 49 to 52.
 *
 * A page that was reset stays where it is and keeps its contents until its frame is needed: then
 * it is dropped without being written and reads as zero afterwards. What is in the page file is
 * dropped at once. Writing ends the state, and so does native access, which may write. */
#include "include/windows.h"

#include "core/check.h"
#include "os/machine_private.h"

static void reset_entry(void *context, uint64_t page, uint32_t *entry)
{
    struct machine *m = context;
    struct physical *p = &m->phys;
    uint32_t f = *page_beside(entry);
    CHECK(!(*entry & PTE_MAPPED));
    if (*entry & PTE_PAGED) {
        CHECK(!(*entry & PTE_PRESENT) && p->absent > 0);
        p->absent--;
        discard_page(m, page, entry);
        *entry = (*entry & ~(uint32_t)PTE_PAGED) | PTE_LOST;
        return;
    }
    if (!(*entry & PTE_PRESENT) || f == 0 || (*entry & PTE_RESET))
        return; /* never touched, large, or nothing new */
    CHECK(p->frames.of[f].entry == entry);
    if (!(*entry & PTE_MODIFIED)) {
        CHECK(p->copies > 0);
        p->copies--;
    } else if (*entry & PTE_TRANSITION) { /* need not be written any more */
        frame_unlink(&p->frames, f, LIST_MODIFIED);
        frame_link(&p->frames, f, LIST_STANDBY);
    }
    *entry = (*entry & ~(uint32_t)PTE_MODIFIED) | PTE_RESET;
}

void reset_pages(struct machine *m, struct page_range range)
{
    CHECK(range.pages > 0 && range_end(range) <= m->end_page);
    close_pages_natively(m, range); /* the next native write must be seen */
    page_table_walk(m->table, range.first, range.pages, reset_entry, m);
    level_update(m);
}

struct undo {
    struct machine *m;
    bool change;
    uint64_t lost;
};

static void undo_entry(void *context, uint64_t page, uint32_t *entry)
{
    struct undo *undo = context;
    (void)page;
    undo->lost += (*entry & PTE_LOST) != 0;
    if (!undo->change || !(*entry & PTE_RESET))
        return;
    CHECK(*entry & PTE_PRESENT);
    *entry = (*entry & ~(uint32_t)PTE_RESET) | PTE_MODIFIED;
    if (*entry & PTE_TRANSITION) {
        struct physical *p = &undo->m->phys;
        if (p->frames.count[LIST_MODIFIED] == 0)
            p->writer_ns = undo->m->sim->now_ns + undo->m->config.pagefile_write_ns;
        frame_unlink(&p->frames, *page_beside(entry), LIST_STANDBY);
        frame_link(&p->frames, *page_beside(entry), LIST_MODIFIED);
    }
}

bool undo_reset(struct machine *m, struct page_range range)
{
    struct undo undo = {.m = m};
    CHECK(range.pages > 0 && range_end(range) <= m->end_page);
    page_table_walk(m->table, range.first, range.pages, undo_entry, &undo);
    if (undo.lost)
        return false;
    undo.change = true;
    page_table_walk(m->table, range.first, range.pages, undo_entry, &undo);
    level_update(m);
    return true;
}
