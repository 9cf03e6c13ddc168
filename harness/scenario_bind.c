/* Binding mappings to structs by the table of keys. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <stdarg.h>
#include <string.h>
#include "harness/options.h"

/* ---- paths ---- */

size_t path_enter(struct loader *loader, const char *format, ...)
{
    size_t before = loader->path_used, room = sizeof loader->path - before;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(loader->path + before, room, format, arguments);
    va_end(arguments);
    loader->path_used += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
    return before;
}

void path_leave(struct loader *loader, size_t before)
{
    CHECK(before <= loader->path_used);
    loader->path_used = before;
    loader->path[before] = '\0';
}

const char *path_keep(struct loader *loader)
{
    return pool_text(loader->pool, loader->path, loader->path_used);
}

/* ---- words for messages ---- */

const char *suggestion(const char *word, const char *const *candidates, size_t count, char *text,
                       size_t text_bytes)
{
    const char *similar = nearest_word(word, candidates, count);
    size_t length = strlen(word);
    for (size_t i = 0; i < count && !similar && length >= 3; i++)
        similar = strncmp(candidates[i], word, length) == 0 ? candidates[i] : NULL;
    if (similar) {
        snprintf(text, text_bytes, "; did you mean '%s'?", similar);
        return text;
    }
    size_t used = (size_t)snprintf(text, text_bytes, "; known are");
    for (size_t i = 0; i < count && used < text_bytes; i++)
        used += (size_t)snprintf(text + used, text_bytes - used, " %s", candidates[i]);
    if (used >= text_bytes && text_bytes > 4)
        memcpy(text + text_bytes - 4, "...", 4);
    return text;
}

static const char *in_section(enum section_id id, char *text, size_t text_bytes)
{
    const char *name = sections[id].name;
    snprintf(text, text_bytes, *name ? " in '%s'" : "%s", name);
    return text;
}

/* Marks the key that was meant, so that it is not missed as well. */
static void say_unknown_key(struct binding *b, const struct yaml_node *key, bool *meant)
{
    const char *names[SECTION_KEYS_MAX];
    char word[CLIPPED_BYTES], hint[700] = "", where[64];
    size_t count = 0;
    b->failed = true;
    if (!diagnostics_wanted(b->loader->diagnostics, key->at)) {
        diagnose(b->loader->diagnostics, key->at, "unknown key");
        return;
    }
    for (const struct key *row = sections[b->id].keys; row->name; row++)
        names[count++] = row->name;
    clipped(key->text, key->length, word);
    const char *similar = nearest_word(word, names, count);
    for (size_t i = 0; i < count; i++)
        if (names[i] == similar)
            meant[i] = true;
    if (strcmp(word, "<<") == 0)
        snprintf(hint, sizeof hint, "; merging is not part of the language");
    else
        suggestion(word, names, count, hint, sizeof hint);
    diagnose(b->loader->diagnostics, key->at, "unknown key '%s'%s%s", word,
             in_section(b->id, where, sizeof where), hint);
}

static bool is_size(const struct key *key)
{
    return key->type == VALUE_SIZE || key->type == VALUE_SIZE_OR_ALL;
}

/* " (write 1536MiB)" for 1.5GiB, nothing where the size has no point or is no whole number. */
static const char *whole_size(const char *text, char *hint, size_t hint_bytes)
{
    char unit[16], word[32];
    uint64_t digits = 0, scale = 1, bytes;
    const char *at = text;
    bool point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        point = point || *at == '.';
        if (*at == '.')
            continue;
        digits = digits * 10 + (uint64_t)(*at - '0');
        scale *= point ? 10 : 1;
        if (digits > 1000000 || scale > 1000)
            return "";
    }
    snprintf(unit, sizeof unit, "1%s", at);
    if (!point || !parse_bytes(unit, &bytes) || digits * bytes % scale)
        return "";
    snprintf(hint, hint_bytes, " (write %s)", size_word(digits * bytes / scale, word, sizeof word));
    return hint;
}

static void say_wrong(struct loader *loader, const struct key *key, const struct yaml_node *node)
{
    char label[96], legal[512], word[CLIPPED_BYTES], whole[64];
    if (!diagnostics_wanted(loader->diagnostics, node->at)) {
        diagnose(loader->diagnostics, node->at, "wrong value");
        return;
    }
    key_label(loader->section, key, label, sizeof label);
    key_legal(key, legal, sizeof legal);
    if (node->kind != YAML_WORD || yaml_is_null(node))
        diagnose(loader->diagnostics, node->at, "%s must be %s, not %s", label, legal,
                 yaml_kind_text(node));
    else
        diagnose(loader->diagnostics, node->at, "%s must be %s, not '%s'%s", label, legal,
                 clipped(node->text, node->length, word),
                 is_size(key) ? whole_size(node->text, whole, sizeof whole) : "");
}

/* ---- values ---- */

/* What only words can say, so that readers need not ask. */
static bool takes_words_only(enum value_type type)
{
    return type < VALUE_BITS || (type > VALUE_LEVELS && type < VALUE_SIZES) ||
           (type > VALUE_TIMES && type < VALUE_PARAMS && type != VALUE_PCG32 &&
            type != VALUE_RESULT);
}

static bool takes_nothing(enum value_type type)
{
    return type == VALUE_ADDRESS || type == VALUE_ADDRESS_KEPT || type == VALUE_SECTION;
}

static bool read_value(struct binding *b, const struct key *key, const struct yaml_node *node)
{
    enum section_id before = b->loader->section;
    const struct yaml_node *map_before = b->loader->map;
    enum read_result result = READ_WRONG;
    b->loader->section = b->id;
    b->loader->map = b->map;
    bool fits = !takes_words_only(key->type) || node->kind == YAML_WORD;
    if (fits && (takes_nothing(key->type) || !yaml_is_null(node)))
        result = value_readers[key->type](b->loader, key, node, b->target);
    if (result == READ_WRONG)
        say_wrong(b->loader, key, node);
    b->loader->section = before;
    b->loader->map = map_before;
    return result == READ_FINE;
}

static void match_keys(struct binding *b, bool *meant)
{
    const struct key *keys = sections[b->id].keys;
    for (size_t i = 0; i < b->map->count; i++) {
        const struct yaml_pair *pair = &b->map->pairs[i];
        const struct key *key = key_find(b->id, pair->key->text);
        if (key)
            b->values[key - keys] = pair->value;
        else
            say_unknown_key(b, pair->key, meant);
    }
}

static void bind_key(struct binding *b, const struct key *key, bool meant)
{
    const struct yaml_node *node = b->values[key - sections[b->id].keys];
    char where[64];
    if (node) {
        b->failed = !read_value(b, key, node) || b->failed;
    } else if (key->standard) {
        CHECK(read_value(b, key, yaml_word(b->loader->pool, key->standard, b->map->at)));
    } else if (key->type == VALUE_SECTION && !sections[key->section].marks_given) {
        b->failed = !read_value(b, key, yaml_word(b->loader->pool, "", b->map->at)) || b->failed;
    } else if (key->required && !meant) {
        diagnose(b->loader->diagnostics, b->map->at, "the key '%s' is missing%s", key->name,
                 in_section(b->id, where, sizeof where));
        b->failed = true;
    }
}

bool bind_section(struct loader *loader, enum section_id id, const struct yaml_node *map,
                  void *target)
{
    static const struct yaml_node empty = {.kind = YAML_MAP};
    struct binding b = {.loader = loader, .id = id, .map = map, .target = target};
    struct yaml_node nothing = empty;
    bool meant[SECTION_KEYS_MAX] = {0};
    const struct key *keys = sections[id].keys;
    if (yaml_is_null(map)) {
        nothing.at = map->at;
        b.map = &nothing;
    } else if (map->kind != YAML_MAP) {
        diagnose(loader->diagnostics, map->at, "%s must be a mapping, not %s",
                 *sections[id].name ? sections[id].name : "a scenario", yaml_kind_text(map));
        return false;
    }
    match_keys(&b, meant);
    if (sections[id].marks_given)
        *(bool *)target = true;
    for (const struct key *key = keys; key->name; key++)
        bind_key(&b, key, meant[key - keys]);
    if (!b.failed && section_checks[id])
        section_checks[id](&b);
    return !b.failed;
}

const struct yaml_node *given(const struct binding *binding, const char *name)
{
    const struct key *key = key_find(binding->id, name);
    CHECK(key != NULL);
    return binding->values[key - sections[binding->id].keys];
}

enum read_result read_section(struct loader *loader, const struct key *key,
                              const struct yaml_node *node, void *target)
{
    return bind_section(loader, key->section, node, key_field(key, target)) ? READ_FINE : READ_SAID;
}
