/* Wide printing, with Microsoft's meaning of formats (format.h): %s is a wide string.
 *
 * Streams receive UTF-8. Texts for memory are formatted apart and then stored character by
 * character, so that the target is touched after all arguments. Rooms count characters. */
#include <stdarg.h>
#include "core/binding.h"
#include "core/output.h"
#include "crt/crt.h"
#include "crt/format.h"
#include "crt/stdio.h"

#define FORWARD(call)                                                                              \
    va_list arguments;                                                                             \
    va_start(arguments, format);                                                                   \
    int length = call;                                                                             \
    va_end(arguments);                                                                             \
    return length

/* ---- to streams ---- */

static int crt_vwprintf(const wchar_t *format, va_list arguments)
{
    return stream_print(OUTPUT_STDOUT, true, format, arguments);
}

static int crt_wprintf(const wchar_t *format, ...)
{
    FORWARD(crt_vwprintf(format, arguments));
}

static int crt_vfwprintf(const struct stream *stream, const wchar_t *format, va_list arguments)
{
    return stream_print(stream_number(stream, "fwprintf"), true, format, arguments);
}

static int crt_fwprintf(const struct stream *stream, const wchar_t *format, ...)
{
    FORWARD(crt_vfwprintf(stream, format, arguments));
}

static int wprintf_chk(int flag, const wchar_t *format, ...)
{
    (void)flag;
    FORWARD(crt_vwprintf(format, arguments));
}

static int fwprintf_chk(const struct stream *stream, int flag, const wchar_t *format, ...)
{
    (void)flag;
    FORWARD(crt_vfwprintf(stream, format, arguments));
}

static int crt_fputws(const wchar_t *text, const struct stream *stream)
{
    return crt_fwprintf(stream, L"%ls", text) < 0 ? -1 : 1;
}

static int crt_putws(const wchar_t *text)
{
    return crt_wprintf(L"%ls\n", text) < 0 ? -1 : 1;
}

static wint_t crt_fputwc(wchar_t character, const struct stream *stream)
{
    crt_fwprintf(stream, L"%lc", (wint_t)character);
    return (wint_t)character;
}

static wint_t crt_putwchar(wchar_t character)
{
    return crt_fputwc(character, stream_stdout());
}

/* ---- to memory ---- */

/* Writes what fits with a NUL (room > 0); returns the length of the whole text. */
static size_t format_wide(wchar_t *target, size_t room, const wchar_t *format, va_list arguments)
{
    struct text text;
    text_format(&text, true, format, arguments);
    size_t limit = room > 0 ? room - 1 : 0;
    size_t length = wide_from_utf8(target, limit, text.bytes, text.length);
    if (room > 0)
        target[length < limit ? length : limit] = L'\0';
    CHECK(length <= text.length);
    text_free(&text);
    return length;
}

/* C's: negative when the text does not fit. */
static int crt_vswprintf(wchar_t *target, size_t room, const wchar_t *format, va_list arguments)
{
    size_t length = format_wide(target, room, format, arguments);
    return length < room ? printed_length(length) : -1;
}

static int crt_swprintf(wchar_t *target, size_t room, const wchar_t *format, ...)
{
    FORWARD(crt_vswprintf(target, room, format, arguments));
}

static int vswprintf_chk(wchar_t *target, size_t limit, int flag, size_t room,
                         const wchar_t *format, va_list arguments)
{
    (void)flag;
    if (limit > room)
        crt_overflow("swprintf");
    return crt_vswprintf(target, limit, format, arguments);
}

static int swprintf_chk(wchar_t *target, size_t limit, int flag, size_t room, const wchar_t *format,
                        ...)
{
    FORWARD(vswprintf_chk(target, limit, flag, room, format, arguments));
}

/* Microsoft's: too small a target ends the program. */
static int vswprintf_s(wchar_t *target, size_t room, const wchar_t *format, va_list arguments)
{
    size_t length = format_wide(target, room, format, arguments);
    if (length >= room)
        crt_overflow("swprintf_s");
    return printed_length(length);
}

static int swprintf_s(wchar_t *target, size_t room, const wchar_t *format, ...)
{
    FORWARD(vswprintf_s(target, room, format, arguments));
}

/* Microsoft's older form: no NUL and -1 when the text does not fit. */
static int microsoft_vsnwprintf(wchar_t *target, size_t room, const wchar_t *format,
                                va_list arguments)
{
    struct text text;
    text_format(&text, true, format, arguments);
    size_t length = wide_from_utf8(target, room, text.bytes, text.length);
    CHECK(length <= text.length);
    text_free(&text);
    if (length < room)
        target[length] = L'\0';
    return length <= room ? printed_length(length) : -1;
}

static int microsoft_snwprintf(wchar_t *target, size_t room, const wchar_t *format, ...)
{
    FORWARD(microsoft_vsnwprintf(target, room, format, arguments));
}

static int vsnwprintf_s(wchar_t *target, size_t room, size_t limit, const wchar_t *format,
                        va_list arguments)
{
    size_t wanted = limit < room ? limit + 1 : room;
    size_t length = format_wide(target, wanted, format, arguments);
    if (length >= wanted && limit != SIZE_MAX && limit >= room)
        crt_overflow("_snwprintf_s");
    return length < wanted ? printed_length(length) : -1;
}

static int snwprintf_s(wchar_t *target, size_t room, size_t limit, const wchar_t *format, ...)
{
    FORWARD(vsnwprintf_s(target, room, limit, format, arguments));
}

static int count_vwprintf(const wchar_t *format, va_list arguments)
{
    return printed_length(format_wide(NULL, 0, format, arguments));
}

static int count_wprintf(const wchar_t *format, ...)
{
    FORWARD(count_vwprintf(format, arguments));
}

/* user32's: at most 1,024 characters with the NUL. */
static int wvsprintf_w(wchar_t *target, const wchar_t *format, va_list arguments)
{
    size_t length = format_wide(target, 1024, format, arguments);
    return length < 1024 ? (int)length : 1023;
}

static int wsprintf_w(wchar_t *target, const wchar_t *format, ...)
{
    FORWARD(wvsprintf_w(target, format, arguments));
}

const struct binding crt_wide_stdio_bindings[] = {
    {"wprintf", crt_wprintf},
    {"wprintf_s", crt_wprintf},
    {"vwprintf", crt_vwprintf},
    {"vwprintf_s", crt_vwprintf},
    {"fwprintf", crt_fwprintf},
    {"fwprintf_s", crt_fwprintf},
    {"vfwprintf", crt_vfwprintf},
    {"vfwprintf_s", crt_vfwprintf},
    {"__wprintf_chk", wprintf_chk},
    {"__fwprintf_chk", fwprintf_chk},
    {"fputws", crt_fputws},
    {"_putws", crt_putws},
    {"fputwc", crt_fputwc},
    {"putwc", crt_fputwc},
    {"putwchar", crt_putwchar},
    {"swprintf", crt_swprintf},
    {"vswprintf", crt_vswprintf},
    {"__swprintf_chk", swprintf_chk},
    {"__vswprintf_chk", vswprintf_chk},
    {"swprintf_s", swprintf_s},
    {"vswprintf_s", vswprintf_s},
    {"_snwprintf", microsoft_snwprintf},
    {"_vsnwprintf", microsoft_vsnwprintf},
    {"_snwprintf_s", snwprintf_s},
    {"_vsnwprintf_s", vsnwprintf_s},
    {"_scwprintf", count_wprintf},
    {"_vscwprintf", count_vwprintf},
    {"wsprintfW", wsprintf_w},
    {"wvsprintfW", wvsprintf_w},
    {NULL, NULL},
};
