/* Flags that make a compiler instrument loads and stores for lowwater run --race. See cc.h.
 *
 * It is the instrumentation that its own detector of races has; that detector's run-time is not
 * linked, because lowwater serves its names (sim/crt/race.c). gcc and clang want to be told some of
 * that differently, so the compiler is asked which one it is. */
#include "harness/cc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct compiler {
    bool clang;
    int major; /* 0: it did not say */
};

/* What "-dM -E" defines, one a line. */
static void look_at(const char *line, struct compiler *found)
{
    if (strncmp(line, "#define __clang__ ", 18) == 0)
        found->clang = true;
    if (strncmp(line, "#define __GNUC__ ", 17) == 0)
        found->major = (int)strtol(line + 17, NULL, 10);
}

static struct compiler ask(const struct cc_line *line, unsigned count)
{
    struct compiler found = {.clang = false};
    const char *words[CC_WORDS_MAX + 6];
    static const char *const question[] = {"-dM", "-E", "-x", "c", "/dev/null", NULL};
    int ends[2];
    char text[512];
    memcpy(words, line->words, count * sizeof *words);
    memcpy(words + count, question, sizeof question);
    if (pipe(ends) != 0)
        return found;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(words[0], (char *const *)words);
        _exit(127);
    }
    close(ends[1]);
    FILE *answer = fdopen(ends[0], "r");
    while (answer && fgets(text, sizeof text, answer))
        look_at(text, &found);
    if (answer)
        fclose(answer);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return found;
}

/* Where size or text are known, compilers make plain loads and stores of these, past their own
 * instrumentation: they stay calls, whose accesses lowwater tells (sim/crt/race_call.c). */
static const char *const stay_calls[] = {
    "-fno-builtin-memcpy",
    "-fno-builtin-memmove",
    "-fno-builtin-mempcpy",
    "-fno-builtin-memset",
    "-fno-builtin-bzero",
    "-fno-builtin-memcmp",
    "-fno-builtin-bcmp",
    "-fno-builtin-strlen",
    "-fno-builtin-strnlen",
    "-fno-builtin-strcpy",
    "-fno-builtin-stpcpy",
    "-fno-builtin-strncpy",
    "-fno-builtin-stpncpy",
    "-fno-builtin-strcat",
    "-fno-builtin-strncat",
    "-fno-builtin-strcmp",
    "-fno-builtin-strncmp",
    "-fno-builtin-sprintf",
    "-fno-builtin-snprintf",
    "-U_FORTIFY_SOURCE", /* some compilers' default: its functions are builtins by other names */
    NULL};

static void add(struct cc_line *line, const char *const *words)
{
    for (; *words && line->count + 1 < CC_WORDS_MAX; words++)
        line->words[line->count++] = *words;
}

void cc_race_flags(struct cc_line *line, unsigned count)
{
    static const char *const both[] = {"-fsanitize=thread", NULL};
    static const char *const clang[] = {"-mllvm", "-tsan-distinguish-volatile=1", NULL};
    /* gcc's way to say that a shared object does without the run-time. */
    static const char *const gcc[] = {"-static-libtsan", NULL};
    /* Fences, of which it warns, are served. */
    static const char *const gcc_11[] = {"--param", "tsan-distinguish-volatile=1", "-Wno-tsan",
                                         NULL};
    struct compiler compiler = ask(line, count);
    add(line, both);
    add(line, compiler.clang ? clang : gcc);
    if (!compiler.clang && compiler.major >= 11)
        add(line, gcc_11);
    add(line, stay_calls);
}
