/* The compatibility headers under real compilers: tests/headers/ holds what hosts write, here it is
 * compiled from C and C++ in several versions with gcc and clang, whichever are installed. Warnings
 * count as failures, and what cannot work must stop with its message. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS " -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-missing-field-initializers"
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

static void expect_compiles(const char *compiler, const char *options, const char *source)
{
    char command[512], text[4096];
    snprintf(command, sizeof command, "%s" FLAGS " %s -fsyntax-only tests/headers/%s 2>&1",
             compiler, options, source);
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

static void tables_and_types_in_c_are_laid_out_as_on_windows(void **state)
{
    (void)state;
    EACH(compiler, c_compilers)
    expect_compiles(compiler, "", "layout.c");
}

static void idioms_of_hosts_in_c_compile_without_warnings(void **state)
{
    (void)state;
    EACH(compiler, c_compilers)
    expect_compiles(compiler, "", "idioms.c");
}

static void idioms_of_hosts_in_cxx_compile_without_warnings(void **state)
{
    (void)state;
    EACH(compiler, cxx_compilers)
    expect_compiles(compiler, "", "idioms.cpp");
}

static void the_cxx_library_works_before_and_after_our_headers(void **state)
{
    (void)state;
    EACH(compiler, cxx_compilers)
    {
        expect_compiles(compiler, "", "order.cpp");
        expect_compiles(compiler, "-DLIBRARY_FIRST", "order.cpp");
        expect_compiles(compiler, "-DNOMINMAX", "order.cpp");
    }
}

/* Slots, identifiers and calls in both directions, in a program made of both languages. */
static void objects_of_c_and_cxx_call_each_other_by_slot(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"gcc", "g++"}, {"clang", "clang++"}, {"gcc", "clang++"}};
    char folder[] = "/tmp/lowwater-headers-XXXXXX", command[1024], text[4096];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!is_installed(pairs[i][0]) || !is_installed(pairs[i][1]))
            continue;
        snprintf(command, sizeof command,
                 "{ %s -std=c11" FLAGS " -c tests/headers/cross.c -o %s/c.o && %s -std=c++14" FLAGS
                 " tests/headers/cross.cpp %s/c.o -o %s/cross && %s/cross; } 2>&1",
                 pairs[i][0], folder, pairs[i][1], folder, folder, folder);
        if (output_of(command, text, sizeof text) != 0 || text[0])
            fail_msg("%s and %s:\n%s", pairs[i][0], pairs[i][1], text);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
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

static void other_spellings_of_header_names_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"Windows.h",  "WINDOWS.H",  "MSCorEE.h", "MSCOREE.H",
                                        "mscoree.h",  "MetaHost.h", "Psapi.h",   "PSAPI.H",
                                        "CorError.h", "ObjBase.h",  "Unknwn.h",  "Process.h",
                                        "WinBase.h",  "WinNT.h",    "WinDef.h",  "WinError.h"};
    char command[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(command, sizeof command,
                 "echo '#include <%s>' | gcc -x c -fsyntax-only -Isim/include -", names[i]);
        if (system(command) != 0)
            fail_msg("%s", names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_and_types_in_c_are_laid_out_as_on_windows),
        cmocka_unit_test(idioms_of_hosts_in_c_compile_without_warnings),
        cmocka_unit_test(idioms_of_hosts_in_cxx_compile_without_warnings),
        cmocka_unit_test(the_cxx_library_works_before_and_after_our_headers),
        cmocka_unit_test(objects_of_c_and_cxx_call_each_other_by_slot),
        cmocka_unit_test(what_cannot_work_stops_with_one_clear_message),
        cmocka_unit_test(other_spellings_of_header_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
