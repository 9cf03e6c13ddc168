/* Records in words. See event_text.h. Names and types of fields stand in core/calls.def; numbers
 * get their names in event_names.c. */
#include "harness/event_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core/sim.h"
#include "harness/event_names.h"
#include "harness/options.h"
#include "harness/run.h"

/* ---- values ---- */

const char *exact_bytes_text(uint64_t value, char *text, size_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    char number[32];
    for (; value != 0 && value % 1024 == 0; value /= 1024)
        unit++;
    if (value < 10000)
        snprintf(number, sizeof number, "%" PRIu64, value);
    else
        count_text(value, number, sizeof number);
    snprintf(text, bytes, value ? "%s %s" : "0", number, units[unit]);
    return text;
}

static void put_address(uint64_t value, char *text, size_t bytes)
{
    if (value == 0)
        snprintf(text, bytes, "NULL");
    else if (value == ADDRESS_OUTSIDE)
        snprintf(text, bytes, "outside");
    else
        snprintf(text, bytes, "0x%" PRIx64, value);
}

bool field_value_text(enum field_type type, uint64_t value, char *text, size_t bytes)
{
    if (named_value(type, value, text, bytes))
        return true;
    switch (type) {
    case FIELD_ADDRESS:
        put_address(value, text, bytes);
        break;
    case FIELD_BYTES:
        exact_bytes_text(value, text, bytes);
        break;
    case FIELD_HEX:
    case FIELD_MEMORY_TYPE: /* unknown bits only */
    case FIELD_FREE_TYPE:
    case FIELD_PROTECTION:
    case FIELD_HEAP_FLAGS:
    case FIELD_MALLOC_TYPE:
    case FIELD_STATE:
    case FIELD_WAIT:
    case FIELD_IID:
        snprintf(text, bytes, value ? "0x%" PRIx64 : "%" PRIu64, value);
        break;
    case FIELD_BOOL:
        snprintf(text, bytes, "%s", value ? "yes" : "no");
        break;
    case FIELD_PERCENT:
        snprintf(text, bytes, "%" PRIu64 " %%", value);
        break;
    case FIELD_MILLISECONDS:
        snprintf(text, bytes, "%" PRIu64 " ms", value);
        break;
    default:
        snprintf(text, bytes, "%" PRIu64, value);
    }
    return false;
}

/* ---- calls ---- */

struct writer {
    char *text;
    size_t bytes, used;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    if (w->used < w->bytes)
        w->used += (size_t)vsnprintf(w->text + w->used, w->bytes - w->used, format, values);
    va_end(values);
}

/* Arguments or results, separated by ", "; `before` of them stand there already. */
static void put_fields(struct writer *w, const struct event *event, bool results, unsigned before)
{
    const struct event_fields *fields = event_fields(event->kind);
    for (unsigned i = 0; i < fields->count; i++) {
        const struct event_field *field = &fields->fields[i];
        char shown[160];
        if (field->is_result != results)
            continue;
        uint64_t value = event_field_value(field, event);
        bool named = field_value_text(field->type, value, shown, sizeof shown);
        put(w, "%s", before++ ? ", " : "");
        if (named || strcmp(field->name, "result") == 0)
            put(w, "%s", shown);
        else if (field->type == FIELD_BOOL) /* "exclusive", "not exclusive" */
            put(w, "%s%s", value ? "" : "not ", field->name);
        else
            put(w, "%s %s", field->name, shown);
    }
}

void error_text(const struct event *event, char *text, size_t bytes)
{
    bool host = event_is_host_call(event->kind);
    const char *name = host ? hresult_name(event->error) : windows_error_name(event->error);
    const char *win32 =
        host && event->error >> 16 == 0x8007 ? windows_error_name(event->error & 0xffff) : NULL;
    if (name)
        snprintf(text, bytes, "%s", name);
    else if (win32)
        snprintf(text, bytes, "HRESULT_FROM_WIN32(%s)", win32);
    else if (host || event->error >= 0x80000000u)
        snprintf(text, bytes, "0x%08" PRIx32, event->error);
    else
        snprintf(text, bytes, "error %" PRIu32, event->error);
}

/* ---- records that are no calls ---- */

static const char *toucher(const struct event *event)
{
    if (event->arg[2])
        return "policy code";
    return event->depth ? "a call of the policy" : "managed code";
}

void event_pages_text(const struct event *event, uint64_t page, uint64_t pages, char *text,
                      size_t bytes)
{
    char count[32], several[48];
    snprintf(several, sizeof several, "%s pages", count_text(pages, count, sizeof count));
    snprintf(text, bytes, "%s of %s at 0x%" PRIx64 ", %s by %s", event_shapes[event->kind].name,
             pages == 1 ? "the page" : several, page, event->arg[1] ? "written" : "read",
             toucher(event));
}

static void put_exception(struct writer *w, const struct event *event)
{
    static const char *const accesses[] = {"read from", "write to", "execution of"};
    uint32_t code = (uint32_t)event->arg[0];
    const char *name = windows_error_name(code);
    bool access = code == 0xC0000005u || code == 0x80000001u;
    char where[32];
    put_address(event->arg[1], where, sizeof where);
    if (name)
        put(w, "exception %s", name);
    else
        put(w, "exception 0x%08" PRIx32, code);
    if (access && event->arg[2] < 3)
        put(w, ": %s %s", accesses[event->arg[2]], where);
    else if (event->arg[1])
        put(w, " at %s", where);
}

static void put_injected(struct writer *w, const struct event *event)
{
    char error[64], call[64];
    error_text(event, error, sizeof error);
    field_value_text(FIELD_CALL, event->arg[0], call, sizeof call);
    put(w, "injected failure: %s #%" PRIu64, call, event->arg[1]);
    if (event->error)
        put(w, " -> %s", error);
    if (event->arg[3])
        put(w, "%s delayed by %" PRIu64 " ns", event->error ? "," : "", event->arg[3]);
    put(w, " (rule %" PRIu64 ")", event->arg[2]);
}

/* The answer before was better than the truth. */
static void put_truth(struct writer *w, const struct event *event)
{
    char bytes[32], over[32];
    put(w, "the truth: load %" PRIu64 "%%, %s available", event->arg[0],
        exact_bytes_text(event->arg[1], bytes, sizeof bytes));
    if (event->arg[2])
        put(w, "; the answer is %" PRIu64 " points less", event->arg[2]);
    if (event->arg[3])
        put(w, "%s %s too much", event->arg[2] ? "," : "; the answer is",
            exact_bytes_text(event->arg[3], over, sizeof over));
}

/* "pressure: 16 MiB of memory taken, 1 GiB held". */
static void put_pressure(struct writer *w, const struct event *event)
{
    bool give_back = event->arg[0] >> 32 != 0, all = event->arg[1] == UINT64_MAX;
    char of[32], got[32], asked[32], held[32];
    field_value_text(FIELD_PRESSURE, (uint32_t)event->arg[0], of, sizeof of);
    put(w, "pressure: %s of %s %s", exact_bytes_text(event->arg[2], got, sizeof got), of,
        give_back ? "given back" : "taken");
    if (!all && event->arg[1] != event->arg[2])
        put(w, " (%s asked)", exact_bytes_text(event->arg[1], asked, sizeof asked));
    put(w, ", %s held", exact_bytes_text(event->arg[3], held, sizeof held));
}

static void put_begin(struct writer *w, const struct event *event)
{
    char sizes[3][32];
    put(w, "run begins: seed %" PRIu64 ", RAM %s, page file %s, address space %s", event->arg[0],
        exact_bytes_text(event->arg[1], sizes[0], 32),
        exact_bytes_text(event->arg[2], sizes[1], 32),
        exact_bytes_text(event->arg[3], sizes[2], 32));
}

static void put_end(struct writer *w, const struct event *event)
{
    uint32_t code = (uint32_t)event->arg[1];
    const char *name = code >= 0x80000000u ? windows_error_name(code) : NULL;
    put(w, "run ends: %s", outcome_name((enum outcome)(event->arg[0] & 7)));
    if (name)
        put(w, ", %s", name);
    else if (code)
        put(w, code < 0x10000 ? ", code %" PRIu32 : ", code 0x%08" PRIx32, code);
}

/* Records that a sentence shows better than a call does. */
static bool put_sentence(struct writer *w, const struct event *event)
{
    switch (event->kind) {
    case EVENT_first_touch:
    case EVENT_soft_fault:
    case EVENT_hard_fault:
        event_pages_text(event, event->arg[0], 1, w->text, w->bytes);
        w->used = strlen(w->text);
        return true;
    case EVENT_exception:
        put_exception(w, event);
        return true;
    case EVENT_fault_injected:
        put_injected(w, event);
        return true;
    case EVENT_pressure:
        put_pressure(w, event);
        return true;
    case EVENT_load_truth:
        put_truth(w, event);
        return true;
    case EVENT_run_begin:
        put_begin(w, event);
        return true;
    case EVENT_run_end:
        put_end(w, event);
        return true;
    default:
        return false;
    }
}

/* ---- whole records ---- */

void event_call_text(const struct event *event, char *text, size_t bytes)
{
    struct writer w = {text, bytes, 0};
    text[0] = '\0';
    if (put_sentence(&w, event))
        return;
    put(&w, "%s(", event_shapes[event->kind].name);
    put_fields(&w, event, false, 0);
    put(&w, ")");
}

void event_result_text(const struct event *event, char *text, size_t bytes)
{
    struct writer w = {text, bytes, 0},
                  sentence = {(char[EVENT_TEXT_BYTES]){""}, EVENT_TEXT_BYTES, 0};
    char error[64];
    text[0] = '\0';
    if (put_sentence(&sentence, event))
        return;
    error_text(event, error, sizeof error);
    bool says = event_is_host_call(event->kind) || event->error != 0;
    if (says)
        put(&w, "%s", error);
    if (event->error == 0)
        put_fields(&w, event, true, says);
}

void event_text(const struct event *event, char *text, size_t bytes)
{
    char result[EVENT_TEXT_BYTES];
    event_call_text(event, text, bytes);
    event_result_text(event, result, sizeof result);
    size_t used = strlen(text);
    if (result[0] && used < bytes)
        snprintf(text + used, bytes - used, " = %s", result);
}

const char *time_text(uint64_t time_ns, char *text, size_t bytes)
{
    snprintf(text, bytes, "%" PRIu64 ".%09" PRIu64 " s", time_ns / 1000000000,
             time_ns % 1000000000);
    return text;
}

/* ---- kinds ---- */

bool event_is_host_call(uint16_t kind)
{
    return (kind >= EVENT_host_factory && kind <= EVENT_malloc_Free) ||
           kind == EVENT_host_QueryInterface || kind == EVENT_host_AddRef;
}

bool event_is_by_policy(const struct event *event)
{
    return event->depth != 0 || (event_is_page(event->kind) && event->arg[2] != 0);
}

bool event_is_page(uint16_t kind)
{
    return kind == EVENT_first_touch || kind == EVENT_soft_fault || kind == EVENT_hard_fault;
}

bool event_is_failure(const struct event *event)
{
    return event->error != 0 || event->kind == EVENT_exception ||
           (event->kind == EVENT_run_end && event->arg[0] != OUTCOME_OK);
}
