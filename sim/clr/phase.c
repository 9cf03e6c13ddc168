/* Phases. */
#include "clr/workload_private.h"

void phases_begin(struct run *run)
{
    (void)run;
}
void phases_give_back(struct run *run)
{
    (void)run;
}
void phases_drop(struct run *run)
{
    (void)run;
}
struct performance *phase_perform(struct run *run, const struct node *node, uint64_t begin_ns,
                                  uint64_t *due_ns)
{
    return stream_perform(run, node, begin_ns, due_ns);
}

static void destroy(struct performance *performance)
{
    (void)performance;
}

struct performance *stream_perform(struct run *run, const struct node *node, uint64_t begin_ns,
                                   uint64_t *due_ns)
{
    struct performance *p = arena_alloc(&run->sim->arena, sizeof *p);
    (void)node, (void)begin_ns;
    p->destroy = destroy;
    *due_ns = NEVER;
    return p;
}
