/* The fault plan: reading rules and deciding. See fault.h. */
#include "core/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "core/trace.h"

static const struct {
    const char *name;
    uint32_t bit;
} filters[] = {
    {"reserve", FAULT_RESERVE}, {"commit", FAULT_COMMIT}, {"decommit", FAULT_DECOMMIT},
    {"release", FAULT_RELEASE}, {"reset", FAULT_RESET},
};

static const struct {
    const char *name;
    uint32_t value;
} protections[] = {
    {"PAGE_NOACCESS", 0x01},  {"PAGE_READONLY", 0x02},          {"PAGE_READWRITE", 0x04},
    {"PAGE_EXECUTE", 0x10},   {"PAGE_EXECUTE_READ", 0x20},      {"PAGE_EXECUTE_READWRITE", 0x40},
    {"PAGE_WRITECOPY", 0x08}, {"PAGE_EXECUTE_WRITECOPY", 0x80},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- deciding ---- */

static bool rule_matches(const struct fault_rule *rule, uint16_t call,
                         const struct call_traits *traits)
{
    return rule->call == call && (traits->what & rule->filter) == rule->filter &&
           traits->size >= rule->size_min &&
           (rule->protect == 0 || (traits->protect & 0xff) == rule->protect);
}

enum status fault_decide(struct fault_plan *plan, uint16_t call, const struct call_traits *traits,
                         uint32_t *rule_index)
{
    enum status decision = ST_OK;
    CHECK(plan->rules_count <= FAULT_RULES);
    for (uint32_t i = 0; i < plan->rules_count; i++) {
        struct fault_rule *rule = &plan->rules[i];
        if (!rule_matches(rule, call, traits))
            continue;
        rule->matches++;
        /* The first rule that fires wins; later ones still count the call. */
        if (decision == ST_OK && rule->matches >= rule->nth &&
            rule->matches - rule->nth < rule->times) {
            decision = (enum status)rule->error;
            rule->injected++;
            plan->injected++;
            *rule_index = i;
        }
    }
    return decision;
}

/* ---- reading ---- */

struct reader {
    const char *at;
    char *message;
    size_t message_bytes;
};

static bool complain(struct reader *reader, const char *what, const char *detail)
{
    snprintf(reader->message, reader->message_bytes, "%s%s%s", what, detail ? ": " : "",
             detail ? detail : "");
    return false;
}

/* Copies the text up to one of the stop characters; false when it is empty or too long. */
static bool take_word(struct reader *reader, const char *stops, char *word, size_t word_bytes)
{
    size_t length = strcspn(reader->at, stops);
    if (length == 0 || length >= word_bytes)
        return false;
    memcpy(word, reader->at, length);
    word[length] = '\0';
    reader->at += length;
    return true;
}

static bool take_number(struct reader *reader, uint64_t *number)
{
    if (*reader->at < '0' || *reader->at > '9')
        return false;
    char *end;
    *number = strtoull(reader->at, &end, 0);
    reader->at = end;
    return true;
}

static bool find_call(struct reader *reader, const char *name, struct fault_rule *rule)
{
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        const struct event_shape *shape = &event_shapes[i];
        if (strcmp(name, shape->symbol) != 0 && strcmp(name, shape->name) != 0)
            continue;
        if (shape->failure == ST_OK)
            return complain(reader, "this call has no failure to inject", name);
        rule->call = (uint16_t)i;
        rule->error = shape->failure;
        return true;
    }
    return complain(reader, "no such failure point (see `lowwater list faults`)", name);
}

static bool size_suffix(const char *suffix, uint64_t *factor)
{
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
                 {"K", 1 << 10},   {"MiB", 1 << 20}, {"M", 1 << 20},
                 {"GiB", 1 << 30}, {"G", 1 << 30},   {"TiB", UINT64_C(1) << 40}};
    for (size_t i = 0; i < COUNT(units); i++) {
        if (strcmp(suffix, units[i].unit) == 0) {
            *factor = units[i].factor;
            return true;
        }
    }
    return false;
}

static bool parse_size(const char *text, uint64_t *bytes)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    uint64_t number = strtoull(text, &end, 0), factor;
    return size_suffix(end, &factor) && !__builtin_mul_overflow(number, factor, bytes);
}

static bool parse_filter(struct reader *reader, const char *word, struct fault_rule *rule)
{
    for (size_t i = 0; i < COUNT(filters); i++) {
        if (strcmp(word, filters[i].name) == 0) {
            rule->filter |= filters[i].bit;
            return true;
        }
    }
    if (strncmp(word, "size>=", 6) == 0)
        return parse_size(word + 6, &rule->size_min) || complain(reader, "not a size", word + 6);
    if (strncmp(word, "protect=", 8) == 0) {
        const char *name = word + 8;
        for (size_t i = 0; i < COUNT(protections); i++) {
            if (strcmp(name, protections[i].name) == 0 ||
                strcmp(name, protections[i].name + 5) == 0) {
                rule->protect = protections[i].value;
                return true;
            }
        }
        return complain(reader, "no such protection (PAGE_READWRITE and the like)", name);
    }
    return complain(reader,
                    "unknown filter; known are reserve commit decommit release reset size>=N "
                    "protect=NAME",
                    word);
}

static bool take_filters(struct reader *reader, struct fault_rule *rule)
{
    char word[64];
    do {
        reader->at++; /* the bracket or comma */
        if (!take_word(reader, ",]", word, sizeof word))
            return complain(reader, "a filter is missing before", reader->at);
        if (!parse_filter(reader, word, rule))
            return false;
    } while (*reader->at == ',');
    if (*reader->at != ']')
        return complain(reader, "the filters need a closing ']'", NULL);
    reader->at++;
    return true;
}

/* Whether the call's row lists the error as one it can return. */
static bool error_is_legal(const struct event_shape *shape, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = shape->legal; (at = strstr(at, name)) != NULL; at += length) {
        bool starts = at == shape->legal || at[-1] == ' ';
        if (starts && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool take_error(struct reader *reader, const char *word, struct fault_rule *rule)
{
    const struct event_shape *shape = &event_shapes[rule->call];
    enum status error;
    if (status_parse(word, &error) && error_is_legal(shape, status_name(error))) {
        rule->error = (uint16_t)error;
        return true;
    }
    char text[640];
    snprintf(text, sizeof text, "%s cannot fail with %s; legal are: %s", shape->name, word,
             shape->legal);
    return complain(reader, text, NULL);
}

static bool take_duration(const char *word, struct fault_rule *rule)
{
    if (strcmp(word, "once") == 0) {
        rule->times = 1;
        return true;
    }
    if (strcmp(word, "forever") == 0) {
        rule->times = UINT64_MAX;
        return true;
    }
    char *end;
    if (word[0] != 'x' || word[1] < '0' || word[1] > '9')
        return false;
    rule->times = strtoull(word + 1, &end, 10);
    return *end == '\0' && rule->times > 0;
}

bool fault_parse(const char *text, struct fault_rule *rule, char *message, size_t message_bytes)
{
    struct reader reader = {text, message, message_bytes};
    char word[64];
    *rule = (struct fault_rule){.nth = 1, .times = 1};
    if (!take_word(&reader, "[#:", word, sizeof word))
        return complain(&reader, "expected CALL[filters]#N:ERROR:once, got", text);
    if (!find_call(&reader, word, rule))
        return false;
    if (*reader.at == '[' && !take_filters(&reader, rule))
        return false;
    /* A reservation alone charges nothing: what it usually runs out of is address space. */
    if (rule->call == EVENT_VirtualAlloc && (rule->filter & FAULT_RESERVE) &&
        !(rule->filter & FAULT_COMMIT))
        rule->error = ST_NOT_ENOUGH_MEMORY;
    if (*reader.at == '#') {
        reader.at++;
        if (!take_number(&reader, &rule->nth) || rule->nth == 0)
            return complain(&reader, "'#' needs the number of the match, from 1, got", reader.at);
    }
    for (bool have_error = false; *reader.at == ':'; have_error = true) {
        reader.at++;
        if (!take_word(&reader, ":", word, sizeof word))
            return complain(&reader, "an error name or once, xN, forever is missing after ':'",
                            NULL);
        if (take_duration(word, rule))
            break;
        if (have_error)
            return complain(&reader, "how long must be once, xN or forever, not", word);
        if (!take_error(&reader, word, rule))
            return false;
    }
    return *reader.at == '\0' || complain(&reader, "cannot be read", reader.at);
}

/* ---- writing ---- */

void fault_format(const struct fault_rule *rule, char *text, size_t text_bytes)
{
    char list[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < COUNT(filters); i++)
        if (rule->filter & filters[i].bit)
            used += (size_t)snprintf(list + used, sizeof list - used, ",%s", filters[i].name);
    if (rule->size_min)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, ",size>=%" PRIu64, rule->size_min);
    for (size_t i = 0; i < COUNT(protections); i++)
        if (rule->protect == protections[i].value)
            used += (size_t)snprintf(list + used, sizeof list - used, ",protect=%s",
                                     protections[i].name);
    CHECK(used < sizeof list);
    char duration[32] = "";
    if (rule->times == UINT64_MAX)
        snprintf(duration, sizeof duration, ":forever");
    else if (rule->times != 1)
        snprintf(duration, sizeof duration, ":x%" PRIu64, rule->times);
    snprintf(text, text_bytes, "%s%s%s%s#%" PRIu64 ":%s%s", event_shapes[rule->call].name,
             used ? "[" : "", used ? list + 1 : "", used ? "]" : "", rule->nth,
             status_name((enum status)rule->error), duration);
}
