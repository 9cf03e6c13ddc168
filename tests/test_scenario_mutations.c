/* Scenarios changed at random, always the same ones: whatever a file holds, the loader ends with a
 * scenario or with diagnostics whose places are in the file. tests/fuzz looks further. */
#include "tests/support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/rng.h"
#include "tests/cli_run.h"
#include "tests/mutate.h"
#include "tests/scenario_support.h"

#define ROOM 32768
#define DOCUMENTS 4000

static char *seeds[512];
static size_t seed_bytes[512];
static size_t seeds_count, good_count; /* the good ones first */

static void add_seeds(const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && seeds_count < 512; i++) {
        seeds[seeds_count] = read_whole_file(found.gl_pathv[i], &seed_bytes[seeds_count]);
        assert_non_null(seeds[seeds_count]);
        seeds_count++;
    }
    globfree(&found);
}

static unsigned count_lines(const char *text, size_t bytes)
{
    unsigned lines = 1;
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n' || text[i] == '\r' || (unsigned char)text[i] == 0x85 ||
                 (unsigned char)text[i] == 0xa8 || (unsigned char)text[i] == 0xa9;
    return lines;
}

/* Each first line of a diagnostic names a line of the file. */
static void check_places(const char *err, unsigned lines)
{
    static const char mark[] = "scenario.yaml:";
    unsigned count = 0;
    for (const char *at = strstr(err, mark); at; at = strstr(at + 1, mark), count++) {
        unsigned line = 0, column = 0;
        if (at != err && at[-1] != '/')
            continue;
        if (sscanf(at + sizeof mark - 1, "%u:%u: error: ", &line, &column) == 2 &&
            (line < 1 || line > lines + 1 || column < 1))
            fail_msg("a place outside of the file: %.80s", at);
    }
    assert_true(count >= 1 && count <= 21);
}

/* Most documents change a little, some a lot. */
static size_t make_document(uint64_t number, char *text)
{
    struct rng rng = rng_keyed(77, RNG_PROPERTY_TEST, number);
    size_t seed = rng_below(&rng, number % 4 ? good_count : seeds_count);
    size_t length = seed_bytes[seed];
    length = length < ROOM / 2 ? length : ROOM / 2;
    memcpy(text, seeds[seed], length);
    for (uint64_t changes = 1 + rng_below(&rng, rng_below(&rng, 2) ? 3 : 20); changes; changes--)
        length = mutate_text(&rng, text, length, ROOM);
    return length;
}

static void every_mutated_document_ends_in_a_scenario_or_in_places(void **state)
{
    static char text[ROOM];
    unsigned fine = 0;
    (void)state;
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        size_t length = make_document(i, text);
        const struct loaded *loaded = load_bytes(text, length, NULL);
        if (loaded->result == INPUT_OK)
            fine++;
        else
            check_places(loaded->err, count_lines(text, length));
    }
    /* Both ends have to be reached often, or the mutations are worth nothing. */
    assert_in_range(fine, DOCUMENTS / 50, DOCUMENTS * 9 / 10);
}

static void a_document_loads_twice_with_the_same_words(void **state)
{
    static char text[ROOM];
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        size_t length = make_document(i, text);
        char *first = strdup(load_bytes(text, length, NULL)->err);
        assert_string_equal(load_bytes(text, length, NULL)->err, first);
        free(first);
    }
}

static void every_beginning_of_a_scenario_ends_in_one_way_or_the_other(void **state)
{
    (void)state;
    size_t seed = 0; /* the longest of them */
    for (size_t i = 0; i < seeds_count; i++)
        if (seed_bytes[i] > seed_bytes[seed] && seed_bytes[i] < 4096)
            seed = i;
    for (size_t length = 0; length < seed_bytes[seed]; length++)
        load_bytes(seeds[seed], length, NULL);
}

static int read_seeds(void **state)
{
    (void)state;
    add_seeds("tests/fuzz/seeds/*.yaml");
    add_seeds("scenarios/*.yaml");
    good_count = seeds_count;
    add_seeds("tests/scenarios/bad/*.yaml");
    return good_count == 0;
}

static int forget_seeds(void **state)
{
    (void)state;
    unload();
    for (size_t i = 0; i < seeds_count; i++)
        free(seeds[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutated_document_ends_in_a_scenario_or_in_places),
        cmocka_unit_test(a_document_loads_twice_with_the_same_words),
        cmocka_unit_test(every_beginning_of_a_scenario_ends_in_one_way_or_the_other),
    };
    return cmocka_run_group_tests(tests, read_seeds, forget_seeds);
}
