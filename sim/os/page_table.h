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

struct page_table {
    struct arena *arena;
    struct page_branch *root;
    uint64_t end_page;
    uint64_t entries;
    uint64_t cached_number; /* page >> BITS of the cached leaf, UINT64_MAX: none */
    struct page_leaf *cached;
};

static inline unsigned page_table_index(uint64_t page, unsigned level)
{
    return (unsigned)(page >> (PAGE_TABLE_BITS * level)) & PAGE_TABLE_MASK;
}

/* The leaf of a page below the end, NULL: there is none. */
static inline struct page_leaf *page_table_leaf(const struct page_table *table, uint64_t page)
{
    if (table->cached_number == page >> PAGE_TABLE_BITS)
        return table->cached;
    const struct page_branch *branch = table->root;
    for (unsigned level = PAGE_TABLE_LEVELS - 1; level > 1 && branch; level--)
        branch = branch->child[page_table_index(page, level)];
    return branch ? branch->child[page_table_index(page, 1)] : NULL;
}

/* Where the entry of a page is stored, NULL: nowhere. It stays there as long as it is not 0. */
static inline uint32_t *page_table_find(const struct page_table *table, uint64_t page)
{
    struct page_leaf *leaf = page_table_leaf(table, page);
    return leaf ? &leaf->entry[page & PAGE_TABLE_MASK] : NULL;
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
