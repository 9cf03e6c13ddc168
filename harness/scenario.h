/* A scenario: what a program does, what the rest of the machine does, which calls fail, and what
 * must hold. docs/scenarios.md is the language; scenario_keys.h the table of its keys.
 *
 * A recording in place of a scenario is one with a single replay (scenario_of_recording). */
#ifndef LW_HARNESS_SCENARIO_H
#define LW_HARNESS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "clr/workload.h"
#include "core/fault.h"
#include "core/sched.h"
#include "core/sim.h"
#include "harness/expect.h"
#include "harness/input_file.h"
#include "os/machine.h"

#define POLICY_PARAMS_MAX 32
#define SCENARIO_BYTES_MAX (1u << 20)

struct policy_param {
    char key[64];
    char value[64];
};

struct scenario_fault {
    struct fault_rule rule;
    uint32_t line, column;
    const char *path; /* "faults[0]" */
};

/* A file that a scenario names and that belongs to it, as a curve of pressure does. */
struct scenario_file {
    const char *name; /* as the scenario says */
    const char *text;
    size_t bytes;
};
#define SCENARIO_FILES_MAX 16
#define SCENARIO_FILE_BYTES_MAX (1u << 20)

struct scenario {
    const char *name;   /* as the file says; of a recording its name */
    uint64_t seed;      /* default 1 */
    const char *policy; /* NULL: none is named */
    struct policy_param params[POLICY_PARAMS_MAX];
    uint32_t params_count;
    struct machine_config machine;
    uint64_t costs_ns[COSTS]; /* virtual time that everything takes */
    struct workload workload;
    struct scenario_fault faults[FAULT_RULES];
    uint32_t faults_count;
    struct sched_options schedule; /* strategy and particulars; seed 0: the run's */
    bool shutdown_release;
    struct expectation *expectations;
    uint32_t expectations_count;
    char about[512];  /* the first comment, one paragraph: the question it answers */
    char path[512];   /* file it was read from; of a recording the recording */
    const char *text; /* the file's bytes, NULL: of a recording */
    size_t text_bytes;
    struct scenario_file files[SCENARIO_FILES_MAX]; /* traces hold them */
    uint32_t files_count;
    void *memory; /* private: everything above that is pointed to */
};

/* Reads a scenario (.yaml, .yml). settings are --set words, KEY=VALUE. INPUT_OK, INPUT_NO_FILE or
 * INPUT_INVALID; diagnostics have been written to err: FILE:LINE:COL: error: ... A setting that
 * does not fit is reported as `--set KEY=VALUE: ...`; *usage tells that only settings were wrong
 * (exit 2). Recordings it names are found beside the file, then among the bundled ones. */
enum input_result scenario_read(const char *path, const char *const *settings,
                                uint32_t settings_count, FILE *err, bool *usage,
                                struct scenario **scenario);
/* The same from memory; path names it in diagnostics and is where recordings are looked for. */
enum input_result scenario_parse(const char *path, const char *text, size_t bytes,
                                 const char *const *settings, uint32_t settings_count, FILE *err,
                                 bool *usage, struct scenario **scenario);
/* A recording as a scenario on the default machine. */
enum input_result scenario_of_recording(const char *path, const char *const *settings,
                                        uint32_t settings_count, FILE *err, bool *usage,
                                        struct scenario **scenario);
void scenario_free(struct scenario *scenario);

/* What the three are made of: for who has the files that the scenario names, too. */
struct scenario_source {
    const char *path;
    const char *text; /* NULL: path is a recording */
    size_t bytes;
    const char *const *settings;
    uint32_t settings_count;
    const struct scenario_file *files; /* looked at before those beside the scenario */
    uint32_t files_count;
};
enum input_result scenario_from(const struct scenario_source *source, FILE *err, bool *usage,
                                struct scenario **scenario);

#endif
