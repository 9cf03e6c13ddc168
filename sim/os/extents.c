/* Runs of like pages. See extents.h.
 *
 * Every change is one replacement: the runs of an index interval give way to at most three new
 * ones. A position names a run by chunk and slot (chunk 0 stands for the inline runs). */
#include "os/extents.h"

#include <string.h>
#include "core/check.h"

#define CHUNK_RUNS 63 /* with its head 512 bytes */
#define CHUNK_RUNS_MIN 7
#define VALUE_BITS 16

/* Only a chunk that is alone may have less room than CHUNK_RUNS. */
struct chunk {
    uint32_t count, room;
    uint64_t run[];
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

static size_t chunk_bytes(uint32_t room)
{
    return sizeof(struct chunk) + room * sizeof(uint64_t);
}

static struct chunk *chunk_create(struct arena *arena, uint32_t room)
{
    struct chunk *chunk = arena_alloc(arena, chunk_bytes(room));
    chunk->room = room;
    return chunk;
}

static inline struct chunk **chunk_place(const struct extents *extents, uint32_t chunk)
{
    CHECK(chunk < extents->chunks);
    return extents->chunks == 1 ? (struct chunk **)&extents->only : &extents->table[chunk];
}

static inline uint64_t *runs_of(const struct extents *extents, uint32_t chunk, uint32_t *count)
{
    if (extents->chunks == 0) {
        CHECK(chunk == 0);
        *count = extents->runs;
        return (uint64_t *)extents->inline_runs;
    }
    struct chunk *place = *chunk_place(extents, chunk);
    *count = place->count;
    return place->run;
}

static inline uint64_t run_at(const struct extents *extents, struct position at)
{
    uint32_t count;
    uint64_t *runs = runs_of(extents, at.chunk, &count);
    CHECK(at.slot < count);
    return runs[at.slot];
}

/* Moves to the next run; false behind the last one (the position then stands behind it). */
static inline bool advance(const struct extents *extents, struct position *at)
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

/* The chunk that contains the page. */
static uint32_t find_chunk(const struct extents *extents, uint64_t page)
{
    uint32_t low = 0, high = extents->chunks;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (run_first(extents->table[middle]->run[0]) <= page)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The run that contains the page. */
static struct position find(const struct extents *extents, uint64_t page)
{
    struct position at = {extents->chunks > 1 ? find_chunk(extents, page) : 0, 0};
    uint32_t last;
    const uint64_t *runs = runs_of(extents, at.chunk, &last);
    while (last - at.slot > 8) {
        uint32_t middle = at.slot + (last - at.slot) / 2;
        if (run_first(runs[middle]) <= page)
            at.slot = middle;
        else
            last = middle;
    }
    while (at.slot + 1 < last && run_first(runs[at.slot + 1]) <= page)
        at.slot++;
    CHECK(run_first(runs[at.slot]) <= page);
    return at;
}

void extents_init(struct extents *extents, uint64_t first_page)
{
    *extents = (struct extents){.runs = 1};
    extents->inline_runs[0] = run_make(first_page, 0);
}

static void chunk_destroy(struct arena *arena, struct chunk *chunk)
{
    arena_free(arena, chunk, chunk_bytes(chunk->room));
}

static void table_destroy(struct arena *arena, struct extents *extents)
{
    arena_free(arena, extents->table, extents->table_room * sizeof(struct chunk *));
}

void extents_destroy(struct arena *arena, struct extents *extents)
{
    for (uint32_t i = 0; i < extents->chunks; i++)
        chunk_destroy(arena, *chunk_place(extents, i));
    if (extents->chunks > 1)
        table_destroy(arena, extents);
    *extents = (struct extents){0};
}

/* ---- the table of chunks ---- */

/* Makes the table, or doubles it. */
static void grow_table(struct arena *arena, struct extents *extents)
{
    bool first = extents->chunks == 1;
    uint32_t room = first ? 4 : extents->table_room * 2;
    struct chunk **grown = arena_alloc(arena, room * sizeof *grown);
    for (uint32_t i = 0; i < extents->chunks; i++)
        grown[i] = *chunk_place(extents, i);
    if (!first)
        table_destroy(arena, extents);
    extents->table = grown;
    extents->table_room = room;
}

static void insert_chunk(struct arena *arena, struct extents *extents, uint32_t at,
                         struct chunk *chunk)
{
    CHECK(extents->chunks > 0);
    CHECK(at <= extents->chunks);
    if (extents->chunks == 1 || extents->chunks == extents->table_room)
        grow_table(arena, extents);
    memmove(&extents->table[at + 1], &extents->table[at],
            (extents->chunks - at) * sizeof *extents->table);
    extents->table[at] = chunk;
    extents->chunks++;
}

static void remove_chunks(struct arena *arena, struct extents *extents, uint32_t from, uint32_t to)
{
    CHECK(from <= to && to <= extents->chunks);
    if (from == to)
        return;
    CHECK(extents->chunks - (to - from) > 0);
    for (uint32_t i = from; i < to; i++)
        chunk_destroy(arena, extents->table[i]);
    memmove(&extents->table[from], &extents->table[to],
            (extents->chunks - to) * sizeof *extents->table);
    extents->chunks -= to - from;
    if (extents->chunks > 1)
        return;
    struct chunk *only = extents->table[0];
    table_destroy(arena, extents);
    extents->only = only;
}

static void leave_record(struct arena *arena, struct extents *extents)
{
    CHECK(extents->chunks == 0);
    struct chunk *chunk = chunk_create(arena, CHUNK_RUNS_MIN);
    chunk->count = extents->runs;
    memcpy(chunk->run, extents->inline_runs, extents->runs * sizeof(uint64_t));
    extents->only = chunk;
    extents->chunks = 1;
}

static void return_to_record(struct arena *arena, struct extents *extents)
{
    uint64_t runs[EXTENTS_INLINE];
    uint32_t count = extents->runs, used = 0;
    for (uint32_t i = 0; i < extents->chunks; i++) {
        const struct chunk *chunk = *chunk_place(extents, i);
        CHECK(used + chunk->count <= EXTENTS_INLINE);
        memcpy(&runs[used], chunk->run, chunk->count * sizeof(uint64_t));
        used += chunk->count;
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

/* The only chunk moves into one of twice the size. */
static void grow_chunk(struct arena *arena, struct extents *extents)
{
    struct chunk *small = extents->only;
    CHECK(extents->chunks == 1);
    CHECK(small->room < CHUNK_RUNS);
    struct chunk *large = chunk_create(arena, small->room * 2 + 1);
    large->count = small->count;
    memcpy(large->run, small->run, small->count * sizeof(uint64_t));
    chunk_destroy(arena, small);
    extents->only = large;
}

/* Grows or splits a chunk that has no room for three more runs; keeps *at on its run. */
static void make_room(struct arena *arena, struct extents *extents, struct position *at)
{
    struct chunk *left = *chunk_place(extents, at->chunk);
    if (left->count + 3 <= left->room)
        return;
    if (left->room < CHUNK_RUNS) {
        grow_chunk(arena, extents);
        return;
    }
    struct chunk *right = chunk_create(arena, CHUNK_RUNS);
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
    struct chunk *first = *chunk_place(extents, from.chunk);
    struct chunk *last = *chunk_place(extents, to.chunk);
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
    first = *chunk_place(extents, from.chunk);
    splice(first->run, first->count, from.slot, from.slot, fresh, fresh_count);
    first->count += fresh_count;
    extents->runs += fresh_count - removed;
    if (first->count == 0) /* everything melted into the neighbours */
        remove_chunks(arena, extents, from.chunk, from.chunk + 1);
    if (extents->runs <= EXTENTS_INLINE)
        return_to_record(arena, extents);
    else if (extents->chunks > 1 && from.chunk < extents->chunks &&
             extents->table[from.chunk]->count < CHUNK_RUNS / 4)
        join_neighbours(arena, extents, from.chunk);
}

/* What a range covers: a number of runs, the first of which may begin before it and the last of
 * which may end behind it. */
struct cover {
    struct position from, to; /* the first run; the one behind the last, or the end */
    uint32_t runs;
    uint16_t last_value;
    uint64_t last_end;  /* page behind the last run */
    uint64_t committed; /* pages of the range whose value is not 0 */
};

/* Fills *cover in. Kept in registers until the end: a structure put together from small stores and
 * copied at once would stall the processor. */
static inline void cover_range(const struct extents *extents, uint64_t first_page,
                               uint64_t end_page, uint64_t limit_page, struct cover *cover)
{
    cover->from = find(extents, first_page);
    uint32_t chunk = cover->from.chunk, slot = cover->from.slot, slots, count = 0;
    const uint64_t *runs = runs_of(extents, chunk, &slots);
    uint64_t begin = first_page, end, committed = 0;
    uint16_t value;
    do {
        value = run_value(runs[slot]);
        if (++slot == slots && chunk + 1 < extents->chunks) {
            runs = runs_of(extents, ++chunk, &slots);
            slot = 0;
        }
        end = slot < slots ? run_first(runs[slot]) : limit_page;
        uint64_t until = end < end_page ? end : end_page;
        committed += value ? until - begin : 0;
        begin = until;
        count++;
    } while (end < end_page);
    CHECK(begin == end_page);
    cover->to.chunk = chunk;
    cover->to.slot = slot;
    cover->runs = count;
    cover->last_value = value;
    cover->last_end = end;
    cover->committed = committed;
}

/* The value of the run before the position, if there is one. */
static bool value_before(const struct extents *extents, struct position at, uint16_t *value)
{
    if (!retreat(extents, &at))
        return false;
    *value = run_value(run_at(extents, at));
    return true;
}

int64_t extents_assign(struct arena *arena, struct extents *extents, uint64_t first_page,
                       uint64_t end_page, uint64_t limit_page, uint16_t value)
{
    CHECK(first_page < end_page);
    CHECK(end_page <= limit_page);
    struct cover cover;
    cover_range(extents, first_page, end_page, limit_page, &cover);
    int64_t change = (int64_t)((value ? end_page - first_page : 0) - cover.committed);
    uint64_t first_run = run_at(extents, cover.from), fresh[3];
    uint32_t fresh_count = 0, removed = cover.runs;
    if (removed == 1 && run_value(first_run) == value)
        return 0; /* nothing changes: cover.committed says the same */

    uint16_t before = 0;
    bool has_before = true;
    if (run_first(first_run) < first_page) { /* the head of the first run stays */
        fresh[fresh_count++] = first_run;
        before = run_value(first_run);
    } else {
        has_before = value_before(extents, cover.from, &before);
    }
    if (!has_before || before != value)
        fresh[fresh_count++] = run_make(first_page, value);

    if (cover.last_end > end_page) { /* the tail of the last run stays */
        if (cover.last_value != value)
            fresh[fresh_count++] = run_make(end_page, cover.last_value);
    } else if (end_page < limit_page && run_value(run_at(extents, cover.to)) == value) {
        removed++; /* the run behind melts into the new one */
        advance(extents, &cover.to);
    }
    replace(arena, extents, cover.from, cover.to, removed, fresh, fresh_count);
    return change;
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
    struct cover cover;
    cover_range(extents, first_page, end_page, limit_page, &cover);
    return cover.committed;
}

uint64_t extents_bytes(const struct extents *extents)
{
    if (extents->chunks == 0)
        return 0;
    if (extents->chunks == 1)
        return arena_block_bytes(chunk_bytes(extents->only->room));
    return extents->chunks * arena_block_bytes(chunk_bytes(CHUNK_RUNS)) +
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
    for (uint32_t i = 0; i < extents->chunks; i++) {
        const struct chunk *chunk = *chunk_place(extents, i);
        CHECK(chunk->count > 0 && chunk->count <= chunk->room);
        CHECK(chunk->room == CHUNK_RUNS || extents->chunks == 1);
    }
}
