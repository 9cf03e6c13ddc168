/* Segments and pools of phases: what the host is asked for, and random use against naive models. */
#include "tests/fake_host.h"

#include <stdlib.h>
#include <string.h>
#include "clr/pool.h"
#include "clr/segments.h"
#include "core/rng.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

static struct segments *all;

static int begin(void **state)
{
    all = NULL;
    return fake_begin(state);
}

static struct segments *make(void)
{
    return segments_create(&all, fake_start(), PAGE_READWRITE, eTaskCritical);
}

static struct chunk *take(struct segments *segments, uint64_t bytes)
{
    uint64_t address;
    return segments_take(segments, bytes, &address);
}

static void a_segment_is_committed_as_it_fills(void **state)
{
    (void)state;
    struct segments *segments = make();
    for (int i = 0; i < 3; i++)
        assert_non_null(take(segments, 40 * KIB));
    assert_non_null(take(segments, 200 * KIB));
    EXPECT("reserve 0 10000000 4 task", "commit 1000000 10000 4 task",
           "commit 1010000 10000 4 task", "commit 1020000 30000 4 task");
    segments_drop(segments);
    assert_null(all);
}

static void the_end_is_decommitted_when_its_blocks_are_dead(void **state)
{
    (void)state;
    struct segments *segments = make();
    struct chunk *first = take(segments, 100 * KIB), *second = take(segments, MIB);
    forget_notes();
    assert_true(segments_give(second));
    EXPECT("decommit 1020000 100000");
    forget_notes();
    segments_trim(segments);
    EXPECT("decommit 1019000 7000");
    forget_notes();
    assert_true(segments_give(first));
    assert_int_equal(fake.count, 0); /* what is left is little, and the segment may grow again */
    segments_end(segments);
    EXPECT("release 1000000 0");
    assert_null(all);
    assert_int_equal(fake.live_count, 0);
}

static void an_old_segment_is_released_with_its_last_block(void **state)
{
    (void)state;
    struct segments *segments = make();
    struct chunk *first = take(segments, 200 * MIB);
    assert_non_null(take(segments, 100 * MIB));
    assert_int_equal(fake.kinds[FAKE_REGION], 2);
    forget_notes();
    assert_true(segments_give(first));
    EXPECT("release 1000000 0");
    segments_give_back(segments);
    assert_int_equal(fake.live_count, 0);
}

static void segments_are_smaller_where_large_ones_are_refused(void **state)
{
    (void)state;
    struct segments *segments = make();
    fake.refuse_above = 20 * MIB;
    assert_non_null(take(segments, MIB));
    assert_null(take(segments, 21 * MIB));
    assert_non_null(take(segments, 16 * MIB));
    EXPECT("refused reserve 0 10000000 4 task", "refused reserve 0 4000000 4 task",
           "reserve 0 1000000 4 task", "commit 1000000 100000 4 task",
           "refused reserve 0 1500000 4 task", "reserve 0 1000000 4 task",
           "commit 2000000 1000000 4 task");
    segments_give_back(segments);
}

static void a_large_block_gets_a_segment_of_its_own(void **state)
{
    (void)state;
    struct segments *segments = make();
    assert_non_null(take(segments, 300 * MIB + 1));
    EXPECT("reserve 0 12c10000 4 task", "commit 1000000 12c10000 4 task");
    segments_give_back(segments);
    assert_int_equal(fake.live_count, 0);
}

static void the_places_of_dead_blocks_are_used_again(void **state)
{
    (void)state;
    struct segments *segments = make();
    uint64_t address, other;
    struct chunk *low = segments_take(segments, 1000, &address);
    struct chunk *middle = take(segments, 1000), *high = take(segments, 1000);
    forget_notes();
    segments_give(middle);
    segments_give(low); /* together they hold twice as much */
    assert_non_null(segments_take(segments, 1900, &other));
    assert_int_equal(other, address);
    assert_int_equal(fake.count, 0);
    segments_give(high);
    segments_drop(segments);
}

/* ---- random use against a list of ranges ---- */

#define SLOTS 200

static void blocks_never_overlap_and_end_with_nothing(void **state)
{
    struct rng rng = rng_keyed(11, RNG_PROPERTY_TEST, 2);
    struct {
        struct chunk *chunk;
        uint64_t address, bytes;
    } slots[SLOTS] = {{NULL}};
    struct segments *segments = make();
    fake.quiet = true;
    for (int step = 0; step < 20000; step++) {
        uint64_t i = rng_below(&rng, SLOTS),
                 bytes = rng_below(&rng, 1 << (4 + rng_below(&rng, 22)));
        if (step % 1000 == 999)
            segments_trim(segments);
        fake.refusals = rng_below(&rng, 20) == 0;
        if (slots[i].chunk) {
            segments_give(slots[i].chunk);
            slots[i].chunk = NULL;
            continue;
        }
        slots[i].chunk = segments_take(segments, bytes, &slots[i].address);
        slots[i].bytes = bytes;
        bool inside = !slots[i].chunk;
        for (unsigned k = 0; k < fake.live_count; k++)
            inside =
                inside || (slots[i].address >= fake.live[k].address &&
                           slots[i].address + bytes <= fake.live[k].address + fake.live[k].size);
        assert_true(inside);
        for (int k = 0; slots[i].chunk && k < SLOTS; k++)
            assert_true(k == (int)i || !slots[k].chunk ||
                        slots[k].address + slots[k].bytes <= slots[i].address ||
                        slots[i].address + bytes <= slots[k].address);
    }
    fake.refusals = 0;
    uint64_t live = fake.sim->arena.live_bytes;
    segments_end(segments);
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].chunk)
            segments_give(slots[i].chunk);
    assert_int_equal(fake.live_count, 0);
    assert_null(all);
    assert_true(fake.sim->arena.live_bytes < live);
    (void)state;
}

/* ---- the pool ---- */

static void pools_pick_as_a_plain_list_does(void **state)
{
    (void)state;
    struct rng rng = rng_keyed(12, RNG_PROPERTY_TEST, 3);
    struct arena *arena = &fake.sim->arena;
    uint64_t before = arena->live_bytes;
    struct pool pool = {.arena = arena};
    struct lifetimes lifetimes = {.arena = arena};
    struct live_block *list[300]; /* by age */
    unsigned count = 0;
    for (int step = 0; step < 20000; step++) {
        if (count < 300 && rng_below(&rng, 2)) {
            struct live_block figures = {.address = 1,
                                         .dies_ns = rng_below(&rng, 1000),
                                         .class = (enum block_class)rng_below(&rng, 2)};
            list[count] = pool_add(&pool, &figures);
            if (rng_below(&rng, 3))
                lifetimes_add(&lifetimes, list[count]);
            count++;
            continue;
        }
        struct live_block *oldest = NULL, *newest = NULL, *dying = NULL;
        bool of_pages = rng_below(&rng, 2);
        for (unsigned i = 0; i < count; i++) {
            if (list[i]->lifetimes && (!dying || list[i]->dies_ns < dying->dies_ns))
                dying = list[i];
            if (of_pages && list[i]->class != BLOCK_OF_PAGES)
                continue;
            oldest = oldest ? oldest : list[i];
            newest = list[i];
        }
        assert_ptr_equal(lifetimes_first(&lifetimes), dying);
        assert_ptr_equal(pool_pick(&pool, PICK_OLDEST, of_pages, NULL), oldest);
        assert_ptr_equal(pool_pick(&pool, PICK_NEWEST, of_pages, NULL), newest);
        struct live_block *gone = pool_pick(&pool, PICK_RANDOM, of_pages, &rng);
        assert_true((gone == NULL) == (oldest == NULL));
        if (!gone)
            continue;
        unsigned at = 0;
        while (list[at] != gone)
            at++;
        memmove(&list[at], &list[at + 1], (--count - at) * sizeof *list);
        pool_remove(&pool, gone);
    }
    while (count > 0)
        pool_remove(&pool, list[--count]);
    pool_drop(&pool);
    lifetimes_drop(&lifetimes);
    assert_int_equal(arena->live_bytes, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fake_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_segment_is_committed_as_it_fills),
        TEST(the_end_is_decommitted_when_its_blocks_are_dead),
        TEST(an_old_segment_is_released_with_its_last_block),
        TEST(segments_are_smaller_where_large_ones_are_refused),
        TEST(a_large_block_gets_a_segment_of_its_own),
        TEST(the_places_of_dead_blocks_are_used_again),
        TEST(blocks_never_overlap_and_end_with_nothing),
        TEST(pools_pick_as_a_plain_list_does),
    };
    return cmocka_run_group_tests_name("segments and pools", tests, NULL, NULL);
}
