/* Switches between flows of control, and the queue of what is due. See bench.h.
 *
 * The references do the same work: the C library's switch of stacks, the kernel's hand-over from
 * one thread to another on one processor, and a binary heap that keeps its entries by value. The
 * last is the best there is for adding and taking the first alone; the simulator's heap keeps
 * pointers, because a wait that ends early takes its entry out wherever it stands, and the ratio
 * says what that costs. (The C library's tree, tsearch, could take out as well, and is several
 * times slower than both.) */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "core/due.h"
#include "core/fiber.h"
#include "core/rng.h"
#include "core/sched.h"
#include "harness/child.h"
#include "tests/bench/bench.h"

#define FIBER_SWITCHES 2000000u
#define CONTEXT_SWITCHES 200000u
#define THREAD_SWITCHES 400000u
#define KERNEL_SWITCHES 20000u
#define QUEUE_ROUNDS 400000u
#define STACK_BYTES (UINT64_C(64) << 10)

/* ---- stacks ---- */

static void bounce(void *other)
{
    for (;;)
        fiber_switch(other);
}

double fiber_switches(uint64_t unused)
{
    (void)unused;
    struct fiber *fiber;
    if (!fiber_begin() || !(fiber = fiber_create(0, STACK_BYTES, bounce, fiber_main())))
        bench_die("no place for a fiber");
    fiber_switch(fiber); /* its stack is there */
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < FIBER_SWITCHES; i += 2)
        fiber_switch(fiber);
    uint64_t end = monotonic_ns();
    fiber_destroy(fiber);
    return (double)(end - begin) / FIBER_SWITCHES;
}

static ucontext_t contexts[2];

static void bounce_context(void)
{
    for (;;)
        swapcontext(&contexts[1], &contexts[0]);
}

double library_switches(uint64_t unused)
{
    (void)unused;
    void *stack = malloc(STACK_BYTES);
    if (!stack || getcontext(&contexts[1]) != 0)
        bench_die("no place for a stack");
    contexts[1].uc_stack.ss_sp = stack;
    contexts[1].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[1], bounce_context, 0);
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < CONTEXT_SWITCHES; i += 2)
        swapcontext(&contexts[0], &contexts[1]);
    uint64_t end = monotonic_ns();
    free(stack);
    return (double)(end - begin) / CONTEXT_SWITCHES;
}

/* ---- threads ---- */

static void pass_points(void *argument)
{
    struct sim *sim = argument;
    for (;;)
        sched_point(sim);
}

static void switch_until(struct sim *sim, uint64_t records)
{
    while (trace_count(&sim->trace) < records)
        sched_point(sim);
}

/* Threads that take turns at every point; each turn is a record of the schedule. */
double thread_switches(uint64_t unused)
{
    (void)unused;
    const struct sim_options options = {.trace = {.digest = true, .fd = -1}};
    const struct sched_options schedule = {.strategy = SCHED_ROUND_ROBIN, .seed = 1};
    struct sim *sim = sim_create(&options);
    if (!sim)
        bench_die("no memory for a run");
    sched_configure(sim, &schedule);
    const struct task_options task = {pass_points, sim, .stack_bytes = STACK_BYTES};
    if (!sched_start(sim, &task) || !sched_start(sim, &task))
        bench_die("no place for a thread");
    switch_until(sim, 1000); /* stacks are there */
    uint64_t first = trace_count(&sim->trace), begin = monotonic_ns();
    switch_until(sim, first + THREAD_SWITCHES);
    double ns = (double)(monotonic_ns() - begin);
    uint64_t switches = trace_count(&sim->trace) - first;
    sched_destroy(sim);
    sim_destroy(sim);
    return ns / (double)switches;
}

struct turns {
    uint32_t whose; /* 0 or 1 */
    bool pinned;
};

static void pin(struct turns *turns)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu() < 0 ? 0 : (size_t)sched_getcpu(), &one);
    turns->pinned = sched_setaffinity(0, sizeof one, &one) == 0;
}

/* Each waits for its turn and gives it to the other. */
static void take_turns(struct turns *turns, uint32_t me)
{
    for (uint32_t i = 0; i < KERNEL_SWITCHES / 2; i++) {
        while (__atomic_load_n(&turns->whose, __ATOMIC_ACQUIRE) != me)
            syscall(SYS_futex, &turns->whose, FUTEX_WAIT_PRIVATE, 1 - me, NULL, NULL, 0);
        __atomic_store_n(&turns->whose, 1 - me, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turns->whose, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static void *other_side(void *argument)
{
    take_turns(argument, 1);
    return NULL;
}

double kernel_switches(uint64_t unused)
{
    (void)unused;
    cpu_set_t before;
    pthread_t other;
    struct turns turns = {0};
    if (sched_getaffinity(0, sizeof before, &before) != 0)
        bench_die("which processors there are is not said");
    pin(&turns); /* both: threads inherit it */
    if (!turns.pinned || pthread_create(&other, NULL, other_side, &turns) != 0)
        bench_die("no second thread on this processor");
    uint64_t begin = monotonic_ns();
    take_turns(&turns, 0);
    pthread_join(other, NULL);
    uint64_t end = monotonic_ns();
    sched_setaffinity(0, sizeof before, &before);
    return (double)(end - begin) / KERNEL_SWITCHES;
}

/* ---- the queue ---- */

static void nothing(struct sim *sim, struct due *due)
{
    (void)sim, (void)due;
}

/* The first one is taken out and comes back later, as sleeping threads do; so many stay pending. */
double due_queue_turns(uint64_t pending)
{
    struct arena arena;
    struct due_queue queue = {0};
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, pending);
    struct due *all = calloc(pending, sizeof *all);
    uint64_t *delays = malloc(QUEUE_ROUNDS * sizeof *delays);
    if (!all || !delays || arena_init(&arena, 0, UINT64_C(1) << 26) != 0)
        bench_die("no memory for a queue");
    for (uint32_t i = 0; i < QUEUE_ROUNDS; i++)
        delays[i] = 1 + rng_below(&rng, 1000000);
    for (uint64_t i = 0; i < pending; i++) {
        all[i].fire = nothing;
        due_add(&queue, &arena, &all[i], rng_below(&rng, 1000000));
    }
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < QUEUE_ROUNDS; i++) {
        struct due *due = due_first(&queue);
        due_remove(&queue, due);
        due_add(&queue, &arena, due, due->due_ns + delays[i]);
    }
    uint64_t end = monotonic_ns();
    due_verify(&queue);
    free(all);
    free(delays);
    arena_destroy(&arena);
    return (double)(end - begin) / QUEUE_ROUNDS;
}

struct entry {
    uint64_t due_ns, number;
    void *what;
};

static bool before(const struct entry *a, const struct entry *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void push(struct entry *heap, uint64_t count, struct entry entry)
{
    uint64_t at = count;
    for (; at > 0 && before(&entry, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = entry;
}

static struct entry pop(struct entry *heap, uint64_t count)
{
    struct entry first = heap[0], last = heap[count - 1];
    uint64_t at = 0;
    for (uint64_t child; (child = 2 * at + 1) < count - 1; at = child) {
        if (child + 1 < count - 1 && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

double value_heap_turns(uint64_t pending)
{
    struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, pending);
    struct entry *heap = calloc(pending, sizeof *heap);
    uint64_t *delays = malloc(QUEUE_ROUNDS * sizeof *delays), number = 0;
    if (!heap || !delays)
        bench_die("no memory for a heap");
    for (uint32_t i = 0; i < QUEUE_ROUNDS; i++)
        delays[i] = 1 + rng_below(&rng, 1000000);
    for (uint64_t i = 0; i < pending; i++)
        push(heap, i, (struct entry){rng_below(&rng, 1000000), number++, &heap[i]});
    uint64_t begin = monotonic_ns();
    for (uint32_t i = 0; i < QUEUE_ROUNDS; i++) {
        struct entry entry = pop(heap, pending);
        entry.due_ns += delays[i];
        entry.number = number++;
        push(heap, pending - 1, entry);
    }
    uint64_t end = monotonic_ns();
    free(heap);
    free(delays);
    return (double)(end - begin) / QUEUE_ROUNDS;
}
