/* Schedules: each is a function of its seed, and a list of switches repeats it. */
#include "tests/sched_support.h"

#include "core/rng.h"

#define WORKERS 6

static struct wait_queue queue;

static void mixed_work(void *argument)
{
    uint64_t key = *(uint64_t *)argument;
    for (uint64_t i = 0; i < 25; i++) {
        uint64_t draw = rng_draw(key, RNG_PROPERTY_TEST, i);
        tell((char)('a' + key));
        sim_call(sim, EVENT_VirtualQuery, NULL);
        sim_event(sim, EVENT_VirtualQuery, 0, key, i, 0, 0);
        if (draw % 7 == 0)
            sched_sleep_until(sim, sim->now_ns + draw % 5000);
        else if (draw % 7 == 1)
            sched_yield_now(sim);
        else if (draw % 7 == 2)
            sched_wake_first(sim, &queue, 1);
        else if (draw % 7 == 3) {
            struct waiter waiter = {.queue = &queue};
            sched_wait(sim, &waiter, 1, sim->now_ns + draw % 3000, NULL);
        }
    }
}

static struct sched_switch switches[4096];
static uint32_t switches_count;

static void note_switch(struct sim *where, const struct event *event)
{
    (void)where;
    struct sched_switch one;
    if (sched_switch_of(event, &one))
        switches[switches_count++] = one;
}

static void run_mixed_work(const struct sched_options *options, uint8_t digest[16])
{
    static uint64_t keys[WORKERS];
    struct task *tasks[WORKERS];
    queue = (struct wait_queue){NULL, NULL};
    begin_with(options);
    sim->processors = 3;
    switches_count = 0;
    sim->on_record = note_switch;
    for (uint64_t i = 0; i < WORKERS; i++) {
        keys[i] = i;
        tasks[i] = start(mixed_work, &keys[i]);
        if (i % 2)
            sched_sleep_until(sim, sim->now_ns + 300);
    }
    for (int i = 0; i < WORKERS; i++)
        sched_join(sim, tasks[i]);
    trace_digest(&sim->trace, digest);
    end();
}

static void a_schedule_is_a_function_of_its_seed(void **state)
{
    (void)state;
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++) {
        unsigned different = 0;
        uint8_t first[16];
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct sched_options options = {
                .strategy = (enum sched_strategy)strategy, .seed = seed, .expected_points = 200};
            uint8_t once[16], again[16];
            run_mixed_work(&options, once);
            run_mixed_work(&options, again);
            assert_memory_equal(once, again, 16);
            if (seed == 0)
                memcpy(first, once, 16);
            different += memcmp(first, once, 16) != 0;
        }
        bool drawn = strategy != SCHED_IN_ORDER;
        assert_in_range(different, drawn ? 15 : 0, drawn ? 19 : 0);
    }
}

static void a_list_of_switches_repeats_any_schedule(void **state)
{
    (void)state;
    static struct sched_switch kept[4096];
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++) {
        struct sched_options options = {
            .strategy = (enum sched_strategy)strategy, .seed = 77, .expected_points = 200};
        uint8_t once[16], again[16];
        run_mixed_work(&options, once);
        memcpy(kept, switches, sizeof kept);
        struct sched_options repeat = {
            .strategy = SCHED_REPLAY, .switches = kept, .switches_count = switches_count};
        run_mixed_work(&repeat, again);
        assert_memory_equal(once, again, 16);
    }
}

static void switches_of_tasks_that_cannot_run_are_left_out(void **state)
{
    (void)state;
    static const struct sched_switch senseless[] = {
        {.from = 0, .to = 1, .own = 0},        {.from = 1, .to = 1, .own = 0},
        {.from = 1, .to = 900, .own = 1},      {.from = 2, .to = 4000, .own = 1},
        {.from = 3, .to = 0, .own = 0},        {.from = 5000, .to = 1, .own = 3},
        {.from = 5000, .own = 3, .held_ns = 9}};
    struct sched_options options = {
        .strategy = SCHED_REPLAY, .switches = senseless, .switches_count = 7};
    uint8_t digest[16];
    run_mixed_work(&options, digest);
    assert_in_range(switches_count, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_is_a_function_of_its_seed),
        cmocka_unit_test(a_list_of_switches_repeats_any_schedule),
        cmocka_unit_test(switches_of_tasks_that_cannot_run_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
