/* YAML as a tree with places: one document of libyaml's event stream, strict.
 *
 * Refused, each with a diagnostic: more than 1 MiB, NUL, invalid UTF-8 and other characters that
 * are no text, tags, directives other than %YAML, a second document, nothing at all, nesting over
 * 64, more than 10,000 nodes counting each alias as what it stands for, aliases inside what they
 * name, keys that are no words, keys twice in one mapping, more than 256 keys in one, more than
 * 1,000 anchors. All of it in time that grows with the file, not with its square. */
#ifndef LW_HARNESS_YAML_H
#define LW_HARNESS_YAML_H

#include "harness/diagnostics.h"
#include "harness/pool.h"

#define YAML_BYTES_MAX (1u << 20)
#define YAML_TOO_LARGE "the file is larger than 1 MiB, the most that is read"
#define YAML_DEPTH_MAX 64
#define YAML_NODES_MAX 10000
#define YAML_KEYS_MAX 256
#define YAML_ANCHORS_MAX 1000

enum yaml_kind { YAML_WORD, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct place at;
    const char *text; /* YAML_WORD: NUL-terminated, without NUL inside */
    uint32_t length;  /* bytes of it */
    bool plain;       /* YAML_WORD: without quotes */
    size_t count, room;
    struct yaml_node **items; /* YAML_LIST */
    struct yaml_pair {
        struct yaml_node *key; /* YAML_WORD */
        struct yaml_node *value;
    } * pairs;      /* YAML_MAP */
    uint32_t nodes; /* of the tree below, itself and what aliases stand for included */
    uint32_t depth; /* of lists and mappings: a word has 0 */
    uint32_t hash;  /* of the text */
    bool open;      /* private: its end has not come yet */
};

/* The tree of a text (a NUL stands behind it), or NULL: the diagnostics say why. Duplicate keys are
 * diagnosed, and the tree is there all the same (the first one counts), so that further mistakes
 * can be found. */
struct yaml_node *yaml_parse(struct pool *pool, struct diagnostics *diagnostics, const char *text,
                             size_t bytes);
/* The value of a key, NULL: the mapping does not have it. */
struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);
/* A word that is no part of a file. */
struct yaml_node *yaml_word(struct pool *pool, const char *text, struct place at);
/* True for nothing, ~ and null without quotes. */
bool yaml_is_null(const struct yaml_node *node);
/* "a mapping", "an empty list", "a word", "nothing". */
const char *yaml_kind_text(const struct yaml_node *node);

#endif
