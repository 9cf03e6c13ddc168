/* Lists of steps: one after the other, repeated, side by side.
 *
 * A line performs a list and is an activity of a flow; `together` makes one line for each of its
 * steps and waits for them: on the same flow, or with `threads` each on a flow of its own. A phase
 * with several threads is performed by as many lines, a call of another thread by that one's. */
#include "clr/flow.h"

/* A list being performed: the body of a repeat, or what the line was made for. */
struct frame {
    struct frame *outer;
    const struct step *repeat; /* NULL: not one */
    struct node *nodes;
    uint32_t count, at;
    uint64_t round; /* of the repeat, from 0 */
    bool leave;     /* the repeat has seen the call that ends it */
};

struct line {
    struct activity activity; /* first */
    struct run *run;
    struct flow *flow;   /* that performs it */
    struct line *parent; /* which waits for it; NULL: the workload's own list */
    uint32_t order_base;
    uint64_t children;   /* lines it waits for */
    bool threads;        /* they are on flows of their own */
    bool waiting;        /* for the time of a wait step */
    struct phase *joins; /* the phase it is a thread of, NULL: none */
    struct frame *frame;
    uint64_t begin_ns; /* when the step at hand begins, or was to begin */
    struct performance *performance;
};

static uint64_t line_turn(struct activity *activity, uint64_t limit_ns);

static void push(struct line *line, const struct step *repeat, struct node *nodes, uint32_t count)
{
    struct frame *frame = arena_alloc(&line->run->sim->arena, sizeof *frame);
    *frame = (struct frame){.outer = line->frame, .repeat = repeat, .nodes = nodes, .count = count};
    line->frame = frame;
}

static void pop(struct line *line)
{
    struct frame *gone = line->frame;
    CHECK(gone != NULL);
    line->frame = gone->outer;
    arena_free(&line->run->sim->arena, gone, sizeof *gone);
}

static struct line *add_line(struct flow *flow, struct line *parent, uint32_t order_base,
                             struct node *nodes, uint32_t count, uint64_t begin_ns)
{
    struct line *line = arena_alloc(&flow->run->sim->arena, sizeof *line);
    uint32_t order = order_base + (count ? nodes[0].number : 0);
    *line = (struct line){.activity = {.due_ns = begin_ns, .order = order, .turn = line_turn},
                          .run = flow->run,
                          .flow = flow,
                          .parent = parent,
                          .order_base = order_base,
                          .begin_ns = begin_ns};
    push(line, NULL, nodes, count);
    flow_add(flow, &line->activity);
    return line;
}

/* A line for one step on a thread of its own, the index-th of count that do the same. */
static struct line *add_thread(struct line *parent, struct node *node, uint64_t index,
                               uint64_t count)
{
    const struct flow *outer = parent->flow;
    struct flow *flow =
        flow_start(parent->run, outer->index * count + index, outer->count * count, 0);
    flow->waits = parent;
    parent->threads = true;
    return add_line(flow, parent, parent->order_base, node, 1, parent->begin_ns);
}

void lines_begin(struct run *run, uint32_t order_base)
{
    /* What is due at time 0 is late already: the CLR's start took time. */
    add_line(run->main, NULL, order_base, run->nodes, run->workload->steps_count, 0);
}

/* ---- from step to step ---- */

/* The step at hand has ended; the next one begins. */
static uint64_t next_step(struct line *line, uint64_t begin_ns)
{
    CHECK(begin_ns >= line->begin_ns);
    line->begin_ns = begin_ns;
    line->frame->at++;
    CHECK(line->frame->at <= line->frame->count);
    return begin_ns;
}

/* What the line waited for has come to its end: it goes on now. */
static void resume(struct line *line)
{
    uint64_t now = line->run->sim->now_ns;
    line->activity.due_ns = next_step(line, at_least(line->begin_ns, now));
    flow_add(line->flow, &line->activity);
}

static void child_ended(struct line *line)
{
    CHECK(line->children > 0);
    if (--line->children == 0)
        resume(line);
}

void line_thread_ended(struct line *line)
{
    CHECK(line->threads);
    child_ended(line);
}

/* The threads it started have nothing more to do; they are gone when this returns. */
static void join_threads(struct line *line)
{
    struct flow *next;
    CHECK(line->children == 0);
    for (struct flow *flow = line->run->flows; flow; flow = next) {
        next = flow->next;
        if (flow->waits == line)
            flow_join(flow);
    }
    line->threads = false;
}

static void end_line(struct line *line)
{
    struct flow *flow = line->flow;
    struct line *parent = line->parent;
    CHECK(line->frame == NULL);
    CHECK(line->performance == NULL);
    CHECK(!line->threads);
    arena_free(&line->run->sim->arena, line, sizeof *line);
    if (!parent || parent->flow != flow)
        flow_end(flow); /* all that it is there for */
    else
        child_ended(parent);
}

/* The end of a list: once more, or back to the list around it. */
static uint64_t end_list(struct line *line)
{
    struct frame *frame = line->frame;
    CHECK(frame->at == frame->count || frame->leave);
    CHECK(line->children == 0);
    if (frame->repeat && !frame->leave && ++frame->round < frame->repeat->times) {
        frame->at = 0;
        return line->begin_ns;
    }
    pop(line);
    if (line->frame)
        return next_step(line, line->begin_ns);
    end_line(line);
    return NEVER;
}

/* ---- repeats that end early ---- */

static bool ends(const struct frame *frame, bool served)
{
    enum repeat_until until = frame->repeat ? frame->repeat->until : UNTIL_DONE;
    return until == (served ? UNTIL_SERVED : UNTIL_REFUSED);
}

/* A call was made: every repeat around it that waited for such a one ends now, with all inside it.
 * Those around a `together` end when it does: its other steps are not cut short. */
static void note_result(struct line *line, bool served)
{
    for (struct line *at = line; at; at = at->parent) {
        struct frame *outermost = NULL;
        for (struct frame *frame = at->frame; frame; frame = frame->outer)
            if (ends(frame, served))
                outermost = frame;
        for (struct frame *frame = at->frame; outermost; frame = frame->outer) {
            frame->leave = true;
            if (frame == outermost)
                break;
        }
    }
}

/* Repetition of the innermost repeat around the step at hand. Threads that do the same count
 * through: each round of each has a number of its own. */
static uint64_t repetition(const struct line *line)
{
    uint64_t count = line->flow->count, index = line->flow->index;
    for (const struct line *at = line; at; at = at->parent)
        for (const struct frame *frame = at->frame; frame; frame = frame->outer)
            if (frame->repeat)
                return frame->round * count + index;
    return index;
}

/* ---- the steps ---- */

static uint64_t begin_together(struct line *line, struct node *node)
{
    const struct step *step = node->step;
    uint32_t steps = step->steps_count;
    if (steps == 0)
        return next_step(line, line->begin_ns);
    CHECK(line->children == 0);
    CHECK(node->body != NULL);
    line->children = steps * body_copies(step);
    for (uint64_t i = 0; i < line->children; i++) {
        if (step->threads)
            add_thread(line, &node->body[i], i / steps, step->threads);
        else
            add_line(line->flow, line, line->order_base, &node->body[i], 1, line->begin_ns);
    }
    return NEVER;
}

/* The threads of a phase perform it together. */
static uint64_t begin_phase_threads(struct line *line, struct node *node)
{
    uint64_t threads = node->step->phase->threads;
    struct phase *phase = phase_begin(line->run, node, line->begin_ns);
    CHECK(line->children == 0);
    line->children = threads;
    for (uint64_t i = 0; i < threads; i++)
        add_thread(line, node, i, threads)->joins = phase;
    return NEVER;
}

static struct performance *join_phase(struct line *line, const struct node *node, uint64_t *due_ns)
{
    if (line->joins)
        return phase_join(line->joins, line->flow->index % node->step->phase->threads, due_ns);
    return phase_join(phase_begin(line->run, node, line->begin_ns), 0, due_ns);
}

static uint64_t begin_performance(struct line *line, const struct node *node)
{
    uint64_t due_ns = 0;
    CHECK(line->performance == NULL);
    CHECK(!line->waiting);
    if (node->step->kind == STEP_REPLAY)
        line->performance = replay_perform(line->run, node, line->begin_ns, &due_ns);
    else if (node->step->kind == STEP_PHASE)
        line->performance = join_phase(line, node, &due_ns);
    else
        line->performance =
            stream_perform(line->run, node, repetition(line), line->begin_ns, &due_ns);
    if (due_ns != NEVER)
        return at_least(due_ns, line->begin_ns);
    line->performance->destroy(line->performance);
    line->performance = NULL;
    return next_step(line, line->begin_ns);
}

static uint64_t go_on(struct line *line, uint64_t limit_ns)
{
    uint64_t due_ns = line->performance->advance(line->performance, limit_ns);
    if (due_ns != NEVER)
        return due_ns;
    line->performance->destroy(line->performance);
    line->performance = NULL;
    return next_step(line, at_least(line->begin_ns, line->run->sim->now_ns));
}

/* A call that another thread makes, while the line waits for it. */
struct errand {
    struct activity activity; /* first */
    struct line *line;
    const struct node *node;
    uint64_t index;
};

static uint64_t errand_turn(struct activity *activity, uint64_t limit_ns)
{
    struct errand *errand = (struct errand *)activity;
    struct line *line = errand->line;
    struct run *run = line->run;
    struct flow *named = flow_running(run);
    (void)limit_ns;
    reach(run->sim, activity->due_ns);
    named->step = errand->node->step;
    enum call_result result = call_perform(run, errand->node->step, errand->index);
    named->step = NULL;
    arena_free(&run->sim->arena, errand, sizeof *errand);
    if (result != CALL_DROPPED)
        note_result(line, result == CALL_SERVED);
    resume(line);
    return NEVER;
}

static uint64_t send_call(struct line *line, const struct node *node)
{
    struct run *run = line->run;
    struct flow *named = flow_named(run, (uint32_t)node->step->call->thread);
    struct errand *errand = arena_alloc(&run->sim->arena, sizeof *errand);
    CHECK(line->flow != named);
    *errand = (struct errand){.activity = {line->begin_ns, run->errands++, errand_turn},
                              .line = line,
                              .node = node,
                              .index = repetition(line)};
    flow_add(named, &errand->activity);
    return NEVER;
}

static uint64_t make_call(struct line *line, const struct node *node)
{
    struct sim *sim = line->run->sim;
    if (node->step->call->thread)
        return send_call(line, node);
    reach(sim, line->begin_ns);
    enum call_result result = call_perform(line->run, node->step, repetition(line));
    if (result != CALL_DROPPED)
        note_result(line, result == CALL_SERVED);
    return next_step(line, sim->now_ns);
}

/* Performs one thing; returns when the next can be performed, NEVER as a turn does. */
static uint64_t perform_next(struct line *line, uint64_t limit_ns)
{
    struct frame *frame = line->frame;
    CHECK(frame != NULL);
    CHECK(line->children == 0); /* it would wait for them */
    if (line->threads)
        join_threads(line);
    line->flow->step = frame->at < frame->count ? frame->nodes[frame->at].step : NULL;
    if (line->performance)
        return go_on(line, limit_ns);
    if (line->waiting) {
        uint64_t until = line->begin_ns + frame->nodes[frame->at].step->wait_ns;
        line->waiting = false;
        reach(line->run->sim, until);
        return next_step(line, until);
    }
    if (frame->at == frame->count || frame->leave)
        return end_list(line);
    struct node *node = &frame->nodes[frame->at];
    node->performed += !line->joins; /* one performance, however many threads */
    switch (node->step->kind) {
    case STEP_CALL:
        return make_call(line, node);
    case STEP_WAIT:
        line->waiting = true;
        return line->begin_ns + node->step->wait_ns;
    case STEP_REPEAT:
        push(line, node->step, node->body, node->step->steps_count);
        return line->begin_ns;
    case STEP_TOGETHER:
        return begin_together(line, node);
    case STEP_PHASE:
        if (node->step->phase->threads > 1 && !line->joins)
            return begin_phase_threads(line, node);
        return begin_performance(line, node);
    default:
        return begin_performance(line, node);
    }
}

static uint64_t line_turn(struct activity *activity, uint64_t limit_ns)
{
    struct line *line = (struct line *)activity;
    uint64_t due_ns;
    do
        due_ns = perform_next(line, limit_ns);
    while (due_ns <= limit_ns); /* which is below NEVER */
    return due_ns;
}
