/* Rows of the Win32 surface. See bench.h.
 *
 * The process that holds a machine waits for the number of a task on a pipe and answers with the
 * result. Calls are made as the policy's, digested and counted like those of any run. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/rng.h"
#include "core/sim.h"
#include "harness/child.h"
#include "include/windows.h"
#include "os/machine.h"
#include "tests/bench/bench.h"

#define REGION_BYTES GRANULARITY_BYTES
#define TERABYTE (UINT64_C(1) << 40)
#define CALLS 100000

struct machine_process {
    pid_t pid;
    int tasks, answers; /* pipes, this side */
};

/* The machine as its process sees it. */
struct bench_machine {
    struct sim *sim;
    char *regions; /* one behind the other: placement takes the lowest hole */
    uint64_t regions_count;
    char *terabyte; /* reserved: a terabyte with 64 KiB on both sides */
    struct rng rng;
    double region_bytes;
};

static void *alloc(void *address, uint64_t bytes, DWORD type)
{
    void *result = VirtualAlloc(address, bytes, type, PAGE_READWRITE);
    if (!result)
        bench_die("VirtualAlloc of %llu bytes failed", (unsigned long long)bytes);
    return result;
}

static void give_back(void *address, uint64_t bytes, DWORD type)
{
    if (!VirtualFree(address, bytes, type))
        bench_die("VirtualFree failed");
}

/* Takes the hole where region number `which` belongs. */
static void alloc_region(struct bench_machine *bench, uint64_t which)
{
    if (alloc(NULL, REGION_BYTES, MEM_RESERVE | MEM_COMMIT) !=
        bench->regions + which * REGION_BYTES)
        bench_die("VirtualAlloc did not take the lowest hole");
}

static void make_machine(struct bench_machine *bench, uint64_t regions)
{
    struct sim_options options = {.seed = 1,
                                  .arena_base = ARENA_BASE,
                                  .max_calls_in_host_call = UINT64_MAX,
                                  .trace = {.digest = true, .fd = -1}};
    struct machine_config config = machine_config_default();
    config.ram_bytes = 2 * TERABYTE; /* nothing here is to be refused */
    bench->sim = sim_create(&options);
    if (!bench->sim)
        bench_die("the simulator's memory is taken");
    machine_create(bench->sim, &config, true);
    bench->sim->actor = ACTOR_POLICY;
    bench->rng = rng_keyed(1, RNG_PROPERTY_TEST, regions);
    bench->regions_count = regions;
    bench->terabyte = alloc(NULL, TERABYTE + 2 * REGION_BYTES, MEM_RESERVE);
    bench->terabyte += REGION_BYTES;
    uint64_t before = bench->sim->arena.live_bytes;
    bench->regions = bench->terabyte + TERABYTE + REGION_BYTES;
    for (uint64_t i = 0; i < regions; i++)
        alloc_region(bench, i);
    bench->region_bytes = (double)(bench->sim->arena.live_bytes - before) / (double)regions;
}

static void renew_region(struct bench_machine *bench, uint64_t which)
{
    give_back(bench->regions + which * REGION_BYTES, 0, MEM_RELEASE);
    alloc_region(bench, which);
}

static void query_region(struct bench_machine *bench, uint64_t which)
{
    MEMORY_BASIC_INFORMATION info;
    if (!VirtualQuery(bench->regions + which * REGION_BYTES, &info, sizeof info))
        bench_die("VirtualQuery failed");
}

static void commit_pair(struct bench_machine *bench, uint64_t bytes)
{
    alloc(bench->terabyte, bytes, MEM_COMMIT);
    give_back(bench->terabyte, bytes, MEM_DECOMMIT);
}

static double run_task(struct bench_machine *bench, enum machine_task task)
{
    uint64_t begin = monotonic_ns();
    for (int i = 0; i < CALLS; i++) {
        switch (task) {
        case TASK_PAIR_SAME:
            renew_region(bench, bench->regions_count / 2);
            break;
        case TASK_PAIR_RANDOM:
            renew_region(bench, rng_below(&bench->rng, bench->regions_count));
            break;
        case TASK_QUERY:
            query_region(bench, rng_below(&bench->rng, bench->regions_count));
            break;
        case TASK_COMMIT_64K:
            commit_pair(bench, REGION_BYTES);
            break;
        case TASK_COMMIT_1T:
            commit_pair(bench, TERABYTE);
            break;
        default:
            return bench->region_bytes;
        }
    }
    return (double)(monotonic_ns() - begin) / CALLS;
}

static _Noreturn void serve(uint64_t regions, int tasks, int answers)
{
    struct bench_machine bench;
    uint8_t task;
    make_machine(&bench, regions);
    while (read(tasks, &task, 1) == 1 && task != TASK_END) {
        double answer = run_task(&bench, task);
        if (write(answers, &answer, sizeof answer) != sizeof answer)
            _exit(1);
    }
    _exit(0);
}

struct machine_process *machine_process_start(uint64_t regions)
{
    struct machine_process *process = calloc(1, sizeof *process);
    int tasks[2], answers[2];
    if (!process || pipe(tasks) || pipe(answers))
        bench_die("no pipe for a machine");
    process->pid = fork();
    if (process->pid < 0)
        bench_die("no process for a machine");
    if (process->pid == 0) {
        close(tasks[1]);
        close(answers[0]);
        serve(regions, tasks[0], answers[1]);
    }
    close(tasks[0]);
    close(answers[1]);
    process->tasks = tasks[1];
    process->answers = answers[0];
    return process;
}

double machine_process_measure(struct machine_process *process, enum machine_task task)
{
    uint8_t number = (uint8_t)task;
    double answer;
    if (write(process->tasks, &number, 1) != 1 ||
        read(process->answers, &answer, sizeof answer) != sizeof answer)
        bench_die("the process of a machine died");
    return answer;
}

void machine_process_end(struct machine_process *process)
{
    uint8_t end = TASK_END; /* closing is not enough: later processes hold copies of the pipe */
    if (write(process->tasks, &end, 1) != 1)
        bench_die("the process of a machine died");
    close(process->tasks);
    close(process->answers);
    waitpid(process->pid, NULL, 0);
    free(process);
}
