/* Replays in pieces: up to a time limit, a window of the recording, faster and slower, several
 * passes, and giving back what is left. */
#include "tests/fake_host.h"

#include "clr/replay.h"

static const struct recorded two_regions[] = {
    {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
    {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 4, PROTECT_WRITE},
    {OP_TOUCH, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE, 1},
    {OP_RESERVE, OBJECT_RUNTIME, 1, 0, 32},
    {OP_COMMIT, OBJECT_RUNTIME, 1, 0, 2, PROTECT_WRITE},
    {OP_TOUCH, OBJECT_RUNTIME, 1, 1, 1, PROTECT_WRITE, 1},
    {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 16},
};

static struct replay *begin(struct replay_options options)
{
    return replay_create(fake_start(), RECORDING(two_regions), &options);
}

static void to_the_end(struct replay *replay)
{
    while (replay_due(replay) != REPLAY_ENDED)
        replay_advance(replay, UINT64_MAX);
}

static void a_replay_stops_before_what_is_due_after_the_limit(void **state)
{
    (void)state;
    struct replay *replay = begin((struct replay_options){0});
    assert_int_equal(replay_due(replay), 0);
    assert_int_equal(replay_advance(replay, 1000000), 2000000);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "commit 1000000 4000 4 process");
    assert_int_equal(replay_advance(replay, 2000000), 3000000);
    assert_int_equal(fake.sim->now_ns, 2000000);
    to_the_end(replay);
    assert_int_equal(fake.sim->now_ns, 6000000);
    replay_destroy(replay);
}

static void the_next_operation_is_performed_however_late_it_is(void **state)
{
    (void)state;
    struct replay *replay = begin((struct replay_options){0});
    fake.sim->now_ns = 50000000;
    assert_int_equal(replay_advance(replay, 0), 50000000);
    assert_int_equal(fake.count, 2);
    assert_int_equal(replay_advance(replay, 0), 50000000);
    assert_int_equal(fake.count, 3);
    replay_destroy(replay);
}

static void many_limits_ask_the_same_as_one_go(void **state)
{
    uint8_t digests[2][16];
    for (int i = 0; i < 2; i++) {
        struct replay *replay = begin((struct replay_options){.repeat = 3});
        while (replay_due(replay) != REPLAY_ENDED)
            replay_advance(replay, i ? UINT64_MAX : replay_due(replay));
        replay_give_back(replay);
        trace_digest(&fake.sim->trace, digests[i]);
        fake_end(state);
        fake_begin(state);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
}

static void a_round_that_took_longer_delays_the_next_one_whole(void **state)
{
    (void)state;
    struct replay *replay = begin((struct replay_options){.repeat = 2});
    fake.sim->now_ns = 50000000;
    to_the_end(replay);
    /* The first round is made up for at once; the second one has its own times again. */
    assert_int_equal(fake.note_times[0], 50000000);
    assert_true(fake.note_times[fake.count - 1] > 50000000);
    replay_destroy(replay);
}

static void what_stands_before_a_window_is_made_without_touches(void **state)
{
    (void)state;
    fake.call_ns = 1000;
    struct replay *replay =
        begin((struct replay_options){.start_ns = 100, .from_ns = 4000000, .to_ns = 6000000});
    assert_int_equal(replay_due(replay), 100);
    to_the_end(replay);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "commit 1000000 4000 4 process",
           "reserve 0 20000 4 process", "query 1010000", "commit 1010000 2000 4 process",
           "touch 1011000 write");
    assert_int_equal(fake.note_times[0], 100);
    assert_int_equal(fake.note_times[5], 3100); /* the window begins when that is done */
    assert_int_equal(fake.note_times[6], 1003100);
    replay_destroy(replay);
}

static void speeds_are_exact_ratios(void **state)
{
    (void)state;
    struct replay *replay =
        begin((struct replay_options){.start_ns = 7, .speed_num = 3, .speed_den = 1});
    to_the_end(replay);
    assert_int_equal(fake.note_times[2], 7 + 1000000 / 3);
    assert_int_equal(fake.note_times[3], 7 + 2000000 / 3);
    assert_int_equal(fake.sim->now_ns, 7 + 2000000);
    replay_destroy(replay);
    fake.sim->now_ns = 0;
    replay = replay_create(fake.clr, RECORDING(two_regions),
                           &(struct replay_options){.speed_num = 1, .speed_den = 2});
    to_the_end(replay);
    assert_int_equal(fake.sim->now_ns, 12000000);
    replay_destroy(replay);
}

static void a_further_pass_begins_when_the_window_ends_with_nothing_left(void **state)
{
    (void)state;
    struct replay *replay = begin((struct replay_options){.to_ns = 2500000, .repeat = 2});
    to_the_end(replay);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "commit 1000000 4000 4 process",
           "touch 1000000 write", "release 1000000 0", "reserve 0 10000 4 process", "query 1010000",
           "commit 1010000 4000 4 process", "touch 1010000 write");
    assert_int_equal(fake.note_times[4], 2500000);
    assert_int_equal(fake.note_times[5], 2500000);
    assert_int_equal(fake.note_times[8], 4500000);
    assert_int_equal(counter(COUNTER_operations_recorded), 4);
    assert_int_equal(counter(COUNTER_operations_served), 4);
    replay_destroy(replay);
}

static const struct recorded of_every_class[] = {
    {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
    {OP_RESERVE, OBJECT_NATIVE, 1, 0, 64},
    {OP_GROW, OBJECT_NATIVE, 1, 0, 8, PROTECT_WRITE},
    {OP_GROW, OBJECT_NATIVE, 1, 8, 8, PROTECT_WRITE},
    {OP_RESERVE, OBJECT_STACK, 2, 0, 16},
    {OP_RESERVE, OBJECT_VIEW, 3, 0, 16, PROTECT_READ},
};

static void giving_back_leaves_nothing_of_any_class(void **state)
{
    (void)state;
    for (int native = REPLAY_NATIVE_MALLOC; native <= REPLAY_NATIVE_AROUND; native++) {
        struct replay_options options = {.native = (enum replay_native)native};
        struct replay *replay = replay_create(fake_start(), RECORDING(of_every_class), &options);
        to_the_end(replay);
        assert_true(fake.live_count > 3);
        uint64_t operations = counter(COUNTER_operations_recorded);
        forget_notes();
        replay_give_back(replay);
        assert_int_equal(fake.live_count, 0);
        assert_int_equal(counter(COUNTER_operations_recorded), operations);
        assert_int_equal(notes_that_begin("released"), 1);
        replay_give_back(replay); /* nothing is there any more */
        replay_destroy(replay);
    }
}

static void an_empty_window_ends_at_once(void **state)
{
    (void)state;
    struct replay *replay = begin((struct replay_options){.from_ns = 0, .to_ns = 1, .repeat = 2});
    to_the_end(replay);
    assert_int_equal(notes_that_begin("reserve"), 2);
    replay_destroy(replay);
    replay =
        replay_create(fake.clr, fake_recording(NULL, 0), &(struct replay_options){.repeat = 9});
    assert_true(replay_due(replay) == REPLAY_ENDED);
    replay_destroy(replay);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_replay_stops_before_what_is_due_after_the_limit),
        TEST(the_next_operation_is_performed_however_late_it_is),
        TEST(many_limits_ask_the_same_as_one_go),
        TEST(a_round_that_took_longer_delays_the_next_one_whole),
        TEST(what_stands_before_a_window_is_made_without_touches),
        TEST(speeds_are_exact_ratios),
        TEST(a_further_pass_begins_when_the_window_ends_with_nothing_left),
        TEST(giving_back_leaves_nothing_of_any_class),
        TEST(an_empty_window_ends_at_once),
    };
    return cmocka_run_group_tests_name("replay in pieces", tests, NULL, NULL);
}
