/* The options of lowwater run. See run_arguments.h; cmd_run.c does what they ask. */
#include "harness/run_arguments.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "harness/inject_hint.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/schedule_word.h"

#define SCHEDULES_MAX 10000000

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
    "      --schedule S    who runs when: in-order, round-robin, random, pct,\n"
    "                      slow-random, slow-pct, with a seed of its own like pct:7,\n"
    "                      or the switches of a report\n"
    "      --schedules N   try N schedules, to the first that breaks it; random,\n"
    "                      pct and both with slow threads in turn unless --schedule\n"
    "                      or the scenario names one\n"
    "      --keep-going    ... all of them, and tell each way in which they break it\n"
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
    OPTION_SCHEDULE,
    OPTION_SCHEDULES,
    OPTION_KEEP_GOING,
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
                                        {"schedule", required_argument, NULL, OPTION_SCHEDULE},
                                        {"schedules", required_argument, NULL, OPTION_SCHEDULES},
                                        {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
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

static int take_schedule(struct request *request, const char *text)
{
    char why[256];
    request->has_schedule = true;
    if (schedule_parse(text, &request->schedule, why, sizeof why))
        return EXIT_HELD;
    return usage_error("run: --schedule '%s': %s", text, why);
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
    case OPTION_SCHEDULE:
        return take_schedule(request, argument);
    case OPTION_SCHEDULES:
        return take_number("--schedules", argument, 1, SCHEDULES_MAX, &request->schedules.count);
    case OPTION_KEEP_GOING:
        request->schedules.keep_going = true;
        return EXIT_HELD;
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

static int check_schedules(const struct request *request)
{
    const struct sched_options *schedule = &request->schedule;
    if (request->schedules.keep_going && !request->schedules.count)
        return usage_error("run: --keep-going goes with --schedules");
    if (!request->schedules.count)
        return EXIT_HELD;
    if (request->has_schedule && (schedule->seed || schedule->strategy == SCHED_REPLAY))
        return usage_error(
            "run: --schedules counts the seeds of schedules itself: name a strategy");
    if (request->has_schedule && schedule->strategy == SCHED_IN_ORDER)
        return usage_error("run: in-order draws nothing: all its schedules are the same");
    if (request->pattern.trace_path || request->debug.wanted)
        return usage_error("run: %s takes one schedule: name it with --schedule",
                           request->debug.wanted ? "--debug" : "--trace");
    return EXIT_HELD;
}

int run_arguments(struct request *request, int argc, char **argv)
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
    if (!standard_input_once("run", argv + optind, argc - optind))
        return EXIT_USAGE;
    for (; optind < argc; optind++) {
        int code = take_operand(request, argv[optind]);
        if (code != EXIT_HELD)
            return code;
    }
    if (request->operands_count == 0)
        return usage_error("run: what shall run? Name a scenario (lowwater list)");
    int code = check_debug(request);
    return code == EXIT_HELD ? check_schedules(request) : code;
}
