/* Reading comparisons, histograms and rates of a scenario. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <ctype.h>
#include <string.h>
#include "harness/options.h"

#define WORD_BYTES 64
#define WEIGHTS_MOST UINT64_C(1000000000)

/* ---- numbers of a key's own kind ---- */

static bool read_kind(enum value_type type, const char *text, uint64_t *number)
{
    switch (type) {
    case VALUE_COMPARE_SIZE:
    case VALUE_SIZE_RANGE:
    case VALUE_SIZES:
        return strncmp(text, "0x", 2) != 0 && parse_bytes(text, number);
    case VALUE_TIMES:
        return read_time(text, number);
    case VALUE_COMPARE_PERCENT:
        return read_percent(text, number) || read_count(text, number);
    default:
        return read_count(text, number);
    }
}

/* "low..high"; false also where low is above high. */
static bool read_range(enum value_type type, const char *text, uint64_t *low, uint64_t *high)
{
    char first[WORD_BYTES];
    const char *dots = strstr(text, "..");
    size_t length = dots ? (size_t)(dots - text) : sizeof first;
    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    return read_kind(type, first, low) && read_kind(type, dots + 2, high) && *low <= *high;
}

/* ---- comparisons ---- */

static enum compare_op take_operator(const char **text)
{
    static const struct {
        const char *word;
        enum compare_op op;
    } operators[] = {{"<=", COMPARE_AT_MOST},   {">=", COMPARE_AT_LEAST}, {"==", COMPARE_EQUAL},
                     {"!=", COMPARE_NOT_EQUAL}, {"<", COMPARE_LESS},      {">", COMPARE_MORE},
                     {"=", COMPARE_EQUAL}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i].word);
        if (strncmp(*text, operators[i].word, length) == 0) {
            *text += length;
            *text += strspn(*text, " ");
            return operators[i].op;
        }
    }
    return COMPARE_NONE;
}

static bool parse_comparison(enum value_type type, const char *text, struct comparison *comparison)
{
    comparison->op = take_operator(&text);
    if (comparison->op == COMPARE_NONE &&
        read_range(type, text, &comparison->value, &comparison->high)) {
        comparison->op = COMPARE_WITHIN;
        return true;
    }
    if (comparison->op == COMPARE_NONE)
        comparison->op = COMPARE_EQUAL;
    return read_kind(type, text, &comparison->value);
}

/* ---- comparisons of two numbers of the run ---- */

static bool is_number(const struct key *key)
{
    return key->section == EXPECT_COUNTER || key->section == EXPECT_INJECTED;
}

static enum read_result say_other(struct loader *loader, const struct yaml_node *node,
                                  const char *name, bool known)
{
    const char *names[SECTION_KEYS_MAX];
    char word[CLIPPED_BYTES], hint[700];
    size_t count = 0;
    clipped(name, strlen(name), word);
    for (const struct key *key = sections[SECTION_EXPECT].keys; key->name; key++)
        if (is_number(key))
            names[count++] = key->name;
    const char *similar = nearest_word(word, names, count);
    if (known)
        diagnose(loader->diagnostics, node->at,
                 "'%s' cannot be compared with this: one of them counts bytes", word);
    else
        diagnose(loader->diagnostics, node->at, "no number of the run is called '%s'%s", word,
                 similar ? suggestion(word, names, count, hint, sizeof hint)
                         : " (lowwater list counters)");
    return READ_SAID;
}

/* "<= win32-failures" */
static enum read_result read_other(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, struct expectation *expectation)
{
    const char *text = node->text;
    enum compare_op op = take_operator(&text);
    const struct key *other = key_find(SECTION_EXPECT, text);
    if (!other || !is_number(other))
        return say_other(loader, node, text, false);
    if (key_type(other) != key_type(key))
        return say_other(loader, node, text, true);
    expectation->comparison.op = op == COMPARE_NONE ? COMPARE_EQUAL : op;
    expectation->has_other = true;
    expectation->other_kind = (enum expectation_kind)other->section;
    expectation->other = (uint16_t)other->least;
    return READ_FINE;
}

enum read_result read_comparison(struct loader *loader, const struct key *key,
                                 const struct yaml_node *node, void *target)
{
    struct comparison comparison = {0};
    enum value_type type = key_type(key);
    const char *first = node->text;
    take_operator(&first);
    if (loader->section == SECTION_EXPECT && is_number(key) && isalpha((unsigned char)*first))
        return read_other(loader, key, node, &((struct expectation_draft *)target)->expectation);
    if (!parse_comparison(type, node->text, &comparison))
        return READ_WRONG;
    if (type == VALUE_COMPARE_PERCENT && key->most && comparison.value > key->most)
        return READ_WRONG;
    *(struct comparison *)key_field(key, target) = comparison;
    return READ_FINE;
}

/* What a rule cannot say, because it keeps the least and the most. */
static enum read_result say_range(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, const char *why)
{
    char word[CLIPPED_BYTES];
    diagnose(loader->diagnostics, node->at, "'%s' is not possible for %s: %s",
             clipped(node->text, node->length, word), key->name, why);
    return READ_SAID;
}

/* Least and most bytes, where 0 means any: what a fault rule can ask. */
enum read_result read_size_range(struct loader *loader, const struct key *key,
                                 const struct yaml_node *node, void *target)
{
    struct comparison c = {0};
    uint64_t *bounds = key_field(key, target);
    if (!parse_comparison(VALUE_SIZE_RANGE, node->text, &c))
        return READ_WRONG;
    if (c.op == COMPARE_NOT_EQUAL)
        return say_range(loader, key, node,
                         "a rule matches one range of sizes; write a rule for each side");
    bool least = c.op == COMPARE_AT_LEAST || c.op == COMPARE_EQUAL || c.op == COMPARE_WITHIN;
    bool most = c.op == COMPARE_AT_MOST || c.op == COMPARE_EQUAL;
    bounds[0] = least ? c.value : c.op == COMPARE_MORE ? c.value + 1 : 0;
    bounds[1] = most                     ? c.value
                : c.op == COMPARE_WITHIN ? c.high
                : c.op == COMPARE_LESS   ? c.value - 1
                                         : 0;
    bool bounded_above = most || c.op == COMPARE_WITHIN || c.op == COMPARE_LESS;
    if (c.op == COMPARE_LESS ? c.value <= 1 : bounded_above && bounds[1] == 0)
        return say_range(loader, key, node, "the smallest size that a rule can tell is 1");
    return READ_FINE;
}

/* ---- histograms ---- */

static bool read_bar(const struct key *key, const char *text, struct histogram_bar *bar)
{
    if (key->type == VALUE_TIMES && strcmp(text, "forever") == 0) {
        bar->low = bar->high = LIFETIME_FOREVER;
        return true;
    }
    if (!read_range(key->type, text, &bar->low, &bar->high)) {
        if (!read_kind(key->type, text, &bar->low))
            return false;
        bar->high = bar->low;
    }
    return bar->low >= key->least && bar->high <= key->most;
}

static bool read_weight(const struct yaml_node *node, bool *percent, uint64_t *weight)
{
    if (node->kind != YAML_WORD)
        return false;
    *percent = read_percent(node->text, weight);
    return (*percent || read_count(node->text, weight)) && *weight >= 1 && *weight <= WEIGHTS_MOST;
}

static enum read_result say_bar(struct loader *loader, const struct key *key,
                                const struct yaml_node *node)
{
    char word[CLIPPED_BYTES];
    diagnose(loader->diagnostics, node->at, "'%s' is neither a %s nor a range of them, like %s",
             clipped(node->text, node->length, word), key->type == VALUE_TIMES ? "time" : "size",
             key->type == VALUE_TIMES ? "1ms..5ms, nor forever" : "4KiB..64KiB");
    return READ_SAID;
}

/* The weights are percent or whole numbers, not both; percent make a hundred. */
static enum read_result check_weights(struct loader *loader, const struct yaml_node *node,
                                      size_t percents, uint64_t sum)
{
    if (percents != 0 && percents != node->count)
        diagnose(loader->diagnostics, node->at, "weights are all percentages or all whole numbers");
    else if (percents && sum != 100)
        diagnose(loader->diagnostics, node->at, "the percentages make %llu%%, not 100%%",
                 (unsigned long long)sum);
    else if (sum > WEIGHTS_MOST)
        diagnose(loader->diagnostics, node->at, "the weights make more than a billion");
    else
        return READ_FINE;
    return READ_SAID;
}

static enum read_result read_bars(struct loader *loader, const struct key *key,
                                  const struct yaml_node *node, struct histogram *histogram)
{
    uint64_t sum = 0;
    size_t percents = 0;
    if (node->count == 0 || node->count > HISTOGRAM_BARS_MAX) {
        diagnose(loader->diagnostics, node->at, "a histogram has from 1 to %d bars, not %zu",
                 HISTOGRAM_BARS_MAX, node->count);
        return READ_SAID;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct histogram_bar *bar = &histogram->bars[histogram->bars_count++];
        const struct yaml_pair *pair = &node->pairs[i];
        bool percent = false;
        if (!read_bar(key, pair->key->text, bar))
            return say_bar(loader, key, pair->key);
        if (!read_weight(pair->value, &percent, &bar->weight)) {
            diagnose(loader->diagnostics, pair->value->at,
                     "a weight is a whole number from 1 to a billion, or a percentage");
            return READ_SAID;
        }
        percents += percent;
        sum += bar->weight;
    }
    return check_weights(loader, node, percents, sum);
}

enum read_result read_histogram(struct loader *loader, const struct key *key,
                                const struct yaml_node *node, void *target)
{
    struct histogram *histogram = key_field(key, target);
    *histogram = (struct histogram){0};
    if (node->kind == YAML_MAP)
        return read_bars(loader, key, node, histogram);
    if (node->kind != YAML_WORD || !read_bar(key, node->text, &histogram->bars[0]))
        return READ_WRONG;
    histogram->bars[0].weight = 1;
    histogram->bars_count = 1;
    return READ_FINE;
}

/* ---- rates ---- */

enum read_result read_rate(struct loader *loader, const struct key *key,
                           const struct yaml_node *node, void *target)
{
    char amount[WORD_BYTES], unit[WORD_BYTES + 1];
    struct rate rate = {0};
    size_t length = strcspn(node->text, "/");
    (void)loader;
    if (length >= sizeof amount || node->text[length] != '/' || node->length - length > 4)
        return READ_WRONG;
    memcpy(amount, node->text, length);
    amount[length] = '\0';
    snprintf(unit, sizeof unit, "1%s", node->text + length + 1);
    rate.bytes = !read_count(amount, &rate.amount);
    if (rate.bytes && (!parse_bytes(amount, &rate.amount) || strncmp(amount, "0x", 2) == 0))
        return READ_WRONG;
    if (!read_time(unit, &rate.per_ns) || rate.amount == 0 || rate.amount > UINT64_C(1) << 46)
        return READ_WRONG;
    *(struct rate *)key_field(key, target) = rate;
    return READ_FINE;
}
