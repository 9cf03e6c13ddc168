/* printf's engine for policies: C's and Microsoft's format language, narrow and wide.
 *
 * Everything is formatted to bytes first; wide text becomes UTF-8 on the way. Only numbers are left
 * to the host's library (in the C locale). Understood beyond C: %I64d %I32d %Iu (pointer-sized),
 * %S and %C (the other width), %hs %ls %ws, %m. In wide formats %s and %c mean wide text, as with
 * Microsoft's library and unlike C, since that is what policies are written for. %ld is 64 bits
 * wide, as the compiler at hand says. Positional arguments (%1$d) end the run as unsupported.
 *
 * Order of touches: the format ascending up to its next '%', then the directive's argument; a
 * string argument is measured and then copied, page by page (string.c). */
#ifndef LW_CRT_FORMAT_H
#define LW_CRT_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "crt/crt.h"

/* A finished text. Short ones cost no allocation; long ones lie in the arena. */
struct text {
    char *bytes; /* length bytes and a NUL */
    size_t length;
    size_t full_length; /* what it would be without TEXT_BYTES_MAX */
    size_t arena_bytes; /* 0: in small */
    char small[384];
};

/* No print may be longer: what is above is cut off and only counted. */
#define TEXT_BYTES_MAX ((size_t)1 << 20)

/* format is a const wchar_t * when wide, else a const char *. The list is used up. */
void text_format(struct text *text, bool wide, const void *format, va_list arguments);
void text_free(struct text *text);

/* vsnprintf: writes at most room bytes, a NUL included when room > 0, straight to the target in
 * ascending order. Returns the length of the whole text. */
size_t format_to(char *target, size_t room, const char *format, va_list arguments);

/* UTF-8 to characters: writes at most room of them, no NUL; returns how many there are in all.
 * Bytes that are no UTF-8 stand for themselves. */
size_t wide_from_utf8(wchar_t *target, size_t room, const char *bytes, size_t length);

#endif
