/* Which calls a rule of the fault plan hits: each filter, each way of choosing among matches, and
 * random rules on random calls against a naive reading of the same sentences. */
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include "core/fault.h"
#include "core/rng.h"
#include "core/trace.h"

/* ---- one call at a time ---- */

struct scene {
    struct fault_plan plan;
    struct fault_world world;
    uint32_t load;
    const char *caller; /* the one function on the stack */
    unsigned looks_at_load, looks_at_stack;
};

static uint32_t scene_load(void *context)
{
    struct scene *scene = context;
    scene->looks_at_load++;
    return scene->load;
}

static bool scene_called_from(void *context, const char *function)
{
    struct scene *scene = context;
    scene->looks_at_stack++;
    return scene->caller && strcmp(scene->caller, function) == 0;
}

static void scene_begin(struct scene *scene, const struct fault_rule *rules, uint32_t count)
{
    *scene = (struct scene){.load = 50};
    scene->world = (struct fault_world){.level = -1,
                                        .seed = 1,
                                        .context = scene,
                                        .load_percent = scene_load,
                                        .called_from = scene_called_from};
    fault_plan_set(&scene->plan, rules, count);
}

static void scene_arm(struct scene *scene, const char *text)
{
    struct fault_rule rule;
    char message[512];
    if (!fault_parse(text, &rule, message, sizeof message))
        fail_msg("%s", message);
    scene_begin(scene, &rule, 1);
}

static bool fires(struct scene *scene, uint16_t call, const struct call_traits *traits)
{
    bool fired;
    uint64_t delay_ns = 0;
    fault_decide(&scene->plan, call, traits, &scene->world, &fired, &delay_ns);
    return fired;
}

static bool malloc_fires(struct scene *scene)
{
    static const struct call_traits traits = {.size = 100};
    return fires(scene, EVENT_malloc, &traits);
}

static void sizes_flags_and_protections_are_compared_with_the_call(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        struct call_traits hit, miss;
    } cases[] = {
        {"VirtualAlloc[size>=100,size<=200]#1:forever", {.size = 100}, {.size = 99}},
        {"VirtualAlloc[size>=100,size<=200]#1:forever", {.size = 200}, {.size = 201}},
        {"VirtualAlloc[size<=1]#1:forever", {.size = 0}, {.size = 2}},
        {"VirtualAlloc[flags=MEM_TOP_DOWN]#1:forever", {.flags = 0x103000}, {.flags = 0x3000}},
        {"VirtualAlloc[flags=0x3000]#1:forever", {.flags = 0x3000}, {.flags = 0x1000}},
        {"VirtualAlloc[protect=READWRITE]#1:forever", {.protect = 0x104}, {.protect = 2}},
        {"VirtualAlloc[protect=READWRITE|PAGE_GUARD]#1:forever",
         {.protect = 0x104},
         {.protect = 4}},
        {"VirtualAlloc[protect=PAGE_GUARD]#1:forever", {.protect = 0x102}, {.protect = 2}},
        {"VirtualAlloc[reserve,commit]#1:forever",
         {.what = FAULT_RESERVE | FAULT_COMMIT},
         {.what = FAULT_COMMIT}},
        {"VirtualAlloc[reset]#1:forever", {.what = FAULT_RESET}, {.what = FAULT_COMMIT}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        scene_arm(&scene, cases[i].rule);
        assert_true(fires(&scene, EVENT_VirtualAlloc, &cases[i].hit));
        assert_false(fires(&scene, EVENT_VirtualAlloc, &cases[i].miss));
        assert_false(fires(&scene, EVENT_VirtualFree, &cases[i].hit));
        assert_int_equal(scene.plan.rules[0].matches, 1);
    }
}

static void the_criticality_is_that_of_the_call_being_served(void **state)
{
    (void)state;
    struct scene scene;
    static const bool expected[] = {false, true, false, true}; /* none, task, domain, process */
    scene_arm(&scene, "malloc[criticality=task|process]#1:forever");
    for (int level = -1; level < 3; level++) {
        scene.world.level = level;
        assert_int_equal(malloc_fires(&scene), expected[level + 1]);
    }
}

static void the_time_window_includes_its_begin_and_not_its_end(void **state)
{
    (void)state;
    struct scene scene;
    scene_arm(&scene, "malloc[from=10ns,until=20ns]#1:forever");
    static const uint64_t inside[] = {10, 19}, outside[] = {0, 9, 20, 1000};
    for (size_t i = 0; i < 2; i++) {
        scene.world.now_ns = inside[i];
        assert_true(malloc_fires(&scene));
    }
    for (size_t i = 0; i < 4; i++) {
        scene.world.now_ns = outside[i];
        assert_false(malloc_fires(&scene));
    }
}

static void load_and_caller_are_asked_for_only_after_all_else(void **state)
{
    (void)state;
    struct scene scene;
    scene_arm(&scene, "malloc[size>=200,load>90,caller=grow]#1:forever");
    scene.load = 99;
    scene.caller = "grow";
    assert_false(malloc_fires(&scene));
    assert_int_equal(scene.looks_at_load + scene.looks_at_stack, 0);
    scene_arm(&scene, "malloc[load>90,caller=grow]#1:forever");
    scene.caller = "grow";
    scene.load = 90;
    assert_false(malloc_fires(&scene));
    assert_int_equal(scene.looks_at_stack, 0);
    scene.load = 91;
    assert_true(malloc_fires(&scene));
    scene.caller = "shrink";
    assert_false(malloc_fires(&scene));
    assert_int_equal(scene.looks_at_stack, 2);
}

static void filters_that_nobody_can_answer_never_hold(void **state)
{
    (void)state;
    struct scene scene;
    scene_arm(&scene, "malloc[load>=0]#1:forever");
    scene.world.load_percent = NULL;
    assert_false(malloc_fires(&scene));
    scene_arm(&scene, "malloc[caller=main]#1:forever");
    scene.world.called_from = NULL;
    assert_false(malloc_fires(&scene));
}

static void every_kth_match_fires_as_often_as_times_says(void **state)
{
    (void)state;
    struct scene scene;
    scene_arm(&scene, "malloc#%3:x2");
    static const bool expected[12] = {[2] = true, [5] = true};
    for (int i = 0; i < 12; i++)
        assert_int_equal(malloc_fires(&scene), expected[i]);
}

static void a_rule_may_only_delay_and_later_rules_are_used_up(void **state)
{
    (void)state;
    struct fault_rule rules[2];
    char message[256];
    struct scene scene;
    static const struct call_traits none;
    assert_true(fault_parse("malloc#2:delay=5us", &rules[0], message, sizeof message));
    assert_true(fault_parse("malloc#2:x2", &rules[1], message, sizeof message));
    scene_begin(&scene, rules, 2);
    static const struct {
        bool fired;
        enum status status;
        uint64_t delay_ns;
    } expected[] = {
        {false, ST_OK, 0}, {true, ST_OK, 5000}, {true, ST_ENOMEM, 0}, {false, ST_OK, 0}};
    for (size_t i = 0; i < 4; i++) {
        bool fired;
        uint64_t delay_ns = 0;
        assert_int_equal(
            fault_decide(&scene.plan, EVENT_malloc, &none, &scene.world, &fired, &delay_ns),
            expected[i].status);
        assert_int_equal(fired, expected[i].fired);
        assert_int_equal(delay_ns, expected[i].delay_ns);
    }
    assert_int_equal(scene.plan.rules[1].fired, 2);
    assert_int_equal(scene.plan.rules[1].injected, 1);
    assert_int_equal(scene.plan.injected, 2);
}

/* ---- draws ---- */

static uint64_t pattern_of(const char *const *texts, uint32_t count, uint32_t which, uint64_t seed)
{
    struct fault_rule rules[4];
    char message[256];
    struct scene scene;
    uint64_t pattern = 0;
    for (uint32_t i = 0; i < count; i++)
        assert_true(fault_parse(texts[i], &rules[i], message, sizeof message));
    scene_begin(&scene, rules, count);
    scene.world.seed = seed;
    for (int i = 0; i < 64; i++) {
        uint64_t before = scene.plan.rules[which].fired;
        malloc_fires(&scene);
        pattern = pattern << 1 | (scene.plan.rules[which].fired - before);
    }
    return pattern;
}

static void draws_depend_on_seed_and_text_and_not_on_other_rules(void **state)
{
    (void)state;
    static const char *const both[] = {"malloc#2/3", "malloc#1/3"};
    static const char *const twins[] = {"malloc#1/3", "malloc#1/3"};
    uint64_t alone = pattern_of(both + 1, 1, 0, 7);
    assert_int_equal(pattern_of(both, 2, 1, 7), alone);
    assert_int_not_equal(pattern_of(both + 1, 1, 0, 8), alone);
    assert_int_equal(pattern_of(twins, 2, 0, 7), alone);
    assert_int_not_equal(pattern_of(twins, 2, 1, 7), alone);
}

static void a_probability_is_met_over_many_calls(void **state)
{
    (void)state;
    struct scene scene;
    unsigned hits = 0;
    scene_arm(&scene, "malloc#1/50");
    for (int i = 0; i < 50000; i++)
        hits += malloc_fires(&scene);
    assert_in_range(hits, 900, 1100); /* 1,000 expected, deviation 31 */
    scene_arm(&scene, "malloc#3/3");
    for (int i = 0; i < 100; i++)
        assert_true(malloc_fires(&scene));
}

/* ---- random rules and calls against a naive reading ---- */

#define CALLS 300
#define RULES 5

struct history {
    uint16_t call[CALLS];
    struct call_traits traits[CALLS];
    uint64_t now_ns[CALLS];
    int level[CALLS];
    uint32_t load[CALLS];
    const char *caller[CALLS];
};

static const char *const callers[] = {"a", "b", "Arena::grow"};
static const uint16_t kinds[] = {EVENT_VirtualAlloc, EVENT_VirtualFree, EVENT_malloc};

static bool coin(struct rng *rng)
{
    return rng_next(rng) & 1;
}

static struct fault_rule random_rule(struct rng *rng)
{
    static const enum status errors[] = {ST_COMMITMENT_LIMIT, ST_INVALID_ADDRESS, ST_ENOMEM};
    uint64_t kind = rng_below(rng, 3);
    struct fault_rule rule = {.call = kinds[kind], .error = errors[kind], .times = UINT64_MAX};
    if (kind == 0 && coin(rng))
        rule.filter = (uint32_t)rng_below(rng, 4);
    if (kind == 0 && coin(rng))
        rule.protect = 1u << rng_below(rng, 8);
    if (kind == 1 && coin(rng))
        rule.flags = 1u << (14 + rng_below(rng, 2));
    if (coin(rng))
        rule.size_min = rng_below(rng, 100);
    if (coin(rng))
        rule.size_max = rule.size_min + 1 + rng_below(rng, 100);
    if (coin(rng))
        rule.levels = (uint32_t)(1 + rng_below(rng, 7));
    if (coin(rng))
        snprintf(rule.caller, sizeof rule.caller, "%s", callers[rng_below(rng, 3)]);
    if (coin(rng))
        rule.load = (struct comparison){COMPARE_MORE, rng_below(rng, 60), 0};
    if (coin(rng))
        rule.from_ns = rng_below(rng, 1000);
    if (coin(rng))
        rule.until_ns = rule.from_ns + 1 + rng_below(rng, 2000);
    if (coin(rng))
        rule.times = 1 + rng_below(rng, 5);
    if (coin(rng))
        rule.delay_ns = 1 + rng_below(rng, 1000000);
    uint64_t chooser = rng_below(rng, 4);
    rule.nth = chooser == 0 ? 1 + rng_below(rng, 6) : 0;
    rule.every = chooser == 1 ? 1 + rng_below(rng, 4) : 0;
    rule.chance_den = chooser == 2 ? 1 + rng_below(rng, 9) : 0;
    rule.chance_num = chooser == 2 ? 1 + rng_below(rng, rule.chance_den) : 0;
    return rule;
}

static void random_history(struct rng *rng, struct history *history)
{
    uint64_t now = 0;
    for (int i = 0; i < CALLS; i++) {
        uint64_t kind = rng_below(rng, 3);
        struct call_traits *traits = &history->traits[i];
        *traits = (struct call_traits){.size = rng_below(rng, 200)};
        if (kind == 0)
            traits->what = (uint32_t)rng_below(rng, 4), traits->protect = 1u << rng_below(rng, 9);
        if (kind == 1)
            traits->flags = 1u << (14 + rng_below(rng, 2));
        history->call[i] = kinds[kind];
        history->now_ns[i] = now += rng_below(rng, 20);
        history->level[i] = (int)rng_below(rng, 4) - 1;
        history->load[i] = (uint32_t)rng_below(rng, 101);
        history->caller[i] = callers[rng_below(rng, 3)];
    }
}

static bool naive_match(const struct fault_rule *rule, const struct history *h, int i)
{
    const struct call_traits *traits = &h->traits[i];
    bool match = rule->call == h->call[i];
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t one = 1u << bit;
        match = match && (!(rule->filter & one) || (traits->what & one));
        match = match && (!(rule->flags & one) || (traits->flags & one));
    }
    match = match && (rule->protect == 0 || rule->protect == (traits->protect & 0xff));
    match = match && traits->size >= rule->size_min;
    match = match && (rule->size_max == 0 || traits->size <= rule->size_max);
    match =
        match && (rule->levels == 0 || (h->level[i] == 0 && rule->levels & 1) ||
                  (h->level[i] == 1 && rule->levels & 2) || (h->level[i] == 2 && rule->levels & 4));
    match = match && (!rule->caller[0] || strcmp(rule->caller, h->caller[i]) == 0);
    match = match && (rule->load.op == COMPARE_NONE || h->load[i] > rule->load.value);
    match = match && h->now_ns[i] >= rule->from_ns;
    return match && (rule->until_ns == 0 || h->now_ns[i] < rule->until_ns);
}

/* Reads the whole history up to the call anew. */
static bool naive_fires(const struct fault_rule *rule, const struct history *h, int call,
                        uint64_t seed)
{
    uint64_t matches = 0, fired = 0;
    bool fires_now = false;
    for (int i = 0; i <= call; i++) {
        fires_now = false;
        if (!naive_match(rule, h, i))
            continue;
        matches++;
        if (rule->nth)
            fires_now = matches >= rule->nth;
        else if (rule->every)
            fires_now = matches % rule->every == 0;
        else if (rule->chance_den) {
            struct rng rng =
                rng_keyed(seed, RNG_FAULT, rule->key ^ matches * UINT64_C(0x9e3779b97f4a7c15));
            fires_now = rng_below(&rng, rule->chance_den) < rule->chance_num;
        } else
            fires_now = true;
        fires_now = fires_now && fired < rule->times;
        fired += fires_now;
    }
    return fires_now;
}

static void compare_with_naive(struct rng *rng, uint64_t seed)
{
    static struct history history;
    struct fault_rule rules[RULES];
    struct scene scene;
    for (int i = 0; i < RULES; i++)
        rules[i] = random_rule(rng);
    random_history(rng, &history);
    scene_begin(&scene, rules, RULES);
    scene.world.seed = seed;
    for (int i = 0; i < CALLS; i++) {
        int expected = -1;
        for (int r = RULES - 1; r >= 0; r--)
            if (naive_fires(&scene.plan.rules[r], &history, i, seed))
                expected = r;
        scene.world.now_ns = history.now_ns[i];
        scene.world.level = history.level[i];
        scene.load = history.load[i];
        scene.caller = history.caller[i];
        bool fired;
        uint64_t delay_ns = 0;
        enum status status = fault_decide(&scene.plan, history.call[i], &history.traits[i],
                                          &scene.world, &fired, &delay_ns);
        assert_int_equal(fired, expected >= 0);
        assert_int_equal(status, fired ? rules[expected].error : ST_OK);
        assert_int_equal(delay_ns, fired ? rules[expected].delay_ns : 0);
        if (fired)
            assert_int_equal(scene.plan.last_rule, expected);
    }
}

static void random_rules_fire_where_a_naive_reading_says(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, round);
        compare_with_naive(&rng, round);
    }
}

static void random_rules_survive_being_written_and_read(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 5000; round++) {
        struct rng rng = rng_keyed(2, RNG_PROPERTY_TEST, round);
        struct fault_rule rule = random_rule(&rng), again;
        char text[FAULT_TEXT_BYTES], second[FAULT_TEXT_BYTES], message[512];
        if (!rule.delay_ns || coin(&rng))
            rule.error = event_shapes[rule.call].failure;
        else
            rule.error = ST_OK;
        fault_format(&rule, text, sizeof text);
        if (!fault_parse(text, &again, message, sizeof message))
            fail_msg("%s: %s", text, message);
        fault_format(&again, second, sizeof second);
        assert_string_equal(text, second); /* the text shows every part of a rule */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_flags_and_protections_are_compared_with_the_call),
        cmocka_unit_test(the_criticality_is_that_of_the_call_being_served),
        cmocka_unit_test(the_time_window_includes_its_begin_and_not_its_end),
        cmocka_unit_test(load_and_caller_are_asked_for_only_after_all_else),
        cmocka_unit_test(filters_that_nobody_can_answer_never_hold),
        cmocka_unit_test(every_kth_match_fires_as_often_as_times_says),
        cmocka_unit_test(a_rule_may_only_delay_and_later_rules_are_used_up),
        cmocka_unit_test(draws_depend_on_seed_and_text_and_not_on_other_rules),
        cmocka_unit_test(a_probability_is_met_over_many_calls),
        cmocka_unit_test(random_rules_fire_where_a_naive_reading_says),
        cmocka_unit_test(random_rules_survive_being_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
