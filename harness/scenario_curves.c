/* Curves of pressure: CSV files with lines of a time and of what others hold from then on. See
 * scenario_private.h.
 *
 *     # What the rest of a build server had committed on a Monday from nine.
 *     time,bytes
 *     0,1536MiB
 *     12.25,2147483648
 *     2min,800MiB
 *
 * What is wrong in a file is diagnosed in the file, by line and column. */
#include "harness/scenario_private.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/input_file.h"
#include "harness/options.h"

#define POINTS_MAX 100000
#define FRACTION_DIGITS 9 /* of a second: nanoseconds */

struct csv {
    struct pool *pool;
    struct diagnostics *diagnostics;
    const char *at, *end; /* what is left */
    uint32_t line;
    struct curve_point *points;
    size_t count, room;
    bool begun; /* the first line that says something is behind */
};

struct field {
    const char *text;
    size_t length;
    struct place at;
};

/* ---- fields ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t characters(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    return count;
}

/* The field from begin to end of a line, without blanks around it. */
static struct field field_of(const struct csv *csv, const char *line, const char *begin,
                             const char *end)
{
    while (begin < end && is_blank(*begin))
        begin++;
    while (end > begin && is_blank(end[-1]))
        end--;
    size_t length = (size_t)(end - begin);
    struct place at = {csv->line, (uint32_t)characters(line, (size_t)(begin - line)) + 1,
                       (uint32_t)characters(begin, length), NULL};
    return (struct field){begin, length, at};
}

/* A copy that ends with NUL; false: it is longer than any number, or holds a NUL. */
static bool word_of(const struct field *field, char *word, size_t word_bytes)
{
    if (field->length >= word_bytes || memchr(field->text, '\0', field->length))
        return false;
    memcpy(word, field->text, field->length);
    word[field->length] = '\0';
    return true;
}

/* "12.25": seconds, exact to the nanosecond. */
static bool read_seconds(const char *word, uint64_t *ns)
{
    uint64_t seconds = 0, fraction = 0;
    size_t whole = strspn(word, "0123456789"), digits = 0;
    const char *rest = word + whole;
    if (whole == 0 || whole > 6)
        return false;
    for (size_t i = 0; i < whole; i++)
        seconds = seconds * 10 + (uint64_t)(word[i] - '0');
    if (*rest == '.') {
        digits = strspn(++rest, "0123456789");
        if (digits == 0 || digits > FRACTION_DIGITS)
            return false;
    }
    for (size_t i = 0; i < FRACTION_DIGITS; i++)
        fraction = fraction * 10 + (i < digits ? (uint64_t)(rest[i] - '0') : 0);
    *ns = seconds * UINT64_C(1000000000) + fraction;
    return rest[digits] == '\0';
}

static bool take_time(struct csv *csv, const struct field *field, uint64_t *ns)
{
    char word[40], shown[CLIPPED_BYTES];
    bool fine =
        word_of(field, word, sizeof word) && (read_seconds(word, ns) || read_time(word, ns));
    if (fine && *ns <= CURVE_NS_MOST)
        return true;
    diagnose(csv->diagnostics, field->at,
             fine
                 ? "times go up to a day, not '%s'; they count from the beginning of the curve"
                 : "a time is like 250ms, or seconds like 12.25 with nine digits at most, not '%s'",
             clipped(field->text, field->length, shown));
    return false;
}

static bool take_size(struct csv *csv, const struct field *field, uint64_t *bytes)
{
    char word[40], shown[CLIPPED_BYTES];
    if (word_of(field, word, sizeof word) && strncmp(word, "0x", 2) != 0 &&
        parse_bytes(word, bytes) && *bytes <= CURVE_BYTES_MOST)
        return true;
    diagnose(csv->diagnostics, field->at,
             "what others hold is a size up to 64TiB like 512MiB, or bytes, not '%s'",
             clipped(field->text, field->length, shown));
    return false;
}

/* ---- lines ---- */

static void add_point(struct csv *csv, const struct field *time, struct curve_point point)
{
    char before[32];
    const struct curve_point *last = csv->count ? &csv->points[csv->count - 1] : NULL;
    if (last && point.at_ns <= last->at_ns) {
        diagnose(csv->diagnostics, time->at, "times must grow: the line before has %s",
                 time_word(last->at_ns, before, sizeof before));
        return;
    }
    if (csv->count == POINTS_MAX) {
        diagnose(csv->diagnostics, time->at, "a curve has at most %d lines", POINTS_MAX);
        csv->at = csv->end; /* no need to hear it again */
        return;
    }
    if (csv->count == csv->room)
        csv->points = pool_grow(csv->pool, csv->points, csv->count, &csv->room, sizeof point);
    csv->points[csv->count++] = point;
}

static bool begins_with_digit(const struct field *field)
{
    return field->length > 0 && field->text[0] >= '0' && field->text[0] <= '9';
}

static void take_fields(struct csv *csv, const char *line, size_t length)
{
    const char *end = line + length, *comma = memchr(line, ',', length);
    struct field time = field_of(csv, line, line, comma ? comma : end);
    struct field size = field_of(csv, line, comma ? comma + 1 : end, end);
    bool header = !csv->begun && !begins_with_digit(&time) && !begins_with_digit(&size);
    const char *more = comma ? memchr(comma + 1, ',', (size_t)(end - comma - 1)) : NULL;
    csv->begun = true;
    if (header && comma)
        return;
    if (more) {
        struct field third = field_of(csv, line, more, end);
        diagnose(csv->diagnostics, third.at, "a line has a time and a size, and nothing behind");
        return;
    }
    if (!comma) {
        diagnose(csv->diagnostics, time.at, "a line has a time and a size, like 12.25,512MiB");
        return;
    }
    struct curve_point point;
    bool timed = take_time(csv, &time, &point.at_ns);
    if (take_size(csv, &size, &point.bytes) && timed)
        add_point(csv, &time, point);
}

static void take_line(struct csv *csv)
{
    const char *line = csv->at;
    size_t broken = 0, length;
    csv->line++;
    while (csv->at < csv->end && !(broken = text_break(csv->at, (size_t)(csv->end - csv->at))))
        csv->at++;
    length = (size_t)(csv->at - line);
    csv->at += broken;
    struct field all = field_of(csv, line, line, line + length);
    if (all.length > 0 && all.text[0] != '#')
        take_fields(csv, line, length);
}

static void parse_curve(struct loader *loader, struct opened_curve *curve)
{
    struct diagnostics *diagnostics = curve->diagnostics;
    struct csv csv = {.pool = loader->pool,
                      .diagnostics = diagnostics,
                      .at = diagnostics->text,
                      .end = diagnostics->text + diagnostics->bytes};
    if (diagnostics->bytes >= 3 && memcmp(csv.at, "\xef\xbb\xbf", 3) == 0)
        csv.at += 3;
    while (csv.at < csv.end)
        take_line(&csv);
    if (csv.count == 0 && diagnostics->count == 0)
        diagnose(diagnostics, (struct place){.line = 1, .column = 1},
                 "no line with a time and a size, like 12.25,512MiB");
    curve->curve = (struct pressure_curve){csv.points, csv.count};
}

/* ---- files ---- */

/* Devices and pipes would be read for ever. */
static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool find_beside(const struct loader *loader, const char *name, char *path,
                        size_t path_bytes)
{
    const char *slash = strrchr(loader->file, '/');
    int folder = *name == '/' || !slash ? 0 : (int)(slash + 1 - loader->file);
    int length = snprintf(path, path_bytes, "%.*s%s", folder, loader->file, name);
    return length > 0 && (size_t)length < path_bytes && is_file(path);
}

static const struct scenario_file *given_file(const struct loader *loader, const char *name)
{
    const struct scenario_source *source = loader->source;
    for (uint32_t i = 0; i < source->files_count; i++)
        if (strcmp(source->files[i].name, name) == 0)
            return &source->files[i];
    return NULL;
}

static void say(struct loader *loader, const struct yaml_node *node, const char *what)
{
    char word[CLIPPED_BYTES];
    diagnose(loader->diagnostics, node->at, "the curve '%s' %s",
             clipped(node->text, node->length, word), what);
}

/* The file's bytes as the scenario's memory has them, and how diagnostics call it. False: it cannot
 * be had, which has been diagnosed. */
static bool fetch(struct loader *loader, const struct yaml_node *node, struct scenario_file *file,
                  char *path, size_t path_bytes)
{
    const struct scenario_file *given = given_file(loader, node->text);
    struct input_file input;
    char message[256];
    file->name = pool_text(loader->pool, node->text, node->length);
    if (given) {
        snprintf(path, path_bytes, "%s", node->text);
        file->text = pool_text(loader->pool, given->text, given->bytes);
        file->bytes = given->bytes;
        return true;
    }
    if (node->length == 0 || !find_beside(loader, node->text, path, path_bytes)) {
        say(loader, node, "is not beside the scenario");
        return false;
    }
    if (input_read(path, SCENARIO_FILE_BYTES_MAX, &input, message, sizeof message) != INPUT_OK) {
        bool large = strcmp(message, "larger than the limit") == 0;
        say(loader, node, large ? "is larger than 1 MiB" : message);
        return false;
    }
    file->text = pool_text(loader->pool, (const char *)input.bytes, input.count);
    file->bytes = input.count;
    input_free(&input);
    return true;
}

static struct opened_curve *open_curve(struct loader *loader, const struct yaml_node *node)
{
    struct scenario *scenario = &loader->draft->scenario;
    struct opened_curve **last = &loader->curves;
    char path[PATH_MAX];
    for (; *last; last = &(*last)->next)
        if (strcmp((*last)->name, node->text) == 0)
            return *last;
    if (scenario->files_count == SCENARIO_FILES_MAX) {
        say(loader, node, "is one too many: a scenario has at most 16");
        return NULL;
    }
    struct scenario_file *file = &scenario->files[scenario->files_count];
    if (!fetch(loader, node, file, path, sizeof path))
        return NULL;
    scenario->files_count++;
    struct opened_curve *curve = *last = pool_alloc(loader->pool, sizeof *curve);
    curve->name = file->name;
    curve->diagnostics = pool_alloc(loader->pool, sizeof *curve->diagnostics);
    diagnostics_begin(curve->diagnostics, pool_text(loader->pool, path, strlen(path)), file->text,
                      file->bytes);
    parse_curve(loader, curve);
    return curve;
}

enum read_result read_curve(struct loader *loader, const struct key *key,
                            const struct yaml_node *node, void *target)
{
    const struct opened_curve *opened = open_curve(loader, node);
    if (!opened || opened->diagnostics->count > 0)
        return READ_SAID;
    const struct pressure_curve *curve = &opened->curve;
    memcpy(key_field(key, target), &curve, sizeof curve);
    return READ_FINE;
}
