/* lowwater: the command line's first word. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
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
    static char long_help[] = "--help";
    for (int i = 1; i < argc && i < 3; i++) /* the second: trace print -h */
        if (strcmp(argv[i], "-h") == 0)
            argv[i] = long_help;
    return commands[command].run(argc, argv);
}

/* Where a standard stream is closed, the first file opened would get its number, and what is meant
 * for the stream would end in that file. */
static void hold_standard_streams(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd >= 0)
        close(fd);
}

/* Results that did not arrive, on a full disk for example, were no success. Whoever closes a pipe
 * early has seen enough. */
static int close_standard_output(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    int error = errno;
    struct pollfd output = {.fd = STDOUT_FILENO};
    bool reader_gone = error == EPIPE || (poll(&output, 1, 0) == 1 && output.revents & POLLERR);
    if (reader_gone || (code != EXIT_HELD && code != EXIT_FINDING))
        return code;
    return usage_error("cannot write standard output%s%s", error ? ": " : "",
                       error ? strerror(error) : "");
}

static int dispatch(int argc, char **argv)
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

int main(int argc, char **argv)
{
    hold_standard_streams();
    return close_standard_output(dispatch(argc, argv));
}
