/* pcg64 (PCG XSL-RR 128/64, O'Neill 2014) and its keyed form. See rng.h. */
#include "core/rng.h"

#include "core/check.h"

#define WIDE(high, low) (((unsigned __int128)(high) << 64) | (low))

/* The multiplier that the PCG family uses for 128-bit state. */
static const unsigned __int128 multiplier =
    WIDE(UINT64_C(2549297995355413924), UINT64_C(4865540595714422341));

static void step(struct rng *rng)
{
    rng->state = rng->state * multiplier + rng->increment;
}

void rng_seed(struct rng *rng, unsigned __int128 state, unsigned __int128 sequence)
{
    rng->increment = (sequence << 1) | 1;
    rng->state = rng->increment + state;
    step(rng);
}

/* The generator advances first and permutes the new state, like pcg64 of the reference. */
uint64_t rng_next(struct rng *rng)
{
    CHECK(rng->increment & 1);
    step(rng);
    uint64_t folded = (uint64_t)(rng->state >> 64) ^ (uint64_t)rng->state;
    unsigned rotation = (unsigned)(rng->state >> 122);
    return (folded >> rotation) | (folded << (-rotation & 63));
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    CHECK(bound > 0);
    /* Draws below the threshold would make the low remainders more likely: skip them. */
    uint64_t threshold = -bound % bound;
    for (;;) {
        uint64_t draw = rng_next(rng);
        if (draw >= threshold)
            return draw % bound;
    }
}

/* splitmix64's finaliser: spreads nearby keys over all 64 bits. */
static uint64_t mix(uint64_t key)
{
    key += UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
}

struct rng rng_keyed(uint64_t seed, enum rng_purpose purpose, uint64_t id)
{
    struct rng rng;
    uint64_t stream = mix(seed ^ mix((uint64_t)purpose));
    rng_seed(&rng, WIDE(mix(stream ^ id), mix(id + 1)), WIDE(stream, purpose));
    return rng;
}

uint64_t rng_draw(uint64_t seed, enum rng_purpose purpose, uint64_t id)
{
    struct rng rng = rng_keyed(seed, purpose, id);
    return rng_next(&rng);
}
