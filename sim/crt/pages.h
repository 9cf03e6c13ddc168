/* Cutting memory operations at page boundaries: what the string files share.
 *
 * libc's own functions touch pages in an order, and memcmp even a set, that depends on the
 * processor they were chosen for. A piece that lies within one page of each operand leaves them no
 * choice: whatever they do inside, each operand costs at most one fault. */
#ifndef LW_CRT_PAGES_H
#define LW_CRT_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/layout.h"

/* Bytes from here to the end of the page: 1 .. PAGE_BYTES. */
static inline size_t page_left(const void *at)
{
    return PAGE_BYTES - ((uintptr_t)at & (PAGE_BYTES - 1));
}

/* Bytes from the beginning of the page that holds the byte before end: 1 .. PAGE_BYTES. */
static inline size_t page_before(const void *end)
{
    return ((uintptr_t)end - 1) % PAGE_BYTES + 1;
}

/* Whether the address lies in simulated memory, where a first touch is an event. Memory outside
 * (stacks, images) is always there, so that order does not show and libc may do it all. */
static inline bool is_simulated(const void *at)
{
    return (uintptr_t)at - WINDOW_BASE < WINDOW_BYTES;
}

/* Reads one byte, now and in this order. */
static inline void touch(const void *at)
{
    (void)*(const volatile char *)at;
}

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
