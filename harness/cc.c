/* Building policies: the compiler and its line. See cc.h. */
#include "harness/cc.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/places.h"

static bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

bool cc_is_cxx(const char *path)
{
    return has_ending(path, ".cpp") || has_ending(path, ".cc") || has_ending(path, ".cxx");
}

bool cc_is_source(const char *path)
{
    return has_ending(path, ".c") || cc_is_cxx(path);
}

static void add(struct cc_line *line, const char *word)
{
    if (line->count + 1 < CC_WORDS_MAX)
        line->words[line->count++] = word;
}

void cc_flags(struct cc_line *line, bool cxx, bool race)
{
    unsigned compiler_words = line->count;
    static char include[PATH_MAX + 8];
    static const char *const common[] = {"-shared",
                                         "-fPIC",
                                         "-g",
                                         "-O2",
                                         "-fno-stack-protector",
                                         "-fcf-protection=none",
                                         "-fno-optimize-sibling-calls",
                                         "-Wno-unknown-pragmas",
                                         "-Wno-attributes"};
    snprintf(include, sizeof include, "-I%s", places_include());
    add(line, cxx ? "-std=gnu++17" : "-std=gnu11");
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        add(line, common[i]);
    add(line, include);
    if (race)
        cc_race_flags(line, compiler_words);
}

static const char *compiler(bool cxx)
{
    const char *wanted = getenv(cxx ? "CXX" : "CC");
    if (wanted && wanted[strspn(wanted, " ")])
        return wanted;
    static const char *const folders[] = {"/usr/bin/", "/usr/local/bin/", "/bin/"};
    static const char *const names[2][2] = {{"gcc", "clang"}, {"g++", "clang++"}};
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned f = 0; f < 3; f++) {
            char path[64];
            snprintf(path, sizeof path, "%s%s", folders[f], names[cxx][n]);
            if (access(path, X_OK) == 0)
                return names[cxx][n];
        }
    }
    return cxx ? "c++" : "cc";
}

/* CC may have words of its own: "ccache gcc", "gcc -m64". */
static void add_compiler(struct cc_line *line, bool cxx)
{
    static char words[2][1024];
    char *rest = NULL;
    snprintf(words[cxx], sizeof words[cxx], "%s", compiler(cxx));
    for (char *word = strtok_r(words[cxx], " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        add(line, word);
}

void cc_flags_only(struct cc_line *line, bool race)
{
    struct cc_line whole = {.count = 0};
    add_compiler(&whole, false);
    unsigned skip = whole.count + 1; /* the standard differs between C and C++ */
    cc_flags(&whole, false, race);
    *line = (struct cc_line){.count = whole.count - skip};
    memcpy(line->words, whole.words + skip, line->count * sizeof *line->words);
}

bool cc_make_line(struct cc_line *line, const char *const *words, unsigned count, const char *out,
                  bool race)
{
    bool cxx = false;
    for (unsigned i = 0; i < count; i++)
        cxx = cxx || (words[i][0] != '-' && cc_is_cxx(words[i]));
    *line = (struct cc_line){.count = 0};
    add_compiler(line, cxx);
    cc_flags(line, cxx, race);
    for (unsigned i = 0; i < count; i++)
        add(line, words[i]);
    add(line, "-o");
    add(line, out);
    line->words[line->count] = NULL;
    return line->count + 1 < CC_WORDS_MAX;
}

int cc_run(const struct cc_line *line)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(line->words[0], (char *const *)line->words);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return -1;
    return WEXITSTATUS(status);
}
