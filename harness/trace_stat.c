/* Figures of run traces. See trace_stat.h. */
#include "harness/trace_stat.h"

#include <inttypes.h>
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/trace_memory.h"

enum section { SECTION_ASKED, SECTION_DONE, SECTION_MACHINE, SECTIONS };

struct figures {
    uint64_t of_kind[EVENT_KINDS], failed[EVENT_KINDS];
    bool by_policy[EVENT_KINDS];
    bool threads[256];
    uint64_t threads_count, first_ns, last_ns;
    struct trace_memory memory;
};

static void collect(const struct trace_file *trace, struct figures *figures)
{
    *figures = (struct figures){.first_ns = trace->count ? trace->events[0].time_ns : 0};
    for (uint64_t i = 0; i < trace->count; i++) {
        const struct event *event = &trace->events[i];
        figures->of_kind[event->kind]++;
        figures->failed[event->kind] += event->error != 0;
        figures->by_policy[event->kind] |= event->depth != 0 && !event_is_page(event->kind);
        figures->threads_count += !figures->threads[event->thread];
        figures->threads[event->thread] = true;
        figures->last_ns = event->time_ns;
        trace_memory_follow(&figures->memory, i, event);
    }
}

static enum section section_of(const struct figures *figures, uint16_t kind)
{
    if (event_is_host_call(kind))
        return SECTION_ASKED;
    return figures->by_policy[kind] ? SECTION_DONE : SECTION_MACHINE;
}

static void put_section(const struct figures *figures, enum section section, FILE *out)
{
    static const char *const titles[] = {"asked of the host", "done by the policy", "the machine"};
    char count[32], failed[32];
    bool any = false;
    for (uint16_t kind = 0; kind < EVENT_KINDS; kind++) {
        if (figures->of_kind[kind] == 0 || section_of(figures, kind) != section)
            continue;
        if (!any)
            fprintf(out, "  %-56s %9s %9s\n", titles[section], "records", "failed");
        any = true;
        bool fails = figures->failed[kind] != 0 && kind != EVENT_fault_injected;
        fprintf(out, "    %-54s %9s%s%*s\n", event_shapes[kind].name,
                count_text(figures->of_kind[kind], count, sizeof count), fails ? " " : "",
                fails ? 9 : 0,
                fails ? count_text(figures->failed[kind], failed, sizeof failed) : "");
    }
}

static void put_peak(const char *what, const struct memory_peak *peak, FILE *out)
{
    char reserved[32], committed[32];
    fprintf(out, "    %-24s %12s %12s  at event %" PRIu64 "\n", what,
            bytes_text(peak->reserved, reserved, sizeof reserved),
            bytes_text(peak->committed, committed, sizeof committed), peak->committed_event);
}

void trace_stat_print(const struct trace_file *trace, const char *path, FILE *out)
{
    static struct figures figures; /* large */
    char digest[33], events[32], from[32], to[32];
    collect(trace, &figures);
    digest_text(trace->digest, digest);
    fprintf(out, "%s: %s with %s, seed %" PRIu64 "\n", path, trace->scenario, trace->policy,
            trace->seed);
    fprintf(out, "  %s events, %s to %s, %" PRIu64 " thread%s\n",
            count_text(trace->count, events, sizeof events),
            time_text(figures.first_ns, from, sizeof from),
            time_text(figures.last_ns, to, sizeof to), figures.threads_count,
            figures.threads_count == 1 ? "" : "s");
    fprintf(out, "  %s%s\n", trace->complete ? "digest " : "cut short",
            trace->complete ? digest : "");
    for (int section = 0; section < SECTIONS; section++)
        put_section(&figures, (enum section)section, out);
    fprintf(out, "  %-26s %12s %12s\n", "peaks of VirtualAlloc", "reserved", "committed");
    put_peak("given to the CLR", &figures.memory.clr.peak, out);
    put_peak("taken by the policy", &figures.memory.policy.peak, out);
    trace_memory_free(&figures.memory);
}

static void json_counts(struct json *json, const char *key, const uint64_t counts[EVENT_KINDS])
{
    json_key(json, key);
    json_object(json);
    for (int i = 0; i < EVENT_KINDS; i++)
        if (counts[i])
            json_field_number(json, event_shapes[i].name, counts[i]);
    json_close(json);
}

static void json_peak(struct json *json, const char *key, const struct memory_peak *peak)
{
    json_key(json, key);
    json_object(json);
    json_field_number(json, "reserved", peak->reserved);
    json_field_number(json, "committed", peak->committed);
    json_field_number(json, "committed_event", peak->committed_event);
    json_close(json);
}

void trace_stat_json(const struct trace_file *trace, const char *path, FILE *out)
{
    static struct figures figures; /* large */
    struct json json;
    char text[33];
    collect(trace, &figures);
    digest_text(trace->digest, text);
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "file", path);
    json_field(&json, "scenario", trace->scenario);
    json_field(&json, "policy", trace->policy);
    json_field_number(&json, "seed", trace->seed);
    json_field_number(&json, "events", trace->count);
    json_key(&json, "complete");
    json_bool(&json, trace->complete);
    json_field(&json, "digest", text);
    json_field_number(&json, "first_ns", figures.first_ns);
    json_field_number(&json, "last_ns", figures.last_ns);
    json_field_number(&json, "threads", figures.threads_count);
    json_counts(&json, "calls", figures.of_kind);
    json_counts(&json, "failed", figures.failed);
    json_key(&json, "peaks");
    json_object(&json);
    json_peak(&json, "clr", &figures.memory.clr.peak);
    json_peak(&json, "policy", &figures.memory.policy.peak);
    json_close(&json);
    json_close(&json);
    json_end(&json);
    trace_memory_free(&figures.memory);
}
