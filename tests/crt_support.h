/* What the tests of the C run-time share: functions by the name a policy imports, a run with a
 * machine, and a way to come back from a function that ends the run. */
#ifndef LW_TESTS_CRT_SUPPORT_H
#define LW_TESTS_CRT_SUPPORT_H

#include "tests/support.h"

#include <stdlib.h>
#include <string.h>
#include "core/binding.h"
#include "core/output.h"
#include "core/sched.h"
#include "core/sim.h"
#include "os/machine.h"

/* The function (or object) that a policy gets for the name. */
static inline void *bound(const struct binding *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table->address;
    fail_msg("no binding for %s", name);
    return NULL;
}

struct crt_run {
    struct sim *sim;
    struct machine *machine;
    struct output output;
    char printed[8192];
    struct stop stop;
    jmp_buf stopped;
    bool expects_stop;
};

static inline void crt_run_jump_back(void *run)
{
    longjmp(((struct crt_run *)run)->stopped, 1);
}

/* Back to the test, on its own stack: the run may have ended on another thread's. */
static inline void crt_run_on_stop(struct sim *sim, const struct stop *stop)
{
    struct crt_run *run = sim->on_stop_context;
    run->stop = *stop;
    if (!run->expects_stop) {
        print_error("the run ended: %s\n", stop->text);
        abort();
    }
    struct task *first = sched_next_task(sim, NULL);
    if (sched_running(sim) != first)
        sched_visit(sim, first, crt_run_jump_back, run);
    crt_run_jump_back(run);
}

/* A run whose calls are a policy's. */
static inline void crt_run_begin(struct crt_run *run, uint64_t seed, bool native)
{
    memset(run, 0, sizeof *run);
    const struct sim_options options = {
        .seed = seed, .arena_bytes = UINT64_C(1) << 30, .trace = {.digest = true, .fd = -1}};
    run->sim = sim_create(&options);
    assert_non_null(run->sim);
    const struct machine_config config = machine_config_default();
    run->machine = machine_create(run->sim, &config, native);
    assert_non_null(run->machine);
    run->output = (struct output){run->printed, sizeof run->printed, 0};
    run->sim->output = &run->output;
    run->sim->on_stop = crt_run_on_stop;
    run->sim->on_stop_context = run;
    run->sim->actor = ACTOR_POLICY;
}

static inline void crt_run_end(struct crt_run *run)
{
    run->sim->actor = ACTOR_MACHINE;
    machine_destroy(run->machine);
    sim_destroy(run->sim);
}

/* Adds a rule to the run's fault plan. */
static inline void crt_run_arm(struct crt_run *run, const char *rule)
{
    char message[512];
    struct fault_plan *plan = &run->sim->faults;
    if (!fault_parse(rule, &plan->rules[plan->rules_count], message, sizeof message))
        fail_msg("%s", message);
    plan->rules_count++;
}

/* The text of the stop that came last has these words. */
static inline void assert_stop_says(const struct crt_run *run, const char *words)
{
    if (!strstr(run->stop.text, words))
        fail_msg("'%s' does not say '%s'", run->stop.text, words);
}

/* Runs the expression and expects it to end the run in this way. */
#define assert_stops(run, expected_kind, expression)                                               \
    do {                                                                                           \
        (run)->stop.kind = STOP_NONE;                                                              \
        (run)->expects_stop = true;                                                                \
        if (setjmp((run)->stopped) == 0) {                                                         \
            (void)(expression);                                                                    \
            fail_msg("%s came back", #expression);                                                 \
        }                                                                                          \
        (run)->expects_stop = false;                                                               \
        assert_int_equal((run)->stop.kind, expected_kind);                                         \
    } while (0)

#endif
