/* Who waits for whom: deadlocks, hangs, and lost wake-ups, in words.
 *
 * A wait for ever that closes a cycle of waits for ever ends the run at once, also while others
 * could still run. Waits for one of several objects, and for what anyone may signal, are in no
 * cycle: they end the run only when nobody can go on (deadlock_stuck).
 *
 * A hang is called a lost wake-up when a thread waits for something whose last wake-up came while
 * nobody waited (a condition variable notified before the wait, an automatic event set twice, an
 * event reset before anybody had gone on by it). It remains a guess: the wake-up may have been
 * meant for somebody else. */
#include "os/workers.h"
#include "os/sync_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CYCLE_MAX 64

/* ---- words ---- */

static void append(char *text, uint32_t text_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, uint32_t text_bytes, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, text_bytes - used, format, arguments);
    va_end(arguments);
}

/* "which thread 2 has", for a lock that somebody has. */
static void append_holders(const struct lock *lock, char *text, uint32_t text_bytes)
{
    if (!lock->holds)
        return;
    append(text, text_bytes, ", which thread%s ", lock->holds->next_of_lock ? "s" : "");
    for (const struct hold *hold = lock->holds; hold; hold = hold->next_of_lock)
        append(text, text_bytes, "%s%u", hold == lock->holds ? "" : ", ", hold->thread->id);
    if (lock->holds->next_of_lock)
        append(text, text_bytes, " have");
    else
        append(text, text_bytes, " has since event %llu", (unsigned long long)lock->holds->event);
}

void wait_text(struct sim *sim, const struct wait_reason *reason, char *text, uint32_t text_bytes)
{
    char name[64];
    (void)sim;
    text[0] = '\0';
    if (!reason) {
        append(text, text_bytes, "some moment");
        return;
    }
    switch (reason->kind) {
    case WAITS_LOCK:
        append(text, text_bytes, "%s", lock_text(reason->lock, name));
        append_holders(reason->lock, text, text_bytes);
        return;
    case WAITS_CONDITION:
        append(text, text_bytes, "%s", lock_text(reason->lock, name));
        return;
    case WAITS_OBJECTS:
        for (uint32_t i = 0; i < reason->count; i++) {
            append(text, text_bytes, "%s%s",
                   i == 0        ? ""
                   : reason->all ? " and "
                                 : " or ",
                   object_text(reason->objects[i], name));
            append_holders(&reason->objects[i]->lock, text, text_bytes);
        }
        return;
    default:
        append(text, text_bytes, "%s", reason->other);
    }
}

/* ---- cycles ---- */

struct search {
    struct sim *sim;
    struct task *self;
    struct task *path[CYCLE_MAX]; /* from the running task on */
    uint32_t depth;
};

static bool leads_back(struct search *search, struct task *task);

static bool holder_leads_back(struct search *search, const struct lock *lock)
{
    for (const struct hold *hold = lock->holds; hold; hold = hold->next_of_lock)
        if (leads_back(search, sched_task_of(search->sim, hold->thread)))
            return true;
    return false;
}

/* Readers of an SRW lock also wait for writers that came before them. */
static bool writer_leads_back(struct search *search, const struct wait_reason *reason,
                              const struct task *task)
{
    if (reason->lock->kind != LOCK_SRW || reason->exclusive)
        return false;
    for (struct waiter *w = reason->lock->queue.first; w && w->task != task; w = w->next)
        if (((struct lock_waiter *)w)->exclusive && leads_back(search, w->task))
            return true;
    return false;
}

static bool reason_leads_back(struct search *search, const struct wait_reason *reason,
                              const struct task *task)
{
    if (reason->kind == WAITS_LOCK)
        return holder_leads_back(search, reason->lock) || writer_leads_back(search, reason, task);
    if (reason->kind != WAITS_OBJECTS || (reason->count > 1 && !reason->all))
        return false;
    for (uint32_t i = 0; i < reason->count; i++) {
        struct object *object = reason->objects[i];
        if (object_is_signalled(object, task == search->self ? search->sim->thread : task->thread))
            continue; /* its own mutex, which it can take again, among them */
        if (object->kind == OBJECT_MUTEX && holder_leads_back(search, &object->lock))
            return true;
        if (object->kind == OBJECT_THREAD &&
            leads_back(search, sched_task_of(search->sim, object->thread)))
            return true;
    }
    return false;
}

/* Whether the task is the running one, or waits for ever for one that leads to it. */
static bool leads_back(struct search *search, struct task *task)
{
    if (task == search->self)
        return true;
    if (task->state != TASK_BLOCKED || task->timed || !task->waits_for ||
        search->depth == CYCLE_MAX)
        return false;
    for (uint32_t i = 0; i < search->depth; i++)
        if (search->path[i] == task)
            return false; /* a cycle without the running task: none that is new */
    search->path[search->depth++] = task;
    if (reason_leads_back(search, task->waits_for, task))
        return true;
    search->depth--;
    return false;
}

/* One flow of control runs several threads of a recording in turn: what one of them kept when it
 * left the policy, no other can wait for. */
static void stop_on_own(struct sim *sim, const struct wait_reason *reason, const struct lock *lock)
{
    char name[64];
    lock_text(lock, name);
    if (lock_held_by(lock, sim->thread))
        sim_stop_text(
            sim, STOP_DEADLOCK, 0, "self-deadlock: thread %u waits for %s, which it holds itself%s",
            sim->thread->id, name, lock->owner == 0 && reason->exclusive ? " (shared)" : "");
    if (lock->owner != 0)
        sim_stop_text(sim, STOP_DEADLOCK, 0,
                      "deadlock: thread %u waits for %s, which thread %u kept when it left the "
                      "policy",
                      sim->thread->id, name, lock->owner - 1);
    sim_stop_text(sim, STOP_DEADLOCK, 0,
                  "deadlock: thread %u waits for %s, which %u shared owners keep", sim->thread->id,
                  name, lock->shared);
}

static bool is_own(struct sim *sim, const struct lock *lock)
{
    for (const struct hold *hold = lock->holds; hold; hold = hold->next_of_lock)
        if (sched_task_of(sim, hold->thread) == sched_running(sim))
            return true;
    return false;
}

void deadlock_check(struct sim *sim, const struct wait_reason *reason)
{
    struct search search = {.sim = sim, .self = sched_running(sim)};
    if (reason->kind == WAITS_LOCK && is_own(sim, reason->lock))
        stop_on_own(sim, reason, reason->lock);
    if (reason->kind == WAITS_OBJECTS && reason->count == 1 &&
        reason->objects[0]->kind == OBJECT_THREAD && reason->objects[0]->thread == sim->thread)
        sim_stop_text(sim, STOP_DEADLOCK, 0, "self-deadlock: thread %u waits for its own end",
                      sim->thread->id);
    if (sim->attention == 0 || !reason_leads_back(&search, reason, search.self))
        return;
    char text[sizeof((struct stop *)0)->text], what[256];
    wait_text(sim, reason, what, sizeof what);
    snprintf(text, sizeof text, "thread %u waits for %s", sim->thread->id, what);
    for (uint32_t i = 0; i < search.depth; i++) {
        wait_text(sim, search.path[i]->waits_for, what, sizeof what);
        append(text, sizeof text, "; thread %u waits for %s", search.path[i]->thread->id, what);
    }
    sim_stop_text(sim, STOP_DEADLOCK, 0, "deadlock: %s", text);
}

/* ---- nobody can go on ---- */

/* What tells that the wake-up this task waits for came too early. */
static bool was_lost(const struct wait_reason *reason, char *text, uint32_t text_bytes)
{
    char name[64];
    if (!reason)
        return false;
    if (reason->kind == WAITS_CONDITION && reason->lock->last_wake_lost) {
        snprintf(text, text_bytes, "thread %u had woken it at %llu ns, while nobody waited",
                 reason->lock->last_lost_thread, (unsigned long long)reason->lock->last_lost_ns);
        return true;
    }
    if (reason->kind != WAITS_OBJECTS)
        return false;
    for (uint32_t i = 0; i < reason->count; i++) {
        const struct object *object = reason->objects[i];
        if (object->kind != OBJECT_EVENT || object->sets_lost + object->resets_lost == 0)
            continue;
        snprintf(text, text_bytes, "%s had been %s, %llu time%s", object_text(object, name),
                 object->sets_lost ? "set while it was set already"
                                   : "set and reset again before anybody went on by it",
                 (unsigned long long)(object->sets_lost ? object->sets_lost : object->resets_lost),
                 object->sets_lost + object->resets_lost == 1 ? "" : "s");
        return true;
    }
    return false;
}

static bool is_stuck(const struct task *task)
{
    return task->state == TASK_BLOCKED && !task->timed;
}

static void stop_on_lost_wake_up(struct sim *sim, bool of_policy)
{
    char what[256], lost[160];
    for (struct task *task = sched_next_task(sim, NULL); task; task = sched_next_task(sim, task)) {
        if (task->of_policy != of_policy || !is_stuck(task) ||
            !was_lost(task->waits_for, lost, sizeof lost))
            continue;
        wait_text(sim, task->waits_for, what, sizeof what);
        sim_stop_text(sim, STOP_DEADLOCK, 0, "lost-wakeup: thread %u waits for ever for %s; %s",
                      task->thread->id, what, lost);
    }
}

void deadlock_stuck(struct sim *sim)
{
    /* A thread of the policy that has nothing to do waits as well: the workload's come first. */
    stop_on_lost_wake_up(sim, false);
    stop_on_lost_wake_up(sim, true);
    char text[sizeof((struct stop *)0)->text] = "", what[256];
    uint32_t stuck = 0;
    for (struct task *task = sched_next_task(sim, NULL); task; task = sched_next_task(sim, task)) {
        if (task->state == TASK_FINISHED || (!is_stuck(task) && !task->suspended) ||
            workers_is_idle(sim, task))
            continue;
        if (task->suspended)
            snprintf(what, sizeof what, "being resumed");
        else
            wait_text(sim, task->waits_for, what, sizeof what);
        append(text, sizeof text, "%sthread %u waits for ever for %s", stuck++ ? "; " : "",
               task->thread->id, what);
    }
    if (sched_alive(sim) == 1)
        append(text, sizeof text, ", which nobody can set");
    sim_stop_text(sim, STOP_DEADLOCK, 0, "deadlock: %s", text);
}
