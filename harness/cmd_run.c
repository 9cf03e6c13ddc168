/* lowwater run: scenarios with policies and seeds. */
#include "harness/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/explain.h"
#include "harness/options.h"
#include "harness/run_arguments.h"
#include "harness/run_inputs.h"
#include "harness/schedule_word.h"

#define DETAILED_MAX 8 /* of more runs each that held has one line */

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
            run->spec.schedule = input->plan->schedule;
            if (request->has_schedule)
                schedule_choose(&request->schedule, &run->spec.schedule);
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

/* Each run under many schedules: one that broke in several ways becomes several. */
static bool try_schedules(const struct request *request, struct report_run *runs, uint32_t *count)
{
    uint32_t planned_count = *count;
    struct report_run *planned = calloc(planned_count, sizeof *planned);
    CHECK(planned != NULL);
    memcpy(planned, runs, planned_count * sizeof *planned);
    struct schedules_options options = request->schedules;
    options.check = request->batch.check;
    options.quiet = request->batch.quiet;
    options.jobs = request->batch.jobs;
    *count = 0;
    for (uint32_t i = 0; i < planned_count; i++) {
        enum sched_strategy named = planned[i].spec.schedule.strategy;
        options.strategy_given = request->has_schedule || named != SCHED_IN_ORDER;
        struct report_run tried[SCHEDULES_KINDS_MAX];
        uint32_t got = schedules_try(&planned[i], &options, tried);
        if (got == 0)
            break;
        memcpy(runs + *count, tried, got * sizeof *tried);
        *count += got;
    }
    free(planned);
    return !batch_interrupted();
}

/* False: interrupted. */
static bool execute(const struct request *request, struct report_run *runs, uint32_t *count)
{
    return request->schedules.count ? try_schedules(request, runs, count)
                                    : batch_execute(runs, *count, &request->batch);
}

static int finish(const struct request *request, struct report_run *runs, uint32_t count,
                  FILE *json, FILE *junit)
{
    bool done = execute(request, runs, &count);
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
    if (request->explain && total == 1 && !request->schedules.count &&
        !(trace && strcmp(trace, "-") == 0))
        explain_open(&files, &request->pattern);
    uint64_t kinds = request->schedules.keep_going ? SCHEDULES_KINDS_MAX : 1;
    struct report_run *runs = calloc(total * kinds, sizeof *runs);
    CHECK(runs != NULL);
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
    int code = run_arguments(&request, argc, argv);
    if (code == EXIT_HELD)
        code = run_request(&request);
    free(words);
    return code < 0 ? EXIT_HELD : code;
}
