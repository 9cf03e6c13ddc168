/* Threads in reports. See thread_report.h. */
#include "harness/thread_report.h"

#include <inttypes.h>
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/report.h"
#include "harness/symbolize.h"

#define ID_INDENT 10

const char *finding_promise(enum finding_kind kind)
{
    static const char *const promises[FINDING_KINDS] = {
        "a thread gives back its locks before it ends",
        "the CLR is notified by threads that have no lock",
        "locks and handles are used between being made and being destroyed",
        "the host's threads end when everything is released",
        "GetMemoryLoad with S_OK writes both results, the load a percentage",
        "what GetMemoryLoad calls available is memory that the machine has",
        "what threads share they change in order, or atomically",
        "memory that is in use is given to nobody else"};
    return promises[kind];
}

static const char *severity(enum finding_kind kind)
{
    return kind == FINDING_AVAILABLE ? "W" : "E";
}

void report_thread_findings(const struct report_run *run, FILE *out)
{
    const struct thread_report *report = &run->result->threads;
    char line[700], number[32], when[64];
    for (uint32_t i = 0; i < report->findings_count; i++) {
        const struct thread_finding *finding = &report->findings[i];
        fprintf(out, "  %s  ", finding_name(finding->kind));
        put_wrapped(finding_promise(finding->kind), 0, out);
        put_wrapped(finding->text, ID_INDENT, out);
        int used = snprintf(line, sizeof line, "at event %s at %s",
                            count_text(finding->event, number, sizeof number),
                            time_text(finding->virtual_ns, when, sizeof when));
        if (finding->count > 1)
            snprintf(line + used, sizeof line - (size_t)used, ", %s times in all",
                     count_text(finding->count, number, sizeof number));
        put_wrapped(line, ID_INDENT, out);
        put_stack(run->result, finding->frames, finding->frames_count, ID_INDENT, out);
    }
    if (report->findings_others)
        fprintf(out, "  and %s more of this kind\n",
                count_text(report->findings_others, number, sizeof number));
}

void report_thread_stacks(const struct report_run *run, FILE *out)
{
    const struct thread_report *report = &run->result->threads;
    char line[300];
    for (uint32_t i = 0; i < report->stacks_count; i++) {
        const struct thread_stack *stack = &report->stacks[i];
        snprintf(line, sizeof line, "thread %" PRIu32 " %s", stack->thread, stack->state);
        put_wrapped(line, 6, out);
        put_stack(run->result, stack->frames, stack->frames_count, 6, out);
    }
}

/* ---- for programs ---- */

void json_thread_findings(struct json *json, const struct report_run *run, const char *again)
{
    const struct run_result *result = run->result;
    for (uint32_t i = 0; i < result->threads.findings_count; i++) {
        const struct thread_finding *finding = &result->threads.findings[i];
        json_object(json);
        json_field(json, "id", finding_name(finding->kind));
        json_field(json, "severity", severity(finding->kind));
        json_field(json, "promise", finding_promise(finding->kind));
        json_field(json, "explanation", finding->text);
        json_field_number(json, "thread", finding->thread);
        json_field_number(json, "event", finding->event);
        json_field_number(json, "virtual_ns", finding->virtual_ns);
        json_field_number(json, "count", finding->count);
        json_stack(json, result, finding->frames, finding->frames_count);
        json_field(json, "reproduce", again);
        json_close(json);
    }
}

void json_thread_stacks(struct json *json, const struct report_run *run)
{
    const struct thread_report *report = &run->result->threads;
    if (report->stacks_count == 0)
        return;
    json_key(json, "threads");
    json_array(json);
    for (uint32_t i = 0; i < report->stacks_count; i++) {
        const struct thread_stack *stack = &report->stacks[i];
        json_object(json);
        json_field_number(json, "thread", stack->thread);
        json_field(json, "state", stack->state);
        json_stack(json, run->result, stack->frames, stack->frames_count);
        json_close(json);
    }
    json_close(json);
}
