/* The shared state of a run. See sim.h. */
#include "core/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core/sched.h"

#define DEFAULT_CALLS_IN_HOST_CALL UINT64_C(10000000)

const char *const counter_names[COUNTERS] = {
#define COUNTER(name, text) #name,
#include "core/counters.def"
#undef COUNTER
};

void costs_default(uint64_t costs_ns[COSTS])
{
    static const uint32_t others[] = {
#define COST(symbol, name, cost, text) [COST_##symbol - EVENT_KINDS] = cost,
#include "core/costs.def"
#undef COST
    };
    for (int i = 0; i < COSTS; i++) {
        costs_ns[i] = i < EVENT_KINDS ? event_shapes[i].cost_ns : others[i - EVENT_KINDS];
        CHECK(costs_ns[i] <= COST_NS_MAX);
    }
}

struct sim *sim_create(const struct sim_options *options)
{
    struct arena arena;
    uint64_t bytes = options->arena_bytes ? options->arena_bytes : ARENA_BYTES;
    if (arena_init(&arena, options->arena_base, bytes) != 0)
        return NULL;
    struct sim *sim = arena_alloc(&arena, sizeof *sim);
    sim->arena = arena;
    sim->seed = options->seed;
    sim->max_calls_in_host_call = options->max_calls_in_host_call ? options->max_calls_in_host_call
                                                                  : DEFAULT_CALLS_IN_HOST_CALL;
    costs_default(sim->costs_ns);
    sim->processors = 1;
    sim->host_call = EVENT_KINDS;
    sim->host_call_level = -1;
    trace_create(&sim->arena, &options->trace, &sim->trace);
    sim->thread = sim_thread(sim, 0);
    return sim;
}

void sim_destroy(struct sim *sim)
{
    sched_destroy(sim);
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (sim->threads[i])
            thread_free_area(sim->threads[i]);
    struct arena arena = sim->arena; /* the structure goes with it */
    arena_destroy(&arena);
}

struct thread *sim_thread(struct sim *sim, uint32_t id)
{
    uint32_t place = id < THREADS_MAX ? id : THREADS_MAX - 1;
    if (!sim->threads[place]) {
        sim->threads[place] = arena_alloc(&sim->arena, sizeof(struct thread));
        sim->threads[place]->id = place;
    }
    return sim->threads[place];
}

static uint32_t world_load(void *context)
{
    struct sim *sim = context;
    return sim->load_percent(sim->load_context);
}

static bool world_called_from(void *context, const char *function)
{
    struct sim *sim = context;
    return sim->called_from(sim->called_from_context, function);
}

enum status sim_call_slow(struct sim *sim, uint16_t call, const struct call_traits *traits)
{
    static const struct call_traits none;
    const struct fault_world world = {
        .now_ns = sim->now_ns,
        .seed = sim->seed,
        .level = sim->host_call_level,
        .context = sim,
        .load_percent = sim->load_percent ? world_load : NULL,
        .called_from = sim->called_from ? world_called_from : NULL,
    };
    uint64_t delay_ns = 0;
    bool fired;
    enum status failure =
        fault_decide(&sim->faults, call, traits ? traits : &none, &world, &fired, &delay_ns);
    if (!fired)
        return ST_OK;
    uint32_t rule = sim->faults.last_rule;
    sim_event(sim, EVENT_fault_injected, status_code(failure), call,
              sim->faults.rules[rule].matches, rule, delay_ns);
    sched_sleep_until(sim, sim->now_ns + delay_ns); /* others may run meanwhile */
    return failure;
}

_Noreturn void sim_budget_exceeded(struct sim *sim, uint16_t call)
{
    sim_stop_text(sim, STOP_BUDGET, 0,
                  "%llu simulated calls inside one call of the CLR, the last one %s: no progress",
                  (unsigned long long)sim->max_calls_in_host_call, event_shapes[call].name);
}

/* Native code between two records may touch pages in an order that depends on the compiler; the
 * set does not. So the records are written in page order. */
void sim_flush_touches(struct sim *sim)
{
    uint32_t count = sim->touched_count;
    uint64_t *pages = sim->touched_pages;
    CHECK(count <= sizeof sim->touched_pages / sizeof *sim->touched_pages);
    sim->touched_count = 0;
    for (uint32_t i = 1; i < count; i++) { /* few and nearly sorted: insertion */
        uint64_t page = pages[i];
        uint32_t at = i;
        for (; at > 0 && pages[at - 1] > page; at--)
            pages[at] = pages[at - 1];
        pages[at] = page;
    }
    for (uint32_t i = 0; i < count; i++)
        sim_event(sim, EVENT_first_touch, 0, pages[i] << PAGE_SHIFT, 1, 1, 0);
}

_Noreturn void sim_stop(struct sim *sim, const struct stop *stop)
{
    CHECK(sim->on_stop != NULL);
    CHECK(stop->kind != STOP_NONE);
    sim->on_stop(sim, stop);
    check_failed("the stop hook came back", __FILE__, __LINE__);
}

_Noreturn void sim_stop_text(struct sim *sim, enum stop_kind kind, uint32_t code,
                             const char *format, ...)
{
    struct stop stop = {.kind = kind, .code = code};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stop.text, sizeof stop.text, format, arguments);
    va_end(arguments);
    sim_stop(sim, &stop);
}
