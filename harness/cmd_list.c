/* lowwater list: what there is. */
#include "harness/commands.h"

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
    "usage: lowwater list [scenarios | policies | recordings | faults | counters | calls |\n"
    "                      keys [--markdown]]\n"
    "\n"
    "  scenarios    bundled scenarios and the question that each answers\n"
    "  keys         what a scenario can say\n"
    "  policies     bundled policies and their parameters (--set policy.NAME=VALUE)\n"
    "  recordings   bundled recordings\n"
    "  faults       calls that can be made to fail, with the errors that are legal for them;\n"
    "               with --markdown the page docs/failure-points.md\n"
    "  counters     what every run counts\n"
    "  calls        all simulated calls and events, with their virtual cost\n";

static char names[NAMES_MAX][PLACES_NAME_BYTES];

static void list_policies(void)
{
    size_t count = places_policies(names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[512], text[8192];
        printf("%-12s ", names[i]);
        if (places_policy(names[i], path, sizeof path) && describe_policy(path, text, sizeof text))
            fputs(text, stdout);
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
    for (int i = 0; i < COUNTERS; i++)
        printf("%-24s %s\n", counter_names[i], texts[i]);
}

static void list_calls(void)
{
    for (int i = 0; i < EVENT_KINDS; i++)
        printf("%-52s %6u ns\n", event_shapes[i].name, event_shapes[i].cost_ns);
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
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return EXIT_HELD;
    }
    if (argc == 3 && strcmp(argv[1], "keys") == 0 && strcmp(argv[2], "--markdown") == 0) {
        scenario_keys_markdown(stdout);
        return EXIT_HELD;
    }
    if (argc == 1) {
        printf("scenarios\n");
        list_scenarios();
        printf("\npolicies\n");
        list_policies();
        printf("\nrecordings\n");
        list_recordings();
        return EXIT_HELD;
    }
    if (argc == 3 && strcmp(argv[1], "faults") == 0 && strcmp(argv[2], "--markdown") == 0) {
        catalogue_print(stdout, true);
        return EXIT_HELD;
    }
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            kinds[i].list();
            return EXIT_HELD;
        }
    }
    return usage_error(
        "list: scenarios, keys, policies, recordings, faults, counters or calls, not '%s'",
        argv[1]);
}
