/* The recording format: round trips of operations made at random, and damage to every byte. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>
#include "clr/recording_format.h"
#include "core/rng.h"
#include "harness/recording_file.h"
#include "harness/recording_write.h"

#define OPERATIONS_MAX 400
#define PAGE UINT64_C(4096)

/* Distances from tiny to the format's limit, so that numbers of every length occur. */
static uint64_t some_pages(struct rng *rng)
{
    return rng_next(rng) >> (14 + rng_below(rng, 50));
}

static uint64_t make_operations(struct rng *rng, struct operation *operations,
                                struct recording_head *head)
{
    uint64_t count = rng_below(rng, OPERATIONS_MAX), time = 0;
    head->objects = (uint32_t)(1 + rng_below(rng, count + 1));
    head->threads = (uint32_t)(1 + rng_below(rng, 65536));
    for (uint64_t i = 0; i < count; i++) {
        struct operation *op = &operations[i];
        bool repeat = i > 0 && rng_below(rng, 2);
        time += rng_below(rng, 4) ? rng_below(rng, 2000) : rng_next(rng) >> 20;
        *op = (struct operation){
            .time_ns = time,
            .object = (uint32_t)rng_below(rng, head->objects),
            .thread = (uint16_t)rng_below(rng, head->threads),
            .kind = (uint8_t)rng_below(rng, OPERATION_KINDS),
            .object_class = (uint8_t)rng_below(rng, OBJECT_CLASSES),
            .protect = (uint8_t)rng_below(rng, PROTECT_EXECUTE_WRITE + 1),
            .write = (uint8_t)rng_below(rng, 2),
            .offset = some_pages(rng) * PAGE,
            .size = some_pages(rng) * PAGE,
        };
        if (repeat) {
            op->thread = op[-1].thread;
            op->object = op[-1].object;
            op->size = op[-1].size;
            if ((op[-1].offset + op[-1].size) / PAGE < OPERATION_PAGES_MAX)
                op->offset = op[-1].offset + op[-1].size;
        }
    }
    head->duration_ns = time + rng_below(rng, 3);
    for (size_t i = 0; i < sizeof head->stats / sizeof(uint64_t); i++)
        ((uint64_t *)&head->stats)[i] = rng_next(rng);
    return count;
}

static void assert_same_operation(const struct operation *a, const struct operation *b)
{
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->object, b->object);
    assert_int_equal(a->thread, b->thread);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->object_class, b->object_class);
    assert_int_equal(a->protect, b->protect);
    assert_int_equal(a->write, b->write);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->size, b->size);
}

static void what_was_encoded_is_decoded_again(void **state)
{
    (void)state;
    static struct operation operations[OPERATIONS_MAX];
    char message[256];
    for (uint64_t id = 0; id < 300; id++) {
        struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, id);
        struct recording_head head = {.name = "made at random"};
        struct recording recording;
        struct recording_cursor cursor;
        struct operation op;
        size_t bytes_count;
        uint64_t count = make_operations(&rng, operations, &head);
        uint8_t *bytes = recording_encode(&head, operations, count, &bytes_count);
        assert_non_null(bytes);
        if (!recording_open(&recording, bytes, bytes_count, message, sizeof message))
            fail_msg("%llu: %s", (unsigned long long)id, message);
        assert_string_equal(recording.name, head.name);
        assert_int_equal(recording.operations, count);
        assert_int_equal(recording.objects, head.objects);
        assert_int_equal(recording.threads, head.threads);
        assert_int_equal(recording.duration_ns, head.duration_ns);
        assert_memory_equal(&recording.stats, &head.stats, sizeof head.stats);
        recording_begin(&recording, &cursor);
        for (uint64_t i = 0; i < count; i++) {
            assert_true(recording_next(&cursor, &op));
            assert_same_operation(&op, &operations[i]);
        }
        assert_false(recording_next(&cursor, &op));
        free(bytes);
    }
}

/* A small recording with every kind in it. */
static uint8_t *small_one(size_t *count)
{
    static struct operation operations[OPERATION_KINDS * 3];
    struct recording_head head = {
        .name = "small", .objects = 3, .threads = 2, .duration_ns = 1000000};
    for (uint64_t i = 0; i < OPERATION_KINDS * 3; i++)
        operations[i] = (struct operation){.time_ns = i * 700,
                                           .object = (uint32_t)(i % 3),
                                           .thread = (uint16_t)(i / 7 % 2),
                                           .kind = (uint8_t)(i % OPERATION_KINDS),
                                           .offset = i * i * i * PAGE,
                                           .size = (1 + i % 2) * PAGE};
    return recording_encode(&head, operations, OPERATION_KINDS * 3, count);
}

/* The bytes at the very end of an allocation of their own, so that a sanitizer sees every read
 * behind them. */
static bool opens(const uint8_t *bytes, size_t count)
{
    char message[256] = "";
    struct recording recording;
    uint8_t *own = malloc(count ? count : 1);
    assert_non_null(own);
    memcpy(own, bytes, count);
    bool opened = recording_open(&recording, own, count, message, sizeof message);
    if (opened) {
        struct recording_cursor cursor;
        struct operation op;
        uint64_t operations = 0;
        recording_begin(&recording, &cursor);
        while (recording_next(&cursor, &op)) {
            assert_true(op.object < recording.objects);
            assert_true(op.thread < recording.threads);
            operations++;
        }
        assert_int_equal(operations, recording.operations);
    } else {
        assert_non_null(strstr(message, "byte "));
    }
    free(own);
    return opened;
}

static void every_truncated_file_is_refused_with_its_byte(void **state)
{
    (void)state;
    size_t count;
    uint8_t *bytes = small_one(&count);
    for (size_t length = 0; length < count; length++)
        assert_false(opens(bytes, length));
    assert_true(opens(bytes, count));
    free(bytes);
}

static void every_changed_byte_of_a_file_is_noticed(void **state)
{
    (void)state;
    size_t count;
    uint8_t *bytes = small_one(&count);
    for (size_t at = 0; at < count; at++)
        for (unsigned value = 1; value < 256; value++) {
            bytes[at] ^= (uint8_t)value;
            assert_false(opens(bytes, count));
            bytes[at] ^= (uint8_t)value;
        }
    free(bytes);
}

static void put_checksum(uint8_t *bytes, size_t count)
{
    uint64_t sum = XXH3_64bits(bytes, count - RECORDING_CHECKSUM_BYTES);
    for (unsigned i = 0; i < RECORDING_CHECKSUM_BYTES; i++)
        bytes[count - RECORDING_CHECKSUM_BYTES + i] = (uint8_t)(sum >> (8 * i));
}

/* What a hostile file could hold: damage with a checksum that fits. */
static void changed_bytes_with_a_fitting_checksum_are_harmless(void **state)
{
    (void)state;
    size_t count, refused = 0;
    uint8_t *bytes = small_one(&count);
    uint8_t *changed = malloc(count);
    assert_non_null(changed);
    for (size_t at = 0; at < count - RECORDING_CHECKSUM_BYTES; at++)
        for (unsigned value = 1; value < 256; value++) {
            memcpy(changed, bytes, count);
            changed[at] ^= (uint8_t)value;
            put_checksum(changed, count);
            refused += !opens(changed, count);
        }
    assert_true(refused > 0);
    for (uint64_t id = 0; id < 20000; id++) {
        struct rng rng = rng_keyed(2, RNG_PROPERTY_TEST, id);
        memcpy(changed, bytes, count);
        for (uint64_t i = 0; i <= rng_below(&rng, 8); i++)
            changed[rng_below(&rng, count)] = (uint8_t)rng_next(&rng);
        put_checksum(changed, count);
        opens(changed, count);
    }
    free(changed);
    free(bytes);
}

/* A header that promises other operations than there are, checksum and all. */
static void operations_past_the_end_or_the_duration_are_refused(void **state)
{
    (void)state;
    static const unsigned more[] = {1, 2, 100};
    size_t count;
    uint8_t *bytes = small_one(&count);
    uint8_t operations = bytes[RECORDING_AT_OPERATIONS];
    for (unsigned i = 0; i < sizeof more / sizeof *more; i++) {
        bytes[RECORDING_AT_OPERATIONS] = (uint8_t)(operations + more[i]);
        put_checksum(bytes, count);
        assert_false(opens(bytes, count));
    }
    bytes[RECORDING_AT_OPERATIONS] = operations;
    put_checksum(bytes, count);
    assert_true(opens(bytes, count));
    memset(bytes + RECORDING_AT_DURATION, 0, 8); /* before the last operation */
    put_checksum(bytes, count);
    assert_false(opens(bytes, count));
    free(bytes);
}

static void bytes_after_the_end_are_refused(void **state)
{
    (void)state;
    size_t count;
    uint8_t *bytes = small_one(&count);
    uint8_t *longer = calloc(1, count + 1);
    assert_non_null(longer);
    memcpy(longer, bytes, count);
    assert_false(opens(longer, count + 1));
    free(longer);
    free(bytes);
}

static void another_version_is_refused_by_name(void **state)
{
    (void)state;
    size_t count;
    char message[256];
    struct recording recording;
    uint8_t *bytes = small_one(&count);
    bytes[RECORDING_AT_VERSION] = 77;
    put_checksum(bytes, count);
    assert_false(recording_open(&recording, bytes, count, message, sizeof message));
    assert_non_null(strstr(message, "version 77"));
    free(bytes);
}

/* ---- files ---- */

static enum input_result read_back(const uint8_t *bytes, size_t count, char *message,
                                   size_t message_bytes)
{
    char path[] = "/tmp/lowwater-recording-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
    struct recording_file read;
    enum input_result result = recording_file_read(path, &read, message, message_bytes);
    if (result == INPUT_OK)
        recording_file_free(&read);
    remove(path);
    return result;
}

static void files_are_read_plain_and_compressed(void **state)
{
    (void)state;
    size_t count;
    char message[512] = "";
    uint8_t *bytes = small_one(&count);
    size_t room = ZSTD_compressBound(count);
    uint8_t *packed = malloc(room);
    assert_non_null(packed);
    size_t size = ZSTD_compress(packed, room, bytes, count, 3);
    assert_int_equal(read_back(bytes, count, message, sizeof message), INPUT_OK);
    assert_int_equal(read_back(packed, size, message, sizeof message), INPUT_OK);
    assert_true(recording_file_recognise(bytes, count));
    assert_true(recording_file_recognise(packed, size));
    for (size_t length = 0; length < size; length++)
        assert_int_not_equal(read_back(packed, length, message, sizeof message), INPUT_OK);
    free(packed);
    free(bytes);
}

static void a_missing_file_is_told_from_a_damaged_one(void **state)
{
    (void)state;
    char message[512] = "";
    struct recording_file file;
    assert_int_equal(recording_file_read("/nonexistent/x.lwt", &file, message, sizeof message),
                     INPUT_NO_FILE);
    static const uint8_t text[] = "no recording at all";
    assert_int_equal(read_back(text, sizeof text, message, sizeof message), INPUT_INVALID);
    assert_false(recording_file_recognise(text, sizeof text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded_again),
        cmocka_unit_test(every_truncated_file_is_refused_with_its_byte),
        cmocka_unit_test(every_changed_byte_of_a_file_is_noticed),
        cmocka_unit_test(changed_bytes_with_a_fitting_checksum_are_harmless),
        cmocka_unit_test(operations_past_the_end_or_the_duration_are_refused),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(another_version_is_refused_by_name),
        cmocka_unit_test(files_are_read_plain_and_compressed),
        cmocka_unit_test(a_missing_file_is_told_from_a_damaged_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
