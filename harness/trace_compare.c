/* Comparing traces. See trace_compare.h. */
#include "harness/trace_compare.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/trace_diff.h"

#define HUNKS_SHOWN 3

bool trace_show_difference(const struct event *a, uint64_t a_count, const struct event *b,
                           uint64_t b_count, const char *a_name, const char *b_name, FILE *out)
{
    return events_diff(a, a_count, a_name, b, b_count, b_name, HUNKS_SHOWN, out);
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
        bool equal = events_diff(first.events, first.count, "one run", second.events, second.count,
                                 "the other", 1, out);
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
