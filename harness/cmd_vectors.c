/* `lowwater vectors`: checks the machine against conformance files, or prints what it answers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "harness/vectors.h"

#define EXIT_USAGE 2

static const char help[] =
    "usage: lowwater vectors [--print] FILE...\n"
    "\n"
    "Executes the operations of conformance files on the default machine (4 GiB RAM, 4 GiB page\n"
    "file, 128 TiB address space) and compares each result with the one in the file. One line per\n"
    "mismatch, then the totals. A mark in brackets is the evidence for the expected result: T a\n"
    "test that passes on Windows, D documentation, N inferred: a soft mismatch, which does not "
    "fail.\n"
    "\n"
    "  --print   print every case and operation, each with this machine's result; compare nothing\n"
    "  -         standard input\n"
    "\n"
    "Exit codes: 0 all results as expected, 1 a mismatch, 2 no such file, 6 a malformed file.\n";

static int refuse(const char *what, const char *detail)
{
    fprintf(stderr, "lowwater vectors: %s%s (see lowwater vectors --help)\n", what, detail);
    return EXIT_USAGE;
}

static int run_files(int count, char **files, bool print)
{
    struct vector_totals totals = {0};
    int worst = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(files[i], "-") != 0 && access(files[i], R_OK) != 0)
            return refuse("cannot read ", files[i]);
    for (int i = 0; i < count; i++) {
        int code = vectors_run_file(files[i], print, &totals);
        if (code > 1)
            return code;
        worst = code > worst ? code : worst;
    }
    if (!print)
        printf("%llu results, %llu mismatches, %llu soft\n", (unsigned long long)totals.results,
               (unsigned long long)totals.mismatches, (unsigned long long)totals.soft);
    return worst;
}

int cmd_vectors(int argc, char **argv)
{
    bool print = false, options = true;
    int files = 0; /* moved to the front of argv */
    for (int i = 1; i < argc; i++) {
        if (!options || argv[i][0] != '-' || strcmp(argv[i], "-") == 0) {
            argv[files++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (strcmp(argv[i], "--print") == 0) {
            print = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return 0;
        } else {
            return refuse("unknown option ", argv[i]);
        }
    }
    return files ? run_files(files, argv, print) : refuse("no file given", "");
}
