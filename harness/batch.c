/* Executing runs. See batch.h.
 *
 * Results are reported in the order of the command line, whatever order children finish in, so
 * that --jobs changes nothing but the time. */
#include "harness/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/child.h"
#include "harness/options.h"
#include "harness/trace_compare.h"

#define JOBS_MAX 64

/* Set by SIGINT; the only thing its handler does. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

void batch_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: waits end */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool batch_interrupted(void)
{
    return interrupted != 0;
}

struct job {
    pid_t pid;
    uint32_t run;
};

struct batch {
    struct report_run *runs;
    uint32_t count, started, finished;
    const struct batch_options *options;
    struct job jobs[JOBS_MAX];
    uint32_t active;
    uint64_t begin_ns;
};

static void show_progress(const struct batch *batch)
{
    if (batch->options->quiet || batch->count < 2 || !isatty(STDERR_FILENO))
        return;
    uint64_t elapsed_ms = (monotonic_ns() - batch->begin_ns) / 1000000;
    uint64_t left_ms =
        batch->finished ? elapsed_ms * (batch->count - batch->finished) / batch->finished : 0;
    fprintf(stderr, "\r\033[K%u of %u runs, %" PRIu64 " a second, %" PRIu64 " s left",
            batch->finished, batch->count,
            elapsed_ms ? (uint64_t)batch->finished * 1000 / elapsed_ms : 0, left_ms / 1000);
    if (batch->finished == batch->count)
        fputs("\r\033[K", stderr);
}

static void start_next(struct batch *batch)
{
    struct report_run *run = &batch->runs[batch->started];
    struct job *job = &batch->jobs[batch->active];
    run->result = run_result_create();
    job->run = batch->started++;
    job->pid = run_start(&run->spec, run->result);
    if (job->pid < 0) {
        run->result->outcome = OUTCOME_INTERNAL;
        snprintf(run->result->stop.text, sizeof run->result->stop.text, "fork: %s",
                 strerror(errno));
        batch->finished++;
        return;
    }
    batch->active++;
}

static void reap_one(struct batch *batch)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    for (uint32_t i = 0; pid > 0 && i < batch->active; i++) {
        if (batch->jobs[i].pid != pid)
            continue;
        struct report_run *run = &batch->runs[batch->jobs[i].run];
        run_reap(&run->spec, run->result, status);
        batch->jobs[i] = batch->jobs[--batch->active];
        batch->finished++;
        show_progress(batch);
        return;
    }
}

static void kill_all(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->active; i++)
        kill(batch->jobs[i].pid, SIGKILL);
    while (batch->active > 0 && waitpid(-1, NULL, 0) > 0)
        batch->active--;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!batch->runs[i].result)
            batch->runs[i].result = run_result_create();
        if (!batch->runs[i].result->finished)
            batch->runs[i].result->outcome = OUTCOME_INTERRUPTED;
    }
}

bool batch_execute(struct report_run *runs, uint32_t count, const struct batch_options *options)
{
    static struct batch batch;
    batch = (struct batch){.runs = runs, .count = count, .options = options};
    batch.begin_ns = monotonic_ns();
    uint32_t jobs = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX;
    batch_catch_interrupts();
    while (batch.finished < count && !interrupted) {
        while (batch.started < count && batch.active < jobs && !interrupted)
            start_next(&batch);
        if (batch.active)
            reap_one(&batch);
    }
    if (interrupted)
        kill_all(&batch);
    for (uint32_t i = 0; i < count && !interrupted; i++) {
        run_explain(&runs[i].spec, runs[i].result);
        if (options->check)
            trace_check_again(&runs[i].spec, runs[i].result);
    }
    return !interrupted;
}
