/* Rows of replays. See bench.h.
 *
 * The recording reserves its regions, warms up, and then works like a collected heap: bursts of
 * commits that extend what a region has committed, bursts of decommits that cut its end off, now
 * and then a region released and reserved anew; each operation takes a region at random. Two
 * touches mark the measured part: they reach the environment, which is this file, and
 * which reads the clock. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clr/replay.h"
#include "core/fiber.h"
#include "core/rng.h"
#include "harness/child.h"
#include "harness/loader.h"
#include "harness/recording_file.h"
#include "harness/recording_write.h"
#include "lowwater/policy.h"
#include "tests/bench/bench.h"

#define REGION_PAGES 16
#define BURST_COMMITS 64
#define BURST_DECOMMITS 40
#define BURST_RENEWALS 12
#define BURST (BURST_COMMITS + BURST_DECOMMITS + 2 * BURST_RENEWALS)
#define STACK_BYTES (UINT64_C(1) << 20)

struct synthetic {
    struct recording recording;
    uint8_t *bytes;
    size_t bytes_count;
    uint64_t measured; /* operations between the two marks */
};

/* ---- making a recording ---- */

struct maker {
    struct operation *operations;
    uint64_t count;
    uint64_t regions;
    uint8_t *committed; /* pages, from the beginning of each region */
    struct rng rng;
};

static void add(struct maker *maker, enum operation_kind kind, uint64_t object, uint64_t first,
                uint64_t pages)
{
    maker->operations[maker->count] = (struct operation){.time_ns = maker->count * 100,
                                                         .object = (uint32_t)object,
                                                         .kind = (uint8_t)kind,
                                                         .object_class = OBJECT_RUNTIME,
                                                         .protect = PROTECT_WRITE,
                                                         .offset = first * PAGE_BYTES,
                                                         .size = pages * PAGE_BYTES};
    maker->count++;
}

/* A region drawn at random, or the next one on, that has at least so many pages committed and room
 * for so many more. False: there is none. */
static bool draw(struct maker *maker, uint8_t committed, uint8_t room, uint64_t *object)
{
    *object = rng_below(&maker->rng, maker->regions);
    for (uint64_t tried = 0; tried < maker->regions; tried++) {
        uint8_t has = maker->committed[*object];
        if (has >= committed && has + room <= REGION_PAGES)
            return true;
        *object = (*object + 1) % maker->regions;
    }
    return false;
}

static void add_commit(struct maker *maker)
{
    uint64_t object;
    if (!draw(maker, 0, 1, &object))
        return;
    uint8_t *committed = &maker->committed[object];
    uint64_t most = REGION_PAGES - *committed < 4 ? REGION_PAGES - *committed : 4;
    uint64_t pages = 1 + rng_below(&maker->rng, most);
    add(maker, OP_COMMIT, object, *committed, pages);
    *committed += (uint8_t)pages;
}

static void add_decommit(struct maker *maker)
{
    uint64_t object;
    if (!draw(maker, 1, 0, &object))
        return;
    uint8_t *committed = &maker->committed[object];
    uint64_t keep = rng_below(&maker->rng, *committed);
    add(maker, OP_DECOMMIT, object, keep, *committed - keep);
    *committed = (uint8_t)keep;
}

static void add_burst(struct maker *maker)
{
    for (int i = 0; i < BURST_COMMITS; i++)
        add_commit(maker);
    for (int i = 0; i < BURST_DECOMMITS; i++)
        add_decommit(maker);
    for (int i = 0; i < BURST_RENEWALS; i++) {
        uint64_t object = rng_below(&maker->rng, maker->regions);
        add(maker, OP_RELEASE, object, 0, 0);
        add(maker, OP_RESERVE, object, 0, REGION_PAGES);
        maker->committed[object] = 0;
    }
}

static void add_mark(struct maker *maker)
{
    add(maker, OP_TOUCH, 0, 0, 1);
}

struct synthetic *synthetic_create(uint64_t regions, uint64_t operations)
{
    uint64_t bursts = operations / BURST, warm_up = bursts / 4;
    struct synthetic *synthetic = calloc(1, sizeof *synthetic);
    struct maker maker = {.regions = regions, .rng = rng_keyed(1, RNG_PROPERTY_TEST, regions)};
    char message[256];
    maker.committed = calloc(regions, 1);
    maker.operations = calloc(regions + (bursts + warm_up) * BURST + 2, sizeof *maker.operations);
    if (!synthetic || !maker.operations || !maker.committed)
        bench_die("out of memory");
    for (uint64_t i = 0; i < regions; i++)
        add(&maker, OP_RESERVE, i, 0, REGION_PAGES);
    for (uint64_t i = 0; i < warm_up; i++)
        add_burst(&maker);
    add_mark(&maker);
    uint64_t begin = maker.count;
    for (uint64_t i = 0; i < bursts; i++)
        add_burst(&maker);
    synthetic->measured = maker.count - begin;
    add_mark(&maker);
    struct recording_head head = {.name = "synthetic",
                                  .objects = (uint32_t)regions,
                                  .threads = 1,
                                  .duration_ns = maker.count * 100};
    synthetic->bytes =
        recording_encode(&head, maker.operations, maker.count, &synthetic->bytes_count);
    free(maker.operations);
    free(maker.committed);
    if (!synthetic->bytes || !recording_open(&synthetic->recording, synthetic->bytes,
                                             synthetic->bytes_count, message, sizeof message))
        bench_die("the synthetic recording cannot be encoded");
    return synthetic;
}

void synthetic_write(const struct synthetic *synthetic, const char *path)
{
    if (recording_file_write(path, synthetic->bytes, synthetic->bytes_count) != 0)
        bench_die("%s cannot be written", path);
}

void synthetic_destroy(struct synthetic *synthetic)
{
    free(synthetic->bytes);
    free(synthetic);
}

/* ---- replaying it ---- */

/* In memory shared with the parent. */
struct marks {
    uint32_t count;
    bool finished;
    uint64_t time_ns[2];
    uint64_t records[2];
};

struct replay_run {
    const struct synthetic *synthetic;
    const char *policy_path;
    struct marks *marks;
    struct sim *sim;
    struct policy *policy;
};

static bool mark(void *context, uint64_t address, bool write)
{
    struct replay_run *run = context;
    struct marks *marks = run->marks;
    (void)address, (void)write;
    marks->records[marks->count & 1] = trace_count(&run->sim->trace);
    marks->time_ns[marks->count++ & 1] = monotonic_ns();
    return true;
}

/* The recordings take nothing past the host. */
static bool refuse_reserve(void *context, uint64_t size, bool view, uint64_t *address)
{
    (void)context, (void)size, (void)view, (void)address;
    return false;
}

static void refuse_release(void *context, uint64_t address)
{
    (void)context, (void)address;
    bench_die("what was never reserved is released");
}

static void run_on_fiber(void *context)
{
    struct replay_run *run = context;
    const struct lw_policy *about;
    IHostMemoryManager *manager = NULL;
    struct clr_env env = {.sim = run->sim,
                          .context = run,
                          .touch = mark,
                          .os_reserve = refuse_reserve,
                          .os_release = refuse_release};
    struct replay_options options = {.native = REPLAY_NATIVE_MALLOC};
    struct clr clr = {0};
    run->sim->actor = ACTOR_POLICY;
    policy_construct(run->policy);
    about = policy_symbol(run->policy, "lw_policy");
    if (!about || about->create(&manager) != S_OK)
        bench_die("%s makes no memory manager", run->policy_path);
    run->sim->actor = ACTOR_CLR;
    if (clr_start(&clr, &env, NULL, manager) != S_OK)
        bench_die("the CLR does not start with %s", run->policy_path);
    replay_run(&clr, &run->synthetic->recording, &options);
    uint64_t *counters = run->sim->counters;
    if (counters[COUNTER_operations_served] != counters[COUNTER_operations_recorded])
        bench_die("operations of the synthetic recording were refused");
    run->marks->finished = true;
}

static _Noreturn void replay_in_child(struct replay_run *run, bool digest)
{
    struct sim_options options = {
        .seed = 1, .arena_base = ARENA_BASE, .trace = {.digest = digest, .fd = -1}};
    struct machine_config config = machine_config_default();
    char message[1024];
    config.ram_bytes = UINT64_C(1) << 40; /* nothing here is to be refused */
    run->sim = sim_create(&options);
    if (!run->sim)
        bench_die("the simulator's memory is taken");
    struct machine *machine = machine_create(run->sim, &config, true);
    if (!policy_load(run->policy_path, run->sim, machine, &run->policy, message, sizeof message))
        bench_die("%s: %s", run->policy_path, message);
    struct fiber *fiber = fiber_create(0, STACK_BYTES, run_on_fiber, run);
    if (!fiber)
        bench_die("no stack for the policy");
    fiber_switch(fiber);
    _exit(0);
}

struct replay_figures synthetic_replay(const struct synthetic *synthetic, const char *policy_path,
                                       bool digest)
{
    struct marks *marks =
        mmap(NULL, sizeof *marks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (marks == MAP_FAILED)
        bench_die("out of memory");
    struct replay_run run = {.synthetic = synthetic, .policy_path = policy_path, .marks = marks};
    pid_t pid = fork();
    if (pid == 0)
        replay_in_child(&run, digest);
    if (pid < 0 || waitpid(pid, NULL, 0) != pid || !marks->finished || marks->count != 2)
        bench_die("a replay did not reach its end");
    double ns = (double)(marks->time_ns[1] - marks->time_ns[0]);
    uint64_t records = marks->records[1] - marks->records[0];
    munmap(marks, sizeof *marks);
    return (struct replay_figures){ns / (double)records, ns / (double)synthetic->measured};
}
