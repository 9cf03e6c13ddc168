/* lowwater cc: builds a policy with the right headers and flags. */
#include "harness/commands.h"

#include <stdio.h>
#include <string.h>
#include "harness/cc.h"
#include "harness/options.h"
#include "harness/places.h"

static const char help[] =
    "usage: lowwater cc [-v] [-o OUT.so] [COMPILER OPTIONS] FILE...\n"
    "\n"
    "Builds a policy from C (.c) or C++ (.cpp .cc .cxx), each file by its language,\n"
    "against lowwater's windows.h and mscoree.h. Everything that is not named below\n"
    "is handed to the compiler ($CC or gcc, $CXX or g++, else clang).\n"
    "\n"
    "  -o OUT.so       the shared object (default: the first file's name with .so)\n"
    "  --race          every load and store instrumented, for lowwater run --race\n"
    "  -v              print the compiler line first\n"
    "  --print-flags   print the flags, for other build systems, and stop\n"
    "  -h, --help      this text\n";

struct request {
    const char *words[CC_WORDS_MAX];
    unsigned count, files;
    const char *out;
    const char *first_file;
    bool verbose, print_flags, race;
};

static int read_arguments(struct request *request, int argc, char **argv)
{
    bool only_files = false;
    for (int i = 1; i < argc; i++) {
        if (!only_files && strcmp(argv[i], "--") == 0) {
            only_files = true;
        } else if (!only_files && strcmp(argv[i], "-v") == 0) {
            request->verbose = true;
        } else if (!only_files && strcmp(argv[i], "--print-flags") == 0) {
            request->print_flags = true;
        } else if (!only_files && strcmp(argv[i], "--race") == 0) {
            request->race = true;
        } else if (!only_files && strcmp(argv[i], "-o") == 0) {
            if (i + 1 == argc)
                return usage_error("cc: -o needs a file");
            request->out = argv[++i];
        } else if (request->count == CC_WORDS_MAX - CC_WORDS_OWN) {
            return usage_error("cc: too many words");
        } else {
            bool file = only_files || (argv[i][0] != '-' && cc_is_source(argv[i]));
            request->files += file;
            if (file && !request->first_file)
                request->first_file = argv[i];
            request->words[request->count++] = argv[i];
        }
    }
    return EXIT_HELD;
}

static int check_files(const struct request *request)
{
    for (unsigned i = 0; i < request->count; i++) {
        const char *word = request->words[i];
        if (word[0] == '-' || !cc_is_source(word))
            continue;
        FILE *file = fopen(word, "r");
        if (!file)
            return usage_error("cc: no such file: %s", word);
        fclose(file);
        if (same_file(word, request->out))
            return usage_error("cc: %s would overwrite its own source", request->out);
    }
    return EXIT_HELD;
}

/* Adds the folder with other spellings of the sources' own headers, where there are any. */
static void offer_spellings(struct request *request, char *include, size_t bytes)
{
    const char *sources[CC_WORDS_MAX];
    char links[4096];
    unsigned count = 0;
    for (unsigned i = 0; i < request->count; i++)
        if (request->words[i][0] != '-' && cc_is_source(request->words[i]))
            sources[count++] = request->words[i];
    cc_offer_spellings(sources, count, links, sizeof links);
    if (!links[0])
        return;
    snprintf(include, bytes, "-I%s", links);
    request->words[request->count++] = include;
}

int cmd_cc(int argc, char **argv)
{
    struct request request = {.count = 0};
    struct cc_line line;
    char default_out[128];
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_HELD;
    }
    int code = read_arguments(&request, argc, argv);
    if (code != EXIT_HELD)
        return code;
    if (request.print_flags) {
        cc_flags_only(&line, request.race); /* the language standard is the build system's */
        for (unsigned i = 0; i < line.count; i++)
            printf("%s%s", line.words[i], i + 1 < line.count ? " " : "\n");
        return EXIT_HELD;
    }
    if (request.files == 0)
        return usage_error("cc: no source file (.c .cpp .cc .cxx); see lowwater cc --help");
    if (!request.out) {
        char name[96];
        places_base_name(request.first_file, name, sizeof name);
        snprintf(default_out, sizeof default_out, "%s.so", name);
        request.out = default_out;
    }
    code = check_files(&request);
    if (code != EXIT_HELD)
        return code;
    char include[4200];
    offer_spellings(&request, include, sizeof include);
    struct cc_job job = {request.words, request.count, .out = request.out, .race = request.race};
    job.verbose = request.verbose;
    int status = cc_build(&job);
    if (status < 0)
        return usage_error("cc: the compiler '%s' cannot be started", job.compiler);
    return status == 0 ? EXIT_HELD : EXIT_INPUT;
}
