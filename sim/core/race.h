/* Data races by vector clocks: two accesses to the same bytes by different threads, one of them a
 * write, not both atomic, with nothing between them that orders the one before the other.
 *
 * Every thread has a clock that grows when it gives something to others (a release), and remembers
 * of every other thread the moment that it has heard of last (an acquire). What a release leaves,
 * in a lock, an event or an atomic variable, is a struct race_clock. An access is ordered before
 * the running one when its thread's clock at that time is known to the running thread. Each
 * granule of eight bytes keeps the accesses that may still race with a later one: an access that
 * is ordered before another and that the other covers can be dropped, because whatever races with
 * it races with the other as well.
 *
 * sim->race is NULL unless races are looked for; everything here then costs one test. Accesses are
 * told by code that the compiler instrumented (crt/race*.c) and by functions of the C run-time and
 * of Windows that read or write for the policy. docs/races.md says what is not seen. */
#ifndef LW_CORE_RACE_H
#define LW_CORE_RACE_H

#include "core/sim.h"

struct race_clock; /* what releases left for acquires; NULL: nothing */

/* Races are looked for from now on. Before the second thread begins. */
void race_begin(struct sim *sim);

/* ---- order ---- */

void race_release_slow(struct sim *sim, struct thread *thread, struct race_clock **clock,
                       bool anew);
void race_acquire_slow(struct sim *sim, struct thread *thread, const struct race_clock *clock);
void race_pass_slow(struct sim *sim, struct thread *from, struct thread *to);
void race_drop_slow(struct sim *sim, struct race_clock **clock);

/* What the running thread did is before what others do who acquire from the clock, beside what
 * other releases left there. */
static inline void race_release(struct sim *sim, struct race_clock **clock)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_release_slow(sim, sim->thread, clock, false);
}

/* The same in place of what other releases left. */
static inline void race_release_anew(struct sim *sim, struct race_clock **clock)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_release_slow(sim, sim->thread, clock, true);
}

/* What was released there is before what the thread does next. The thread may be another one that
 * waits, and is granted what it waits for. */
static inline void race_acquire(struct sim *sim, struct thread *thread,
                                const struct race_clock *clock)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_acquire_slow(sim, thread, clock);
}

/* What one thread did so far is before what another one does next: it starts, wakes, resumes it,
 * or has ended. */
static inline void race_pass(struct sim *sim, struct thread *from, struct thread *to)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_pass_slow(sim, from, to);
}

/* The running thread may hand what it did to anybody, in a way that is not seen: all come behind
 * it.
 */
void race_pass_to_all(struct sim *sim);

/* The clock goes. */
static inline void race_drop(struct sim *sim, struct race_clock **clock)
{
    if (__builtin_expect(*clock != NULL, 0))
        race_drop_slow(sim, clock);
}

/* The same for a place in the policy's memory that has no structure of the simulator. */
void race_release_at(struct sim *sim, uint64_t address, bool anew);
void race_acquire_at(struct sim *sim, uint64_t address);

/* ---- threads ---- */

/* A thread begins behind what another one did so far. */
void race_thread_begins(struct sim *sim, struct thread *parent, struct thread *thread);
/* The thread's number is about to be somebody else's. */
void race_thread_forget(struct sim *sim, struct thread *thread);
/* The running flow goes on as another thread of the workload, that of a recording: threads of one
 * flow are not ordered by its going from one to the other. What they left on its stack is gone. */
void race_become(struct sim *sim, struct thread *from, struct thread *to);
/* The threads that the thread's flow has been are over: it goes on behind them, as whichever it
 * is; they begin anew behind this moment. */
void race_flow_meets(struct sim *sim, struct thread *thread);

/* ---- accesses ---- */

enum race_kind {
    RACE_READ = 0,
    RACE_WRITE = 1,
    RACE_ATOMIC = 2,
    RACE_VOLATILE = 4, /* a plain access, except beside atomic ones */
    RACE_FREE = 8,     /* the memory is given back: a write of all of it */
    RACE_LOCK = 16     /* a lock is used, or with a write made or deleted; only for words */
};

/* The running thread accesses memory (addresses are native); pc: the instruction behind the
 * access, or behind the call that makes it, in the policy. May let others run first. */
void race_access(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind, uint64_t pc);
/* Memory gets another owner, and nobody's accesses to it matter any more. */
void race_forget_slow(struct sim *sim, uint64_t address, uint64_t bytes);
static inline void race_forget(struct sim *sim, uint64_t address, uint64_t bytes)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_forget_slow(sim, address, bytes);
}

/* The policy hands memory out to the CLR: who uses it, or hands it back, comes behind that. What
 * was done to the memory before does not matter any more. */
static inline void race_hand_out(struct sim *sim, uint64_t address, uint64_t bytes)
{
    race_forget(sim, address, bytes);
    race_release_at(sim, address, false);
}
/* The CLR hands memory back, to the call that begins. */
static inline void race_hand_back(struct sim *sim, uint64_t address, uint64_t bytes)
{
    race_acquire_at(sim, address);
    race_forget(sim, address, bytes);
}

/* A block is given back to its heap: a write of all of it when the policy calls for that
 * (race_call), and forgotten then. */
void race_give_back_slow(struct sim *sim, uint64_t address, uint64_t bytes);
static inline void race_give_back(struct sim *sim, uint64_t address, uint64_t bytes)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_give_back_slow(sim, address, bytes);
}

/* All of the stack that begins there. */
void race_forget_stack_slow(struct sim *sim, uint64_t base);
static inline void race_forget_stack(struct sim *sim, uint64_t base)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_forget_stack_slow(sim, base);
}

enum race_order { /* as C11 and compilers number them */
                  ORDER_RELAXED,
                  ORDER_CONSUME,
                  ORDER_ACQUIRE,
                  ORDER_RELEASE,
                  ORDER_ACQ_REL,
                  ORDER_SEQ_CST
};

/* Before an atomic operation: others may run. */
void race_atomic_begins(struct sim *sim);
/* Behind it, or behind it as far as it is a load (a comparison that failed): the access, and what
 * the order makes of it. stores and loads: an exchange is both. */
void race_atomic(struct sim *sim, uint64_t address, uint64_t bytes, bool loads, bool stores,
                 enum race_order order, uint64_t pc);
void race_fence(struct sim *sim, enum race_order order);

/* Code from begin on and before end is instrumented: the policy's own. */
void race_add_instrumented(struct sim *sim, uint64_t begin, uint64_t end);
bool race_is_instrumented(const struct sim *sim, uint64_t pc);
/* The running thread calls a function of the simulator that may access memory for it deep inside:
 * from where. 0: not from instrumented code, or it has come back. */
void race_call_slow(struct sim *sim, uint64_t pc);
static inline void race_call(struct sim *sim, uint64_t pc)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_call_slow(sim, pc);
}
/* That function accesses memory for its caller; nobody runs before it does. */
void race_access_for_caller_slow(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind);
static inline void race_access_for_caller(struct sim *sim, const void *address, uint64_t bytes,
                                          unsigned kind)
{
    if (__builtin_expect(sim->race != NULL, 0))
        race_access_for_caller_slow(sim, (uintptr_t)address, bytes, kind);
}

/* ---- what was found ---- */

struct race_side {
    uint32_t thread;
    unsigned kind;
    uint64_t pc;     /* 0: unknown */
    uint64_t number; /* of the access among those that were noted: the same in each run */
};

struct race_found {
    uint64_t address; /* native, of the first byte that both accessed */
    uint64_t bytes;   /* so many, at most a granule */
    struct race_side before, now;
};

/* The one that the finding being told is about (FINDING_DATA_RACE). */
const struct race_found *race_found(const struct sim *sim);
/* "writes", "used the lock": what a side does, or did. */
const char *race_verb(unsigned kind, bool past);
/* Races found so far: pairs of places, and times. */
uint64_t race_count(const struct sim *sim);

/* Calls the function when the accesses with these numbers (ascending) happen, each with its place
 * in the list: for their stacks. The list is kept, not copied. */
void race_watch(struct sim *sim, const uint64_t *numbers, uint32_t count,
                void (*seen)(struct sim *sim, uint32_t place));

#endif
