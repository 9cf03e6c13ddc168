/* Whole input files with zstd taken off. See input_file.h.
 *
 * Decompression is streamed and stops at the limit, so that a small file that claims to be
 * petabytes costs no more than its limit. */
#include "harness/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define FIRST_BYTES 65536

struct growing {
    uint8_t *bytes;
    size_t count, room;
};

/* Room for at least one more byte besides the NUL at the end. */
static bool grow(struct growing *growing)
{
    if (growing->count + 1 < growing->room)
        return true;
    size_t room = growing->room ? growing->room * 2 : FIRST_BYTES;
    uint8_t *bytes = realloc(growing->bytes, room);
    if (!bytes)
        return false;
    growing->bytes = bytes;
    growing->room = room;
    return true;
}

static enum input_result fail(struct growing *growing, enum input_result result, char *message,
                              size_t message_bytes, const char *why)
{
    free(growing->bytes);
    snprintf(message, message_bytes, "%s", why);
    return result;
}

static enum input_result finish(struct growing *growing, struct input_file *file, bool compressed)
{
    growing->bytes[growing->count] = 0;
    *file = (struct input_file){growing->bytes, growing->count, compressed};
    return INPUT_OK;
}

static bool is_zstd(const uint8_t *bytes, size_t count)
{
    return count >= 4 && bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f &&
           bytes[3] == 0xfd;
}

/* Decompresses all frames. NULL, or what is wrong, with the byte of the input in *at. */
static const char *decompress(ZSTD_DCtx *context, ZSTD_inBuffer *in, uint64_t limit,
                              struct growing *out)
{
    size_t hint = 1; /* 0 between frames */
    for (;;) {
        if (!grow(out))
            return "out of memory";
        ZSTD_outBuffer to = {out->bytes, out->room - 1, out->count};
        hint = ZSTD_decompressStream(context, &to, in);
        if (ZSTD_isError(hint))
            return ZSTD_getErrorName(hint);
        bool stuck = to.pos == out->count && in->pos == in->size;
        out->count = to.pos;
        if (out->count > limit)
            return "larger than the limit";
        if (in->pos == in->size && (hint == 0 || stuck))
            return hint == 0 ? NULL : "truncated";
    }
}

enum input_result input_unpack(const uint8_t *bytes, size_t count, uint64_t limit,
                               struct input_file *file, char *message, size_t message_bytes)
{
    struct growing out = {0};
    if (!is_zstd(bytes, count)) {
        out = (struct growing){malloc(count + 1), count, count + 1};
        if (!out.bytes || count > limit)
            return fail(&out, INPUT_INVALID, message, message_bytes, "larger than the limit");
        memcpy(out.bytes, bytes, count);
        return finish(&out, file, false);
    }
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {bytes, count, 0};
    const char *why = context ? decompress(context, &in, limit, &out) : "out of memory";
    ZSTD_freeDCtx(context);
    if (!why)
        return finish(&out, file, true);
    char text[128];
    snprintf(text, sizeof text, "zstd, at byte %zu: %s", in.pos, why);
    return fail(&out, INPUT_INVALID, message, message_bytes, text);
}

static enum input_result read_raw(int fd, uint64_t limit, struct growing *raw, char *message,
                                  size_t message_bytes)
{
    for (;;) {
        if (!grow(raw))
            return fail(raw, INPUT_INVALID, message, message_bytes, "out of memory");
        ssize_t got = read(fd, raw->bytes + raw->count, raw->room - 1 - raw->count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(raw, INPUT_NO_FILE, message, message_bytes, strerror(errno));
        if (got == 0)
            return INPUT_OK;
        raw->count += (size_t)got;
        if (raw->count > limit)
            return fail(raw, INPUT_INVALID, message, message_bytes, "larger than the limit");
    }
}

enum input_result input_read(const char *path, uint64_t limit, struct input_file *file,
                             char *message, size_t message_bytes)
{
    struct growing raw = {0};
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(&raw, INPUT_NO_FILE, message, message_bytes, strerror(errno));
    enum input_result result = read_raw(fd, limit, &raw, message, message_bytes);
    if (!standard)
        close(fd);
    if (result != INPUT_OK)
        return result;
    if (!is_zstd(raw.bytes, raw.count))
        return finish(&raw, file, false);
    result = input_unpack(raw.bytes, raw.count, limit, file, message, message_bytes);
    free(raw.bytes);
    return result;
}

void input_free(struct input_file *file)
{
    free(file->bytes);
    *file = (struct input_file){0};
}
