/* Diagnostics of input files. See diagnostics.h. */
#include "harness/diagnostics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "harness/report.h"

#define WIDTH 70 /* characters of a source line that are shown */

void diagnostics_begin(struct diagnostics *diagnostics, const char *path, const char *text,
                       size_t bytes)
{
    memset(diagnostics, 0, sizeof *diagnostics);
    diagnostics->path = path;
    diagnostics->text = text;
    diagnostics->bytes = bytes;
}

/* ---- collecting ---- */

/* Settings come behind the file, in the order they were found. */
static bool is_before(struct place a, struct place b)
{
    if (!a.setting != !b.setting)
        return !a.setting;
    if (a.setting)
        return false;
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static bool same_place(struct place a, struct place b)
{
    return a.setting == b.setting && a.line == b.line && a.column == b.column;
}

bool diagnostics_wanted(const struct diagnostics *diagnostics, struct place at)
{
    return diagnostics->kept < DIAGNOSTICS_SHOWN ||
           is_before(at, diagnostics->first[DIAGNOSTICS_SHOWN - 1].at);
}

static void count_one(struct diagnostics *diagnostics, struct place at)
{
    diagnostics->count++;
    diagnostics->in_settings += at.setting != NULL;
}

void diagnose(struct diagnostics *diagnostics, struct place at, const char *format, ...)
{
    struct diagnostic new = {at, ""};
    if (!diagnostics_wanted(diagnostics, at)) {
        count_one(diagnostics, at);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(new.text, sizeof new.text, format, arguments);
    va_end(arguments);
    uint32_t index = diagnostics->kept;
    for (uint32_t i = 0; i < diagnostics->kept; i++)
        if (same_place(diagnostics->first[i].at, at) &&
            strcmp(diagnostics->first[i].text, new.text) == 0)
            return;
    while (index > 0 && is_before(at, diagnostics->first[index - 1].at))
        index--;
    if (diagnostics->kept < DIAGNOSTICS_SHOWN)
        diagnostics->kept++;
    memmove(&diagnostics->first[index + 1], &diagnostics->first[index],
            (diagnostics->kept - index - 1) * sizeof *diagnostics->first);
    diagnostics->first[index] = new;
    count_one(diagnostics, at);
}

/* ---- characters ---- */

/* Bytes of the character at text, at least 1; damaged ones count as characters of one byte. */
static size_t character_bytes(const char *text, size_t left)
{
    uint8_t first = (uint8_t)*text;
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2)
        return 1;
    for (size_t i = 1; i < length; i++)
        if (i >= left || ((uint8_t)text[i] & 0xc0) != 0x80)
            return 1;
    return length;
}

/* The character as it may be shown: what would move the cursor or damage the line is replaced. */
static void put_character(const char *text, size_t length, FILE *out)
{
    uint8_t first = (uint8_t)*text;
    bool hidden = length == 1 ? first >= 0x7f || (first < 0x20 && first != '\t')
                              : length == 2 && first == 0xc2 && (uint8_t)text[1] < 0xa0;
    if (*text == '\t')
        fputc(' ', out);
    else if (hidden)
        fputc('?', out);
    else
        fwrite(text, 1, length, out);
}

const char *clipped(const char *text, size_t length, char *buffer)
{
    size_t used = 0, at = 0;
    for (unsigned characters = 0; at < length; characters++) {
        size_t bytes = character_bytes(text + at, length - at);
        if (characters == 40) {
            memcpy(buffer + used, "...", 3);
            used += 3;
            break;
        }
        bool plain = bytes > 1 ? (uint8_t)text[at] != 0xc2 || (uint8_t)text[at + 1] >= 0xa0
                               : text[at] >= 0x20 && text[at] < 0x7f;
        if (plain)
            memcpy(buffer + used, text + at, bytes);
        else
            buffer[used] = text[at] == '\n' || text[at] == '\t' ? ' ' : '?';
        used += plain ? bytes : 1;
        at += bytes;
    }
    buffer[used] = '\0';
    return buffer;
}

/* libyaml counts lines the same way. */
size_t text_break(const char *text, size_t left)
{
    if ((uint8_t)*text >= 0x20 && (uint8_t)*text < 0x80) /* nearly always */
        return 0;
    if (*text == '\r')
        return left > 1 && text[1] == '\n' ? 2 : 1;
    if (*text == '\n')
        return 1;
    if (left >= 2 && memcmp(text, "\xc2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

/* A place in the text that only moves on, because diagnostics are in the order of their places:
 * showing twenty of them costs one pass even where all of the file is one line. */
struct reader {
    const char *text;
    size_t bytes, at, start;
    uint32_t line;
    size_t column; /* characters from the start to at */
};

static struct reader reader_begin(const char *text, size_t bytes)
{
    size_t mark = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return (struct reader){text, bytes, mark, mark, 1, 0};
}

static bool at_line_end(const struct reader *r)
{
    return r->at >= r->bytes || text_break(r->text + r->at, r->bytes - r->at) > 0;
}

static void next_character(struct reader *r)
{
    r->at += character_bytes(r->text + r->at, r->bytes - r->at);
    r->column++;
}

/* False: there are fewer lines. */
static bool go_to_line(struct reader *r, uint32_t line)
{
    while (r->line < line && r->at < r->bytes) {
        if (!at_line_end(r)) {
            r->at++;
            continue;
        }
        r->at += text_break(r->text + r->at, r->bytes - r->at);
        r->start = r->at;
        r->column = 0;
        r->line++;
    }
    return r->line == line;
}

const char *text_line(const char *text, size_t bytes, uint32_t line, size_t *length)
{
    struct reader r = reader_begin(text, bytes);
    *length = 0;
    if (!go_to_line(&r, line))
        return text + bytes;
    while (!at_line_end(&r))
        r.at++;
    *length = r.at - r.start;
    return text + r.start;
}

/* ---- showing ---- */

/* Bytes of at most `most` characters before the place; *count: how many they are. */
static size_t bytes_before(const struct reader *r, size_t most, size_t *count)
{
    size_t at = r->at;
    for (*count = 0; *count < most && at > r->start; (*count)++) {
        at--;
        for (int i = 0; i < 3 && at > r->start && ((uint8_t)r->text[at] & 0xc0) == 0x80; i++)
            at--;
    }
    return r->at - at;
}

/* Bytes of at most `most` characters from the place to the end of its line. */
static size_t bytes_after(const struct reader *r, size_t most, size_t *count)
{
    struct reader end = *r;
    for (*count = 0; *count < most && !at_line_end(&end); (*count)++)
        next_character(&end);
    return end.at - r->at;
}

static void put_text(const char *text, size_t length, FILE *out)
{
    for (size_t at = 0; at < length;) {
        size_t bytes = character_bytes(text + at, length - at);
        put_character(text + at, bytes, out);
        at += bytes;
    }
}

/* Of a long line WIDTH characters round the place are shown: so many before and after it. */
static void choose_window(const struct reader *r, size_t length, size_t *before, size_t *after)
{
    size_t left, right, wanted = length < WIDTH / 2 ? length : WIDTH / 2;
    bytes_before(r, WIDTH, &left);
    bytes_after(r, WIDTH, &right);
    *before = left;
    if (left + right > WIDTH) {
        size_t half = (WIDTH - wanted) / 2;
        *before = right < WIDTH - half ? WIDTH - right : half;
        *before = *before < left ? *before : left;
    }
    *after = WIDTH - *before < right ? WIDTH - *before : right;
}

static void put_source(struct reader *r, struct place at, bool colour, FILE *out)
{
    size_t before, after, shown_before, shown_after;
    if (!go_to_line(r, at.line))
        return;
    while (r->column + 1 < at.column && !at_line_end(r))
        next_character(r);
    if (r->at == r->start && at_line_end(r))
        return; /* an empty line: nothing to show, nothing to point at */
    choose_window(r, at.length, &before, &after);
    size_t left = bytes_before(r, before, &shown_before);
    size_t right = bytes_after(r, after, &shown_after);
    bool cut = r->at - left > r->start;
    int width = snprintf(NULL, 0, "%" PRIu32, at.line) + 2;
    fprintf(out, "%*" PRIu32 " | %s", width, at.line, cut ? "..." : "");
    put_text(r->text + r->at - left, left + right, out);
    struct reader end = *r;
    end.at += right;
    fprintf(out, "%s\n%*s | %s%*s", at_line_end(&end) ? "" : "...", width, "", cut ? "   " : "",
            (int)shown_before, "");
    fprintf(out, "%s^", colour ? "\033[32m" : "");
    for (size_t i = 1; i < at.length && i < shown_after; i++)
        fputc('~', out);
    fprintf(out, "%s\n", colour ? "\033[0m" : "");
}

void diagnostics_print(const struct diagnostics *d, FILE *out)
{
    bool colour = use_colour(out);
    const char *bold = colour ? "\033[1m" : "", *red = colour ? "\033[1;31m" : "";
    const char *plain = colour ? "\033[0m" : "";
    struct reader reader = reader_begin(d->text, d->bytes);
    for (uint32_t i = 0; i < d->kept; i++) {
        const struct diagnostic *one = &d->first[i];
        if (one->at.setting) {
            fprintf(out, "lowwater: --set %s: %s\n", one->at.setting, one->text);
            continue;
        }
        fprintf(out, "%s%s:%" PRIu32 ":%" PRIu32 ":%s %serror:%s %s\n", bold, d->path, one->at.line,
                one->at.column, plain, red, plain, one->text);
        put_source(&reader, one->at, colour, out);
    }
    uint32_t more = d->count - d->kept;
    if (more)
        fprintf(out, "%s: %" PRIu32 " more error%s\n", d->path, more, more == 1 ? "" : "s");
}
