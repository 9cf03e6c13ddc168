/* What the tests of the scheduler share: a run without a machine, tasks that tell what they do, and
 * a way back to the test from wherever the run ends. */
#ifndef LW_TESTS_SCHED_SUPPORT_H
#define LW_TESTS_SCHED_SUPPORT_H

#include "tests/support.h"

#include <string.h>
#include "core/sched.h"

static struct sim *sim;
static char story[4096]; /* what the tasks did, in order */

static inline void tell(char c)
{
    size_t length = strlen(story);
    assert_true(length + 1 < sizeof story);
    story[length] = c;
    story[length + 1] = '\0';
}

static jmp_buf stopped;
static struct stop last_stop;

static inline void jump_back(void *unused)
{
    (void)unused;
    longjmp(stopped, 1);
}

/* Ends are told on the stack of the test, wherever they happen. */
static inline void on_stop(struct sim *where, const struct stop *stop)
{
    last_stop = *stop;
    struct task *first = sched_next_task(where, NULL);
    if (sched_running(where) != first)
        sched_visit(where, first, jump_back, NULL);
    jump_back(NULL);
}

static inline void begin(void)
{
    const struct sim_options options = {
        .seed = 1, .arena_bytes = UINT64_C(1) << 30, .trace = {.digest = true, .fd = -1}};
    sim = sim_create(&options);
    assert_non_null(sim);
    sim->on_stop = on_stop;
    sim->actor = ACTOR_POLICY;
    story[0] = '\0';
}

static inline void begin_with(const struct sched_options *options)
{
    begin();
    sched_configure(sim, options);
}

static inline void end(void)
{
    sched_verify(sim);
    sim_destroy(sim);
}

static inline struct task *start(void (*entry)(void *), void *argument)
{
    struct task *task = sched_start(
        sim, &(struct task_options){.entry = entry, .argument = argument, .of_policy = true});
    assert_non_null(task);
    return task;
}

#endif
