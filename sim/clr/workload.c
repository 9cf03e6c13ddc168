/* A workload from beginning to end. See workload.h. */
#include "clr/flow.h"
#include "clr/holdings.h"
#include "core/sched.h"

/* ---- the tree of steps ---- */

/* FNV-1a, 64 bits. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* What a step draws depends on what it is: a phase's name, a stream's figures. So a step that is
 * changed, added or taken away shifts the draws of no other. */
static uint64_t identity(const struct step *step)
{
    if (step->kind == STEP_PHASE)
        return hash_text(step->phase->name ? step->phase->name : "");
    if (step->kind != STEP_TOUCH)
        return 0;
    const struct step_touch *touch = step->touch;
    uint64_t key = ((uint64_t)touch->order + 1) * UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ touch->pages) * UINT64_C(0xbf58476d1ce4e5b9);
    return (key ^ touch->references) * UINT64_C(0x94d049bb133111eb);
}

struct tree {
    struct arena *arena;
    uint32_t next_number;
    uint64_t *identities; /* seen so far, of steps that draw */
    uint32_t seen, room;
};

static uint32_t count_steps(const struct step *steps, uint32_t count)
{
    uint32_t all = count;
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].kind == STEP_REPEAT || steps[i].kind == STEP_TOGETHER)
            all += count_steps(steps[i].steps, steps[i].steps_count) *
                   (uint32_t)body_copies(&steps[i]);
    return all;
}

/* Steps that are the same differ by how many such came before them. */
static uint64_t key_of(struct tree *tree, const struct step *step)
{
    uint64_t key = identity(step), twins = 0;
    if (step->kind != STEP_PHASE && step->kind != STEP_TOUCH)
        return 0;
    for (uint32_t i = 0; i < tree->seen; i++)
        twins += tree->identities[i] == key;
    CHECK(tree->seen < tree->room);
    tree->identities[tree->seen++] = key;
    return key + twins * UINT64_C(0xd1342543de82ef95);
}

/* Each thread that performs a step has nodes of its own, so that what it draws does not depend on
 * who comes first. The first one draws what the step would draw without threads. */
static void copy_nodes(struct tree *tree, const struct node *from, struct node *to, uint64_t count,
                       uint64_t copy)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct step *step = from[i].step;
        to[i] = (struct node){.step = step, .number = tree->next_number++};
        if (from[i].key)
            to[i].key = (from[i].key + copy) * UINT64_C(0xf1357aea2e62a9c5);
        if (!from[i].body)
            continue;
        uint64_t nodes = step->steps_count * body_copies(step);
        to[i].body = arena_alloc(tree->arena, nodes * sizeof *to);
        copy_nodes(tree, from[i].body, to[i].body, nodes, copy);
    }
}

static struct node *plant(struct tree *tree, const struct step *steps, uint32_t count,
                          uint64_t copies)
{
    if (count == 0)
        return NULL;
    struct node *nodes = arena_alloc(tree->arena, copies * count * sizeof *nodes);
    CHECK(steps != NULL);
    for (uint32_t i = 0; i < count; i++) {
        nodes[i] = (struct node){.step = &steps[i], .number = tree->next_number++};
        nodes[i].key = key_of(tree, &steps[i]);
        if (steps[i].kind == STEP_REPEAT || steps[i].kind == STEP_TOGETHER)
            nodes[i].body =
                plant(tree, steps[i].steps, steps[i].steps_count, body_copies(&steps[i]));
    }
    for (uint64_t copy = 1; copy < copies; copy++)
        copy_nodes(tree, nodes, &nodes[copy * count], count, copy);
    return nodes;
}

static void fell(struct arena *arena, struct node *nodes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct step *step = nodes[i].step;
        if (nodes[i].body)
            fell(arena, nodes[i].body, step->steps_count * body_copies(step));
    }
    if (count)
        arena_free(arena, nodes, count * sizeof *nodes);
}

static void plant_all(struct run *run)
{
    const struct workload *workload = run->workload;
    uint32_t count = count_steps(workload->steps, workload->steps_count);
    struct tree tree = {.arena = &run->sim->arena, .room = count};
    if (count == 0)
        return;
    tree.identities = arena_alloc(tree.arena, count * sizeof *tree.identities);
    run->nodes = plant(&tree, workload->steps, workload->steps_count, 1);
    CHECK(tree.next_number == count);
    arena_free(tree.arena, tree.identities, count * sizeof *tree.identities);
}

/* ---- threads ---- */

static uint32_t larger(uint32_t a, uint64_t b)
{
    return b > a ? (uint32_t)b : a;
}

/* What the steps say: threads of replays, the highest number that a call names, and whether any
 * thread is one of its own. */
struct said {
    uint32_t labels, named;
    bool threads;
};

static void ask_steps(const struct step *steps, uint32_t count, struct said *said)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        if (step->kind == STEP_REPLAY)
            said->labels = larger(said->labels, step->replay->recording->threads);
        else if (step->kind == STEP_PHASE)
            said->threads = said->threads || step->phase->threads > 1;
        else if (step->kind == STEP_CALL)
            said->named = larger(said->named, step->call->thread);
        else if (step->kind == STEP_REPEAT || step->kind == STEP_TOGETHER)
            ask_steps(step->steps, step->steps_count, said);
        said->threads = said->threads || (step->kind == STEP_TOGETHER && step->threads);
    }
}

/* Recordings may have more threads than there are numbers: they share the last ones. */
#define LABELS_MAX (THREADS_MAX / 2 - 64)

static struct said ask(const struct workload *workload)
{
    struct said said = {.labels = 1};
    ask_steps(workload->steps, workload->steps_count, &said);
    said.threads = said.threads || said.named;
    if (said.labels > LABELS_MAX)
        said.labels = LABELS_MAX;
    return said;
}

uint32_t workload_numbers(const struct workload *workload)
{
    struct said said = ask(workload);
    return said.labels + said.named;
}

uint32_t workload_named_id(const struct workload *workload, uint32_t number)
{
    CHECK(number > 0);
    return ask(workload).labels - 1 + number;
}

const struct step *workload_step(const struct clr *clr)
{
    const struct flow *flow = clr->run ? flow_running(clr->run) : NULL;
    return flow ? flow->step : NULL;
}

/* ---- from beginning to end ---- */

static void give_back(struct run *run)
{
    CHECK(run->threads == 0);
    run_as(run->sim, 0);
    replays_give_back(run);
    phases_give_back(run);
    holdings_give_back(run);
}

static void drop_all(struct run *run)
{
    outside_drop(run);
    flow_drop(run->main);
    pressures_drop(run);
    asks_drop(run);
    replays_drop(run);
    phases_drop(run);
    names_drop(run);
    fell(&run->sim->arena, run->nodes, run->workload->steps_count);
}

void workload_run(struct clr *clr, const struct workload *workload,
                  const struct workload_hooks *hooks)
{
    struct sim *sim = clr->sim;
    struct run *run = arena_alloc(&sim->arena, sizeof *run);
    CHECK(clr->manager != NULL);
    CHECK(clr->malloc != NULL);
    *run = (struct run){.clr = clr, .sim = sim, .workload = workload, .hooks = hooks};
    run->preempts = ask(workload).threads || sched_alive(sim) > 1;
    run->main = flow_begin(run);
    clr->run = run;
    plant_all(run);
    names_begin(run);
    phases_begin(run);
    uint32_t order = pressures_begin(run);
    lines_begin(run, order + asks_begin(run, order));
    flow_run(run->main);
    flows_end_named(run);
    clr->run = NULL; /* what is given back belongs to no step */
    if (workload->give_back)
        give_back(run);
    run_as(sim, 0);
    if (workload->release)
        holdings_release(run);
    drop_all(run);
    in_use_drop(sim, &run->in_use);
    arena_free(&sim->arena, run, sizeof *run);
}
