/* The life of the policy's threads and their objects. See sync.h.
 *
 * The native stack is the scheduler's; what the simulated process pays for a thread is a region of
 * its address space and the pages that Windows commits at once. So threads fail where they would:
 * for want of address space or commit. */
#include "include/windows.h"

#include "core/race.h"
#include "os/machine.h"
#include "os/space.h"
#include "os/workers.h"
#include "os/sync_private.h"

#define STACK_RESERVE_BYTES (UINT64_C(1) << 20)
#define STACK_COMMIT_BYTES (UINT64_C(16) << 10) /* the first pages and the guard page */
#define STACK_MOST_BYTES (UINT64_C(1) << 30)

/* ---- beginning ---- */

static enum status reserve_stack(uint64_t wanted_bytes, uint64_t *region)
{
    struct machine *m = machine_current();
    uint64_t bytes =
        (wanted_bytes + STACK_RESERVE_BYTES - 1) / STACK_RESERVE_BYTES * STACK_RESERVE_BYTES;
    if (wanted_bytes > STACK_MOST_BYTES)
        return ST_NOT_ENOUGH_MEMORY;
    if (bytes == 0)
        bytes = STACK_RESERVE_BYTES;
    if (machine_map(m, 0, bytes, PAGE_READWRITE, REGION_STACK, region) != ST_OK)
        return ST_NOT_ENOUGH_MEMORY;
    enum status status = machine_map_commit(m, *region + bytes - STACK_COMMIT_BYTES,
                                            STACK_COMMIT_BYTES, PAGE_READWRITE);
    if (status != ST_OK)
        machine_unmap(m, *region);
    return status;
}

struct thread_start {
    void (*entry)(void *);
    void *argument;
};

static void run_thread(void *argument)
{
    struct sim *sim = machine_sim(machine_current());
    struct thread_start start = *(struct thread_start *)argument;
    arena_free(&sim->arena, argument, sizeof start);
    start.entry(start.argument);
    thread_end(sim, 0);
}

enum status thread_start(struct sim *sim, const struct thread_options *options,
                         struct object **object)
{
    uint64_t region;
    enum status status = reserve_stack(options->stack_bytes, &region);
    if (status != ST_OK)
        return status;
    struct thread_start *start = arena_alloc(&sim->arena, sizeof *start);
    *start = (struct thread_start){options->entry, options->argument};
    struct task *task = sched_start(sim, &(struct task_options){.entry = run_thread,
                                                                .argument = start,
                                                                .stack_bytes = options->stack_bytes,
                                                                .suspended = options->suspended,
                                                                .of_policy = true});
    if (!task) {
        arena_free(&sim->arena, start, sizeof *start);
        machine_unmap(machine_current(), region);
        return ST_NOT_ENOUGH_MEMORY;
    }
    task->thread->stack_region = region;
    *object = thread_object(sim, task->thread);
    object_keep(*object); /* the thread's own, until it ends */
    object_keep(*object);
    return ST_OK;
}

struct object *thread_object(struct sim *sim, struct thread *thread)
{
    if (!thread->object) {
        thread->object = object_create(sim, OBJECT_THREAD);
        thread->object->thread = thread;
        thread->object->manual_reset = true;
        thread->object->exit_code = STILL_ACTIVE;
        thread->references++;
    }
    return thread->object;
}

/* ---- ending ---- */

/* What ends with any thread, however it ended. Its object may go with it. */
static void bury(struct sim *sim, struct thread *thread, uint32_t exit_code)
{
    struct object *object = thread->object;
    thread_drop_locks(sim, thread);
    thread_free_area(thread);
    if (thread->stack_region)
        machine_unmap(machine_current(), thread->stack_region);
    thread->stack_region = 0;
    if (!object)
        return;
    object->exit_code = exit_code;
    race_pass(sim, thread, sim->thread); /* who terminates another comes behind it */
    object_release_order(sim, object);
    object->signalled = true;
    if (object->close_at_end && handle_object(sync_state(sim), object->handle) == object)
        handle_close(sim, object->handle);
    object_signalled(sim, object);
    object_release(sim, object);
}

_Noreturn void thread_end(struct sim *sim, uint32_t exit_code)
{
    struct thread *thread = sim->thread;
    if (!sched_running(sim)->of_policy)
        sim_stop_text(sim, STOP_ABORT, exit_code,
                      "thread %u, which belongs to the CLR, was ended with code %u", thread->id,
                      exit_code);
    if (sim->on_thread_end)
        sim->on_thread_end(sim);
    fls_thread_end(sim);
    sim_event(sim, EVENT_thread_end, 0, exit_code, 0, 0, 0);
    bury(sim, thread, exit_code);
    sched_exit(sim);
}

void thread_leave(struct sim *sim)
{
    enum actor actor = sim->actor;
    CHECK(!sched_running(sim)->of_policy);
    sim->actor = ACTOR_POLICY;
    sim->calls_in_host_call = 0;
    if (sim->on_thread_end)
        sim->on_thread_end(sim);
    fls_thread_end(sim);
    sim->actor = actor;
    sim_event(sim, EVENT_thread_end, 0, 0, 0, 0, 0);
    if (sim->thread->object) /* which its burial releases; thread_start was not asked for one */
        object_keep(sim->thread->object);
    bury(sim, sim->thread, 0);
}

void thread_terminate(struct sim *sim, struct object *object, uint32_t exit_code)
{
    struct thread *thread = object->thread;
    struct task *task = sched_task_of(sim, thread);
    CHECK(!object->signalled && task->thread == thread);
    sched_kill(sim, task);
    bury(sim, thread, exit_code);
}

/* ---- asking ---- */

uint32_t threads_of_policy(struct sim *sim, struct task **first)
{
    uint32_t count = 0;
    for (struct task *task = sched_next_task(sim, NULL); task; task = sched_next_task(sim, task)) {
        if (task->state == TASK_FINISHED || !task->of_policy || workers_is_idle(sim, task))
            continue;
        if (count++ == 0 && first)
            *first = task;
    }
    return count;
}
