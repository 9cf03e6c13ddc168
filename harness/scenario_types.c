/* What each type of value looks like, and looking keys up. See scenario_keys.h. */
#include "harness/scenario_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER "[0-9]+(,[0-9]{3})*"
#define SIZE "[0-9]+(B|KiB|MiB|GiB|TiB|K|M|G|T)?"
#define TIME "([0-9]+(ns|us|ms|s|min)|0)"
#define NAME "[A-Za-z_][A-Za-z0-9_-]*"
#define PLACE NAME "#?([+-]" SIZE ")?([+-]" SIZE "\\*#)?"
#define OPERATOR "((<=|>=|==|!=|<|>|=) *)?"
#define OTHER "[a-z][a-z0-9_-]*" /* in `expect` the name of another number */
#define RATIO "[0-9]+/[0-9]+"

const struct value_kind value_kinds[VALUE_TYPES] = {
    [VALUE_TEXT] = {"text", "a text", ".+", "text", "[]"},
    [VALUE_CHARACTERS] = {"text", "a text", ".+", "text", "[]"},
    [VALUE_COUNT] = {"number", "a whole number", "^" NUMBER "$", "1", "-1"},
    [VALUE_SIZE] = {"size", "a size like 512MiB", "^" SIZE "$", "64KiB", "1.5GiB"},
    [VALUE_SIZE_OR_ALL] = {"size or all", "a size like 512MiB, or all", "^(" SIZE "|all)$", "all",
                           "-1GiB"},
    [VALUE_TIME] = {"time", "a time like 250ms", "^" TIME "$", "10ms", "10"},
    [VALUE_PERCENT] = {"percent", "a percentage like 12%", "^[0-9]+%$", "50%", "0.5"},
    [VALUE_SPEED] = {"ratio", "a ratio like 3/2 or 2x", "^(" RATIO "|[0-9]+x)$", "2/1", "0/1"},
    [VALUE_CHANCE] = {"ratio", "a ratio up to 1, like 1/50", "^(" RATIO "|[0-9]+%)$", "1/50",
                      "3/2"},
    [VALUE_RATE] = {"rate", "a rate like 50MiB/s or 200/s", "^" SIZE "/(ns|us|ms|s|min)$", "200/s",
                    "200"},
    [VALUE_FLAG] = {"yes or no", "yes or no", "^(yes|no|true|false)$", "yes", "perhaps"},
    [VALUE_FILTER] = {"yes", "yes, or left out", "^(yes|true)$", "yes", "no"},
    [VALUE_CHOICE] = {"word", "one of", NULL, NULL, "neither"},
    [VALUE_WORD] = {"word", "one of", NULL, NULL, "neither"},
    [VALUE_BITS] = {"flags", "flags", "^[A-Za-z0-9_]+( *[|] *[A-Za-z0-9_]+)*$", NULL,
                    "PAGE_NONSENSE"},
    [VALUE_LEVELS] = {"words", "one or a list of", NULL, "task", "neither"},
    [VALUE_COMPARE_COUNT] = {"comparison", "a comparison like \"<= 1000\" or 10..20",
                             "^(" OPERATOR "(" NUMBER "|" OTHER ")|" NUMBER "\\.\\." NUMBER ")$",
                             "\"<= 1000\"", "\"<> 3\""},
    [VALUE_COMPARE_SIZE] = {"comparison", "a comparison of sizes like \"<= 512MiB\" or 1MiB..2MiB",
                            "^(" OPERATOR "(" SIZE "|" OTHER ")|" SIZE "\\.\\." SIZE ")$",
                            "\"<= 512MiB\"", "\"<= 1.5GiB\""},
    [VALUE_COMPARE_PERCENT] = {"comparison", "a comparison of percentages like \">= 95%\"",
                               "^(" OPERATOR "[0-9]+%?|[0-9]+%?\\.\\.[0-9]+%?)$", "\">= 95%\"",
                               "\"most\""},
    [VALUE_SIZE_RANGE] = {"comparison", "a comparison of sizes like \">= 1MiB\" or 64KiB..1MiB",
                          "^(((<=|>=|==|<|>|=) *)?" SIZE "|" SIZE "\\.\\." SIZE ")$", "\">= 1MiB\"",
                          "\"!= 1MiB\""},
    [VALUE_SIZES] = {"histogram", "a size, a range like 4KiB..64KiB, or {4KiB: 60, 1MiB: 40}",
                     "^" SIZE "(\\.\\." SIZE ")?$", "{4KiB: 60, 64KiB..1MiB: 30, 4MiB: 10}",
                     "large"},
    [VALUE_TIMES] = {"histogram", "a time, a range like 1ms..5ms, or {1ms: 90, forever: 10}",
                     "^(" TIME "(\\.\\." TIME ")?|forever)$", "{10ms..20ms: 90%, forever: 10%}",
                     "long"},
    [VALUE_ADDRESS] = {"address",
                       "the name of a block, the name and an offset (heap+64KiB, or "
                       "heap+64KiB*# with the round), or a number",
                       "^(" PLACE "|0x[0-9A-Fa-f]+|[0-9]+)$", "heap", "\"+64KiB\""},
    [VALUE_ADDRESS_KEPT] = {"address", "the name of a block, the name and an offset, or a number",
                            "^(" PLACE "|0x[0-9A-Fa-f]+|[0-9]+)$", "heap", "\"+64KiB\""},
    [VALUE_NAME] = {"name", "a name of letters, digits, _ and -, with # at its end where it counts",
                    "^" NAME "#?$", "heap", "7up"},
    [VALUE_OF] = {"name", "the name of a CreateMalloc step, with # where it counts", "^" NAME "#?$",
                  "second", "7up"},
    [VALUE_RESULT] = {"result",
                      "ok, refused, any, a name like E_OUTOFMEMORY, a number, or a list of these",
                      "^(ok|served|refused|any|0x[0-9A-Fa-f]+|[A-Z][A-Z_]+)$", "ok", "fine"},
    [VALUE_PCG32] = {"two numbers", "two numbers like [42, 54]", NULL, "[42, 54]", "42"},
    [VALUE_CALL] = {"call", "a call that can fail (lowwater list faults)", "^[A-Za-z0-9_ ]+$",
                    "VirtualAlloc", "VirtualAloc"},
    [VALUE_ERROR] = {"error", "an error that is legal for the call (lowwater list faults)",
                     "^[A-Za-z0-9_]+$", "ERROR_NOT_ENOUGH_MEMORY", "ERROR_NONSENSE"},
    [VALUE_HOW_OFTEN] = {"number", "once, forever or a number from 1", "^([0-9]+|once|forever)$",
                         "3", "0"},
    [VALUE_RECORDING] = {"file", "a recording", ".+", "webapi-regions", "no-such-recording"},
    [VALUE_CURVE] = {"file", "a CSV file with lines of a time and a size", ".+", "recorded.csv",
                     "no-such.csv"},
    [VALUE_PARAMS] = {"mapping", "a mapping like {limit: 512MiB}", NULL, "{limit: 512MiB}",
                      "512MiB"},
    [VALUE_SECTION] = {"mapping", "a mapping", NULL, NULL, "[]"},
    [VALUE_STEPS] = {"steps", "a list of steps", NULL, "[wait: 1ms]", "7"},
    [VALUE_PRESSURES] = {"list", "a list of mappings", NULL, "[{at: 2s, take: 1GiB}]", "7"},
    [VALUE_FAULTS] = {"list", "a list of mappings", NULL, "[{on: VirtualAlloc, nth: 17}]", "7"},
    [VALUE_EXPECTATIONS] = {"list", "a list of mappings", NULL, "[process-exits: 0]", "7"},
};

/* ---- keys ---- */

static size_t counter_length(const char *name)
{
    static const char ending[] = "-bytes";
    size_t length = strlen(name), tail = sizeof ending - 1;
    bool has = length > tail && (name[length - tail] == '-' || name[length - tail] == '_') &&
               strcmp(name + length - tail + 1, ending + 1) == 0;
    return has ? length - tail : length;
}

static bool same_counter(const char *a, const char *b)
{
    size_t length = counter_length(a);
    if (counter_length(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((a[i] == '_' ? '-' : a[i]) != (b[i] == '_' ? '-' : b[i]))
            return false;
    return true;
}

const struct key *key_find(enum section_id section, const char *name)
{
    for (const struct key *key = sections[section].keys; key->name; key++)
        if (section == SECTION_EXPECT ? same_counter(key->name, name)
                                      : strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

enum value_type key_type(const struct key *key)
{
    bool bytes = counter_length(key->name) != strlen(key->name);
    return key->type == VALUE_COMPARE_COUNT && bytes ? VALUE_COMPARE_SIZE : key->type;
}

const char *key_label(enum section_id section, const struct key *key, char *text, size_t text_bytes)
{
    const char *name = sections[section].name;
    char shown[64];
    bool is_itself = strcmp(name, key->name) == 0;
    snprintf(text, text_bytes, "%s%s%s", is_itself ? "" : name, *name && !is_itself ? "." : "",
             key_shown(section, key, shown, sizeof shown));
    return text;
}

const char *key_shown(enum section_id section, const struct key *key, char *text, size_t text_bytes)
{
    snprintf(text, text_bytes, "%s", key->name);
    for (char *at = text; section == SECTION_EXPECT && *at; at++)
        *at = *at == '_' ? '-' : *at;
    return text;
}

const char *key_example(const struct key *key)
{
    if (key->example)
        return key->example;
    if (value_kinds[key->type].example && !(key->type == VALUE_SIZE && key->choices))
        return key->standard ? key->standard : value_kinds[key_type(key)].example;
    return key->choices ? key->choices[0].name : "{}";
}

/* ---- in words ---- */

static const char *in_units(uint64_t number, const uint64_t *factors, const char *const *units,
                            char *text, size_t text_bytes)
{
    size_t unit = 0;
    while (number && factors[unit] > 1 && number % factors[unit])
        unit++;
    snprintf(text, text_bytes, "%" PRIu64 "%s", number / factors[unit], number ? units[unit] : "");
    return text;
}

const char *size_word(uint64_t bytes, char *text, size_t text_bytes)
{
    static const uint64_t factors[] = {UINT64_C(1) << 40, 1 << 30, 1 << 20, 1 << 10, 1};
    static const char *const units[] = {"TiB", "GiB", "MiB", "KiB", ""};
    return in_units(bytes, factors, units, text, text_bytes);
}

const char *time_word(uint64_t ns, char *text, size_t text_bytes)
{
    static const uint64_t factors[] = {60000000000, 1000000000, 1000000, 1000, 1};
    static const char *const units[] = {"min", "s", "ms", "us", "ns"};
    return in_units(ns, factors, units, text, text_bytes);
}

static const char *bound_word(const struct key *key, uint64_t number, char *text, size_t text_bytes)
{
    switch (key->type) {
    case VALUE_SIZE:
    case VALUE_SIZE_OR_ALL:
    case VALUE_SIZES:
        return size_word(number, text, text_bytes);
    case VALUE_TIME:
    case VALUE_TIMES:
        return time_word(number, text, text_bytes);
    default:
        snprintf(text, text_bytes, "%" PRIu64 "%s", number, key->type == VALUE_PERCENT ? "%" : "");
        return text;
    }
}

static void add_choices(const struct key *key, char *text, size_t text_bytes)
{
    size_t used = strlen(text);
    for (const struct choice *choice = key->choices; choice->name && used < text_bytes; choice++)
        if (choice->help)
            used += (size_t)snprintf(text + used, text_bytes - used, " %s", choice->name);
}

static bool has_bounds(const struct key *key)
{
    return key->least || key->most;
}

const char *key_legal(const struct key *key, char *text, size_t text_bytes)
{
    const struct value_kind *kind = &value_kinds[key_type(key)];
    char least[32], most[32];
    snprintf(text, text_bytes, "%s", kind->legal);
    if (key->choices) {
        bool joined = key->type == VALUE_BITS;
        snprintf(text, text_bytes, "%s",
                 joined                      ? "joined of"
                 : key->type == VALUE_LEVELS ? kind->legal
                                             : "one of");
        add_choices(key, text, text_bytes);
        return text;
    }
    bound_word(key, key->least, least, sizeof least);
    bound_word(key, key->most, most, sizeof most);
    if (key->type == VALUE_COUNT && has_bounds(key) && key->most < INT64_MAX)
        snprintf(text, text_bytes, "a whole number from %s to %s", least, most);
    else if (key->type == VALUE_TEXT && has_bounds(key))
        snprintf(text, text_bytes, "a text of at most %s characters", most);
    else if (key->type == VALUE_SIZE && has_bounds(key))
        snprintf(text, text_bytes, "a size from %s to %s%s, like 512MiB", least, most,
                 key->step > 1 ? " in whole pages" : "");
    else if (key->type == VALUE_SIZE_OR_ALL && has_bounds(key))
        snprintf(text, text_bytes, "a size from %s to %s, like 512MiB, or all", least, most);
    else if (key->type == VALUE_PERCENT && key->least > 0)
        snprintf(text, text_bytes, "a percentage from %s to %s", least, most);
    else if (key->type == VALUE_TIME && key->least > 1)
        snprintf(text, text_bytes, "a time from %s to %s, like 250ms", least, most);
    else if (key->type == VALUE_TIME && has_bounds(key))
        snprintf(text, text_bytes, "a time %s %s, like 250ms",
                 key->least ? "above 0 and up to" : "up to", most);
    return text;
}
