/* Names of blocks: what `as` binds, and addresses that use it. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <ctype.h>
#include <string.h>
#include "harness/options.h"

#define NAME_BYTES 64
#define ADDRESS_MOST (UINT64_C(1) << 47)

static bool is_name(const char *text, size_t length)
{
    if (length == 0 || length >= NAME_BYTES || (!isalpha((unsigned char)*text) && *text != '_'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-')
            return false;
    return true;
}

static uint32_t hash_name(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

static struct block_name *find_name(struct loader *loader, const char *text, size_t length,
                                    uint32_t *number)
{
    uint32_t hash = length < NAME_BYTES ? hash_name(text, length) : 0;
    for (size_t i = 0; i < loader->names_count; i++) {
        struct block_name *name = &loader->names[i];
        if (name->hash == hash && name->length == length && memcmp(name->text, text, length) == 0) {
            *number = (uint32_t)i;
            return name;
        }
    }
    return NULL;
}

/* ---- binding ---- */

static void note_name(struct loader *loader, const struct yaml_node *node, bool object)
{
    uint32_t number;
    bool indexed = node->length > 1 && node->text[node->length - 1] == '#';
    size_t length = node->length - indexed;
    if (!is_name(node->text, length))
        return; /* said when it is bound */
    struct block_name *name = find_name(loader, node->text, length, &number);
    if (!name) {
        loader->names = pool_grow(loader->pool, loader->names, loader->names_count,
                                  &loader->names_room, sizeof *loader->names);
        name = &loader->names[loader->names_count++];
        *name = (struct block_name){.text = pool_text(loader->pool, node->text, length),
                                    .length = (uint32_t)length,
                                    .hash = hash_name(node->text, length)};
    }
    *(indexed ? &name->indexed : &name->plain) = true;
    *(object ? &name->object : &name->block) = true;
}

static void note_call(struct loader *loader, const char *call, const struct yaml_node *map)
{
    const struct yaml_node *as = yaml_find(map, "as");
    if (as && as->kind == YAML_WORD)
        note_name(loader, as, strcmp(call, "CreateMalloc") == 0);
}

void collect_names(struct loader *loader, const struct yaml_node *node)
{
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count; i++)
        collect_names(loader, node->items[i]);
    for (size_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        if (node->pairs[i].value->kind == YAML_MAP)
            note_call(loader, node->pairs[i].key->text, node->pairs[i].value);
        collect_names(loader, node->pairs[i].value);
    }
}

static bool say_index(struct loader *loader, const struct yaml_node *node)
{
    if (loader->repeat_depth > 0)
        return true;
    diagnose(loader->diagnostics, node->at,
             "'#' counts rounds of a repeat or threads of a together, and none is around this "
             "step");
    return false;
}

enum read_result read_name(struct loader *loader, const struct key *key,
                           const struct yaml_node *node, void *target)
{
    struct step_call *call = target;
    bool indexed = node->length > 1 && node->text[node->length - 1] == '#';
    (void)key;
    if (!is_name(node->text, node->length - indexed))
        return READ_WRONG;
    if (indexed && !say_index(loader, node))
        return READ_SAID;
    CHECK(find_name(loader, node->text, node->length - indexed, &call->as));
    call->has_as = true;
    call->as_indexed = indexed;
    return READ_FINE;
}

/* ---- using ---- */

static enum read_result say_unknown(struct loader *loader, const struct yaml_node *node,
                                    const char *word, bool object)
{
    const char **names = pool_alloc(loader->pool, (loader->names_count + 1) * sizeof *names);
    char hint[700];
    size_t count = 0;
    for (size_t i = 0; i < loader->names_count; i++)
        if (object ? loader->names[i].object : loader->names[i].block)
            names[count++] = loader->names[i].text;
    diagnose(loader->diagnostics, node->at, "no %s is called '%s' (as: %s)%s",
             object ? "CreateMalloc step" : "block", word, word,
             count == 0 ? "" : suggestion(word, names, count, hint, sizeof hint));
    return READ_SAID;
}

/* The name at the beginning of an address; what follows is its offset. An offset that a name
 * could hold as well ("heap-2") belongs to the name where there is one. */
static size_t name_length(struct loader *loader, const char *text)
{
    uint32_t number;
    uint64_t bytes;
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '-')
        length++;
    for (size_t i = length; i > 0; i--) {
        bool ends = i == length || (text[i] == '-' && isdigit((unsigned char)text[i + 1]));
        if (ends && find_name(loader, text, i, &number))
            return i;
    }
    for (size_t i = length; i-- > 1;)
        if (text[i] == '-' && parse_bytes(text + i + 1, &bytes))
            return i;
    return length;
}

/* "+64KiB", "-4KiB*#": bytes, or bytes for each repetition. *text is then behind it. */
static bool read_term(const char **text, struct block_address *address, bool *counts)
{
    char word[32];
    uint64_t bytes;
    const char *at = *text + 1;
    size_t length = strcspn(at, "+-*");
    if ((**text != '+' && **text != '-') || length >= sizeof word)
        return false;
    memcpy(word, at, length);
    word[length] = '\0';
    if (!parse_bytes(word, &bytes) || bytes > ADDRESS_MOST)
        return false;
    at += length;
    *counts = strncmp(at, "*#", 2) == 0;
    *(*counts ? &address->stride : &address->offset) =
        **text == '+' ? (int64_t)bytes : -(int64_t)bytes;
    *text = at + (*counts ? 2 : 0);
    return true;
}

/* What stands behind a name: one of each at most, in this order. */
static bool read_offset(const char *text, struct block_address *address)
{
    bool counts = false;
    if (*text != '\0' && !read_term(&text, address, &counts))
        return false;
    if (*text != '\0' && (counts || !read_term(&text, address, &counts) || !counts))
        return false;
    return *text == '\0';
}

static enum read_result read_block(struct loader *loader, const struct yaml_node *node,
                                   struct block_address *address)
{
    size_t length = name_length(loader, node->text);
    char word[NAME_BYTES];
    if (!is_name(node->text, length))
        return READ_WRONG;
    address->base = ADDRESS_BLOCK;
    address->indexed = node->text[length] == '#';
    if (!read_offset(node->text + length + address->indexed, address))
        return READ_WRONG;
    snprintf(word, sizeof word, "%.*s", (int)length, node->text);
    const struct block_name *name = find_name(loader, node->text, length, &address->block);
    if (!name || !name->block) {
        if (name || diagnostics_wanted(loader->diagnostics, node->at))
            return say_unknown(loader, node, word, false);
        diagnose(loader->diagnostics, node->at, "unknown name");
        return READ_SAID;
    }
    if (address->indexed ? !name->indexed : !name->plain) {
        diagnose(loader->diagnostics, node->at, "'%s' is bound %s '#': write %s%s", word,
                 address->indexed ? "without" : "with", word, address->indexed ? "" : "#");
        return READ_SAID;
    }
    bool counts = address->indexed || strchr(node->text, '#');
    return !counts || say_index(loader, node) ? READ_FINE : READ_SAID;
}

static enum read_result parse_address(struct loader *loader, const struct yaml_node *node,
                                      struct block_address *address)
{
    uint64_t number;
    *address = (struct block_address){0};
    if (node->length > 2 * NAME_BYTES)
        return READ_WRONG;
    if (yaml_is_null(node) || strcmp(node->text, "none") == 0)
        return READ_FINE;
    if (!isdigit((unsigned char)node->text[0]))
        return read_block(loader, node, address);
    if (!parse_u64(node->text, &number) || number > ADDRESS_MOST)
        return READ_WRONG;
    address->base = ADDRESS_NUMBER;
    address->offset = (int64_t)number;
    return READ_FINE;
}

enum read_result read_address(struct loader *loader, const struct key *key,
                              const struct yaml_node *node, void *target)
{
    return parse_address(loader, node, key_field(key, target));
}

enum read_result read_address_kept(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, void *target)
{
    struct block_address *address = pool_alloc(loader->pool, sizeof *address);
    enum read_result result = parse_address(loader, node, address);
    if (result == READ_FINE && address->base != ADDRESS_NONE)
        memcpy(key_field(key, target), &address, sizeof address);
    return result;
}

enum read_result read_of(struct loader *loader, const struct key *key, const struct yaml_node *node,
                         void *target)
{
    struct step_call *call = target;
    char word[NAME_BYTES];
    bool indexed = node->length > 1 && node->text[node->length - 1] == '#';
    size_t length = node->length - indexed;
    (void)key;
    if (!is_name(node->text, length))
        return READ_WRONG;
    if (indexed && !say_index(loader, node))
        return READ_SAID;
    const struct block_name *name = find_name(loader, node->text, length, &call->of);
    snprintf(word, sizeof word, "%s", node->text);
    if (!name || !name->object || !(indexed ? name->indexed : name->plain))
        return say_unknown(loader, node, word, true);
    call->has_of = true;
    call->of_indexed = indexed;
    call->object = OBJECT_MADE; /* where only `of` counts nobody looks at it */
    return READ_FINE;
}
