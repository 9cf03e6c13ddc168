/* Replays as steps of a workload. What they hold at their end stays held, and can be given back. */
#include "clr/workload_private.h"

struct held_replay {
    struct held_replay *next;
    struct replay *replay;
};

struct replay_performance {
    struct performance performance; /* first */
    struct run *run;
    struct replay *replay;
};

static uint64_t replay_turn(struct performance *performance, uint64_t limit_ns)
{
    return replay_advance(((struct replay_performance *)performance)->replay, limit_ns);
}

static void replay_end(struct performance *performance)
{
    struct replay_performance *p = (struct replay_performance *)performance;
    arena_free(&p->run->sim->arena, p, sizeof *p);
}

struct performance *replay_perform(struct run *run, const struct node *node, uint64_t begin_ns,
                                   uint64_t *due_ns)
{
    const struct step_replay *said = node->step->replay;
    CHECK(node->step->kind == STEP_REPLAY);
    CHECK(said->recording != NULL);
    struct arena *arena = &run->sim->arena;
    struct replay_options options = {.native = said->native,
                                     .start_ns = begin_ns,
                                     .from_ns = said->from_ns,
                                     .to_ns = said->to_ns,
                                     .speed_num = said->speed_num,
                                     .speed_den = said->speed_den,
                                     .repeat = said->repeat};
    struct replay_performance *p = arena_alloc(arena, sizeof *p);
    struct held_replay *held = arena_alloc(arena, sizeof *held);
    *p = (struct replay_performance){{replay_turn, replay_end}, run, NULL};
    p->replay = replay_create(run->clr, said->recording, &options);
    CHECK(p->replay != NULL);
    held->replay = p->replay;
    if (run->last_replay)
        run->last_replay->next = held;
    else
        run->replays = held;
    run->last_replay = held;
    *due_ns = replay_due(p->replay);
    return &p->performance;
}

void replays_give_back(struct run *run)
{
    for (struct held_replay *held = run->replays; held; held = held->next)
        replay_give_back(held->replay);
}

void replays_drop(struct run *run)
{
    CHECK((run->replays == NULL) == (run->last_replay == NULL));
    while (run->replays) {
        struct held_replay *gone = run->replays;
        run->replays = gone->next;
        replay_destroy(gone->replay);
        arena_free(&run->sim->arena, gone, sizeof *gone);
    }
}
