/* Reading and writing .lwt files. See recording_file.h. */
#include "harness/recording_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include "clr/recording_format.h"

/* High, because a recording is written once and kept in repositories. */
#define COMPRESSION_LEVEL 19

enum input_result recording_file_read(const char *path, struct recording_file *file, char *message,
                                      size_t message_bytes)
{
    memset(file, 0, sizeof *file);
    enum input_result result =
        input_read(path, RECORDING_BYTES_MAX, &file->bytes, message, message_bytes);
    if (result != INPUT_OK)
        return result;
    if (recording_open(&file->recording, file->bytes.bytes, file->bytes.count, message,
                       message_bytes))
        return INPUT_OK;
    recording_file_free(file);
    return INPUT_INVALID;
}

void recording_file_free(struct recording_file *file)
{
    input_free(&file->bytes);
    memset(&file->recording, 0, sizeof file->recording);
}

static int write_whole(FILE *out, const uint8_t *bytes, size_t count)
{
    if (!out)
        return errno;
    errno = 0;
    size_t written = fwrite(bytes, 1, count, out);
    int error = written == count ? 0 : errno ? errno : EIO;
    if ((out == stdout ? fflush(out) : fclose(out)) != 0 && error == 0)
        error = errno;
    return error;
}

/* Devices and pipes are written to, not replaced. */
static bool must_stay(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int write_beside_and_rename(const char *path, const uint8_t *bytes, size_t count)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof beside)
        return ENAMETOOLONG;
    int error = write_whole(fopen(beside, "wb"), bytes, count);
    if (error == 0 && rename(beside, path) != 0)
        error = errno;
    if (error != 0)
        unlink(beside);
    return error;
}

int recording_file_write(const char *path, const uint8_t *bytes, size_t count)
{
    size_t room = ZSTD_compressBound(count);
    uint8_t *packed = malloc(room);
    if (!packed)
        return ENOMEM;
    size_t size = ZSTD_compress(packed, room, bytes, count, COMPRESSION_LEVEL);
    int error = ZSTD_isError(size) ? ENOMEM : 0;
    if (error == 0 && strcmp(path, "-") == 0)
        error = write_whole(stdout, packed, size);
    else if (error == 0 && must_stay(path))
        error = write_whole(fopen(path, "wb"), packed, size);
    else if (error == 0)
        error = write_beside_and_rename(path, packed, size);
    free(packed);
    return error;
}

bool recording_file_recognise(const uint8_t *bytes, size_t count)
{
    uint8_t start[RECORDING_MAGIC_BYTES] = {0};
    if (count < sizeof start)
        return false;
    if (memcmp(bytes, RECORDING_MAGIC, sizeof start) == 0)
        return true;
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {bytes, count, 0};
    ZSTD_outBuffer out = {start, sizeof start, 0};
    size_t hint = 1;
    while (stream && out.pos < out.size && in.pos < in.size && hint != 0 && !ZSTD_isError(hint))
        hint = ZSTD_decompressStream(stream, &out, &in);
    ZSTD_freeDStream(stream);
    return out.pos == out.size && memcmp(start, RECORDING_MAGIC, sizeof start) == 0;
}
