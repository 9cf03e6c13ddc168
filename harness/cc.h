/* Building policies from source. */
#ifndef LW_HARNESS_CC_H
#define LW_HARNESS_CC_H

#include <stdbool.h>
#include <stddef.h>

#define CC_WORDS_MAX 160
/* Of these, what a line has besides the caller's words: the compiler and its own words, the flags
 * of every policy (with race some thirty more), where the result goes. */
#define CC_WORDS_OWN 64

/* A compiler line; words point into storage that lives as long as the process, or into the
 * arguments. */
struct cc_line {
    const char *words[CC_WORDS_MAX];
    unsigned count;
};

/* True for .c, .cpp, .cc, .cxx. */
bool cc_is_source(const char *path);
/* True for those of C++. */
bool cc_is_cxx(const char *path);
/* The flags every policy is built with (no compiler, no files). race: with every load and store
 * instrumented, as the compiler that line already begins with wants to be told. */
void cc_flags(struct cc_line *line, bool cxx, bool race);
/* The flags of the compiler that would be used, without the language standard. */
void cc_flags_only(struct cc_line *line, bool race);
/* Compiler, flags, then the caller's words. False: too many words. */
bool cc_make_line(struct cc_line *line, const char *const *words, unsigned count, const char *out,
                  bool race);
/* Runs it and waits; its messages go to standard error. The compiler's exit code, -1: no
 * compiler. */
int cc_run(const struct cc_line *line);

/* ---- cc_cache.c ---- */

/* Makes links for headers that the sources include under another case or with backslashes; the
 * folder of the links in `links`, "" when none are needed. */
void cc_offer_spellings(const char *const *sources, unsigned count, char *links, size_t bytes);
/* A policy built from one source file, from the cache when nothing that it includes changed. The
 * path of the shared object. False: the compiler's messages were shown; message says what failed.
 */
bool cc_build_cached(const char *source, bool race, char *out_path, size_t out_bytes, char *message,
                     size_t message_bytes);

/* ---- cc_mixed.c ---- */

/* What lowwater cc was asked for. At most CC_WORDS_MAX - CC_WORDS_OWN words. */
struct cc_job {
    const char *const *words; /* options and files */
    unsigned count;
    const char *out;
    bool race, verbose; /* verbose: lines are printed before they run */
    char compiler[128]; /* the one that ran last */
};

/* Builds the policy, each file as its own language. The compiler's exit code, -1: job->compiler
 * cannot be started. */
int cc_build(struct cc_job *job);

/* ---- cc_race.c ---- */

/* Adds the flags of --race for the compiler whose command the first `count` words are. */
void cc_race_flags(struct cc_line *line, unsigned count);

#endif
