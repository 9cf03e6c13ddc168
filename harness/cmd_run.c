/* lowwater run: recordings with policies and seeds. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/batch.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/policy_find.h"
#include "harness/recording_file.h"
#include "harness/setting.h"

#define OPERANDS_MAX 512
#define POLICIES_MAX 64
#define RUNS_MAX 100000

static const char help[] =
    "usage: lowwater run RECORDING... [options]\n"
    "\n"
    "Replays every recording with every policy and every seed on a simulated Windows\n"
    "machine, each run in a process of its own. RECORDING is a bundled name or a .lwt\n"
    "file (see lowwater list recordings, lowwater import --help).\n"
    "\n"
    "  -p, --policy P      bundled name, .so, .c or .cpp; repeatable (default: passthrough)\n"
    "      --factory F     exported factory, SYMBOL or control:SYMBOL\n"
    "  -s, --seed N|A..B   seed, or all from A to B (default: 1)\n"
    "      --set KEY=V     machine.ram, machine.pagefile, machine.address-space,\n"
    "                      machine.processors, machine.large-pages,\n"
    "                      machine.guard-heap-blocks, replay.native=malloc|virtual|around,\n"
    "                      shutdown=release, policy.NAME\n"
    "  -i, --inject SPEC   one failure: CALL[filters]#N:ERROR:once|xN|forever, for example\n"
    "                      'VirtualAlloc[commit]#106:ERROR_COMMITMENT_LIMIT'; repeatable\n"
    "                      (lowwater list faults has calls and errors)\n"
    "      --check         run each twice more and compare record by record\n"
    "      --trace FILE    write the trace (one run only)\n"
    "      --json FILE     write results as JSON\n"
    "      --junit FILE    write results for continuous integration\n"
    "  -j, --jobs N        runs at a time (default: processors)\n"
    "      --timeout S     processor seconds without a simulated call (default: 10)\n"
    "      --max-events N  records of one run (default: 1000000000)\n"
    "  -q, --quiet         only what did not hold\n"
    "      --help          this text\n"
    "\n"
    "Exit codes: 0 held, 3 nondeterminism, 4 no progress, 5 the policy crashed or\n"
    "exited, 2 usage, 6 invalid input, 70 internal error, 130 interrupted.\n";

struct request {
    const char *recordings[OPERANDS_MAX];
    uint32_t recordings_count;
    const char *policies[POLICIES_MAX];
    uint32_t policies_count;
    struct report_run pattern; /* settings, faults, options of every run */
    uint64_t seed_first, seed_last;
    const char *json, *junit;
    struct batch_options batch;
};

/* ---- arguments ---- */

enum {
    OPTION_FACTORY = 256,
    OPTION_SET,
    OPTION_CHECK,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_TIMEOUT,
    OPTION_MAX_EVENTS,
    OPTION_HELP
};

static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                        {"factory", required_argument, NULL, OPTION_FACTORY},
                                        {"seed", required_argument, NULL, 's'},
                                        {"set", required_argument, NULL, OPTION_SET},
                                        {"inject", required_argument, NULL, 'i'},
                                        {"check", no_argument, NULL, OPTION_CHECK},
                                        {"trace", required_argument, NULL, OPTION_TRACE},
                                        {"json", required_argument, NULL, OPTION_JSON},
                                        {"junit", required_argument, NULL, OPTION_JUNIT},
                                        {"jobs", required_argument, NULL, 'j'},
                                        {"timeout", required_argument, NULL, OPTION_TIMEOUT},
                                        {"max-events", required_argument, NULL, OPTION_MAX_EVENTS},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {NULL, 0, NULL, 0}};

static int take_seed(struct request *request, const char *text)
{
    char first[64];
    const char *dots = strstr(text, "..");
    size_t length = dots ? (size_t)(dots - text) : strlen(text);
    if (length >= sizeof first)
        return usage_error("run: --seed needs N or A..B, not '%s'", text);
    snprintf(first, sizeof first, "%.*s", (int)length, text);
    if (!parse_u64(first, &request->seed_first) ||
        !parse_u64(dots ? dots + 2 : first, &request->seed_last) ||
        request->seed_last < request->seed_first)
        return usage_error("run: --seed needs N or A..B with A not above B, not '%s'", text);
    if (request->seed_last - request->seed_first >= RUNS_MAX)
        return usage_error("run: --seed: at most %d seeds at once", RUNS_MAX);
    return EXIT_HELD;
}

static int take_fault(struct request *request, const char *text)
{
    struct report_run *pattern = &request->pattern;
    char message[1024];
    if (pattern->spec.faults_count == FAULT_RULES)
        return usage_error("run: at most %d failures can be injected", FAULT_RULES);
    if (!fault_parse(text, &pattern->spec.faults[pattern->spec.faults_count], message,
                     sizeof message))
        return usage_error("run: --inject '%s': %s", text, message);
    pattern->spec.faults_count++;
    snprintf(pattern->inject[pattern->inject_count++], sizeof *pattern->inject, "%s", text);
    return EXIT_HELD;
}

static int take_setting(struct request *request, const char *text)
{
    struct report_run *pattern = &request->pattern;
    char message[1024];
    if (!setting_apply(&pattern->spec, text, message, sizeof message))
        return usage_error("run: %s", message);
    if (pattern->settings_count < POLICY_PARAMS_MAX)
        snprintf(pattern->settings[pattern->settings_count++], sizeof *pattern->settings, "%s",
                 text);
    return EXIT_HELD;
}

static int take_number(const char *name, const char *text, uint64_t least, uint64_t most,
                       uint64_t *value)
{
    if (parse_u64(text, value) && *value >= least && *value <= most)
        return EXIT_HELD;
    return usage_error("run: %s needs a number from %" PRIu64 " to %" PRIu64 ", not '%s'", name,
                       least, most, text);
}

static int take_option(struct request *request, int option, const char *argument)
{
    struct run_spec *spec = &request->pattern.spec;
    uint64_t number = 0;
    int code = EXIT_HELD;
    switch (option) {
    case 'p':
        if (request->policies_count == POLICIES_MAX)
            return usage_error("run: at most %d policies", POLICIES_MAX);
        request->policies[request->policies_count++] = argument;
        return EXIT_HELD;
    case OPTION_FACTORY:
        spec->factory = argument;
        return EXIT_HELD;
    case 's':
        return take_seed(request, argument);
    case OPTION_SET:
        return take_setting(request, argument);
    case 'i':
        return take_fault(request, argument);
    case OPTION_CHECK:
        request->batch.check = true;
        return EXIT_HELD;
    case OPTION_TRACE:
        spec->trace_path = argument;
        return EXIT_HELD;
    case OPTION_JSON:
        request->json = argument;
        return EXIT_HELD;
    case OPTION_JUNIT:
        request->junit = argument;
        return EXIT_HELD;
    case 'j':
        code = take_number("--jobs", argument, 1, 64, &number);
        request->batch.jobs = (uint32_t)number;
        return code;
    case OPTION_TIMEOUT:
        return take_number("--timeout", argument, 1, 86400, &spec->timeout_s);
    case OPTION_MAX_EVENTS:
        return take_number("--max-events", argument, 1, UINT64_C(1) << 62, &spec->max_events);
    default:
        request->batch.quiet = true;
        return EXIT_HELD;
    }
}

static int read_arguments(struct request *request, int argc, char **argv)
{
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "p:s:i:j:q", options, NULL)) != -1;) {
        if (option == '?') {
            fprintf(stderr, "lowwater: see lowwater run --help\n");
            return EXIT_USAGE;
        }
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            return -1;
        }
        int code = take_option(request, option, optarg);
        if (code != EXIT_HELD)
            return code;
    }
    for (; optind < argc; optind++) {
        if (request->recordings_count == OPERANDS_MAX)
            return usage_error("run: at most %d recordings", OPERANDS_MAX);
        request->recordings[request->recordings_count++] = argv[optind];
    }
    if (request->recordings_count == 0)
        return usage_error("run: what shall run? Name a recording (lowwater list recordings)");
    return EXIT_HELD;
}

/* ---- inputs ---- */

struct input {
    char path[512], name[64];
    struct recording_file file;
};

static int no_such_recording(const char *word)
{
    static char names[256][PLACES_NAME_BYTES];
    const char *pointers[256];
    size_t count = places_recordings(names, 256);
    for (size_t i = 0; i < count; i++)
        pointers[i] = names[i];
    const char *similar = nearest_word(word, pointers, count);
    fprintf(stderr, "lowwater: no such recording: %s", word);
    if (similar)
        fprintf(stderr, "; did you mean '%s'?", similar);
    fprintf(stderr, "\n  bundled are:");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s", names[i]);
    fprintf(stderr, "; or give the path of a .lwt file\n");
    return EXIT_USAGE;
}

/* The trace is written by the run's own process: find out before whether it can be. */
static int check_trace_path(const char *path)
{
    if (!path || strcmp(path, "-") == 0)
        return EXIT_HELD;
    FILE *file = fopen(path, "a");
    if (!file)
        return usage_error("run: cannot write %s: %s", path, strerror(errno));
    fclose(file);
    return EXIT_HELD;
}

static bool is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int open_recording(const char *word, struct input *input)
{
    char message[512];
    if (access(word, F_OK) == 0)
        snprintf(input->path, sizeof input->path, "%s", word);
    else if (!places_recording(word, input->path, sizeof input->path))
        return no_such_recording(word);
    if (is_yaml(word)) {
        fprintf(stderr, "lowwater: %s: this version runs recordings (.lwt), not scenarios\n", word);
        return EXIT_INPUT;
    }
    places_base_name(input->path, input->name, sizeof input->name);
    enum input_result result =
        recording_file_read(input->path, &input->file, message, sizeof message);
    if (result == INPUT_OK)
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s: %s\n", word, message);
    return result == INPUT_NO_FILE ? EXIT_USAGE : EXIT_INPUT;
}

struct policy_word {
    char path[512], name[64];
};

static int check_outputs(const struct request *request, const struct input *inputs,
                         const struct policy_word *policies)
{
    const char *outputs[] = {request->json, request->junit, request->pattern.spec.trace_path};
    for (size_t o = 0; o < 3; o++) {
        for (uint32_t i = 0; outputs[o] && i < request->recordings_count; i++)
            if (same_file(outputs[o], inputs[i].path))
                return usage_error("run: %s would overwrite an input", outputs[o]);
        for (uint32_t i = 0; outputs[o] && i < request->policies_count; i++)
            if (same_file(outputs[o], policies[i].path) ||
                same_file(outputs[o], request->policies[i]))
                return usage_error("run: %s would overwrite an input", outputs[o]);
    }
    return EXIT_HELD;
}

/* A file that will be written: opened before anything runs, so that a bad path costs no time. */
static FILE *open_output(const char *path)
{
    if (strcmp(path, "-") == 0)
        return stdout;
    FILE *out = fopen(path, "w");
    if (!out)
        usage_error("run: cannot write %s: %s", path, strerror(errno));
    return out;
}

/* ---- running and reporting ---- */

static uint32_t plan_runs(const struct request *request, const struct input *inputs,
                          const struct policy_word *policies, struct report_run *runs)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < request->recordings_count; r++) {
        for (uint32_t p = 0; p < request->policies_count; p++) {
            for (uint64_t seed = request->seed_first;; seed++) {
                struct report_run *run = &runs[count++];
                *run = request->pattern;
                run->spec.scenario = inputs[r].name;
                run->spec.scenario_path = inputs[r].path;
                run->spec.recording = &inputs[r].file.recording;
                run->spec.policy = policies[p].name;
                run->spec.policy_path = policies[p].path;
                run->spec.seed = seed;
                run->scenario_word = request->recordings[r];
                run->policy_word = request->policies[p];
                if (seed == request->seed_last)
                    break;
            }
        }
    }
    return count;
}

/* 70, 3, 5, 4, 1, 0: the worst wins; a policy that cannot be loaded ends the command. */
static int worst_exit(const struct report_run *runs, uint32_t count)
{
    static const int order[] = {EXIT_HELD,  EXIT_FINDING,        EXIT_NO_PROGRESS,
                                EXIT_CRASH, EXIT_NONDETERMINISM, EXIT_INTERNAL};
    int worst = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct run_result *result = runs[i].result;
        if (result->outcome == OUTCOME_LOAD)
            return result->usage_error ? EXIT_USAGE : EXIT_INPUT;
        for (int o = 0; o < 6; o++)
            if (order[o] == outcome_exit_code(result->outcome) && o > worst)
                worst = o;
    }
    return order[worst];
}

static int report_all(const struct request *request, struct report_run *runs, uint32_t count,
                      FILE *json, FILE *junit)
{
    struct report_totals totals = {.runs = count};
    const char *trace = request->pattern.spec.trace_path;
    bool taken = json == stdout || junit == stdout || (trace && strcmp(trace, "-") == 0);
    FILE *out = taken ? stderr : stdout;
    bool load_shown = false;
    for (uint32_t i = 0; i < count; i++) {
        totals.by_outcome[runs[i].result->outcome]++;
        bool is_load = runs[i].result->outcome == OUTCOME_LOAD;
        if (!is_load || !load_shown)
            report_run(&runs[i], request->batch.quiet, true, out, stderr);
        load_shown = load_shown || is_load;
    }
    int code = worst_exit(runs, count);
    if (count > 1 && !load_shown && !request->batch.quiet) {
        report_table(runs, count, out);
        report_totals(&totals, out);
    }
    if (json)
        report_json(runs, count, code, &totals, json);
    if (junit)
        report_junit(runs, count, junit);
    return code;
}

static int finish(const struct request *request, struct report_run *runs, uint32_t count,
                  FILE *json, FILE *junit)
{
    bool done = batch_execute(runs, count, &request->batch);
    int code = EXIT_INTERRUPTED;
    if (done)
        code = report_all(request, runs, count, json, junit);
    else
        fprintf(stderr, "\nlowwater: interrupted\n");
    FILE *outputs[] = {json, junit};
    for (int i = 0; i < 2; i++)
        if (outputs[i] && outputs[i] != stdout && fclose(outputs[i]) != 0)
            code = usage_error("run: the results could not be written: %s", strerror(errno));
    for (uint32_t i = 0; i < count; i++)
        run_result_destroy(runs[i].result);
    return code;
}

static int run_request(struct request *request)
{
    struct input *inputs = calloc(request->recordings_count, sizeof *inputs);
    struct policy_word *policies = calloc(request->policies_count, sizeof *policies);
    uint64_t seeds = request->seed_last - request->seed_first + 1;
    uint64_t total = seeds * request->recordings_count * request->policies_count;
    int code = EXIT_HELD;
    for (uint32_t i = 0; i < request->recordings_count && code == EXIT_HELD; i++)
        code = open_recording(request->recordings[i], &inputs[i]);
    for (uint32_t i = 0; i < request->policies_count && code == EXIT_HELD; i++)
        code = policy_find(request->policies[i], policies[i].path, sizeof policies[i].path,
                           policies[i].name, sizeof policies[i].name);
    if (code == EXIT_HELD)
        code = check_outputs(request, inputs, policies);
    if (code == EXIT_HELD && total > RUNS_MAX)
        code = usage_error("run: %" PRIu64 " runs are more than %d", total, RUNS_MAX);
    if (code == EXIT_HELD && total > 1 && request->pattern.spec.trace_path)
        code = usage_error("run: --trace takes one run, these are %" PRIu64, total);
    if (code == EXIT_HELD)
        code = check_trace_path(request->pattern.spec.trace_path);
    FILE *json = code == EXIT_HELD && request->json ? open_output(request->json) : NULL;
    FILE *junit = code == EXIT_HELD && request->junit ? open_output(request->junit) : NULL;
    if (code == EXIT_HELD && ((request->json && !json) || (request->junit && !junit)))
        code = EXIT_USAGE;
    if (code == EXIT_HELD) {
        struct report_run *runs = calloc(total, sizeof *runs);
        uint32_t count = plan_runs(request, inputs, policies, runs);
        code = finish(request, runs, count, json, junit);
        free(runs);
    }
    for (uint32_t i = 0; i < request->recordings_count; i++)
        recording_file_free(&inputs[i].file);
    free(inputs);
    free(policies);
    return code;
}

int cmd_run(int argc, char **argv)
{
    static struct request request;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    request = (struct request){.seed_first = 1, .seed_last = 1};
    request.pattern.spec.machine = machine_config_default();
    request.pattern.spec.digest = true;
    request.batch.jobs = processors > 0 ? (uint32_t)processors : 1;
    int code = read_arguments(&request, argc, argv);
    if (code != EXIT_HELD)
        return code < 0 ? EXIT_HELD : code;
    if (request.policies_count == 0)
        request.policies[request.policies_count++] = "passthrough";
    return run_request(&request);
}
