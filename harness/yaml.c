/* Trees of YAML out of libyaml's events. See yaml.h. What libyaml would do slowly or accept is
 * refused before it is asked (yaml_screen.c) or at the first event that shows it. */
#include "harness/yaml.h"

#include <string.h>
#include <yaml.h>
#include "core/check.h"
#include "harness/yaml_private.h"

struct anchor {
    struct yaml_node *node;
    const char *name;
    uint32_t hash;
};

struct builder {
    yaml_parser_t parser;
    struct pool *pool;
    struct diagnostics *diagnostics;
    const char *text;
    size_t bytes;
    struct yaml_node *root;
    struct level {
        struct yaml_node *node;
        struct yaml_node *key; /* of a mapping: its value is due */
    } levels[YAML_DEPTH_MAX];
    uint32_t depth;
    uint64_t nodes;
    struct anchor *anchors;
    size_t anchors_count, anchors_room;
    bool done, failed;
};

/* Of the beginning: what is long is no key. */
static uint32_t hash_of(const char *text, size_t length)
{
    uint32_t hash = 2166136261u ^ (uint32_t)length;
    length = length < 128 ? length : 128;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static struct place place_of(const yaml_mark_t *start, const yaml_mark_t *end)
{
    size_t length = end->line == start->line ? end->column - start->column : 1000;
    return (struct place){(uint32_t)start->line + 1, (uint32_t)start->column + 1,
                          (uint32_t)(length ? length : 1), NULL};
}

static struct place event_place(const yaml_event_t *event)
{
    return place_of(&event->start_mark, &event->end_mark);
}

#define FAIL(builder, at, ...)                                                                     \
    do {                                                                                           \
        diagnose((builder)->diagnostics, at, __VA_ARGS__);                                         \
        (builder)->failed = true;                                                                  \
    } while (0)

/* ---- what libyaml says ---- */

static const char *advice(const struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *context = p->context ? p->context : "", *problem = p->problem;
    size_t length;
    const char *line = text_line(b->text, b->bytes, (uint32_t)p->problem_mark.line + 1, &length);
    bool tab = p->problem_mark.column < length && line[p->problem_mark.column] == '\t';
    if (strstr(context, "block scalar"))
        return "; a value that begins with '>' or '|' needs quotes";
    if (strstr(problem, "cannot start any token"))
        return tab ? "; indent with spaces, not with tabs"
                   : "; a value that begins so needs quotes";
    if (strstr(problem, "mapping values are not allowed"))
        return "; a value with ': ' in it needs quotes";
    if (strstr(context, "while scanning a tag"))
        return "; a value that begins with '!' needs quotes";
    return "";
}

static void say_syntax(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    struct place at = place_of(&p->problem_mark, &p->problem_mark);
    char context[128] = "";
    if (p->error == YAML_MEMORY_ERROR || !p->problem) {
        FAIL(b, ((struct place){1, 1, 1, NULL}), "this cannot be read as YAML");
        return;
    }
    if (p->context && p->context_mark.line != p->problem_mark.line)
        snprintf(context, sizeof context, " (%s that begins in line %zu)", p->context,
                 p->context_mark.line + 1);
    else if (p->context)
        snprintf(context, sizeof context, " (%s)", p->context);
    FAIL(b, at, "this is not YAML: %s%s%s", p->problem, context, advice(b));
}

/* ---- building ---- */

static bool key_is_due(const struct builder *b)
{
    return b->depth > 0 && b->levels[b->depth - 1].node->kind == YAML_MAP &&
           !b->levels[b->depth - 1].key;
}

static void add_pair(struct builder *b, struct yaml_node *map, struct yaml_node *key,
                     struct yaml_node *value)
{
    if (map->count == YAML_KEYS_MAX) {
        FAIL(b, key->at, "more than %d keys in one mapping", YAML_KEYS_MAX);
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *other = map->pairs[i].key;
        if (other->hash == key->hash && strcmp(other->text, key->text) == 0) {
            char word[CLIPPED_BYTES];
            diagnose(b->diagnostics, key->at, "the key '%s' stands here twice; first in line %u",
                     clipped(key->text, key->length, word), other->at.line);
            return;
        }
    }
    map->pairs = pool_grow(b->pool, map->pairs, map->count, &map->room, sizeof *map->pairs);
    map->pairs[map->count++] = (struct yaml_pair){key, value};
}

/* Hands a finished node to the one it lies in. */
static void attach(struct builder *b, struct yaml_node *node)
{
    if (b->depth == 0) {
        b->root = node;
        return;
    }
    struct level *level = &b->levels[b->depth - 1];
    struct yaml_node *into = level->node;
    into->nodes += node->nodes;
    if (node->depth + 1 > into->depth)
        into->depth = node->depth + 1;
    if (into->kind == YAML_LIST) {
        into->items =
            pool_grow(b->pool, into->items, into->count, &into->room, sizeof *into->items);
        into->items[into->count++] = node;
    } else if (level->key) {
        add_pair(b, into, level->key, node);
        level->key = NULL;
    } else {
        level->key = node;
    }
}

static bool count_nodes(struct builder *b, struct place at, uint32_t nodes)
{
    b->nodes += nodes;
    if (b->nodes > YAML_NODES_MAX)
        FAIL(b, at, "more than %d values and keys, each alias counted as what it stands for",
             YAML_NODES_MAX);
    return !b->failed;
}

static struct yaml_node *new_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind,
                                  const yaml_char_t *anchor)
{
    struct yaml_node *node = pool_alloc(b->pool, sizeof *node);
    node->kind = kind;
    node->at = event_place(event);
    node->nodes = 1;
    node->depth = kind != YAML_WORD;
    if (anchor && b->anchors_count == YAML_ANCHORS_MAX) {
        FAIL(b, node->at, "more than %d anchors", YAML_ANCHORS_MAX);
    } else if (anchor) {
        const char *name = (const char *)anchor;
        b->anchors =
            pool_grow(b->pool, b->anchors, b->anchors_count, &b->anchors_room, sizeof *b->anchors);
        b->anchors[b->anchors_count++] = (struct anchor){
            node, pool_text(b->pool, name, strlen(name)), hash_of(name, strlen(name))};
    }
    return node;
}

static void refuse_tag(struct builder *b, struct place at, const char *tag)
{
    char word[CLIPPED_BYTES];
    static const char standard[] = "tag:yaml.org,2002:";
    size_t prefix = sizeof standard - 1;
    bool is_standard = strncmp(tag, standard, prefix) == 0;
    if (tag[0] == '!' && tag[1] == '=')
        FAIL(b, at, "a value that begins with '!' needs quotes: \"!= 0\"");
    else
        FAIL(b, at, "tags are not used here: '%s%s'", is_standard ? "!!" : "",
             clipped(tag + (is_standard ? prefix : 0), strlen(tag) - (is_standard ? prefix : 0),
                     word));
}

static void take_word(struct builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct place at = event_place(event);
    if (event->data.scalar.tag) {
        refuse_tag(b, at, (const char *)event->data.scalar.tag);
        return;
    }
    if (memchr(value, '\0', length)) {
        FAIL(b, at, "a NUL inside a value");
        return;
    }
    if (!count_nodes(b, at, 1))
        return;
    struct yaml_node *node = new_node(b, event, YAML_WORD, event->data.scalar.anchor);
    node->text = pool_text(b->pool, value, length);
    node->length = (uint32_t)length;
    node->hash = hash_of(value, length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    attach(b, node);
}

static void take_start(struct builder *b, const yaml_event_t *event)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *tag = list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const yaml_char_t *anchor =
        list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    struct place at = event_place(event);
    if (tag)
        refuse_tag(b, at, (const char *)tag);
    else if (key_is_due(b))
        FAIL(b, at, "a key must be a word");
    else if (b->depth == YAML_DEPTH_MAX)
        FAIL(b, at, "nested more than %d deep", YAML_DEPTH_MAX);
    if (b->failed || !count_nodes(b, at, 1))
        return;
    struct yaml_node *node = new_node(b, event, list ? YAML_LIST : YAML_MAP, anchor);
    node->open = true;
    b->levels[b->depth++] = (struct level){node, NULL};
}

static void take_end(struct builder *b)
{
    CHECK(b->depth > 0);
    struct yaml_node *node = b->levels[--b->depth].node;
    node->open = false;
    /* A block has no bracket to point at: its first key or item stands for it. */
    if (node->kind == YAML_MAP && node->count && node->pairs[0].key->at.line == node->at.line &&
        node->pairs[0].key->at.column == node->at.column)
        node->at.length = node->pairs[0].key->at.length;
    attach(b, node);
}

static void take_alias(struct builder *b, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct place at = event_place(event);
    char word[CLIPPED_BYTES];
    uint32_t hash = hash_of(name, strlen(name));
    struct yaml_node *node = NULL;
    for (size_t i = b->anchors_count; i-- > 0 && !node;)
        if (b->anchors[i].hash == hash && strcmp(b->anchors[i].name, name) == 0)
            node = b->anchors[i].node;
    clipped(name, strlen(name), word);
    if (!node)
        FAIL(b, at, "nothing above is called '&%s'", word);
    else if (node->open)
        FAIL(b, at, "'*%s' stands inside of what it names", word);
    else if (key_is_due(b) && node->kind != YAML_WORD)
        FAIL(b, at, "a key must be a word");
    else if (b->depth + node->depth > YAML_DEPTH_MAX)
        FAIL(b, at, "nested more than %d deep", YAML_DEPTH_MAX);
    else if (count_nodes(b, at, node->nodes))
        attach(b, node);
}

static void take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        break;
    case YAML_SCALAR_EVENT:
        take_word(b, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        take_start(b, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        take_end(b);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(b, event);
        break;
    case YAML_DOCUMENT_END_EVENT:
        b->done = true;
        b->failed = !yaml_screen_rest(b->diagnostics, b->text, b->bytes, event_place(event));
        break;
    case YAML_STREAM_END_EVENT:
        b->done = true;
        break;
    default:
        break;
    }
}

static void build(struct builder *b)
{
    while (!b->done && !b->failed) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) {
            say_syntax(b);
            return;
        }
        take_event(b, &event);
        yaml_event_delete(&event);
    }
    if (!b->failed && (!b->root || yaml_is_null(b->root)))
        FAIL(b, ((struct place){1, 1, 1, NULL}), "the file is empty");
}

struct yaml_node *yaml_parse(struct pool *pool, struct diagnostics *diagnostics, const char *text,
                             size_t bytes)
{
    struct builder b = {.pool = pool, .diagnostics = diagnostics, .text = text, .bytes = bytes};
    if (!yaml_screen(diagnostics, text, bytes))
        return NULL;
    CHECK(yaml_parser_initialize(&b.parser));
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, bytes);
    build(&b);
    yaml_parser_delete(&b.parser);
    return b.failed ? NULL : b.root;
}

/* ---- asking ---- */

struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
    CHECK(map->kind == YAML_MAP);
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].value;
    return NULL;
}

struct yaml_node *yaml_word(struct pool *pool, const char *text, struct place at)
{
    struct yaml_node *node = pool_alloc(pool, sizeof *node);
    size_t length = strlen(text);
    *node = (struct yaml_node){.kind = YAML_WORD,
                               .at = at,
                               .text = pool_text(pool, text, length),
                               .length = (uint32_t)length,
                               .plain = true,
                               .nodes = 1,
                               .hash = hash_of(text, length)};
    return node;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_WORD && node->plain &&
           (node->length == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *yaml_kind_text(const struct yaml_node *node)
{
    static const char *const texts[] = {"a word", "a list", "a mapping"};
    if (node->kind != YAML_WORD && node->count == 0)
        return node->kind == YAML_LIST ? "an empty list" : "an empty mapping";
    return yaml_is_null(node) ? "nothing" : texts[node->kind];
}
