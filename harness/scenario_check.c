/* What the keys of one mapping say together. See scenario_private.h. Runs only when each of them
 * could be read. */
#include "harness/scenario_private.h"

#include <inttypes.h>
#include <string.h>

#define OPERATIONS_MOST UINT64_C(1000000000)

/* ---- the machine ---- */

static void check_machine(struct binding *b)
{
    const struct machine_config *machine = b->target;
    char word[32];
    if (given(b, "pagefile-max") && machine->pagefile_max_bytes < machine->pagefile_bytes)
        SAY(b, given(b, "pagefile-max"), "pagefile-max is smaller than pagefile (%s)",
            size_word(machine->pagefile_bytes, word, sizeof word));
    if (given(b, "low-memory") && given(b, "high-memory") &&
        machine->high_memory_bytes < machine->low_memory_bytes)
        SAY(b, given(b, "high-memory"), "high-memory is smaller than low-memory (%s)",
            size_word(machine->low_memory_bytes, word, sizeof word));
}

/* ---- the workload ---- */

static void check_replay(struct binding *b)
{
    struct step_replay *replay = b->target;
    char from[32], end[32];
    uint64_t duration = replay->recording->duration_ns, rounds;
    time_word(replay->from_ns, from, sizeof from);
    if (given(b, "to") && replay->to_ns <= replay->from_ns)
        SAY(b, given(b, "to"), "to must lie behind from (%s)", from);
    else if (given(b, "from") && replay->from_ns > 0 && replay->from_ns >= duration)
        SAY(b, given(b, "from"), "the recording ends before, at %s",
            time_word(duration, end, sizeof end));
    if (__builtin_mul_overflow(b->loader->repeats, replay->repeat, &rounds) ||
        rounds > REPEATS_MOST)
        SAY(b, given(b, "repeat") ? given(b, "repeat") : b->map,
            "the repeats around this make more than 10,000,000 rounds");
}

/* How often, in all of the phase; UINT64_MAX: too often to count. */
static uint64_t operations(const struct rate *rate, uint64_t ns)
{
    unsigned __int128 product = (unsigned __int128)rate->amount * ns / rate->per_ns;
    return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

/* Allocations by a rate of bytes are at least so many as the largest size makes. */
static uint64_t least_operations(const struct phase_allocate *allocate, uint64_t ns)
{
    uint64_t largest = 1;
    for (uint32_t i = 0; i < allocate->size.bars_count; i++)
        if (allocate->size.bars[i].high > largest)
            largest = allocate->size.bars[i].high;
    return operations(&allocate->rate, ns) / largest;
}

/* An action of a phase: something says how often, and it ends. limits: what bounds it instead of a
 * duration. */
static void check_action(struct binding *b, const char *name, const struct rate *rate, bool limited,
                         const char *limits)
{
    struct step_phase *phase = b->target;
    const struct yaml_node *node = given(b, name);
    if (!node)
        return;
    if (!rate->amount && !limited)
        SAY(b, node, "%s needs a rate or %s", name, limits);
    else if (!phase->for_ns && !limited)
        SAY(b, node, "nothing ends this: give %s %s, or the phase a duration (for)", name, limits);
    else if (rate->amount && !rate->bytes && operations(rate, phase->for_ns) > OPERATIONS_MOST)
        SAY(b, node, "%s: more than a billion operations in one phase", name);
}

static void check_phase(struct binding *b)
{
    struct step_phase *phase = b->target;
    const struct phase_allocate *allocate = &phase->allocate;
    if (!allocate->given && !phase->touch.given && !phase->protect.given && !phase->free.given)
        SAY(b, b->map, "the phase does nothing: give it allocate, touch, protect or free");
    check_action(b, "allocate", &allocate->rate, allocate->count || allocate->total_bytes,
                 "a count or a total");
    if (allocate->rate.bytes && least_operations(allocate, phase->for_ns) > OPERATIONS_MOST)
        SAY(b, given(b, "allocate"), "allocate: more than a billion operations in one phase");
    check_action(b, "touch", &phase->touch.rate, phase->touch.count, "a count");
    check_action(b, "protect", &phase->protect.rate, phase->protect.count, "a count");
    check_action(b, "free", &phase->free.rate, phase->free.count, "a count");
}

static void check_allocate(struct binding *b)
{
    struct phase_allocate *allocate = b->target;
    allocate->has_survive = given(b, "survive") != NULL;
    if (allocate->has_survive && !allocate->lifetime.bars_count) {
        allocate->lifetime.bars_count = 1;
        allocate->lifetime.bars[0] = (struct histogram_bar){1000000000, 1000000000, 1};
    }
}

/* Touches, changes of protection and frees have no bytes to count. */
static void check_phase_action(struct binding *b)
{
    const struct phase_action *action = b->target;
    if (action->rate.bytes)
        SAY(b, given(b, "rate"), "this rate counts operations, like 200/s, not bytes");
}

/* A table of all of them is needed: some 20 bytes a page. */
#define ZIPF_PAGES_MAX (1u << 24)

static void check_touch(struct binding *b)
{
    struct step_touch *touch = b->target;
    if (touch->rate.bytes)
        SAY(b, given(b, "rate"), "this rate counts touches, like 200/s, not bytes");
    if (touch->order == TOUCH_ZIPF && touch->pages > ZIPF_PAGES_MAX)
        SAY(b, given(b, "pages"), "with order zipf these are at most %u", ZIPF_PAGES_MAX);
    if (!given(b, "references"))
        touch->references = touch->pages;
    if (!given(b, "hot"))
        touch->hot_percent = 20;
    if (!given(b, "hot-touches"))
        touch->hot_references_percent = 80;
    const struct yaml_node *hot = given(b, "hot") ? given(b, "hot") : given(b, "hot-touches");
    if (hot && touch->order != TOUCH_HOT_COLD)
        SAY(b, hot, "hot and hot-touches belong to order: hot-cold");
}

static void check_read(struct binding *b)
{
    const struct step_call *call = b->target;
    if (call->zero && call->written)
        SAY(b, given(b, "written"), "a page cannot be zero and hold what was written");
}

/* ---- faults ---- */

static bool can_filter(uint16_t call, const char *filter)
{
    static const struct {
        const char *filter;
        enum fault_aspect needs;
    } needs[] = {{"reserve", FAULT_HAS_ALLOC},   {"commit", FAULT_HAS_ALLOC},
                 {"reset", FAULT_HAS_ALLOC},     {"decommit", FAULT_HAS_FREE},
                 {"release", FAULT_HAS_FREE},    {"size", FAULT_HAS_SIZE},
                 {"protect", FAULT_HAS_PROTECT}, {"flags", FAULT_HAS_FLAGS}};
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (strcmp(needs[i].filter, filter) == 0)
            return (fault_aspects(call) & needs[i].needs) != 0;
    return true; /* what is asked of the machine or the CLR */
}

static void check_filters(struct binding *b, const struct fault_rule *rule)
{
    const struct yaml_node *when = given(b, "when");
    for (size_t i = 0; when && i < when->count; i++) {
        const struct yaml_node *key = when->pairs[i].key;
        char legal[256] = "";
        size_t used = 0;
        if (can_filter(rule->call, key->text))
            continue;
        for (const struct key *row = sections[SECTION_WHEN].keys; row->name; row++)
            if (can_filter(rule->call, row->name) && used < sizeof legal)
                used += (size_t)snprintf(legal + used, sizeof legal - used, " %s", row->name);
        SAY(b, key, "the filter '%s' can never hold for %s; its filters are%s", key->text,
            event_shapes[rule->call].name, legal);
    }
}

static void check_error(struct binding *b, struct fault_rule *rule)
{
    const struct yaml_node *fail = given(b, "fail");
    char word[CLIPPED_BYTES];
    if (!fail)
        rule->error =
            (uint16_t)(rule->delay_ns ? ST_OK : fault_usual_error(rule->call, rule->filter));
    else if (rule->error >= ST_COUNT || !fault_error_legal(rule->call, rule->error))
        SAY(b, fail, "%s cannot fail with '%s'; legal are %s", event_shapes[rule->call].name,
            clipped(fail->text, fail->length, word), event_shapes[rule->call].legal);
}

static void check_fault(struct binding *b)
{
    struct fault_rule *rule = b->target;
    const struct yaml_node *nth = given(b, "nth"), *every = given(b, "every");
    const struct yaml_node *chance = given(b, "probability");
    char from[32], message[256];
    if ((nth != NULL) + (every != NULL) + (chance != NULL) > 1)
        SAY(b, chance ? chance : every, "nth, every and probability exclude each other");
    if (!nth && !every && !chance)
        rule->every = 1;
    if (!given(b, "times"))
        rule->times = nth ? 1 : UINT64_MAX;
    if (given(b, "until") && rule->until_ns <= rule->from_ns)
        SAY(b, given(b, "until"), "until must lie behind from (%s)",
            time_word(rule->from_ns, from, sizeof from));
    check_filters(b, rule);
    check_error(b, rule);
    if (!b->failed && !fault_check(rule, message, sizeof message))
        SAY(b, b->map, "%s", message);
}

/* ---- expectations ---- */

static void check_expectation(struct binding *b)
{
    const struct expectation_draft *draft = b->target;
    const struct comparison *c = &draft->expectation.comparison;
    if (c->op == COMPARE_LESS && c->value == 0 && !draft->expectation.has_other)
        SAY(b, b->map, "nothing is less than 0: this cannot hold");
}

section_check *const section_checks[SECTIONS] = {
    [SECTION_MACHINE] = check_machine,
    [SECTION_PRESSURE] = check_pressure,
    [SECTION_FAULT] = check_fault,
    [SECTION_EXPECT] = check_expectation,
    [SECTION_REPLAY] = check_replay,
    [SECTION_PHASE] = check_phase,
    [SECTION_TOUCH] = check_touch,
    [SECTION_ALLOCATE] = check_allocate,
    [SECTION_CALL + CALL_read] = check_read,
    [SECTION_PHASE_TOUCH] = check_phase_action,
    [SECTION_PHASE_PROTECT] = check_phase_action,
    [SECTION_PHASE_FREE] = check_phase_action,
};
