/* Names of blocks in scenarios: what `as` binds, what `at` means, and what calls may expect of the
 * blocks they give. */
#include "tests/support.h"

#include "include/mscoree.h"
#include "tests/scenario_support.h"

static const struct step *first_step(const char *steps)
{
    char text[8192];
    snprintf(text, sizeof text, "workload:\n%s", steps);
    return &load_fine(text)->workload.steps[0];
}

static void names_number_blocks_and_offsets_may_look_like_names(void **state)
{
    (void)state;
    const struct scenario *s = load_fine("workload:\n"
                                         "- VirtualAlloc: {as: a, size: 64KiB, type: reserve}\n"
                                         "- VirtualAlloc: {as: a-4, size: 64KiB, type: reserve}\n"
                                         "- VirtualFree: {at: a}\n"
                                         "- VirtualFree: {at: a-4}\n"
                                         "- VirtualFree: {at: a-4KiB}\n"
                                         "- VirtualFree: {at: a-4+4KiB}\n"
                                         "- VirtualFree: {at: a-4-4}\n");
    const struct step *steps = s->workload.steps;
    assert_int_equal(s->workload.names_count, 2);
    assert_string_equal(s->workload.names[0], "a");
    assert_string_equal(s->workload.names[1], "a-4");
    assert_true(steps[2].call->at.block == 0 && steps[2].call->at.offset == 0);
    assert_true(steps[3].call->at.block == 1 && steps[3].call->at.offset == 0);
    assert_true(steps[4].call->at.block == 0 && steps[4].call->at.offset == -4096);
    assert_true(steps[5].call->at.block == 1 && steps[5].call->at.offset == 4096);
    assert_true(steps[6].call->at.block == 1 && steps[6].call->at.offset == -4);
}

static void names_of_a_repeat_are_numbered_by_its_rounds(void **state)
{
    (void)state;
    const struct step *repeat = first_step("- repeat: 100\n  until: refused\n  do:\n"
                                           "  - VirtualAlloc: {as: x#, size: 4KiB, type: commit}\n"
                                           "  - VirtualFree: {at: x#+4KiB, type: decommit}\n");
    assert_int_equal(repeat->kind, STEP_REPEAT);
    assert_true(repeat->times == 100 && repeat->until == UNTIL_REFUSED);
    assert_int_equal(repeat->steps_count, 2);
    assert_string_equal(repeat->steps[1].path, "workload[0].do[1]");
    assert_true(repeat->steps[0].call->has_as && repeat->steps[0].call->as_indexed);
    assert_true(repeat->steps[1].call->at.indexed && repeat->steps[1].call->at.offset == 4096);
    expect_refused("name: t\nworkload: [Alloc: {as: x#, size: 1}]\n", "none is around this");
}

static const struct block_address *place(const char *at)
{
    char steps[512];
    snprintf(steps, sizeof steps,
             "- repeat: 3\n  do:\n  - VirtualAlloc: {as: x-4, size: 4KiB, type: commit}\n"
             "  - VirtualAlloc: {as: y#, size: 4KiB, type: commit}\n  - VirtualFree: {at: %s}\n",
             at);
    return &first_step(steps)->steps[2].call->at;
}

static void an_offset_may_grow_with_the_round(void **state)
{
    (void)state;
    const struct block_address *at = place("x-4+64KiB*#");
    assert_true(at->block == 0 && !at->indexed && at->offset == 0 && at->stride == 65536);
    at = place("x-4-16-1MiB*#");
    assert_true(at->block == 0 && at->offset == -16 && at->stride == -1048576);
    at = place("y#+4KiB+8*#");
    assert_true(at->block == 1 && at->indexed && at->offset == 4096 && at->stride == 8);
    static const char *const wrong[] = {"y#*#",     "y#+*#",      "y#+4KiB*", "y#+4KiB*#+8",
                                        "y#+4*#*#", "y#+4*#+4*#", "y#+4+4",   "y#+256TiB*#"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "name: t\nworkload:\n- repeat: 3\n  do:\n"
                 "  - VirtualAlloc: {as: y#, size: 4KiB, type: commit}\n"
                 "  - VirtualFree: {at: '%s'}\n",
                 wrong[i]);
        expect_refused(text, "with the round), or a number, not");
    }
    expect_refused("name: t\nworkload:\n- Alloc: {as: x, size: 1}\n- Free: {at: x+1*#}\n",
                   "none is around this");
}

static void objects_of_create_malloc_are_named_apart_from_blocks(void **state)
{
    (void)state;
    const struct scenario *s =
        load_fine("workload:\n- CreateMalloc: {as: second, type: THREADSAFE|EXECUTABLE}\n"
                  "- Alloc: {as: b, of: second, size: 100}\n- Free: {at: b, of: second}\n"
                  "- QueryInterface: {of: malloc, iid: IID_IHostMalloc, expect: ok}\n");
    const struct step *steps = s->workload.steps;
    assert_int_equal(steps[0].call->type, MALLOC_THREADSAFE | MALLOC_EXECUTABLE);
    assert_true(steps[1].call->has_of && steps[1].call->of == steps[0].call->as);
    assert_false(steps[3].call->has_of);
    assert_int_equal(steps[3].call->object, OBJECT_MALLOC);
    assert_string_equal(steps[3].call->iid, "IID_IHostMalloc");
    s = load_fine("workload:\n- repeat: 2\n  do:\n  - CreateMalloc: {as: each#}\n"
                  "  - Alloc: {of: each#, size: 1}\n  - Release: {object: each#}\n");
    steps = s->workload.steps[0].steps;
    assert_true(steps[1].call->has_of && steps[1].call->of_indexed);
    assert_true(steps[2].call->has_of && steps[2].call->of_indexed);
    expect_refused("name: t\nworkload:\n- CreateMalloc: {as: one}\n- Release: {object: one#}\n",
                   "none is around this");
    expect_refused("name: t\nworkload:\n- CreateMalloc: {as: one}\n- repeat: 2\n  do:\n"
                   "  - Release: {object: one#}\n",
                   "no CreateMalloc step is called 'one#'");
}

static void calls_may_expect_a_time_an_address_and_contents(void **state)
{
    (void)state;
    const struct step *steps = first_step(
        "- VirtualAlloc: {as: x, size: 1MiB, type: reserve, aligned: 64KiB, within: 10s}\n"
        "- read: {at: x, size: 4KiB, written: yes, within: 5us}\n"
        "- Alloc: {size: 3, aligned: 16}\n");
    assert_true(steps[0].call->aligned == 65536 && steps[0].call->within_ns == 10000000000);
    assert_true(steps[1].call->written && !steps[1].call->zero);
    assert_true(steps[1].call->within_ns == 5000 && steps[1].call->aligned == 0);
    assert_true(steps[2].call->aligned == 16 && steps[2].call->within_ns == 0);
    expect_refused("name: t\nworkload:\n- Alloc: {as: x, size: 1}\n"
                   "- read: {at: x, size: 4KiB, zero: yes, written: yes}\n",
                   "a page cannot be zero and hold what was written");
    expect_refused("name: t\nworkload:\n- Free: {at: 0, aligned: 16}\n", "aligned");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_number_blocks_and_offsets_may_look_like_names),
        cmocka_unit_test(names_of_a_repeat_are_numbered_by_its_rounds),
        cmocka_unit_test(an_offset_may_grow_with_the_round),
        cmocka_unit_test(objects_of_create_malloc_are_named_apart_from_blocks),
        cmocka_unit_test(calls_may_expect_a_time_an_address_and_contents),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    unload();
    return failures;
}
