/* The benchmark program: `make bench`. Measures every row of the table below and its reference in
 * turn, ROUNDS times, prints medians and how they compare with the targets, and writes
 * BUILD/bench.json.
 *
 * It judges nothing: a slow row is shown, never an error, because absolute times belong to the
 * computer and a busy one moves even ratios. */
#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "harness/child.h"

#define ROUNDS 9
#define REPLAYED_OPERATIONS 400000
#define STARTUP_OPERATIONS 500

enum reference {
    REFERENCE_MAP,
    REFERENCE_COMMIT,
    REFERENCE_NO_DIGEST,
    REFERENCE_TRUE,
    REFERENCE_CACHE,
    REFERENCE_TUNED,
    REFERENCE_FAULT,
    REFERENCE_CONTEXT,
    REFERENCE_KERNEL,
    REFERENCE_HEAP,
    NO_REFERENCE
};

/* Names, and those that are one function of the row's number. */
static const struct {
    const char *name;
    double (*measure)(uint64_t number);
} references[] = {
    [REFERENCE_MAP] = {"mmap+munmap"},
    [REFERENCE_COMMIT] = {"commit+decommit"},
    [REFERENCE_NO_DIGEST] = {"digest off"},
    [REFERENCE_TRUE] = {"/bin/true"},
    [REFERENCE_CACHE] = {"object cache", reference_cache},
    [REFERENCE_TUNED] = {"tuned cache", reference_cache_tuned},
    [REFERENCE_FAULT] = {"first touch", kernel_fault},
    [REFERENCE_CONTEXT] = {"swapcontext", library_switches},
    [REFERENCE_KERNEL] = {"kernel threads", kernel_switches},
    [REFERENCE_HEAP] = {"heap of values", value_heap_turns},
    [NO_REFERENCE] = {NULL},
};

/* Sizes of machines and recordings. */
enum size { SIZE_1K, SIZE_60K, SIZE_1M, SIZES };
static const uint64_t size_regions[SIZES] = {1000, 60000, 1000000};

enum kind { KIND_TASK, KIND_REPLAY, KIND_STARTUP, KIND_FUNCTION };

#define FUNCTION(function, argument) KIND_FUNCTION, 0, 0, function, argument
static const struct row {
    const char *name;
    enum reference reference;
    enum kind kind;
    enum size size;
    enum machine_task task;             /* KIND_TASK */
    double (*measure)(uint64_t number); /* KIND_FUNCTION */
    uint64_t number;                    /* its argument, and the reference's */
    bool per_second;                    /* also shown as millions a second */
} rows[] = {
    {"alloc-free-1k", REFERENCE_MAP, KIND_TASK, SIZE_1K, TASK_PAIR_SAME},
    {"alloc-free-60k", REFERENCE_MAP, KIND_TASK, SIZE_60K, TASK_PAIR_SAME},
    {"alloc-free-1m-same", REFERENCE_MAP, KIND_TASK, SIZE_1M, TASK_PAIR_SAME},
    {"alloc-free-1m-random", REFERENCE_MAP, KIND_TASK, SIZE_1M, TASK_PAIR_RANDOM},
    {"query", REFERENCE_MAP, KIND_TASK, SIZE_1K, TASK_QUERY},
    {"commit-64k", REFERENCE_COMMIT, KIND_TASK, SIZE_1K, TASK_COMMIT_64K},
    {"commit-1t", REFERENCE_COMMIT, KIND_TASK, SIZE_1K, TASK_COMMIT_1T},
    {"replay-events-1k", REFERENCE_COMMIT, KIND_REPLAY, SIZE_1K, 0},
    {"replay-events-60k", REFERENCE_COMMIT, KIND_REPLAY, SIZE_60K, 0},
    {"replay-events-1m", REFERENCE_COMMIT, KIND_REPLAY, SIZE_1M, 0},
    {"digest", REFERENCE_NO_DIGEST, KIND_REPLAY, SIZE_1K, 0},
    {"startup", REFERENCE_TRUE, KIND_STARTUP, 0, 0},
    {"touch-zipf-lru", REFERENCE_CACHE, FUNCTION(machine_touches, BY_LRU), true},
    {"touch-zipf-clock", REFERENCE_CACHE, FUNCTION(machine_touches, BY_CLOCK), true},
    {"touch-lru-tuned", REFERENCE_TUNED, FUNCTION(machine_touches, BY_LRU), true},
    {"touch-clock-tuned", REFERENCE_TUNED, FUNCTION(machine_touches, BY_CLOCK), true},
    {"paging", REFERENCE_FAULT, FUNCTION(machine_paging, 0)},
    {"fiber-switch", REFERENCE_CONTEXT, FUNCTION(fiber_switches, 0)},
    {"thread-switch", REFERENCE_KERNEL, FUNCTION(thread_switches, 0)},
    {"event-queue-1k", REFERENCE_HEAP, FUNCTION(due_queue_turns, 1000)},
    {"event-queue-60k", REFERENCE_HEAP, FUNCTION(due_queue_turns, 60000)},
    {"bytes-per-region", NO_REFERENCE, KIND_TASK, SIZE_1M, TASK_REGION_BYTES},
};
#define ROWS (sizeof rows / sizeof *rows)

#define ITSELF "" /* its own nanoseconds or bytes */

/* What is to be reached. Against another row, or the row's reference: how many times slower it may
 * be (at_most), or must be faster. */
static const struct target {
    const char *row, *against; /* NULL: its reference */
    bool at_most;
    double must, aim;
} targets[] = {
    {"alloc-free-1k", NULL, false, 12, 25},
    {"alloc-free-1m-same", "alloc-free-1k", true, 2, 1.5},
    {"alloc-free-1m-random", "alloc-free-1k", true, 8, 5},
    {"commit-1t", "commit-64k", true, 1.2, 1.0},
    {"replay-events-1k", NULL, false, 46, 90},
    {"replay-events-60k", NULL, false, 25, 46},
    {"replay-events-1m", NULL, false, 12, 22},
    {"digest", NULL, true, 1.10, 1.05},
    {"startup", NULL, true, 3, 2},
    {"touch-zipf-lru", NULL, false, 3, 5},
    {"touch-zipf-clock", NULL, false, 3, 5},
    {"fiber-switch", ITSELF, true, 15, 10},
    {"bytes-per-region", ITSELF, true, 128, 80},
};
#define TARGETS (sizeof targets / sizeof *targets)

struct samples {
    double own[ROUNDS], reference[ROUNDS], operation[ROUNDS];
};

struct result {
    double own, reference; /* medians */
    double operation;      /* of a replay: ns for an operation of the recording; else 0 */
};

struct bench {
    char lowwater[512], policy[512], recording[512], json[512];
    struct machine_process *machines[SIZES];
    struct synthetic *recordings[SIZES];
    struct samples samples[ROWS];
    struct result results[ROWS];
};

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(1);
}

/* ---- measuring ---- */

static double measure_startup(const struct bench *bench)
{
    const char *const arguments[] = {bench->lowwater, "run",         bench->recording,
                                     "--policy",      bench->policy, NULL};
    return kernel_command(arguments);
}

static double measure_reference(const struct bench *bench, const struct row *row)
{
    static const char *const nothing[] = {"/bin/true", NULL};
    switch (row->reference) {
    case REFERENCE_MAP:
        return kernel_map_pair();
    case REFERENCE_COMMIT:
        return kernel_commit_pair();
    case REFERENCE_NO_DIGEST:
        return synthetic_replay(bench->recordings[row->size], bench->policy, false).event_ns;
    case REFERENCE_TRUE:
        return kernel_command(nothing);
    default:
        return references[row->reference].measure ? references[row->reference].measure(row->number)
                                                  : 0;
    }
}

static void measure(struct bench *bench, const struct row *row, struct samples *samples, int round)
{
    struct replay_figures figures;
    samples->reference[round] = measure_reference(bench, row);
    switch (row->kind) {
    case KIND_TASK:
        samples->own[round] = machine_process_measure(bench->machines[row->size], row->task);
        break;
    case KIND_REPLAY:
        figures = synthetic_replay(bench->recordings[row->size], bench->policy, true);
        samples->own[round] = figures.event_ns;
        samples->operation[round] = figures.operation_ns;
        break;
    case KIND_STARTUP:
        samples->own[round] = measure_startup(bench);
        break;
    case KIND_FUNCTION:
        samples->own[round] = row->measure(row->number);
        break;
    }
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

static void measure_all(struct bench *bench)
{
    bool shown = isatty(STDERR_FILENO);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ROWS; i++)
            measure(bench, &rows[i], &bench->samples[i], round);
        if (shown)
            fprintf(stderr, "\rround %d of %d", round + 1, ROUNDS);
    }
    if (shown)
        fputs("\r                \r", stderr);
    for (size_t i = 0; i < ROWS; i++) {
        struct samples *samples = &bench->samples[i];
        bench->results[i] = (struct result){median(samples->own), median(samples->reference),
                                            median(samples->operation)};
    }
}

/* ---- showing ---- */

static size_t row_named(const char *name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    bench_die("no row %s", name);
}

static double ratio(const struct result *result)
{
    return result->reference / result->own;
}

static double target_value(const struct bench *bench, const struct target *target)
{
    const struct result *result = &bench->results[row_named(target->row)];
    if (target->against && !*target->against)
        return result->own;
    if (target->against)
        return result->own / bench->results[row_named(target->against)].own;
    return target->at_most ? 1 / ratio(result) : ratio(result);
}

static const char *target_verdict(const struct target *target, double value)
{
    bool aim = target->at_most ? value <= target->aim : value >= target->aim;
    bool must = target->at_most ? value <= target->must : value >= target->must;
    return aim ? "aim reached" : must ? "reached" : "MISSED";
}

static void print_table(const struct bench *bench)
{
    printf("%-22s %12s   %-16s %12s %9s\n", "row", "ns", "reference", "ns", "ratio");
    for (size_t i = 0; i < ROWS; i++) {
        const struct result *result = &bench->results[i];
        if (rows[i].reference == NO_REFERENCE) {
            printf("%-22s %12.1f bytes\n", rows[i].name, result->own);
            continue;
        }
        printf("%-22s %12.1f   %-16s %12.1f %9.2f", rows[i].name, result->own,
               references[rows[i].reference].name, result->reference, ratio(result));
        if (result->operation > 0)
            printf("   %.1f for an operation of the recording", result->operation);
        if (rows[i].per_second)
            printf("   %.1f M/s", 1000 / result->own);
        putchar('\n');
    }
    printf("\n%-22s %-26s %9s %9s %9s\n", "target", "", "measured", "must", "aim");
    for (size_t i = 0; i < TARGETS; i++) {
        const struct target *target = &targets[i];
        const struct row *row = &rows[row_named(target->row)];
        bool itself = target->against && !*target->against;
        const char *against = target->against ? target->against : references[row->reference].name;
        const char *unit = row->reference == NO_REFERENCE ? "bytes" : "ns";
        char what[64];
        snprintf(what, sizeof what, "%s %s",
                 !target->at_most ? "faster than"
                 : itself         ? "at most"
                                  : "at most x",
                 itself ? unit : against);
        double value = target_value(bench, target);
        printf("%-22s %-26.26s %9.2f %9.2f %9.2f  %s\n", target->row, what, value, target->must,
               target->aim, target_verdict(target, value));
    }
}

/* ---- build/bench.json ---- */

/* The processor's name, printable and without quotes. */
static void processor_name(char *name, size_t bytes)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    snprintf(name, bytes, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(name, bytes, "%s", colon + 2);
        break;
    }
    if (file)
        fclose(file);
    for (char *at = name; *at; at++)
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
            *at = '?';
}

static void write_row(FILE *file, const struct row *row, const struct result *result)
{
    fprintf(file, "    {\"name\": \"%s\", ", row->name);
    if (row->reference == NO_REFERENCE) {
        fprintf(file, "\"bytes\": %.1f}", result->own);
        return;
    }
    fprintf(file, "\"ns\": %.1f, \"reference\": \"%s\", \"reference_ns\": %.1f, \"ratio\": %.3f",
            result->own, references[row->reference].name, result->reference, ratio(result));
    if (result->operation > 0)
        fprintf(file, ", \"operation_ns\": %.1f", result->operation);
    fputc('}', file);
}

static void write_json(const struct bench *bench)
{
    FILE *file = fopen(bench->json, "w");
    char processor[128];
    struct utsname system;
    if (!file)
        bench_die("%s cannot be written", bench->json);
    processor_name(processor, sizeof processor);
    uname(&system);
    fprintf(file,
            "{\"machine\": \"%s, %ld processors, %s %s\",\n  \"rounds\": %d,\n  \"rows\": [\n",
            processor, sysconf(_SC_NPROCESSORS_ONLN), system.sysname, system.release, ROUNDS);
    for (size_t i = 0; i < ROWS; i++) {
        write_row(file, &rows[i], &bench->results[i]);
        fputs(i + 1 < ROWS ? ",\n" : "\n", file);
    }
    fputs("  ],\n  \"targets\": [\n", file);
    for (size_t i = 0; i < TARGETS; i++) {
        double value = target_value(bench, &targets[i]);
        fprintf(file,
                "    {\"name\": \"%s\", \"measured\": %.3f, \"must\": %.2f, \"aim\": %.2f}%s\n",
                targets[i].row, value, targets[i].must, targets[i].aim, i + 1 < TARGETS ? "," : "");
    }
    fputs("  ]}\n", file);
    if (fclose(file) != 0)
        bench_die("%s cannot be written", bench->json);
}

/* ---- the program ---- */

static void prepare(struct bench *bench, const char *build)
{
    snprintf(bench->lowwater, sizeof bench->lowwater, "%s/lowwater", build);
    snprintf(bench->policy, sizeof bench->policy, "%s/policies/passthrough.so", build);
    snprintf(bench->recording, sizeof bench->recording, "%s/bench-startup.lwt", build);
    snprintf(bench->json, sizeof bench->json, "%s/bench.json", build);
    struct synthetic *small = synthetic_create(10, STARTUP_OPERATIONS);
    synthetic_write(small, bench->recording);
    synthetic_destroy(small);
    for (int i = 0; i < SIZES; i++) {
        bench->machines[i] = machine_process_start(size_regions[i]);
        bench->recordings[i] = synthetic_create(size_regions[i], REPLAYED_OPERATIONS);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc != 2) {
        fprintf(stderr, "usage: bench BUILD_FOLDER\n");
        return 2;
    }
    uint64_t begin = monotonic_ns();
    prepare(&bench, argv[1]);
    measure_all(&bench);
    print_table(&bench);
    fflush(stdout);
    write_json(&bench);
    printf("\n%d rounds in %.0f s; %s\n", ROUNDS, (double)(monotonic_ns() - begin) / 1e9,
           bench.json);
    for (int i = 0; i < SIZES; i++) {
        machine_process_end(bench.machines[i]);
        synthetic_destroy(bench.recordings[i]);
    }
    return 0;
}
