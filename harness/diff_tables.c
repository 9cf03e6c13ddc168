/* Tables of a comparison. See diff_tables.h. */
#include "harness/diff_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "clr/recording_format.h"
#include "harness/event_text.h"
#include "harness/options.h"

#define CALLS_SHOWN 12

/* ---- names ---- */

static void put_trace_name(const char *mark, const struct trace_file *trace, const char *name,
                           FILE *out)
{
    char text[32];
    fprintf(out, "%s  %s: %s with %s, seed %" PRIu64 ", %s events%s\n", mark, name, trace->scenario,
            trace->policy, trace->seed, count_text(trace->count, text, sizeof text),
            trace->complete ? "" : ", cut short");
}

void diff_trace_names(const struct trace_file *a, const char *a_name, const struct trace_file *b,
                      const char *b_name, FILE *out)
{
    put_trace_name("--- A", a, a_name, out);
    put_trace_name("+++ B", b, b_name, out);
}

static void put_recording_name(const char *mark, const struct recording *recording,
                               const char *name, FILE *out)
{
    char text[32];
    fprintf(out, "%s  %s: recording %s, %s operations\n", mark, name, recording->name,
            count_text(recording->operations, text, sizeof text));
}

void diff_recording_names(const struct recording *a, const char *a_name, const struct recording *b,
                          const char *b_name, FILE *out)
{
    put_recording_name("--- A", a, a_name, out);
    put_recording_name("+++ B", b, b_name, out);
}

/* ---- headers ---- */

/* Lines "- name value" and "+ name value"; the first ones get a title. */
struct headers {
    FILE *out;
    bool any;
};

static FILE *put_title(struct headers *headers)
{
    if (!headers->any)
        fprintf(headers->out, "@@ what was run @@\n");
    headers->any = true;
    return headers->out;
}

static void put_text(const char *name, const char *a, const char *b, struct headers *to)
{
    if (strcmp(a, b) != 0)
        fprintf(put_title(to), "- %s %s\n+ %s %s\n", name, a, name, b);
}

static void put_number(const char *name, uint64_t a, uint64_t b, struct headers *to)
{
    if (a != b)
        fprintf(put_title(to), "- %s %" PRIu64 "\n+ %s %" PRIu64 "\n", name, a, name, b);
}

/* The i-th words of a list on both sides, as far as there are some. */
static void put_words(const char *name, const char *const *a, uint32_t a_count,
                      const char *const *b, uint32_t b_count, struct headers *to)
{
    for (uint32_t i = 0; i < a_count || i < b_count; i++) {
        if (i < a_count && i < b_count && strcmp(a[i], b[i]) == 0)
            continue;
        if (i < a_count)
            fprintf(put_title(to), "- %s %s\n", name, a[i]);
        if (i < b_count)
            fprintf(put_title(to), "+ %s %s\n", name, b[i]);
    }
}

static bool same_text(const struct trace_file *a, const struct trace_file *b)
{
    if (!a->text || !b->text)
        return a->text == b->text;
    return a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0;
}

static bool same_recordings(const struct trace_file *a, const struct trace_file *b)
{
    return a->recordings_count == b->recordings_count &&
           memcmp(a->recordings, b->recordings, a->recordings_count * sizeof *a->recordings) == 0;
}

void diff_headers(const struct trace_file *a, const struct trace_file *b, FILE *out)
{
    struct headers to = {out, false};
    const struct run_words *first = &a->words, *second = &b->words;
    put_text("scenario", a->scenario, b->scenario, &to);
    if (strcmp(a->scenario, b->scenario) == 0)
        put_text("scenario file", a->scenario_path, b->scenario_path, &to);
    put_text("policy", a->policy, b->policy, &to);
    if (strcmp(a->policy, b->policy) == 0)
        put_text("policy file", a->policy_path, b->policy_path, &to);
    put_text("factory", a->factory, b->factory, &to);
    put_number("seed", a->seed, b->seed, &to);
    put_words("--set", first->settings, first->settings_count, second->settings,
              second->settings_count, &to);
    put_words("--inject", first->inject, first->inject_count, second->inject, second->inject_count,
              &to);
    if (!same_text(a, b))
        fprintf(put_title(&to), "  the scenarios' texts differ\n");
    else if (!same_recordings(a, b))
        fprintf(put_title(&to), "  the recordings replayed differ\n");
}

/* ---- calls ---- */

struct row {
    char name[96];
    uint64_t a, b;
};

static void count_calls(const struct diff_source *source, const struct event *events,
                        uint64_t calls[EVENT_KINDS], uint64_t failed[EVENT_KINDS])
{
    for (uint64_t i = 0; i < source->count; i++) {
        const struct event *event = &events[diff_id(source, i)];
        calls[event->kind]++;
        failed[event->kind] += event->error != 0;
    }
}

static uint64_t gap(const struct row *row)
{
    return row->a > row->b ? row->a - row->b : row->b - row->a;
}

static int by_gap(const void *a, const void *b)
{
    uint64_t first = gap(a), second = gap(b);
    if (first != second)
        return first > second ? -1 : 1;
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void put_row(const struct row *row, FILE *out)
{
    char a[32], b[32], difference[32];
    fprintf(out, "  %-42.42s %11s %11s  %c%s\n", row->name, count_text(row->a, a, sizeof a),
            count_text(row->b, b, sizeof b), row->b > row->a ? '+' : '-',
            count_text(gap(row), difference, sizeof difference));
}

/* A name that fits the table: the long ones are IHostMemoryManager's. */
static void name_row(struct row *row, uint16_t kind, bool failed)
{
    const char *name = event_shapes[kind].name, *colons = strstr(name, "::");
    if (strlen(name) > 34 && colons)
        snprintf(row->name, sizeof row->name, "...%s%s", colons, failed ? " failed" : "");
    else
        snprintf(row->name, sizeof row->name, "%s%s", name, failed ? " failed" : "");
}

void diff_calls(const struct diff_source *a, const struct event *a_events,
                const struct diff_source *b, const struct event *b_events, FILE *out)
{
    uint64_t calls[2][EVENT_KINDS] = {{0}}, failed[2][EVENT_KINDS] = {{0}};
    struct row rows[2 * EVENT_KINDS];
    size_t count = 0;
    count_calls(a, a_events, calls[0], failed[0]);
    count_calls(b, b_events, calls[1], failed[1]);
    for (uint16_t kind = 0; kind < EVENT_KINDS; kind++) {
        if (calls[0][kind] != calls[1][kind]) {
            rows[count] = (struct row){"", calls[0][kind], calls[1][kind]};
            name_row(&rows[count++], kind, false);
        }
        if (failed[0][kind] != failed[1][kind] && kind != EVENT_fault_injected) {
            rows[count] = (struct row){"", failed[0][kind], failed[1][kind]};
            name_row(&rows[count++], kind, true);
        }
    }
    if (count == 0)
        return;
    qsort(rows, count, sizeof *rows, by_gap);
    fprintf(out, "  %-42s %11s %11s\n", "records", "A", "B");
    for (size_t i = 0; i < count && i < CALLS_SHOWN; i++)
        put_row(&rows[i], out);
    if (count > CALLS_SHOWN)
        fprintf(out, "  ... and %zu more kinds\n", count - CALLS_SHOWN);
}

/* ---- recordings ---- */

bool diff_stats(const struct recording *a, const struct recording *b, FILE *out)
{
    struct row rows[32];
    size_t count = 0;
    const struct recording_stats *first = &a->stats, *second = &b->stats;
#define FIGURE(member) rows[count++] = (struct row){#member, first->member, second->member};
    RECORDING_FIGURES(FIGURE)
#undef FIGURE
    rows[count++] = (struct row){"objects", a->objects, b->objects};
    rows[count++] = (struct row){"duration_ns", a->duration_ns, b->duration_ns};
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].a == rows[i].b)
            continue;
        if (same)
            fprintf(out, "  %-42s %11s %11s\n", "counted by the import", "A", "B");
        same = false;
        put_row(&rows[i], out);
    }
    return same;
}
