/* run --debug: gdb stops where the run's records say, and knows the policy's lines. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool there_is_gdb;

/* A debugger that prints the stack where it stops, and leaves. */
static const char *printing_debugger(void)
{
    static const char *path;
    path = cli_path("gdb-prints");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\nscript=$3\nshift 3\nexec gdb -batch -q -x \"$script\" -ex backtrace \"$@\"\n",
          file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static void skip_without_gdb(void)
{
    if (!there_is_gdb) {
        print_message("skipped: there is no gdb\n");
        skip();
    }
}

static void the_debugger_stops_where_the_policy_begins(void **state)
{
    (void)state;
    skip_without_gdb();
    const struct cli_result *result = cli("run %s --policy policies/quota.c --debug --debugger %s",
                                          small_recording(), printing_debugger());
    expect_exit(0);
    expect_out("CreateHostMemoryManager");
    expect_out("policies/quota.c:");
    assert_null(strstr(result->out, "CRASH")); /* it was the debugger that ended it */
}

static void the_debugger_stops_before_the_event_that_is_named(void **state)
{
    (void)state;
    skip_without_gdb();
    cli("run %s --policy policies/quota.c --debug --at 60 --debugger %s", small_recording(),
        printing_debugger());
    expect_exit(0);
    expect_out("Event 60 is next.");
    expect_out("sim_event");
    expect_out("workload_run");
}

static void the_debugger_stops_at_a_crash_with_the_policy_below(void **state)
{
    (void)state;
    skip_without_gdb();
    cli("run %s --policy tests/policies/defective/null-deref.c --debug --at 1000000 --debugger %s",
        small_recording(), printing_debugger());
    expect_exit(0);
    expect_out("The run ends here:");
    expect_out("<signal handler called>");
    expect_out("null-deref.c:");
}

static void what_does_not_go_with_a_debugger_is_said(void **state)
{
    (void)state;
    const char *recording = small_recording();
    cli("run %s --debug --debugger %s", recording, cli_path("no-such-debugger"));
    expect_exit(2);
    expect_err("--debug needs gdb");
    cli("run %s --seed 1..2 --debug", recording);
    expect_exit(2);
    expect_err("--debug takes one run, these are 2");
    cli("run %s --at 5", recording);
    expect_exit(2);
    expect_err("--at goes with --debug");
    cli("run %s --debug --check", recording);
    expect_exit(2);
    cli("run %s --debug --at x", recording);
    expect_exit(2);
    cli("run - --debug");
    expect_exit(2);
    expect_err("standard input");
}

int main(void)
{
    there_is_gdb = system("command -v gdb >/dev/null 2>&1") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_debugger_stops_where_the_policy_begins),
        cmocka_unit_test(the_debugger_stops_before_the_event_that_is_named),
        cmocka_unit_test(the_debugger_stops_at_a_crash_with_the_policy_below),
        cmocka_unit_test(what_does_not_go_with_a_debugger_is_said),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
