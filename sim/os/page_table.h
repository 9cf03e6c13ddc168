/* The inside of the page table, for the files that look entries up at every touch. See space.h. */
#ifndef LW_OS_PAGE_TABLE_H
#define LW_OS_PAGE_TABLE_H

#include "os/space.h"

#define PAGE_TABLE_BITS 9
#define PAGE_TABLE_FANOUT (1u << PAGE_TABLE_BITS)
#define PAGE_TABLE_MASK (PAGE_TABLE_FANOUT - 1)
#define PAGE_TABLE_LEVELS 4

/* The words beside the entries lie apart: a touch reads entries only. */
struct page_leaf {
    uint32_t entry[PAGE_TABLE_FANOUT];
    uint32_t beside[PAGE_TABLE_FANOUT];
    uint32_t count; /* entries that are not 0 */
};

struct page_branch {
    uint32_t count;
    void *child[PAGE_TABLE_FANOUT];
};

/* Leaves found last, by the low bits of their number (page >> BITS): what a processor's
 * translation buffer is to it. */
#define PAGE_TABLE_RECENT 256u

struct page_table {
    struct arena *arena;
    struct page_branch *root;
    uint64_t end_page;
    uint64_t entries;
    struct page_recent {
        uint64_t number; /* UINT64_MAX: none */
        struct page_leaf *leaf;
    } recent[PAGE_TABLE_RECENT];
};

static inline unsigned page_table_index(uint64_t page, unsigned level)
{
    return (unsigned)(page >> (PAGE_TABLE_BITS * level)) & PAGE_TABLE_MASK;
}

/* The leaf of a page below the end, NULL: there is none. The second one remembers what it finds. */
struct page_leaf *page_table_walk_to(const struct page_table *table, uint64_t page);
struct page_leaf *page_table_look_up(struct page_table *table, uint64_t page);

/* Where the entry of a page below the end is stored, NULL: nowhere. It stays there as long as it is
 * not 0. */
static inline uint32_t *page_table_find(struct page_table *table, uint64_t page)
{
    uint64_t number = page >> PAGE_TABLE_BITS;
    const struct page_recent *recent = &table->recent[number % PAGE_TABLE_RECENT];
    struct page_leaf *leaf = recent->leaf;
    if (__builtin_expect(recent->number != number, 0)) {
        leaf = page_table_look_up(table, page);
        if (!leaf)
            return NULL;
    }
    return &leaf->entry[page & PAGE_TABLE_MASK];
}

/* The word beside an entry: the frame that holds the page, or what the absent page is worth. */
static inline uint32_t *page_beside(uint32_t *entry)
{
    return entry + PAGE_TABLE_FANOUT;
}

/* Where the entry of a page is to be stored; when it was 0 the caller makes it something else
 * before it does anything else with the table. */
uint32_t *page_table_make(struct page_table *table, uint64_t page);

#endif
