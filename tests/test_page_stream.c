/* Streams of pages: the published stream, PCG32 against its reference, the shape of Zipf against
 * adding up, bounds. */
#include "tests/support.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/page_stream.h"
#include "core/rng.h"

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    return arena_init(&arena, 0, UINT64_C(1) << 30);
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(arena.live_bytes, 0);
    arena_destroy(&arena);
    return 0;
}

static void pcg32_gives_the_numbers_of_its_reference(void **state)
{
    (void)state;
    static const uint32_t expected[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                        0x83d2f293, 0xbfa4784b, 0xcbed606e};
    struct pcg32 pcg;
    pcg32_seed(&pcg, 42, 54); /* the demonstration of the reference implementation */
    for (int i = 0; i < 6; i++)
        assert_int_equal(pcg32_next(&pcg), expected[i]);
}

static void the_zipf_stream_has_the_published_digest(void **state)
{
    (void)state;
    struct page_stream stream;
    char line[128] = "";
    const char *path = TEST_BUILD_DIR "/tests/zipf.pages";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    page_stream_open(&stream, &arena, PAGES_ZIPF, 100000, 42, 54);
    for (int i = 0; i < 2000000; i++) {
        uint32_t page = (uint32_t)page_stream_next(&stream);
        uint8_t bytes[] = {(uint8_t)page, (uint8_t)(page >> 8), (uint8_t)(page >> 16),
                           (uint8_t)(page >> 24)};
        assert_int_equal(fwrite(bytes, 1, 4, file), 4);
    }
    page_stream_close(&stream, &arena);
    assert_int_equal(fclose(file), 0);
    FILE *sum = popen("sha256sum " TEST_BUILD_DIR "/tests/zipf.pages", "r");
    assert_non_null(sum);
    assert_non_null(fgets(line, sizeof line, sum));
    assert_int_equal(pclose(sum), 0);
    assert_int_equal(remove(path), 0);
    line[64] = '\0';
    assert_string_equal(line, "952ff5fc8c00fa36faf0ae38b6d7ca769db453b7a3c740209dfbdd610325fcce");
}

static void ranks_are_the_first_whose_sum_exceeds_the_draw(void **state)
{
    (void)state;
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, 32);
    for (int round = 0; round < 200; round++) {
        uint64_t pages = 1 + rng_below(&rng, round < 100 ? 20 : 5000), total = 0;
        uint64_t seed = rng_next(&rng);
        struct page_stream stream;
        struct pcg32 pcg;
        page_stream_open(&stream, &arena, PAGES_ZIPF, pages, seed, 3);
        pcg32_seed(&pcg, seed, 3);
        for (uint64_t i = 0; i < pages; i++)
            total += (UINT64_C(1) << 40) / (i + 1);
        for (int draw = 0; draw < 50; draw++) {
            uint64_t sum = 0, rank = 0;
            uint64_t high = pcg32_next(&pcg), r = high << 32 | pcg32_next(&pcg);
            uint64_t wanted = (uint64_t)(((unsigned __int128)r * total) >> 64);
            while ((sum += (UINT64_C(1) << 40) / (rank + 1)) <= wanted)
                rank++;
            assert_int_equal(page_stream_next(&stream), (rank * 611953 + 12345) % pages);
        }
        page_stream_close(&stream, &arena);
    }
}

static void sequential_goes_round_and_random_stays_inside(void **state)
{
    (void)state;
    struct page_stream stream;
    page_stream_open(&stream, &arena, PAGES_SEQUENTIAL, 3, 0, 0);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(page_stream_next(&stream), i % 3);
    page_stream_close(&stream, &arena);
    unsigned seen[7] = {0};
    page_stream_open(&stream, &arena, PAGES_RANDOM, 7, 1, 1);
    for (int i = 0; i < 70000; i++) {
        uint64_t page = page_stream_next(&stream);
        assert_true(page < 7);
        seen[page]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500);
    page_stream_close(&stream, &arena);
}

/* The same draws as a naive reading of the header. */
static void hot_pages_get_their_part_of_the_draws(void **state)
{
    (void)state;
    static const struct {
        uint64_t pages, hot, percent;
    } rows[] = {{1000, 100, 90}, {1000, 1, 50}, {7, 3, 0}, {7, 3, 100}, {50, 50, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page_stream stream;
        struct pcg32 pcg;
        uint64_t hot = 0, pages = rows[i].pages;
        page_stream_open(&stream, &arena, PAGES_HOT_COLD, pages, 42, i);
        page_stream_heat(&stream, rows[i].hot, rows[i].percent);
        pcg32_seed(&pcg, 42, i);
        for (int n = 0; n < 100000; n++) {
            uint64_t page = page_stream_next(&stream);
            bool is_hot =
                pcg32_next(&pcg) * UINT64_C(100) >> 32 < rows[i].percent || rows[i].hot == pages;
            uint64_t first = is_hot ? 0 : rows[i].hot, part = is_hot ? rows[i].hot : pages - first;
            unsigned __int128 r = pcg32_next_64(&pcg);
            assert_int_equal(page, first + (uint64_t)(r * part >> 64));
            hot += page < rows[i].hot;
        }
        uint64_t wanted = rows[i].hot == pages ? 100 : rows[i].percent;
        assert_in_range(hot + 500, wanted * 1000, wanted * 1000 + 1000);
        page_stream_close(&stream, &arena);
    }
}

static void one_page_is_always_the_next_one(void **state)
{
    (void)state;
    for (int order = PAGES_SEQUENTIAL; order <= PAGES_HOT_COLD; order++) {
        struct page_stream stream;
        page_stream_open(&stream, &arena, (enum page_order)order, 1, 9, 9);
        for (int i = 0; i < 100; i++)
            assert_int_equal(page_stream_next(&stream), 0);
        page_stream_close(&stream, &arena);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pcg32_gives_the_numbers_of_its_reference),
        TEST(the_zipf_stream_has_the_published_digest),
        TEST(ranks_are_the_first_whose_sum_exceeds_the_draw),
        TEST(sequential_goes_round_and_random_stays_inside),
        TEST(hot_pages_get_their_part_of_the_draws),
        TEST(one_page_is_always_the_next_one),
    };
    return cmocka_run_group_tests_name("page streams", tests, NULL, NULL);
}
