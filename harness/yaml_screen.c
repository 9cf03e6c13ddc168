/* What is refused before or behind libyaml: it would take its time over it (many directives are
 * compared with each other), or names no place for it. */
#include "harness/yaml_private.h"

#include <inttypes.h>
#include <string.h>
#include "harness/yaml.h"

/* Decodes the character at text: its bytes, 0 when it is not UTF-8. */
static size_t decode(const char *text, size_t left, uint32_t *character)
{
    uint8_t first = (uint8_t)*text;
    size_t length = first < 0x80                     ? 1
                    : first >= 0xc2 && first <= 0xdf ? 2
                    : first >= 0xe0 && first <= 0xef ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    if (length == 0 || length > left)
        return 0;
    *character = length == 1 ? first : first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | ((uint8_t)text[i] & 0x3f);
    }
    bool too_long = (length == 3 && *character < 0x800) || (length == 4 && *character < 0x10000);
    bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return too_long || surrogate || *character > 0x10ffff ? 0 : length;
}

/* What YAML calls printable. */
static bool is_text(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7e) || c == 0x85 ||
           (c >= 0xa0 && c <= 0xfffd && c != 0xfeff) || c >= 0x10000;
}

static void move_on(struct place *at, uint32_t c, bool before_lf)
{
    bool ends = (c == '\r' && !before_lf) || c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
    at->line += ends;
    at->column = ends ? 1 : at->column + 1;
}

static bool screen_characters(struct diagnostics *diagnostics, const char *text, size_t bytes)
{
    struct place at = {1, 1, 1, NULL};
    size_t i = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < bytes) {
        uint32_t c = 0;
        if (text[i] >= 0x20 && text[i] <= 0x7e) { /* nearly always */
            i++;
            at.column++;
            continue;
        }
        size_t length = decode(text + i, bytes - i, &c);
        if (length == 0) {
            diagnose(diagnostics, at, "byte 0x%02x here is not UTF-8", (uint8_t)text[i]);
            return false;
        }
        if (c == 0) {
            diagnose(diagnostics, at, "a NUL byte: this is not a text");
            return false;
        }
        if (!is_text(c)) {
            diagnose(diagnostics, at, "the character U+%04" PRIX32 " has no place in a text", c);
            return false;
        }
        i += length;
        move_on(&at, c, i < bytes && text[i] == '\n');
    }
    return true;
}

/* The lines before the document: of directives only %YAML, and that once. */
static bool screen_directives(struct diagnostics *diagnostics, const char *text, size_t bytes)
{
    size_t at = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (uint32_t line = 1; at < bytes; line++) {
        size_t length = strcspn(text + at, "\r\n");
        if (text[at] == '%' && strncmp(text + at, "%YAML ", 6) != 0) {
            diagnose(diagnostics, (struct place){line, 1, (uint32_t)length, NULL},
                     "directives are not used here");
            return false;
        }
        size_t blank = strspn(text + at, " \t");
        if (text[at] != '%' && blank < length && text[at + blank] != '#')
            return true;
        at += length;
        at += at < bytes && text[at] == '\r' && text[at + 1] == '\n' ? 2 : 1;
    }
    return true;
}

bool yaml_screen(struct diagnostics *diagnostics, const char *text, size_t bytes)
{
    if (bytes > YAML_BYTES_MAX) {
        diagnose(diagnostics, (struct place){1, 1, 1, NULL}, YAML_TOO_LARGE);
        return false;
    }
    return screen_characters(diagnostics, text, bytes) &&
           screen_directives(diagnostics, text, bytes);
}

/* The beginning of the line behind the one at `at`. */
static const char *next_line(const char *at, const char *end)
{
    at += strcspn(at, "\r\n");
    if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
        return at + 2;
    return at < end ? at + 1 : end;
}

bool yaml_screen_rest(struct diagnostics *diagnostics, const char *text, size_t bytes,
                      struct place from)
{
    size_t length;
    const char *at = text_line(text, bytes, from.line, &length), *end = text + bytes;
    for (uint32_t column = 1; column < from.column && at < end; column++) {
        at++;
        while (at < end && ((uint8_t)*at & 0xc0) == 0x80)
            at++;
    }
    for (; at < end; at = next_line(at, end), from.line++, from.column = 1) {
        length = strcspn(at, "\r\n");
        size_t blank = strspn(at, " \t");
        bool dots = strncmp(at, "...", 3) == 0 && strspn(at + 3, " \t") + 3 == length;
        if (blank >= length || at[blank] == '#' || dots)
            continue;
        from.column += (uint32_t)blank;
        from.length = (uint32_t)(length - blank);
        diagnose(diagnostics, from,
                 strncmp(at, "---", 3) == 0 ? "a second document: a file holds one"
                                            : "this stands behind the end of the document");
        return false;
    }
    return true;
}
