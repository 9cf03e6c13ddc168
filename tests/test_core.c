/* Status table, arenas, trace and the shared state of a run. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/rng.h"
#include "core/sim.h"

static void status_names_and_codes_lead_to_each_other(void **state)
{
    (void)state;
    for (int i = 1; i < ST_COUNT; i++) {
        enum status found;
        assert_true(status_parse(status_name((enum status)i), &found));
        assert_int_equal(found, i);
        assert_string_equal(status_name_of_code(status_code((enum status)i)),
                            status_name((enum status)i));
    }
    enum status ignored;
    assert_false(status_parse("ERROR_OF_MY_WAYS", &ignored));
    assert_false(status_parse("999999", &ignored));
    assert_false(status_parse("", &ignored));
}

static void arena_blocks_are_zeroed_disjoint_and_recycled(void **state)
{
    (void)state;
    enum { SLOTS = 200, STEPS = 20000 };
    struct arena arena;
    assert_int_equal(arena_init(&arena, 0, UINT64_C(1) << 30), 0);
    struct {
        unsigned char *block;
        size_t bytes;
    } slots[SLOTS] = {0};
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, 1);
    for (int i = 0; i < STEPS; i++) {
        unsigned slot = (unsigned)rng_below(&rng, SLOTS);
        unsigned char mark = (unsigned char)(slot + 1);
        if (slots[slot].block) {
            for (size_t b = 0; b < slots[slot].bytes; b++)
                assert_int_equal(slots[slot].block[b], mark);
            arena_free(&arena, slots[slot].block, slots[slot].bytes);
            slots[slot].block = NULL;
            continue;
        }
        size_t bytes = (size_t)rng_below(&rng, rng_below(&rng, 8) ? 300 : 9000);
        unsigned char *block = arena_alloc(&arena, bytes);
        assert_int_equal((uintptr_t)block & 15, 0);
        assert_true(arena_block_bytes(bytes) >= bytes);
        for (size_t b = 0; b < bytes; b++)
            assert_int_equal(block[b], 0);
        memset(block, mark, bytes);
        slots[slot].block = block;
        slots[slot].bytes = bytes;
    }
    assert_true(arena.live_bytes <= arena.used_bytes);
    arena_destroy(&arena);
}

static struct sim *make_sim(int fd)
{
    struct sim_options options = {
        .seed = 5, .arena_bytes = UINT64_C(1) << 30, .trace = {.digest = true, .fd = fd}};
    struct sim *sim = sim_create(&options);
    assert_non_null(sim);
    return sim;
}

static void the_digest_depends_on_every_record_and_on_nothing_else(void **state)
{
    (void)state;
    char texts[3][33];
    for (int run = 0; run < 3; run++) {
        struct sim *sim = make_sim(-1);
        for (uint64_t i = 0; i < 5000; i++) {
            sim->now_ns += 3;
            sim_event(sim, EVENT_VirtualFree, 0, i, run == 2 && i == 4321, 2, 3);
        }
        uint8_t digest[16];
        trace_digest(&sim->trace, digest);
        digest_text(digest, texts[run]);
        assert_int_equal(trace_count(&sim->trace), 5000);
        sim_destroy(sim);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_string_not_equal(texts[0], texts[2]);
}

static void records_reach_the_file_in_order_with_their_fields(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct sim *sim = make_sim(fileno(file));
    for (uint64_t i = 0; i < 3000; i++) {
        sim->now_ns = i * 10;
        sim_event(sim, EVENT_HeapFree, (uint32_t)(i % 7), i, i + 1, i + 2, i + 3);
    }
    trace_flush(&sim->trace);
    sim_destroy(sim);
    rewind(file);
    for (uint64_t i = 0; i < 3000; i++) {
        struct event event;
        assert_int_equal(fread(&event, sizeof event, 1, file), 1);
        assert_int_equal(event.time_ns, i * 10);
        assert_int_equal(event.kind, EVENT_HeapFree);
        assert_int_equal(event.error, i % 7);
        assert_int_equal(event.arg[3], i + 3);
    }
    fclose(file);
}

static void native_touches_are_recorded_in_page_order_before_the_next_call(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct sim *sim = make_sim(fileno(file));
    static const uint64_t pages[] = {9, 3, 7, 1};
    for (int i = 0; i < 4; i++)
        sim->touched_pages[sim->touched_count++] = pages[i];
    sim_event(sim, EVENT_VirtualFree, 0, 0, 0, 0, 0);
    trace_flush(&sim->trace);
    sim_destroy(sim);
    rewind(file);
    static const uint64_t expected[] = {1, 3, 7, 9};
    struct event event;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fread(&event, sizeof event, 1, file), 1);
        assert_int_equal(event.kind, EVENT_first_touch);
        assert_int_equal(event.arg[0], expected[i] << PAGE_SHIFT);
    }
    assert_int_equal(fread(&event, sizeof event, 1, file), 1);
    assert_int_equal(event.kind, EVENT_VirtualFree);
    fclose(file);
}

static void only_calls_of_the_policy_are_counted_and_failed(void **state)
{
    (void)state;
    struct sim *sim = make_sim(-1);
    char message[256];
    sim->faults.rules_count = 1;
    assert_true(fault_parse("malloc#2", &sim->faults.rules[0], message, sizeof message));
    sim->actor = ACTOR_CLR;
    for (int i = 0; i < 3; i++)
        assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_OK);
    sim->actor = ACTOR_POLICY;
    assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_OK);
    assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_ENOMEM);
    assert_int_equal(sim->counters[COUNTER_win32_failures], 0); /* the rule's record is no call */
    sim_event(sim, EVENT_malloc, status_code(ST_ENOMEM), 0, 0, 0, 0);
    assert_int_equal(sim->counters[COUNTER_win32_failures], 1);
    assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_OK);
    assert_int_equal(sim->counters[COUNTER_win32_calls], 3);
    assert_int_equal(sim->now_ns, 6 * event_shapes[EVENT_malloc].cost_ns);
    sim_destroy(sim);
}

static void a_rule_that_delays_writes_its_record_and_takes_time(void **state)
{
    (void)state;
    struct sim *sim = make_sim(-1);
    struct fault_rule rule;
    char message[256];
    assert_true(
        fault_parse("malloc[criticality=process]#2:delay=5us", &rule, message, sizeof message));
    fault_plan_set(&sim->faults, &rule, 1);
    sim->actor = ACTOR_POLICY;
    uint64_t cost_ns = event_shapes[EVENT_malloc].cost_ns;
    for (int level = -1; level < 3; level++) { /* matches at the last one only */
        sim->host_call_level = level;
        assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_OK);
    }
    assert_int_equal(sim->now_ns, 4 * cost_ns);
    assert_int_equal(trace_count(&sim->trace), 0);
    assert_int_equal(sim_call(sim, EVENT_malloc, NULL), ST_OK);
    assert_int_equal(sim->now_ns, 5 * cost_ns + 5000);
    const struct event *event = &sim->trace.next[-1];
    assert_int_equal(event->kind, EVENT_fault_injected);
    assert_int_equal(event->error, 0);
    assert_int_equal(event->arg[0], EVENT_malloc);
    assert_int_equal(event->arg[1], 2); /* the match */
    assert_int_equal(event->arg[3], 5000);
    sim_destroy(sim);
}

static void addresses_outside_the_window_never_reach_a_record(void **state)
{
    (void)state;
    assert_int_equal(sim_logical(0), 0);
    assert_int_equal(sim_logical(WINDOW_BASE), 0);
    assert_int_equal(sim_logical(WINDOW_BASE + 0x12345), 0x12345);
    assert_int_equal(sim_logical(WINDOW_BASE + WINDOW_BYTES), ADDRESS_OUTSIDE);
    assert_int_equal(sim_logical((uint64_t)(uintptr_t)&sim_logical), ADDRESS_OUTSIDE);
    assert_int_equal(sim_logical(77), 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_names_and_codes_lead_to_each_other),
        cmocka_unit_test(arena_blocks_are_zeroed_disjoint_and_recycled),
        cmocka_unit_test(the_digest_depends_on_every_record_and_on_nothing_else),
        cmocka_unit_test(records_reach_the_file_in_order_with_their_fields),
        cmocka_unit_test(native_touches_are_recorded_in_page_order_before_the_next_call),
        cmocka_unit_test(only_calls_of_the_policy_are_counted_and_failed),
        cmocka_unit_test(a_rule_that_delays_writes_its_record_and_takes_time),
        cmocka_unit_test(addresses_outside_the_window_never_reach_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
