/* Assertions of the simulator: always on, never compiled out.
 *
 * A failed check is a bug of lowwater itself, never of a policy or a scenario: it prints the
 * place, lets the installed hook print the tail of the trace, and ends the process with 70. */
#ifndef LW_CORE_CHECK_H
#define LW_CORE_CHECK_H

_Noreturn void check_failed(const char *condition, const char *file, int line);

/* Called once, with the message, before the process ends. The harness prints the trace tail. */
void check_set_hook(void (*hook)(const char *message));

#define CHECK(condition)                                                                           \
    (__builtin_expect(!!(condition), 1) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

#endif
