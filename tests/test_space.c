/* Address space: regions, holes, runs of pages, against a naive model after every step.
 *
 *     granules   0   1   2   3  ...
 *     pages      0..15  16..31      a region fills whole granules, its tail is not available */
#include "tests/support.h"

#include <string.h>
#include "core/rng.h"
#include "os/space.h"

#define FIRST 16u
#define END 4096u

struct model {
    int16_t owner[END];  /* index of the region whose granules cover the page, -1: free */
    uint16_t value[END]; /* 0: reserved, else the protection */
    struct region *regions[END / 16];
    struct region_info info[END / 16];
};

static struct arena arena;

static struct space *make_space(void)
{
    assert_int_equal(arena_init(&arena, 0, UINT64_C(8) << 30), 0);
    return space_create(&arena, FIRST, END);
}

static int done(struct space *space)
{
    space_destroy(space);
    arena_destroy(&arena);
    return 0;
}

static void an_empty_space_is_one_hole(void **state)
{
    (void)state;
    struct space *space = make_space();
    uint64_t found;
    assert_true(space_find_gap(space, 1, 16, 0, END, false, &found));
    assert_int_equal(found, FIRST);
    assert_true(space_find_gap(space, 1, 16, 0, END, true, &found));
    assert_int_equal(found, END - 16);
    assert_true(space_find_gap(space, END - FIRST, 16, 0, END, false, &found));
    assert_false(space_find_gap(space, END - FIRST + 1, 16, 0, END, false, &found));
    assert_null(space_find(space, 100));
    done(space);
}

static void the_tail_of_a_granule_is_free_but_not_available(void **state)
{
    (void)state; /*  16 RRR......(tail)  32 free */
    struct space *space = make_space();
    space_insert(space, 16, 3, 4, 0);
    assert_non_null(space_find(space, 18));
    assert_null(space_find(space, 19));
    assert_false(space_is_free(space, 20, 1));
    assert_true(space_is_free(space, 32, 1));
    uint64_t found;
    assert_true(space_find_gap(space, 1, 16, 0, END, false, &found));
    assert_int_equal(found, 32);
    done(space);
}

static void holes_are_found_lowest_highest_and_aligned(void **state)
{
    (void)state; /*  16 A 32 free(3 granules) 80 B 96 free(1) 112 C 128 ... */
    struct space *space = make_space();
    space_insert(space, 16, 16, 4, 0);
    space_insert(space, 80, 16, 4, 0);
    space_insert(space, 112, END - 112, 4, 0);
    uint64_t found;
    assert_true(space_find_gap(space, 16, 16, 0, END, false, &found));
    assert_int_equal(found, 32);
    assert_true(space_find_gap(space, 16, 16, 0, END, true, &found));
    assert_int_equal(found, 96);
    assert_true(space_find_gap(space, 33, 16, 0, END, true, &found));
    assert_int_equal(found, 32);
    assert_true(space_find_gap(space, 16, 64, 0, END, false, &found));
    assert_int_equal(found, 64);
    assert_false(space_find_gap(space, 49, 16, 0, END, false, &found));
    assert_true(space_find_gap(space, 8, 16, 50, END, false, &found));
    assert_int_equal(found, 64);
    assert_true(space_find_gap(space, 8, 16, 0, 90, true, &found));
    assert_int_equal(found, 64);
    done(space);
}

static void runs_of_like_pages_coalesce_and_split(void **state)
{
    (void)state; /*  RRRRRRRR -> RRCCRRRR -> RRCCCCRR -> RRC2CCRR -> RRCCCCRR */
    struct space *space = make_space();
    struct region *region = space_insert(space, 16, 8, 4, 0);
    region_commit(space, region, 18, 2, 4);
    region_commit(space, region, 20, 2, 4);
    struct extent extent = region_extent(region, 18);
    assert_true(extent.committed);
    assert_int_equal(extent.pages, 4);
    region_protect(space, region, 19, 1, 2);
    assert_int_equal(region_extent(region, 18).pages, 1);
    assert_int_equal(region_extent(region, 19).protect, 2);
    region_protect(space, region, 19, 1, 4);
    assert_int_equal(region_extent(region, 18).pages, 4);
    assert_int_equal(region_committed(region, 16, 8), 4);
    region_decommit(space, region, 16, 8);
    assert_int_equal(region_extent(region, 16).pages, 8);
    space_verify(space);
    done(space);
}

static void a_terabyte_costs_what_a_page_costs_in_memory(void **state)
{
    (void)state;
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    struct space *space = space_create(&arena, FIRST, UINT64_C(1) << 34);
    struct region *region = space_insert(space, 16, UINT64_C(1) << 33, 4, 0);
    uint64_t before = space_overhead_bytes(space);
    region_commit(space, region, 16, UINT64_C(1) << 33, 4);
    assert_int_equal(space_committed_pages(space), UINT64_C(1) << 33);
    assert_int_equal(space_overhead_bytes(space), before);
    done(space);
}

/* ---- against the model ---- */

static bool model_free(const struct model *model, uint64_t first, uint64_t pages)
{
    for (uint64_t p = first & ~UINT64_C(15); p < first + pages; p++)
        if (p < FIRST || p >= END || model->owner[p] >= 0)
            return false;
    return true;
}

struct bounds {
    uint64_t first, end;
};

static bool model_gap(const struct model *model, uint64_t pages, uint64_t align,
                      struct bounds bounds, bool top_down, uint64_t *found)
{
    bool any = false;
    for (uint64_t p = align; p + pages <= bounds.end; p += align) {
        if (p < FIRST || p < bounds.first || !model_free(model, p, pages))
            continue;
        *found = p;
        any = true;
        if (!top_down)
            return true;
    }
    return any;
}

static int pick(const struct model *model, struct rng *rng)
{
    for (int tries = 0; tries < 20; tries++) {
        int slot = (int)rng_below(rng, END / 16);
        if (model->regions[slot])
            return slot;
    }
    return -1;
}

static void step_reserve(struct space *space, struct model *model, struct rng *rng)
{
    uint64_t pages = 1 + rng_below(rng, rng_below(rng, 4) ? 40 : 400);
    uint64_t align = rng_below(rng, 4) ? 16 : 64, expected = 0, found = 0;
    bool top_down = rng_below(rng, 2);
    struct bounds bounds = {0, END};
    if (rng_below(rng, 3) == 0)
        bounds = (struct bounds){rng_below(rng, END), rng_below(rng, END)};
    bool want = model_gap(model, pages, align, bounds, top_down, &expected);
    bool got = space_find_gap(space, pages, align, bounds.first, bounds.end, top_down, &found);
    assert_int_equal(got, want);
    if (!want)
        return;
    assert_int_equal(found, expected);
    assert_true(space_is_free(space, found, pages));
    int slot = (int)(found / 16);
    model->regions[slot] = space_insert(space, found, pages, 4, 0);
    model->info[slot] = region_info(model->regions[slot]);
    for (uint64_t p = found; p < ((found + pages + 15) & ~UINT64_C(15)) && p < END; p++) {
        model->owner[p] = (int16_t)slot;
        model->value[p] = 0;
    }
}

static void step_range(struct space *space, struct model *model, struct rng *rng)
{
    int slot = pick(model, rng);
    if (slot < 0)
        return;
    struct region_info info = model->info[slot];
    uint64_t first = info.first_page + rng_below(rng, info.pages);
    uint64_t left = info.first_page + info.pages - first;
    uint64_t pages = 1 + rng_below(rng, rng_below(rng, 3) && left > 4 ? 4 : left);
    uint16_t value = (uint16_t)(rng_below(rng, 3) * 2);
    if (value)
        region_commit(space, model->regions[slot], first, pages, value);
    else
        region_decommit(space, model->regions[slot], first, pages);
    for (uint64_t p = first; p < first + pages; p++)
        model->value[p] = value;
}

static void step_release(struct space *space, struct model *model, struct rng *rng)
{
    int slot = pick(model, rng);
    if (slot < 0)
        return;
    space_remove(space, model->regions[slot]);
    model->regions[slot] = NULL;
    for (uint64_t p = 0; p < END; p++)
        if (model->owner[p] == slot)
            model->owner[p] = -1;
}

static void compare(const struct space *space, const struct model *model)
{
    space_verify(space);
    uint64_t committed = 0, reserved = 0;
    for (uint64_t p = FIRST; p < END; p++) {
        int slot = model->owner[p];
        bool inside = slot >= 0 && p < model->info[slot].first_page + model->info[slot].pages;
        struct region *region = space_find(space, p);
        assert_ptr_equal(region, inside ? model->regions[slot] : NULL);
        if (!inside)
            continue;
        reserved++;
        committed += model->value[p] != 0;
        struct extent extent = region_extent(region, p);
        assert_int_equal(extent.protect, model->value[p]);
        uint64_t end = p + 1, limit = model->info[slot].first_page + model->info[slot].pages;
        while (end < limit && model->value[end] == model->value[p])
            end++;
        assert_int_equal(extent.pages, end - p);
    }
    assert_int_equal(space_reserved_pages(space), reserved);
    assert_int_equal(space_committed_pages(space), committed);
}

static void random_operations_agree_with_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct space *space = make_space();
        static struct model model;
        memset(&model, 0, sizeof model);
        memset(model.owner, 0xff, sizeof model.owner);
        struct rng rng = rng_keyed(seed, RNG_PROPERTY_TEST, 2);
        for (int i = 0; i < 1200; i++) {
            uint64_t die = rng_below(&rng, 16);
            if (die < 3)
                step_reserve(space, &model, &rng);
            else if (die < 4 + seed % 2)
                step_release(space, &model, &rng);
            else
                step_range(space, &model, &rng);
            if (i % 7 == 0)
                compare(space, &model);
        }
        compare(space, &model);
        done(space);
    }
}

static void thousands_of_runs_in_one_region_stay_right(void **state)
{
    (void)state;
    struct space *space = make_space();
    struct region *region = space_insert(space, 16, END - 16, 4, 0);
    uint16_t value[END] = {0};
    struct rng rng = rng_keyed(5, RNG_PROPERTY_TEST, 3);
    for (int i = 0; i < 30000; i++) {
        uint64_t first = 16 + rng_below(&rng, END - 16), left = END - first;
        uint64_t pages = 1 + rng_below(&rng, i % 500 == 0 || left < 3 ? left : 3);
        uint16_t to = (uint16_t)(rng_below(&rng, 4));
        if (to)
            region_commit(space, region, first, pages, to);
        else
            region_decommit(space, region, first, pages);
        for (uint64_t p = first; p < first + pages; p++)
            value[p] = to;
        if (i % 100 == 0)
            space_verify(space);
    }
    uint64_t committed = 0;
    for (uint64_t p = 16; p < END; p++) {
        assert_int_equal(region_extent(region, p).protect, value[p]);
        committed += value[p] != 0;
    }
    assert_int_equal(region_committed(region, 16, END - 16), committed);
    done(space);
}

static void tens_of_thousands_of_regions_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    struct space *space = space_create(&arena, FIRST, UINT64_C(1) << 34);
    enum { COUNT = 30000 };
    static struct region *regions[COUNT];
    struct rng rng = rng_keyed(7, RNG_PROPERTY_TEST, 4);
    for (int i = 0; i < COUNT; i++) {
        uint64_t found;
        assert_true(space_find_gap(space, 16, 16, 0, UINT64_C(1) << 34, false, &found));
        assert_int_equal(found, 16 + (uint64_t)i * 16);
        regions[i] = space_insert(space, found, 16, 4, 0);
    }
    space_verify(space);
    for (int i = 0; i < 20000; i++) { /* mostly in one place, so that leaves split and merge */
        uint64_t slot = rng_below(&rng, i % 4 ? 150 : COUNT);
        slot = (slot + COUNT / 2) % COUNT;
        uint64_t first = region_info(regions[slot]).first_page, found;
        space_remove(space, regions[slot]);
        assert_true(space_find_gap(space, 16, 16, 0, UINT64_C(1) << 34, i & 1, &found));
        if (!(i & 1))
            assert_int_equal(found, first);
        regions[slot] = space_insert(space, first, 16, 4, 0);
        if (i % 500 == 0)
            space_verify(space);
    }
    space_verify(space);
    assert_true(space_overhead_bytes(space) / COUNT <= 128);
    done(space);
}

enum order { ASCENDING, DESCENDING, RANDOM, ORDERS };

/* A tree of three levels loses its regions in some order until one in fifty is left, grows again,
 * and loses all of them. */
static void a_deep_tree_shrinks_and_grows_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 9000 };
    static struct region *regions[COUNT];
    for (enum order order = ASCENDING; order < ORDERS; order++) {
        assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
        struct space *space = space_create(&arena, FIRST, 16 * (COUNT + 1));
        struct rng rng = rng_keyed(order, RNG_PROPERTY_TEST, 6);
        memset(regions, 0, sizeof regions);
        for (int i = 0; i < 4 * COUNT; i++) {
            bool fill = i / COUNT % 2 == 0;
            uint64_t at = (uint64_t)(i % COUNT);
            at = order == RANDOM      ? rng_below(&rng, COUNT)
                 : order == ASCENDING ? at
                                      : COUNT - 1 - at;
            if (fill && !regions[at])
                regions[at] = space_insert(space, 16 * (at + 1), 1 + at % 16, 4, 0);
            else if (!fill && regions[at] && at % 50 != 7) {
                space_remove(space, regions[at]);
                regions[at] = NULL;
            }
            if (i % 101 == 0)
                space_verify(space);
        }
        while (space_regions(space) > 0)
            space_remove(space, space_find_previous(space, 16 * (COUNT + 1) - 1));
        space_verify(space);
        done(space);
    }
}

static void neighbours_of_a_page_are_found_across_leaves(void **state)
{
    (void)state; /*  16 A 32 free 48 B 64 free 80 C ...  one region every other granule */
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    struct space *space = space_create(&arena, FIRST, 16 * 2001);
    for (uint64_t i = 1; i < 2000; i += 2)
        space_insert(space, 16 * i, 16, 4, 0);
    for (uint64_t page = 0; page < 16 * 2000; page++) {
        uint64_t granule = page / 16;
        uint64_t next = page % 16 == 0 && granule % 2 ? granule : (granule + 1) | 1;
        uint64_t previous = granule == 0 ? 0 : (page - 1) / 16;
        previous -= previous % 2 == 0 && previous > 0;
        struct region *above = space_find_next(space, page);
        struct region *below = space_find_previous(space, page);
        assert_int_equal(above ? region_info(above).first_page : 0, next < 2000 ? 16 * next : 0);
        assert_int_equal(below ? region_info(below).first_page : 0, 16 * previous);
    }
    done(space);
}

/* ---- page table ---- */

struct seen {
    uint64_t count, last;
};

static void remove_odd(void *context, uint64_t page, uint32_t *entry)
{
    struct seen *seen = context;
    assert_true(seen->count == 0 || page > seen->last);
    seen->last = page;
    seen->count++;
    if (*entry & 1)
        *entry = 0;
}

static void the_page_table_keeps_sparse_entries_and_walks_in_order(void **state)
{
    (void)state;
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    uint64_t end = UINT64_C(1) << 35;
    struct page_table *table = page_table_create(&arena, end);
    struct rng rng = rng_keyed(3, RNG_PROPERTY_TEST, 5);
    enum { COUNT = 4000 };
    static uint64_t pages[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pages[i] = i % 2 ? rng_below(&rng, end) : rng_below(&rng, 5000);
        page_table_set(table, pages[i], (uint32_t)(pages[i] & 0xffff) | 0x10000);
    }
    page_table_verify(table);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(page_table_get(table, pages[i]), (pages[i] & 0xffff) | 0x10000);
    struct seen seen = {0};
    uint64_t entries = page_table_entries(table);
    page_table_walk(table, 0, end, remove_odd, &seen);
    assert_int_equal(seen.count, entries);
    page_table_verify(table);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(page_table_get(table, pages[i]) != 0, pages[i] % 2 == 0);
    for (int i = 0; i < COUNT; i++)
        page_table_set(table, pages[i], 0);
    assert_int_equal(page_table_entries(table), 0);
    page_table_verify(table);
    page_table_destroy(table);
    arena_destroy(&arena);
}

static void a_walk_visits_only_its_range(void **state)
{
    (void)state;
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    struct page_table *table = page_table_create(&arena, UINT64_C(1) << 35);
    for (uint64_t page = 500; page < 1600; page++)
        page_table_set(table, page, 2);
    struct seen seen = {0};
    page_table_walk(table, 511, 514, remove_odd, &seen);
    assert_int_equal(seen.count, 514);
    assert_int_equal(seen.last, 1024);
    page_table_destroy(table);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_space_is_one_hole),
        cmocka_unit_test(the_tail_of_a_granule_is_free_but_not_available),
        cmocka_unit_test(holes_are_found_lowest_highest_and_aligned),
        cmocka_unit_test(runs_of_like_pages_coalesce_and_split),
        cmocka_unit_test(a_terabyte_costs_what_a_page_costs_in_memory),
        cmocka_unit_test(random_operations_agree_with_a_naive_model),
        cmocka_unit_test(thousands_of_runs_in_one_region_stay_right),
        cmocka_unit_test(tens_of_thousands_of_regions_come_and_go),
        cmocka_unit_test(a_deep_tree_shrinks_and_grows_in_any_order),
        cmocka_unit_test(neighbours_of_a_page_are_found_across_leaves),
        cmocka_unit_test(the_page_table_keeps_sparse_entries_and_walks_in_order),
        cmocka_unit_test(a_walk_visits_only_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
