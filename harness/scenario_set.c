/* --set KEY=VALUE on the tree of a scenario, before it is bound: whatever a file can say, a setting
 * can say. See scenario_private.h.
 *
 * Nodes on the way are copied, because an anchor's may stand in several places. */
#include "harness/scenario_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct setting {
    struct loader *loader;
    struct place at; /* of its diagnostics */
    char key[256];
    struct yaml_node *value;
};

static struct yaml_node *below(struct setting *s, const struct yaml_node *node, const char *at);

/* Diagnoses at the setting; returns what a place that does not fit has: nothing. */
static struct yaml_node *say(struct setting *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct yaml_node *say(struct setting *s, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diagnose(s->loader->diagnostics, s->at, "%s", text);
    return NULL;
}

/* ---- values ---- */

static void place_nodes(struct yaml_node *node, struct place at)
{
    node->at = at;
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++)
        place_nodes(node->items[i], at);
    for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        node->pairs[i].key->at = at;
        place_nodes(node->pairs[i].value, at);
    }
}

/* In brackets, braces or quotes it is YAML, otherwise a word as it stands: "> 0" needs no quotes
 * of its own. */
static struct yaml_node *read_setting_value(struct setting *s, const char *text)
{
    struct pool *pool = s->loader->pool;
    struct diagnostics *inner = pool_alloc(pool, sizeof *inner);
    if (!*text || !strchr("[{\"'", *text))
        return yaml_word(pool, text, s->at);
    diagnostics_begin(inner, "", text, strlen(text));
    struct yaml_node *node = yaml_parse(pool, inner, text, strlen(text));
    if (!node || inner->count)
        return say(s, "%s", inner->first[0].text);
    place_nodes(node, s->at);
    return node;
}

/* ---- places ---- */

static struct yaml_node *copy_node(struct setting *s, const struct yaml_node *node,
                                   enum yaml_kind kind)
{
    struct pool *pool = s->loader->pool;
    struct yaml_node *copy = pool_alloc(pool, sizeof *copy);
    *copy = (struct yaml_node){.kind = kind, .at = s->at, .nodes = 1, .depth = 1};
    if (node && !yaml_is_null(node))
        *copy = *node;
    copy->room = copy->count + 1;
    if (kind == YAML_LIST) {
        copy->items = pool_alloc(pool, copy->room * sizeof *copy->items);
        for (size_t i = 0; i < copy->count; i++)
            copy->items[i] = node->items[i];
    } else {
        copy->pairs = pool_alloc(pool, copy->room * sizeof *copy->pairs);
        for (size_t i = 0; i < copy->count; i++)
            copy->pairs[i] = node->pairs[i];
    }
    return copy;
}

/* The part of the key up to `at`, for messages. */
static const char *key_until(struct setting *s, const char *at, char *text)
{
    snprintf(text, sizeof s->key, "%.*s", (int)(at - s->key), s->key);
    return text;
}

static struct yaml_node *set_item(struct setting *s, const struct yaml_node *node, const char *at)
{
    char before[sizeof s->key];
    uint64_t index = 0;
    const char *digit = at + 1;
    size_t count = node && !yaml_is_null(node) ? node->count : 0;
    while (isdigit((unsigned char)*digit) && index < 100000)
        index = index * 10 + (uint64_t)(*digit++ - '0');
    key_until(s, at, before);
    if (digit == at + 1 || *digit != ']')
        return say(s, "'[' needs the number of an item, from 0, and ']'");
    if (node && node->kind != YAML_LIST && !yaml_is_null(node))
        return say(s, "'%s' is %s, not a list", before, yaml_kind_text(node));
    if (index > count)
        return say(s, "'%s' has %zu items: [%zu] would add one, [%llu] is beyond", before, count,
                   count, (unsigned long long)index);
    struct yaml_node *copy = copy_node(s, node, YAML_LIST);
    struct yaml_node *item = below(s, index < count ? node->items[index] : NULL, digit + 1);
    if (!item)
        return NULL;
    copy->items[index] = item;
    copy->count = index < count ? count : count + 1;
    return copy;
}

static struct yaml_node *set_key(struct setting *s, const struct yaml_node *node, const char *at)
{
    char before[sizeof s->key], name[sizeof s->key];
    const char *start = at + (*at == '.');
    size_t length = strcspn(start, ".["), i = 0;
    key_until(s, at, before);
    snprintf(name, sizeof name, "%.*s", (int)length, start);
    if (length == 0)
        return say(s, "a key is missing behind '%s'", before);
    if (node && node->kind == YAML_LIST)
        return say(s, "'%s' is a list: say which item, %s[0] to %s[%zu]", before, before, before,
                   node->count ? node->count - 1 : 0);
    if (node && node->kind != YAML_MAP && !yaml_is_null(node))
        return say(s, "'%s' is a word and has no keys", before);
    struct yaml_node *copy = copy_node(s, node, YAML_MAP);
    while (i < copy->count && strcmp(copy->pairs[i].key->text, name) != 0)
        i++;
    struct yaml_node *value =
        below(s, i < copy->count ? copy->pairs[i].value : NULL, start + length);
    if (!value)
        return NULL;
    if (i == copy->count)
        copy->pairs[copy->count++].key = yaml_word(s->loader->pool, name, s->at);
    copy->pairs[i].value = value;
    return copy;
}

/* The node with the rest of the key, from `at`, set in it. NULL: diagnosed. */
static struct yaml_node *below(struct setting *s, const struct yaml_node *node, const char *at)
{
    if (*at == '\0')
        return s->value;
    return *at == '[' ? set_item(s, node, at) : set_key(s, node, at);
}

/* ---- all ---- */

/* policy.NAME is policy.params.NAME where the section has no such key. */
static void spell_out(char *key)
{
    static const char prefix[] = "policy.", longer[] = "params.";
    char name[sizeof((struct setting *)0)->key] = "", *rest = key + sizeof prefix - 1;
    if (strncmp(key, prefix, sizeof prefix - 1) != 0)
        return;
    memcpy(name, rest, strcspn(rest, ".["));
    if (!*name || key_find(SECTION_POLICY, name))
        return;
    memmove(rest + sizeof longer - 1, rest, strlen(rest) + 1);
    memcpy(rest, longer, sizeof longer - 1);
}

static void apply_setting(struct loader *loader, struct yaml_node **root, const char *text)
{
    struct setting s = {.loader = loader, .at = {.setting = text}};
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    if (length == 0 || length >= sizeof s.key - 16) {
        say(&s, "a setting is KEY=VALUE, like machine.ram=1GiB");
        return;
    }
    memcpy(s.key, text, length);
    spell_out(s.key);
    s.value = read_setting_value(&s, equals + 1);
    struct yaml_node *changed = s.value ? below(&s, *root, s.key) : NULL;
    if (changed)
        *root = changed;
}

void apply_settings(struct loader *loader, struct yaml_node **root, const char *const *settings,
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        apply_setting(loader, root, settings[i]);
}
