/* Phases: traffic drawn from histograms, at exact rates.
 *
 * Four sources of operations run side by side: allocations, and touches, protections and frees of
 * blocks that live. Each knows when its next operation is due from how many it has done, so nothing
 * drifts; without a rate its operations are spread over the phase, and without a duration they
 * come one after the other, sources in proportion to their counts. Blocks die when their lifetimes
 * end, before anything else that is due at the same time. Operations that are due in the phase are
 * performed even if the machine is late with them.
 *
 * With several threads the operations of each source go round them, whatever the schedule: each
 * thread performs its own on a flow of its own. A block that one of them works at is left alone by
 * the others. */
#include "clr/draw.h"
#include "clr/phase_blocks.h"

enum source_kind { SOURCE_ALLOCATE, SOURCE_TOUCH, SOURCE_PROTECT, SOURCE_FREE, SOURCES };

struct source {
    bool given;
    uint64_t count, bytes; /* at most so many operations, bytes; NEVER: no such limit */
    struct rate pace;      /* amount 0: one after the other */
    uint64_t done, done_bytes;
};

enum next_thing { NEXT_DEATH, NEXT_OPERATION, NEXT_END };

/* An operation: what it is, when, and by whom depends on its number only. */
struct assignment {
    bool given;
    enum source_kind source;
    uint64_t number, due_ns;
    uint64_t size;    /* allocate */
    struct rng draws; /* what comes next of its own */
};

/* Operations that came up before their threads asked for them. */
struct queued {
    struct queued *next;
    struct assignment operation;
};
struct queue {
    struct queued *first, *last;
};

/* What its threads share. */
struct phase {
    struct run *run;
    const struct node *node;
    const struct step_phase *said;
    uint64_t begin_ns, end_ns; /* end: NEVER without a duration */
    struct source sources[SOURCES];
    struct queue *queues; /* said->threads */
    uint64_t ended;       /* threads */
};

/* What one thread does in a phase. The blocks that it made die by its hand. */
struct worker {
    struct performance performance; /* first */
    struct run *run;
    struct phase *phase;
    uint64_t index; /* of the thread */
    struct lifetimes lifetimes;
    struct making making;
    /* What comes next. */
    enum next_thing next;
    struct assignment operation; /* of NEXT_OPERATION, or behind the death */
    uint64_t due_ns;
    uint64_t ready_ns; /* when its last operation was done */
    bool ending;       /* only deaths are left */
};

/* ---- when ---- */

static bool is_over(const struct source *source)
{
    return !source->given || source->done >= source->count || source->done_bytes >= source->bytes;
}

/* NEVER: nothing more of it in this phase. */
static uint64_t source_due(const struct phase *phase, const struct source *source)
{
    if (is_over(source))
        return NEVER;
    if (source->pace.amount == 0)
        return phase->begin_ns;
    uint64_t done = source->pace.bytes ? source->done_bytes : source->done;
    uint64_t due_ns = rate_due(phase->begin_ns, &source->pace, done);
    CHECK(due_ns >= phase->begin_ns);
    return due_ns < phase->end_ns ? due_ns : NEVER;
}

/* How far a source is, as a fraction. */
static bool is_behind(const struct source *a, const struct source *b)
{
    bool a_counts = a->count != NEVER, b_counts = b->count != NEVER;
    uint64_t a_done = a_counts ? a->done : a->done_bytes, a_all = a_counts ? a->count : a->bytes;
    uint64_t b_done = b_counts ? b->done : b->done_bytes, b_all = b_counts ? b->count : b->bytes;
    return (unsigned __int128)a_done * b_all < (unsigned __int128)b_done * a_all;
}

/* The source that is due first; of those that are due at once, the one that is furthest behind.
 * SOURCES: none is. */
static enum source_kind choose_source(const struct phase *phase, uint64_t *due_ns)
{
    enum source_kind chosen = SOURCES;
    *due_ns = NEVER;
    for (int i = 0; i < SOURCES; i++) {
        const struct source *source = &phase->sources[i], *best = &phase->sources[chosen % SOURCES];
        uint64_t due = source_due(phase, source);
        if (due == NEVER || (chosen != SOURCES && due > *due_ns))
            continue;
        if (chosen != SOURCES && due == *due_ns &&
            !(source->pace.amount == 0 && best->pace.amount == 0 && is_behind(source, best)))
            continue;
        chosen = (enum source_kind)i;
        *due_ns = due;
    }
    return chosen;
}

static struct rng draws_of(const struct phase *phase, enum source_kind source, uint64_t n)
{
    return rng_keyed(phase->run->sim->seed, RNG_WORKLOAD, node_draw(phase->node, source, n));
}

/* The next operation of all, in the order in which they are due. False: there is none. */
static bool next_of_all(struct phase *phase, struct assignment *next)
{
    uint64_t due_ns, bytes = PAGE_BYTES;
    enum source_kind kind = choose_source(phase, &due_ns);
    if (kind == SOURCES)
        return false;
    struct source *source = &phase->sources[kind];
    CHECK(!is_over(source));
    *next = (struct assignment){.given = true, .source = kind, .due_ns = due_ns};
    next->number = source->done++;
    next->draws = draws_of(phase, kind, next->number);
    if (kind == SOURCE_ALLOCATE) {
        next->size = draw_histogram(&next->draws, &phase->said->allocate.size);
        bytes = at_least(next->size, 1); /* or a rate in bytes would stand still */
    }
    source->done_bytes += bytes;
    return true;
}

static void put(struct phase *phase, uint64_t index, const struct assignment *operation)
{
    struct queue *queue = &phase->queues[index];
    CHECK(operation->given);
    CHECK(index < phase->said->threads);
    struct queued *queued = arena_alloc(&phase->run->sim->arena, sizeof *queued);
    *queued = (struct queued){NULL, *operation};
    *(queue->first ? &queue->last->next : &queue->first) = queued;
    queue->last = queued;
}

static bool take_queued(struct phase *phase, uint64_t index, struct assignment *operation)
{
    struct queue *queue = &phase->queues[index];
    struct queued *taken = queue->first;
    if (!taken)
        return false;
    CHECK(taken->next != NULL || queue->last == taken);
    queue->first = taken->next;
    *operation = taken->operation;
    arena_free(&phase->run->sim->arena, taken, sizeof *taken);
    return true;
}

/* The next one of a thread; not given: there is none. */
static void take(struct worker *worker)
{
    struct phase *phase = worker->phase;
    uint64_t threads = phase->said->threads;
    CHECK(!worker->operation.given);
    if (take_queued(phase, worker->index, &worker->operation))
        return;
    while (next_of_all(phase, &worker->operation)) {
        uint64_t index = worker->operation.number % threads;
        if (index == worker->index)
            return;
        put(phase, index, &worker->operation);
    }
    worker->operation.given = false;
}

/* Decides what comes next, and when: not before the present, or the phase's beginning. */
static void choose(struct worker *worker, uint64_t now)
{
    const struct phase *phase = worker->phase;
    const struct live_block *dying = lifetimes_first(&worker->lifetimes);
    worker->ready_ns = now;
    if (worker->ending) {
        worker->next = dying ? NEXT_DEATH : NEXT_END;
        worker->due_ns = dying ? now : NEVER;
        return;
    }
    if (!worker->operation.given)
        take(worker);
    worker->next = worker->operation.given ? NEXT_OPERATION : NEXT_END;
    worker->due_ns = worker->operation.given ? worker->operation.due_ns : phase->end_ns;
    if (worker->due_ns == NEVER || worker->due_ns < now)
        worker->due_ns = now;
    if (dying && dying->dies_ns <= worker->due_ns) {
        worker->next = NEXT_DEATH;
        worker->due_ns = at_least(dying->dies_ns, now);
    }
    CHECK(worker->due_ns >= now);
}

/* ---- what ---- */

/* The same numbers are drawn whatever is given: size, lifetime, survival. */
static void allocate(struct worker *worker, struct assignment *operation)
{
    const struct phase_allocate *said = &worker->phase->said->allocate;
    CHECK(said->given);
    uint64_t life = LIFETIME_FOREVER, dies_ns = NEVER;
    if (said->lifetime.bars_count)
        life = draw_histogram(&operation->draws, &said->lifetime);
    bool survives =
        said->lifetime.bars_count && draw_percent(&operation->draws, said->survive_percent);
    if (life != LIFETIME_FOREVER && !(said->has_survive && survives))
        dies_ns = life < NEVER / 2 ? worker->run->sim->now_ns + life : NEVER / 2;
    block_make(&worker->making, operation->size, dies_ns);
}

/* An operation on a block that lives, if there is one that nobody works at. */
static void act(struct worker *worker, struct assignment *operation)
{
    struct run *run = worker->run;
    const struct step_phase *phase = worker->phase->said;
    const struct phase_action *said = operation->source == SOURCE_TOUCH     ? &phase->touch
                                      : operation->source == SOURCE_PROTECT ? &phase->protect
                                                                            : &phase->free;
    struct live_block *block = pool_pick(&run->phases->pool, said->order,
                                         operation->source == SOURCE_PROTECT, &operation->draws);
    if (!block)
        return;
    CHECK(!block->busy);
    CHECK(operation->source != SOURCE_PROTECT || block->class == BLOCK_OF_PAGES);
    if (operation->source == SOURCE_TOUCH) {
        uint64_t offset = draw_up_to(&operation->draws, at_least(block->size, 1) - 1);
        block_touch(run, block, offset, draw_percent(&operation->draws, said->write_percent));
    } else if (operation->source == SOURCE_PROTECT) {
        block_protect(run, block, block->changed ? block->protect : said->protect);
    } else {
        block_free(run, block);
    }
}

static void operate(struct worker *worker)
{
    struct assignment operation = worker->operation;
    CHECK(operation.given);
    CHECK(!worker->ending);
    worker->operation.given = false;
    run_as(worker->run->sim, 0);
    if (operation.source == SOURCE_ALLOCATE)
        allocate(worker, &operation);
    else
        act(worker, &operation);
}

static uint64_t worker_turn(struct performance *performance, uint64_t limit_ns)
{
    struct worker *worker = (struct worker *)performance;
    struct sim *sim = worker->run->sim;
    if (worker->next == NEXT_DEATH) /* another one may have freed the block meanwhile */
        choose(worker, worker->ready_ns);
    while (worker->due_ns <= limit_ns) {
        reach(sim, worker->due_ns);
        if (worker->next == NEXT_OPERATION) {
            operate(worker);
        } else if (worker->next == NEXT_DEATH) {
            struct live_block *dying = lifetimes_first(&worker->lifetimes);
            run_as(sim, 0);
            if (dying) /* reaching the time may have let others run */
                block_die(worker->run, dying);
        } else {
            CHECK(!worker->ending);
            worker->ending = true;
        }
        choose(worker, sim->now_ns);
    }
    return worker->due_ns;
}

/* ---- beginning and end ---- */

/* Without a rate operations are spread over the duration, if there is one. A source without any
 * limit, and no end, would never stop: it does nothing. */
static void begin_source(struct phase *phase, enum source_kind kind, const struct rate *rate,
                         uint64_t count, uint64_t bytes)
{
    struct source *source = &phase->sources[kind];
    CHECK(rate->amount == 0 || rate->per_ns > 0);
    uint64_t for_ns = phase->said->for_ns;
    *source = (struct source){.given = count || bytes || (rate->amount && for_ns),
                              .count = count ? count : NEVER,
                              .bytes = bytes ? bytes : NEVER,
                              .pace = *rate};
    if (rate->amount || !for_ns)
        return;
    if (count)
        source->pace = (struct rate){count, for_ns, false};
    else
        source->pace = (struct rate){bytes, for_ns, true};
}

static void worker_end(struct performance *performance)
{
    struct worker *worker = (struct worker *)performance;
    struct phase *phase = worker->phase;
    struct arena *arena = &worker->run->sim->arena;
    CHECK(phase->ended < phase->said->threads);
    CHECK(lifetimes_first(&worker->lifetimes) == NULL);
    CHECK(phase->queues[worker->index].first == NULL);
    if (worker->making.segments)
        segments_end(worker->making.segments);
    lifetimes_drop(&worker->lifetimes);
    arena_free(arena, worker, sizeof *worker);
    if (++phase->ended < phase->said->threads)
        return;
    arena_free(arena, phase->queues, phase->said->threads * sizeof *phase->queues);
    arena_free(arena, phase, sizeof *phase);
}

static void begin_making(struct worker *worker)
{
    const struct step_phase *phase = worker->phase->said;
    const struct phase_allocate *said = &phase->allocate;
    struct run *run = worker->run;
    EMemoryCriticalLevel level = level_of(phase->criticality);
    CHECK(worker->making.run == NULL);
    worker->lifetimes.arena = &run->sim->arena;
    worker->making =
        (struct making){.run = run, .said = said, .level = level, .lifetimes = &worker->lifetimes};
    if (said->given && said->way == WAY_SEGMENT) /* a heap for each thread, as on a server */
        worker->making.segments =
            segments_create(&run->phases->segments, run->clr, said->protect, level);
}

struct phase *phase_begin(struct run *run, const struct node *node, uint64_t begin_ns)
{
    const struct step_phase *said = node->step->phase;
    struct phase *phase = arena_alloc(&run->sim->arena, sizeof *phase);
    CHECK(node->step->kind == STEP_PHASE);
    CHECK(said->threads > 0);
    *phase = (struct phase){.run = run,
                            .node = node,
                            .said = said,
                            .begin_ns = begin_ns,
                            .end_ns = said->for_ns ? begin_ns + said->for_ns : NEVER};
    phase->queues = arena_alloc(&run->sim->arena, said->threads * sizeof *phase->queues);
    if (said->allocate.given)
        begin_source(phase, SOURCE_ALLOCATE, &said->allocate.rate, said->allocate.count,
                     said->allocate.total_bytes);
    if (said->touch.given)
        begin_source(phase, SOURCE_TOUCH, &said->touch.rate, said->touch.count, 0);
    if (said->protect.given)
        begin_source(phase, SOURCE_PROTECT, &said->protect.rate, said->protect.count, 0);
    if (said->free.given)
        begin_source(phase, SOURCE_FREE, &said->free.rate, said->free.count, 0);
    return phase;
}

struct performance *phase_join(struct phase *phase, uint64_t index, uint64_t *due_ns)
{
    struct run *run = phase->run;
    struct worker *worker = arena_alloc(&run->sim->arena, sizeof *worker);
    *worker = (struct worker){
        .performance = {worker_turn, worker_end}, .run = run, .phase = phase, .index = index};
    CHECK(index < phase->said->threads);
    begin_making(worker);
    choose(worker, phase->begin_ns);
    *due_ns = worker->due_ns;
    return &worker->performance;
}
