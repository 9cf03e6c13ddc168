/* Records and operations as JSON, one object a line. See trace_print.h. */
#include "harness/trace_print.h"

#include <inttypes.h>
#include <string.h>
#include "core/sim.h"
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/recording_stat.h"

static void put_named(struct json *json, enum field_type type, uint64_t value)
{
    char text[160];
    field_value_text(type, value, text, sizeof text);
    json_string(json, text);
}

/* Addresses and flags are text, because JSON's numbers are no 64-bit integers everywhere; sizes
 * and counts are numbers. */
static void put_value(struct json *json, const struct event_field *field, uint64_t value)
{
    char text[160];
    switch (field->type) {
    case FIELD_DEC:
    case FIELD_BYTES:
    case FIELD_PERCENT:
    case FIELD_MILLISECONDS:
        json_number(json, value);
        break;
    case FIELD_BOOL:
        json_bool(json, value != 0);
        break;
    case FIELD_ADDRESS:
        snprintf(text, sizeof text, value == ADDRESS_OUTSIDE ? "outside" : "0x%" PRIx64, value);
        json_string(json, text);
        break;
    default:
        put_named(json, (enum field_type)field->type, value);
    }
}

static void put_fields(struct json *json, const struct event *event, const char *key, bool results)
{
    const struct event_fields *fields = event_fields(event->kind);
    json_key(json, key);
    json_object(json);
    for (unsigned i = 0; i < fields->count; i++) {
        const struct event_field *field = &fields->fields[i];
        uint64_t value = event_field_value(field, event);
        if (field->is_result != results)
            continue;
        json_key(json, field->name);
        if (field->type == FIELD_PROTECTION_LEVEL) {
            put_named(json, FIELD_PROTECTION, value & 0xffff);
            json_key(json, "eCriticalLevel");
            put_named(json, FIELD_CRITICALITY, value >> 16);
            continue;
        }
        put_value(json, field, value);
    }
    json_close(json);
}

static bool has_results(const struct event *event)
{
    const struct event_fields *fields = event_fields(event->kind);
    for (unsigned i = 0; i < fields->count; i++)
        if (fields->fields[i].is_result)
            return true;
    return false;
}

static void put_event(FILE *out, uint64_t id, const struct event *event)
{
    struct json json;
    char error[64];
    json_begin_line(&json, out);
    json_object(&json);
    json_field_number(&json, "event", id);
    json_field_number(&json, "time_ns", event->time_ns);
    json_field_number(&json, "thread", event->thread);
    json_field(&json, "by", event_is_by_policy(event) ? "policy" : "clr");
    json_field(&json, "call", event_shapes[event->kind].name);
    put_fields(&json, event, "arguments", false);
    error_text(event, error, sizeof error);
    json_field_number(&json, "error", event->error);
    json_field(&json, "error_name", error);
    if (event->error == 0 && has_results(event))
        put_fields(&json, event, "results", true);
    json_close(&json);
    json_end(&json);
}

void trace_print_json(const struct trace_file *trace, struct print_options *options, FILE *out)
{
    struct trace_filter *filter = &options->filter;
    uint64_t skip = 0;
    for (int round = options->tail ? 0 : 1; round < 2; round++) {
        uint64_t entries = 0;
        filter->blocks_count = 0;
        for (uint64_t id = 0; id < trace->count && !ferror(out); id++) {
            const struct event *event = &trace->events[id];
            bool shown = trace_filter_event(filter, id, event);
            entries += shown;
            if (shown && round == 1 && entries > skip)
                put_event(out, id, event);
            if (filter->has_address)
                trace_filter_note(filter, event);
            if (options->head && entries == options->head)
                break;
        }
        skip = entries > options->tail ? entries - options->tail : 0;
    }
}

static void put_operation(void *context, uint64_t id, const struct operation *op, uint64_t count)
{
    (void)count; /* 1: not joined */
    struct json json;
    char offset[32];
    json_begin_line(&json, context);
    json_object(&json);
    json_field_number(&json, "operation", id);
    json_field_number(&json, "time_ns", op->time_ns);
    json_field_number(&json, "thread", op->thread);
    json_field(&json, "kind", operation_kind_names[op->kind]);
    json_field(&json, "class", object_class_names[op->object_class]);
    json_field_number(&json, "object", op->object);
    snprintf(offset, sizeof offset, "0x%" PRIx64, op->offset);
    json_field(&json, "offset", offset);
    json_field_number(&json, "size", op->size);
    json_field(&json, "protect", operation_protect_names[op->protect]);
    json_key(&json, "write");
    json_bool(&json, op->write);
    json_close(&json);
    json_end(&json);
}

void recording_print_json(const struct recording *recording, const struct print_options *options,
                          FILE *out)
{
    recording_each(recording, options, false, put_operation, out, out);
}
