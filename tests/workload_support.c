/* Performing workloads in tests. See workload_support.h. */
#include "tests/workload_support.h"

#include <stdio.h>
#include <string.h>
#include "core/sched_private.h"

struct broken broken;

static void on_broken(void *context, const struct step *step, const char *expected, const char *got)
{
    (void)context;
    broken.count++;
    broken.step = step;
    snprintf(broken.expected, sizeof broken.expected, "%s", expected);
    snprintf(broken.got, sizeof broken.got, "%s", got);
}

/* What the workload does at its end. */
enum end { END_STAYS, END_GIVES_BACK, END_RELEASES };

/* Threads and tasks stay: their numbers are used again. */
static uint64_t bytes_of_threads(void)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        const struct task_private *task = fake.sim->sched->tasks[i];
        bytes += fake.sim->threads[i] ? arena_block_bytes(sizeof(struct thread)) : 0;
        bytes += task ? arena_block_bytes(sizeof *task) : 0;
    }
    uint64_t room = fake.sim->sched->due.room;
    return bytes + (room ? arena_block_bytes(room * sizeof(struct due *)) : 0);
}

static void run(struct step *steps, uint32_t count, const struct pressure *pressure,
                uint32_t pressures, enum end end)
{
    static const char *const names[NAMES_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct workload workload = {.steps = steps,
                                .steps_count = count,
                                .names_count = NAMES_MAX,
                                .names = names,
                                .pressure = pressure,
                                .pressure_count = pressures,
                                .ask_load_ns = fake.ask_load_ns,
                                .ask_load_after_pressure = fake.ask_after_pressure,
                                .give_back = end == END_GIVES_BACK,
                                .release = end == END_RELEASES};
    struct workload_hooks hooks = {.broken = on_broken};
    struct clr *clr = fake.clr ? fake.clr : fake_start();
    if (!fake.sim->sched) {
        struct sched_options options = fake.schedule;
        options.first_thread = workload_numbers(&workload);
        sched_configure(fake.sim, &options);
    }
    uint64_t live = fake.sim->arena.live_bytes - bytes_of_threads();
    broken = (struct broken){0};
    workload_run(clr, &workload, &hooks);
    assert_int_equal(fake.sim->actor, ACTOR_CLR);
    assert_int_equal(fake.sim->thread->id, 0);
    assert_int_equal(sched_alive(fake.sim), 1); /* nor a thread: */
    sched_verify(fake.sim);
    /* A workload leaves nothing of its own. */
    assert_int_equal(fake.sim->arena.live_bytes - bytes_of_threads(), live);
}

void perform(struct step *steps, uint32_t count)
{
    run(steps, count, NULL, 0, END_STAYS);
}

void perform_and_give_back(struct step *steps, uint32_t count)
{
    run(steps, count, NULL, 0, END_GIVES_BACK);
}

void perform_and_release(struct step *steps, uint32_t count)
{
    run(steps, count, NULL, 0, END_RELEASES);
}

void perform_under(struct step *steps, uint32_t count, const struct pressure *pressure,
                   uint32_t pressures)
{
    run(steps, count, pressure, pressures, END_STAYS);
}

void expect_broken(const struct step *step, const char *expected, const char *got)
{
    if (broken.count == 0)
        fail_msg("nothing was broken, expected \"%s\", \"%s\"", expected, got);
    assert_ptr_equal(broken.step, step);
    assert_string_equal(broken.expected, expected);
    assert_string_equal(broken.got, got);
    broken = (struct broken){0};
}
