/* The lists of a scenario: faults, expectations; and the policy's parameters. Pressure has a file
 * of its own, scenario_pressure.c. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <string.h>
#include "harness/options.h"

/* ---- faults ---- */

enum read_result read_faults(struct loader *loader, const struct key *key,
                             const struct yaml_node *node, void *target)
{
    struct scenario *scenario = &loader->draft->scenario;
    bool fine = true;
    (void)target;
    if (node->kind != YAML_LIST)
        return READ_WRONG;
    if (node->count > FAULT_RULES) {
        diagnose(loader->diagnostics, node->items[FAULT_RULES]->at,
                 "more than %d faults in one scenario", FAULT_RULES);
        return READ_SAID;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct scenario_fault *fault = &scenario->faults[i];
        size_t before = path_enter(loader, "faults[%zu]", i);
        fault->line = node->items[i]->at.line;
        fault->column = node->items[i]->at.column;
        fault->path = path_keep(loader);
        fine = bind_section(loader, key->section, node->items[i], &fault->rule) && fine;
        path_leave(loader, before);
    }
    scenario->faults_count = (uint32_t)node->count;
    return fine ? READ_FINE : READ_SAID;
}

/* ---- expectations ---- */

/* "low or high": one of these will do. */
static void put_words(const struct yaml_node *list, char *text, size_t bytes)
{
    size_t used = 0;
    CHECK(bytes > 0);
    text[0] = '\0';
    for (size_t i = 0; i < list->count && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i ? " or " : "",
                                 list->items[i]->text);
}

/* "peak-commit <= 512MiB": a bare value means that it is equal. */
static const char *expectation_text(struct loader *loader, const struct yaml_pair *pair,
                                    const struct expectation *expectation)
{
    char text[160], word[CLIPPED_BYTES], words[80];
    const char *value = pair->value->kind == YAML_WORD ? pair->value->text : words;
    if (value == words)
        put_words(pair->value, words, sizeof words);
    bool bare = expectation->comparison.op == COMPARE_EQUAL && *value != '=';
    bool range = expectation->comparison.op == COMPARE_WITHIN;
    snprintf(text, sizeof text, "%s %s%s", pair->key->text,
             range  ? "in "
             : bare ? "== "
                    : "",
             clipped(value, strlen(value), word));
    return pool_text(loader->pool, text, strlen(text));
}

/* One key of an item is one expectation: its section is bound alone. */
static bool bind_expectation(struct loader *loader, const struct yaml_pair *pair,
                             struct expectation_draft *draft)
{
    struct yaml_pair one = *pair;
    const struct yaml_node map = {.kind = YAML_MAP, .at = pair->key->at, .count = 1, .pairs = &one};
    struct expectation *expectation = &draft->expectation;
    const struct key *key = key_find(SECTION_EXPECT, pair->key->text);
    size_t before = path_enter(loader, ".%s", pair->key->text);
    expectation->line = pair->key->at.line;
    expectation->column = pair->key->at.column;
    expectation->path = path_keep(loader);
    path_leave(loader, before);
    if (!bind_section(loader, SECTION_EXPECT, &map, draft))
        return false;
    expectation->kind = (enum expectation_kind)key->section;
    expectation->counter = expectation->kind == EXPECT_COUNTER ? (uint16_t)key->least : 0;
    expectation->text = expectation_text(loader, pair, expectation);
    return true;
}

static bool bind_expectations(struct loader *loader, const struct yaml_node *item)
{
    struct scenario *scenario = &loader->draft->scenario;
    bool fine = true;
    if (item->kind != YAML_MAP) {
        diagnose(loader->diagnostics, item->at,
                 "an expectation is a mapping like {peak-commit: \"<= 512MiB\"}, not %s",
                 yaml_kind_text(item));
        return false;
    }
    for (size_t i = 0; i < item->count; i++) {
        struct expectation_draft draft = {.wanted = true};
        if (!bind_expectation(loader, &item->pairs[i], &draft)) {
            fine = false;
            continue;
        }
        if (!draft.wanted)
            continue; /* nothing-left-behind: no */
        scenario->expectations[scenario->expectations_count++] = draft.expectation;
        if (draft.expectation.kind == EXPECT_NOTHING_LEFT)
            scenario->workload.give_back = true;
    }
    return fine;
}

enum read_result read_expectations(struct loader *loader, const struct key *key,
                                   const struct yaml_node *node, void *target)
{
    struct scenario *scenario = &loader->draft->scenario;
    size_t count = 0;
    bool fine = true;
    (void)key;
    (void)target;
    if (node->kind != YAML_LIST)
        return READ_WRONG;
    for (size_t i = 0; i < node->count; i++)
        count += node->items[i]->count;
    scenario->expectations = pool_alloc(loader->pool, count * sizeof *scenario->expectations);
    for (size_t i = 0; i < node->count; i++) {
        size_t before = path_enter(loader, "expect[%zu]", i);
        fine = bind_expectations(loader, node->items[i]) && fine;
        path_leave(loader, before);
    }
    return fine ? READ_FINE : READ_SAID;
}

/* ---- parameters of the policy ---- */

static bool bind_param(struct loader *loader, const struct yaml_pair *pair)
{
    struct scenario *scenario = &loader->draft->scenario;
    struct policy_param *param = &scenario->params[scenario->params_count];
    const struct yaml_node *key = pair->key, *value = pair->value;
    if (scenario->params_count == POLICY_PARAMS_MAX) {
        diagnose(loader->diagnostics, key->at, "more than %d parameters", POLICY_PARAMS_MAX);
        return false;
    }
    if (value->kind != YAML_WORD || yaml_is_null(value)) {
        diagnose(loader->diagnostics, value->at, "a parameter of the policy is a word, not %s",
                 yaml_kind_text(value));
        return false;
    }
    if (key->length == 0 || key->length >= sizeof param->key ||
        value->length >= sizeof param->value) {
        diagnose(loader->diagnostics, key->at,
                 "a parameter of the policy has a name and a value of at most %zu characters",
                 sizeof param->value - 1);
        return false;
    }
    memcpy(param->key, key->text, key->length + 1);
    memcpy(param->value, value->text, value->length + 1);
    scenario->params_count++;
    return true;
}

enum read_result read_params(struct loader *loader, const struct key *key,
                             const struct yaml_node *node, void *target)
{
    bool fine = true;
    (void)key;
    (void)target;
    if (node->kind != YAML_MAP)
        return READ_WRONG;
    for (size_t i = 0; i < node->count; i++)
        fine = bind_param(loader, &node->pairs[i]) && fine;
    return fine ? READ_FINE : READ_SAID;
}
