/* One run in its own process: machine, policy, simulated CLR, workload. See run.h and child.h. */
#include "harness/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>
#include "clr/host.h"
#include "clr/workload.h"
#include "core/fiber.h"
#include "core/output.h"
#include "harness/caller.h"
#include "harness/debug.h"
#include "harness/params.h"
#include "harness/trace_file.h"
#include "include/winnt.h"
#include "os/heap.h"
#include "os/space.h"
#include "os/sync.h"

#define DEFAULT_TIMEOUT_S 10
#define DEFAULT_MAX_EVENTS UINT64_C(1000000000)

/* Windows gives a thread 1 MiB; sanitizers need several times the room for the same frames. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
#define STACK_BYTES (UINT64_C(4) << 20)
#else
#define STACK_BYTES (UINT64_C(1) << 20)
#endif

/* ---- what the CLR can do besides calling the host ---- */

static bool env_touch(void *context, uint64_t address, bool write)
{
    struct child *child = context;
    return machine_touch(child->machine, address - WINDOW_BASE,
                         write ? ACCESS_WRITE : ACCESS_READ) == ACCESS_OK;
}

static void env_study(void *context, bool begins)
{
    struct child *child = context;
    machine_study(child->machine, begins);
}

static bool env_reserve(void *context, uint64_t size, bool view, uint64_t *address)
{
    struct child *child = context;
    uint64_t logical;
    uint16_t flags = view ? REGION_VIEW : REGION_STACK;
    enum status status = machine_map(child->machine, 0, size, PAGE_READWRITE, flags, &logical);
    if (status == ST_OK && view) /* pages of a view are backed by its file: no charge */
        status = machine_map_commit(child->machine, logical, size, PAGE_READWRITE);
    *address = status == ST_OK ? WINDOW_BASE + logical : 0;
    return status == ST_OK;
}

static bool env_commit(void *context, uint64_t address, uint64_t size)
{
    struct child *child = context;
    return machine_map_commit(child->machine, address - WINDOW_BASE, size, PAGE_READWRITE) == ST_OK;
}

static void env_decommit(void *context, uint64_t address, uint64_t size)
{
    struct child *child = context;
    machine_map_decommit(child->machine, address - WINDOW_BASE, size);
}

static void env_release(void *context, uint64_t address)
{
    struct child *child = context;
    machine_unmap(child->machine, address - WINDOW_BASE);
}

static bool env_peek(void *context, uint64_t address, void *bytes, uint64_t count)
{
    struct child *child = context;
    return machine_peek(child->machine, address - WINDOW_BASE, bytes, count);
}

static bool env_poke(void *context, uint64_t address, const void *bytes, uint64_t count)
{
    struct child *child = context;
    return machine_poke(child->machine, address - WINDOW_BASE, bytes, count);
}

static uint64_t env_pressure(void *context, int of, bool give_back, uint64_t bytes, uint64_t pieces)
{
    struct child *child = context;
    return machine_pressure(child->machine, (enum pressure_of)of, give_back, bytes, pieces);
}

static void env_memory_truth(void *context, struct memory_truth *truth)
{
    struct child *child = context;
    struct memory_status status;
    machine_memory_truth(child->machine, &status);
    *truth = (struct memory_truth){status.load_percent, status.avail_phys, status.total_phys};
}

static void env_thread_ends(void *context)
{
    struct child *child = context;
    thread_leave(child->sim);
}

/* ---- finding the host in the policy ---- */

typedef HRESULT(STDMETHODCALLTYPE *manager_factory)(IHostMemoryManager **manager);
typedef HRESULT(STDMETHODCALLTYPE *control_factory)(IHostControl **control);

struct found_host {
    IHostMemoryManager *manager;
    IHostControl *control;
};

static _Noreturn void refuse_load(struct child *child, const char *what, const char *detail)
{
    sim_stop_text(child->sim, STOP_LOAD, 0, "%s: %s%s", child->spec->policy_path, what, detail);
}

static HRESULT call_factory(struct child *child, void *symbol, bool is_control,
                            struct found_host *host)
{
    struct sim *sim = child->sim;
    HRESULT result;
    sim->host_call = EVENT_host_factory;
    sim->calls_in_host_call = 0;
    sim->thread->entries++;
    sim->actor = ACTOR_POLICY;
    debug_policy_begins(symbol);
    if (is_control)
        result = ((control_factory)symbol)(&host->control);
    else
        result = ((manager_factory)symbol)(&host->manager);
    sim->actor = ACTOR_CLR;
    sim->thread->entries++;
    sim->host_call = EVENT_KINDS;
    sim_event(sim, EVENT_host_factory, (uint32_t)result, is_control,
              host->manager != NULL || host->control != NULL, 0, 0);
    return result;
}

/* The factory that --factory names: SYMBOL or control:SYMBOL. */
static void *named_factory(struct child *child, bool *is_control)
{
    const char *name = child->spec->factory;
    *is_control = strncmp(name, "control:", 8) == 0;
    if (*is_control)
        name += 8;
    void *symbol = policy_symbol(child->policy, name);
    if (!symbol)
        refuse_load(child, "it exports no factory ", name);
    return symbol;
}

static void *descriptor_factory(struct child *child)
{
    const struct lw_policy *about = policy_symbol(child->policy, "lw_policy");
    if (!about)
        return NULL;
    if (about->version != LW_POLICY_VERSION)
        refuse_load(child, "its descriptor has an unknown version", "");
    char message[1024];
    snprintf(child->result->policy_name, sizeof child->result->policy_name, "%s", about->name);
    snprintf(child->result->policy_summary, sizeof child->result->policy_summary, "%s",
             about->summary);
    struct policy_param params[POLICY_PARAMS_MAX];
    uint32_t count = run_params(child->spec, params);
    if (!params_apply(about->params, params, count, message, sizeof message)) {
        child->result->usage_error = true;
        refuse_load(child, message, "");
    }
    return (void *)about->create;
}

static void *find_factory(struct child *child, bool *is_control)
{
    *is_control = false;
    if (child->spec->factory)
        return named_factory(child, is_control);
    void *symbol = descriptor_factory(child);
    struct policy_param params[POLICY_PARAMS_MAX];
    if (!symbol && run_params(child->spec, params) > 0) {
        child->result->usage_error = true;
        refuse_load(child, "it has no parameters to set: ", params[0].key);
    }
    if (!symbol)
        symbol = policy_symbol(child->policy, "CreateHostMemoryManager");
    if (!symbol) {
        symbol = policy_symbol(child->policy, "CreateHostControl");
        *is_control = symbol != NULL;
    }
    if (!symbol)
        refuse_load(child,
                    "it exports neither lw_policy nor CreateHostMemoryManager nor "
                    "CreateHostControl (another name: --factory)",
                    "");
    return symbol;
}

/* ---- the run, on its fiber ---- */

static void start_clr(struct child *child, struct clr *clr)
{
    const struct clr_env env = {.sim = child->sim,
                                .context = child,
                                .touch = env_touch,
                                .study = env_study,
                                .os_reserve = env_reserve,
                                .os_commit = env_commit,
                                .os_decommit = env_decommit,
                                .os_release = env_release,
                                .peek = env_peek,
                                .poke = env_poke,
                                .pressure = env_pressure,
                                .memory_truth = env_memory_truth,
                                .thread_ends = env_thread_ends};
    struct found_host host = {NULL, NULL};
    bool is_control;
    void *factory = find_factory(child, &is_control);
    HRESULT result = call_factory(child, factory, is_control, &host);
    if (result == S_OK && !host.control && !host.manager)
        result = E_POINTER;
    if (result == S_OK)
        result = clr_start(clr, &env, host.control, host.manager);
    if (result == S_OK)
        return;
    /* The real CLR gives up here with E_UNEXPECTED: nothing of the workload can run. */
    struct stop stop = {.kind = STOP_ABORT, .code = (uint32_t)result};
    snprintf(stop.text, sizeof stop.text, "the CLR cannot start with this host: %s returned 0x%08x",
             clr->manager ? "CreateMalloc" : "the factory or GetHostManager", (uint32_t)result);
    sim_stop(child->sim, &stop);
}

static void check_heaps(struct child *child)
{
    uint64_t block;
    if (heap_validate(child->machine, NULL, &block) != HEAP_OK)
        heap_corrupted(child->machine, NULL, block, HEAP_OVERRUN,
                       "the check at the end of the run");
}

/* A host may keep what the CLR released for its next request, within bounds. Before that counts as
 * left behind the CLR asks for it, once and as it would for a view. What it answers is no matter.
 */
static void ask_for_what_is_left(struct child *child)
{
    uint64_t bytes = judge_left(child);
    if (bytes > 0)
        host_needs_address_space(child->clr, 0, bytes);
}

static void run_on_fiber(void *context)
{
    struct child *child = context;
    struct sim *sim = child->sim;
    struct clr *clr = arena_alloc(&sim->arena, sizeof *clr);
    child->clr = clr;
    const struct scenario *plan = child->spec->plan;
    const struct workload_hooks hooks = {child, judge_call};
    sim->actor = ACTOR_POLICY;
    policy_construct(child->policy);
    sim->actor = ACTOR_CLR;
    if (plan->shutdown_release)
        judge_workload_begins(child); /* the host must be gone in the end: before it is there */
    start_clr(child, clr);
    if (!plan->shutdown_release)
        judge_workload_begins(child);
    races_workload(child);
    workload_run(clr, &plan->workload, &hooks);
    races_workload(child);
    threads_workload_ended(child);
    if (plan->shutdown_release) {
        clr_release(clr);
        threads_wait(child);
        sim->calls_in_host_call = 0;
        sim->actor = ACTOR_POLICY;
        policy_destruct(child->policy);
        sim->actor = ACTOR_CLR;
        threads_check_leaks(child);
    }
    if (!plan->shutdown_release) /* or everything goes with the last reference */
        ask_for_what_is_left(child);
    judge_workload_ended(child);
    check_heaps(child);
    machine_verify(child->machine);
}

/* ---- setting up ---- */

static void on_event_limit(void *context)
{
    struct child *child = context;
    sim_stop_text(child->sim, STOP_BUDGET, 0, "no end in sight after %llu events (--max-events)",
                  (unsigned long long)(child->spec->max_events ? child->spec->max_events
                                                               : DEFAULT_MAX_EVENTS));
}

static struct sim *make_sim(struct child *child)
{
    const struct run_spec *spec = child->spec;
    struct run_result *result = child->result;
    struct sim_options options = {.seed = spec->seed, .arena_base = ARENA_BASE};
    options.trace = (struct trace_options){
        .digest = spec->digest,
        .fd = child->trace_fd,
        .tail = result->tail,
        .tail_count = &result->tail_count,
        .tail_events = RUN_TAIL_EVENTS,
        .max_events = spec->max_events ? spec->max_events : DEFAULT_MAX_EVENTS,
        .on_limit = on_event_limit,
        .context = child,
    };
    return sim_create(&options);
}

static void check_internal(const char *message)
{
    (void)message; /* written already; the parent shows the tail */
}

static void limit_process(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* a dump would try to write 64 TiB of holes */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
}

static void begin_run(struct child *child)
{
    const struct run_spec *spec = child->spec;
    struct sim *sim = child->sim;
    sim->on_stop = child_on_stop;
    sim->on_stop_context = child;
    child->output = (struct output){child->result->output, RUN_OUTPUT_BYTES, 0};
    sim->output = &child->output;
    fault_plan_set(&sim->faults, spec->faults, spec->faults_count);
    memcpy(sim->costs_ns, spec->plan->costs_ns, sizeof sim->costs_ns);
    watch_begin(child);
    const struct machine_config *machine = &spec->plan->machine;
    sim_event(sim, EVENT_run_begin, 0, spec->seed, machine->ram_bytes, machine->pagefile_bytes,
              machine->address_space_bytes);
    child->machine = machine_create(sim, machine, true);
    threads_begin(child);
    races_begin(child);
}

static _Noreturn void refuse_address_space(struct run_result *result)
{
    result->outcome_known = true;
    result->outcome = OUTCOME_LOAD;
    snprintf(result->load_message, sizeof result->load_message,
             "%llu GiB of address space cannot be reserved at 0x%llx; is there a limit on it "
             "(ulimit -v), or is the place taken?",
             (unsigned long long)(ARENA_BYTES >> 30), (unsigned long long)ARENA_BASE);
    _exit(0);
}

_Noreturn void child_run(const struct run_spec *spec, struct run_result *result)
{
    /* In static memory, not on this stack: the fiber and signal handlers use it. */
    static struct child child;
    child = (struct child){.spec = spec, .result = result, .trace_fd = -1};
    child.native_begin_ns = monotonic_ns();
    limit_process();
    check_set_hook(check_internal);
    int persona = personality(0xffffffff);
    result->aslr_off = persona != -1 && (persona & ADDR_NO_RANDOMIZE);
    if (spec->trace_path && (child.trace_fd = trace_file_begin(spec)) < 0)
        result->trace_errno = errno;
    child.sim = make_sim(&child);
    if (!child.sim)
        refuse_address_space(result);
    begin_run(&child);
    if (!policy_load(spec->policy_path, child.sim, child.machine, &child.policy,
                     result->load_message, sizeof result->load_message)) {
        result->outcome_known = true;
        result->ended = OUTCOME_LOAD;
        result->stop.kind = STOP_LOAD;
        child_finish(&child);
    }
    debug_modules(child.policy);
    races_policy_loaded(&child);
    caller_prepare(&child);
    struct fiber *fiber = fiber_create(0, STACK_BYTES, run_on_fiber, &child);
    CHECK(fiber != NULL);
    machine_note_native(child.machine, fiber_stack_base(fiber), fiber_stack_bytes(fiber),
                        PAGE_READWRITE, MEM_PRIVATE);
    hang_watch(&child, spec->timeout_s ? spec->timeout_s : DEFAULT_TIMEOUT_S);
    fiber_switch(fiber);
    result->outcome_known = true;
    result->ended = OUTCOME_OK;
    child_finish(&child);
}
