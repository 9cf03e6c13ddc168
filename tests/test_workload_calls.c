/* Scripted calls against the noting host: what each slot is asked, what expectations say of the
 * answer, what a refusal takes along, and what names mean. */
#include "tests/workload_support.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static void every_slot_of_the_memory_manager_is_called_as_written(void **state)
{
    (void)state;
    struct step steps[] = {
        CALL_AS(VirtualAlloc, 0, .size = 0x100000, .type = MEM_RESERVE, .protect = PAGE_NOACCESS,
                .criticality = CRITICALITY_PROCESS),
        CALL(VirtualAlloc, .at = {ADDRESS_BLOCK, 0, false, 0x3000}, .size = 0x2000,
             .type = MEM_COMMIT, .protect = PAGE_READWRITE, .criticality = CRITICALITY_APP_DOMAIN),
        CALL(VirtualQuery, AT(0)),
        CALL(VirtualProtect, AT(0), .size = 0x1000, .protect = PAGE_READONLY),
        LOAD,
        CALL(NeedsVirtualAddressSpace, .size = 0x5000),
        CALL(AcquiredVirtualAddressSpace, AT(0), .size = 0x1000),
        CALL(ReleasedVirtualAddressSpace, AT(0)),
        REGISTER,
        CALL(VirtualFree, AT(0), .size = 0x1000, .type = MEM_DECOMMIT),
        RELEASE(0),
        CALL(VirtualAlloc, .size = 0x1000, .type = 0x123, .protect = 0x77),
    };
    fake.needs_helps = true;
    perform(STEPS(steps));
    EXPECT("reserve 0 100000 1 process", "commit 1003000 2000 4 domain", "query 1000000",
           "protect 1000000 1000 2", "load", "needs 5000", "acquired 1000000 1000",
           "released 1000000", "register callback", "decommit 1000000 1000", "release 1000000 0",
           "strange 0 1000 77 task");
    assert_int_equal(counter(COUNTER_operations_recorded), 12);
    assert_int_equal(counter(COUNTER_operations_served), 12); /* S_FALSE of Needs... is a yes */
    assert_int_equal(broken.count, 0);
}

static void every_slot_of_malloc_is_called_as_written(void **state)
{
    (void)state;
    struct step steps[] = {
        CALL_AS(Alloc, 0, .size = 24, .criticality = CRITICALITY_PROCESS),
        CALL_AS(DebugAlloc, 1, .size = 32, .file = "gc.cpp", .line = 77),
        CALL(DebugAlloc, .size = 0),
        CALL(Free, AT(1)),
        CALL(Free, AT(0)),
        CALL(Free),
    };
    perform(STEPS(steps));
    EXPECT("alloc 18 process", "debug alloc gc.cpp:77 20 task", "debug alloc -:0 0 task",
           "free 1010010", "free 1000010", "free 0");
    assert_int_equal(fake.live_count, 1);
}

static void blocks_go_back_to_the_object_they_came_from(void **state)
{
    (void)state;
    struct step steps[] = {
        CALL_AS(CreateMalloc, 0, .type = MALLOC_THREADSAFE | MALLOC_EXECUTABLE),
        CALL_AS(Alloc, 1, .size = 8, .has_of = true, .of = 0),
        CALL_AS(Alloc, 2, .size = 8),
        CALL(Free, AT(1)),
        CALL(Free, AT(2)),
        CALL(Free, AT(2), .has_of = true, .of = 0, .expect = {RESULT_SERVED}),
    };
    perform(STEPS(steps));
    EXPECT("create malloc 3", "further alloc 8 task", "alloc 8 task", "further free 1000010",
           "free 1010010", "further free 1010010");
    expect_broken(&steps[5], "S_OK", "HOST_E_INVALIDOPERATION (0x80131022)");
}

static void references_are_added_and_released(void **state)
{
    (void)state;
    struct step steps[] = {
        CALL(AddRef, .object = OBJECT_MALLOC),
        CALL(QueryInterface, .object = OBJECT_MANAGER, .iid = "IID_IHostMemoryManager"),
        CALL(QueryInterface, .object = OBJECT_MANAGER, .iid = "IID_IHostControl",
             .expect = {RESULT_EXACT, 0x80004002}),
        CALL(QueryInterface, .object = OBJECT_MALLOC, .iid = "IID_IHostControl",
             .expect = {RESULT_SERVED}),
        CALL(Release, .object = OBJECT_MALLOC),
        CALL(Release, .object = OBJECT_MANAGER),
        CALL(Release, .object = OBJECT_MANAGER), /* the CLR's own */
        CALL(AddRef, .object = OBJECT_CONTROL),  /* there is none */
    };
    perform(STEPS(steps));
    expect_broken(&steps[3], "S_OK", "E_NOINTERFACE (0x80004002)");
    assert_int_equal(fake.references, -1);
    assert_int_equal(counter(COUNTER_operations_dependent), 1);
    forget_notes();
    clr_release(fake.clr);
    EXPECT("release reference"); /* of malloc; the manager's is gone */
}

static void at_a_release_objects_go_whatever_else_is_held(void **state)
{
    (void)state;
    struct step steps[] = {
        RESERVE(1, 0x10000),
        CALL(AddRef, .object = OBJECT_MANAGER),
        CALL_AS(CreateMalloc, 0, .type = MALLOC_THREADSAFE),
        CALL_AS(Alloc, 2, .size = 8, .has_of = true, .of = 0),
    };
    perform_and_release(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "add reference", "create malloc 1", "further alloc 8 task",
           "release reference", "release malloc 1");
}

static void an_object_is_released_behind_its_blocks(void **state)
{
    (void)state;
    struct step body[] = {
        CALL_AS(CreateMalloc, 0, .as_indexed = true),
        CALL_AS(Alloc, 1, .size = 8, .has_of = true, .of = 0, .of_indexed = true),
        CALL(AddRef, .object = OBJECT_MADE, .has_of = true, .of = 0, .of_indexed = true),
        CALL(Release, .object = OBJECT_MADE, .has_of = true, .of = 0, .of_indexed = true),
        CALL(Release, .object = OBJECT_MADE, .has_of = true, .of = 0, .of_indexed = true),
        CALL(Free, AT(1)), /* the one before it was dropped: a block was held */
        CALL(Release, .object = OBJECT_MADE, .has_of = true, .of = 0, .of_indexed = true),
        CALL(Alloc, .size = 8, .has_of = true, .of = 0, .of_indexed = true), /* it is gone */
    };
    struct step steps[] = {REPEAT(2, body)};
    perform_and_give_back(STEPS(steps));
    EXPECT("create malloc 0", "further alloc 8 task", "add reference", "release reference",
           "further free 1000010", "release malloc 1", "create malloc 0", "further alloc 8 task",
           "add reference", "release reference", "further free 1010010", "release malloc 1");
    assert_int_equal(counter(COUNTER_operations_dependent), 4);
}

static void a_refused_block_takes_along_the_calls_on_it(void **state)
{
    (void)state;
    struct step steps[] = {
        RESERVE(0, 0x10000),
        CALL_AS(VirtualAlloc, 1, AT(0), .size = 0x1000, .type = MEM_COMMIT),
        CALL(write, AT(1), .size = 0x1000), /* bound to what depends on it */
        RELEASE(0),
        CALL_AS(map_view, 2, .size = 0x1000),
        CALL(unmap_view, AT(2)),
        CALL(Free, AT(3)), /* never bound */
        RESERVE(0, 0x20000),
        RELEASE(0),
    };
    fake.refusals = 1;
    fake.refuse_views = true;
    perform(STEPS(steps));
    EXPECT("refused reserve 0 10000 4 task", "needs 1000", "reserve 0 20000 4 task",
           "release 1000000 0");
    assert_int_equal(counter(COUNTER_operations_recorded), 6);
    assert_int_equal(counter(COUNTER_operations_served), 2);
    assert_int_equal(counter(COUNTER_operations_dependent), 5);
    assert_int_equal(counter(COUNTER_operations_around), 2);
}

static void a_freed_block_keeps_its_name_for_a_second_free(void **state)
{
    (void)state;
    struct step steps[] = {RESERVE(0, 0x10000),          RELEASE(0),        RELEASE(0),
                           CALL_AS(Alloc, 0, .size = 8), CALL(Free, AT(0)), CALL(Free, AT(0))};
    steps[2].call->expect = (struct result_expect){RESULT_REFUSED};
    perform_and_give_back(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "release 1000000 0", "release 1000000 0", "alloc 8 task",
           "free 1010010", "free 1010010");
    assert_int_equal(broken.count, 0);
}

/* The region got its name first; that the name came to mean an object is not the region's affair.
 */
static void a_name_that_was_bound_again_outlives_its_first_block(void **state)
{
    (void)state;
    struct step steps[] = {
        RESERVE(0, 0x10000),
        CALL_AS(VirtualAlloc, 1, AT(0), .size = 0x1000, .type = MEM_COMMIT,
                .protect = PAGE_READWRITE),
        CALL_AS(CreateMalloc, 0),
        RELEASE(1),
        CALL(Alloc, .has_of = true, .of = 0, .size = 8),
    };
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "commit 1000000 1000 4 task", "create malloc 0",
           "release 1000000 0", "further alloc 8 task");
    assert_int_equal(counter(COUNTER_operations_dependent), 0);
}

static void addresses_can_be_numbers_and_lie_beside_blocks(void **state)
{
    (void)state;
    struct step steps[] = {
        RESERVE(0, 0x10000),
        CALL(VirtualQuery, .at = {ADDRESS_BLOCK, 0, false, -0x1000}),
        CALL(VirtualQuery, .at = {ADDRESS_NUMBER, .offset = 0x20000}),
        CALL(VirtualQuery, .at = {ADDRESS_NUMBER, .offset = 0x10}),
        CALL(VirtualFree, .at = {ADDRESS_NUMBER, .offset = 0x30000}, .type = MEM_RELEASE),
    };
    perform(STEPS(steps));
    EXPECT("reserve 0 10000 4 task", "query fff000", "query 110000020000", "query 10",
           "release 110000030000 0");
}

static void an_address_may_move_on_with_each_repetition(void **state)
{
    (void)state;
    struct step body[] = {
        RESERVE_EACH(1, 0x10000),
        CALL(VirtualQuery, .at = {ADDRESS_BLOCK, 0, .offset = 0x1000, .stride = 0x10000}),
        CALL(VirtualQuery, .at = {ADDRESS_BLOCK, 1, true, .stride = -0x1000}),
    };
    struct step steps[] = {RESERVE(0, 0x100000), REPEAT(3, body)};
    perform(STEPS(steps));
    EXPECT("reserve 0 100000 4 task", "reserve 0 10000 4 task", "query 1001000", "query 1100000",
           "reserve 0 10000 4 task", "query 1011000", "query 110f000", "reserve 0 10000 4 task",
           "query 1021000", "query 111e000");
}

static void calls_are_made_on_the_thread_they_name(void **state)
{
    (void)state;
    struct step steps[] = {CALL(GetMemoryLoad, .thread = 3)};
    uint64_t events = trace_count(&fake.sim->trace);
    perform(STEPS(steps));
    assert_true(trace_count(&fake.sim->trace) > events);
    assert_non_null(fake.sim->threads[3]);
    assert_null(fake.sim->threads[2]);
}

/* ---- expectations ---- */

/* Performs one call that is expected to break with these words; NULL: to hold. */
static void one_call(struct step_call call, const char *expected, const char *got)
{
    struct step step = {.kind = STEP_CALL, .call = &call};
    perform(&step, 1);
    if (expected)
        expect_broken(&step, expected, got);
    else if (broken.count)
        fail_msg("broken: expected %s, got %s", broken.expected, broken.got);
}

static void results_are_compared_with_what_is_expected(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_VirtualAlloc, .size = 4096, .type = MEM_RESERVE};
    call.expect.kind = RESULT_SERVED;
    one_call(call, NULL, NULL);
    fake.refusals = 1;
    one_call(call, "S_OK", "E_OUTOFMEMORY (0x8007000e)");
    call.expect.kind = RESULT_REFUSED;
    fake.refusals = 1;
    one_call(call, NULL, NULL);
    one_call(call, "a refusal", "S_OK");
    call.expect = (struct result_expect){RESULT_EXACT, 0x80004005};
    fake.refusals = 1;
    one_call(call, "E_FAIL (0x80004005)", "E_OUTOFMEMORY (0x8007000e)");
    one_call(call, "E_FAIL (0x80004005)", "S_OK");
    call.expect.hresult = 0x8007000e;
    fake.refusals = 1;
    one_call(call, NULL, NULL);
    call.expect.hresult = S_OK;
    one_call(call, NULL, NULL);
    call.expect.hresult = 0x800701e7;
    fake.refusals = 1;
    one_call(call, "HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS)", "E_OUTOFMEMORY (0x8007000e)");
}

static void any_of_several_expected_results_will_do(void **state)
{
    (void)state;
    const struct result_expect second = {RESULT_EXACT, 0x8007000e, NULL};
    struct step_call call = {.slot = CALL_VirtualAlloc, .size = 4096, .type = MEM_RESERVE};
    call.expect = (struct result_expect){RESULT_SERVED, 0, &second};
    one_call(call, NULL, NULL);
    fake.refusals = 1;
    one_call(call, NULL, NULL);
    call.expect = (struct result_expect){RESULT_EXACT, 0x80004005, &second};
    one_call(call, "E_FAIL (0x80004005) or E_OUTOFMEMORY (0x8007000e)", "S_OK");
}

static void success_with_a_null_pointer_is_no_success(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_Alloc, .size = 4096, .expect = {RESULT_SERVED}};
    fake.null_answers = true;
    one_call(call, "S_OK", "S_OK with a null pointer");
    call.expect = (struct result_expect){RESULT_EXACT, S_OK};
    one_call(call, "S_OK", "S_OK with a null pointer");
    call.expect.kind = RESULT_REFUSED;
    one_call(call, NULL, NULL);
    assert_int_equal(counter(COUNTER_operations_served), 0);
}

static void a_pointer_beside_a_refusal_breaks_the_expected_refusal(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_VirtualAlloc,
                             .size = 4096,
                             .type = MEM_RESERVE,
                             .expect = {RESULT_EXACT, 0x8007000e}};
    fake.stale_results = true;
    fake.refusals = 2;
    one_call(call, "E_OUTOFMEMORY (0x8007000e)",
             "E_OUTOFMEMORY (0x8007000e) with a pointer left in the result");
    call.expect.kind = RESULT_REFUSED;
    one_call(call, "a refusal", "E_OUTOFMEMORY (0x8007000e) with a pointer left in the result");
}

static void answers_of_memory_load_are_compared(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_GetMemoryLoad, .load = {COMPARE_AT_MOST, 100}};
    fake.load = 57;
    one_call(call, NULL, NULL);
    call.load = (struct comparison){COMPARE_LESS, 57};
    one_call(call, "less than 57 % load", "57 % load");
    call.load = (struct comparison){COMPARE_WITHIN, 10, 20};
    one_call(call, "10 to 20 % load", "57 % load");
    call.load.op = COMPARE_NONE;
    call.available = (struct comparison){COMPARE_EQUAL, 5};
    one_call(call, "5 bytes available", "1073741824 bytes available");
}

static void answers_of_query_and_protect_are_compared(void **state)
{
    (void)state;
    struct step_call query = {
        .slot = CALL_VirtualQuery, .state = MEM_COMMIT, .is_protect = PAGE_READWRITE};
    one_call(query, NULL, NULL);
    query.state = MEM_RESERVE;
    one_call(query, "MEM_RESERVE", "MEM_COMMIT");
    query.state = 0;
    query.is_protect = PAGE_READONLY | PAGE_GUARD;
    one_call(query, "PAGE_READONLY|PAGE_GUARD", "PAGE_READWRITE");
    struct step_call protect = {.slot = CALL_VirtualProtect,
                                .size = 4096,
                                .protect = PAGE_READONLY,
                                .is_protect = PAGE_NOACCESS};
    one_call(protect, "PAGE_NOACCESS", "PAGE_READWRITE");
}

static void reads_find_bytes_that_are_not_zero(void **state)
{
    (void)state;
    struct step reserve[] = {RESERVE(0, 0x10000)};
    perform(STEPS(reserve));
    struct step_call call = {
        .slot = CALL_read, .size = 0x3000, .zero = true, .at = {ADDRESS_NUMBER}};
    call.at.offset = 0x100000;
    one_call(call, NULL, NULL);
    assert_int_equal(notes_that_begin("touch"), 3);
    fake.dirty_at = WINDOW_BASE + 0x101000;
    one_call(call, "zero in every byte", "byte 4096 is 0xcd");
    call.zero = false;
    one_call(call, NULL, NULL);
}

static void reads_find_pages_that_have_lost_what_was_written(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_write, .size = 0x3000, .at = {ADDRESS_NUMBER}};
    call.at.offset = 0x100010;
    one_call(call, NULL, NULL);
    call.slot = CALL_read;
    call.written = true;
    one_call(call, NULL, NULL);
    fake.dirty_at = WINDOW_BASE + 0x102000;
    one_call(call, "what was written in every page", "byte 8176 is 0xcd");
    call.size = 0x1ff0; /* without that page */
    one_call(call, NULL, NULL);
    call.at.offset = 0x0ff010; /* one that nobody wrote to */
    one_call(call, "what was written in every page", "byte 0 is 0x00");
    fake.forbidden = WINDOW_BASE + 0x0ff000;
    one_call(call, "what was written in every page", "no access to byte 0");
    call.expect.kind = RESULT_REFUSED;
    one_call(call, NULL, NULL);
    fake.forbidden = 0;
}

static void an_address_must_be_a_multiple_where_that_is_said(void **state)
{
    (void)state;
    struct step_call call = {
        .slot = CALL_VirtualAlloc, .size = 4096, .type = MEM_RESERVE, .aligned = 0x10000};
    one_call(call, NULL, NULL); /* 0x1000000 */
    call.aligned = 0x40000;
    one_call(call, "a multiple of 0x40000", "0x1010000");
    fake.refusals = 1;
    one_call(call, NULL, NULL);
    struct step_call block = {.slot = CALL_Alloc, .size = 24, .aligned = 16};
    one_call(block, NULL, NULL);
    block.aligned = 32;
    one_call(block, "a multiple of 0x20", "0x1030010");
}

static void a_call_must_return_within_the_time_that_is_said(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_VirtualAlloc, .size = 4096, .type = MEM_RESERVE};
    fake.call_ns = 3000000;
    one_call(call, NULL, NULL);
    call.within_ns = 3000000;
    one_call(call, NULL, NULL);
    call.within_ns = 2000000;
    one_call(call, "an answer within 2 ms", "one after more than 2 ms");
    call.within_ns = 2999999;
    one_call(call, "an answer within 2999999 ns", "one after more than 2999999 ns");
    fake.refusals = 1;
    fake.call_ns = 7500000000;
    call.within_ns = 5000000000;
    one_call(call, "an answer within 5 s", "one after more than 7 s");
}

static void bytes_that_are_not_there_are_not_zero(void **state)
{
    (void)state;
    struct step_call call = {
        .slot = CALL_read, .size = 0x3000, .zero = true, .at = {ADDRESS_NUMBER}};
    call.at.offset = 0x100000;
    fake.forbidden = WINDOW_BASE + 0x102000;
    one_call(call, "zero in every byte", "no access to byte 8192");
    call.expect.kind = RESULT_REFUSED;
    one_call(call, NULL, NULL);
    call.expect.kind = RESULT_SERVED;
    one_call(call, "S_OK", "no access to byte 8192");
    fake.forbidden = 0;
}

static void reads_and_writes_touch_every_page_of_the_range(void **state)
{
    (void)state;
    struct step_call call = {.slot = CALL_write, .size = 0x1002, .at = {ADDRESS_NUMBER}};
    call.at.offset = 0x100fff;
    one_call(call, NULL, NULL);
    EXPECT("touch 110000100fff write", "touch 110000101000 write", "touch 110000102000 write");
    assert_int_equal(fake.pokes, 3);
    fake.forbidden = WINDOW_BASE + 0x101000;
    call.expect.kind = RESULT_SERVED;
    one_call(call, "S_OK", "no access to byte 1");
    call.expect.kind = RESULT_REFUSED;
    one_call(call, NULL, NULL);
    fake.forbidden = 0;
    one_call(call, "a refusal", "access to every byte");
    assert_int_equal(counter(COUNTER_operations_recorded), 0);
}

static void views_are_mapped_past_the_host_which_is_told(void **state)
{
    (void)state;
    struct step steps[] = {CALL_AS(map_view, 0, .size = 0x10000), CALL(read, AT(0), .size = 1),
                           CALL(unmap_view, AT(0)), CALL(unmap_view, AT(0))};
    perform(STEPS(steps));
    EXPECT("os view 10000", "os commit 1000000 10000", "acquired 1000000 10000",
           "touch 1000000 read", "os release 1000000", "released 1000000");
    assert_int_equal(counter(COUNTER_operations_around), 3);
    fake.refuse_views = true;
    one_call((struct step_call){.slot = CALL_map_view, .size = 1, .expect = {RESULT_SERVED}},
             "S_OK", "no address space for the view");
}

/* ---- hosts that do not return ---- */

static jmp_buf left;
static struct stop stopped;

static void leave_run(struct sim *sim, const struct stop *stop)
{
    (void)sim;
    stopped = *stop;
    longjmp(left, 1);
}

static void a_host_that_comes_back_another_way_ends_the_run(void **state)
{
    (void)state;
    struct clr *clr = fake_start();
    fake.sim->on_stop = leave_run;
    fake.sim->actor = ACTOR_POLICY; /* it is still in a call */
    if (setjmp(left) == 0)
        host_virtual_free(clr, 0x10000, 0, MEM_RELEASE);
    assert_int_equal(stopped.kind, STOP_ABORT);
    assert_non_null(strstr(stopped.text, "without having returned"));
    fake.sim->actor = ACTOR_CLR;
}

/* ---- names at random against a model ---- */

static void what_is_held_agrees_with_a_model_of_random_calls(void **state)
{
    (void)state;
    struct rng rng = rng_keyed(3, RNG_PROPERTY_TEST, 9);
    struct step_call calls[64];
    struct step steps[64];
    for (int round = 0; round < 100; round++) {
        uint64_t made = 0;
        bool held[4] = {false};
        for (int i = 0; i < 64; i++) {
            uint32_t name = (uint32_t)rng_below(&rng, 4);
            bool take = rng_below(&rng, 2) == 0 || !held[name];
            calls[i] = (struct step_call){
                .slot = take ? CALL_Alloc : CALL_Free, .has_as = take, .as = name, .size = 8};
            if (!take)
                calls[i].at = (struct block_address){ADDRESS_BLOCK, name, false, 0};
            steps[i] = (struct step){.kind = STEP_CALL, .call = &calls[i]};
            made += take ? 1 : -1;
            held[name] = take;
        }
        uint64_t before = fake.live_count;
        perform(steps, 64);
        assert_int_equal(fake.live_count, before + made);
        before = fake.live_count;
        perform_and_give_back(steps, 64);
        assert_int_equal(fake.live_count, before);
        forget_notes();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_slot_of_the_memory_manager_is_called_as_written),
        TEST(every_slot_of_malloc_is_called_as_written),
        TEST(blocks_go_back_to_the_object_they_came_from),
        TEST(references_are_added_and_released),
        TEST(at_a_release_objects_go_whatever_else_is_held),
        TEST(an_object_is_released_behind_its_blocks),
        TEST(a_refused_block_takes_along_the_calls_on_it),
        TEST(a_freed_block_keeps_its_name_for_a_second_free),
        TEST(a_name_that_was_bound_again_outlives_its_first_block),
        TEST(addresses_can_be_numbers_and_lie_beside_blocks),
        TEST(an_address_may_move_on_with_each_repetition),
        TEST(calls_are_made_on_the_thread_they_name),
        TEST(results_are_compared_with_what_is_expected),
        TEST(any_of_several_expected_results_will_do),
        TEST(success_with_a_null_pointer_is_no_success),
        TEST(a_pointer_beside_a_refusal_breaks_the_expected_refusal),
        TEST(answers_of_memory_load_are_compared),
        TEST(answers_of_query_and_protect_are_compared),
        TEST(reads_find_bytes_that_are_not_zero),
        TEST(reads_find_pages_that_have_lost_what_was_written),
        TEST(an_address_must_be_a_multiple_where_that_is_said),
        TEST(a_call_must_return_within_the_time_that_is_said),
        TEST(bytes_that_are_not_there_are_not_zero),
        TEST(reads_and_writes_touch_every_page_of_the_range),
        TEST(views_are_mapped_past_the_host_which_is_told),
        TEST(a_host_that_comes_back_another_way_ends_the_run),
        TEST(what_is_held_agrees_with_a_model_of_random_calls),
    };
    return cmocka_run_group_tests_name("scripted calls", tests, NULL, NULL);
}
