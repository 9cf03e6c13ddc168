/* Segments of a phase. See segments.h.
 *
 * Places of a segment stand in a list by address; free ones between used ones stand also in a bin
 * by the power of two in their size, the last one freed first. A free place at the end is no place
 * any more, so what a segment uses ends with a used one.
 *
 * A call of the host in the middle lets other threads run. Only the thread that made the segments
 * takes from them; what others give waits until that one comes by or, when it is gone, until
 * whoever is in the middle has finished. */
#define CINTERFACE
#include "clr/segments.h"

#include <stddef.h>
#include "core/check.h"
#include "core/layout.h"

#define ALIGNMENT UINT64_C(16)
#define COMMIT_BYTES (UINT64_C(64) << 10)
#define SLACK_BYTES (UINT64_C(256) << 10) /* kept committed behind what is used */
#define LEAST_HOLE UINT64_C(64)           /* less is left to the place before it */
#define SEGMENT_BYTES (UINT64_C(256) << 20)
#define LEAST_SEGMENT_BYTES (UINT64_C(16) << 20)
#define BINS 64
#define HOLES_LOOKED_AT 8

struct chunk {
    struct segment *segment;
    uint64_t offset, size;
    bool free;
    struct chunk *later;                   /* of those that wait to be given */
    struct chunk *lower, *upper;           /* by address */
    struct chunk *bin_before, *bin_behind; /* of free ones */
};

struct segment {
    struct segments *segments;
    struct segment *before, *behind;
    uint64_t base, size;
    uint64_t committed, used; /* bytes from the base; used ends with the highest chunk */
    struct chunk *highest;
};

struct segments {
    struct segments **all, *before, *behind;
    struct clr *clr;
    uint32_t protect;
    EMemoryCriticalLevel level;
    uint64_t segment_bytes; /* as large as the host still gives */
    struct segment *first, *last;
    struct segment *current; /* grown last: not released while it may grow again */
    bool ended;
    bool busy;                /* somebody is in the middle */
    const struct task *owner; /* who takes, until it has ended */
    struct chunk *later;      /* given meanwhile */
    uint64_t bins_used;       /* bit: the bin is not empty */
    struct chunk *bins[BINS];
};

static uint64_t rounded_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

static unsigned log_of(uint64_t size)
{
    CHECK(size > 0);
    return 63 - (unsigned)__builtin_clzll(size);
}

/* ---- holes ---- */

static void bin_add(struct segments *segments, struct chunk *chunk)
{
    unsigned bin = log_of(chunk->size);
    CHECK(!chunk->free && bin < BINS);
    chunk->free = true;
    chunk->bin_before = NULL;
    chunk->bin_behind = segments->bins[bin];
    if (chunk->bin_behind)
        chunk->bin_behind->bin_before = chunk;
    segments->bins[bin] = chunk;
    segments->bins_used |= UINT64_C(1) << bin;
}

static void bin_remove(struct segments *segments, struct chunk *chunk)
{
    unsigned bin = log_of(chunk->size);
    CHECK(chunk->free);
    CHECK(segments->bins_used >> bin & 1);
    chunk->free = false;
    if (chunk->bin_before)
        chunk->bin_before->bin_behind = chunk->bin_behind;
    else
        segments->bins[bin] = chunk->bin_behind;
    if (chunk->bin_behind)
        chunk->bin_behind->bin_before = chunk->bin_before;
    if (!segments->bins[bin])
        segments->bins_used &= ~(UINT64_C(1) << bin);
}

/* What is left of a hole becomes one of its own. */
static void split(struct segments *segments, struct chunk *chunk, uint64_t bytes)
{
    if (chunk->size - bytes < LEAST_HOLE)
        return;
    struct chunk *rest = arena_alloc(&segments->clr->sim->arena, sizeof *rest);
    CHECK(chunk->upper != NULL); /* the highest is used */
    *rest = (struct chunk){.segment = chunk->segment,
                           .offset = chunk->offset + bytes,
                           .size = chunk->size - bytes,
                           .lower = chunk,
                           .upper = chunk->upper};
    chunk->upper->lower = rest;
    chunk->upper = rest;
    chunk->size = bytes;
    bin_add(segments, rest);
}

/* One of the first holes in the bin of its own size, else one from the next bin: there every hole
 * is large enough. */
static struct chunk *find_hole(const struct segments *segments, uint64_t bytes)
{
    unsigned bin = log_of(bytes), looked = 0;
    struct chunk *chunk = segments->bins[bin];
    CHECK(bytes % ALIGNMENT == 0);
    for (; chunk && looked < HOLES_LOOKED_AT; chunk = chunk->bin_behind, looked++)
        if (chunk->size >= bytes)
            return chunk;
    uint64_t larger = bin + 1 < BINS ? segments->bins_used >> (bin + 1) << (bin + 1) : 0;
    return larger ? segments->bins[__builtin_ctzll(larger)] : NULL;
}

static struct chunk *take_hole(struct segments *segments, uint64_t bytes)
{
    struct chunk *chunk = find_hole(segments, bytes);
    if (!chunk)
        return NULL;
    CHECK(chunk->size >= bytes);
    bin_remove(segments, chunk);
    split(segments, chunk, bytes);
    return chunk;
}

/* ---- segments ---- */

static bool reserve(struct segments *segments, uint64_t bytes)
{
    struct clr *clr = segments->clr;
    uint64_t base = 0, size = rounded_up(bytes, GRANULARITY_BYTES);
    for (; base == 0; segments->segment_bytes /= 4) {
        uint64_t wanted = size > segments->segment_bytes ? size : segments->segment_bytes;
        host_virtual_alloc(clr, 0, wanted, MEM_RESERVE, segments->protect, segments->level, &base);
        if (base != 0) {
            size = wanted;
            break;
        }
        if (segments->segment_bytes <= LEAST_SEGMENT_BYTES || size >= segments->segment_bytes)
            return false;
    }
    struct segment *segment = arena_alloc(&clr->sim->arena, sizeof *segment);
    *segment = (struct segment){
        .segments = segments, .before = segments->last, .base = base, .size = size};
    if (segments->last)
        segments->last->behind = segment;
    else
        segments->first = segment;
    segments->last = segments->current = segment;
    return true;
}

static bool release(struct segment *segment)
{
    struct segments *segments = segment->segments;
    HRESULT hr = host_virtual_free(segments->clr, segment->base, 0, MEM_RELEASE);
    CHECK(segment->highest == NULL);
    if (segment->before)
        segment->before->behind = segment->behind;
    else
        segments->first = segment->behind;
    if (segment->behind)
        segment->behind->before = segment->before;
    else
        segments->last = segment->before;
    if (segments->current == segment)
        segments->current = NULL;
    arena_free(&segments->clr->sim->arena, segment, sizeof *segment);
    return hr == S_OK;
}

/* Commits up to an end. False: refused, nothing has changed. */
static bool commit(struct segment *segment, uint64_t end)
{
    struct segments *segments = segment->segments;
    uint64_t result, size;
    CHECK(end <= segment->size);
    if (end <= segment->committed)
        return true;
    size = rounded_up(end, COMMIT_BYTES) - segment->committed;
    if (size < COMMIT_BYTES)
        size = COMMIT_BYTES;
    if (size > segment->size - segment->committed)
        size = segment->size - segment->committed;
    host_virtual_alloc(segments->clr, segment->base + segment->committed, size, MEM_COMMIT,
                       segments->protect, segments->level, &result);
    if (result == 0)
        return false;
    segment->committed += size;
    CHECK(segment->committed <= segment->size);
    return true;
}

/* Decommits what lies behind a place. */
static bool decommit(struct segment *segment, uint64_t from)
{
    struct clr *clr = segment->segments->clr;
    CHECK(from >= segment->used);
    if (from >= segment->committed)
        return true;
    if (host_virtual_free(clr, segment->base + from, segment->committed - from, MEM_DECOMMIT) !=
        S_OK)
        return false;
    segment->committed = from;
    return true;
}

static struct segment *with_room(const struct segments *segments, uint64_t bytes)
{
    struct segment *segment = segments->current;
    if (segment && segment->size - segment->used >= bytes)
        return segment;
    for (segment = segments->first; segment; segment = segment->behind)
        if (segment->size - segment->used >= bytes)
            return segment;
    return NULL;
}

/* ---- places ---- */

static struct chunk *take_end(struct segments *segments, uint64_t bytes)
{
    struct segment *segment = with_room(segments, bytes);
    if (!segment) {
        if (!reserve(segments, bytes))
            return NULL;
        segment = segments->current;
    }
    if (!commit(segment, segment->used + bytes))
        return NULL;
    struct chunk *chunk = arena_alloc(&segments->clr->sim->arena, sizeof *chunk);
    *chunk = (struct chunk){
        .segment = segment, .offset = segment->used, .size = bytes, .lower = segment->highest};
    if (segment->highest)
        segment->highest->upper = chunk;
    segment->highest = chunk;
    segment->used += bytes;
    CHECK(segment->used <= segment->committed);
    segments->current = segment;
    return chunk;
}

/* A hole's upper neighbour joins it. */
static void join(struct segments *segments, struct chunk *lower, struct chunk *upper)
{
    CHECK(lower->offset + lower->size == upper->offset);
    lower->size += upper->size;
    lower->upper = upper->upper;
    if (upper->upper)
        upper->upper->lower = lower;
    else
        lower->segment->highest = lower;
    arena_free(&segments->clr->sim->arena, upper, sizeof *upper);
}

static void remove_segments(struct segments *segments)
{
    CHECK(segments->first == NULL);
    if (segments->before)
        segments->before->behind = segments->behind;
    else
        *segments->all = segments->behind;
    if (segments->behind)
        segments->behind->before = segments->before;
    arena_free(&segments->clr->sim->arena, segments, sizeof *segments);
}

/* The highest place is free: what is used ends before it. */
static bool shorten(struct segment *segment, struct chunk *chunk)
{
    struct segments *segments = segment->segments;
    CHECK(chunk->upper == NULL);
    CHECK(chunk->offset + chunk->size == segment->used);
    segment->highest = chunk->lower;
    segment->used = chunk->offset;
    if (chunk->lower)
        chunk->lower->upper = NULL;
    arena_free(&segments->clr->sim->arena, chunk, sizeof *chunk);
    if (!segment->highest && segment != segments->current)
        return release(segment);
    uint64_t end = rounded_up(segment->used, COMMIT_BYTES);
    return segment->committed < end + SLACK_BYTES || decommit(segment, end);
}

static bool give(struct chunk *chunk)
{
    struct segment *segment = chunk->segment;
    struct segments *segments = segment->segments;
    CHECK(!chunk->free);
    CHECK(segments->busy);
    if (chunk->upper && chunk->upper->free) {
        bin_remove(segments, chunk->upper);
        join(segments, chunk, chunk->upper);
    }
    if (chunk->lower && chunk->lower->free) {
        struct chunk *lower = chunk->lower;
        bin_remove(segments, lower);
        join(segments, lower, chunk);
        chunk = lower;
    }
    if (chunk == segment->highest)
        return shorten(segment, chunk);
    bin_add(segments, chunk);
    return true;
}

/* ---- one thread at a time ---- */

static void give_later(struct segments *segments)
{
    while (segments->later) {
        struct chunk *chunk = segments->later;
        segments->later = chunk->later;
        give(chunk);
    }
}

static void begin(struct segments *segments)
{
    CHECK(!segments->busy);
    segments->busy = true;
    give_later(segments);
}

static void finish(struct segments *segments)
{
    CHECK(segments->busy);
    give_later(segments);
    segments->busy = false;
    if (segments->ended && !segments->first)
        remove_segments(segments);
}

struct chunk *segments_take(struct segments *segments, uint64_t bytes, uint64_t *address)
{
    CHECK(bytes <= UINT64_MAX / 2);
    CHECK(!segments->ended);
    bytes = rounded_up(bytes ? bytes : 1, ALIGNMENT);
    begin(segments);
    struct chunk *chunk = take_hole(segments, bytes);
    if (!chunk)
        chunk = take_end(segments, bytes);
    if (chunk)
        *address = chunk->segment->base + chunk->offset;
    finish(segments);
    return chunk;
}

bool segments_give(struct chunk *chunk)
{
    struct segments *segments = chunk->segment->segments;
    bool of_another = !segments->ended && segments->owner != segments->clr->sim->thread->task;
    if (segments->busy || of_another) {
        chunk->later = segments->later;
        segments->later = chunk;
        return true;
    }
    begin(segments);
    bool served = give(chunk);
    finish(segments);
    return served;
}

/* ---- all of them ---- */

struct segments *segments_create(struct segments **all, struct clr *clr, uint32_t protect,
                                 EMemoryCriticalLevel level)
{
    struct segments *segments = arena_alloc(&clr->sim->arena, sizeof *segments);
    segments->all = all;
    segments->behind = *all;
    if (*all)
        (*all)->before = segments;
    *all = segments;
    segments->clr = clr;
    segments->owner = clr->sim->thread->task;
    segments->protect = protect;
    segments->level = level;
    segments->segment_bytes = SEGMENT_BYTES;
    return segments;
}

static void trim(struct segments *segments)
{
    struct segment *behind;
    CHECK(segments->busy);
    for (struct segment *segment = segments->first; segment; segment = behind) {
        behind = segment->behind;
        if (segment->highest)
            decommit(segment, rounded_up(segment->used, PAGE_BYTES));
        else
            release(segment);
    }
}

void segments_trim(struct segments *segments)
{
    begin(segments);
    trim(segments);
    finish(segments);
}

void segments_end(struct segments *segments)
{
    CHECK(!segments->ended);
    begin(segments);
    segments->ended = true;
    segments->current = NULL;
    trim(segments);
    finish(segments);
}

static void forget_chunks(struct segment *segment)
{
    while (segment->highest) {
        struct chunk *gone = segment->highest;
        segment->highest = gone->lower;
        arena_free(&segment->segments->clr->sim->arena, gone, sizeof *gone);
    }
}

void segments_give_back(struct segments *segments)
{
    while (segments->first) {
        forget_chunks(segments->first);
        release(segments->first);
    }
    remove_segments(segments);
}

void segments_drop(struct segments *segments)
{
    while (segments->first) {
        struct segment *gone = segments->first;
        forget_chunks(gone);
        segments->first = gone->behind;
        arena_free(&segments->clr->sim->arena, gone, sizeof *gone);
    }
    remove_segments(segments);
}
