/* Words of the command line. See options.h. */
#include "harness/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool parse_prefix(const char *text, uint64_t *value, const char **end)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *stop;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &stop, hex ? 16 : 10);
    if (errno == ERANGE || stop == text)
        return false;
    *value = number;
    *end = stop;
    return true;
}

bool parse_u64(const char *text, uint64_t *value)
{
    const char *end;
    return parse_prefix(text, value, &end) && *end == '\0';
}

struct unit {
    const char *name;
    uint64_t factor;
};

static bool apply_unit(const char *name, const struct unit *units, size_t count, uint64_t number,
                       uint64_t *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, units[i].name) == 0)
            return !__builtin_mul_overflow(number, units[i].factor, value);
    return false;
}

bool parse_bytes(const char *text, uint64_t *bytes)
{
    static const struct unit units[] = {{"", 1},
                                        {"B", 1},
                                        {"KiB", 1 << 10},
                                        {"K", 1 << 10},
                                        {"MiB", 1 << 20},
                                        {"M", 1 << 20},
                                        {"GiB", 1 << 30},
                                        {"G", 1 << 30},
                                        {"TiB", UINT64_C(1) << 40},
                                        {"T", UINT64_C(1) << 40}};
    uint64_t number;
    const char *end;
    return parse_prefix(text, &number, &end) &&
           apply_unit(end, units, sizeof units / sizeof *units, number, bytes);
}

bool parse_duration_ns(const char *text, uint64_t *ns)
{
    static const struct unit units[] = {{"", 1000000},     {"ns", 1},
                                        {"us", 1000},      {"ms", 1000000},
                                        {"s", 1000000000}, {"min", UINT64_C(60000000000)}};
    uint64_t number;
    const char *end;
    return parse_prefix(text, &number, &end) &&
           apply_unit(end, units, sizeof units / sizeof *units, number, ns);
}

/* ---- near misses: the edit distance of two short words ---- */

#define WORD_MAX 64

static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], a_length = strlen(a), b_length = strlen(b);
    if (a_length > WORD_MAX || b_length > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t drop = row[j] + 1, insert = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < drop ? change : drop;
            if (insert < row[j])
                row[j] = insert;
        }
    }
    return row[b_length];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, candidates[i]);
        if (d <= best_distance && (!best || d < best_distance)) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}

/* ---- showing ---- */

const char *bytes_text(uint64_t bytes, char *text, size_t text_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    unsigned unit = 0;
    uint64_t tenths = bytes * 10;
    if (bytes > UINT64_MAX / 10)
        tenths = bytes;
    while (tenths >= 10240 && unit + 1 < sizeof units / sizeof *units) {
        tenths = (tenths + 512) / 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(text, text_bytes, "%" PRIu64 " B", bytes);
    else
        snprintf(text, text_bytes, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                 units[unit]);
    return text;
}

const char *count_text(uint64_t count, char *text, size_t text_bytes)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < text_bytes; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

int usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("lowwater: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

bool standard_input_once(const char *command, char *const *paths, int count)
{
    int streams = 0;
    for (int i = 0; i < count; i++)
        streams += strcmp(paths[i], "-") == 0;
    if (streams > 1)
        usage_error("%s: standard input can be read once", command);
    return streams <= 1;
}

bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}
