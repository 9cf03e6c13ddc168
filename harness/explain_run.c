/* A run in words. See explain.h. */
#include "harness/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/pressure.h"
#include "core/status.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "include/mscoree.h"

#define LABEL_INDENT 6
#define TEXT_INDENT 17

/* ---- counting ---- */

void tally_add(struct tallies *tallies, uint64_t key, uint64_t event, uint64_t time_ns,
               uint64_t bytes)
{
    uint32_t i = 0;
    while (i < tallies->used && tallies->items[i].key != key)
        i++;
    if (i == TALLIES_MAX) {
        tallies->others++;
        return;
    }
    struct tally *tally = &tallies->items[i];
    if (i == tallies->used) {
        tallies->used++;
        *tally = (struct tally){
            .key = key, .first_event = event, .first_ns = time_ns, .smallest = bytes};
    }
    tally->count++;
    if (event < tally->first_event) {
        tally->first_event = event;
        tally->first_ns = time_ns;
    }
    if (event >= tally->last_event) {
        tally->last_event = event;
        tally->last_ns = time_ns;
    }
    tally->bytes += bytes;
    tally->smallest = bytes < tally->smallest ? bytes : tally->smallest;
    tally->largest = bytes > tally->largest ? bytes : tally->largest;
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->first_event > y->first_event) - (x->first_event < y->first_event);
}

void tally_sort(struct tallies *tallies)
{
    qsort(tallies->items, tallies->used, sizeof *tallies->items, by_count);
}

void put_explained(const char *label, const char *text, FILE *out)
{
    char *lines = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&lines, &bytes);
    put_wrapped(text, TEXT_INDENT, stream);
    fclose(stream);
    fprintf(out, "%*s%-*s%s", LABEL_INDENT, "", TEXT_INDENT - LABEL_INDENT, label,
            bytes > TEXT_INDENT ? lines + TEXT_INDENT : "\n");
    free(lines);
}

/* ---- what the trace says ---- */

struct pressure_seen {
    bool seen, asked_all;
    uint64_t asked, got, given_back, highest, last_total;
    uint64_t first_ns, last_ns;
};

struct explanation {
    struct tallies refused;  /* by the host: call << 32 | HRESULT */
    struct tallies failed;   /* Win32 calls of the policy: call << 32 | error */
    struct tallies injected; /* rule + 1 */
    struct tallies told;     /* notifications: EMemoryAvailable */
    struct pressure_seen pressure[PRESSURES];
    uint64_t loads, load_least, load_most, available_least, available_most;
    uint64_t refusals, failures;
};

/* The size that a call asked for, 0 where it has none. */
static uint64_t size_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_malloc_Alloc:
    case EVENT_malloc_DebugAlloc:
    case EVENT_malloc:
    case EVENT_operator_new:
        return event->arg[0];
    case EVENT_HeapAlloc:
    case EVENT_HeapReAlloc:
        return event->arg[2];
    case EVENT_host_CreateMalloc:
    case EVENT_HeapDestroy:
    case EVENT_host_GetMemoryLoad:
        return 0;
    default:
        return strstr(event_shapes[event->kind].fields, "Size:bytes") ? event->arg[1] : 0;
    }
}

/* S_OK without the memory that was asked for is a refusal too. */
static bool is_refusal(const struct event *event)
{
    bool gives_memory =
        (event->kind == EVENT_host_VirtualAlloc && event->arg[3] == 0) ||
        ((event->kind == EVENT_malloc_Alloc || event->kind == EVENT_malloc_DebugAlloc) &&
         event->arg[2] == 0);
    return event_is_host_call(event->kind) && event->kind != EVENT_host_Release &&
           (event->error != 0 || gives_memory);
}

static void note_pressure(struct explanation *explanation, const struct event *event)
{
    uint32_t of = (uint32_t)event->arg[0];
    if (of >= PRESSURES)
        return;
    struct pressure_seen *seen = &explanation->pressure[of];
    bool give_back = event->arg[0] >> 32;
    if (!seen->seen)
        seen->first_ns = event->time_ns;
    seen->seen = true;
    seen->last_ns = event->time_ns;
    if (!give_back && event->arg[1] == UINT64_MAX)
        seen->asked_all = true;
    else if (!give_back)
        seen->asked += event->arg[1];
    *(give_back ? &seen->given_back : &seen->got) += event->arg[2];
    seen->last_total = event->arg[3];
    seen->highest = event->arg[3] > seen->highest ? event->arg[3] : seen->highest;
}

static void note_load(struct explanation *explanation, const struct event *event)
{
    uint64_t load = event->arg[0], available = event->arg[1];
    bool first = explanation->loads++ == 0;
    if (first || load < explanation->load_least)
        explanation->load_least = load;
    if (first || load > explanation->load_most)
        explanation->load_most = load;
    if (first || available < explanation->available_least)
        explanation->available_least = available;
    if (first || available > explanation->available_most)
        explanation->available_most = available;
}

static void note_event(struct explanation *explanation, uint64_t id, const struct event *event)
{
    uint64_t key = (uint64_t)event->kind << 32 | event->error;
    if (is_refusal(event)) {
        explanation->refusals++;
        tally_add(&explanation->refused, key, id, event->time_ns, size_of(event));
    } else if (event->kind == EVENT_fault_injected) {
        tally_add(&explanation->injected, event->arg[2] + 1, id, event->time_ns, 0);
    } else if (event->kind == EVENT_clr_Notification) {
        tally_add(&explanation->told, event->arg[0] + 1, id, event->time_ns, 0);
    } else if (event->kind == EVENT_pressure) {
        note_pressure(explanation, event);
    } else if (event->kind == EVENT_host_GetMemoryLoad) {
        note_load(explanation, event);
    } else if (event->depth == 1 && event->error != 0 && !event_is_host_call(event->kind)) {
        explanation->failures++;
        tally_add(&explanation->failed, key, id, event->time_ns, size_of(event));
    }
}

/* ---- telling it ---- */

static void put_commit(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char peak[32], end[32], when[64], number[32], text[256];
    int used = snprintf(text, sizeof text, "highest %s",
                        bytes_text(result->counters[COUNTER_commit_peak_bytes], peak, sizeof peak));
    if (result->peak_event)
        used += snprintf(text + used, sizeof text - (size_t)used, " at %s, event %s",
                         time_text(result->peak_ns, when, sizeof when),
                         count_text(result->peak_event, number, sizeof number));
    snprintf(text + used, sizeof text - (size_t)used, "; at the end %s",
             bytes_text(result->counters[COUNTER_commit_bytes], end, sizeof end));
    put_explained("commit", text, out);
}

static void put_sizes(const struct tally *tally, char *text, size_t bytes)
{
    char least[32], most[32];
    if (tally->largest == 0)
        snprintf(text, bytes, "%s", "");
    else if (tally->smallest == tally->largest)
        snprintf(text, bytes, " of %s", bytes_text(tally->largest, most, sizeof most));
    else
        snprintf(text, bytes, " of %s to %s", bytes_text(tally->smallest, least, sizeof least),
                 bytes_text(tally->largest, most, sizeof most));
}

/* "2 VirtualAlloc of 4.0 KiB to 64.0 KiB: E_OUTOFMEMORY, first event 900 at 0.41 s" */
static void put_refusals(const char *label, struct tallies *tallies, uint64_t total, FILE *out)
{
    char text[512], number[32], event[32], when[64], sizes[96], error[64];
    tally_sort(tallies);
    for (uint32_t i = 0; i < tallies->used && i < TALLIES_SHOWN; i++) {
        const struct tally *tally = &tallies->items[i];
        struct event call = {.kind = (uint16_t)(tally->key >> 32), .error = (uint32_t)tally->key};
        const char *name = event_shapes[call.kind].name, *colons = strstr(name, "::");
        error_text(&call, error, sizeof error);
        put_sizes(tally, sizes, sizeof sizes);
        snprintf(text, sizeof text, "%s %s%s: %s%s, first event %s at %s",
                 count_text(tally->count, number, sizeof number), colons ? colons + 2 : name, sizes,
                 error, call.error ? "" : " without memory",
                 count_text(tally->first_event, event, sizeof event),
                 time_text(tally->first_ns, when, sizeof when));
        put_explained(i ? "" : label, text, out);
        total -= tally->count;
    }
    if (total) {
        snprintf(text, sizeof text, "and %s others", count_text(total, number, sizeof number));
        put_explained("", text, out);
    }
}

static void put_injected(const struct report_run *run, struct explanation *explanation, FILE *out)
{
    const struct scenario *plan = run->spec.plan;
    for (uint32_t i = 0; i < explanation->injected.used && i < TALLIES_SHOWN; i++) {
        const struct tally *tally = &explanation->injected.items[i];
        uint64_t index = tally->key - 1;
        char rule[FAULT_TEXT_BYTES] = "?", text[FAULT_TEXT_BYTES + 512], number[32], first[32],
             last[32], from[160] = "--inject";
        if (index < run->spec.faults_count)
            fault_format(&run->spec.faults[index], rule, sizeof rule);
        if (index < plan->faults_count)
            snprintf(from, sizeof from, "%.60s, line %" PRIu32,
                     plan->faults[index].path ? plan->faults[index].path : "faults",
                     plan->faults[index].line);
        snprintf(text, sizeof text, "%s by %s (%s), event%s %s%s%s",
                 count_text(tally->count, number, sizeof number), rule, from,
                 tally->count > 1 ? "s" : "", count_text(tally->first_event, first, sizeof first),
                 tally->count > 1 ? " to " : "",
                 tally->count > 1 ? count_text(tally->last_event, last, sizeof last) : "");
        put_explained(i ? "" : "injected", text, out);
    }
    if (explanation->injected.used == 0 && run->spec.faults_count)
        put_explained("injected", "nothing: no rule's turn came", out);
}

static void put_pressure(const struct explanation *explanation, FILE *out)
{
    static const char *const names[PRESSURES] = {"memory", "commit", "page file", "address space",
                                                 "RAM"};
    bool any = false;
    for (int of = 0; of < PRESSURES; of++) {
        const struct pressure_seen *seen = &explanation->pressure[of];
        char text[512], got[32], asked[32], high[32], end[32], from[64], to[64];
        if (!seen->seen)
            continue;
        snprintf(text, sizeof text,
                 "%s: %s taken of %s asked, at most %s at a time, from %s to %s; %s at the end",
                 names[of], bytes_text(seen->got, got, 32),
                 seen->asked_all ? "all" : bytes_text(seen->asked, asked, 32),
                 bytes_text(seen->highest, high, 32), time_text(seen->first_ns, from, 64),
                 time_text(seen->last_ns, to, 64), bytes_text(seen->last_total, end, 32));
        put_explained(any ? "" : "pressure", text, out);
        any = true;
    }
}

static void put_told(struct explanation *explanation, FILE *out)
{
    static const char *const names[] = {"?", "low", "neutral", "high"};
    char text[512], number[32], first[64], last[64], least[32], most[32];
    bool any = false;
    for (uint32_t i = 0; i < explanation->told.used; i++) {
        const struct tally *tally = &explanation->told.items[i];
        uint64_t value = tally->key - 1;
        snprintf(text, sizeof text, "memory is %s, %s time%s, %s%s%s%s",
                 names[value <= eMemoryAvailableHigh ? value : 0],
                 count_text(tally->count, number, sizeof number), tally->count > 1 ? "s" : "",
                 tally->count > 1 ? "from " : "at ", time_text(tally->first_ns, first, 64),
                 tally->count > 1 ? " to " : "",
                 tally->count > 1 ? time_text(tally->last_ns, last, 64) : "");
        put_explained(any ? "" : "told", text, out);
        any = true;
    }
    if (explanation->loads == 0)
        return;
    char loads[64], sizes[96];
    bytes_text(explanation->available_least, least, sizeof least);
    bytes_text(explanation->available_most, most, sizeof most);
    bool one_load = explanation->load_least == explanation->load_most;
    snprintf(loads, sizeof loads, one_load ? "%" PRIu64 "%%" : "%" PRIu64 "%% to %" PRIu64 "%%",
             explanation->load_least, explanation->load_most);
    snprintf(sizes, sizeof sizes, strcmp(least, most) == 0 ? "%s" : "%s to %s", least, most);
    snprintf(text, sizeof text, "GetMemoryLoad in %s calls: %s, %s available",
             count_text(explanation->loads, number, sizeof number), loads, sizes);
    put_explained(any ? "" : "told", text, out);
}

/* What a collector that believes it waits too long for. */
static void put_too_good(const struct report_run *run, FILE *out)
{
    const uint64_t *counters = run->result->counters;
    uint64_t under = counters[COUNTER_load_under_peak_percent];
    uint64_t over = counters[COUNTER_available_over_peak_bytes];
    char text[160], points[48] = "", bytes[32] = "";
    if (!under && !over)
        return;
    if (under)
        snprintf(points, sizeof points, "%" PRIu64 " points%s", under, over ? ", " : "");
    if (over)
        bytes_text(over, bytes, sizeof bytes);
    snprintf(text, sizeof text, "better than the truth by up to %s%s", points, bytes);
    put_explained("", text, out);
}

static void put_end(const struct report_run *run, const struct trace_file *trace, FILE *out)
{
    const struct run_result *result = run->result;
    char text[1400], when[64], number[32];
    uint64_t last_ns = trace->count ? trace->events[trace->count - 1].time_ns : 0;
    snprintf(text, sizeof text, "%s%s%s, after %s events and %s", outcome_name(result->ended),
             result->ended != OUTCOME_OK && result->stop.text[0] ? ": " : "",
             result->ended != OUTCOME_OK ? result->stop.text : "",
             count_text(trace->count, number, sizeof number),
             time_text(last_ns, when, sizeof when));
    put_explained("ended", text, out);
}

static void explain(const struct report_run *run, const struct trace_file *trace, FILE *out)
{
    static struct explanation explanation;
    explanation = (struct explanation){.loads = 0};
    for (uint64_t i = 0; i < trace->count; i++)
        note_event(&explanation, i, &trace->events[i]);
    put_commit(run, out);
    if (explanation.refusals)
        put_refusals("refused", &explanation.refused, explanation.refusals, out);
    else
        put_explained("refused", "nothing", out);
    if (explanation.failures)
        put_refusals("policy got", &explanation.failed, explanation.failures, out);
    put_injected(run, &explanation, out);
    put_pressure(&explanation, out);
    put_told(&explanation, out);
    put_too_good(run, out);
    explain_left(run, trace, out);
    put_end(run, trace, out);
    fputc('\n', out);
}

/* ---- the run ---- */

void explain_open(struct explain_files *files, struct run_spec *spec)
{
    bool has_trace = spec->trace_path && strcmp(spec->trace_path, "-") != 0;
    files->trace = has_trace ? -1 : memfd_create("lowwater-trace", 0);
    files->steps = memfd_create("lowwater-steps", 0);
    spec->steps_fd = files->steps;
    spec->explain = files->steps >= 0;
    if (files->trace < 0)
        return;
    snprintf(files->trace_path, sizeof files->trace_path, "/proc/self/fd/%d", files->trace);
    spec->trace_path = files->trace_path;
}

void explain_close(struct explain_files *files)
{
    if (files->trace >= 0)
        close(files->trace);
    if (files->steps >= 0)
        close(files->steps);
}

static void explain_ended(const struct report_run *run, FILE *out)
{
    static struct trace_file trace;
    char message[512];
    enum input_result read = trace_file_read(run->spec.trace_path, &trace, message, sizeof message);
    if (read == INPUT_OK)
        explain(run, &trace, out);
    else
        fprintf(out, "      (not explained: %s)\n\n", message);
    if (read == INPUT_OK)
        trace_file_free(&trace);
}

void explain_run(const struct report_run *run, FILE *out)
{
    struct report_run again = *run;
    struct explain_files files;
    if (run->result->outcome == OUTCOME_LOAD)
        return;
    if (run->spec.explain) {
        explain_ended(run, out);
        return;
    }
    explain_open(&files, &again.spec);
    if (files.steps >= 0) {
        again.result = run_result_create();
        run_execute(&again.spec, again.result);
        explain_ended(&again, out);
        run_result_destroy(again.result);
    }
    explain_close(&files);
}
