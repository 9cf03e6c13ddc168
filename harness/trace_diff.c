/* Comparing traces and recordings. See trace_diff.h. */
#include "harness/trace_diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "core/sim.h"
#include "harness/diff_hunks.h"
#include "harness/diff_tables.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/recording_stat.h"

#define INNER_INDENT 2
#define LINES_OF_A_SIDE 16

/* ---- what counts of a record ---- */

/* Calls that answer with the virtual time. */
static bool tells_time(uint16_t kind)
{
    return kind == EVENT_GetTickCount64 || kind == EVENT_QueryPerformanceCounter ||
           kind == EVENT_GetSystemTime;
}

static uint64_t event_key(const struct event *event, const struct diff_options *options)
{
    struct event counts = *event;
    const struct event_fields *fields = event_fields(event->kind);
    if (!options->times) {
        counts.time_ns = 0;
        if (tells_time(event->kind))
            counts.arg[0] = 0;
    }
    for (unsigned i = 0; options->ignore_addresses && i < fields->count; i++) {
        uint64_t *word = &counts.arg[fields->fields[i].word];
        if (fields->fields[i].type == FIELD_ADDRESS && *word != 0)
            *word = 1;
    }
    return XXH3_64bits(&counts, sizeof counts);
}

static uint64_t operation_key(const struct operation *op, const struct diff_options *options)
{
    uint64_t words[] = {options->times ? op->time_ns : 0,
                        options->ignore_addresses ? 0 : op->object, op->offset, op->size,
                        (uint64_t)op->thread << 32 | (uint64_t)op->kind << 24 |
                            (uint64_t)op->object_class << 16 | (uint64_t)op->protect << 8 |
                            op->write};
    return XXH3_64bits(words, sizeof words);
}

/* ---- faces ---- */

/* Records with what is needed to name the host call they stand in. */
struct event_items {
    const struct event *events;
    uint64_t count;
};

static uint64_t event_time(const void *items, uint64_t id)
{
    return ((const struct event_items *)items)->events[id].time_ns;
}

static void event_show(const void *items, uint64_t id, char *text, struct line *line)
{
    const struct event *event = &((const struct event_items *)items)->events[id];
    event_text(event, text, EVENT_TEXT_BYTES);
    line->thread = event->thread;
    line->indent = event_is_by_policy(event) ? INNER_INDENT : 0;
}

static void event_where(const void *context, uint64_t id, char *text)
{
    const struct event_items *items = context;
    const struct event *event = &items->events[id];
    if (!event_is_by_policy(event))
        return;
    for (uint64_t i = id + 1; i < items->count; i++) {
        const struct event *later = &items->events[i];
        if (later->thread != event->thread || later->depth != 0 || !event_is_host_call(later->kind))
            continue;
        snprintf(text, EVENT_TEXT_BYTES, "%s (event %" PRIu64 ")", event_shapes[later->kind].name,
                 i);
        return;
    }
}

static bool event_same(const void *a, uint64_t a_id, const void *b, uint64_t b_id)
{
    struct event first = ((const struct event_items *)a)->events[a_id];
    struct event second = ((const struct event_items *)b)->events[b_id];
    first.time_ns = second.time_ns;
    if (tells_time(first.kind))
        first.arg[0] = second.arg[0];
    return memcmp(&first, &second, sizeof first) == 0;
}

static uint64_t event_sort(const void *items, uint64_t id)
{
    const struct event *event = &((const struct event_items *)items)->events[id];
    return (uint64_t)event->kind << 32 | event->error;
}

static const struct diff_face event_face = {"event",    event_time,  event_show,
                                            event_sort, event_where, event_same};

static uint64_t operation_time(const void *items, uint64_t id)
{
    return ((const struct operation *)items)[id].time_ns;
}

static void operation_show(const void *items, uint64_t id, char *text, struct line *line)
{
    const struct operation *op = (const struct operation *)items + id;
    operation_text(op, text, EVENT_TEXT_BYTES);
    line->thread = op->thread;
}

static void operation_where(const void *items, uint64_t id, char *text)
{
    (void)items, (void)id;
    text[0] = '\0';
}

static bool operation_same(const void *a, uint64_t a_id, const void *b, uint64_t b_id)
{
    return ((const struct operation *)a)[a_id].object == ((const struct operation *)b)[b_id].object;
}

static uint64_t operation_sort(const void *items, uint64_t id)
{
    return ((const struct operation *)items)[id].kind;
}

static const struct diff_face operation_face = {"operation",    operation_time,  operation_show,
                                                operation_sort, operation_where, operation_same};

/* ---- sources ---- */

static void *table(uint64_t count, size_t item_bytes)
{
    void *items = malloc((count + 1) * item_bytes);
    CHECK(items != NULL);
    return items;
}

static void events_source(struct diff_source *source, const char *name, struct event_items *items,
                          const struct diff_options *options)
{
    struct trace_filter filter = options->filter;
    bool all = trace_filter_is_open(&filter);
    uint64_t *picked = all ? NULL : table(items->count, sizeof *picked);
    *source = (struct diff_source){.name = name, .items = items, .picked = picked};
    source->keys = table(items->count, sizeof *source->keys);
    for (uint64_t id = 0; id < items->count; id++) {
        const struct event *event = &items->events[id];
        bool passes = all || trace_filter_event(&filter, id, event);
        if (filter.has_address)
            trace_filter_note(&filter, event);
        if (!passes)
            continue;
        if (picked)
            picked[source->count] = id;
        source->keys[source->count++] = event_key(event, options);
    }
}

static void operations_source(struct diff_source *source, const char *name,
                              const struct recording *recording, struct operation *operations,
                              const struct diff_options *options)
{
    struct recording_cursor cursor;
    bool all = trace_filter_is_open(&options->filter);
    uint64_t *picked = all ? NULL : table(recording->operations, sizeof *picked);
    *source = (struct diff_source){.name = name, .items = operations, .picked = picked};
    source->keys = table(recording->operations, sizeof *source->keys);
    recording_begin(recording, &cursor);
    for (uint64_t id = 0; recording_next(&cursor, &operations[id]); id++) {
        if (!all && !trace_filter_operation(&options->filter, id, &operations[id]))
            continue;
        if (picked)
            picked[source->count] = id;
        source->keys[source->count++] = operation_key(&operations[id], options);
    }
}

static void source_free(struct diff_source *source)
{
    free((void *)source->picked);
    free(source->keys);
}

/* ---- the comparison ---- */

static uint64_t last_time(const struct diff_source *source, const struct diff_face *face)
{
    return source->count ? face->time_ns(source->items, diff_id(source, source->count - 1)) : 0;
}

static void compare(const struct diff_source *a, const struct diff_source *b,
                    const struct diff_face *face, const struct diff_options *options, FILE *out,
                    struct diff_totals *totals)
{
    struct line_style style;
    struct diff_limits limits = {options->full ? UINT64_MAX : options->hunks, options->full,
                                 options->context, options->full ? UINT64_MAX : LINES_OF_A_SIDE};
    uint64_t last_a = last_time(a, face), last_b = last_time(b, face);
    uint64_t more = a->count > b->count ? a->count : b->count;
    line_style_init(&style, out, more, last_a > last_b ? last_a : last_b);
    if (options->has_columns)
        style.columns = options->columns;
    diff_hunks(a, b, face, &limits, &style, totals);
}

static bool is_identical(const struct diff_totals *totals)
{
    return !totals->has_first && totals->times_differ == 0;
}

/* What is equal, and in what respect it is not after all. */
static void put_alike(const struct diff_source *a, const struct diff_source *b,
                      const struct diff_face *face, const struct diff_totals *totals, FILE *out)
{
    char text[32], when[2][32];
    fprintf(out, "%s %ss alike", count_text(totals->equal, text, sizeof text), face->word);
    if (totals->has_first) {
        fprintf(out, ", %s only in %s", count_text(totals->removed, text, sizeof text), a->name);
        fprintf(out, ", %s only in %s", count_text(totals->added, text, sizeof text), b->name);
        fprintf(out, ", in %s place%s", count_text(totals->places, text, sizeof text),
                totals->places == 1 ? "" : "s");
    }
    fputc('\n', out);
    if (totals->others_differ)
        fprintf(out, "  %s of those alike have other addresses\n",
                count_text(totals->others_differ, text, sizeof text));
    if (totals->times_differ)
        fprintf(out, "  %s of those alike at other times, from %s %" PRIu64 " on: %s, %s\n",
                count_text(totals->times_differ, text, sizeof text), face->word,
                totals->first_time_a,
                time_text(face->time_ns(a->items, totals->first_time_a), when[0], 32),
                time_text(face->time_ns(b->items, totals->first_time_b), when[1], 32));
}

/* The last lines. */
static void conclude(const struct diff_source *a, const struct diff_source *b,
                     const struct diff_face *face, const struct diff_totals *totals, FILE *out)
{
    char text[32];
    if (totals->has_first || totals->times_differ || totals->others_differ)
        put_alike(a, b, face, totals, out);
    if (is_identical(totals)) {
        fprintf(out, "identical: %s %ss\n", count_text(totals->equal, text, sizeof text),
                face->word);
        return;
    }
    if (!totals->has_first) {
        fprintf(out, "different: the same %ss at other times\n", face->word);
        return;
    }
    const struct diff_source *side = totals->first_a < a->count ? a : b;
    uint64_t id = diff_id(side, side == a ? totals->first_a : totals->first_b);
    fprintf(out, "different from %s %" PRIu64 " of %s on, %s\n", face->word, id, side->name,
            time_text(face->time_ns(side->items, id), text, sizeof text));
}

bool trace_diff(const struct trace_file *a, const char *a_name, const struct trace_file *b,
                const char *b_name, const struct diff_options *options, FILE *out)
{
    struct event_items items[2] = {{a->events, a->count}, {b->events, b->count}};
    struct diff_source sources[2];
    struct diff_totals totals;
    events_source(&sources[0], "A", &items[0], options);
    events_source(&sources[1], "B", &items[1], options);
    diff_trace_names(a, a_name, b, b_name, out);
    compare(&sources[0], &sources[1], &event_face, options, out, &totals);
    diff_headers(a, b, out);
    if (totals.has_first)
        diff_calls(&sources[0], a->events, &sources[1], b->events, out);
    conclude(&sources[0], &sources[1], &event_face, &totals, out);
    source_free(&sources[0]);
    source_free(&sources[1]);
    return is_identical(&totals);
}

bool recording_diff(const struct recording *a, const char *a_name, const struct recording *b,
                    const char *b_name, const struct diff_options *options, FILE *out)
{
    struct operation *first = table(a->operations, sizeof *first);
    struct operation *second = table(b->operations, sizeof *second);
    struct diff_source sources[2];
    struct diff_totals totals;
    operations_source(&sources[0], "A", a, first, options);
    operations_source(&sources[1], "B", b, second, options);
    diff_recording_names(a, a_name, b, b_name, out);
    compare(&sources[0], &sources[1], &operation_face, options, out, &totals);
    bool stats = diff_stats(a, b, out);
    if (is_identical(&totals) && !stats)
        fprintf(out, "different: the operations are the same, what the imports counted is not\n");
    else
        conclude(&sources[0], &sources[1], &operation_face, &totals, out);
    source_free(&sources[0]);
    source_free(&sources[1]);
    free(first);
    free(second);
    return is_identical(&totals) && stats;
}

bool events_diff(const struct event *a, uint64_t a_count, const char *a_name, const struct event *b,
                 uint64_t b_count, const char *b_name, uint64_t hunks, FILE *out)
{
    struct diff_options options = {.hunks = hunks, .context = DIFF_CONTEXT_DEFAULT};
    struct event_items items[2] = {{a, a_count}, {b, b_count}};
    struct diff_source sources[2];
    struct diff_totals totals;
    if (a_count == b_count && memcmp(a, b, a_count * sizeof *a) == 0)
        return true;
    trace_filter_init(&options.filter);
    events_source(&sources[0], a_name, &items[0], &options);
    events_source(&sources[1], b_name, &items[1], &options);
    fprintf(out, "--- %s\n+++ %s\n", a_name, b_name);
    compare(&sources[0], &sources[1], &event_face, &options, out, &totals);
    conclude(&sources[0], &sources[1], &event_face, &totals, out);
    source_free(&sources[0]);
    source_free(&sources[1]);
    return false;
}
