/* What is to happen at a moment of the virtual clock: a heap ordered by time, then by the order of
 * asking, so that equal moments never depend on where a structure lies. */
#ifndef LW_CORE_DUE_H
#define LW_CORE_DUE_H

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct arena;

#define DUE_NEVER UINT64_MAX

/* Lies in whoever waits; zeroed before its first use. */
struct due {
    uint64_t due_ns; /* virtual time */
    uint64_t number; /* of asking */
    uint32_t place;  /* in the heap, from 1; 0: not in it */
    bool outside;    /* comes from outside the process (sched.h) */
    /* Called when the moment has come; it is no longer in the queue then. */
    void (*fire)(struct sim *sim, struct due *due);
};

struct due_queue {
    struct due **heap;
    uint32_t count, room;
    uint64_t next_number;
};

/* due->fire is set by the caller; it must not be in a queue already. */
void due_add(struct due_queue *queue, struct arena *arena, struct due *due, uint64_t due_ns);
/* Takes it out; nothing happens when it is in no queue. */
void due_remove(struct due_queue *queue, struct due *due);
/* The next one, NULL: none. It stays in the queue. */
static inline struct due *due_first(const struct due_queue *queue)
{
    return queue->count ? queue->heap[0] : 0;
}
void due_verify(const struct due_queue *queue);

#endif
