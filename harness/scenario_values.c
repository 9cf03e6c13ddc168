/* Reading simple values: numbers with units, words, flags. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <string.h>
#include <strings.h>
#include "harness/options.h"

void *key_field(const struct key *key, void *target)
{
    return (char *)target + key->offset;
}

void store_number(const struct key *key, void *target, uint64_t number)
{
    void *field = key_field(key, target);
    uint8_t n8 = (uint8_t)number;
    uint16_t n16 = (uint16_t)number;
    uint32_t n32 = (uint32_t)number;
    switch (key->width) {
    case 1:
        memcpy(field, &n8, 1);
        break;
    case 2:
        memcpy(field, &n16, 2);
        break;
    case 4:
        memcpy(field, &n32, 4);
        break;
    default:
        memcpy(field, &number, 8);
    }
}

static bool within(const struct key *key, uint64_t number)
{
    if (key->step && number % key->step)
        return false;
    return (key->least == 0 && key->most == 0) || (number >= key->least && number <= key->most);
}

/* ---- numbers ---- */

bool read_count(const char *text, uint64_t *number)
{
    char digits[32];
    size_t used = 0, length = strlen(text), group = strcspn(text, ",");
    if (!strchr(text, ','))
        return strspn(text, "0123456789") == length && parse_u64(text, number);
    for (size_t i = 0; i < length; i++) {
        bool comma = i >= group && (i - group) % 4 == 0;
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (comma ? text[i] != ',' : !digit || used + 1 >= sizeof digits)
            return false;
        if (!comma)
            digits[used++] = text[i];
    }
    digits[used] = '\0';
    return group >= 1 && group <= 3 && (length - group) % 4 == 0 && parse_u64(digits, number);
}

bool read_time(const char *text, uint64_t *ns)
{
    size_t length = strlen(text);
    bool bare = length > 0 && strspn(text, "0123456789") == length;
    if (bare ? strcmp(text, "0") != 0 : strncmp(text, "0x", 2) == 0)
        return false;
    return parse_duration_ns(text, ns);
}

bool read_percent(const char *text, uint64_t *percent)
{
    char digits[32];
    size_t length = strlen(text);
    if (length < 2 || length >= sizeof digits || text[length - 1] != '%')
        return false;
    memcpy(digits, text, length - 1);
    digits[length - 1] = '\0';
    return read_count(digits, percent);
}

bool read_ratio(const char *text, uint64_t *numerator, uint64_t *denominator)
{
    char digits[32];
    size_t length = strcspn(text, "/");
    if (length >= sizeof digits || text[length] != '/')
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return read_count(digits, numerator) && read_count(text + length + 1, denominator) &&
           *denominator > 0;
}

static enum read_result read_text(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, void *target)
{
    if (node->length < key->least || node->length > key->most || strpbrk(node->text, "\r\n"))
        return READ_WRONG;
    const char *copy = pool_text(loader->pool, node->text, node->length);
    memcpy(key_field(key, target), &copy, sizeof copy);
    return READ_FINE;
}

static enum read_result read_characters(struct loader *loader, const struct key *key,
                                        const struct yaml_node *node, void *target)
{
    (void)loader;
    if (node->length < key->least || node->length >= key->width)
        return READ_WRONG;
    memcpy(key_field(key, target), node->text, node->length + 1);
    return READ_FINE;
}

static enum read_result read_number(struct loader *loader, const struct key *key,
                                    const struct yaml_node *node, void *target)
{
    uint64_t number;
    (void)loader;
    if (!read_count(node->text, &number) || !within(key, number))
        return READ_WRONG;
    store_number(key, target, number);
    return READ_FINE;
}

static bool is_a_choice(const struct key *key, uint64_t value)
{
    const struct choice *choice = key->choices;
    while (choice->name && choice->value != value)
        choice++;
    return choice->name != NULL;
}

static enum read_result read_size(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, void *target)
{
    uint64_t bytes;
    (void)loader;
    if (!parse_bytes(node->text, &bytes) || strncmp(node->text, "0x", 2) == 0)
        return READ_WRONG;
    if (key->choices ? !is_a_choice(key, bytes) : !within(key, bytes))
        return READ_WRONG;
    store_number(key, target, bytes);
    return READ_FINE;
}

static enum read_result read_size_or_all(struct loader *loader, const struct key *key,
                                         const struct yaml_node *node, void *target)
{
    if (strcmp(node->text, "all") != 0)
        return read_size(loader, key, node, target);
    store_number(key, target, UINT64_MAX);
    return READ_FINE;
}

static enum read_result read_duration(struct loader *loader, const struct key *key,
                                      const struct yaml_node *node, void *target)
{
    uint64_t ns;
    (void)loader;
    if (!read_time(node->text, &ns) || !within(key, ns))
        return READ_WRONG;
    store_number(key, target, ns);
    return READ_FINE;
}

static enum read_result read_share(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, void *target)
{
    uint64_t percent;
    (void)loader;
    if (!read_percent(node->text, &percent) || !within(key, percent))
        return READ_WRONG;
    store_number(key, target, percent);
    return READ_FINE;
}

/* "2x" is 2/1. Both parts stay below a billion, so that products with times do not overflow much:
 * the replay computes in 128 bits. */
static enum read_result read_speed(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, void *target)
{
    char digits[32];
    uint64_t parts[2] = {0, 1};
    size_t length = node->length;
    (void)loader;
    bool times = length >= 2 && length < sizeof digits && node->text[length - 1] == 'x';
    if (times) {
        memcpy(digits, node->text, length - 1);
        digits[length - 1] = '\0';
    }
    if (times ? !read_count(digits, &parts[0]) : !read_ratio(node->text, &parts[0], &parts[1]))
        return READ_WRONG;
    if (parts[0] == 0 || parts[0] > 1000000000 || parts[1] > 1000000000)
        return READ_WRONG;
    memcpy(key_field(key, target), parts, sizeof parts);
    return READ_FINE;
}

static enum read_result read_chance(struct loader *loader, const struct key *key,
                                    const struct yaml_node *node, void *target)
{
    uint64_t parts[2] = {0, 100};
    (void)loader;
    if (!read_percent(node->text, &parts[0]) && !read_ratio(node->text, &parts[0], &parts[1]))
        return READ_WRONG;
    if (parts[0] > parts[1] || parts[1] > UINT64_C(1) << 62)
        return READ_WRONG;
    memcpy(key_field(key, target), parts, sizeof parts);
    return READ_FINE;
}

/* ---- words ---- */

static bool parse_flag(const char *text, bool *flag)
{
    bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
    bool no = strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
    *flag = yes;
    return yes || no;
}

static enum read_result read_flag(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, void *target)
{
    bool flag;
    (void)loader;
    if (!parse_flag(node->text, &flag))
        return READ_WRONG;
    store_number(key, target, flag);
    return READ_FINE;
}

/* Filters that hold for a `no` would be another language: what is left out is not asked. */
static enum read_result read_filter(struct loader *loader, const struct key *key,
                                    const struct yaml_node *node, void *target)
{
    bool flag;
    uint32_t bits;
    (void)loader;
    if (!parse_flag(node->text, &flag) || !flag)
        return READ_WRONG;
    memcpy(&bits, key_field(key, target), sizeof bits);
    store_number(key, target, bits | key->least);
    return READ_FINE;
}

const struct choice *find_choice(const struct choice *choices, const char *text, size_t length)
{
    for (const struct choice *choice = choices; choice->name; choice++) {
        const char *bare = strchr(choice->name, '_');
        bare = bare ? bare + 1 : choice->name;
        if ((strlen(choice->name) == length && strncasecmp(choice->name, text, length) == 0) ||
            (strlen(bare) == length && strncasecmp(bare, text, length) == 0))
            return choice;
    }
    return NULL;
}

static enum read_result say_choice(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, const char *text, size_t length)
{
    const char *names[64];
    size_t count = 0;
    char word[CLIPPED_BYTES], hint[700], label[96];
    if (!diagnostics_wanted(loader->diagnostics, node->at))
        return READ_WRONG;
    for (const struct choice *choice = key->choices; choice->name && count < 64; choice++)
        names[count++] = choice->name;
    clipped(text, length, word);
    const char *similar = nearest_word(word, names, count);
    if (!similar)
        return READ_WRONG;
    suggestion(word, names, count, hint, sizeof hint);
    diagnose(loader->diagnostics, node->at, "%s cannot be '%s'%s",
             key_label(loader->section, key, label, sizeof label), word, hint);
    return READ_SAID;
}

static enum read_result read_choice(struct loader *loader, const struct key *key,
                                    const struct yaml_node *node, void *target)
{
    const struct choice *choice = key->choices;
    while (choice->name && strcmp(choice->name, node->text) != 0)
        choice++;
    if (!choice->name)
        return say_choice(loader, key, node, node->text, node->length);
    store_number(key, target, choice->value);
    return READ_FINE;
}

static enum read_result read_word(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, void *target)
{
    const struct choice *choice = find_choice(key->choices, node->text, node->length);
    if (!choice)
        return say_choice(loader, key, node, node->text, node->length);
    memcpy(key_field(key, target), &choice->name, sizeof choice->name);
    return READ_FINE;
}

#define FLAGS_BYTES 1024 /* of all flags in one word */

/* One flag, or a number: a scenario may ask for what no host should get. */
static bool add_bits(const struct key *key, const char *text, size_t length, uint32_t *bits)
{
    char word[64];
    uint64_t number;
    while (length && *text == ' ') {
        text++;
        length--;
    }
    while (length && text[length - 1] == ' ')
        length--;
    const struct choice *choice = find_choice(key->choices, text, length);
    if (choice) {
        *bits |= (uint32_t)choice->value;
        return true;
    }
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    if (!parse_u64(word, &number) || number > UINT32_MAX)
        return false;
    *bits |= (uint32_t)number;
    return true;
}

static enum read_result add_word_bits(struct loader *loader, const struct key *key,
                                      const struct yaml_node *node, uint32_t *bits)
{
    if (node->length > FLAGS_BYTES)
        return READ_WRONG;
    for (const char *at = node->text;; at++) {
        size_t length = strcspn(at, "|");
        if (!add_bits(key, at, length, bits))
            return say_choice(loader, key, node, at, length);
        at += length;
        if (*at == '\0')
            return READ_FINE;
    }
}

static enum read_result read_bits(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, void *target)
{
    uint32_t bits = 0;
    enum read_result result = READ_FINE;
    if (node->kind == YAML_WORD)
        result = add_word_bits(loader, key, node, &bits);
    for (size_t i = 0; node->kind == YAML_LIST && i < node->count && result == READ_FINE; i++) {
        if (node->items[i]->kind != YAML_WORD)
            return READ_WRONG;
        result = add_word_bits(loader, key, node->items[i], &bits);
    }
    if (result == READ_FINE)
        store_number(key, target, bits);
    return node->kind == YAML_MAP ? READ_WRONG : result;
}

static enum read_result read_levels(struct loader *loader, const struct key *key,
                                    const struct yaml_node *node, void *target)
{
    uint32_t levels = 0;
    bool list = node->kind == YAML_LIST;
    if (node->kind == YAML_MAP || (list && node->count == 0))
        return READ_WRONG;
    for (size_t i = 0; i < (list ? node->count : 1); i++) {
        const struct yaml_node *item = list ? node->items[i] : node;
        const struct choice *choice = key->choices;
        while (choice->name && (item->kind != YAML_WORD || strcmp(choice->name, item->text) != 0))
            choice++;
        if (!choice->name)
            return READ_WRONG;
        levels |= 1u << choice->value;
    }
    (void)loader;
    store_number(key, target, levels);
    return READ_FINE;
}

static enum read_result read_one_result(struct loader *loader, const struct key *key,
                                        const struct yaml_node *node, struct result_expect *expect)
{
    uint64_t number;
    const char *text = node->text;
    struct key named = *key;
    if (node->kind != YAML_WORD)
        return READ_WRONG;
    named.choices = choices_results;
    const struct choice *choice = choices_results;
    while (choice->name && strcmp(choice->name, text) != 0)
        choice++;
    if (strcmp(text, "any") == 0)
        *expect = (struct result_expect){.kind = RESULT_ANY};
    else if (strcmp(text, "ok") == 0 || strcmp(text, "served") == 0)
        *expect = (struct result_expect){.kind = RESULT_SERVED};
    else if (strcmp(text, "refused") == 0)
        *expect = (struct result_expect){.kind = RESULT_REFUSED};
    else if (choice->name)
        *expect = (struct result_expect){RESULT_EXACT, (uint32_t)choice->value, NULL};
    else if (parse_u64(text, &number) && number <= UINT32_MAX)
        *expect = (struct result_expect){RESULT_EXACT, (uint32_t)number, NULL};
    else if (say_choice(loader, &named, node, text, node->length) == READ_SAID)
        return READ_SAID;
    else
        return READ_WRONG;
    return READ_FINE;
}

/* One result, or a list of those that will do. */
static enum read_result read_result_expect(struct loader *loader, const struct key *key,
                                           const struct yaml_node *node, void *target)
{
    struct result_expect *expect = key_field(key, target);
    if (node->kind != YAML_LIST)
        return read_one_result(loader, key, node, expect);
    enum read_result result = node->count == 0 ? READ_WRONG : READ_FINE;
    for (size_t i = 0; i < node->count && result == READ_FINE; i++) {
        struct result_expect *at = expect;
        if (i > 0)
            expect->also = at = pool_alloc(loader->pool, sizeof *at);
        result = read_one_result(loader, key, node->items[i], at);
        expect = at;
    }
    return result;
}

static enum read_result read_pcg32(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, void *target)
{
    uint64_t numbers[2];
    (void)loader;
    if (node->kind != YAML_LIST || node->count != 2)
        return READ_WRONG;
    for (int i = 0; i < 2; i++)
        if (node->items[i]->kind != YAML_WORD || !parse_u64(node->items[i]->text, &numbers[i]))
            return READ_WRONG;
    *(struct touch_pcg32 *)key_field(key, target) =
        (struct touch_pcg32){true, numbers[0], numbers[1]};
    return READ_FINE;
}

/* ---- all types ---- */

value_reader *const value_readers[VALUE_TYPES] = {
    [VALUE_TEXT] = read_text,
    [VALUE_CHARACTERS] = read_characters,
    [VALUE_COUNT] = read_number,
    [VALUE_SIZE] = read_size,
    [VALUE_SIZE_OR_ALL] = read_size_or_all,
    [VALUE_TIME] = read_duration,
    [VALUE_PERCENT] = read_share,
    [VALUE_SPEED] = read_speed,
    [VALUE_CHANCE] = read_chance,
    [VALUE_RATE] = read_rate,
    [VALUE_FLAG] = read_flag,
    [VALUE_FILTER] = read_filter,
    [VALUE_CHOICE] = read_choice,
    [VALUE_WORD] = read_word,
    [VALUE_BITS] = read_bits,
    [VALUE_LEVELS] = read_levels,
    [VALUE_COMPARE_COUNT] = read_comparison,
    [VALUE_COMPARE_SIZE] = read_comparison,
    [VALUE_COMPARE_PERCENT] = read_comparison,
    [VALUE_SIZE_RANGE] = read_size_range,
    [VALUE_SIZES] = read_histogram,
    [VALUE_TIMES] = read_histogram,
    [VALUE_ADDRESS] = read_address,
    [VALUE_ADDRESS_KEPT] = read_address_kept,
    [VALUE_NAME] = read_name,
    [VALUE_OF] = read_of,
    [VALUE_RESULT] = read_result_expect,
    [VALUE_PCG32] = read_pcg32,
    [VALUE_CALL] = read_call,
    [VALUE_ERROR] = read_error,
    [VALUE_HOW_OFTEN] = read_how_often,
    [VALUE_RECORDING] = read_recording,
    [VALUE_CURVE] = read_curve,
    [VALUE_PARAMS] = read_params,
    [VALUE_SECTION] = read_section,
    [VALUE_STEPS] = read_steps,
    [VALUE_PRESSURES] = read_pressures,
    [VALUE_FAULTS] = read_faults,
    [VALUE_EXPECTATIONS] = read_expectations,
};
