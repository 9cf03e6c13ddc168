/* The fields of records, read once from the texts of core/calls.def: name, type, place. */
#ifndef LW_HARNESS_EVENT_FIELDS_H
#define LW_HARNESS_EVENT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/trace.h"

enum field_type {
    FIELD_DEC, /* also every type that this table does not know */
    FIELD_ADDRESS,
    FIELD_BYTES,
    FIELD_HEX,
    FIELD_BOOL,
    FIELD_MEMORY_TYPE,
    FIELD_FREE_TYPE,
    FIELD_PROTECTION,
    FIELD_PROTECTION_LEVEL, /* a protection, with the criticality in its upper 16 bits */
    FIELD_HEAP_FLAGS,
    FIELD_MALLOC_TYPE,
    FIELD_CRITICALITY,
    FIELD_STATE,
    FIELD_OUTCOME,
    FIELD_PERCENT,
    FIELD_AVAILABILITY,
    FIELD_MILLISECONDS,
    FIELD_WAIT,
    FIELD_PRESSURE, /* enum pressure_of */
    FIELD_CALL,     /* enum event_kind */
    FIELD_OBJECT,   /* enum host_object */
    FIELD_IID,      /* the first 32 bits of an interface id */
    FIELD_TYPES
};

enum field_part { FIELD_WHOLE, FIELD_LOW, FIELD_HIGH }; /* of an argument word */

struct event_field {
    char name[40];
    uint8_t type; /* enum field_type */
    uint8_t word; /* 0..3 */
    uint8_t part; /* enum field_part */
    bool is_result;
};

#define EVENT_FIELDS_MAX 8 /* two in each word */

struct event_fields {
    struct event_field fields[EVENT_FIELDS_MAX];
    unsigned count;
};

/* The fields of a kind below EVENT_KINDS, in the order of its words. Never NULL. */
const struct event_fields *event_fields(uint16_t kind);
uint64_t event_field_value(const struct event_field *field, const struct event *event);

#endif
