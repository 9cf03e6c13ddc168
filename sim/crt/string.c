/* Memory blocks and narrow strings, page by page.
 *
 * The order of touches is a promise, the same with every compiler, processor and libc:
 *   copies        pieces ascending, cut where source or destination reaches a page boundary; of
 *                 each piece first the source, then the destination. memmove goes down instead
 *                 when the destination begins inside the source.
 *   searches      pages ascending (memrchr: descending); the next page only when the answer does
 *                 not lie in this one.
 *   comparisons   pieces ascending, cut where either operand reaches a page boundary; of each
 *                 piece first the left operand; no piece behind the first difference.
 * Within a piece libc does the work. When no operand is simulated memory, libc does it at once.
 * Comparisons return -1, 0 or 1, since libc's numbers differ between its variants. Locale is C. */
#include <string.h>
#include <strings.h>
#include "core/binding.h"
#include "crt/crt.h"
#include "crt/pages.h"

/* ---- blocks ---- */

static inline int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void copy_up(char *to, const char *from, size_t bytes)
{
    while (bytes > 0) {
        size_t piece = least(bytes, least(page_left(to), page_left(from)));
        CHECK(piece - 1 < PAGE_BYTES);
        touch(from);
        memmove(to, from, piece);
        to += piece;
        from += piece;
        bytes -= piece;
    }
}

static void copy_down(char *to, const char *from, size_t bytes)
{
    while (bytes > 0) {
        size_t piece = least(bytes, least(page_before(to + bytes), page_before(from + bytes)));
        CHECK(piece - 1 < PAGE_BYTES);
        bytes -= piece;
        touch(from + bytes);
        memmove(to + bytes, from + bytes, piece);
    }
}

void *crt_memmove(void *to, const void *from, size_t bytes)
{
    if (!is_simulated(to) && !is_simulated(from))
        return memmove(to, from, bytes);
    if ((uintptr_t)to - (uintptr_t)from < bytes) /* begins inside the source */
        copy_down(to, from, bytes);
    else
        copy_up(to, from, bytes);
    return to;
}

/* Overlapping operands are the policy's mistake; they then mean what memmove means. */
void *crt_memcpy(void *to, const void *from, size_t bytes)
{
    return crt_memmove(to, from, bytes);
}

static void *crt_mempcpy(void *to, const void *from, size_t bytes)
{
    return (char *)crt_memmove(to, from, bytes) + bytes;
}

void *crt_memset(void *to, int value, size_t bytes)
{
    if (!is_simulated(to))
        return memset(to, value, bytes);
    for (char *at = to; bytes > 0;) {
        size_t piece = least(bytes, page_left(at));
        CHECK(piece - 1 < PAGE_BYTES);
        memset(at, value, piece);
        at += piece;
        bytes -= piece;
    }
    return to;
}

int crt_memcmp(const void *left, const void *right, size_t bytes)
{
    if (!is_simulated(left) && !is_simulated(right))
        return sign(memcmp(left, right, bytes));
    const char *a = left, *b = right;
    int order = 0;
    while (bytes > 0 && order == 0) {
        size_t piece = least(bytes, least(page_left(a), page_left(b)));
        touch(a);
        touch(b);
        order = memcmp(a, b, piece);
        a += piece;
        b += piece;
        bytes -= piece;
    }
    return sign(order);
}

static void *crt_memchr(const void *block, int value, size_t bytes)
{
    for (const char *at = block; bytes > 0;) {
        size_t piece = least(bytes, page_left(at));
        void *hit = memchr(at, value, piece);
        if (hit)
            return hit;
        at += piece;
        bytes -= piece;
    }
    return NULL;
}

static void *crt_memrchr(const void *block, int value, size_t bytes)
{
    while (bytes > 0) {
        size_t piece = least(bytes, page_before((const char *)block + bytes));
        bytes -= piece;
        void *hit = memrchr((const char *)block + bytes, value, piece);
        if (hit)
            return hit;
    }
    return NULL;
}

static void *crt_rawmemchr(const void *block, int value)
{
    return crt_memchr(block, value, SIZE_MAX);
}

static void *crt_memmem(const void *block, size_t bytes, const void *wanted, size_t wanted_bytes)
{
    const char *at = block, *first = wanted;
    if (wanted_bytes == 0)
        return (void *)block;
    while (bytes >= wanted_bytes) {
        const char *hit = crt_memchr(at, *first, bytes - wanted_bytes + 1);
        if (!hit || crt_memcmp(hit, wanted, wanted_bytes) == 0)
            return (void *)hit;
        bytes -= (size_t)(hit + 1 - at);
        at = hit + 1;
    }
    return NULL;
}

static void crt_bzero(void *to, size_t bytes)
{
    crt_memset(to, 0, bytes);
}

/* ---- lengths and searches ---- */

size_t crt_strnlen(const char *text, size_t limit)
{
    for (size_t length = 0; length < limit;) {
        size_t piece = least(limit - length, page_left(text + length));
        const char *end = memchr(text + length, '\0', piece);
        if (end)
            return (size_t)(end - text);
        length += piece;
    }
    return limit;
}

size_t crt_strlen(const char *text)
{
    return is_simulated(text) ? crt_strnlen(text, SIZE_MAX) : strlen(text);
}

char *crt_strchrnul(const char *text, int character)
{
    for (;;) {
        size_t piece = page_left(text);
        const char *end = memchr(text, '\0', piece);
        size_t bytes = end ? (size_t)(end - text) : piece;
        const char *hit = memchr(text, character, bytes);
        if (hit || end)
            return (char *)(hit ? hit : end);
        text += piece;
    }
}

char *crt_strchr(const char *text, int character)
{
    char *found = crt_strchrnul(text, character);
    return *found == (char)character ? found : NULL;
}

static char *crt_strrchr(const char *text, int character)
{
    return crt_memrchr(text, character, crt_strlen(text) + 1);
}

static int compare(const char *a, const char *b, size_t limit,
                   int (*piecewise)(const char *, const char *, size_t))
{
    while (limit > 0) {
        size_t piece = least(limit, least(page_left(a), page_left(b)));
        touch(a);
        touch(b);
        int order = piecewise(a, b, piece);
        if (order != 0)
            return sign(order);
        if (memchr(a, '\0', piece))
            return 0;
        a += piece;
        b += piece;
        limit -= piece;
    }
    return 0;
}

static int crt_strncmp(const char *a, const char *b, size_t limit)
{
    return compare(a, b, limit, strncmp);
}

static int crt_strcmp(const char *a, const char *b)
{
    if (!is_simulated(a) && !is_simulated(b))
        return sign(strcmp(a, b));
    return compare(a, b, SIZE_MAX, strncmp);
}

static int crt_strncasecmp(const char *a, const char *b, size_t limit)
{
    return compare(a, b, limit, strncasecmp);
}

static int crt_strcasecmp(const char *a, const char *b)
{
    return compare(a, b, SIZE_MAX, strncasecmp);
}

static char *crt_strstr(const char *text, const char *wanted)
{
    size_t length = crt_strlen(wanted);
    if (length == 0)
        return (char *)text;
    for (const char *at = text; (at = crt_strchr(at, *wanted)) != NULL; at++)
        if (crt_strncmp(at, wanted, length) == 0)
            return (char *)at;
    return NULL;
}

struct byte_set {
    bool has[256];
};

static struct byte_set set_of(const char *members)
{
    struct byte_set set = {{false}};
    for (const unsigned char *at = (const unsigned char *)members; *at; at++)
        set.has[*at] = true;
    return set;
}

static size_t crt_strspn(const char *text, const char *accepted)
{
    struct byte_set set = set_of(accepted);
    size_t length = 0;
    while (set.has[(unsigned char)text[length]])
        length++;
    return length;
}

static size_t crt_strcspn(const char *text, const char *rejected)
{
    struct byte_set set = set_of(rejected);
    size_t length = 0;
    while (text[length] && !set.has[(unsigned char)text[length]])
        length++;
    return length;
}

static char *crt_strpbrk(const char *text, const char *accepted)
{
    const char *found = text + crt_strcspn(text, accepted);
    return *found ? (char *)found : NULL;
}

static char *crt_strtok_r(char *text, const char *separators, char **next)
{
    char *begin = text ? text : *next;
    if (!begin)
        return NULL;
    begin += crt_strspn(begin, separators);
    char *end = begin + crt_strcspn(begin, separators);
    *next = *end ? end + 1 : NULL;
    if (begin == end)
        return NULL;
    if (*end)
        *end = '\0';
    return begin;
}

static char *crt_strtok(char *text, const char *separators)
{
    return crt_strtok_r(text, separators, &crt_state(crt_sim())->strtok_next);
}

/* ---- string copies ---- */

/* Copies up to the NUL, it included, and at most limit bytes. Returns the end of what was written;
 * *complete: the NUL is among it. */
static char *copy_text(char *to, const char *from, size_t limit, bool *complete)
{
    *complete = false;
    while (limit > 0 && !*complete) {
        size_t piece = least(limit, least(page_left(to), page_left(from)));
        CHECK(piece - 1 < PAGE_BYTES);
        const char *end = memchr(from, '\0', piece);
        *complete = end != NULL;
        if (end)
            piece = (size_t)(end + 1 - from);
        memmove(to, from, piece);
        to += piece;
        from += piece;
        limit -= piece;
    }
    return to;
}

static char *crt_stpcpy(char *to, const char *from)
{
    bool complete;
    return copy_text(to, from, SIZE_MAX, &complete) - 1;
}

static char *crt_strcpy(char *to, const char *from)
{
    crt_stpcpy(to, from);
    return to;
}

static char *crt_stpncpy(char *to, const char *from, size_t limit)
{
    bool complete;
    char *end = copy_text(to, from, limit, &complete);
    crt_memset(end, '\0', (size_t)(to + limit - end));
    return complete ? end - 1 : end;
}

static char *crt_strncpy(char *to, const char *from, size_t limit)
{
    crt_stpncpy(to, from, limit);
    return to;
}

static char *crt_strcat(char *to, const char *from)
{
    crt_stpcpy(to + crt_strlen(to), from);
    return to;
}

static char *crt_strncat(char *to, const char *from, size_t limit)
{
    bool complete;
    char *end = copy_text(to + crt_strlen(to), from, limit, &complete);
    if (!complete)
        *end = '\0';
    return to;
}

/* ---- bounded forms: the compiler's (_chk, the last argument is the room) and Microsoft's ---- */

static void demand(size_t bytes, size_t room, const char *function)
{
    if (bytes > room)
        crt_overflow(function);
}

static void *memmove_chk(void *to, const void *from, size_t bytes, size_t room)
{
    demand(bytes, room, "memcpy");
    return crt_memmove(to, from, bytes);
}

static void *mempcpy_chk(void *to, const void *from, size_t bytes, size_t room)
{
    demand(bytes, room, "mempcpy");
    return crt_mempcpy(to, from, bytes);
}

static void *memset_chk(void *to, int value, size_t bytes, size_t room)
{
    demand(bytes, room, "memset");
    return crt_memset(to, value, bytes);
}

static char *stpcpy_chk(char *to, const char *from, size_t room)
{
    demand(crt_strlen(from) + 1, room, "stpcpy");
    return crt_stpcpy(to, from);
}

static char *strcpy_chk(char *to, const char *from, size_t room)
{
    demand(crt_strlen(from) + 1, room, "strcpy");
    return crt_strcpy(to, from);
}

static char *strncpy_chk(char *to, const char *from, size_t limit, size_t room)
{
    demand(limit, room, "strncpy");
    return crt_strncpy(to, from, limit);
}

static char *strncat_chk(char *to, const char *from, size_t limit, size_t room)
{
    demand(crt_strlen(to) + crt_strnlen(from, limit) + 1, room, "strncat");
    return crt_strncat(to, from, limit);
}

static char *strcat_chk(char *to, const char *from, size_t room)
{
    return strncat_chk(to, from, SIZE_MAX, room);
}

/* Microsoft's _s forms: an overflow ends the program there too, unless a handler was set. */
static int memcpy_s(void *to, size_t room, const void *from, size_t bytes)
{
    memmove_chk(to, from, bytes, room);
    return 0;
}

static int strcpy_s(char *to, size_t room, const char *from)
{
    strcpy_chk(to, from, room);
    return 0;
}

static int strcat_s(char *to, size_t room, const char *from)
{
    strcat_chk(to, from, room);
    return 0;
}

const struct binding crt_string_bindings[] = {
    {"memcpy", crt_memcpy},         {"memmove", crt_memmove},
    {"mempcpy", crt_mempcpy},       {"__mempcpy", crt_mempcpy},
    {"memset", crt_memset},         {"memcmp", crt_memcmp},
    {"bcmp", crt_memcmp},           {"memchr", crt_memchr},
    {"memrchr", crt_memrchr},       {"rawmemchr", crt_rawmemchr},
    {"memmem", crt_memmem},         {"bzero", crt_bzero},
    {"explicit_bzero", crt_bzero},  {"strlen", crt_strlen},
    {"strnlen", crt_strnlen},       {"strnlen_s", crt_strnlen},
    {"strcpy", crt_strcpy},         {"strncpy", crt_strncpy},
    {"stpcpy", crt_stpcpy},         {"__stpcpy", crt_stpcpy},
    {"stpncpy", crt_stpncpy},       {"strcat", crt_strcat},
    {"strncat", crt_strncat},       {"strcmp", crt_strcmp},
    {"strcoll", crt_strcmp},        {"strncmp", crt_strncmp},
    {"strcasecmp", crt_strcasecmp}, {"strncasecmp", crt_strncasecmp},
    {"_stricmp", crt_strcasecmp},   {"_strcmpi", crt_strcasecmp},
    {"_strnicmp", crt_strncasecmp}, {"strchr", crt_strchr},
    {"index", crt_strchr},          {"strchrnul", crt_strchrnul},
    {"strrchr", crt_strrchr},       {"rindex", crt_strrchr},
    {"strstr", crt_strstr},         {"strspn", crt_strspn},
    {"strcspn", crt_strcspn},       {"strpbrk", crt_strpbrk},
    {"strtok", crt_strtok},         {"strtok_r", crt_strtok_r},
    {"__strtok_r", crt_strtok_r},   {"strtok_s", crt_strtok_r},
    {"memcpy_s", memcpy_s},         {"memmove_s", memcpy_s},
    {"strcpy_s", strcpy_s},         {"strcat_s", strcat_s},
    {"__memcpy_chk", memmove_chk},  {"__memmove_chk", memmove_chk},
    {"__mempcpy_chk", mempcpy_chk}, {"__memset_chk", memset_chk},
    {"__strcpy_chk", strcpy_chk},   {"__stpcpy_chk", stpcpy_chk},
    {"__strncpy_chk", strncpy_chk}, {"__strcat_chk", strcat_chk},
    {"__strncat_chk", strncat_chk}, {NULL, NULL},
};
