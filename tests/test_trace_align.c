/* Alignment of sequences: against the longest common subsequence worked out the plain way, and for
 * its cost on long ones. */
#include "tests/support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "harness/trace_align.h"

#define SHORT_MAX 60

static uint64_t state_of_random;

static uint64_t random_below(uint64_t limit)
{
    state_of_random = state_of_random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (state_of_random >> 33) % limit;
}

/* ---- what an alignment must be ---- */

struct check {
    const uint64_t *a, *b;
    uint64_t a_at, b_at, equal, runs;
    bool last_equal;
};

static void take(void *context, const struct align_run *run)
{
    struct check *check = context;
    assert_int_equal(run->a_at, check->a_at);
    assert_int_equal(run->b_at, check->b_at);
    assert_true(run->a_count + run->b_count > 0);
    assert_true(check->runs == 0 || run->equal != check->last_equal);
    if (run->equal) {
        assert_int_equal(run->a_count, run->b_count);
        assert_memory_equal(check->a + run->a_at, check->b + run->b_at, run->a_count * 8);
        check->equal += run->a_count;
    }
    check->a_at += run->a_count;
    check->b_at += run->b_count;
    check->last_equal = run->equal;
    check->runs++;
}

/* Aligns, checks that the alignment is one, and returns how many items it found equal. */
static uint64_t aligned(const uint64_t *a, uint64_t a_count, const uint64_t *b, uint64_t b_count,
                        uint64_t *steps)
{
    struct check check = {.a = a, .b = b};
    uint64_t took = trace_align(a, a_count, b, b_count, take, &check);
    assert_int_equal(check.a_at, a_count);
    assert_int_equal(check.b_at, b_count);
    if (steps)
        *steps = took;
    return check.equal;
}

static uint64_t longest_common(const uint64_t *a, uint64_t a_count, const uint64_t *b,
                               uint64_t b_count)
{
    static uint64_t best[SHORT_MAX + 1][SHORT_MAX + 1];
    for (uint64_t i = a_count + 1; i-- > 0;) {
        for (uint64_t j = b_count + 1; j-- > 0;) {
            if (i == a_count || j == b_count)
                best[i][j] = 0;
            else if (a[i] == b[j])
                best[i][j] = best[i + 1][j + 1] + 1;
            else
                best[i][j] = best[i + 1][j] > best[i][j + 1] ? best[i + 1][j] : best[i][j + 1];
        }
    }
    return best[0][0];
}

static void short_sequences_are_aligned_as_well_as_can_be(void **state)
{
    (void)state;
    state_of_random = 1;
    for (int round = 0; round < 20000; round++) {
        uint64_t a[SHORT_MAX], b[SHORT_MAX];
        uint64_t a_count = random_below(SHORT_MAX + 1), b_count = random_below(SHORT_MAX + 1);
        uint64_t letters = 1 + random_below(12);
        for (uint64_t i = 0; i < a_count; i++)
            a[i] = random_below(letters);
        for (uint64_t i = 0; i < b_count; i++) /* often a piece of a, so that much is equal */
            b[i] = i < a_count && random_below(3) ? a[i] : random_below(letters);
        assert_int_equal(aligned(a, a_count, b, b_count, NULL),
                         longest_common(a, a_count, b, b_count));
    }
}

/* ---- long sequences ---- */

static uint64_t *sequence(uint64_t count, uint64_t first)
{
    uint64_t *items = malloc((count + 1) * sizeof *items);
    assert_non_null(items);
    for (uint64_t i = 0; i < count; i++)
        items[i] = first + i;
    return items;
}

static void equal_sequences_cost_one_step_an_item(void **state)
{
    (void)state;
    const uint64_t count = 1000000;
    uint64_t *a = sequence(count, 1), *b = sequence(count, 1), steps;
    assert_int_equal(aligned(a, count, b, count, &steps), count);
    assert_true(steps <= count);
    free(a);
    free(b);
}

static void a_long_insertion_is_found_whole(void **state)
{
    (void)state;
    const uint64_t count = 100000, more = 50000, at = 40000;
    uint64_t *a = sequence(count, 1), *b = sequence(count + more, 1), steps;
    for (uint64_t i = at; i < count + more; i++)
        b[i] = i < at + more ? UINT64_C(1) << 40 | i : i + 1 - more;
    assert_int_equal(aligned(a, count, b, count + more, &steps), count);
    assert_true(steps < 4 * (2 * count + more));
    /* of items that a has too, only elsewhere: nothing is set aside */
    for (uint64_t i = at; i < at + more; i++)
        b[i] = a[(i * 7919) % count];
    assert_int_equal(aligned(a, count, b, count + more, &steps), count);
    assert_true(steps < 40 * (2 * count + more));
    free(a);
    free(b);
}

static void scattered_differences_stay_linear_and_small(void **state)
{
    (void)state;
    const uint64_t count = 200000;
    uint64_t *a = sequence(count, 1), *b = malloc(2 * count * sizeof *b), b_count = 0, kept = 0;
    uint64_t steps;
    state_of_random = 5;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t chance = random_below(200);
        if (chance == 0)
            continue; /* removed */
        b[b_count++] = a[i];
        kept++;
        if (chance == 1)
            b[b_count++] = a[random_below(count)];
    }
    uint64_t equal = aligned(a, count, b, b_count, &steps);
    assert_true(equal >= kept - kept / 1000);
    assert_true(steps < 20 * count);
    free(a);
    free(b);
}

/* Repetitive and unlike: nothing is unique, nothing fits; the cost stays bounded all the same. */
static void unlike_repetitive_sequences_cost_bounded_steps(void **state)
{
    (void)state;
    const uint64_t count = 60000;
    uint64_t *a = sequence(count, 0), *b = sequence(count, 0), steps;
    state_of_random = 9;
    for (uint64_t i = 0; i < count; i++) {
        a[i] = random_below(5);
        b[i] = random_below(5);
    }
    uint64_t equal = aligned(a, count, b, count, &steps);
    assert_true(equal > count / 2); /* random words of five letters share some 65 % */
    assert_true(steps < UINT64_C(3000) * count);
    free(a);
    free(b);
}

static void what_one_side_alone_has_costs_nothing_more(void **state)
{
    (void)state;
    const uint64_t count = 300000;
    uint64_t *a = sequence(count, 1), *b = sequence(count, UINT64_C(1) << 32), steps;
    a[count / 2] = b[count / 3] = 77777777777u;
    a[count - 1] = b[count - 1] = 0; /* a key like any other */
    assert_int_equal(aligned(a, count, b, count, &steps), 2);
    assert_true(steps < 4 * count);
    free(a);
    free(b);
}

/* Blocks that change places: anchors must not cross. */
static void exchanged_blocks_align_in_one_order(void **state)
{
    (void)state;
    const uint64_t count = 40000, half = count / 2;
    uint64_t *a = sequence(count, 1), *b = sequence(count, 1);
    memcpy(b, a + half, half * sizeof *b);
    memcpy(b + half, a, half * sizeof *b);
    assert_int_equal(aligned(a, count, b, count, NULL), half);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_sequences_are_aligned_as_well_as_can_be),
        cmocka_unit_test(equal_sequences_cost_one_step_an_item),
        cmocka_unit_test(a_long_insertion_is_found_whole),
        cmocka_unit_test(scattered_differences_stay_linear_and_small),
        cmocka_unit_test(unlike_repetitive_sequences_cost_bounded_steps),
        cmocka_unit_test(what_one_side_alone_has_costs_nothing_more),
        cmocka_unit_test(exchanged_blocks_align_in_one_order),
    };
    return cmocka_run_group_tests_name("trace_align", tests, NULL, NULL);
}
