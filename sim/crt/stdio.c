/* Narrow printing: printf and its relatives, and the three standard streams.
 *
 * Whatever a policy prints goes to core/output.h, one record per call, and nowhere else; streams
 * are not buffered, so flushing has nothing to do. Standard input is at its end. There are no
 * files: functions that open one are not bound, and the loader refuses who imports them. */
#include "crt/stdio.h"

#include <limits.h>
#include <stdio.h>
#include <sys/uio.h>
#include "core/binding.h"
#include "core/output.h"
#include "core/race.h"
#include "crt/crt.h"
#include "crt/format.h"

struct stream {
    int number; /* file descriptor; of outputs also the output_stream */
};

static const struct stream streams[] = {{0}, {OUTPUT_STDOUT}, {OUTPUT_STDERR}};

/* The data symbols: policies read their streams from these pointers. */
static const struct stream *const stdin_symbol = &streams[0];
static const struct stream *const stdout_symbol = &streams[1];
static const struct stream *const stderr_symbol = &streams[2];

const struct stream *stream_stdout(void)
{
    return &streams[1];
}

const struct stream *stream_stderr(void)
{
    return &streams[2];
}

static void must_be_stream(const struct stream *stream, const char *function)
{
    if (stream < streams || stream > &streams[2])
        sim_stop_text(crt_sim(), STOP_UNSUPPORTED, 0,
                      "%s: the stream is none of stdin, stdout and stderr", function);
}

int stream_number(const struct stream *stream, const char *function)
{
    must_be_stream(stream, function);
    if (stream == &streams[0])
        sim_stop_text(crt_sim(), STOP_UNSUPPORTED, 0, "%s: stdin cannot be written", function);
    CHECK(stream->number == OUTPUT_STDOUT || stream->number == OUTPUT_STDERR);
    return stream->number;
}

int printed_length(size_t length)
{
    if (length <= INT_MAX)
        return (int)length;
    crt_set_errno(CRT_EOVERFLOW);
    return -1;
}

int stream_print(int number, bool wide, const void *format, va_list arguments)
{
    struct text text;
    text_format(&text, wide, format, arguments);
    crt_output(crt_sim(), number, text.bytes, text.length);
    size_t length = text.full_length;
    text_free(&text);
    return printed_length(length);
}

/* Passes the arguments behind format on to a function that takes a va_list. */
#define FORWARD(call)                                                                              \
    va_list arguments;                                                                             \
    va_start(arguments, format);                                                                   \
    int length = call;                                                                             \
    va_end(arguments);                                                                             \
    return length

/* ---- formatted, to a stream ---- */

static int crt_vprintf(const char *format, va_list arguments)
{
    return stream_print(OUTPUT_STDOUT, false, format, arguments);
}

static int crt_vfprintf(const struct stream *stream, const char *format, va_list arguments)
{
    return stream_print(stream_number(stream, "fprintf"), false, format, arguments);
}

static int crt_printf(const char *format, ...)
{
    FORWARD(crt_vprintf(format, arguments));
}

static int crt_fprintf(const struct stream *stream, const char *format, ...)
{
    FORWARD(crt_vfprintf(stream, format, arguments));
}

/* The fortified forms only add a flag: that %n needs a constant format. */
static int printf_chk(int flag, const char *format, ...)
{
    (void)flag;
    FORWARD(crt_vprintf(format, arguments));
}

static int vprintf_chk(int flag, const char *format, va_list arguments)
{
    (void)flag;
    return crt_vprintf(format, arguments);
}

static int fprintf_chk(const struct stream *stream, int flag, const char *format, ...)
{
    (void)flag;
    FORWARD(crt_vfprintf(stream, format, arguments));
}

static int vfprintf_chk(const struct stream *stream, int flag, const char *format,
                        va_list arguments)
{
    (void)flag;
    return crt_vfprintf(stream, format, arguments);
}

/* ---- formatted, to memory ---- */

static int crt_vsnprintf(char *target, size_t room, const char *format, va_list arguments)
{
    size_t length = format_to(target, room, format, arguments);
    race_access_for_caller(crt_sim(), target, length < room ? length + 1 : room, RACE_WRITE);
    return printed_length(length);
}

static int crt_snprintf(char *target, size_t room, const char *format, ...)
{
    FORWARD(crt_vsnprintf(target, room, format, arguments));
}

/* As much room as the address space has behind the target. */
static int crt_vsprintf(char *target, const char *format, va_list arguments)
{
    return crt_vsnprintf(target, INT_MAX, format, arguments);
}

static int crt_sprintf(char *target, const char *format, ...)
{
    FORWARD(crt_vsprintf(target, format, arguments));
}

static int vsnprintf_chk(char *target, size_t limit, int flag, size_t room, const char *format,
                         va_list arguments)
{
    (void)flag;
    if (limit > room)
        crt_overflow("snprintf");
    return crt_vsnprintf(target, limit, format, arguments);
}

static int snprintf_chk(char *target, size_t limit, int flag, size_t room, const char *format, ...)
{
    FORWARD(vsnprintf_chk(target, limit, flag, room, format, arguments));
}

/* Writes what fits, then ends the run if that was not all; so do Microsoft's _s forms. */
static int vsprintf_checked(char *target, size_t room, const char *format, va_list arguments)
{
    size_t length = format_to(target, room, format, arguments);
    if (length >= room)
        crt_overflow("sprintf");
    return printed_length(length);
}

static int sprintf_s(char *target, size_t room, const char *format, ...)
{
    FORWARD(vsprintf_checked(target, room, format, arguments));
}

static int vsprintf_chk(char *target, int flag, size_t room, const char *format, va_list arguments)
{
    (void)flag;
    return vsprintf_checked(target, room, format, arguments);
}

static int sprintf_chk(char *target, int flag, size_t room, const char *format, ...)
{
    (void)flag;
    FORWARD(vsprintf_checked(target, room, format, arguments));
}

static int crt_vasprintf(char **result, const char *format, va_list arguments)
{
    struct text text;
    text_format(&text, false, format, arguments);
    char *copy = crt_malloc(text.length + 1);
    if (copy)
        crt_memcpy(copy, text.bytes, text.length + 1);
    size_t length = text.length;
    text_free(&text);
    *result = copy;
    return copy ? printed_length(length) : -1;
}

static int crt_asprintf(char **result, const char *format, ...)
{
    FORWARD(crt_vasprintf(result, format, arguments));
}

static int asprintf_chk(char **result, int flag, const char *format, ...)
{
    (void)flag;
    FORWARD(crt_vasprintf(result, format, arguments));
}

static int vasprintf_chk(char **result, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return crt_vasprintf(result, format, arguments);
}

/* ---- Microsoft's older names: no NUL and -1 when the text does not fit ---- */

static int microsoft_vsnprintf(char *target, size_t room, const char *format, va_list arguments)
{
    struct text text;
    text_format(&text, false, format, arguments);
    bool fits = text.length <= room;
    crt_memcpy(target, text.bytes, text.length < room ? text.length + 1 : room);
    int length = (int)text.length;
    text_free(&text);
    return fits ? length : -1;
}

static int microsoft_snprintf(char *target, size_t room, const char *format, ...)
{
    FORWARD(microsoft_vsnprintf(target, room, format, arguments));
}

/* The _s form with a limit; UINTPTR_MAX (_TRUNCATE) and any other limit cut the text. */
static int vsnprintf_s(char *target, size_t room, size_t limit, const char *format,
                       va_list arguments)
{
    size_t wanted = limit < room ? limit + 1 : room;
    size_t length = format_to(target, wanted, format, arguments);
    if (length >= wanted && limit != SIZE_MAX && limit >= room)
        crt_overflow("_snprintf_s");
    return length < wanted ? printed_length(length) : -1;
}

static int snprintf_s(char *target, size_t room, size_t limit, const char *format, ...)
{
    FORWARD(vsnprintf_s(target, room, limit, format, arguments));
}

static int count_vprintf(const char *format, va_list arguments)
{
    return printed_length(format_to(NULL, 0, format, arguments));
}

static int count_printf(const char *format, ...)
{
    FORWARD(count_vprintf(format, arguments));
}

/* user32's: at most 1,024 bytes with the NUL, whatever the target holds. */
static int wvsprintf_a(char *target, const char *format, va_list arguments)
{
    size_t length = format_to(target, 1024, format, arguments);
    return length < 1024 ? (int)length : 1023;
}

static int wsprintf_a(char *target, const char *format, ...)
{
    FORWARD(wvsprintf_a(target, format, arguments));
}

/* ---- plain ---- */

static int crt_fputs(const char *text, const struct stream *stream)
{
    crt_output(crt_sim(), stream_number(stream, "fputs"), text, crt_strlen(text));
    return 1;
}

static int print_format(int number, const char *format, ...)
{
    FORWARD(stream_print(number, false, format, arguments));
}

/* One record, as the printf that compilers turn into puts would make. */
static int crt_puts(const char *text)
{
    return print_format(OUTPUT_STDOUT, "%s\n", text);
}

static int crt_fputc(int character, const struct stream *stream)
{
    char byte = (char)character;
    crt_output(crt_sim(), stream_number(stream, "fputc"), &byte, 1);
    return (unsigned char)byte;
}

static int crt_putchar(int character)
{
    return crt_fputc(character, stdout_symbol);
}

static size_t crt_fwrite(const void *block, size_t bytes, size_t count, const struct stream *stream)
{
    size_t total;
    int number = stream_number(stream, "fwrite");
    if (__builtin_mul_overflow(bytes, count, &total) || total == 0)
        return 0;
    crt_output(crt_sim(), number, block, total);
    return count;
}

static long crt_write(int descriptor, const void *block, size_t bytes)
{
    if (descriptor != OUTPUT_STDOUT && descriptor != OUTPUT_STDERR) {
        crt_set_errno(CRT_EBADF);
        return -1;
    }
    crt_output(crt_sim(), descriptor, block, bytes);
    return (long)bytes;
}

static long crt_writev(int descriptor, const struct iovec *pieces, int count)
{
    long total = 0;
    for (int i = 0; i < count && total >= 0; i++) {
        long written = crt_write(descriptor, pieces[i].iov_base, pieces[i].iov_len);
        total = written < 0 ? -1 : total + written;
    }
    return total;
}

static void crt_perror(const char *prefix)
{
    bool has_prefix = prefix && *prefix;
    print_format(OUTPUT_STDERR, "%s%s%m\n", has_prefix ? prefix : "", has_prefix ? ": " : "");
}

/* ---- streams ---- */

/* Nothing is buffered; NULL means all streams. Serves fflush, fclose, ferror and the like. */
static int stream_nothing(const struct stream *stream)
{
    if (stream)
        must_be_stream(stream, "stdio");
    return 0;
}

static int crt_feof(const struct stream *stream)
{
    must_be_stream(stream, "feof");
    return stream == stdin_symbol;
}

static int crt_fileno(const struct stream *stream)
{
    must_be_stream(stream, "fileno");
    return stream->number;
}

/* Reading standard input: it is at its end. */
static int read_end(void)
{
    return EOF;
}

static void *read_nothing(void)
{
    return NULL;
}

const struct binding crt_stdio_bindings[] = {
    {"stdin", (void *)&stdin_symbol},
    {"stdout", (void *)&stdout_symbol},
    {"stderr", (void *)&stderr_symbol},
    {"printf", crt_printf},
    {"printf_s", crt_printf},
    {"vprintf", crt_vprintf},
    {"vprintf_s", crt_vprintf},
    {"fprintf", crt_fprintf},
    {"fprintf_s", crt_fprintf},
    {"vfprintf", crt_vfprintf},
    {"vfprintf_s", crt_vfprintf},
    {"__printf_chk", printf_chk},
    {"__vprintf_chk", vprintf_chk},
    {"__fprintf_chk", fprintf_chk},
    {"__vfprintf_chk", vfprintf_chk},
    {"snprintf", crt_snprintf},
    {"vsnprintf", crt_vsnprintf},
    {"sprintf", crt_sprintf},
    {"vsprintf", crt_vsprintf},
    {"__snprintf_chk", snprintf_chk},
    {"__vsnprintf_chk", vsnprintf_chk},
    {"__sprintf_chk", sprintf_chk},
    {"__vsprintf_chk", vsprintf_chk},
    {"sprintf_s", sprintf_s},
    {"vsprintf_s", vsprintf_checked},
    {"asprintf", crt_asprintf},
    {"vasprintf", crt_vasprintf},
    {"__asprintf_chk", asprintf_chk},
    {"__vasprintf_chk", vasprintf_chk},
    {"_snprintf", microsoft_snprintf},
    {"_vsnprintf", microsoft_vsnprintf},
    {"_snprintf_s", snprintf_s},
    {"_vsnprintf_s", vsnprintf_s},
    {"_scprintf", count_printf},
    {"_vscprintf", count_vprintf},
    {"wsprintfA", wsprintf_a},
    {"wvsprintfA", wvsprintf_a},
    {"fputs", crt_fputs},
    {"fputs_unlocked", crt_fputs},
    {"puts", crt_puts},
    {"fputc", crt_fputc},
    {"fputc_unlocked", crt_fputc},
    {"putc", crt_fputc},
    {"_IO_putc", crt_fputc},
    {"putc_unlocked", crt_fputc},
    {"putchar", crt_putchar},
    {"putchar_unlocked", crt_putchar},
    {"fwrite", crt_fwrite},
    {"fwrite_unlocked", crt_fwrite},
    {"write", crt_write},
    {"writev", crt_writev},
    {"perror", crt_perror},
    {"fflush", stream_nothing},
    {"fflush_unlocked", stream_nothing},
    {"fclose", stream_nothing},
    {"ferror", stream_nothing},
    {"clearerr", stream_nothing},
    {"setbuf", stream_nothing},
    {"setvbuf", stream_nothing},
    {"setlinebuf", stream_nothing},
    {"flockfile", stream_nothing},
    {"funlockfile", stream_nothing},
    {"feof", crt_feof},
    {"fileno", crt_fileno},
    {"getc", read_end},
    {"_IO_getc", read_end},
    {"fgetc", read_end},
    {"getchar", read_end},
    {"ungetc", read_end},
    {"getwc", read_end},
    {"fgetwc", read_end},
    {"ungetwc", read_end},
    {"fread", read_nothing},
    {"fgets", read_nothing},
    {"sscanf", sscanf},
    {"vsscanf", vsscanf},
    {"__isoc99_sscanf", sscanf},
    {"__isoc99_vsscanf", vsscanf},
    {NULL, NULL},
};
