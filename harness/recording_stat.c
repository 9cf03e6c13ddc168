/* Figures of a recording. See recording_stat.h. Does not judge them: two importers are held
 * against each other by a reader, or by a test. */
#include "harness/recording_stat.h"

#include <inttypes.h>
#include "core/check.h"
#include "harness/json.h"
#include "harness/options.h"

static const char *const kind_names[OPERATION_KINDS] = {
    "reserve", "commit", "decommit", "protect", "reset",
    "release", "grow",   "shrink",   "touch",   "failed",
};
static const char *const class_names[OBJECT_CLASSES] = {"runtime", "native", "stack", "view"};

struct tally {
    uint64_t operations[OPERATION_KINDS][OBJECT_CLASSES];
    uint64_t of_kind[OPERATION_KINDS];
    uint64_t of_class[OBJECT_CLASSES]; /* without failed calls, which belong to no object */
    uint64_t objects[OBJECT_CLASSES];
};

static struct tally tally_of(const struct recording *recording)
{
    struct tally tally = {0};
    struct recording_cursor cursor;
    struct operation op;
    recording_begin(recording, &cursor);
    while (recording_next(&cursor, &op)) {
        CHECK(op.kind < OPERATION_KINDS);
        CHECK(op.object_class < OBJECT_CLASSES);
        tally.operations[op.kind][op.object_class]++;
        tally.of_kind[op.kind]++;
        tally.of_class[op.object_class] += op.kind != OP_FAILED;
        tally.objects[op.object_class] += op.kind == OP_RESERVE;
    }
    return tally;
}

/* ---- text ---- */

static void print_bytes(const char *what, const struct recording_peak *bytes, FILE *out)
{
    char reserved[32], committed[32], views[32];
    fprintf(out, "  %-7s reserved %s, committed %s, views %s\n", what,
            bytes_text(bytes->reserved, reserved, sizeof reserved),
            bytes_text(bytes->committed, committed, sizeof committed),
            bytes_text(bytes->views, views, sizeof views));
}

static void print_log(const struct recording_stats *stats, FILE *out)
{
    char lines[32], calls[32], faults[32], placed[32];
    fprintf(out,
            "  log     %s lines, %s calls: %" PRIu64 " failed, %" PRIu64 " hints, %" PRIu64
            " outside\n",
            count_text(stats->lines, lines, sizeof lines),
            count_text(stats->calls, calls, sizeof calls), stats->failed, stats->hints,
            stats->outside);
    if (stats->other_process)
        fprintf(out, "          %" PRIu64 " calls of another process left out\n",
                stats->other_process);
    if (stats->not_understood)
        fprintf(out, "          %" PRIu64 " lines not understood\n", stats->not_understood);
    if (stats->faults + stats->faults_not_understood == 0)
        return;
    fprintf(out, "  faults  %s, %s placed", count_text(stats->faults, faults, sizeof faults),
            count_text(stats->faults_placed, placed, sizeof placed));
    if (stats->faults_not_understood)
        fprintf(out, ", %" PRIu64 " lines not understood", stats->faults_not_understood);
    fputc('\n', out);
}

void recording_stat_print(const struct recording *recording, const char *path, FILE *out)
{
    const struct recording_stats *stats = &recording->stats;
    struct tally tally = tally_of(recording);
    char text[32];
    fprintf(out, "%s: recording %s, %" PRIu64 ".%03u s, %" PRIu64 " threads\n", path,
            recording->name, recording->duration_ns / 1000000000,
            (unsigned)(recording->duration_ns / 1000000 % 1000), stats->threads);
    print_log(stats, out);
    print_bytes("peak", &stats->peak, out);
    print_bytes("final", &stats->final, out);
    fprintf(out, "  %s operations\n", count_text(recording->operations, text, sizeof text));
    fprintf(out, "            %10s %10s %10s %10s\n", class_names[0], class_names[1],
            class_names[2], class_names[3]);
    for (int kind = 0; kind < OPERATION_KINDS; kind++) {
        if (tally.of_kind[kind] == 0)
            continue;
        fprintf(out, "    %-8s", kind_names[kind]);
        if (kind == OP_FAILED)
            fprintf(out, "%10s", count_text(tally.of_kind[kind], text, sizeof text));
        for (int class = 0; kind != OP_FAILED && class < OBJECT_CLASSES; class ++)
            fprintf(out, "%s%10s", class ? " " : "",
                    count_text(tally.operations[kind][class], text, sizeof text));
        fputc('\n', out);
    }
}

/* ---- JSON ---- */

static void json_bytes(struct json *json, const char *key, const struct recording_peak *bytes)
{
    json_key(json, key);
    json_object(json);
    json_field_number(json, "reserved", bytes->reserved);
    json_field_number(json, "committed", bytes->committed);
    json_field_number(json, "views", bytes->views);
    json_close(json);
}

static void json_row(struct json *json, const char *key, const char *const *names,
                     const uint64_t *numbers, int count)
{
    json_key(json, key);
    json_object(json);
    for (int i = 0; i < count; i++)
        json_field_number(json, names[i], numbers[i]);
    json_close(json);
}

static void json_stats(struct json *json, const struct recording_stats *stats)
{
    json_field_number(json, "lines", stats->lines);
    json_field_number(json, "calls", stats->calls);
    json_field_number(json, "failed", stats->failed);
    json_field_number(json, "hints", stats->hints);
    json_field_number(json, "not_understood", stats->not_understood);
    json_field_number(json, "outside", stats->outside);
    json_field_number(json, "other_process", stats->other_process);
    json_field_number(json, "threads", stats->threads);
    json_field_number(json, "faults", stats->faults);
    json_field_number(json, "faults_placed", stats->faults_placed);
    json_field_number(json, "faults_not_understood", stats->faults_not_understood);
    json_bytes(json, "peak", &stats->peak);
    json_bytes(json, "final", &stats->final);
}

void recording_stat_json(const struct recording *recording, const char *path, FILE *out)
{
    struct tally tally = tally_of(recording);
    struct json json;
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "file", path);
    json_field(&json, "name", recording->name);
    json_stats(&json, &recording->stats);
    json_field_number(&json, "duration_ns", recording->duration_ns);
    json_field_number(&json, "operations", recording->operations);
    json_field_number(&json, "objects", recording->objects);
    json_row(&json, "operations_of_kind", kind_names, tally.of_kind, OPERATION_KINDS);
    json_row(&json, "operations_of_class", class_names, tally.of_class, OBJECT_CLASSES);
    json_row(&json, "objects_of_class", class_names, tally.objects, OBJECT_CLASSES);
    json_key(&json, "operations_of");
    json_object(&json);
    for (int kind = 0; kind < OP_FAILED; kind++)
        json_row(&json, kind_names[kind], class_names, tally.operations[kind], OBJECT_CLASSES);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}
