/* Traces and recordings as logs. See trace_print.h. */
#include "harness/trace_print.h"

#include <inttypes.h>
#include <string.h>
#include "core/layout.h"
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/recording_stat.h"
#include "harness/trace_line.h"

#define INNER_INDENT 2
#define THREADS_SHOWN 256 /* what a record can say */

/* ---- nesting ---- */

#define NOT_RECORDED UINT64_MAX
#define NEVER_RETURNED "(inside a call of the CLR that did not return)"

/* The host call that the records of a thread stand in, until they reach its own record. */
struct group {
    bool known;       /* closing holds for the records up to it */
    bool asked;       /* whether its first line is to be printed */
    bool opened;      /* it was */
    bool interrupted; /* lines of other threads stand between */
    uint64_t closing; /* number of its own record; NOT_RECORDED: the run ended before */
};

struct printer {
    const struct event *events;
    uint64_t count;
    struct print_options *options;
    struct line_style style; /* out NULL: only counts */
    struct group groups[THREADS_SHOWN];
    uint8_t last_thread;
    uint64_t entries; /* that passed so far */
    uint64_t skip;    /* so many of them are not shown: --tail */
};

/* The record of the host call that the one at id, made by the policy, belongs to. */
static uint64_t closing_record(const struct printer *p, uint64_t id)
{
    uint8_t thread = p->events[id].thread;
    for (; id < p->count; id++) {
        const struct event *event = &p->events[id];
        if (event->thread == thread && event->depth == 0 && event_is_host_call(event->kind))
            return id;
    }
    return NOT_RECORDED;
}

static struct group *group_of(struct printer *p, uint64_t id)
{
    const struct event *event = &p->events[id];
    struct group *group = &p->groups[event->thread];
    if (event_is_by_policy(event) && !group->known)
        *group = (struct group){.known = true, .closing = closing_record(p, id)};
    return group;
}

/* ---- lines ---- */

static void put(struct printer *p, const struct line *line)
{
    if (line->thread != p->last_thread)
        p->groups[p->last_thread].interrupted = true;
    p->last_thread = (uint8_t)line->thread;
    line_put(&p->style, line);
}

/* The first line of a host call, above the first line of what it did. */
static void put_opening(struct printer *p, struct group *group, uint8_t thread)
{
    char text[EVENT_TEXT_BYTES];
    struct line line = {.mark = "", .thread = thread, .text = text, .tone = LINE_CALL};
    const struct trace_filter *filter = &p->options->filter;
    group->asked = true;
    if (group->closing == NOT_RECORDED) { /* a crash, or a thread of the policy's own */
        put(p, &(struct line){.mark = "", .thread = thread, .text = NEVER_RETURNED});
        return;
    }
    const struct event *call = &p->events[group->closing];
    if (!trace_filter_event(filter, group->closing, call))
        return;
    event_call_text(call, text, sizeof text);
    put(p, &line);
    group->opened = true;
    group->interrupted = false;
}

/* What the record of a host call shows below the lines of what it did. */
static void closing_text(const struct event *event, bool interrupted, char *text, size_t bytes)
{
    char result[EVENT_TEXT_BYTES];
    event_result_text(event, result, sizeof result);
    snprintf(text, bytes, "%s%s= %s", interrupted ? event_shapes[event->kind].name : "",
             interrupted ? "() " : "", result);
}

static void put_entry(struct printer *p, uint64_t id, uint64_t pages, uint64_t first_page)
{
    const struct event *event = &p->events[id];
    char text[2 * EVENT_TEXT_BYTES];
    struct group *group = group_of(p, id);
    bool inner = event_is_by_policy(event), closes = group->known && group->closing == id;
    if (inner && !p->options->raw && !group->asked)
        put_opening(p, group, event->thread);
    if (pages > 1) {
        event_pages_text(event, first_page, pages, text, sizeof text);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " (events %" PRIu64 " to %" PRIu64 ")", id,
                 id + pages - 1);
    } else if (closes && group->opened) {
        closing_text(event, group->interrupted, text, sizeof text);
    } else {
        event_text(event, text, sizeof text);
    }
    put(p, &(struct line){.mark = "",
                          .numbered = true,
                          .id = id,
                          .time_ns = event->time_ns,
                          .thread = event->thread,
                          .indent = inner ? INNER_INDENT : 0,
                          .text = text,
                          .tone = line_tone_of(event)});
}

/* ---- runs of page faults ---- */

/* Whether b goes on where the pages first .. last, all alike a, end on either side. */
static bool continues(const struct event *a, const struct event *b, uint64_t first, uint64_t last)
{
    return b->kind == a->kind && b->thread == a->thread && b->depth == a->depth &&
           b->arg[1] == a->arg[1] && b->arg[2] == a->arg[2] && b->error == a->error &&
           (b->arg[0] == last + PAGE_BYTES || b->arg[0] + PAGE_BYTES == first);
}

/* How many records from id on are faults on neighbouring pages; *first is the lowest page. */
static uint64_t page_run(const struct printer *p, uint64_t id, uint64_t *first)
{
    const struct event *event = &p->events[id];
    const struct print_options *options = p->options;
    uint64_t pages = 1, last = event->arg[0];
    *first = event->arg[0];
    if (!event_is_page(event->kind) || options->raw || options->filter.has_address)
        return 1;
    for (; id + pages < p->count; pages++) {
        const struct event *next = &p->events[id + pages];
        if (!continues(event, next, *first, last) ||
            !trace_filter_event(&options->filter, id + pages, next))
            break;
        if (next->arg[0] > last)
            last = next->arg[0];
        else
            *first = next->arg[0];
    }
    return pages;
}

/* ---- a trace ---- */

/* Goes through the trace once; without a stream it only counts what would be shown. */
static void pass(struct printer *p)
{
    struct trace_filter *filter = &p->options->filter;
    uint64_t pages, first_page, id = filter->has_address ? 0 : filter->first_id;
    memset(p->groups, 0, sizeof p->groups);
    filter->blocks_count = 0;
    p->entries = 0;
    for (; id < p->count && id <= filter->last_id; id += pages) {
        const struct event *event = &p->events[id];
        pages = 1;
        if (trace_filter_event(filter, id, event)) {
            pages = page_run(p, id, &first_page);
            p->entries++;
            if (p->style.out && p->entries > p->skip)
                put_entry(p, id, pages, first_page);
            if (p->style.out && ferror(p->style.out))
                return;
        }
        if (filter->has_address)
            trace_filter_note(filter, event);
        struct group *group = &p->groups[event->thread];
        if (group->known && group->closing == id)
            group->known = false;
        if (p->options->head && p->entries == p->options->head)
            return;
    }
}

static void put_head(const struct trace_file *trace, const char *name,
                     const struct line_style *style)
{
    char count[32];
    const struct run_words *words = &trace->words;
    FILE *out = style->out;
    fprintf(out, "# %s: %s with %s, seed %" PRIu64 ", %s events%s\n", name, trace->scenario,
            trace->policy, trace->seed, count_text(trace->count, count, sizeof count),
            trace->complete ? "" : ", cut short");
    for (uint32_t i = 0; i < words->settings_count; i++)
        fprintf(out, "# --set %s\n", words->settings[i]);
    for (uint32_t i = 0; i < words->inject_count; i++)
        fprintf(out, "# --inject %s\n", words->inject[i]);
    fprintf(out, "#%*s  %-*s  thread\n", (int)style->id_width - 1, "event", (int)style->time_width,
            "seconds");
}

void trace_print(const struct trace_file *trace, const char *name, struct print_options *options,
                 FILE *out)
{
    static struct printer p; /* large */
    uint64_t last_ns = trace->count ? trace->events[trace->count - 1].time_ns : 0;
    memset(&p, 0, sizeof p);
    p.events = trace->events;
    p.count = trace->count;
    p.options = options;
    if (options->tail) {
        pass(&p);
        p.skip = p.entries > options->tail ? p.entries - options->tail : 0;
    }
    line_style_init(&p.style, out, trace->count, last_ns);
    if (options->has_columns)
        p.style.columns = options->columns;
    put_head(trace, name, &p.style);
    pass(&p);
}

/* ---- a recording ---- */

/* Operations that are shown as one. */
struct joined {
    struct operation op; /* the first, at the lowest offset */
    uint64_t id, count;  /* 0: none */
    uint64_t end;        /* offset behind the last page */
};

/* Takes the operation into the run. False: it does not belong there. */
static bool join(struct joined *run, const struct operation *op)
{
    const struct operation *first = &run->op;
    bool touches = op->kind == OP_TOUCH && first->kind == OP_TOUCH;
    if (run->count == 0 || !touches || op->object != first->object || op->write != first->write ||
        op->thread != first->thread ||
        (op->offset != run->end && op->offset + PAGE_BYTES != first->offset))
        return false;
    if (op->offset == run->end)
        run->end += PAGE_BYTES;
    else
        run->op.offset = op->offset;
    run->count++;
    return true;
}

struct walk {
    const struct recording *recording;
    const struct print_options *options;
    bool joined;
    void (*show)(void *context, uint64_t id, const struct operation *op, uint64_t count);
    void *context;
    FILE *out;
};

/* Goes through the recording once, shows what comes behind the first `skip`, or, with show NULL,
 * nothing. Returns how many there were. */
static uint64_t walk_once(const struct walk *walk, bool show, uint64_t skip)
{
    const struct print_options *options = walk->options;
    struct recording_cursor cursor;
    struct operation op;
    struct joined run = {.count = 0};
    uint64_t entries = 0;
    bool more = true;
    recording_begin(walk->recording, &cursor);
    for (uint64_t id = 0; more && !ferror(walk->out); id++) {
        more = recording_next(&cursor, &op);
        if (more && !trace_filter_operation(&options->filter, id, &op))
            continue;
        if (more && walk->joined && run.id + run.count == id && join(&run, &op))
            continue;
        if (run.count > 0 && show && entries > skip)
            walk->show(walk->context, run.id, &run.op, run.count);
        if (options->head && entries == options->head)
            return entries;
        entries += more;
        run = (struct joined){op, id, more, op.offset + PAGE_BYTES};
    }
    return entries;
}

void recording_each(const struct recording *recording, const struct print_options *options,
                    bool joined,
                    void (*show)(void *context, uint64_t id, const struct operation *op,
                                 uint64_t count),
                    void *context, FILE *out)
{
    struct walk walk = {recording, options, joined, show, context, out};
    uint64_t skip = 0;
    if (options->tail) {
        uint64_t entries = walk_once(&walk, false, 0);
        skip = entries > options->tail ? entries - options->tail : 0;
    }
    walk_once(&walk, true, skip);
}

static void put_operation(void *context, uint64_t id, const struct operation *op, uint64_t count)
{
    char text[2 * EVENT_TEXT_BYTES];
    operation_text(op, text, sizeof text);
    size_t used = strlen(text);
    if (count > 1)
        snprintf(text + used, sizeof text - used,
                 ", %" PRIu64 " pages (operations %" PRIu64 " to %" PRIu64 ")", count, id,
                 id + count - 1);
    line_put(context, &(struct line){.mark = "",
                                     .numbered = true,
                                     .id = id,
                                     .time_ns = op->time_ns,
                                     .thread = op->thread,
                                     .text = text,
                                     .tone = op->kind == OP_FAILED  ? LINE_FAILED
                                             : op->kind == OP_TOUCH ? LINE_QUIET
                                                                    : LINE_PLAIN});
}

void recording_print(const struct recording *recording, const char *name,
                     const struct print_options *options, FILE *out)
{
    struct line_style style;
    char count[32];
    line_style_init(&style, out, recording->operations, recording->duration_ns);
    if (options->has_columns)
        style.columns = options->columns;
    fprintf(out, "# %s: recording %s, %s operations\n", name, recording->name,
            count_text(recording->operations, count, sizeof count));
    fprintf(out, "#%*s  %-*s  thread\n", (int)style.id_width - 1, "op", (int)style.time_width,
            "seconds");
    recording_each(recording, options, !options->raw, put_operation, &style, out);
}
