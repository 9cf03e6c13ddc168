/* Trace records: table of shapes, buffering, digest. See trace.h. */
#include "core/trace.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "core/arena.h"
#include "core/check.h"
#include "core/status.h"

const struct event_shape event_shapes[EVENT_KINDS] = {
#define CALL(symbol, name, cost, failure, legal, fields)                                           \
    [EVENT_##symbol] = {#symbol, name, cost, failure, legal, fields},
#include "core/calls.def"
#undef CALL
};

_Static_assert(sizeof(struct event) == 48, "a record has no padding");
_Static_assert(TRACE_BUFFER_EVENTS * 48 % 64 == 0, "a full buffer is whole hash stripes");

struct trace {
    XXH3_state_t hash;
    struct trace_options options;
    uint64_t flushed; /* records before the buffer */
    bool limit_reached;
    struct event buffer[TRACE_BUFFER_EVENTS];
};

/* The buffer ends where the limit is, so that it is noticed at its very record. */
static struct event *buffer_end(struct trace *trace)
{
    uint64_t limit = trace->options.max_events, room = TRACE_BUFFER_EVENTS;
    if (!trace->limit_reached && limit > trace->flushed && limit - trace->flushed < room)
        room = limit - trace->flushed;
    return trace->buffer + room;
}

struct trace *trace_create(struct arena *arena, const struct trace_options *options,
                           struct trace_cursor *cursor)
{
    CHECK(options->tail == NULL || (options->tail_events & (options->tail_events - 1)) == 0);
    /* The hash state wants 64-byte alignment; arena blocks have 16. */
    char *block = arena_alloc(arena, sizeof(struct trace) + 64);
    struct trace *trace = (struct trace *)(((uintptr_t)block + 63) & ~(uintptr_t)63);
    trace->options = *options;
    XXH3_128bits_reset(&trace->hash);
    *cursor = (struct trace_cursor){trace->buffer, buffer_end(trace), trace};
    return trace;
}

/* Records stand in files and under the digest in little-endian order. */
static void to_little_endian(struct event *events, size_t count)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < count; i++) {
        struct event *e = &events[i];
        e->time_ns = __builtin_bswap64(e->time_ns);
        e->kind = __builtin_bswap16(e->kind);
        e->error = __builtin_bswap32(e->error);
        for (int a = 0; a < 4; a++)
            e->arg[a] = __builtin_bswap64(e->arg[a]);
    }
#else
    (void)events;
    (void)count;
#endif
}

static void write_all(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t written = write(fd, at, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* a full disk loses the file's end, never the run: its trailer is missing */
        at += written;
        count -= (size_t)written;
    }
}

static void keep_tail(struct trace *trace, size_t count)
{
    uint32_t room = trace->options.tail_events;
    size_t first = count > room ? count - room : 0;
    for (size_t i = first; i < count; i++)
        trace->options.tail[(trace->flushed + i) & (room - 1)] = trace->buffer[i];
    *trace->options.tail_count = trace->flushed + count;
}

void trace_flush(struct trace_cursor *cursor)
{
    struct trace *trace = cursor->trace;
    size_t count = (size_t)(cursor->next - trace->buffer);
    CHECK(count <= TRACE_BUFFER_EVENTS);
    cursor->next = trace->buffer;
    if (trace->options.tail)
        keep_tail(trace, count);
    if (trace->options.on_event)
        for (size_t i = 0; i < count; i++)
            trace->options.on_event(trace->options.context, trace->flushed + i, &trace->buffer[i]);
    to_little_endian(trace->buffer, count);
    if (trace->options.digest)
        XXH3_128bits_update(&trace->hash, trace->buffer, count * sizeof(struct event));
    if (trace->options.fd >= 0)
        write_all(trace->options.fd, trace->buffer, count * sizeof(struct event));
    trace->flushed += count;
    bool limit = trace->options.max_events && trace->flushed >= trace->options.max_events &&
                 !trace->limit_reached;
    trace->limit_reached |= limit; /* the report of the limit makes records of its own */
    cursor->end = buffer_end(trace);
    if (limit)
        trace->options.on_limit(trace->options.context);
}

uint64_t trace_count(const struct trace_cursor *cursor)
{
    return cursor->trace->flushed + (uint64_t)(cursor->next - cursor->trace->buffer);
}

void trace_digest(struct trace_cursor *cursor, uint8_t digest[16])
{
    trace_flush(cursor);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&cursor->trace->hash));
    memcpy(digest, canonical.digest, 16);
}

void digest_text(const uint8_t digest[16], char text[33])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[32] = '\0';
}
