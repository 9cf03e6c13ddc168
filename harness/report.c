/* Reports for people. See report.h. */
#include "harness/report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/symbolize.h"

#define FRAMES_SHOWN 8

bool use_colour(FILE *out)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    return isatty(fileno(out)) && term && strcmp(term, "dumb") != 0 && !(no && *no);
}

static const char *paint(FILE *out, const char *colour)
{
    return use_colour(out) ? colour : "";
}

/* ---- a run that held ---- */

static void put_headline(const struct report_run *run, const char *word, const char *colour,
                         FILE *out)
{
    const struct run_result *result = run->result;
    char events[32], text[33];
    digest_text(result->digest, text);
    fprintf(out,
            "%s%-4s%s  %s  %s  seed %" PRIu64 "  %s events  %" PRIu64 ".%" PRIu64
            " s virtual  %" PRIu64 " ms  %.8s\n",
            paint(out, colour), word, paint(out, "\033[0m"), run->spec.scenario, run->spec.policy,
            run->spec.seed, count_text(result->events, events, sizeof events),
            result->virtual_ns / 1000000000, result->virtual_ns / 100000000 % 10,
            result->native_ns / 1000000, text);
}

static void put_served(const struct run_result *result, FILE *out)
{
    const uint64_t *c = result->counters;
    char recorded[32], served[32], commit[32], reserve[32], resident[32];
    fprintf(out, "      served %s of %s operations",
            count_text(c[COUNTER_operations_served], served, 32),
            count_text(c[COUNTER_operations_recorded], recorded, 32));
    if (c[COUNTER_vtable_refusals])
        fprintf(out, ", %" PRIu64 " calls refused", c[COUNTER_vtable_refusals]);
    if (c[COUNTER_operations_dependent])
        fprintf(out, ", %" PRIu64 " dropped with them", c[COUNTER_operations_dependent]);
    if (result->injected)
        fprintf(out, ", %" PRIu64 " injected", result->injected);
    fprintf(out, "\n      peaks: commit %s, reserved %s, resident %s",
            bytes_text(c[COUNTER_commit_peak_bytes], commit, 32),
            bytes_text(c[COUNTER_reserve_peak_bytes], reserve, 32),
            bytes_text(c[COUNTER_resident_peak_bytes], resident, 32));
    if (c[COUNTER_low_notifications])
        fprintf(out, "; %" PRIu64 " low-memory notifications", c[COUNTER_low_notifications]);
    fputc('\n', out);
}

/* ---- a run that did not ---- */

/* Text in lines of at most 73 columns behind an indent of six. */
static void put_wrapped(const char *text, FILE *out)
{
    unsigned column = 0;
    for (const char *at = text; *at;) {
        size_t blank = strspn(at, " "), length = strcspn(at + blank, " \n");
        if (column && column + blank + length > 73)
            column = 0;
        if (column == 0)
            fprintf(out, "%s      ", at == text ? "" : "\n");
        else
            fprintf(out, "%.*s", (int)blank, at);
        fprintf(out, "%.*s", (int)length, at + blank);
        column += (unsigned)(blank + length) + (column == 0 ? 0 : 0);
        at += blank + length;
        if (*at == '\n') {
            column = 0;
            at++;
        }
    }
    fputc('\n', out);
}

static void put_stack(const struct run_result *result, const uint64_t *frames, uint32_t count,
                      FILE *out)
{
    struct symbolizer *symbolizer = symbolizer_create(result->modules, result->modules_count);
    unsigned shown = 0;
    for (uint32_t i = 0; symbolizer && i < count && shown < FRAMES_SHOWN; i++) {
        struct frame_text frame;
        symbolize(symbolizer, frames[i], i == 0, &frame);
        if (frame.in_lowwater)
            continue;
        char where[256];
        if (frame.line)
            snprintf(where, sizeof where, "%s:%" PRIu32, frame.file, frame.line);
        else
            snprintf(where, sizeof where, "%s", frame.module);
        fprintf(out, "      #%u %-34.60s  %s\n", shown++,
                frame.function[0] ? frame.function : "(no symbol)", where);
    }
    if (count && !symbolizer)
        fprintf(out, "      (no stack: libdw.so.1 is not there)\n");
    symbolizer_destroy(symbolizer);
}

const char *progress_id(const struct run_result *result)
{
    switch (result->stop.kind) {
    case STOP_DEADLOCK:
        return strncmp(result->stop.text, "self-deadlock", 13) == 0 ? "self-deadlock" : "deadlock";
    case STOP_HANG:
        return "hang";
    default:
        return "livelock";
    }
}

static void put_host_call(const struct run_result *result, FILE *out)
{
    if (result->host_call >= EVENT_KINDS)
        return;
    struct event call = {.kind = result->host_call};
    memcpy(call.arg, result->host_call_arg, sizeof result->host_call_arg);
    char text[512];
    event_text(&call, text, sizeof text);
    char *end = strrchr(text, ')');
    if (end)
        end[1] = '\0';
    char line[600];
    snprintf(line, sizeof line, "during %s", text);
    put_wrapped(line, out);
}

static void put_watch(const struct run_result *result, FILE *out)
{
    char text[512], when[64], line[700], id[32];
    if (!result->watch_seen)
        return;
    event_text(&result->watch_event, text, sizeof text);
    snprintf(line, sizeof line, "the page was last changed by %s, event %s at %s%s", text,
             count_text(result->watch_event_id, id, sizeof id),
             time_text(result->watch_event.time_ns, when, sizeof when),
             result->watch_stack_frames ? ", called from" : "");
    put_wrapped(line, out);
    put_stack(result, result->watch_stack, result->watch_stack_frames, out);
}

static void put_output(const struct run_result *result, FILE *out)
{
    uint64_t kept =
        result->output_bytes < RUN_OUTPUT_BYTES ? result->output_bytes : RUN_OUTPUT_BYTES;
    if (kept == 0)
        return;
    const char *begin = result->output, *end = begin + kept, *from = end;
    unsigned lines = 0;
    while (from > begin && lines < 4 && end - from < 400)
        lines += *--from == '\n' && from + 1 < end;
    if (from > begin || *from == '\n')
        from += *from == '\n';
    fprintf(out, "      the policy printed %" PRIu64 " bytes, at the end:\n", result->output_bytes);
    for (const char *at = from; at < end; at++) {
        if (at == from || at[-1] == '\n')
            fputs("        | ", out);
        fputc(*at == '\n' || ((unsigned char)*at >= 32 && *at != 127) ? *at : '.', out);
    }
    if (end[-1] != '\n')
        fputc('\n', out);
}

static void put_failure(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char when[64], events[32], line[1200], again[2048];
    snprintf(line, sizeof line, "%s, after event %s at %s",
             result->stop.text[0] ? result->stop.text : "no reason was given",
             count_text(result->events ? result->events - 1 : 0, events, sizeof events),
             time_text(result->virtual_ns, when, sizeof when));
    put_wrapped(line, out);
    put_host_call(result, out);
    put_stack(result, result->stack, result->stack_frames, out);
    put_watch(result, out);
    put_output(result, out);
    reproduction(run, again, sizeof again);
    fprintf(out, "  again: %s\n\n", again);
}

static void put_tail(const struct run_result *result, FILE *out)
{
    uint64_t count = result->tail_count, first = count > 10 ? count - 10 : 0;
    fprintf(out, "      the last records:\n");
    for (uint64_t i = first; i < count; i++) {
        char text[512];
        const struct event *event = &result->tail[i & (RUN_TAIL_EVENTS - 1)];
        if (event->kind >= EVENT_KINDS)
            continue;
        event_text(event, text, sizeof text);
        fprintf(out, "      %" PRIu64 "  %s\n", i, text);
    }
}

void report_run(const struct report_run *run, bool quiet, bool show_served, FILE *out, FILE *err)
{
    static const char *const words[] = {"ok",   "FAIL", "STOP", "CRASH",
                                        "DIFF", "BUG",  "LOAD", "INT"};
    const struct run_result *result = run->result;
    if (result->outcome == OUTCOME_OK) {
        if (!quiet) {
            put_headline(run, "ok", "\033[32m", out);
            if (show_served)
                put_served(result, out);
        }
        return;
    }
    if (result->outcome == OUTCOME_LOAD) {
        /* The user's word for the policy, not the path of what was built from it. */
        size_t length = strlen(run->spec.policy_path);
        bool begins = strncmp(result->load_message, run->spec.policy_path, length) == 0;
        fprintf(err, "lowwater: %s%s\n", begins ? run->policy_word : "",
                result->load_message + (begins ? length : 0));
        return;
    }
    put_headline(run, words[result->outcome], "\033[31m", err);
    if (result->outcome == OUTCOME_INTERNAL)
        put_tail(result, err);
    put_failure(run, err);
}

/* ---- several ---- */

static uint32_t find_name(const char *const *names, uint32_t count, const char *name)
{
    uint32_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

void report_table(const struct report_run *runs, uint32_t count, FILE *out)
{
    const char *scenarios[512], *policies[64];
    uint32_t rows = 0, columns = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = find_name(scenarios, rows, runs[i].spec.scenario);
        uint32_t column = find_name(policies, columns, runs[i].spec.policy);
        if (row == rows && rows < 512)
            scenarios[rows++] = runs[i].spec.scenario;
        if (column == columns && columns < 64)
            policies[columns++] = runs[i].spec.policy;
    }
    if (rows * columns < 2)
        return;
    fprintf(out, "\n%-24s", "");
    for (uint32_t c = 0; c < columns; c++)
        fprintf(out, " %-13.13s", policies[c]);
    fputc('\n', out);
    for (uint32_t r = 0; r < rows; r++) {
        fprintf(out, "%-24.24s", scenarios[r]);
        for (uint32_t c = 0; c < columns; c++) {
            int worst = -1;
            for (uint32_t i = 0; i < count; i++)
                if (strcmp(runs[i].spec.scenario, scenarios[r]) == 0 &&
                    strcmp(runs[i].spec.policy, policies[c]) == 0 &&
                    (int)runs[i].result->outcome > worst)
                    worst = (int)runs[i].result->outcome;
            fprintf(out, " %-13.13s", worst < 0 ? "-" : outcome_name((enum outcome)worst));
        }
        fputc('\n', out);
    }
}

void report_totals(const struct report_totals *totals, FILE *out)
{
    char text[32];
    fprintf(out, "\n%s run%s:", count_text(totals->runs, text, sizeof text),
            totals->runs == 1 ? "" : "s");
    bool any = false;
    for (int i = 0; i <= OUTCOME_INTERNAL; i++) {
        if (totals->by_outcome[i] == 0)
            continue;
        fprintf(out, "%s %s %s", any ? "," : "",
                count_text(totals->by_outcome[i], text, sizeof text),
                outcome_name((enum outcome)i));
        any = true;
    }
    fputc('\n', out);
}
