/* What the workload holds, against a plain list; and that a host which gives out what is in use is
 * found. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <string.h>
#include "clr/in_use.h"
#include "core/rng.h"

#define ADDRESSES 500
#define STEPS 200000

static unsigned told;
static char last_text[512];

static void on_finding(struct sim *sim, enum finding_kind kind, const char *text)
{
    (void)sim;
    assert_int_equal(kind, FINDING_GIVEN_TWICE);
    told++;
    snprintf(last_text, sizeof last_text, "%s", text);
}

static struct sim *begin(void)
{
    struct sim *sim = sim_create(&(struct sim_options){.seed = 1});
    sim->on_finding = on_finding;
    sim_event(sim, EVENT_Sleep, 0, 0, 0, 0, 0); /* what is in use was given out by some record */
    told = 0;
    return sim;
}

static void what_is_taken_twice_is_found_as_a_plain_list_finds_it(void **state)
{
    (void)state;
    static bool held[ADDRESSES];
    struct sim *sim = begin();
    struct in_use in_use = {0};
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, 0);
    unsigned expected = 0;
    memset(held, 0, sizeof held);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned n = (unsigned)rng_below(&rng, ADDRESSES);
        uint64_t address = UINT64_C(0x10000) + n * (n % 3 == 0 ? 16 : 4096) + n % 3 * 0x1000000;
        if (rng_below(&rng, 2) == 0) {
            in_use_taken(sim, &in_use, address, "block");
            expected += held[n];
            held[n] = true;
        } else if (rng_below(&rng, 8) == 0 && !held[n]) {
            in_use_stays(sim, &in_use, address);
            held[n] = true;
        } else {
            in_use_leaves(&in_use, address);
            held[n] = false;
        }
        assert_int_equal(told, expected);
    }
    assert_true(expected > STEPS / 10);
    unsigned count = 0;
    for (unsigned n = 0; n < ADDRESSES; n++)
        count += held[n];
    assert_int_equal(in_use.count, count);
    in_use_drop(sim, &in_use);
    sim_destroy(sim);
}

static void the_finding_says_who_had_it_since_when(void **state)
{
    (void)state;
    struct sim *sim = begin();
    struct in_use in_use = {0};
    in_use_leaves(&in_use, 0x1230);
    in_use_taken(sim, &in_use, 0x1230, "block");
    in_use_taken(sim, &in_use, 0x1230, "block");
    assert_int_equal(told, 1);
    assert_string_equal(last_text, "a block was given out that is still in use: thread 0 got "
                                   "0x1230, which thread 0 has had since event 0");
    in_use_leaves(&in_use, 0x1230);
    in_use_taken(sim, &in_use, 0x1230, "block");
    assert_int_equal(told, 1);
    in_use_drop(sim, &in_use);
    sim_destroy(sim);
}

static void a_host_that_gives_blocks_out_twice_is_told_of_it(void **state)
{
    (void)state;
    static const char host[] =
        "struct host { struct base base; };\n"
        "static void *last;\n"
        "static void *take(HANDLE heap, SIZE_T size)\n"
        "{\n"
        "    static unsigned count;\n"
        "    if (++count % 50 == 0 && last) return last;\n"
        "    return last = HeapAlloc(heap, 0, size);\n"
        "}\n"
        "#define TAKE_BLOCK(allocator, size) take((allocator)->heap, size)\n";
    char text[2048];
    int bytes = snprintf(text, sizeof text,
                         "#include \"%s/tests/policies/concurrency/types.h\"\n%s"
                         "#include \"%s/tests/policies/concurrency/host.h\"\n",
                         cli_root(), host, cli_root());
    write_file(cli_path("twice.c"), text, (size_t)bytes);
    cli("run malloc-many-small-blocks --policy %s --json %s", cli_path("twice.c"),
        cli_path("twice.json"));
    expect_exit(1);
    expect_out("M3  memory that is in use is given to nobody else");
    expect_out("a block was given out that is still in use");
}

/* Windows releases a region by any address in its first page. */
static void a_region_released_by_an_address_behind_its_base_may_be_given_out_again(void **state)
{
    (void)state;
    static const char scenario[] =
        "name: released-behind-its-base\nseed: 1\n"
        "workload:\n"
        "  - VirtualAlloc: {as: one, size: 1MiB, type: MEM_RESERVE, expect: ok}\n"
        "  - VirtualFree: {at: one+100, size: 0, type: MEM_RELEASE, expect: ok}\n"
        "  - VirtualAlloc: {as: two, size: 1MiB, type: MEM_RESERVE, expect: ok}\n"
        "  - VirtualFree: {at: two+4KiB, size: 0, type: MEM_RELEASE, expect: refused}\n"
        "  - VirtualFree: {at: two+0xfff, size: 0, type: MEM_RELEASE, expect: ok}\n"
        "expect:\n  - process-exits: 0\n  - nothing-left-behind: yes\n";
    write_file(cli_path("behind.yaml"), scenario, sizeof scenario - 1);
    cli("run %s --policy passthrough --check", cli_path("behind.yaml"));
    expect_exit(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_twice_is_found_as_a_plain_list_finds_it),
        cmocka_unit_test(the_finding_says_who_had_it_since_when),
        cmocka_unit_test(a_host_that_gives_blocks_out_twice_is_told_of_it),
        cmocka_unit_test(a_region_released_by_an_address_behind_its_base_may_be_given_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
