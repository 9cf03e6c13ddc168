/* Recordings and run traces on the command line: import, stat, print, diff, replay, and the golden
 * digests of small recordings (`make golden` writes tests/golden/digests.txt anew). */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long long figure(const char *json, const char *key, unsigned n)
{
    const char *value = json_value(json, key, n);
    if (!value)
        fail_msg("no \"%s\" in %.2000s", key, json);
    return strtoull(value, NULL, 10);
}

static void import_counts_what_the_log_says(void **state)
{
    (void)state;
    cli("trace stat --json %s %s", cli_path("stat.json"), small_recording());
    expect_exit(0);
    char *text = read_whole_file(cli_path("stat.json"), NULL);
    assert_non_null(text);
    assert_true(json_is_valid(text));
    /* brk(NULL), then 8 regions of brk + mmap + 40 mprotect + 10 mmap, 4 munmap, one exit line */
    assert_int_equal(figure(text, "lines", 0), 1 + 8 * 52 + 4 + 1);
    assert_int_equal(figure(text, "calls", 0), 1 + 8 * 52 + 4);
    assert_int_equal(figure(text, "failed", 0), 0);
    assert_int_equal(figure(text, "not_understood", 0), 0);
    assert_int_equal(figure(text, "threads", 0), 1);
    /* every fourth page of 40 loses two pages: 20 stay; the heap has 8 times 132 KiB */
    const unsigned long long heap = 8ull * 0x21000;
    assert_int_equal(figure(text, "reserved", 0), 8ull * 1048576 + heap);
    assert_int_equal(figure(text, "committed", 0), (7 * 20 + 40) * 4096ull + heap);
    assert_int_equal(figure(text, "views", 0), 0);
    assert_int_equal(figure(text, "reserved", 1), 4ull * 1048576 + heap);
    assert_int_equal(figure(text, "committed", 1), 4 * 20 * 4096ull + heap);
    free(text);
}

static void lines_not_understood_are_named_unless_too_many(void **state)
{
    (void)state;
    static const char some[] = "1 1.000001 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, "
                               "-1, 0) = 0x7f0000000000\n"
                               "what is this\n"
                               "1 1.000002 munmap(0x7f0000000000, 4096) = 0\n";
    static const char most[] = "what\nis\nthis\n"
                               "1 1.000002 munmap(0x7f0000000000, 4096) = 0\n";
    write_file(cli_path("some.strace"), some, sizeof some - 1);
    write_file(cli_path("most.strace"), most, sizeof most - 1);
    const struct cli_result *result =
        cli("import strace %s -o %s", cli_path("some.strace"), cli_path("some.lwt"));
    expect_exit(0);
    assert_true(strstr(result->err, "2") || strstr(result->out, "2"));
    cli("import strace %s -o %s", cli_path("most.strace"), cli_path("most.lwt"));
    expect_exit(6);
    cli("import strace %s -o %s", cli_path("none.strace"), cli_path("none.lwt"));
    expect_exit(2);
}

static void import_reads_standard_input_where_a_dash_stands(void **state)
{
    (void)state;
    small_recording();
    cli_reading(cli_path("small.strace"), "import strace - --faults %s -o %s",
                cli_path("small.faults"), cli_path("piped.lwt"));
    expect_exit(0);
    cli("trace diff %s %s", small_recording(), cli_path("piped.lwt"));
    expect_exit(0);
}

static void a_trace_alone_is_enough_to_replay_a_run(void **state)
{
    (void)state;
    static const char *const policies[] = {"passthrough", "quota",   "watermark", "arena",
                                           "monitor",     "recycle", "broker"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        cli("run %s --policy %s --seed 9 --trace %s", small_recording(), policies[i],
            cli_path("run.trace"));
        expect_exit(0);
        cli_in("/", "replay %s", cli_path("run.trace"));
        expect_exit(0);
        expect_out("identical: ");
        expect_out(" events");
    }
}

static void replay_with_another_policy_shows_where_the_runs_part(void **state)
{
    (void)state;
    cli("run %s --policy passthrough --trace %s", small_recording(), cli_path("p.trace"));
    expect_exit(0);
    const struct cli_result *result = cli("replay %s --policy quota", cli_path("p.trace"));
    expect_exit(1);
    assert_null(strstr(result->out, "identical: "));
    expect_out("--- the trace\n+++ the replay\n@@ event ");
    expect_out("\ndifferent from event ");
}

static void replay_repeats_faults_parameters_and_seed(void **state)
{
    (void)state;
    cli("run %s --policy quota --set policy.limit=1MiB --set policy.reserve=64KiB "
        "--inject VirtualAlloc[commit]#3:x2 --seed 77 --trace %s",
        small_recording(), cli_path("f.trace"));
    expect_exit(0);
    cli("replay %s", cli_path("f.trace"));
    expect_exit(0);
    expect_out("identical: ");
}

static void traces_can_be_printed_and_compared(void **state)
{
    (void)state;
    cli("run %s --policy passthrough --trace %s", small_recording(), cli_path("one.trace"));
    cli("run %s --policy passthrough --trace %s", small_recording(), cli_path("two.trace"));
    cli("run %s --policy passthrough --inject VirtualAlloc[commit]#9 --trace %s", small_recording(),
        cli_path("three.trace"));
    cli("trace diff %s %s", cli_path("one.trace"), cli_path("two.trace"));
    expect_exit(0);
    cli("trace diff %s %s", cli_path("one.trace"), cli_path("three.trace"));
    expect_exit(1);
    cli("trace print %s", cli_path("one.trace"));
    expect_exit(0);
    expect_out("VirtualAlloc");
    cli("trace print %s", small_recording());
    expect_exit(0);
    expect_out("commit");
    cli("trace stat %s %s", small_recording(), cli_path("one.trace"));
    expect_exit(0);
}

static void trace_print_narrows_a_log_to_what_is_asked(void **state)
{
    (void)state;
    cli("run %s --policy quota --inject VirtualAlloc[commit]#9 --trace %s", small_recording(),
        cli_path("narrow.trace"));
    const struct cli_result *result = cli("trace print --failed %s", cli_path("narrow.trace"));
    expect_exit(0);
    expect_out("# --inject VirtualAlloc[commit]#9");
    expect_out("injected failure: VirtualAlloc #9 -> ERROR_COMMITMENT_LIMIT (rule 0)\n");
    assert_null(strstr(result->out, "HeapAlloc"));
    cli_reading(cli_path("narrow.trace"), "trace print --call Heap --head 1 -");
    expect_exit(0);
    expect_out("# standard input: ");
    expect_out("HeapAlloc(");
    cli("trace print --call VirtualAlok %s", cli_path("narrow.trace"));
    expect_exit(2);
    expect_err("did you mean VirtualAlloc?");
    cli("trace print --call reserve --object 0 %s", small_recording());
    expect_exit(0);
    expect_out("0.000");
    cli("trace print --address 0x10000 %s", small_recording());
    expect_exit(2);
    cli("trace print --head 1 --tail 1 %s", small_recording());
    expect_exit(2);
    cli("trace print --json %s %s", cli_path("narrow.trace"), cli_path("narrow.trace"));
    expect_exit(2);
    cli("trace print --json %s --tail 1 %s", cli_path("narrow.json"), cli_path("narrow.trace"));
    expect_exit(0);
    expect_silent_out();
    char *json = read_whole_file(cli_path("narrow.json"), NULL);
    assert_true(json_is_valid(json));
    assert_string_equal(json_value(json, "outcome", 0), "ok");
    free(json);
}

/* As `trace print FILE | head -1` does: the reader goes away at once. */
static void trace_print_ends_quietly_when_its_reader_goes_away(void **state)
{
    (void)state;
    char command[8192], first[256];
    cli("run %s --policy quota --trace %s", small_recording(), cli_path("pipe.trace"));
    snprintf(command, sizeof command, "{ %s trace print %s; echo $? >%s; } 2>&1", cli_program(),
             cli_path("pipe.trace"), cli_path("pipe.code"));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(first, sizeof first, pipe));
    assert_int_equal(pclose(pipe), 0);
    char *code = read_whole_file(cli_path("pipe.code"), NULL);
    assert_string_equal(code, "0\n");
    free(code);
}

static void trace_diff_aligns_runs_with_and_without_a_failure(void **state)
{
    (void)state;
    cli("run %s --policy quota --trace %s", small_recording(), cli_path("left.trace"));
    cli("run %s --policy quota --inject VirtualAlloc[commit]#9 --trace %s", small_recording(),
        cli_path("right.trace"));
    cli("trace diff --hunks 1 --context 0 %s %s", cli_path("left.trace"), cli_path("right.trace"));
    expect_exit(1);
    expect_out("\n+ --inject VirtualAlloc[commit]#9\n");
    expect_out("inside IHostMemoryManager::VirtualAlloc (event ");
    expect_out("\ndifferent from event ");
    cli("trace diff --hunks x %s %s", cli_path("left.trace"), cli_path("right.trace"));
    expect_exit(2);
    cli("trace diff %s %s", cli_path("left.trace"), small_recording());
    expect_exit(2);
    cli("trace diff %s plugins-regions", small_recording());
    expect_exit(1);
    expect_out("--- A ");
    expect_out("counted by the import");
    cli("trace diff --call VirtualFree --ignore-addresses %s %s", cli_path("left.trace"),
        cli_path("left.trace"));
    expect_exit(0);
    expect_out("identical: ");
}

#if defined(__x86_64__)
static void check_names_the_records_where_equal_runs_part(void **state)
{
    (void)state;
    char source[2048];
    int length = snprintf(source, sizeof source,
                          "/* Asks for as much as the processor's clock says. */\n"
                          "#include <stdlib.h>\n"
                          "#define ON_COMMIT(host, count, address, size) \\\n"
                          "    if ((count) == 3) \\\n"
                          "    (host)->kept = malloc(1 + __builtin_ia32_rdtsc() %% 100000)\n"
                          "#include \"%s/tests/policies/defective/host.h\"\n",
                          cli_root());
    write_file(cli_path("clock.c"), source, (size_t)length);
    cli("run %s --policy %s --check", small_recording(), cli_path("clock.c"));
    expect_exit(3);
    expect_err("two equal runs part at event ");
    expect_err("one has malloc(");
    expect_err("the other malloc(");
}
#endif

/* The log in docs/reading-traces.md is a real one. */
static void the_documented_log_is_what_trace_print_shows(void **state)
{
    (void)state;
    char *page = read_whole_file("docs/reading-traces.md", NULL), *at;
    unsigned lines = 0;
    assert_non_null(page);
    cli_in(cli_folder(), "run plugins-regions --policy quota --inject VirtualAlloc[commit]#106 "
                         "--trace run.lwr");
    cli_in(cli_folder(), "trace print --width 96 run.lwr");
    expect_exit(0);
    at = strstr(page, "## The log\n\n");
    assert_non_null(at);
    for (at = strchr(at, '\n') + 2; strncmp(at, "    ", 4) == 0; lines++) {
        char *line = strsep(&at, "\n");
        expect_out(line + 4);
    }
    assert_true(lines > 15);
    free(page);
}

static void trace_stat_counts_calls_failures_and_peaks(void **state)
{
    (void)state;
    cli("run %s --policy passthrough --inject VirtualAlloc[commit]#9 --trace %s", small_recording(),
        cli_path("stat.trace"));
    cli("trace stat --json %s %s", cli_path("stat.json"), cli_path("stat.trace"));
    expect_exit(0);
    expect_out("asked of the host");
    expect_out("given to the CLR");
    char *text = read_whole_file(cli_path("stat.json"), NULL);
    assert_true(json_is_valid(text));
    assert_int_equal(figure(text, "VirtualAlloc", 1), 1); /* in "failed" */
    assert_int_equal(figure(text, "threads", 0), 1);
    assert_int_equal(figure(text, "reserved", 0), 8ull * 1048576);
    assert_int_equal(figure(text, "reserved", 1), 8ull * 1048576);
    assert_true(figure(text, "committed", 0) > 100 * 4096ull);
    assert_int_equal(figure(text, "committed", 0), figure(text, "committed", 1));
    free(text);
}

static void a_damaged_trace_is_refused_with_exit_6(void **state)
{
    (void)state;
    size_t bytes;
    cli("run %s --policy passthrough --trace %s", small_recording(), cli_path("d.trace"));
    char *trace = read_whole_file(cli_path("d.trace"), &bytes);
    assert_non_null(trace);
    trace[bytes / 2] ^= 1; /* one bit of a record */
    write_file(cli_path("d.trace"), trace, bytes);
    cli("replay %s", cli_path("d.trace"));
    expect_exit(6);
    trace[bytes / 2] ^= 1; /* cut short: what a dying process leaves; still a prefix */
    write_file(cli_path("d.trace"), trace, bytes / 2 + 3);
    cli("replay %s", cli_path("d.trace"));
    expect_exit(0);
    expect_err("cut short");
    write_file(cli_path("d.trace"), trace, 40); /* not even its header */
    cli("replay %s", cli_path("d.trace"));
    expect_exit(6);
    free(trace);
}

static void traces_of_version_1_are_shown_but_not_replayed(void **state)
{
    (void)state;
    size_t bytes;
    cli("run %s --policy passthrough --trace %s", small_recording(), cli_path("v1.trace"));
    expect_exit(0);
    char *trace = read_whole_file(cli_path("v1.trace"), &bytes);
    assert_memory_equal(trace, "lowwater trace 2\n", 17);
    trace[15] = '1';
    write_file(cli_path("v1.trace"), trace, bytes);
    cli("trace stat %s", cli_path("v1.trace"));
    expect_exit(0);
    cli("replay %s", cli_path("v1.trace"));
    expect_exit(6);
    expect_err("older lowwater");
    trace[15] = '3';
    write_file(cli_path("v1.trace"), trace, bytes);
    cli("replay %s", cli_path("v1.trace"));
    expect_exit(6);
    expect_err("another version");
    free(trace);
}

static void a_recording_that_changed_since_is_named(void **state)
{
    (void)state;
    size_t bytes;
    char *log = read_whole_file(cli_path("small.strace"), &bytes);
    char *cut = strstr(log + bytes / 2, "\n");
    write_file(cli_path("half.strace"), log, (size_t)(cut + 1 - log));
    cli("import strace %s -o %s", cli_path("small.strace"), cli_path("changing.lwt"));
    cli("run %s --trace %s", cli_path("changing.lwt"), cli_path("changing.trace"));
    expect_exit(0);
    cli("import strace %s -o %s", cli_path("half.strace"), cli_path("changing.lwt"));
    expect_exit(0);
    cli("replay %s", cli_path("changing.trace"));
    expect_exit(6);
    expect_err("not the one of the trace");
    free(log);
}

/* The smaller recordings only: `make test-long` compares all of them in every configuration. */
static void digests_of_small_recordings_are_the_golden_ones(void **state)
{
    (void)state;
    FILE *golden = fopen("tests/golden/digests.txt", "r");
    assert_non_null(golden);
    char recording[128], policy[64], seed[32], digest[64];
    unsigned compared = 0;
    while (fscanf(golden, "%127s %63s %31s %63s", recording, policy, seed, digest) == 4) {
        if (strcmp(recording, "plugins-regions") != 0)
            continue;
        cli("run %s --policy %s --seed %s --json %s", recording, policy, seed,
            cli_path("golden.json"));
        expect_exit(0);
        char *text = read_whole_file(cli_path("golden.json"), NULL);
        assert_non_null(text);
        assert_string_equal(json_value(text, "digest", 0), digest);
        free(text);
        compared++;
    }
    fclose(golden);
    assert_true(compared >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_counts_what_the_log_says),
        cmocka_unit_test(lines_not_understood_are_named_unless_too_many),
        cmocka_unit_test(import_reads_standard_input_where_a_dash_stands),
        cmocka_unit_test(a_trace_alone_is_enough_to_replay_a_run),
        cmocka_unit_test(replay_with_another_policy_shows_where_the_runs_part),
        cmocka_unit_test(replay_repeats_faults_parameters_and_seed),
        cmocka_unit_test(traces_can_be_printed_and_compared),
        cmocka_unit_test(trace_print_narrows_a_log_to_what_is_asked),
        cmocka_unit_test(trace_print_ends_quietly_when_its_reader_goes_away),
        cmocka_unit_test(trace_diff_aligns_runs_with_and_without_a_failure),
#if defined(__x86_64__)
        cmocka_unit_test(check_names_the_records_where_equal_runs_part),
#endif
        cmocka_unit_test(the_documented_log_is_what_trace_print_shows),
        cmocka_unit_test(trace_stat_counts_calls_failures_and_peaks),
        cmocka_unit_test(a_damaged_trace_is_refused_with_exit_6),
        cmocka_unit_test(traces_of_version_1_are_shown_but_not_replayed),
        cmocka_unit_test(a_recording_that_changed_since_is_named),
        cmocka_unit_test(digests_of_small_recordings_are_the_golden_ones),
    };
    return cmocka_run_group_tests_name("cli_trace", tests, NULL, NULL);
}
