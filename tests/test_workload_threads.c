/* Workloads on simulated threads against the noting host: who calls when, what each thread counts
 * by, what comes from outside meanwhile, and that no schedule changes what is asked in all. */
#include "tests/workload_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define THREADS(n, body)                                                                           \
    {                                                                                              \
        .kind = STEP_TOGETHER, .threads = n, .steps = body,                                        \
        .steps_count = sizeof(body) / sizeof *(body)                                               \
    }

static unsigned threads_seen(void)
{
    bool seen[64] = {false};
    unsigned count = 0;
    for (unsigned i = 0; i < fake.count; i++) {
        assert_true(fake.note_threads[i] < 64);
        count += !seen[fake.note_threads[i]];
        seen[fake.note_threads[i]] = true;
    }
    return count;
}

/* ---- side by side ---- */

static void threads_of_a_phase_wait_in_the_host_at_the_same_time(void **state)
{
    (void)state;
    struct step_phase phase = {.name = "four",
                               .threads = 4,
                               .allocate = {.given = true,
                                            .way = WAY_VIRTUAL,
                                            .count = 8,
                                            .size = {1, {{4096, 4096, 1}}},
                                            .protect = PAGE_READWRITE}};
    struct step steps[] = {{.kind = STEP_PHASE, .phase = &phase}, LOAD};
    fake.call_ns = 10 * MS;
    perform(STEPS(steps));
    assert_int_equal(fake.count, 9);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(fake.note_times[i], i / 4 * 10 * MS);
    assert_string_equal(fake.notes[8], "load"); /* which waits for all of them */
    assert_int_equal(fake.note_times[8], 20 * MS);
    assert_int_equal(fake.note_threads[8], 0);
    assert_int_equal(threads_seen(), 5);
    assert_int_equal(fake.threads_ended, 4);
}

static void each_step_has_threads_of_its_own(void **state)
{
    (void)state;
    struct step body[] = {RESERVE(0, 0x1000), RESERVE(1, 0x2000)};
    struct step steps[] = {THREADS(3, body)};
    fake.call_ns = MS;
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve 0 1000"), 3);
    assert_int_equal(notes_that_begin("reserve 0 2000"), 3);
    assert_int_equal(threads_seen(), 6);
    assert_int_equal(fake.sim->now_ns, MS);
    assert_int_equal(fake.threads_ended, 6);
}

static void rounds_of_threads_have_numbers_of_their_own(void **state)
{
    (void)state;
    struct step round[] = {RESERVE_EACH(0, 0x1000), CALL(VirtualQuery, AT_EACH(0))};
    struct step body[] = {REPEAT(5, round)};
    struct step release[] = {RELEASE_EACH(0)};
    struct step steps[] = {THREADS(4, body), REPEAT(20, release)};
    fake.call_ns = 1000;
    fake.schedule.strategy = SCHED_RANDOM;
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve"), 20);
    assert_int_equal(notes_that_begin("query"), 20);
    assert_int_equal(notes_that_begin("release"), 20);
    assert_int_equal(fake.live_count, 0);
    assert_int_equal(counter(COUNTER_operations_dependent), 0);
}

static void threads_inside_threads_count_through(void **state)
{
    (void)state;
    struct step innermost[] = {RESERVE_EACH(0, 0x1000)};
    struct step inner[] = {THREADS(3, innermost)};
    struct step release[] = {RELEASE_EACH(0)};
    struct step steps[] = {THREADS(2, inner), REPEAT(6, release)};
    perform(STEPS(steps));
    assert_int_equal(notes_that_begin("reserve"), 6);
    assert_int_equal(notes_that_begin("release"), 6);
    assert_int_equal(fake.live_count, 0);
    assert_int_equal(fake.threads_ended, 8);
}

static void a_threads_block_can_be_given_back_by_another(void **state)
{
    (void)state;
    struct step take[] = {CALL_AS(Alloc, 0, .as_indexed = true, .size = 24)};
    struct step give[] = {CALL(Free, AT_EACH(0), .expect = {.kind = RESULT_SERVED})};
    struct step steps[] = {THREADS(4, take), THREADS(4, give)};
    perform(STEPS(steps));
    assert_int_equal(broken.count, 0);
    assert_int_equal(fake.live_count, 0);
    assert_int_equal(threads_seen(), 8);
}

static void each_thread_sees_the_answers_to_its_own_calls(void **state)
{
    (void)state;
    const struct result_expect refused = {RESULT_EXACT, (uint32_t)E_NOINTERFACE, NULL};
    struct step known[] = {CALL(QueryInterface, .iid = "IID_IHostMemoryManager",
                                .expect = {RESULT_EXACT, S_OK, NULL})};
    struct step unknown[] = {CALL(QueryInterface, .iid = "IID_IHostMalloc", .expect = refused)};
    struct step body[] = {REPEAT(20, known), REPEAT(20, unknown)};
    struct step steps[] = {THREADS(2, body)};
    fake.schedule.strategy = SCHED_RANDOM;
    perform_and_give_back(STEPS(steps));
    assert_int_equal(broken.count, 0);
    assert_int_equal(fake.references, 0);
    assert_true(sched_switches(fake.sim) > 20);
}

static void each_reference_is_given_back_once_by_whatever_thread(void **state)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct step add[] = {CALL(AddRef)}, release[] = {CALL(Release)};
        struct step both[] = {REPEAT(5, add), REPEAT(5, release)};
        struct step body[] = {REPEAT(1, both)};
        struct step steps[] = {THREADS(4, body)};
        fake.schedule = (struct sched_options){.strategy = SCHED_RANDOM, .seed = seed};
        perform_and_give_back(STEPS(steps));
        assert_int_equal(notes_that_begin("add reference"), 20);
        assert_int_equal(notes_that_begin("release reference"), 20);
        assert_int_equal(fake.references, 0);
        fake_end(state);
        fake_begin(state);
    }
}

static void steps_beside_threads_go_on_at_their_times(void **state)
{
    (void)state;
    struct step slow[] = {RESERVE(0, 0x1000)};
    struct step wait_and_ask[] = {WAIT(3 * MS), LOAD, WAIT(3 * MS), LOAD};
    struct step branches[] = {THREADS(2, slow), REPEAT(1, wait_and_ask)};
    struct step steps[] = {TOGETHER(branches), LOAD};
    fake.call_ns = 10 * MS;
    perform(STEPS(steps));
    EXPECT("reserve 0 1000 4 task", "reserve 0 1000 4 task", "load", "load", "load");
    assert_int_equal(fake.note_times[2], 3 * MS);
    assert_int_equal(fake.note_times[3], 6 * MS);
    assert_int_equal(fake.note_times[4], 10 * MS);
}

/* ---- threads that calls name ---- */

static void calls_of_different_threads_overlap_and_of_one_do_not(void **state)
{
    (void)state;
    struct step two[] = {
        CALL(VirtualAlloc, .size = 1, .type = MEM_RESERVE, .protect = PAGE_READWRITE, .thread = 1),
        CALL(VirtualAlloc, .size = 2, .type = MEM_RESERVE, .protect = PAGE_READWRITE, .thread = 2),
        CALL(VirtualAlloc, .size = 3, .type = MEM_RESERVE, .protect = PAGE_READWRITE, .thread = 1)};
    struct step steps[] = {TOGETHER(two)};
    fake.call_ns = MS;
    perform(STEPS(steps));
    assert_int_equal(fake.sim->now_ns, 2 * MS);
    EXPECT("reserve 0 1 4 task", "reserve 0 2 4 task", "reserve 0 3 4 task");
    assert_int_equal(fake.note_threads[0], 1);
    assert_int_equal(fake.note_threads[1], 2);
    assert_int_equal(fake.note_threads[2], 1);
    assert_int_equal(fake.note_times[1], 0);
    assert_int_equal(fake.note_times[2], MS);
    assert_int_equal(fake.threads_ended, 2); /* when the workload ends */
}

static void a_call_of_another_thread_ends_the_repeat_around_it(void **state)
{
    (void)state;
    struct step body[] = {CALL_AS(VirtualAlloc, 0, .as_indexed = true, .size = 4096,
                                  .type = MEM_RESERVE, .protect = PAGE_READWRITE, .thread = 5)};
    struct step steps[] = {REPEAT(100, body)};
    steps[0].until = UNTIL_REFUSED;
    fake.refuse_after = 7;
    fake.refusals = 1;
    perform(STEPS(steps));
    assert_int_equal(fake.count, 8);
}

static void a_call_in_a_thread_ends_the_repeats_around_its_threads(void **state)
{
    (void)state;
    struct step body[] = {RESERVE_EACH(0, 0x1000)};
    struct step threads[] = {THREADS(3, body)};
    struct step steps[] = {REPEAT(100, threads)};
    steps[0].until = UNTIL_REFUSED;
    fake.refuse_after = 7;
    fake.refusals = 1;
    perform(STEPS(steps));
    assert_int_equal(fake.count, 9); /* the third round comes to its end */
}

static void replays_on_a_thread_of_their_own_are_made_by_it(void **state)
{
    (void)state;
    static const struct recorded operations[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 4, 3, 0, 0},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 2, 3, 0, 1},
        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 0, 0, 0, 2},
    };
    struct step_replay replay = {RECORDING(operations), 0, UINT64_MAX, 1, 1, 1, 0};
    struct step body[] = {{.kind = STEP_REPLAY, .replay = &replay}};
    struct step steps[] = {THREADS(2, body)};
    perform(STEPS(steps));
    assert_int_equal(threads_seen(), 2);
    assert_int_equal(fake.note_threads[0], 3); /* three numbers are the recording's */
    assert_int_equal(notes_that_begin("release"), 2);
}

/* ---- from outside ---- */

static void pressure_comes_at_its_time_while_every_thread_waits(void **state)
{
    (void)state;
    static const struct pressure pressure[] = {
        {.at_ns = 4 * MS, .bytes = 4096, .of = PRESSURE_COMMIT},
        {.at_ns = 5 * MS, .over_ns = 2 * MS, .bytes = 8192, .of = PRESSURE_COMMIT}};
    struct step body[] = {RESERVE(0, 0x1000)};
    struct step steps[] = {THREADS(2, body)};
    fake.takeable = UINT64_MAX;
    fake.call_ns = 100 * MS;
    perform_under(STEPS(steps), pressure, 2);
    EXPECT("reserve 0 1000 4 task", "reserve 0 1000 4 task", "take 1000 of commit in 0",
           "take 1000 of commit in 0", "take 1000 of commit in 0");
    assert_int_equal(fake.note_times[2], 4 * MS);
    assert_int_equal(fake.note_times[3], 6 * MS);
    assert_int_equal(fake.note_times[4], 7 * MS);
    for (unsigned i = 2; i < 5; i++)
        assert_int_equal(fake.note_threads[i], 0);
}

static void pressure_behind_the_end_does_not_come(void **state)
{
    (void)state;
    static const struct pressure pressure[] = {
        {.at_ns = SECOND, .bytes = 4096, .of = PRESSURE_COMMIT}};
    struct step body[] = {RESERVE(0, 0x1000)};
    struct step steps[] = {THREADS(2, body)};
    fake.call_ns = MS;
    perform_under(STEPS(steps), pressure, 1);
    assert_int_equal(notes_that_begin("take"), 0);
    assert_int_equal(fake.sim->now_ns, MS);
}

/* ---- any workload under any schedule ---- */

static struct step_phase random_phase(struct rng *rng, const char *name)
{
    static const enum phase_way ways[] = {WAY_VIRTUAL, WAY_SEGMENT, WAY_MALLOC};
    struct step_phase phase = {.name = name,
                               .threads = 1 + rng_below(rng, 5),
                               .for_ns = rng_below(rng, 3) ? 0 : 5 * MS,
                               .allocate = {.given = true,
                                            .way = ways[rng_below(rng, 3)],
                                            .count = 1 + rng_below(rng, 60),
                                            .size = {1, {{1, 1 + rng_below(rng, 900000), 1}}},
                                            .touch_percent = rng_below(rng, 2) * 30,
                                            .protect = PAGE_READWRITE}};
    if (rng_below(rng, 2))
        phase.allocate.lifetime = (struct histogram){1, {{0, 20000, 1}}};
    if (rng_below(rng, 2))
        phase.allocate.rate = (struct rate){1 + rng_below(rng, 30), 10000, false};
    phase.free = (struct phase_action){.given = rng_below(rng, 2) != 0,
                                       .count = 1 + rng_below(rng, 30),
                                       .order = (enum pick_order)rng_below(rng, 3)};
    phase.touch = (struct phase_action){.given = rng_below(rng, 2) != 0,
                                        .count = 1 + rng_below(rng, 30),
                                        .order = (enum pick_order)rng_below(rng, 3)};
    phase.protect = (struct phase_action){.given = rng_below(rng, 2) != 0,
                                          .count = 1 + rng_below(rng, 20),
                                          .order = (enum pick_order)rng_below(rng, 3),
                                          .protect = PAGE_READONLY};
    return phase;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What was asked for in all, whoever asked and when: the sizes of requests, in order of size. */
static uint64_t requests_hash(void)
{
    uint64_t hash = 0;
    unsigned count = 0;
    static char asked[FAKE_NOTES_MAX][96];
    for (unsigned i = 0; i < fake.count; i++)
        if (strncmp(fake.notes[i], "alloc", 5) == 0 || strncmp(fake.notes[i], "reserve+", 8) == 0)
            memcpy(asked[count++], fake.notes[i], sizeof asked[0]);
    qsort(asked, count, sizeof *asked, by_text);
    for (unsigned i = 0; i < count; i++)
        for (const char *c = asked[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return hash;
}

/* One workload: two phases side by side, one alone behind them, calls on threads in between. */
static void perform_random(uint64_t workload, const struct sched_options *schedule)
{
    struct rng rng = rng_keyed(workload, RNG_PROPERTY_TEST, 0);
    struct step_phase phases[3] = {random_phase(&rng, "first"), random_phase(&rng, "second"),
                                   random_phase(&rng, "third")};
    struct step round[] = {RESERVE_EACH(0, 0x3000), RELEASE_EACH(0), CALL(AddRef),
                           CALL(Release, .expect = {.kind = RESULT_SERVED})};
    struct step calls[] = {REPEAT(4, round)};
    struct step side[] = {{.kind = STEP_PHASE, .phase = &phases[0]},
                          {.kind = STEP_PHASE, .phase = &phases[1]},
                          THREADS(3, calls)};
    struct step nested[] = {{.kind = STEP_PHASE, .phase = &phases[2]}};
    struct step steps[] = {TOGETHER(side), THREADS(2, nested)};
    fake.call_ns = rng_below(&rng, 3) * 1500;
    fake.touch_ns = rng_below(&rng, 3) * 700;
    fake.schedule = *schedule;
    perform_and_give_back(STEPS(steps));
    assert_int_equal(fake.live_count, 0); /* each block once: the host refuses a second time */
    assert_int_equal(fake.references, 0);
}

static void no_schedule_changes_what_is_asked_for_in_all(void **state)
{
    for (uint64_t workload = 0; workload < 25; workload++) {
        uint64_t expected = 0;
        for (uint64_t run = 0; run < 8; run++) {
            const struct sched_options schedule = {
                .strategy = (enum sched_strategy)(run % SCHED_REPLAY), .seed = run / 2};
            uint8_t digest[16], again[16];
            perform_random(workload, &schedule);
            uint64_t hash = requests_hash();
            if (run > 0 && hash != expected)
                fail_msg("workload %u, run %u: other requests", (unsigned)workload, (unsigned)run);
            expected = hash;
            trace_digest(&fake.sim->trace, digest);
            fake_end(state);
            fake_begin(state);
            perform_random(workload, &schedule);
            trace_digest(&fake.sim->trace, again);
            assert_memory_equal(digest, again, sizeof digest); /* the same schedule */
            fake_end(state);
            fake_begin(state);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(threads_of_a_phase_wait_in_the_host_at_the_same_time),
        TEST(each_step_has_threads_of_its_own),
        TEST(rounds_of_threads_have_numbers_of_their_own),
        TEST(threads_inside_threads_count_through),
        TEST(a_threads_block_can_be_given_back_by_another),
        TEST(each_thread_sees_the_answers_to_its_own_calls),
        TEST(each_reference_is_given_back_once_by_whatever_thread),
        TEST(steps_beside_threads_go_on_at_their_times),
        TEST(calls_of_different_threads_overlap_and_of_one_do_not),
        TEST(a_call_of_another_thread_ends_the_repeat_around_it),
        TEST(a_call_in_a_thread_ends_the_repeats_around_its_threads),
        TEST(replays_on_a_thread_of_their_own_are_made_by_it),
        TEST(pressure_comes_at_its_time_while_every_thread_waits),
        TEST(pressure_behind_the_end_does_not_come),
        TEST(no_schedule_changes_what_is_asked_for_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
