/* lowwater import: a recording from a log of memory calls. What calls mean is import.h's. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/import.h"
#include "harness/input_file.h"
#include "harness/options.h"
#include "harness/recording_file.h"
#include "harness/recording_stat.h"
#include "harness/recording_write.h"

/* Most text of one log: bounds what a compressed one may ask for. */
#define LOG_BYTES_MAX (UINT64_C(4) << 30)
/* Lines that are shown by their numbers. */
#define LINES_SHOWN 10

static const char help[] =
    "usage: lowwater import strace LOG [--faults FILE] -o FILE.lwt [--json FILE]\n"
    "\n"
    "Turns the memory calls of one process, as strace logs them, into a recording that runs\n"
    "can replay. Logs may be compressed with zstd; - is standard input or output.\n"
    "\n"
    "  -o, --output FILE   the recording\n"
    "      --faults FILE   page faults on the same clock: TID SECONDS.NANOS HEXADDRESS\n"
    "      --json FILE     what was counted, as trace stat --json says it\n"
    "      --help          this text\n"
    "\n"
    "To record a program of one's own:\n"
    "\n"
    "  strace -f -ttt -e trace=%memory,execve,clone,clone3,fork,vfork -e signal=none \\\n"
    "      -o LOG PROGRAM\n"
    "\n"
    "With faults (first touches), perf around it, on the clock that strace uses:\n"
    "\n"
    "  perf record -k CLOCK_REALTIME -e page-faults -c 1 -d -o PERF \\\n"
    "      strace -f -ttt -e trace=%memory,execve,clone,clone3,fork,vfork -e signal=none \\\n"
    "      -o LOG PROGRAM\n"
    "  perf script -i PERF --ns -F tid,time,addr > FAULTS\n"
    "\n"
    "Faults of strace itself are in that file too; they hit nothing and are dropped. perf\n"
    "trace -F all shows the same faults live, but relative to its start: not for import.\n"
    "\n"
    "Lines that are not understood are reported and left out. Exit codes: 0 done, 2 usage or\n"
    "no such file, 6 a damaged input or more than half of its lines not understood.\n";

struct request {
    const char *log, *faults, *output, *json;
};

/* ---- the command line ---- */

static bool is_dash(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool same_path(const char *a, const char *b)
{
    return a && b && !is_dash(a) && !is_dash(b) && (strcmp(a, b) == 0 || same_file(a, b));
}

static int check_request(const struct request *request)
{
    const char *outputs[] = {request->output, request->json};
    for (int i = 0; i < 2; i++)
        if (same_path(outputs[i], request->log) || same_path(outputs[i], request->faults))
            return usage_error("import: %s would overwrite an input", outputs[i]);
    if (same_path(request->output, request->json) ||
        (is_dash(request->output) && is_dash(request->json)))
        return usage_error("import: recording and --json both go to %s", request->output);
    if (is_dash(request->log) && is_dash(request->faults))
        return usage_error("import: only one of log and faults can be standard input");
    return EXIT_HELD;
}

/* EXIT_HELD with a NULL log: help was printed. */
static int read_options(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"faults", required_argument, NULL, 'f'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    optind = 0; /* a new set of arguments */
    for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_HELD;
        }
        if (option == '?')
            return usage_error("see lowwater import --help");
        const char **where = option == 'o'   ? &request->output
                             : option == 'f' ? &request->faults
                                             : &request->json;
        if (*where)
            return usage_error("import: -%s given twice", option == 'o'   ? "o"
                                                          : option == 'f' ? "-faults"
                                                                          : "-json");
        *where = optarg;
    }
    if (optind == argc)
        return usage_error("import: what kind of log? strace; see lowwater import --help");
    if (strcmp(argv[optind], "strace") != 0)
        return usage_error("import: '%s' is no kind of log; there is strace", argv[optind]);
    if (optind + 2 != argc)
        return usage_error("import strace: one log is needed, and only one");
    if (!request->output)
        return usage_error("import strace: -o FILE.lwt is needed");
    request->log = argv[optind + 1];
    return check_request(request);
}

/* ---- the work ---- */

static int read_text(const char *path, struct input_file *file)
{
    char message[512] = "";
    enum input_result result = input_read(path, LOG_BYTES_MAX, file, message, sizeof message);
    if (result == INPUT_OK)
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s: %s\n", path, message);
    return result == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
}

static void report_lines(const char *path, const struct import_lines *lines)
{
    char count[32];
    if (lines->count == 0)
        return;
    uint64_t shown = lines->count < LINES_SHOWN ? lines->count : LINES_SHOWN;
    fprintf(stderr, "lowwater: %s: %s %s not understood:", path,
            count_text(lines->count, count, sizeof count), lines->count == 1 ? "line" : "lines");
    for (uint64_t i = 0; i < shown; i++)
        fprintf(stderr, "%s %" PRIu64, i ? "," : "", lines->first[i]);
    if (lines->count > shown)
        fprintf(stderr, " and %s more", count_text(lines->count - shown, count, sizeof count));
    fputc('\n', stderr);
}

static int report_status(const struct request *request, const struct import_result *result,
                         enum import_status status)
{
    report_lines(request->log, &result->bad_lines);
    if (request->faults)
        report_lines(request->faults, &result->bad_fault_lines);
    switch (status) {
    case IMPORT_EMPTY:
        fprintf(stderr, "lowwater: %s: no line at all\n", request->log);
        return EXIT_INPUT;
    case IMPORT_NOT_UNDERSTOOD: {
        bool log = result->bad_lines.count * 2 > result->stats.lines;
        fprintf(stderr, "lowwater: %s: more than half not understood: no %s\n",
                log ? request->log : request->faults, log ? "log of strace" : "log of faults");
        return EXIT_INPUT;
    }
    case IMPORT_NO_CLOCK:
        fprintf(stderr,
                "lowwater: %s: its times cannot be held against those of the faults; record with "
                "strace -ttt\n",
                request->log);
        return EXIT_INPUT;
    default:
        return EXIT_HELD;
    }
}

/* The file's name without folders and ending. */
static void name_of(const char *path, char *name, size_t name_bytes)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strchr(base + (*base == '.'), '.');
    size_t length = dot ? (size_t)(dot - base) : strlen(base);
    if (length == 0 || is_dash(path))
        snprintf(name, name_bytes, "recording");
    else
        snprintf(name, name_bytes, "%.*s", (int)(length < 64 ? length : 63), base);
}

static int show(const struct request *request, const uint8_t *bytes, size_t count)
{
    struct recording recording;
    char message[256];
    FILE *text = is_dash(request->output) || is_dash(request->json) ? stderr : stdout;
    if (!recording_open(&recording, bytes, count, message, sizeof message)) {
        fprintf(stderr, "lowwater: the recording just made is not valid: %s\n", message);
        return EXIT_INTERNAL;
    }
    recording_stat_print(&recording, request->output, text);
    if (!request->json)
        return EXIT_HELD;
    FILE *json = is_dash(request->json) ? stdout : fopen(request->json, "w");
    if (!json)
        return usage_error("import: cannot write %s: %s", request->json, strerror(errno));
    recording_stat_json(&recording, request->output, json);
    bool failed = ferror(json) != 0;
    failed = (json == stdout ? fflush(json) : fclose(json)) != 0 || failed;
    return failed ? usage_error("import: cannot write %s", request->json) : EXIT_HELD;
}

static int write_recording(const struct request *request, const struct import_result *result)
{
    char name[64];
    size_t count;
    name_of(is_dash(request->output) ? request->log : request->output, name, sizeof name);
    struct recording_head head = {.name = name,
                                  .objects = result->objects,
                                  .threads = result->threads,
                                  .duration_ns = result->duration_ns,
                                  .stats = result->stats};
    uint8_t *bytes = recording_encode(&head, result->operations, result->count, &count);
    int error = bytes ? recording_file_write(request->output, bytes, count) : ENOMEM;
    int code = error == 0
                   ? show(request, bytes, count)
                   : usage_error("import: cannot write %s: %s", request->output, strerror(error));
    free(bytes);
    return code;
}

static int import_logs(const struct request *request)
{
    struct input_file log = {0}, faults = {0};
    struct import_result result;
    int code = read_text(request->log, &log);
    if (code == EXIT_HELD && request->faults)
        code = read_text(request->faults, &faults);
    if (code == EXIT_HELD) {
        struct import_input input = {.log = (const char *)log.bytes,
                                     .log_bytes = log.count,
                                     .faults = (const char *)faults.bytes,
                                     .faults_bytes = faults.count};
        enum import_status status = import_strace(&input, &result);
        code = report_status(request, &result, status);
        if (code == EXIT_HELD)
            code = write_recording(request, &result);
        import_result_free(&result);
    }
    input_free(&log);
    input_free(&faults);
    return code;
}

int cmd_import(int argc, char **argv)
{
    struct request request = {0};
    int code = read_options(argc, argv, &request);
    if (code != EXIT_HELD || !request.log)
        return code;
    return import_logs(&request);
}
