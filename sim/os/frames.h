/* The frame table: one entry a frame that holds a page, and the lists the frames are on.
 *
 * Numbers of frames are 32 bits wide; 0 to LISTS-1 are the heads of the lists, which are rings, so
 * that no end is special. Frames that hold nothing have no entry: they are only counted
 * (paging.c). Links lie apart from the rest because LRU moves a frame at every touch. */
#ifndef LW_OS_FRAMES_H
#define LW_OS_FRAMES_H

#include <stdint.h>
#include "core/arena.h"
#include "core/check.h"

enum frame_list {
    LIST_ACTIVE,   /* in the working set and replaceable, in the order of the replacement */
    LIST_STANDBY,  /* out of the working set, a copy in the page file (or file); oldest first */
    LIST_MODIFIED, /* ... no copy yet */
    LIST_LOCKED,   /* in the working set, not replaceable */
    LISTS
};

struct frame_link {
    uint32_t previous, next;
};

struct frame_page {
    uint32_t *entry;     /* of the page, in the page table */
    uint64_t page : 40;  /* number of the page */
    uint64_t batch : 24; /* native touches that are recorded together, 0: none (fault.c) */
};

struct frames {
    struct arena *arena;
    struct frame_link *link;
    struct frame_page *of;
    uint32_t room;      /* numbers that fit into the arrays */
    uint32_t high;      /* numbers used so far */
    uint32_t free_head; /* numbers given back, chained by next; 0: none */
    uint64_t count[LISTS];
};

#define FRAMES_MAX (UINT32_MAX - 1)

void frames_create(struct frames *frames, struct arena *arena);
/* Used by frame_new when the arrays are full. */
void frames_grow(struct frames *frames);

/* A number that is on no list. */
static inline uint32_t frame_new(struct frames *frames)
{
    uint32_t f = frames->free_head;
    if (f) {
        frames->free_head = frames->link[f].next;
        return f;
    }
    if (__builtin_expect(frames->high == frames->room, 0))
        frames_grow(frames);
    return frames->high++;
}

/* Gives a number back that is on no list. */
static inline void frame_free(struct frames *frames, uint32_t f)
{
    CHECK(f >= LISTS && f < frames->high);
    frames->of[f].entry = NULL;
    frames->link[f].next = frames->free_head;
    frames->free_head = f;
}

static inline void frame_insert_before(struct frames *frames, uint32_t f, uint32_t before)
{
    struct frame_link *link = frames->link;
    uint32_t previous = link[before].previous;
    link[f] = (struct frame_link){previous, before};
    link[previous].next = f;
    link[before].previous = f;
}

/* At the end of a list. */
static inline void frame_link(struct frames *frames, uint32_t f, enum frame_list list)
{
    frame_insert_before(frames, f, list);
    frames->count[list]++;
}

static inline void frame_take_out(struct frames *frames, uint32_t f)
{
    struct frame_link *link = frames->link, here = link[f];
    link[here.previous].next = here.next;
    link[here.next].previous = here.previous;
}

static inline void frame_unlink(struct frames *frames, uint32_t f, enum frame_list list)
{
    CHECK(frames->count[list] > 0);
    frame_take_out(frames, f);
    frames->count[list]--;
}

/* The first frame of a list, 0: it is empty. */
static inline uint32_t frame_first(const struct frames *frames, enum frame_list list)
{
    uint32_t f = frames->link[list].next;
    return f == (uint32_t)list ? 0 : f;
}

/* Frames that hold a page. */
static inline uint64_t frames_holding(const struct frames *frames)
{
    return frames->count[LIST_ACTIVE] + frames->count[LIST_STANDBY] + frames->count[LIST_MODIFIED] +
           frames->count[LIST_LOCKED];
}

/* Checks links, counts and that each entry says the list and the frame. */
void frames_verify(const struct frames *frames);

#endif
