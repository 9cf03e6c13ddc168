/* Hunks of a comparison. See diff_hunks.h. */
#include "harness/diff_hunks.h"

#include <inttypes.h>
#include <string.h>
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/trace_align.h"

#define PATTERNS_MAX 256
#define REST_LINES 5 /* that tell of what is not shown */
/* So many differences of a sort already shown may follow in a hunk before it ends. */
#define ALIKE_IN_HUNK 2

/* A sort of difference that was shown: the same calls with the same results missing or added. */
struct pattern {
    uint64_t signature;
    const struct diff_source *source; /* where it was shown: of this side, */
    uint64_t first;                   /* the item of this number */
    uint64_t more;                    /* places like it that were not shown */
};

struct printer {
    const struct diff_source *a, *b;
    const struct diff_face *face;
    const struct diff_limits *limits;
    const struct line_style *style;
    struct diff_totals *totals;
    struct align_run before; /* the equal run before the next difference, what is not shown of it */
    bool open;               /* a hunk is being printed */
    uint64_t hunks;          /* printed or begun */
    unsigned alike_in_row;   /* differences at the end of the open hunk that are like others */
    uint64_t others;         /* places not shown that are like none that was */
    struct pattern patterns[PATTERNS_MAX];
    unsigned patterns_count;
};

/* ---- lines ---- */

static void put(struct printer *p, const struct diff_source *source, uint64_t i, const char *mark,
                enum line_tone tone)
{
    char text[EVENT_TEXT_BYTES] = "";
    uint64_t id = diff_id(source, i);
    struct line line = {.mark = mark,
                        .numbered = true,
                        .id = id,
                        .time_ns = p->face->time_ns(source->items, id),
                        .text = text,
                        .tone = tone};
    p->face->show(source->items, id, text, &line);
    line_put(p->style, &line);
}

static void put_equal(struct printer *p, uint64_t a_at, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        put(p, p->a, a_at + i, "  ", LINE_PLAIN);
}

/* One side of a difference; of a long one the beginning and a little of the end. */
static void put_side(struct printer *p, const struct diff_source *source, uint64_t at,
                     uint64_t count, const char *mark, enum line_tone tone)
{
    uint64_t lines = p->limits->lines, end = lines / 4;
    char text[32];
    bool cut = count > lines;
    for (uint64_t i = 0; i < (cut ? lines - end : count); i++)
        put(p, source, at + i, mark, tone);
    if (!cut)
        return;
    fprintf(p->style->out, "%s%*s... %s more ...\n", mark, (int)p->style->id_width, "",
            count_text(count - lines, text, sizeof text));
    for (uint64_t i = count - end; i < count; i++)
        put(p, source, at + i, mark, tone);
}

/* "event 31", "event 31 and 35": where both sides stand. */
static void numbers_text(const struct printer *p, const struct align_run *run, char *text,
                         size_t bytes)
{
    uint64_t a = run->a_at < p->a->count ? diff_id(p->a, run->a_at) : UINT64_MAX;
    uint64_t b = run->b_at < p->b->count ? diff_id(p->b, run->b_at) : UINT64_MAX;
    if (a == b || b == UINT64_MAX)
        snprintf(text, bytes, "%s %" PRIu64, p->face->word, a);
    else if (a == UINT64_MAX)
        snprintf(text, bytes, "%s %" PRIu64, p->face->word, b);
    else
        snprintf(text, bytes, "%s %" PRIu64 " and %" PRIu64, p->face->word, a, b);
}

/* "@@ event 31, 0.000410220 s, inside IHostMemoryManager::VirtualAlloc (event 35) @@" */
static void put_title(struct printer *p, const struct align_run *run)
{
    char where[EVENT_TEXT_BYTES] = "", when[32], numbers[80];
    const struct diff_source *source = run->a_count > 0 ? p->a : p->b;
    uint64_t id = diff_id(source, run->a_count > 0 ? run->a_at : run->b_at);
    numbers_text(p, run, numbers, sizeof numbers);
    p->face->where(source->items, id, where);
    fprintf(p->style->out, "%s@@ %s, %s%s%s @@%s\n", p->style->colour ? "\033[36m" : "", numbers,
            time_text(p->face->time_ns(source->items, id), when, sizeof when),
            where[0] ? ", inside " : "", where, p->style->colour ? "\033[0m" : "");
}

/* ---- differences like others ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
}

static uint64_t signature(const struct printer *p, const struct align_run *run)
{
    uint64_t hash = mix(run->a_count, run->b_count);
    for (uint64_t i = 0; i < run->a_count; i++)
        hash = mix(hash, p->face->sort(p->a->items, diff_id(p->a, run->a_at + i)));
    for (uint64_t i = 0; i < run->b_count; i++)
        hash = mix(hash, p->face->sort(p->b->items, diff_id(p->b, run->b_at + i)));
    return hash;
}

static struct pattern *find_pattern(struct printer *p, uint64_t signature)
{
    for (unsigned i = 0; i < p->patterns_count; i++)
        if (p->patterns[i].signature == signature)
            return &p->patterns[i];
    return NULL;
}

static void note_pattern(struct printer *p, uint64_t signature, const struct align_run *run)
{
    if (p->patterns_count == PATTERNS_MAX || find_pattern(p, signature))
        return;
    const struct diff_source *source = run->a_count > 0 ? p->a : p->b;
    uint64_t first = diff_id(source, source == p->a ? run->a_at : run->b_at);
    p->patterns[p->patterns_count++] = (struct pattern){signature, source, first, 0};
}

/* What was not shown, most frequent first. */
static void put_rest(struct printer *p)
{
    char text[32];
    FILE *out = p->style->out;
    for (unsigned lines = 0; lines < REST_LINES; lines++) {
        struct pattern *most = NULL;
        for (unsigned i = 0; i < p->patterns_count; i++)
            if (p->patterns[i].more > (most ? most->more : 0))
                most = &p->patterns[i];
        if (!most)
            break;
        fprintf(out, "... %s more place%s like the one at %s %" PRIu64 " of %s\n",
                count_text(most->more, text, sizeof text), most->more == 1 ? "" : "s",
                p->face->word, most->first, most->source->name);
        most->more = 0;
    }
    for (unsigned i = 0; i < p->patterns_count; i++)
        p->others += p->patterns[i].more;
    if (p->others)
        fprintf(out, "... %s more place%s\n", count_text(p->others, text, sizeof text),
                p->others == 1 ? "" : "s");
}

/* ---- runs ---- */

static void count_difference(struct printer *p, const struct align_run *run)
{
    struct diff_totals *totals = p->totals;
    totals->removed += run->a_count;
    totals->added += run->b_count;
    totals->places++;
    if (totals->has_first)
        return;
    totals->has_first = true;
    totals->first_a = run->a_at;
    totals->first_b = run->b_at;
}

static void close_hunk(struct printer *p)
{
    uint64_t count = p->before.a_count, context = p->limits->context;
    put_equal(p, p->before.a_at, count < context ? count : context);
    p->open = false;
}

static void open_hunk(struct printer *p, const struct align_run *run)
{
    uint64_t count = p->before.a_count, context = p->limits->context;
    uint64_t shown = count < context ? count : context;
    p->hunks++;
    p->open = true;
    put_title(p, run);
    p->before.a_at += count - shown;
    p->before.a_count = shown;
}

/* Whether the difference is to be shown; opens or closes its hunk. */
static bool is_shown(struct printer *p, const struct align_run *run)
{
    if (p->limits->alike) {
        if (!p->open && p->hunks < p->limits->hunks)
            open_hunk(p, run);
        return p->open;
    }
    uint64_t sort = signature(p, run);
    struct pattern *like = find_pattern(p, sort);
    p->alike_in_row = like ? p->alike_in_row + 1 : 0;
    if (p->open && p->alike_in_row > ALIKE_IN_HUNK)
        close_hunk(p);
    if (!p->open && !like && p->hunks < p->limits->hunks)
        open_hunk(p, run);
    if (p->open)
        note_pattern(p, sort, run);
    else if (like)
        like->more++;
    else
        p->others++;
    return p->open;
}

static void take_difference(struct printer *p, const struct align_run *run)
{
    count_difference(p, run);
    if (!is_shown(p, run))
        return;
    put_equal(p, p->before.a_at, p->before.a_count);
    put_side(p, p->a, run->a_at, run->a_count, "- ", LINE_REMOVED);
    if (run->a_at == p->a->count)
        fprintf(p->style->out, "- (%s ends here)\n", p->a->name);
    put_side(p, p->b, run->b_at, run->b_count, "+ ", LINE_ADDED);
    if (run->b_at == p->b->count)
        fprintf(p->style->out, "+ (%s ends here)\n", p->b->name);
}

static void count_equal(struct printer *p, const struct align_run *run)
{
    struct diff_totals *totals = p->totals;
    totals->equal += run->a_count;
    for (uint64_t i = 0; i < run->a_count; i++) {
        uint64_t a = diff_id(p->a, run->a_at + i), b = diff_id(p->b, run->b_at + i);
        if (p->face->time_ns(p->a->items, a) != p->face->time_ns(p->b->items, b) &&
            totals->times_differ++ == 0) {
            totals->first_time_a = a;
            totals->first_time_b = b;
        }
        totals->others_differ += !p->face->same(p->a->items, a, p->b->items, b);
    }
}

/* Between two differences so few equal items are shown whole; otherwise the hunk ends. */
static void take_equal(struct printer *p, const struct align_run *run)
{
    count_equal(p, run);
    p->before = *run;
    if (p->open && run->a_count > 2 * p->limits->context)
        close_hunk(p);
}

static void take(void *context, const struct align_run *run)
{
    struct printer *p = context;
    if (run->equal) {
        take_equal(p, run);
        return;
    }
    take_difference(p, run);
    p->before = (struct align_run){.a_count = 0};
}

void diff_hunks(const struct diff_source *a, const struct diff_source *b,
                const struct diff_face *face, const struct diff_limits *limits,
                const struct line_style *style, struct diff_totals *totals)
{
    struct printer p = {
        .a = a, .b = b, .face = face, .limits = limits, .style = style, .totals = totals};
    *totals = (struct diff_totals){0};
    trace_align(a->keys, a->count, b->keys, b->count, take, &p);
    if (p.open)
        close_hunk(&p);
    put_rest(&p);
}
