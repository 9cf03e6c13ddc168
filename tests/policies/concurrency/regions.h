/* A list of the reservations that a host has made. Locks nothing: that is its host's part. */
#ifndef CONCURRENCY_REGIONS_H
#define CONCURRENCY_REGIONS_H

#include "types.h"

struct region {
    struct region *next;
    ULONG_PTR base;
    SIZE_T size;
    ULONGLONG calls; /* that concerned it */
};

/* Not yet in a list; NULL: no memory. */
static inline struct region *region_new(const void *base, SIZE_T size)
{
    struct region *region = (struct region *)HeapAlloc(GetProcessHeap(), 0, sizeof(*region));

    if (region != NULL) {
        region->next = NULL;
        region->base = (ULONG_PTR)base;
        region->size = size;
        region->calls = 0;
    }
    return region;
}

static inline void region_link(struct region **head, struct region *region)
{
    region->next = *head;
    *head = region;
}

/* The region that has the address. */
static inline struct region *region_at(struct region *head, const void *address)
{
    while (head != NULL && (ULONG_PTR)address - head->base >= head->size)
        head = head->next;
    return head;
}

/* Takes the region that begins there out of the list; NULL: none does. */
static inline struct region *region_unlink(struct region **head, const void *base)
{
    struct region *region;

    while (*head != NULL && (*head)->base != (ULONG_PTR)base)
        head = &(*head)->next;
    region = *head;
    if (region != NULL)
        *head = region->next;
    return region;
}

static inline void region_free(struct region *region)
{
    if (region != NULL)
        HeapFree(GetProcessHeap(), 0, region);
}

/* The largest one; NULL: there is none. */
static inline struct region *region_largest(struct region *head)
{
    struct region *largest = head;

    for (; head != NULL; head = head->next)
        if (head->size > largest->size)
            largest = head;
    return largest;
}

/* What is left at the end. */
static inline void regions_free(struct region **head)
{
    while (*head != NULL) {
        struct region *region = *head;

        *head = region->next;
        region_free(region);
    }
}

#endif
