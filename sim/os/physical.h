/* Physical memory of the machine: what its files share about frames. For machine_private.h only.
 *
 * A frame is in one place at any time:
 *
 *     zeroed, free      holds nothing; only counted
 *     standby           holds a page outside the working set that has a copy elsewhere
 *     modified          ... that has none yet: the writer makes one, one page after the other
 *     active, locked    in the working set
 *     large             belongs to committed large pages; only counted
 *     others            in use by other processes; only counted
 *     in flight         of a fault that waits; only counted
 *
 * Available are zeroed, free and standby frames. What holds a page has an entry in the frame table
 * (frames.h), and the page's own entry says which list that is: PTE_RESIDENT with PTE_LOCKED or
 * without, PTE_TRANSITION with PTE_MODIFIED or without.
 *
 * A private page has a page of the page file while it is absent, and while it is present and like
 * its copy. Private pages are modified from their first touch
 * on: nothing like them exists anywhere. Since all of them are charged, what is not in RAM always
 * fits into the file; only a page that goes out while another comes in may exceed it by one. */
#ifndef LW_OS_PHYSICAL_H
#define LW_OS_PHYSICAL_H

#include "os/frames.h"
#include "os/machine.h"

struct physical {
    struct frames frames;
    uint64_t total;  /* frames of the machine */
    uint64_t zeroed; /* hold nothing and read as zero */
    uint64_t free;   /* hold nothing, are zeroed in the background */
    uint64_t large, others, in_flight;
    bool lists;              /* standby and modified lists are in use */
    bool clock;              /* replacement by a hand, else the first of the list goes */
    bool lru;                /* a touch makes a page the last of the list */
    uint32_t fault_bits;     /* what a fault sets besides: PTE_REFERENCED for a CLOCK of an OS */
    uint32_t touch_need[3];  /* bits of an entry, by kind, with which a touch is no fault, */
    uint32_t touch_sets;     /* and what it sets then */
    uint32_t hand;           /* CLOCK: the next candidate; new pages come in before it */
    uint32_t batch;          /* native first touches that are recorded together */
    uint64_t plenty;         /* with more zeroed frames than this nothing runs short */
    uint64_t trim_below;     /* with fewer available frames than this pages are taken */
    uint64_t hard_max;       /* of the working set, UINT64_MAX: none */
    uint64_t absent, copies; /* pages of the file: of absent pages; of present ones like them */
    uint64_t writer_ns;      /* when the first page of the modified list will be written */
    uint64_t zeroing_ns;     /* when the next free frame will be zeroed */
    uint64_t mapped;         /* present pages of views and images */
    uint32_t search;         /* where the last search for a copy to give up ended */
    uint64_t low, high;      /* frames: the levels of the resource notifications */
    enum memory_level level;
    uint32_t counts; /* what a fault adds to its counter: 1, or 0 outside of a study */
    bool studied;    /* there was one */
    uint64_t waits;  /* grows when a fault let others run */
};

/* What a fault was given. */
struct grant {
    uint32_t frame; /* on no list */
    bool zeroed;
    uint64_t replaced; /* address of the page that gave way, 0: none */
};

struct machine;
struct page_range;

/* ---- physical.c: frames that hold nothing, the page file, levels ---- */

void physical_create(struct machine *m);
/* Frames that others take from this process: available ones, then pages above its minimum. */
uint64_t physical_takeable(const struct machine *m);
void physical_others_take(struct machine *m, uint64_t frames);
void physical_others_give(struct machine *m, uint64_t frames);
/* Frames that can be removed from the machine: the process keeps room for its minimum. */
uint64_t physical_removable(const struct machine *m);
/* Frames are removed from the machine, or put back. */
void physical_ram_change(struct machine *m, bool put_back, uint64_t frames);
/* Frames that large pages can have: the process keeps room for its minimum. */
uint64_t physical_for_large(const struct machine *m);
/* Frames of large pages; there must be as many available ones. */
void physical_large_take(struct machine *m, uint64_t frames);
void physical_large_give(struct machine *m, uint64_t frames);
/* A frame that held a page and is on no list any more. */
void frame_give_back(struct machine *m, uint32_t frame);
/* Frames became available or ceased to be: tells when the level of the notifications changed. */
void level_update(struct machine *m);
/* Pages of the page file that hold nothing. */
uint64_t slots_left(const struct machine *m);
/* ... and those of present pages that can do without. */
uint64_t slots_to_have(const struct machine *m);
/* Before a page is written: when the file is full, some present page gives up its copy. */
void slot_make_room(struct machine *m);
/* The page file has become smaller: present pages give up their copies. */
void slots_fit(struct machine *m);
void physical_verify(const struct machine *m);

/* ---- fault.c: pages come in ---- */

struct arrival {
    bool write, native;
};
/* Brings the page of an entry (not 0) into the working set. False: it waited meanwhile and found
 * something changed, and the caller has to look again. */
bool bring_in(struct machine *m, uint64_t page, uint32_t *entry, const struct arrival *how);
/* A present page is written: its copy, if there is one, is no longer like it. */
void page_written(struct machine *m, uint32_t *entry);
/* The clock moves on while a fault is served. Everything may have changed afterwards when
 * physical.waits has. held: frames the fault has in its hands. */
void fault_wait(struct machine *m, uint64_t ns, uint64_t held);
/* Whether fault_wait lets others run, if there are any who could. */
#define FAULTS_LET_OTHERS_RUN(m) sim_fault_may_wait((m)->sim)
/* A frame for a page that comes in; makes room when there is none. */
struct grant frame_obtain(struct machine *m);

/* ---- replace.c: pages go out ---- */

/* The page that the replacement would take next, still in the working set; 0: none. */
uint32_t choose_victim(struct machine *m);
/* New in the working set. native: its record waits with those of its batch. */
void link_active(struct machine *m, uint32_t frame, bool native);
/* Out of the active list, wherever the hand is. */
void unlink_active(struct machine *m, uint32_t frame);
/* The most frequent fault of a machine that is short for good and has no lists: a page comes in for
 * one that goes out, in its frame, which the caller cannot tell from frame_obtain and the rest.
 * False: it is not that simple, and nothing has happened. */
bool exchange_pages(struct machine *m, uint64_t page, uint32_t *entry, bool write);
/* Whether there is room in the page file for what a present page needs of it, besides those of the
 * modified list. */
bool affordable(const struct machine *m, uint32_t frame);
/* Whether a page of the active list may: without lists the page file must have room for it. */
bool can_leave(const struct machine *m, uint32_t frame);
/* A page of the active list leaves the working set: for the standby or modified list, or without
 * these for the page file. */
void leave_working_set(struct machine *m, uint32_t frame);
/* The page of a frame that is on no list becomes absent. Returns whether it had to be written. */
bool drop_page(struct machine *m, uint32_t frame);
/* The frame of the oldest standby page, which becomes absent; 0: there is none. */
uint32_t take_standby(struct machine *m);
/* Takes pages out of the working set when few frames are available. */
void trim_when_short(struct machine *m);
/* Those of a range leave the working set. */
void trim_range(struct machine *m, struct page_range range);
/* All pages that are not locked leave the working set. */
void trim_all(struct machine *m);
/* What the writer and the zeroing of frames have done until now. */
void physical_settle(struct machine *m);
/* How many pages the writer has written until now that physical_settle does not know of yet. */
uint64_t pages_to_settle(const struct machine *m);
/* The first page of the modified list that its file has room for; 0: none. */
uint32_t next_to_write(const struct machine *m);
/* A page of the modified list gets its copy. */
void write_page(struct machine *m, uint32_t frame);

/* LRU: a page of the active list was touched. */
static inline void move_to_end(struct frames *frames, uint32_t frame)
{
    if (frames->link[frame].next == LIST_ACTIVE)
        return;
    frame_take_out(frames, frame);
    frame_insert_before(frames, frame, LIST_ACTIVE);
}

/* Frames that hold nothing. */
static inline uint64_t frames_unused(const struct physical *p)
{
    return p->zeroed + p->free;
}
static inline uint64_t frames_available(const struct physical *p)
{
    return p->zeroed + p->free + p->frames.count[LIST_STANDBY];
}
static inline uint64_t frames_resident(const struct physical *p)
{
    return p->frames.count[LIST_ACTIVE] + p->frames.count[LIST_LOCKED];
}

#endif
