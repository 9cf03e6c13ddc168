/* lowwater import: from logs of memory calls to a recording. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "harness/import.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/recording_stat.h"
#include "harness/recording_write.h"

/* Logs are text in memory. */
#define LOG_BYTES_MAX (UINT64_C(16) << 30)
#define QUOTED_BYTES 60

static const char help[] =
    "usage: lowwater import strace LOG [--faults FILE] -o FILE.lwt [--json FILE]\n"
    "\n"
    "Turns a log of memory calls into a recording that lowwater can replay. One log,\n"
    "one process: calls of other programs that it started are dropped. LOG and the\n"
    "fault log may be compressed with zstd; - is standard input.\n"
    "\n"
    "  --faults FILE   page faults of the same run; without them a replay touches no\n"
    "                  memory\n"
    "  -o FILE.lwt     the recording\n"
    "  --json FILE     what was counted, as `lowwater trace stat --json` says it\n"
    "  -h, --help      this text\n"
    "\n"
    "To record a program of your own, of any runtime:\n"
    "\n"
    "  strace -f -ttt -e trace=%memory,execve,clone,clone3,fork,vfork \\\n"
    "      -e signal=none -o prog.strace PROGRAM ARGUMENTS\n"
    "\n"
    "and for its page faults, in the same run, on the same clock (perf may need root,\n"
    "or a lower kernel.perf_event_paranoid):\n"
    "\n"
    "  perf record -e page-faults -c 1 -d -k CLOCK_REALTIME -o prog.perf -- \\\n"
    "      strace -f -ttt -e trace=%memory,execve,clone,clone3,fork,vfork \\\n"
    "      -e signal=none -o prog.strace PROGRAM ARGUMENTS\n"
    "  perf script -i prog.perf --ns -F tid,time,addr > prog.faults\n"
    "  lowwater import strace prog.strace --faults prog.faults -o prog.lwt\n"
    "\n"
    "execve, clone, clone3, fork and vfork tell threads from other programs. Lines\n"
    "that are not understood are named and left out; when they are more than half,\n"
    "the exit code is 6.\n";

struct request {
    const char *log, *faults, *out, *json;
};

static int read_request(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {{"faults", required_argument, NULL, 'f'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"output", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    *request = (struct request){0};
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
        if (option == 'f')
            request->faults = optarg;
        else if (option == 'j')
            request->json = optarg;
        else if (option == 'o')
            request->out = optarg;
        else
            return usage_error("see lowwater import --help");
    }
    if (optind == argc || strcmp(argv[optind], "strace") != 0)
        return usage_error("import: the kind of log is needed, strace; see lowwater import --help");
    if (optind + 2 != argc)
        return usage_error("import strace: one log is needed; see lowwater import --help");
    if (!request->out)
        return usage_error("import strace: -o FILE.lwt is needed");
    request->log = argv[optind + 1];
    return EXIT_HELD;
}

/* Whether writing one would destroy the other; "-" is a stream. */
static bool clash(const char *output, const char *other)
{
    if (!output || !other || strcmp(output, "-") == 0)
        return false;
    return strcmp(output, other) == 0 || same_file(output, other);
}

static int check_request(const struct request *request)
{
    const char *const outputs[] = {request->out, request->json};
    for (unsigned i = 0; i < 2; i++)
        if (clash(outputs[i], request->log) || clash(outputs[i], request->faults))
            return usage_error("import: %s would overwrite an input", outputs[i]);
    if (clash(request->json, request->out))
        return usage_error("import: the recording and --json are one file: %s", request->json);
    if (request->faults && strcmp(request->log, "-") == 0 && strcmp(request->faults, "-") == 0)
        return usage_error("import: only one of the logs can be standard input");
    return EXIT_HELD;
}

static int read_input(const char *path, struct input_file *file)
{
    char message[256];
    enum input_result result = input_read(path, LOG_BYTES_MAX, file, message, sizeof message);
    if (result == INPUT_OK)
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s: %s\n", path, message);
    return result == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
}

/* ---- lines that were not understood ---- */

static void quote_line(const struct input_file *file, uint64_t number, char *text, size_t bytes)
{
    const uint8_t *at = file->bytes, *end = file->bytes + file->count;
    for (uint64_t line = 1; line < number; line++) {
        const uint8_t *next = memchr(at, '\n', (size_t)(end - at));
        if (!next)
            break;
        at = next + 1;
    }
    size_t length = 0;
    for (; length + 1 < bytes && at < end && *at != '\n'; at++)
        text[length++] = *at < 0x20 || *at > 0x7e ? '?' : (char)*at;
    text[length] = 0;
}

static void name_lines(const char *path, const struct input_file *file,
                       const struct import_lines *lines)
{
    for (uint64_t i = 0; i < lines->count && i < IMPORT_LINES_NAMED; i++) {
        char text[QUOTED_BYTES + 1];
        quote_line(file, lines->first[i], text, sizeof text);
        fprintf(stderr, "%s:%" PRIu64 ": not understood: %s\n", path, lines->first[i], text);
    }
    if (lines->count > IMPORT_LINES_NAMED)
        fprintf(stderr, "%s: %" PRIu64 " more lines not understood\n", path,
                lines->count - IMPORT_LINES_NAMED);
}

static int refused(const struct request *request, enum import_status status,
                   const struct import_result *result)
{
    switch (status) {
    case IMPORT_EMPTY:
        fprintf(stderr, "lowwater: %s: empty\n", request->log);
        return EXIT_INPUT;
    case IMPORT_NOT_UNDERSTOOD:
        fprintf(stderr,
                "lowwater: %s: not a log of strace: %" PRIu64 " of %" PRIu64
                " lines not understood",
                request->log, result->bad_lines.count, result->stats.lines);
        if (request->faults)
            fprintf(stderr, ", of the fault log %" PRIu64 " of %" PRIu64,
                    result->bad_fault_lines.count, result->fault_lines);
        fputc('\n', stderr);
        return EXIT_INPUT;
    case IMPORT_NO_CLOCK:
        fprintf(stderr,
                "lowwater: %s: its times cannot be held against the fault log: record with "
                "strace -ttt\n",
                request->log);
        return EXIT_INPUT;
    default:
        return EXIT_HELD;
    }
}

/* ---- the recording ---- */

static uint8_t *encode(const struct request *request, const struct import_result *result,
                       size_t *count)
{
    char name[64];
    bool stream = strcmp(request->out, "-") == 0;
    places_base_name(stream ? request->log : request->out, name, sizeof name);
    struct recording_head head = {name, result->objects, result->threads, result->duration_ns,
                                  result->stats};
    return recording_encode(&head, result->operations, result->count, count);
}

static int write_json(const struct request *request, const struct recording *recording)
{
    bool stream = strcmp(request->json, "-") == 0;
    FILE *out = stream ? stdout : fopen(request->json, "w");
    if (!out)
        return usage_error("import: cannot write %s: %s", request->json, strerror(errno));
    recording_stat_json(recording, request->out, out);
    int error = ferror(out);
    if (!stream && fclose(out) != 0)
        error = 1;
    return error ? usage_error("import: cannot write %s", request->json) : EXIT_HELD;
}

static int write_all(const struct request *request, const struct import_result *result)
{
    size_t count;
    char message[256];
    struct recording recording;
    uint8_t *bytes = encode(request, result, &count);
    CHECK(bytes != NULL);
    bool opened = recording_open(&recording, bytes, count, message, sizeof message);
    CHECK(opened); /* what was just written can be read */
    int error = recording_file_write(request->out, bytes, count), code = EXIT_HELD;
    if (error != 0)
        code = usage_error("import: cannot write %s: %s", request->out, strerror(error));
    if (code == EXIT_HELD && request->json)
        code = write_json(request, &recording);
    bool quiet =
        strcmp(request->out, "-") == 0 || (request->json && strcmp(request->json, "-") == 0);
    if (code == EXIT_HELD && !quiet)
        recording_stat_print(&recording, request->out, stdout);
    free(bytes);
    return code;
}

static int import_files(const struct request *request)
{
    struct input_file log = {0}, faults = {0};
    struct import_result result = {0};
    int code = read_input(request->log, &log);
    if (code == EXIT_HELD && request->faults)
        code = read_input(request->faults, &faults);
    if (code == EXIT_HELD) {
        struct import_input input = {(const char *)log.bytes, log.count, (const char *)faults.bytes,
                                     faults.count};
        enum import_status status = import_strace(&input, &result);
        name_lines(request->log, &log, &result.bad_lines);
        if (request->faults)
            name_lines(request->faults, &faults, &result.bad_fault_lines);
        code = refused(request, status, &result);
    }
    if (code == EXIT_HELD)
        code = write_all(request, &result);
    import_result_free(&result);
    input_free(&log);
    input_free(&faults);
    return code;
}

int cmd_import(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_HELD;
        }
    }
    struct request request;
    int code = read_request(argc, argv, &request);
    if (code == EXIT_HELD)
        code = check_request(&request);
    return code == EXIT_HELD ? import_files(&request) : code;
}
