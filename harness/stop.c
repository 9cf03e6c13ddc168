/* The end of a run, orderly or not. See child.h. */
#include "harness/child.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include "harness/trace_file.h"
#include "os/heap.h"

#define GENERAL_PROTECTION 13 /* REG_TRAPNO of x86 */

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- stacks ---- */

struct capture {
    uint64_t *frames;
    uint32_t count, max;
    uint64_t skip_until; /* frames before this program counter belong to the handler */
    bool found;
};

typedef uintptr_t get_ip(struct _Unwind_Context *context);
typedef int backtrace_function(_Unwind_Trace_Fn callback, void *argument);

/* libgcc's functions, found when they are needed: most runs never unwind. */
static struct {
    get_ip *ip;
    backtrace_function *backtrace;
} unwinder;

static bool find_unwinder(struct child *child)
{
    if (child->policy)
        policy_register_frames(child->policy);
    if (unwinder.ip && unwinder.backtrace)
        return true;
    void *libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (!libgcc)
        return false;
    *(void **)&unwinder.ip = dlsym(libgcc, "_Unwind_GetIP");
    *(void **)&unwinder.backtrace = dlsym(libgcc, "_Unwind_Backtrace");
    return unwinder.ip && unwinder.backtrace;
}

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument)
{
    struct capture *capture = argument;
    uint64_t ip = unwinder.ip(context);
    if (!capture->found && ip == capture->skip_until) {
        capture->found = true;
        capture->count = 0;
    }
    if (capture->count < capture->max)
        capture->frames[capture->count++] = ip;
    return capture->count < capture->max || !capture->found ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static uint64_t interrupted_ip(const void *ucontext)
{
#if defined(__x86_64__)
    const ucontext_t *context = ucontext;
    return context ? (uint64_t)context->uc_mcontext.gregs[REG_RIP] : 0;
#else
    (void)ucontext;
    return 0;
#endif
}

/* A jump to nowhere leaves no frame to unwind from: the return address on the stack is the caller.
 */
static uint32_t capture_wild_jump(const ucontext_t *context, uint64_t *frames)
{
#if defined(__x86_64__)
    uint64_t sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    frames[0] = interrupted_ip(context);
    if (sp % 8 == 0 && sp >= STACKS_BASE && sp < TLS_BASE) {
        frames[1] = *(const uint64_t *)sp;
        return 2;
    }
    return 1;
#else
    (void)context, (void)frames;
    return 0;
#endif
}

static bool is_code(struct child *child, uint64_t ip)
{
    struct module_info modules[MODULES_MAX];
    uint32_t count = child->policy ? policy_modules(child->policy, modules, MODULES_MAX) : 0;
    for (uint32_t i = 0; i < count; i++)
        if (ip >= modules[i].base && ip < modules[i].end)
            return true;
    Dl_info info;
    return dladdr((void *)ip, &info) != 0;
}

uint32_t capture_stack(struct child *child, const void *ucontext, uint64_t *frames, uint32_t max)
{
    struct capture capture = {frames, 0, max, interrupted_ip(ucontext), ucontext == NULL};
    if (ucontext && !is_code(child, capture.skip_until))
        return capture_wild_jump(ucontext, frames);
    if (!find_unwinder(child))
        return 0;
    unwinder.backtrace(note_frame, &capture);
    return capture.count;
}

struct walk {
    bool (*visit)(void *context, uint64_t ip);
    void *context;
};

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *context, void *argument)
{
    const struct walk *walk = argument;
    return walk->visit(walk->context, unwinder.ip(context)) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void walk_stack(struct child *child, bool (*visit)(void *context, uint64_t ip), void *context)
{
    struct walk walk = {visit, context};
    if (find_unwinder(child))
        unwinder.backtrace(walk_frame, &walk);
}

/* An access through a pointer that is no address at all does not tell where it went; the registers
 * hold what was read instead of a pointer. */
static void explain_senseless(const struct stop *stop, char *text, size_t bytes)
{
#if defined(__x86_64__)
    const ucontext_t *context = stop->ucontext;
    const greg_t *registers = context ? context->uc_mcontext.gregs : NULL;
    if (stop->kind != STOP_SIGNAL || !registers || registers[REG_TRAPNO] != GENERAL_PROTECTION)
        return;
    for (int i = 0; i < REG_RSP; i++) {
        const char *source = heap_fill_words((uint64_t)registers[i]);
        size_t used = strlen(text);
        if (!source)
            continue;
        snprintf(text + used, bytes - used, ": 0x%llx was taken for a pointer, as %s holds it",
                 (unsigned long long)registers[i], source);
        return;
    }
#else
    (void)stop, (void)text, (void)bytes;
#endif
}

/* ---- the end ---- */

static enum outcome outcome_of(enum stop_kind kind)
{
    switch (kind) {
    case STOP_NONE:
        return OUTCOME_OK;
    case STOP_BUDGET:
    case STOP_HANG:
    case STOP_DEADLOCK:
        return OUTCOME_NO_PROGRESS;
    case STOP_LOAD:
        return OUTCOME_LOAD;
    default:
        return OUTCOME_CRASH;
    }
}

void child_finish(struct child *child)
{
    struct run_result *result = child->result;
    struct sim *sim = child->sim;
    uint64_t blocks = 0, bytes = 0;
    if (child->machine)
        heap_totals(child->machine, &blocks, &bytes);
    sim->counters[COUNTER_heap_live_blocks] = blocks;
    sim->counters[COUNTER_heap_live_bytes] = bytes;
    sim->actor = ACTOR_MACHINE;
    watch_end(child);
    judge_end(child);
    threads_count(child);
    if (result->outcome == OUTCOME_OK && (result->threads.findings_count || result->races.count))
        result->outcome = OUTCOME_FINDING;
    /* How it ended, not what was thought of it: a changed expectation changes no digest. */
    sim_event(sim, EVENT_run_end, 0, (uint64_t)result->ended,
              result->stop.kind == STOP_HANG ? 0 : result->stop.code, 0, 0);
    trace_digest(&sim->trace, result->digest);
    result->events = trace_count(&sim->trace);
    result->virtual_ns = sim->now_ns;
    result->injected = sim->faults.injected;
    result->refusals = child->judge.refusals;
    result->refused = child->judge.refused;
    for (uint32_t i = 0; i < sim->faults.rules_count; i++)
        result->rule_injected[i] = sim->faults.rules[i].injected;
    memcpy(result->counters, sim->counters, sizeof result->counters);
    result->output_bytes = child->output.bytes;
    if (child->policy)
        result->modules_count = policy_modules(child->policy, result->modules, MODULES_MAX);
    if (child->trace_fd >= 0 && !trace_file_finish(child->trace_fd, result))
        result->trace_errno = errno;
    result->native_ns = monotonic_ns() - child->native_begin_ns;
    result->finished = true;
    _exit(0);
}

void child_on_stop(struct sim *sim, const struct stop *stop)
{
    struct child *child = sim->on_stop_context;
    struct run_result *result = child->result;
    if (result->outcome_known) /* the end of the run failed in its turn: keep the first reason */
        _exit(0);
    result->outcome_known = true;
    result->ended = outcome_of(stop->kind);
    result->stop = *stop;
    result->stop.ucontext = NULL;
    result->host_call = sim->host_call;
    memcpy(result->host_call_arg, sim->host_call_arg, sizeof result->host_call_arg);
    if (stop->kind == STOP_LOAD) {
        snprintf(result->load_message, sizeof result->load_message, "%s", stop->text);
    } else {
        if (stop->address && child->machine)
            machine_explain(child->machine, stop->address, result->explanation,
                            sizeof result->explanation);
        explain_senseless(stop, result->stop.text, sizeof result->stop.text);
        result->stack_frames =
            capture_stack(child, stop->ucontext, result->stack, STACK_FRAMES_MAX);
        threads_note_stacks(child, result->ended == OUTCOME_NO_PROGRESS);
    }
    child_finish(child);
}
