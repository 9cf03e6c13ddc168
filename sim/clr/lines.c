/* Lists of steps: one after the other, repeated, side by side.
 *
 * A line performs a list and is an activity; `together` makes one line for each of its steps and
 * waits for them. Threads of the simulated program that can be preempted would take the place of
 * lines; what a step does would not change. */
#include "clr/workload_private.h"

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
    struct line *parent; /* which waits for it; NULL: the workload's own list */
    uint32_t order_base;
    uint32_t children; /* lines it waits for */
    bool waiting;      /* for the time of a wait step */
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

static struct line *add_line(struct run *run, struct line *parent, uint32_t order_base,
                             struct node *nodes, uint32_t count, uint64_t begin_ns)
{
    struct line *line = arena_alloc(&run->sim->arena, sizeof *line);
    uint32_t order = order_base + (count ? nodes[0].number : 0);
    *line = (struct line){.activity = {.due_ns = begin_ns, .order = order, .turn = line_turn},
                          .run = run,
                          .parent = parent,
                          .order_base = order_base,
                          .begin_ns = begin_ns};
    push(line, NULL, nodes, count);
    schedule_add(&run->schedule, &line->activity);
    return line;
}

void lines_begin(struct run *run, uint32_t order_base)
{
    /* What is due at time 0 is late already: the CLR's start took time. */
    add_line(run, NULL, order_base, run->nodes, run->workload->steps_count, 0);
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

static void end_line(struct line *line)
{
    struct run *run = line->run;
    struct line *parent = line->parent;
    CHECK(line->frame == NULL);
    CHECK(line->performance == NULL);
    arena_free(&run->sim->arena, line, sizeof *line);
    if (!parent) {
        run->ended = true;
        return;
    }
    CHECK(parent->children > 0);
    if (--parent->children > 0)
        return;
    parent->activity.due_ns = next_step(parent, at_least(parent->begin_ns, run->sim->now_ns));
    schedule_add(&run->schedule, &parent->activity);
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

/* Repetition of the innermost repeat around the step at hand. */
static uint64_t repetition(const struct line *line)
{
    for (const struct line *at = line; at; at = at->parent)
        for (const struct frame *frame = at->frame; frame; frame = frame->outer)
            if (frame->repeat)
                return frame->round;
    return 0;
}

/* ---- the steps ---- */

static uint64_t begin_together(struct line *line, struct node *node)
{
    const struct step *step = node->step;
    if (step->steps_count == 0)
        return next_step(line, line->begin_ns);
    CHECK(line->children == 0);
    CHECK(node->body != NULL);
    line->children = step->steps_count;
    for (uint32_t i = 0; i < step->steps_count; i++)
        add_line(line->run, line, line->order_base, &node->body[i], 1, line->begin_ns);
    return NEVER;
}

static uint64_t begin_performance(struct line *line, const struct node *node)
{
    uint64_t due_ns = 0;
    CHECK(line->performance == NULL);
    CHECK(!line->waiting);
    if (node->step->kind == STEP_REPLAY)
        line->performance = replay_perform(line->run, node, line->begin_ns, &due_ns);
    else if (node->step->kind == STEP_PHASE)
        line->performance = phase_perform(line->run, node, line->begin_ns, &due_ns);
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

static uint64_t make_call(struct line *line, const struct node *node)
{
    struct sim *sim = line->run->sim;
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
    if (frame->at < frame->count)
        line->run->clr->step = frame->nodes[frame->at].step;
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
    node->performed++;
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
