/* Pressure: other consumers of the computer. See scenario_private.h. */
#include "harness/scenario_private.h"

/* ---- the list ---- */

enum read_result read_pressures(struct loader *loader, const struct key *key,
                                const struct yaml_node *node, void *target)
{
    struct workload *workload = &loader->draft->scenario.workload;
    bool fine = true;
    (void)target;
    if (node->kind != YAML_LIST)
        return READ_WRONG;
    struct pressure *list = pool_alloc(loader->pool, node->count * sizeof *list);
    for (size_t i = 0; i < node->count; i++) {
        size_t before = path_enter(loader, "pressure[%zu]", i);
        list[i].line = node->items[i]->at.line;
        list[i].column = node->items[i]->at.column;
        list[i].path = path_keep(loader);
        fine = bind_section(loader, key->section, node->items[i], &list[i]) && fine;
        path_leave(loader, before);
    }
    workload->pressure = list;
    workload->pressure_count = (uint32_t)node->count;
    return fine ? READ_FINE : READ_SAID;
}

/* ---- what the keys of one say together ---- */

/* Each key of the list that is there has no meaning here. */
static void refuse(struct binding *b, const char *const *keys, const char *why)
{
    for (; *keys; keys++)
        if (given(b, *keys))
            SAY(b, given(b, *keys), "%s %s", *keys, why);
}

/* Whether a figure changes; nothing is taken then. */
static bool check_figure(struct binding *b)
{
    static const char *const of_amounts[] = {"of", "over", "pieces", NULL};
    struct pressure *pressure = b->target;
    if (!given(b, "latency") && !given(b, "job-limit"))
        return false;
    refuse(b, of_amounts, "belongs to take and give-back");
    pressure->of = given(b, "latency") ? PRESSURE_LATENCY : PRESSURE_JOB_LIMIT;
    return true;
}

static void check_wave(struct binding *b, bool figure)
{
    static const char *const of_others[] = {"give-back", "over", "for", NULL};
    struct pressure *pressure = b->target;
    bool square = pressure->shape == PRESSURE_SQUARE;
    char at[32];
    refuse(b, of_others, "cannot stand beside wave");
    if (!given(b, "period"))
        SAY(b, given(b, "wave"), "a wave needs a period");
    if (!given(b, "duty"))
        pressure->duty_percent = square ? 50 : 100;
    if (square && pressure->duty_percent == 100)
        SAY(b, given(b, "duty"), "a square wave that takes all of the period never gives back");
    if (figure && !square)
        SAY(b, given(b, "wave"), "latency and job-limit have square waves only");
    if (given(b, "until") && pressure->until_ns <= pressure->at_ns)
        SAY(b, given(b, "until"), "until must lie behind at (%s)",
            time_word(pressure->at_ns, at, sizeof at));
}

/* A single period. */
static void check_pulse(struct binding *b)
{
    static const char *const of_others[] = {"give-back", "over", NULL};
    struct pressure *pressure = b->target;
    refuse(b, of_others, "cannot stand beside for");
    pressure->shape = PRESSURE_SQUARE;
    pressure->duty_percent = 100;
    pressure->times = 1;
}

/* Products with ratios must stay what the engine can count. */
static void check_curve(struct binding *b)
{
    static const char *const of_others[] = {"wave", "over", "for", NULL};
    struct pressure *pressure = b->target;
    const struct pressure_curve *curve = pressure->curve;
    uint64_t most = 0, last = curve->points[curve->count - 1].at_ns;
    refuse(b, of_others, "cannot stand beside curve");
    pressure->shape = PRESSURE_CURVE;
    for (uint64_t i = 0; i < curve->count; i++)
        most = curve->points[i].bytes > most ? curve->points[i].bytes : most;
    if ((unsigned __int128)most * pressure->scale_num / pressure->scale_den > CURVE_BYTES_MOST)
        SAY(b, given(b, "scale"), "the curve takes more than 64TiB so");
    if ((unsigned __int128)last * pressure->speed_den / pressure->speed_num > CURVE_NS_MOST)
        SAY(b, given(b, "speed"), "the curve takes more than a day so");
}

void check_pressure(struct binding *b)
{
    static const char *const of_waves[] = {"period", "duty", "times", "until", NULL};
    static const char *const of_curves[] = {"scale", "speed", NULL};
    static const char *const kinds[] = {"take", "give-back", "latency", "job-limit", "curve"};
    struct pressure *pressure = b->target;
    int count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        count += given(b, kinds[i]) != NULL;
    if (count != 1)
        SAY(b, given(b, "give-back") ? given(b, "give-back") : b->map,
            "a pressure has one of take, give-back, latency, job-limit, curve");
    pressure->give_back = given(b, "give-back") != NULL;
    bool figure = check_figure(b);
    if (!given(b, "wave"))
        refuse(b, of_waves, "belongs to wave");
    if (!given(b, "curve"))
        refuse(b, of_curves, "belongs to curve");
    if (given(b, "curve"))
        check_curve(b);
    else if (given(b, "wave"))
        check_wave(b, figure);
    else if (given(b, "for"))
        check_pulse(b);
    if (pressure->pieces && pressure->of != PRESSURE_ADDRESS_SPACE && !figure)
        SAY(b, given(b, "pieces"), "pieces are of address space: of: address-space");
    if (pressure->pieces && pressure->give_back)
        SAY(b, given(b, "pieces"), "pieces are taken, not given back");
}
