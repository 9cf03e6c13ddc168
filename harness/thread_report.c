/* Threads of the run, as its child process sees them. See thread_report.h. */
#include "harness/thread_report.h"

#include <stdio.h>
#include <string.h>
#include "clr/workload.h"
#include "core/sched.h"
#include "harness/child.h"
#include "os/sync.h"
#include "os/workers.h"

/* How long a host may take to end its threads when everything was released; virtual time. */
#define GRACE_NS UINT64_C(10000000000)

/* ---- findings ---- */

/* The number of a thread or an event, at the end of what has been read so far. */
static bool is_who_or_when(const char *text, const char *at)
{
    static const char *const words[] = {"thread ", "event "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(at - text) >= length && strncmp(at - length, words[i], length) == 0)
            return true;
    }
    return false;
}

/* A text up to a colon says what is wrong, behind it stands how it was the first time. Who did it,
 * and when, makes no difference: eight threads that keep one lock are told once. */
static bool same_text(const char *a, const char *b)
{
    const char *at = a;
    while (*at == *b && *at != '\0' && *at != ':') {
        at++, b++;
        if (is_who_or_when(a, at)) {
            at += strspn(at, "0123456789");
            b += strspn(b, "0123456789");
        }
    }
    return *at == *b;
}

static struct thread_finding *find(struct thread_report *report, enum finding_kind kind,
                                   const char *text)
{
    if (kind == FINDING_THREAD_LEAK)
        return NULL; /* each one stands somewhere else */
    for (uint32_t i = 0; i < report->findings_count; i++)
        if (report->findings[i].kind == kind && same_text(report->findings[i].text, text))
            return &report->findings[i];
    return NULL;
}

static void on_finding(struct sim *sim, enum finding_kind kind, const char *text)
{
    struct child *child = sim->on_stop_context;
    struct thread_report *report = &child->result->threads;
    if (kind == FINDING_DATA_RACE) {
        races_note(child);
        return;
    }
    struct thread_finding *finding = find(report, kind, text);
    if (finding) {
        finding->count++;
        return;
    }
    if (report->findings_count == THREAD_FINDINGS_MAX) {
        report->findings_others++;
        return;
    }
    finding = &report->findings[report->findings_count++];
    *finding = (struct thread_finding){.kind = kind,
                                       .thread = sim->thread->id,
                                       .event = trace_count(&sim->trace) - 1,
                                       .virtual_ns = sim->now_ns,
                                       .cause = sim->finding_cause,
                                       .count = 1};
    snprintf(finding->text, sizeof finding->text, "%s", text);
    finding->frames_count = capture_stack(child, NULL, finding->frames, THREAD_FRAMES_MAX);
}

void threads_begin(struct child *child)
{
    struct sim *sim = child->sim;
    const struct run_spec *spec = child->spec;
    struct sched_options options = spec->schedule;
    if (options.seed == 0)
        options.seed = spec->seed;
    if (options.first_thread == 0)
        options.first_thread = workload_numbers(&spec->plan->workload);
    sched_configure(sim, &options);
    sim->on_finding = on_finding;
}

void threads_workload_ended(struct child *child)
{
    locks_check_left(child->sim);
}

/* ---- threads that do not end ---- */

void threads_wait(struct child *child)
{
    struct sim *sim = child->sim;
    uint64_t due_ns = sim->now_ns + GRACE_NS;
    struct task *task;
    while (threads_of_policy(sim, &task) > 0 && sched_join_until(sim, task, due_ns))
        ;
}

struct visit {
    struct child *child;
    uint64_t *frames;
    uint32_t count;
};

static void capture_here(void *argument)
{
    struct visit *visit = argument;
    visit->count = capture_stack(visit->child, NULL, visit->frames, THREAD_FRAMES_MAX);
}

/* The stack of a parked task; none when it has not begun. */
static uint32_t capture_task(struct child *child, struct task *task, uint64_t *frames)
{
    struct visit visit = {child, frames, 0};
    sched_visit(child->sim, task, capture_here, &visit);
    return visit.count;
}

static void describe(struct sim *sim, const struct task *task, char *text, uint32_t text_bytes)
{
    char what[160];
    if (task->suspended)
        snprintf(text, text_bytes, "is suspended");
    else if (task->state == TASK_READY)
        snprintf(text, text_bytes, "could run");
    else if (task->timed && !task->waits_for)
        snprintf(text, text_bytes, "sleeps");
    else {
        wait_text(sim, task->waits_for, what, sizeof what);
        snprintf(text, text_bytes, "waits for %s%s", what, task->timed ? ", for a while" : "");
    }
}

void threads_check_leaks(struct child *child)
{
    struct sim *sim = child->sim;
    struct thread_report *report = &child->result->threads;
    for (struct task *task = sched_next_task(sim, NULL); task; task = sched_next_task(sim, task)) {
        if (task->state == TASK_FINISHED || !task->of_policy || workers_is_idle(sim, task))
            continue;
        char what[200];
        uint32_t before = report->findings_count;
        describe(sim, task, what, sizeof what);
        sim_finding(sim, FINDING_THREAD_LEAK, task->id,
                    "thread %u still runs after everything was released; it %s", task->id, what);
        if (report->findings_count == before)
            continue;
        struct thread_finding *finding = &report->findings[before];
        finding->thread = task->id;
        finding->frames_count = capture_task(child, task, finding->frames);
    }
}

void threads_count(struct child *child)
{
    child->result->threads.points = sched_points(child->sim);
    child->result->threads.switches = sched_switches(child->sim);
}

/* ---- where everybody stands ---- */

void threads_note_stacks(struct child *child, bool others)
{
    struct sim *sim = child->sim;
    struct thread_report *report = &child->result->threads;
    report->stopped_in_own = sched_running(sim)->of_policy;
    report->stopped_among = sched_alive(sim) > 1;
    report->stopped_thread = sim->thread->id;
    if (!others || sched_alive(sim) == 1)
        return;
    for (struct task *task = sched_next_task(sim, NULL); task; task = sched_next_task(sim, task)) {
        if (task->state == TASK_FINISHED || task == sched_running(sim) ||
            workers_is_idle(sim, task) || report->stacks_count == THREAD_STACKS_MAX)
            continue;
        struct thread_stack *stack = &report->stacks[report->stacks_count++];
        stack->thread = task->thread->id;
        describe(sim, task, stack->state, sizeof stack->state);
        stack->frames_count = capture_task(child, task, stack->frames);
    }
}
