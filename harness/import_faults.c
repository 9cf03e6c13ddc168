/* Fault logs: "TID SECONDS.NANOS HEXADDRESS", as perf script prints with -F tid,time,addr (a colon
 * may follow the time, 0x may precede the address). See import_private.h. */
#include <string.h>

#include "harness/grow.h"
#include "harness/import_private.h"

#define NS_PER_S UINT64_C(1000000000)
#define TIDS (UINT64_C(1) << 22)

static bool take_number(struct text *rest, unsigned base, uint64_t *number, unsigned *digits)
{
    *number = 0;
    *digits = 0;
    while (rest->length > 0) {
        char c = rest->at[0];
        unsigned value = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (value >= base || *digits == 19)
            break;
        *number = *number * base + value;
        ++*digits;
        rest->at++;
        rest->length--;
    }
    return *digits > 0;
}

static bool take_character(struct text *rest, char c)
{
    if (rest->length == 0 || rest->at[0] != c)
        return false;
    rest->at++;
    rest->length--;
    return true;
}

/* Spaces and tabs; false: not even one. */
static bool take_space(struct text *rest)
{
    bool any = false;
    while (take_character(rest, ' ') || take_character(rest, '\t'))
        any = true;
    return any;
}

static bool read_fault(struct text rest, struct fault *fault)
{
    uint64_t tid, seconds, nanos, address;
    unsigned digits;
    take_space(&rest);
    if (!take_number(&rest, 10, &tid, &digits) || tid > TIDS || !take_space(&rest) ||
        !take_number(&rest, 10, &seconds, &digits) || seconds > UINT64_MAX / NS_PER_S / 4 ||
        !take_character(&rest, '.') || !take_number(&rest, 10, &nanos, &digits) || digits > 9)
        return false;
    for (; digits < 9; digits++)
        nanos *= 10;
    take_character(&rest, ':');
    if (!take_space(&rest))
        return false;
    if (rest.length > 2 && rest.at[0] == '0' && (rest.at[1] == 'x' || rest.at[1] == 'X'))
        rest = (struct text){rest.at + 2, rest.length - 2};
    if (!take_number(&rest, 16, &address, &digits) || digits > 16)
        return false;
    take_space(&rest);
    take_character(&rest, '\r');
    *fault = (struct fault){seconds * NS_PER_S + nanos, address, (uint32_t)tid, 0};
    return rest.length == 0;
}

static int by_time(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

void faults_read(struct faults *faults, const char *text, size_t bytes)
{
    struct text rest = {text, bytes}, line;
    memset(faults, 0, sizeof *faults);
    for (; next_line(&rest, &line); faults->lines++) {
        struct fault fault;
        bool blank = line.length == 0 || line.at[0] == '#'; /* perf's own heading */
        if (!blank && !read_fault(line, &fault))
            import_note_line(&faults->bad, faults->lines);
        else if (!blank) {
            faults->faults =
                grow_array(faults->faults, faults->count, &faults->room, sizeof *faults->faults);
            fault.index = (uint32_t)faults->count;
            faults->faults[faults->count++] = fault;
        }
    }
    if (faults->count > 1)
        qsort(faults->faults, faults->count, sizeof *faults->faults, by_time);
}
