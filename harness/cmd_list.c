/* lowwater list: what there is. */
#include "harness/commands.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "core/sim.h"
#include "harness/catalogue.h"
#include "harness/describe.h"
#include "harness/options.h"
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/report.h"
#include "harness/scenario_schema.h"

#define NAMES_MAX 256

static const char help[] =
    "usage: lowwater list [scenarios | policies | recordings | counters | calls |\n"
    "                      keys [--markdown] | faults [--markdown]]\n"
    "\n"
    "  scenarios    bundled scenarios and the question that each answers\n"
    "  keys         what a scenario can say; with --markdown docs/scenario-keys.md\n"
    "  policies     bundled policies and their parameters (--set policy.NAME=VALUE)\n"
    "  recordings   bundled recordings\n"
    "  faults       calls that can be made to fail, with the errors legal for them;\n"
    "               with --markdown docs/failure-points.md\n"
    "  counters     what every run counts\n"
    "  calls        all simulated calls and events, with their virtual cost\n";

static char names[NAMES_MAX][PLACES_NAME_BYTES];

/* The first line as it is, behind a name; the others wrapped, each as far in as it is. */
static void put_lines(char *text)
{
    char *rest = text, *line = strsep(&rest, "\n");
    puts(line);
    while ((line = strsep(&rest, "\n")) && rest) {
        unsigned indent = (unsigned)strspn(line, " ");
        put_wrapped(line + indent, indent, stdout);
    }
}

static void list_policies(void)
{
    size_t count = places_policies(names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[512], text[8192];
        printf("%-12s ", names[i]);
        if (places_policy(names[i], path, sizeof path) && describe_policy(path, text, sizeof text))
            put_lines(text);
        else
            putchar('\n');
    }
}

static void list_scenarios(void)
{
    size_t count = places_scenarios(names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[512], shown[512];
        struct scenario *scenario = NULL;
        bool usage;
        printf("%s\n", names[i]);
        if (!places_scenario(names[i], path, sizeof path))
            continue;
        places_shown(path, shown, sizeof shown);
        if (scenario_read(shown, NULL, 0, stderr, &usage, &scenario) != INPUT_OK)
            continue;
        if (scenario->about[0])
            put_wrapped(scenario->about, 4, stdout);
        scenario_free(scenario);
    }
}

static void list_recordings(void)
{
    size_t count = places_recordings(names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[512], message[256], operations[32];
        struct recording_file file;
        if (!places_recording(names[i], path, sizeof path) ||
            recording_file_read(path, &file, message, sizeof message) != INPUT_OK) {
            printf("%-20s (cannot be read)\n", names[i]);
            continue;
        }
        printf("%-20s %12s operations, %u threads, %llu s\n", names[i],
               count_text(file.recording.operations, operations, sizeof operations),
               file.recording.threads,
               (unsigned long long)(file.recording.duration_ns / 1000000000));
        recording_file_free(&file);
    }
}

static void list_faults(void)
{
    catalogue_print(stdout, false);
}

static void list_counters(void)
{
    static const char *const texts[] = {
#define COUNTER(name, text) text,
#include "core/counters.def"
#undef COUNTER
    };
    for (int i = 0; i < COUNTERS; i++) {
        printf("%s\n", counter_names[i]);
        put_wrapped(texts[i], 4, stdout);
    }
}

static void list_calls(void)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        printf("%-58s %10u ns\n", event_shapes[i].name, event_shapes[i].cost_ns);
}

static void list_keys(void)
{
    scenario_keys_text(stdout);
}

int cmd_list(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*list)(void);
    } kinds[] = {{"scenarios", list_scenarios},
                 {"policies", list_policies},
                 {"recordings", list_recordings},
                 {"faults", list_faults},
                 {"counters", list_counters},
                 {"calls", list_calls},
                 {"keys", list_keys}};
    static const struct option options[] = {
        {"markdown", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool markdown = false;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == '?')
            return usage_error("see lowwater list --help");
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_HELD;
        }
        markdown = true;
    }
    const char *kind = optind < argc ? argv[optind] : "";
    if (argc - optind > 1)
        return usage_error("list: one thing at a time, not '%s' as well", argv[optind + 1]);
    if (markdown && strcmp(kind, "keys") == 0) {
        scenario_keys_markdown(stdout);
        return EXIT_HELD;
    }
    if (markdown && strcmp(kind, "faults") == 0) {
        catalogue_print(stdout, true);
        return EXIT_HELD;
    }
    if (markdown)
        return usage_error("list: --markdown is for keys and faults");
    if (optind == argc) {
        printf("scenarios\n");
        list_scenarios();
        printf("\npolicies\n");
        list_policies();
        printf("\nrecordings\n");
        list_recordings();
        return EXIT_HELD;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i].name) == 0) {
            kinds[i].list();
            return EXIT_HELD;
        }
    }
    return usage_error(
        "list: scenarios, keys, policies, recordings, faults, counters or calls, not '%s'", kind);
}
