/* Runs of like pages. See extents.h.
 *
 * Every change is one replacement: the runs of an index interval give way to at most three new
 * ones. A position names a run by chunk and slot (chunk 0 stands for the inline runs). */
#include "os/extents.h"

#include <string.h>
#include "core/check.h"

#define CHUNK_RUNS 62
#define VALUE_BITS 16

struct chunk {
    uint32_t count;
    uint64_t run[CHUNK_RUNS];
};

struct position {
    uint32_t chunk, slot;
};

static uint64_t run_make(uint64_t first_page, uint16_t value)
{
    return first_page << VALUE_BITS | value;
}

static uint64_t run_first(uint64_t run)
{
    return run >> VALUE_BITS;
}

static uint16_t run_value(uint64_t run)
{
    return (uint16_t)run;
}

static uint64_t *runs_of(const struct extents *extents, uint32_t chunk, uint32_t *count)
{
    if (extents->chunks == 0) {
        CHECK(chunk == 0);
        *count = extents->runs;
        return (uint64_t *)extents->inline_runs;
    }
    CHECK(chunk < extents->chunks);
    *count = extents->table[chunk]->count;
    return extents->table[chunk]->run;
}

static uint64_t run_at(const struct extents *extents, struct position at)
{
    uint32_t count;
    uint64_t *runs = runs_of(extents, at.chunk, &count);
    CHECK(at.slot < count);
    return runs[at.slot];
}

/* Moves to the next run; false behind the last one (the position then stands behind it). */
static bool advance(const struct extents *extents, struct position *at)
{
    uint32_t count;
    runs_of(extents, at->chunk, &count);
    if (++at->slot < count)
        return true;
    if (at->chunk + 1 >= extents->chunks)
        return false;
    at->chunk++;
    at->slot = 0;
    return true;
}

static bool retreat(const struct extents *extents, struct position *at)
{
    if (at->slot > 0) {
        at->slot--;
        return true;
    }
    if (at->chunk == 0)
        return false;
    uint32_t count;
    runs_of(extents, --at->chunk, &count);
    at->slot = count - 1;
    return true;
}

/* The run that contains the page. */
static struct position find(const struct extents *extents, uint64_t page)
{
    uint32_t low = 0, high = extents->chunks;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (run_first(extents->table[middle]->run[0]) <= page)
            low = middle;
        else
            high = middle;
    }
    struct position at = {low, 0};
    uint32_t count;
    uint64_t *runs = runs_of(extents, low, &count);
    uint32_t first = 0, last = count;
    while (last - first > 1) {
        uint32_t middle = first + (last - first) / 2;
        if (run_first(runs[middle]) <= page)
            first = middle;
        else
            last = middle;
    }
    at.slot = first;
    CHECK(run_first(runs[first]) <= page);
    return at;
}

void extents_init(struct extents *extents, uint64_t first_page)
{
    *extents = (struct extents){.runs = 1};
    extents->inline_runs[0] = run_make(first_page, 0);
}

void extents_destroy(struct arena *arena, struct extents *extents)
{
    for (uint32_t i = 0; i < extents->chunks; i++)
        arena_free(arena, extents->table[i], sizeof(struct chunk));
    if (extents->chunks)
        arena_free(arena, extents->table, extents->table_room * sizeof(struct chunk *));
    *extents = (struct extents){0};
}

/* ---- the table of chunks ---- */

static void insert_chunk(struct arena *arena, struct extents *extents, uint32_t at,
                         struct chunk *chunk)
{
    if (extents->chunks == extents->table_room) {
        uint32_t room = extents->table_room * 2;
        struct chunk **grown = arena_alloc(arena, room * sizeof *grown);
        memcpy(grown, extents->table, extents->chunks * sizeof *grown);
        arena_free(arena, extents->table, extents->table_room * sizeof *grown);
        extents->table = grown;
        extents->table_room = room;
    }
    CHECK(at <= extents->chunks);
    memmove(&extents->table[at + 1], &extents->table[at],
            (extents->chunks - at) * sizeof *extents->table);
    extents->table[at] = chunk;
    extents->chunks++;
}

static void remove_chunks(struct arena *arena, struct extents *extents, uint32_t from, uint32_t to)
{
    CHECK(from <= to && to <= extents->chunks);
    for (uint32_t i = from; i < to; i++)
        arena_free(arena, extents->table[i], sizeof(struct chunk));
    memmove(&extents->table[from], &extents->table[to],
            (extents->chunks - to) * sizeof *extents->table);
    extents->chunks -= to - from;
}

static void leave_record(struct arena *arena, struct extents *extents)
{
    CHECK(extents->chunks == 0);
    struct chunk *chunk = arena_alloc(arena, sizeof *chunk);
    chunk->count = extents->runs;
    memcpy(chunk->run, extents->inline_runs, extents->runs * sizeof(uint64_t));
    extents->table_room = 4;
    extents->table = arena_alloc(arena, 4 * sizeof *extents->table);
    extents->table[0] = chunk;
    extents->chunks = 1;
}

static void return_to_record(struct arena *arena, struct extents *extents)
{
    uint64_t runs[EXTENTS_INLINE];
    uint32_t count = extents->runs, used = 0;
    for (uint32_t i = 0; i < extents->chunks; i++) {
        CHECK(used + extents->table[i]->count <= EXTENTS_INLINE);
        memcpy(&runs[used], extents->table[i]->run, extents->table[i]->count * sizeof(uint64_t));
        used += extents->table[i]->count;
    }
    CHECK(used == count);
    extents_destroy(arena, extents);
    extents->runs = count;
    memcpy(extents->inline_runs, runs, count * sizeof(uint64_t));
}

/* ---- replacing ---- */

static void splice(uint64_t *runs, uint32_t count, uint32_t from, uint32_t to,
                   const uint64_t *fresh, uint32_t fresh_count)
{
    memmove(&runs[from + fresh_count], &runs[to], (count - to) * sizeof *runs);
    memcpy(&runs[from], fresh, fresh_count * sizeof *runs);
}

/* Splits a chunk that has no room for three more runs; keeps *at on its run. */
static void make_room(struct arena *arena, struct extents *extents, struct position *at)
{
    struct chunk *left = extents->table[at->chunk];
    if (left->count + 3 <= CHUNK_RUNS)
        return;
    struct chunk *right = arena_alloc(arena, sizeof *right);
    /* Growth at the end leaves a full chunk behind, like the tree of regions. */
    uint32_t keep = at->slot + 1 >= left->count ? left->count - 3 : left->count / 2;
    right->count = left->count - keep;
    memcpy(right->run, &left->run[keep], right->count * sizeof(uint64_t));
    left->count = keep;
    insert_chunk(arena, extents, at->chunk + 1, right);
    if (at->slot >= keep) {
        at->slot -= keep;
        at->chunk++;
    }
}

/* Chunks that became sparse join a neighbour, so that the table stays short. */
static void join_neighbours(struct arena *arena, struct extents *extents, uint32_t chunk)
{
    uint32_t left = chunk + 1 < extents->chunks ? chunk : chunk - 1;
    if (extents->chunks < 2)
        return;
    struct chunk *a = extents->table[left], *b = extents->table[left + 1];
    if (a->count + b->count > CHUNK_RUNS / 2)
        return;
    memcpy(&a->run[a->count], b->run, b->count * sizeof(uint64_t));
    a->count += b->count;
    remove_chunks(arena, extents, left + 1, left + 2);
}

/* The runs from `from` to the one before `to` (exclusive) give way to the fresh ones. */
static void replace(struct arena *arena, struct extents *extents, struct position from,
                    struct position to, uint32_t removed, const uint64_t *fresh,
                    uint32_t fresh_count)
{
    CHECK(fresh_count <= 3);
    if (extents->chunks == 0 && extents->runs - removed + fresh_count <= EXTENTS_INLINE) {
        splice(extents->inline_runs, extents->runs, from.slot, to.slot, fresh, fresh_count);
        extents->runs += fresh_count - removed;
        return;
    }
    if (extents->chunks == 0)
        leave_record(arena, extents);
    struct chunk *first = extents->table[from.chunk], *last = extents->table[to.chunk];
    if (from.chunk != to.chunk) { /* cut the tail of the first and the head of the last chunk */
        first->count = from.slot;
        memmove(last->run, &last->run[to.slot], (last->count - to.slot) * sizeof(uint64_t));
        last->count -= to.slot;
        uint32_t until = last->count == 0 ? to.chunk + 1 : to.chunk;
        remove_chunks(arena, extents, from.chunk + 1, until);
        to = (struct position){from.chunk, from.slot};
    }
    uint32_t in_chunk = to.slot - from.slot;
    memmove(&first->run[from.slot], &first->run[to.slot],
            (first->count - to.slot) * sizeof(uint64_t));
    first->count -= in_chunk;
    make_room(arena, extents, &from);
    first = extents->table[from.chunk];
    splice(first->run, first->count, from.slot, from.slot, fresh, fresh_count);
    first->count += fresh_count;
    extents->runs += fresh_count - removed;
    if (first->count == 0) /* everything melted into the neighbours */
        remove_chunks(arena, extents, from.chunk, from.chunk + 1);
    if (extents->runs <= EXTENTS_INLINE)
        return_to_record(arena, extents);
    else if (from.chunk < extents->chunks && extents->table[from.chunk]->count < CHUNK_RUNS / 4)
        join_neighbours(arena, extents, from.chunk);
}

/* Counts the runs that begin in (run at `from`, end_page); *to stands behind them, *last_value is
 * the value of the last one. */
static uint32_t runs_until(const struct extents *extents, struct position from, uint64_t end_page,
                           struct position *to, uint16_t *last_value)
{
    uint32_t count = 0;
    *to = from;
    bool more = true;
    while (more && run_first(run_at(extents, *to)) < end_page) {
        *last_value = run_value(run_at(extents, *to));
        count++;
        more = advance(extents, to);
    }
    return count;
}

void extents_assign(struct arena *arena, struct extents *extents, uint64_t first_page,
                    uint64_t end_page, uint64_t limit_page, uint16_t value)
{
    CHECK(first_page < end_page);
    CHECK(end_page <= limit_page);
    struct position from = find(extents, first_page), to;
    uint16_t last_value = 0;
    uint64_t fresh[3];
    uint32_t fresh_count = 0;
    uint64_t first_run = run_at(extents, from);
    struct position before = from;
    bool has_before = run_first(first_run) == first_page && retreat(extents, &before);

    uint32_t removed = runs_until(extents, from, end_page, &to, &last_value);
    if (run_first(first_run) < first_page) { /* the head of the first run stays */
        fresh[fresh_count++] = first_run;
        has_before = true;
        before.chunk = UINT32_MAX;
    }
    uint16_t before_value = fresh_count  ? run_value(first_run)
                            : has_before ? run_value(run_at(extents, before))
                                         : 0;
    if (!has_before || before_value != value)
        fresh[fresh_count++] = run_make(first_page, value);

    uint32_t slots;
    runs_of(extents, to.chunk, &slots);
    bool has_after = to.slot < slots;
    bool after_begins_here = has_after && run_first(run_at(extents, to)) == end_page;
    if (after_begins_here && run_value(run_at(extents, to)) == value) {
        removed++; /* the run behind melts into the new one */
        advance(extents, &to);
    } else if (!after_begins_here && end_page < limit_page && last_value != value) {
        fresh[fresh_count++] = run_make(end_page, last_value); /* the tail of the last run stays */
    }
    replace(arena, extents, from, to, removed, fresh, fresh_count);
}

/* ---- asking ---- */

uint16_t extents_at(const struct extents *extents, uint64_t page, uint64_t limit_page,
                    uint64_t *run_end)
{
    struct position at = find(extents, page);
    uint16_t value = run_value(run_at(extents, at));
    *run_end = advance(extents, &at) ? run_first(run_at(extents, at)) : limit_page;
    CHECK(*run_end > page);
    return value;
}

uint64_t extents_committed(const struct extents *extents, uint64_t first_page, uint64_t end_page,
                           uint64_t limit_page)
{
    CHECK(first_page < end_page && end_page <= limit_page);
    struct position at = find(extents, first_page);
    uint64_t committed = 0, from = first_page;
    while (from < end_page) {
        uint16_t value = run_value(run_at(extents, at));
        uint64_t end = advance(extents, &at) ? run_first(run_at(extents, at)) : limit_page;
        uint64_t until = end < end_page ? end : end_page;
        if (value)
            committed += until - from;
        from = until;
    }
    return committed;
}

uint64_t extents_bytes(const struct extents *extents)
{
    if (extents->chunks == 0)
        return 0;
    return extents->chunks * arena_block_bytes(sizeof(struct chunk)) +
           arena_block_bytes(extents->table_room * sizeof(struct chunk *));
}

void extents_verify(const struct extents *extents, uint64_t first_page, uint64_t limit_page)
{
    struct position at = {0, 0};
    uint64_t run = run_at(extents, at);
    uint32_t runs = 1;
    CHECK(extents->chunks != 0 || extents->runs <= EXTENTS_INLINE);
    CHECK(extents->chunks == 0 || extents->runs > EXTENTS_INLINE);
    CHECK(run_first(run) == first_page);
    while (advance(extents, &at)) {
        uint64_t next = run_at(extents, at);
        CHECK(run_first(next) > run_first(run));
        CHECK(run_value(next) != run_value(run)); /* canonical: like neighbours are one run */
        run = next;
        runs++;
    }
    CHECK(run_first(run) < limit_page);
    CHECK(runs == extents->runs);
    for (uint32_t i = 0; i < extents->chunks; i++)
        CHECK(extents->table[i]->count > 0 && extents->table[i]->count <= CHUNK_RUNS);
}
