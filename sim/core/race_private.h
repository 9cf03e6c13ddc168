/* What the files of the race detector share: race.c (threads and clocks), race_shadow.c (what is
 * remembered of memory), race_access.c (accesses and what is found). */
#ifndef LW_CORE_RACE_PRIVATE_H
#define LW_CORE_RACE_PRIVATE_H

#include "core/race.h"

/* Threads that are distinguished at a time. A slot is given to a new thread when all that its last
 * owner did is before the new one's beginning; only when all are taken that is not asked. */
#define RACE_SLOTS THREADS_MAX
#define RACE_CLOCK_MAX UINT32_MAX

#define GRANULE_SHIFT 3
#define GRANULE_BYTES (1u << GRANULE_SHIFT)
#define PAGE_GRANULES (PAGE_BYTES >> GRANULE_SHIFT)

/* Moments of threads, by slot; behind count all are 0: nothing is known. */
struct vector {
    uint32_t count, room;
    uint32_t *at;
};

struct race_clock {
    struct vector known;
    struct race_thread *releaser; /* of an atomic variable: whose release sequence it is */
};

/* A thread as far as order is concerned. */
struct race_thread {
    uint32_t slot;
    uint32_t number; /* the thread's id */
    struct vector now;
    struct race_thread *flow;    /* the first thread of its flow of control (race_become) */
    struct vector begun;         /* of that one: what threads of the flow begin with */
    struct race_clock *loaded;   /* by relaxed loads: an acquire fence makes it known */
    struct race_clock *released; /* at the last release fence: relaxed stores leave it */
    uint64_t place;              /* of the call in progress (race_call), 0: none */
    uint32_t quiet;              /* accesses until the next one is a scheduling point anyway */
    uint32_t points;             /* scheduling points of accesses since its last simulated call */
    uint64_t calls;              /* of it, at the last of them */
};

struct slot {
    bool taken;
    uint32_t clock; /* of its last owner at its end */
};

/* One access that may race with a later one, or the clock of a place. Which bytes of the granule:
 * one bit each. */
struct cell {
    uint32_t next;  /* index of the next one of the granule, 0: none */
    uint32_t clock; /* of the thread, at the access */
    uint16_t slot;
    uint8_t mask;
    uint8_t kind;    /* enum race_kind, or CELL_CLOCK */
    uint32_t pc;     /* in the images, from their base; 0: unknown */
    uint64_t detail; /* number of the access << 16 | thread; or the clock's address */
};
#define CELL_CLOCK 0x80

struct shadow_page {
    uint64_t number;                   /* native address / PAGE_BYTES */
    uint32_t whole;                    /* cells that cover every byte of the page */
    uint32_t clocks;                   /* cells of clocks in it */
    uint32_t *heads;                   /* by granule, NULL: none yet */
    struct shadow_page *next_of_stack; /* of the same one */
};

#define IMAGES_MOST 16
struct image {
    uint64_t begin, end;
};

/* Room for what is remembered: cells, 24 bytes each (1.5 GiB), and pages with lists of their
 * granules, 2 KiB each (1 GiB). */
#define CELLS_MOST (64u << 20)
#define HEADED_MOST (512u << 10)

#define RECENT_PAGES 64 /* of the cache, a power of two */
#define CELL_CHUNK 4096 /* cells that are asked for at once */

struct race {
    struct sim *sim;
    struct slot slots[RACE_SLOTS];
    uint32_t slots_used, slots_turn;
    /* The shadow: open addressing by page. Only looked up, or walked to drop things. */
    struct shadow_page **pages;
    uint32_t pages_room, pages_count, pages_headed, pages_hand;
    struct shadow_page *recent[RECENT_PAGES];
    struct shadow_page *of_stacks[THREADS_MAX]; /* by place of the stack: its pages */
    struct cell **chunks;
    uint32_t chunks_room, chunks_count;
    uint32_t free_cell; /* the first of the unused ones, by next */
    uint32_t cells_most, headed_most;
    struct image images[IMAGES_MOST]; /* of instrumented code */
    uint32_t images_count;
    /* Accesses that were noted, and which of them somebody waits for. */
    uint64_t accesses;
    const uint64_t *watched;
    uint32_t watched_count;
    void (*seen)(struct sim *sim, uint32_t place);
    /* Pairs of places that were told, open addressing; never more than half full. */
    uint64_t *pairs;
    uint32_t pairs_room, pairs_count;
    uint64_t times;
    struct race_found found;
};

/* ---- race.c ---- */

/* A thread; made when it is first asked for. */
struct race_thread *race_thread_made(struct sim *sim, struct thread *thread);
static inline struct race_thread *race_self(struct sim *sim)
{
    struct race_thread *me = sim->thread->race;
    return __builtin_expect(me != NULL, 1) ? me : race_thread_made(sim, sim->thread);
}
/* Whether what the thread of the slot did at that clock is before what this one does now. */
static inline bool is_before(const struct race_thread *me, uint32_t slot, uint32_t clock)
{
    return slot == me->slot || (slot < me->now.count && clock <= me->now.at[slot]);
}
static inline uint32_t own_clock(const struct race_thread *me)
{
    return me->now.at[me->slot];
}

/* ---- race_access.c ---- */

/* An access, without letting others run first. */
void race_note(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind, uint64_t pc);

/* ---- race_shadow.c ---- */

static inline struct cell *cell_at(const struct race *race, uint32_t index)
{
    return &race->chunks[index / CELL_CHUNK][index % CELL_CHUNK];
}
/* The page with this number, made when make is set; NULL: there is none. */
struct shadow_page *shadow_page_slow(struct race *race, uint64_t number, bool make);
static inline struct shadow_page *shadow_page(struct race *race, uint64_t number, bool make)
{
    struct shadow_page *recent = race->recent[number % RECENT_PAGES];
    return recent && recent->number == number ? recent : shadow_page_slow(race, number, make);
}
/* The list of a granule of the page. */
uint32_t *shadow_granule(struct race *race, struct shadow_page *page, uint64_t address);
/* Puts an unused cell in front of the list. */
struct cell *cell_add(struct race *race, uint32_t *head);
/* Takes the cell that *link says out of its list; *link then says the next one. */
void cell_remove(struct race *race, uint32_t *link);
/* The clock at an address, NULL: there is none and make is not set. */
struct race_clock *shadow_clock(struct race *race, uint64_t address, bool make);
#endif
