/* What --schedules found, for people and for programs. See schedules.h. */
#include "harness/report_schedule.h"

#include <inttypes.h>
#include "harness/options.h"
#include "harness/schedule_word.h"

#define INDENT 6

static bool is_short(const struct report_run *run)
{
    return run->found.number && run->spec.schedule.strategy == SCHED_REPLAY;
}

/* "5.2 ms": so that it can be compared; the word has it exactly. */
static const char *held_text(uint64_t held_ns, char *text, size_t bytes)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    uint64_t tenths = held_ns * 10;
    size_t unit = 0;
    for (; tenths >= 10000 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        tenths /= 1000;
    snprintf(text, bytes, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
    return text;
}

static void put_switch(const struct found_switch *one, FILE *out)
{
    char text[128], event[32], held[32];
    const struct sched_switch *what = &one->what;
    count_text(one->event, event, sizeof event);
    if (what->held_ns)
        snprintf(text, sizeof text, "thread %" PRIu32 " is held up for %s at event %s", what->from,
                 held_text(what->held_ns, held, sizeof held), event);
    else
        snprintf(text, sizeof text,
                 "thread %" PRIu32 " gives way to thread %" PRIu32 " at event %s", what->from,
                 what->to, event);
    fprintf(out, "%*s%s\n", INDENT + 2, "", text);
}

static void put_switches(const struct report_run *run, FILE *out)
{
    const struct found_schedule *found = &run->found;
    char text[256], one[32], two[32];
    if (found->switches_count == 0) {
        put_wrapped("No switch between threads matters: the standard order breaks it as well.",
                    INDENT, out);
        return;
    }
    snprintf(text, sizeof text,
             "Of its %s switch%s %s matter%s:", count_text(found->switches_before, one, sizeof one),
             found->switches_before == 1 ? "" : "es",
             count_text(found->switches_count, two, sizeof two),
             found->switches_count == 1 ? "s" : "");
    put_wrapped(text, INDENT, out);
    for (uint32_t i = 0; i < found->switches_count && i < FOUND_SWITCHES_MAX; i++)
        put_switch(&found->switches[i], out);
    if (found->switches_count > FOUND_SWITCHES_MAX)
        fprintf(out, "%*sand %" PRIu32 " more\n", INDENT + 2, "",
                found->switches_count - FOUND_SWITCHES_MAX);
}

void report_found(const struct report_run *run, FILE *out)
{
    const struct found_schedule *found = &run->found;
    char text[256], word[64], one[32], two[32], three[32];
    if (found->number == 0)
        return;
    schedule_text(&found->options, word, sizeof word);
    count_text(found->number, one, sizeof one);
    if (found->broke > 1)
        snprintf(text, sizeof text, "%s of %s schedules break it so, first number %s (%s).",
                 count_text(found->broke, two, sizeof two),
                 count_text(found->tried, three, sizeof three), one, word);
    else
        snprintf(text, sizeof text, "Schedule %s of %s (%s) breaks it.", one,
                 count_text(found->tried, two, sizeof two), word);
    put_wrapped(text, INDENT, out);
    if (is_short(run))
        put_switches(run, out);
}

void json_schedule(struct json *json, const struct report_run *run)
{
    const struct found_schedule *found = &run->found;
    char text[REPRODUCTION_BYTES];
    json_field(json, "schedule", schedule_text(&run->spec.schedule, text, sizeof text));
    if (found->tried == 0)
        return;
    json_key(json, "schedules");
    json_object(json);
    json_field_number(json, "tried", found->tried);
    json_field_number(json, "broke", found->broke);
    if (found->number) {
        json_field_number(json, "number", found->number);
        json_field(json, "found", schedule_text(&found->options, text, sizeof text));
    }
    if (is_short(run)) {
        json_field_number(json, "switches", found->switches_before);
        json_field_number(json, "switches_that_matter", found->switches_count);
    }
    json_close(json);
}
