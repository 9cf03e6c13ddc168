/* Writes JSON: one direction, fields in the order of the calls, the same bytes for the same input.
 * Nesting is indented by two spaces. Misuse (a value where a key is due) is an internal error. */
#ifndef LW_HARNESS_JSON_H
#define LW_HARNESS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 32

struct json {
    FILE *file;
    unsigned depth;
    bool first[JSON_DEPTH]; /* no element yet at this depth */
    bool is_array[JSON_DEPTH];
    bool has_key; /* the value of a key is due */
    bool one_line;
};

void json_begin(struct json *json, FILE *file);
/* The same, all in one line. */
void json_begin_line(struct json *json, FILE *file);
/* Ends the text with a newline; all containers must be closed. */
void json_end(struct json *json);
void json_object(struct json *json);
void json_array(struct json *json);
void json_close(struct json *json); /* the innermost object or array */
void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *text); /* UTF-8; bad bytes become U+FFFD */
void json_number(struct json *json, uint64_t number);
void json_bool(struct json *json, bool value);
/* Key and value in one. */
void json_field(struct json *json, const char *key, const char *text);
void json_field_number(struct json *json, const char *key, uint64_t number);

#endif
