/* The frame of a strace line: process, time, name, arguments, result. See strace_parse.h. */
#include "harness/strace_parse.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
#define TID_MAX (UINT64_C(1) << 22) /* the kernel's own limit: larger numbers are times */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static struct text skip(struct text text, size_t count)
{
    return (struct text){text.at + count, text.length - count};
}

static struct text skip_spaces(struct text text)
{
    size_t count = 0;
    while (count < text.length && (text.at[count] == ' ' || text.at[count] == '\t'))
        count++;
    return skip(text, count);
}

static bool begins(struct text text, const char *with)
{
    size_t length = strlen(with);
    return text.length >= length && memcmp(text.at, with, length) == 0;
}

/* The place of a fragment in the text, or its length. */
static size_t find(struct text text, const char *fragment)
{
    const char *at = memmem(text.at, text.length, fragment, strlen(fragment));
    return at ? (size_t)(at - text.at) : text.length;
}

/* Decimal digits at the beginning: how many, and their value (saturated). */
static size_t read_digits(struct text text, uint64_t *value)
{
    size_t count = 0;
    for (*value = 0; count < text.length && is_digit(text.at[count]); count++)
        *value =
            *value > UINT64_MAX / 10 - 1 ? UINT64_MAX / 10 : *value * 10 + (text.at[count] - '0');
    return count;
}

/* ".123456" in nanoseconds; count 0: there is none. */
static size_t read_fraction(struct text text, uint64_t *ns)
{
    *ns = 0;
    if (text.length < 2 || text.at[0] != '.' || !is_digit(text.at[1]))
        return 0;
    uint64_t unit = NS_PER_S / 10;
    size_t count = 1;
    for (; count < text.length && is_digit(text.at[count]); count++, unit /= 10)
        *ns += (uint64_t)(text.at[count] - '0') * unit;
    return count;
}

/* A time of any of strace's forms, with the space behind it. plain: a number without fraction or
 * colon counts too. */
static bool read_time(struct text *rest, bool plain, struct strace_line *line)
{
    struct text at = skip_spaces(*rest);
    uint64_t part, fraction, seconds = 0;
    unsigned parts = 0;
    for (;;) {
        size_t digits = read_digits(at, &part);
        if (digits == 0 || part > UINT64_MAX / NS_PER_S)
            return false;
        seconds = seconds * 60 + part;
        parts++;
        at = skip(at, digits);
        if (parts == 3 || at.length == 0 || at.at[0] != ':')
            break;
        at = skip(at, 1);
    }
    size_t digits = read_fraction(at, &fraction);
    if (parts == 2 || (parts == 1 && digits == 0 && !plain))
        return false;
    at = skip(at, digits);
    if (at.length == 0 || at.at[0] != ' ' || seconds > UINT64_MAX / NS_PER_S - 1)
        return false;
    line->clock = parts == 3 ? CLOCK_OF_DAY : CLOCK_SECONDS;
    line->time_ns = seconds * NS_PER_S + fraction;
    *rest = skip_spaces(at);
    return true;
}

/* "[pid 123] " or "123 ". */
static void read_tid(struct text *rest, struct strace_line *line)
{
    struct text at = *rest;
    uint64_t tid;
    bool bracket = begins(at, "[pid ");
    if (bracket)
        at = skip_spaces(skip(at, 5));
    size_t digits = read_digits(at, &tid);
    at = skip(at, digits);
    if (digits == 0 || tid > TID_MAX || at.length == 0 || at.at[0] != (bracket ? ']' : ' '))
        return;
    line->has_tid = true;
    line->tid = (uint32_t)tid;
    *rest = skip_spaces(skip(at, 1));
}

/* "[   9] " of -n and "[00007f1234567890] " of -i. */
static struct text skip_brackets(struct text rest)
{
    while (rest.length > 0 && rest.at[0] == '[') {
        size_t close = find(rest, "]");
        if (close == rest.length)
            break;
        rest = skip_spaces(skip(rest, close + 1));
    }
    return rest;
}

/* The length of an argument list up to its closing parenthesis, with strings and nesting. Returns
 * text.length when it does not close. */
static size_t arguments_length(struct text text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '"') {
            for (i++; i < text.length && text.at[i] != '"'; i++)
                i += text.at[i] == '\\';
        } else if (strace_path_begins(text, i)) {
            i = strace_path_end(text, i);
        } else if (c == '(' || c == '[' || c == '{') {
            depth++;
        } else if (c == ')' && depth == 0) {
            return i;
        } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
            depth--;
        }
    }
    return text.length;
}

/* "= 0x7f...", "= -1 ENOMEM (...)", "= ?". */
static bool read_result(struct text text, struct strace_line *line)
{
    text = skip_spaces(text);
    if (text.length < 2 || text.at[0] != '=' || text.at[1] != ' ')
        return false;
    text = skip_spaces(skip(text, 2));
    if (text.length == 0)
        return false;
    if (text.at[0] == '?')
        return true; /* returned stays false */
    line->returned = true;
    if (text.at[0] == '-') {
        line->failed = true;
        return text.length > 1 && is_digit(text.at[1]);
    }
    if (!begins(text, "0x"))
        return read_digits(text, &line->result) > 0;
    size_t i = 2;
    for (; i < text.length && i < 18; i++) {
        char c = text.at[i];
        unsigned digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
        if (digit == 16)
            break;
        line->result = line->result << 4 | digit;
    }
    return i > 2;
}

/* What follows "name(" or "<... name resumed>". */
static enum line_kind read_call(struct text rest, enum line_kind whole, struct strace_line *line)
{
    size_t length = arguments_length(rest);
    size_t unfinished = find(rest, "<unfinished ...>");
    if (unfinished < rest.length && (length == rest.length || unfinished < length)) {
        line->arguments = (struct text){rest.at, unfinished};
        return whole == LINE_CALL ? LINE_UNFINISHED : whole; /* resumed and not returned */
    }
    line->arguments = (struct text){rest.at, length};
    /* "<unfinished ...>) = ?" of a thread that ends within the call */
    if (length == rest.length || !read_result(skip(rest, length + 1), line))
        return LINE_UNKNOWN;
    return whole;
}

static enum line_kind read_resumed(struct text rest, struct strace_line *line)
{
    rest = skip_spaces(skip(rest, 4));
    size_t length = 0;
    while (length < rest.length && is_name_character(rest.at[length]))
        length++;
    line->name = (struct text){rest.at, length};
    rest = skip_spaces(skip(rest, length));
    if (length == 0 || !begins(rest, "resumed>"))
        return LINE_UNKNOWN;
    return read_call(skip(rest, 8), LINE_RESUMED, line);
}

static enum line_kind read_own_words(struct text rest, struct strace_line *line)
{
    if (begins(rest, "strace: "))
        rest = skip(rest, 8);
    uint64_t tid;
    struct text number = begins(rest, "Process ") ? skip(rest, 8) : (struct text){rest.at, 0};
    size_t digits = read_digits(number, &tid);
    if (digits == 0 || tid > TID_MAX || !begins(skip(number, digits), " attached"))
        return LINE_NOTE;
    line->tid = (uint32_t)tid;
    line->has_tid = true;
    return LINE_ATTACHED;
}

static enum line_kind read_rest(struct text rest, struct strace_line *line)
{
    if (begins(rest, "+++ "))
        return LINE_EXIT;
    if (begins(rest, "--- "))
        return LINE_NOTE;
    if (begins(rest, "<... "))
        return read_resumed(rest, line);
    if (begins(rest, "strace: ") || begins(rest, "Process "))
        return read_own_words(rest, line);
    size_t length = 0;
    while (length < rest.length && is_name_character(rest.at[length]))
        length++;
    if (length == 0 || length == rest.length || rest.at[length] != '(')
        return LINE_UNKNOWN;
    line->name = (struct text){rest.at, length};
    return read_call(skip(rest, length + 1), LINE_CALL, line);
}

void strace_line_parse(const char *text, size_t length, struct strace_line *line)
{
    struct text rest = {text, length};
    memset(line, 0, sizeof *line);
    if (rest.length > 0 && rest.at[rest.length - 1] == '\r')
        rest.length--;
    rest = skip_spaces(rest);
    if (rest.length == 0) {
        line->kind = LINE_BLANK;
        return;
    }
    if (!read_time(&rest, false, line)) {
        read_tid(&rest, line);
        read_time(&rest, true, line);
    }
    line->kind = read_rest(skip_brackets(rest), line);
}
