/* lowwater vectors: conformance files. */
#include "harness/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/vectors.h"

static const char help[] =
    "usage: lowwater vectors [--print] FILE...\n"
    "\n"
    "Executes conformance files on the default machine and compares each result with\n"
    "the one of Windows: one line per mismatch, then the totals. - is standard input.\n"
    "\n"
    "  --print      echo the operations with this machine's results instead\n"
    "  -h, --help   this text\n"
    "\n"
    "Exit codes: 0 all equal (or only soft differences), 1 mismatches, 2 usage,\n"
    "6 a malformed file.\n";

int cmd_vectors(int argc, char **argv)
{
    static const struct option options[] = {
        {"print", no_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct vector_totals totals = {0};
    bool print = false;
    int worst = EXIT_HELD;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?')
            return usage_error("see lowwater vectors --help");
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_HELD;
        }
        print = true;
    }
    if (optind == argc)
        return usage_error("vectors: no file; see lowwater vectors --help");
    if (!standard_input_once("vectors", argv + optind, argc - optind))
        return EXIT_USAGE;
    for (int i = optind; i < argc; i++) {
        struct stat status;
        if (strcmp(argv[i], "-") == 0)
            continue;
        if (access(argv[i], R_OK) != 0)
            return usage_error("vectors: no such file: %s", argv[i]);
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
            return usage_error("vectors: %s is a folder", argv[i]);
    }
    for (int i = optind; i < argc; i++) {
        int code = vectors_run_file(argv[i], print, &totals);
        worst = code > worst ? code : worst;
        if (code == EXIT_INPUT || code == EXIT_USAGE)
            return code;
    }
    if (!print)
        printf("%" PRIu64 " results, %" PRIu64 " mismatches, %" PRIu64 " soft\n", totals.results,
               totals.mismatches, totals.soft);
    return worst;
}
