/* What Microsoft's compiler knows and ours do not, and slots of every interface: sources in
 * tests/headers/ compiled in several versions of C and C++ by gcc and clang, whichever are
 * installed. Warnings are failures; what cannot work must stop with one message. Sizes, identifiers
 * and headers alone are test_headers.c's. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WARNINGS " -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-missing-field-initializers"
#define FOLDER TEST_BUILD_DIR "/headers-words"
#define FLAGS WARNINGS " -Isim/include"

static const char *const c_compilers[] = {"gcc -std=c11", "gcc -std=gnu17", "clang -std=c11"};
static const char *const cxx_compilers[] = {"g++ -std=c++14",     "g++ -std=c++17",
                                            "g++ -std=c++20",     "clang++ -std=c++14",
                                            "clang++ -std=c++20", "g++ -std=gnu++17 -O0"};

static int is_installed(const char *compiler)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %.*s >/dev/null", (int)strcspn(compiler, " "),
             compiler);
    return system(command) == 0;
}

/* Runs the command; 0 and its output (both streams) in text when it succeeds. */
static int output_of(const char *command, char *text, size_t room)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t used = fread(text, 1, room - 1, pipe);
    text[used] = '\0';
    char rest[256];
    while (fread(rest, 1, sizeof rest, pipe) > 0)
        ;
    return pclose(pipe);
}

static void expect_compiles(const char *compiler, const char *source)
{
    char command[512], text[4096];
    snprintf(command, sizeof command, "%s" FLAGS " -fsyntax-only tests/headers/%s 2>&1", compiler,
             source);
    if (output_of(command, text, sizeof text) != 0 || text[0])
        fail_msg("%s\n%s", command, text);
}

static void expect_refused(const char *compiler, const char *source, const char *message)
{
    char command[512], text[16384];
    snprintf(command, sizeof command, "%s -w -Isim/include -fsyntax-only tests/headers/%s 2>&1",
             compiler, source);
    if (output_of(command, text, sizeof text) == 0)
        fail_msg("%s compiles", source);
    if (!strstr(text, message))
        fail_msg("%s: no '%s' in\n%s", command, message, text);
    const char *first = strstr(text, "error:");
    assert_non_null(first);
    assert_null(strstr(first + 1, "error:")); /* one message, not a page of them */
}

#define EACH(compiler, list)                                                                       \
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)                                        \
        for (const char *compiler = list[i]; compiler && is_installed(compiler); compiler = NULL)

static void idioms_of_hosts_in_c_compile_without_warnings(void **state)
{
    (void)state;
    EACH(compiler, c_compilers)
    expect_compiles(compiler, "idioms.c");
}

static void idioms_of_hosts_in_cxx_compile_without_warnings(void **state)
{
    (void)state;
    EACH(compiler, cxx_compilers)
    expect_compiles(compiler, "idioms.cpp");
}

/* Slots, identifiers and calls in both directions, in a program made of both languages. */
static void objects_of_c_and_cxx_call_each_other_by_slot(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"gcc", "g++"}, {"clang", "clang++"}, {"gcc", "clang++"}};
    char command[1024], text[4096];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!is_installed(pairs[i][0]) || !is_installed(pairs[i][1]))
            continue;
        snprintf(command, sizeof command,
                 "{ %s -std=c11" FLAGS " -c tests/headers/cross.c -o %s/c.o && %s -std=c++14" FLAGS
                 " tests/headers/cross.cpp %s/c.o -o %s/cross && %s/cross; } 2>&1",
                 pairs[i][0], FOLDER, pairs[i][1], FOLDER, FOLDER, FOLDER);
        if (output_of(command, text, sizeof text) != 0 || text[0])
            fail_msg("%s and %s:\n%s", pairs[i][0], pairs[i][1], text);
    }
}

static void what_cannot_work_stops_with_one_clear_message(void **state)
{
    (void)state;
    EACH(compiler, c_compilers)
    expect_refused(compiler, "unsupported_seh.c", "structured exception handling");
    EACH(cxx_compiler, cxx_compilers)
    {
        expect_refused(cxx_compiler, "unsupported_seh.cpp", "structured exception handling");
        expect_refused(cxx_compiler, "unsupported_atl.cpp", "ATL (atlbase.h, atlcom.h)");
    }
}

static int make_folder(void **state)
{
    (void)state;
    mkdir(FOLDER, 0777);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idioms_of_hosts_in_c_compile_without_warnings),
        cmocka_unit_test(idioms_of_hosts_in_cxx_compile_without_warnings),
        cmocka_unit_test(objects_of_c_and_cxx_call_each_other_by_slot),
        cmocka_unit_test(what_cannot_work_stops_with_one_clear_message),
    };
    return cmocka_run_group_tests(tests, make_folder, NULL);
}
