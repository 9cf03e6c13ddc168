/* Trace files. See trace_file.h. */
#include "harness/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define TRAILER_MAGIC "LWTREND\n"
#define TRACE_BYTES_MAX (UINT64_C(64) << 30)

struct trailer {
    char magic[8];
    uint64_t count; /* little-endian */
    uint8_t digest[16];
    uint8_t zero[16]; /* as long as a record, so that the two never mix up */
};
_Static_assert(sizeof(struct trailer) == sizeof(struct event), "records and trailer have one size");

/* ---- writing ---- */

int trace_file_begin(const struct run_spec *spec)
{
    bool to_stdout = strcmp(spec->trace_path, "-") == 0;
    char *header = NULL;
    size_t bytes = 0;
    int fd =
        to_stdout ? dup(STDOUT_FILENO) : open(spec->trace_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    FILE *text = open_memstream(&header, &bytes);
    if (fd < 0 || !text)
        return -1;
    trace_header_write(text, spec);
    fclose(text);
    size_t done = 0;
    for (ssize_t put = 1; done < bytes && put > 0; done += put > 0 ? (size_t)put : 0)
        put = write(fd, header + done, bytes - done);
    int error = errno;
    free(header);
    if (done == bytes)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

bool trace_file_finish(int fd, const struct run_result *result)
{
    struct trailer trailer = {.magic = TRAILER_MAGIC};
    uint64_t count = result->events;
    for (int i = 0; i < 8; i++)
        ((uint8_t *)&trailer.count)[i] = (uint8_t)(count >> (8 * i));
    memcpy(trailer.digest, result->digest, sizeof trailer.digest);
    errno = 0;
    ssize_t put = write(fd, &trailer, sizeof trailer);
    if (put >= 0 && put < (ssize_t)sizeof trailer)
        errno = ENOSPC;
    int error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    errno = error;
    return error == 0;
}

/* ---- reading ---- */

bool trace_file_recognise(const uint8_t *bytes, size_t count)
{
    size_t length = strlen(TRACE_MAGIC);
    return count >= length + 2 && memcmp(bytes, TRACE_MAGIC, length) == 0;
}

static void from_little_endian(struct event *events, uint64_t count)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (uint64_t i = 0; i < count; i++) {
        struct event *e = &events[i];
        e->time_ns = __builtin_bswap64(e->time_ns);
        e->kind = __builtin_bswap16(e->kind);
        e->error = __builtin_bswap32(e->error);
        for (int a = 0; a < 4; a++)
            e->arg[a] = __builtin_bswap64(e->arg[a]);
    }
#else
    (void)events, (void)count;
#endif
}

static bool check_trailer(struct trace_file *file, const uint8_t *records, size_t bytes,
                          char *message, size_t message_bytes)
{
    struct trailer trailer = {.magic = ""};
    /* A file cut short may end anywhere, so the bytes are copied before they are looked at. */
    if (bytes >= sizeof trailer)
        memcpy(&trailer, records + bytes - sizeof trailer, sizeof trailer);
    bool has = memcmp(trailer.magic, TRAILER_MAGIC, 8) == 0;
    file->count = bytes / sizeof(struct event);
    if (!has)
        return true; /* cut short */
    file->count--;
    uint64_t count = 0;
    for (int i = 0; i < 8; i++)
        count |= (uint64_t)((const uint8_t *)&trailer.count)[i] << (8 * i);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(records, file->count * sizeof(struct event)));
    memcpy(file->digest, trailer.digest, sizeof file->digest);
    if (bytes % sizeof(struct event) || count != file->count ||
        memcmp(canonical.digest, trailer.digest, 16) != 0) {
        snprintf(message, message_bytes, "damaged: the records do not fit the digest behind them");
        return false;
    }
    file->complete = true;
    return true;
}

static bool check_records(struct trace_file *file, char *message, size_t message_bytes)
{
    for (uint64_t i = 0; i < file->count; i++) {
        if (file->events[i].kind >= EVENT_KINDS) {
            snprintf(message, message_bytes, "record %" PRIu64 " is of an unknown kind", i);
            return false;
        }
    }
    return true;
}

enum input_result trace_file_read(const char *path, struct trace_file *file, char *message,
                                  size_t message_bytes)
{
    memset(file, 0, sizeof *file);
    enum input_result result =
        input_read(path, TRACE_BYTES_MAX, &file->input, message, message_bytes);
    if (result != INPUT_OK)
        return result;
    size_t begin = 0;
    bool fine = trace_header_read(file, &begin, message, message_bytes);
    if (fine) {
        uint8_t *records = file->input.bytes + begin;
        file->events = (const struct event *)records;
        fine = check_trailer(file, records, file->input.count - begin, message, message_bytes);
        from_little_endian((struct event *)records, file->count);
        fine = fine && check_records(file, message, message_bytes);
    }
    if (!fine) {
        trace_file_free(file);
        return INPUT_INVALID;
    }
    return INPUT_OK;
}

void trace_file_free(struct trace_file *file)
{
    input_free(&file->input);
    free(file->strings);
    memset(file, 0, sizeof *file);
}
