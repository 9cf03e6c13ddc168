/* Threads of C, C++ and Windows in policies, through the loader: all of it works however the policy
 * was built, and the digest does not depend on how. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCES "tests/policies/threads/"

static bool has_compiler(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/usr/bin/%s", name);
    return access(path, X_OK) == 0;
}

/* The digest as the headline shows it. */
static void digest_of(const char *out, char digest[9])
{
    const char *end = strchr(out, '\n');
    assert_non_null(end);
    assert_true(end - out > 8);
    memcpy(digest, end - 8, 8);
    digest[8] = '\0';
}

static void build_and_run(const char *source, const char *flags, const char *options,
                          char digest[9])
{
    const char *out = cli_path("built.so");
    cli("cc -o %s%s " SOURCES "%s", out, flags, source);
    expect_exit(0);
    const struct cli_result *result = cli("run %s --policy %s%s", small_recording(), out, options);
    if (result->exit_code != 0)
        print_message("%s built with%s:\n", source, flags);
    expect_exit(0);
    digest_of(result->out, digest);
}

/* Once with each compiler, one of them without optimisation: what differs shows. */
static void runs_alike_however_it_was_built(const char *source, const char *flags,
                                            const char *options)
{
    static const struct {
        const char *c, *cxx, *flags;
    } builds[] = {{"gcc", "g++", " -O0"}, {"clang", "clang++", " -O2"}};
    char first[9] = "", digest[9], all[128];
    for (size_t i = 0; i < 2; i++) {
        if (!has_compiler(builds[i].c) || !has_compiler(builds[i].cxx))
            continue;
        setenv("CC", builds[i].c, 1);
        setenv("CXX", builds[i].cxx, 1);
        snprintf(all, sizeof all, "%s%s", flags, builds[i].flags);
        build_and_run(source, all, options, digest);
        if (!*first)
            memcpy(first, digest, sizeof first);
        assert_string_equal(digest, first);
    }
    unsetenv("CC");
    unsetenv("CXX");
}

static void cxx_threads_work_and_do_not_depend_on_the_build(void **state)
{
    (void)state;
    runs_alike_however_it_was_built("standard.cpp", " -std=c++20", "");
}

static void cxx_threads_work_with_the_library_inside(void **state)
{
    (void)state;
    char digest[9];
    build_and_run("standard.cpp", " -std=c++17 -static-libstdc++ -static-libgcc", "", digest);
}

static void posix_and_c11_threads_work_and_do_not_depend_on_the_build(void **state)
{
    (void)state;
    runs_alike_however_it_was_built("posix.c", "", "");
}

static void a_host_with_a_monitor_and_timers_works(void **state)
{
    (void)state;
    runs_alike_however_it_was_built("windows.c", "", "");
}

static void faults_of_threads_wait_for_the_page_file_side_by_side(void **state)
{
    (void)state;
    runs_alike_however_it_was_built("paging.c", "", " --set machine.ram=6MiB");
}

static void a_monitor_hears_of_the_machine_running_short(void **state)
{
    (void)state;
    runs_alike_however_it_was_built("notified.c", "", " --set machine.ram=8MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cxx_threads_work_and_do_not_depend_on_the_build),
        cmocka_unit_test(cxx_threads_work_with_the_library_inside),
        cmocka_unit_test(posix_and_c11_threads_work_and_do_not_depend_on_the_build),
        cmocka_unit_test(a_host_with_a_monitor_and_timers_works),
        cmocka_unit_test(a_monitor_hears_of_the_machine_running_short),
        cmocka_unit_test(faults_of_threads_wait_for_the_page_file_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
