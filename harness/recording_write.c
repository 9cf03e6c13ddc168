/* Encoding of recordings; sim/clr/recording.c reads what this writes. */
#include "harness/recording_write.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "clr/recording_format.h"
#include "core/check.h"
#include "core/layout.h"

static void put_bytes(uint8_t *at, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

static uint8_t *encode(uint8_t *at, uint64_t state[8], const struct operation *op)
{
    uint64_t offset = op->offset >> PAGE_SHIFT;
    uint64_t size = (op->size + PAGE_BYTES - 1) >> PAGE_SHIFT;
    bool same_thread = op->thread == state[STATE_THREAD];
    bool same_object = op->object == state[STATE_OBJECT];
    bool same_size = size == state[STATE_SIZE];
    bool continues = offset == state[STATE_OFFSET] + state[STATE_SIZE];
    CHECK(op->time_ns >= state[STATE_TIME]);
    CHECK(op->kind < OPERATION_KINDS);
    CHECK(op->object_class < OBJECT_CLASSES);
    CHECK(op->protect <= PROTECT_EXECUTE_WRITE);
    CHECK(offset < OPERATION_PAGES_MAX);
    CHECK(size < OPERATION_PAGES_MAX);
    *at++ = (uint8_t)(op->kind | op->object_class << OPERATION_CLASS_SHIFT |
                      (same_thread ? OPERATION_SAME_THREAD : 0) |
                      (same_object ? OPERATION_SAME_OBJECT : 0));
    *at++ =
        (uint8_t)(op->protect | (op->write ? OPERATION_WRITE : 0) |
                  (same_size ? OPERATION_SAME_SIZE : 0) | (continues ? OPERATION_CONTINUES : 0));
    at = put_number(at, op->time_ns - state[STATE_TIME]);
    if (!same_thread)
        at = put_number(at, op->thread);
    if (!same_object)
        at = put_number(at, zigzag(op->object - state[STATE_OBJECT]));
    if (!continues)
        at = put_number(at, zigzag(offset - state[STATE_OFFSET]));
    if (!same_size)
        at = put_number(at, size);
    state[STATE_TIME] = op->time_ns;
    state[STATE_THREAD] = op->thread;
    state[STATE_OBJECT] = op->object;
    state[STATE_OFFSET] = offset;
    state[STATE_SIZE] = size;
    return at;
}

static void write_header(uint8_t *bytes, const struct recording_head *head, uint64_t operations,
                         uint64_t file_bytes)
{
    memset(bytes, 0, RECORDING_HEADER_BYTES);
    memcpy(bytes, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
    put_bytes(bytes + RECORDING_AT_VERSION, RECORDING_VERSION, 4);
    put_bytes(bytes + RECORDING_AT_HEADER, RECORDING_HEADER_BYTES, 4);
    put_bytes(bytes + RECORDING_AT_FILE, file_bytes, 8);
    put_bytes(bytes + RECORDING_AT_OPERATIONS, operations, 8);
    put_bytes(bytes + RECORDING_AT_DURATION, head->duration_ns, 8);
    put_bytes(bytes + RECORDING_AT_OBJECTS, head->objects ? head->objects : 1, 4);
    put_bytes(bytes + RECORDING_AT_THREADS, head->threads ? head->threads : 1, 4);
    size_t name = strlen(head->name);
    memcpy(bytes + RECORDING_AT_NAME, head->name, name < 63 ? name : 63);
    size_t at = RECORDING_AT_STATS;
#define FIGURE(member)                                                                             \
    put_bytes(bytes + at, head->stats.member, 8);                                                  \
    at += 8;
    RECORDING_FIGURES(FIGURE)
#undef FIGURE
    CHECK(at == RECORDING_HEADER_BYTES);
}

uint8_t *recording_encode(const struct recording_head *head, const struct operation *operations,
                          uint64_t count, size_t *bytes_count)
{
    CHECK(head->threads <= UINT16_MAX + 1u);
    size_t room = RECORDING_HEADER_BYTES + count * OPERATION_BYTES_MAX + RECORDING_CHECKSUM_BYTES;
    uint8_t *bytes = malloc(room);
    if (!bytes)
        return NULL;
    uint64_t state[8] = {0};
    uint8_t *at = bytes + RECORDING_HEADER_BYTES;
    for (uint64_t i = 0; i < count; i++)
        at = encode(at, state, &operations[i]);
    CHECK(state[STATE_TIME] <= head->duration_ns);
    size_t sum_at = (size_t)(at - bytes);
    write_header(bytes, head, count, sum_at + RECORDING_CHECKSUM_BYTES);
    put_bytes(at, XXH3_64bits(bytes, sum_at), 8);
    *bytes_count = sum_at + RECORDING_CHECKSUM_BYTES;
    return bytes;
}
