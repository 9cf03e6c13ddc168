/* Comparing traces. See trace_compare.h. */
#include "harness/trace_compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/trace_diff.h"

#define HUNKS_SHOWN 3

bool trace_show_difference(const struct event *a, uint64_t a_count, const struct event *b,
                           uint64_t b_count, const char *a_name, const char *b_name, FILE *out)
{
    return events_diff(a, a_count, a_name, b, b_count, b_name, HUNKS_SHOWN, out);
}

bool trace_of_run(const struct run_spec *spec, struct run_result *result, struct trace_file *file,
                  char *message, size_t message_bytes)
{
    char path[64];
    struct run_spec traced = *spec;
    int fd = memfd_create("lowwater-trace", 0);
    if (fd < 0) {
        snprintf(message, message_bytes, "memfd_create: %s", strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    traced.trace_path = path;
    bool fine = run_once(&traced, result);
    if (fine)
        fine = trace_file_read(path, file, message, message_bytes) == INPUT_OK;
    else
        snprintf(message, message_bytes, "%s", result->stop.text);
    close(fd);
    return fine;
}

/* ---- --check ---- */

static bool run_traced(const struct run_spec *spec, struct trace_file *file)
{
    char message[256];
    struct run_result *result = run_result_create();
    bool fine = trace_of_run(spec, result, file, message, sizeof message);
    run_result_destroy(result);
    return fine;
}

/* The record at id or the first one behind it that is no page fault: faults come before the call
 * whose arguments made them differ. */
static void put_record(const struct trace_file *trace, uint64_t id, char *text, size_t bytes)
{
    uint64_t at = id;
    while (at < trace->count && event_is_page(trace->events[at].kind))
        at++;
    if (at == trace->count)
        at = id;
    if (at < trace->count)
        event_text(&trace->events[at], text, bytes);
    else
        snprintf(text, bytes, "its end");
}

/* Where two runs part, as one sentence. False: they do not. */
static bool describe(const struct trace_file *a, const struct trace_file *b, char *text,
                     size_t bytes)
{
    char first[EVENT_TEXT_BYTES], second[EVENT_TEXT_BYTES], when[32];
    uint64_t shared = a->count < b->count ? a->count : b->count, id = 0;
    while (id < shared && memcmp(&a->events[id], &b->events[id], sizeof *a->events) == 0)
        id++;
    if (id == a->count && id == b->count)
        return false;
    put_record(a, id, first, sizeof first);
    put_record(b, id, second, sizeof second);
    const struct trace_file *longer = id < a->count ? a : b;
    snprintf(text, bytes,
             "two equal runs part at event %" PRIu64 ", %s: one has %.300s, the other %.300s (run "
             "twice with --trace, then lowwater trace diff)",
             id, time_text(longer->events[id].time_ns, when, sizeof when), first, second);
    return true;
}

void trace_check_again(const struct run_spec *spec, struct run_result *result)
{
    static struct trace_file first, second;
    if (result->outcome == OUTCOME_LOAD || result->outcome == OUTCOME_INTERNAL)
        return;
    if (!run_traced(spec, &first))
        return;
    if (run_traced(spec, &second)) {
        char text[sizeof result->stop.text] = "two equal runs differ";
        bool differ = describe(&first, &second, text, sizeof text);
        if (differ || memcmp(first.digest, result->digest, 16) != 0) {
            result->outcome = OUTCOME_NONDETERMINISM;
            snprintf(result->stop.text, sizeof result->stop.text, "%s", text);
        }
        trace_file_free(&second);
    }
    trace_file_free(&first);
}
