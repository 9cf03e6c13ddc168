/* Functions of the host's libc that a policy may use and that report errors in errno.
 *
 * The policy's errno is its simulated thread's, not the host's: what the host's function leaves
 * behind must be carried over, or a number out of range looks like a good one. Where the host's C
 * library has a C23 variant (binary digits after 0b), this file is compiled against it, and both
 * spellings lead to it. */
#include "harness/loader_private.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

static int *errno_of_policy(void)
{
    return &machine_sim(machine_current())->thread->crt_errno;
}

/* A function `carried_NAME` with the parameters and result of NAME. */
#define CARRY(type, name, parameters, arguments)                                                   \
    static type carried_##name parameters                                                          \
    {                                                                                              \
        int *theirs = errno_of_policy();                                                           \
        errno = *theirs;                                                                           \
        type result = name arguments;                                                              \
        *theirs = errno;                                                                           \
        return result;                                                                             \
    }
#define CARRY_WHOLE(type, name, character)                                                         \
    CARRY(type, name, (const character *text, character **end, int base), (text, end, base))
#define CARRY_REAL(type, name, character)                                                          \
    CARRY(type, name, (const character *text, character **end), (text, end))
#define CARRY_LOCALE(type, name)                                                                   \
    CARRY(type, name, (const char *text, char **end, locale_t locale), (text, end, locale))

CARRY_WHOLE(long, strtol, char)
CARRY_WHOLE(unsigned long, strtoul, char)
CARRY_WHOLE(long long, strtoll, char)
CARRY_WHOLE(unsigned long long, strtoull, char)
CARRY_WHOLE(intmax_t, strtoimax, char)
CARRY_WHOLE(uintmax_t, strtoumax, char)
CARRY_WHOLE(long, wcstol, wchar_t)
CARRY_WHOLE(unsigned long, wcstoul, wchar_t)
CARRY_WHOLE(long long, wcstoll, wchar_t)
CARRY_WHOLE(unsigned long long, wcstoull, wchar_t)
CARRY_REAL(double, strtod, char)
CARRY_REAL(float, strtof, char)
CARRY_REAL(long double, strtold, char)
CARRY_REAL(double, wcstod, wchar_t)
CARRY_REAL(float, wcstof, wchar_t)
CARRY_REAL(long double, wcstold, wchar_t)
CARRY_LOCALE(double, strtod_l)
CARRY_LOCALE(float, strtof_l)
CARRY_LOCALE(long double, strtold_l)
CARRY(size_t, mbrtowc, (wchar_t * wide, const char *text, size_t bytes, mbstate_t *state),
      (wide, text, bytes, state))
CARRY(size_t, wcrtomb, (char *text, wchar_t wide, mbstate_t *state), (text, wide, state))

const struct binding errno_bindings[] = {
    {"strtol", carried_strtol},
    {"__isoc23_strtol", carried_strtol},
    {"strtoul", carried_strtoul},
    {"__isoc23_strtoul", carried_strtoul},
    {"strtoll", carried_strtoll},
    {"__isoc23_strtoll", carried_strtoll},
    {"strtoull", carried_strtoull},
    {"__isoc23_strtoull", carried_strtoull},
    {"strtoimax", carried_strtoimax},
    {"__isoc23_strtoimax", carried_strtoimax},
    {"strtoumax", carried_strtoumax},
    {"__isoc23_strtoumax", carried_strtoumax},
    {"wcstol", carried_wcstol},
    {"__isoc23_wcstol", carried_wcstol},
    {"wcstoul", carried_wcstoul},
    {"__isoc23_wcstoul", carried_wcstoul},
    {"wcstoll", carried_wcstoll},
    {"__isoc23_wcstoll", carried_wcstoll},
    {"wcstoull", carried_wcstoull},
    {"__isoc23_wcstoull", carried_wcstoull},
    {"strtod", carried_strtod},
    {"strtof", carried_strtof},
    {"strtold", carried_strtold},
    {"wcstod", carried_wcstod},
    {"wcstof", carried_wcstof},
    {"wcstold", carried_wcstold},
    {"strtod_l", carried_strtod_l},
    {"__strtod_l", carried_strtod_l},
    {"strtof_l", carried_strtof_l},
    {"__strtof_l", carried_strtof_l},
    {"strtold_l", carried_strtold_l},
    {"__strtold_l", carried_strtold_l},
    {"mbrtowc", carried_mbrtowc},
    {"wcrtomb", carried_wcrtomb},
    {NULL, NULL},
};
