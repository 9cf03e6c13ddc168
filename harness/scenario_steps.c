/* Steps of a workload: which kind one is, and the structs they fill. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <string.h>
#include "harness/options.h"

static enum step_kind kind_of(enum section_id id)
{
    switch (id) {
    case SECTION_REPLAY:
        return STEP_REPLAY;
    case SECTION_PHASE:
        return STEP_PHASE;
    case SECTION_TOUCH:
        return STEP_TOUCH;
    case SECTION_WAIT:
        return STEP_WAIT;
    case SECTION_REPEAT:
        return STEP_REPEAT;
    case SECTION_TOGETHER:
        return STEP_TOGETHER;
    default:
        return STEP_CALL;
    }
}

/* The kind of a step is the first of its keys that names one, in the order of the sections:
 * `replay` stands before the `repeat` it may have as well, `phase` before its `touch`. */
static bool find_kind(const struct yaml_node *node, enum section_id *id)
{
    for (int i = SECTION_REPLAY; i < SECTIONS; i++) {
        if (sections[i].is_step && yaml_find(node, sections[i].name)) {
            *id = (enum section_id)i;
            return true;
        }
    }
    return false;
}

static void say_unknown_step(struct loader *loader, const struct yaml_node *node)
{
    const char *names[SECTIONS];
    char word[CLIPPED_BYTES], hint[700];
    size_t count = 0;
    for (int i = SECTION_REPLAY; i < SECTIONS; i++)
        if (sections[i].is_step)
            names[count++] = sections[i].name;
    if (node->kind == YAML_LIST || node->count == 0) {
        if (node->kind == YAML_WORD && !yaml_is_null(node))
            diagnose(loader->diagnostics, node->at,
                     "a step is a mapping: write '%s:' with a colon and what it needs",
                     clipped(node->text, node->length, word));
        else
            diagnose(loader->diagnostics, node->at, "a step is a mapping, not %s",
                     yaml_kind_text(node));
        return;
    }
    const struct yaml_node *key = node->pairs[0].key;
    clipped(key->text, key->length, word);
    diagnose(loader->diagnostics, key->at, "unknown step '%s'%s", word,
             diagnostics_wanted(loader->diagnostics, key->at)
                 ? suggestion(word, names, count, hint, sizeof hint)
                 : "");
}

/* Makes the struct that the step's keys fill: its own, or the step itself. */
static void *target_of(struct loader *loader, struct step *step, enum section_id id)
{
    switch (step->kind) {
    case STEP_REPLAY:
        step->replay = pool_alloc(loader->pool, sizeof *step->replay);
        step->replay->native = loader->draft->native;
        step->replay->to_ns = UINT64_MAX;
        return step->replay;
    case STEP_PHASE:
        return step->phase = pool_alloc(loader->pool, sizeof *step->phase);
    case STEP_TOUCH:
        return step->touch = pool_alloc(loader->pool, sizeof *step->touch);
    case STEP_CALL:
        step->call = pool_alloc(loader->pool, sizeof *step->call);
        step->call->slot = (enum call_slot)(id - SECTION_CALL);
        return step->call;
    default:
        return step;
    }
}

static bool bind_step(struct loader *loader, const struct yaml_node *node, struct step *step)
{
    enum section_id id;
    if (node->kind != YAML_MAP || !find_kind(node, &id)) {
        say_unknown_step(loader, node);
        return false;
    }
    const char *name = sections[id].name;
    *step = (struct step){.kind = kind_of(id),
                          .line = node->pairs[0].key->at.line,
                          .column = node->pairs[0].key->at.column,
                          .path = path_keep(loader)};
    void *target = target_of(loader, step, id);
    if (!sections[id].is_nested)
        return bind_section(loader, id, node, target);
    bool fine = true;
    for (size_t i = 0; i < node->count; i++) {
        char word[CLIPPED_BYTES];
        const struct yaml_node *key = node->pairs[i].key;
        if (strcmp(key->text, name) == 0)
            continue;
        diagnose(loader->diagnostics, key->at,
                 "'%s' does not belong to the step '%s': its keys go into braces or deeper, the "
                 "next step begins with '-'",
                 clipped(key->text, key->length, word), name);
        fine = false;
    }
    return bind_section(loader, id, yaml_find(node, name), target) && fine;
}

/* Enters a repeat, or threads that do the same; false: all of them together would go on for too
 * long. */
static bool enter_rounds(struct loader *loader, const char *key, uint64_t rounds)
{
    loader->repeat_depth++;
    if (!__builtin_mul_overflow(loader->repeats, rounds, &loader->repeats) &&
        loader->repeats <= REPEATS_MOST)
        return true;
    diagnose(loader->diagnostics, yaml_find(loader->map, key)->at,
             "the repeats around this make more than 10,000,000 rounds");
    return false;
}

static bool enter_steps(struct loader *loader, const struct step *step)
{
    if (loader->section == SECTION_REPEAT)
        return enter_rounds(loader, "repeat", step->times);
    if (loader->section == SECTION_TOGETHER && step->threads)
        return enter_rounds(loader, "threads", step->threads);
    return true;
}

/* ---- threads ---- */

#define THREADS_AT_ONCE UINT64_C(1000)

/* How many threads a list of steps makes, at most at a time. Nested ones multiply, and a file has
 * at most 64 levels: it stops counting when they are too many. */
static uint64_t threads_of_list(const struct step *steps, uint32_t count, bool side_by_side)
{
    uint64_t most = 0, sum = 0;
    for (uint32_t i = 0; i < count && sum <= THREADS_AT_ONCE; i++) {
        const struct step *step = &steps[i];
        uint64_t threads = 0;
        if (step->kind == STEP_PHASE && step->phase->threads > 1)
            threads = step->phase->threads;
        else if (step->kind == STEP_REPEAT)
            threads = threads_of_list(step->steps, step->steps_count, false);
        else if (step->kind == STEP_TOGETHER)
            threads = threads_of_list(step->steps, step->steps_count, true);
        if (step->kind == STEP_TOGETHER && step->threads)
            threads = (threads + step->steps_count) * step->threads;
        most = threads > most ? threads : most;
        sum = (side_by_side ? sum : 0) + threads;
    }
    return side_by_side ? sum : most;
}

static enum read_result check_threads(struct loader *loader, const struct yaml_node *node)
{
    const struct workload *workload = &loader->draft->scenario.workload;
    if (threads_of_list(workload->steps, workload->steps_count, false) <= THREADS_AT_ONCE)
        return READ_FINE;
    diagnose(loader->diagnostics, node->at, "these steps make more than 1,000 threads at a time");
    return READ_SAID;
}

/* ---- lists ---- */

static enum read_result bind_steps(struct loader *loader, const struct yaml_node *node,
                                   struct step **steps, uint32_t *count)
{
    bool fine = true;
    *steps = pool_alloc(loader->pool, node->count * sizeof **steps);
    *count = (uint32_t)node->count;
    for (size_t i = 0; i < node->count; i++) {
        size_t before = path_enter(loader, "[%zu]", i);
        fine = bind_step(loader, node->items[i], &(*steps)[i]) && fine;
        path_leave(loader, before);
    }
    return fine ? READ_FINE : READ_SAID;
}

enum read_result read_steps(struct loader *loader, const struct key *key,
                            const struct yaml_node *node, void *target)
{
    struct step **steps = key_field(key, target);
    uint64_t repeats = loader->repeats;
    uint32_t depth = loader->repeat_depth;
    bool top = loader->section == SECTION_TOP;
    enum read_result result = READ_SAID;
    if (node->kind != YAML_LIST || node->count == 0)
        return READ_WRONG;
    size_t before = path_enter(loader, top ? "%s" : ".%s", key->name);
    if (top || enter_steps(loader, target))
        result = bind_steps(loader, node, steps,
                            top ? &loader->draft->scenario.workload.steps_count
                                : &((struct step *)target)->steps_count);
    path_leave(loader, before);
    loader->repeats = repeats;
    loader->repeat_depth = depth;
    return top && result == READ_FINE ? check_threads(loader, node) : result;
}
