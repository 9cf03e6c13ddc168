/* Reports for programs: the --json document. See report.h and docs/json.md. */
#include "harness/report.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/report_schedule.h"
#include "harness/symbolize.h"

void json_stack(struct json *json, const struct run_result *result, const uint64_t *frames,
                uint32_t count)
{
    struct symbolizer *symbolizer =
        count ? symbolizer_create(result->modules, result->modules_count) : NULL;
    json_key(json, "stack");
    json_array(json);
    for (uint32_t i = 0; symbolizer && i < count; i++) {
        struct frame_text at[FRAMES_AT_ONCE];
        uint32_t there = symbolize_all(symbolizer, frames[i], i == 0, at, FRAMES_AT_ONCE);
        for (uint32_t k = 0; k < there && !at[k].in_lowwater; k++) {
            json_object(json);
            json_field(json, "function", at[k].function);
            json_field(json, "module", at[k].module);
            json_field(json, "file", at[k].file);
            json_field_number(json, "line", at[k].line);
            json_close(json);
        }
    }
    json_close(json);
    symbolizer_destroy(symbolizer);
}

/* Logical in the window; of other addresses only null pointers are the same in every build. */
static void put_address(struct json *json, uint64_t address)
{
    char text[32];
    if (address - WINDOW_BASE < WINDOW_BYTES)
        snprintf(text, sizeof text, "0x%" PRIx64, address - WINDOW_BASE);
    else if (address < GRANULARITY_BYTES)
        snprintf(text, sizeof text, "0x%" PRIx64, address);
    else
        snprintf(text, sizeof text, "outside");
    json_field(json, "address", text);
}

static const char *kind_name(enum stop_kind kind)
{
    static const char *const kinds[STOP_KINDS] = {[STOP_EXIT] = "exit",
                                                  [STOP_ABORT] = "abort",
                                                  [STOP_ASSERT] = "assert",
                                                  [STOP_EXCEPTION] = "exception",
                                                  [STOP_SIGNAL] = "signal",
                                                  [STOP_HEAP_CORRUPTION] = "heap-corruption",
                                                  [STOP_UNSUPPORTED] = "unsupported"};
    return kinds[kind] ? kinds[kind] : "none";
}

/* The signal that a process of this system would have died of. */
static const char *signal_name(const struct stop *stop, char *text, size_t bytes)
{
    bool aborts = stop->kind == STOP_ABORT || stop->kind == STOP_ASSERT ||
                  stop->kind == STOP_HEAP_CORRUPTION || stop->kind == STOP_UNSUPPORTED;
    int number = stop->kind == STOP_SIGNAL      ? (int)stop->code
                 : stop->kind == STOP_EXCEPTION ? SIGSEGV
                 : aborts                       ? SIGABRT
                                                : 0;
    const char *name = number ? sigabbrev_np(number) : NULL;
    snprintf(text, bytes, "%s%s", name ? "SIG" : "none", name ? name : "");
    return text;
}

static void put_crash(struct json *json, const struct report_run *run)
{
    const struct run_result *result = run->result;
    char text[FAULT_TEXT_BYTES > 512 ? FAULT_TEXT_BYTES : 512];
    json_field(json, "kind", kind_name(result->stop.kind));
    json_field(json, "signal", signal_name(&result->stop, text, sizeof text));
    if (result->stop.kind == STOP_EXCEPTION || result->stop.kind == STOP_HEAP_CORRUPTION) {
        snprintf(text, sizeof text, "0x%08" PRIx32, result->stop.code);
        json_field(json, "exception", text); /* the NTSTATUS that Windows would show */
    }
    put_address(json, result->stop.address);
    json_field(json, "explanation", result->stop.text);
    if (result->stop.address - WINDOW_BASE < WINDOW_BYTES && result->explanation[0])
        json_field(json, "memory", result->explanation);
    if (result->stop.kind == STOP_EXIT)
        json_field_number(json, "exit_code", result->stop.code);
    json_field(json, "failed_before", injection_text(run, &result->refused, text, sizeof text));
    json_stack(json, result, result->stack, result->stack_frames);
    if (!result->watch_seen)
        return;
    event_text(&result->watch_event, text, sizeof text);
    json_key(json, "last_change");
    json_object(json);
    json_field(json, "call", text);
    json_field_number(json, "event", result->watch_event_id);
    json_field_number(json, "virtual_ns", result->watch_event.time_ns);
    json_close(json);
}

/* A run without progress is one finding with the id of what held it up. */
static void put_no_progress(struct json *json, const struct report_run *run, const char *again)
{
    const struct run_result *result = run->result;
    char text[FAULT_TEXT_BYTES];
    json_object(json);
    json_field(json, "id", progress_id(result));
    json_field(json, "severity", "E");
    json_field(json, "promise", "every call of the CLR returns");
    json_field(json, "explanation", result->stop.text);
    json_field_number(json, "event", result->events ? result->events - 1 : 0);
    json_field_number(json, "virtual_ns", result->virtual_ns);
    json_field_number(json, "count", 1);
    json_field(json, "injected", injection_text(run, &result->refused, text, sizeof text));
    json_field(json, "reproduce", again);
    json_close(json);
}

static void put_broken(struct json *json, const struct report_run *run, uint32_t index,
                       const char *again)
{
    const struct run_result *result = run->result;
    const struct broken *broken = &result->broken[index];
    char text[FAULT_TEXT_BYTES];
    uint64_t last = result->events ? result->events - 1 : 0; /* it was found out at the end */
    json_object(json);
    json_field(json, "id", "expect");
    json_field(json, "severity", "E");
    json_field(json, "promise", broken->promise);
    json_field(json, "expected", broken->expected);
    json_field(json, "got", broken->got);
    json_field_number(json, "event", broken->has_event ? broken->event : last);
    json_field_number(json, "virtual_ns",
                      broken->has_event ? broken->virtual_ns : result->virtual_ns);
    json_field_number(json, "count", broken->count);
    json_field(json, "injected", injection_text(run, &broken->last, text, sizeof text));
    json_field(json, "where", broken_where(run, index, text, sizeof text));
    json_field(json, "path", run->spec.plan->path);
    json_field_number(json, "line", broken->line);
    json_field_number(json, "column", broken->column);
    json_field(json, "key", broken->path);
    json_field(json, "reproduce", again);
    json_close(json);
}

static void put_findings(struct json *json, const struct report_run *run, const char *again)
{
    const struct run_result *result = run->result;
    json_key(json, "findings");
    json_array(json);
    if (result->outcome == OUTCOME_NO_PROGRESS)
        put_no_progress(json, run, again);
    for (uint32_t i = 0; i < result->broken_count; i++)
        put_broken(json, run, i, again);
    json_thread_findings(json, run, again);
    json_races(json, run, again);
    json_close(json);
    if (result->broken_others)
        json_field_number(json, "findings_left_out", result->broken_others);
    if (result->outcome == OUTCOME_NO_PROGRESS) {
        json_stack(json, result, result->stack, result->stack_frames);
        json_thread_stacks(json, run);
    }
}

static void put_run(struct json *json, const struct report_run *run)
{
    const struct run_result *result = run->result;
    char digest[33], again[REPRODUCTION_BYTES];
    digest_text(result->digest, digest);
    reproduction(run, again, sizeof again);
    json_object(json);
    json_field(json, "scenario", run->spec.scenario);
    json_field(json, "policy", run->spec.policy);
    json_field_number(json, "seed", run->spec.seed);
    json_schedule(json, run);
    if (result->races.looked_for)
        json_field(json, "race", result->races.blind ? "not instrumented" : "instrumented");
    json_field(json, "outcome", outcome_name(result->outcome));
    /* An end that the scenario expects, or that something else was found wrong with. */
    bool other_end = result->ended == OUTCOME_CRASH || result->ended == OUTCOME_NO_PROGRESS;
    if (other_end && result->outcome != result->ended)
        json_field(json, "ended", outcome_name(result->ended));
    json_field(json, "digest", digest);
    json_field_number(json, "events", result->events);
    json_field_number(json, "virtual_ns", result->virtual_ns);
    json_field_number(json, "native_ns", result->native_ns);
    json_field_number(json, "injected", result->injected);
    json_key(json, "counters");
    json_object(json);
    for (int i = 0; i < COUNTERS; i++)
        json_field_number(json, counter_names[i], result->counters[i]);
    json_close(json);
    if (result->ended == OUTCOME_CRASH)
        put_crash(json, run);
    if (result->outcome != OUTCOME_CRASH || result->broken_count ||
        result->threads.findings_count || result->races.count)
        put_findings(json, run, again);
    json_field(json, "reproduce", again);
    json_close(json);
}

void report_json(const struct report_run *runs, uint32_t count, int exit_code,
                 const struct report_totals *totals, FILE *out)
{
    struct json json;
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "lowwater", LOWWATER_VERSION);
    json_field(&json, "command", "run");
    json_field_number(&json, "exit", (uint64_t)exit_code);
    if (count > 0) /* everything has a fixed place, so it must not matter: say it all the same */
        json_field(&json, "address_randomisation", runs[0].result->aslr_off ? "off" : "on");
    json_key(&json, "runs");
    json_array(&json);
    for (uint32_t i = 0; i < count; i++)
        put_run(&json, &runs[i]);
    json_close(&json);
    json_key(&json, "totals");
    json_object(&json);
    json_field_number(&json, "runs", totals->runs);
    static const enum outcome order[] = {
        OUTCOME_OK,          OUTCOME_FINDING,        OUTCOME_CRASH,
        OUTCOME_NO_PROGRESS, OUTCOME_NONDETERMINISM, OUTCOME_INTERNAL};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        json_field_number(&json, outcome_name(order[i]), totals->by_outcome[order[i]]);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}
