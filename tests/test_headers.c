/* windows.h and mscoree.h as hosts use them: programs in tests/headers compiled without a warning
 * by every compiler and standard that hosts come with, and run; every header alone; other spellings
 * of file names; what cannot work refused in words. A compiler that is not installed is left out.
 */
#include "tests/support.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WARNINGS "-Isim/include -Wall -Wextra -Werror"
#define FOLDER TEST_BUILD_DIR "/headers"

static const char *const c_compilers[] = {"gcc -std=c11", "gcc -std=gnu11", "clang -std=c11"};
static const char *const cpp_compilers[] = {"g++ -std=c++14", "g++ -std=c++20",
                                            "clang++ -std=c++14", "clang++ -std=c++20"};

/* Runs a shell command; its output goes to FOLDER/log. */
static int shell(const char *command)
{
    char text[2048];
    snprintf(text, sizeof text, "(%s) >%s/log 2>&1", command, FOLDER);
    return system(text);
}

static void show_log_and_fail(const char *what)
{
    if (system("head -n 30 " FOLDER "/log") != 0)
        printf("no log\n");
    fail_msg("%s", what);
}

static bool installed(const char *compiler)
{
    char command[256];
    snprintf(command, sizeof command, "%.*s --version", (int)strcspn(compiler, " "), compiler);
    return shell(command) == 0;
}

static void build_and_run(const char *compiler, const char *source)
{
    char command[1024];
    if (!installed(compiler))
        return;
    snprintf(command, sizeof command,
             "%s -O1 %s tests/headers/%s -o %s/program -lpthread && "
             "%s/program",
             compiler, WARNINGS, source, FOLDER, FOLDER);
    if (shell(command) != 0)
        show_log_and_fail(command);
}

static void build_everywhere(const char *source)
{
    bool c = source[strlen(source) - 1] == 'c';
    for (size_t i = 0; c && i < sizeof c_compilers / sizeof *c_compilers; i++)
        build_and_run(c_compilers[i], source);
    for (size_t i = 0; !c && i < sizeof cpp_compilers / sizeof *cpp_compilers; i++)
        build_and_run(cpp_compilers[i], source);
}

static void sizes_values_and_identifiers_are_those_of_windows(void **state)
{
    (void)state;
    build_everywhere("layout.c");
    build_everywhere("layout.cpp");
}

static void hosts_in_c_build_with_macros_and_tables(void **state)
{
    (void)state;
    build_everywhere("c_host.c");
}

static void hosts_in_cpp_inherit_several_interfaces(void **state)
{
    (void)state;
    build_everywhere("cpp_host.cpp");
}

static void the_standard_library_may_come_first_or_last(void **state)
{
    (void)state;
    build_everywhere("standard_before.cpp");
    build_everywhere("standard_after.cpp");
}

static bool is_refused_on_purpose(const char *name)
{
    return strcmp(name, "atlbase.h") == 0 || strcmp(name, "atlcom.h") == 0;
}

/* One compiler run for all of them: a folder of one-line files, each its own translation unit. */
static void compile_headers_alone(const char *compiler, const char *suffix)
{
    glob_t found;
    char command[512], path[512];
    if (!installed(compiler))
        return;
    assert_int_equal(shell("rm -rf " FOLDER "/alone && mkdir " FOLDER "/alone"), 0);
    assert_int_equal(glob("sim/include/*.h", 0, NULL, &found), 0);
    assert_int_equal(glob("sim/include/lowwater/[!m]*.h", GLOB_APPEND, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen("sim/include/");
        if (is_refused_on_purpose(name))
            continue;
        snprintf(path, sizeof path, FOLDER "/alone/%zu.%s", i, suffix);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "#include <%s>\n#include <%s>\ntypedef int not_empty;\n", name, name);
        fclose(file);
    }
    globfree(&found);
    snprintf(command, sizeof command, "%s %s -fsyntax-only %s/alone/*.%s", compiler, WARNINGS,
             FOLDER, suffix);
    if (shell(command) != 0)
        show_log_and_fail(command);
}

static void every_header_compiles_alone_and_twice(void **state)
{
    (void)state;
    compile_headers_alone("gcc -std=c11", "c");
    compile_headers_alone("clang -std=c11", "c");
    compile_headers_alone("g++ -std=c++14", "cpp");
    compile_headers_alone("clang++ -std=c++20", "cpp");
}

static void the_active_template_library_is_refused_in_words(void **state)
{
    (void)state;
    int code = shell("echo '#include <atlbase.h>' | g++ -Isim/include -fsyntax-only -x c++ -");
    assert_int_not_equal(code, 0);
    assert_int_equal(system("grep -q 'write IUnknown.s three methods by hand' " FOLDER "/log"), 0);
}

static void the_names_of_windows_are_functions_not_macros(void **state)
{
    (void)state;
    assert_int_equal(shell("echo '#include <windows.h>' | gcc -Isim/include -dM -E -"), 0);
    assert_int_not_equal(system("grep -E '#define (Virtual|Heap|Global|Interlocked|Create|Get)"
                                "[A-Z][A-Za-z]*[( ]' " FOLDER "/log"),
                         0);
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
        cmocka_unit_test(sizes_values_and_identifiers_are_those_of_windows),
        cmocka_unit_test(hosts_in_c_build_with_macros_and_tables),
        cmocka_unit_test(hosts_in_cpp_inherit_several_interfaces),
        cmocka_unit_test(the_standard_library_may_come_first_or_last),
        cmocka_unit_test(every_header_compiles_alone_and_twice),
        cmocka_unit_test(the_active_template_library_is_refused_in_words),
        cmocka_unit_test(the_names_of_windows_are_functions_not_macros),
    };
    return cmocka_run_group_tests(tests, make_folder, NULL);
}
