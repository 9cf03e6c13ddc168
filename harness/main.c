/* lowwater: the command line's first word. */
#include <stdio.h>
#include <string.h>
#include "harness/commands.h"
#include "harness/options.h"
#include "harness/report.h"

static const char help[] =
    "usage: lowwater COMMAND [options]\n"
    "\n"
    "Runs host memory policies (IHostMemoryManager of the CLR hosting interface) on a\n"
    "simulated Windows machine, makes it run short, and reports what broke.\n"
    "\n"
    "  run        scenarios and recordings with policies and seeds\n"
    "  replay     a trace again: identical, or where the runs part\n"
    "  trace      stat, print, diff of traces and recordings\n"
    "  import     a recording from a log of memory calls\n"
    "  validate   input files, without running them\n"
    "  schema     the JSON Schema of scenarios, for editors\n"
    "  vectors    conformance files\n"
    "  cc         build a policy\n"
    "  list       scenarios, policies, recordings, failure points, counters\n"
    "\n"
    "lowwater COMMAND --help has the options; lowwater --version the version.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", cmd_run},       {"replay", cmd_replay},     {"trace", cmd_trace},
    {"import", cmd_import}, {"validate", cmd_validate}, {"vectors", cmd_vectors},
    {"cc", cmd_cc},         {"list", cmd_list},         {"schema", cmd_schema},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static int run_command(size_t command, int argc, char **argv)
{
    static char name[32]; /* what getopt puts before its messages */
    snprintf(name, sizeof name, "lowwater: %s", commands[command].name);
    argv[0] = name;
    return commands[command].run(argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return EXIT_HELD;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("lowwater %s\n", LOWWATER_VERSION);
        return EXIT_HELD;
    }
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_command(i, argc - 1, argv + 1);
        names[i] = commands[i].name;
    }
    const char *similar = nearest_word(argv[1], names, COMMANDS);
    if (similar)
        return usage_error("unknown command '%s'; did you mean '%s'?", argv[1], similar);
    return usage_error("unknown command '%s'; see lowwater --help", argv[1]);
}
