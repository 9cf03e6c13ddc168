/* Random numbers: equal to the reference implementation, unbiased, keyed. */
#include "tests/support.h"

#include <inttypes.h>
#include <stdio.h>
#include "core/rng.h"

static void draws_equal_those_of_the_reference_implementation(void **state)
{
    (void)state;
    FILE *reference = popen(TEST_BUILD_DIR "/tests/pcg_reference", "r");
    assert_non_null(reference);
    struct rng rng;
    rng_seed(&rng, 42, 54);
    for (int i = 0; i < 1000; i++) {
        uint64_t expected;
        assert_int_equal(fscanf(reference, "%" SCNx64, &expected), 1);
        assert_int_equal(rng_next(&rng), expected);
    }
    assert_int_equal(pclose(reference), 0);
}

static void a_key_always_gives_the_same_draw(void **state)
{
    (void)state;
    assert_int_equal(rng_draw(1, RNG_FAULT, 7), rng_draw(1, RNG_FAULT, 7));
    assert_int_not_equal(rng_draw(1, RNG_FAULT, 7), rng_draw(2, RNG_FAULT, 7));
    assert_int_not_equal(rng_draw(1, RNG_FAULT, 7), rng_draw(1, RNG_WORKLOAD, 7));
    assert_int_not_equal(rng_draw(1, RNG_FAULT, 7), rng_draw(1, RNG_FAULT, 8));
}

static void keys_next_to_each_other_share_no_draws(void **state)
{
    (void)state;
    for (uint64_t id = 0; id < 2000; id++)
        for (uint64_t other = id + 1; other < id + 5; other++)
            assert_int_not_equal(rng_draw(9, RNG_FAULT, id), rng_draw(9, RNG_FAULT, other));
}

static void bounded_draws_stay_in_range_and_hit_every_value(void **state)
{
    (void)state;
    struct rng rng = rng_keyed(3, RNG_PROPERTY_TEST, 0);
    unsigned seen[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t draw = rng_below(&rng, 7);
        assert_true(draw < 7);
        seen[draw]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_equal_those_of_the_reference_implementation),
        cmocka_unit_test(a_key_always_gives_the_same_draw),
        cmocka_unit_test(keys_next_to_each_other_share_no_draws),
        cmocka_unit_test(bounded_draws_stay_in_range_and_hit_every_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
