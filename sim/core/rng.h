/* Keyed random numbers: pcg64 (XSL-RR 128/64) whose state derives from (seed, purpose, event id).
 *
 * Keyed, not streamed: a consumer that is added or left out shifts nobody else's draws. */
#ifndef LW_CORE_RNG_H
#define LW_CORE_RNG_H

#include <stdint.h>

enum rng_purpose {
    RNG_POLICY_RAND = 1,  /* rand() of the policy */
    RNG_POLICY_RANDOM_64, /* random_device, rand_s and the like */
    RNG_FAULT,            /* probability of a fault rule */
    RNG_PROPERTY_TEST,    /* tests */
    RNG_WORKLOAD,         /* sizes, lifetimes, choices of a workload */
    RNG_SCHEDULE,         /* which thread goes on at a point */
    RNG_PRIORITY,         /* of a thread, and where priorities change (pct) */
    RNG_SPURIOUS,         /* condition variables that wake for no reason */
    RNG_SLOW,             /* threads that are held up, where and for how long */
    RNG_WAKE,             /* which of those that wait for a condition is woken */
};

struct rng {
    unsigned __int128 state;
    unsigned __int128 increment;
};

/* The standard pcg64 seeding: state and stream as in pcg_setseq_128_srandom. */
void rng_seed(struct rng *rng, unsigned __int128 state, unsigned __int128 sequence);
uint64_t rng_next(struct rng *rng);
/* Uniform in 0..bound-1 without bias; bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* The generator of one (seed, purpose, id). */
struct rng rng_keyed(uint64_t seed, enum rng_purpose purpose, uint64_t id);
/* Its first draw. */
uint64_t rng_draw(uint64_t seed, enum rng_purpose purpose, uint64_t id);

#endif
