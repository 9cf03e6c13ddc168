/* Reports for people. See report.h. */
#include "harness/report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/report_schedule.h"
#include "harness/symbolize.h"

#define FRAMES_SHOWN 8
#define BLOCK_INDENT 6

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

static void put_headline(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char events[32], text[33];
    digest_text(result->digest, text);
    if (run->found.tried) {
        fprintf(out, "%sok%s    %s  %s  seed %" PRIu64 "  %s schedule%s\n", paint(out, "\033[32m"),
                paint(out, "\033[0m"), run->spec.scenario, run->spec.policy, run->spec.seed,
                count_text(run->found.tried, events, sizeof events),
                run->found.tried == 1 ? "" : "s");
        return;
    }
    fprintf(out,
            "%sok%s    %s  %s  seed %" PRIu64 "  %s events  %" PRIu64 ".%" PRIu64
            " s virtual  %" PRIu64 " ms  %.8s%s%s\n",
            paint(out, "\033[32m"), paint(out, "\033[0m"), run->spec.scenario, run->spec.policy,
            run->spec.seed, count_text(result->events, events, sizeof events),
            result->virtual_ns / 1000000000, result->virtual_ns / 100000000 % 10,
            result->native_ns / 1000000, text, result->ended == OUTCOME_OK ? "" : "  ended in ",
            result->ended == OUTCOME_OK ? "" : outcome_name(result->ended));
}

static void put_bad_headline(const struct report_run *run, const char *word, FILE *out)
{
    char text[33];
    digest_text(run->result->digest, text);
    fprintf(out, "%s%-4s%s  %s  %s  seed %" PRIu64 "  %.8s\n", paint(out, "\033[31m"), word,
            paint(out, "\033[0m"), run->spec.scenario, run->spec.policy, run->spec.seed, text);
}

/* ---- a run that did not ---- */

/* Whether the word behind a number is its unit: the two stay on one line. */
static bool is_unit(const char *word)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "s", "times"};
    size_t length = strcspn(word, " \n,;.)");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (length == strlen(units[i]) && strncmp(word, units[i], length) == 0)
            return true;
    return false;
}

static size_t word_length(const char *word)
{
    size_t length = strcspn(word, " \n");
    bool number = length && word[length - 1] >= '0' && word[length - 1] <= '9';
    if (number && word[length] == ' ' && is_unit(word + length + 1))
        length += 1 + strcspn(word + length + 1, " \n");
    return length;
}

/* A word too long for a line is cut behind the last mark that fits, where it has one. */
static size_t cut_length(const char *word, size_t length, size_t room)
{
    size_t at = length > room ? room : 0;
    while (at > 0 && !strchr(",:]", word[at - 1]))
        at--;
    return at ? at : length;
}

void put_wrapped(const char *text, unsigned indent, FILE *out)
{
    size_t column = 0, room = LINE_COLUMNS - indent;
    for (const char *at = text; *at;) {
        size_t blank = strspn(at, " "), length = word_length(at + blank);
        length = cut_length(at + blank, length, room);
        if (column && column + blank + length > room)
            column = 0;
        if (column == 0)
            fprintf(out, "%s%*s", at == text ? "" : "\n", (int)indent, "");
        else
            fprintf(out, "%.*s", (int)blank, at);
        fprintf(out, "%.*s", (int)length, at + blank);
        column += (column ? blank : 0) + length;
        at += blank + length;
        if (*at == '\n') {
            column = 0;
            at++;
        }
    }
    fputc('\n', out);
}

static void put_served(const struct run_result *result, FILE *out)
{
    const uint64_t *c = result->counters;
    char text[600], one[32], two[32], three[32];
    int used = snprintf(text, sizeof text, "served %s of %s operations",
                        count_text(c[COUNTER_operations_served], one, sizeof one),
                        count_text(c[COUNTER_operations_recorded], two, sizeof two));
    if (c[COUNTER_vtable_refusals])
        used += snprintf(text + used, sizeof text - (size_t)used, ", %s call%s refused",
                         count_text(c[COUNTER_vtable_refusals], one, sizeof one),
                         c[COUNTER_vtable_refusals] == 1 ? "" : "s");
    if (c[COUNTER_operations_dependent])
        used += snprintf(text + used, sizeof text - (size_t)used, ", %s dropped with them",
                         count_text(c[COUNTER_operations_dependent], one, sizeof one));
    if (result->injected)
        snprintf(text + used, sizeof text - (size_t)used, ", %s injected",
                 count_text(result->injected, one, sizeof one));
    put_wrapped(text, BLOCK_INDENT, out);
    used = snprintf(text, sizeof text, "peaks: commit %s, reserved %s, resident %s",
                    bytes_text(c[COUNTER_commit_peak_bytes], one, sizeof one),
                    bytes_text(c[COUNTER_reserve_peak_bytes], two, sizeof two),
                    bytes_text(c[COUNTER_resident_peak_bytes], three, sizeof three));
    if (c[COUNTER_low_notifications])
        snprintf(text + used, sizeof text - (size_t)used, "; %s low-memory notification%s",
                 count_text(c[COUNTER_low_notifications], one, sizeof one),
                 c[COUNTER_low_notifications] == 1 ? "" : "s");
    put_wrapped(text, BLOCK_INDENT, out);
}

static void put_frame(const struct frame_text *frame, unsigned number, unsigned indent, FILE *out)
{
    char where[256];
    if (frame->line)
        snprintf(where, sizeof where, "%s:%" PRIu32, frame->file, frame->line);
    else
        snprintf(where, sizeof where, "%s", frame->module);
    const char *name = frame->function[0] ? frame->function : "(no symbol)";
    int room = LINE_COLUMNS - (int)indent - 6 - (int)strlen(where);
    fprintf(out, "%*s#%u %-34.*s  %s\n", (int)indent, "", number, room > 20 ? room : 20, name,
            where);
}

void put_stack(const struct run_result *result, const uint64_t *frames, uint32_t count,
               unsigned indent, FILE *out)
{
    struct symbolizer *symbolizer = symbolizer_create(result->modules, result->modules_count);
    unsigned shown = 0;
    for (uint32_t i = 0; symbolizer && i < count; i++) {
        struct frame_text at[FRAMES_AT_ONCE];
        uint32_t there = symbolize_all(symbolizer, frames[i], i == 0, at, FRAMES_AT_ONCE);
        for (uint32_t k = 0; k < there && shown < FRAMES_SHOWN; k++)
            if (!at[k].in_lowwater)
                put_frame(&at[k], shown++, indent, out);
    }
    if (count && !symbolizer)
        fprintf(out, "%*s(no stack: libdw.so.1 is not there)\n", (int)indent, "");
    symbolizer_destroy(symbolizer);
}

const char *progress_id(const struct run_result *result)
{
    switch (result->stop.kind) {
    case STOP_DEADLOCK:
        return strncmp(result->stop.text, "self-deadlock", 13) == 0 ? "self-deadlock"
               : strncmp(result->stop.text, "lost-wakeup", 11) == 0 ? "lost-wakeup"
                                                                    : "deadlock";
    case STOP_HANG:
        return "hang";
    default:
        return "livelock";
    }
}

static void put_host_call(const struct run_result *result, FILE *out)
{
    if (result->threads.stopped_in_own)
        fprintf(out, "      on thread %" PRIu32 ", which the policy had started\n",
                result->threads.stopped_thread);
    else if (result->threads.stopped_among)
        fprintf(out, "      on thread %" PRIu32 "\n", result->threads.stopped_thread);
    if (result->host_call >= EVENT_KINDS)
        return;
    struct event call = {.kind = result->host_call};
    memcpy(call.arg, result->host_call_arg, sizeof result->host_call_arg);
    char text[512], line[600];
    event_call_text(&call, text, sizeof text);
    snprintf(line, sizeof line, "during %s", text);
    put_wrapped(line, BLOCK_INDENT, out);
}

/* The last call that the machine refused the thread, for its own reasons: what a crash often
 * follows from. Only the tail of the trace is looked at. */
static void put_refused_call(const struct run_result *result, FILE *out)
{
    uint64_t count = result->tail_count, event_id = count;
    uint64_t oldest = count > RUN_TAIL_EVENTS ? count - RUN_TAIL_EVENTS : 0;
    const struct event *found = NULL;
    while (!found && event_id > oldest) {
        const struct event *event = &result->tail[--event_id & (RUN_TAIL_EVENTS - 1)];
        bool same =
            !result->threads.stopped_among || event->thread == result->threads.stopped_thread;
        bool refused = event->kind < EVENT_KINDS && event->error && same &&
                       !event_is_host_call(event->kind) &&
                       event_shapes[event->kind].failure != ST_OK;
        found = refused ? event : NULL;
    }
    bool injected = result->refused.event > 0 && event_id == result->refused.event + 1;
    if (!found || injected) /* told as that */
        return;
    char text[EVENT_TEXT_BYTES], line[EVENT_TEXT_BYTES + 64], number[32];
    event_text(found, text, sizeof text);
    snprintf(line, sizeof line, "after %s, event %s", text,
             count_text(event_id, number, sizeof number));
    put_wrapped(line, BLOCK_INDENT, out);
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
    put_wrapped(line, BLOCK_INDENT, out);
    put_stack(result, result->watch_stack, result->watch_stack_frames, BLOCK_INDENT, out);
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
    char when[64], events[32], line[1200];
    if (result->outcome == OUTCOME_NONDETERMINISM) { /* the run itself came to its end */
        put_wrapped(result->stop.text, BLOCK_INDENT, out);
        return;
    }
    snprintf(line, sizeof line, "%s, after event %s at %s",
             result->stop.text[0] ? result->stop.text : "no reason was given",
             count_text(result->events ? result->events - 1 : 0, events, sizeof events),
             time_text(result->virtual_ns, when, sizeof when));
    put_wrapped(line, BLOCK_INDENT, out);
    report_injection(run, &result->refused, result->refusals, BLOCK_INDENT, out);
    put_refused_call(result, out);
    put_host_call(result, out);
    put_stack(result, result->stack, result->stack_frames, BLOCK_INDENT, out);
    report_thread_stacks(run, out);
    put_watch(result, out);
    put_output(result, out);
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
        if (!quiet)
            put_headline(run, out);
        if (!quiet && show_served && !run->found.tried)
            put_served(result, out);
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
    FILE *to = result->outcome == OUTCOME_FINDING ? out : err; /* a finding is a result */
    char again[REPRODUCTION_BYTES];
    reproduction(run, again, sizeof again);
    put_bad_headline(run, words[result->outcome], to);
    if (run->spec.plan && run->spec.plan->about[0]) /* what the scenario asks */
        put_wrapped(run->spec.plan->about, BLOCK_INDENT, to);
    report_found(run, to);
    if (result->outcome == OUTCOME_INTERNAL)
        put_tail(result, to);
    report_broken(run, to);
    report_thread_findings(run, to);
    report_races(run, to);
    if (result->outcome != OUTCOME_FINDING || result->ended != OUTCOME_OK)
        put_failure(run, to);
    fprintf(to, "  again: %s\n\n", again);
}
