/* Rules of the fault plan as text, as --inject takes them and traces keep them. See fault.h. */
#include "core/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "core/trace.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct word {
    const char *name;
    uint32_t value;
};

static const struct word filters[] = {
    {"reserve", FAULT_RESERVE}, {"commit", FAULT_COMMIT}, {"decommit", FAULT_DECOMMIT},
    {"release", FAULT_RELEASE}, {"reset", FAULT_RESET},
};

#define ROW(name, value) {#name, value},

static const struct word protections[] = {
#define PROTECTION ROW
#include "core/win32_words.def"
};

static const struct word protect_modifiers[] = {
#define PROTECT_MODIFIER ROW
#include "core/win32_words.def"
};

static const struct word call_flags[] = {
#define ALLOCATION_TYPE ROW
#define FREE_TYPE ROW
#define HEAP_FLAG ROW
#include "core/win32_words.def"
};

static const struct word levels[] = {{"task", 1}, {"app-domain", 2}, {"process", 4}};

static const struct {
    const char *text;
    enum compare_op op;
} operators[] = {
    {">=", COMPARE_AT_LEAST},  {"<=", COMPARE_AT_MOST}, {"==", COMPARE_EQUAL},
    {"!=", COMPARE_NOT_EQUAL}, {">", COMPARE_MORE},     {"<", COMPARE_LESS},
    {"=", COMPARE_WITHIN},
};

static const struct {
    const char *name;
    uint64_t ns;
} time_units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};

static uint32_t find_word(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return words[i].value;
    return 0;
}

uint32_t fault_find_filter(const char *name)
{
    return find_word(filters, COUNT(filters), name);
}

uint32_t fault_find_flag(const char *name)
{
    return find_word(call_flags, COUNT(call_flags), name);
}

uint32_t fault_find_protection(const char *name)
{
    char full[40];
    uint32_t value = find_word(protections, COUNT(protections), name);
    snprintf(full, sizeof full, "PAGE_%s", name);
    return value ? value : find_word(protections, COUNT(protections), full);
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

/* Copies so many characters of the text; false when these are none or too many. */
static bool take_word(struct reader *reader, size_t length, char *word, size_t word_bytes)
{
    if (length == 0 || length >= word_bytes)
        return false;
    memcpy(word, reader->at, length);
    word[length] = '\0';
    reader->at += length;
    return true;
}

static bool take_number(const char **at, uint64_t *number)
{
    if (**at < '0' || **at > '9')
        return false;
    bool hex = (*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X');
    char *end;
    errno = 0;
    *number = strtoull(*at, &end, hex ? 16 : 10);
    *at = end;
    return errno != ERANGE;
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
    uint64_t number, factor;
    return take_number(&text, &number) && size_suffix(text, &factor) &&
           !__builtin_mul_overflow(number, factor, bytes);
}

static bool parse_time(const char *text, uint64_t *ns)
{
    uint64_t number;
    if (!take_number(&text, &number))
        return false;
    for (size_t i = 0; i < COUNT(time_units); i++)
        if (strcmp(text, time_units[i].name) == 0)
            return !__builtin_mul_overflow(number, time_units[i].ns, ns);
    *ns = 0;
    return number == 0 && *text == '\0';
}

/* ">90", ">= 90%", "=10..20" */
static bool parse_comparison(const char *text, struct comparison *comparison)
{
    size_t i = 0;
    while (i < COUNT(operators) && strncmp(text, operators[i].text, strlen(operators[i].text)) != 0)
        i++;
    if (i == COUNT(operators))
        return false;
    text += strlen(operators[i].text);
    *comparison = (struct comparison){.op = operators[i].op};
    if (!take_number(&text, &comparison->value))
        return false;
    if (comparison->op == COMPARE_WITHIN) {
        if (strncmp(text, "..", 2) != 0)
            return false;
        text += 2;
        if (!take_number(&text, &comparison->high) || comparison->high < comparison->value)
            return false;
    }
    return *text == '\0' || strcmp(text, "%") == 0;
}

/* Words joined by '|'; the values of one table, a number, or a value of the second table. */
static bool parse_joined(const char *text, const struct word *words, size_t count, uint32_t *bits)
{
    *bits = 0;
    for (;;) {
        char word[48];
        size_t length = strcspn(text, "|");
        if (length == 0 || length >= sizeof word)
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        char *end = word;
        uint32_t value = find_word(words, count, word);
        if (!value && word[0] >= '0' && word[0] <= '9')
            value = (uint32_t)strtoul(word, &end, 0);
        if (!value || (end != word && *end != '\0'))
            return false;
        *bits |= value;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

/* A protection and at most modifiers behind it: "PAGE_READWRITE|PAGE_GUARD". */
static bool parse_protect(const char *text, uint32_t *protect)
{
    char base[40];
    size_t length = strcspn(text, "|");
    uint32_t modifiers = 0;
    if (length >= sizeof base)
        return false;
    memcpy(base, text, length);
    base[length] = '\0';
    *protect = fault_find_protection(base);
    if (!*protect)
        return parse_joined(text, protect_modifiers, COUNT(protect_modifiers), protect);
    if (text[length] == '|' &&
        !parse_joined(text + length + 1, protect_modifiers, COUNT(protect_modifiers), &modifiers))
        return false;
    *protect |= modifiers;
    return true;
}

static bool parse_valued_filter(const char *word, struct fault_rule *rule, const char **mistake)
{
    struct {
        const char *prefix;
        const char *mistake;
    } const forms[] = {{"size>=", "not a size"},
                       {"size<=", "not a size from 1 on"},
                       {"protect=", "no such protection (PAGE_READWRITE and the like)"},
                       {"flags=", "no such flag (MEM_TOP_DOWN, HEAP_ZERO_MEMORY and the like)"},
                       {"criticality=", "not task, app-domain or process"},
                       {"load", "not a comparison (load>90)"},
                       {"from=", "not a time (20ms)"},
                       {"until=", "not a time (20ms)"},
                       {"caller=", "not the name of a function"}};
    size_t form = 0;
    while (form < COUNT(forms) && strncmp(word, forms[form].prefix, strlen(forms[form].prefix)))
        form++;
    if (form == COUNT(forms))
        return false;
    const char *value = word + strlen(forms[form].prefix);
    *mistake = forms[form].mistake;
    switch (form) {
    case 0:
        return parse_size(value, &rule->size_min);
    case 1:
        return parse_size(value, &rule->size_max) && rule->size_max > 0;
    case 2:
        return parse_protect(value, &rule->protect);
    case 3:
        return parse_joined(value, call_flags, COUNT(call_flags), &rule->flags);
    case 4:
        return parse_joined(value, levels, COUNT(levels), &rule->levels) && rule->levels < 8;
    case 5:
        return parse_comparison(value, &rule->load);
    case 6:
        return parse_time(value, &rule->from_ns);
    case 7:
        return parse_time(value, &rule->until_ns) && rule->until_ns > 0;
    default:
        snprintf(rule->caller, sizeof rule->caller, "%s", value);
        return *value && strlen(value) < sizeof rule->caller;
    }
}

static bool parse_filter(struct reader *reader, const char *word, struct fault_rule *rule)
{
    const char *mistake = NULL;
    uint32_t bit = fault_find_filter(word);
    rule->filter |= bit;
    if (bit || parse_valued_filter(word, rule, &mistake))
        return true;
    if (mistake) {
        const char *value = word + strcspn(word, "=<>!");
        return complain(reader, mistake, value + strspn(value, "=<>!"));
    }
    return complain(reader,
                    "unknown filter; known are reserve commit decommit release reset size>=N "
                    "size<=N protect=NAME flags=NAME criticality=LEVEL load>N from=TIME "
                    "until=TIME caller=FUNCTION",
                    word);
}

/* Up to the next comma or the closing bracket; those inside a function's name belong to it:
 * "caller=Pool<int, 4>::operator[]". */
static size_t filter_length(const char *at)
{
    size_t length = 0;
    if (strncmp(at, "caller=", 7) != 0)
        return strcspn(at, ",]");
    for (int depth = 0; at[length] && (depth > 0 || !strchr(",]", at[length])); length++)
        depth += (strchr("<([", at[length]) != NULL) - (strchr(">)]", at[length]) != NULL);
    return length;
}

static bool take_filters(struct reader *reader, struct fault_rule *rule)
{
    char word[128];
    do {
        reader->at++; /* the bracket or comma */
        if (!take_word(reader, filter_length(reader->at), word, sizeof word))
            return complain(reader, "a filter is missing before", reader->at);
        if (!parse_filter(reader, word, rule))
            return false;
    } while (*reader->at == ',');
    if (*reader->at != ']')
        return complain(reader, "the filters need a closing ']'", NULL);
    reader->at++;
    return true;
}

/* "#17", "#%10", "#1/50" */
static bool take_chooser(struct reader *reader, struct fault_rule *rule)
{
    uint64_t *number = &rule->nth;
    const char *text = ++reader->at;
    rule->nth = 0;
    if (*reader->at == '%') {
        reader->at++;
        number = &rule->every;
    }
    if (!take_number(&reader->at, number) || *number == 0)
        return complain(reader, "'#' needs the number of the match, from 1, got", text);
    if (number == &rule->nth && *reader->at == '/') {
        reader->at++;
        rule->chance_num = rule->nth;
        rule->nth = 0;
        if (!take_number(&reader->at, &rule->chance_den) || rule->chance_den < rule->chance_num)
            return complain(reader, "a probability is a ratio such as 1/50, got", text);
    }
    if (!rule->nth)
        rule->times = UINT64_MAX;
    return true;
}

static bool take_error(struct reader *reader, const char *word, struct fault_rule *rule)
{
    const struct event_shape *shape = &event_shapes[rule->call];
    enum status error;
    if (status_parse(word, &error) && fault_error_legal(rule->call, error)) {
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

/* Everything behind the first ':'. A rule that names a delay and no error only delays. */
static bool take_effects(struct reader *reader, struct fault_rule *rule)
{
    bool have_error = false;
    char word[64];
    while (*reader->at == ':') {
        reader->at++;
        if (!take_word(reader, strcspn(reader->at, ":"), word, sizeof word))
            return complain(reader, "an error name or once, xN, forever is missing after ':'",
                            NULL);
        if (take_duration(word, rule))
            break;
        if (strncmp(word, "delay=", 6) == 0) {
            if (!parse_time(word + 6, &rule->delay_ns) || rule->delay_ns == 0)
                return complain(reader, "not a time (5ms)", word + 6);
            continue;
        }
        if (have_error || (word[0] == 'x' && word[1] >= '0' && word[1] <= '9'))
            return complain(reader, "how long must be once, xN or forever, not", word);
        if (!take_error(reader, word, rule))
            return false;
        have_error = true;
    }
    if (rule->delay_ns && !have_error)
        rule->error = ST_OK;
    return *reader->at == '\0' || complain(reader, "cannot be read", reader->at);
}

bool fault_parse(const char *text, struct fault_rule *rule, char *message, size_t message_bytes)
{
    struct reader reader = {text, message, message_bytes};
    char word[64];
    *rule = (struct fault_rule){.nth = 1, .times = 1};
    if (!take_word(&reader, strcspn(text, "[#:"), word, sizeof word))
        return complain(&reader, "expected CALL[filters]#N:ERROR:once, got", text);
    rule->call = fault_find_call(word);
    if (rule->call == EVENT_KINDS)
        return complain(&reader, "no such failure point (see `lowwater list faults`)", word);
    if (event_shapes[rule->call].failure == ST_OK)
        return complain(&reader, "this call has no failure to inject", word);
    if (*reader.at == '[' && !take_filters(&reader, rule))
        return false;
    rule->error = (uint16_t)fault_usual_error(rule->call, rule->filter);
    if (*reader.at == '#' && !take_chooser(&reader, rule))
        return false;
    return take_effects(&reader, rule) && fault_check(rule, message, message_bytes);
}

/* ---- writing ---- */

struct writer {
    char *text;
    size_t bytes, used;
};

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(writer->text + writer->used, writer->bytes - writer->used, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    size_t room = writer->bytes - writer->used - 1;
    writer->used += (size_t)length < room ? (size_t)length : room;
}

/* The words of a table that make up the bits, joined by '|', and what is left as a number. */
static void put_bits(struct writer *writer, const struct word *words, size_t count, uint32_t bits)
{
    const char *joint = "";
    for (size_t i = 0; i < count; i++) {
        if (!(bits & words[i].value))
            continue;
        put(writer, "%s%s", joint, words[i].name);
        joint = "|";
        bits &= ~words[i].value;
    }
    if (bits)
        put(writer, "%s0x%x", joint, bits);
}

static void put_protect(struct writer *writer, uint32_t protect)
{
    uint32_t base = protect & 0xff, modifiers = protect & ~0xffu;
    put_bits(writer, protections, COUNT(protections), base);
    put(writer, "%s", base && modifiers ? "|" : "");
    put_bits(writer, protect_modifiers, COUNT(protect_modifiers), modifiers);
}

static void put_time(struct writer *writer, uint64_t ns)
{
    size_t unit = 0;
    while (ns % time_units[unit].ns != 0)
        unit++;
    put(writer, "%" PRIu64 "%s", ns / time_units[unit].ns, time_units[unit].name);
}

static void put_comparison(struct writer *writer, const struct comparison *comparison)
{
    size_t i = 0;
    while (operators[i].op != comparison->op)
        i++;
    put(writer, "%s%" PRIu64, operators[i].text, comparison->value);
    if (comparison->op == COMPARE_WITHIN)
        put(writer, "..%" PRIu64, comparison->high);
}

static void put_filters(struct writer *writer, const struct fault_rule *rule)
{
    for (size_t i = 0; i < COUNT(filters); i++)
        if (rule->filter & filters[i].value)
            put(writer, ",%s", filters[i].name);
    if (rule->size_min)
        put(writer, ",size>=%" PRIu64, rule->size_min);
    if (rule->size_max)
        put(writer, ",size<=%" PRIu64, rule->size_max);
    if (rule->protect) {
        put(writer, ",protect=");
        put_protect(writer, rule->protect);
    }
    if (rule->flags) {
        put(writer, ",flags=");
        put_bits(writer, call_flags, COUNT(call_flags), rule->flags);
    }
    if (rule->levels) {
        put(writer, ",criticality=");
        put_bits(writer, levels, COUNT(levels), rule->levels);
    }
    if (rule->load.op != COMPARE_NONE) {
        put(writer, ",load");
        put_comparison(writer, &rule->load);
    }
    if (rule->from_ns) {
        put(writer, ",from=");
        put_time(writer, rule->from_ns);
    }
    if (rule->until_ns) {
        put(writer, ",until=");
        put_time(writer, rule->until_ns);
    }
    if (rule->caller[0])
        put(writer, ",caller=%s", rule->caller);
}

/* Neither nth nor every nor chance is the same as the first match and all that follow. */
static void put_chooser(struct writer *writer, const struct fault_rule *rule)
{
    if (rule->nth == 0 && rule->every)
        put(writer, "#%%%" PRIu64, rule->every);
    else if (rule->nth == 0 && rule->chance_den)
        put(writer, "#%" PRIu64 "/%" PRIu64, rule->chance_num, rule->chance_den);
    else
        put(writer, "#%" PRIu64, rule->nth ? rule->nth : 1);
}

void fault_format(const struct fault_rule *rule, char *text, size_t text_bytes)
{
    struct writer writer = {text, text_bytes, 0};
    CHECK(text_bytes > 0 && rule->call < EVENT_KINDS);
    put(&writer, "%s", event_shapes[rule->call].name);
    size_t bracket = writer.used;
    put_filters(&writer, rule);
    if (writer.used > bracket) {
        text[bracket] = '['; /* in place of the first comma */
        put(&writer, "]");
    }
    put_chooser(&writer, rule);
    if (rule->error != ST_OK)
        put(&writer, ":%s", status_name((enum status)rule->error));
    if (rule->delay_ns) {
        put(&writer, ":delay=");
        put_time(&writer, rule->delay_ns);
    }
    bool often = rule->nth == 0 && (rule->every || rule->chance_den);
    if (rule->times == UINT64_MAX)
        put(&writer, "%s", often ? "" : ":forever");
    else if (rule->times != 1)
        put(&writer, ":x%" PRIu64, rule->times);
    else
        put(&writer, "%s", often ? ":once" : "");
}
