/* Other consumers of the machine, as a workload says: each entry is an activity that acts at its
 * time, before everything of the program that is due at the same time.
 *
 * What a step or a ramp took stays until some entry gives it back: all these share one account for
 * each kind. What a wave or a curve took is its own: it gives back what it got, whatever others
 * give back meanwhile. Figures (latency, job limit) are not taken; a wave of them goes back to what
 * holds otherwise. */
#include "clr/flow.h"

#define RAMP_STEPS 64
#define FIGURES 2

struct consumer {
    struct activity activity; /* first */
    struct run *run;
    const struct pressure *said;
    uint64_t steps, done; /* of the ramp, of the rise of this period; done: points of the curve */
    uint64_t round;       /* periods that are over */
    uint64_t held;        /* of a wave or curve: bytes that it took and has not given back */
    uint64_t spell;       /* of a figure: the number of the spell that holds, 0: none does */
};

/* A figure of the machine. What goes back by itself goes before what stays; of several the one that
 * began last. */
struct figure {
    bool known;         /* what follows is: the figure has been set */
    uint64_t base, now; /* what stays, what the machine has */
    uint64_t spells;    /* begun so far */
};

struct others {
    struct consumer *consumers;  /* workload->pressure_count */
    uint64_t lasting[PRESSURES]; /* bytes taken by steps and ramps, and not given back yet */
    uint64_t own[PRESSURES];     /* the sum of what waves and curves hold */
    struct figure figures[FIGURES];
};

static bool is_figure(const struct pressure *said)
{
    return said->of >= PRESSURES;
}

static uint64_t unit_of(const struct pressure *said)
{
    return said->of == PRESSURE_ADDRESS_SPACE ? GRANULARITY_BYTES : PAGE_BYTES;
}

/* ---- taking and giving back ---- */

static uint64_t call(struct run *run, const struct pressure *said, bool give_back, uint64_t bytes,
                     uint64_t pieces)
{
    const struct clr_env *env = &run->clr->env;
    CHECK(env->pressure != NULL);
    run_as(run->sim, 0);
    return env->pressure(env->context, (int)said->of, give_back, bytes, pieces);
}

/* What waves and curves hold is not for others to give back: of a ramp an equal part of what there
 * is else. */
static void give_back_lasting(struct run *run, const struct pressure *said, uint64_t bytes,
                              uint64_t parts)
{
    struct others *others = run->others;
    uint64_t *lasting = &others->lasting[said->of], part = *lasting;
    if (others->own[said->of] > 0) {
        if (bytes == UINT64_MAX && parts > 1)
            part = (part / parts + unit_of(said) - 1) / unit_of(said) * unit_of(said);
        bytes = bytes < part ? bytes : part;
        parts = 0;
    }
    uint64_t got = call(run, said, true, bytes, parts);
    CHECK(got <= *lasting);
    *lasting -= got;
}

static void take_own(struct consumer *c, uint64_t bytes, uint64_t parts)
{
    uint64_t got = call(c->run, c->said, false, bytes, parts);
    c->held += got;
    c->run->others->own[c->said->of] += got;
}

static void give_back_own(struct consumer *c, uint64_t bytes)
{
    uint64_t *own = &c->run->others->own[c->said->of];
    CHECK(bytes <= c->held);
    CHECK(c->held <= *own);
    if (bytes == 0)
        return; /* nothing could be taken */
    uint64_t got = call(c->run, c->said, true, bytes, 0);
    CHECK(got == bytes);
    *own -= got;
    c->held -= got;
}

/* ---- figures ---- */

static struct figure *figure_of(struct run *run, const struct pressure *said)
{
    CHECK(is_figure(said));
    CHECK(said->of - PRESSURES < FIGURES);
    return &run->others->figures[said->of - PRESSURES];
}

/* The spell of this figure that began last of those that hold, NULL: none does. */
static const struct consumer *last_spell(const struct run *run, const struct pressure *said)
{
    const struct consumer *last = NULL;
    for (uint32_t i = 0; i < run->workload->pressure_count; i++) {
        const struct consumer *c = &run->others->consumers[i];
        if (c->said->of == said->of && c->spell > (last ? last->spell : 0))
            last = c;
    }
    return last;
}

static void set_figure(struct run *run, const struct pressure *said, uint64_t value)
{
    struct figure *figure = figure_of(run, said);
    uint64_t before = call(run, said, false, value, 0);
    if (!figure->known)
        figure->base = before;
    figure->known = true;
    figure->now = value;
}

static void change_for_good(struct run *run, const struct pressure *said)
{
    if (!last_spell(run, said))
        set_figure(run, said, said->bytes);
    CHECK(figure_of(run, said)->known);
    figure_of(run, said)->base = said->bytes;
}

static void begin_spell(struct consumer *c)
{
    CHECK(c->spell == 0);
    c->spell = ++figure_of(c->run, c->said)->spells;
    set_figure(c->run, c->said, c->said->bytes);
}

static void end_spell(struct consumer *c)
{
    const struct figure *figure = figure_of(c->run, c->said);
    CHECK(c->spell > 0);
    CHECK(figure->known);
    c->spell = 0;
    const struct consumer *last = last_spell(c->run, c->said);
    uint64_t value = last ? last->said->bytes : figure->base;
    if (value != figure->now)
        set_figure(c->run, c->said, value);
}

/* ---- steps, ramps and rises ---- */

/* After something was done that was due then: whether what is due next can be done at once. Whoever
 * asks behind each change goes first. */
static bool goes_on(const struct consumer *c, uint64_t done_ns, uint64_t due_ns, uint64_t limit_ns)
{
    asks_pressure(c->run, done_ns);
    return due_ns <= limit_ns && !c->run->workload->ask_load_after_pressure;
}

/* From the beginning of a period of a wave until all is given back. */
static uint64_t high_ns(const struct pressure *said)
{
    CHECK(said->period_ns >= 1);
    CHECK(said->duty_percent >= 1 && said->duty_percent <= 100);
    return at_least((uint64_t)((unsigned __int128)said->period_ns * said->duty_percent / 100), 1);
}

/* How long taking takes. */
static uint64_t rise_ns(const struct pressure *said)
{
    return said->shape == PRESSURE_ONCE       ? said->over_ns
           : said->shape == PRESSURE_SAWTOOTH ? high_ns(said)
                                              : 0;
}

/* A step changes a page at least; in the address space a granule for each island. */
static uint64_t steps_of(const struct pressure *said)
{
    bool space = said->of == PRESSURE_ADDRESS_SPACE;
    bool all = said->bytes == UINT64_MAX;
    if (rise_ns(said) == 0 || (space && all) || is_figure(said))
        return 1;
    if (all)
        return RAMP_STEPS;
    uint64_t least = space ? GRANULARITY_BYTES * at_least(said->pieces, 1) : PAGE_BYTES;
    uint64_t most = said->bytes / least;
    return most > RAMP_STEPS ? RAMP_STEPS : at_least(most, 1);
}

/* Taken in whole pages, or granules, when so many steps are done; the last one takes what is left
 * over. */
static uint64_t bytes_after(const struct consumer *c, uint64_t steps)
{
    uint64_t bytes = c->said->bytes;
    CHECK(steps <= c->steps);
    if (steps == c->steps)
        return bytes;
    uint64_t part = (uint64_t)((unsigned __int128)bytes * steps / c->steps);
    return part - part % unit_of(c->said);
}

/* The next step of a ramp, or of the rise of a wave. */
static void take_step(struct consumer *c)
{
    const struct pressure *said = c->said;
    uint64_t bytes = said->bytes, parts = said->pieces;
    CHECK(c->done < c->steps);
    if (bytes != UINT64_MAX)
        bytes = bytes_after(c, c->done + 1) - bytes_after(c, c->done);
    else if (!is_figure(said) && said->of != PRESSURE_ADDRESS_SPACE)
        parts = c->steps - c->done; /* an equal part of what there is now */
    CHECK(bytes > 0 || said->bytes == 0);
    c->done++;
    if (is_figure(said) && said->shape == PRESSURE_ONCE)
        change_for_good(c->run, said);
    else if (is_figure(said))
        begin_spell(c);
    else if (said->shape != PRESSURE_ONCE)
        take_own(c, bytes, parts);
    else if (said->give_back)
        give_back_lasting(c->run, said, bytes, parts);
    else
        c->run->others->lasting[said->of] += call(c->run, said, false, bytes, parts);
}

/* When so many steps are to be done: a ramp is complete at its end, a sawtooth begins at once. */
static uint64_t step_ns(const struct consumer *c, uint64_t steps)
{
    uint64_t gone = c->said->shape == PRESSURE_ONCE ? steps : steps - 1;
    CHECK(steps >= 1);
    CHECK(steps <= c->steps);
    return (uint64_t)((unsigned __int128)rise_ns(c->said) * gone / c->steps);
}

static uint64_t ramp_turn(struct activity *activity, uint64_t limit_ns)
{
    struct consumer *c = (struct consumer *)activity;
    uint64_t due_ns = activity->due_ns, done_ns;
    do {
        reach(c->run->sim, due_ns);
        take_step(c);
        done_ns = due_ns;
        due_ns = c->done < c->steps ? c->said->at_ns + step_ns(c, c->done + 1) : NEVER;
    } while (goes_on(c, done_ns, due_ns, limit_ns));
    return due_ns;
}

/* ---- waves ---- */

/* When the wave acts next: rises, falls, ends. */
static uint64_t wave_due(const struct consumer *c)
{
    const struct pressure *said = c->said;
    if (c->done == 0 && said->times > 0 && c->round == said->times)
        return NEVER;
    uint64_t due_ns = said->at_ns + c->round * said->period_ns +
                      (c->done < c->steps ? step_ns(c, c->done + 1) : high_ns(said));
    if (said->until_ns == 0 || due_ns < said->until_ns)
        return due_ns;
    return c->done > 0 ? said->until_ns : NEVER;
}

static void fall(struct consumer *c)
{
    CHECK(c->done > 0);
    c->done = 0;
    c->round++;
    if (is_figure(c->said))
        end_spell(c);
    else
        give_back_own(c, c->held);
}

static uint64_t wave_turn(struct activity *activity, uint64_t limit_ns)
{
    struct consumer *c = (struct consumer *)activity;
    uint64_t due_ns = activity->due_ns, until_ns = c->said->until_ns, done_ns;
    do {
        reach(c->run->sim, due_ns);
        if (c->done == c->steps || (until_ns > 0 && due_ns == until_ns))
            fall(c);
        else
            take_step(c);
        done_ns = due_ns;
        due_ns = wave_due(c);
    } while (goes_on(c, done_ns, due_ns, limit_ns));
    return due_ns;
}

/* ---- curves ---- */

static uint64_t point_due(const struct consumer *c)
{
    const struct pressure *said = c->said;
    if (c->done == said->curve->count)
        return NEVER;
    uint64_t at_ns = said->curve->points[c->done].at_ns;
    return said->at_ns + (uint64_t)((unsigned __int128)at_ns * said->speed_den / said->speed_num);
}

/* Levels are absolute: what could not be taken at an earlier point is asked for again. */
static void reach_level(struct consumer *c)
{
    const struct pressure *said = c->said;
    uint64_t unit = unit_of(said), bytes = said->curve->points[c->done].bytes;
    CHECK(c->done < said->curve->count);
    c->done++;
    uint64_t level = (uint64_t)((unsigned __int128)bytes * said->scale_num / said->scale_den);
    level = (level + unit - 1) / unit * unit;
    if (level > c->held)
        take_own(c, level - c->held, said->pieces);
    else
        give_back_own(c, c->held - level);
}

static uint64_t curve_turn(struct activity *activity, uint64_t limit_ns)
{
    struct consumer *c = (struct consumer *)activity;
    uint64_t due_ns = activity->due_ns, done_ns;
    do {
        reach(c->run->sim, due_ns);
        reach_level(c);
        done_ns = due_ns;
        due_ns = point_due(c);
    } while (goes_on(c, done_ns, due_ns, limit_ns));
    return due_ns;
}

/* ---- all of them ---- */

static void consumer_begin(struct run *run, struct consumer *c, uint32_t order)
{
    const struct pressure *said = c->said;
    c->steps = steps_of(said);
    CHECK(c->steps >= 1);
    CHECK(c->steps <= RAMP_STEPS);
    if (said->shape == PRESSURE_ONCE)
        c->activity = (struct activity){said->at_ns + step_ns(c, 1), order, ramp_turn};
    else if (said->shape == PRESSURE_CURVE)
        c->activity = (struct activity){point_due(c), order, curve_turn};
    else
        c->activity = (struct activity){wave_due(c), order, wave_turn};
    outside_add(run, &c->activity);
}

uint32_t pressures_begin(struct run *run)
{
    const struct workload *workload = run->workload;
    struct arena *arena = &run->sim->arena;
    uint32_t count = workload->pressure_count;
    if (count == 0)
        return 0;
    CHECK(run->clr->env.pressure != NULL);
    run->others = arena_alloc(arena, sizeof *run->others);
    run->others->consumers = arena_alloc(arena, count * sizeof *run->others->consumers);
    for (uint32_t i = 0; i < count; i++) {
        struct consumer *c = &run->others->consumers[i];
        c->run = run;
        c->said = &workload->pressure[i];
        consumer_begin(run, c, i);
    }
    return count;
}

void pressures_drop(struct run *run)
{
    struct arena *arena = &run->sim->arena;
    uint32_t count = run->workload->pressure_count;
    if (count == 0)
        return;
    arena_free(arena, run->others->consumers, count * sizeof *run->others->consumers);
    arena_free(arena, run->others, sizeof *run->others);
}
