/* The nearest word to one of an --inject that is none. See inject_hint.h. */
#include "harness/inject_hint.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "core/sim.h"
#include "harness/options.h"

#define WORD_BYTES 64
#define WORDS_MAX 64

struct words {
    const char *list[EVENT_KINDS > WORDS_MAX ? EVENT_KINDS : WORDS_MAX];
    size_t count;
    char text[1024]; /* what the list points into */
};

/* The words of a text, separated by blanks. */
static void split(struct words *words, const char *text)
{
    words->count = 0;
    snprintf(words->text, sizeof words->text, "%s", text);
    char *rest = words->text;
    for (char *word; words->count < WORDS_MAX && (word = strsep(&rest, " "));)
        words->list[words->count++] = word;
}

static bool has(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->list[i], word) == 0)
            return true;
    return false;
}

/* The word that begins at `at` and goes to one of the ends, if the list has a similar one. */
static const char *similar_at(const struct words *words, const char *at, const char *ends)
{
    char word[WORD_BYTES];
    size_t length = strcspn(at, ends);
    if (length == 0 || length >= sizeof word)
        return NULL;
    snprintf(word, sizeof word, "%.*s", (int)length, at);
    return has(words, word) ? NULL : nearest_word(word, words->list, words->count);
}

static const char *similar_filter(struct words *words, const char *at)
{
    const char *similar = NULL;
    split(words, "reserve commit decommit release reset size protect flags criticality load from "
                 "until caller");
    while (!similar && *at && *at != ']') {
        at += *at == '[' || *at == ',';
        similar = similar_at(words, at, ",]=<>!");
        at += strcspn(at, ",]");
    }
    return similar;
}

const char *inject_hint(const char *spec, char *text, size_t text_bytes)
{
    static struct words words;
    char name[WORD_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, "[#:"), spec);
    uint16_t call = fault_find_call(name);
    words.count = 0;
    for (int i = 0; i < EVENT_KINDS; i++)
        if (event_shapes[i].failure != ST_OK)
            words.list[words.count++] = event_shapes[i].name;
    const char *similar = call == EVENT_KINDS ? similar_at(&words, spec, "[#:") : NULL;
    const char *filters = strchr(spec, '['), *error = strchr(filters ? filters : spec, ':');
    if (call < EVENT_KINDS && filters)
        similar = similar_filter(&words, filters);
    if (call < EVENT_KINDS && !similar && error) {
        split(&words, event_shapes[call].legal);
        similar = similar_at(&words, error + 1, ":");
    }
    snprintf(text, text_bytes, "%s%s%s", similar ? "; did you mean '" : "", similar ? similar : "",
             similar ? "'?" : "");
    return text;
}
