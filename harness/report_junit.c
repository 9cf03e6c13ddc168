/* The JUnit file that continuous-integration systems read: one suite, a test case a run. The
 * elements and attributes are those that the common schemas share; timestamp and host name are
 * left out, because equal runs shall give equal files but for the times. See report.h. */
#include <inttypes.h>
#include <string.h>
#include "harness/report.h"

/* Bytes of the UTF-8 character at the beginning, 0: none that XML allows. */
static unsigned character_bytes(const unsigned char *at)
{
    unsigned count = *at < 0x80   ? 1
                     : *at < 0xc2 ? 0
                     : *at < 0xe0 ? 2
                     : *at < 0xf0 ? 3
                     : *at < 0xf5 ? 4
                                  : 0;
    uint32_t value = count == 1 ? *at : *at & (0x7fu >> count);
    for (unsigned i = 1; i < count; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool allowed = value == '\t' || value == '\n' || value == '\r' ||
                   (value >= 0x20 && value < 0xd800) || (value >= 0xe000 && value < 0xfffe) ||
                   (value >= 0x10000 && value < 0x110000);
    return count && value >= least[count] && allowed ? count : 0;
}

/* Text of an element or attribute; what XML has no way to say becomes U+FFFD. */
static void put_xml(const char *text, FILE *out)
{
    while (*text) {
        unsigned count = character_bytes((const unsigned char *)text);
        if (count == 0)
            fputs("\xef\xbf\xbd", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if (*text == '\n' || *text == '\t' || *text == '\r')
            fprintf(out, "&#%d;", *text); /* or attributes would lose it */
        else
            fwrite(text, 1, count, out);
        text += count ? count : 1;
    }
}

static void put_attribute(const char *name, const char *value, FILE *out)
{
    fprintf(out, " %s=\"", name);
    put_xml(value, out);
    fputc('"', out);
}

static void put_seconds(const char *name, uint64_t ns, FILE *out)
{
    fprintf(out, " %s=\"%" PRIu64 ".%03" PRIu64 "\"", name, ns / 1000000000, ns / 1000000 % 1000);
}

static bool is_failure(enum outcome outcome)
{
    return outcome == OUTCOME_FINDING || outcome == OUTCOME_NO_PROGRESS;
}

/* One line that says what is wrong: of findings the first. */
static void put_message(const struct run_result *result, FILE *out)
{
    char text[1200];
    const struct broken *broken = &result->broken[0];
    if (result->outcome != OUTCOME_FINDING)
        snprintf(text, sizeof text, "%s", result->stop.text);
    else if (result->broken_count == 0)
        snprintf(text, sizeof text, "%s: %s", finding_name(result->threads.findings[0].kind),
                 result->threads.findings[0].text);
    else if (result->broken_count == 1)
        snprintf(text, sizeof text, "%s: got %s", broken->promise, broken->got);
    else
        snprintf(text, sizeof text, "%s: got %s; and %" PRIu64 " more", broken->promise,
                 broken->got, result->broken_count - 1 + result->broken_others);
    put_attribute("message", text, out);
}

static void put_details(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char again[REPRODUCTION_BYTES], text[600];
    for (uint32_t i = 0; i < result->broken_count; i++) {
        const struct broken *broken = &result->broken[i];
        snprintf(text, sizeof text, "%s: got %s\n%s:%" PRIu32 "   %s\n", broken->promise,
                 broken->got, run->spec.plan->path, broken->line, broken->path);
        put_xml(text, out);
    }
    reproduction(run, again, sizeof again);
    put_xml("again: ", out);
    put_xml(again, out);
}

static void put_case(const struct report_run *run, FILE *out)
{
    const struct run_result *result = run->result;
    char name[600];
    snprintf(name, sizeof name, "%s seed %" PRIu64, run->spec.scenario, run->spec.seed);
    fputs("    <testcase", out);
    put_attribute("classname", run->spec.policy, out);
    put_attribute("name", name, out);
    put_seconds("time", result->native_ns, out);
    if (result->outcome == OUTCOME_OK) {
        fputs("/>\n", out);
        return;
    }
    const char *element = is_failure(result->outcome) ? "failure" : "error";
    fprintf(out, ">\n      <%s", element);
    put_attribute("type", outcome_name(result->outcome), out);
    put_message(result, out);
    fputc('>', out);
    put_details(run, out);
    fprintf(out, "</%s>\n    </testcase>\n", element);
}

void report_junit(const struct report_run *runs, uint32_t count, FILE *out)
{
    uint32_t failures = 0, errors = 0;
    uint64_t native_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum outcome outcome = runs[i].result->outcome;
        failures += is_failure(outcome);
        errors += outcome != OUTCOME_OK && !is_failure(outcome);
        native_ns += runs[i].result->native_ns;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    for (int suites = 1; suites >= 0; suites--) {
        fprintf(out, "%s name=\"lowwater\" tests=\"%u\" failures=\"%u\" errors=\"%u\"",
                suites ? "<testsuites" : "  <testsuite", count, failures, errors);
        if (!suites)
            fputs(" skipped=\"0\"", out);
        put_seconds("time", native_ns, out);
        fputs(">\n", out);
    }
    for (uint32_t i = 0; i < count; i++)
        put_case(&runs[i], out);
    fputs("  </testsuite>\n</testsuites>\n", out);
}
