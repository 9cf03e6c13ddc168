/* Fibers and the scheduler on another processor: registers live across switches, tasks come back
 * where they were, schedules repeat, unwinding ends at a fiber's first frame. Built by
 * tests/aarch64.sh without the test library, which has no cross-compiled form in Debian; prints
 * what failed. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unwind.h>
#include "core/fiber.h"
#include "core/rng.h"
#include "core/sched.h"

static int failures;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* ---- fibers ---- */

static struct fiber *main_fiber;
static volatile int turns;

/* More values than there are registers to keep them: integers and floating point. */
static void keep_registers(void *argument)
{
    long a = (long)argument, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13, g = a * 17;
    double u = (double)a / 2, v = u * 3, w = u * 5, x = u * 7, y = u * 11, z = u * 13;
    for (int i = 0; i < 100; i++) {
        turns++;
        fiber_jump(main_fiber);
        a++, b++, c++, d++, e++, f++, g++;
        u++, v++, w++, x++, y++, z++;
    }
    long base = (long)argument;
    EXPECT(a == base + 100 && b == base * 3 + 100 && c == base * 5 + 100 && d == base * 7 + 100);
    EXPECT(e == base * 11 + 100 && f == base * 13 + 100 && g == base * 17 + 100);
    double half = (double)base / 2;
    EXPECT(u == half + 100 && v == half * 3 + 100 && w == half * 5 + 100);
    EXPECT(x == half * 7 + 100 && y == half * 11 + 100 && z == half * 13 + 100);
}

static void check_fibers(void)
{
    struct fiber *a = fiber_create(1, UINT64_C(1) << 17, keep_registers, (void *)3);
    struct fiber *b = fiber_create(2, UINT64_C(1) << 17, keep_registers, (void *)1000);
    main_fiber = fiber_main();
    EXPECT(a && b);
    while (!fiber_finished(a) || !fiber_finished(b)) {
        if (!fiber_finished(a))
            fiber_switch(a);
        if (!fiber_finished(b))
            fiber_switch(b);
    }
    EXPECT(turns == 200);
    fiber_destroy(a);
    fiber_destroy(b);
}

/* ---- unwinding ---- */

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *count)
{
    (void)context;
    ++*(int *)count;
    return _URC_NO_REASON;
}

static void unwind(void *count)
{
    _Unwind_Backtrace(count_frame, count);
}

static void check_unwinding(void)
{
    int frames = 0;
    struct fiber *fiber = fiber_create(1, UINT64_C(1) << 17, unwind, &frames);
    fiber_switch(fiber);
    EXPECT(frames >= 2 && frames < 10);
    fiber_destroy(fiber);
}

/* ---- the scheduler ---- */

static struct sim *sim;
static struct wait_queue queue;

static void work(void *argument)
{
    uint64_t key = (uintptr_t)argument;
    for (uint64_t i = 0; i < 50; i++) {
        uint64_t draw = rng_draw(key, RNG_PROPERTY_TEST, i);
        sim_call(sim, EVENT_VirtualQuery, NULL);
        sim_event(sim, EVENT_VirtualQuery, 0, key, i, 0, 0);
        if (draw % 5 == 0)
            sched_sleep_until(sim, sim->now_ns + draw % 5000);
        else if (draw % 5 == 1)
            sched_yield_now(sim);
        else if (draw % 5 == 2)
            sched_wake_first(sim, &queue, 1);
        else if (draw % 5 == 3)
            sched_wait(sim, &(struct waiter){.queue = &queue}, 1, sim->now_ns + draw % 3000, NULL);
    }
}

static void run(enum sched_strategy strategy, char text[33])
{
    const struct sim_options options = {
        .seed = 1, .arena_bytes = UINT64_C(1) << 28, .trace = {.digest = true, .fd = -1}};
    uint8_t digest[16];
    struct task *tasks[6];
    queue = (struct wait_queue){NULL, NULL};
    sim = sim_create(&options);
    sim->actor = ACTOR_POLICY;
    sim->processors = 3;
    sched_configure(sim, &(struct sched_options){.strategy = strategy, .seed = 7});
    for (uintptr_t i = 0; i < 6; i++)
        tasks[i] = sched_start(
            sim, &(struct task_options){.entry = work, .argument = (void *)i, .of_policy = true});
    for (int i = 0; i < 6; i++)
        sched_join(sim, tasks[i]);
    sched_verify(sim);
    trace_digest(&sim->trace, digest);
    digest_text(digest, text);
    sim_destroy(sim);
}

int main(void)
{

    check_fibers();
    check_unwinding();
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++) {
        char once[33], again[33];
        run((enum sched_strategy)strategy, once);
        run((enum sched_strategy)strategy, again);
        EXPECT(strcmp(once, again) == 0);
        printf("%s %s\n", sched_strategy_name((enum sched_strategy)strategy), once);
    }
    return failures != 0;
}
