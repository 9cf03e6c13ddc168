/* lowwater trace: stat, print, diff of traces and recordings. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/recording_stat.h"
#include "harness/trace_diff.h"
#include "harness/trace_file.h"
#include "harness/trace_print.h"
#include "harness/trace_stat.h"

static const char help[] =
    "usage: lowwater trace stat [--json FILE] FILE...\n"
    "       lowwater trace print [filters] [--head N | --tail N] FILE\n"
    "       lowwater trace diff [filters] A B\n"
    "\n"
    "Traces are written by lowwater run --trace, recordings (.lwt) by lowwater\n"
    "import. A FILE of - is standard input.\n"
    "\n"
    "stat    what a file holds: span, calls, failures, peaks\n"
    "print   a log: event, virtual time, thread, call, arguments, results. What the\n"
    "        policy did for a call of the CLR stands between the call and its result.\n"
    "  --head N, --tail N  only the first or last N of what passes the filters\n"
    "  --raw               a line a record, in the file's order, nothing put together\n"
    "  --json FILE         one JSON object a line into FILE instead (- for stdout)\n"
    "diff    aligns two files and shows where they differ; exit 1 when they do. Event\n"
    "        numbers and times do not count, but times that differ are reported.\n"
    "  --hunks N           show so many places (5)\n"
    "  --context N         with so many lines around them (3)\n"
    "  --full              show all of all places\n"
    "  --times             times count too\n"
    "  --ignore-addresses  addresses do not count: for two policies\n"
    "print and diff\n"
    "  --width N           wrap lines at column N (0: never), not at the terminal's\n"
    "filters of print and diff\n" TRACE_FILTER_HELP;

/* ---- kinds of files ---- */

enum kind { KIND_TRACE, KIND_RECORDING, KIND_NONE };

struct opened {
    enum kind kind;
    struct trace_file trace;
    struct recording_file recording;
};

/* Standard input can be read once, but its kind decides how: it goes to a nameless file. */
static const char *keep_input(const struct input_file *input, char *path, size_t bytes)
{
    int fd = memfd_create("lowwater-input", 0);
    for (size_t at = 0; fd >= 0 && at < input->count;) {
        ssize_t written = write(fd, input->bytes + at, input->count - at);
        if (written <= 0)
            break;
        at += (size_t)written;
    }
    snprintf(path, bytes, "/proc/self/fd/%d", fd);
    return path;
}

/* True where the file begins as a trace does: then it need not be read to know its kind. */
static bool begins_as_trace(const char *path)
{
    uint8_t bytes[64];
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    size_t count = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return trace_file_recognise(bytes, count);
}

static int open_file(const char *word, struct opened *file)
{
    char message[512] = "", bundled[512];
    struct input_file input;
    bool standard = strcmp(word, "-") == 0, exists = standard || access(word, F_OK) == 0;
    const char *path = !exists && places_recording(word, bundled, sizeof bundled) ? bundled : word;
    bool trace = begins_as_trace(path);
    enum input_result result = INPUT_OK;
    file->kind = KIND_NONE;
    if (!trace)
        result = input_read(path, UINT64_C(64) << 30, &input, message, sizeof message);
    if (!trace && result == INPUT_OK) {
        trace = trace_file_recognise(input.bytes, input.count);
        if (standard)
            path = keep_input(&input, bundled, sizeof bundled);
        input_free(&input);
    }
    if (result == INPUT_OK) {
        result = trace ? trace_file_read(path, &file->trace, message, sizeof message)
                       : recording_file_read(path, &file->recording, message, sizeof message);
        if (result == INPUT_OK)
            file->kind = trace ? KIND_TRACE : KIND_RECORDING;
    }
    if (result == INPUT_OK)
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s: %s\n", standard ? "standard input" : path, message);
    return result == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
}

static void close_file(struct opened *file)
{
    if (file->kind == KIND_TRACE)
        trace_file_free(&file->trace);
    if (file->kind == KIND_RECORDING)
        recording_file_free(&file->recording);
}

/* ---- stat ---- */

static int stat_file(const char *path, FILE *json)
{
    static struct opened file;
    int code = open_file(path, &file);
    FILE *out = json == stdout ? stderr : stdout;
    if (code != EXIT_HELD)
        return code;
    if (file.kind == KIND_TRACE) {
        trace_stat_print(&file.trace, path, out);
        if (json)
            trace_stat_json(&file.trace, path, json);
    } else {
        recording_stat_print(&file.recording.recording, path, out);
        if (json)
            recording_stat_json(&file.recording.recording, path, json);
    }
    close_file(&file);
    return EXIT_HELD;
}

static int trace_stat(int argc, char **argv)
{
    static const struct option options[] = {{"json", required_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    const char *path = NULL;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            return usage_error("see lowwater trace --help");
        path = optarg;
    }
    if (optind == argc)
        return usage_error("trace stat: no file; see lowwater trace --help");
    if (!standard_input_once("trace stat", argv + optind, argc - optind))
        return EXIT_USAGE;
    for (int i = optind; i < argc; i++)
        if (path && same_file(path, argv[i]))
            return usage_error("trace stat: %s would overwrite an input", path);
    FILE *json = !path ? NULL : strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (path && !json)
        return usage_error("trace stat: cannot write %s: %s", path, strerror(errno));
    int worst = EXIT_HELD;
    bool several = argc - optind > 1; /* then the document is an array */
    for (int i = optind; i < argc && worst == EXIT_HELD; i++) {
        if (json && several)
            fputs(i == optind ? "[\n" : ",\n", json);
        worst = stat_file(argv[i], json);
    }
    if (json && several)
        fputs("]\n", json);
    if (json && json != stdout)
        fclose(json);
    return worst;
}

/* ---- options that print and diff share ---- */

static bool parse_columns(const char *text, unsigned *columns)
{
    uint64_t number;
    bool fine = parse_u64(text, &number) && (number == 0 || (number >= 40 && number <= 10000));
    if (fine)
        *columns = (unsigned)number;
    return fine;
}

/* Standard output, for text that may be long: a reader that goes away ends it without a word. */
static void open_output(void)
{
    signal(SIGPIPE, SIG_IGN);
}

static int close_output(FILE *out, const char *path, const char *command)
{
    errno = 0;
    bool fine = fflush(out) == 0 && !ferror(out);
    int error = errno;
    if (out != stdout)
        fine = fclose(out) == 0 && fine;
    if (fine || error == EPIPE || (error == 0 && out == stdout))
        return EXIT_HELD;
    return usage_error("%s: cannot write %s: %s", command, path, strerror(error));
}

/* ---- print ---- */

static int print_option(struct print_options *options, int option, const char *text,
                        const char **json)
{
    bool fine = true;
    switch (option) {
    case '?':
        return usage_error("see lowwater trace --help");
    case 'h':
        fine = parse_u64(text, &options->head) && options->head > 0;
        break;
    case 'T':
        fine = parse_u64(text, &options->tail) && options->tail > 0;
        break;
    case 'r':
        options->raw = true;
        break;
    case 'j':
        *json = text;
        break;
    case 'w':
        fine = options->has_columns = parse_columns(text, &options->columns);
        break;
    default:
        return trace_filter_option(&options->filter, option, text, "trace print");
    }
    return fine ? EXIT_HELD
                : usage_error("trace print: not a number of lines or columns: %s", text);
}

static int print_file(const char *path, struct print_options *options, const char *json)
{
    static struct opened file;
    int code = open_file(path, &file);
    if (code != EXIT_HELD)
        return code;
    bool is_recording = file.kind == KIND_RECORDING;
    code = trace_filter_resolve(&options->filter, is_recording, "trace print");
    FILE *out = !json || strcmp(json, "-") == 0 ? stdout : fopen(json, "w");
    if (code == EXIT_HELD && !out)
        code = usage_error("trace print: cannot write %s: %s", json, strerror(errno));
    if (code != EXIT_HELD)
        return code;
    const struct recording *recording = &file.recording.recording;
    const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
    open_output();
    if (json && is_recording)
        recording_print_json(recording, options, out);
    else if (json)
        trace_print_json(&file.trace, options, out);
    else if (is_recording)
        recording_print(recording, shown, options, out);
    else
        trace_print(&file.trace, shown, options, out);
    close_file(&file);
    return close_output(out, out == stdout ? "standard output" : json, "trace print");
}

static int trace_print_command(int argc, char **argv)
{
    static const struct option options[] = {TRACE_FILTER_OPTIONS,
                                            {"head", required_argument, NULL, 'h'},
                                            {"tail", required_argument, NULL, 'T'},
                                            {"raw", no_argument, NULL, 'r'},
                                            {"json", required_argument, NULL, 'j'},
                                            {"width", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    static struct print_options print;
    const char *json = NULL;
    trace_filter_init(&print.filter);
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int code = print_option(&print, option, optarg, &json);
        if (code != EXIT_HELD)
            return code;
    }
    if (optind + 1 != argc)
        return usage_error("trace print: one file is needed; see lowwater trace --help");
    if (print.head && print.tail)
        return usage_error("trace print: either --head or --tail");
    if (json && same_file(json, argv[optind]))
        return usage_error("trace print: %s would overwrite an input", json);
    return print_file(argv[optind], &print, json);
}

/* ---- diff ---- */

static int diff_option(struct diff_options *options, int option, const char *text)
{
    bool fine = true;
    switch (option) {
    case '?':
        return usage_error("see lowwater trace --help");
    case 'n':
        fine = parse_u64(text, &options->hunks);
        break;
    case 'C':
        fine = parse_u64(text, &options->context) && options->context < 1000000;
        break;
    case 'F':
        options->full = true;
        break;
    case 'm':
        options->times = true;
        break;
    case 'i':
        options->ignore_addresses = true;
        break;
    case 'w':
        fine = options->has_columns = parse_columns(text, &options->columns);
        break;
    default:
        return trace_filter_option(&options->filter, option, text, "trace diff");
    }
    return fine ? EXIT_HELD : usage_error("trace diff: not a number for it: %s", text);
}

static int diff_files(char **paths, struct diff_options *options)
{
    static struct opened a, b;
    int code = open_file(paths[0], &a);
    if (code == EXIT_HELD)
        code = open_file(paths[1], &b);
    if (code == EXIT_HELD && a.kind != b.kind)
        code = usage_error("trace diff: one is a trace, the other a recording");
    bool is_recording = a.kind == KIND_RECORDING;
    if (code == EXIT_HELD)
        code = trace_filter_resolve(&options->filter, is_recording, "trace diff");
    if (code != EXIT_HELD)
        return code;
    open_output();
    bool same = is_recording ? recording_diff(&a.recording.recording, paths[0],
                                              &b.recording.recording, paths[1], options, stdout)
                             : trace_diff(&a.trace, paths[0], &b.trace, paths[1], options, stdout);
    close_file(&a);
    close_file(&b);
    code = close_output(stdout, "standard output", "trace diff");
    return code != EXIT_HELD ? code : same ? EXIT_HELD : EXIT_FINDING;
}

static int trace_diff_command(int argc, char **argv)
{
    static const struct option options[] = {TRACE_FILTER_OPTIONS,
                                            {"hunks", required_argument, NULL, 'n'},
                                            {"context", required_argument, NULL, 'C'},
                                            {"full", no_argument, NULL, 'F'},
                                            {"times", no_argument, NULL, 'm'},
                                            {"ignore-addresses", no_argument, NULL, 'i'},
                                            {"width", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    static struct diff_options diff = {.hunks = DIFF_HUNKS_DEFAULT,
                                       .context = DIFF_CONTEXT_DEFAULT};
    trace_filter_init(&diff.filter);
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int code = diff_option(&diff, option, optarg);
        if (code != EXIT_HELD)
            return code;
    }
    if (optind + 2 != argc)
        return usage_error("trace diff: two files are needed; see lowwater trace --help");
    if (!standard_input_once("trace diff", argv + optind, 2))
        return EXIT_USAGE;
    return diff_files(argv + optind, &diff);
}

int cmd_trace(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"stat", trace_stat}, {"print", trace_print_command}, {"diff", trace_diff_command}};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_HELD;
        }
    }
    if (argc < 2)
        return usage_error("trace: stat, print or diff; see lowwater trace --help");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        static char name[32]; /* what getopt puts before its messages */
        snprintf(name, sizeof name, "lowwater: trace %s", commands[i].name);
        argv[1] = name;
        return commands[i].run(argc - 1, argv + 1);
    }
    return usage_error("trace: stat, print or diff, not '%s'", argv[1]);
}
