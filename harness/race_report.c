/* Data races, as the child process of a run sees them. See race_report.h. */
#include "harness/race_report.h"

#include <stdio.h>
#include <string.h>
#include "core/race.h"
#include "core/sched.h"
#include "harness/child.h"

/* ---- the stacks that another run asked for ---- */

static void on_watched(struct sim *sim, uint32_t place)
{
    struct child *child = sim->on_stop_context;
    struct race_access *access = &child->result->races.entries[place].before;
    access->frames_count = capture_stack(child, NULL, access->frames, RACE_FRAMES_MAX);
}

void races_begin(struct child *child)
{
    const struct run_spec *spec = child->spec;
    if (!spec->race)
        return;
    child->result->races.looked_for = true;
    race_begin(child->sim);
    if (spec->race_accesses_count)
        race_watch(child->sim, spec->race_accesses, spec->race_accesses_count, on_watched);
}

void races_policy_loaded(struct child *child)
{
    struct module_info modules[MODULES_MAX];
    if (!child->sim->race)
        return;
    child->result->races.blind = !policy_is_instrumented(child->policy);
    policy_modules(child->policy, modules, 1);
    if (!child->result->races.blind)
        race_add_instrumented(child->sim, modules[0].base, modules[0].end);
}

void races_workload(struct child *child)
{
    race_flow_meets(child->sim, child->sim->thread);
}

/* ---- finding ---- */

static void describe(struct child *child, const struct race_found *found, char *text, size_t bytes)
{
    uint64_t address = found->address;
    const struct task *task = sched_stack_owner(child->sim, address);
    text[0] = '\0';
    if (task)
        snprintf(text, bytes, "on the stack of thread %u", task->thread->id);
    else if (address - TLS_BASE < IMAGES_BASE - TLS_BASE)
        snprintf(text, bytes, "in thread-local data of thread %llu",
                 (unsigned long long)((address - TLS_BASE) / TLS_STRIDE));
    else if (address - IMAGES_BASE >= IMAGES_BYTES)
        machine_explain(child->machine, address, text, (uint32_t)bytes);
}

static struct race_access side(const struct race_side *found)
{
    return (struct race_access){
        .thread = found->thread, .kind = found->kind, .number = found->number, .pc = found->pc};
}

void races_note(struct child *child)
{
    struct sim *sim = child->sim;
    struct race_report *report = &child->result->races;
    const struct race_found *found = race_found(sim);
    if (report->count == RACES_MAX) {
        report->others++;
        return;
    }
    struct race_entry *entry = &report->entries[report->count];
    /* A run that is made for the stacks of earlier accesses has noted those in its entries. */
    struct race_access before = entry->before;
    *entry = (struct race_entry){.now = side(&found->now),
                                 .before = side(&found->before),
                                 .event = trace_count(&sim->trace) - 1,
                                 .virtual_ns = sim->now_ns,
                                 .address = found->address,
                                 .bytes = found->bytes};
    entry->now.frames_count = capture_stack(child, NULL, entry->now.frames, RACE_FRAMES_MAX);
    if (before.frames_count) {
        memcpy(entry->before.frames, before.frames, sizeof before.frames);
        entry->before.frames_count = before.frames_count;
    } else if (found->before.pc) { /* at least where it was; a return address, so one before */
        entry->before.frames[0] = found->before.pc - 1;
        entry->before.frames_count = 1;
    }
    describe(child, found, entry->where, sizeof entry->where);
    report->count++;
}
