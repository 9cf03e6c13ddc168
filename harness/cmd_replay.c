/* lowwater replay: a trace again, with the same or another policy. */
#include "harness/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/policy_find.h"
#include "harness/recording_file.h"
#include "harness/trace_compare.h"
#include "harness/trace_file.h"

static const char help[] =
    "usage: lowwater replay TRACE [--policy P]\n"
    "\n"
    "Runs what the trace recorded once more (scenario, policy, parameters, seed, failures)\n"
    "and compares record by record. With another policy, or another version of it, the\n"
    "first record that differs is shown with its neighbours.\n"
    "\n"
    "  -p, --policy P   use this policy instead\n"
    "      --help       this text\n"
    "\n"
    "Exit codes: 0 identical, 1 different, 2 usage, 6 invalid file.\n";

static int run_again(const struct trace_file *file, const struct run_spec *spec)
{
    char path[64], message[512], text[32];
    struct trace_file again;
    struct run_result *result = run_result_create();
    struct run_spec traced = *spec;
    int fd = memfd_create("lowwater-replay", 0);
    if (!result || fd < 0)
        return EXIT_INTERNAL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    traced.trace_path = path;
    run_execute(&traced, result);
    int code = EXIT_INTERNAL;
    if (result->outcome == OUTCOME_LOAD) {
        fprintf(stderr, "lowwater: %s\n", result->load_message);
        code = result->usage_error ? EXIT_USAGE : EXIT_INPUT;
    } else if (trace_file_read(path, &again, message, sizeof message) != INPUT_OK) {
        fprintf(stderr, "lowwater: the trace of the replay cannot be read: %s\n", message);
    } else {
        /* Of a trace cut short only what it has can be compared. */
        uint64_t count = !file->complete && file->count < again.count ? file->count : again.count;
        bool equal = trace_show_difference(file->events, file->count, again.events, count,
                                           "recorded", "replayed", stdout);
        if (equal)
            printf("identical: %s events\n", count_text(file->count, text, sizeof text));
        code = equal ? EXIT_HELD : EXIT_FINDING;
        trace_file_free(&again);
    }
    close(fd);
    run_result_destroy(result);
    return code;
}

static int replay(const char *path, const char *policy)
{
    static struct trace_file file;
    static struct recording_file recording;
    char message[512], policy_path[512], policy_name[64];
    enum input_result read = trace_file_read(path, &file, message, sizeof message);
    if (read != INPUT_OK) {
        fprintf(stderr, "lowwater: %s: %s\n", path, message);
        return read == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
    }
    int code = policy_find(policy ? policy : file.policy_path, policy_path, sizeof policy_path,
                           policy_name, sizeof policy_name);
    if (code != EXIT_HELD)
        return code;
    read = recording_file_read(file.scenario_path, &recording, message, sizeof message);
    if (read != INPUT_OK) {
        fprintf(stderr, "lowwater: %s (named by the trace): %s\n", file.scenario_path, message);
        return read == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
    }
    file.spec.recording = &recording.recording;
    file.spec.policy_path = policy_path;
    file.spec.policy = policy_name;
    if (!file.complete)
        fprintf(stderr, "lowwater: %s was cut short; what it has is compared\n", path);
    code = run_again(&file, &file.spec);
    recording_file_free(&recording);
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
