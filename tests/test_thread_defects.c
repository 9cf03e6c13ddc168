/* One small policy per defect of threads: each ends with the id, the words and the stack that lead
 * to it, and is the same again (tests/policies/threads/defects). */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct defect {
    const char *file;
    int exit_code;
    const char *id;
    const char *fragments[4];
} defects[] = {
    {"lock-order.cpp",
     4,
     "deadlock",
     {"thread 0 waits for mutex 1, which thread", "serve_commit", "trim_tables"}},
    {"self-deadlock.c", 4, "self-deadlock", {"SRW lock 1, which it holds itself", "note_block"}},
    {"lost-wakeup.cpp",
     4,
     "lost-wakeup",
     {"waits for ever for condition variable", "while nobody waited", "wait_for_room"}},
    {"livelock.c", 4, "livelock", {"only yield, try and poll", "take_both", "other"}},
    {"lock-at-exit.c", 1, "lock-at-exit", {"ended and still has critical section 1", "trim"}},
    {"lock-kept.c",
     1,
     "lock-at-exit",
     {"thread 0 left the policy for good", "SRW lock 1", "lock-kept.c:8"}},
    {"lock-in-callback.cpp",
     1,
     "lock-in-callback",
     {"notifies the CLR while it has mutex 1", "notify"}},
    {"lock-deleted.c", 1, "lock-invalid", {"is used after it was deleted", "watch"}},
    {"lock-freed.c", 1, "lock-invalid", {"SRW lock 1 is used in memory that was freed", "count"}},
    {"condition-freed.cpp",
     1,
     "lock-invalid",
     {"condition variable 1 is used in memory that was freed", "wake"}},
    {"pointer-from-freed.c",
     5,
     NULL,
     {"0xfefefefefefefefe was taken for a pointer", "next_number"}},
    {"thread-leak.c", 1, "thread-leak", {"still runs after everything was released", "watch"}},
    {"thread-overflow.c", 5, NULL, {"stack overflow", "which the policy had started", "merge"}},
};

static bool printed(const struct cli_result *result, const char *fragment)
{
    return strstr(result->out, fragment) || strstr(result->err, fragment);
}

static const char *run_line(const struct defect *defect, char line[512])
{
    snprintf(line, 512,
             "run %s --policy tests/policies/threads/defects/%s --set shutdown=release --json %s",
             small_recording(), defect->file, cli_path("out.json"));
    return line;
}

static unsigned try_defect(const struct defect *defect)
{
    unsigned wrong = 0;
    char line[512], id[64];
    const struct cli_result *result = cli("%s", run_line(defect, line));
    if (result->exit_code != defect->exit_code) {
        print_message("%s: exit %d instead of %d\n", defect->file, result->exit_code,
                      defect->exit_code);
        wrong++;
    }
    for (int i = 0; i < 4 && defect->fragments[i]; i++)
        if (!printed(result, defect->fragments[i])) {
            print_message("%s: nothing about %s\n", defect->file, defect->fragments[i]);
            wrong++;
        }
    size_t bytes;
    char *json = read_whole_file(cli_path("out.json"), &bytes);
    snprintf(id, sizeof id, "\"id\":\"%s\"", defect->id ? defect->id : "");
    char spaced[64];
    snprintf(spaced, sizeof spaced, "\"id\": \"%s\"", defect->id ? defect->id : "");
    if (defect->id && (!json || (!strstr(json, id) && !strstr(json, spaced)))) {
        print_message("%s: no finding %s in the JSON\n", defect->file, defect->id);
        wrong++;
    }
    free(json);
    if (wrong)
        print_message("%.3000s%.3000s\n", result->out, result->err);
    return wrong;
}

static void every_defect_of_threads_is_named_with_its_stack(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++)
        wrong += try_defect(&defects[i]);
    assert_int_equal(wrong, 0);
}

/* What the run says, without what a sanitizer says before it. */
static void keep_text(const struct cli_result *result, char text[8192])
{
    const char *crash = strstr(result->err, "CRASH");
    snprintf(text, 8192, "%s%s", result->out, crash ? crash : result->err);
}

static void defects_of_threads_are_the_same_every_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        char line[512], first[8192], second[8192];
        keep_text(cli("%s", run_line(&defects[i], line)), first);
        keep_text(cli("%s", line), second);
        assert_string_equal(first, second);
    }
}

static void a_correct_host_with_threads_is_released_without_a_finding(void **state)
{
    (void)state;
    cli("run %s --policy tests/policies/threads/windows.c --set shutdown=release",
        small_recording());
    expect_exit(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_of_threads_is_named_with_its_stack),
        cmocka_unit_test(defects_of_threads_are_the_same_every_time),
        cmocka_unit_test(a_correct_host_with_threads_is_released_without_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
