/* What the files of the benchmark program share.
 *
 * Every measurement is one call that takes some tens of milliseconds and returns nanoseconds per
 * operation. bench.c calls a row's measurement and that of its reference in turn, round after
 * round, and takes medians: both then see the same computer. */
#ifndef LW_BENCH_H
#define LW_BENCH_H

#include <stdbool.h>
#include <stdint.h>

/* Prints what went wrong and ends the program: a benchmark has nothing to save. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- kernel.c: what the same costs without a simulator ---- */

/* mmap and munmap of 64 KiB. */
double kernel_map_pair(void);
/* Commit and decommit of an untouched page: mprotect; madvise and mprotect. */
double kernel_commit_pair(void);
/* From exec to exit of a command, its output dropped. arguments[0] is the path. */
double kernel_command(const char *const *arguments);

/* First touches of fresh memory, a page. */
double kernel_fault(uint64_t unused);

/* ---- paging.c: references to 100,000 pages (Zipf) with 10,000 frames, and paging itself ---- */

enum bench_replacement { BY_LRU, BY_CLOCK };

/* A reference; by a cache of objects in the style of libraries for any policy, with the hash table
 * that one of them has when nobody says otherwise, or one that fits the number of objects. */
double reference_cache(uint64_t replacement);
double reference_cache_tuned(uint64_t replacement);
/* ... by the machine, digest on, every miss a fault. */
double machine_touches(uint64_t replacement);
/* A fault that writes a page out and reads one in, through the standby and modified lists. */
double machine_paging(uint64_t unused);

/* ---- switches.c: a switch; a turn of the queue ---- */

/* Between two fibers; between two stacks by swapcontext. */
double fiber_switches(uint64_t unused);
double library_switches(uint64_t unused);
/* Between two simulated threads, with the record and its digest; between two threads of the kernel
 * on one processor, by futex. */
double thread_switches(uint64_t unused);
double kernel_switches(uint64_t unused);
/* The first of so many taken out and added again, later; the same by a heap of values. */
double due_queue_turns(uint64_t pending);
double value_heap_turns(uint64_t pending);

/* ---- machines.c: the Win32 surface of a machine with so many live regions ---- */

enum machine_task {
    TASK_PAIR_SAME,    /* VirtualFree and VirtualAlloc of 64 KiB, always the same region */
    TASK_PAIR_RANDOM,  /* ... a random one each time */
    TASK_QUERY,        /* VirtualQuery of a random region */
    TASK_COMMIT_64K,   /* commit and decommit of 64 KiB inside a terabyte of reserved memory */
    TASK_COMMIT_1T,    /* ... of all of it but its edges */
    TASK_REGION_BYTES, /* no time: bytes of simulator memory for one live region */
    TASK_END           /* internal: the process is to end */
};
struct machine_process; /* a machine stands at fixed addresses: each has a process of its own */

struct machine_process *machine_process_start(uint64_t regions);
double machine_process_measure(struct machine_process *process, enum machine_task task);
void machine_process_end(struct machine_process *process);

/* ---- replays.c: a recording through CLR, policy, Win32 surface and machine ---- */

struct synthetic; /* a recording that keeps so many regions alive, held in memory */

struct replay_figures {
    double event_ns;     /* for an event: a record of the trace, which is what runs count */
    double operation_ns; /* for an operation of the recording: it makes two events or more */
};

struct synthetic *synthetic_create(uint64_t regions, uint64_t operations);
void synthetic_write(const struct synthetic *synthetic, const char *path);
struct replay_figures synthetic_replay(const struct synthetic *synthetic, const char *policy_path,
                                       bool digest);
void synthetic_destroy(struct synthetic *synthetic);

#endif
