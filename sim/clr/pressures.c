/* Other consumers of the machine, as a workload says: each entry is an activity that acts at its
 * time, before everything of the program that is due at the same time. */
#include "clr/workload_private.h"

#define RAMP_STEPS 64

struct ramp {
    struct activity activity; /* first */
    struct run *run;
    const struct pressure *said;
    uint64_t steps, done;
};

/* A step changes a page at least; in the address space a granule for each island. */
static uint64_t steps_of(const struct pressure *said)
{
    bool space = said->of == PRESSURE_ADDRESS_SPACE;
    bool all = said->bytes == UINT64_MAX;
    if (said->over_ns == 0 || (space && all) || said->of >= PRESSURES)
        return 1;
    if (all)
        return RAMP_STEPS;
    uint64_t least = space ? GRANULARITY_BYTES * at_least(said->pieces, 1) : PAGE_BYTES;
    uint64_t most = said->bytes / least;
    return most > RAMP_STEPS ? RAMP_STEPS : at_least(most, 1);
}

/* Taken in whole pages, or granules, when so many steps are done; the last one takes what is left
 * over. */
static uint64_t bytes_after(const struct ramp *ramp, uint64_t steps)
{
    uint64_t bytes = ramp->said->bytes;
    CHECK(steps <= ramp->steps);
    if (steps == ramp->steps)
        return bytes;
    uint64_t part = (uint64_t)((unsigned __int128)bytes * steps / ramp->steps);
    return part -
           part % (ramp->said->of == PRESSURE_ADDRESS_SPACE ? GRANULARITY_BYTES : PAGE_BYTES);
}

static uint64_t due_of(const struct ramp *ramp, uint64_t step)
{
    const struct pressure *said = ramp->said;
    CHECK(step >= 1);
    CHECK(step <= ramp->steps);
    if (said->over_ns == 0)
        return said->at_ns;
    return said->at_ns + (uint64_t)((unsigned __int128)said->over_ns * step / ramp->steps);
}

static void take_step(struct ramp *ramp)
{
    const struct clr_env *env = &ramp->run->clr->env;
    const struct pressure *said = ramp->said;
    uint64_t bytes = said->bytes, pieces = said->pieces;
    CHECK(ramp->done < ramp->steps);
    if (bytes != UINT64_MAX)
        bytes = bytes_after(ramp, ramp->done + 1) - bytes_after(ramp, ramp->done);
    else if (said->of < PRESSURES && said->of != PRESSURE_ADDRESS_SPACE)
        pieces = ramp->steps - ramp->done; /* an equal part of what there is now */
    CHECK(bytes > 0 || said->bytes == 0);
    run_as(ramp->run->sim, 0);
    env->pressure(env->context, (int)said->of, said->give_back, bytes, pieces);
    ramp->done++;
}

static uint64_t ramp_turn(struct activity *activity, uint64_t limit_ns)
{
    struct ramp *ramp = (struct ramp *)activity;
    uint64_t due_ns = activity->due_ns;
    do {
        reach(ramp->run->sim, due_ns);
        take_step(ramp);
        due_ns = ramp->done < ramp->steps ? due_of(ramp, ramp->done + 1) : NEVER;
    } while (due_ns <= limit_ns);
    return due_ns;
}

uint32_t pressures_begin(struct run *run)
{
    const struct workload *workload = run->workload;
    uint32_t count = workload->pressure_count;
    if (count)
        run->ramps = arena_alloc(&run->sim->arena, count * sizeof *run->ramps);
    for (uint32_t i = 0; i < count; i++) {
        struct ramp *ramp = &run->ramps[i];
        CHECK(run->clr->env.pressure != NULL);
        *ramp = (struct ramp){.run = run, .said = &workload->pressure[i]};
        ramp->steps = steps_of(ramp->said);
        CHECK(ramp->steps >= 1);
        CHECK(ramp->steps <= RAMP_STEPS);
        ramp->activity = (struct activity){due_of(ramp, 1), i, ramp_turn};
        schedule_add(&run->schedule, &ramp->activity);
    }
    return count;
}

void pressures_drop(struct run *run)
{
    uint32_t count = run->workload->pressure_count;
    if (count)
        arena_free(&run->sim->arena, run->ramps, count * sizeof *run->ramps);
}
