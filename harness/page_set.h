/* A set of page addresses: which pages of a recorded process were touched and still are there. */
#ifndef LW_HARNESS_PAGE_SET_H
#define LW_HARNESS_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_set {
    uint64_t *slots; /* page numbers + 1; 0: empty */
    size_t count, room;
};

void page_set_add(struct page_set *set, uint64_t address);
bool page_set_has(const struct page_set *set, uint64_t address);
/* Removes all pages of the range: O(pages in it or in the set, whichever is less). */
void page_set_remove(struct page_set *set, uint64_t start, uint64_t end);
void page_set_free(struct page_set *set);

#endif
