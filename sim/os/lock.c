/* Taking, giving back and waiting for locks. See sync.h. */
#include "core/race.h"
#include "os/sync_private.h"

/* ---- who has it ---- */

static struct hold *hold_of(const struct lock *lock, const struct thread *thread)
{
    struct hold *hold = lock->holds;
    while (hold && hold->thread != thread)
        hold = hold->next_of_lock;
    return hold;
}

bool lock_held_by(const struct lock *lock, const struct thread *thread)
{
    return hold_of(lock, thread) != NULL;
}

/* Records of the touches so far come before that of taking the lock. */
static uint64_t next_event(const struct sim *sim)
{
    return trace_count(&sim->trace) + sim->touched_count;
}

static void add_hold(struct sim *sim, struct lock *lock, bool exclusive)
{
    struct thread *thread = sim->thread;
    struct hold *hold = hold_of(lock, thread);
    if (hold) {
        hold->count++;
        return;
    }
    hold = lock->first_hold.thread ? arena_alloc(&sim->arena, sizeof *hold) : &lock->first_hold;
    *hold = (struct hold){.lock = lock,
                          .thread = thread,
                          .count = 1,
                          .exclusive = exclusive,
                          .event = next_event(sim),
                          .next_of_thread = thread->holds,
                          .next_of_lock = lock->holds};
    if (thread->holds)
        thread->holds->previous_of_thread = hold;
    thread->holds = hold;
    lock->holds = hold;
}

static void remove_hold(struct sim *sim, struct hold *hold)
{
    struct lock *lock = hold->lock;
    struct hold **link = &lock->holds;
    while (*link != hold)
        link = &(*link)->next_of_lock;
    *link = hold->next_of_lock;
    if (hold->next_of_thread)
        hold->next_of_thread->previous_of_thread = hold->previous_of_thread;
    *(hold->previous_of_thread ? &hold->previous_of_thread->next_of_thread : &hold->thread->holds) =
        hold->next_of_thread;
    if (hold == &lock->first_hold)
        *hold = (struct hold){.thread = NULL};
    else
        arena_free(&sim->arena, hold, sizeof *hold);
}

/* ---- taking ---- */

static bool writer_waits(const struct lock *lock)
{
    for (const struct waiter *w = lock->queue.first; w; w = w->next)
        if (((const struct lock_waiter *)w)->exclusive)
            return true;
    return false;
}

/* its_turn: it was woken for this; nobody goes before it. */
static bool can_take(const struct sim *sim, const struct lock *lock, bool exclusive, bool its_turn)
{
    if (lock->owner == sim->thread->id + 1)
        return exclusive;
    if (lock->owner != 0 || (exclusive && lock->shared != 0))
        return false;
    return exclusive || its_turn || lock->kind != LOCK_SRW || !writer_waits(lock);
}

static void take(struct sim *sim, struct lock *lock, bool exclusive)
{
    if (exclusive) {
        lock->owner = sim->thread->id + 1;
        lock->recursion++;
    } else {
        lock->shared++;
    }
    add_hold(sim, lock, exclusive);
    race_acquire(sim, sim->thread, lock->released);
    if (exclusive)
        race_acquire(sim, sim->thread, lock->shared_released);
    CHECK(lock->owner == 0 || lock->shared == 0);
}

bool lock_try(struct sim *sim, struct lock *lock, bool exclusive)
{
    if (!can_take(sim, lock, exclusive, false))
        return false;
    take(sim, lock, exclusive);
    return true;
}

bool lock_take(struct sim *sim, struct lock *lock, bool exclusive, uint64_t due_ns)
{
    if (__builtin_expect(lock_try(sim, lock, exclusive), 1))
        return true;
    const struct wait_reason reason = {.kind = WAITS_LOCK, .lock = lock, .exclusive = exclusive};
    struct lock_waiter waiter = {.exclusive = exclusive};
    for (bool again = false;; again = true) {
        if (due_ns == DUE_NEVER)
            deadlock_check(sim, &reason);
        waiter.waiter.queue = &lock->queue;
        uint32_t woken = again ? sched_wait_in_front(sim, &waiter.waiter, due_ns, &reason)
                               : sched_wait(sim, &waiter.waiter, 1, due_ns, &reason);
        if (can_take(sim, lock, exclusive, true))
            break;
        if (woken == WAKE_DUE || due_ns <= sim->now_ns)
            return false;
    }
    take(sim, lock, exclusive);
    return true;
}

/* ---- giving back ---- */

bool lock_has_waiters(const struct lock *lock)
{
    return lock->queue.first != NULL;
}

/* The first waiter may try, and all readers in a row if it is one. */
static void wake_next(struct sim *sim, struct lock *lock)
{
    while (lock->queue.first) {
        bool exclusive = ((struct lock_waiter *)lock->queue.first)->exclusive;
        if (exclusive && lock->shared != 0)
            return;
        sched_wake_first(sim, &lock->queue, 0);
        if (exclusive)
            return;
    }
}

static void drop(struct sim *sim, struct lock *lock, struct hold *hold, uint32_t times)
{
    CHECK(times <= hold->count);
    if (hold->count == times && hold->exclusive)
        race_release_anew(sim, &lock->released);
    else if (hold->count == times)
        race_release(sim, &lock->shared_released);
    if (hold->exclusive)
        lock->recursion -= times;
    else
        lock->shared -= times;
    hold->count -= times;
    if (hold->count == 0)
        remove_hold(sim, hold);
    if (lock->recursion == 0)
        lock->owner = 0;
    if (lock->owner == 0 && lock->shared == 0)
        wake_next(sim, lock);
}

bool lock_drop(struct sim *sim, struct lock *lock, bool exclusive)
{
    if (exclusive ? lock->owner == 0 : lock->shared == 0)
        return false;
    struct hold *hold = hold_of(lock, sim->thread);
    if (!hold) /* given back by another thread than the one that took it */
        hold = lock->holds;
    CHECK(hold != NULL && hold->exclusive == exclusive);
    drop(sim, lock, hold, 1);
    return true;
}

uint32_t lock_drop_all(struct sim *sim, struct lock *lock)
{
    struct hold *hold = hold_of(lock, sim->thread);
    uint32_t times = hold ? hold->count : 0;
    if (hold)
        drop(sim, lock, hold, times);
    return times;
}

void thread_drop_locks(struct sim *sim, struct thread *thread)
{
    char text[64];
    while (thread->holds) {
        struct hold *hold = thread->holds;
        struct lock *lock = hold->lock;
        sim->finding_cause = hold->event;
        sim_finding(sim, FINDING_LOCK_AT_EXIT, lock_shown(lock),
                    "thread %u ended and still has %s, taken at event %llu", thread->id,
                    lock_text(lock, text), (unsigned long long)hold->event);
        if (lock->kind == LOCK_KERNEL) {
            object_abandon(sim, object_of_lock(lock));
            continue;
        }
        /* It stays taken for ever, as on Windows; only the list of the thread ends, and its number
         * remains the owner's. */
        thread->references++;
        thread->holds = hold->next_of_thread;
        if (thread->holds)
            thread->holds->previous_of_thread = NULL;
        hold->next_of_thread = hold->previous_of_thread = NULL;
    }
}

void locks_check_left(struct sim *sim)
{
    char text[64];
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        const struct thread *thread = sim->threads[i];
        if (!thread || sched_task_of(sim, thread)->of_policy)
            continue;
        for (const struct hold *hold = thread->holds; hold; hold = hold->next_of_thread) {
            if (hold->lock->kind == LOCK_KERNEL)
                continue;
            sim->finding_cause = hold->event;
            sim_finding(sim, FINDING_LOCK_AT_EXIT, lock_shown(hold->lock),
                        "thread %u left the policy for good and still has %s, taken at event %llu",
                        thread->id, lock_text(hold->lock, text), (unsigned long long)hold->event);
        }
    }
}

void locks_check_callback(struct sim *sim)
{
    char text[64];
    const struct hold *hold = sim->thread->holds;
    while (hold && hold->lock->kind == LOCK_ONCE)
        hold = hold->next_of_thread;
    if (hold)
        sim_finding(sim, FINDING_LOCK_IN_CALLBACK, lock_shown(hold->lock),
                    "thread %u notifies the CLR while it has %s", sim->thread->id,
                    lock_text(hold->lock, text));
}

/* ---- what is no lock: condition variables, addresses ---- */

uint32_t lock_park(struct sim *sim, struct lock *lock, uint64_t due_ns)
{
    const struct wait_reason reason = {.kind = WAITS_CONDITION, .lock = lock};
    struct lock_waiter waiter = {.waiter.queue = &lock->queue, .exclusive = true};
    return sched_wait(sim, &waiter.waiter, 1, due_ns, &reason);
}

uint32_t lock_wake(struct sim *sim, struct lock *lock, uint32_t most)
{
    uint32_t woken = 0;
    for (; woken < most && lock->queue.first; woken++) {
        struct task *task = sched_next_woken(sim, &lock->queue);
        race_pass(sim, sim->thread, task->thread);
        sched_wake(sim, task, 0);
    }
    lock->last_wake_lost = woken == 0;
    if (woken == 0) {
        lock->wakes_lost++;
        lock->last_lost_ns = sim->now_ns;
        lock->last_lost_thread = sim->thread->id;
    }
    return woken;
}
