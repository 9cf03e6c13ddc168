/* The header of a trace. See trace_file.h.
 *
 *     lowwater trace 2
 *     scenario NAME
 *     scenario-path /absolute/path
 *     ...
 *     file 57 day.csv
 *     <57 bytes of a file that the scenario names, and a newline>
 *     text 312
 *     <312 bytes of YAML and a newline>
 *     <blanks that align the records>
 *     <an empty line>
 *
 * Values are words of a command line and may hold anything; a newline in one is written as \n and
 * a backslash as two. */
#include "harness/trace_file.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "harness/options.h"
#include "harness/report.h"
#include "harness/schedule_word.h"

#define HEADER_BYTES_MAX                                                                           \
    (SCENARIO_BYTES_MAX + SCENARIO_FILES_MAX * SCENARIO_FILE_BYTES_MAX + (UINT64_C(1) << 20))

/* ---- writing ---- */

static void put_word(FILE *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '\\')
            fputs("\\\\", out);
        else
            fputc(*value, out);
    }
    fputc('\n', out);
}

static void put_line(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s ", key);
    put_word(out, value);
}

/* Absolute, so that the trace can be replayed from anywhere. What does not exist (a scenario from
 * standard input) stands in the current folder. */
static void put_path(FILE *out, const char *key, const char *path)
{
    char resolved[PATH_MAX], folder[PATH_MAX];
    if (path && realpath(path, resolved)) {
        put_line(out, key, resolved);
    } else if (path && *path && *path != '/' && getcwd(folder, sizeof folder)) {
        char joined[2 * PATH_MAX];
        snprintf(joined, sizeof joined, "%s/%s", folder, path);
        put_line(out, key, joined);
    } else {
        put_line(out, key, path ? path : "");
    }
}

static void add_recordings(const struct step *steps, uint32_t count, uint64_t *checksums,
                           uint32_t max, uint32_t *found)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        if (step->kind == STEP_REPLAY && *found < max) {
            const struct recording *recording = step->replay->recording;
            checksums[(*found)++] = XXH3_64bits(recording->bytes, recording->bytes_count);
        }
        if (step->kind == STEP_REPEAT || step->kind == STEP_TOGETHER)
            add_recordings(step->steps, step->steps_count, checksums, max, found);
    }
}

uint32_t trace_recordings(const struct scenario *plan, uint64_t *checksums, uint32_t max)
{
    uint32_t found = 0;
    add_recordings(plan->workload.steps, plan->workload.steps_count, checksums, max, &found);
    return found;
}

static void put_words(FILE *out, const struct run_words *words)
{
    for (uint32_t i = 0; i < words->settings_count; i++)
        put_line(out, "set", words->settings[i]);
    for (uint32_t i = 0; i < words->inject_count; i++)
        put_line(out, "inject", words->inject[i]);
}

static void put_files(FILE *out, const struct scenario *plan)
{
    for (uint32_t i = 0; i < plan->files_count; i++) {
        const struct scenario_file *file = &plan->files[i];
        fprintf(out, "file %zu ", file->bytes);
        put_word(out, file->name);
        fwrite(file->text, 1, file->bytes, out);
        fputc('\n', out);
    }
}

void trace_header_write(FILE *out, const struct run_spec *spec)
{
    uint64_t checksums[TRACE_RECORDINGS_MAX];
    uint32_t recordings = trace_recordings(spec->plan, checksums, TRACE_RECORDINGS_MAX);
    fprintf(out, TRACE_MAGIC "%d\n", TRACE_VERSION);
    put_line(out, "scenario", spec->scenario);
    put_path(out, "scenario-path", spec->plan->path);
    put_line(out, "policy", spec->policy);
    put_path(out, "policy-path", spec->policy_path);
    if (spec->factory)
        put_line(out, "factory", spec->factory);
    fprintf(out, "seed %" PRIu64 "\n", spec->seed);
    char schedule[REPRODUCTION_BYTES];
    put_line(out, "schedule", schedule_text(&spec->schedule, schedule, sizeof schedule));
    if (spec->race)
        put_line(out, "race", "on");
    if (spec->max_events)
        fprintf(out, "max-events %" PRIu64 "\n", spec->max_events);
    put_words(out, spec->words);
    for (uint32_t i = 0; i < recordings; i++)
        fprintf(out, "recording %016" PRIx64 "\n", checksums[i]);
    put_files(out, spec->plan);
    if (spec->plan->text) {
        fprintf(out, "text %zu\n", spec->plan->text_bytes);
        fwrite(spec->plan->text, 1, spec->plan->text_bytes, out);
        fputc('\n', out);
    }
    /* Records begin at a multiple of 16, so that the mapped file can be read in place. */
    int padding = (int)(16 - (ftell(out) + 2) % 16);
    fprintf(out, "%*s\n", padding, "");
    fputc('\n', out);
}

/* ---- reading ---- */

struct reader {
    struct trace_file *file;
    size_t at, end; /* bytes of the input; end: of the longest header there can be */
    unsigned line;
    char *message;
    size_t message_bytes;
};

static bool bad(struct reader *reader, const char *what)
{
    snprintf(reader->message, reader->message_bytes, "line %u of the header: %s", reader->line,
             what);
    return false;
}

/* A word of the header, kept as long as the file. */
static const char *keep(struct reader *reader, const char *value)
{
    struct trace_file *file = reader->file;
    char *kept = file->strings + file->strings_used, *to = kept;
    for (; *value; value++) {
        if (*value == '\\' && value[1])
            *to++ = *++value == 'n' ? '\n' : *value;
        else
            *to++ = *value;
    }
    *to++ = '\0';
    file->strings_used += (size_t)(to - kept);
    return kept;
}

static bool take_text(struct reader *reader, const char *value, char *text, size_t bytes)
{
    const char *word = keep(reader, value);
    if (strlen(word) >= bytes)
        return bad(reader, "too long");
    snprintf(text, bytes, "%s", word);
    return true;
}

static bool take_word(struct reader *reader, const char *value, const char **words, uint32_t *count,
                      uint32_t max)
{
    if (*count == max)
        return bad(reader, "too many of them");
    words[(*count)++] = keep(reader, value);
    return true;
}

static bool take_checksum(struct reader *reader, const char *value)
{
    struct trace_file *file = reader->file;
    char *stop;
    unsigned long long number = strtoull(value, &stop, 16);
    if (*stop || stop == value || file->recordings_count == TRACE_RECORDINGS_MAX)
        return bad(reader, "not a checksum");
    file->recordings[file->recordings_count++] = number;
    return true;
}

/* Strategy, seed and switches; the particulars are the scenario's. */
static bool take_schedule(struct reader *reader, const char *value)
{
    char why[256];
    reader->file->has_schedule = true;
    return schedule_parse(value, &reader->file->schedule, why, sizeof why) || bad(reader, why);
}

static bool take_scenario(struct reader *reader, const char *value)
{
    struct trace_file *file = reader->file;
    uint64_t bytes;
    if (!parse_u64(value, &bytes) || bytes > SCENARIO_BYTES_MAX ||
        bytes + 1 > reader->end - reader->at)
        return bad(reader, "not the length of a scenario");
    file->text = (const char *)file->input.bytes + reader->at;
    file->text_bytes = bytes;
    reader->at += bytes + 1;
    return true;
}

/* "57 day.csv", then the bytes. */
static bool take_file(struct reader *reader, char *value)
{
    struct trace_file *trace = reader->file;
    char *blank = strchr(value, ' ');
    uint64_t bytes;
    if (!blank || trace->files_count == SCENARIO_FILES_MAX)
        return bad(reader, "not a file of the scenario");
    *blank = '\0';
    if (!parse_u64(value, &bytes) || bytes > SCENARIO_FILE_BYTES_MAX ||
        bytes + 1 > reader->end - reader->at)
        return bad(reader, "not the length of a file");
    trace->files[trace->files_count++] = (struct scenario_file){
        keep(reader, blank + 1), (const char *)trace->input.bytes + reader->at, bytes};
    reader->at += bytes + 1;
    return true;
}

static bool take_key(struct reader *reader, const char *key, char *value)
{
    struct trace_file *file = reader->file;
    struct run_words *words = &file->words;
    if (strcmp(key, "scenario") == 0)
        return take_text(reader, value, file->scenario, sizeof file->scenario);
    if (strcmp(key, "scenario-path") == 0)
        return take_text(reader, value, file->scenario_path, sizeof file->scenario_path);
    if (strcmp(key, "policy") == 0)
        return take_text(reader, value, file->policy, sizeof file->policy);
    if (strcmp(key, "policy-path") == 0)
        return take_text(reader, value, file->policy_path, sizeof file->policy_path);
    if (strcmp(key, "factory") == 0)
        return take_text(reader, value, file->factory, sizeof file->factory);
    if (strcmp(key, "seed") == 0)
        return parse_u64(value, &file->seed) || bad(reader, "not a seed");
    if (strcmp(key, "schedule") == 0)
        return take_schedule(reader, value);
    if (strcmp(key, "max-events") == 0)
        return parse_u64(value, &file->max_events) || bad(reader, "not a number");
    if (strcmp(key, "race") == 0)
        return (file->race = strcmp(value, "on") == 0) || bad(reader, "on is all that is known");
    if (strcmp(key, "set") == 0)
        return take_word(reader, value, words->settings, &words->settings_count, SETTINGS_MAX);
    if (strcmp(key, "inject") == 0)
        return take_word(reader, value, words->inject, &words->inject_count, FAULT_RULES);
    if (strcmp(key, "recording") == 0)
        return take_checksum(reader, value);
    if (strcmp(key, "file") == 0)
        return take_file(reader, value);
    if (strcmp(key, "text") == 0)
        return take_scenario(reader, value);
    /* Of version 1: the settings that the scenario has now. */
    if (file->version == 1 && (strcmp(key, "machine") == 0 || strcmp(key, "native") == 0 ||
                               strcmp(key, "release") == 0 || strcmp(key, "param") == 0))
        return true;
    return bad(reader, "an unknown key");
}

static bool take_version(struct reader *reader)
{
    struct trace_file *file = reader->file;
    const char *begin = (const char *)file->input.bytes, *number = begin + strlen(TRACE_MAGIC);
    file->version = (unsigned)strtoul(number, NULL, 10);
    if (file->version < 1 || file->version > TRACE_VERSION || number[1] != '\n') {
        snprintf(reader->message, reader->message_bytes,
                 "a trace of another version; this lowwater reads 1 to %d", TRACE_VERSION);
        return false;
    }
    reader->at = strlen(TRACE_MAGIC) + 2;
    return true;
}

/* The next line without its end, in place; NULL: there is none. */
static char *next_line(struct reader *reader)
{
    char *begin = (char *)reader->file->input.bytes + reader->at;
    char *newline = memchr(begin, '\n', reader->end - reader->at);
    if (!newline)
        return NULL;
    *newline = '\0'; /* the header is not looked at again */
    reader->at += (size_t)(newline - begin) + 1;
    reader->line++;
    return begin;
}

bool trace_header_read(struct trace_file *file, size_t *end, char *message, size_t message_bytes)
{
    struct reader reader = {
        .file = file, .line = 1, .message = message, .message_bytes = message_bytes};
    reader.end = file->input.count < HEADER_BYTES_MAX ? file->input.count : HEADER_BYTES_MAX;
    if (!trace_file_recognise(file->input.bytes, file->input.count))
        return bad(&reader, "this is no lowwater trace");
    file->strings = malloc(reader.end + 64); /* no word gets longer by being kept */
    if (!file->strings || !take_version(&reader))
        return false;
    for (char *line; (line = next_line(&reader));) {
        if (*line == '\0') {
            *end = reader.at;
            return reader.at % 16 == 0 || bad(&reader, "the records stand at a wrong place");
        }
        if (line[strspn(line, " ")] == '\0')
            continue; /* padding */
        char *blank = strchr(line, ' ');
        if (!blank)
            return bad(&reader, "no value");
        *blank = '\0';
        if (!take_key(&reader, line, blank + 1))
            return false;
    }
    return bad(&reader, "the header does not end");
}
