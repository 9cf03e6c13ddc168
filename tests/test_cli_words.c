/* Small print of the command line: help in every spelling, what a misspelt word may have meant,
 * lists that fit a terminal. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <string.h>

static void short_help_is_answered_by_every_command(void **state)
{
    (void)state;
    static const char *const commands[] = {"run",   "replay",     "import",  "validate",
                                           "list",  "schema",     "vectors", "cc",
                                           "trace", "trace print"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cli("%s -h", commands[i]);
        expect_exit(0);
        expect_out("usage: lowwater");
    }
}

static void a_misspelt_injection_says_what_was_meant(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"VirtualAloc#1", "did you mean 'VirtualAlloc'?"},
        {"VirtualAlloc[comit]#1", "did you mean 'commit'?"},
        {"VirtualAlloc[commit,sze>=4096]#1", "did you mean 'size'?"},
        {"HeapAlloc#2:ERROR_NOT_ENOUGH_MEMROY:x3", "did you mean 'ERROR_NOT_ENOUGH_MEMORY'?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cli("run %s --inject %s", small_recording(), cases[i][0]);
        expect_exit(2);
        expect_err(cases[i][1]);
    }
    static const char *const nothing_like_it[] = {"Frobnicate#1", "VirtualAlloc#x",
                                                  "VirtualAlloc#1:ERROR_X", "VirtualAlloc[commit"};
    for (size_t i = 0; i < sizeof nothing_like_it / sizeof *nothing_like_it; i++) {
        const struct cli_result *result =
            cli("run %s --inject %s", small_recording(), nothing_like_it[i]);
        expect_exit(2);
        assert_null(strstr(result->err, "did you mean"));
    }
}

static size_t longest_line(const char *text)
{
    size_t longest = 0;
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        size_t length = strcspn(at, "\n");
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void lists_and_help_fit_eighty_columns(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "list",        "list scenarios", "list recordings", "list counters", "list calls",
        "list faults", "list keys",      "list policies",   "run --help",    "--help",
        "cc -h",       "import -h",      "list -h",         "replay -h",     "schema -h",
        "trace -h",    "validate -h",    "vectors -h"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct cli_result *result = cli("%s", lines[i]);
        expect_exit(0);
        if (longest_line(result->out) > 80)
            fail_msg("lowwater %s has a line of %zu columns", lines[i], longest_line(result->out));
    }
}

static void standard_input_is_read_once(void **state)
{
    (void)state;
    static const char *const commands[] = {"run", "validate", "vectors", "trace stat",
                                           "trace diff"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cli("%s - -", commands[i]);
        expect_exit(2);
        expect_err("standard input can be read once");
        expect_silent_out();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_help_is_answered_by_every_command),
        cmocka_unit_test(a_misspelt_injection_says_what_was_meant),
        cmocka_unit_test(lists_and_help_fit_eighty_columns),
        cmocka_unit_test(standard_input_is_read_once),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
