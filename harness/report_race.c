/* Data races in reports. See race_report.h. */
#include <inttypes.h>
#include <string.h>
#include "core/race.h"
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/report.h"
#include "harness/symbolize.h"

#define ID_INDENT 10

/* ---- lines ---- */

/* File and line of the innermost frame in the policy; line 0: none is known. */
static struct frame_text line_of(struct symbolizer *symbolizer, const struct race_access *access)
{
    struct frame_text frames[FRAMES_AT_ONCE];
    for (uint32_t i = 0; symbolizer && i < access->frames_count; i++) {
        symbolize_all(symbolizer, access->frames[i], i == 0, frames, FRAMES_AT_ONCE);
        if (!frames[0].in_lowwater)
            return frames[0];
    }
    return (struct frame_text){.line = 0};
}

static bool same_line(const struct frame_text *a, const struct frame_text *b)
{
    return a->line == b->line && strcmp(a->file, b->file) == 0;
}

static bool tells_of(const struct race_report *report, const struct race_entry *race)
{
    for (uint32_t i = 0; i < report->count; i++) {
        const struct race_entry *entry = &report->entries[i];
        if ((entry->now.pc == race->now.pc && entry->before.pc == race->before.pc) ||
            (entry->now.pc == race->before.pc && entry->before.pc == race->now.pc))
            return true;
    }
    return false;
}

bool races_alike(const struct race_report *a, const struct race_report *b)
{
    if (a->count == 0 || b->count == 0)
        return a->count == b->count;
    return tells_of(b, &a->entries[0]) || tells_of(a, &b->entries[0]);
}

/* Compilers make several accesses of one line, and each pair of them is a race by itself. */
static void drop_repeated(struct run_result *result)
{
    struct race_report *report = &result->races;
    struct frame_text now[RACES_MAX], before[RACES_MAX];
    struct symbolizer *symbolizer = symbolizer_create(result->modules, result->modules_count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        struct frame_text a = line_of(symbolizer, &report->entries[i].now);
        struct frame_text b = line_of(symbolizer, &report->entries[i].before);
        bool told = false;
        for (uint32_t k = 0; k < kept && a.line && b.line && !told; k++)
            told = (same_line(&a, &now[k]) && same_line(&b, &before[k])) ||
                   (same_line(&a, &before[k]) && same_line(&b, &now[k]));
        if (told)
            continue;
        now[kept] = a;
        before[kept] = b;
        report->entries[kept++] = report->entries[i];
    }
    report->count = kept;
    symbolizer_destroy(symbolizer);
}

void races_explain(const struct run_spec *spec, struct run_result *result,
                   struct run_result *(*again)(const struct run_spec *spec))
{
    struct race_report *report = &result->races;
    uint64_t numbers[RACES_MAX];
    if (report->count == 0 || spec->race_accesses_count || !result->finished)
        return;
    for (uint32_t i = 0; i < report->count; i++)
        numbers[i] = report->entries[i].before.number;
    struct run_spec watching = *spec;
    watching.race_accesses = numbers;
    watching.race_accesses_count = report->count;
    watching.trace_path = NULL;
    struct run_result *seen = again(&watching);
    for (uint32_t i = 0; seen && i < report->count && i < seen->races.count; i++) {
        const struct race_access *from = &seen->races.entries[i].before;
        if (from->number == numbers[i])
            report->entries[i].before = *from;
    }
    run_result_destroy(seen);
    drop_repeated(result);
}

/* ---- for people ---- */

/* "in pending, at offset 4", "16 bytes into the live heap block of 48 bytes at 0x7f0010" */
static void place_text(const struct run_result *result, const struct race_entry *entry, char *text,
                       size_t bytes)
{
    char symbol[160] = "";
    snprintf(text, bytes, "%s", entry->where);
    if (text[0])
        return;
    struct symbolizer *symbolizer = symbolizer_create(result->modules, result->modules_count);
    uint64_t offset =
        symbolizer ? symbolize_data(symbolizer, entry->address, symbol, sizeof symbol) : 0;
    symbolizer_destroy(symbolizer);
    if (!symbol[0])
        snprintf(text, bytes, "in the policy's image");
    else if (offset)
        snprintf(text, bytes, "in %s, at offset %" PRIu64, symbol, offset);
    else
        snprintf(text, bytes, "in %s", symbol);
}

static const char *manner(unsigned kind)
{
    return kind & RACE_LOCK       ? ""
           : kind & RACE_ATOMIC   ? " atomically"
           : kind & RACE_VOLATILE ? " (volatile)"
                                  : "";
}

/* "reads 4 bytes atomically in pending" */
static void put_now(const struct report_run *run, const struct race_entry *entry, FILE *out)
{
    char place[512], line[700], what[64] = "";
    place_text(run->result, entry, place, sizeof place);
    if (!(entry->now.kind & RACE_LOCK))
        snprintf(what, sizeof what, " %" PRIu64 " byte%s", entry->bytes,
                 entry->bytes == 1 ? "" : "s");
    snprintf(line, sizeof line, "thread %u %s%s%s%s %s", entry->now.thread,
             race_verb(entry->now.kind, false), what, manner(entry->now.kind),
             place[0] >= '0' && place[0] <= '9' ? "," : "", place);
    put_wrapped(line, ID_INDENT, out);
    put_stack(run->result, entry->now.frames, entry->now.frames_count, ID_INDENT, out);
}

static void put_before(const struct report_run *run, const struct race_entry *entry, FILE *out)
{
    char line[700], number[32], when[64];
    snprintf(line, sizeof line, "thread %u %s%s there before, and nothing orders the two",
             entry->before.thread, race_verb(entry->before.kind, true), manner(entry->before.kind));
    put_wrapped(line, ID_INDENT, out);
    put_stack(run->result, entry->before.frames, entry->before.frames_count, ID_INDENT, out);
    snprintf(line, sizeof line, "at event %s at %s",
             count_text(entry->event, number, sizeof number),
             time_text(entry->virtual_ns, when, sizeof when));
    put_wrapped(line, ID_INDENT, out);
}

void report_races(const struct report_run *run, FILE *out)
{
    const struct race_report *report = &run->result->races;
    char number[32];
    for (uint32_t i = 0; i < report->count; i++) {
        fprintf(out, "  %s  ", finding_name(FINDING_DATA_RACE));
        put_wrapped(finding_promise(FINDING_DATA_RACE), 0, out);
        put_now(run, &report->entries[i], out);
        put_before(run, &report->entries[i], out);
    }
    if (report->others)
        fprintf(out, "  and %s more pairs of places that race\n",
                count_text(report->others, number, sizeof number));
}

void report_race_blindness(const struct report_run *run, FILE *out)
{
    char line[700];
    if (!run->result->races.blind)
        return;
    snprintf(line, sizeof line,
             "note: %s was not built with lowwater cc --race: its own loads and stores are not "
             "seen, so no race between them is",
             run->policy_word);
    put_wrapped(line, 0, out);
}

/* ---- for programs ---- */

static const char *kind_word(unsigned kind)
{
    static const char *const words[3][2] = {
        {"read", "write"}, {"atomic read", "atomic write"}, {"volatile read", "volatile write"}};
    if (kind & RACE_FREE)
        return "free";
    if (kind & RACE_LOCK)
        return kind & RACE_WRITE ? "lock made or deleted" : "lock used";
    return words[kind & RACE_ATOMIC ? 1 : kind & RACE_VOLATILE ? 2 : 0][kind & RACE_WRITE];
}

static void json_access(struct json *json, const struct run_result *result, const char *key,
                        const struct race_access *access)
{
    json_key(json, key);
    json_object(json);
    json_field_number(json, "thread", access->thread);
    json_field(json, "kind", kind_word(access->kind));
    json_stack(json, result, access->frames, access->frames_count);
    json_close(json);
}

void json_races(struct json *json, const struct report_run *run, const char *again)
{
    const struct run_result *result = run->result;
    char place[512];
    for (uint32_t i = 0; i < result->races.count; i++) {
        const struct race_entry *entry = &result->races.entries[i];
        json_object(json);
        json_field(json, "id", finding_name(FINDING_DATA_RACE));
        json_field(json, "severity", "E");
        json_field(json, "promise", finding_promise(FINDING_DATA_RACE));
        place_text(result, entry, place, sizeof place);
        json_field(json, "place", place);
        json_field_number(json, "bytes", entry->bytes);
        json_field_number(json, "event", entry->event);
        json_field_number(json, "virtual_ns", entry->virtual_ns);
        json_field_number(json, "count", 1);
        json_access(json, result, "now", &entry->now);
        json_access(json, result, "before", &entry->before);
        json_field(json, "reproduce", again);
        json_close(json);
    }
}
