/* See cli_run.h: as much JSON as the tests of the command line need, a checker and a look-up. */
#include "tests/cli_run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at && *at != '"') {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
            return NULL;
        at++;
    }
    return *at == '"' ? at + 1 : NULL;
}

static const char *skip_number(const char *at)
{
    const char *digits = at + (*at == '-');
    size_t whole = strspn(digits, "0123456789");
    if (whole == 0 || (whole > 1 && *digits == '0'))
        return NULL;
    at = digits + whole;
    if (*at == '.') {
        size_t fraction = strspn(at + 1, "0123456789");
        at = fraction ? at + 1 + fraction : NULL;
    }
    return at;
}

static const char *skip_value(const char *at, unsigned depth);

/* Members of an object (with names) or an array, from behind the opening bracket. */
static const char *skip_members(const char *at, char end, unsigned depth)
{
    at = skip_space(at);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = skip_string(skip_space(at));
            at = at ? skip_space(at) : NULL;
            if (!at || *at++ != ':')
                return NULL;
        }
        at = skip_value(at, depth + 1);
        if (!at)
            return NULL;
        at = skip_space(at);
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *skip_value(const char *at, unsigned depth)
{
    static const char *const words[] = {"true", "false", "null"};
    at = skip_space(at);
    if (depth > 64)
        return NULL;
    if (*at == '{')
        return skip_members(at + 1, '}', depth);
    if (*at == '[')
        return skip_members(at + 1, ']', depth);
    if (*at == '"')
        return skip_string(at);
    for (unsigned i = 0; i < 3; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    }
    return skip_number(at);
}

bool json_is_valid(const char *text)
{
    const char *end = skip_value(text, 0);
    return end && *skip_space(end) == 0;
}

const char *json_find(const char *text, const char *key)
{
    char quoted[128];
    int length = snprintf(quoted, sizeof quoted, "\"%s\"", key);
    for (const char *at = text; (at = strstr(at, quoted)); at += length)
        if (*skip_space(at + length) == ':')
            return at;
    return NULL;
}

/* The value of the n-th key with this name, or NULL. */
static const char *find(const char *text, const char *key, unsigned n)
{
    const char *at = json_find(text, key);
    while (at && n-- > 0)
        at = json_find(at + 1, key);
    return at ? skip_space(skip_space(at + strlen(key) + 2) + 1) : NULL;
}

const char *json_value(const char *text, const char *key, unsigned n)
{
    static char value[4096];
    const char *at = find(text, key, n);
    const char *end = at ? skip_value(at, 0) : NULL;
    if (!end)
        return NULL;
    if (*at == '"')
        at++, end--;
    snprintf(value, sizeof value, "%.*s", (int)(end - at), at);
    return value;
}

unsigned json_count(const char *text, const char *key)
{
    unsigned n = 0;
    for (const char *at = text; (at = json_find(at, key)); at++)
        n++;
    return n;
}

void json_blank_native(char *text)
{
    for (unsigned n = 0;; n++) {
        char *at = (char *)find(text, "native_ns", n);
        if (!at)
            return;
        char *end = at + strspn(at, "0123456789");
        memmove(at + 1, end, strlen(end) + 1); /* "0" in place of the digits */
        *at = '0';
    }
}
