/* The references: what the kernel takes for the same work. See bench.h. */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "core/layout.h"
#include "harness/child.h"
#include "tests/bench/bench.h"

#define PAIRS 5000
#define COMMANDS 15
#define FAULTS 20000

static void *map_or_die(uint64_t bytes, int protection)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *place = mmap(NULL, bytes, protection, flags, -1, 0);
    if (place == MAP_FAILED)
        bench_die("mmap of %llu bytes failed", (unsigned long long)bytes);
    return place;
}

double kernel_map_pair(void)
{
    uint64_t begin = monotonic_ns();
    for (int i = 0; i < PAIRS; i++)
        munmap(map_or_die(GRANULARITY_BYTES, PROT_READ | PROT_WRITE), GRANULARITY_BYTES);
    return (double)(monotonic_ns() - begin) / PAIRS;
}

double kernel_fault(uint64_t unused)
{
    (void)unused;
    uint8_t *pages = map_or_die(FAULTS * PAGE_BYTES, PROT_READ | PROT_WRITE);
    madvise(pages, FAULTS * PAGE_BYTES, MADV_NOHUGEPAGE);
    uint64_t begin = monotonic_ns();
    for (uint64_t i = 0; i < FAULTS; i++)
        *(volatile uint8_t *)(pages + i * PAGE_BYTES) = 1;
    uint64_t end = monotonic_ns();
    munmap(pages, FAULTS * PAGE_BYTES);
    return (double)(end - begin) / FAULTS;
}

double kernel_commit_pair(void)
{
    uint64_t bytes = UINT64_C(1) << 20;
    uint8_t *reserved = map_or_die(bytes, PROT_NONE);
    uint8_t *page = reserved + bytes / 2; /* neighbours on both sides: it splits and merges */
    int failed = 0;
    uint64_t begin = monotonic_ns();
    for (int i = 0; i < PAIRS; i++) {
        failed |= mprotect(page, PAGE_BYTES, PROT_READ | PROT_WRITE);
        failed |= madvise(page, PAGE_BYTES, MADV_DONTNEED);
        failed |= mprotect(page, PAGE_BYTES, PROT_NONE);
    }
    uint64_t end = monotonic_ns();
    munmap(reserved, bytes);
    if (failed)
        bench_die("mprotect or madvise failed");
    return (double)(end - begin) / PAIRS;
}

double kernel_command(const char *const *arguments)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    uint64_t begin = monotonic_ns();
    for (int i = 0; i < COMMANDS; i++) {
        pid_t pid;
        int status,
            error = posix_spawn(&pid, arguments[0], &actions, NULL, (char *const *)arguments, NULL);
        if (error)
            bench_die("%s: %s", arguments[0], strerror(error));
        if (waitpid(pid, &status, 0) != pid || status != 0)
            bench_die("%s ended with wait status %d", arguments[0], status);
    }
    uint64_t end = monotonic_ns();
    posix_spawn_file_actions_destroy(&actions);
    return (double)(end - begin) / COMMANDS;
}
