/* lowwater run: scenarios with policies and seeds. */
#include "harness/commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/batch.h"
#include "harness/debug.h"
#include "harness/explain.h"
#include "harness/inject_hint.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/run_inputs.h"

#define OPERANDS_MAX 512
#define POLICIES_MAX 64
#define RUNS_MAX 100000
#define DETAILED_MAX 8 /* of more runs each that held has one line */

static const char help[] =
    "usage: lowwater run SCENARIO... [options]\n"
    "\n"
    "Runs every scenario with every policy and every seed on a simulated Windows\n"
    "machine, each run in a process of its own. SCENARIO is a bundled name, a .yaml\n"
    "file, - for standard input, or a recording (bundled or .lwt), which is\n"
    "replayed on the default machine; see lowwater list.\n"
    "\n"
    "      --all           every bundled scenario\n"
    "  -p, --policy P      bundled name, .so, .c or .cpp; repeatable; all: each\n"
    "                      (default: the scenario's, else passthrough)\n"
    "      --factory F     exported factory, SYMBOL or control:SYMBOL\n"
    "  -s, --seed N|A..B   seed, or all from A to B (default: the scenario's, else 1)\n"
    "      --set KEY=V     another value for a key of the scenario: machine.ram=1GiB,\n"
    "                      shutdown=release; policy.NAME: a parameter of the policy\n"
    "  -i, --inject SPEC   a failure: CALL[filters]#N:ERROR:once|xN|forever, e.g.\n"
    "                      'VirtualAlloc[commit]#106:ERROR_COMMITMENT_LIMIT'; can be\n"
    "                      repeated (lowwater list faults has calls and errors). The\n"
    "                      scenario's rules come first; the first that fires decides\n"
    "      --explain       tell in words what happened\n"
    "      --check         run each twice more and compare record by record\n"
    "      --race          look for data races: sources are built with every load and\n"
    "                      store instrumented (lowwater cc --race), bundled policies\n"
    "                      have that form\n"
    "      --trace FILE    write the trace (one run only)\n"
    "      --json FILE     write results as JSON\n"
    "      --junit FILE    write results for continuous integration\n"
    "  -j, --jobs N        runs at a time (default: processors)\n"
    "      --debug         start gdb on the run (one), where the policy begins\n"
    "      --at N          with --debug: before event N of the report\n"
    "      --debugger P    another gdb\n"
    "      --timeout S     processor seconds without a simulated call (default: 10)\n"
    "      --max-events N  records of one run (default: 1000000000)\n"
    "  -q, --quiet         only what did not hold\n"
    "      --help          this text\n"
    "\n"
    "Exit codes: 0 held, 1 a promise or an expectation was broken, 3 nondeterminism,\n"
    "4 no progress, 5 the policy crashed or exited, 2 usage, 6 invalid input, 70\n"
    "internal error, 130 interrupted. Of several runs the worst counts.\n";

struct request {
    const char *operands[OPERANDS_MAX];
    uint32_t operands_count;
    const char *policies[POLICIES_MAX];
    uint32_t policies_count;
    struct run_words words;
    struct run_spec pattern; /* options of every run */
    bool has_seed, explain;
    struct debug_options debug;
    char **argv; /* as it was given */
    uint64_t seed_first, seed_last;
    const char *json, *junit;
    struct batch_options batch;
};

/* ---- arguments ---- */

enum {
    OPTION_FACTORY = 256,
    OPTION_SET,
    OPTION_ALL,
    OPTION_EXPLAIN,
    OPTION_CHECK,
    OPTION_RACE,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_TIMEOUT,
    OPTION_MAX_EVENTS,
    OPTION_DEBUG,
    OPTION_AT,
    OPTION_DEBUGGER,
    OPTION_HELP
};

static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                        {"factory", required_argument, NULL, OPTION_FACTORY},
                                        {"seed", required_argument, NULL, 's'},
                                        {"set", required_argument, NULL, OPTION_SET},
                                        {"inject", required_argument, NULL, 'i'},
                                        {"all", no_argument, NULL, OPTION_ALL},
                                        {"explain", no_argument, NULL, OPTION_EXPLAIN},
                                        {"check", no_argument, NULL, OPTION_CHECK},
                                        {"race", no_argument, NULL, OPTION_RACE},
                                        {"trace", required_argument, NULL, OPTION_TRACE},
                                        {"json", required_argument, NULL, OPTION_JSON},
                                        {"junit", required_argument, NULL, OPTION_JUNIT},
                                        {"jobs", required_argument, NULL, 'j'},
                                        {"timeout", required_argument, NULL, OPTION_TIMEOUT},
                                        {"max-events", required_argument, NULL, OPTION_MAX_EVENTS},
                                        {"debug", no_argument, NULL, OPTION_DEBUG},
                                        {"at", required_argument, NULL, OPTION_AT},
                                        {"debugger", required_argument, NULL, OPTION_DEBUGGER},
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
    request->has_seed = true;
    return EXIT_HELD;
}

static int take_fault(struct request *request, const char *text)
{
    struct run_words *words = &request->words;
    struct fault_rule rule;
    char message[1024], hint[128];
    if (words->inject_count == FAULT_RULES)
        return usage_error("run: at most %d failures can be injected", FAULT_RULES);
    if (!fault_parse(text, &rule, message, sizeof message))
        return usage_error("run: --inject '%s': %s%s", text, message,
                           inject_hint(text, hint, sizeof hint));
    words->inject[words->inject_count++] = text;
    return EXIT_HELD;
}

static int take_setting(struct request *request, const char *text)
{
    struct run_words *words = &request->words;
    if (words->settings_count == SETTINGS_MAX)
        return usage_error("run: at most %d times --set", SETTINGS_MAX);
    words->settings[words->settings_count++] = text;
    return EXIT_HELD;
}

static int take_policy(struct request *request, const char *word)
{
    static char names[POLICIES_MAX][PLACES_NAME_BYTES];
    size_t count = strcmp(word, "all") == 0 ? places_policies(names, POLICIES_MAX) : 0;
    for (size_t i = 0; i < (count ? count : 1); i++) {
        if (request->policies_count == POLICIES_MAX)
            return usage_error("run: at most %d policies", POLICIES_MAX);
        request->policies[request->policies_count++] = count ? names[i] : word;
    }
    return EXIT_HELD;
}

static int take_operand(struct request *request, const char *word)
{
    if (request->operands_count == OPERANDS_MAX)
        return usage_error("run: at most %d scenarios", OPERANDS_MAX);
    for (uint32_t i = 0; i < request->operands_count; i++)
        if (strcmp(word, "-") == 0 && strcmp(request->operands[i], "-") == 0)
            return usage_error("run: standard input can be read once");
    request->operands[request->operands_count++] = word;
    return EXIT_HELD;
}

static int take_all(struct request *request)
{
    static char names[OPERANDS_MAX][PLACES_NAME_BYTES];
    size_t count = places_scenarios(names, OPERANDS_MAX);
    int code = count ? EXIT_HELD : usage_error("run: there are no bundled scenarios");
    for (size_t i = 0; i < count && code == EXIT_HELD; i++)
        code = take_operand(request, names[i]);
    return code;
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
    struct run_spec *spec = &request->pattern;
    uint64_t number = 0;
    int code = EXIT_HELD;
    switch (option) {
    case 'p':
        return take_policy(request, argument);
    case OPTION_ALL:
        return take_all(request);
    case OPTION_EXPLAIN:
        request->explain = true;
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
    case OPTION_RACE:
        spec->race = true;
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
    case OPTION_DEBUG:
        request->debug.wanted = true;
        return EXIT_HELD;
    case OPTION_AT:
        request->debug.has_at = spec->stops = true;
        return take_number("--at", argument, 1, UINT64_C(1) << 62, &spec->stops_at);
    case OPTION_DEBUGGER:
        request->debug.debugger = argument;
        return EXIT_HELD;
    case OPTION_MAX_EVENTS:
        return take_number("--max-events", argument, 1, UINT64_C(1) << 62, &spec->max_events);
    default:
        request->batch.quiet = true;
        return EXIT_HELD;
    }
}

/* A debugger sees one process, and the report is not what one looks at. */
static int check_debug(const struct request *request)
{
    const struct debug_options *debug = &request->debug;
    if (!debug->wanted && (debug->has_at || debug->debugger))
        return usage_error("run: %s goes with --debug", debug->has_at ? "--at" : "--debugger");
    if (debug->wanted && (request->batch.check || request->explain))
        return usage_error("run: --debug does not go with --check or --explain");
    for (uint32_t i = 0; debug->wanted && i < request->operands_count; i++)
        if (strcmp(request->operands[i], "-") == 0)
            return usage_error("run: --debug needs a file: standard input is the debugger's");
    return EXIT_HELD;
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
        int code = take_operand(request, argv[optind]);
        if (code != EXIT_HELD)
            return code;
    }
    if (request->operands_count == 0)
        return usage_error("run: what shall run? Name a scenario (lowwater list)");
    return check_debug(request);
}

/* ---- inputs and outputs ---- */

struct inputs {
    struct run_input *scenarios;
    uint32_t scenarios_count;
    struct run_policy *policies; /* of --policy; none: each scenario's own */
    uint32_t policies_count;
};

/* Opens all, so that everything wrong is told at once; the first reason decides the exit code. */
static int open_scenarios(const struct request *request, struct inputs *inputs)
{
    int worst = EXIT_HELD;
    for (uint32_t i = 0; i < request->operands_count; i++) {
        struct run_input *input = &inputs->scenarios[inputs->scenarios_count++];
        int code = run_input_open(input, request->operands[i], &request->words);
        if (code == EXIT_USAGE || worst == EXIT_HELD)
            worst = code;
        if (code == EXIT_USAGE && request->words.settings_count)
            break; /* most likely a setting, and no other scenario would like it either */
    }
    return worst;
}

static int open_policies(const struct request *request, struct inputs *inputs)
{
    int code = EXIT_HELD;
    for (uint32_t i = 0; i < request->policies_count && code == EXIT_HELD; i++)
        code = run_policy_open(&inputs->policies[inputs->policies_count++], request->policies[i],
                               request->pattern.race);
    for (uint32_t i = 0; i < inputs->scenarios_count && request->policies_count == 0; i++)
        code = code == EXIT_HELD ? run_input_policy(&inputs->scenarios[i], request->pattern.race)
                                 : code;
    return code;
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

static bool is_input(const char *path, const struct run_policy *policy)
{
    return same_file(path, policy->path) || (policy->word && same_file(path, policy->word));
}

/* Whether one would be written over the other, or between its lines. Devices such as /dev/null take
 * several. */
static bool one_output(const char *a, const char *b)
{
    struct stat status;
    if (stat(a, &status) == 0 && !S_ISREG(status.st_mode))
        return false;
    return strcmp(a, b) == 0 || same_file(a, b);
}

static int check_outputs(const struct request *request, const struct inputs *inputs)
{
    const char *outputs[] = {request->json, request->junit, request->pattern.trace_path};
    for (size_t o = 0; o < 3; o++) {
        bool taken = false;
        for (uint32_t i = 0; outputs[o] && i < inputs->scenarios_count; i++)
            taken = taken || same_file(outputs[o], inputs->scenarios[i].plan->path) ||
                    is_input(outputs[o], &inputs->scenarios[i].own);
        for (uint32_t i = 0; outputs[o] && i < inputs->policies_count; i++)
            taken = taken || is_input(outputs[o], &inputs->policies[i]);
        if (taken)
            return usage_error("run: %s would overwrite an input", outputs[o]);
        for (size_t other = 0; outputs[o] && other < o; other++)
            if (outputs[other] && one_output(outputs[o], outputs[other]))
                return usage_error("run: two results cannot both be written to %s", outputs[o]);
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

/* The runs in the order of the command line: scenarios, policies, seeds. Only counts them where
 * runs is NULL. */
static uint64_t plan_runs(const struct request *request, const struct inputs *inputs,
                          struct report_run *runs)
{
    uint64_t count = 0;
    for (uint32_t s = 0; s < inputs->scenarios_count; s++) {
        const struct run_input *input = &inputs->scenarios[s];
        uint64_t first = request->has_seed ? request->seed_first : input->plan->seed;
        uint64_t last = request->has_seed ? request->seed_last : first;
        const struct run_policy *policies = inputs->policies_count ? inputs->policies : &input->own;
        uint32_t policies_count = inputs->policies_count ? inputs->policies_count : 1;
        for (uint64_t i = 0; runs && i < policies_count * (last - first + 1); i++) {
            struct report_run *run = &runs[count + i];
            const struct run_policy *policy = &policies[i / (last - first + 1)];
            *run = (struct report_run){.spec = request->pattern, .scenario_word = input->word};
            run->policy_word = policy->word;
            run->spec.scenario = input->plan->name;
            run->spec.plan = input->plan;
            run->spec.faults = input->faults;
            run->spec.faults_count = input->faults_count;
            run->spec.policy = policy->name;
            run->spec.policy_path = policy->path;
            run->spec.seed = first + i % (last - first + 1);
        }
        count += policies_count * (last - first + 1);
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

/* Once a policy. */
static void say_blindness(const struct report_run *runs, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(runs[i].spec.policy_path, runs[index].spec.policy_path) == 0)
            return;
    report_race_blindness(&runs[index], stderr);
}

static int report_all(const struct request *request, struct report_run *runs, uint32_t count,
                      FILE *json, FILE *junit)
{
    struct report_totals totals = {.runs = count};
    const char *trace = request->pattern.trace_path;
    bool taken = json == stdout || junit == stdout || (trace && strcmp(trace, "-") == 0);
    FILE *out = taken ? stderr : stdout;
    bool load_shown = false;
    for (uint32_t i = 0; i < count; i++) {
        totals.by_outcome[runs[i].result->outcome]++;
        bool is_load = runs[i].result->outcome == OUTCOME_LOAD;
        if (!is_load || !load_shown)
            report_run(&runs[i], request->batch.quiet, count <= DETAILED_MAX, out, stderr);
        say_blindness(runs, i);
        if (request->explain)
            explain_run(&runs[i], out);
        load_shown = load_shown || is_load;
    }
    int code = worst_exit(runs, count);
    bool summed = !load_shown && !request->batch.quiet;
    if (summed && count > 1) {
        report_table(runs, count, out);
        fputc('\n', out);
    }
    if (summed && (count > 1 || code == EXIT_FINDING))
        report_totals(&totals, runs, count, out);
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
    bool left = request->debug.wanted && !runs[0].result->finished; /* the debugger was quit */
    if (done && left)
        code = EXIT_HELD;
    else if (done)
        code = report_all(request, runs, count, json, junit);
    else
        fprintf(stderr, "\nlowwater: interrupted\n");
    FILE *outputs[] = {json, junit};
    for (int i = 0; i < 2; i++)
        if (outputs[i] && outputs[i] != stdout && fclose(outputs[i]) != 0)
            code = usage_error("run: the results could not be written: %s", strerror(errno));
    for (uint32_t i = 0; i < count; i++) {
        int error = runs[i].result->trace_errno;
        if (done && error && error != EPIPE)
            code = usage_error("run: the trace could not be written: %s", strerror(error));
        run_result_destroy(runs[i].result);
    }
    return code;
}

static int run_inputs(struct request *request, const struct inputs *inputs)
{
    uint64_t total = plan_runs(request, inputs, NULL);
    int code = check_outputs(request, inputs);
    if (code == EXIT_HELD && total > RUNS_MAX)
        code = usage_error("run: %" PRIu64 " runs are more than %d", total, RUNS_MAX);
    if (code == EXIT_HELD && total > 1 && request->pattern.trace_path)
        code = usage_error("run: --trace takes one run, these are %" PRIu64, total);
    if (code == EXIT_HELD)
        code = check_trace_path(request->pattern.trace_path);
    if (code == EXIT_HELD && total > 1 && request->debug.wanted)
        code = usage_error("run: --debug takes one run, these are %" PRIu64, total);
    if (code == EXIT_HELD && request->debug.wanted && !debug_is_running())
        return debug_run(&request->debug, request->argv);
    FILE *json = code == EXIT_HELD && request->json ? open_output(request->json) : NULL;
    FILE *junit = code == EXIT_HELD && request->junit ? open_output(request->junit) : NULL;
    if (code == EXIT_HELD && ((request->json && !json) || (request->junit && !junit)))
        code = EXIT_USAGE;
    if (code != EXIT_HELD)
        return code;
    struct explain_files files = {-1, -1, ""};
    const char *trace = request->pattern.trace_path;
    /* One run leaves it at once; several, or one whose trace goes to standard output, are made
     * once more, each when its turn comes. */
    if (request->explain && total == 1 && !(trace && strcmp(trace, "-") == 0))
        explain_open(&files, &request->pattern);
    struct report_run *runs = calloc(total, sizeof *runs);
    plan_runs(request, inputs, runs);
    code = finish(request, runs, (uint32_t)total, json, junit);
    free(runs);
    explain_close(&files);
    return code;
}

static int run_request(struct request *request)
{
    struct inputs inputs = {.scenarios = calloc(request->operands_count, sizeof *inputs.scenarios)};
    inputs.policies = calloc(request->policies_count + 1, sizeof *inputs.policies);
    int code = open_scenarios(request, &inputs);
    if (code == EXIT_HELD)
        code = open_policies(request, &inputs);
    if (code == EXIT_HELD)
        code = run_inputs(request, &inputs);
    for (uint32_t i = 0; i < inputs.scenarios_count; i++)
        run_input_close(&inputs.scenarios[i]);
    free(inputs.scenarios);
    free(inputs.policies);
    return code;
}

int cmd_run(int argc, char **argv)
{
    static struct request request;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    request = (struct request){.pattern = {.words = &request.words, .digest = true}};
    request.batch.jobs = processors > 0 ? (uint32_t)processors : 1;
    char **words = calloc((size_t)argc + 1, sizeof *words); /* getopt moves them */
    memcpy(words, argv, (size_t)argc * sizeof *words);
    request.argv = words;
    int code = read_arguments(&request, argc, argv);
    if (code == EXIT_HELD)
        code = run_request(&request);
    free(words);
    return code < 0 ? EXIT_HELD : code;
}
