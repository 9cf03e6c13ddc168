/* Tables of page streams. See page_stream.h. */
#include "core/page_stream.h"

#include <stddef.h>
#include "core/check.h"

#define WEIGHT_OF_ALL (UINT64_C(1) << 40)

void pcg32_seed(struct pcg32 *pcg, uint64_t state, uint64_t sequence)
{
    *pcg = (struct pcg32){0, sequence << 1 | 1};
    pcg32_next(pcg);
    pcg->state += state;
    pcg32_next(pcg);
}

static void add_up(struct page_stream *stream)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < stream->pages; i++) {
        sum += WEIGHT_OF_ALL / (i + 1);
        stream->sums[i] = sum;
    }
    stream->total = sum;
}

/* Stretches as many as pages, at least: a draw then passes over a few ranks only, for the rarest
 * are equally likely and as many as fit into a stretch. */
static void make_guide(struct page_stream *stream, struct arena *arena)
{
    uint64_t last = stream->total - 1, rank = 0;
    while (last >> stream->shift >= 2 * stream->pages)
        stream->shift++;
    stream->stretches = (last >> stream->shift) + 1;
    stream->guide = arena_alloc(arena, stream->stretches * sizeof *stream->guide);
    for (uint64_t i = 0; i < stream->stretches; i++) {
        while (stream->sums[rank] <= i << stream->shift)
            rank++;
        CHECK(rank < stream->pages);
        stream->guide[i] = (uint32_t)rank;
    }
}

void page_stream_open(struct page_stream *stream, struct arena *arena, enum page_order order,
                      uint64_t pages, uint64_t state, uint64_t sequence)
{
    CHECK(pages > 0);
    CHECK(pages <= UINT32_MAX);
    *stream = (struct page_stream){.order = order, .pages = pages, .hot = pages};
    pcg32_seed(&stream->pcg, state, sequence);
    if (order != PAGES_ZIPF)
        return;
    stream->sums = arena_alloc(arena, pages * sizeof *stream->sums);
    add_up(stream);
    make_guide(stream, arena);
}

void page_stream_heat(struct page_stream *stream, uint64_t hot, uint64_t hot_percent)
{
    CHECK(stream->order == PAGES_HOT_COLD);
    CHECK(hot >= 1 && hot <= stream->pages);
    CHECK(hot_percent <= 100);
    stream->hot = hot;
    stream->hot_percent = hot_percent;
}

void page_stream_close(struct page_stream *stream, struct arena *arena)
{
    if (stream->order != PAGES_ZIPF)
        return;
    arena_free(arena, stream->guide, stream->stretches * sizeof *stream->guide);
    arena_free(arena, stream->sums, stream->pages * sizeof *stream->sums);
    stream->order = PAGES_SEQUENTIAL;
}
