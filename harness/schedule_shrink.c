/* From a schedule that breaks a run to the switches that matter. See schedules.h.
 *
 * The departures of a run from the standard choice are its whole schedule (core/sched.h). Each is
 * counted by the thread that gives way, so one can be left out without moving the others. Parts
 * are left out, halves first and single ones last, and times for which a thread is held up are put
 * together, as long as the run breaks in the same way. */
#include "harness/schedules.h"

#include <stdlib.h>
#include <string.h>
#include "harness/schedule_word.h"
#include "harness/trace_compare.h"
#include "harness/trace_file.h"

/* Bounds of the search: runs, and records in them. */
#define TRIES_MAX 1500
#define EVENTS_MAX UINT64_C(40000000)
/* Longer lists are told by strategy and seed. */
#define SHORT_MAX 100

struct shrinking {
    struct report_run *run;
    const struct run_result *ending; /* how it is to break */
    struct run_result *result;       /* of the last try */
    uint32_t tries;
    uint64_t events;
};

/* The first broken promise, as a word: two endings with the same one are the same. */
static const char *first_promise(const struct run_result *result)
{
    if (result->outcome == OUTCOME_NO_PROGRESS)
        return progress_id(result);
    if (result->broken_count)
        return result->broken[0].path;
    if (result->threads.findings_count)
        return finding_name(result->threads.findings[0].kind);
    return result->races.count ? "data-race" : "";
}

bool same_ending(const struct run_result *a, const struct run_result *b)
{
    bool same = a->outcome == b->outcome && a->stop.kind == b->stop.kind &&
                a->stop.code == b->stop.code && strcmp(first_promise(a), first_promise(b)) == 0;
    return same &&
           (strcmp(first_promise(a), "data-race") != 0 || races_alike(&a->races, &b->races));
}

/* ---- the switches of a run ---- */

struct switches {
    struct sched_switch *list;
    struct found_switch *where; /* the records, in the same order */
    uint32_t count;
};

static void free_switches(struct switches *switches)
{
    free(switches->list);
    free(switches->where);
    *switches = (struct switches){0};
}

static void collect(const struct trace_file *file, struct switches *switches)
{
    for (uint64_t i = 0; i < file->count; i++) {
        const struct event *event = &file->events[i];
        struct sched_switch one;
        if (!sched_switch_of(event, &one))
            continue;
        switches->list[switches->count] = one;
        switches->where[switches->count++] = (struct found_switch){one, i, event->time_ns};
    }
}

/* Runs once more with a trace into memory. False: it cannot be read, or ended differently. */
static bool read_switches(struct shrinking *s, const struct run_spec *spec,
                          struct switches *switches)
{
    char message[256];
    struct trace_file *file = calloc(1, sizeof *file);
    CHECK(file != NULL);
    *switches = (struct switches){0};
    bool traced = trace_of_run(spec, s->result, file, message, sizeof message);
    bool fine = traced && same_ending(s->result, s->ending);
    if (fine) {
        switches->list = calloc(file->count + 1, sizeof *switches->list);
        switches->where = calloc(file->count + 1, sizeof *switches->where);
        collect(file, switches);
    }
    if (traced)
        trace_file_free(file);
    free(file);
    return fine;
}

/* ---- leaving out ---- */

static struct run_spec with_switches(const struct shrinking *s, const struct sched_switch *list,
                                     uint32_t count)
{
    struct run_spec spec = s->run->spec;
    if (spec.schedule.seed == 0)
        spec.schedule.seed = spec.seed; /* of what conditions do */
    spec.schedule.strategy = SCHED_REPLAY;
    spec.schedule.switches = list;
    spec.schedule.switches_count = count;
    return spec;
}

static bool breaks(struct shrinking *s, const struct sched_switch *list, uint32_t count)
{
    struct run_spec spec = with_switches(s, list, count);
    s->tries++;
    bool same = run_once(&spec, s->result) && same_ending(s->result, s->ending);
    s->events += s->result->events;
    return same;
}

static bool may_go_on(const struct shrinking *s)
{
    return s->tries < TRIES_MAX && s->events < EVENTS_MAX;
}

/* Leaves out runs of `part` switches where it can. Returns how many are left. */
static uint32_t leave_out(struct shrinking *s, struct sched_switch *list, uint32_t count,
                          uint32_t part, struct sched_switch *room)
{
    for (uint32_t at = 0; at < count && may_go_on(s);) {
        uint32_t out = part < count - at ? part : count - at;
        memcpy(room, list, at * sizeof *list);
        memcpy(room + at, list + at + out, (count - at - out) * sizeof *list);
        if (!breaks(s, room, count - out)) {
            at += out;
            continue;
        }
        count -= out;
        memcpy(list, room, count * sizeof *list);
    }
    return count;
}

static bool holds_up(const struct sched_switch *one, uint32_t task)
{
    return one->from == task && one->held_ns > 0;
}

/* Of many times that a thread is held up, most matter for nothing but how late it gets: their time
 * is added to the next one where it can be. Returns how many are left. */
static uint32_t join_holds(struct shrinking *s, struct sched_switch *list, uint32_t count,
                           struct sched_switch *room)
{
    for (uint32_t at = 0; at < count && may_go_on(s);) {
        uint32_t next = at + 1;
        while (next < count && !holds_up(&list[next], list[at].from))
            next++;
        if (list[at].held_ns == 0 || next >= count) {
            at++;
            continue;
        }
        memcpy(room, list, at * sizeof *list);
        memcpy(room + at, list + at + 1, (count - at - 1) * sizeof *list);
        room[next - 1].held_ns += list[at].held_ns;
        if (!breaks(s, room, count - 1)) {
            at++;
            continue;
        }
        memcpy(list, room, --count * sizeof *list);
    }
    return count;
}

static uint32_t minimise(struct shrinking *s, struct sched_switch *list, uint32_t count)
{
    struct sched_switch *room = calloc(count + 1, sizeof *room);
    CHECK(room != NULL);
    for (uint32_t part = count; part > 1; part = (part + 1) / 2)
        count = leave_out(s, list, count, part, room);
    for (uint32_t before = count + 1; before != count && may_go_on(s);) {
        before = count;
        count = leave_out(s, list, count, 1, room);
        count = join_holds(s, list, count, room);
    }
    free(room);
    return count;
}

/* ---- what is told ---- */

/* The run under the short list takes the place of the one that was found. */
static void adopt(struct shrinking *s, struct switches *kept, uint32_t before)
{
    struct report_run *run = s->run;
    run->spec = with_switches(s, kept->list, kept->count);
    run->found.switches_before = before;
    run->found.switches_count = kept->count;
    for (uint32_t i = 0; i < kept->count && i < FOUND_SWITCHES_MAX; i++)
        run->found.switches[i] = kept->where[i];
    memcpy(run->result, s->result, sizeof *run->result);
    free(kept->where); /* the list is the spec's now */
}

void schedule_shrink(struct report_run *run)
{
    struct run_result *ending = run_result_create(), *result = run_result_create();
    struct switches all, kept;
    struct shrinking s = {.run = run, .ending = ending, .result = result};
    /* A hang takes its whole time limit in each try. */
    bool hopeless = run->result->stop.kind == STOP_HANG;
    if (!hopeless)
        memcpy(ending, run->result, sizeof *ending);
    if (!hopeless && read_switches(&s, &run->spec, &all)) {
        uint32_t before = all.count;
        uint32_t count = breaks(&s, all.list, before) ? minimise(&s, all.list, before) : before + 1;
        /* Once more: of what is left some may not have happened, and has no record. */
        struct run_spec spec = with_switches(&s, all.list, count);
        if (count <= before && count <= SHORT_MAX && read_switches(&s, &spec, &kept))
            adopt(&s, &kept, before);
        free_switches(&all);
    }
    run_result_destroy(ending);
    run_result_destroy(result);
}
