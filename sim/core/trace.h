/* The trace of a run: a sequence of fixed records, its digest, and where the records go.
 *
 * The trace is the only evidence: oracles, metrics and reports read it, never the machine.
 * A record's ordinal is its event id. The digest is XXH3-128 over the records in little-endian
 * form; a record holds logical addresses only (core/sim.h, sim_logical), never a host address. */
#ifndef LW_CORE_TRACE_H
#define LW_CORE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* One record per row of calls.def: EVENT_VirtualAlloc ... The number is part of the trace format.
 */
enum event_kind {
#define CALL(symbol, name, cost, failure, legal, fields) EVENT_##symbol,
#include "core/calls.def"
#undef CALL
    EVENT_KINDS
};

/* 48 bytes without padding. */
struct event {
    uint64_t time_ns; /* virtual */
    uint16_t kind;    /* enum event_kind */
    uint8_t thread;   /* simulated thread, 255: that and above */
    uint8_t depth;    /* 0: the CLR or the machine, 1: made by the policy */
    uint32_t error;   /* Windows error code or HRESULT, 0 success */
    uint64_t arg[4];  /* per kind: calls.def */
};

struct event_shape {
    const char *symbol; /* VirtualAlloc */
    const char *name;   /* "VirtualAlloc" */
    uint32_t cost_ns;   /* default virtual cost */
    uint8_t failure;    /* enum status; ST_OK: not a failure point */
    const char *legal;  /* names of its failures, separated by spaces */
    const char *fields; /* calls.def */
};
extern const struct event_shape event_shapes[EVENT_KINDS];

#define TRACE_BUFFER_EVENTS 1024

struct trace;

struct trace_options {
    bool digest;          /* off only to measure its cost */
    int fd;               /* where every record is written too, or -1 */
    struct event *tail;   /* the last tail_events records, shared with the parent, or NULL */
    uint64_t *tail_count; /* records written so far, shared with the parent */
    uint32_t tail_events; /* a power of two */
    uint64_t max_events;  /* on_limit is called when the run has made that many; 0: no limit */
    void (*on_limit)(void *context);
    /* Called for every record as it is flushed (oracles, watchers), or NULL. */
    void (*on_event)(void *context, uint64_t id, const struct event *event);
    void *context;
};

/* The open end of the buffer lives here so that emitting costs a few stores. */
struct trace_cursor {
    struct event *next;
    struct event *end;
    struct trace *trace;
};

struct arena;
struct trace *trace_create(struct arena *arena, const struct trace_options *options,
                           struct trace_cursor *cursor);
/* Makes room: digests and writes what is buffered. Called by trace_next only, and at the end. */
void trace_flush(struct trace_cursor *cursor);
uint64_t trace_count(const struct trace_cursor *cursor);
/* The digest of all records so far. */
void trace_digest(struct trace_cursor *cursor, uint8_t digest[16]);
/* 32 lower-case hexadecimal digits and a NUL. */
void digest_text(const uint8_t digest[16], char text[33]);

/* The place of the next record; the caller fills all of it. */
static inline struct event *trace_next(struct trace_cursor *cursor)
{
    if (__builtin_expect(cursor->next == cursor->end, 0))
        trace_flush(cursor);
    return cursor->next++;
}

#endif
