/* The shapes of pressure: waves, pulses, curves, figures that go back by themselves. What the
 * simulated CLR asks of the machine is compared with levels computed from the words alone. */
#include "tests/workload_support.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define MIB (UINT64_C(1) << 20)

static struct pressure wave(enum pressure_shape shape, uint64_t at_ms, uint64_t bytes,
                            uint64_t period_ms, uint64_t duty_percent)
{
    return (struct pressure){.at_ns = at_ms * MS,
                             .bytes = bytes,
                             .shape = shape,
                             .period_ns = period_ms * MS,
                             .duty_percent = duty_percent};
}

static void run_for(uint64_t ms, const struct pressure *list, uint32_t count)
{
    struct step steps[] = {WAIT(ms * MS)};
    perform_under(STEPS(steps), list, count);
}

static void expect_times(const uint64_t *ms, unsigned count)
{
    assert_int_equal(fake.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fake.note_times[i], ms[i] * MS);
}
#define EXPECT_TIMES(...)                                                                          \
    do {                                                                                           \
        static const uint64_t times[] = {__VA_ARGS__};                                             \
        expect_times(times, sizeof times / sizeof *times);                                         \
    } while (0)

/*  taken   ##      ##      ##
 *          ##      ##      ##
 *      ----##------##------##------
 *  ms     10 12   18 20   26 28      */
static void a_square_wave_takes_and_gives_back_in_each_period(void **state)
{
    (void)state;
    struct pressure p = wave(PRESSURE_SQUARE, 10, 3 * MIB, 8, 25);
    p.times = 3;
    run_for(100, &p, 1);
    EXPECT("take 300000 of memory in 0", "give back 300000 of memory in 0",
           "take 300000 of memory in 0", "give back 300000 of memory in 0",
           "take 300000 of memory in 0", "give back 300000 of memory in 0");
    EXPECT_TIMES(10, 12, 18, 20, 26, 28);
}

/*  taken      #     #
 *            ##    ##
 *      -----###---###---- */
static void a_sawtooth_rises_in_equal_steps_and_falls_at_once(void **state)
{
    (void)state;
    struct pressure p = wave(PRESSURE_SAWTOOTH, 5, 3 * 4096, 6, 50);
    p.times = 2;
    p.of = PRESSURE_COMMIT;
    run_for(100, &p, 1);
    EXPECT("take 1000 of commit in 0", "take 1000 of commit in 0", "take 1000 of commit in 0",
           "give back 3000 of commit in 0", "take 1000 of commit in 0", "take 1000 of commit in 0",
           "take 1000 of commit in 0", "give back 3000 of commit in 0");
    EXPECT_TIMES(5, 6, 7, 8, 11, 12, 13, 14);
}

static void a_sawtooth_of_the_whole_period_falls_before_it_rises_again(void **state)
{
    (void)state;
    struct pressure p = wave(PRESSURE_SAWTOOTH, 0, 64 * MIB, 64, 100);
    p.times = 2;
    run_for(1000, &p, 1);
    assert_int_equal(fake.count, 2 * 65);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(fake.note_times[i], i * MS);
    assert_string_equal(fake.notes[64], "give back 4000000 of memory in 0");
    assert_string_equal(fake.notes[65], "take 100000 of memory in 0");
    assert_int_equal(fake.note_times[64], 64 * MS);
    assert_int_equal(fake.note_times[65], 64 * MS);
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 0);
}

static void a_wave_gives_back_what_it_got_and_no_more(void **state)
{
    (void)state;
    fake.takeable = 5 * MIB;
    struct pressure p[] = {{.bytes = 3 * MIB}, wave(PRESSURE_SQUARE, 1, UINT64_MAX, 10, 50)};
    p[1].times = 1;
    run_for(100, p, 2);
    EXPECT("take 300000 of memory in 0", "take ffffffffffffffff of memory in 1",
           "give back 200000 of memory in 0");
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 3 * MIB);
}

static void a_wave_that_could_take_nothing_gives_nothing_back(void **state)
{
    (void)state;
    fake.takeable = 0;
    struct pressure p = wave(PRESSURE_SAWTOOTH, 0, 2 * 4096, 4, 100);
    p.times = 1;
    run_for(100, &p, 1);
    EXPECT("take 1000 of memory in 0", "take 1000 of memory in 0");
}

/* Who says `all` means what steps and ramps took. */
static void others_do_not_give_back_what_a_wave_holds(void **state)
{
    (void)state;
    struct pressure p[] = {wave(PRESSURE_SQUARE, 0, 4 * MIB, 20, 50),
                           {.at_ns = 1 * MS, .bytes = 6 * MIB},
                           {.at_ns = 2 * MS, .bytes = 2 * MIB, .give_back = true},
                           {.at_ns = 3 * MS, .bytes = UINT64_MAX, .give_back = true},
                           {.at_ns = 4 * MS, .bytes = 1 * MIB, .give_back = true}};
    p[0].times = 1;
    run_for(100, p, 5);
    EXPECT("take 400000 of memory in 0", "take 600000 of memory in 0",
           "give back 200000 of memory in 0", "give back 400000 of memory in 0",
           "give back 0 of memory in 0", "give back 400000 of memory in 0");
    EXPECT_TIMES(0, 1, 2, 3, 4, 10);
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 0);
}

static void a_ramp_back_beside_a_wave_gives_equal_parts_of_the_rest(void **state)
{
    (void)state;
    struct pressure p[] = {wave(PRESSURE_SQUARE, 0, 4 * MIB, 1000, 50),
                           {.bytes = 64 * 4096 + 4096},
                           {.over_ns = 64 * MS, .bytes = UINT64_MAX, .give_back = true}};
    run_for(100, p, 3);
    assert_int_equal(fake.count, 2 + 64);
    assert_string_equal(fake.notes[2], "give back 2000 of memory in 0"); /* 65 / 64, whole pages */
    assert_string_equal(fake.notes[65], "give back 1000 of memory in 0");
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 4 * MIB);
}

static void a_wave_ends_at_its_time_in_the_middle_of_anything(void **state)
{
    (void)state;
    struct pressure p = wave(PRESSURE_SAWTOOTH, 0, 4 * 4096, 8, 50);
    for (uint64_t until = 1; until < 20; until++) {
        p.until_ns = until * MS;
        run_for(100, &p, 1);
        assert_int_equal(fake.taken[PRESSURE_MEMORY], 0);
        uint64_t last = fake.note_times[fake.count - 1] - (fake.sim->now_ns - 100 * MS);
        uint64_t phase = until % 8; /* between 4 and 8 the wave holds nothing */
        assert_int_equal(
            last, (phase >= 1 && phase < 4 ? until : (until - phase) + (phase ? 4 : -4)) * MS);
        forget_notes();
        fake.sim->now_ns = 0;
    }
}

static void a_wave_without_an_end_goes_on_until_the_workload_ends(void **state)
{
    (void)state;
    struct pressure p = wave(PRESSURE_SQUARE, 0, 4096, 10, 50);
    run_for(1003, &p, 1);
    assert_int_equal(fake.count, 201);
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 4096);
}

/* ---- curves ---- */

static struct pressure course(const struct pressure_curve *curve, uint64_t at_ms)
{
    return (struct pressure){.at_ns = at_ms * MS,
                             .shape = PRESSURE_CURVE,
                             .curve = curve,
                             .scale_num = 1,
                             .scale_den = 1,
                             .speed_num = 1,
                             .speed_den = 1};
}

static void a_curve_holds_at_each_moment_what_its_last_point_says(void **state)
{
    (void)state;
    static const struct curve_point points[] = {
        {0, 0x4000}, {2 * MS, 0x9000}, {3 * MS, 0x9000}, {7 * MS, 0x1000}, {9 * MS, 0}};
    static const struct pressure_curve curve = {points, 5};
    struct pressure p = course(&curve, 10);
    run_for(100, &p, 1);
    EXPECT("take 4000 of memory in 0", "take 5000 of memory in 0", "give back 8000 of memory in 0",
           "give back 1000 of memory in 0");
    EXPECT_TIMES(10, 12, 17, 19);
}

static void a_curve_can_be_larger_and_faster_than_it_was_recorded(void **state)
{
    (void)state;
    static const struct curve_point points[] = {{MS, 0x4000}, {7 * MS, 0x1000}};
    static const struct pressure_curve curve = {points, 2};
    struct pressure p = course(&curve, 0);
    p.scale_num = 3;
    p.scale_den = 2;
    p.speed_num = 1;
    p.speed_den = 2;
    p.of = PRESSURE_COMMIT;
    run_for(100, &p, 1);
    EXPECT("take 6000 of commit in 0", "give back 4000 of commit in 0"); /* 1.5 pages are two */
    EXPECT_TIMES(2, 14);
}

static void levels_of_address_space_are_whole_granules(void **state)
{
    (void)state;
    static const struct curve_point points[] = {{0, 1}, {MS, 0x10001}, {2 * MS, 0x10000}};
    static const struct pressure_curve curve = {points, 3};
    struct pressure p = course(&curve, 0);
    p.of = PRESSURE_ADDRESS_SPACE;
    p.pieces = 7;
    run_for(100, &p, 1);
    EXPECT("take 10000 of address space in 7", "take 10000 of address space in 7",
           "give back 10000 of address space in 0");
}

static void what_a_curve_could_not_take_it_asks_for_at_its_next_point(void **state)
{
    (void)state;
    static const struct curve_point points[] = {{0, 0x8000}, {2 * MS, 0x8000}, {4 * MS, 0x5000}};
    static const struct pressure_curve curve = {points, 3};
    struct pressure p[] = {wave(PRESSURE_SQUARE, 0, 0x6000, 1, 100), course(&curve, 0)};
    p[0].times = 1;
    fake.takeable = 0x7000;
    run_for(100, p, 2);
    EXPECT("take 6000 of memory in 0", "take 8000 of memory in 0", "give back 6000 of memory in 0",
           "take 7000 of memory in 0", "give back 2000 of memory in 0");
    assert_int_equal(fake.taken[PRESSURE_MEMORY], 0x5000);
}

/* ---- figures ---- */

static void a_spike_of_latency_goes_back_to_what_it_was(void **state)
{
    (void)state;
    struct pressure p = {.at_ns = 5 * MS,
                         .of = PRESSURE_LATENCY,
                         .bytes = 20 * MS,
                         .shape = PRESSURE_SQUARE,
                         .period_ns = 2 * MS,
                         .duty_percent = 100,
                         .times = 1};
    run_for(100, &p, 1);
    EXPECT("latency 20000000", "latency 100000");
    EXPECT_TIMES(5, 7);
}

/*  ms    0    2    4    5    6    8
 *  first      1111111111
 *  second          222222222222222
 *  stays                3333333333333  */
static void of_several_spikes_the_last_holds_and_what_stays_comes_after_them(void **state)
{
    (void)state;
    struct pressure p[] = {wave(PRESSURE_SQUARE, 2, 11, 4, 100),
                           wave(PRESSURE_SQUARE, 4, 22, 5, 100),
                           {.at_ns = 5 * MS, .bytes = 33}};
    for (int i = 0; i < 3; i++)
        p[i].of = PRESSURE_JOB_LIMIT;
    p[0].times = p[1].times = 1;
    run_for(100, p, 3);
    EXPECT("job limit 11", "job limit 22", "job limit 33");
    EXPECT_TIMES(2, 4, 9);
    forget_notes();
    fake.sim->now_ns = 0;
    p[0].period_ns = 20 * MS; /* outlives the second */
    run_for(100, p, 3);
    EXPECT("job limit 11", "job limit 22", "job limit 11", "job limit 33");
    EXPECT_TIMES(2, 4, 9, 22);
}

/* ---- levels computed from the words alone ---- */

#define WAVES 6

static uint64_t level_of(const struct pressure *p, uint64_t t)
{
    if (t < p->at_ns || (p->until_ns && t >= p->until_ns))
        return 0;
    uint64_t round = (t - p->at_ns) / p->period_ns, phase = (t - p->at_ns) % p->period_ns;
    uint64_t high = p->period_ns * p->duty_percent / 100;
    if ((p->times && round >= p->times) || phase >= high)
        return 0;
    if (p->shape == PRESSURE_SQUARE)
        return p->bytes;
    uint64_t pages = p->bytes / 4096, steps = pages < 64 ? pages : 64, done = 0;
    while (done < steps && high * done / steps <= phase)
        done++;
    return pages * done / steps * 4096;
}

#define POINTS 40
static struct curve_point points[POINTS];
static const struct pressure_curve random_curve = {points, POINTS};

static struct pressure random_course(struct rng *rng)
{
    uint64_t at = 0;
    struct pressure p = course(&random_curve, rng_below(rng, 30));
    for (int i = 0; i < POINTS; i++, at += 1 + rng_below(rng, 5 * MS))
        points[i] = (struct curve_point){at, rng_below(rng, 1000000)};
    p.scale_num = 1 + rng_below(rng, 9);
    p.scale_den = 1 + rng_below(rng, 9);
    p.speed_num = 1 + rng_below(rng, 9);
    p.speed_den = 1 + rng_below(rng, 9);
    return p;
}

static uint64_t level_of_course(const struct pressure *p, uint64_t t)
{
    uint64_t level = 0;
    for (int i = 0; i < POINTS; i++)
        if (p->at_ns + points[i].at_ns * p->speed_den / p->speed_num <= t)
            level = points[i].bytes * p->scale_num / p->scale_den;
    return (level + 4095) / 4096 * 4096;
}

static struct pressure random_wave(struct rng *rng)
{
    struct pressure p =
        wave(rng_below(rng, 2) ? PRESSURE_SQUARE : PRESSURE_SAWTOOTH, rng_below(rng, 30),
             4096 * (1 + rng_below(rng, 200)), 10 + rng_below(rng, 40), 1 + rng_below(rng, 99));
    if (rng_below(rng, 2))
        p.times = 1 + rng_below(rng, 5);
    if (rng_below(rng, 2))
        p.until_ns = p.at_ns + 1 + rng_below(rng, 100 * MS);
    return p;
}

/* What is held after all calls up to a time. */
static uint64_t held_at(uint64_t t, unsigned *next, uint64_t held)
{
    for (; *next < fake.count && fake.note_times[*next] <= t; ++*next) {
        const char *note = fake.notes[*next];
        bool back = strncmp(note, "give", 4) == 0;
        uint64_t bytes = strtoull(note + (back ? strlen("give back ") : strlen("take ")), NULL, 16);
        held += back ? -bytes : bytes;
    }
    return held;
}

static void random_shapes_have_the_levels_that_their_words_say(void **state)
{
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, 0);
    (void)state;
    fake_start();
    for (int round = 0; round < 100; round++) {
        struct pressure list[WAVES + 1];
        unsigned next = 0;
        uint64_t held = 0;
        for (int i = 0; i < WAVES; i++)
            list[i] = random_wave(&rng);
        list[WAVES] = random_course(&rng);
        fake.sim->now_ns = 0;
        memset(fake.taken, 0, sizeof fake.taken);
        forget_notes();
        run_for(150, list, WAVES + 1);
        for (uint64_t t = 0; t < 150 * MS; t += MS / 16) {
            uint64_t level = level_of_course(&list[WAVES], t);
            for (int i = 0; i < WAVES; i++)
                level += level_of(&list[i], t);
            held = held_at(t, &next, held);
            assert_int_equal(held, level);
        }
    }
}

/* The last entry gives back all that steps and ramps hold, when every wave is over: what cannot be
 * taken is not, and nobody gives back what is another's. */
static void scarce_memory_comes_back_to_the_last_byte(void **state)
{
    struct rng rng = rng_keyed(2, RNG_PROPERTY_TEST, 0);
    (void)state;
    fake_start();
    fake.quiet = true;
    for (int round = 0; round < 2000; round++) {
        struct pressure list[2 * WAVES + 2];
        for (int i = 0; i < WAVES; i++) {
            list[i] = random_wave(&rng);
            list[i].until_ns = list[i].at_ns + 1 + rng_below(&rng, 50 * MS);
            list[WAVES + i] = (struct pressure){.at_ns = rng_below(&rng, 80) * MS,
                                                .give_back = rng_below(&rng, 2),
                                                .bytes = 4096 * (1 + rng_below(&rng, 300))};
            if (rng_below(&rng, 3) == 0)
                list[WAVES + i].bytes = UINT64_MAX;
            if (rng_below(&rng, 3) == 0)
                list[WAVES + i].over_ns = rng_below(&rng, 40 * MS);
        }
        list[2 * WAVES] = random_course(&rng);
        points[POINTS - 1].bytes = 0;
        list[2 * WAVES].speed_num = list[2 * WAVES].speed_den = 1;
        list[2 * WAVES + 1] =
            (struct pressure){.at_ns = 240 * MS, .give_back = true, .bytes = UINT64_MAX};
        fake.sim->now_ns = 0;
        fake.takeable = 4096 * (1 + rng_below(&rng, 600));
        run_for(250, list, 2 * WAVES + 2);
        assert_int_equal(fake.taken[PRESSURE_MEMORY], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_square_wave_takes_and_gives_back_in_each_period),
        TEST(a_sawtooth_rises_in_equal_steps_and_falls_at_once),
        TEST(a_sawtooth_of_the_whole_period_falls_before_it_rises_again),
        TEST(a_wave_gives_back_what_it_got_and_no_more),
        TEST(a_wave_that_could_take_nothing_gives_nothing_back),
        TEST(others_do_not_give_back_what_a_wave_holds),
        TEST(a_ramp_back_beside_a_wave_gives_equal_parts_of_the_rest),
        TEST(a_wave_ends_at_its_time_in_the_middle_of_anything),
        TEST(a_wave_without_an_end_goes_on_until_the_workload_ends),
        TEST(a_curve_holds_at_each_moment_what_its_last_point_says),
        TEST(a_curve_can_be_larger_and_faster_than_it_was_recorded),
        TEST(levels_of_address_space_are_whole_granules),
        TEST(what_a_curve_could_not_take_it_asks_for_at_its_next_point),
        TEST(a_spike_of_latency_goes_back_to_what_it_was),
        TEST(of_several_spikes_the_last_holds_and_what_stays_comes_after_them),
        TEST(random_shapes_have_the_levels_that_their_words_say),
        TEST(scarce_memory_comes_back_to_the_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
