/* printf's engine for policies. See format.h. */
#include "crt/format.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "core/race.h"

/* Longer numbers are not formatted: C promises 4,095 characters. */
#define NUMBER_WIDTH_MAX 8192

struct sink {
    char *to;
    size_t room;   /* bytes that may be written */
    size_t length; /* bytes so far, written or not */
};

struct reader {
    bool wide;
    const void *format;
    size_t at; /* in characters */
};

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_64, SIZE_LONG_DOUBLE, SIZE_WIDE };

struct directive {
    bool minus, plus, space, alternative, zero;
    int width;
    int precision; /* -1: none */
    enum size size;
    uint32_t conversion;
};

/* ---- writing ---- */

static void put(struct sink *sink, const char *bytes, size_t count)
{
    if (sink->length < sink->room) {
        size_t room = sink->room - sink->length;
        crt_memcpy(sink->to + sink->length, bytes, count < room ? count : room);
    }
    sink->length += count;
}

static void pad(struct sink *sink, size_t count)
{
    if (sink->length < sink->room) {
        size_t room = sink->room - sink->length;
        crt_memset(sink->to + sink->length, ' ', count < room ? count : room);
    }
    sink->length += count;
}

/* 1 to 4 bytes; what is no character of Unicode becomes U+FFFD. */
static size_t utf8_from(uint32_t c, char bytes[4])
{
    if (c > 0x10ffff)
        c = 0xfffd;
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(first[more] | c >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        bytes[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3f));
    CHECK(more <= 3);
    return more + 1;
}

static void put_wide(struct sink *sink, const wchar_t *text, size_t count)
{
    char bytes[4];
    for (size_t i = 0; i < count; i++)
        put(sink, bytes, utf8_from((uint32_t)text[i], bytes));
}

size_t wide_from_utf8(wchar_t *target, size_t room, const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; count++) {
        unsigned char lead = (unsigned char)bytes[i];
        size_t more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        uint32_t c = more ? lead & (0x3fu >> more) : lead;
        bool good = i + more < length;
        for (size_t k = 1; good && k <= more; k++) {
            good = (bytes[i + k] & 0xc0) == 0x80;
            c = c << 6 | (bytes[i + k] & 0x3f);
        }
        if (count < room)
            target[count] = (wchar_t)(good ? c : lead);
        i += good ? more + 1 : 1;
    }
    return count;
}

/* ---- reading the format ---- */

static uint32_t peek(const struct reader *reader)
{
    if (reader->wide)
        return (uint32_t)((const volatile wchar_t *)reader->format)[reader->at];
    return ((const volatile unsigned char *)reader->format)[reader->at];
}

static bool accept(struct reader *reader, uint32_t c)
{
    if (peek(reader) != c)
        return false;
    reader->at++;
    return true;
}

/* Text up to the next directive or the end. */
static void copy_literal(struct reader *reader, struct sink *sink)
{
    if (!reader->wide) {
        const char *begin = (const char *)reader->format + reader->at;
        size_t count = (size_t)(crt_strchrnul(begin, '%') - begin);
        put(sink, begin, count);
        reader->at += count;
        return;
    }
    char bytes[4];
    for (uint32_t c; (c = peek(reader)) != 0 && c != '%'; reader->at++)
        put(sink, bytes, utf8_from(c, bytes));
}

struct arguments {
    va_list list;
};

static int read_number(struct reader *reader, struct arguments *arguments)
{
    if (accept(reader, '*'))
        return va_arg(arguments->list, int);
    int value = 0;
    for (uint32_t c; (c = peek(reader)) >= '0' && c <= '9'; reader->at++)
        value = value > INT_MAX / 10 - 1 ? INT_MAX / 10 : value * 10 + (int)(c - '0');
    return value;
}

static void read_flags(struct reader *reader, struct directive *d)
{
    for (;; reader->at++) {
        switch (peek(reader)) {
        case '-':
            d->minus = true;
            break;
        case '+':
            d->plus = true;
            break;
        case ' ':
            d->space = true;
            break;
        case '#':
            d->alternative = true;
            break;
        case '0':
            d->zero = true;
            break;
        case '\'': /* no thousands separators in the C locale */
            break;
        default:
            return;
        }
    }
}

/* I64, I32 and I are Microsoft's; on 64 bits C's l, ll, j, z and t are all alike. */
static enum size read_microsoft_size(struct reader *reader)
{
    if (accept(reader, '6')) {
        accept(reader, '4');
        return SIZE_64;
    }
    if (accept(reader, '3')) {
        accept(reader, '2');
        return SIZE_INT;
    }
    return SIZE_64;
}

static enum size read_size(struct reader *reader)
{
    uint32_t c = peek(reader);
    if (c == 0 || !strchr("hlLqjztZwI", c < 128 ? (int)c : '?'))
        return SIZE_INT;
    reader->at++;
    switch (c) {
    case 'h':
        return accept(reader, 'h') ? SIZE_CHAR : SIZE_SHORT;
    case 'I':
        return read_microsoft_size(reader);
    case 'L':
        return SIZE_LONG_DOUBLE;
    case 'w':
        return SIZE_WIDE;
    case 'l':
        accept(reader, 'l');
        return SIZE_64;
    default:
        return SIZE_64;
    }
}

static struct directive read_directive(struct reader *reader, struct arguments *arguments)
{
    struct directive d = {.precision = -1};
    read_flags(reader, &d);
    d.width = read_number(reader, arguments);
    if (peek(reader) == '$')
        sim_stop_text(crt_sim(), STOP_UNSUPPORTED, 0,
                      "positional arguments in a format (%%1$d) are not supported");
    if (d.width < 0) { /* from an argument */
        d.minus = true;
        d.width = d.width == INT_MIN ? INT_MAX : -d.width;
    }
    if (accept(reader, '.'))
        d.precision = read_number(reader, arguments);
    if (d.precision < 0)
        d.precision = -1;
    d.size = read_size(reader);
    CHECK(d.width >= 0);
    CHECK(d.precision >= -1);
    d.conversion = peek(reader);
    if (d.conversion != 0)
        reader->at++;
    return d;
}

/* ---- numbers ---- */

/* The directive as the host's printf wants it, with both numbers as arguments. */
static void host_format(const struct directive *d, const char *size, char text[16])
{
    snprintf(text, 16, "%%%s%s%s%s%s*.*%s%c", d->minus ? "-" : "", d->plus ? "+" : "",
             d->space ? " " : "", d->alternative ? "#" : "", d->zero ? "0" : "", size,
             (char)d->conversion);
}

static int limited(int number)
{
    return number > NUMBER_WIDTH_MAX ? NUMBER_WIDTH_MAX : number;
}

static intmax_t signed_argument(const struct directive *d, struct arguments *arguments)
{
    if (d->size == SIZE_64 || d->size == SIZE_LONG_DOUBLE)
        return va_arg(arguments->list, long long);
    int value = va_arg(arguments->list, int);
    return d->size == SIZE_CHAR ? (signed char)value : d->size == SIZE_SHORT ? (short)value : value;
}

static uintmax_t unsigned_argument(const struct directive *d, struct arguments *arguments)
{
    if (d->size == SIZE_64 || d->size == SIZE_LONG_DOUBLE)
        return va_arg(arguments->list, unsigned long long);
    unsigned value = va_arg(arguments->list, unsigned);
    return d->size == SIZE_CHAR    ? (unsigned char)value
           : d->size == SIZE_SHORT ? (unsigned short)value
                                   : value;
}

/* Numbers are at most width + precision + 5,000 characters (a long double's integer part). */
#define NUMBER_BYTES (2 * NUMBER_WIDTH_MAX + 5120)

static void put_number(struct sink *sink, const struct directive *d, struct arguments *arguments)
{
    struct sim *sim = crt_sim();
    char format[16], small[128], *text = small;
    int width = limited(d->width), precision = limited(d->precision);
    bool is_large = width > 60 || precision > 60 || strchr("fF", (int)d->conversion);
    if (is_large)
        text = arena_alloc(&sim->arena, NUMBER_BYTES);
    size_t room = is_large ? NUMBER_BYTES : sizeof small;
    int length;
    if (strchr("di", (int)d->conversion)) {
        host_format(d, "j", format);
        length = snprintf(text, room, format, width, precision, signed_argument(d, arguments));
    } else if (strchr("uoxX", (int)d->conversion)) {
        host_format(d, "j", format);
        length = snprintf(text, room, format, width, precision, unsigned_argument(d, arguments));
    } else if (d->size == SIZE_LONG_DOUBLE) {
        host_format(d, "L", format);
        length =
            snprintf(text, room, format, width, precision, va_arg(arguments->list, long double));
    } else {
        host_format(d, "", format);
        length = snprintf(text, room, format, width, precision, va_arg(arguments->list, double));
    }
    CHECK(length >= 0);
    CHECK((size_t)length < room);
    put(sink, text, (size_t)length);
    if (is_large)
        arena_free(&sim->arena, text, NUMBER_BYTES);
}

/* ---- text ---- */

static void put_padded(struct sink *sink, const struct directive *d, const char *bytes,
                       size_t count)
{
    CHECK(d->width >= 0);
    size_t padding = (size_t)d->width > count ? (size_t)d->width - count : 0;
    if (!d->minus)
        pad(sink, padding);
    put(sink, bytes, count);
    if (d->minus)
        pad(sink, padding);
}

/* Whether %s, %c (or %S, %C, which turn it round) mean wide text here. */
static bool is_wide_text(const struct directive *d, bool wide_format)
{
    if (d->size == SIZE_SHORT)
        return false;
    if (d->size == SIZE_64 || d->size == SIZE_WIDE)
        return true;
    return (d->conversion == 'S' || d->conversion == 'C') != wide_format;
}

static void put_string(struct sink *sink, const struct directive *d, bool wide,
                       struct arguments *arguments)
{
    const void *string = va_arg(arguments->list, const void *);
    size_t limit = d->precision < 0 ? SIZE_MAX : (size_t)d->precision;
    if (!string) {
        put_padded(sink, d, "(null)", limit < 6 ? limit : 6);
        return;
    }
    if (!wide) {
        size_t length = crt_strnlen(string, limit);
        race_access_for_caller(crt_sim(), string, length + (length < limit), RACE_READ);
        put_padded(sink, d, string, length);
        return;
    }
    size_t count = crt_wcsnlen(string, limit);
    size_t padding = (size_t)d->width > count ? (size_t)d->width - count : 0;
    if (!d->minus)
        pad(sink, padding);
    put_wide(sink, string, count);
    if (d->minus)
        pad(sink, padding);
}

static void put_character(struct sink *sink, const struct directive *d, bool wide,
                          struct arguments *arguments)
{
    uint32_t c = va_arg(arguments->list, unsigned);
    char bytes[4] = {(char)c};
    put_padded(sink, d, bytes, wide ? utf8_from(c, bytes) : 1);
}

static void put_pointer(struct sink *sink, const struct directive *d, struct arguments *arguments)
{
    char bytes[24];
    int length = snprintf(bytes, sizeof bytes, "%p", va_arg(arguments->list, void *));
    CHECK(length > 0 && (size_t)length < sizeof bytes);
    put_padded(sink, d, bytes, (size_t)length);
}

static void put_error(struct sink *sink, const struct directive *d, struct sim *sim)
{
    const char *words = strerrordesc_np(sim->thread->crt_errno);
    if (!words)
        words = "Unknown error";
    put_padded(sink, d, words, strlen(words));
}

static void store_length(const struct sink *sink, const struct directive *d,
                         struct arguments *arguments)
{
    void *target = va_arg(arguments->list, void *);
    size_t bytes = d->size == SIZE_CHAR    ? sizeof(char)
                   : d->size == SIZE_SHORT ? sizeof(short)
                   : d->size == SIZE_64    ? sizeof(long long)
                                           : sizeof(int);
    int64_t length = (int64_t)sink->length;
    /* Little-endian hosts only need the low bytes; others the high ones. */
    const char *from = (const char *)&length;
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        from += sizeof length - bytes;
    crt_memcpy(target, from, bytes);
}

/* ---- the engine ---- */

static void put_directive(struct sink *sink, struct reader *reader, struct arguments *arguments)
{
    size_t begin = reader->at; /* behind the '%' */
    struct directive d = read_directive(reader, arguments);
    bool wide = is_wide_text(&d, reader->wide);
    switch (d.conversion) {
    case '%':
        put(sink, "%", 1);
        break;
    case 's':
    case 'S':
        put_string(sink, &d, wide, arguments);
        break;
    case 'c':
    case 'C':
        put_character(sink, &d, wide, arguments);
        break;
    case 'p':
        put_pointer(sink, &d, arguments);
        break;
    case 'm':
        put_error(sink, &d, crt_sim());
        break;
    case 'n':
        store_length(sink, &d, arguments);
        break;
    default:
        if (d.conversion != 0 && d.conversion < 128 &&
            strchr("diuoxXeEfFgGaA", (int)d.conversion)) {
            put_number(sink, &d, arguments);
            break;
        }
        put(sink, "%", 1); /* unknown: shown as it stands, like glibc does */
        reader->at = begin;
    }
}

static void run(struct sink *sink, bool wide, const void *format, struct arguments *arguments)
{
    struct reader reader = {.wide = wide, .format = format};
    for (;;) {
        copy_literal(&reader, sink);
        if (!accept(&reader, '%'))
            return;
        put_directive(sink, &reader, arguments);
    }
}

size_t format_to(char *target, size_t room, const char *format, va_list list)
{
    struct sink sink = {.to = target, .room = room > 0 ? room - 1 : 0};
    struct arguments arguments;
    va_copy(arguments.list, list);
    run(&sink, false, format, &arguments);
    va_end(arguments.list);
    if (room > 0)
        target[sink.length < room ? sink.length : room - 1] = '\0';
    return sink.length;
}

void text_format(struct text *text, bool wide, const void *format, va_list list)
{
    struct sim *sim = crt_sim();
    text->bytes = text->small;
    text->arena_bytes = 0;
    size_t room = sizeof text->small;
    for (;;) { /* again only when the first place was too small */
        struct sink sink = {.to = text->bytes, .room = room - 1};
        struct arguments arguments;
        va_copy(arguments.list, list);
        run(&sink, wide, format, &arguments);
        va_end(arguments.list);
        text->full_length = sink.length;
        text->length = sink.length < room ? sink.length : room - 1;
        CHECK(text->length <= text->full_length);
        CHECK(text->length <= TEXT_BYTES_MAX);
        text->bytes[text->length] = '\0';
        if (sink.length < room || text->arena_bytes)
            break;
        room = (sink.length < TEXT_BYTES_MAX ? sink.length : TEXT_BYTES_MAX) + 1;
        text->bytes = arena_alloc(&sim->arena, room);
        text->arena_bytes = room;
    }
}

void text_free(struct text *text)
{
    CHECK(text->bytes != NULL);
    CHECK((text->bytes == text->small) == (text->arena_bytes == 0));
    if (text->arena_bytes)
        arena_free(&crt_sim()->arena, text->bytes, text->arena_bytes);
    text->bytes = NULL;
}
