/* Records of a trace in words: "VirtualAlloc(lpAddress 0, dwSize 64.0 KiB, ...) = 0x10000". */
#ifndef LW_HARNESS_EVENT_TEXT_H
#define LW_HARNESS_EVENT_TEXT_H

#include <stddef.h>
#include "core/trace.h"

/* Call, arguments by name, results by name; no time, no thread. */
void event_text(const struct event *event, char *text, size_t bytes);
/* "2.000123456 s". */
const char *time_text(uint64_t time_ns, char *text, size_t bytes);
/* The name of an error word: Windows error or HRESULT, with its number. */
void error_text(const struct event *event, char *text, size_t bytes);
/* True for the CLR's calls into the host, whose error word is an HRESULT. */
bool event_is_host_call(uint16_t kind);

#endif
