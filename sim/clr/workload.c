/* A workload from beginning to end. See workload.h. */
#include "clr/holdings.h"

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
            all += count_steps(steps[i].steps, steps[i].steps_count);
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

static struct node *plant(struct tree *tree, const struct step *steps, uint32_t count)
{
    if (count == 0)
        return NULL;
    struct node *nodes = arena_alloc(tree->arena, count * sizeof *nodes);
    CHECK(steps != NULL);
    for (uint32_t i = 0; i < count; i++) {
        nodes[i] = (struct node){.step = &steps[i], .number = tree->next_number++};
        nodes[i].key = key_of(tree, &steps[i]);
        if (steps[i].kind == STEP_REPEAT || steps[i].kind == STEP_TOGETHER)
            nodes[i].body = plant(tree, steps[i].steps, steps[i].steps_count);
    }
    return nodes;
}

static void fell(struct arena *arena, struct node *nodes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (nodes[i].body)
            fell(arena, nodes[i].body, nodes[i].step->steps_count);
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
    run->nodes = plant(&tree, workload->steps, workload->steps_count);
    CHECK(tree.next_number == count);
    arena_free(tree.arena, tree.identities, count * sizeof *tree.identities);
}

/* ---- from beginning to end ---- */

static void give_back(struct run *run)
{
    CHECK(run->ended);
    run_as(run->sim, 0);
    replays_give_back(run);
    phases_give_back(run);
    holdings_give_back(run);
}

void workload_run(struct clr *clr, const struct workload *workload,
                  const struct workload_hooks *hooks)
{
    struct sim *sim = clr->sim;
    struct run *run = arena_alloc(&sim->arena, sizeof *run);
    CHECK(clr->manager != NULL);
    CHECK(clr->malloc != NULL);
    *run = (struct run){.clr = clr, .sim = sim, .workload = workload, .hooks = hooks};
    run->schedule.arena = &sim->arena;
    plant_all(run);
    names_begin(run);
    phases_begin(run);
    lines_begin(run, pressures_begin(run));
    schedule_run(&run->schedule, &run->ended);
    CHECK(run->ended);
    clr->step = NULL;
    if (workload->give_back)
        give_back(run);
    run_as(sim, 0);
    if (workload->release)
        holdings_release(run);
    schedule_drop(&run->schedule);
    pressures_drop(run);
    replays_drop(run);
    phases_drop(run);
    names_drop(run);
    fell(&sim->arena, run->nodes, workload->steps_count);
    arena_free(&sim->arena, run, sizeof *run);
}
