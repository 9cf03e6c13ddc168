/* Failed assertions of the simulator. See check.h.
 *
 * The hook is the one exception to "no mutable globals in core": a failed check must be reported
 * even when no run exists yet, and it is set once, before the first run. */
#include "core/check.h"

#include <stdio.h>
#include <unistd.h>

static void (*failure_hook)(const char *message);

void check_set_hook(void (*hook)(const char *message))
{
    failure_hook = hook;
}

_Noreturn void check_failed(const char *condition, const char *file, int line)
{
    char message[512];
    int length = snprintf(message, sizeof message, "lowwater: internal error: %s:%d: %s\n", file,
                          line, condition);
    if (length > (int)sizeof message - 1)
        length = (int)sizeof message - 1;
    if (write(STDERR_FILENO, message, (size_t)length) < 0) {
        /* nothing is left to report to */
    }
    void (*hook)(const char *) = failure_hook;
    failure_hook = NULL; /* a check that fails inside the hook must not recurse */
    if (hook)
        hook(message);
    _exit(70);
}
