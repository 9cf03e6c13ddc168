/* Reads the field texts of core/calls.def. See event_fields.h. */
#include "harness/event_fields.h"

#include <stdio.h>
#include <string.h>
#include "core/check.h"

/* The words of calls.def for each type. */
static const char *const type_words[FIELD_TYPES] = {
    [FIELD_DEC] = "dec",
    [FIELD_ADDRESS] = "addr",
    [FIELD_BYTES] = "bytes",
    [FIELD_HEX] = "hex",
    [FIELD_BOOL] = "bool",
    [FIELD_MEMORY_TYPE] = "memtype",
    [FIELD_FREE_TYPE] = "freetype",
    [FIELD_PROTECTION] = "prot",
    [FIELD_PROTECTION_LEVEL] = "protlevel",
    [FIELD_HEAP_FLAGS] = "heapflags",
    [FIELD_MALLOC_TYPE] = "malloctype",
    [FIELD_CRITICALITY] = "critical",
    [FIELD_STATE] = "state",
    [FIELD_OUTCOME] = "outcome",
    [FIELD_PERCENT] = "percent",
    [FIELD_AVAILABILITY] = "available",
    [FIELD_MILLISECONDS] = "ms",
    [FIELD_WAIT] = "wait",
    [FIELD_PRESSURE] = "pressure",
    [FIELD_CALL] = "call",
    [FIELD_OBJECT] = "object",
    [FIELD_IID] = "iid",
};

static uint8_t type_of(const char *word)
{
    for (int i = 0; i < FIELD_TYPES; i++)
        if (strcmp(type_words[i], word) == 0)
            return (uint8_t)i;
    return FIELD_DEC;
}

/* One "name:type", ">name:type" or "-". */
static void take(struct event_fields *fields, const char *text, unsigned word, enum field_part part)
{
    char type[16];
    struct event_field field = {.word = (uint8_t)word, .part = (uint8_t)part};
    field.is_result = *text == '>';
    if (sscanf(text + field.is_result, "%39[^:]:%15s", field.name, type) != 2)
        return; /* "-": nothing in this word */
    CHECK(fields->count < EVENT_FIELDS_MAX);
    field.type = type_of(type);
    fields->fields[fields->count++] = field;
}

static void read_kind(uint16_t kind, struct event_fields *fields)
{
    char text[256];
    CHECK(strlen(event_shapes[kind].fields) < sizeof text);
    snprintf(text, sizeof text, "%s", event_shapes[kind].fields);
    char *rest = text;
    for (unsigned word = 0; rest && word < 4; word++) {
        char *low = strsep(&rest, ","), *high = strchr(low, '/');
        if (high)
            *high++ = '\0';
        take(fields, low, word, high ? FIELD_LOW : FIELD_WHOLE);
        if (high)
            take(fields, high, word, FIELD_HIGH);
    }
}

const struct event_fields *event_fields(uint16_t kind)
{
    static struct event_fields all[EVENT_KINDS];
    static bool read;
    CHECK(kind < EVENT_KINDS);
    for (uint16_t i = 0; !read && i < EVENT_KINDS; i++)
        read_kind(i, &all[i]);
    read = true;
    return &all[kind];
}

uint64_t event_field_value(const struct event_field *field, const struct event *event)
{
    uint64_t word = event->arg[field->word];
    if (field->part == FIELD_LOW)
        return (uint32_t)word;
    return field->part == FIELD_HIGH ? word >> 32 : word;
}
