/* lowwater trace: stat, print, diff of traces and recordings. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/json.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/recording_stat.h"
#include "harness/trace_compare.h"
#include "harness/trace_file.h"

static const char help[] =
    "usage: lowwater trace stat [--json FILE] FILE...\n"
    "       lowwater trace print [filters] FILE\n"
    "       lowwater trace diff A B\n"
    "\n"
    "Traces are written by lowwater run --trace, recordings (.lwt) by lowwater import.\n"
    "\n"
    "stat    what a file holds; of a recording, calls, peaks and finals\n"
    "print   one line a record: event, virtual time, thread, call, arguments, results\n"
    "  --call NAME       only this call (VirtualAlloc, IHostMalloc::Alloc, ...); repeatable\n"
    "  --thread N        only this simulated thread\n"
    "  --from T --to T   only this span of virtual time (2s, 250ms, 100us)\n"
    "  --address A       only calls whose range holds the logical address\n"
    "  --failed          only calls that failed\n"
    "diff    the first record that differs, with its neighbours; exit 1 when there is one\n";

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

static int open_file(const char *word, struct opened *file)
{
    char message[512] = "", bundled[512];
    struct input_file input;
    bool exists = strcmp(word, "-") == 0 || access(word, F_OK) == 0;
    const char *path = !exists && places_recording(word, bundled, sizeof bundled) ? bundled : word;
    enum input_result result =
        input_read(path, UINT64_C(64) << 30, &input, message, sizeof message);
    file->kind = KIND_NONE;
    if (result == INPUT_OK) {
        bool trace = trace_file_recognise(input.bytes, input.count);
        if (strcmp(path, "-") == 0)
            path = keep_input(&input, bundled, sizeof bundled);
        input_free(&input);
        result = trace ? trace_file_read(path, &file->trace, message, sizeof message)
                       : recording_file_read(path, &file->recording, message, sizeof message);
        if (result == INPUT_OK)
            file->kind = trace ? KIND_TRACE : KIND_RECORDING;
    }
    if (result == INPUT_OK)
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s: %s\n", path, message);
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

struct counts {
    uint64_t of_kind[EVENT_KINDS], failed[EVENT_KINDS];
};

static void count_events(const struct trace_file *trace, struct counts *counts)
{
    *counts = (struct counts){{0}, {0}};
    for (uint64_t i = 0; i < trace->count; i++) {
        counts->of_kind[trace->events[i].kind]++;
        counts->failed[trace->events[i].kind] += trace->events[i].error != 0;
    }
}

static void stat_trace(const struct trace_file *trace, const char *path, FILE *out)
{
    static struct counts counts;
    char text[33], events[32], when[64];
    count_events(trace, &counts);
    digest_text(trace->digest, text);
    fprintf(out, "%s: %s with %s, seed %" PRIu64 "\n", path, trace->scenario, trace->policy,
            trace->seed);
    fprintf(
        out, "  %s events, %s virtual, %s%s\n", count_text(trace->count, events, sizeof events),
        time_text(trace->count ? trace->events[trace->count - 1].time_ns : 0, when, sizeof when),
        trace->complete ? "digest " : "cut short", trace->complete ? text : "");
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (counts.of_kind[i] == 0)
            continue;
        fprintf(out, "  %12s  %s", count_text(counts.of_kind[i], events, sizeof events),
                event_shapes[i].name);
        if (counts.failed[i])
            fprintf(out, "  (%" PRIu64 " failed)", counts.failed[i]);
        fputc('\n', out);
    }
}

static void stat_trace_json(const struct trace_file *trace, const char *path, FILE *out)
{
    static struct counts counts;
    struct json json;
    char text[33];
    count_events(trace, &counts);
    digest_text(trace->digest, text);
    json_begin(&json, out);
    json_object(&json);
    json_field(&json, "file", path);
    json_field(&json, "scenario", trace->scenario);
    json_field(&json, "policy", trace->policy);
    json_field_number(&json, "seed", trace->seed);
    json_field_number(&json, "events", trace->count);
    json_key(&json, "complete");
    json_bool(&json, trace->complete);
    json_field(&json, "digest", text);
    json_key(&json, "calls");
    json_object(&json);
    for (int i = 0; i < EVENT_KINDS; i++)
        if (counts.of_kind[i])
            json_field_number(&json, event_shapes[i].name, counts.of_kind[i]);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

static int stat_file(const char *path, FILE *json)
{
    static struct opened file;
    int code = open_file(path, &file);
    FILE *out = json == stdout ? stderr : stdout;
    if (code != EXIT_HELD)
        return code;
    if (file.kind == KIND_TRACE) {
        stat_trace(&file.trace, path, out);
        if (json)
            stat_trace_json(&file.trace, path, json);
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

/* ---- print ---- */

#define CALLS_MAX 16

struct filter {
    const char *calls[CALLS_MAX];
    unsigned calls_count;
    bool has_thread, has_address, failed;
    uint64_t thread, address, from_ns, to_ns;
};

/* Whether a word of the record is an address range that holds the one asked for. */
static bool covers(const struct event *event, uint64_t address)
{
    for (int i = 0; i < 4; i++) {
        uint64_t size = i + 1 < 4 ? event->arg[i + 1] : 0;
        if (event->arg[i] <= address && address - event->arg[i] < (size ? size : 1) &&
            event->arg[i] >= GRANULARITY_BYTES)
            return true;
    }
    return false;
}

static bool passes(const struct filter *filter, const struct event *event)
{
    const struct event_shape *shape = &event_shapes[event->kind];
    bool named = filter->calls_count == 0;
    for (unsigned i = 0; i < filter->calls_count; i++)
        named = named || strcmp(filter->calls[i], shape->name) == 0 ||
                strcmp(filter->calls[i], shape->symbol) == 0;
    return named && (!filter->has_thread || event->thread == filter->thread) &&
           (!filter->failed || event->error != 0) && event->time_ns >= filter->from_ns &&
           event->time_ns <= filter->to_ns &&
           (!filter->has_address || covers(event, filter->address));
}

static bool known_call(const char *name)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        if (strcmp(name, event_shapes[i].name) == 0 || strcmp(name, event_shapes[i].symbol) == 0)
            return true;
    return false;
}

static int take_filter(struct filter *filter, int option, const char *text)
{
    switch (option) {
    case 'c':
        if (!known_call(text) || filter->calls_count == CALLS_MAX)
            return usage_error("trace print: no such call: %s (see lowwater list calls)", text);
        filter->calls[filter->calls_count++] = text;
        return EXIT_HELD;
    case 't':
        filter->has_thread = parse_u64(text, &filter->thread);
        return filter->has_thread ? EXIT_HELD : usage_error("trace print: not a thread: %s", text);
    case 'a':
        filter->has_address = parse_u64(text, &filter->address);
        return filter->has_address ? EXIT_HELD
                                   : usage_error("trace print: not an address: %s", text);
    case 'f':
        return parse_duration_ns(text, &filter->from_ns)
                   ? EXIT_HELD
                   : usage_error("trace print: not a time: %s", text);
    case 'o':
        return parse_duration_ns(text, &filter->to_ns)
                   ? EXIT_HELD
                   : usage_error("trace print: not a time: %s", text);
    default:
        filter->failed = true;
        return EXIT_HELD;
    }
}

static void print_trace(const struct trace_file *trace, const struct filter *filter)
{
    for (uint64_t i = 0; i < trace->count; i++) {
        const struct event *event = &trace->events[i];
        char text[512], when[64];
        if (!passes(filter, event))
            continue;
        event_text(event, text, sizeof text);
        printf("%8" PRIu64 "  %s  t%-3u %s%s\n", i, time_text(event->time_ns, when, sizeof when),
               event->thread, event->depth ? "  " : "", text);
    }
}

static void print_recording(const struct recording *recording, const struct filter *filter)
{
    struct recording_cursor cursor;
    struct operation op;
    recording_begin(recording, &cursor);
    for (uint64_t i = 0; recording_next(&cursor, &op); i++) {
        char text[256], when[64];
        if (op.time_ns < filter->from_ns || op.time_ns > filter->to_ns ||
            (filter->has_thread && op.thread != filter->thread))
            continue;
        operation_text(&op, text, sizeof text);
        printf("%8" PRIu64 "  %s  t%-3u %s\n", i, time_text(op.time_ns, when, sizeof when),
               op.thread, text);
    }
}

static int trace_print(int argc, char **argv)
{
    static const struct option options[] = {{"call", required_argument, NULL, 'c'},
                                            {"thread", required_argument, NULL, 't'},
                                            {"address", required_argument, NULL, 'a'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"to", required_argument, NULL, 'o'},
                                            {"failed", no_argument, NULL, 'x'},
                                            {NULL, 0, NULL, 0}};
    struct filter filter = {.to_ns = UINT64_MAX};
    static struct opened file;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int code = option == '?' ? usage_error("see lowwater trace --help")
                                 : take_filter(&filter, option, optarg);
        if (code != EXIT_HELD)
            return code;
    }
    if (optind + 1 != argc)
        return usage_error("trace print: one file is needed; see lowwater trace --help");
    int code = open_file(argv[optind], &file);
    if (code != EXIT_HELD)
        return code;
    if (file.kind == KIND_TRACE)
        print_trace(&file.trace, &filter);
    else
        print_recording(&file.recording.recording, &filter);
    close_file(&file);
    return EXIT_HELD;
}

/* ---- diff ---- */

static int trace_diff(int argc, char **argv)
{
    static struct opened a, b;
    char text[32];
    if (argc != 3)
        return usage_error("trace diff: two traces are needed; see lowwater trace --help");
    int code = open_file(argv[1], &a);
    if (code == EXIT_HELD)
        code = open_file(argv[2], &b);
    if (code != EXIT_HELD)
        return code;
    if (a.kind != b.kind)
        return usage_error("trace diff: one is a trace, the other a recording");
    if (a.kind == KIND_RECORDING) {
        const struct recording *first = &a.recording.recording, *second = &b.recording.recording;
        bool same = recording_show_difference(first, second, argv[1], argv[2], stdout);
        if (same)
            printf("identical: %s operations\n", count_text(first->operations, text, sizeof text));
        return same ? EXIT_HELD : EXIT_FINDING;
    }
    bool equal = trace_show_difference(a.trace.events, a.trace.count, b.trace.events, b.trace.count,
                                       argv[1], argv[2], stdout);
    if (equal)
        printf("identical: %s events\n", count_text(a.trace.count, text, sizeof text));
    close_file(&a);
    close_file(&b);
    return equal ? EXIT_HELD : EXIT_FINDING;
}

int cmd_trace(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_HELD;
        }
    }
    if (argc < 2)
        return usage_error("trace: stat, print or diff; see lowwater trace --help");
    if (strcmp(argv[1], "stat") == 0)
        return trace_stat(argc - 1, argv + 1);
    if (strcmp(argv[1], "print") == 0)
        return trace_print(argc - 1, argv + 1);
    if (strcmp(argv[1], "diff") == 0)
        return trace_diff(argc - 1, argv + 1);
    return usage_error("trace: stat, print or diff, not '%s'", argv[1]);
}
