/* What a scenario in YAML becomes: every part of it as plain data, and what its keys may not say
 * together. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/run.h"
#include "include/mscoree.h"
#include "include/windows.h"
#include "tests/cli_run.h"
#include "tests/scenario_support.h"

#define KiB UINT64_C(1024)
#define MiB (KiB * 1024)
#define GiB (MiB * 1024)
#define ms UINT64_C(1000000)

#define WAIT "workload: [wait: 1ms]\n"

static const struct step *first_step(const char *steps)
{
    char text[8192];
    snprintf(text, sizeof text, "workload:\n%s", steps);
    return &load_fine(text)->workload.steps[0];
}

/* ---- the top ---- */

/* Field by field: between them are bytes that no compiler has to copy. */
static void expect_default_machine(const struct machine_config *machine)
{
    const struct machine_config usual = machine_config_default();
    assert_int_equal(machine->ram_bytes, usual.ram_bytes);
    assert_int_equal(machine->pagefile_bytes, usual.pagefile_bytes);
    assert_int_equal(machine->address_space_bytes, usual.address_space_bytes);
    assert_int_equal(machine->processors, usual.processors);
    assert_int_equal(machine->working_set_min_pages, usual.working_set_min_pages);
    assert_int_equal(machine->working_set_max_pages, usual.working_set_max_pages);
    assert_true(machine->lock_memory_privilege == usual.lock_memory_privilege);
    assert_true(machine->guard_heap_blocks == usual.guard_heap_blocks);
}

static void a_scenario_of_two_keys_has_every_default(void **state)
{
    (void)state;
    const struct scenario *s = load_fine(WAIT);
    assert_string_equal(s->name, "t");
    assert_int_equal(s->seed, 1);
    assert_null(s->policy);
    expect_default_machine(&s->machine);
    assert_false(s->shutdown_release);
    assert_int_equal(s->workload.steps_count, 1);
    assert_int_equal(s->workload.steps[0].kind, STEP_WAIT);
    assert_int_equal(s->workload.steps[0].wait_ns, ms);
    assert_int_equal(s->faults_count + s->expectations_count + s->workload.pressure_count, 0);
    assert_false(s->workload.give_back);
}

static void machine_policy_and_ending_are_as_written(void **state)
{
    (void)state;
    const struct scenario *s = load_fine(
        "seed: 77\n"
        "machine: {ram: 2G, pagefile: 0, address-space: 8TiB, processors: 4, large-pages: yes,\n"
        "          guard-heap-blocks: true}\n"
        "policy:\n  name: quota\n  params: {limit: 512MiB, strict: yes}\n"
        "shutdown: release\nschedule: in-order\n" WAIT);
    assert_int_equal(s->seed, 77);
    assert_int_equal(s->machine.ram_bytes, 2 * GiB);
    assert_int_equal(s->machine.pagefile_bytes, 0);
    assert_int_equal(s->machine.address_space_bytes, 8 * 1024 * GiB);
    assert_int_equal(s->machine.processors, 4);
    assert_true(s->machine.lock_memory_privilege && s->machine.guard_heap_blocks);
    assert_string_equal(s->policy, "quota");
    assert_int_equal(s->params_count, 2);
    assert_string_equal(s->params[0].key, "limit");
    assert_string_equal(s->params[0].value, "512MiB");
    assert_string_equal(s->params[1].value, "yes");
    assert_true(s->shutdown_release);
}

static void the_first_comment_is_what_the_scenario_is_about(void **state)
{
    (void)state;
    const struct loaded *loaded =
        load("# yaml-language-server: $schema=x.json\n\n# Does it\n#   hold?\n#\n# Yes.\n\n"
             "# not this\nname: t\n" WAIT);
    assert_string_equal(loaded->scenario->about, "Does it hold? Yes.");
    assert_string_equal(load("name: t # not this\n" WAIT)->scenario->about, "");
    assert_string_equal(load("---\n# this\nname: t\n" WAIT)->scenario->about, "this");
    char text[2048];
    int used = snprintf(text, sizeof text, "#");
    for (int i = 0; i < 200; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " word");
    snprintf(text + used, sizeof text - (size_t)used, "\nname: t\n%s", WAIT);
    const char *about = load(text)->scenario->about;
    assert_true(strlen(about) > 500);
    assert_string_equal(about + strlen(about) - 5, " word");
}

/* ---- replays ---- */

static void a_replay_has_window_speed_and_native_of_its_own(void **state)
{
    (void)state;
    const struct scenario *s = load_fine("replay: {native: virtual}\n"
                                         "workload:\n"
                                         "- replay: webapi-regions\n"
                                         "- replay: webapi-regions.lwt\n"
                                         "  from: 1ns\n  to: 5s\n  speed: 3x\n  repeat: 7\n"
                                         "  native: around\n");
    const struct step_replay *plain = s->workload.steps[0].replay;
    const struct step_replay *odd = s->workload.steps[1].replay;
    assert_true(plain->recording->operations > 100);
    assert_ptr_equal(plain->recording, odd->recording); /* opened once */
    assert_true(plain->from_ns == 0 && plain->to_ns == UINT64_MAX);
    assert_true(plain->speed_num == 1 && plain->speed_den == 1 && plain->repeat == 1);
    assert_int_equal(plain->native, REPLAY_NATIVE_VIRTUAL);
    assert_true(odd->from_ns == 1 && odd->to_ns == 5000 * ms && odd->repeat == 7);
    assert_true(odd->speed_num == 3 && odd->speed_den == 1);
    assert_int_equal(odd->native, REPLAY_NATIVE_AROUND);
}

static void a_recording_alone_is_a_scenario_on_the_default_machine(void **state)
{
    (void)state;
    struct scenario *s;
    bool usage;
    const char *settings[] = {"machine.ram=1GiB", "workload[0].speed=4/1"};
    assert_int_equal(scenario_of_recording(small_recording(), NULL, 0, stderr, &usage, &s),
                     INPUT_OK);
    assert_string_equal(s->name, "small");
    assert_string_equal(s->path, small_recording());
    assert_null(s->text);
    assert_int_equal(s->seed, 1);
    expect_default_machine(&s->machine);
    assert_int_equal(s->workload.steps_count, 1);
    assert_true(s->workload.steps[0].replay->recording->operations > 100);
    scenario_free(s);
    assert_int_equal(scenario_of_recording(small_recording(), settings, 2, stderr, &usage, &s),
                     INPUT_OK);
    assert_int_equal(s->machine.ram_bytes, GiB);
    assert_int_equal(s->workload.steps[0].replay->speed_num, 4);
    scenario_free(s);
}

/* ---- phases ---- */

static void a_phase_has_histograms_rates_and_actions(void **state)
{
    (void)state;
    const struct step_phase *p =
        first_step("- phase: steady\n  for: 10s\n  threads: 4\n  criticality: process\n"
                   "  allocate:\n    by: segment\n    rate: 50MiB/s\n    count: 1,000\n"
                   "    total: 512MiB\n    size: {4KiB: 60, 64KiB..1MiB: 30, 4MiB: 10}\n"
                   "    lifetime: {1ms..5ms: 75%, forever: 25%}\n    survive: 12%\n"
                   "    touch: 50%\n    protect: readonly\n"
                   "  touch: {rate: 1000/s, write: 50%, order: newest}\n"
                   "  protect: {count: 5, to: PAGE_NOACCESS}\n"
                   "  free: {rate: 10/ms, order: random}\n")
            ->phase;
    const struct phase_allocate *a = &p->allocate;
    assert_string_equal(p->name, "steady");
    assert_true(p->for_ns == 10000 * ms && p->threads == 4);
    assert_int_equal(p->criticality, CRITICALITY_PROCESS);
    assert_true(a->given && a->way == WAY_SEGMENT && a->count == 1000);
    assert_true(a->rate.bytes && a->rate.amount == 50 * MiB && a->rate.per_ns == 1000 * ms);
    assert_int_equal(a->total_bytes, 512 * MiB);
    assert_int_equal(a->size.bars_count, 3);
    assert_true(a->size.bars[1].low == 64 * KiB && a->size.bars[1].high == MiB);
    assert_true(a->size.bars[2].low == a->size.bars[2].high && a->size.bars[2].weight == 10);
    assert_int_equal(a->lifetime.bars_count, 2);
    assert_true(a->lifetime.bars[1].low == LIFETIME_FOREVER && a->lifetime.bars[1].weight == 25);
    assert_true(a->has_survive && a->survive_percent == 12 && a->touch_percent == 50);
    assert_int_equal(a->protect, PAGE_READONLY);
    assert_true(p->touch.given && !p->touch.rate.bytes && p->touch.write_percent == 50);
    assert_int_equal(p->touch.order, PICK_NEWEST);
    assert_true(p->protect.given && p->protect.protect == PAGE_NOACCESS && p->protect.count == 5);
    assert_true(p->free.given && p->free.rate.per_ns == ms && p->free.order == PICK_RANDOM);
}

static void a_phase_of_a_rate_alone_has_sensible_defaults(void **state)
{
    (void)state;
    const struct step_phase *p =
        first_step("- {phase: x, for: 1s, allocate: {rate: 64/s, survive: 12%}}")->phase;
    assert_true(p->threads == 1 && !p->touch.given && !p->protect.given && !p->free.given);
    assert_true(!p->allocate.rate.bytes && p->allocate.rate.amount == 64);
    assert_true(p->allocate.size.bars_count == 1 && p->allocate.size.bars[0].low == 64 * KiB);
    assert_int_equal(p->allocate.protect, PAGE_READWRITE);
    /* What does not survive has to end some time. */
    assert_int_equal(p->allocate.lifetime.bars[0].low, 1000 * ms);
    assert_int_equal(p->allocate.lifetime.bars[0].high, 1000 * ms);
    p = first_step("- {phase: x, allocate: {count: 3}}")->phase;
    assert_int_equal(p->allocate.lifetime.bars_count, 0);
    assert_false(p->allocate.has_survive);
}

static void a_stream_of_touches_has_its_generator_and_place(void **state)
{
    (void)state;
    const struct scenario *s = load_fine(
        "workload:\n- touch: {order: zipf, pages: 100000, references: 2000000, pcg32: [42, 0x36]}\n"
        "- touch: {pages: 5, at: heap+8KiB, write: 100%, rate: 5/us}\n"
        "- VirtualAlloc: {as: heap, size: 1MiB, type: commit|reserve}\n");
    const struct step_touch *zipf = s->workload.steps[0].touch, *at = s->workload.steps[1].touch;
    assert_int_equal(zipf->order, TOUCH_ZIPF);
    assert_true(zipf->pages == 100000 && zipf->references == 2000000 && zipf->at == NULL);
    assert_true(zipf->pcg32.given && zipf->pcg32.state == 42 && zipf->pcg32.sequence == 54);
    assert_true(at->references == 5 && at->order == TOUCH_SEQUENTIAL && !at->pcg32.given);
    assert_true(at->at->base == ADDRESS_BLOCK && at->at->offset == 8192 && at->at->block == 0);
    assert_true(at->write_percent == 100 && at->rate.per_ns == 1000);
}

static void hot_and_cold_pages_have_shares(void **state)
{
    (void)state;
    const struct step_touch *touch = first_step("- touch: {order: hot-cold, pages: 5}")->touch;
    assert_true(touch->order == TOUCH_HOT_COLD);
    assert_true(touch->hot_percent == 20 && touch->hot_references_percent == 80);
    touch = first_step("- touch: {order: hot-cold, pages: 5, hot: 1%, hot-touches: 99%}")->touch;
    assert_true(touch->hot_percent == 1 && touch->hot_references_percent == 99);
    expect_refused("name: t\nworkload: [touch: {pages: 5, hot: 10%}]\n",
                   "hot and hot-touches belong to order: hot-cold");
    expect_refused("name: t\nworkload: [touch: {pages: 5, order: hot-cold, hot: 100%}]\n",
                   "touch.hot must be a percentage from 1% to 99%, not '100%'");
}

/* ---- calls ---- */

static void a_call_has_flags_in_every_spelling(void **state)
{
    (void)state;
    static const char *const spellings[] = {"MEM_RESERVE|MEM_COMMIT",
                                            "reserve|commit",
                                            "[MEM_RESERVE, MEM_COMMIT]",
                                            "[reserve, commit]",
                                            "Mem_Reserve | COMMIT",
                                            "0x3000",
                                            "12288",
                                            "MEM_RESERVE|0x1000"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "- VirtualAlloc: {size: 64KiB, type: %s, protect: EXECUTE_READ|page_guard}",
                 spellings[i]);
        const struct step_call *call = first_step(text)->call;
        assert_int_equal(call->type, MEM_RESERVE | MEM_COMMIT);
        assert_int_equal(call->protect, PAGE_EXECUTE_READ | PAGE_GUARD);
    }
}

static void a_call_has_place_name_thread_and_criticality(void **state)
{
    (void)state;
    const struct step *step =
        first_step("- VirtualAlloc: {as: heap, at: 0x10000, size: 64MiB, type: MEM_RESERVE,\n"
                   "                 criticality: eAppDomainCritical, thread: 3, expect: ok}\n");
    const struct step_call *call = step->call;
    assert_int_equal(step->kind, STEP_CALL);
    assert_int_equal(step->line, 3);
    assert_int_equal(step->column, 3);
    assert_string_equal(step->path, "workload[0]");
    assert_int_equal(call->slot, CALL_VirtualAlloc);
    assert_true(call->has_as && call->as == 0 && !call->as_indexed);
    assert_true(call->at.base == ADDRESS_NUMBER && call->at.offset == 0x10000);
    assert_true(call->size == 64 * MiB && call->thread == 3);
    assert_int_equal(call->criticality, CRITICALITY_APP_DOMAIN);
    assert_int_equal(call->expect.kind, RESULT_SERVED);
    assert_int_equal(call->protect, PAGE_READWRITE);
    assert_int_equal(first_step("- GetMemoryLoad:\n")->call->expect.kind, RESULT_ANY);
    assert_int_equal(first_step("- {Free: {at: null}}")->call->at.base, ADDRESS_NONE);
}

static void results_have_names_numbers_and_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum expected_result kind;
        uint32_t hresult;
    } rows[] = {{"ok", RESULT_SERVED, 0},
                {"served", RESULT_SERVED, 0},
                {"refused", RESULT_REFUSED, 0},
                {"any", RESULT_ANY, 0},
                {"S_OK", RESULT_EXACT, 0},
                {"E_OUTOFMEMORY", RESULT_EXACT, 0x8007000e},
                {"HOST_E_INVALIDOPERATION", RESULT_EXACT, 0x80131022},
                {"0x8007000E", RESULT_EXACT, 0x8007000e}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        snprintf(text, sizeof text, "- GetMemoryLoad: {expect: %s}", rows[i].word);
        const struct result_expect *expect = &first_step(text)->call->expect;
        assert_int_equal(expect->kind, rows[i].kind);
        assert_int_equal(expect->hresult, rows[i].hresult);
    }
    expect_refused("name: t\nworkload: [GetMemoryLoad: {expect: E_OUTOFMEMROY}]\n",
                   "did you mean 'E_OUTOFMEMORY'");
}

static void a_list_of_results_keeps_its_order(void **state)
{
    (void)state;
    const struct result_expect *expect =
        &first_step("- GetMemoryLoad: {expect: [ok, E_OUTOFMEMORY, 0x80131022]}")->call->expect;
    assert_int_equal(expect->kind, RESULT_SERVED);
    assert_int_equal(expect->also->hresult, 0x8007000e);
    assert_int_equal(expect->also->also->hresult, 0x80131022);
    assert_null(expect->also->also->also);
    expect_refused("name: t\nworkload: [GetMemoryLoad: {expect: []}]\n", "or a list of these");
    expect_refused("name: t\nworkload: [GetMemoryLoad: {expect: [ok, [ok]]}]\n", "a list of these");
}

static void steps_side_by_side_nest_with_repeats(void **state)
{
    (void)state;
    const struct step *together =
        first_step("- together:\n  - repeat: 2\n    do:\n    - together: [wait: 1ms]\n"
                   "  - wait: 2ms\n");
    assert_int_equal(together->kind, STEP_TOGETHER);
    assert_int_equal(together->steps_count, 2);
    assert_int_equal(together->steps[0].steps[0].kind, STEP_TOGETHER);
    assert_string_equal(together->steps[0].steps[0].steps[0].path,
                        "workload[0].together[0].do[0].together[0]");
}

static void rounds_multiply_up_to_ten_million(void **state)
{
    (void)state;
    first_step("- {repeat: 10000, do: [{repeat: 1000, do: [wait: 0]}]}");
    expect_refused("name: t\nworkload: [{replay: webapi-regions, from: 2s, to: 2s}]\n",
                   "to must lie behind from (2s)");
    expect_refused("name: t\nworkload: [wait: 0]\npressure: [{at: 0, give-back: 1MiB, of: "
                   "address-space, pieces: 2}]\n",
                   "pieces are taken, not given back");
    expect_refused("name: t\nworkload: [{repeat: 10000, do: [{repeat: 1001, do: [wait: 0]}]}]\n",
                   "more than 10,000,000 rounds");
    expect_refused("name: t\nworkload:\n- repeat: 100\n  do:\n"
                   "  - {replay: webapi-regions, repeat: 100001}\n",
                   "more than 10,000,000 rounds");
    /* Side by side or one after the other they do not. */
    load_fine(
        "workload:\n- {repeat: 1000000, do: [wait: 0]}\n- {repeat: 1000000, do: [wait: 0]}\n");
}

/* ---- pressure ---- */

static void pressure_comes_in_the_order_of_time_and_stays_stable(void **state)
{
    (void)state;
    const struct scenario *s =
        load_fine(WAIT "pressure:\n- {at: 5s, give-back: all}\n"
                       "- {at: 2s, take: 1GiB, over: 500ms}\n"
                       "- {at: 5s, take: all, of: address-space, pieces: 3}\n"
                       "- {at: 0, take: 4KiB, of: pagefile}\n");
    const struct pressure *p = s->workload.pressure;
    assert_int_equal(s->workload.pressure_count, 4);
    assert_true(p[0].at_ns == 0 && p[0].of == PRESSURE_PAGEFILE && p[0].bytes == 4096);
    assert_true(p[1].over_ns == 500 * ms && p[1].of == PRESSURE_MEMORY && !p[1].give_back);
    assert_true(p[2].give_back && p[2].bytes == UINT64_MAX);
    assert_string_equal(p[2].path, "pressure[0]");
    assert_true(p[3].pieces == 3 && p[3].bytes == UINT64_MAX && !p[3].give_back);
    assert_int_equal(p[3].line, 6);
}

/* ---- faults ---- */

static const struct fault_rule *rule_of(const char *fault)
{
    char text[1024];
    snprintf(text, sizeof text, WAIT "faults: [%s]\n", fault);
    return &load_fine(text)->faults[0].rule;
}

static void a_fault_has_every_filter_and_number(void **state)
{
    (void)state;
    const struct fault_rule *r = rule_of(
        "{on: VirtualAlloc, when: {reserve: yes, commit: true, size: 64KiB..1MiB, flags: top_down,"
        " protect: PAGE_EXECUTE_READWRITE, criticality: [task, process], caller: grow,"
        " load: \"> 90%\"}, nth: 17, from: 2s, until: 5s, fail: ERROR_NOT_ENOUGH_MEMORY,"
        " times: 3, delay: 5ms}");
    assert_int_equal(r->call, EVENT_VirtualAlloc);
    assert_int_equal(r->filter, FAULT_RESERVE | FAULT_COMMIT);
    assert_true(r->size_min == 64 * KiB && r->size_max == MiB);
    assert_true(r->flags == MEM_TOP_DOWN && r->protect == PAGE_EXECUTE_READWRITE);
    assert_int_equal(r->levels, 1u << eTaskCritical | 1u << eProcessCritical);
    assert_string_equal(r->caller, "grow");
    assert_true(r->load.op == COMPARE_MORE && r->load.value == 90);
    assert_true(r->nth == 17 && r->times == 3 && r->error == ST_NOT_ENOUGH_MEMORY);
    assert_true(r->from_ns == 2000 * ms && r->until_ns == 5000 * ms && r->delay_ns == 5 * ms);
}

static void a_fault_has_the_usual_error_and_how_often(void **state)
{
    (void)state;
    const struct fault_rule *r = rule_of("{on: VirtualAlloc, nth: 3}");
    assert_true(r->error == ST_COMMITMENT_LIMIT && r->times == 1 && r->every == 0);
    r = rule_of("{on: VirtualAlloc, when: {reserve: yes}}");
    assert_true(r->error == ST_NOT_ENOUGH_MEMORY && r->every == 1 && r->times == UINT64_MAX);
    r = rule_of("{on: operator new, every: 10}");
    assert_true(r->error == ST_ENOMEM && r->every == 10 && r->times == UINT64_MAX);
    r = rule_of("{on: HeapAlloc, probability: 1/50, times: once}");
    assert_true(r->chance_num == 1 && r->chance_den == 50 && r->times == 1 && r->every == 0);
    r = rule_of("{on: malloc, probability: 2%, times: forever}");
    assert_true(r->chance_num == 2 && r->chance_den == 100 && r->times == UINT64_MAX);
    r = rule_of("{on: VirtualAlloc, nth: 1, delay: 1ms}");
    assert_true(r->error == ST_OK && r->delay_ns == ms);
    r = rule_of("{on: VirtualAlloc, nth: 1, delay: 1ms, fail: COMMITMENT_LIMIT}");
    assert_int_equal(r->error, ST_COMMITMENT_LIMIT);
}

static void sizes_of_a_fault_take_every_comparison_but_unequal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t least, most;
    } rows[] = {{"\">= 4KiB\"", 4096, 0},  {"\"> 4KiB\"", 4097, 0}, {"\"<= 4KiB\"", 0, 4096},
                {"\"< 4KiB\"", 0, 4095},   {"4KiB", 4096, 4096},    {"\"== 4KiB\"", 4096, 4096},
                {"4KiB..8KiB", 4096, 8192}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char fault[128];
        snprintf(fault, sizeof fault, "{on: malloc, when: {size: %s}}", rows[i].text);
        const struct fault_rule *r = rule_of(fault);
        assert_int_equal(r->size_min, rows[i].least);
        assert_int_equal(r->size_max, rows[i].most);
    }
}

static void at_most_sixty_four_faults_fit_in_a_scenario(void **state)
{
    (void)state;
    char text[8192];
    for (int count = 64; count <= 65; count++) {
        int used = snprintf(text, sizeof text, "name: t\n" WAIT "faults:\n");
        for (int i = 0; i < count; i++)
            used += snprintf(text + used, sizeof text - (size_t)used, "- {on: malloc, nth: 1}\n");
        assert_int_equal(load(text)->result, count == 64 ? INPUT_OK : INPUT_INVALID);
    }
    expect_refused(text, ":68:3: error: more than 64 faults");
}

/* ---- expectations ---- */

static void expectations_have_kind_counter_and_words(void **state)
{
    (void)state;
    const struct scenario *s =
        load_fine(WAIT "expect:\n- peak-commit: \"<= 512MiB\"\n"
                       "- {served: \">= 95%\", process-exits: 0}\n- injected: 1..5\n"
                       "- outcome: no-progress\n- low_notifications: \"!= 0\"\n"
                       "- commit-peak-bytes: 4096\n- faults_hard: \"< 1,000\"\n"
                       "- {last-notification: low, last_notification: [none, high]}\n"
                       "- {vtable-refusals: \"< injected\", peak-commit: commit_peak}\n");
    const struct expectation *e = s->expectations;
    assert_int_equal(s->expectations_count, 12);
    assert_true(e[0].kind == EXPECT_COUNTER && e[0].counter == COUNTER_commit_peak_bytes);
    assert_true(e[0].comparison.op == COMPARE_AT_MOST && e[0].comparison.value == 512 * MiB);
    assert_string_equal(e[0].text, "peak-commit <= 512MiB");
    assert_string_equal(e[0].path, "expect[0].peak-commit");
    assert_int_equal(e[0].line, 4);
    assert_true(e[1].kind == EXPECT_SHARE_SERVED && e[1].comparison.value == 95);
    assert_true(e[2].kind == EXPECT_PROCESS_EXITS && e[2].comparison.op == COMPARE_EQUAL);
    assert_string_equal(e[2].text, "process-exits == 0");
    assert_string_equal(e[2].path, "expect[1].process-exits");
    assert_true(e[3].kind == EXPECT_INJECTED && e[3].comparison.op == COMPARE_WITHIN);
    assert_true(e[3].comparison.value == 1 && e[3].comparison.high == 5);
    assert_true(e[4].kind == EXPECT_OUTCOME && e[4].outcome == OUTCOME_NO_PROGRESS);
    assert_int_equal(e[5].counter, COUNTER_low_notifications);
    assert_int_equal(e[6].counter, COUNTER_commit_peak_bytes);
    assert_int_equal(e[7].comparison.value, 1000);
    assert_true(e[8].kind == EXPECT_LAST_NOTICE && e[8].notices == 1u << NOTICE_LOW);
    assert_string_equal(e[8].text, "last-notification low");
    assert_int_equal(e[9].notices, 1u << NOTICE_NONE | 1u << NOTICE_HIGH);
    assert_string_equal(e[9].text, "last_notification none or high");
    assert_true(e[10].has_other && e[10].other_kind == EXPECT_INJECTED);
    assert_true(e[10].comparison.op == COMPARE_LESS && !e[9].has_other);
    assert_string_equal(e[10].text, "vtable-refusals < injected");
    assert_true(e[11].has_other && e[11].other == COUNTER_commit_peak_bytes);
    assert_true(e[11].comparison.op == COMPARE_EQUAL && e[11].other_kind == EXPECT_COUNTER);
    assert_string_equal(e[11].text, "peak-commit == commit_peak");
}

static void nothing_left_behind_makes_the_workload_give_back(void **state)
{
    (void)state;
    const struct scenario *s = load_fine(WAIT "expect: [nothing-left-behind: yes]\n");
    assert_true(s->workload.give_back && s->expectations_count == 1);
    assert_int_equal(s->expectations[0].kind, EXPECT_NOTHING_LEFT);
    s = load_fine(WAIT "expect: [nothing-left-behind: no]\n");
    assert_true(!s->workload.give_back && s->expectations_count == 0);
}

/* ---- anchors ---- */

static void anchors_stand_for_whole_values_anywhere(void **state)
{
    (void)state;
    const struct scenario *s = load_fine("workload:\n- phase: a\n  for: 1s\n"
                                         "  allocate: &grow {rate: 1MiB/s, size: &page 4KiB}\n"
                                         "- phase: b\n  for: 2s\n  allocate: *grow\n"
                                         "- Alloc: {size: *page}\n");
    assert_int_equal(s->workload.steps[1].phase->allocate.rate.amount, MiB);
    assert_int_equal(s->workload.steps[2].call->size, 4096);
}

static int release(void **state)
{
    (void)state;
    unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scenario_of_two_keys_has_every_default),
        cmocka_unit_test(machine_policy_and_ending_are_as_written),
        cmocka_unit_test(the_first_comment_is_what_the_scenario_is_about),
        cmocka_unit_test(a_replay_has_window_speed_and_native_of_its_own),
        cmocka_unit_test(a_recording_alone_is_a_scenario_on_the_default_machine),
        cmocka_unit_test(a_phase_has_histograms_rates_and_actions),
        cmocka_unit_test(a_phase_of_a_rate_alone_has_sensible_defaults),
        cmocka_unit_test(a_stream_of_touches_has_its_generator_and_place),
        cmocka_unit_test(hot_and_cold_pages_have_shares),
        cmocka_unit_test(a_call_has_flags_in_every_spelling),
        cmocka_unit_test(a_call_has_place_name_thread_and_criticality),
        cmocka_unit_test(results_have_names_numbers_and_kinds),
        cmocka_unit_test(a_list_of_results_keeps_its_order),
        cmocka_unit_test(steps_side_by_side_nest_with_repeats),
        cmocka_unit_test(rounds_multiply_up_to_ten_million),
        cmocka_unit_test(pressure_comes_in_the_order_of_time_and_stays_stable),
        cmocka_unit_test(a_fault_has_every_filter_and_number),
        cmocka_unit_test(a_fault_has_the_usual_error_and_how_often),
        cmocka_unit_test(sizes_of_a_fault_take_every_comparison_but_unequal),
        cmocka_unit_test(at_most_sixty_four_faults_fit_in_a_scenario),
        cmocka_unit_test(expectations_have_kind_counter_and_words),
        cmocka_unit_test(nothing_left_behind_makes_the_workload_give_back),
        cmocka_unit_test(anchors_stand_for_whole_values_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
