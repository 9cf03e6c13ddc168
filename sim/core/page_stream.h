/* Streams of page numbers: which page of so many is touched next. Integers only, so that the same
 * figures give the same pages everywhere.
 *
 * Sequential goes round. Random and Zipf draw r, 64 bits of PCG32 (XSH-RR 64/32), the high half
 * first. Random: page floor(r * n / 2^64) of n. Zipf with exponent 1: rank i weighs
 * floor(2^40 / (i + 1)); with T the sum of the weights the rank is the first whose running sum
 * exceeds floor(r * T / 2^64), and the page is (rank * 611953 + 12345) mod n, so that popular pages
 * do not lie side by side. Hot and cold: the first h of the n pages get p percent of the draws, of
 * h = n all; 32 bits of PCG32, s, say which (hot: floor(s * 100 / 2^32) < p), then r is drawn and
 * the page is one of these as with random. */
#ifndef LW_CORE_PAGE_STREAM_H
#define LW_CORE_PAGE_STREAM_H

#include <stdint.h>
#include "core/arena.h"

/* PCG32, O'Neill 2014. */
struct pcg32 {
    uint64_t state, increment;
};

/* The standard seeding, pcg32_srandom: any state, any sequence. */
void pcg32_seed(struct pcg32 *pcg, uint64_t state, uint64_t sequence);

static inline uint32_t pcg32_next(struct pcg32 *pcg)
{
    uint64_t old = pcg->state;
    pcg->state = old * UINT64_C(6364136223846793005) + pcg->increment;
    uint32_t folded = (uint32_t)(((old >> 18) ^ old) >> 27), rotation = (uint32_t)(old >> 59);
    return (folded >> rotation) | (folded << (-rotation & 31));
}

/* Two draws, the high half first. */
static inline uint64_t pcg32_next_64(struct pcg32 *pcg)
{
    uint64_t high = pcg32_next(pcg);
    return high << 32 | pcg32_next(pcg);
}

enum page_order { PAGES_SEQUENTIAL, PAGES_RANDOM, PAGES_ZIPF, PAGES_HOT_COLD };

struct page_stream {
    enum page_order order;
    uint64_t pages;
    uint64_t position; /* sequential: the next page */
    struct pcg32 pcg;
    /* Zipf: running sums of the weights, and for each stretch of 1 << shift of their range the
     * rank that its first number belongs to. */
    uint64_t *sums, total;
    uint32_t *guide;
    uint64_t stretches;
    unsigned shift;
    uint64_t hot, hot_percent; /* hot and cold: hot pages, and what part of the draws they get */
};

/* pages: 1 to 2^32 - 1. Zipf takes 16 to 24 bytes a page from the arena. */
void page_stream_open(struct page_stream *stream, struct arena *arena, enum page_order order,
                      uint64_t pages, uint64_t state, uint64_t sequence);
/* After opening with hot and cold: so many hot pages (1 to pages) get so many percent of the draws
 * (0 to 100). */
void page_stream_heat(struct page_stream *stream, uint64_t hot, uint64_t hot_percent);
void page_stream_close(struct page_stream *stream, struct arena *arena);

static inline uint64_t page_stream_zipf(struct page_stream *stream)
{
    uint64_t draw = pcg32_next_64(&stream->pcg);
    uint64_t sum = (uint64_t)(((unsigned __int128)draw * stream->total) >> 64);
    uint64_t rank = stream->guide[sum >> stream->shift];
    while (stream->sums[rank] <= sum)
        rank++;
    return (rank * 611953 + 12345) % stream->pages;
}

static inline uint64_t page_stream_below(struct page_stream *stream, uint64_t pages)
{
    return (uint64_t)(((unsigned __int128)pcg32_next_64(&stream->pcg) * pages) >> 64);
}

static inline uint64_t page_stream_hot_cold(struct page_stream *stream)
{
    uint64_t percent = ((uint64_t)pcg32_next(&stream->pcg) * 100) >> 32;
    uint64_t cold = stream->pages - stream->hot;
    if (percent < stream->hot_percent || cold == 0)
        return page_stream_below(stream, stream->hot);
    return stream->hot + page_stream_below(stream, cold);
}

/* The next page, 0 .. pages-1. */
static inline uint64_t page_stream_next(struct page_stream *stream)
{
    uint64_t page = stream->position;
    if (stream->order == PAGES_ZIPF)
        return page_stream_zipf(stream);
    if (stream->order == PAGES_RANDOM)
        return page_stream_below(stream, stream->pages);
    if (stream->order == PAGES_HOT_COLD)
        return page_stream_hot_cold(stream);
    stream->position = page + 1 == stream->pages ? 0 : page + 1;
    return page;
}

#endif
