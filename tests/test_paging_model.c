/* Random touches, trims, pressure, decommits, resets and locks on a machine of 64 frames, against a
 * naive process that only knows what each page must contain. Real bytes are written and read
 * natively: contents survive every way out of the working set and back. */
#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include "core/rng.h"
#include "core/sim.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/machine.h"
#include "os/space.h"

#define PAGES 150
#define VIEW_PAGES 30
#define RAM_PAGES 64
#define FILE_PAGES 80
#define STEPS 6000
#define MOST 16 /* pages of one step */

struct naive_page {
    bool committed, locked, writable;
    bool reset;     /* may have become zero */
    uint64_t stamp; /* what its word must be */
};

static struct {
    struct naive_page page[PAGES];
    uint64_t stamps;
    uint32_t locked;
} naive;

static struct machine *m;
static volatile uint8_t *memory;
static uint64_t view; /* pages with a file of their own */
static struct rng rng;

static uint32_t draw(uint32_t below)
{
    return (uint32_t)rng_below(&rng, below);
}

struct span {
    uint32_t first, pages;
};

static struct span draw_span(void)
{
    struct span span = {.first = draw(PAGES)};
    uint32_t most = PAGES - span.first;
    span.pages = 1 + draw(most < MOST ? most : MOST);
    return span;
}

static void *address_of(uint32_t page)
{
    return (void *)(memory + page * PAGE_BYTES);
}

static uint64_t logical(uint32_t page)
{
    return (uint64_t)(uintptr_t)address_of(page) - WINDOW_BASE;
}

/* A word at a place of the page's own, so that mixed-up pages show. */
static volatile uint64_t *word_of(uint32_t page)
{
    return (volatile uint64_t *)(memory + page * PAGE_BYTES + page * 8 % PAGE_BYTES);
}

/* ---- steps ---- */

static void write_natively(void)
{
    uint32_t i = draw(PAGES);
    struct naive_page *page = &naive.page[i];
    if (!page->committed || !page->writable)
        return;
    *word_of(i) = page->stamp = ++naive.stamps;
    page->reset = false;
}

static void check_page(uint32_t i)
{
    struct naive_page *page = &naive.page[i];
    uint64_t got = *word_of(i);
    if (got != page->stamp && !(page->reset && got == 0))
        fail_msg("page %u holds %llu instead of %llu", i, (unsigned long long)got,
                 (unsigned long long)page->stamp);
    page->stamp = got;
    if (page->writable) /* open pages count as written */
        page->reset = false;
}

static void read_natively(void)
{
    uint32_t i = draw(PAGES);
    if (naive.page[i].committed)
        check_page(i);
}

static void touch(void)
{
    uint32_t i = draw(PAGES), writes = draw(2);
    struct naive_page *page = &naive.page[i];
    enum access_result expected =
        page->committed && (page->writable || !writes) ? ACCESS_OK : ACCESS_VIOLATION;
    assert_int_equal(machine_touch(m, logical(i), writes ? ACCESS_WRITE : ACCESS_READ), expected);
    /* Written by the workload: bytes stay what they are, but from now on they stay. */
    if (writes && expected == ACCESS_OK && page->reset) {
        page->reset = false;
        uint64_t stamp = page->stamp;
        page->reset = true;
        check_page(i);
        assert_true(page->stamp == stamp || page->stamp == 0);
    }
}

static void commit(void)
{
    struct span s = draw_span();
    if (!VirtualAlloc(address_of(s.first), s.pages * PAGE_BYTES, MEM_COMMIT, PAGE_READWRITE)) {
        assert_int_equal(GetLastError(), ERROR_COMMITMENT_LIMIT);
        return;
    }
    for (uint32_t i = s.first; i < s.first + s.pages; i++) {
        if (!naive.page[i].committed)
            naive.page[i] = (struct naive_page){.committed = true};
        naive.page[i].writable = true;
    }
}

static void decommit(void)
{
    struct span s = draw_span();
    assert_true(VirtualFree(address_of(s.first), s.pages * PAGE_BYTES, MEM_DECOMMIT));
    for (uint32_t i = s.first; i < s.first + s.pages; i++) {
        naive.locked -= naive.page[i].locked;
        naive.page[i] = (struct naive_page){0};
    }
}

static bool all_committed(struct span s)
{
    for (uint32_t i = s.first; i < s.first + s.pages; i++)
        if (!naive.page[i].committed)
            return false;
    return true;
}

static void protect(void)
{
    struct span s = draw_span();
    DWORD old, wanted = draw(3) ? PAGE_READWRITE : PAGE_READONLY;
    BOOL changed = VirtualProtect(address_of(s.first), s.pages * PAGE_BYTES, wanted, &old);
    assert_int_equal(changed, all_committed(s));
    for (uint32_t i = s.first; changed && i < s.first + s.pages; i++)
        naive.page[i].writable = wanted == PAGE_READWRITE;
}

static void lock(void)
{
    struct span s = draw_span();
    if (draw(2)) {
        bool could = all_committed(s);
        BOOL locked = VirtualLock(address_of(s.first), s.pages * PAGE_BYTES);
        assert_false(locked && !could);
        for (uint32_t i = s.first; locked && i < s.first + s.pages; i++) {
            naive.locked += !naive.page[i].locked;
            naive.page[i].locked = true;
        }
        return;
    }
    bool all = true;
    for (uint32_t i = s.first; i < s.first + s.pages; i++)
        all = all && naive.page[i].locked;
    assert_int_equal(VirtualUnlock(address_of(s.first), s.pages * PAGE_BYTES), all);
    for (uint32_t i = s.first; i < s.first + s.pages; i++) {
        if (!all && !machine_config(m)->no_standby)
            assert_int_equal(machine_page_state(m, logical(i)).valid, naive.page[i].locked);
        if (all)
            naive.page[i].locked = false;
    }
    naive.locked -= all ? s.pages : 0;
}

static void reset(void)
{
    struct span s = draw_span();
    assert_non_null(
        VirtualAlloc(address_of(s.first), s.pages * PAGE_BYTES, MEM_RESET, PAGE_READWRITE));
    for (uint32_t i = s.first; i < s.first + s.pages; i++)
        naive.page[i].reset = naive.page[i].committed;
}

static void undo(void)
{
    struct span s = draw_span();
    bool kept =
        VirtualAlloc(address_of(s.first), s.pages * PAGE_BYTES, MEM_RESET_UNDO, PAGE_READWRITE);
    bool was_reset = false;
    for (uint32_t i = s.first; i < s.first + s.pages; i++) {
        was_reset = was_reset || naive.page[i].reset;
        if (kept)
            naive.page[i].reset = false; /* intact, from now on as well */
    }
    assert_true(kept || was_reset);
}

static void trim(void)
{
    const SIZE_T all = (SIZE_T)-1;
    if (draw(2))
        assert_true(EmptyWorkingSet(GetCurrentProcess()));
    else
        assert_true(SetProcessWorkingSetSize(GetCurrentProcess(), all, all));
    if (machine_config(m)->no_standby) /* what the page file has no room for stays */
        assert_true(machine_resident_pages(m) >= naive.locked);
    else
        assert_int_equal(machine_resident_pages(m), naive.locked);
}

static void limit_working_set(void)
{
    bool hard = draw(2);
    SIZE_T most = 21 + draw(40), least = 1 + draw((uint32_t)most);
    if (!SetProcessWorkingSetSizeEx(GetCurrentProcess(), least * PAGE_BYTES, most * PAGE_BYTES,
                                    hard ? QUOTA_LIMITS_HARDWS_MAX_ENABLE
                                         : QUOTA_LIMITS_HARDWS_MAX_DISABLE)) {
        assert_int_equal(GetLastError(), ERROR_NO_SYSTEM_RESOURCES); /* less RAM than that */
        return;
    }
    if (hard && !machine_config(m)->no_standby)
        assert_true(machine_resident_pages(m) <= (most > naive.locked ? most : naive.locked));
}

static void press(void)
{
    static const enum pressure_of kinds[] = {PRESSURE_MEMORY, PRESSURE_MEMORY, PRESSURE_COMMIT,
                                             PRESSURE_PAGEFILE, PRESSURE_RAM};
    uint64_t bytes = draw(12) ? draw(40) * PAGE_BYTES : UINT64_MAX;
    machine_pressure(m, kinds[draw(5)], draw(2), bytes, 0);
}

static void limit_job(void)
{
    machine_pressure(m, PRESSURE_JOB_LIMIT, false, draw(3) ? draw(PAGES) * PAGE_BYTES : UINT64_MAX,
                     0);
}

static void pass_time(void)
{
    machine_sim(m)->now_ns += draw(2) ? draw(2000000) : draw(2000);
}

static void touch_view(void)
{
    uint32_t first = draw(VIEW_PAGES), pages = draw(VIEW_PAGES - first + 1);
    for (uint32_t i = first; i < first + pages; i++) {
        enum access_kind kind = draw(2) ? ACCESS_WRITE : ACCESS_READ;
        assert_int_equal(machine_touch(m, view + i * PAGE_BYTES, kind), ACCESS_OK);
    }
}

static const struct step {
    void (*take)(void);
    uint32_t weight;
} steps[] = {{write_natively, 30},
             {read_natively, 30},
             {touch, 30},
             {commit, 10},
             {decommit, 6},
             {protect, 6},
             {lock, 8},
             {reset, 6},
             {undo, 6},
             {trim, 2},
             {pass_time, 6},
             {limit_working_set, 2},
             {press, 8},
             {limit_job, 1},
             {touch_view, 3}};

static void one_step(void)
{
    uint32_t sum = 0, at = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        sum += steps[i].weight;
    uint32_t drawn = draw(sum);
    while (drawn >= steps[at].weight)
        drawn -= steps[at++].weight;
    steps[at].take();
}

/* What the machine says without doing it is what it says when it has done it. Returns whether the
 * writer had something to do. */
static bool compare_truth(void)
{
    struct memory_status truth, status;
    uint64_t frames = machine_available_frames(m);
    machine_memory_truth(m, &truth);
    assert_int_equal(machine_available_frames(m), frames);
    machine_memory_status(m, &status);
    assert_memory_equal(&truth, &status, sizeof status);
    return machine_available_frames(m) != frames;
}

/* ---- runs ---- */

static void run(enum replacement replacement, bool no_standby, uint64_t seed)
{
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.ram_bytes = RAM_PAGES * PAGE_BYTES;
    config.pagefile_bytes = FILE_PAGES * PAGE_BYTES;
    config.replacement = replacement;
    config.no_standby = no_standby;
    config.low_memory_bytes = 10 * PAGE_BYTES;
    config.working_set_min_pages = 20;
    struct sim *sim = sim_create(&options);
    m = machine_create(sim, &config, true);
    memset(&naive, 0, sizeof naive);
    rng = rng_keyed(seed, RNG_PROPERTY_TEST, (uint64_t)replacement * 2 + no_standby);
    memory = VirtualAlloc(NULL, PAGES * PAGE_BYTES, MEM_RESERVE, PAGE_READWRITE);
    assert_non_null(memory);
    assert_int_equal(machine_map(m, 0, VIEW_PAGES * PAGE_BYTES, PAGE_READWRITE, REGION_VIEW, &view),
                     ST_OK);
    assert_int_equal(machine_map_commit(m, view, VIEW_PAGES * PAGE_BYTES, PAGE_READWRITE), ST_OK);
    unsigned settled = 0;
    for (int i = 0; i < STEPS; i++) {
        one_step();
        machine_verify(m);
        settled += draw(4) == 0 && compare_truth();
    }
    assert_int_equal(settled > 20, !no_standby);
    for (uint32_t i = 0; i < PAGES; i++)
        if (naive.page[i].committed)
            check_page(i);
    machine_verify(m);
    assert_true(sim->counters[COUNTER_faults_hard] > 100);
    assert_true(sim->counters[COUNTER_pages_out] > 100);
    assert_int_equal(sim->counters[COUNTER_faults_soft] > 0, !no_standby);
    assert_true(VirtualFree((void *)memory, 0, MEM_RELEASE));
    machine_unmap(m, view);
    machine_verify(m);
    assert_int_equal(machine_resident_pages(m), 0);
    machine_destroy(m);
    sim_destroy(sim);
}

static void contents_survive_paging_under_every_replacement(void **state)
{
    (void)state;
    for (int replacement = REPLACE_CLOCK; replacement <= REPLACE_FIFO; replacement++)
        run((enum replacement)replacement, false, 1);
}

static void contents_survive_paging_without_standby_lists(void **state)
{
    (void)state;
    for (int replacement = REPLACE_CLOCK; replacement <= REPLACE_FIFO; replacement++)
        run((enum replacement)replacement, true, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_survive_paging_under_every_replacement),
        cmocka_unit_test(contents_survive_paging_without_standby_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
