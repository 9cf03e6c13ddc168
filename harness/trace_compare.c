/* Comparing traces. See trace_compare.h. */
#include "harness/trace_compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/event_text.h"
#include "harness/options.h"

#define CONTEXT 3

static uint64_t first_difference(const struct event *a, uint64_t a_count, const struct event *b,
                                 uint64_t b_count)
{
    uint64_t shared = a_count < b_count ? a_count : b_count, i = 0;
    while (i < shared && memcmp(&a[i], &b[i], sizeof *a) == 0)
        i++;
    return i;
}

static void show(const char *mark, uint64_t id, const struct event *event, FILE *out)
{
    char text[512], when[64];
    event_text(event, text, sizeof text);
    fprintf(out, "%s %8" PRIu64 "  %s  t%u  %s%s\n", mark, id,
            time_text(event->time_ns, when, sizeof when), event->thread, event->depth ? "  " : "",
            text);
}

bool trace_show_difference(const struct event *a, uint64_t a_count, const struct event *b,
                           uint64_t b_count, const char *a_name, const char *b_name, FILE *out)
{
    uint64_t at = first_difference(a, a_count, b, b_count);
    char text[32];
    if (at == a_count && at == b_count)
        return true;
    fprintf(out, "first difference at event %s:  - %s  + %s\n", count_text(at, text, sizeof text),
            a_name, b_name);
    for (uint64_t i = at > CONTEXT ? at - CONTEXT : 0; i < at; i++)
        show(" ", i, &a[i], out);
    for (uint64_t i = at; i < a_count && i < at + CONTEXT; i++)
        show("-", i, &a[i], out);
    if (at == a_count)
        fprintf(out, "- (%s ends here)\n", a_name);
    for (uint64_t i = at; i < b_count && i < at + CONTEXT; i++)
        show("+", i, &b[i], out);
    if (at == b_count)
        fprintf(out, "+ (%s ends here)\n", b_name);
    return false;
}

/* ---- --check ---- */

/* Runs once with the trace into an anonymous file; its records, mapped. */
static bool run_traced(const struct run_spec *spec, struct trace_file *file)
{
    char path[64], message[256];
    int status;
    int fd = memfd_create("lowwater-check", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct run_spec again = *spec;
    struct run_result *result = run_result_create();
    again.trace_path = path;
    bool fine = fd >= 0 && result != NULL;
    pid_t pid = fine ? run_start(&again, result) : -1;
    fine = pid > 0 && waitpid(pid, &status, 0) == pid;
    fine = fine && trace_file_read(path, file, message, sizeof message) == INPUT_OK;
    run_result_destroy(result);
    if (fd >= 0)
        close(fd);
    return fine;
}

void trace_check_again(const struct run_spec *spec, struct run_result *result)
{
    static struct trace_file first, second;
    if (result->outcome == OUTCOME_LOAD || result->outcome == OUTCOME_INTERNAL)
        return;
    if (!run_traced(spec, &first))
        return;
    if (run_traced(spec, &second)) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        bool equal = trace_show_difference(first.events, first.count, second.events, second.count,
                                           "one run", "the other", out);
        fclose(out);
        if (!equal || memcmp(first.digest, result->digest, 16) != 0) {
            result->outcome = OUTCOME_NONDETERMINISM;
            snprintf(result->stop.text, sizeof result->stop.text, "two equal runs differ: %s",
                     text);
        }
        free(text);
        trace_file_free(&second);
    }
    trace_file_free(&first);
}
