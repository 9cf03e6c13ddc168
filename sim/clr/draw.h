/* What a workload draws: always one number of the generator for each question, so that a changed
 * histogram shifts no other draw. Multiplying instead of rejecting makes some results likelier by
 * at most bound / 2^64. */
#ifndef LW_CLR_DRAW_H
#define LW_CLR_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/workload.h"
#include "core/check.h"
#include "core/rng.h"

/* Uniform in 0 .. most. */
static inline uint64_t draw_up_to(struct rng *rng, uint64_t most)
{
    unsigned __int128 values = (unsigned __int128)most + 1;
    return (uint64_t)((values * rng_next(rng)) >> 64);
}

static inline bool draw_percent(struct rng *rng, uint64_t percent)
{
    return draw_up_to(rng, 99) < percent;
}

/* A value of the histogram, which has bars with some weight. Two numbers of the generator. */
static inline uint64_t draw_histogram(struct rng *rng, const struct histogram *histogram)
{
    uint64_t weights = 0, bar = 0;
    CHECK(histogram->bars_count > 0);
    for (uint32_t i = 0; i < histogram->bars_count; i++)
        weights += histogram->bars[i].weight;
    CHECK(weights > 0);
    uint64_t place = draw_up_to(rng, weights - 1);
    for (; place >= histogram->bars[bar].weight; bar++)
        place -= histogram->bars[bar].weight;
    const struct histogram_bar *drawn = &histogram->bars[bar];
    CHECK(drawn->low <= drawn->high);
    return drawn->low + draw_up_to(rng, drawn->high - drawn->low);
}

/* When so many operations (or bytes) have been done at a rate, from a beginning: exact, so that
 * nothing drifts. Times past half of all there are do not come. */
static inline uint64_t rate_due(uint64_t begin_ns, const struct rate *rate, uint64_t done)
{
    CHECK(rate->amount > 0);
    unsigned __int128 due = (unsigned __int128)done * rate->per_ns / rate->amount + begin_ns;
    return due < UINT64_MAX / 2 ? (uint64_t)due : UINT64_MAX / 2;
}

#endif
