/* Workloads against the noting host: lists, repetition, steps side by side, other consumers, and
 * giving back what is left. Scripted calls are in test_workload_calls.c. */
#include "tests/workload_support.h"

#include <stdlib.h>
#include <string.h>

/* ---- one after the other ---- */

static void steps_are_performed_in_their_order(void **state)
{
    (void)state;
    struct step steps[] = {RESERVE(0, 0x10000), LOAD, RELEASE(0)};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "load", "release 1000000 0");
    assert_int_equal(counter(COUNTER_operations_recorded), 3);
    assert_int_equal(counter(COUNTER_operations_served), 3);
}

static void a_workload_without_steps_does_nothing(void **state)
{
    (void)state;
    perform(NULL, 0);
    assert_int_equal(fake.count, 0);
}

static void a_wait_moves_the_clock_from_the_end_of_the_step_before(void **state)
{
    (void)state;
    fake.call_ns = 300;
    struct step steps[] = {WAIT(5000), RESERVE(0, 0x10000), WAIT(1000), LOAD};
    perform(STEPS(steps));
    assert_int_equal(fake.note_times[0], 5000);
    assert_int_equal(fake.note_times[1], 6300);
}

static void a_block_of_a_repeat_has_one_for_each_repetition(void **state)
{
    (void)state;
    struct step make[] = {RESERVE_EACH(0, 0x10000)}, free_all[] = {RELEASE_EACH(0)};
    struct step steps[] = {REPEAT(3, make), REPEAT(3, free_all)};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "reserve 0 10000 4 task", "reserve 0 10000 4 task",
           "release 1000000 0", "release 1010000 0", "release 1020000 0");
    assert_int_equal(fake.live_count, 0);
}

static void the_innermost_repeat_counts_for_its_blocks(void **state)
{
    (void)state;
    struct step inner[] = {RESERVE_EACH(0, 0x10000), RELEASE_EACH(0)};
    struct step outer[] = {REPEAT(2, inner), RESERVE_EACH(1, 0x20000)};
    struct step frees[] = {RELEASE_EACH(1)};
    struct step steps[] = {REPEAT(3, outer), REPEAT(3, frees)};
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve"), 9);
    assert_int_equal(fake.live_count, 0);
}

static void a_repeat_ends_with_the_call_that_was_refused(void **state)
{
    (void)state;
    struct step body[] = {RESERVE_EACH(0, 0x10000), LOAD};
    struct step steps[] = {REPEAT(1000, body), REGISTER};
    steps[0].until = UNTIL_REFUSED;
    fake.refuse_after = 2;
    fake.refusals = 1;
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "load", "reserve 0 10000 4 task", "load",
           "refused reserve 0 10000 4 task", "register callback");
}

static void a_repeat_ends_with_the_call_that_was_served(void **state)
{
    (void)state;
    struct step body[] = {RESERVE(0, 0x10000)};
    struct step steps[] = {REPEAT(1000, body), REGISTER};
    steps[0].until = UNTIL_SERVED;
    fake.refusals = 3;
    perform(STEPS(steps));
    EXPECT("refused reserve 0 10000 4 task", "refused reserve 0 10000 4 task",
           "refused reserve 0 10000 4 task", "reserve 0 10000 4 task", "register callback");
}

static void a_call_ends_every_repeat_around_it_that_waits_for_it(void **state)
{
    (void)state;
    struct step innermost[] = {RESERVE(0, 0x10000)};
    struct step inner[] = {REPEAT(5, innermost), LOAD};
    struct step steps[] = {REPEAT(5, inner), REGISTER};
    steps[0].until = UNTIL_REFUSED;
    fake.refuse_after = 6;
    fake.refusals = 1;
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve"), 6);
    assert_int_equal(notes_that_begin("load"), 1);
    assert_string_equal(fake.notes[fake.count - 1], "register callback");
}

static void a_refusal_ends_all_repeats_that_wait_for_it_at_once(void **state)
{
    (void)state;
    struct step innermost[] = {RESERVE(0, 0x10000)};
    struct step inner[] = {REPEAT(5, innermost), LOAD};
    struct step steps[] = {REPEAT(5, inner), REGISTER};
    steps[0].until = inner[0].until = UNTIL_REFUSED;
    fake.refuse_after = 2;
    fake.refusals = 1;
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "reserve 0 10000 4 task", "refused reserve 0 10000 4 task",
           "register callback");
}

/* ---- side by side ---- */

static void steps_side_by_side_count_the_repeat_around_them(void **state)
{
    (void)state;
    struct step both[] = {RESERVE_EACH(0, 0x10000), WAIT(10)};
    struct step first[] = {TOGETHER(both)}, second[] = {RELEASE_EACH(0)};
    struct step steps[] = {REPEAT(3, first), REPEAT(3, second)};
    perform(STEPS(steps));
    assert_int_equal(counter(COUNTER_operations_dependent), 0);
    assert_int_equal(fake.live_count, 0);
}

static void steps_side_by_side_take_turns_in_virtual_time(void **state)
{
    (void)state;
    fake.call_ns = 100;
    struct step left[] = {RESERVE(0, 0x10000), RESERVE(0, 0x10000), RESERVE(0, 0x10000)};
    struct step right[] = {RESERVE(1, 0x20000), RESERVE(1, 0x20000)};
    struct step both[] = {REPEAT(1, left), REPEAT(1, right)};
    struct step steps[] = {TOGETHER(both), LOAD};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "reserve 0 20000 4 task", "reserve 0 10000 4 task",
           "reserve 0 20000 4 task", "reserve 0 10000 4 task", "load");
}

static void equal_times_go_in_the_order_of_the_list(void **state)
{
    (void)state;
    struct step first[] = {WAIT(1000), RESERVE(0, 0x10000)};
    struct step second[] = {WAIT(500), LOAD, WAIT(500), RESERVE(1, 0x20000)};
    struct step third[] = {WAIT(1000), REGISTER};
    struct step all[] = {REPEAT(1, first), REPEAT(1, second), REPEAT(1, third)};
    struct step steps[] = {TOGETHER(all)};
    perform(STEPS(steps));
    EXPECT("load", "reserve 0 10000 4 task", "reserve 0 20000 4 task", "register callback");
    assert_int_equal(fake.sim->now_ns, 1000);
}

static void together_ends_with_the_last_of_its_steps(void **state)
{
    (void)state;
    struct step inner_steps[] = {WAIT(300), WAIT(700)};
    struct step outer_steps[] = {TOGETHER(inner_steps), WAIT(100)};
    struct step steps[] = {TOGETHER(outer_steps), LOAD};
    perform(STEPS(steps));
    assert_int_equal(fake.note_times[0], 700);
}

static void a_call_side_by_side_ends_the_repeat_around_all(void **state)
{
    (void)state;
    struct step right[] = {WAIT(10), LOAD};
    struct step both[] = {RESERVE(0, 0x10000), REPEAT(1, right)};
    struct step body[] = {TOGETHER(both), REGISTER};
    struct step steps[] = {REPEAT(10, body)};
    steps[0].until = UNTIL_REFUSED;
    fake.refuse_after = 1;
    fake.refusals = 1;
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "load", "register callback", "refused reserve 0 10000 4 task",
           "load"); /* not cut short */
}

/* ---- replays ---- */

static const struct recorded recorded[] = {
    {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
    {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 4, PROTECT_WRITE},
    {OP_RESERVE, OBJECT_VIEW, 1, 0, 16, PROTECT_READ},
};

static void a_recording_alone_leaves_the_records_of_its_replay(void **state)
{
    uint8_t digests[2][16];
    for (int i = 0; i < 2; i++) {
        struct step_replay said = {.recording = RECORDING(recorded),
                                   .to_ns = UINT64_MAX,
                                   .speed_num = 1,
                                   .speed_den = 1,
                                   .repeat = 1};
        struct step steps[] = {{.kind = STEP_REPLAY, .replay = &said}};
        struct replay_options options = {0};
        if (i)
            perform(STEPS(steps));
        else
            replay_run(fake_start(), said.recording, &options);
        trace_digest(&fake.sim->trace, digests[i]);
        fake_end(state);
        fake_begin(state);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
}

static void replays_side_by_side_keep_their_times(void **state)
{
    (void)state;
    struct step_replay slow = {.recording = RECORDING(recorded), .speed_num = 1, .speed_den = 2};
    struct step_replay fast = {.recording = RECORDING(recorded), .speed_num = 4, .speed_den = 1};
    struct step both[] = {{.kind = STEP_REPLAY, .replay = &slow},
                          {.kind = STEP_REPLAY, .replay = &fast}};
    struct step steps[] = {TOGETHER(both), WAIT(1000000), LOAD};
    perform_and_give_back(STEPS(steps));
    for (unsigned i = 1; i < fake.count; i++)
        assert_true(fake.note_times[i] >= fake.note_times[i - 1]);
    assert_int_equal(notes_that_begin("commit"), 2);
    assert_int_equal(fake.sim->now_ns, 5000000);
    assert_int_equal(fake.live_count, 0);
    assert_int_equal(notes_that_begin("released"), 2);
}

/* ---- other consumers ---- */

static void pressure_comes_before_what_is_due_at_the_same_time(void **state)
{
    (void)state;
    struct pressure pressure[] = {
        {.at_ns = 1000, .of = PRESSURE_MEMORY, .bytes = 0x5000},
        {.at_ns = 2000, .of = PRESSURE_MEMORY, .give_back = true, .bytes = UINT64_MAX},
        {.at_ns = 9000, .of = PRESSURE_COMMIT, .bytes = 0x1000}};
    struct step steps[] = {WAIT(1000), LOAD, WAIT(1000), LOAD};
    perform_under(STEPS(steps), pressure, 3);
    EXPECT("take 5000 of memory in 0", "load", "give back ffffffffffffffff of memory in 1", "load");
    assert_int_equal(fake.note_times[2], 2000);
}

static void pressure_comes_in_time_for_steps_that_are_late(void **state)
{
    (void)state;
    fake.call_ns = 400;
    struct pressure pressure[] = {{.at_ns = 1000, .of = PRESSURE_MEMORY, .bytes = 0x5000}};
    struct step body[] = {RESERVE(0, 0x10000)};
    struct step steps[] = {REPEAT(5, body)};
    perform_under(STEPS(steps), pressure, 1);
    assert_string_equal(fake.notes[3], "take 5000 of memory in 0");
    assert_int_equal(fake.note_times[3], 1200);
}

static uint64_t sum_of_takes(uint64_t bytes, uint64_t over_ns, enum pressure_of of, uint64_t pieces)
{
    struct pressure pressure[] = {
        {.at_ns = 1000000, .over_ns = over_ns, .of = of, .bytes = bytes, .pieces = pieces}};
    struct step steps[] = {WAIT(1000000000)};
    fake.taken[of] = 0;
    fake.sim->now_ns = 0;
    forget_notes();
    perform_under(STEPS(steps), pressure, 1);
    assert_int_equal(fake.note_times[fake.count - 1], 1000000 + over_ns);
    return fake.taken[of];
}

static void the_steps_of_a_ramp_sum_to_the_total(void **state)
{
    (void)state;
    assert_int_equal(sum_of_takes(1 << 30, 500000000, PRESSURE_MEMORY, 0), 1 << 30);
    assert_int_equal(fake.count, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(fake.note_times[i], 1000000 + UINT64_C(500000000) * (i + 1) / 64);
    assert_int_equal(sum_of_takes(12345678, 777777, PRESSURE_COMMIT, 0), 12345678);
    assert_int_equal(fake.count, 64);
    assert_int_equal(sum_of_takes(3 * 4096, 500, PRESSURE_PAGEFILE, 0), 3 * 4096);
    assert_int_equal(fake.count, 3);
    assert_int_equal(sum_of_takes(100, 500, PRESSURE_MEMORY, 0), 100);
    assert_int_equal(fake.count, 1);
    assert_int_equal(sum_of_takes(1 << 20, 500, PRESSURE_ADDRESS_SPACE, 4), 1 << 20);
    assert_int_equal(fake.count, 4);
    assert_int_equal(sum_of_takes(1 << 20, 0, PRESSURE_ADDRESS_SPACE, 4), 1 << 20);
    assert_int_equal(fake.count, 1);
}

/* Or each step would be rounded up to granules, and the ramp take more than was said. */
static void ramps_of_address_space_go_in_whole_granules(void **state)
{
    (void)state;
    assert_int_equal(sum_of_takes(70 << 20, 64000, PRESSURE_ADDRESS_SPACE, 0), 70 << 20);
    assert_int_equal(fake.count, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_true(strncmp(fake.notes[i], "take 110000 ", 12) == 0 ||
                    strncmp(fake.notes[i], "take 120000 ", 12) == 0);
}

static void a_ramp_to_all_takes_equal_parts_of_what_there_is(void **state)
{
    (void)state;
    struct pressure pressure[] = {{.over_ns = 64000, .of = PRESSURE_MEMORY, .bytes = UINT64_MAX}};
    struct step steps[] = {WAIT(64000)};
    perform_under(STEPS(steps), pressure, 1);
    assert_int_equal(fake.count, 64);
    assert_string_equal(fake.notes[0], "take ffffffffffffffff of memory in 64");
    assert_string_equal(fake.notes[63], "take ffffffffffffffff of memory in 1");
    assert_int_equal(fake.taken[PRESSURE_MEMORY], fake.takeable);
}

/* ---- giving back ---- */

static void what_scripted_calls_hold_is_given_back_in_a_fixed_order(void **state)
{
    (void)state;
    struct step steps[] = {
        CALL_AS(CreateMalloc, 2, .type = MALLOC_THREADSAFE),
        RESERVE(0, 0x10000),
        RESERVE(0, 0x20000), /* the name means another; the first stays held */
        CALL_AS(Alloc, 1, .size = 100, .has_of = true, .of = 2),
        CALL(AddRef, .object = OBJECT_MANAGER),
        CALL(QueryInterface, .object = OBJECT_MANAGER, .iid = "IID_IUnknown"),
        CALL_AS(map_view, 3, .size = 0x10000),
        CALL(Alloc, .size = 8),
    };
    uint64_t operations;
    perform_and_give_back(STEPS(steps));
    operations = counter(COUNTER_operations_recorded);
    assert_int_equal(operations, 7);
    assert_int_equal(fake.live_count, 0);
    assert_int_equal(fake.references, 0);
    assert_int_equal(fake.mallocs, 0);
    static const char *const expected[] = {
        "release 1000000 0",  "release 1010000 0", "further free 1030010",
        "os release 1040000", "released 1040000",  "free 1050010",
        "release reference",  "release reference", "release malloc 1"};
    for (unsigned i = 0; i < 9; i++)
        assert_string_equal(fake.notes[fake.count - 9 + i], expected[i]);
}

static void nothing_is_given_back_unless_the_workload_says_so(void **state)
{
    (void)state;
    struct step steps[] = {RESERVE(0, 0x10000)};
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task");
    assert_int_equal(fake.live_count, 1);
}

/* ---- whole workloads at random ---- */

/* A list of calls, waits, repeats and togethers; returns how many calls it makes. */
static uint64_t grow(struct rng *rng, struct step *list, uint32_t *count, unsigned depth)
{
    static struct step_call load = {.slot = CALL_GetMemoryLoad};
    uint64_t calls = 0;
    *count = 1 + (uint32_t)rng_below(rng, 4);
    for (uint32_t i = 0; i < *count; i++) {
        uint64_t kind = rng_below(rng, depth ? 5 : 3);
        uint64_t inner;
        list[i] = (struct step){.kind = STEP_CALL, .call = &load};
        if (kind == 0)
            list[i] = (struct step)WAIT(rng_below(rng, 3000));
        if (kind < 3) {
            calls += kind != 0;
            continue;
        }
        list[i].kind = kind == 3 ? STEP_REPEAT : STEP_TOGETHER;
        list[i].times = 1 + rng_below(rng, 3);
        list[i].steps = calloc(4, sizeof *list);
        assert_non_null(list[i].steps);
        inner = grow(rng, list[i].steps, &list[i].steps_count, depth - 1);
        calls += kind == 3 ? inner * list[i].times : inner;
    }
    return calls;
}

static void prune(struct step *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (list[i].kind == STEP_REPEAT || list[i].kind == STEP_TOGETHER) {
            prune(list[i].steps, list[i].steps_count);
            free(list[i].steps);
        }
}

static void every_call_of_a_nested_workload_is_made_once_in_time(void **state)
{
    struct rng rng = rng_keyed(7, RNG_PROPERTY_TEST, 1);
    for (int i = 0; i < 200; i++) {
        struct step list[4] = {0};
        uint32_t count;
        uint64_t calls = grow(&rng, list, &count, 3);
        perform(list, count);
        assert_int_equal(notes_that_begin("load"), calls);
        assert_int_equal(counter(COUNTER_operations_recorded), calls);
        for (unsigned at = 1; at < fake.count; at++)
            assert_true(fake.note_times[at] >= fake.note_times[at - 1]);
        prune(list, count);
        fake_end(state);
        fake_begin(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_are_performed_in_their_order),
        TEST(a_workload_without_steps_does_nothing),
        TEST(a_wait_moves_the_clock_from_the_end_of_the_step_before),
        TEST(a_block_of_a_repeat_has_one_for_each_repetition),
        TEST(the_innermost_repeat_counts_for_its_blocks),
        TEST(a_repeat_ends_with_the_call_that_was_refused),
        TEST(a_repeat_ends_with_the_call_that_was_served),
        TEST(a_call_ends_every_repeat_around_it_that_waits_for_it),
        TEST(a_refusal_ends_all_repeats_that_wait_for_it_at_once),
        TEST(steps_side_by_side_count_the_repeat_around_them),
        TEST(steps_side_by_side_take_turns_in_virtual_time),
        TEST(equal_times_go_in_the_order_of_the_list),
        TEST(together_ends_with_the_last_of_its_steps),
        TEST(a_call_side_by_side_ends_the_repeat_around_all),
        TEST(a_recording_alone_leaves_the_records_of_its_replay),
        TEST(replays_side_by_side_keep_their_times),
        TEST(pressure_comes_before_what_is_due_at_the_same_time),
        TEST(pressure_comes_in_time_for_steps_that_are_late),
        TEST(the_steps_of_a_ramp_sum_to_the_total),
        TEST(ramps_of_address_space_go_in_whole_granules),
        TEST(a_ramp_to_all_takes_equal_parts_of_what_there_is),
        TEST(what_scripted_calls_hold_is_given_back_in_a_fixed_order),
        TEST(nothing_is_given_back_unless_the_workload_says_so),
        TEST(every_call_of_a_nested_workload_is_made_once_in_time),
    };
    return cmocka_run_group_tests_name("workload", tests, NULL, NULL);
}
