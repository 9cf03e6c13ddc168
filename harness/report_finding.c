/* Broken expectations for people. See report.h. */
#include <inttypes.h>
#include <string.h>
#include "core/status.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/report.h"
#include "harness/symbolize.h"

#define ID_INDENT 10 /* behind "  expect  " */

/* The rule that fired, narrowed to the one match at which it did. */
static struct fault_rule narrowed(const struct report_run *run, const struct injection *injection)
{
    struct fault_rule rule = run->spec.faults[injection->rule];
    rule.nth = injection->match;
    rule.every = rule.chance_num = rule.chance_den = 0;
    rule.times = 1;
    return rule;
}

static bool is_known(const struct report_run *run, const struct injection *injection)
{
    return injection->event > 0 && injection->rule < run->spec.faults_count;
}

const char *injection_text(const struct report_run *run, const struct injection *injection,
                           char *text, size_t bytes)
{
    text[0] = '\0';
    if (is_known(run, injection)) {
        struct fault_rule rule = narrowed(run, injection);
        fault_format(&rule, text, bytes);
    }
    return text;
}

const char *broken_where(const struct report_run *run, uint32_t index, char *text, size_t bytes)
{
    const struct run_result *result = run->result;
    uint32_t count = result->broken_stack_frames[index];
    struct symbolizer *symbolizer =
        count ? symbolizer_create(result->modules, result->modules_count) : NULL;
    text[0] = '\0';
    for (uint32_t i = 0; symbolizer && i < count && !text[0]; i++) {
        struct frame_text at[FRAMES_AT_ONCE];
        symbolize_all(symbolizer, result->broken_stack[index][i], i == 0, at, FRAMES_AT_ONCE);
        if (!at[0].in_lowwater && at[0].line)
            snprintf(text, bytes, "%s:%" PRIu32, at[0].file, at[0].line);
    }
    symbolizer_destroy(symbolizer);
    return text;
}

/* "after VirtualAlloc[commit] #106 was refused (ERROR_COMMITMENT_LIMIT), event 1,203" */
void report_injection(const struct report_run *run, const struct injection *injection,
                      uint64_t count, unsigned indent, FILE *out)
{
    char text[FAULT_TEXT_BYTES], line[FAULT_TEXT_BYTES + 256], number[32], others[32];
    if (!is_known(run, injection))
        return;
    injection_text(run, injection, text, sizeof text);
    text[strcspn(text, "#")] = '\0';
    const struct fault_rule *rule = &run->spec.faults[injection->rule];
    const char *error = injection->code ? status_name((enum status)rule->error) : NULL;
    int used = snprintf(line, sizeof line, "after %s #%s was %s%s%s, event %s", text,
                        count_text(injection->match, number, sizeof number),
                        error ? "refused (" : "delayed", error ? error : "", error ? ")" : "",
                        count_text(injection->event, others, sizeof others));
    if (count > 1)
        snprintf(line + used, sizeof line - (size_t)used, ", the last of %s failures so far",
                 count_text(count, others, sizeof others));
    put_wrapped(line, indent, out);
    if (injection->rule < run->spec.plan->faults_count) {
        const struct scenario_fault *fault = &run->spec.plan->faults[injection->rule];
        fprintf(out, "%*s%s:%" PRIu32 "   %s\n", (int)indent, "", run->spec.plan->path, fault->line,
                fault->path ? fault->path : "faults");
    }
}

/* Of the whole run, not of one call. */
static bool is_expectation(const struct broken *broken)
{
    return strncmp(broken->path, "expect", 6) == 0;
}

static void put_moment(const struct broken *broken, FILE *out)
{
    char line[600], number[32], when[64];
    bool passed = broken->has_event && is_expectation(broken); /* a bound, before the end */
    int used = snprintf(line, sizeof line, "got %s%s", broken->got, passed ? " in the end" : "");
    if (broken->has_event)
        used += snprintf(line + used, sizeof line - (size_t)used, "%s at event %s at %s",
                         passed              ? "; passed it"
                         : broken->count > 1 ? ", first"
                                             : ",",
                         count_text(broken->event, number, sizeof number),
                         time_text(broken->virtual_ns, when, sizeof when));
    if (broken->count > 1)
        snprintf(line + used, sizeof line - (size_t)used, ", %s times",
                 count_text(broken->count, number, sizeof number));
    put_wrapped(line, ID_INDENT, out);
}

/* The line of the scenario, whose call says more than its place. */
static void put_source_line(const struct scenario *plan, uint32_t number, FILE *out)
{
    char line[400];
    const char *at = plan->text, *end = at ? at + plan->text_bytes : NULL;
    for (uint32_t i = 1; at && i < number; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || number == 0)
        return;
    while (at < end && *at == ' ')
        at++;
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    snprintf(line, sizeof line, "%.*s", (int)((newline ? newline : end) - at), at);
    put_wrapped(line, ID_INDENT + 2, out);
}

void report_broken(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char number[32];
    for (uint32_t i = 0; i < result->broken_count; i++) {
        const struct broken *broken = &result->broken[i];
        fputs("  expect  ", out);
        put_wrapped(broken->promise, 0, out);
        put_moment(broken, out);
        /* Once is enough where several things went wrong after one failure. */
        bool told = i > 0 && broken[-1].last.event == broken->last.event &&
                    broken[-1].injections == broken->injections;
        if (!told)
            report_injection(run, &broken->last, broken->injections, ID_INDENT, out);
        fprintf(out, "%*s%s:%" PRIu32 "   %s\n", ID_INDENT, "", run->spec.plan->path, broken->line,
                broken->path);
        if (!is_expectation(broken))
            put_source_line(run->spec.plan, broken->line, out);
        if (!told || broken->has_event)
            put_stack(result, result->broken_stack[i], result->broken_stack_frames[i], ID_INDENT,
                      out);
    }
    if (result->broken_others)
        fprintf(out, "  and %s more broken expectations\n",
                count_text(result->broken_others, number, sizeof number));
}
