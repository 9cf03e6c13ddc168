/* Blocks that stand for native memory in replays, against a plain table of bytes. */
#include "tests/support.h"

#include <stdbool.h>
#include <string.h>
#include "clr/replay_native.h"
#include "core/rng.h"

#define UNITS 200 /* of the object, each standing for 16 bytes */
#define UNIT 16

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    return arena_init(&arena, 0, 16 << 20);
}

static int end(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

/* model[i]: the address that stands for unit i, 0: none. */
static void expect_same(const struct native_blocks *blocks, const uint64_t *model)
{
    for (unsigned i = 0; i < UNITS && blocks; i++) {
        assert_int_equal(native_find(blocks, i * UNIT), model[i]);
        assert_int_equal(native_find(blocks, i * UNIT + 7), model[i] ? model[i] + 7 : 0);
    }
}

/* Takes every block that begins at or behind the unit, in the model as well. */
static void shrink(struct native_blocks **blocks, uint64_t *model, bool *starts, unsigned unit)
{
    uint64_t block;
    while (native_take_last(&arena, blocks, unit * UNIT, &block)) {
        unsigned last = UNITS;
        while (last > 0 && !starts[last - 1])
            last--;
        assert_true(last > unit); /* begins at last - 1 */
        assert_int_equal(block, model[last - 1]);
        starts[last - 1] = false;
        for (unsigned i = last - 1; i < UNITS; i++)
            model[i] = 0;
    }
    for (unsigned i = unit; i < UNITS; i++)
        assert_false(starts[i]);
}

static void blocks_stand_for_what_a_plain_table_says(void **state)
{
    (void)state;
    for (uint64_t id = 0; id < 300; id++) {
        struct rng rng = rng_keyed(7, RNG_PROPERTY_TEST, id);
        struct native_blocks *blocks = NULL;
        uint64_t model[UNITS] = {0}, next = 0x10000;
        bool starts[UNITS] = {false};
        for (unsigned step = 0; step < 60; step++) {
            unsigned at = (unsigned)rng_below(&rng, UNITS);
            unsigned size = 1 + (unsigned)rng_below(&rng, UNITS - at < 9 ? UNITS - at : 9);
            bool clear = true;
            for (unsigned i = at; i < at + size; i++)
                clear = clear && model[i] == 0;
            if (rng_below(&rng, 8) == 0) {
                shrink(&blocks, model, starts, at);
            } else if (clear) { /* also in front of others, as holes are filled */
                native_add(&arena, &blocks, at * UNIT, size * UNIT, next);
                for (unsigned i = 0; i < size; i++)
                    model[at + i] = next + i * UNIT;
                starts[at] = true;
                next += size * UNIT;
            }
            expect_same(blocks, model);
        }
        native_drop(&arena, &blocks);
        assert_null(blocks);
    }
    assert_int_equal(arena.live_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_stand_for_what_a_plain_table_says, begin, end),
    };
    return cmocka_run_group_tests_name("replay_native", tests, NULL, NULL);
}
