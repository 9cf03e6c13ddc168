/* Curves of pressure: what lines of a CSV file mean, which are refused and where, and that a trace
 * needs no file. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/rng.h"
#include "tests/cli_run.h"
#include "tests/scenario_support.h"

#define SECOND UINT64_C(1000000000)
#define MIB (UINT64_C(1) << 20)
#define ONE                                                                                        \
    "name: t\nworkload: [wait: 10s]\npressure:\n"                                                  \
    "- {at: 1s, curve: curve.csv, of: commit, scale: 3/2, speed: 2x}\n"

static void put_bytes(const char *bytes, size_t count)
{
    write_file(cli_path("curve.csv"), bytes, count);
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

static const struct pressure_curve *read_fine(const char *text)
{
    put(text);
    const struct loaded *loaded = load(ONE);
    if (loaded->result != INPUT_OK)
        fail_msg("%s\nis refused:\n%s", text, loaded->err);
    return loaded->scenario->workload.pressure[0].curve;
}

/* Refused with this place and these words. */
static void expect_bad(const char *text, const char *place_and_words)
{
    char fragment[512];
    put(text);
    const struct loaded *loaded = load(ONE);
    snprintf(fragment, sizeof fragment, "/curve.csv:%s", place_and_words);
    if (loaded->result != INPUT_INVALID || loaded->usage || !strstr(loaded->err, fragment))
        fail_msg("expected '%s', got result %d: %s", fragment, loaded->result, loaded->err);
}

static void expect_points(const struct pressure_curve *curve, const struct curve_point *points,
                          uint64_t count)
{
    assert_int_equal(curve->count, count);
    for (uint64_t i = 0; i < count; i++) {
        assert_int_equal(curve->points[i].at_ns, points[i].at_ns);
        assert_int_equal(curve->points[i].bytes, points[i].bytes);
    }
}
#define EXPECT_POINTS(curve, ...)                                                                  \
    do {                                                                                           \
        static const struct curve_point points[] = {__VA_ARGS__};                                  \
        expect_points(curve, points, sizeof points / sizeof *points);                              \
    } while (0)

/* ---- what lines mean ---- */

static void a_line_is_a_time_and_what_others_hold_from_then_on(void **state)
{
    (void)state;
    EXPECT_POINTS(read_fine("0,64MiB\n1,0\n1500ms,4096\n"), {0, 64 * MIB}, {SECOND, 0},
                  {SECOND + SECOND / 2, 4096});
    const struct pressure *p = &load(ONE)->scenario->workload.pressure[0];
    assert_int_equal(p->shape, PRESSURE_CURVE);
    assert_int_equal(p->of, PRESSURE_COMMIT);
    assert_int_equal(p->at_ns, SECOND);
    assert_true(p->scale_num == 3 && p->scale_den == 2 && p->speed_num == 2 && p->speed_den == 1);
}

static void seconds_are_exact_to_the_nanosecond(void **state)
{
    (void)state;
    EXPECT_POINTS(read_fine("0.000000001,1\n0.1,2\n0.3,3\n12.25,4\n86400,5\n"), {1, 1},
                  {100000000, 2}, {300000000, 3}, {12 * SECOND + SECOND / 4, 4},
                  {86400 * SECOND, 5});
}

static void comments_blank_lines_and_one_header_say_nothing(void **state)
{
    (void)state;
    EXPECT_POINTS(read_fine("# what others hold\n\n  # again\ntime,bytes\n1,2\n\t\n# behind\n3,4"),
                  {SECOND, 2}, {3 * SECOND, 4});
    EXPECT_POINTS(read_fine("seconds , \"committed bytes\", what else\n 1 ,\t2 \n"), {SECOND, 2});
    expect_bad("1,2\ntime,bytes\n", "2:1: error: a time is like");
    expect_bad("time,bytes\ntime,bytes\n1,2\n", "2:1: error: a time is like");
}

static void lines_end_as_on_any_system(void **state)
{
    (void)state;
    EXPECT_POINTS(read_fine("1,2\r\n3,4\r\n"), {SECOND, 2}, {3 * SECOND, 4});
    EXPECT_POINTS(read_fine("1,2\r3,4"), {SECOND, 2}, {3 * SECOND, 4});
    EXPECT_POINTS(read_fine("\xef\xbb\xbf"
                            "1,2\n"),
                  {SECOND, 2});
    /* Lines are counted as in a scenario. */
    expect_bad("# \xe2\x80\xa8# x\xc2\x85"
               "1,x\n",
               "3:3: error: what others hold");
}

/* ---- what is refused ---- */

static void what_is_wrong_is_shown_in_the_file_with_a_caret(void **state)
{
    (void)state;
    expect_bad("time,bytes\n0,1MiB\n 2.5 , 1.5GiB\n",
               "3:8: error: what others hold is a size up to "
               "64TiB like 512MiB, or bytes, not '1.5GiB'\n"
               "  3 |  2.5 , 1.5GiB\n"
               "    |        ^~~~~~\n");
    expect_bad("-1,2\n", "1:1: error: a time is like 250ms, or seconds like 12.25");
    expect_bad("1.,2\n", "1:1: error: a time");
    expect_bad(".5,2\nx,3\n1,2\n", "2:1: error: a time");
    expect_bad("1.0000000001,2\n", "1:1: error: a time");
    expect_bad("1e3,2\n", "1:1: error: a time");
    expect_bad("0x10,2\n", "1:1: error: a time");
    expect_bad("1.5s,2\n", "1:1: error: a time");
    expect_bad("1,0x10\n", "1:3: error: what others hold");
    expect_bad("1,-4096\n", "1:3: error: what others hold");
    expect_bad("1,all\n", "1:3: error: what others hold");
    expect_bad("1,65TiB\n", "1:3: error: what others hold");
    expect_bad("1,\n", "1:3: error: what others hold");
    expect_bad(",1\n", "1:1: error: a time");
    expect_bad("1;2\n", "1:1: error: a line has a time and a size, like 12.25,512MiB");
    expect_bad("1,2,3\n", "1:4: error: a line has a time and a size, and nothing behind");
    expect_bad("86400.000000001,2\n", "1:1: error: times go up to a day");
    expect_bad("1700000000,2\n", "1:1: error: a time");
    expect_bad("", "1:1: error: no line with a time and a size");
    expect_bad("time,bytes\n# nothing\n", "1:1: error: no line with a time and a size");
    expect_bad("1,2\n\xc3\xa4\xc3\xb6,\xff\n", "2:4: error: what others hold");
}

static void times_that_do_not_grow_are_refused(void **state)
{
    (void)state;
    expect_bad("1,1\n2,1\n2000ms,2\n", "3:1: error: times must grow: the line before has 2s");
    expect_bad("5,1\n4,1\n", "2:1: error: times must grow: the line before has 5s");
}

static void a_nul_byte_is_no_number(void **state)
{
    (void)state;
    static const char text[] = "1,2\0\n3\0,4\n";
    put_bytes(text, sizeof text - 1);
    const struct loaded *loaded = load(ONE);
    assert_int_equal(loaded->result, INPUT_INVALID);
    assert_non_null(strstr(loaded->err, "curve.csv:1:3: error:"));
    assert_non_null(strstr(loaded->err, "curve.csv:2:1: error:"));
}

static void a_hundred_thousand_lines_are_read_and_no_more(void **state)
{
    (void)state;
    size_t bytes;
    for (unsigned lines = 100000; lines <= 100001; lines++) {
        char *text;
        FILE *out = open_memstream(&text, &bytes);
        for (unsigned i = 0; i < lines; i++)
            fprintf(out, "%ums,1\n", i);
        fclose(out);
        put_bytes(text, bytes);
        free(text);
        const struct loaded *loaded = load(ONE);
        assert_int_equal(loaded->result, lines == 100000 ? INPUT_OK : INPUT_INVALID);
    }
    assert_non_null(
        strstr(load(ONE)->err, "curve.csv:100001:1: error: a curve has at most 100000"));
}

static void a_file_beyond_a_mebibyte_or_none_is_told_in_the_scenario(void **state)
{
    (void)state;
    size_t bytes = (1 << 20) + 1;
    char *text = malloc(bytes);
    memset(text, '#', bytes);
    put_bytes(text, bytes);
    expect_refused(ONE, "scenario.yaml:4:19: error: the curve 'curve.csv' is larger than 1 MiB");
    put_bytes(text, bytes - 1);
    free(text);
    assert_non_null(strstr(load(ONE)->err, "/curve.csv:1:1: error: no line"));
    expect_refused("name: t\nworkload: [wait: 1s]\npressure: [{at: 0, curve: none.csv}]\n",
                   "3:27: error: the curve 'none.csv' is not beside the scenario");
    expect_refused("name: t\nworkload: [wait: 1s]\npressure: [{at: 0, curve: .}]\n",
                   "error: the curve '.' is not beside the scenario");
    expect_refused("name: t\nworkload: [wait: 1s]\npressure: [{at: 0, curve: /dev/zero}]\n",
                   "error: the curve '/dev/zero' is not beside the scenario");
}

static void products_beyond_what_the_machine_counts_are_refused(void **state)
{
    (void)state;
    put("1,1TiB\n7200,1\n");
    expect_refused("name: t\nworkload: [wait: 1s]\npressure: [{at: 0, curve: curve.csv, scale: "
                   "65x}]\n",
                   "error: the curve takes more than 64TiB so");
    expect_refused("name: t\nworkload: [wait: 1s]\npressure: [{at: 0, curve: curve.csv, speed: "
                   "1/13}]\n",
                   "error: the curve takes more than a day so");
    load_fine("workload: [wait: 1s]\npressure: [{at: 0, curve: curve.csv, speed: 1/12, scale: "
              "64x}]\n");
}

static void one_file_in_several_entries_is_read_and_kept_once(void **state)
{
    (void)state;
    put("1,x\n");
    const struct loaded *loaded =
        load("name: t\nworkload: [wait: 1s]\n"
             "pressure: [{at: 0, curve: curve.csv}, {at: 1s, curve: curve.csv}]\n");
    const char *first = strstr(loaded->err, "curve.csv:1:3");
    assert_non_null(first);
    assert_null(strstr(first + 1, "curve.csv:1:3"));
    put("1,2\n");
    const struct scenario *s =
        load_fine("workload: [wait: 1s]\n"
                  "pressure: [{at: 0, curve: curve.csv}, {at: 1s, curve: curve.csv}]\n");
    assert_int_equal(s->files_count, 1);
    assert_string_equal(s->files[0].name, "curve.csv");
    assert_string_equal(s->files[0].text, "1,2\n");
    assert_ptr_equal(s->workload.pressure[0].curve, s->workload.pressure[1].curve);
}

static void a_curve_of_the_command_line_is_told_as_such(void **state)
{
    (void)state;
    static const char *const settings[] = {"pressure[0].curve=none.csv", NULL};
    put("1,2\n");
    const struct loaded *loaded = load_with(ONE, settings);
    assert_int_equal(loaded->result, INPUT_INVALID);
    assert_true(loaded->usage);
    assert_non_null(strstr(loaded->err, "--set pressure[0].curve=none.csv: the curve 'none.csv'"));
}

/* ---- at random ---- */

static void put_random_line(FILE *out, struct rng *rng, struct curve_point *point)
{
    static const char *const blanks[] = {"", " ", "\t", "   "};
    static const char *const ends[] = {"\n", "\r\n", "\n# more\n", "\n\n", "  \n"};
    uint64_t ns = point->at_ns + 1 + rng_below(rng, 3 * SECOND), bytes = rng_below(rng, 1 << 20);
    fputs(blanks[rng_below(rng, 4)], out);
    if (rng_below(rng, 2))
        fprintf(out, "%lluns", (unsigned long long)ns);
    else
        fprintf(out, "%llu.%09llu", (unsigned long long)(ns / SECOND),
                (unsigned long long)(ns % SECOND));
    fprintf(out, "%s,%s%llu", blanks[rng_below(rng, 4)], blanks[rng_below(rng, 4)],
            (unsigned long long)bytes);
    bool kib = rng_below(rng, 2);
    fprintf(out, "%s%s", kib ? "KiB" : "", ends[rng_below(rng, 5)]);
    *point = (struct curve_point){ns, bytes << (kib ? 10 : 0)};
}

static void random_courses_are_read_as_they_were_written(void **state)
{
    struct rng rng = rng_keyed(7, RNG_PROPERTY_TEST, 0);
    (void)state;
    for (int round = 0; round < 100; round++) {
        struct curve_point points[50] = {{0, 0}};
        uint64_t count = 1 + rng_below(&rng, 50);
        char *text;
        size_t bytes;
        FILE *out = open_memstream(&text, &bytes);
        for (uint64_t i = 0; i < count; i++) {
            points[i].at_ns = i ? points[i - 1].at_ns : 0;
            put_random_line(out, &rng, &points[i]);
        }
        fclose(out);
        expect_points(read_fine(text), points, count);
        free(text);
    }
}

/* Whatever is in the file: it is read, or told where it is wrong. */
static void random_bytes_are_refused_with_a_place(void **state)
{
    static const char alphabet[] =
        "0123456789,,,,.\n\n\r #sKMiGBn-+x\"\t\0\xc3\xa9\xe2\x80\xa8\xff";
    struct rng rng = rng_keyed(8, RNG_PROPERTY_TEST, 0);
    unsigned fine = 0;
    (void)state;
    for (int round = 0; round < 800; round++) {
        char text[64];
        size_t count = rng_below(&rng, sizeof text);
        for (size_t i = 0; i < count; i++)
            text[i] = alphabet[rng_below(&rng, round % 2 ? 12 : sizeof alphabet - 1)];
        put_bytes(text, count);
        const struct loaded *loaded = load(ONE);
        fine += loaded->result == INPUT_OK;
        if (loaded->result != INPUT_OK)
            assert_non_null(strstr(loaded->err, "/curve.csv:"));
    }
    assert_true(fine > 5);
}

/* ---- as a user sees it ---- */

static void put_scenario(const char *text)
{
    write_file(cli_path("curve.yaml"), text, strlen(text));
}

static void bad_files_end_every_command_with_exit_6(void **state)
{
    (void)state;
    put_scenario(ONE);
    put("0,1MiB\n1,nothing\n");
    cli_in(cli_folder(), "run curve.yaml");
    expect_exit(6);
    expect_err("curve.csv:2:3: error: what others hold");
    cli_in("/", "validate %s", cli_path("curve.yaml"));
    expect_exit(6);
    expect_err("curve.csv:2:3: error: what others hold");
}

static void a_trace_replays_when_the_file_has_changed_or_gone(void **state)
{
    (void)state;
    put_scenario("name: curve\nworkload: [wait: 10s]\npressure:\n"
                 "- {at: 1s, curve: curve.csv, of: commit}\n");
    put("# with a comment\n0,64MiB\n1,32MiB\n2.5,96MiB\n");
    cli_in("/", "run %s --policy passthrough --trace %s", cli_path("curve.yaml"),
           cli_path("curve.lwr"));
    expect_exit(0);
    cli("trace print --width 0 %s", cli_path("curve.lwr"));
    expect_out("64 MiB of commit taken, 64 MiB held");
    expect_out("32 MiB of commit given back, 32 MiB held");
    expect_out("64 MiB of commit taken, 96 MiB held");
    put("0,1MiB\n");
    cli("replay %s", cli_path("curve.lwr"));
    expect_exit(0);
    expect_out("identical");
    assert_int_equal(unlink(cli_path("curve.csv")), 0);
    assert_int_equal(unlink(cli_path("curve.yaml")), 0);
    cli_in("/", "replay %s", cli_path("curve.lwr"));
    expect_exit(0);
    expect_out("identical");
}

static void names_with_any_character_survive_the_trace(void **state)
{
    (void)state;
    static const char name[] = "a \\ curve: of\tMonday.csv";
    put_scenario("name: curve\nworkload: [wait: 10s]\npressure:\n"
                 "- {at: 1s, curve: \"a \\\\ curve: of\\tMonday.csv\", of: commit}\n");
    write_file(cli_path(name), "0,64MiB\n", 8);
    cli("run %s --policy passthrough --trace %s", cli_path("curve.yaml"), cli_path("curve.lwr"));
    expect_exit(0);
    assert_int_equal(unlink(cli_path(name)), 0);
    cli("replay %s", cli_path("curve.lwr"));
    expect_exit(0);
}

static void a_damaged_header_is_told_by_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"file 5\n", "file x day.csv\n", "file 99999999 day.csv\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        snprintf(text, sizeof text, "lowwater trace 2\nscenario t\n%s\n\n", bad[i]);
        write_file(cli_path("bad.lwr"), text, strlen(text));
        cli("replay %s", cli_path("bad.lwr"));
        expect_exit(6);
        expect_err("line 3 of the header: not");
    }
}

static int forget(void **state)
{
    (void)state;
    unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_time_and_what_others_hold_from_then_on),
        cmocka_unit_test(seconds_are_exact_to_the_nanosecond),
        cmocka_unit_test(comments_blank_lines_and_one_header_say_nothing),
        cmocka_unit_test(lines_end_as_on_any_system),
        cmocka_unit_test(what_is_wrong_is_shown_in_the_file_with_a_caret),
        cmocka_unit_test(times_that_do_not_grow_are_refused),
        cmocka_unit_test(a_nul_byte_is_no_number),
        cmocka_unit_test(a_hundred_thousand_lines_are_read_and_no_more),
        cmocka_unit_test(a_file_beyond_a_mebibyte_or_none_is_told_in_the_scenario),
        cmocka_unit_test(products_beyond_what_the_machine_counts_are_refused),
        cmocka_unit_test(one_file_in_several_entries_is_read_and_kept_once),
        cmocka_unit_test(a_curve_of_the_command_line_is_told_as_such),
        cmocka_unit_test(random_courses_are_read_as_they_were_written),
        cmocka_unit_test(random_bytes_are_refused_with_a_place),
        cmocka_unit_test(bad_files_end_every_command_with_exit_6),
        cmocka_unit_test(a_trace_replays_when_the_file_has_changed_or_gone),
        cmocka_unit_test(names_with_any_character_survive_the_trace),
        cmocka_unit_test(a_damaged_header_is_told_by_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
