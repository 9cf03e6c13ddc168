/* gdb on a run. See debug.h.
 *
 * The policy is mapped by lowwater, so gdb does not know it: at debug_module it is told file and
 * place. Signals that the simulator lives on go through without a stop; a crash of the policy stops
 * in child_on_stop, below which stand the signal handler and the policy. */
#include "harness/debug.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/check.h"
#include "harness/commands.h"
#include "harness/options.h"
#include "harness/places.h"

#define VARIABLE "LOWWATER_DEBUGGED"

/* ---- where gdb stops ---- */

#ifdef __clang__
#define BREAKPOINT __attribute__((noinline, used))
#else
#define BREAKPOINT __attribute__((noinline, noclone, used))
#endif

BREAKPOINT static void debug_module(const char *path, uint64_t bias)
{
    __asm__ volatile("" ::"r"(path), "r"(bias) : "memory");
}

void debug_modules(const struct policy *policy)
{
    struct module_info modules[MODULES_MAX];
    uint32_t count = policy_modules(policy, modules, MODULES_MAX);
    for (uint32_t i = 0; i < count; i++)
        debug_module(modules[i].path, modules[i].bias);
}

BREAKPOINT void debug_policy_begins(void *factory)
{
    __asm__ volatile("" ::"r"(factory) : "memory");
}

BREAKPOINT void debug_event_reached(uint64_t next_event)
{
    __asm__ volatile("" ::"r"(next_event) : "memory");
}

/* ---- starting it ---- */

bool debug_is_running(void)
{
    return getenv(VARIABLE) != NULL;
}

static const char script[] = "set pagination off\n"
                             "set confirm off\n"
                             "set breakpoint pending on\n"
                             "set print thread-events off\n"
                             "set follow-fork-mode child\n"
                             "set detach-on-fork on\n"
                             "handle SIGSEGV SIGBUS SIGFPE SIGILL SIGPROF nostop noprint pass\n"
                             "break debug_module\n"
                             "commands\n"
                             "silent\n"
                             "eval \"add-symbol-file '%s' -o %#lx\", path, bias\n"
                             "continue\n"
                             "end\n"
                             "break child_on_stop\n"
                             "commands\n"
                             "silent\n"
                             "printf \"\\nThe run ends here: %s\\n\", &stop->text[0]\n"
                             "end\n";

static const char at_beginning[] = "break debug_policy_begins\n"
                                   "commands\n"
                                   "silent\n"
                                   "tbreak *$rdi\n"
                                   "continue\n"
                                   "end\n";

static const char at_event[] = "break debug_event_reached\n"
                               "commands\n"
                               "silent\n"
                               "printf \"\\nEvent %lu is next.\\n\", next_event\n"
                               "end\n";

static bool write_script(const struct debug_options *options, int fd)
{
    FILE *out = fdopen(fd, "w");
    CHECK(out != NULL);
    fputs(script, out);
    fputs(options->has_at ? at_event : at_beginning, out);
    fputs("run\n", out);
    return fclose(out) == 0;
}

static void become_debugger(const char *debugger, const char *script_path, char **argv)
{
    static char self[] = "/proc/self/exe";
    char *path = realpath(self, NULL);
    size_t count = 0;
    while (argv[count])
        count++;
    const char **words = calloc(count + 8, sizeof *words);
    CHECK(words != NULL && path != NULL);
    const char *const first[] = {debugger, "-q", "-x", script_path, "--args", path, "run"};
    memcpy(words, first, sizeof first);
    memcpy(words + 7, argv + 1, (count - 1) * sizeof *words);
    setenv(VARIABLE, "1", 1);
    execvp(debugger, (char *const *)words);
    _exit(errno == ENOENT ? 127 : 126);
}

int debug_run(const struct debug_options *options, char **argv)
{
    char path[PATH_MAX];
    const char *debugger = options->debugger ? options->debugger : "gdb";
    snprintf(path, sizeof path, "%s/lowwater-gdb-XXXXXX", places_temporary());
    int fd = mkstemp(path), status = 0;
    if (fd < 0 || !write_script(options, fd))
        return usage_error("run: --debug: cannot write %s: %s", path, strerror(errno));
    signal(SIGINT, SIG_IGN); /* Ctrl-C is the debugger's */
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        become_debugger(debugger, path, argv);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    signal(SIGINT, SIG_DFL);
    unlink(path);
    int code = child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 126;
    if (code == 127)
        return usage_error("run: --debug needs gdb, and '%s' is not there (package gdb)", debugger);
    if (code == 126)
        return usage_error("run: --debug: '%s' could not be started", debugger);
    return EXIT_HELD;
}
