/* Deliberately bad scenarios and the diagnostics they get, word for word: tests/scenarios/bad.
 * `make bad-scenarios` writes them anew. */
#include "tests/support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/cli_run.h"

#define FOLDER "tests/scenarios/bad"

/* Through the program, because a test binary does not find what is bundled in every build. */
static const struct cli_result *validate(const char *name)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/" FOLDER, cli_root());
    return cli_in(folder, "validate %s", name);
}

static void compare(const char *path)
{
    char golden_path[512];
    const char *name = strrchr(path, '/') + 1;
    const struct cli_result *result = validate(name);
    snprintf(golden_path, sizeof golden_path, "%.*s.txt", (int)(strlen(path) - strlen(".yaml")),
             path);
    expect_exit(6);
    expect_silent_out();
    char *golden = read_whole_file(golden_path, NULL);
    if (!golden || strcmp(golden, result->err) != 0)
        fail_msg("%s differs; it is now (make bad-scenarios):\n%s", golden_path, result->err);
    free(golden);
}

static void every_bad_scenario_gets_its_diagnostics_word_for_word(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob(FOLDER "/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 20);
    for (size_t i = 0; i < found.gl_pathc; i++)
        compare(found.gl_pathv[i]);
    globfree(&found);
}

static void every_golden_file_has_a_scenario_of_its_name(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob(FOLDER "/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char path[512];
        const char *golden = found.gl_pathv[i];
        snprintf(path, sizeof path, "%.*s.yaml", (int)(strlen(golden) - strlen(".txt")), golden);
        char *text = read_whole_file(path, NULL);
        assert_non_null(text);
        free(text);
    }
    globfree(&found);
}

static void no_line_of_a_diagnostic_but_its_text_is_wider_than_a_terminal(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob(FOLDER "/*.txt", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = read_whole_file(found.gl_pathv[i], NULL), *rest = text;
        for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
            size_t columns = 0;
            for (const char *at = line; *at; at++)
                columns += ((unsigned char)*at & 0xc0) != 0x80;
            if (columns > 86 && !strstr(line, ": error: "))
                fail_msg("%s: %zu columns: %s", found.gl_pathv[i], columns, line);
        }
        free(text);
    }
    globfree(&found);
}

static void several_files_are_all_checked_and_the_good_ones_named(void **state)
{
    (void)state;
    static const char good[] = "name: good\nworkload: [wait: 1ms]\n";
    static const char bad[] = "name: bad\n";
    write_file(cli_path("good.yaml"), good, sizeof good - 1);
    write_file(cli_path("bad.yml"), bad, sizeof bad - 1);
    cli_in(cli_folder(), "validate bad.yml good.yaml");
    expect_exit(6);
    expect_out("ok  good.yaml");
    expect_err("bad.yml:1:1: error: the key 'workload' is missing");
    cli_in(cli_folder(), "validate good.yaml no-such.yaml");
    expect_exit(2);
}

static void standard_input_is_checked_as_a_scenario(void **state)
{
    (void)state;
    static const char good[] = "name: good\nworkload: [wait: 1ms]\n";
    static const char bad[] = "name: bad\nworkload: [weit: 1ms]\n";
    write_file(cli_path("in.yaml"), good, sizeof good - 1);
    cli_reading(cli_path("in.yaml"), "validate -");
    expect_exit(0);
    expect_out("ok  -");
    write_file(cli_path("in.yaml"), bad, sizeof bad - 1);
    cli_reading(cli_path("in.yaml"), "validate -");
    expect_exit(6);
    expect_err("-:2:12: error: unknown step 'weit'");
}

static void a_file_beyond_a_mebibyte_is_refused_before_it_is_read_as_yaml(void **state)
{
    (void)state;
    size_t bytes = (1 << 20) + 1;
    char *text = malloc(bytes);
    memset(text, '#', bytes);
    write_file(cli_path("large.yaml"), text, bytes);
    free(text);
    cli("validate %s", cli_path("large.yaml"));
    expect_exit(6);
    expect_err("1 MiB");
    cli("run %s", cli_path("large.yaml"));
    expect_exit(6);
    expect_err("1 MiB");
    cli("validate %s", cli_folder());
    expect_exit(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_scenario_gets_its_diagnostics_word_for_word),
        cmocka_unit_test(every_golden_file_has_a_scenario_of_its_name),
        cmocka_unit_test(no_line_of_a_diagnostic_but_its_text_is_wider_than_a_terminal),
        cmocka_unit_test(several_files_are_all_checked_and_the_good_ones_named),
        cmocka_unit_test(standard_input_is_checked_as_a_scenario),
        cmocka_unit_test(a_file_beyond_a_mebibyte_is_refused_before_it_is_read_as_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
