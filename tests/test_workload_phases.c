/* Phases against the noting host: rates, counts, lifetimes, what is drawn, what is done to blocks
 * that live, and streams of touches. */
#include "tests/workload_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define FIXED(value)                                                                               \
    {                                                                                              \
        1,                                                                                         \
        {                                                                                          \
            {                                                                                      \
                value, value, 1                                                                    \
            }                                                                                      \
        }                                                                                          \
    }

static struct step_phase a_phase(const char *name)
{
    return (struct step_phase){
        .name = name,
        .threads = 1,
        .allocate = {
            .given = true, .way = WAY_MALLOC, .size = FIXED(64), .protect = PAGE_READWRITE}};
}

static void perform_phase(struct step_phase *phase)
{
    struct step steps[] = {{.kind = STEP_PHASE, .phase = phase}};
    perform(STEPS(steps));
}

/* ---- when ---- */

static void rates_are_exact_over_ten_seconds(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("steady");
    phase.for_ns = 10 * SECOND;
    phase.allocate.rate = (struct rate){3, 7 * MS, false};
    fake.call_ns = 1000;
    perform_phase(&phase);
    assert_int_equal(fake.count, 4286); /* 10 s * 3 / 7 ms, rounded up */
    for (uint64_t i = 0; i < fake.count; i++)
        assert_int_equal(fake.note_times[i], i * 7 * MS / 3);
    assert_int_equal(fake.sim->now_ns, 10 * SECOND);
}

static void rates_in_bytes_are_exact_whatever_the_sizes_are(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("steady");
    uint64_t bytes = 0, asked;
    phase.for_ns = 10 * SECOND;
    phase.allocate.rate = (struct rate){50 << 20, SECOND, true};
    phase.allocate.size = (struct histogram){2, {{65536, 65536, 3}, {100000, 900000, 7}}};
    perform_phase(&phase);
    assert_true(fake.count > 500);
    for (unsigned i = 0; i < fake.count; i++) {
        assert_int_equal(fake.note_times[i],
                         (uint64_t)((unsigned __int128)bytes * SECOND / (50 << 20)));
        assert_int_equal(sscanf(fake.notes[i], "alloc %lx", &asked), 1);
        bytes += asked;
    }
    assert_in_range(bytes, UINT64_C(500) << 20, (UINT64_C(500) << 20) + 900000);
}

static void a_late_machine_still_performs_all_that_was_due(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("overloaded");
    phase.for_ns = 100 * MS;
    phase.allocate.rate = (struct rate){1, MS, false};
    fake.call_ns = 10 * MS;
    perform_phase(&phase);
    assert_int_equal(fake.count, 100);
    assert_int_equal(fake.sim->now_ns, 1000 * MS);
}

static void counts_are_spread_over_the_duration(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("spread");
    phase.for_ns = SECOND;
    phase.allocate.count = 8;
    perform_phase(&phase);
    assert_int_equal(fake.count, 8);
    assert_int_equal(fake.note_times[7], 875 * MS);
    assert_int_equal(fake.sim->now_ns, SECOND);
}

static void without_a_duration_counts_come_one_after_the_other(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("fast");
    fake.call_ns = 10;
    phase.allocate.count = 6;
    phase.free = (struct phase_action){.given = true, .count = 3, .order = PICK_OLDEST};
    perform_phase(&phase);
    assert_int_equal(notes_that_begin("alloc"), 6);
    assert_int_equal(notes_that_begin("free"), 3);
    assert_string_equal(fake.notes[1], "free 1000010"); /* in proportion, not at the end */
    assert_int_equal(fake.sim->now_ns, 90);
}

static void a_total_ends_the_allocations(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("total");
    phase.allocate.total_bytes = 1000;
    perform_phase(&phase);
    assert_int_equal(fake.count, 16); /* of 64 bytes */
}

static void operations_take_turns_on_the_threads_of_the_phase(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("threads");
    phase.threads = 3;
    phase.criticality = CRITICALITY_APP_DOMAIN;
    phase.allocate.count = 7;
    perform_phase(&phase);
    unsigned by[4] = {0};
    for (unsigned i = 0; i < 7; i++)
        by[fake.note_threads[i]]++;
    assert_int_equal(by[1], 3);
    assert_int_equal(by[2], 2);
    assert_int_equal(by[3], 2);
    assert_string_equal(fake.notes[0], "alloc 40 domain");
}

static void phases_side_by_side_share_virtual_time(void **state)
{
    (void)state;
    struct step_phase fast = a_phase("fast"), slow = a_phase("slow");
    fast.for_ns = slow.for_ns = SECOND;
    fast.allocate.rate = (struct rate){100, SECOND, false};
    slow.allocate.rate = (struct rate){10, SECOND, false};
    slow.allocate.size = (struct histogram)FIXED(128);
    struct step both[] = {{.kind = STEP_PHASE, .phase = &fast},
                          {.kind = STEP_PHASE, .phase = &slow}};
    struct step steps[] = {TOGETHER(both)};
    perform(STEPS(steps));
    assert_int_equal(fake.count, 110);
    assert_string_equal(fake.notes[0], "alloc 40 task");
    assert_string_equal(fake.notes[1], "alloc 80 task");
    for (unsigned i = 1; i < fake.count; i++)
        assert_true(fake.note_times[i] >= fake.note_times[i - 1]);
}

/* ---- lifetimes ---- */

static void blocks_die_when_their_lifetimes_end(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("short");
    phase.for_ns = 100 * MS;
    phase.allocate.rate = (struct rate){1, 10 * MS, false};
    phase.allocate.lifetime = (struct histogram)FIXED(25 * MS);
    perform_phase(&phase);
    assert_int_equal(notes_that_begin("alloc"), 10);
    assert_int_equal(notes_that_begin("free"), 10);
    for (unsigned i = 0, freed = 0; i < fake.count; i++)
        if (fake.notes[i][0] == 'f') {
            uint64_t due = freed++ * 10 * MS + 25 * MS;
            assert_int_equal(fake.note_times[i], due < 100 * MS ? due : 100 * MS);
        }
    assert_int_equal(fake.live_count, 0);
}

static void a_block_dies_before_what_else_is_due_then(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("close");
    phase.for_ns = 50 * MS;
    phase.allocate.rate = (struct rate){1, 10 * MS, false};
    phase.allocate.lifetime = (struct histogram)FIXED(10 * MS);
    perform_phase(&phase);
    assert_int_equal(fake.count, 10);
    for (unsigned i = 0; i < fake.count; i++)
        assert_int_equal(fake.notes[i][0], i % 2 ? 'f' : 'a');
}

static void survivors_and_eternal_blocks_outlive_their_phase(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("half");
    phase.for_ns = SECOND;
    phase.allocate.count = 1000;
    phase.allocate.lifetime = (struct histogram)FIXED(MS);
    phase.allocate.has_survive = true;
    phase.allocate.survive_percent = 12;
    perform_phase(&phase);
    assert_in_range(fake.live_count, 80, 160);
    assert_int_equal(counter(COUNTER_operations_recorded), 2000 - fake.live_count);
    unsigned before = fake.live_count;
    phase.allocate.has_survive = false;
    phase.allocate.lifetime =
        (struct histogram){2, {{MS, MS, 1}, {LIFETIME_FOREVER, LIFETIME_FOREVER, 3}}};
    perform_phase(&phase);
    assert_in_range(fake.live_count - before, 700, 800);
}

static void later_phases_find_what_earlier_ones_left(void **state)
{
    (void)state;
    struct step_phase first = a_phase("first"), second = a_phase("second");
    first.allocate.count = 5;
    second.allocate.given = false;
    second.free = (struct phase_action){.given = true, .count = 7, .order = PICK_NEWEST};
    struct step steps[] = {{.kind = STEP_PHASE, .phase = &first},
                           {.kind = STEP_PHASE, .phase = &second}};
    perform(STEPS(steps));
    assert_int_equal(fake.live_count, 0);
    assert_string_equal(fake.notes[5], "free 1040010");
    assert_string_equal(fake.notes[9], "free 1000010");
    assert_int_equal(fake.count, 10); /* where there is no block nothing happens */
}

static void a_phase_may_free_what_is_about_to_die_in_another(void **state)
{
    (void)state;
    struct step_phase dies = a_phase("dies"), frees = a_phase("frees");
    dies.for_ns = frees.for_ns = 100 * MS;
    dies.allocate.count = 1;
    dies.allocate.lifetime = (struct histogram)FIXED(50 * MS);
    frees.allocate.given = false;
    frees.free = (struct phase_action){.given = true, .rate = {1, 25 * MS, false}, .count = 2};
    struct step both[] = {{.kind = STEP_PHASE, .phase = &dies},
                          {.kind = STEP_PHASE, .phase = &frees}};
    struct step steps[] = {TOGETHER(both)};
    perform(STEPS(steps));
    EXPECT("alloc 40 task", "free 1000010");
    assert_int_equal(fake.sim->now_ns, 100 * MS);
}

/* ---- what is drawn ---- */

/* The sizes that the phase asked for, as text. */
static void sizes_of(struct step *steps, uint32_t count, uint64_t seed, char *text, size_t bytes)
{
    void *state = NULL;
    size_t used = 0;
    fake_end(&state);
    fake_begin(&state);
    fake.sim->seed = seed;
    perform(steps, count);
    text[0] = '\0';
    for (unsigned i = 0; i < fake.count && used < bytes; i++)
        if (strncmp(fake.notes[i], "alloc", 5) == 0)
            used += (size_t)snprintf(text + used, bytes - used, "%s;", fake.notes[i]);
}

static void a_changed_phase_shifts_no_draw_of_another(void **state)
{
    (void)state;
    char before[4096], after[4096];
    struct step_phase first = a_phase("first"), second = a_phase("second");
    first.allocate.count = 3;
    first.allocate.way = WAY_VIRTUAL;
    second.allocate.count = 40;
    second.allocate.size = (struct histogram){2, {{1, 1000, 1}, {2000, 90000, 5}}};
    struct step steps[] = {
        LOAD, {.kind = STEP_PHASE, .phase = &first}, {.kind = STEP_PHASE, .phase = &second}};
    sizes_of(steps, 3, 1, before, sizeof before);
    first.allocate.count = 17;
    first.allocate.size = (struct histogram){1, {{1, 100000, 1}}};
    sizes_of(steps, 3, 1, after, sizeof after);
    assert_string_equal(before, after);
    sizes_of(steps + 2, 1, 1, after, sizeof after); /* alone */
    assert_string_equal(before, after);
    second.threads = 4;
    second.allocate.rate = (struct rate){1, MS, false}; /* or each thread makes its own in turn */
    second.allocate.lifetime = (struct histogram)FIXED(5);
    second.allocate.touch_percent = 100;
    sizes_of(steps + 2, 1, 1, after, sizeof after);
    assert_string_equal(before, after);
    sizes_of(steps + 2, 1, 2, after, sizeof after);
    assert_string_not_equal(before, after);
}

static void a_repeated_phase_draws_anew_each_time(void **state)
{
    (void)state;
    char once[4096], twice[4096];
    struct step_phase phase = a_phase("again");
    phase.allocate.count = 20;
    phase.allocate.size = (struct histogram){1, {{1, 100000, 1}}};
    struct step body[] = {{.kind = STEP_PHASE, .phase = &phase}};
    struct step steps[] = {REPEAT(2, body)};
    sizes_of(body, 1, 1, once, sizeof once);
    sizes_of(steps, 1, 1, twice, sizeof twice);
    assert_memory_equal(once, twice, strlen(once));
    assert_string_not_equal(once, twice + strlen(once));
}

static void histograms_are_drawn_by_their_weights(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("weights");
    unsigned small = 0, middle = 0;
    uint64_t size;
    phase.allocate.count = 8000;
    phase.allocate.size = (struct histogram){3, {{16, 16, 60}, {100, 199, 30}, {4096, 4096, 10}}};
    perform_phase(&phase);
    for (unsigned i = 0; i < fake.count; i++) {
        assert_int_equal(sscanf(fake.notes[i], "alloc %lx", &size), 1);
        assert_true(size == 16 || size == 4096 || (size >= 100 && size <= 199));
        small += size == 16;
        middle += size >= 100 && size <= 199;
    }
    assert_in_range(small, 4600, 5000);
    assert_in_range(middle, 2250, 2550);
}

static void equal_seeds_leave_equal_digests(void **state)
{
    uint8_t digests[2][16];
    for (int i = 0; i < 2; i++) {
        struct step_phase phase = a_phase("all");
        phase.for_ns = SECOND;
        phase.threads = 4;
        phase.allocate.way = WAY_SEGMENT;
        phase.allocate.rate = (struct rate){20 << 20, SECOND, true};
        phase.allocate.size = (struct histogram){1, {{100, 100000, 1}}};
        phase.allocate.lifetime = (struct histogram){1, {{MS, 500 * MS, 1}}};
        phase.allocate.touch_percent = 50;
        phase.touch = (struct phase_action){
            .given = true, .count = 100, .order = PICK_RANDOM, .write_percent = 50};
        phase.free = (struct phase_action){.given = true, .count = 50, .order = PICK_RANDOM};
        fake.quiet = true;
        perform_phase(&phase);
        trace_digest(&fake.sim->trace, digests[i]);
        fake_end(state);
        fake_begin(state);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
}

/* ---- what is done to blocks ---- */

static void virtual_blocks_are_reserved_and_committed_at_once(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("virtual");
    phase.allocate.way = WAY_VIRTUAL;
    phase.allocate.count = 1;
    phase.allocate.size = (struct histogram)FIXED(0x5000);
    phase.allocate.lifetime = (struct histogram)FIXED(MS);
    phase.allocate.protect = PAGE_EXECUTE_READWRITE;
    phase.allocate.touch_percent = 50;
    perform_phase(&phase);
    EXPECT("reserve+commit 0 5000 40 task", "touch 1000000 write", "touch 1001000 write",
           "touch 1002000 write", "release 1000000 0");
}

static void a_changed_protection_is_restored_by_the_next_action(void **state)
{
    (void)state;
    struct step_phase make = a_phase("make"), protect = a_phase("protect"),
                      touch = a_phase("touch");
    make.allocate.way = WAY_VIRTUAL;
    make.allocate.count = 1;
    make.allocate.size = (struct histogram)FIXED(0x1800);
    protect.allocate.given = touch.allocate.given = false;
    protect.protect = (struct phase_action){.given = true, .count = 3, .protect = PAGE_READONLY};
    touch.touch = (struct phase_action){.given = true, .count = 1, .write_percent = 100};
    struct step steps[] = {{.kind = STEP_PHASE, .phase = &make},
                           {.kind = STEP_PHASE, .phase = &protect},
                           {.kind = STEP_PHASE, .phase = &touch}};
    perform(STEPS(steps));
    assert_int_equal(fake.count, 6);
    assert_string_equal(fake.notes[1], "protect 1000000 2000 2");
    assert_string_equal(fake.notes[2], "protect 1000000 2000 4");
    assert_string_equal(fake.notes[3], "protect 1000000 2000 2");
    assert_string_equal(fake.notes[4], "protect 1000000 2000 4");
    assert_int_equal(notes_that_begin("touch 100"), 1);
    assert_int_equal(counter(COUNTER_operations_recorded), 5);
}

static void blocks_of_a_heap_are_not_protected(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("heap");
    phase.allocate.count = 10;
    phase.protect = (struct phase_action){.given = true, .count = 5, .protect = PAGE_READONLY};
    perform_phase(&phase);
    assert_int_equal(notes_that_begin("protect"), 0);
}

static void refused_allocations_are_counted_and_leave_nothing(void **state)
{
    (void)state;
    struct step_phase phase = a_phase("refused");
    phase.allocate.count = 10;
    fake.refuse_after = 4;
    fake.refusals = 3;
    perform_phase(&phase);
    assert_int_equal(counter(COUNTER_operations_recorded), 10);
    assert_int_equal(counter(COUNTER_operations_served), 7);
    assert_int_equal(fake.live_count, 7);
}

static void giving_back_leaves_nothing_of_any_way(void **state)
{
    struct rng rng = rng_keyed(5, RNG_PROPERTY_TEST, 4);
    for (int round = 0; round < 60; round++) {
        struct step_phase phases[3];
        struct step list[3];
        for (int i = 0; i < 3; i++) {
            phases[i] = a_phase(i == 0 ? "a" : i == 1 ? "b" : "c");
            phases[i].allocate.way = (enum phase_way)rng_below(&rng, 3);
            phases[i].allocate.count = 1 + rng_below(&rng, 60);
            phases[i].allocate.size = (struct histogram){2, {{1, 300, 1}, {4096, 300000, 1}}};
            phases[i].for_ns = rng_below(&rng, 2) * SECOND;
            phases[i].allocate.lifetime.bars_count = (uint32_t)rng_below(&rng, 2);
            phases[i].allocate.lifetime.bars[0] = (struct histogram_bar){1, SECOND, 1};
            phases[i].allocate.has_survive = true;
            phases[i].allocate.survive_percent = rng_below(&rng, 101);
            phases[i].free = (struct phase_action){.given = true,
                                                   .count = rng_below(&rng, 30),
                                                   .order = (enum pick_order)rng_below(&rng, 3)};
            phases[i].protect = (struct phase_action){.given = true,
                                                      .count = rng_below(&rng, 30),
                                                      .order = (enum pick_order)rng_below(&rng, 3),
                                                      .protect = PAGE_READONLY};
            list[i] = (struct step){.kind = STEP_PHASE, .phase = &phases[i]};
        }
        struct step steps[] = {TOGETHER(list)};
        fake.quiet = true;
        fake.call_ns = 500;
        fake.refuse_after = (unsigned)rng_below(&rng, 50);
        fake.refusals = (unsigned)rng_below(&rng, 10);
        if (round % 2)
            perform_and_give_back(STEPS(steps));
        else
            perform_and_give_back(list, 3);
        assert_int_equal(fake.live_count, 0);
        fake_end(state);
        fake_begin(state);
    }
}

/* ---- streams of touches ---- */

static void perform_stream(struct step_touch *touch)
{
    struct step steps[] = {{.kind = STEP_TOUCH, .touch = touch}};
    perform(STEPS(steps));
}

static void a_stream_touches_memory_of_its_own_and_releases_it(void **state)
{
    (void)state;
    struct step_touch touch = {.order = TOUCH_SEQUENTIAL, .pages = 2, .references = 3};
    perform_stream(&touch);
    EXPECT("reserve+commit 0 2000 4 task", "touch 1000000 read", "touch 1001000 read",
           "touch 1000000 read", "release 1000000 0");
    assert_int_equal(counter(COUNTER_operations_recorded), 2);
}

static void a_stream_keeps_its_rate_exactly(void **state)
{
    (void)state;
    struct step_touch touch = {.order = TOUCH_RANDOM,
                               .pages = 100,
                               .references = 5000,
                               .write_percent = 50,
                               .rate = {1000, 3 * SECOND, false}};
    perform_stream(&touch);
    for (uint64_t i = 0; i < 5000; i++)
        assert_int_equal(fake.note_times[1 + i], i * 3 * MS);
    unsigned writes = 0;
    for (unsigned i = 1; i <= 5000; i++)
        writes += strstr(fake.notes[i], "write") != NULL;
    assert_in_range(writes, 2350, 2650);
}

static void hot_pages_of_a_stream_are_its_first(void **state)
{
    (void)state;
    struct step_touch touch = {.order = TOUCH_HOT_COLD,
                               .pages = 250,
                               .references = 5000,
                               .hot_percent = 10,
                               .hot_references_percent = 70};
    unsigned hot = 0;
    perform_stream(&touch);
    for (unsigned i = 1; i <= 5000; i++)
        hot += strtoull(fake.notes[i] + strlen("touch "), NULL, 16) < FAKE_FIRST + 25 * 4096;
    assert_in_range(hot, 3400, 3600);
    touch.pages = 3; /* one is hot at least */
    touch.hot_references_percent = 100;
    forget_notes();
    perform_stream(&touch);
    uint64_t first = strtoull(fake.notes[1] + strlen("touch "), NULL, 16);
    for (unsigned i = 1; i <= 5000; i++)
        assert_int_equal(strtoull(fake.notes[i] + strlen("touch "), NULL, 16), first);
}

static void a_stream_can_touch_a_named_block(void **state)
{
    (void)state;
    struct block_address at = {ADDRESS_BLOCK, 0, false, 0x1000};
    struct step_touch touch = {
        .pages = 1, .references = 2, .write_percent = 100, .at = &at, .pcg32 = {true, 42, 54}};
    struct step steps[] = {RESERVE(0, 0x10000), {.kind = STEP_TOUCH, .touch = &touch}};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "touch 1001000 write", "touch 1001000 write");
    fake.refusals = 1;
    forget_notes();
    perform(STEPS(steps));
    EXPECT("refused reserve 0 10000 4 task");
    assert_int_equal(counter(COUNTER_operations_dependent), 2);
}

static void a_stream_whose_memory_is_refused_touches_nothing(void **state)
{
    (void)state;
    struct step_touch touch = {.order = TOUCH_ZIPF, .pages = 50, .references = 70};
    fake.refusals = 1;
    perform_stream(&touch);
    EXPECT("refused reserve+commit 0 32000 4 task");
    assert_int_equal(counter(COUNTER_operations_dependent), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rates_are_exact_over_ten_seconds),
        TEST(rates_in_bytes_are_exact_whatever_the_sizes_are),
        TEST(a_late_machine_still_performs_all_that_was_due),
        TEST(counts_are_spread_over_the_duration),
        TEST(without_a_duration_counts_come_one_after_the_other),
        TEST(a_total_ends_the_allocations),
        TEST(operations_take_turns_on_the_threads_of_the_phase),
        TEST(phases_side_by_side_share_virtual_time),
        TEST(blocks_die_when_their_lifetimes_end),
        TEST(a_block_dies_before_what_else_is_due_then),
        TEST(survivors_and_eternal_blocks_outlive_their_phase),
        TEST(later_phases_find_what_earlier_ones_left),
        TEST(a_phase_may_free_what_is_about_to_die_in_another),
        TEST(a_changed_phase_shifts_no_draw_of_another),
        TEST(a_repeated_phase_draws_anew_each_time),
        TEST(histograms_are_drawn_by_their_weights),
        TEST(equal_seeds_leave_equal_digests),
        TEST(virtual_blocks_are_reserved_and_committed_at_once),
        TEST(a_changed_protection_is_restored_by_the_next_action),
        TEST(blocks_of_a_heap_are_not_protected),
        TEST(refused_allocations_are_counted_and_leave_nothing),
        TEST(giving_back_leaves_nothing_of_any_way),
        TEST(a_stream_touches_memory_of_its_own_and_releases_it),
        TEST(a_stream_keeps_its_rate_exactly),
        TEST(hot_pages_of_a_stream_are_its_first),
        TEST(a_stream_can_touch_a_named_block),
        TEST(a_stream_whose_memory_is_refused_touches_nothing),
    };
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
