/* Policies of C and C++ files together. See cc.h.
 *
 * The C++ compiler would take the .c files for C++. They are compiled by themselves first, and the
 * C++ line gets the objects in their place. */
#include "harness/cc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/places.h"

static bool is_c(const char *word)
{
    return word[0] != '-' && cc_is_source(word) && !cc_is_cxx(word);
}

/* ---- which words go where ---- */

static bool begins(const char *word, const char *beginning)
{
    return strncmp(word, beginning, strlen(beginning)) == 0;
}

/* -std=c++20 says nothing to C, and -std=c99 nothing to C++. */
static bool is_standard_of_other(const char *word, bool cxx)
{
    return begins(word, "-std=") && (strstr(word, "++") != NULL) != cxx;
}

/* How many words from this one on only the linker wants. */
static unsigned linker_words(const char *word)
{
    static const char *const with_another[] = {"-l", "-L", "-Xlinker", "-T"};
    for (size_t i = 0; i < sizeof with_another / sizeof *with_another; i++)
        if (strcmp(word, with_another[i]) == 0)
            return 2;
    size_t length = strlen(word);
    const char *ending = length > 2 ? word + length - 2 : "";
    bool object = word[0] != '-' && (strcmp(ending, ".o") == 0 || strcmp(ending, ".a") == 0);
    return object || begins(word, "-l") || begins(word, "-L") || begins(word, "-Wl,");
}

/* ---- the lines ---- */

static int run(struct cc_job *job, const struct cc_line *line)
{
    snprintf(job->compiler, sizeof job->compiler, "%s", line->words[0]);
    for (unsigned i = 0; job->verbose && i < line->count; i++)
        printf("%s%s", line->words[i], i + 1 < line->count ? " " : "\n");
    return cc_run(line);
}

static void without(struct cc_line *line, const char *word)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < line->count; i++)
        if (strcmp(line->words[i], word) != 0)
            line->words[kept++] = line->words[i];
    line->words[line->count = kept] = NULL;
}

/* One C file to an object. */
static int compile(struct cc_job *job, const char *source, const char *object)
{
    const char *words[CC_WORDS_MAX] = {"-c", source};
    struct cc_line line;
    unsigned count = 2;
    for (unsigned i = 0; i < job->count; i++) {
        const char *word = job->words[i];
        unsigned skip = linker_words(word);
        if (skip)
            i += skip - 1;
        else if (!(word[0] != '-' && cc_is_source(word)) && !is_standard_of_other(word, false))
            words[count++] = word;
    }
    cc_make_line(&line, words, count, object, job->race);
    without(&line, "-shared"); /* clang says that it does not need it */
    return run(job, &line);
}

static int link_all(struct cc_job *job, char (*objects)[PATH_MAX])
{
    const char *words[CC_WORDS_MAX];
    struct cc_line line;
    unsigned count = 0;
    for (unsigned i = 0; i < job->count; i++)
        if (is_c(job->words[i]))
            words[count++] = objects[i];
        else if (!is_standard_of_other(job->words[i], true))
            words[count++] = job->words[i];
    cc_make_line(&line, words, count, job->out, job->race);
    return run(job, &line);
}

static int build_in(struct cc_job *job, const char *folder)
{
    char(*objects)[PATH_MAX] = calloc(job->count, sizeof *objects);
    int code = objects ? 0 : -1;
    for (unsigned i = 0; i < job->count && code == 0; i++) {
        if (!is_c(job->words[i]))
            continue;
        snprintf(objects[i], sizeof objects[i], "%s/%u.o", folder, i);
        code = compile(job, job->words[i], objects[i]);
    }
    if (code == 0)
        code = link_all(job, objects);
    for (unsigned i = 0; objects && i < job->count; i++)
        if (objects[i][0])
            unlink(objects[i]);
    free(objects);
    return code;
}

static bool is_mixed(const struct cc_job *job)
{
    bool c = false, cxx = false;
    for (unsigned i = 0; i < job->count; i++) {
        c = c || is_c(job->words[i]);
        cxx = cxx || (job->words[i][0] != '-' && cc_is_cxx(job->words[i]));
    }
    return c && cxx;
}

int cc_build(struct cc_job *job)
{
    struct cc_line line;
    char folder[PATH_MAX - 16];
    if (!is_mixed(job)) {
        cc_make_line(&line, job->words, job->count, job->out, job->race);
        return run(job, &line);
    }
    snprintf(folder, sizeof folder, "%s/lowwater-cc-XXXXXX", places_temporary());
    if (!mkdtemp(folder)) {
        fprintf(stderr, "lowwater: cc: there is no folder for objects (TMPDIR)\n");
        return 1;
    }
    int code = build_in(job, folder);
    rmdir(folder);
    return code;
}
