/* Expectations. See judge.h. */
#include "harness/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "harness/child.h"
#include "harness/options.h"
#include "harness/scenario_keys.h"

/* Calls may take so many places of the list, so that expectations of the whole run find room. */
#define BROKEN_CALLS_MAX (BROKEN_MAX - 4)

/* ---- while it runs ---- */

static bool only_grows(uint16_t counter)
{
    static const uint16_t others[] = {COUNTER_commit_bytes, COUNTER_reserve_bytes,
                                      COUNTER_heap_live_blocks, COUNTER_heap_live_bytes,
                                      COUNTER_other_commit_bytes};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (counter == others[i])
            return false;
    return true;
}

/* The number behind an expectation, NULL where there is none that can be watched. */
static const uint64_t *watched_number(struct sim *sim, const struct expectation *expectation)
{
    if (expectation->has_other) /* a bound that moves is looked at when it is known */
        return NULL;
    switch (expectation->kind) {
    case EXPECT_COUNTER:
        return only_grows(expectation->counter) ? &sim->counters[expectation->counter] : NULL;
    case EXPECT_INJECTED:
        return &sim->faults.injected;
    case EXPECT_RULE_INJECTED:
        return &sim->faults.rules[expectation->index].injected;
    default:
        return NULL;
    }
}

bool judge_begin(struct child *child)
{
    struct judge *judge = &child->judge;
    const struct scenario *plan = child->spec->plan;
    for (uint32_t i = 0; i < plan->expectations_count && judge->watched_count < WATCHED_MAX; i++) {
        const struct expectation *expectation = &plan->expectations[i];
        const uint64_t *number = watched_number(child->sim, expectation);
        bool bounded = compare_exceeded(&expectation->comparison, UINT64_MAX);
        if (number && bounded)
            judge->watched[judge->watched_count++] =
                (struct watched){i, number, expectation->comparison, {0}};
    }
    judge->active = judge->watched_count;
    /* What came before a broken call or a crash is told too. */
    return judge->active > 0 || child->spec->faults_count > 0;
}

/* Operations are counted when the call has returned, behind the record of that. */
static bool counted_behind(const struct child *child, const struct watched *watched)
{
    static const uint16_t counters[] = {COUNTER_operations_recorded, COUNTER_operations_served,
                                        COUNTER_operations_dependent};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (watched->number == &child->sim->counters[counters[i]])
            return true;
    return false;
}

static void note_moment(struct child *child, struct broken *broken, uint64_t event, uint64_t ns)
{
    broken->has_event = true;
    broken->event = event;
    broken->virtual_ns = ns;
    broken->injections = child->judge.injections;
    broken->last = child->judge.last;
}

/* Looks at what is counted behind records, or at all else, at the record with this number. */
static void judge_watched(struct child *child, bool behind, uint64_t event, uint64_t ns)
{
    struct judge *judge = &child->judge;
    for (uint32_t i = 0; i < judge->active;) {
        struct watched *watched = &judge->watched[i];
        if (counted_behind(child, watched) != behind ||
            !compare_exceeded(&watched->comparison, *watched->number)) {
            i++;
            continue;
        }
        note_moment(child, &watched->broken_at, event, ns);
        struct watched passed = *watched;
        judge->active--;
        *watched = judge->watched[judge->active];
        judge->watched[judge->active] = passed;
    }
}

void judge_record(struct child *child, const struct event *event)
{
    struct judge *judge = &child->judge;
    uint64_t number = trace_count(&child->sim->trace) - 1;
    /* Before this record's failure counts among those that came before. */
    judge_watched(child, true, judge->last_event, judge->last_ns);
    judge->last_event = number;
    judge->last_ns = event->time_ns;
    if (event->kind == EVENT_fault_injected) {
        judge->injections++;
        judge->last = (struct injection){number, event->time_ns, event->arg[1],
                                         (uint32_t)event->arg[2], event->error};
        if (event->error) {
            judge->refusals++;
            judge->refused = judge->last;
        }
    }
    judge_watched(child, false, number, event->time_ns);
}

/* ---- calls of the workload ---- */

static const char *const slot_names[CALL_SLOTS] = {
    [CALL_VirtualAlloc] = "VirtualAlloc",
    [CALL_VirtualFree] = "VirtualFree",
    [CALL_VirtualQuery] = "VirtualQuery",
    [CALL_VirtualProtect] = "VirtualProtect",
    [CALL_GetMemoryLoad] = "GetMemoryLoad",
    [CALL_CreateMalloc] = "CreateMalloc",
    [CALL_RegisterMemoryNotificationCallback] = "RegisterMemoryNotificationCallback",
    [CALL_NeedsVirtualAddressSpace] = "NeedsVirtualAddressSpace",
    [CALL_AcquiredVirtualAddressSpace] = "AcquiredVirtualAddressSpace",
    [CALL_ReleasedVirtualAddressSpace] = "ReleasedVirtualAddressSpace",
    [CALL_Alloc] = "Alloc",
    [CALL_DebugAlloc] = "DebugAlloc",
    [CALL_Free] = "Free",
    [CALL_QueryInterface] = "QueryInterface",
    [CALL_AddRef] = "AddRef",
    [CALL_Release] = "Release",
    [CALL_read] = "read",
    [CALL_write] = "write",
    [CALL_map_view] = "map-view",
    [CALL_unmap_view] = "unmap-view",
};

static const char *step_name(const struct step *step)
{
    return step->kind == STEP_CALL ? slot_names[step->call->slot] : "a call";
}

void judge_call(void *context, const struct step *step, const char *expected, const char *got)
{
    struct child *child = context;
    struct run_result *result = child->result;
    for (uint32_t i = 0; i < result->broken_count; i++) {
        struct broken *known = &result->broken[i];
        if (known->line == step->line && strcmp(known->path, step->path ? step->path : "") == 0 &&
            strcmp(known->expected, expected) == 0) {
            known->count++;
            return;
        }
    }
    if (result->broken_count == BROKEN_CALLS_MAX) {
        result->broken_others++;
        return;
    }
    struct broken *broken = &result->broken[result->broken_count++];
    *broken = (struct broken){.line = step->line, .column = step->column, .count = 1};
    snprintf(broken->path, sizeof broken->path, "%s", step->path ? step->path : "");
    snprintf(broken->promise, sizeof broken->promise, "%s must give %s", step_name(step), expected);
    snprintf(broken->expected, sizeof broken->expected, "%s", expected);
    snprintf(broken->got, sizeof broken->got, "%s", got);
    uint64_t count = trace_count(&child->sim->trace);
    note_moment(child, broken, count ? count - 1 : 0, child->sim->now_ns);
}

/* ---- what is left ---- */

static bool wants_nothing_left(const struct child *child)
{
    const struct scenario *plan = child->spec->plan;
    for (uint32_t i = 0; i < plan->expectations_count; i++)
        if (plan->expectations[i].kind == EXPECT_NOTHING_LEFT)
            return true;
    return false;
}

void judge_workload_begins(struct child *child)
{
    if (wants_nothing_left(child))
        machine_left_behind(child->machine, &child->judge.before);
}

static uint64_t excess(uint64_t after, uint64_t before)
{
    return after > before ? after - before : 0;
}

uint64_t judge_left(const struct child *child)
{
    const struct machine_left *before = &child->judge.before;
    struct machine_left now;
    if (!wants_nothing_left(child))
        return 0;
    machine_left_behind(child->machine, &now);
    uint64_t committed = excess(now.commit_bytes, before->commit_bytes);
    uint64_t reserved = excess(now.reserved_bytes, before->reserved_bytes);
    uint64_t bytes = committed > reserved ? committed : reserved;
    if (bytes < GRANULARITY_BYTES && (bytes > 0 || now.heap_blocks > before->heap_blocks))
        bytes = GRANULARITY_BYTES;
    return bytes;
}

void judge_workload_ended(struct child *child)
{
    child->judge.has_after = wants_nothing_left(child);
    if (child->judge.has_after)
        machine_left_behind(child->machine, &child->judge.after);
}

struct words {
    char *text;
    size_t bytes, used;
};

/* Adds "512.0 KiB committed" when there is more than there may be. */
static void put_more(struct words *words, uint64_t is, uint64_t may, bool bytes, const char *what)
{
    char number[32];
    if (is <= may || words->used >= words->bytes)
        return;
    if (bytes)
        bytes_text(is - may, number, sizeof number);
    else
        count_text(is - may, number, sizeof number);
    words->used +=
        (size_t)snprintf(words->text + words->used, words->bytes - words->used, "%s%s %s%s",
                         words->used ? ", " : "", number, what, bytes || is - may == 1 ? "" : "s");
}

/* Words for what the process holds more than it may; false when it does not.
 *
 * Without a shutdown the host lives on and may keep what it held when the CLR had started. With
 * one nothing that VirtualAlloc gave may be left, and no heap or heap block but what was there
 * before its factory was called: the C++ library takes a block when it is loaded and never frees
 * it. Charge is not compared, because the process heap itself has some. */
static bool left_behind(const struct child *child, char *text, size_t bytes)
{
    const struct machine_left *after = &child->judge.after, *before = &child->judge.before;
    struct words words = {text, bytes, 0};
    if (!child->judge.has_after) {
        snprintf(text, bytes, "the run did not come to its end");
        return true;
    }
    if (child->spec->plan->shutdown_release) {
        put_more(&words, after->regions, 0, false, "VirtualAlloc region");
        put_more(&words, after->reserved_bytes, 0, true, "reserved");
        put_more(&words, after->heaps, 0, false, "heap");
        put_more(&words, after->heap_blocks, before->heap_blocks, false, "heap block");
        put_more(&words, after->heap_bytes, before->heap_bytes, true, "in heap blocks");
    } else {
        put_more(&words, after->commit_bytes, before->commit_bytes, true, "committed");
        put_more(&words, after->reserved_bytes, before->reserved_bytes, true, "reserved");
        put_more(&words, after->heap_blocks, before->heap_blocks, false, "heap block");
    }
    if (words.used && words.used < bytes)
        snprintf(text + words.used, bytes - words.used, " %s",
                 child->spec->plan->shutdown_release ? "left" : "more than before");
    return words.used > 0;
}

/* ---- at the end ---- */

static uint64_t exits_of(const struct run_result *result)
{
    return result->ended == OUTCOME_CRASH;
}

/* "512.0 MiB", with every byte behind it where that rounds: 512.0 MiB (536,875,008 bytes). */
static void put_bytes(uint64_t bytes, char *text, size_t text_bytes)
{
    char rounded[32], exact[32];
    uint64_t unit = 1;
    while (bytes / unit >= 1024)
        unit *= 1024;
    bytes_text(bytes, rounded, sizeof rounded);
    if (bytes % unit == 0)
        snprintf(text, text_bytes, "%s", rounded);
    else
        snprintf(text, text_bytes, "%s (%s bytes)", rounded,
                 count_text(bytes, exact, sizeof exact));
}

static void put_number(uint64_t number, bool bytes, char *text, size_t text_bytes)
{
    if (bytes)
        put_bytes(number, text, text_bytes);
    else
        count_text(number, text, text_bytes);
}

/* "3, and win32-failures is 2" */
static bool number_holds(const struct child *child, const struct expectation *expectation,
                         uint64_t number, bool bytes, char *got, size_t got_bytes)
{
    const struct sim *sim = child->sim;
    struct comparison comparison = expectation->comparison;
    char one[64], another[64];
    put_number(number, bytes, one, sizeof one);
    snprintf(got, got_bytes, "%s", one);
    if (expectation->has_other) {
        bool counter = expectation->other_kind == EXPECT_COUNTER;
        CHECK(counter || expectation->other_kind == EXPECT_INJECTED);
        comparison.value = counter ? sim->counters[expectation->other] : sim->faults.injected;
        put_number(comparison.value, bytes, another, sizeof another);
        snprintf(got, got_bytes, "%s, and the other is %s", one, another);
    }
    return compare_holds(&comparison, number);
}

static bool share_holds(const struct child *child, const struct expectation *expectation, char *got,
                        size_t got_bytes)
{
    uint64_t served = child->sim->counters[COUNTER_operations_served];
    uint64_t recorded = child->sim->counters[COUNTER_operations_recorded];
    uint64_t tenths = recorded ? served * 1000 / recorded : 1000;
    char some[32], all[32];
    snprintf(got, got_bytes, "%" PRIu64 ".%" PRIu64 "%%: %s of %s operations", tenths / 10,
             tenths % 10, count_text(served, some, sizeof some),
             count_text(recorded, all, sizeof all));
    /* Compared exactly: 95% of the operations, not 95 after rounding. */
    struct comparison exact = expectation->comparison;
    exact.value *= recorded;
    exact.high *= recorded;
    return recorded == 0 || compare_holds(&exact, served * 100);
}

/* What the CLR was told last. */
static enum last_notice last_notice(const struct child *child)
{
    const uint64_t *counters = child->sim->counters;
    if (counters[COUNTER_low_notifications] + counters[COUNTER_neutral_notifications] +
            counters[COUNTER_high_notifications] ==
        0)
        return NOTICE_NONE;
    CHECK(child->clr != NULL);
    EMemoryAvailable told = child->clr->availability;
    CHECK(told >= eMemoryAvailableLow && told <= eMemoryAvailableHigh);
    return told == eMemoryAvailableLow       ? NOTICE_LOW
           : told == eMemoryAvailableNeutral ? NOTICE_NEUTRAL
                                             : NOTICE_HIGH;
}

static bool holds(const struct child *child, const struct expectation *expectation, char *got,
                  size_t bytes)
{
    const struct sim *sim = child->sim;
    const struct run_result *result = child->result;
    switch (expectation->kind) {
    case EXPECT_COUNTER: {
        const char *name = counter_names[expectation->counter];
        size_t length = strlen(name);
        bool is_bytes = length > 6 && strcmp(name + length - 6, "_bytes") == 0;
        return number_holds(child, expectation, sim->counters[expectation->counter], is_bytes, got,
                            bytes);
    }
    case EXPECT_SHARE_SERVED:
        return share_holds(child, expectation, got, bytes);
    case EXPECT_PROCESS_EXITS:
        return number_holds(child, expectation, exits_of(result), false, got, bytes);
    case EXPECT_INJECTED:
        return number_holds(child, expectation, sim->faults.injected, false, got, bytes);
    case EXPECT_RULE_INJECTED:
        return number_holds(child, expectation, sim->faults.rules[expectation->index].injected,
                            false, got, bytes);
    case EXPECT_OUTCOME:
        snprintf(got, bytes, "%s", outcome_name(result->ended));
        return expectation->outcome == (int)result->ended;
    case EXPECT_NOTHING_LEFT:
        return !left_behind(child, got, bytes);
    case EXPECT_LAST_NOTICE:
        snprintf(got, bytes, "%s", choices_notices[last_notice(child)].name);
        return expectation->notices >> last_notice(child) & 1;
    }
    return true;
}

static void add_broken(struct child *child, uint32_t index, const char *got)
{
    struct run_result *result = child->result;
    const struct expectation *expectation = &child->spec->plan->expectations[index];
    if (result->broken_count == BROKEN_MAX) {
        result->broken_others++;
        return;
    }
    struct broken *broken = &result->broken[result->broken_count++];
    *broken = (struct broken){.injections = child->judge.injections, .last = child->judge.last};
    for (uint32_t i = child->judge.active; i < child->judge.watched_count; i++)
        if (child->judge.watched[i].expectation == index)
            *broken = child->judge.watched[i].broken_at;
    broken->line = expectation->line;
    broken->column = expectation->column;
    broken->count = 1;
    const char *blank = strchr(expectation->text, ' ');
    snprintf(broken->path, sizeof broken->path, "%s", expectation->path ? expectation->path : "");
    snprintf(broken->promise, sizeof broken->promise, "%s", expectation->text);
    snprintf(broken->expected, sizeof broken->expected, "%s",
             blank ? blank + 1 : expectation->text);
    snprintf(broken->got, sizeof broken->got, "%s", got);
}

/* Whether a scenario wants the run to end as it did: an `outcome`, or as many `process-exits`. */
static bool end_expected(const struct child *child)
{
    const struct scenario *plan = child->spec->plan;
    const struct run_result *result = child->result;
    bool expected = result->ended == OUTCOME_OK;
    for (uint32_t i = 0; i < plan->expectations_count; i++) {
        const struct expectation *expectation = &plan->expectations[i];
        if (expectation->kind == EXPECT_OUTCOME && expectation->outcome == (int)result->ended)
            expected = true;
        if (expectation->kind == EXPECT_PROCESS_EXITS && exits_of(result) > 0 &&
            compare_holds(&expectation->comparison, exits_of(result)))
            expected = true;
    }
    return expected;
}

void judge_end(struct child *child)
{
    const struct scenario *plan = child->spec->plan;
    struct run_result *result = child->result;
    result->outcome = result->ended;
    if (result->ended == OUTCOME_LOAD || !end_expected(child))
        return;
    judge_watched(child, true, child->judge.last_event, child->judge.last_ns);
    for (uint32_t i = 0; i < plan->expectations_count; i++) {
        char got[160] = "";
        if (!holds(child, &plan->expectations[i], got, sizeof got))
            add_broken(child, i, got);
    }
    result->outcome = result->broken_count ? OUTCOME_FINDING : OUTCOME_OK;
}
