/* Comparing answers of GetMemoryLoad with the machine. See load.h. */
#include "clr/load.h"

#include "core/check.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void see(struct load_answer *answer, uint32_t load, uint64_t available)
{
    CHECK(load <= 100);
    answer->load_least = (uint32_t)lesser(answer->load_least, load);
    answer->load_most = (uint32_t)larger(answer->load_most, load);
    answer->available_least = lesser(answer->available_least, available);
    answer->available_most = larger(answer->available_most, available);
}

static void look(struct load_answer *answer)
{
    const struct clr_env *env = &answer->clr->env;
    struct memory_truth truth = {0};
    if (!env->memory_truth)
        return;
    env->memory_truth(env->context, &truth);
    CHECK(truth.available_bytes <= truth.physical_bytes);
    answer->physical_bytes = larger(answer->physical_bytes, truth.physical_bytes);
    see(answer, truth.load_percent, truth.available_bytes);
}

void load_call_begins(struct load_answer *answer)
{
    struct clr *clr = answer->clr;
    CHECK(answer->clr->sim->actor == ACTOR_POLICY);
    answer->load_least = UINT32_MAX;
    answer->available_least = UINT64_MAX;
    answer->next = clr->answers;
    clr->answers = answer;
    look(answer);
}

void load_call_ends(struct load_answer *answer)
{
    struct load_answer **at = &answer->clr->answers;
    look(answer);
    while (*at && *at != answer)
        at = &(*at)->next;
    CHECK(*at == answer);
    *at = answer->next;
}

void load_told(void *clr, uint32_t load_percent, uint64_t available_bytes)
{
    struct load_answer *answer = ((struct clr *)clr)->answers;
    for (; answer; answer = answer->next)
        see(answer, load_percent, available_bytes);
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
    note_above(sim, COUNTER_load_over_peak_percent, load, answer->load_most);
    return note_above(sim, COUNTER_load_under_peak_percent, answer->load_least, load);
}

/* Returns by how many bytes it is more than the truth. */
static uint64_t compare_available(const struct load_answer *answer, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    note_above(sim, COUNTER_available_under_peak_bytes, answer->available_least, available);
    return note_above(sim, COUNTER_available_over_peak_bytes, available, answer->available_most);
}

/* False: this is no answer. */
static bool is_answer(const struct load_answer *answer, uint32_t load, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    bool written = load != LOAD_UNWRITTEN, said = available != AVAILABLE_UNWRITTEN;
    if (!written)
        sim_finding(sim, FINDING_LOAD, 0, "S_OK, and *pMemoryLoad was not written");
    if (!said)
        sim_finding(sim, FINDING_LOAD, 0, "S_OK, and *pAvailableBytes was not written");
    if (written && load > 100)
        sim_finding(sim, FINDING_LOAD, load, "a load above 100%%: %u%%", load);
    if (said && available > answer->physical_bytes)
        sim_finding(sim, FINDING_AVAILABLE, available,
                    "more available than there is memory: %llu bytes of %llu",
                    (unsigned long long)available, (unsigned long long)answer->physical_bytes);
    return written && said;
}

void load_judge(const struct load_answer *answer, uint32_t load, uint64_t available)
{
    struct sim *sim = answer->clr->sim;
    if (!answer->clr->env.memory_truth)
        return;
    CHECK(answer->load_least <= answer->load_most);
    CHECK(answer->available_least <= answer->available_most);
    sim->counters[COUNTER_load_answers]++;
    if (!is_answer(answer, load, available))
        return;
    uint64_t under = compare_load(answer, load), over = compare_available(answer, available);
    if (under || over)
        sim_event(sim, EVENT_load_truth, 0, answer->load_least, answer->available_most, under,
                  over);
}
