/* The hang timer. See child.h.
 *
 * A timer on this process's CPU time fires a few times per timeout; each tick compares the count
 * of simulated calls with the one before. The moment varies, so only the outcome, the last record
 * and the policy's outermost function are told, never the instruction. */
#include "harness/child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define TICKS_PER_TIMEOUT 8

/* State of the timer of this process; a signal handler has no other way to it. */
static struct {
    struct child *child;
    uint64_t seen;
    uint32_t idle_ticks;
    uint64_t timeout_s;
} watch;

static void on_tick(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    struct sim *sim = watch.child->sim;
    uint64_t progress = sim->progress + trace_count(&sim->trace);
    if (progress != watch.seen) {
        watch.seen = progress;
        watch.idle_ticks = 0;
        return;
    }
    if (++watch.idle_ticks < TICKS_PER_TIMEOUT)
        return;
    struct stop stop = {.kind = STOP_HANG, .ucontext = context};
    snprintf(stop.text, sizeof stop.text, "hang: %llu s of processor time without a simulated call",
             (unsigned long long)watch.timeout_s);
    sim_stop(sim, &stop);
}

void hang_watch(struct child *child, uint64_t timeout_s)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    action.sa_sigaction = on_tick;
    sigaction(SIGPROF, &action, NULL);
    watch.child = child;
    watch.timeout_s = timeout_s;
    uint64_t tick_ns = timeout_s * UINT64_C(1000000000) / TICKS_PER_TIMEOUT;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    struct itimerspec period = {
        .it_interval = {(time_t)(tick_ns / 1000000000), (long)(tick_ns % 1000000000)}};
    period.it_value = period.it_interval;
    timer_t timer;
    if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0)
        timer_settime(timer, 0, &period, NULL);
}
