/* Records of a trace in words: "VirtualAlloc(lpAddress NULL, dwSize 64 KiB, MEM_RESERVE,
 * PAGE_READWRITE) = 0x10000". A value that names itself (flags, protections, criticality) stands
 * without the name of its argument. */
#ifndef LW_HARNESS_EVENT_TEXT_H
#define LW_HARNESS_EVENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "core/trace.h"
#include "harness/event_fields.h"

/* Longest text of one record, NUL included. */
#define EVENT_TEXT_BYTES 512

/* Call, arguments by name, results by name; no time, no thread. */
void event_text(const struct event *event, char *text, size_t bytes);
/* The same in two parts: "VirtualAlloc(...)", and "0x10000" or "ERROR_INVALID_ADDRESS". The second
 * is empty where a call has nothing to say, and for records that are no calls. */
void event_call_text(const struct event *event, char *text, size_t bytes);
void event_result_text(const struct event *event, char *text, size_t bytes);
/* A run of `pages` records of one kind for neighbouring pages, the first page at `page`: "first
 * touch of 16 pages at 0x10000, written by policy code". */
void event_pages_text(const struct event *event, uint64_t page, uint64_t pages, char *text,
                      size_t bytes);
/* One value as records show it: "64 KiB", "MEM_COMMIT". True: it names itself. */
bool field_value_text(enum field_type type, uint64_t value, char *text, size_t bytes);

/* "2.000123456 s". */
const char *time_text(uint64_t time_ns, char *text, size_t bytes);
/* Exactly so many bytes, in the largest unit without a remainder: "64 KiB", "4,100 B". */
const char *exact_bytes_text(uint64_t value, char *text, size_t bytes);
/* The name of an error word: Windows error, NTSTATUS or HRESULT, its number where it has none. */
void error_text(const struct event *event, char *text, size_t bytes);
/* True for the CLR's calls into the host, whose error word is an HRESULT. */
bool event_is_host_call(uint16_t kind);
/* True for what the policy did: its calls, and the pages its own code touched, whenever that was
 * noticed. */
bool event_is_by_policy(const struct event *event);
/* True for first touches, soft and hard faults: one page each. */
bool event_is_page(uint16_t kind);
/* True when the record says that something went wrong: a call failed, a failure was injected, an
 * exception, a run that did not end well. */
bool event_is_failure(const struct event *event);

#endif
