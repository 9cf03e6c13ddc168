/* Workers, work items and timers. See workers.h. */
#include "os/workers.h"

#include "core/race.h"
#include "os/machine.h"
#include "os/sync_private.h"

#define WORKERS_MAX 4

struct pool_item {
    struct pool_item *next;
    pool_callback *callback;
    void *parameter;
    struct pool_timer *timer;     /* NULL: a work item */
    struct race_clock *submitted; /* by whom */
};

struct pool_timer {
    struct due due; /* first, so that both have one address */
    struct pool_item item;
    uint64_t period_ns;
    bool queued; /* its item waits for a worker */
    bool deleted;
    uint32_t running;
    struct wait_queue ended;
    struct object *completion;
    struct race_clock *returned; /* by its callbacks */
};

struct worker {
    struct task *task;        /* NULL: not made yet */
    struct pool_timer *timer; /* whose callback it runs */
    bool idle;
};

struct pool {
    struct worker workers[WORKERS_MAX];
    struct pool_item *first, *last;
    struct wait_queue idle;
};

static struct pool *pool_state(struct sim *sim)
{
    struct sync *sync = sync_state(sim);
    if (!sync->pool)
        sync->pool = arena_alloc(&sim->arena, sizeof *sync->pool);
    return sync->pool;
}

bool workers_is_idle(const struct sim *sim, const struct task *task)
{
    const struct pool *pool = sim->sync ? sim->sync->pool : NULL;
    for (int i = 0; pool && i < WORKERS_MAX; i++)
        if (pool->workers[i].task == task) /* ready: it has been woken for an item */
            return pool->workers[i].idle && task->state == TASK_BLOCKED;
    return false;
}

/* ---- workers ---- */

static struct pool_item *take_item(struct pool *pool)
{
    struct pool_item *item = pool->first;
    if (!item)
        return NULL;
    pool->first = item->next;
    if (!pool->first)
        pool->last = NULL;
    CHECK((pool->first == NULL) == (pool->last == NULL));
    if (item->timer) {
        CHECK(item->timer->queued);
        item->timer->queued = false;
    }
    return item;
}

static void free_timer(struct sim *sim, struct pool_timer *timer)
{
    CHECK(timer->deleted && timer->running == 0 && !timer->queued);
    race_acquire(sim, sim->thread, timer->returned);
    while (timer->ended.first) {
        race_acquire(sim, timer->ended.first->task->thread, timer->returned);
        sched_wake_first(sim, &timer->ended, 0);
    }
    if (timer->completion) {
        object_release_order(sim, timer->completion);
        timer->completion->signalled = true;
        object_signalled(sim, timer->completion);
        object_release(sim, timer->completion);
    }
    race_drop(sim, &timer->item.submitted);
    race_drop(sim, &timer->returned);
    arena_free(&sim->arena, timer, sizeof *timer);
}

static void run_item(struct sim *sim, struct worker *worker, struct pool_item *item)
{
    struct pool_item copy = *item;
    CHECK(worker->timer == NULL);
    race_acquire(sim, sim->thread, item->submitted);
    if (copy.timer) {
        copy.timer->running++;
    } else {
        race_drop(sim, &item->submitted);
        arena_free(&sim->arena, item, sizeof *item);
    }
    worker->timer = copy.timer;
    copy.callback(copy.parameter, copy.timer != NULL);
    worker->timer = NULL;
    if (copy.timer)
        race_release(sim, &copy.timer->returned);
    CHECK(!copy.timer || copy.timer->running > 0); /* it waits for its callbacks before it goes */
    if (copy.timer && --copy.timer->running == 0 && copy.timer->deleted)
        free_timer(sim, copy.timer);
}

static void work(void *argument)
{
    static const struct wait_reason for_work = {.kind = WAITS_OTHER, .other = "work"};
    struct worker *worker = argument;
    struct sim *sim = machine_sim(machine_current());
    struct pool *pool = pool_state(sim);
    for (;;) {
        struct pool_item *item = take_item(pool);
        if (item) {
            run_item(sim, worker, item);
            continue;
        }
        struct waiter waiter = {.queue = &pool->idle};
        worker->idle = true;
        sched_wait(sim, &waiter, 1, DUE_NEVER, &for_work);
        worker->idle = false;
    }
}

static bool make_worker(struct sim *sim, struct pool *pool)
{
    struct worker *worker = pool->workers;
    while (worker < pool->workers + WORKERS_MAX && worker->task)
        worker++;
    if (worker == pool->workers + WORKERS_MAX)
        return true; /* enough of them */
    struct object *object;
    const struct thread_options options = {.entry = work, .argument = worker};
    if (thread_start(sim, &options, &object) != ST_OK)
        return worker > pool->workers;
    worker->task = sched_task_of(sim, object->thread);
    CHECK(worker->task != NULL);
    object_release(sim, object);
    return true;
}

static bool submit(struct sim *sim, struct pool_item *item)
{
    struct pool *pool = pool_state(sim);
    if (!pool->idle.first && !make_worker(sim, pool))
        return false;
    CHECK((pool->first == NULL) == (pool->last == NULL));
    item->next = NULL;
    *(pool->last ? &pool->last->next : &pool->first) = item;
    pool->last = item;
    sched_wake_first(sim, &pool->idle, 0);
    return true;
}

enum status pool_submit(struct sim *sim, pool_callback *callback, void *parameter)
{
    struct pool_item *item = arena_alloc(&sim->arena, sizeof *item);
    *item = (struct pool_item){.callback = callback, .parameter = parameter};
    race_release(sim, &item->submitted);
    if (submit(sim, item))
        return ST_OK;
    race_drop(sim, &item->submitted);
    arena_free(&sim->arena, item, sizeof *item);
    return ST_NOT_ENOUGH_MEMORY;
}

/* ---- timers ---- */

/* A tick that finds the last one still waiting for a worker is lost, as when Windows' pool is late.
 */
static void timer_fires(struct sim *sim, struct due *due)
{
    struct pool_timer *timer = (struct pool_timer *)due;
    CHECK(!timer->deleted);
    if (!timer->queued)
        timer->queued = submit(sim, &timer->item);
    CHECK(due->due_ns <= sim->now_ns);
    if (timer->period_ns)
        sched_due_add(sim, due, due->due_ns + timer->period_ns);
}

struct pool_timer *pool_timer_create(struct sim *sim, pool_callback *callback, void *parameter,
                                     uint64_t due_ns, uint64_t period_ns)
{
    struct pool_timer *timer = arena_alloc(&sim->arena, sizeof *timer);
    timer->due.fire = timer_fires;
    timer->item = (struct pool_item){.callback = callback, .parameter = parameter, .timer = timer};
    pool_timer_change(sim, timer, due_ns, period_ns);
    return timer;
}

void pool_timer_change(struct sim *sim, struct pool_timer *timer, uint64_t due_ns,
                       uint64_t period_ns)
{
    CHECK(!timer->deleted);
    timer->period_ns = period_ns;
    race_release(sim, &timer->item.submitted);
    sched_due_remove(sim, &timer->due);
    sched_due_add(sim, &timer->due, due_ns);
}

static void forget_queued(struct pool *pool, struct pool_timer *timer)
{
    struct pool_item **link = &pool->first, *before = NULL;
    for (; *link && *link != &timer->item; link = &(*link)->next)
        before = *link;
    if (!*link)
        return;
    *link = timer->item.next;
    if (pool->last == &timer->item)
        pool->last = before;
    CHECK(timer->queued);
    timer->queued = false;
}

bool pool_timer_delete(struct sim *sim, struct pool_timer *timer, bool wait,
                       struct object *completion)
{
    static const struct wait_reason for_callback = {.kind = WAITS_OTHER,
                                                    .other = "a timer's callback to return"};
    struct pool *pool = pool_state(sim);
    sched_due_remove(sim, &timer->due);
    forget_queued(pool, timer);
    CHECK(!timer->deleted);
    timer->deleted = true;
    if (completion) {
        object_keep(completion);
        timer->completion = completion;
    }
    if (timer->running == 0) {
        free_timer(sim, timer);
        return true;
    }
    if (!wait)
        return false;
    for (int i = 0; i < WORKERS_MAX; i++)
        if (pool->workers[i].timer == timer && pool->workers[i].task == sched_running(sim))
            sim_stop_text(sim, STOP_DEADLOCK, 0,
                          "self-deadlock: a timer's callback waits for its own end");
    CHECK(timer->running > 0);
    struct waiter waiter = {.queue = &timer->ended};
    sched_wait(sim, &waiter, 1, DUE_NEVER, &for_callback);
    return true;
}
