/* lowwater replay: a trace again, with the same or another policy. */
#include "harness/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "harness/options.h"
#include "harness/run_inputs.h"
#include "harness/schedule_word.h"
#include "harness/trace_compare.h"
#include "harness/trace_file.h"

static const char help[] =
    "usage: lowwater replay TRACE [--policy P]\n"
    "\n"
    "Runs what the trace recorded once more (scenario, policy, parameters, seed,\n"
    "failures) and compares record by record. With another policy, or another version\n"
    "of it, the places where the runs part are shown with their neighbours.\n"
    "\n"
    "  -p, --policy P   use this policy instead\n"
    "  -h, --help       this text\n"
    "\n"
    "Exit codes: 0 identical, 1 different, 2 usage, 6 invalid file.\n";

static int run_again(const struct trace_file *file, const struct run_spec *spec)
{
    char message[512], text[32];
    struct trace_file again;
    struct run_result *result = run_result_create();
    bool traced = trace_of_run(spec, result, &again, message, sizeof message);
    int code = EXIT_INTERNAL;
    if (result->outcome == OUTCOME_LOAD) {
        fprintf(stderr, "lowwater: %s\n", result->load_message);
        code = result->usage_error ? EXIT_USAGE : EXIT_INPUT;
    } else if (!traced) {
        fprintf(stderr, "lowwater: the trace of the replay cannot be read: %s\n", message);
    } else {
        /* Of a trace cut short only what it has can be compared. */
        uint64_t count = !file->complete && file->count < again.count ? file->count : again.count;
        bool equal = trace_show_difference(file->events, file->count, again.events, count,
                                           "the trace", "the replay", stdout);
        if (equal)
            printf("identical: %s events\n", count_text(file->count, text, sizeof text));
        code = equal ? EXIT_HELD : EXIT_FINDING;
    }
    if (traced)
        trace_file_free(&again);
    run_result_destroy(result);
    return code;
}

/* The scenario as the trace holds it, or the recording that stood in its place. */
static int read_plan(const struct trace_file *file, struct run_input *input)
{
    const struct run_words *words = &file->words;
    const struct scenario_source source = {
        file->scenario_path,   file->text,  file->text_bytes, words->settings,
        words->settings_count, file->files, file->files_count};
    bool usage = false;
    enum input_result read = scenario_from(&source, stderr, &usage, &input->plan);
    if (read != INPUT_OK)
        return read == INPUT_NO_FILE || usage ? EXIT_USAGE : EXIT_INPUT;
    return run_input_faults(input, words);
}

/* A recording is found by its path and may have changed since. */
static int check_recordings(const struct trace_file *file, const struct scenario *plan)
{
    uint64_t checksums[TRACE_RECORDINGS_MAX];
    uint32_t count = trace_recordings(plan, checksums, TRACE_RECORDINGS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (i < file->recordings_count && checksums[i] == file->recordings[i])
            continue;
        fprintf(stderr, "lowwater: %s: recording %u that it replays is not the one of the trace\n",
                file->scenario_path, i + 1);
        return EXIT_INPUT;
    }
    return EXIT_HELD;
}

static int replay_plan(const struct trace_file *file, const struct run_input *input,
                       const char *policy)
{
    struct run_policy with;
    int code = check_recordings(file, input->plan);
    if (code == EXIT_HELD)
        code = run_policy_open(&with, policy ? policy : file->policy_path, file->race);
    if (code != EXIT_HELD)
        return code;
    struct run_spec spec = {.scenario = file->scenario,
                            .plan = input->plan,
                            .words = &file->words,
                            .policy = with.name,
                            .policy_path = with.path,
                            .factory = file->factory[0] ? file->factory : NULL,
                            .seed = file->seed,
                            .faults = input->faults,
                            .faults_count = input->faults_count,
                            .schedule = input->plan->schedule,
                            .race = file->race,
                            .digest = true,
                            .max_events = file->max_events};
    if (file->has_schedule)
        schedule_choose(&file->schedule, &spec.schedule);
    return run_again(file, &spec);
}

static int replay(const char *path, const char *policy)
{
    static struct trace_file file;
    static struct run_input input;
    char message[512];
    enum input_result read = trace_file_read(path, &file, message, sizeof message);
    if (read != INPUT_OK) {
        fprintf(stderr, "lowwater: %s: %s\n", path, message);
        return read == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
    }
    int code = EXIT_INPUT;
    if (file.version == 1)
        fprintf(stderr,
                "lowwater: %s: written by an older lowwater; it can be printed and compared, but\n"
                "  replaying needs a trace that holds its scenario: run it again with --trace\n",
                path);
    else
        code = read_plan(&file, &input);
    if (code == EXIT_HELD && !file.complete)
        fprintf(stderr, "lowwater: %s was cut short; what it has is compared\n", path);
    if (code == EXIT_HELD)
        code = replay_plan(&file, &input, policy);
    run_input_close(&input);
    trace_file_free(&file);
    return code;
}

int cmd_replay(int argc, char **argv)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *policy = NULL;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "p:", options, NULL)) != -1;) {
        if (option == '?')
            return usage_error("see lowwater replay --help");
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_HELD;
        }
        policy = optarg;
    }
    if (optind + 1 != argc)
        return usage_error("replay: one trace is needed; see lowwater replay --help");
    return replay(argv[optind], policy);
}
