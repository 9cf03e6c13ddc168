/* Streams of touches as steps of a workload. See core/page_stream.h for the pages they choose. */
#include "clr/holdings.h"

#include "clr/draw.h"
#include "core/page_stream.h"

struct stream {
    struct performance performance; /* first */
    struct run *run;
    const struct step_touch *said;
    uint64_t begin_ns, done;
    uint64_t base;   /* native address of page 0, 0: refused, or not there yet */
    bool own, asked; /* its memory is its own; the host has been asked for it */
    struct rng writes;
    struct page_stream pages;
};

static bool writes_next(struct stream *stream)
{
    uint64_t percent = stream->said->write_percent;
    return percent == 100 || (percent > 0 && draw_percent(&stream->writes, percent));
}

static void ask_memory(struct stream *stream)
{
    uint64_t size = stream->said->pages * PAGE_BYTES;
    CHECK(stream->own);
    CHECK(!stream->asked);
    stream->asked = true;
    host_virtual_alloc(stream->run->clr, 0, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                       eTaskCritical, &stream->base);
    count_operation(stream->run->sim, stream->base != 0);
}

static void end_memory(struct stream *stream)
{
    CHECK(stream->own);
    CHECK(stream->base != 0);
    HRESULT hr = host_virtual_free(stream->run->clr, stream->base, 0, MEM_RELEASE);
    count_operation(stream->run->sim, hr == S_OK);
}

static void touch_next(struct stream *stream)
{
    const struct clr_env *env = &stream->run->clr->env;
    CHECK(stream->done < stream->said->references);
    uint64_t address = stream->base + page_stream_next(&stream->pages) * PAGE_BYTES;
    if (!env->touch(env->context, address, writes_next(stream)))
        stream->run->sim->counters[COUNTER_operations_dependent]++;
    stream->done++;
}

static void study(const struct stream *stream, bool begins)
{
    const struct clr_env *env = &stream->run->clr->env;
    if (stream->own && env->study)
        env->study(env->context, begins);
}

/* Time of the next reference, at least now. */
static uint64_t next_due(const struct stream *stream)
{
    const struct rate *rate = &stream->said->rate;
    uint64_t done = stream->done, now = stream->run->sim->now_ns;
    if (rate->amount == 0)
        return now;
    return at_least(rate_due(stream->begin_ns, rate, rate->bytes ? done * PAGE_BYTES : done), now);
}

static uint64_t stream_turn(struct performance *performance, uint64_t limit_ns)
{
    struct stream *stream = (struct stream *)performance;
    struct sim *sim = stream->run->sim;
    uint64_t references = stream->said->references, due_ns = next_due(stream);
    run_as(sim, 0);
    if (stream->done == references) {
        end_memory(stream);
        return NEVER;
    }
    if (stream->own && !stream->asked) {
        reach(sim, due_ns);
        ask_memory(stream);
        return sim->now_ns;
    }
    if (stream->base == 0) { /* refused: no reference can be made */
        sim->counters[COUNTER_operations_dependent] += references;
        return NEVER;
    }
    if (stream->done == 0)
        study(stream, true);
    do {
        reach(sim, due_ns);
        touch_next(stream);
        due_ns = next_due(stream);
    } while (due_ns <= limit_ns && stream->done < references);
    if (stream->done < references)
        return due_ns;
    study(stream, false);
    return stream->own ? sim->now_ns : NEVER; /* its memory is still to be released */
}

static void stream_end(struct performance *performance)
{
    struct stream *stream = (struct stream *)performance;
    struct arena *arena = &stream->run->sim->arena;
    page_stream_close(&stream->pages, arena);
    arena_free(arena, stream, sizeof *stream);
}

struct performance *stream_perform(struct run *run, const struct node *node, uint64_t index,
                                   uint64_t begin_ns, uint64_t *due_ns)
{
    static const enum page_order orders[] = {[TOUCH_SEQUENTIAL] = PAGES_SEQUENTIAL,
                                             [TOUCH_RANDOM] = PAGES_RANDOM,
                                             [TOUCH_ZIPF] = PAGES_ZIPF,
                                             [TOUCH_HOT_COLD] = PAGES_HOT_COLD};
    const struct step_touch *said = node->step->touch;
    struct arena *arena = &run->sim->arena;
    struct stream *stream = arena_alloc(arena, sizeof *stream);
    struct rng seeds = rng_keyed(run->sim->seed, RNG_WORKLOAD, node_draw(node, 0, 0));
    uint64_t state = rng_next(&seeds), sequence = rng_next(&seeds);
    *stream =
        (struct stream){.performance = {stream_turn, stream_end},
                        .run = run,
                        .said = said,
                        .begin_ns = begin_ns,
                        .own = said->at == NULL,
                        .writes = rng_keyed(run->sim->seed, RNG_WORKLOAD, node_draw(node, 1, 0))};
    CHECK(node->step->kind == STEP_TOUCH);
    CHECK(said->pages > 0);
    if (said->pcg32.given) {
        state = said->pcg32.state;
        sequence = said->pcg32.sequence;
    }
    page_stream_open(&stream->pages, arena, orders[said->order], said->pages, state, sequence);
    if (said->order == TOUCH_HOT_COLD)
        page_stream_heat(&stream->pages, at_least(said->pages * said->hot_percent / 100, 1),
                         said->hot_references_percent);
    if (said->at && !block_resolve(run, said->at, index, &stream->base))
        stream->base = 0;
    *due_ns = said->references ? begin_ns : NEVER;
    return &stream->performance;
}
