/* Trying many schedules. See schedules.h.
 *
 * Several run at a time and end in any order. After the first that broke none is started, and
 * those before it are waited for: so the lowest number that breaks is found, whatever --jobs. */
#include "harness/schedules.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/batch.h"
#include "harness/child.h"
#include "harness/options.h"
#include "harness/trace_compare.h"

#define JOBS_MAX 64
#define PROGRESS_EVERY_NS UINT64_C(200000000)

struct slot {
    pid_t pid; /* 0: free */
    uint64_t number;
    struct run_spec spec;
    struct run_result *result;
};

/* A way in which schedules break the run. */
struct kind {
    uint64_t number; /* the lowest */
    uint64_t count;
    struct run_spec spec;
    struct run_result *result;
};

struct trying {
    const struct report_run *run;
    const struct schedules_options *options;
    struct slot slots[JOBS_MAX];
    uint32_t jobs, active;
    uint64_t next, done;
    struct kind first; /* schedule 1, which is told when all held */
    struct kind kinds[SCHEDULES_KINDS_MAX];
    uint32_t kinds_count;
    bool over; /* none is started any more */
    uint64_t begin_ns, shown_ns;
};

static void show_progress(struct trying *t)
{
    uint64_t now_ns = monotonic_ns(), elapsed_ms = (now_ns - t->begin_ns) / 1000000 + 1;
    if (t->options->quiet || now_ns - t->shown_ns < PROGRESS_EVERY_NS || !isatty(STDERR_FILENO))
        return;
    uint64_t total = t->options->count;
    t->shown_ns = now_ns;
    fprintf(stderr,
            "\r\033[K%s with %s: %" PRIu64 " of %" PRIu64 " schedules, %" PRIu64
            " a second, %" PRIu64 " s left",
            t->run->spec.scenario, t->run->spec.policy, t->done, total, t->done * 1000 / elapsed_ms,
            (total - t->done) * elapsed_ms / (t->done + 1) / 1000);
}

static void clear_progress(const struct trying *t)
{
    if (t->shown_ns != t->begin_ns)
        fputs("\r\033[K", stderr);
}

static struct run_spec numbered(const struct trying *t, uint64_t number)
{
    static const enum sched_strategy turns[] = {SCHED_SLOW_PCT, SCHED_RANDOM, SCHED_PCT,
                                                SCHED_SLOW_RANDOM};
    struct run_spec spec = t->run->spec;
    if (!t->options->strategy_given)
        spec.schedule.strategy = turns[number % (sizeof turns / sizeof turns[0])];
    spec.schedule.seed = number;
    return spec;
}

static void start_one(struct trying *t)
{
    struct slot *slot = t->slots;
    while (slot->pid)
        slot++;
    if (!slot->result)
        slot->result = run_result_create();
    memset(slot->result, 0, sizeof *slot->result);
    slot->number = t->next++;
    slot->spec = numbered(t, slot->number);
    slot->pid = run_start(&slot->spec, slot->result);
    t->active++;
    if (slot->pid > 0)
        return;
    fprintf(stderr, "lowwater: fork: %s\n", strerror(errno));
    _exit(EXIT_INTERNAL);
}

/* ---- what came out ---- */

static void keep(struct kind *kind, const struct slot *slot)
{
    kind->number = slot->number;
    kind->spec = slot->spec;
    if (!kind->result)
        kind->result = run_result_create();
    memcpy(kind->result, slot->result, sizeof *kind->result);
}

static void note_broken(struct trying *t, const struct slot *slot)
{
    uint32_t i = 0;
    t->over = t->over || !t->options->keep_going || slot->result->outcome == OUTCOME_LOAD;
    while (i < t->kinds_count && t->options->keep_going &&
           !same_ending(t->kinds[i].result, slot->result))
        i++;
    if (i == SCHEDULES_KINDS_MAX)
        return;
    struct kind *kind = &t->kinds[i];
    if (i >= t->kinds_count) {
        t->kinds_count = i + 1;
        keep(kind, slot);
    } else if (slot->number < kind->number) {
        keep(kind, slot);
    }
    kind->count++;
}

static void finish_one(struct trying *t, struct slot *slot, int status)
{
    slot->pid = 0;
    t->active--;
    t->done++;
    run_reap(&slot->spec, slot->result, status);
    if (t->options->check && slot->result->outcome != OUTCOME_LOAD)
        trace_check_again(&slot->spec, slot->result);
    if (slot->number == 1)
        keep(&t->first, slot);
    if (slot->result->outcome != OUTCOME_OK)
        note_broken(t, slot);
    show_progress(t);
}

static void reap_one(struct trying *t)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    for (uint32_t i = 0; pid > 0 && i < t->jobs; i++)
        if (t->slots[i].pid == pid) {
            finish_one(t, &t->slots[i], status);
            return;
        }
}

static void kill_all(struct trying *t)
{
    for (uint32_t i = 0; i < t->jobs; i++)
        if (t->slots[i].pid > 0)
            kill(t->slots[i].pid, SIGKILL);
    while (t->active > 0 && waitpid(-1, NULL, 0) > 0)
        t->active--;
}

/* ---- what is told ---- */

static int by_number(const void *a, const void *b)
{
    const struct kind *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static struct report_run told(const struct trying *t, struct kind *kind)
{
    struct report_run run = *t->run;
    run.spec = kind->spec;
    run.result = kind->result;
    run.found = (struct found_schedule){.tried = t->done, .broke = kind->count};
    kind->result = NULL;
    return run;
}

static uint32_t tell(struct trying *t, struct report_run tried[SCHEDULES_KINDS_MAX])
{
    if (t->kinds_count == 0) {
        tried[0] = told(t, &t->first);
        return 1;
    }
    qsort(t->kinds, t->kinds_count, sizeof *t->kinds, by_number);
    for (uint32_t i = 0; i < t->kinds_count; i++) {
        tried[i] = told(t, &t->kinds[i]);
        tried[i].found.number = t->kinds[i].number;
        if (!t->options->keep_going) /* others were under way: how many depends on --jobs */
            tried[i].found.tried = tried[i].found.number, tried[i].found.broke = 1;
        tried[i].found.options = t->kinds[i].spec.schedule;
        enum outcome outcome = tried[i].result->outcome;
        if (outcome != OUTCOME_LOAD && outcome != OUTCOME_NONDETERMINISM &&
            outcome != OUTCOME_INTERNAL)
            schedule_shrink(&tried[i]);
        run_explain(&tried[i].spec, tried[i].result);
    }
    return t->kinds_count;
}

static void drop(struct trying *t)
{
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        run_result_destroy(t->slots[i].result);
    for (uint32_t i = 0; i < SCHEDULES_KINDS_MAX; i++)
        run_result_destroy(t->kinds[i].result);
    run_result_destroy(t->first.result);
}

uint32_t schedules_try(const struct report_run *run, const struct schedules_options *options,
                       struct report_run tried[SCHEDULES_KINDS_MAX])
{
    static struct trying t;
    t = (struct trying){.run = run, .options = options, .next = 1};
    t.jobs = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX;
    t.begin_ns = t.shown_ns = monotonic_ns();
    CHECK(options->count > 0 && t.jobs > 0);
    batch_catch_interrupts();
    while (!batch_interrupted() && (t.active || (!t.over && t.next <= options->count))) {
        while (!t.over && t.next <= options->count && t.active < t.jobs)
            start_one(&t);
        reap_one(&t);
    }
    clear_progress(&t);
    uint32_t count = 0;
    if (batch_interrupted())
        kill_all(&t);
    else
        count = tell(&t, tried);
    drop(&t);
    return count;
}
