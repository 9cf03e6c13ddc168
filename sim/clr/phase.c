/* Phases: traffic drawn from histograms, at exact rates.
 *
 * Four sources of operations run side by side: allocations, and touches, protections and frees of
 * blocks that live. Each knows when its next operation is due from how many it has done, so nothing
 * drifts; without a rate its operations are spread over the phase, and without a duration they
 * come one after the other, sources in proportion to their counts. Blocks die when their lifetimes
 * end, before anything else that is due at the same time. Operations that are due in the phase are
 * performed even if the machine is late with them. */
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

struct phase {
    struct performance performance; /* first */
    struct run *run;
    const struct node *node;
    const struct step_phase *said;
    uint64_t begin_ns, end_ns; /* end: NEVER without a duration */
    struct source sources[SOURCES];
    struct lifetimes lifetimes;
    struct making making;
    /* What comes next. */
    enum next_thing next;
    enum source_kind next_source;
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

/* The source that is due first; of those that are due at once, the one that is furthest behind. */
static void choose_source(struct phase *phase)
{
    phase->next = NEXT_END;
    phase->due_ns = phase->end_ns;
    for (int i = 0; i < SOURCES; i++) {
        const struct source *source = &phase->sources[i];
        const struct source *best = &phase->sources[phase->next_source];
        uint64_t due_ns = source_due(phase, source);
        if (due_ns == NEVER || (phase->next == NEXT_OPERATION && due_ns > phase->due_ns))
            continue;
        if (phase->next == NEXT_OPERATION && due_ns == phase->due_ns &&
            !(source->pace.amount == 0 && best->pace.amount == 0 && is_behind(source, best)))
            continue;
        phase->next = NEXT_OPERATION;
        phase->next_source = (enum source_kind)i;
        phase->due_ns = due_ns;
    }
}

/* Decides what comes next, and when: not before the present, or the phase's beginning. */
static void choose(struct phase *phase, uint64_t now)
{
    const struct live_block *dying = lifetimes_first(&phase->lifetimes);
    phase->ready_ns = now;
    if (phase->ending) {
        phase->next = dying ? NEXT_DEATH : NEXT_END;
        phase->due_ns = dying ? now : NEVER;
        return;
    }
    choose_source(phase);
    CHECK(phase->next != NEXT_DEATH);
    if (phase->due_ns == NEVER || phase->due_ns < now)
        phase->due_ns = now;
    if (dying && dying->dies_ns <= phase->due_ns) {
        phase->next = NEXT_DEATH;
        phase->due_ns = at_least(dying->dies_ns, now);
    }
}

/* ---- what ---- */

static struct rng draws_of(const struct phase *phase, enum source_kind source, uint64_t n)
{
    return rng_keyed(phase->run->sim->seed, RNG_WORKLOAD, node_draw(phase->node, source, n));
}

/* The same numbers are drawn whatever is given: size, lifetime, survival. */
static uint64_t allocate(struct phase *phase, uint64_t n)
{
    const struct phase_allocate *said = &phase->said->allocate;
    struct rng rng = draws_of(phase, SOURCE_ALLOCATE, n);
    uint64_t size = draw_histogram(&rng, &said->size), life = LIFETIME_FOREVER, dies_ns = NEVER;
    if (said->lifetime.bars_count)
        life = draw_histogram(&rng, &said->lifetime);
    bool survives = said->lifetime.bars_count && draw_percent(&rng, said->survive_percent);
    if (life != LIFETIME_FOREVER && !(said->has_survive && survives))
        dies_ns = life < NEVER / 2 ? phase->run->sim->now_ns + life : NEVER / 2;
    block_make(&phase->making, size, dies_ns);
    return at_least(size, 1);
}

/* An operation on a block that lives, if there is one. Returns its bytes. */
static uint64_t act(struct phase *phase, enum source_kind source, uint64_t n)
{
    struct run *run = phase->run;
    const struct phase_action *said = source == SOURCE_TOUCH     ? &phase->said->touch
                                      : source == SOURCE_PROTECT ? &phase->said->protect
                                                                 : &phase->said->free;
    struct rng rng = draws_of(phase, source, n);
    struct live_block *block =
        pool_pick(&run->phases->pool, said->order, source == SOURCE_PROTECT, &rng);
    if (!block)
        return PAGE_BYTES;
    uint64_t size = at_least(block->size, 1);
    CHECK(source != SOURCE_PROTECT || block->class == BLOCK_OF_PAGES);
    if (source == SOURCE_TOUCH) {
        uint64_t offset = draw_up_to(&rng, size - 1);
        block_touch(run, block, offset, draw_percent(&rng, said->write_percent));
        return PAGE_BYTES;
    }
    if (source == SOURCE_PROTECT)
        block_protect(run, block, block->changed ? block->protect : said->protect);
    else
        block_free(run, block);
    return size;
}

static void operate(struct phase *phase)
{
    struct source *source = &phase->sources[phase->next_source];
    CHECK(!is_over(source));
    CHECK(!phase->ending);
    uint64_t n = source->done++, bytes;
    run_as(phase->run->sim, n % phase->said->threads);
    if (phase->next_source == SOURCE_ALLOCATE)
        bytes = allocate(phase, n);
    else
        bytes = act(phase, phase->next_source, n);
    CHECK(bytes > 0); /* or a rate in bytes would stand still */
    source->done_bytes += bytes;
}

static uint64_t phase_turn(struct performance *performance, uint64_t limit_ns)
{
    struct phase *phase = (struct phase *)performance;
    if (phase->next == NEXT_DEATH) /* another phase may have freed the block meanwhile */
        choose(phase, phase->ready_ns);
    while (phase->due_ns <= limit_ns) {
        reach(phase->run->sim, phase->due_ns);
        if (phase->next == NEXT_OPERATION) {
            operate(phase);
        } else if (phase->next == NEXT_DEATH) {
            struct live_block *dying = lifetimes_first(&phase->lifetimes);
            CHECK(dying != NULL);
            run_as(phase->run->sim, dying->thread);
            block_free(phase->run, dying);
        } else {
            CHECK(!phase->ending);
            phase->ending = true;
        }
        choose(phase, phase->run->sim->now_ns);
    }
    return phase->due_ns;
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

static void phase_end(struct performance *performance)
{
    struct phase *phase = (struct phase *)performance;
    CHECK(lifetimes_first(&phase->lifetimes) == NULL);
    if (phase->making.segments)
        segments_end(phase->making.segments);
    lifetimes_drop(&phase->lifetimes);
    arena_free(&phase->run->sim->arena, phase, sizeof *phase);
}

static void begin_making(struct phase *phase)
{
    const struct phase_allocate *said = &phase->said->allocate;
    struct run *run = phase->run;
    EMemoryCriticalLevel level = level_of(phase->said->criticality);
    phase->lifetimes.arena = &run->sim->arena;
    phase->making =
        (struct making){.run = run, .said = said, .level = level, .lifetimes = &phase->lifetimes};
    if (said->given && said->way == WAY_SEGMENT)
        phase->making.segments =
            segments_create(&run->phases->segments, run->clr, said->protect, level);
}

struct performance *phase_perform(struct run *run, const struct node *node, uint64_t begin_ns,
                                  uint64_t *due_ns)
{
    const struct step_phase *said = node->step->phase;
    struct phase *phase = arena_alloc(&run->sim->arena, sizeof *phase);
    *phase = (struct phase){.performance = {phase_turn, phase_end},
                            .run = run,
                            .node = node,
                            .said = said,
                            .begin_ns = begin_ns,
                            .end_ns = said->for_ns ? begin_ns + said->for_ns : NEVER};
    CHECK(node->step->kind == STEP_PHASE);
    CHECK(said->threads > 0);
    begin_making(phase);
    if (said->allocate.given)
        begin_source(phase, SOURCE_ALLOCATE, &said->allocate.rate, said->allocate.count,
                     said->allocate.total_bytes);
    if (said->touch.given)
        begin_source(phase, SOURCE_TOUCH, &said->touch.rate, said->touch.count, 0);
    if (said->protect.given)
        begin_source(phase, SOURCE_PROTECT, &said->protect.rate, said->protect.count, 0);
    if (said->free.given)
        begin_source(phase, SOURCE_FREE, &said->free.rate, said->free.count, 0);
    choose(phase, begin_ns);
    *due_ns = phase->due_ns;
    return &phase->performance;
}
