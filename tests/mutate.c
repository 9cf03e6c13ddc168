/* See mutate.h. Words come from the table of keys, so a further key is mutated as well. */
#include "tests/mutate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "harness/scenario_keys.h"

struct text {
    struct rng *rng;
    char *bytes;
    size_t length, room;
};

static uint64_t below(struct text *t, uint64_t bound)
{
    return rng_below(t->rng, bound ? bound : 1);
}

/* Replaces count bytes at `at` by others; does nothing where they do not fit. */
static void replace(struct text *t, size_t at, size_t count, const char *word, size_t bytes)
{
    if (t->length - count + bytes > t->room)
        return;
    memmove(t->bytes + at + bytes, t->bytes + at + count, t->length - at - count);
    memcpy(t->bytes + at, word, bytes);
    t->length = t->length - count + bytes;
}

static const struct key *any_key(struct text *t)
{
    const struct key *keys = sections[below(t, SECTIONS)].keys;
    size_t count = 0;
    while (keys[count].name)
        count++;
    return &keys[below(t, count)];
}

static const char *any_value(struct text *t)
{
    static const char *const odd[] = {"0",
                                      "-1",
                                      "1",
                                      "18446744073709551615",
                                      "1.5",
                                      "null",
                                      "~",
                                      "[]",
                                      "{}",
                                      "''",
                                      "*a",
                                      "&a x",
                                      "{*a : 1}",
                                      "yes",
                                      "no",
                                      "64KiB..1MiB",
                                      "1/0",
                                      "> 1",
                                      "!= 0",
                                      "!!str x",
                                      "{4KiB: 60%, 8KiB: 40%}",
                                      "heap#",
                                      "heap-4KiB+1",
                                      "0x10000"};
    const struct key *key = any_key(t);
    switch (below(t, 4)) {
    case 0:
        return odd[below(t, sizeof odd / sizeof *odd)];
    case 1:
        return value_kinds[below(t, VALUE_TYPES)].wrong;
    default:
        return key_example(key);
    }
}

/* ---- pieces of YAML, found by their looks ---- */

/* The place behind the n-th ": " from a random one on; the length where there is none. */
static size_t any_colon(struct text *t)
{
    size_t start = below(t, t->length);
    for (size_t i = 0; i < t->length; i++) {
        size_t at = (start + i) % t->length;
        if (t->bytes[at] == ':' && at + 1 < t->length && isspace((unsigned char)t->bytes[at + 1]))
            return at;
    }
    return t->length;
}

static void change_value(struct text *t)
{
    size_t at = any_colon(t) + 2, end = at;
    if (at >= t->length)
        return;
    while (end < t->length && !strchr(",}]\n", t->bytes[end]))
        end++;
    const char *value = any_value(t);
    replace(t, at, end - at, value, strlen(value));
}

static void change_key(struct text *t)
{
    size_t end = any_colon(t), at = end;
    while (at > 0 && at <= t->length &&
           (isalnum((unsigned char)t->bytes[at - 1]) || t->bytes[at - 1] == '-' ||
            t->bytes[at - 1] == '_'))
        at--;
    const char *name = any_key(t)->name;
    if (end < t->length)
        replace(t, at, end - at, name, strlen(name));
}

/* Adds "key: value, " behind a brace, or as a line with the indentation of another. */
static void add_pair(struct text *t)
{
    char pair[256];
    const struct key *key = any_key(t);
    size_t start = below(t, t->length), at = start, indent = 0;
    while (at < t->length && t->bytes[at] != '{' && t->bytes[at] != '\n')
        at++;
    if (at == t->length)
        return;
    at++;
    if (t->bytes[at - 1] == '{') {
        snprintf(pair, sizeof pair, "%s: %s, ", key->name, key_example(key));
    } else {
        while (at + indent < t->length && t->bytes[at + indent] == ' ')
            indent++;
        snprintf(pair, sizeof pair, "%*s%s%s: %s\n", (int)(indent % 32), "",
                 below(t, 3) == 0 ? "- " : "", key->name, any_value(t));
    }
    replace(t, at, 0, pair, strlen(pair));
}

/* ---- lines and bytes ---- */

static void find_line(struct text *t, size_t *start, size_t *end)
{
    *start = below(t, t->length);
    while (*start > 0 && t->bytes[*start - 1] != '\n')
        (*start)--;
    *end = *start;
    while (*end < t->length && t->bytes[*end] != '\n')
        (*end)++;
    *end += *end < t->length;
}

static void move_line(struct text *t)
{
    char line[512];
    size_t start, end, to, to_end;
    uint64_t way = below(t, 3);
    find_line(t, &start, &end);
    size_t length = end - start < sizeof line ? end - start : sizeof line;
    memcpy(line, t->bytes + start, length);
    if (way != 0) /* otherwise it stays and is doubled */
        replace(t, start, end - start, "", 0);
    if (way == 1)
        return;
    find_line(t, &to, &to_end);
    replace(t, to, 0, line, length);
}

static void indent_line(struct text *t)
{
    size_t start, end;
    find_line(t, &start, &end);
    if (below(t, 2) && t->bytes[start] == ' ')
        replace(t, start, 1, "", 0);
    else
        replace(t, start, 0, "  ", 1 + below(t, 2));
}

static void change_number(struct text *t)
{
    static const char *const digits[] = {"0", "9", "99", "", "4096", "000", "18446744073709551616"};
    size_t at = below(t, t->length);
    while (at < t->length && !isdigit((unsigned char)t->bytes[at]))
        at++;
    const char *word = digits[below(t, sizeof digits / sizeof *digits)];
    if (at < t->length)
        replace(t, at, 1, word, strlen(word));
}

static void change_byte(struct text *t)
{
    static const char bytes[] = "{}[],:#&*!|>'\"%@`-? \n\t\r\0\x80\xc3\xff"
                                "aZ0";
    char byte = bytes[below(t, sizeof bytes - 1)];
    size_t at = below(t, t->length);
    replace(t, at, below(t, 2) && at < t->length, &byte, below(t, 3) != 0);
}

size_t mutate_text(struct rng *rng, char *text, size_t length, size_t room)
{
    static void (*const ways[])(struct text *) = {change_value, change_value,  change_key,
                                                  add_pair,     add_pair,      move_line,
                                                  indent_line,  change_number, change_byte};
    struct text t = {rng, text, length, room};
    ways[below(&t, sizeof ways / sizeof *ways)](&t);
    return t.length;
}
