/* Replays of small recordings against the noting host: what is asked of whom, in which order, and
 * what a refusal takes along. */
#include "tests/fake_host.h"

#include "clr/replay.h"

static void replay(const struct recording *recording, enum replay_native native)
{
    struct replay_options options = {native};
    replay_run(fake_start(), recording, &options);
    assert_int_equal(fake.sim->actor, ACTOR_CLR);
    assert_int_equal(fake.sim->host_call_level, -1);
}

#define REPLAY(steps, native) replay(RECORDING(steps), native)

/* ---- tests ---- */

static void operations_of_the_runtime_reach_the_memory_manager(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 256, PROTECT_NONE},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 2, 16, PROTECT_WRITE},
        {OP_TOUCH, OBJECT_RUNTIME, 0, 3, 1, PROTECT_WRITE, 1},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 2, 1, PROTECT_READ},
        {OP_DECOMMIT, OBJECT_RUNTIME, 0, 10, 8, PROTECT_NONE},
        {OP_RESET, OBJECT_RUNTIME, 0, 4, 2, PROTECT_NONE},
        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 256, PROTECT_NONE},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 100000 4 process", "query 1000000", "commit 1002000 10000 4 process",
           "touch 1003000 write", "protect 1002000 1000 2", "load", "decommit 100a000 8000",
           "reset 1004000 2000 4 process", "release 1000000 0");
    assert_int_equal(counter(COUNTER_operations_recorded), 6);
    assert_int_equal(counter(COUNTER_operations_served), 6);
    assert_int_equal(counter(COUNTER_operations_dependent), 0);
}

static void code_is_reserved_and_committed_as_executable(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16, PROTECT_EXECUTE_WRITE},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 16, PROTECT_EXECUTE_WRITE},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 40 process", "query 1000000", "commit 1000000 10000 40 process");
}

static void requests_are_process_critical_until_a_second_thread_acts(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE, 0, 1},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 1, 1, PROTECT_WRITE, 0, 0},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "commit 1000000 1000 4 task",
           "commit 1001000 1000 4 task");
}

static void a_refused_reservation_takes_its_operations_along(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16}, {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 4, PROTECT_WRITE},
        {OP_TOUCH, OBJECT_RUNTIME, 0, 0, 1},    {OP_DECOMMIT, OBJECT_RUNTIME, 0, 0, 4},
        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 16}, {OP_RESERVE, OBJECT_RUNTIME, 1, 0, 32},
    };
    fake.refusals = 1;
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("refused reserve 0 10000 4 process", "reserve 0 20000 4 process", "query 1000000");
    assert_int_equal(counter(COUNTER_operations_recorded), 5);
    assert_int_equal(counter(COUNTER_operations_served), 1);
    assert_int_equal(counter(COUNTER_operations_dependent), 4);
}

static void a_refused_commit_takes_along_what_needs_its_pages(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 64},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 8, PROTECT_WRITE},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_READ}, /* dropped */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 8, 1, PROTECT_READ}, /* other pages */
        {OP_COMMIT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_WRITE}, /* served: in the middle */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_READ},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 3, 1, PROTECT_READ}, /* dropped */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 5, 1, PROTECT_READ}, /* dropped */
    };
    fake.refuse_after = 1;
    fake.refusals = 1;
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 40000 4 process", "query 1000000", "refused commit 1000000 8000 4 process",
           "protect 1008000 1000 2", "commit 1004000 1000 4 process", "protect 1004000 1000 2");
    assert_int_equal(counter(COUNTER_operations_dependent), 3);
    assert_int_equal(counter(COUNTER_operations_served), 4);
}

static const struct recorded native_steps[] = {
    {OP_RESERVE, OBJECT_NATIVE, 0, 0, 100},
    {OP_GROW, OBJECT_NATIVE, 0, 0, 33, PROTECT_WRITE},
    {OP_GROW, OBJECT_NATIVE, 0, 33, 10, PROTECT_WRITE},
    {OP_TOUCH, OBJECT_NATIVE, 0, 34, 1, PROTECT_WRITE, 1},
    {OP_SHRINK, OBJECT_NATIVE, 0, 20, 23},
    {OP_GROW, OBJECT_NATIVE, 0, 20, 23, PROTECT_WRITE},
    {OP_RELEASE, OBJECT_NATIVE, 0, 0, 100},
};

static void native_growth_becomes_blocks_freed_when_wholly_behind_the_end(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("alloc 21000 process", "alloc a000 process", "touch 1031010 write", "free 1030010",
           "alloc 17000 process", "free 1040010", "free 1000010");
    assert_int_equal(counter(COUNTER_operations_recorded), 5);
    assert_int_equal(counter(COUNTER_operations_served), 5);
}

static void native_memory_can_go_through_the_memory_manager(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_VIRTUAL);
    EXPECT("reserve 0 64000 4 process", "query 1000000", "commit 1000000 21000 4 process",
           "commit 1021000 a000 4 process", "touch 1022000 write", "load", "decommit 1014000 17000",
           "commit 1014000 17000 4 process", "release 1000000 0");
}

static void native_memory_can_go_round_the_host(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_AROUND);
    EXPECT("os reserve 64000", "os commit 1000000 21000", "os commit 1021000 a000",
           "touch 1022000 write", "os decommit 1014000 17000", "os commit 1014000 17000",
           "os release 1000000");
    assert_int_equal(counter(COUNTER_operations_recorded), 0);
    assert_int_equal(counter(COUNTER_operations_around), 6);
}

static void stacks_go_round_the_host(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_RESERVE, OBJECT_STACK, 0, 0, 16},
        {OP_COMMIT, OBJECT_STACK, 0, 1, 15, PROTECT_WRITE},
        {OP_RESET, OBJECT_STACK, 0, 1, 4},
        {OP_RELEASE, OBJECT_STACK, 0, 0, 16},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("os reserve 10000", "os commit 1001000 f000", "os release 1000000");
    assert_int_equal(counter(COUNTER_vtable_refusals), 0);
}

static const struct recorded view_steps[] = {
    {OP_RESERVE, OBJECT_VIEW, 0, 0, 16, PROTECT_READ},
    {OP_TOUCH, OBJECT_VIEW, 0, 5, 1, PROTECT_READ, 0},
    {OP_RELEASE, OBJECT_VIEW, 0, 0, 16},
};

static void the_host_is_told_of_views_that_come_and_go(void **state)
{
    (void)state;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("os view 10000", "os commit 1000000 10000", "acquired 1000000 10000",
           "touch 1005000 read", "os release 1000000", "released 1000000");
}

static void a_view_without_place_is_tried_once_more_if_the_host_helps(void **state)
{
    (void)state;
    fake.refuse_views = fake.needs_helps = true;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("needs 10000", "os view 10000", "os commit 1000000 10000", "acquired 1000000 10000",
           "touch 1005000 read", "os release 1000000", "released 1000000");
}

static void a_view_without_place_and_help_does_not_happen(void **state)
{
    (void)state;
    fake.refuse_views = true;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("needs 10000");
    assert_int_equal(counter(COUNTER_operations_dependent), 2);
}

static void failed_calls_and_nonsense_are_never_replayed(void **state)
{
    (void)state;
    static const struct recorded steps[] = {
        {OP_FAILED, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 1, 0, 1, PROTECT_WRITE}, /* of nothing */
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 15, 2, PROTECT_WRITE}, /* past the end */
        {OP_COMMIT, OBJECT_STACK, 0, 0, 1, PROTECT_WRITE},    /* of another class */
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},               /* twice */
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000");
}

static void the_clock_follows_the_recording_and_never_goes_back(void **state)
{
    (void)state;
    static const struct recorded steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
                                            {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    assert_in_range(fake.sim->now_ns, 1000000, 1100000);
    fake.sim->now_ns = 5000000; /* later than all of them */
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    assert_in_range(fake.sim->now_ns, 5000000, 5100000);
}

static void nothing_is_asked_of_memory_that_was_released(void **state)
{
    (void)state;
    static const struct recorded steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
                                            {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 16},
                                            {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "release 1000000 0");
}

static void the_callback_is_a_singleton_that_counts_notifications(void **state)
{
    (void)state;
    static const struct recorded steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    ICLRMemoryNotificationCallback *callback = fake.callback;
    void *other = NULL;
    assert_non_null(callback);
    assert_int_equal(ICLRMemoryNotificationCallback_AddRef(callback), 1);
    assert_int_equal(ICLRMemoryNotificationCallback_Release(callback), 1);
    assert_int_equal(ICLRMemoryNotificationCallback_QueryInterface(callback, &IID_IUnknown, &other),
                     S_OK);
    assert_ptr_equal(other, callback);
    fake.sim->actor = ACTOR_POLICY;
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableLow);
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableHigh);
    fake.sim->actor = ACTOR_CLR;
    assert_int_equal(counter(COUNTER_low_notifications), 1);
    assert_int_equal(counter(COUNTER_neutral_notifications), 0);
    assert_int_equal(counter(COUNTER_high_notifications), 1);
    assert_int_equal(fake.clr->availability, eMemoryAvailableHigh);
}

static void equal_replays_leave_equal_digests(void **state)
{
    uint8_t digests[2][16];
    for (int i = 0; i < 2; i++) {
        REPLAY(native_steps, REPLAY_NATIVE_VIRTUAL);
        trace_digest(&fake.sim->trace, digests[i]);
        fake_end(state);
        fake_begin(state);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operations_of_the_runtime_reach_the_memory_manager),
        TEST(code_is_reserved_and_committed_as_executable),
        TEST(requests_are_process_critical_until_a_second_thread_acts),
        TEST(a_refused_reservation_takes_its_operations_along),
        TEST(a_refused_commit_takes_along_what_needs_its_pages),
        TEST(native_growth_becomes_blocks_freed_when_wholly_behind_the_end),
        TEST(native_memory_can_go_through_the_memory_manager),
        TEST(native_memory_can_go_round_the_host),
        TEST(stacks_go_round_the_host),
        TEST(the_host_is_told_of_views_that_come_and_go),
        TEST(a_view_without_place_is_tried_once_more_if_the_host_helps),
        TEST(a_view_without_place_and_help_does_not_happen),
        TEST(failed_calls_and_nonsense_are_never_replayed),
        TEST(the_clock_follows_the_recording_and_never_goes_back),
        TEST(nothing_is_asked_of_memory_that_was_released),
        TEST(the_callback_is_a_singleton_that_counts_notifications),
        TEST(equal_replays_leave_equal_digests),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
