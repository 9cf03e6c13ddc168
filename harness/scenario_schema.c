/* A JSON Schema from the table of keys. See scenario_schema.h. */
#include "harness/scenario_schema.h"

#include <string.h>
#include "core/sim.h"
#include "harness/json.h"
#include "harness/scenario_keys.h"

#define WORD (1u << 0)
#define INTEGER (1u << 1)
#define NOTHING (1u << 2)
#define NUMBER (1u << 3)

/* ---- names of definitions ---- */

static const char *definition(enum section_id id, char *text, size_t text_bytes)
{
    const struct section *section = &sections[id];
    bool part = id >= SECTION_ALLOCATE && id <= SECTION_PHASE_FREE;
    snprintf(text, text_bytes, "%s%s",
             section->is_step ? "step-"
             : part           ? "phase-"
                              : "",
             section->name);
    return text;
}

static void put_reference(struct json *json, const char *name)
{
    char text[96];
    snprintf(text, sizeof text, "#/definitions/%s", name);
    json_field(json, "$ref", text);
}

/* ---- values ---- */

static void put_types(struct json *json, unsigned types)
{
    static const char *const names[] = {"string", "integer", "null", "number"};
    json_key(json, "type");
    json_array(json);
    for (unsigned i = 0; i < 4; i++)
        if (types & (1u << i))
            json_string(json, names[i]);
    json_close(json);
}

/* A word of the type's pattern, or a number in the bounds of the key. */
static void put_pattern(struct json *json, const struct key *key, unsigned types)
{
    enum value_type type = key_type(key);
    put_types(json, types);
    json_field(json, "pattern", value_kinds[type].pattern);
    bool bounded = (type == VALUE_COUNT || type == VALUE_SIZE) && (key->least || key->most);
    if (bounded) {
        json_field_number(json, "minimum", key->least);
        json_field_number(json, "maximum", key->most);
    } else if (types & INTEGER) {
        json_field_number(json, "minimum", 0);
    }
    if (type == VALUE_TIME)
        json_field_number(json, "maximum", 0); /* times have units */
}

static void put_enum(struct json *json, const struct choice *choices)
{
    json_key(json, "enum");
    json_array(json);
    for (; choices->name; choices++)
        json_string(json, choices->name);
    json_close(json);
}

static void put_flag(struct json *json, bool no_too)
{
    json_key(json, "enum");
    json_array(json);
    json_string(json, "yes");
    json_bool(json, true);
    if (no_too) {
        json_string(json, "no");
        json_bool(json, false);
    }
    json_close(json);
}

static void put_list_of(struct json *json, const char *name)
{
    json_field(json, "type", "array");
    json_key(json, "items");
    json_object(json);
    put_reference(json, name);
    json_close(json);
}

/* The names first, so that editors offer them, then every other spelling. */
static void put_bits(struct json *json, const struct key *key)
{
    json_key(json, "anyOf");
    json_array(json);
    json_object(json);
    put_enum(json, key->choices);
    json_close(json);
    json_object(json);
    put_pattern(json, key, WORD | INTEGER);
    json_close(json);
    json_object(json);
    json_field(json, "type", "array");
    json_key(json, "items");
    json_object(json);
    put_pattern(json, key, WORD | INTEGER);
    json_close(json);
    json_close(json);
    json_close(json);
}

static void put_levels(struct json *json, const struct key *key)
{
    json_key(json, "anyOf");
    json_array(json);
    json_object(json);
    put_enum(json, key->choices);
    json_close(json);
    json_object(json);
    json_field(json, "type", "array");
    json_field_number(json, "minItems", 1);
    json_key(json, "items");
    json_object(json);
    put_enum(json, key->choices);
    json_close(json);
    json_close(json);
    json_close(json);
}

static void put_histogram(struct json *json, const struct key *key)
{
    json_key(json, "anyOf");
    json_array(json);
    json_object(json);
    put_pattern(json, key, WORD | INTEGER);
    json_close(json);
    json_object(json);
    json_field(json, "type", "object");
    json_key(json, "patternProperties");
    json_object(json);
    json_key(json, value_kinds[key->type].pattern);
    json_object(json);
    put_types(json, WORD | INTEGER);
    json_field(json, "pattern", "^[0-9]+(,[0-9]{3})*%?$");
    json_field_number(json, "minimum", 1);
    json_close(json);
    json_close(json);
    json_key(json, "additionalProperties");
    json_bool(json, false);
    json_close(json);
    json_close(json);
}

static void put_result_forms(struct json *json, const struct key *key)
{
    json_object(json);
    json_key(json, "enum");
    json_array(json);
    json_string(json, "ok");
    json_string(json, "refused");
    json_string(json, "any");
    for (const struct choice *choice = choices_results; choice->name; choice++)
        json_string(json, choice->name);
    json_close(json);
    json_close(json);
    json_object(json);
    put_pattern(json, key, WORD | INTEGER);
    json_close(json);
}

static void put_result(struct json *json, const struct key *key)
{
    json_key(json, "anyOf");
    json_array(json);
    put_result_forms(json, key);
    json_object(json);
    json_field(json, "type", "array");
    json_field_number(json, "minItems", 1);
    json_key(json, "items");
    json_object(json);
    json_key(json, "anyOf");
    json_array(json);
    put_result_forms(json, key);
    json_close(json);
    json_close(json);
    json_close(json);
    json_close(json);
}

static void put_pair(struct json *json)
{
    json_field(json, "type", "array");
    json_field_number(json, "minItems", 2);
    json_field_number(json, "maxItems", 2);
    json_key(json, "items");
    json_object(json);
    put_types(json, WORD | INTEGER);
    json_field(json, "pattern", "^(0x[0-9A-Fa-f]+|[0-9]+)$");
    json_close(json);
}

static void put_calls(struct json *json)
{
    json_key(json, "enum");
    json_array(json);
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct event_shape *shape = &event_shapes[i];
        if (shape->failure == ST_OK)
            continue;
        json_string(json, shape->name);
        if (strcmp(shape->name, shape->symbol) != 0)
            json_string(json, shape->symbol);
    }
    json_close(json);
}

static void put_errors(struct json *json, const struct key *key)
{
    json_key(json, "anyOf");
    json_array(json);
    json_object(json);
    json_key(json, "enum");
    json_array(json);
    for (int i = ST_OK + 1; i < ST_COUNT; i++)
        json_string(json, status_name((enum status)i));
    json_close(json);
    json_close(json);
    json_object(json);
    put_pattern(json, key, WORD | INTEGER);
    json_close(json);
    json_close(json);
}

static void put_text(struct json *json, const struct key *key)
{
    put_types(json, WORD | NUMBER);
    if (key->most) {
        json_field_number(json, "minLength", key->least);
        json_field_number(json, "maxLength", key->most);
    }
}

static void put_params(struct json *json)
{
    json_field(json, "type", "object");
    json_key(json, "additionalProperties");
    json_object(json);
    json_key(json, "type");
    json_array(json);
    json_string(json, "string");
    json_string(json, "number");
    json_string(json, "boolean");
    json_close(json);
    json_close(json);
}

static void put_reference_or_list(struct json *json, const struct key *key)
{
    char name[64];
    if (key->type == VALUE_STEPS) {
        put_list_of(json, "step");
        json_field_number(json, "minItems", 1);
    } else if (key->type != VALUE_SECTION) {
        put_list_of(json, definition((enum section_id)key->section, name, sizeof name));
    } else {
        put_reference(json, definition((enum section_id)key->section, name, sizeof name));
    }
}

static void put_value(struct json *json, const struct key *key)
{
    switch (key->type) {
    case VALUE_TEXT:
    case VALUE_CHARACTERS:
    case VALUE_RECORDING:
    case VALUE_CURVE:
        put_text(json, key);
        break;
    case VALUE_PERCENT:
    case VALUE_SPEED:
    case VALUE_CHANCE:
    case VALUE_RATE:
    case VALUE_NAME:
    case VALUE_OF:
        put_pattern(json, key, WORD);
        break;
    case VALUE_FLAG:
    case VALUE_FILTER:
        put_flag(json, key->type == VALUE_FLAG);
        break;
    case VALUE_CHOICE:
    case VALUE_WORD:
        put_enum(json, key->choices);
        break;
    case VALUE_BITS:
        put_bits(json, key);
        break;
    case VALUE_LEVELS:
        put_levels(json, key);
        break;
    case VALUE_SIZES:
    case VALUE_TIMES:
        put_histogram(json, key);
        break;
    case VALUE_ADDRESS:
    case VALUE_ADDRESS_KEPT:
        put_pattern(json, key, WORD | INTEGER | NOTHING);
        break;
    case VALUE_RESULT:
        put_result(json, key);
        break;
    case VALUE_PCG32:
        put_pair(json);
        break;
    case VALUE_CALL:
        put_calls(json);
        break;
    case VALUE_ERROR:
        put_errors(json, key);
        break;
    case VALUE_PARAMS:
        put_params(json);
        break;
    case VALUE_SECTION:
    case VALUE_STEPS:
    case VALUE_PRESSURES:
    case VALUE_FAULTS:
    case VALUE_EXPECTATIONS:
        put_reference_or_list(json, key);
        break;
    default: /* sizes with choices are listed, all other words have a pattern */
        if (key->choices)
            put_enum(json, key->choices);
        else
            put_pattern(json, key, WORD | INTEGER);
    }
}

/* ---- sections ---- */

static void put_description(struct json *json, const struct key *key)
{
    char legal[512], text[1024];
    if (key->type == VALUE_SECTION)
        return; /* beside a reference nothing else is read */
    snprintf(text, sizeof text, "%s. Takes %s.", key->help, key_legal(key, legal, sizeof legal));
    json_field(json, "description", text);
    if (key->standard)
        json_field(json, "default", key->standard);
}

static void put_property(struct json *json, const char *name, const struct key *key)
{
    json_key(json, name);
    json_object(json);
    put_description(json, key);
    put_value(json, key);
    json_close(json);
}

/* Counters may be written with _ or -, and without _bytes. */
static void put_counter_patterns(struct json *json, enum section_id id)
{
    json_key(json, "patternProperties");
    json_object(json);
    for (const struct key *key = sections[id].keys; key->name; key++) {
        char pattern[256], *at = pattern;
        size_t length = strlen(key->name);
        bool bytes = length > 6 && strcmp(key->name + length - 6, "_bytes") == 0;
        *at++ = '^';
        for (size_t i = 0; i < length - (bytes ? 6 : 0); i++)
            at += key->name[i] == '_' || key->name[i] == '-' ? snprintf(at, 5, "[-_]")
                                                             : snprintf(at, 2, "%c", key->name[i]);
        snprintf(at, sizeof pattern - (size_t)(at - pattern), "([-_]bytes)?$");
        put_property(json, pattern, key);
    }
    json_close(json);
}

static void put_required(struct json *json, enum section_id id)
{
    bool any = false;
    for (const struct key *key = sections[id].keys; key->name; key++)
        any = any || key->required;
    if (!any)
        return;
    json_key(json, "required");
    json_array(json);
    for (const struct key *key = sections[id].keys; key->name; key++)
        if (key->required)
            json_string(json, key->name);
    json_close(json);
}

static void put_members(struct json *json, enum section_id id)
{
    json_field(json, "description", sections[id].help);
    json_field(json, "type", "object");
    json_key(json, "properties");
    json_object(json);
    for (const struct key *key = sections[id].keys; key->name; key++) {
        char name[64];
        put_property(json, key_shown(id, key, name, sizeof name), key);
    }
    json_close(json);
    if (id == SECTION_EXPECT)
        put_counter_patterns(json, id);
    put_required(json, id);
    json_key(json, "additionalProperties");
    json_bool(json, false);
}

/* "touch: {...}": a mapping of one key; of calls that need nothing, also nothing. */
static void put_nested(struct json *json, enum section_id id)
{
    bool needs = false;
    for (const struct key *key = sections[id].keys; key->name; key++)
        needs = needs || key->required;
    json_field(json, "type", "object");
    json_key(json, "properties");
    json_object(json);
    json_key(json, sections[id].name);
    json_object(json);
    if (!needs) {
        json_key(json, "anyOf");
        json_array(json);
        json_object(json);
        json_field(json, "type", "null");
        json_close(json);
        json_object(json);
    }
    put_members(json, id);
    if (!needs) {
        json_close(json);
        json_close(json);
    }
    json_close(json);
    json_close(json);
    json_key(json, "required");
    json_array(json);
    json_string(json, sections[id].name);
    json_close(json);
    json_key(json, "additionalProperties");
    json_bool(json, false);
}

static void put_step_choice(struct json *json)
{
    json_key(json, "step");
    json_object(json);
    json_field(json, "description", "A step of a workload: one key says which");
    json_key(json, "anyOf");
    json_array(json);
    for (int i = 0; i < SECTIONS; i++) {
        char name[64];
        if (!sections[i].is_step)
            continue;
        json_object(json);
        put_reference(json, definition((enum section_id)i, name, sizeof name));
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

void scenario_schema(FILE *out)
{
    struct json json;
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "$schema", "http://json-schema.org/draft-07/schema#");
    json_field(&json, "title", "lowwater scenario");
    put_members(&json, SECTION_TOP);
    json_key(&json, "definitions");
    json_object(&json);
    for (int i = SECTION_TOP + 1; i < SECTIONS; i++) {
        char name[64];
        json_key(&json, definition((enum section_id)i, name, sizeof name));
        json_object(&json);
        if (sections[i].is_nested)
            put_nested(&json, (enum section_id)i);
        else
            put_members(&json, (enum section_id)i);
        json_close(&json);
    }
    put_step_choice(&json);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}
