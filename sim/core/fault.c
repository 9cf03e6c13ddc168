/* The fault plan: deciding, and what rules can ask of which call. See fault.h; fault_text.c reads
 * and writes rules. */
#include "core/fault.h"

#include <stdio.h>
#include <string.h>
#include "core/check.h"
#include "core/rng.h"
#include "core/trace.h"

#define PROTECT_BASE 0xffu
#define LEVELS 3u

/* ---- deciding ---- */

static bool cheap_filters_hold(const struct fault_rule *rule, const struct call_traits *traits,
                               const struct fault_world *world)
{
    if ((traits->what & rule->filter) != rule->filter ||
        (traits->flags & rule->flags) != rule->flags)
        return false;
    if (traits->size < rule->size_min || (rule->size_max && traits->size > rule->size_max))
        return false;
    uint32_t base = rule->protect & PROTECT_BASE, modifiers = rule->protect & ~PROTECT_BASE;
    if ((base && (traits->protect & PROTECT_BASE) != base) ||
        (traits->protect & modifiers) != modifiers)
        return false;
    if (world->now_ns < rule->from_ns || (rule->until_ns && world->now_ns >= rule->until_ns))
        return false;
    return !rule->levels || (world->level >= 0 && (rule->levels >> world->level & 1));
}

static bool rule_matches(const struct fault_rule *rule, const struct call_traits *traits,
                         const struct fault_world *world)
{
    if (!cheap_filters_hold(rule, traits, world))
        return false;
    if (rule->load.op != COMPARE_NONE &&
        (!world->load_percent || !compare_holds(&rule->load, world->load_percent(world->context))))
        return false;
    return !rule->caller[0] ||
           (world->called_from && world->called_from(world->context, rule->caller));
}

/* Whether the match that was counted last is one at which the rule fires. */
static bool rule_fires(const struct fault_rule *rule, const struct fault_world *world)
{
    CHECK(rule->matches > 0);
    if (rule->fired >= rule->times)
        return false;
    if (rule->nth)
        return rule->matches >= rule->nth && rule->matches - rule->nth < rule->times;
    if (rule->every)
        return rule->matches % rule->every == 0;
    if (rule->chance_den == 0)
        return true;
    CHECK(rule->chance_num <= rule->chance_den);
    uint64_t id = rule->key ^ rule->matches * UINT64_C(0x9e3779b97f4a7c15);
    struct rng rng = rng_keyed(world->seed, RNG_FAULT, id);
    return rng_below(&rng, rule->chance_den) < rule->chance_num;
}

enum status fault_decide(struct fault_plan *plan, uint16_t call, const struct call_traits *traits,
                         const struct fault_world *world, bool *fired, uint64_t *delay_ns)
{
    CHECK(plan->rules_count <= FAULT_RULES);
    CHECK(world->level < (int)LEVELS);
    *fired = false;
    for (uint32_t i = 0; i < plan->rules_count; i++) {
        struct fault_rule *rule = &plan->rules[i];
        if (rule->call != call || !rule_matches(rule, traits, world))
            continue;
        rule->matches++;
        if (!rule_fires(rule, world))
            continue;
        rule->fired++;
        if (*fired)
            continue; /* its turn is used up all the same: it counts as if it stood alone */
        *fired = true;
        *delay_ns += rule->delay_ns;
        rule->injected++;
        plan->injected++;
        plan->last_rule = i;
    }
    return *fired ? (enum status)plan->rules[plan->last_rule].error : ST_OK;
}

/* ---- the plan ---- */

/* FNV-1a. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash;
}

void fault_plan_set(struct fault_plan *plan, const struct fault_rule *rules, uint32_t count)
{
    CHECK(count <= FAULT_RULES);
    *plan = (struct fault_plan){.rules_count = count};
    for (uint32_t i = 0; i < count; i++) {
        struct fault_rule *rule = &plan->rules[i];
        char text[FAULT_TEXT_BYTES];
        *rule = rules[i];
        rule->matches = rule->fired = rule->injected = 0;
        fault_format(rule, text, sizeof text);
        rule->key = hash_text(text);
        for (uint32_t before = 0; before < i; before++)
            rule->key += plan->rules[before].key == rule->key; /* a twin draws for itself */
    }
}

/* ---- what rules can ask of which call ---- */

uint16_t fault_find_call(const char *name)
{
    for (uint16_t i = 0; i < EVENT_KINDS; i++)
        if (strcmp(name, event_shapes[i].symbol) == 0 || strcmp(name, event_shapes[i].name) == 0)
            return i;
    return EVENT_KINDS;
}

bool fault_error_legal(uint16_t call, enum status error)
{
    CHECK(call < EVENT_KINDS);
    const char *name = status_name(error), *legal = event_shapes[call].legal;
    size_t length = strlen(name);
    for (const char *at = legal; (at = strstr(at, name)) != NULL; at += length) {
        bool starts = at == legal || at[-1] == ' ';
        if (starts && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

enum status fault_usual_error(uint16_t call, uint32_t filter)
{
    CHECK(call < EVENT_KINDS);
    /* A reservation alone charges nothing: what it usually runs out of is address space. */
    if (call == EVENT_VirtualAlloc && (filter & FAULT_RESERVE) && !(filter & FAULT_COMMIT))
        return ST_NOT_ENOUGH_MEMORY;
    return (enum status)event_shapes[call].failure;
}

/* The aspect that a field of a row gives, "dwSize:bytes". Results (">") are known too late. */
static uint32_t field_aspect(const char *field, size_t length)
{
    static const struct {
        const char *type;
        uint32_t aspect;
    } types[] = {
        {"bytes", FAULT_HAS_SIZE},
        {"prot", FAULT_HAS_PROTECT},
        {"memtype", FAULT_HAS_FLAGS | FAULT_HAS_ALLOC},
        {"freetype", FAULT_HAS_FLAGS | FAULT_HAS_FREE},
        {"heapflags", FAULT_HAS_FLAGS},
    };
    const char *colon = memchr(field, ':', length);
    if (!colon || field[0] == '>')
        return 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t type_length = (size_t)(field + length - colon - 1);
        if (strlen(types[i].type) == type_length &&
            strncmp(colon + 1, types[i].type, type_length) == 0)
            return types[i].aspect;
    }
    return 0;
}

uint32_t fault_aspects(uint16_t call)
{
    uint32_t aspects = 0;
    CHECK(call < EVENT_KINDS);
    for (const char *at = event_shapes[call].fields; *at;) {
        size_t length = strcspn(at, ",/");
        aspects |= field_aspect(at, length);
        at += length + (at[length] != '\0');
    }
    if (call == EVENT_HeapReAlloc) /* its record has no room for them */
        aspects |= FAULT_HAS_FLAGS;
    return aspects;
}

bool fault_check(const struct fault_rule *rule, char *message, size_t message_bytes)
{
    uint32_t aspects = fault_aspects(rule->call);
    const uint32_t of_alloc = FAULT_RESERVE | FAULT_COMMIT | FAULT_RESET;
    const uint32_t of_free = FAULT_DECOMMIT | FAULT_RELEASE;
    const struct {
        bool wrong;
        const char *what;
    } mistakes[] = {
        {(rule->filter & of_alloc) && !(aspects & FAULT_HAS_ALLOC),
         "neither reserves, commits nor resets"},
        {(rule->filter & of_free) && !(aspects & FAULT_HAS_FREE), "neither decommits nor releases"},
        {(rule->size_min || rule->size_max) && !(aspects & FAULT_HAS_SIZE), "has no size"},
        {rule->protect && !(aspects & FAULT_HAS_PROTECT), "has no protection"},
        {rule->flags && !(aspects & FAULT_HAS_FLAGS), "has no flags"},
        {rule->size_max && rule->size_min > rule->size_max, "with such a size there is none"},
        {rule->until_ns && rule->from_ns >= rule->until_ns, "at such a time there is none"},
        {rule->chance_den && rule->chance_num > rule->chance_den,
         "cannot fail more often than always"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        if (mistakes[i].wrong) {
            snprintf(message, message_bytes, "%s %s", event_shapes[rule->call].name,
                     mistakes[i].what);
            return false;
        }
    }
    return true;
}
