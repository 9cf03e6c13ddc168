/* Conformance vectors: all bundled files hold, damaged ones are refused, and the checker really
 * notices what differs. */
#include "tests/support.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/vectors.h"

/* Not one result is excused: an N line that this machine answers otherwise would be listed here
 * with the reason. */
#define SOFT_ALLOWED 0

static void all_bundled_files_hold_without_mismatch(void **state)
{
    (void)state;
    struct vector_totals totals = {0};
    glob_t found;
    assert_int_equal(glob("tests/vectors/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (vectors_run_file(found.gl_pathv[i], false, &totals) != 0)
            fail_msg("%s", found.gl_pathv[i]);
    globfree(&found);
    assert_true(totals.results > 6500);
    assert_int_equal(totals.mismatches, 0);
    assert_int_equal(totals.soft, SOFT_ALLOWED);
}

/* Runs the text as a file; everything it prints goes to output. */
static int run_text(const char *text, bool print, struct vector_totals *totals, char *output,
                    size_t output_bytes)
{
    char input_path[] = "/tmp/lowwater-vectors-XXXXXX";
    int input = mkstemp(input_path);
    assert_true(input >= 0);
    assert_int_equal(write(input, text, strlen(text)), (ssize_t)strlen(text));
    close(input);
    FILE *capture = tmpfile();
    assert_non_null(capture);
    fflush(NULL);
    int real_out = dup(1), real_err = dup(2);
    dup2(fileno(capture), 1);
    dup2(fileno(capture), 2);
    *totals = (struct vector_totals){0};
    int code = vectors_run_file(input_path, print, totals);
    fflush(NULL);
    dup2(real_out, 1);
    dup2(real_err, 2);
    close(real_out);
    close(real_err);
    unlink(input_path);
    rewind(capture);
    output[fread(output, 1, output_bytes - 1, capture)] = '\0';
    fclose(capture);
    return code;
}

static void assert_run(const char *text, int code, const char *said)
{
    struct vector_totals totals;
    char output[4096];
    assert_int_equal(run_text(text, false, &totals, output, sizeof output), code);
    if (!strstr(output, said))
        fail_msg("'%s' does not say '%s'", output, said);
}

static void a_wrong_result_is_a_mismatch_with_its_place(void **state)
{
    (void)state;
    assert_run("case c-1 a title\narena R 0x10000\n> ok\nlock R 4096\n> fail 997\n", 1,
               ":4: c-1: lock R 4096: expected fail 997 [none], got fail 998\n");
    assert_run("case c-1\narena R 0x10000\nlock R 4096\n> fail 5\n! fail 158 #D\n", 1,
               "expected fail 158 [D], got fail 998\n");
}

static void inferred_results_are_soft_and_do_not_fail(void **state)
{
    (void)state;
    struct vector_totals totals;
    char output[1024];
    const char *text = "case c\narena R 0x10000\n> ok\nlock R 1\n> fail 1\n! fail 2 #N\n"
                       "lock R 1\n> fail 3\n~ unspecified\n";
    assert_int_equal(run_text(text, false, &totals, output, sizeof output), 0);
    assert_int_equal(totals.results, 2);
    assert_int_equal(totals.mismatches, 0);
    assert_int_equal(totals.soft, 1);
}

static void malformed_files_are_refused_with_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"case c\nfrobnicate 1\n", ":2: error: unknown operation 'frobnicate'"},
        {"case c\n\n# comment\nalloc A 0 0x1000\n", ":4: error: alloc needs"},
        {"case c\nfree 0 0 MEM_WRONG\n", ":2: error: unknown number or name 'MEM_WRONG'"},
        {"case c\nfree @zz 0 MEM_RELEASE\n", ":2: error: not an address '@zz'"},
        {"> ok\n", ":1: error: a result without an operation"},
        {"case c\nfree 0 0 0\n! ok\n", ":3: error: a corrected result ends in"},
        {"case c\nfree 0 0 0\n! ok #X\n", ":3: error: a corrected result ends in"},
        {"case c\nwalk 0\n", ":2: error: walk needs an arena"},
        {"~ unspecified\n", ":1: error: '~' without an operation"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_run(bad[i].text, 6, bad[i].said);
}

static void printing_echoes_operations_with_own_results(void **state)
{
    (void)state;
    struct vector_totals totals;
    char output[1024];
    const char *text = "case c title\narena R 0x10000\n> nonsense\nfree X 0 MEM_RELEASE\n"
                       "alloc A R+0x10 1 MEM_RESERVE PAGE_READWRITE\n";
    assert_int_equal(run_text(text, true, &totals, output, sizeof output), 0);
    assert_string_equal(output,
                        "case c title\narena R 0x10000\n> ok\nfree X 0 MEM_RELEASE\n> skip\n"
                        "alloc A R+0x10 1 MEM_RESERVE PAGE_READWRITE\n> ok R+0x0\n");
}

static void results_compare_numbers_by_their_value(void **state)
{
    (void)state;
    assert_true(vector_results_equal("ok old=0x04", "ok old=4"));
    assert_true(vector_results_equal("ok R+0x1000", "ok R+4096"));
    assert_true(vector_results_equal("ok mod16=0 same", "ok mod16=0 moved"));
    assert_true(vector_results_equal("null 8", "null 87"));
    assert_false(vector_results_equal("ok old=0x4", "ok old=0x40"));
    assert_false(vector_results_equal("ok R+0x1000", "ok S+0x1000"));
    assert_false(vector_results_equal("ok", "ok R+0x0"));
    assert_false(vector_results_equal("fail 8", "fail 87"));
}

static void every_case_begins_with_an_empty_machine(void **state)
{
    (void)state;
    assert_run("case a\nalloc A 0 0x10000 MEM_RESERVE|MEM_COMMIT PAGE_READWRITE\n"
               "write A+5 0x77\n> ok\ncase b\nread A\n> skip\n"
               "alloc A 0 0x10000 MEM_RESERVE|MEM_COMMIT PAGE_READWRITE\niszero A 0x10000\n> yes\n",
               0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bundled_files_hold_without_mismatch),
        cmocka_unit_test(a_wrong_result_is_a_mismatch_with_its_place),
        cmocka_unit_test(inferred_results_are_soft_and_do_not_fail),
        cmocka_unit_test(malformed_files_are_refused_with_the_line),
        cmocka_unit_test(printing_echoes_operations_with_own_results),
        cmocka_unit_test(results_compare_numbers_by_their_value),
        cmocka_unit_test(every_case_begins_with_an_empty_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
