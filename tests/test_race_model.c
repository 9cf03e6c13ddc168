/* The detector of data races against a naive model: events of a few threads, each with the set of
 * all events before it, and every access kept for ever. What the detector says of each access is
 * what the model says, whatever it dropped, joined or put into another shape meanwhile. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>
#include "core/fiber.h"
#include "core/race_private.h"
#include "core/rng.h"

#define THREADS 6
#define CLOCKS 3
#define ATOMICS 2
#define EVENTS_MAX 700
#define ROUNDS 400
#define SETS (EVENTS_MAX / 64 + 1)

/* Where things lie: an area of three pages, so that some accesses cover a whole one. */
#define AREA (WINDOW_BASE + UINT64_C(0x100000))
#define AREA_BYTES (3 * PAGE_BYTES)

typedef uint64_t event_set[SETS];

static struct sim *sim;

/* ---- the model ---- */

struct model_event {
    event_set before; /* and itself */
};

struct model_access {
    unsigned event;
    uint64_t address, bytes;
    unsigned kind;
    uint8_t gone[AREA_BYTES / 8]; /* bytes of the area, a bit each: forgotten */
};

static struct model {
    struct model_event events[EVENTS_MAX];
    unsigned events_count;
    int last[THREADS]; /* event, -1: the thread does not run */
    event_set clocks[CLOCKS];
    event_set heads[ATOMICS]; /* what an acquire that reads the variable comes behind */
    int owner[ATOMICS];       /* whose release sequence it is, -1: nobody's */
    event_set loaded[THREADS], released[THREADS];
    bool has_released[THREADS];
    struct model_access accesses[EVENTS_MAX];
    unsigned accesses_count;
} model;

static void join(event_set to, const event_set from)
{
    for (int i = 0; i < SETS; i++)
        to[i] |= from[i];
}

static bool contains(const event_set set, unsigned event)
{
    return set[event / 64] >> event % 64 & 1;
}

/* A new event of the thread behind its last one. */
static struct model_event *happen(int thread)
{
    assert_true(model.events_count < EVENTS_MAX);
    unsigned number = model.events_count++;
    struct model_event *event = &model.events[number];
    memset(event, 0, sizeof *event);
    if (model.last[thread] >= 0)
        join(event->before, model.events[model.last[thread]].before);
    event->before[number / 64] |= UINT64_C(1) << number % 64;
    model.last[thread] = (int)number;
    return event;
}

static bool overlap(const struct model_access *old, uint64_t address, uint64_t bytes)
{
    uint64_t from = address > old->address ? address : old->address;
    uint64_t to =
        address + bytes < old->address + old->bytes ? address + bytes : old->address + old->bytes;
    for (uint64_t at = from; at < to; at++)
        if (!(old->gone[(at - AREA) / 8] >> (at - AREA) % 8 & 1))
            return true;
    return false;
}

static unsigned strength(unsigned kind)
{
    return kind & RACE_ATOMIC ? 0 : kind & RACE_VOLATILE ? 1 : 2;
}

static bool races(const struct model_event *event, uint64_t address, uint64_t bytes, unsigned kind)
{
    for (unsigned i = 0; i < model.accesses_count; i++) {
        const struct model_access *old = &model.accesses[i];
        if (((old->kind | kind) & RACE_WRITE) && strength(old->kind) + strength(kind) >= 2 &&
            overlap(old, address, bytes) && !contains(event->before, old->event))
            return true;
    }
    return false;
}

static void forget(uint64_t address, uint64_t bytes)
{
    for (unsigned i = 0; i < model.accesses_count; i++)
        for (uint64_t at = address; at < address + bytes; at++)
            model.accesses[i].gone[(at - AREA) / 8] |= (uint8_t)(1u << (at - AREA) % 8);
}

/* ---- both ---- */

static struct race_clock *clocks[CLOCKS];

static struct rng rng;

static void run_as(int thread)
{
    sim->thread = sim_thread(sim, (uint32_t)thread);
}

static bool room_is_short;

/* The detector must say race exactly if the model does; when it had to forget, at most then. */
static void check_access(int thread, uint64_t address, uint64_t bytes, unsigned kind, bool wanted,
                         uint64_t before)
{
    bool told = race_count(sim) > before;
    if (room_is_short ? told && !wanted : told != wanted)
        fail_msg("thread %d, 0x%llx, %llu bytes, kind %u: %s, and the model says otherwise", thread,
                 (unsigned long long)address, (unsigned long long)bytes, kind,
                 told ? "a race" : "none");
}

static void remember(int thread, uint64_t address, uint64_t bytes, unsigned kind)
{
    model.accesses[model.accesses_count++] = (struct model_access){
        .event = (unsigned)model.last[thread], .address = address, .bytes = bytes, .kind = kind};
}

static void access_memory(int thread)
{
    static const uint64_t sizes[] = {1, 2, 4, 8, 8, 16, 3, 13, 40};
    uint64_t bytes = sizes[rng_below(&rng, 9)];
    uint64_t address = AREA + PAGE_BYTES - 24 + rng_below(&rng, 40);
    unsigned kind = rng_below(&rng, 2) ? RACE_WRITE : RACE_READ;
    bool volatile_word = bytes <= 8 && rng_below(&rng, 5) == 0;
    if (volatile_word)
        kind |= RACE_VOLATILE;
    bool wanted = races(happen(thread), address, bytes, kind);
    uint64_t before = race_count(sim);
    race_access(sim, address, bytes, kind, IMAGES_BASE + model.events_count * 16);
    check_access(thread, address, bytes, kind, wanted, before);
    remember(thread, address, bytes, kind);
}

static void access_pages(int thread)
{
    uint64_t from = rng_below(&rng, 3), pages = 1 + rng_below(&rng, 3 - from);
    uint64_t address = AREA + from * PAGE_BYTES, bytes = pages * PAGE_BYTES;
    unsigned kind = rng_below(&rng, 2) ? RACE_WRITE : RACE_READ;
    bool wanted = races(happen(thread), address, bytes, kind);
    uint64_t before = race_count(sim);
    race_access(sim, address, bytes, kind, IMAGES_BASE + model.events_count * 16);
    check_access(thread, address, bytes, kind, wanted, before);
    remember(thread, address, bytes, kind);
}

static void change_clock(int thread)
{
    unsigned which = (unsigned)rng_below(&rng, CLOCKS);
    struct model_event *event = happen(thread);
    switch (rng_below(&rng, 3)) {
    case 0:
        race_release(sim, &clocks[which]);
        join(model.clocks[which], event->before);
        break;
    case 1:
        race_release_anew(sim, &clocks[which]);
        memcpy(model.clocks[which], event->before, sizeof event->before);
        break;
    default:
        race_acquire(sim, sim->thread, clocks[which]);
        join(event->before, model.clocks[which]);
    }
}

static bool acquires(enum race_order order)
{
    return order != ORDER_RELAXED && order != ORDER_RELEASE;
}

static bool releases(enum race_order order)
{
    return order == ORDER_RELEASE || order == ORDER_ACQ_REL || order == ORDER_SEQ_CST;
}

static void use_atomic(int thread)
{
    unsigned which = (unsigned)rng_below(&rng, ATOMICS);
    bool loads = rng_below(&rng, 2), stores = !loads || rng_below(&rng, 2);
    enum race_order order = (enum race_order)rng_below(&rng, ORDER_SEQ_CST + 1);
    uint64_t address = AREA + 2 * PAGE_BYTES + 64 + which * 4; /* two in one granule */
    unsigned kind = RACE_ATOMIC | (stores ? RACE_WRITE : RACE_READ);
    struct model_event *event = happen(thread);
    bool wanted = races(event, address, 4, kind);
    uint64_t before = race_count(sim);
    race_atomic(sim, address, 4, loads, stores, order, IMAGES_BASE + model.events_count * 16);
    check_access(thread, address, 4, kind, wanted, before);
    remember(thread, address, 4, kind);
    if (loads && acquires(order))
        join(event->before, model.heads[which]);
    else if (loads)
        join(model.loaded[thread], model.heads[which]);
    if (!stores)
        return;
    bool goes_on = loads || model.owner[which] == thread;
    if (!goes_on)
        memset(model.heads[which], 0, sizeof(event_set));
    if (releases(order) && !loads)
        memset(model.heads[which], 0, sizeof(event_set));
    if (releases(order))
        join(model.heads[which], event->before);
    else if (model.has_released[thread])
        join(model.heads[which], model.released[thread]);
    if (!loads || releases(order))
        model.owner[which] = thread;
}

static void fence(int thread)
{
    enum race_order order = (enum race_order)(ORDER_ACQUIRE + rng_below(&rng, 4));
    struct model_event *event = happen(thread);
    race_fence(sim, order);
    if (acquires(order))
        join(event->before, model.loaded[thread]);
    if (releases(order)) {
        memcpy(model.released[thread], event->before, sizeof event->before);
        model.has_released[thread] = true;
    }
}

static void change_hands(int thread)
{
    uint64_t bytes = 1 + rng_below(&rng, 48), address = AREA + rng_below(&rng, AREA_BYTES - bytes);
    if (rng_below(&rng, 4) == 0) {
        address = AREA + PAGE_BYTES * rng_below(&rng, 2);
        bytes = 2 * PAGE_BYTES;
    } else if (rng_below(&rng, 2)) {
        address = AREA + PAGE_BYTES - 24 + rng_below(&rng, 40);
    }
    if (address < AREA + 2 * PAGE_BYTES + 128 && address + bytes > AREA + 2 * PAGE_BYTES)
        return; /* the atomics stay, and what they order */
    bool frees = rng_below(&rng, 2);
    bool wanted = races(happen(thread), address, bytes, RACE_WRITE) && frees;
    uint64_t before = race_count(sim);
    race_call(sim, frees ? IMAGES_BASE + model.events_count * 16 : 0);
    race_give_back(sim, address, bytes);
    race_call(sim, 0);
    check_access(thread, address, bytes, RACE_FREE, wanted, before);
    forget(address, bytes);
}

static void start(int parent)
{
    int thread = (int)rng_below(&rng, THREADS);
    if (thread == parent)
        return;
    happen(parent);
    if (model.last[thread] >= 0 && rng_below(&rng, 2)) { /* it wakes another instead */
        race_pass(sim, sim->thread, sim_thread(sim, (uint32_t)thread));
        struct model_event *event = happen(thread);
        join(event->before, model.events[model.last[parent]].before);
        return;
    }
    struct thread *begun = sim_thread(sim, (uint32_t)thread);
    race_thread_forget(sim, begun);
    race_thread_begins(sim, sim->thread, begun);
    model.last[thread] = model.last[parent];
    memset(model.loaded[thread], 0, sizeof(event_set));
    memset(model.released[thread], 0, sizeof(event_set));
    model.has_released[thread] = false;
    for (int i = 0; i < ATOMICS; i++)
        if (model.owner[i] == thread)
            model.owner[i] = -1; /* a sequence is a thread's, not its number's */
    happen(thread);
}

static void step(void)
{
    int thread = (int)rng_below(&rng, THREADS);
    if (model.last[thread] < 0)
        thread = 0;
    run_as(thread);
    uint64_t drawn = rng_below(&rng, 100);
    if (drawn < 45)
        access_memory(thread);
    else if (drawn < 50)
        access_pages(thread);
    else if (drawn < 67)
        change_clock(thread);
    else if (drawn < 82)
        use_atomic(thread);
    else if (drawn < 86)
        fence(thread);
    else if (drawn < 92)
        change_hands(thread);
    else
        start(thread);
}

static void begin(uint64_t seed)
{
    const struct sim_options options = {
        .seed = 1, .arena_bytes = UINT64_C(1) << 30, .trace = {.fd = -1}};
    sim = sim_create(&options);
    assert_non_null(sim);
    race_begin(sim);
    rng = rng_keyed(seed, RNG_PROPERTY_TEST, 0);
    memset(&model, 0, sizeof model);
    memset(clocks, 0, sizeof clocks);
    for (int i = 0; i < THREADS; i++)
        model.last[i] = -1;
    for (int i = 0; i < ATOMICS; i++)
        model.owner[i] = -1;
    happen(0);
}

static void play(uint64_t seed)
{
    begin(seed);
    if (room_is_short)
        sim->race->headed_most = 1;
    for (int i = 0; i < 300; i++)
        step();
}

static void every_access_is_judged_as_by_the_naive_model(void **state)
{
    (void)state;
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        play(seed);
        found += race_count(sim);
        sim_destroy(sim);
    }
    assert_true(found > 1000); /* else the rounds say nothing */
}

static void races_are_missed_but_not_invented_when_room_is_short(void **state)
{
    (void)state;
    uint64_t found = 0;
    room_is_short = true;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        play(seed);
        found += race_count(sim);
        sim_destroy(sim);
    }
    room_is_short = false;
    assert_true(found > 100);
}

static void the_oldest_pages_give_up_their_cells_when_all_are_used(void **state)
{
    (void)state;
    begin(1);
    sim->race->cells_most = 4 * CELL_CHUNK;
    for (uint64_t at = 0; at < 64 * PAGE_BYTES; at += GRANULE_BYTES)
        race_access(sim, AREA + at, 8, RACE_WRITE, IMAGES_BASE + 16);
    assert_true(sim->race->chunks_count <= 5);
    race_thread_begins(sim, sim_thread(sim, 0), sim_thread(sim, 1));
    race_access(sim, AREA + 64 * PAGE_BYTES - 8, 8, RACE_WRITE, IMAGES_BASE + 16);
    run_as(1);
    uint64_t before = race_count(sim);
    race_access(sim, AREA + 64 * PAGE_BYTES - 8, 8, RACE_READ, IMAGES_BASE + 32);
    assert_int_equal(race_count(sim), before + 1);
    sim_destroy(sim);
}

/* More threads than there are clocks: they share, and races between those who do are missed. */
static void threads_beyond_number_share_a_clock(void **state)
{
    (void)state;
    begin(1);
    for (uint32_t i = 0; i < RACE_SLOTS + 100; i++) {
        struct thread *thread = sim_thread(sim, 1 + i % (THREADS_MAX - 2));
        race_thread_forget(sim, thread);
        race_thread_begins(sim, sim_thread(sim, 0), thread);
        sim->thread = thread;
        race_access(sim, AREA + 8 * (i % 4), 8, RACE_WRITE, IMAGES_BASE + 16 * i);
        run_as(0);
    }
    assert_true(race_count(sim) > 0);
    assert_true(sim->race->slots_used <= RACE_SLOTS);
    sim_destroy(sim);
}

/* Threads of a recording share a flow, and its stack. */
static void threads_of_one_flow_are_not_ordered_until_it_meets(void **state)
{
    (void)state;
    assert_true(fiber_begin()); /* its stack is asked for */
    begin(1);
    race_flow_meets(sim, sim->thread);
    race_access(sim, AREA, 8, RACE_WRITE, IMAGES_BASE + 16);
    sim_become(sim, 3);
    race_access(sim, AREA, 8, RACE_WRITE, IMAGES_BASE + 32);
    assert_int_equal(race_count(sim), 1);
    sim_become(sim, 0);
    race_flow_meets(sim, sim->thread);
    race_access(sim, AREA, 8, RACE_WRITE, IMAGES_BASE + 48);
    assert_int_equal(race_count(sim), 1);
    sim_become(sim, 4);
    race_access(sim, AREA, 8, RACE_READ, IMAGES_BASE + 64);
    assert_int_equal(race_count(sim), 2); /* it begins behind the meeting, no later */
    sim_destroy(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_access_is_judged_as_by_the_naive_model),
        cmocka_unit_test(races_are_missed_but_not_invented_when_room_is_short),
        cmocka_unit_test(the_oldest_pages_give_up_their_cells_when_all_are_used),
        cmocka_unit_test(threads_beyond_number_share_a_clock),
        cmocka_unit_test(threads_of_one_flow_are_not_ordered_until_it_meets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
