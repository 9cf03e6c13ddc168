/* Broken promises that do not end the run, and who a flow of control runs as. See sim.h. */
#include "core/race.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

void sim_become(struct sim *sim, uint32_t id)
{
    struct thread *before = sim->thread;
    sim->thread = sim_thread(sim, id);
    sim->thread->task = before->task;
    race_become(sim, before, sim->thread);
}

void thread_free_area(struct thread *thread)
{
    if (thread->tls_area)
        munmap((void *)thread->tls_area, TLS_STRIDE);
    thread->tls_area = 0;
}

const char *finding_name(enum finding_kind kind)
{
    static const char *const names[FINDING_KINDS] = {"lock-at-exit", "lock-in-callback",
                                                     "lock-invalid", "thread-leak",
                                                     "L1",           "L2",
                                                     "data-race",    "M3"};
    CHECK(kind < FINDING_KINDS);
    return names[kind];
}

void sim_finding(struct sim *sim, enum finding_kind kind, uint64_t about, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sim_event(sim, EVENT_thread_finding, 0, kind, about, 0, 0);
    if (sim->on_finding)
        sim->on_finding(sim, kind, text);
    sim->finding_cause = 0;
}
