/* Fibers: fixed stacks, switching back and forth, registers kept, the guard known. */
#include "tests/support.h"

#include "core/fiber.h"
#include "core/layout.h"

#define STACK (UINT64_C(256) << 10)

struct ping {
    struct fiber *other;
    int count;
    uint64_t local_address;
};

static void bump_thrice(void *context)
{
    struct ping *ping = context;
    volatile double kept = 1.5; /* lives across switches */
    ping->local_address = (uint64_t)(uintptr_t)&kept;
    for (int i = 0; i < 3; i++) {
        ping->count++;
        kept *= 2;
        fiber_switch(fiber_main());
    }
    if (kept != 12.0)
        ping->count = -1;
}

static void a_fiber_goes_on_where_it_switched_away(void **state)
{
    (void)state;
    struct ping ping = {0};
    struct fiber *fiber = fiber_create(0, STACK, bump_thrice, &ping);
    assert_non_null(fiber);
    for (int i = 1; i <= 3; i++) {
        fiber_switch(fiber);
        assert_int_equal(ping.count, i);
        assert_false(fiber_finished(fiber));
    }
    fiber_switch(fiber);
    assert_int_equal(ping.count, 3);
    assert_true(fiber_finished(fiber));
    assert_ptr_equal(fiber_current(), fiber_main());
    fiber_destroy(fiber);
}

static void stacks_stand_at_fixed_places_with_a_guard_below(void **state)
{
    (void)state;
    struct ping ping = {0};
    struct fiber *fiber = fiber_create(3, STACK, bump_thrice, &ping);
    uint64_t base = fiber_stack_base(fiber);
    assert_int_equal(base, STACKS_BASE + 5 * STACK_SLOT_BYTES - STACK);
    fiber_switch(fiber);
    assert_in_range(ping.local_address, base, base + STACK - 1);
    assert_true(fiber_in_guard(fiber, base - 1));
    assert_false(fiber_in_guard(fiber, base));
    assert_false(fiber_in_guard(fiber, base + STACK));
    fiber_destroy(fiber);
}

static void switch_to_other(void *context)
{
    struct ping *ping = context;
    ping->count++;
    fiber_switch(ping->other);
    ping->count++;
}

static void a_finished_fiber_returns_to_the_one_that_resumed_it(void **state)
{
    (void)state;
    struct ping inner = {0}, outer = {0};
    struct fiber *leaf = fiber_create(1, STACK, bump_thrice, &inner);
    struct fiber *fiber = fiber_create(2, STACK, switch_to_other, &outer);
    outer.other = leaf;
    fiber_switch(fiber); /* leaf comes back to main, not to its resumer */
    assert_int_equal(outer.count, 1);
    assert_int_equal(inner.count, 1);
    fiber_switch(fiber);
    assert_int_equal(outer.count, 2);
    assert_true(fiber_finished(fiber));
    fiber_destroy(leaf);
    fiber_destroy(fiber);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fiber_goes_on_where_it_switched_away),
        cmocka_unit_test(stacks_stand_at_fixed_places_with_a_guard_below),
        cmocka_unit_test(a_finished_fiber_returns_to_the_one_that_resumed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
