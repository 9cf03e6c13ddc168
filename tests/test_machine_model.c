/* Random memory calls on 16 granules, against a naive machine of one array entry a page.
 *
 *     granule  0 [p0 .. p15]  1 [p16 .. p31]  ...  15 [.. p255]
 *
 * Statuses, protections, charges and queries must agree after every call. */
#include "tests/support.h"

#include <string.h>
#include "core/rng.h"
#include "core/sim.h"
#include "include/windows.h"
#include "os/machine.h"

#define PAGES 256
#define BASE UINT64_C(0x40000000)
#define LIMIT_PAGES 150 /* of the commit charge */
#define STEPS 20000

struct model_page {
    int region; /* 0: free */
    uint32_t aprot, protect;
    bool committed, resident;
};

static struct {
    struct model_page page[PAGES];
    int granule[PAGES / 16]; /* region that occupies it, 0: free */
    int next_region;
    uint64_t charge, resident;
} model;

static struct rng rng;

static uint64_t draw(uint64_t below)
{
    return rng_below(&rng, below);
}

struct span {
    uint64_t address, size;
    unsigned first, last; /* pages */
};

/* A byte range inside the 256 pages, seldom aligned. */
static struct span draw_span(void)
{
    struct span s = {.first = (unsigned)draw(PAGES)};
    s.last = s.first + (unsigned)draw(PAGES - s.first < 24 ? PAGES - s.first : 24);
    uint64_t head = draw(3) ? 0 : draw(PAGE_BYTES), tail = draw(3) ? 0 : draw(PAGE_BYTES);
    s.address = BASE + s.first * PAGE_BYTES + head;
    s.size = (s.last - s.first + 1) * PAGE_BYTES - head - (s.last > s.first || !head ? tail : 0);
    return s;
}

static uint32_t draw_protect(void)
{
    static const uint32_t some[] = {PAGE_READWRITE,    PAGE_READONLY,
                                    PAGE_NOACCESS,     PAGE_READWRITE | PAGE_GUARD,
                                    PAGE_EXECUTE_READ, PAGE_WRITECOPY};
    return some[draw(64) ? draw(5) : 5];
}

static bool one_region(const struct span *s)
{
    for (unsigned p = s->first; p <= s->last; p++)
        if (!model.page[p].region || model.page[p].region != model.page[s->first].region)
            return false;
    return true;
}

static void drop_page(struct model_page *page, bool release)
{
    model.charge -= page->committed;
    model.resident -= page->resident;
    page->committed = page->resident = false;
    page->protect = 0;
    if (release)
        *page = (struct model_page){0};
}

/* ---- what each call should say and do ---- */

static enum status model_commit(const struct span *s, uint32_t protect)
{
    uint64_t fresh = 0;
    if (!one_region(s))
        return ST_INVALID_ADDRESS;
    for (unsigned p = s->first; p <= s->last; p++)
        fresh += !model.page[p].committed;
    if (model.charge + fresh > LIMIT_PAGES)
        return ST_COMMITMENT_LIMIT;
    model.charge += fresh;
    for (unsigned p = s->first; p <= s->last; p++) {
        model.page[p].committed = true;
        model.page[p].protect = protect;
    }
    return ST_OK;
}

static enum status model_reserve(struct span s, uint32_t protect, bool commit)
{
    s.first &= ~15u;
    for (unsigned g = s.first / 16; g <= s.last / 16; g++)
        if (model.granule[g])
            return ST_INVALID_ADDRESS;
    if (commit && model.charge + (s.last - s.first + 1) > LIMIT_PAGES)
        return ST_COMMITMENT_LIMIT;
    int region = ++model.next_region;
    for (unsigned g = s.first / 16; g <= s.last / 16; g++)
        model.granule[g] = region;
    for (unsigned p = s.first; p <= s.last; p++)
        model.page[p] = (struct model_page){.region = region, .aprot = protect};
    return commit ? model_commit(&s, protect) : ST_OK;
}

static enum status model_alloc(const struct span *s, uint32_t type, uint32_t protect)
{
    if (protect == PAGE_WRITECOPY)
        return ST_INVALID_PARAMETER;
    if (type & MEM_RESERVE)
        return model_reserve(*s, protect, type & MEM_COMMIT);
    if (type & MEM_COMMIT)
        return model_commit(s, protect);
    return one_region(s) ? ST_OK : ST_INVALID_ADDRESS; /* MEM_RESET */
}

static enum status model_release(unsigned first)
{
    int region = model.page[first].region;
    if (!region || (first > 0 && model.page[first - 1].region == region))
        return ST_INVALID_ADDRESS;
    for (unsigned p = first; p < PAGES && model.page[p].region == region; p++)
        drop_page(&model.page[p], true);
    for (unsigned g = 0; g < PAGES / 16; g++)
        if (model.granule[g] == region)
            model.granule[g] = 0;
    return ST_OK;
}

static enum status model_decommit(const struct span *s)
{
    if (!model.page[s->first].region)
        return ST_INVALID_ADDRESS;
    if (!one_region(s))
        return ST_INVALID_PARAMETER;
    for (unsigned p = s->first; p <= s->last; p++)
        drop_page(&model.page[p], false);
    return ST_OK;
}

static enum status model_protect(const struct span *s, uint32_t protect, uint32_t *old)
{
    if (!one_region(s))
        return ST_INVALID_ADDRESS;
    if (protect == PAGE_WRITECOPY)
        return ST_INVALID_PARAMETER;
    for (unsigned p = s->first; p <= s->last; p++)
        if (!model.page[p].committed)
            return ST_INVALID_ADDRESS;
    *old = model.page[s->first].protect;
    for (unsigned p = s->first; p <= s->last; p++)
        model.page[p].protect = protect;
    return ST_OK;
}

static enum access_result model_touch(struct model_page *page, enum access_kind kind)
{
    if (page->committed && (page->protect & PAGE_GUARD)) {
        page->protect &= ~PAGE_GUARD;
        return ACCESS_GUARD;
    }
    bool may[3] = {page->protect != PAGE_NOACCESS, page->protect == PAGE_READWRITE,
                   page->protect == PAGE_EXECUTE_READ};
    if (!page->committed || !may[kind])
        return ACCESS_VIOLATION;
    model.resident += !page->resident;
    page->resident = true;
    return ACCESS_OK;
}

/* ---- the same on the machine ---- */

static void step_alloc(struct machine *m)
{
    static const uint32_t types[] = {MEM_RESERVE, MEM_RESERVE | MEM_COMMIT, MEM_COMMIT, MEM_COMMIT,
                                     MEM_RESET};
    struct span s = draw_span();
    uint32_t type = types[draw(5)], protect = draw_protect();
    uint64_t got;
    enum status status = machine_alloc(m, s.address, s.size, type, protect, &got);
    assert_int_equal(status, model_alloc(&s, type, protect));
    uint64_t unit = type & MEM_RESERVE ? GRANULARITY_BYTES : PAGE_BYTES;
    assert_int_equal(got, status == ST_OK ? s.address & ~(unit - 1) : 0);
}

static void step_free(struct machine *m)
{
    struct span s = draw_span();
    if (draw(2))
        assert_int_equal(machine_free(m, s.address, s.size, MEM_DECOMMIT), model_decommit(&s));
    else
        assert_int_equal(machine_free(m, s.address, 0, MEM_RELEASE), model_release(s.first));
}

static void step_protect(struct machine *m)
{
    struct span s = draw_span();
    uint32_t protect = draw_protect(), old, expected = 0;
    enum status status = machine_protect(m, s.address, s.size, protect, true, &old);
    assert_int_equal(status, model_protect(&s, protect, &expected));
    assert_int_equal(old, expected);
}

static void step_touch(struct machine *m)
{
    unsigned page = (unsigned)draw(PAGES);
    enum access_kind kind = (enum access_kind)draw(3);
    assert_int_equal(machine_touch(m, BASE + page * PAGE_BYTES + draw(PAGE_BYTES), kind),
                     model_touch(&model.page[page], kind));
}

static bool alike(const struct model_page *a, const struct model_page *b)
{
    return a->region == b->region && a->committed == b->committed && a->protect == b->protect;
}

static void step_query(struct machine *m)
{
    unsigned first = (unsigned)draw(PAGES), end = first + 1;
    const struct model_page *page = &model.page[first];
    struct memory_info info;
    while (end < PAGES && alike(page, &model.page[end]))
        end++;
    assert_int_equal(machine_query(m, BASE + first * PAGE_BYTES + draw(PAGE_BYTES), &info), ST_OK);
    assert_int_equal(info.base, BASE + first * PAGE_BYTES);
    if (end < PAGES || page->region) /* free space goes on behind the last page */
        assert_int_equal(info.size, (end - first) * PAGE_BYTES);
    assert_int_equal(info.state, !page->region     ? MEM_FREE
                                 : page->committed ? MEM_COMMIT
                                                   : MEM_RESERVE);
    assert_int_equal(info.protect, page->region ? page->protect : PAGE_NOACCESS);
    assert_int_equal(info.allocation_protect, page->aprot);
}

static void random_calls_agree_with_a_naive_machine(void **state)
{
    (void)state;
    typedef void step(struct machine *);
    static step *const steps[] = {step_alloc, step_alloc, step_free, step_protect,
                                  step_touch, step_touch, step_query};
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.ram_bytes = LIMIT_PAGES * PAGE_BYTES;
    config.pagefile_bytes = 0;
    struct sim *sim = sim_create(&options);
    struct machine *m = machine_create(sim, &config, false);
    rng = rng_keyed(7, 1, 1);
    for (unsigned i = 0; i < STEPS; i++) {
        steps[draw(sizeof steps / sizeof *steps)](m);
        assert_int_equal(machine_commit_bytes(m), model.charge * PAGE_BYTES);
        assert_int_equal(machine_resident_pages(m), model.resident);
        machine_verify(m);
    }
    machine_destroy(m);
    sim_destroy(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_calls_agree_with_a_naive_machine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
