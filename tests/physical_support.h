/* What the tests of physical memory share: a machine small enough to count its frames, and its
 * records. */
#ifndef LW_TESTS_PHYSICAL_SUPPORT_H
#define LW_TESTS_PHYSICAL_SUPPORT_H

#include "tests/support.h"

#include <string.h>
#include "core/rng.h"
#include "core/sim.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/machine.h"
#include "os/space.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define NEW (MEM_RESERVE | MEM_COMMIT)
#define RW PAGE_READWRITE
#define MS UINT64_C(1000000)

static struct machine *m;
static struct sim *sim;
static struct event *last; /* the records of the run, for the tests that read them */
static uint64_t last_count;

static inline struct machine_config small(uint64_t frames)
{
    struct machine_config config = machine_config_default();
    config.ram_bytes = frames * PAGE_BYTES;
    config.pagefile_bytes = 1000 * PAGE_BYTES;
    config.working_set_min_pages = 20;
    return config;
}

static inline void begin(const struct machine_config *config, bool native)
{
    static struct event tail[1024];
    const struct sim_options options = {.arena_bytes = GIB,
                                        .trace = {.digest = true,
                                                  .fd = -1,
                                                  .tail = tail,
                                                  .tail_count = &last_count,
                                                  .tail_events = 1024}};
    sim = sim_create(&options);
    assert_non_null(sim);
    sim->actor = ACTOR_POLICY;
    last = tail;
    m = machine_create(sim, config, native);
}

static inline void end(void)
{
    machine_verify(m);
    machine_destroy(m);
    sim_destroy(sim);
}

static inline uint64_t count(enum counter counter)
{
    return sim->counters[counter];
}

/* The newest record of a kind; fails when there is none. */
static inline const struct event *newest(uint16_t kind)
{
    trace_flush(&sim->trace);
    for (uint64_t i = last_count; i-- > 0;)
        if (last[i & 1023].kind == kind)
            return &last[i & 1023];
    fail_msg("no record of %s", event_shapes[kind].name);
    return NULL;
}

static inline uint64_t commit(uint64_t pages)
{
    uint64_t address;
    assert_int_equal(machine_alloc(m, 0, pages * PAGE_BYTES, NEW, RW, &address), ST_OK);
    return address;
}

static inline void touch(uint64_t base, uint64_t first, uint64_t pages, enum access_kind kind)
{
    for (uint64_t i = first; i < first + pages; i++)
        assert_int_equal(machine_touch(m, base + i * PAGE_BYTES, kind), ACCESS_OK);
    machine_verify(m);
}

static inline void pass(uint64_t ns)
{
    struct memory_status status;
    sim->now_ns += ns;
    machine_memory_status(m, &status); /* looks, so that the writer's work is done */
}

#endif
