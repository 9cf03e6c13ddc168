/* Filters of traces. See trace_filter.h. */
#include "harness/trace_filter.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/layout.h"
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/options.h"
#include "harness/recording_stat.h"

void trace_filter_init(struct trace_filter *filter)
{
    *filter = (struct trace_filter){.to_ns = UINT64_MAX, .last_id = UINT64_MAX, .depth = -1};
}

/* ---- words of the command line ---- */

/* Times as parse_duration_ns takes them, and seconds as records show them: "0.000408690". */
static bool parse_when(const char *text, uint64_t *ns)
{
    const char *point = strchr(text, '.');
    if (!point)
        return parse_duration_ns(text, ns);
    uint64_t seconds, nanoseconds = 0;
    char whole[24];
    snprintf(whole, sizeof whole, "%.*s", (int)(point - text), text);
    if (point - text >= (long)sizeof whole || !parse_u64(whole, &seconds))
        return false;
    unsigned digits = (unsigned)strspn(point + 1, "0123456789");
    const char *end = point + 1 + digits;
    if (digits == 0 || digits > 9 || (*end && strcmp(end, "s") != 0 && strcmp(end, " s") != 0))
        return false;
    for (unsigned i = 0; i < 9; i++)
        nanoseconds = nanoseconds * 10 + (i < digits ? (uint64_t)(point[1 + i] - '0') : 0);
    return !__builtin_mul_overflow(seconds, UINT64_C(1000000000), ns) &&
           !__builtin_add_overflow(*ns, nanoseconds, ns);
}

/* "A..B", "A..", "..B": the two words around the dots; false: there are no dots. */
static bool split_range(const char *text, char low[32], char high[32])
{
    const char *dots = strstr(text, "..");
    if (!dots || dots - text >= 32 || strlen(dots + 2) >= 32)
        return false;
    snprintf(low, 32, "%.*s", (int)(dots - text), text);
    snprintf(high, 32, "%s", dots + 2);
    return low[0] || high[0];
}

static bool parse_events(const char *text, uint64_t *first, uint64_t *last)
{
    char low[32], high[32];
    *first = 0;
    *last = UINT64_MAX;
    if (!split_range(text, low, high)) {
        bool one = parse_u64(text, first);
        *last = *first;
        return one;
    }
    return (!low[0] || parse_u64(low, first)) && (!high[0] || parse_u64(high, last)) &&
           *first <= *last;
}

static bool parse_addresses(const char *text, uint64_t *low, uint64_t *high)
{
    char first[32], second[32];
    uint64_t size = 1;
    const char *plus = strchr(text, '+');
    if (split_range(text, first, second))
        return parse_u64(first, low) && parse_u64(second, high) && *low < *high;
    snprintf(first, sizeof first, "%.*s", plus ? (int)(plus - text) : 31, text);
    return parse_u64(first, low) && (!plus || parse_bytes(plus + 1, &size)) && size > 0 &&
           !__builtin_add_overflow(*low, size, high);
}

static bool take_word(struct trace_filter *filter, const char *text, bool hide)
{
    if (filter->calls_count == FILTER_WORDS_MAX)
        return false;
    filter->hide[filter->calls_count] = hide;
    filter->calls[filter->calls_count++] = text;
    return true;
}

static bool take_depth(struct trace_filter *filter, const char *text)
{
    filter->depth = strcmp(text, "policy") == 0 ? 1 : strcmp(text, "clr") == 0 ? 0 : -1;
    return filter->depth >= 0;
}

int trace_filter_option(struct trace_filter *filter, int option, const char *text,
                        const char *command)
{
    bool fine = true;
    const char *what = "";
    switch (option) {
    case 'c':
    case 'H':
        what = "too many calls, the last one";
        fine = take_word(filter, text, option == 'H');
        break;
    case 't':
        what = "not a thread";
        fine = filter->has_thread = parse_u64(text, &filter->thread);
        break;
    case 'f':
    case 'o':
        what = "not a time";
        fine = parse_when(text, option == 'f' ? &filter->from_ns : &filter->to_ns);
        break;
    case 'a':
        what = "not an address or a range of them (0x10000, 0x10000..0x20000, 0x10000+64KiB)";
        fine = filter->has_address =
            parse_addresses(text, &filter->address_low, &filter->address_high);
        break;
    case 'b':
        what = "not an object";
        fine = filter->has_object = parse_u64(text, &filter->object);
        break;
    case 'd':
        what = "policy or clr, not";
        fine = take_depth(filter, text);
        break;
    case 'e':
        what = "not a range of events (100..200)";
        fine = parse_events(text, &filter->first_id, &filter->last_id);
        break;
    case 'x':
        filter->failed = true;
        break;
    case 'g':
        filter->grep = text;
        break;
    }
    return fine ? EXIT_HELD : usage_error("%s: %s: %s", command, what, text);
}

/* ---- names of calls ---- */

struct call_space {
    bool is_recording;
    unsigned count;
    const char *names[2][EVENT_KINDS]; /* of each kind one or two; NULL: no second */
};

static void call_names(struct call_space *space, bool is_recording)
{
    *space = (struct call_space){.is_recording = is_recording,
                                 .count = is_recording ? (unsigned)OPERATION_KINDS : EVENT_KINDS};
    for (unsigned i = 0; i < space->count; i++) {
        space->names[0][i] = is_recording ? operation_kind_names[i] : event_shapes[i].name;
        space->names[1][i] = is_recording ? NULL : event_shapes[i].symbol;
    }
}

static bool matches(const char *word, const char *name, unsigned strictness)
{
    if (!name)
        return false;
    switch (strictness) {
    case 0:
        return strcmp(word, name) == 0;
    case 1:
        return fnmatch(word, name, 0) == 0;
    default:
        return strncmp(word, name, strlen(word)) == 0;
    }
}

/* Marks what the word stands for, the strictest reading that finds anything: a name, a pattern, a
 * beginning. Returns how many kinds that are. */
static unsigned mark(const struct call_space *space, const char *word, bool *kinds)
{
    unsigned found = 0;
    bool host = !space->is_recording && strcmp(word, "host") == 0;
    for (unsigned strictness = 0; strictness < 3 && found == 0; strictness++) {
        for (unsigned i = 0; i < space->count; i++) {
            bool hit = host ? event_is_host_call((uint16_t)i)
                            : matches(word, space->names[0][i], strictness) ||
                                  matches(word, space->names[1][i], strictness);
            kinds[i] = kinds[i] || hit;
            found += hit;
        }
    }
    return found;
}

static int no_such_call(const struct call_space *space, const char *word, const char *command)
{
    const char *candidates[2 * EVENT_KINDS];
    size_t count = 0;
    for (unsigned i = 0; i < space->count; i++)
        for (unsigned j = 0; j < 2; j++)
            if (space->names[j][i])
                candidates[count++] = space->names[j][i];
    const char *similar = nearest_word(word, candidates, count);
    if (similar)
        return usage_error("%s: no such call: %s; did you mean %s?", command, word, similar);
    if (space->is_recording)
        return usage_error("%s: no such operation of a recording: %s", command, word);
    return usage_error("%s: no such call: %s (lowwater list calls has all)", command, word);
}

int trace_filter_resolve(struct trace_filter *filter, bool is_recording, const char *command)
{
    struct call_space space;
    bool hidden[EVENT_KINDS] = {false}, shown[EVENT_KINDS] = {false}, any_shown = false;
    call_names(&space, is_recording);
    for (unsigned i = 0; i < filter->calls_count; i++) {
        any_shown = any_shown || !filter->hide[i];
        if (mark(&space, filter->calls[i], filter->hide[i] ? hidden : shown) == 0)
            return no_such_call(&space, filter->calls[i], command);
    }
    for (unsigned i = 0; i < space.count; i++) {
        bool passes = (shown[i] || !any_shown) && !hidden[i];
        if (is_recording)
            filter->operations[i] = passes;
        else
            filter->kinds[i] = passes;
    }
    if (is_recording && (filter->has_address || filter->depth >= 0))
        return usage_error("%s: a recording has no addresses and no depth; it has --object",
                           command);
    if (!is_recording && filter->has_object)
        return usage_error("%s: --object is for recordings; a trace has --address", command);
    return EXIT_HELD;
}

bool trace_filter_is_open(const struct trace_filter *filter)
{
    return filter->calls_count == 0 && !filter->has_thread && !filter->has_address &&
           !filter->has_object && !filter->failed && filter->from_ns == 0 &&
           filter->to_ns == UINT64_MAX && filter->first_id == 0 && filter->last_id == UINT64_MAX &&
           filter->depth < 0 && !filter->grep;
}

/* ---- addresses ---- */

/* Bytes that the record's addresses stand for: its last size; a page; 1 where it names a point. */
static uint64_t extent(const struct event *event)
{
    const struct event_fields *fields = event_fields(event->kind);
    uint64_t bytes = event_is_page(event->kind) ? PAGE_BYTES : 0;
    for (unsigned i = 0; i < fields->count; i++)
        if (fields->fields[i].type == FIELD_BYTES)
            bytes = event_field_value(&fields->fields[i], event);
    if (event->kind == EVENT_calloc && __builtin_mul_overflow(bytes, event->arg[0], &bytes))
        bytes = UINT64_MAX;
    return bytes;
}

static bool is_memory(const struct event_field *field, uint64_t address)
{
    return field->type == FIELD_ADDRESS && address >= GRANULARITY_BYTES &&
           address != ADDRESS_OUTSIDE;
}

/* Fields that name a place whatever sizes the record has: a heap, the question of a query. */
static bool is_point(const struct event *event, const struct event_field *field)
{
    bool query = event->kind == EVENT_VirtualQuery || event->kind == EVENT_host_VirtualQuery;
    return (query && !field->is_result) || strcmp(field->name, "hHeap") == 0 ||
           strcmp(field->name, "handle") == 0;
}

static bool overlaps(const struct trace_filter *filter, uint64_t address, uint64_t bytes)
{
    uint64_t end = address + bytes < address ? UINT64_MAX : address + bytes;
    return address < filter->address_high && end > filter->address_low;
}

static bool is_noted(const struct trace_filter *filter, uint64_t address)
{
    for (unsigned i = 0; i < filter->blocks_count; i++)
        if (filter->blocks[i] == address)
            return true;
    return false;
}

static bool concerns_address(const struct trace_filter *filter, const struct event *event)
{
    const struct event_fields *fields = event_fields(event->kind);
    uint64_t bytes = extent(event);
    for (unsigned i = 0; i < fields->count; i++) {
        const struct event_field *field = &fields->fields[i];
        uint64_t address = event_field_value(field, event);
        if (!is_memory(field, address))
            continue;
        uint64_t size = bytes && !is_point(event, field) ? bytes : 1;
        if (overlaps(filter, address, size) || (bytes == 0 && is_noted(filter, address)))
            return true;
    }
    return false;
}

void trace_filter_note(struct trace_filter *filter, const struct event *event)
{
    const struct event_fields *fields = event_fields(event->kind);
    uint64_t bytes = extent(event);
    if (event->error != 0 || bytes == 0 || event_is_page(event->kind))
        return;
    for (unsigned i = 0; i < fields->count; i++) {
        const struct event_field *field = &fields->fields[i];
        uint64_t address = event_field_value(field, event);
        if (!is_memory(field, address) || is_point(event, field) || is_noted(filter, address) ||
            !overlaps(filter, address, bytes) || filter->blocks_count == FILTER_BLOCKS_MAX)
            continue;
        if (address >= filter->address_low)
            continue; /* passes by itself */
        filter->blocks[filter->blocks_count++] = address;
    }
}

/* ---- records and operations ---- */

bool trace_filter_event(const struct trace_filter *filter, uint64_t id, const struct event *event)
{
    char text[EVENT_TEXT_BYTES];
    if (!filter->kinds[event->kind] || id < filter->first_id || id > filter->last_id ||
        event->time_ns < filter->from_ns || event->time_ns > filter->to_ns ||
        (filter->has_thread && event->thread != filter->thread) ||
        (filter->depth >= 0 && event_is_by_policy(event) != (filter->depth == 1)) ||
        (filter->failed && !event_is_failure(event)))
        return false;
    if (filter->has_address && !concerns_address(filter, event))
        return false;
    if (filter->grep)
        event_text(event, text, sizeof text);
    return !filter->grep || strstr(text, filter->grep) != NULL;
}

bool trace_filter_operation(const struct trace_filter *filter, uint64_t id,
                            const struct operation *operation)
{
    char text[EVENT_TEXT_BYTES];
    if (!filter->operations[operation->kind] || id < filter->first_id || id > filter->last_id ||
        operation->time_ns < filter->from_ns || operation->time_ns > filter->to_ns ||
        (filter->has_thread && operation->thread != filter->thread) ||
        (filter->has_object && operation->object != filter->object) ||
        (filter->failed && operation->kind != OP_FAILED))
        return false;
    if (filter->grep)
        operation_text(operation, text, sizeof text);
    return !filter->grep || strstr(text, filter->grep) != NULL;
}
