/* Reports for programs: the --json document, the JUnit file, and the line that reproduces a run. */
#include "harness/report.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/symbolize.h"

/* ---- the reproduction ---- */

static bool is_plain(const char *word)
{
    return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-./=:,%+@")] == '\0';
}

/* A word as a shell takes it: in single quotes where it needs them. */
static void put_word(char *text, size_t bytes, const char *option, const char *word)
{
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, bytes - used, "%s%s ", *option ? " " : "", option);
    if (used >= bytes)
        return;
    if (is_plain(word)) {
        snprintf(text + used, bytes - used, "%s", word);
        return;
    }
    text[used++] = '\'';
    for (; *word && used + 6 < bytes; word++) {
        if (*word == '\'')
            used += (size_t)snprintf(text + used, bytes - used, "'\\''");
        else
            text[used++] = *word;
    }
    text[used++] = '\'';
    text[used] = '\0';
}

void reproduction(const struct report_run *run, char *text, size_t bytes)
{
    char seed[32], number[32];
    snprintf(text, bytes, "lowwater run");
    put_word(text, bytes, "", run->scenario_word);
    put_word(text, bytes, "--policy", run->policy_word);
    snprintf(seed, sizeof seed, "%" PRIu64, run->spec.seed);
    put_word(text, bytes, "--seed", seed);
    if (run->spec.factory)
        put_word(text, bytes, "--factory", run->spec.factory);
    for (uint32_t i = 0; i < run->settings_count; i++)
        put_word(text, bytes, "--set", run->settings[i]);
    for (uint32_t i = 0; i < run->inject_count; i++)
        put_word(text, bytes, "--inject", run->inject[i]);
    if (run->spec.max_events) {
        snprintf(number, sizeof number, "%" PRIu64, run->spec.max_events);
        put_word(text, bytes, "--max-events", number);
    }
    if (run->spec.timeout_s) {
        snprintf(number, sizeof number, "%" PRIu64, run->spec.timeout_s);
        put_word(text, bytes, "--timeout", number);
    }
}

/* ---- JSON ---- */

static void put_stack(struct json *json, const struct run_result *result)
{
    struct symbolizer *symbolizer =
        result->stack_frames ? symbolizer_create(result->modules, result->modules_count) : NULL;
    json_key(json, "stack");
    json_array(json);
    for (uint32_t i = 0; symbolizer && i < result->stack_frames; i++) {
        struct frame_text frame;
        symbolize(symbolizer, result->stack[i], i == 0, &frame);
        if (frame.in_lowwater)
            continue;
        json_object(json);
        json_field(json, "function", frame.function);
        json_field(json, "module", frame.module);
        json_field(json, "file", frame.file);
        json_field_number(json, "line", frame.line);
        json_close(json);
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

static void put_crash(struct json *json, const struct run_result *result)
{
    char text[512];
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
    put_stack(json, result);
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
static void put_findings(struct json *json, const struct report_run *run)
{
    const struct run_result *result = run->result;
    char again[2048];
    json_key(json, "findings");
    json_array(json);
    if (result->outcome == OUTCOME_NO_PROGRESS) {
        reproduction(run, again, sizeof again);
        json_object(json);
        json_field(json, "id", progress_id(result));
        json_field(json, "severity", "E");
        json_field(json, "promise", "every call of the CLR returns");
        json_field(json, "explanation", result->stop.text);
        json_field_number(json, "event", result->events ? result->events - 1 : 0);
        json_field_number(json, "virtual_ns", result->virtual_ns);
        json_field_number(json, "count", 1);
        json_field(json, "reproduce", again);
        json_close(json);
    }
    json_close(json);
    if (result->outcome == OUTCOME_NO_PROGRESS)
        put_stack(json, result);
}

static void put_run(struct json *json, const struct report_run *run)
{
    const struct run_result *result = run->result;
    char digest[33], again[2048];
    digest_text(result->digest, digest);
    json_object(json);
    json_field(json, "scenario", run->spec.scenario);
    json_field(json, "policy", run->spec.policy);
    json_field_number(json, "seed", run->spec.seed);
    json_field(json, "outcome", outcome_name(result->outcome));
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
    if (result->outcome == OUTCOME_CRASH)
        put_crash(json, result);
    else
        put_findings(json, run);
    reproduction(run, again, sizeof again);
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

/* ---- JUnit: the common schema of continuous-integration systems ---- */

static void put_xml(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if ((unsigned char)*text >= 32 || *text == '\n')
            fputc(*text, out);
    }
}

static void put_case(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char again[2048];
    fprintf(out, "    <testcase classname=\"%s\" name=\"", run->spec.policy);
    put_xml(run->spec.scenario, out);
    fprintf(out, " seed %" PRIu64 "\" time=\"%" PRIu64 ".%03" PRIu64 "\"", run->spec.seed,
            result->native_ns / 1000000000, result->native_ns / 1000000 % 1000);
    if (result->outcome == OUTCOME_OK) {
        fputs("/>\n", out);
        return;
    }
    bool failure = result->outcome == OUTCOME_FINDING || result->outcome == OUTCOME_NO_PROGRESS;
    reproduction(run, again, sizeof again);
    fprintf(out, ">\n      <%s type=\"%s\" message=\"", failure ? "failure" : "error",
            outcome_name(result->outcome));
    put_xml(result->stop.text, out);
    fputs("\">", out);
    put_xml(again, out);
    fprintf(out, "</%s>\n    </testcase>\n", failure ? "failure" : "error");
}

void report_junit(const struct report_run *runs, uint32_t count, FILE *out)
{
    uint32_t failures = 0, errors = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum outcome outcome = runs[i].result->outcome;
        bool failure = outcome == OUTCOME_FINDING || outcome == OUTCOME_NO_PROGRESS;
        failures += failure;
        errors += outcome != OUTCOME_OK && !failure;
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite "
            "name=\"lowwater\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\">\n",
            count, failures, errors);
    for (uint32_t i = 0; i < count; i++)
        put_case(&runs[i], out);
    fputs("  </testsuite>\n</testsuites>\n", out);
}
