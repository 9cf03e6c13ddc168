/* Figures of recordings. See recording_stat.h. */
#include "harness/recording_stat.h"

#include <inttypes.h>
#include <string.h>
#include "clr/recording_format.h"
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"

const char *const operation_kind_names[OPERATION_KINDS] = {
    [OP_RESERVE] = "reserve", [OP_COMMIT] = "commit", [OP_DECOMMIT] = "decommit",
    [OP_PROTECT] = "protect", [OP_RESET] = "reset",   [OP_RELEASE] = "release",
    [OP_GROW] = "grow",       [OP_SHRINK] = "shrink", [OP_TOUCH] = "touch",
    [OP_FAILED] = "failed",
};
const char *const object_class_names[OBJECT_CLASSES] = {"runtime", "native", "stack", "view"};
const char *const operation_protect_names[PROTECT_EXECUTE_WRITE + 1] = {"none", "read", "write",
                                                                        "execute", "execute-write"};

/* Kinds that say what a page may be used for. */
static bool has_protection(const struct operation *op)
{
    return op->kind == OP_RESERVE || op->kind == OP_COMMIT || op->kind == OP_PROTECT ||
           op->kind == OP_GROW;
}

void operation_text(const struct operation *op, char *text, size_t bytes)
{
    char size[32];
    exact_bytes_text(op->size, size, sizeof size);
    if (op->kind == OP_FAILED)
        snprintf(text, bytes, "failed, %s", size);
    else
        snprintf(text, bytes, "%s %s %" PRIu32 " + 0x%" PRIx64 ", %s%s%s",
                 operation_kind_names[op->kind], object_class_names[op->object_class], op->object,
                 op->offset, op->kind == OP_TOUCH ? op->write ? "written" : "read" : size,
                 has_protection(op) ? ", " : "",
                 has_protection(op) ? operation_protect_names[op->protect] : "");
}

struct tally {
    uint64_t of[OPERATION_KINDS][OBJECT_CLASSES];
};

static void count_operations(const struct recording *recording, struct tally *tally)
{
    struct recording_cursor cursor;
    struct operation op;
    memset(tally, 0, sizeof *tally);
    recording_begin(recording, &cursor);
    while (recording_next(&cursor, &op))
        tally->of[op.kind][op.object_class]++;
}

static void print_figure(FILE *out, uint64_t figure, const char *what)
{
    char text[32];
    if (figure != 0)
        fprintf(out, "  %14s  %s\n", count_text(figure, text, sizeof text), what);
}

static void print_log(const struct recording_stats *stats, FILE *out)
{
    print_figure(out, stats->lines, "lines of the log");
    print_figure(out, stats->not_understood, "of them not understood");
    print_figure(out, stats->calls, "calls that returned");
    print_figure(out, stats->failed, "of them failed");
    print_figure(out, stats->hints, "without effect on memory");
    print_figure(out, stats->outside, "on memory from before the recording");
    print_figure(out, stats->other_process, "calls of other programs, dropped");
    print_figure(out, stats->faults, "page faults");
    print_figure(out, stats->faults_placed, "of them in mappings of the recording");
    print_figure(out, stats->faults_not_understood, "lines of the fault log not understood");
}

static void print_bytes(const char *what, uint64_t peak, uint64_t final, FILE *out)
{
    char text[2][32];
    fprintf(out, "  %-12s%20s%20s\n", what, count_text(peak, text[0], sizeof text[0]),
            count_text(final, text[1], sizeof text[1]));
}

static void print_tally(const struct tally *tally, FILE *out)
{
    fprintf(out, "  %-12s%14s%14s%14s%14s\n", "operations", object_class_names[0],
            object_class_names[1], object_class_names[2], object_class_names[3]);
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        const uint64_t *row = tally->of[kind];
        if (row[0] + row[1] + row[2] + row[3] == 0)
            continue;
        fprintf(out, "  %-12s", operation_kind_names[kind]);
        for (unsigned class = 0; class < OBJECT_CLASSES; class ++) {
            char text[32];
            fprintf(out, "%14s", count_text(row[class], text, sizeof text));
        }
        fputc('\n', out);
    }
}

void recording_stat_print(const struct recording *recording, const char *path, FILE *out)
{
    const struct recording_stats *stats = &recording->stats;
    struct tally tally;
    char operations[32], objects[32], when[64];
    count_operations(recording, &tally);
    fprintf(out, "%s: recording %s, %s\n", path, recording->name,
            time_text(recording->duration_ns, when, sizeof when));
    fprintf(out, "  %s operations on %s objects by %" PRIu64 " threads\n",
            count_text(recording->operations, operations, sizeof operations),
            count_text(recording->objects, objects, sizeof objects), stats->threads);
    print_log(stats, out);
    fprintf(out, "  %-12s%20s%20s\n", "bytes", "peak", "final");
    print_bytes("reserved", stats->peak.reserved, stats->final.reserved, out);
    print_bytes("committed", stats->peak.committed, stats->final.committed, out);
    print_bytes("views", stats->peak.views, stats->final.views, out);
    print_tally(&tally, out);
}

/* ---- JSON ---- */

static void json_peak(struct json *json, const char *key, const struct recording_peak *peak)
{
    json_key(json, key);
    json_object(json);
    json_field_number(json, "reserved", peak->reserved);
    json_field_number(json, "committed", peak->committed);
    json_field_number(json, "views", peak->views);
    json_close(json);
}

static void json_tally(struct json *json, const struct tally *tally)
{
    json_key(json, "operations_by_kind");
    json_object(json);
    for (unsigned kind = 0; kind < OPERATION_KINDS; kind++) {
        json_key(json, operation_kind_names[kind]);
        json_object(json);
        for (unsigned class = 0; class < OBJECT_CLASSES; class ++)
            json_field_number(json, object_class_names[class], tally->of[kind][class]);
        json_close(json);
    }
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
    json_peak(json, "peak", &stats->peak);
    json_peak(json, "final", &stats->final);
}

void recording_stat_json(const struct recording *recording, const char *path, FILE *out)
{
    struct tally tally;
    struct json json;
    count_operations(recording, &tally);
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "file", path);
    json_field(&json, "name", recording->name);
    json_stats(&json, &recording->stats);
    json_field_number(&json, "operations", recording->operations);
    json_field_number(&json, "objects", recording->objects);
    json_field_number(&json, "duration_ns", recording->duration_ns);
    json_tally(&json, &tally);
    json_close(&json);
    json_end(&json);
}
