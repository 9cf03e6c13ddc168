/* lowwater validate: scenarios, recordings and traces, without running them. */
#include "harness/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/recording_file.h"
#include "harness/scenario.h"
#include "harness/trace_file.h"

static const char help[] =
    "usage: lowwater validate FILE...\n"
    "\n"
    "Checks scenarios (.yaml), recordings (.lwt) and traces; - reads a scenario\n"
    "or recording from standard input. Exit codes: 0 all fine, 2 no such file, 6\n"
    "mistakes in a scenario, a damaged or unknown file.\n";

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

static enum input_result check_scenario(const char *path, const struct input_file *input)
{
    struct scenario *scenario;
    bool usage;
    enum input_result result = scenario_parse(path, (const char *)input->bytes, input->count, NULL,
                                              0, stderr, &usage, &scenario);
    scenario_free(scenario);
    return result;
}

static enum input_result check_recording(const struct input_file *input, char *message,
                                         size_t message_bytes)
{
    struct recording recording;
    return recording_open(&recording, input->bytes, input->count, message, message_bytes)
               ? INPUT_OK
               : INPUT_INVALID;
}

static enum input_result check_trace(const char *path, char *message, size_t message_bytes)
{
    static struct trace_file trace;
    enum input_result result = trace_file_read(path, &trace, message, message_bytes);
    trace_file_free(&trace);
    return result;
}

static enum input_result refuse_kind(char *message, size_t message_bytes)
{
    snprintf(message, message_bytes,
             "neither a scenario (.yaml) nor a recording (.lwt) nor the trace of a run");
    return INPUT_INVALID;
}

/* The message stays empty where the diagnostics have been written. */
static enum input_result check_file(const char *path, char *message, size_t message_bytes)
{
    struct input_file input;
    bool standard = strcmp(path, "-") == 0;
    enum input_result result =
        input_read(path, RECORDING_BYTES_MAX, &input, message, message_bytes);
    if (result != INPUT_OK)
        return result;
    bool scenario = ends_with(path, ".yaml") || ends_with(path, ".yml") ||
                    (standard && !recording_file_recognise(input.bytes, input.count));
    if (trace_file_recognise(input.bytes, input.count) && !standard)
        result = check_trace(path, message, message_bytes);
    else if (scenario)
        result = check_scenario(path, &input);
    else if (ends_with(path, ".lwt") || recording_file_recognise(input.bytes, input.count))
        result = check_recording(&input, message, message_bytes);
    else
        result = refuse_kind(message, message_bytes);
    input_free(&input);
    return result;
}

int cmd_validate(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int worst = EXIT_HELD;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            return usage_error("see lowwater validate --help");
        fputs(help, stdout);
        return EXIT_HELD;
    }
    if (optind == argc)
        return usage_error("validate: no file; see lowwater validate --help");
    if (!standard_input_once("validate", argv + optind, argc - optind))
        return EXIT_USAGE;
    for (int i = optind; i < argc; i++)
        if (strcmp(argv[i], "-") != 0 && access(argv[i], R_OK) != 0)
            return usage_error("validate: no such file: %s", argv[i]);
    for (int i = optind; i < argc; i++) {
        char message[512] = "";
        enum input_result result = check_file(argv[i], message, sizeof message);
        if (result == INPUT_NO_FILE)
            return usage_error("validate: %s: %s", argv[i], message);
        if (result == INPUT_OK) {
            printf("ok  %s\n", argv[i]);
            continue;
        }
        if (*message)
            fprintf(stderr, "%s:1:1: error: %s\n", argv[i], message);
        worst = EXIT_INPUT;
    }
    return worst;
}
