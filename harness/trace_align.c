/* Alignment of two sequences of keys. See trace_align.h; anchors are in trace_anchor.c. */
#include "harness/trace_align.h"

#include <stdlib.h>
#include "core/check.h"
#include "harness/key_set.h"
#include "harness/trace_anchor.h"

/* After so many equal items in a row a difference is over, however it began. */
#define SNAKE_ENOUGH 64
/* When so many steps are spent, the search for shortest edits gets shorter. */
#define STEPS_GENEROUS (UINT64_C(1) << 30)
#define EDITS_HASTY 64
#define DEPTH_MAX 12 /* of parts between anchors inside such parts */

/* The items of one side that occur on the other side too; only they can be aligned. */
struct side {
    uint64_t *keys, *places; /* of each: its key, where it stands in the whole sequence */
    uint64_t count;
};

struct aligner {
    const uint64_t *a, *b; /* keys of both sides */
    struct side sides[2];
    void (*emit)(void *context, const struct align_run *run);
    void *context;
    struct align_run pending; /* grows until a run of the other sort begins */
    uint64_t edits_max;       /* that one search may find */
    uint64_t *rows;           /* furthest points of each number of edits, for the way back */
    uint8_t *moves;           /* the way, from its end */
    uint64_t steps;
};

/* ---- what is known ---- */

static void flush(struct aligner *al)
{
    if (al->pending.a_count || al->pending.b_count)
        al->emit(al->context, &al->pending);
}

/* The next items of the whole sequences. */
static void append(struct aligner *al, bool equal, uint64_t a_count, uint64_t b_count)
{
    struct align_run *pending = &al->pending;
    if (a_count == 0 && b_count == 0)
        return;
    if (pending->equal != equal) {
        flush(al);
        *pending = (struct align_run){pending->a_at + pending->a_count, 0,
                                      pending->b_at + pending->b_count, 0, equal};
    }
    pending->a_count += a_count;
    pending->b_count += b_count;
}

/* Up to these places of the whole sequences nothing more is aligned. */
static void skip_to(struct aligner *al, uint64_t a_at, uint64_t b_at)
{
    uint64_t a_done = al->pending.a_at + al->pending.a_count;
    uint64_t b_done = al->pending.b_at + al->pending.b_count;
    CHECK(a_at >= a_done);
    CHECK(b_at >= b_done);
    append(al, false, a_at - a_done, b_at - b_done);
}

/* So many items that both sides have, from these on, are equal. */
static void known(struct aligner *al, uint64_t a_at, uint64_t b_at, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        skip_to(al, al->sides[0].places[a_at + i], al->sides[1].places[b_at + i]);
        append(al, true, 1, 1);
    }
}

/* ---- the shortest edit: Myers, "An O(ND) difference algorithm" (1986), greedy ---- */

/* A part of both sequences, a_at <= a_end, b_at <= b_end. */
struct part {
    uint64_t a_at, a_end, b_at, b_end;
};

/* Row d holds the furthest x on diagonals -d, -d + 2 .. d. */
static uint64_t *row(struct aligner *al, uint64_t d)
{
    return al->rows + d * (d + 1) / 2;
}

struct search {
    uint64_t n, m; /* lengths of both sides */
    uint64_t d, i; /* the point where it ended: row and place in it */
    bool over;     /* the end or a long run of equal items was reached */
};

#define NOWHERE UINT64_MAX /* the diagonal leaves the rectangle */

/* Where edit d reaches diagonal number i before any equal items, and by which move. */
static uint64_t enter(struct aligner *al, const struct search *s, uint64_t d, uint64_t i,
                      bool *down)
{
    uint64_t *before = row(al, d - 1);
    /* Diagonal k = 2 i - d; i - 1 of the row before is k - 1 (a removed), i is k + 1 (b added). */
    uint64_t right =
        i > 0 && before[i - 1] != NOWHERE && before[i - 1] < s->n ? before[i - 1] + 1 : NOWHERE;
    uint64_t below = i < d && before[i] != NOWHERE ? before[i] : NOWHERE;
    if (below != NOWHERE && below + d - 2 * i > s->m)
        below = NOWHERE;
    *down = right == NOWHERE || (below != NOWHERE && below > right);
    return *down ? below : right;
}

/* One more edit on every diagonal. True: the search is over, at s->i. */
static bool extend_row(struct aligner *al, const struct part *part, struct search *s, uint64_t d)
{
    uint64_t *now = row(al, d);
    bool down;
    for (uint64_t i = 0; i <= d; i++) {
        uint64_t x = enter(al, s, d, i, &down), start = x;
        now[i] = x;
        al->steps++;
        if (x == NOWHERE)
            continue;
        uint64_t y = x + d - 2 * i;
        const uint64_t *a = al->a + part->a_at, *b = al->b + part->b_at;
        while (x < s->n && y < s->m && a[x] == b[y])
            x++, y++;
        now[i] = x;
        al->steps += x - start;
        if ((x == s->n && y == s->m) || x - start >= SNAKE_ENOUGH) {
            s->d = d;
            s->i = i;
            return true;
        }
    }
    return false;
}

/* Searches up to `limit` edits; both sides begin with a difference. */
static void search_edits(struct aligner *al, const struct part *part, uint64_t limit,
                         struct search *s)
{
    *s = (struct search){part->a_end - part->a_at, part->b_end - part->b_at, 0, 0, false};
    row(al, 0)[0] = 0;
    for (uint64_t d = 1; d <= limit && !s->over; d++)
        s->over = extend_row(al, part, s, d);
    if (s->over)
        return;
    uint64_t best = 0; /* the furthest of the last row */
    s->d = limit;
    for (uint64_t i = 0; i <= limit; i++) {
        uint64_t x = row(al, limit)[i], reach = x == NOWHERE ? 0 : 2 * x + limit - 2 * i;
        if (x == NOWHERE || reach < best)
            continue;
        best = reach;
        s->i = i;
    }
}

/* Takes the way to where the search ended; *part then begins behind it. */
static void take_way(struct aligner *al, struct part *part, const struct search *s)
{
    uint64_t d = s->d, i = s->i, equal_after[ALIGN_EDITS_MAX + 1];
    for (; d > 0; d--) {
        bool down;
        uint64_t x = row(al, d)[i], start = enter(al, s, d, i, &down);
        equal_after[d] = x - start;
        al->moves[d] = down;
        i = down ? i : i - 1;
    }
    for (d = 1; d <= s->d; d++) {
        bool down = al->moves[d];
        part->a_at += !down;
        part->b_at += down;
        known(al, part->a_at, part->b_at, equal_after[d]);
        part->a_at += equal_after[d];
        part->b_at += equal_after[d];
    }
}

/* ---- whole parts ---- */

static void align_part(struct aligner *al, struct part part, unsigned depth);

/* Aligns up to the last anchor of a window at the beginning of the part. False: there is none.
 * *looked_at: how many items that took. */
static bool take_anchors(struct aligner *al, struct part *part, unsigned depth, uint64_t *looked_at)
{
    struct anchor_chain chain = {0};
    bool found = anchors_find(al->a + part->a_at, part->a_end - part->a_at, al->b + part->b_at,
                              part->b_end - part->b_at, &chain);
    *looked_at = chain.looked_at;
    al->steps += chain.looked_at;
    if (!found)
        return false;
    uint64_t a_base = part->a_at, b_base = part->b_at;
    for (size_t i = 0; i < chain.count; i++) {
        uint64_t a_at = a_base + chain.anchors[i].a, b_at = b_base + chain.anchors[i].b;
        align_part(al, (struct part){part->a_at, a_at, part->b_at, b_at}, depth + 1);
        known(al, a_at, b_at, 1);
        part->a_at = a_at + 1;
        part->b_at = b_at + 1;
    }
    anchors_free(&chain);
    return true;
}

/* Aligns a part completely, anchors inside anchors at most DEPTH_MAX deep. */
static void align_part(struct aligner *al, struct part part, unsigned depth)
{
    uint64_t tail = 0, looked_at = 0, no_anchors_before = part.a_at + part.b_at;
    const uint64_t *a = al->a, *b = al->b;
    while (part.a_end > part.a_at && part.b_end > part.b_at &&
           a[part.a_end - 1] == b[part.b_end - 1])
        part.a_end--, part.b_end--, tail++;
    for (;;) {
        uint64_t a_at = part.a_at, b_at = part.b_at;
        while (part.a_at < part.a_end && part.b_at < part.b_end && a[part.a_at] == b[part.b_at])
            part.a_at++, part.b_at++;
        known(al, a_at, b_at, part.a_at - a_at);
        al->steps += part.a_at - a_at;
        if (part.a_at == part.a_end || part.b_at == part.b_end)
            break;
        struct search search;
        bool hasty = al->steps >= STEPS_GENEROUS && al->edits_max > EDITS_HASTY;
        uint64_t limit = hasty ? EDITS_HASTY : al->edits_max;
        search_edits(al, &part, limit, &search);
        uint64_t place = part.a_at + part.b_at;
        bool anchored = !search.over && depth < DEPTH_MAX && place >= no_anchors_before;
        if (anchored) {
            anchored = take_anchors(al, &part, depth, &looked_at);
            no_anchors_before = place + looked_at / 8; /* so that looking stays linear */
        }
        if (!anchored)
            take_way(al, &part, &search);
    }
    known(al, part.a_end, part.b_end, tail);
}

/* ---- whole sequences ---- */

static void *table(uint64_t count, size_t item_bytes)
{
    void *items = malloc((count + 1) * item_bytes);
    CHECK(items != NULL);
    return items;
}

/* Keeps of a, which begins at place `from`, what occurs in b. */
static void keep_shared(struct side *side, const uint64_t *a, uint64_t a_count, uint64_t from,
                        const struct key_set *b_keys)
{
    *side = (struct side){table(a_count, sizeof(uint64_t)), table(a_count, sizeof(uint64_t)), 0};
    for (uint64_t i = 0; i < a_count; i++) {
        if (!key_set_has(b_keys, a[i]))
            continue;
        side->keys[side->count] = a[i];
        side->places[side->count++] = from + i;
    }
}

/* What lies between the equal beginnings and ends of both. */
static void align_middle(struct aligner *al, const uint64_t *a, uint64_t a_count, const uint64_t *b,
                         uint64_t b_count, uint64_t from)
{
    struct key_set a_keys, b_keys;
    key_set_fill(&a_keys, a, a_count);
    key_set_fill(&b_keys, b, b_count);
    keep_shared(&al->sides[0], a, a_count, from, &b_keys);
    keep_shared(&al->sides[1], b, b_count, from, &a_keys);
    key_set_free(&a_keys);
    key_set_free(&b_keys);
    al->a = al->sides[0].keys;
    al->b = al->sides[1].keys;
    al->edits_max = al->sides[0].count + al->sides[1].count; /* more there cannot be */
    if (al->edits_max > ALIGN_EDITS_MAX)
        al->edits_max = ALIGN_EDITS_MAX;
    al->rows = table((al->edits_max + 1) * (al->edits_max + 2) / 2, sizeof *al->rows);
    al->moves = table(al->edits_max + 1, sizeof *al->moves);
    align_part(al, (struct part){0, al->sides[0].count, 0, al->sides[1].count}, 0);
    skip_to(al, from + a_count, from + b_count);
    free(al->rows);
    free(al->moves);
    for (int i = 0; i < 2; i++) {
        free(al->sides[i].keys);
        free(al->sides[i].places);
    }
    al->steps += a_count + b_count;
}

uint64_t trace_align(const uint64_t *a, uint64_t a_count, const uint64_t *b, uint64_t b_count,
                     void (*emit)(void *context, const struct align_run *run), void *context)
{
    struct aligner al = {.emit = emit, .context = context};
    uint64_t less = a_count < b_count ? a_count : b_count, head = 0, tail = 0;
    while (head < less && a[head] == b[head])
        head++;
    while (tail < less - head && a[a_count - 1 - tail] == b[b_count - 1 - tail])
        tail++;
    append(&al, true, head, head);
    if (a_count - head - tail > 0 && b_count - head - tail > 0)
        align_middle(&al, a + head, a_count - head - tail, b + head, b_count - head - tail, head);
    skip_to(&al, a_count - tail, b_count - tail);
    append(&al, true, tail, tail);
    flush(&al);
    return al.steps + head + tail;
}
