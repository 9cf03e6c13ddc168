/* What a misspelt --inject may have meant. */
#ifndef LW_HARNESS_INJECT_HINT_H
#define LW_HARNESS_INJECT_HINT_H

#include <stddef.h>

/* "; did you mean 'VirtualAlloc'?" for the first word of a SPEC that is no call, filter or error
 * but nearly one; "" otherwise. Returns text. */
const char *inject_hint(const char *spec, char *text, size_t text_bytes);

#endif
