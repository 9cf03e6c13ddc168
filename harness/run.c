/* Runs in child processes, seen from the parent. See run.h. */
#include "harness/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/child.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/symbolize.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"ok",    "finding",        "no-progress",
                                        "crash", "nondeterminism", "internal",
                                        "load",  "interrupted"};
    return names[outcome];
}

int outcome_exit_code(enum outcome outcome)
{
    static const int codes[] = {EXIT_HELD,  EXIT_FINDING,        EXIT_NO_PROGRESS,
                                EXIT_CRASH, EXIT_NONDETERMINISM, EXIT_INTERNAL,
                                EXIT_INPUT, EXIT_INTERRUPTED};
    return codes[outcome];
}

/* Whether --set named this parameter: policy.KEY or policy.params.KEY. */
static bool is_set(const struct run_words *words, const char *key)
{
    size_t length = strlen(key);
    for (uint32_t i = 0; words && i < words->settings_count; i++) {
        const char *word = words->settings[i];
        const char *name = strncmp(word, "policy.", 7) == 0 ? word + 7 : "";
        if (strncmp(name, "params.", 7) == 0)
            name += 7;
        if (strncmp(name, key, length) == 0 && name[length] == '=')
            return true;
    }
    return false;
}

uint32_t run_params(const struct run_spec *spec, struct policy_param params[POLICY_PARAMS_MAX])
{
    const struct scenario *plan = spec->plan;
    char named[64] = "";
    uint32_t count = 0;
    if (plan->policy)
        places_base_name(plan->policy, named, sizeof named);
    bool own = !plan->policy || strcmp(named, spec->policy) == 0;
    for (uint32_t i = 0; i < plan->params_count; i++)
        if (own || is_set(spec->words, plan->params[i].key))
            params[count++] = plan->params[i];
    return count;
}

struct run_result *run_result_create(void)
{
    void *place = mmap(NULL, sizeof(struct run_result), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) {
        fprintf(stderr, "lowwater: no memory for the result of a run\n");
        _exit(EXIT_INTERNAL);
    }
    return place;
}

void run_result_destroy(struct run_result *result)
{
    if (result)
        munmap(result, sizeof *result);
}

int run_start(const struct run_spec *spec, struct run_result *result)
{
    fflush(NULL); /* or the child would write it again */
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        /* A policy that never returns must not outlive a tool that was killed. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(EXIT_INTERRUPTED);
        child_run(spec, result);
    }
    return pid;
}

/* The child ended without saying so: killed by a signal that nothing can catch, by an internal
 * error, or from outside. */
static void explain_silence(struct run_result *result, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_INTERNAL) {
        result->outcome = result->ended = OUTCOME_INTERNAL;
        return;
    }
    result->outcome = result->ended = OUTCOME_CRASH;
    result->stop.kind = STOP_SIGNAL;
    if (WIFSIGNALED(status)) {
        result->stop.code = (uint32_t)WTERMSIG(status);
        snprintf(result->stop.text, sizeof result->stop.text, "the process was killed: %s",
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(result->stop.text, sizeof result->stop.text,
                 "the process left with code %d past the run-time", WEXITSTATUS(status));
    }
}

void run_reap(const struct run_spec *spec, struct run_result *result, int wait_status)
{
    (void)spec;
    result->wait_status = wait_status;
    if (!result->outcome_known || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        bool had_reason = result->outcome_known && WIFSIGNALED(wait_status);
        if (!had_reason)
            explain_silence(result, wait_status);
    }
    if (!result->finished)
        result->events = result->tail_count;
}

bool run_once(const struct run_spec *spec, struct run_result *result)
{
    int status = 0;
    memset(result, 0, sizeof *result);
    pid_t pid = run_start(spec, result);
    if (pid < 0) {
        result->outcome = OUTCOME_INTERNAL;
        snprintf(result->stop.text, sizeof result->stop.text, "fork: %s", strerror(errno));
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    run_reap(spec, result, status);
    return true;
}

/* Runs once more with something watched; NULL when that is not possible. */
static struct run_result *run_watching(const struct run_spec *again)
{
    struct run_result *seen = run_result_create();
    if (run_once(again, seen))
        return seen;
    run_result_destroy(seen);
    return NULL;
}

/* Once more with the page watched: which call made it inaccessible, and who made it? */
static void explain_page(const struct run_spec *spec, struct run_result *result)
{
    uint64_t address = result->stop.address - WINDOW_BASE;
    if (result->outcome != OUTCOME_CRASH || result->stop.kind != STOP_EXCEPTION ||
        address >= WINDOW_BYTES || spec->watch_page)
        return;
    struct run_spec again = *spec;
    again.watch_page = address >> PAGE_SHIFT;
    again.trace_path = NULL;
    struct run_result *seen = again.watch_page ? run_watching(&again) : NULL;
    if (seen && seen->watch_seen) {
        result->watch_seen = true;
        result->watch_event_id = seen->watch_event_id;
        result->watch_event = seen->watch_event;
        result->watch_stack_frames = seen->watch_stack_frames;
        memcpy(result->watch_stack, seen->watch_stack, sizeof result->watch_stack);
    }
    run_result_destroy(seen);
}

/* Once more for the policy's stacks: where a bound was passed, or where the failure came from that
 * a broken call had before it. Capturing them in the first run would slow down runs that hold. */
static void explain_broken(const struct run_spec *spec, struct run_result *result)
{
    uint64_t events[BROKEN_MAX] = {0};
    bool any = false;
    if (spec->stack_events_count || !result->finished)
        return;
    for (uint32_t i = 0; i < result->broken_count; i++) {
        const struct broken *broken = &result->broken[i];
        bool passed = broken->has_event && strncmp(broken->path, "expect", 6) == 0;
        events[i] = passed ? broken->event : broken->injections ? broken->last.event : UINT64_MAX;
        any = any || events[i] != UINT64_MAX;
    }
    if (!any)
        return;
    struct run_spec again = *spec;
    again.stack_events = events;
    again.stack_events_count = result->broken_count;
    again.trace_path = NULL;
    struct run_result *seen = run_watching(&again);
    if (seen && memcmp(seen->digest, result->digest, sizeof seen->digest) == 0) {
        memcpy(result->broken_stack, seen->broken_stack, sizeof result->broken_stack);
        memcpy(result->broken_stack_frames, seen->broken_stack_frames,
               sizeof result->broken_stack_frames);
        result->modules_count = seen->modules_count;
        memcpy(result->modules, seen->modules, sizeof result->modules);
    }
    run_result_destroy(seen);
}

/* Where a lock was taken that its thread kept. */
static void explain_threads(const struct run_spec *spec, struct run_result *result)
{
    struct thread_report *report = &result->threads;
    uint64_t events[BROKEN_MAX];
    bool any = false;
    _Static_assert(THREAD_FINDINGS_MAX <= BROKEN_MAX, "each finding has a stack");
    if (spec->stack_events_count || !result->finished)
        return;
    for (uint32_t i = 0; i < report->findings_count; i++) {
        events[i] = report->findings[i].cause ? report->findings[i].cause : UINT64_MAX;
        any = any || report->findings[i].cause;
    }
    struct run_spec again = *spec;
    again.stack_events = events;
    again.stack_events_count = report->findings_count;
    again.trace_path = NULL;
    struct run_result *seen = any ? run_watching(&again) : NULL;
    for (uint32_t i = 0; seen && i < report->findings_count; i++) {
        struct thread_finding *finding = &report->findings[i];
        if (!finding->cause || seen->broken_stack_frames[i] == 0)
            continue;
        finding->frames_count = seen->broken_stack_frames[i];
        memcpy(finding->frames, seen->broken_stack[i], sizeof seen->broken_stack[i]);
    }
    run_result_destroy(seen);
}

/* An exception that nobody caught ends in abort(); the stack still has who threw it. COM knows no
 * exceptions, so one that leaves a call of the CLR ends the process on Windows as well. */
static void explain_exception(struct run_result *result)
{
    struct symbolizer *symbolizer = NULL;
    bool thrown = false;
    if (result->stop.kind == STOP_ABORT && result->modules_count > 1)
        symbolizer = symbolizer_create(result->modules, result->modules_count);
    for (uint32_t i = 0; symbolizer && i < result->stack_frames; i++) {
        struct frame_text frame;
        symbolize(symbolizer, result->stack[i], i == 0, &frame);
        thrown = thrown || strcmp(frame.function, "__cxa_throw") == 0 ||
                 strcmp(frame.function, "__cxa_rethrow") == 0;
    }
    symbolizer_destroy(symbolizer);
    if (thrown && result->host_call < EVENT_KINDS)
        snprintf(result->stop.text, sizeof result->stop.text,
                 "a C++ exception left %s: std::terminate, abort()",
                 event_shapes[result->host_call].name);
    else if (thrown)
        snprintf(result->stop.text, sizeof result->stop.text,
                 "a C++ exception was caught by nobody: std::terminate, abort()");
}

void run_explain(const struct run_spec *spec, struct run_result *result)
{
    explain_exception(result);
    explain_page(spec, result);
    explain_broken(spec, result);
    explain_threads(spec, result);
    races_explain(spec, result, run_watching);
}

void run_execute(const struct run_spec *spec, struct run_result *result)
{
    if (run_once(spec, result))
        run_explain(spec, result);
}
