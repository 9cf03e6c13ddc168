/* lowwater validate: recordings and traces, without running them. */
#include "harness/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/recording_file.h"
#include "harness/trace_file.h"

static const char help[] =
    "usage: lowwater validate FILE...\n"
    "\n"
    "Checks recordings (.lwt) and traces. Exit codes: 0 all fine, 2 no such\n"
    "file, 6 a damaged or unknown file.\n";

static enum input_result check_file(const char *path, char *message, size_t message_bytes)
{
    static struct trace_file trace;
    struct recording_file recording;
    struct input_file input;
    enum input_result result =
        input_read(path, RECORDING_BYTES_MAX, &input, message, message_bytes);
    if (result != INPUT_OK)
        return result;
    bool is_trace = trace_file_recognise(input.bytes, input.count);
    input_free(&input);
    if (is_trace) {
        result = trace_file_read(path, &trace, message, message_bytes);
        trace_file_free(&trace);
        return result;
    }
    result = recording_file_read(path, &recording, message, message_bytes);
    if (result == INPUT_OK)
        recording_file_free(&recording);
    return result;
}

int cmd_validate(int argc, char **argv)
{
    int worst = EXIT_HELD;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_HELD;
    }
    if (argc < 2 || argv[1][0] == '-')
        return usage_error("validate: no file; see lowwater validate --help");
    for (int i = 1; i < argc; i++)
        if (access(argv[i], R_OK) != 0)
            return usage_error("validate: no such file: %s", argv[i]);
    for (int i = 1; i < argc; i++) {
        char message[512] = "";
        if (check_file(argv[i], message, sizeof message) == INPUT_OK) {
            printf("ok  %s\n", argv[i]);
            continue;
        }
        fprintf(stderr, "%s:1:1: error: %s\n", argv[i], message);
        worst = EXIT_INPUT;
    }
    return worst;
}
