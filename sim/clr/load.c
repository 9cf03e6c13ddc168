/* Comparing answers of GetMemoryLoad with the machine. See load.h. */
#include "clr/load.h"

#include "core/check.h"

static void ask(const struct load_answer *answer, struct memory_truth *truth)
{
    const struct clr_env *env = &answer->clr->env;
    if (env->memory_truth)
        env->memory_truth(env->context, truth);
    CHECK(truth->load_percent <= 100);
    CHECK(truth->available_bytes <= truth->physical_bytes);
}

void load_call_begins(struct load_answer *answer)
{
    ask(answer, &answer->begin);
}

void load_call_ends(struct load_answer *answer)
{
    ask(answer, &answer->end);
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Keeps the largest difference by which a is above b, which it returns. */
static uint64_t note_above(struct sim *sim, enum counter peak, uint64_t a, uint64_t b)
{
    uint64_t above = a > b ? a - b : 0;
    sim->counters[peak] = larger(sim->counters[peak], above);
    return above;
}

/* Returns by how many points it is less than the truth. */
static uint64_t compare_load(const struct load_answer *answer, uint32_t load)
{
    struct sim *sim = answer->clr->sim;
    uint64_t begin = answer->begin.load_percent, end = answer->end.load_percent;
    note_above(sim, COUNTER_load_over_peak_percent, load, larger(begin, end));
    return note_above(sim, COUNTER_load_under_peak_percent, lesser(begin, end), load);
}

/* Returns by how many bytes it is more than the truth. */
static uint64_t compare_available(const struct load_answer *answer, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    uint64_t begin = answer->begin.available_bytes, end = answer->end.available_bytes;
    note_above(sim, COUNTER_available_under_peak_bytes, lesser(begin, end), available);
    return note_above(sim, COUNTER_available_over_peak_bytes, available, larger(begin, end));
}

/* False: this is no answer. */
static bool is_answer(const struct load_answer *answer, uint32_t load, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    uint64_t physical = larger(answer->begin.physical_bytes, answer->end.physical_bytes);
    bool written = load != LOAD_UNWRITTEN, said = available != AVAILABLE_UNWRITTEN;
    if (!written)
        sim_finding(sim, FINDING_LOAD, 0, "S_OK, and *pMemoryLoad was not written");
    if (!said)
        sim_finding(sim, FINDING_LOAD, 0, "S_OK, and *pAvailableBytes was not written");
    if (written && load > 100)
        sim_finding(sim, FINDING_LOAD, load, "a load above 100%%: %u%%", load);
    if (said && available > physical)
        sim_finding(sim, FINDING_AVAILABLE, available,
                    "more available than there is memory: %llu bytes of %llu",
                    (unsigned long long)available, (unsigned long long)physical);
    return written && said;
}

void load_judge(const struct load_answer *answer, uint32_t load, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    const struct memory_truth *begin = &answer->begin, *end = &answer->end;
    if (!answer->clr->env.memory_truth)
        return;
    sim->counters[COUNTER_load_answers]++;
    if (!is_answer(answer, load, available))
        return;
    uint64_t under = compare_load(answer, load), over = compare_available(answer, available);
    if (under || over)
        sim_event(sim, EVENT_load_truth, 0, lesser(begin->load_percent, end->load_percent),
                  larger(begin->available_bytes, end->available_bytes), under, over);
}
