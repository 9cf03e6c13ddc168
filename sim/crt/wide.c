/* Blocks and strings of wchar_t (32 bits here, also where Windows programs mean 16).
 *
 * Copies go through the narrow functions and keep their order of touches (string.c); a string is
 * measured before it is copied. Searches and
 * comparisons read one character at a time, ascending, left operand first; a pair behind the first
 * difference is never read. The reads are volatile so that no compiler widens or reorders them. */
#include "core/binding.h"
#include "crt/crt.h"

typedef const volatile wchar_t *wide;

size_t crt_wcsnlen(const wchar_t *text, size_t limit)
{
    wide at = text;
    size_t length = 0;
    while (length < limit && at[length])
        length++;
    return length;
}

size_t crt_wcslen(const wchar_t *text)
{
    return crt_wcsnlen(text, SIZE_MAX);
}

static size_t crt_wcsnlen_s(const wchar_t *text, size_t limit)
{
    return text ? crt_wcsnlen(text, limit) : 0;
}

static int order_of(wchar_t a, wchar_t b)
{
    return (a > b) - (a < b);
}

/* ---- blocks ---- */

static wchar_t *crt_wmemcpy(wchar_t *to, const wchar_t *from, size_t count)
{
    return crt_memmove(to, from, count * sizeof *to);
}

static wchar_t *crt_wmempcpy(wchar_t *to, const wchar_t *from, size_t count)
{
    return crt_wmemcpy(to, from, count) + count;
}

static wchar_t *crt_wmemset(wchar_t *to, wchar_t value, size_t count)
{
    for (volatile wchar_t *at = to; count > 0; count--)
        *at++ = value;
    return to;
}

static int crt_wmemcmp(const wchar_t *left, const wchar_t *right, size_t count)
{
    wide a = left, b = right;
    int order = 0;
    for (size_t i = 0; i < count && order == 0; i++) {
        wchar_t first = a[i];
        order = order_of(first, b[i]);
    }
    return order;
}

static wchar_t *crt_wmemchr(const wchar_t *block, wchar_t wanted, size_t count)
{
    wide at = block;
    for (size_t i = 0; i < count; i++)
        if (at[i] == wanted)
            return (wchar_t *)block + i;
    return NULL;
}

/* ---- copies of strings ---- */

static wchar_t *crt_wcscpy(wchar_t *to, const wchar_t *from)
{
    return crt_wmemcpy(to, from, crt_wcslen(from) + 1);
}

static wchar_t *crt_wcsncpy(wchar_t *to, const wchar_t *from, size_t limit)
{
    size_t length = crt_wcsnlen(from, limit);
    CHECK(length <= limit);
    crt_wmemcpy(to, from, length);
    crt_wmemset(to + length, L'\0', limit - length);
    return to;
}

static wchar_t *crt_wcsncat(wchar_t *to, const wchar_t *from, size_t limit)
{
    wchar_t *end = to + crt_wcslen(to);
    size_t length = crt_wcsnlen(from, limit);
    crt_wmemcpy(end, from, length);
    end[length] = L'\0';
    return to;
}

static wchar_t *crt_wcscat(wchar_t *to, const wchar_t *from)
{
    return crt_wcsncat(to, from, SIZE_MAX);
}

/* ---- comparisons ---- */

static wchar_t same(wchar_t c)
{
    return c;
}

/* Letters of ASCII only: the locale is C. */
static wchar_t lowered(wchar_t c)
{
    return c >= L'A' && c <= L'Z' ? c + (L'a' - L'A') : c;
}

static int compare(const wchar_t *left, const wchar_t *right, size_t limit,
                   wchar_t (*fold)(wchar_t))
{
    wide a = left, b = right;
    for (size_t i = 0; i < limit; i++) {
        wchar_t first = fold(a[i]);
        int order = order_of(first, fold(b[i]));
        if (order != 0 || first == L'\0')
            return order;
    }
    return 0;
}

static int crt_wcscmp(const wchar_t *left, const wchar_t *right)
{
    return compare(left, right, SIZE_MAX, same);
}

static int crt_wcsncmp(const wchar_t *left, const wchar_t *right, size_t limit)
{
    return compare(left, right, limit, same);
}

static int crt_wcscasecmp(const wchar_t *left, const wchar_t *right)
{
    return compare(left, right, SIZE_MAX, lowered);
}

static int crt_wcsncasecmp(const wchar_t *left, const wchar_t *right, size_t limit)
{
    return compare(left, right, limit, lowered);
}

/* ---- searches ---- */

static wchar_t *crt_wcschr(const wchar_t *text, wchar_t wanted)
{
    wide at = text;
    for (size_t i = 0;; i++) {
        wchar_t c = at[i];
        if (c == wanted)
            return (wchar_t *)text + i;
        if (c == L'\0')
            return NULL;
    }
}

static wchar_t *crt_wcsrchr(const wchar_t *text, wchar_t wanted)
{
    const wchar_t *last = NULL;
    wide at = text;
    for (size_t i = 0;; i++) {
        wchar_t c = at[i];
        if (c == wanted)
            last = text + i;
        if (c == L'\0')
            return (wchar_t *)last;
    }
}

static wchar_t *crt_wcsstr(const wchar_t *text, const wchar_t *wanted)
{
    size_t length = crt_wcslen(wanted);
    if (length == 0)
        return (wchar_t *)text;
    for (const wchar_t *at = text; (at = crt_wcschr(at, *wanted)) != NULL; at++)
        if (crt_wcsncmp(at, wanted, length) == 0)
            return (wchar_t *)at;
    return NULL;
}

/* Characters at the beginning that are (or are not) members. */
static size_t span(const wchar_t *text, const wchar_t *members, bool are)
{
    size_t length = 0;
    while (text[length] && (crt_wcschr(members, text[length]) != NULL) == are)
        length++;
    return length;
}

static size_t crt_wcsspn(const wchar_t *text, const wchar_t *accepted)
{
    return span(text, accepted, true);
}

static size_t crt_wcscspn(const wchar_t *text, const wchar_t *rejected)
{
    return span(text, rejected, false);
}

static wchar_t *crt_wcspbrk(const wchar_t *text, const wchar_t *accepted)
{
    const wchar_t *found = text + crt_wcscspn(text, accepted);
    return *found ? (wchar_t *)found : NULL;
}

static wchar_t *crt_wcstok(wchar_t *text, const wchar_t *separators, wchar_t **next)
{
    wchar_t *begin = text ? text : *next;
    if (!begin)
        return NULL;
    begin += crt_wcsspn(begin, separators);
    wchar_t *end = begin + crt_wcscspn(begin, separators);
    *next = *end ? end + 1 : NULL;
    if (begin == end)
        return NULL;
    if (*end)
        *end = L'\0';
    return begin;
}

/* ---- bounded forms; the room counts characters ---- */

static void demand(size_t characters, size_t room, const char *function)
{
    if (characters > room)
        crt_overflow(function);
}

static wchar_t *wmemcpy_chk(wchar_t *to, const wchar_t *from, size_t count, size_t room)
{
    demand(count, room, "wmemcpy");
    return crt_wmemcpy(to, from, count);
}

static wchar_t *wmemset_chk(wchar_t *to, wchar_t value, size_t count, size_t room)
{
    demand(count, room, "wmemset");
    return crt_wmemset(to, value, count);
}

static wchar_t *wcscpy_chk(wchar_t *to, const wchar_t *from, size_t room)
{
    demand(crt_wcslen(from) + 1, room, "wcscpy");
    return crt_wcscpy(to, from);
}

static wchar_t *wcsncpy_chk(wchar_t *to, const wchar_t *from, size_t limit, size_t room)
{
    demand(limit, room, "wcsncpy");
    return crt_wcsncpy(to, from, limit);
}

static wchar_t *wcscat_chk(wchar_t *to, const wchar_t *from, size_t room)
{
    demand(crt_wcslen(to) + crt_wcslen(from) + 1, room, "wcscat");
    return crt_wcscat(to, from);
}

static int wcscpy_s(wchar_t *to, size_t room, const wchar_t *from)
{
    wcscpy_chk(to, from, room);
    return 0;
}

static int wcscat_s(wchar_t *to, size_t room, const wchar_t *from)
{
    wcscat_chk(to, from, room);
    return 0;
}

const struct binding crt_wide_bindings[] = {
    {"wmemcpy", crt_wmemcpy},
    {"wmemmove", crt_wmemcpy},
    {"wmempcpy", crt_wmempcpy},
    {"wmemset", crt_wmemset},
    {"wmemcmp", crt_wmemcmp},
    {"wmemchr", crt_wmemchr},
    {"wcslen", crt_wcslen},
    {"wcsnlen", crt_wcsnlen},
    {"wcsnlen_s", crt_wcsnlen_s},
    {"wcscpy", crt_wcscpy},
    {"wcsncpy", crt_wcsncpy},
    {"wcscat", crt_wcscat},
    {"wcsncat", crt_wcsncat},
    {"wcscmp", crt_wcscmp},
    {"wcscoll", crt_wcscmp},
    {"wcsncmp", crt_wcsncmp},
    {"wcscasecmp", crt_wcscasecmp},
    {"wcsncasecmp", crt_wcsncasecmp},
    {"_wcsicmp", crt_wcscasecmp},
    {"_wcsnicmp", crt_wcsncasecmp},
    {"wcschr", crt_wcschr},
    {"wcsrchr", crt_wcsrchr},
    {"wcsstr", crt_wcsstr},
    {"wcsspn", crt_wcsspn},
    {"wcscspn", crt_wcscspn},
    {"wcspbrk", crt_wcspbrk},
    {"wcstok", crt_wcstok},
    {"wcstok_s", crt_wcstok},
    {"wcscpy_s", wcscpy_s},
    {"wcscat_s", wcscat_s},
    {"__wmemcpy_chk", wmemcpy_chk},
    {"__wmemmove_chk", wmemcpy_chk},
    {"__wmemset_chk", wmemset_chk},
    {"__wcscpy_chk", wcscpy_chk},
    {"__wcsncpy_chk", wcsncpy_chk},
    {"__wcscat_chk", wcscat_chk},
    {NULL, NULL},
};
