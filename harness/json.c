/* JSON output. See json.h. */
#include "harness/json.h"

#include <inttypes.h>
#include <string.h>
#include "core/check.h"

void json_begin(struct json *json, FILE *file)
{
    *json = (struct json){.file = file};
    json->first[0] = true;
}

void json_begin_line(struct json *json, FILE *file)
{
    json_begin(json, file);
    json->one_line = true;
}

void json_end(struct json *json)
{
    CHECK(json->depth == 0);
    fputc('\n', json->file);
}

static void indent(struct json *json)
{
    if (json->one_line)
        return;
    fputc('\n', json->file);
    for (unsigned i = 0; i < json->depth; i++)
        fputs("  ", json->file);
}

/* What stands before a value or key: comma, new line. */
static void separate(struct json *json)
{
    if (json->has_key) {
        json->has_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    if (!json->first[json->depth])
        fputs(json->one_line ? ", " : ",", json->file);
    json->first[json->depth] = false;
    indent(json);
}

static void open_container(struct json *json, bool is_array)
{
    CHECK(json->depth + 1 < JSON_DEPTH);
    separate(json);
    fputc(is_array ? '[' : '{', json->file);
    json->depth++;
    json->first[json->depth] = true;
    json->is_array[json->depth] = is_array;
}

void json_object(struct json *json)
{
    open_container(json, false);
}

void json_array(struct json *json)
{
    open_container(json, true);
}

void json_close(struct json *json)
{
    CHECK(json->depth > 0);
    CHECK(!json->has_key);
    bool is_array = json->is_array[json->depth], empty = json->first[json->depth];
    json->depth--;
    if (!empty)
        indent(json);
    fputc(is_array ? ']' : '}', json->file);
}

/* Length of the well-formed UTF-8 sequence at text, 0: malformed. */
static unsigned sequence(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = *text < 0x80    ? 1
                      : *text >= 0xf0 ? 4
                      : *text >= 0xe0 ? 3
                      : *text >= 0xc0 ? 2
                                      : 0;
    uint32_t value = length == 1 ? *text : *text & (0x7fu >> length);
    if (length == 0 || *text > 0xf4)
        return 0;
    for (unsigned i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 63u);
    }
    bool surrogate = value >= 0xd800 && value < 0xe000;
    return value >= least[length] && value <= 0x10ffff && !surrogate ? length : 0;
}

static void put_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned length = sequence(at);
        if (length == 0) {
            fputs("\\ufffd", file);
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            fprintf(file, "\\%c", *at);
        } else if (*at == '\n') {
            fputs("\\n", file);
        } else if (*at < 0x20 || *at == 0x7f) {
            fprintf(file, "\\u%04x", *at);
        } else {
            fwrite(at, 1, length, file);
        }
        at += length;
    }
    fputc('"', file);
}

void json_key(struct json *json, const char *key)
{
    CHECK(json->depth > 0 && !json->is_array[json->depth]);
    CHECK(!json->has_key);
    separate(json);
    put_text(json->file, key);
    fputs(": ", json->file);
    json->has_key = true;
}

void json_string(struct json *json, const char *text)
{
    separate(json);
    put_text(json->file, text);
}

void json_number(struct json *json, uint64_t number)
{
    separate(json);
    fprintf(json->file, "%" PRIu64, number);
}

void json_bool(struct json *json, bool value)
{
    separate(json);
    fputs(value ? "true" : "false", json->file);
}

void json_field(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

void json_field_number(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_number(json, number);
}
