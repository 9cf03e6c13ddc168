/* Decoding of recordings. Does not read files, decompress or write: those are the harness's.
 *
 * recording_open decodes everything once, so that whatever a file claims, a replay sees valid
 * object and thread numbers and ranges; a damaged file is a message with the byte, never a crash.
 * Numbers are put together from bytes, so the host's byte order does not matter. */
#include "clr/recording.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "clr/recording_format.h"
#include "core/check.h"
#include "core/layout.h"

static uint64_t get_bytes(const uint8_t *at, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static uint32_t get_u32(const uint8_t *bytes, unsigned at)
{
    return (uint32_t)get_bytes(bytes + at, 4);
}

static uint64_t get_u64(const uint8_t *bytes, size_t at)
{
    return get_bytes(bytes + at, 8);
}

/* Seven bits a byte, lowest first. Reads at most ten bytes; NULL: no number. */
static inline const uint8_t *get_number(const uint8_t *at, uint64_t *number)
{
    uint64_t value = *at & 0x7f;
    if (__builtin_expect(*at++ & 0x80, 0)) {
        unsigned shift = 7;
        for (; *at & 0x80; shift += 7) {
            if (shift == 63)
                return NULL;
            value |= (uint64_t)(*at++ & 0x7f) << shift;
        }
        if (shift == 63 && *at > 1)
            return NULL;
        value |= (uint64_t)*at++ << shift;
    }
    *number = value;
    return at;
}

/* One operation from at least OPERATION_BYTES_MAX readable bytes; NULL where they are none. state
 * is that of the cursor. */
static inline const uint8_t *decode(const struct recording *recording, const uint8_t *at,
                                    uint64_t state[8], struct operation *op)
{
    unsigned first = *at++, second = *at++;
    uint64_t number, offset = state[STATE_OFFSET];
    if (!(at = get_number(at, &number)))
        return NULL;
    state[STATE_TIME] += number;
    if (!(first & OPERATION_SAME_THREAD) && !(at = get_number(at, &state[STATE_THREAD])))
        return NULL;
    if (!(first & OPERATION_SAME_OBJECT)) {
        if (!(at = get_number(at, &number)))
            return NULL;
        state[STATE_OBJECT] += unzigzag(number);
    }
    if (second & OPERATION_CONTINUES) {
        offset += state[STATE_SIZE];
    } else {
        if (!(at = get_number(at, &number)))
            return NULL;
        offset += unzigzag(number);
    }
    if (!(second & OPERATION_SAME_SIZE) && !(at = get_number(at, &state[STATE_SIZE])))
        return NULL;
    state[STATE_OFFSET] = offset;
    if ((first & OPERATION_KIND_MASK) >= OPERATION_KINDS || (second & OPERATION_UNUSED_MASK) ||
        (second & OPERATION_PROTECT_MASK) > PROTECT_EXECUTE_WRITE)
        return NULL;
    if (state[STATE_THREAD] >= recording->threads || state[STATE_OBJECT] >= recording->objects ||
        offset >= OPERATION_PAGES_MAX || state[STATE_SIZE] >= OPERATION_PAGES_MAX)
        return NULL;
    *op = (struct operation){
        .time_ns = state[STATE_TIME],
        .object = (uint32_t)state[STATE_OBJECT],
        .thread = (uint16_t)state[STATE_THREAD],
        .kind = first & OPERATION_KIND_MASK,
        .object_class = (first >> OPERATION_CLASS_SHIFT) & OPERATION_CLASS_MASK,
        .protect = second & OPERATION_PROTECT_MASK,
        .write = (second & OPERATION_WRITE) != 0,
        .offset = offset << PAGE_SHIFT,
        .size = state[STATE_SIZE] << PAGE_SHIFT,
    };
    return at;
}

static size_t operations_end(const struct recording *recording)
{
    CHECK(recording->bytes_count >= RECORDING_HEADER_BYTES + RECORDING_CHECKSUM_BYTES);
    return recording->bytes_count - RECORDING_CHECKSUM_BYTES;
}

/* The next operation of a recording that may still be damaged. False: so it is. */
static inline bool advance(struct recording_cursor *cursor, struct operation *operation)
{
    const struct recording *recording = cursor->recording;
    const uint8_t *at = recording->bytes + cursor->at;
    CHECK(cursor->at <= operations_end(recording));
    size_t left = operations_end(recording) - cursor->at;
    if (__builtin_expect(left >= OPERATION_BYTES_MAX, 1)) {
        at = decode(recording, at, cursor->state, operation);
        if (!at)
            return false;
        cursor->at = (size_t)(at - recording->bytes);
        cursor->index++;
        return true;
    }
    uint8_t tail[OPERATION_BYTES_MAX] = {0}; /* so that no read goes past the end */
    memcpy(tail, at, left);
    at = decode(recording, tail, cursor->state, operation);
    if (!at || (size_t)(at - tail) > left)
        return false;
    cursor->at += (size_t)(at - tail);
    cursor->index++;
    return true;
}

void recording_begin(const struct recording *recording, struct recording_cursor *cursor)
{
    CHECK(recording->bytes != NULL);
    CHECK(recording->bytes_count >= RECORDING_HEADER_BYTES + RECORDING_CHECKSUM_BYTES);
    *cursor = (struct recording_cursor){.recording = recording, .at = RECORDING_HEADER_BYTES};
}

bool recording_next(struct recording_cursor *cursor, struct operation *operation)
{
    if (cursor->index == cursor->recording->operations)
        return false;
    bool decoded = advance(cursor, operation);
    CHECK(decoded); /* recording_open went through all of them */
    CHECK(cursor->index <= cursor->recording->operations);
    return true;
}

/* ---- opening ---- */

static bool refuse(char *message, size_t message_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(char *message, size_t message_bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, message_bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* Magic, version, lengths and checksum: are these the bytes that were written? */
static bool check_bytes(const uint8_t *bytes, size_t count, char *message, size_t message_bytes)
{
    if (count < RECORDING_MAGIC_BYTES || memcmp(bytes, RECORDING_MAGIC, RECORDING_MAGIC_BYTES) != 0)
        return refuse(message, message_bytes, "not a recording: byte 0 is no %s header", "LWREC");
    if (count < RECORDING_HEADER_BYTES + RECORDING_CHECKSUM_BYTES)
        return refuse(message, message_bytes,
                      "truncated at byte %zu: the header alone takes %d bytes", count,
                      RECORDING_HEADER_BYTES);
    uint32_t version = get_u32(bytes, RECORDING_AT_VERSION);
    if (version != RECORDING_VERSION)
        return refuse(message, message_bytes, "byte %d: version %u, this lowwater reads version %d",
                      RECORDING_AT_VERSION, (unsigned)version, RECORDING_VERSION);
    uint64_t expected = get_u64(bytes, RECORDING_AT_FILE);
    if (count < expected)
        return refuse(message, message_bytes, "truncated at byte %zu of %llu", count,
                      (unsigned long long)expected);
    if (count > expected)
        return refuse(message, message_bytes, "byte %llu: %llu bytes too many after the end",
                      (unsigned long long)expected, (unsigned long long)(count - expected));
    size_t sum_at = count - RECORDING_CHECKSUM_BYTES;
    if (XXH3_64bits(bytes, sum_at) != get_u64(bytes, sum_at))
        return refuse(message, message_bytes,
                      "damaged: the checksum at byte %zu does not fit the bytes before it", sum_at);
    if (get_u32(bytes, RECORDING_AT_HEADER) != RECORDING_HEADER_BYTES)
        return refuse(message, message_bytes, "byte %d: header of %u bytes, expected %d",
                      RECORDING_AT_HEADER, (unsigned)get_u32(bytes, RECORDING_AT_HEADER),
                      RECORDING_HEADER_BYTES);
    return true;
}

static void read_stats(const uint8_t *bytes, struct recording_stats *stats)
{
    size_t at = RECORDING_AT_STATS;
#define FIGURE(member)                                                                             \
    stats->member = get_u64(bytes, at);                                                            \
    at += 8;
    RECORDING_FIGURES(FIGURE)
#undef FIGURE
    CHECK(at == RECORDING_HEADER_BYTES);
}

static bool check_header(const struct recording *recording, char *message, size_t message_bytes)
{
    const uint8_t *bytes = recording->bytes;
    if (bytes[RECORDING_AT_NAME + sizeof recording->name - 1] != 0)
        return refuse(message, message_bytes, "byte %d: the name does not end", RECORDING_AT_NAME);
    if (get_u64(bytes, RECORDING_AT_ZERO) != 0)
        return refuse(message, message_bytes, "byte %d: not zero", RECORDING_AT_ZERO);
    if (recording->threads == 0 || recording->threads > UINT16_MAX + 1u)
        return refuse(message, message_bytes, "byte %d: %u threads", RECORDING_AT_THREADS,
                      (unsigned)recording->threads);
    /* Every object has at least the operation that makes it, the first one excepted: operations
     * without an object name object 0. So a small file cannot ask for large tables. */
    if (recording->objects == 0 || recording->objects > recording->operations + 1)
        return refuse(message, message_bytes, "byte %d: %u objects in %llu operations",
                      RECORDING_AT_OBJECTS, (unsigned)recording->objects,
                      (unsigned long long)recording->operations);
    return true;
}

static bool check_operations(const struct recording *recording, char *message, size_t message_bytes)
{
    struct recording_cursor cursor;
    struct operation op;
    uint64_t before = 0;
    recording_begin(recording, &cursor);
    while (cursor.index < recording->operations) {
        size_t at = cursor.at;
        uint64_t index = cursor.index;
        if (!advance(&cursor, &op) || op.time_ns < before || op.time_ns > recording->duration_ns)
            return refuse(message, message_bytes, "byte %zu: operation %llu is not valid", at,
                          (unsigned long long)index);
        before = op.time_ns;
    }
    if (cursor.at != operations_end(recording))
        return refuse(message, message_bytes, "byte %zu: more bytes than operations", cursor.at);
    return true;
}

bool recording_open(struct recording *recording, const uint8_t *bytes, size_t count, char *message,
                    size_t message_bytes)
{
    CHECK(message_bytes > 0);
    if (!check_bytes(bytes, count, message, message_bytes))
        return false;
    *recording = (struct recording){
        .objects = get_u32(bytes, RECORDING_AT_OBJECTS),
        .threads = get_u32(bytes, RECORDING_AT_THREADS),
        .operations = get_u64(bytes, RECORDING_AT_OPERATIONS),
        .duration_ns = get_u64(bytes, RECORDING_AT_DURATION),
        .bytes = bytes,
        .bytes_count = count,
    };
    read_stats(bytes, &recording->stats);
    if (!check_header(recording, message, message_bytes))
        return false;
    memcpy(recording->name, bytes + RECORDING_AT_NAME, sizeof recording->name);
    return check_operations(recording, message, message_bytes);
}
