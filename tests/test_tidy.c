/* Rules of the code as a test: layers, lengths, banned constructs with their replacement, and the
 * one mutable global. Reads the sources as text, so it knows shapes, not meanings: functions are
 * found by their braces in column 0, which .clang-format guarantees. */
#include "tests/support.h"

#include <ctype.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LINES_MAX 600
#define FUNCTION_LINES_MAX 70

static unsigned problems;

static void complain(const char *path, int line, const char *what, const char *detail)
{
    printf("%s:%d: %s %s\n", path, line, what, detail);
    problems++;
}

typedef void check_line(const char *path, int line, const char *text);

static void each_line(const char *pattern, check_line *check)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "r");
        assert_non_null(file);
        char text[4096];
        for (int line = 1; fgets(text, sizeof text, file); line++)
            check(found.gl_pathv[i], line, text);
        check(found.gl_pathv[i], 0, ""); /* the end of the file */
        fclose(file);
    }
    globfree(&found);
}

static const char *const code_patterns[] = {
    "sim/core/*.[ch]",    "sim/os/*.[ch]",   "sim/crt/*.[ch]",
    "sim/clr/*.[ch]",     "sim/include/*.h", "sim/include/lowwater/*.h",
    "harness/*.[ch]",     "policies/*.c*",   "tests/*.[ch]",
    "tests/bench/*.[ch]",
};

static void all_code(check_line *check)
{
    for (size_t i = 0; i < sizeof code_patterns / sizeof *code_patterns; i++)
        each_line(code_patterns[i], check);
    assert_int_equal(problems, 0);
}

/* ---- layers ---- */

static const struct layer {
    const char *folder;
    const char *allowed; /* folders that quoted includes may name */
} layers[] = {
    {"sim/core/", "core/"},
    {"sim/os/", "core/ include/ os/"},
    {"sim/crt/", "core/ include/ os/ crt/"},
    {"sim/clr/", "core/ include/ clr/"},
    {"policies/", ""},
    {"harness/", "core/ include/ os/ crt/ clr/ harness/"},
};

static void check_include(const char *path, int line, const char *text)
{
    const char *quote = strncmp(text, "#include \"", 10) == 0 ? text + 10 : NULL;
    for (size_t i = 0; quote && i < sizeof layers / sizeof *layers; i++) {
        if (strncmp(path, layers[i].folder, strlen(layers[i].folder)) != 0)
            continue;
        char folder[64];
        const char *slash = strchr(quote, '/');
        size_t length = slash ? (size_t)(slash - quote) + 1 : 0;
        snprintf(folder, sizeof folder, "%.*s", (int)length, quote);
        const char *at = length ? strstr(layers[i].allowed, folder) : NULL;
        if (!at || (at != layers[i].allowed && at[-1] != ' '))
            complain(path, line, "this layer may not include", quote);
    }
}

static void every_layer_includes_only_the_layers_below_it(void **state)
{
    (void)state;
    all_code(check_include);
}

/* ---- lengths ---- */

static int lines_so_far, function_start, member_start;
static bool class_begins; /* the line before is the head of a class */

static void check_function(const char *path, int line, int start)
{
    if (start && line - start + 2 > FUNCTION_LINES_MAX)
        complain(path, start, "the function is too long: split it", "");
}

static void check_lengths(const char *path, int line, const char *text)
{
    if (line == 0) {
        if (lines_so_far > FILE_LINES_MAX)
            complain(path, lines_so_far, "the file is too long: split it by topic", "");
        lines_so_far = 0;
        return;
    }
    lines_so_far = line;
    if (!strstr(path, ".c"))
        return;
    if (strcmp(text, "{\n") == 0)
        function_start = class_begins ? 0 : line;
    if (strcmp(text, "    {\n") == 0) /* within a class, or a block of a function */
        member_start = line;
    if (text[0] == '}') {
        check_function(path, line, function_start);
        function_start = 0;
    } else if (strncmp(text, "    }", 5) == 0) {
        check_function(path, line, member_start);
        member_start = 0;
    }
    class_begins = strncmp(text, "class ", 6) == 0 || strstr(text, "> class ");
}

static void files_and_functions_stay_short(void **state)
{
    (void)state;
    each_line("tests/policies/*.c*", check_lengths);
    each_line("tests/policies/*/*.c*", check_lengths);
    each_line("tests/policies/*/*/*.c*", check_lengths);
    each_line("tests/hosts/*.c*", check_lengths);
    all_code(check_lengths);
}

/* ---- banned constructs ---- */

static const struct ban {
    const char *folder;
    const char *word;
    const char *instead;
} bans[] = {
    {"", "strcpy(", "use snprintf"},
    {"", "strcat(", "use snprintf"},
    {"", "sprintf(", "use snprintf"},
    {"", "strtok(", "use strcspn"},
    {"", "atoi(", "use strtoull and look at its end"},
    {"", "gets(", "use fgets"},
    {"", "TODO", "finish it or leave it out"},
    {"", "FIXME", "finish it or leave it out"},
    {"sim/core/", "assert(", "use CHECK"},
    {"sim/os/", "assert(", "use CHECK"},
    {"sim/clr/", "assert(", "use CHECK"},
    {"sim/core/", "malloc(", "use arena_alloc"},
    {"sim/os/", "malloc(", "use arena_alloc"},
    {"sim/clr/", "malloc(", "use arena_alloc"},
    {"sim/core/", "float ", "integers only in the model"},
    {"sim/os/", "float ", "integers only in the model"},
    {"sim/clr/", "float ", "integers only in the model"},
    {"sim/core/", "double ", "integers only in the model"},
    {"sim/os/", "double ", "integers only in the model"},
    {"sim/clr/", "double ", "integers only in the model"},
    {"sim/", "clock_gettime(", "use sim->now_ns"},
    {"sim/", "gettimeofday(", "use sim->now_ns"},
    {"sim/", "getenv(", "read it in the harness"},
    {"sim/", "fopen(", "files are the harness's"},
    {"sim/", "exit(", "use sim_stop"},
    {"harness/", " exit(", "return the exit code to main"},
};

/* True where the word stands as code: not inside a longer name, not in a string or comment. */
static bool stands_alone(const char *text, const char *at)
{
    if (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_') &&
        isalpha((unsigned char)*at))
        return false;
    bool quoted = false;
    for (const char *c = text; c < at; c++) {
        if (*c == '"' && (c == text || c[-1] != '\\'))
            quoted = !quoted;
        if (!quoted && c[0] == '/' && (c[1] == '*' || c[1] == '/'))
            return false;
    }
    const char *first = text + strspn(text, " \t");
    return !quoted && first[0] != '*';
}

static void check_bans(const char *path, int line, const char *text)
{
    if (strcmp(path, "tests/test_tidy.c") == 0 || strncmp(path, "sim/include/", 12) == 0)
        return;
    if (strncmp(path, "sim/crt/", 8) == 0) /* defines these very functions for policies */
        return;
    for (size_t i = 0; i < sizeof bans / sizeof *bans; i++) {
        const char *at = strstr(text, bans[i].word);
        if (strncmp(path, bans[i].folder, strlen(bans[i].folder)) == 0 && at &&
            stands_alone(text, at))
            complain(path, line, bans[i].word, bans[i].instead);
    }
}

static void banned_constructs_do_not_appear(void **state)
{
    (void)state;
    all_code(check_bans);
}

/* ---- every file says what it is for ---- */

static void check_opening(const char *path, int line, const char *text)
{
    if (line == 1 && strncmp(text, "/*", 2) != 0 && strncmp(text, "//", 2) != 0)
        complain(path, line, "the file must open with a comment: what is it for?", "");
}

static void every_file_opens_with_what_it_is_for(void **state)
{
    (void)state;
    all_code(check_opening);
}

/* ---- mutable globals ---- */

static void the_simulator_has_only_the_explained_mutable_globals(void **state)
{
    (void)state;
    static const char *const allowed[] = {"current_machine", "failure_hook"};
    FILE *names = popen("nm -A " TEST_BUILD_DIR "/obj/sim/*/*.o", "r");
    assert_non_null(names);
    char text[1024];
    unsigned seen = 0;
    while (fgets(text, sizeof text, names)) {
        char kind = 0, name[512] = "";
        const char *colon = strrchr(text, ':');
        if (!colon || sscanf(colon + 1, "%*x %c %511s", &kind, name) != 2)
            continue;
        bool fine = !strchr("bBdDC", kind) || strncmp(name, "__", 2) == 0 ||
                    strchr(name, '.') != NULL; /* sanitizers add their own */
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            fine = fine || strcmp(name, allowed[i]) == 0;
        seen++;
        if (!fine)
            complain(text, 0, "mutable global:", name);
    }
    assert_int_equal(pclose(names), 0);
    assert_true(seen > 100);
    assert_int_equal(problems, 0);
}

static int forget_problems(void **state)
{
    (void)state;
    problems = 0;
    return 0;
}

/* ---- documentation ---- */

static void check_table(const char *path, int line, const char *text)
{
    size_t length = strlen(text);
    if (text[0] == '|' && (length < 3 || strcmp(text + length - 2, "|\n") != 0))
        complain(path, line, "the row of a table ends with '|'", "");
}

static void tables_of_the_documentation_have_closed_rows(void **state)
{
    (void)state;
    static const char *const pages[] = {"*.md", "docs/*.md", "docs/decisions/*.md",
                                        "scenarios/*.md"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        each_line(pages[i], check_table);
    assert_int_equal(problems, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_layer_includes_only_the_layers_below_it, forget_problems),
        cmocka_unit_test_setup(files_and_functions_stay_short, forget_problems),
        cmocka_unit_test_setup(banned_constructs_do_not_appear, forget_problems),
        cmocka_unit_test_setup(every_file_opens_with_what_it_is_for, forget_problems),
        cmocka_unit_test_setup(the_simulator_has_only_the_explained_mutable_globals,
                               forget_problems),
        cmocka_unit_test_setup(tables_of_the_documentation_have_closed_rows, forget_problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
