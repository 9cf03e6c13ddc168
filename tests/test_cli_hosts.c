/* Foreign code on the command line: hosts written without lowwater in mind build and run unchanged
 * (tests/hosts), and policies that misbehave in every way become the documented outcome, with the
 * function to blame in the stack, while the program survives (tests/policies/defective). */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- hosts of others ---- */

static void hosts_in_one_file_run_without_a_change(void **state)
{
    (void)state;
    cli("run %s --policy tests/hosts/control_host.cpp --policy tests/hosts/plain_host.c --check",
        small_recording());
    expect_exit(0);
    expect_out("control_host");
    expect_out("plain_host");
}

static void a_host_of_several_files_builds_with_cc(void **state)
{
    (void)state;
    cli("cc -o %s tests/hosts/tracker/HostControl.cpp tests/hosts/tracker/HostMemoryManager.cpp",
        cli_path("tracker.so"));
    expect_exit(0);
    cli("run %s --policy %s --check", small_recording(), cli_path("tracker.so"));
    expect_exit(0);
    cli("run %s --policy %s --factory control:CreateHostControl", small_recording(),
        cli_path("tracker.so"));
    expect_exit(0);
}

/* "new" and "class" are names in C, "std=c++20" is for the other file, and nothing stays behind. */
static void c_and_cxx_files_are_compiled_each_by_its_language(void **state)
{
    (void)state;
    FILE *c = fopen(cli_path("names.c"), "w"), *cxx = fopen(cli_path("limits.cpp"), "w");
    assert_true(c && cxx);
    fputs("int new_limit(int *class) { int new = SCALE * *class; return new; }\n", c);
    fputs("extern \"C\" int new_limit(int *limit);\n"
          "template <typename T> concept number = sizeof(T) > 1;\n"
          "template <number T> T scaled(T limit) { return new_limit(&limit); }\n"
          "int eight = scaled(4);\n",
          cxx);
    assert_int_equal(fclose(c) | fclose(cxx), 0);
    const struct cli_result *result =
        cli("cc -v -o %s -DSCALE=2 -std=c++20 %s %s tests/hosts/plain_host.c -L . -lm",
            cli_path("mixed.so"), cli_path("names.c"), cli_path("limits.cpp"));
    expect_exit(0);
    char object[256] = "";
    const char *named = strstr(result->out, " -o /");
    assert_non_null(named);
    assert_int_equal(sscanf(named, " -o %250s", object), 1);
    assert_int_equal(access(object, F_OK), -1);
    cli("run %s --policy %s --check", small_recording(), cli_path("mixed.so"));
    expect_exit(0);
    cli("cc -o %s -std=c++20 %s %s", cli_path("mixed.so"), cli_path("names.c"),
        cli_path("limits.cpp"));
    expect_exit(6); /* there is no SCALE */
    expect_err("SCALE");
}

static void write_lines(const char *path, const char *lines)
{
    write_file(path, lines, strlen(lines));
}

/* The built one is kept, but not for longer. */
static void a_host_is_built_again_when_a_header_of_any_folder_changes(void **state)
{
    (void)state;
    char host[PATH_MAX], lines[PATH_MAX + 100], header[PATH_MAX], here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(host, sizeof host, "%s", cli_path("parted.c"));
    snprintf(header, sizeof header, "%s", cli_path("my $parts#1"));
    mkdir(header, 0777);
    snprintf(header, sizeof header, "%s", cli_path("my $parts#1/limits.h"));
    snprintf(lines, sizeof lines,
             "#include \"my $parts#1/limits.h\"\n"
             "#include \"%s/tests/hosts/plain_host.c\"\n",
             here);
    write_lines(host, lines);
    for (unsigned round = 0; round < 2; round++) {
        write_lines(header, "#define LIMIT 1\n");
        cli("run %s --policy %s", small_recording(), host);
        expect_exit(0);
        write_lines(header, "#error LIMIT is not known\n");
        cli("run %s --policy %s", small_recording(), host);
        expect_exit(6);
        expect_err("LIMIT is not known");
    }
}

static void what_a_host_prints_stays_out_of_both_outputs(void **state)
{
    (void)state;
    const struct cli_result *result =
        cli("run %s --policy tests/hosts/control_host.cpp --inject VirtualAlloc[commit]#7",
            small_recording());
    expect_exit(0);
    assert_null(strstr(result->out, "VirtualAlloc("));
    assert_null(strstr(result->err, "VirtualAlloc("));
}

/* ---- defective policies ---- */

static const struct defect {
    const char *file;
    int exit_code;
    const char *function;     /* expected in the stack, NULL: none */
    const char *fragments[3]; /* expected in either output */
} defects[] = {
    /* the twelve of the documentation */
    {"null-deref.c", 5, "look_up_region", {"null-deref.c"}},
    {"hangs.c", 4, "wait_for_room", {"hangs.c"}},
    {"aborts.c", 5, "table_is_full", {"abort"}},
    {"exits.c", 5, "give_up", {"exit"}},
    {"overflows-stack.c", 5, "merge_regions", {"stack"}},
    {"writes-after-decommit.c", 5, "mark_idle", {"VirtualFree"}},
    {"overruns-block.c", 5, NULL, {"overrun"}},
    {"throws.cpp", 5, "insist_on_room", {NULL}},
    {"loops.c", 4, "find_end", {"loops.c"}},
    {"prints.c", 4, "report", {"prints.c"}},
    {"allocates.c", 4, "prepare", {"allocates.c"}},
    {"corrupts-itself.c", 5, "clear_records", {"corrupts-itself.c"}},
    /* endings */
    {"asserts.c", 5, "check_size", {"more commits than expected"}},
    {"exits-process.c", 5, "give_up", {"ExitProcess"}},
    {"terminates.c", 5, "give_up", {"TerminateProcess"}},
    {"exits-in-constructor.c", 5, "check_licence", {"exit"}},
    {"crashes-in-constructor.c", 5, "read_settings", {NULL}},
    {"throws-in-constructor.cpp", 5, "Settings", {NULL}},
    /* heaps */
    {"double-free.c", 5, "drop_scratch", {"freed"}},
    {"foreign-free.c", 5, "drop_table", {NULL}},
    {"wrong-heap.c", 5, "drop_name", {"heap"}},
    {"use-after-free.c", 5, "finish_record", {NULL}},
    /* the processor */
    {"writes-code.c", 5, "patch_itself", {NULL}},
    {"jumps-to-null.c", 5, "notify", {NULL}},
    {"divides-by-zero.c", 5, "share", {NULL}},
    {"misaligned-sse.c", 5, "copy_fast", {NULL}},
    {"illegal-instruction.c", 5, "unreachable", {NULL}},
    {"recurses-by-vtable.c", 5, "commit_guard", {"stack"}},
    {"destroys-vtable.c", 5, NULL, {NULL}},
    {"longjmps.c", 5, "start_again", {"the call of the CLR", "is over"}},
    {"longjmps-down.c", 5, "try_again", {"the function that", "has", "returned"}},
    {"longjmps-unset.c", 5, "start_again", {"has not", "filled"}},
    {"longjmps-across.c", 5, "give_up", {"by another", "thread"}},
    {"work-nowhere.c", 5, NULL, {"execution of a null pointer"}},
    {"kills.c", 5, "give_up", {"raise(9)"}},
    /* refused before anything runs */
    {"factory-missing.c", 6, NULL, {"CreateHostMemoryManager"}},
    {"imports.c", 6, NULL, {"socket", "dlopen", "pthread_cancel"}},
    /* harmless, whatever they meant to do */
    {"closes-handles.c", 0, NULL, {NULL}},
    {"releases-others.c", 0, NULL, {NULL}},
};

static bool printed(const struct cli_result *result, const char *fragment)
{
    return strstr(result->out, fragment) || strstr(result->err, fragment);
}

/* Every row is tried before the test fails: one table, one look at what is wrong. */
static unsigned try_defect(const struct defect *defect)
{
    unsigned wrong = 0;
    const struct cli_result *result = cli("run %s --policy tests/policies/defective/%s --timeout 2",
                                          small_recording(), defect->file);
    if (result->exit_code != defect->exit_code) {
        print_message("%s: exit %d instead of %d\n", defect->file, result->exit_code,
                      defect->exit_code);
        wrong++;
    }
    if (defect->function && !printed(result, defect->function)) {
        print_message("%s: no %s in the stack\n", defect->file, defect->function);
        wrong++;
    }
    for (unsigned i = 0; i < 3 && defect->fragments[i]; i++) {
        if (!printed(result, defect->fragments[i])) {
            print_message("%s: nothing about %s\n", defect->file, defect->fragments[i]);
            wrong++;
        }
    }
    if (wrong)
        print_message("%.3000s%.3000s\n", result->out, result->err);
    return wrong;
}

static void every_defective_policy_has_its_documented_outcome(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++)
        wrong += try_defect(&defects[i]);
    assert_int_equal(wrong, 0);
}

static void refused_imports_are_all_named_in_one_message(void **state)
{
    (void)state;
    static const char *const names[] = {"fopen", "socket",         "fork",
                                        "mmap",  "pthread_cancel", "dlopen"};
    cli("run %s --policy tests/policies/defective/imports.c", small_recording());
    expect_exit(6);
    expect_silent_out();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_err(names[i]);
}

/* These break a promise without breaking the process: a result like any other, never an internal
 * error and never the end of the tool. */
static void broken_promises_end_neither_the_run_nor_the_tool(void **state)
{
    (void)state;
    static const char *const files[] = {"factory-null.c", "factory-fails.c", "null-memory.c",
                                        "unaligned-memory.c"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct cli_result *result = cli(
            "run %s --policy tests/policies/defective/%s --timeout 2", small_recording(), files[i]);
        if (result->exit_code == 70 || result->exit_code > 100)
            fail_msg("%s: exit %d\n%.2000s%.2000s", files[i], result->exit_code, result->out,
                     result->err);
    }
}

/* What it forgot to look at: the failure injected, and what the machine itself refused. */
static void a_crash_names_the_call_that_failed_before_it(void **state)
{
    (void)state;
    static const char host[] =
        "#include <windows.h>\n#include <mscoree.h>\n"
        "HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **manager)\n"
        "{\n"
        "    char *big = VirtualAlloc(NULL, (SIZE_T)1 << 36, MEM_COMMIT, PAGE_READWRITE);\n"
        "    HANDLE heap = HeapCreate(0, 0, 0);\n"
        "    *manager = HeapAlloc(heap, 0, 10);\n"
        "    big[0] = 1;\n"
        "    return S_OK;\n"
        "}\n";
    write_lines(cli_path("forgets.c"), host);
    cli("run startup-first-requests --policy %s --json %s -i HeapCreate#1", cli_path("forgets.c"),
        cli_path("forgets.json"));
    expect_exit(5);
    expect_err("HeapAlloc: the handle is NULL");
    expect_err("after HeapCreate #1 was refused (ERROR_NOT_ENOUGH_MEMORY), event");
    char *text = read_whole_file(cli_path("forgets.json"), NULL);
    assert_string_equal(json_value(text, "failed_before", 0),
                        "HeapCreate#1:ERROR_NOT_ENOUGH_MEMORY");
    free(text);
    cli("run startup-first-requests --policy %s --json %s", cli_path("forgets.c"),
        cli_path("forgets.json"));
    expect_exit(5);
    expect_err("after VirtualAlloc(lpAddress NULL, dwSize 64 GiB,");
    text = read_whole_file(cli_path("forgets.json"), NULL);
    assert_string_equal(json_value(text, "failed_before", 0), "");
    free(text);
}

static void a_crash_leaves_the_other_runs_of_the_call_intact(void **state)
{
    (void)state;
    cli("run %s --policy passthrough --policy tests/policies/defective/null-deref.c --policy quota "
        "--json %s",
        small_recording(), cli_path("mixed.json"));
    expect_exit(5);
    char *text = read_whole_file(cli_path("mixed.json"), NULL);
    assert_non_null(text);
    assert_true(json_is_valid(text));
    assert_int_equal(json_count(text, "digest"), 3);
    assert_string_equal(json_value(text, "outcome", 0), "ok");
    assert_string_equal(json_value(text, "outcome", 1), "crash");
    assert_string_equal(json_value(text, "outcome", 2), "ok");
    assert_int_equal(json_count(text, "signal"), 1);
    assert_int_equal(json_count(text, "explanation"), 1);
    assert_int_equal(json_count(text, "stack"), 1);
    free(text);
}

static void crashes_are_the_same_every_time(void **state)
{
    (void)state;
    static const char *const files[] = {"null-deref.c", "overflows-stack.c", "throws.cpp",
                                        "overruns-block.c"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *digest[2];
        for (unsigned round = 0; round < 2; round++) {
            cli("run %s --policy tests/policies/defective/%s --json %s", small_recording(),
                files[i], cli_path("crash.json"));
            expect_exit(5);
            char *text = read_whole_file(cli_path("crash.json"), NULL);
            assert_non_null(text);
            digest[round] = strdup(json_value(text, "digest", 0));
            free(text);
        }
        assert_string_equal(digest[0], digest[1]);
        free(digest[0]);
        free(digest[1]);
    }
}

/* The process that the program has started for a run, once it is there. */
static pid_t only_child(pid_t parent)
{
    char path[64], text[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    while (child == 0) {
        FILE *file = fopen(path, "r");
        assert_non_null(file); /* else it ended without starting one */
        if (!fgets(text, sizeof text, file) || sscanf(text, "%d", &child) != 1)
            sched_yield();
        fclose(file);
    }
    return child;
}

static void a_killed_tool_takes_a_looping_policy_with_it(void **state)
{
    (void)state;
    cli("cc -o %s tests/policies/defective/loops.c", cli_path("loops.so"));
    expect_exit(0);
    int status, nowhere = open("/dev/null", O_RDWR);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* to hear of the grandchild's end */
    pid_t tool = fork();
    if (tool == 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        execl(cli_program(), cli_program(), "run", small_recording(), "--policy",
              cli_path("loops.so"), NULL);
        _exit(98);
    }
    close(nowhere);
    pid_t run = only_child(tool);
    kill(tool, SIGKILL);
    assert_int_equal(waitpid(tool, &status, 0), tool);
    assert_int_equal(waitpid(run, &status, 0), run);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    /* Killed with it, or found it gone before it began. */
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 130));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_in_one_file_run_without_a_change),
        cmocka_unit_test(a_host_of_several_files_builds_with_cc),
        cmocka_unit_test(c_and_cxx_files_are_compiled_each_by_its_language),
        cmocka_unit_test(a_host_is_built_again_when_a_header_of_any_folder_changes),
        cmocka_unit_test(what_a_host_prints_stays_out_of_both_outputs),
        cmocka_unit_test(every_defective_policy_has_its_documented_outcome),
        cmocka_unit_test(refused_imports_are_all_named_in_one_message),
        cmocka_unit_test(broken_promises_end_neither_the_run_nor_the_tool),
        cmocka_unit_test(a_crash_names_the_call_that_failed_before_it),
        cmocka_unit_test(a_crash_leaves_the_other_runs_of_the_call_intact),
        cmocka_unit_test(crashes_are_the_same_every_time),
        cmocka_unit_test(a_killed_tool_takes_a_looping_policy_with_it),
    };
    return cmocka_run_group_tests_name("cli_hosts", tests, NULL, NULL);
}
