/* The order of an import: read both logs, go through calls and faults by time, count, finish. */
#include <stdlib.h>
#include <string.h>

#include "harness/import_private.h"

/* ---- threads ---- */

/* A thread that only the fault log knows, where every birth was traced: strace itself, perf, or
 * whatever else was recorded along. */
static bool is_stranger(const struct log *log, const struct log_thread *thread)
{
    bool births_known = log->births || (log->executes && log->by_line <= 1);
    return births_known && !thread->seen && !thread->announced && thread->birth == BORN_UNKNOWN;
}

/* Whether a thread runs another program: by the call that made it, where that was traced. */
static bool is_other(struct import *import, uint32_t index)
{
    struct log_thread *thread = &import->log.threads[index];
    if (thread->judged)
        return thread->other;
    thread->judged = true; /* also ends the walk in a circle of nonsense */
    bool parent_other = thread->birth != BORN_UNKNOWN && is_other(import, thread->parent);
    thread->other =
        thread->birth == BORN_FORKED || parent_other || is_stranger(&import->log, thread);
    return thread->other;
}

static uint32_t number_of(struct import *import, struct log_thread *thread)
{
    if (thread->number == NO_OBJECT) {
        thread->number = import->threads < UINT16_MAX ? import->threads : UINT16_MAX;
        import->threads++;
    }
    return thread->number;
}

/* ---- one call ---- */

/* Whether a program can have got what the log says: a damaged one says anything. */
static bool is_possible(const struct log_call *call)
{
    const struct memory_call *memory = &call->call;
    switch (memory->kind) {
    case CALL_REMAP:
        return is_range_of_program(memory->address, memory->size) &&
               is_range_of_program(call->result, memory->new_size);
    case CALL_MAP:
    case CALL_SHADOW:
    case CALL_BREAK:
    case CALL_ATTACH:
        return is_range_of_program(call->result, memory->size);
    default:
        return true; /* about what is known already */
    }
}

static enum effect take_call(struct import *import, const struct log_call *call)
{
    const struct memory_call *memory = &call->call;
    if (!is_possible(call))
        return EFFECT_OUTSIDE;
    switch (memory->kind) {
    case CALL_MAP:
        return import_map_call(import, memory, call->result);
    case CALL_UNMAP:
        return import_unmap(import, page_down(memory->address),
                            page_up(memory->address + memory->size))
                   ? EFFECT_DONE
                   : EFFECT_OUTSIDE;
    case CALL_PROTECT:
        return import_protect_call(import, memory);
    case CALL_ADVISE:
        return memory->flags & CALL_DISCARD ? import_discard_call(import, memory) : EFFECT_HINT;
    case CALL_BREAK:
        return import_break_call(import, memory, call->result, import->started <= 1);
    case CALL_REMAP:
        return import_remap_call(import, memory, call->result);
    case CALL_ATTACH:
        return import_attach_call(import, memory, call->result);
    case CALL_DETACH:
        return import_detach_call(import, memory);
    case CALL_SHADOW: {
        struct memory_call map = *memory;
        map.flags = CALL_ANONYMOUS | CALL_STACK;
        map.prot = CALL_READ | CALL_WRITE;
        return import_map_call(import, &map, call->result);
    }
    case CALL_SHARED_SIZE:
        import_note_segment(import, memory->id, memory->size);
        return EFFECT_HINT;
    default:
        return EFFECT_HINT;
    }
}

static void note_peak(struct import *import)
{
    const struct recording_peak *now = &import->map.now;
    struct recording_peak *peak = &import->stats.peak;
    if (now->reserved > peak->reserved)
        peak->reserved = now->reserved;
    if (now->committed > peak->committed)
        peak->committed = now->committed;
    if (now->views > peak->views)
        peak->views = now->views;
}

/* True when the call shows that its thread runs another program. The program's own first threads
 * ask for the break before there are others. */
static bool starts_other_program(struct import *import, const struct log_call *call)
{
    struct log_thread *thread = &import->log.threads[call->thread];
    if (is_other(import, call->thread))
        return true;
    bool asks = call->call.kind == CALL_BREAK && call->call.address == 0;
    bool others = import->started > (thread->started ? 1u : 0u);
    bool executes = call->call.kind == CALL_EXECUTE && call->returned && !call->failed;
    bool leaves = executes && thread->birth == BORN_SHARING;
    thread->other = (asks && others && call->returned) || leaves;
    return thread->other;
}

static void apply_call(struct import *import, const struct log_call *call)
{
    struct recording_stats *stats = &import->stats;
    struct log_thread *thread = &import->log.threads[call->thread];
    if (starts_other_program(import, call)) {
        stats->other_process++;
        return;
    }
    import->started += !thread->started;
    thread->started = true;
    import->thread = number_of(import, thread);
    import->now_ns = import->log.times[call->line] - import->begin_ns;
    if (!call->returned)
        return;
    stats->calls++;
    if (call->call.kind == CALL_EXECUTE && !call->failed)
        import_forget_all(import);
    enum effect effect = call->failed ? EFFECT_FAILED : take_call(import, call);
    stats->hints += effect == EFFECT_HINT;
    stats->outside += effect == EFFECT_OUTSIDE;
    stats->failed += effect == EFFECT_FAILED;
    if (effect == EFFECT_FAILED)
        import_emit_failed(import, call->call.size > call->call.new_size ? call->call.size
                                                                         : call->call.new_size);
    note_peak(import);
}

/* ---- one fault ---- */

static void apply_fault(struct import *import, const struct fault *fault)
{
    uint32_t index = log_thread_of(&import->log, fault->tid);
    import->stats.faults++;
    if (is_other(import, index))
        return;
    import->thread = number_of(import, &import->log.threads[index]);
    uint64_t page = page_down(fault->address);
    uint64_t time = fault->time_ns > import->begin_ns ? fault->time_ns - import->begin_ns : 0;
    if (time > import->now_ns)
        import->now_ns = time;
    const struct piece *piece = address_map_find(&import->map, page);
    if (!piece || piece->prot == 0 || (piece->view == NO_OBJECT && !piece->committed))
        return;
    uint32_t object = piece->view != NO_OBJECT ? piece->view : piece->object;
    import_emit(import, OP_TOUCH, object, page, page + PAGE_BYTES, piece->prot);
    page_set_add(&import->touched, page);
    import->stats.faults_placed++;
}

/* ---- all of it ---- */

static void apply_all(struct import *import)
{
    size_t next = 0;
    const struct faults *faults = &import->faults;
    for (size_t i = 0; i < import->log.count; i++) {
        const struct log_call *call = &import->log.calls[i];
        uint64_t time = import->log.times[call->line];
        for (; next < faults->count && faults->faults[next].time_ns < time; next++)
            apply_fault(import, &faults->faults[next]);
        apply_call(import, call);
    }
    for (; next < faults->count; next++)
        apply_fault(import, &faults->faults[next]);
    address_map_verify(&import->map);
}

static uint64_t end_of_recording(const struct import *import)
{
    uint64_t end = import->now_ns;
    if (import->log.lines > 0) {
        uint64_t last = import->log.times[import->log.lines - 1] - import->begin_ns;
        end = last > end ? last : end;
    }
    return end;
}

static enum import_status judge(const struct import *import)
{
    if (import->log.lines == 0)
        return IMPORT_EMPTY;
    if (import->log.bad.count * 2 > import->log.lines ||
        import->faults.bad.count * 2 > import->faults.lines)
        return IMPORT_NOT_UNDERSTOOD;
    if (import->faults.count > 0 && !import->log.absolute)
        return IMPORT_NO_CLOCK;
    return IMPORT_OK;
}

static void fill_stats(struct import *import)
{
    struct recording_stats *stats = &import->stats;
    for (uint32_t i = 0; i < import->log.threads_count; i++) /* those that only end in the log */
        if (import->log.threads[i].seen && !is_other(import, i))
            number_of(import, &import->log.threads[i]);
    stats->lines = import->log.lines;
    stats->not_understood = import->log.bad.count;
    stats->faults_not_understood = import->faults.bad.count;
    stats->threads = import->threads;
    stats->final = import->map.now;
}

static void free_all(struct import *import)
{
    log_free(&import->log);
    free(import->faults.faults);
    address_map_free(&import->map);
    page_set_free(&import->touched);
    free(import->objects);
    free(import->operations);
    free(import->pieces);
    free(import->segments);
}

enum import_status import_strace(const struct import_input *input, struct import_result *result)
{
    struct import import = {.break_object = NO_OBJECT};
    memset(result, 0, sizeof *result);
    log_read(&import.log, input->log, input->log_bytes);
    faults_read(&import.faults, input->faults, input->faults ? input->faults_bytes : 0);
    result->bad_lines = import.log.bad;
    result->bad_fault_lines = import.faults.bad;
    result->fault_lines = import.faults.lines;
    enum import_status status = judge(&import);
    if (import.log.lines > 0)
        import.begin_ns = import.log.times[0];
    apply_all(&import);
    fill_stats(&import);
    result->stats = import.stats;
    result->duration_ns = end_of_recording(&import);
    import_finish(&import, result);
    free_all(&import);
    return status;
}

void import_result_free(struct import_result *result)
{
    free(result->operations);
    memset(result, 0, sizeof *result);
}
