/* Names of the numbers that records hold: flags, protections, errors. */
#ifndef LW_HARNESS_EVENT_NAMES_H
#define LW_HARNESS_EVENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/event_fields.h"

/* The value as a name or several joined by "|", where its type has names. False: it has none, and
 * text is untouched. */
bool named_value(enum field_type type, uint64_t value, char *text, size_t bytes);
/* "E_OUTOFMEMORY", NULL: unknown. */
const char *hresult_name(uint32_t value);
/* Win32 errors, errno of the C run-time, NTSTATUS of exceptions; NULL: unknown. */
const char *windows_error_name(uint32_t value);

#endif
