/* Page references and faults. See bench.h.
 *
 * The reference keeps cached objects the way cache simulators do that are libraries for any policy.
 * The model is libCacheSim as shipped: a chained hash table by object id, an object of its own from
 * malloc for each that is cached, with room for what any policy wants to note, doubly linked
 * queues, and policies behind function pointers.
 *
 * Its table has 2^23 chains when nobody says otherwise (HASH_POWER_DEFAULT of include/config.h);
 * its program cachesim asks for 2^24 (bin/cachesim/cache_init.h), its structure of standard
 * parameters says 2^20 (default_common_cache_params). The first, in the middle, is the reference of
 * the targets. Misses of the processor's caches in the table are most of its time: with 2^16 chains
 * for 10,000 objects it is several times as fast, which the rows against the tuned cache show.
 *
 * Both sides must count the faults that independent programs have counted, or the program ends. */
#include <stdlib.h>
#include <string.h>
#include "core/page_stream.h"
#include "core/sim.h"
#include "harness/child.h"
#include "include/windows.h"
#include "os/machine.h"
#include "tests/bench/bench.h"

#define PAGES 100000u
#define REFERENCES 2000000u
#define FRAMES 10000u
#define TABLE_SHIPPED (UINT64_C(1) << 23)
#define TABLE_TUNED (UINT64_C(1) << 16)

/* Of these references with these frames; CLOCK sets the reference bit at the fault, as an operating
 * system does. */
static const uint64_t faults_expected[] = {[BY_LRU] = 528558, [BY_CLOCK] = 545165};

static uint32_t *references;

static void make_references(void)
{
    struct arena arena;
    struct page_stream stream;
    if (references)
        return;
    references = malloc(REFERENCES * sizeof *references);
    if (!references || arena_init(&arena, 0, UINT64_C(1) << 26) != 0)
        bench_die("no memory for references");
    page_stream_open(&stream, &arena, PAGES_ZIPF, PAGES, 42, 54);
    for (uint32_t i = 0; i < REFERENCES; i++)
        references[i] = (uint32_t)page_stream_next(&stream);
    arena_destroy(&arena);
}

/* ---- the reference ---- */

struct object {
    struct object *hash_next;
    uint64_t id;
    uint64_t size;
    struct object *previous, *next;   /* towards the newest; towards the oldest */
    uint64_t next_request, frequency; /* noted at each hit, whatever the policy */
    uint64_t visited, of_policy[2];
};

struct cache;
struct cache_methods {
    struct object *(*find)(struct cache *cache, uint64_t id);
    struct object *(*insert)(struct cache *cache, uint64_t id);
    void (*evict)(struct cache *cache);
};

struct cache {
    const struct cache_methods *methods;
    struct object **table;
    uint64_t table_mask;
    struct object *newest, *oldest, *hand;
    uint64_t count, requests, misses;
};

static struct object **bucket_of(struct cache *cache, uint64_t id)
{
    id ^= id >> 33; /* murmur3's last steps */
    id *= UINT64_C(0xff51afd7ed558ccd);
    id ^= id >> 33;
    id *= UINT64_C(0xc4ceb9fe1a85ec53);
    return &cache->table[(id ^ id >> 33) & cache->table_mask];
}

static struct object *look_up(struct cache *cache, uint64_t id)
{
    struct object *object = *bucket_of(cache, id);
    while (object && object->id != id)
        object = object->hash_next;
    if (object) {
        object->next_request = cache->requests;
        object->frequency++;
    }
    return object;
}

static void push(struct cache *cache, struct object *object)
{
    object->previous = NULL;
    object->next = cache->newest;
    if (cache->newest)
        cache->newest->previous = object;
    cache->newest = object;
    if (!cache->oldest)
        cache->oldest = object;
}

static void unlink_object(struct cache *cache, struct object *object)
{
    if (object->previous)
        object->previous->next = object->next;
    else
        cache->newest = object->next;
    if (object->next)
        object->next->previous = object->previous;
    else
        cache->oldest = object->previous;
}

static struct object *add(struct cache *cache, uint64_t id)
{
    struct object *object = calloc(1, sizeof *object), **bucket = bucket_of(cache, id);
    if (!object)
        bench_die("no memory for an object");
    *object = (struct object){.hash_next = *bucket, .id = id, .size = 1};
    *bucket = object;
    push(cache, object);
    cache->count++;
    return object;
}

static void drop(struct cache *cache, struct object *object)
{
    struct object **place = bucket_of(cache, object->id);
    while (*place != object)
        place = &(*place)->hash_next;
    *place = object->hash_next;
    unlink_object(cache, object);
    free(object);
    cache->count--;
}

static struct object *lru_find(struct cache *cache, uint64_t id)
{
    struct object *object = look_up(cache, id);
    if (object && object != cache->newest) {
        unlink_object(cache, object);
        push(cache, object);
    }
    return object;
}

static void lru_evict(struct cache *cache)
{
    drop(cache, cache->oldest);
}

static struct object *clock_find(struct cache *cache, uint64_t id)
{
    struct object *object = look_up(cache, id);
    if (object)
        object->visited = 1;
    return object;
}

static struct object *clock_insert(struct cache *cache, uint64_t id)
{
    struct object *object = add(cache, id);
    object->visited = 1; /* as an operating system's fault does */
    return object;
}

static void clock_evict(struct cache *cache)
{
    struct object *object = cache->oldest;
    while (object->visited) {
        object->visited = 0;
        unlink_object(cache, object);
        push(cache, object);
        object = cache->oldest;
    }
    drop(cache, object);
}

static const struct cache_methods lru_methods = {lru_find, add, lru_evict};
static const struct cache_methods clock_methods = {clock_find, clock_insert, clock_evict};

static void request(struct cache *cache, uint64_t id)
{
    cache->requests++;
    if (cache->methods->find(cache, id))
        return;
    cache->misses++;
    if (cache->count == FRAMES)
        cache->methods->evict(cache);
    cache->methods->insert(cache, id);
}

static void check_faults(uint64_t replacement, uint64_t faults)
{
    if (faults != faults_expected[replacement])
        bench_die("%llu faults instead of %llu", (unsigned long long)faults,
                  (unsigned long long)faults_expected[replacement]);
}

static double run_cache(uint64_t replacement, uint64_t chains)
{
    struct cache cache = {.methods = replacement == BY_LRU ? &lru_methods : &clock_methods,
                          .table_mask = chains - 1};
    make_references();
    cache.table = malloc(chains * sizeof *cache.table);
    if (!cache.table)
        bench_die("no memory for a table");
    memset(cache.table, 0, chains * sizeof *cache.table);
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < REFERENCES; i++)
        request(&cache, references[i]);
    uint64_t end = monotonic_ns();
    while (cache.oldest)
        drop(&cache, cache.oldest);
    free(cache.table);
    check_faults(replacement, cache.misses);
    return (double)(end - begin) / REFERENCES;
}

double reference_cache(uint64_t replacement)
{
    return run_cache(replacement, TABLE_SHIPPED);
}

double reference_cache_tuned(uint64_t replacement)
{
    return run_cache(replacement, TABLE_TUNED);
}

/* ---- the machine ---- */

struct paging_machine {
    struct sim *sim;
    struct machine *machine;
    uint64_t base;
};

static struct paging_machine paging_begin(const struct machine_config *config, uint64_t pages)
{
    const struct sim_options options = {.arena_bytes = UINT64_C(1) << 30,
                                        .trace = {.digest = true, .fd = -1}};
    struct paging_machine paging = {.sim = sim_create(&options)};
    if (!paging.sim)
        bench_die("no memory for a machine");
    paging.machine = machine_create(paging.sim, config, false);
    if (machine_alloc(paging.machine, 0, pages * PAGE_BYTES, MEM_RESERVE | MEM_COMMIT,
                      PAGE_READWRITE, &paging.base) != ST_OK)
        bench_die("the pages cannot be committed");
    return paging;
}

static void paging_end(struct paging_machine *paging)
{
    uint8_t digest[16];
    trace_digest(&paging->sim->trace, digest);
    machine_destroy(paging->machine);
    sim_destroy(paging->sim);
}

double machine_touches(uint64_t replacement)
{
    struct machine_config config = machine_config_default();
    config.ram_bytes = FRAMES * PAGE_BYTES;
    config.pagefile_bytes = UINT64_C(1) << 30;
    config.replacement = replacement == BY_LRU ? REPLACE_LRU : REPLACE_CLOCK;
    config.no_standby = true;
    make_references();
    struct paging_machine paging = paging_begin(&config, PAGES);
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < REFERENCES; i++)
        machine_touch(paging.machine, paging.base + references[i] * PAGE_BYTES, ACCESS_READ);
    uint64_t end = monotonic_ns();
    const uint64_t *counters = paging.sim->counters;
    check_faults(replacement, counters[COUNTER_faults_demand_zero] + counters[COUNTER_faults_hard]);
    paging_end(&paging);
    return (double)(end - begin) / REFERENCES;
}

/* Twice the RAM is written again and again: every touch waits for the writer, writes a page out and
 * reads one in, through all lists. */
double machine_paging(uint64_t unused)
{
    (void)unused;
    const uint64_t pages = 2 * FRAMES, rounds = 8;
    struct machine_config config = machine_config_default();
    config.ram_bytes = FRAMES * PAGE_BYTES;
    struct paging_machine paging = paging_begin(&config, pages);
    for (uint64_t i = 0; i < pages; i++)
        machine_touch(paging.machine, paging.base + i * PAGE_BYTES, ACCESS_WRITE);
    uint64_t begin = monotonic_ns();
    for (uint64_t i = 0; i < rounds * pages; i++)
        machine_touch(paging.machine, paging.base + i % pages * PAGE_BYTES, ACCESS_WRITE);
    uint64_t end = monotonic_ns();
    if (paging.sim->counters[COUNTER_faults_hard] < rounds * pages)
        bench_die("not every touch was a fault");
    paging_end(&paging);
    return (double)(end - begin) / (double)(rounds * pages);
}
