/* See schema_check.h. JSON becomes a tree of its own; unknown keywords fail, so that the schema
 * cannot say what is not checked. */
#include "tests/support.h"
#include "tests/schema_check.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---- */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct value {
    enum json_kind kind;
    long double number; /* exact for whole numbers of 64 bits; JSON_BOOL: 0 or 1 */
    char *text;         /* JSON_STRING */
    size_t count;
    char **keys; /* JSON_OBJECT */
    struct value **items;
};

struct schema {
    struct value *root;
};

static struct value *read_value(const char **at);

static void skip_blank(const char **at)
{
    *at += strspn(*at, " \n\r\t");
}

static void take(const char **at, char c)
{
    skip_blank(at);
    if (**at != c)
        fail_msg("expected '%c' in the schema before: %.40s", c, *at);
    (*at)++;
}

static char *read_string(const char **at)
{
    char *text = malloc(strlen(*at) + 1), *out = text;
    take(at, '"');
    for (; **at != '"'; (*at)++) {
        assert_true(**at != '\0');
        if (**at == '\\') {
            (*at)++;
            assert_non_null(strchr("\"\\/nt", **at));
            *out++ = **at == 'n' ? '\n' : **at == 't' ? '\t' : **at;
        } else {
            *out++ = **at;
        }
    }
    (*at)++;
    *out = '\0';
    return realloc(text, strlen(text) + 1);
}

static void read_members(const char **at, struct value *value, char end)
{
    (*at)++;
    for (skip_blank(at); **at != end; skip_blank(at)) {
        if (value->count)
            take(at, ',');
        skip_blank(at);
        value->items = realloc(value->items, (value->count + 1) * sizeof *value->items);
        if (value->kind == JSON_OBJECT) {
            value->keys = realloc(value->keys, (value->count + 1) * sizeof *value->keys);
            value->keys[value->count] = read_string(at);
            take(at, ':');
        }
        value->items[value->count++] = read_value(at);
    }
    (*at)++;
}

static struct value *read_value(const char **at)
{
    struct value *value = calloc(1, sizeof *value);
    char *end;
    skip_blank(at);
    if (**at == '{' || **at == '[') {
        value->kind = **at == '{' ? JSON_OBJECT : JSON_ARRAY;
        read_members(at, value, **at == '{' ? '}' : ']');
    } else if (**at == '"') {
        value->kind = JSON_STRING;
        value->text = read_string(at);
    } else if (strncmp(*at, "true", 4) == 0 || strncmp(*at, "false", 5) == 0) {
        value->kind = JSON_BOOL;
        value->number = **at == 't';
        *at += **at == 't' ? 4 : 5;
    } else {
        value->kind = JSON_NUMBER;
        value->number = strtold(*at, &end);
        assert_true(end > *at);
        *at = end;
    }
    return value;
}

static void free_value(struct value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        if (value->keys)
            free(value->keys[i]);
        free_value(value->items[i]);
    }
    free(value->keys);
    free(value->items);
    free(value->text);
    free(value);
}

static const struct value *member(const struct value *object, const char *key)
{
    for (size_t i = 0; object->kind == JSON_OBJECT && i < object->count; i++)
        if (strcmp(object->keys[i], key) == 0)
            return object->items[i];
    return NULL;
}

struct schema *schema_read(const char *text)
{
    struct schema *schema = calloc(1, sizeof *schema);
    schema->root = read_value(&text);
    skip_blank(&text);
    assert_int_equal(*text, '\0');
    return schema;
}

void schema_free(struct schema *schema)
{
    free_value(schema->root);
    free(schema);
}

/* ---- types of words ---- */

static bool is_number(const char *text, bool whole)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t length = strspn(digits, "0123456789");
    if (whole || length == 0)
        return length > 0 && digits[length] == '\0';
    if (digits[length] == '.')
        length += 1 + strspn(digits + length + 1, "0123456789");
    if (digits[length] == 'e')
        length += 1 + strspn(digits + length + 1, "+-0123456789");
    return digits[length] == '\0';
}

static const char *type_of(const struct yaml_node *node)
{
    if (node->kind != YAML_WORD)
        return node->kind == YAML_LIST ? "array" : "object";
    if (!node->plain)
        return "string";
    if (yaml_is_null(node))
        return "null";
    if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
        return "boolean";
    return is_number(node->text, true)    ? "integer"
           : is_number(node->text, false) ? "number"
                                          : "string";
}

/* ---- checking ---- */

struct check {
    const struct value *root;
    const struct yaml_node *node;
    char *message;
    size_t message_bytes;
};

static bool fits(struct check *c, const struct value *rule, const struct yaml_node *node);

static bool refuse(struct check *c, const char *why, const char *detail)
{
    snprintf(c->message, c->message_bytes, "%u:%u: %s %s", c->node->at.line, c->node->at.column,
             why, detail);
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool has_type(const struct value *rule, const char *type)
{
    bool found = rule->kind == JSON_STRING && strcmp(rule->text, type) == 0;
    for (size_t i = 0; i < rule->count; i++)
        found = found || has_type(rule->items[i], type);
    return found;
}

static bool check_type(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    const char *type = type_of(node);
    bool fine = has_type(rule, type) || (strcmp(type, "integer") == 0 && has_type(rule, "number"));
    return fine || refuse(c, "may not be", type);
}

static bool check_enum(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    bool boolean = strcmp(type_of(node), "boolean") == 0;
    for (size_t i = 0; node->kind == YAML_WORD && i < rule->count; i++) {
        const struct value *item = rule->items[i];
        if (item->kind == JSON_STRING && !boolean && strcmp(item->text, node->text) == 0)
            return true;
        if (item->kind == JSON_BOOL && boolean && (node->text[0] == 't') == (item->number > 0))
            return true;
    }
    return refuse(c, "is not one of", c->node->kind == YAML_WORD ? node->text : "");
}

static bool check_any(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    char first[256];
    for (size_t i = 0; i < rule->count; i++) {
        if (fits(c, rule->items[i], node))
            return true;
        if (i == 0)
            snprintf(first, sizeof first, "%s", c->message);
    }
    return refuse(c, "fits nothing; the first says", first);
}

static bool check_bound(struct check *c, const char *keyword, const struct value *rule,
                        const struct yaml_node *node)
{
    const char *type = type_of(node);
    long double size = 0;
    bool number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    bool least = strncmp(keyword, "min", 3) == 0;
    if (strstr(keyword, "imum")) {
        if (!number)
            return true;
        size = strtold(node->text, NULL);
    } else if (strstr(keyword, "Length")) {
        if (strcmp(type, "string") != 0)
            return true;
        size = node->length;
    } else {
        if (node->kind != YAML_LIST)
            return true;
        size = node->count;
    }
    return (least ? size >= rule->number : size <= rule->number) || refuse(c, "breaks", keyword);
}

/* Every key has a property, a pattern that fits, or the rule for all others. */
static bool check_keys(struct check *c, const struct value *schema, const struct yaml_node *node)
{
    const struct value *properties = member(schema, "properties");
    const struct value *patterns = member(schema, "patternProperties");
    const struct value *others = member(schema, "additionalProperties");
    for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        const char *key = node->pairs[i].key->text;
        const struct value *rule = properties ? member(properties, key) : NULL;
        for (size_t j = 0; !rule && patterns && j < patterns->count; j++)
            if (matches(patterns->keys[j], key))
                rule = patterns->items[j];
        if (!rule && others && others->kind == JSON_OBJECT)
            rule = others;
        c->node = node->pairs[i].key;
        if (!rule && others)
            return refuse(c, "unknown key", key);
        if (rule && !fits(c, rule, node->pairs[i].value))
            return false;
    }
    return true;
}

static bool check_required(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    for (size_t i = 0; node->kind == YAML_MAP && i < rule->count; i++)
        if (!yaml_find(node, rule->items[i]->text))
            return refuse(c, "misses the key", rule->items[i]->text);
    return true;
}

static bool check_items(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++)
        if (!fits(c, rule, node->items[i]))
            return false;
    return true;
}

static bool check_reference(struct check *c, const struct value *rule, const struct yaml_node *node)
{
    static const char prefix[] = "#/definitions/";
    assert_int_equal(strncmp(rule->text, prefix, sizeof prefix - 1), 0);
    const struct value *target =
        member(member(c->root, "definitions"), rule->text + sizeof prefix - 1);
    assert_non_null(target);
    return fits(c, target, node);
}

static bool check_keyword(struct check *c, const struct value *schema, const char *keyword,
                          const struct value *rule, const struct yaml_node *node)
{
    static const char *const silent[] = {
        "$schema",           "title",      "description",         "default", "definitions",
        "patternProperties", "properties", "additionalProperties"};
    if (strcmp(keyword, "type") == 0)
        return check_type(c, rule, node);
    if (strcmp(keyword, "enum") == 0)
        return check_enum(c, rule, node);
    if (strcmp(keyword, "anyOf") == 0)
        return check_any(c, rule, node);
    if (strcmp(keyword, "$ref") == 0)
        return check_reference(c, rule, node);
    if (strcmp(keyword, "required") == 0)
        return check_required(c, rule, node);
    if (strcmp(keyword, "items") == 0)
        return check_items(c, rule, node);
    if (strcmp(keyword, "pattern") == 0)
        return strcmp(type_of(node), "string") != 0 || matches(rule->text, node->text) ||
               refuse(c, "does not fit the pattern", rule->text);
    if (strncmp(keyword, "min", 3) == 0 || strncmp(keyword, "max", 3) == 0)
        return check_bound(c, keyword, rule, node);
    (void)schema;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (strcmp(keyword, silent[i]) == 0)
            return true;
    fail_msg("the schema has the keyword '%s', which no test knows", keyword);
    return false;
}

static bool fits(struct check *c, const struct value *schema, const struct yaml_node *node)
{
    for (size_t i = 0; i < schema->count; i++) {
        c->node = node;
        if (!check_keyword(c, schema, schema->keys[i], schema->items[i], node))
            return false;
    }
    return check_keys(c, schema, node);
}

bool schema_fits(const struct schema *schema, const struct yaml_node *node, char *message,
                 size_t message_bytes)
{
    struct check c = {schema->root, node, message, message_bytes};
    return fits(&c, schema->root, node);
}
