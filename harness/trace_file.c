/* Trace files. See trace_file.h. */
#include "harness/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "harness/options.h"

#define TRAILER_MAGIC "LWTREND\n"
#define TRACE_BYTES_MAX (UINT64_C(64) << 30)
#define HEADER_MAX 65536

struct trailer {
    char magic[8];
    uint64_t count; /* little-endian */
    uint8_t digest[16];
    uint8_t zero[16]; /* as long as a record, so that the two never mix up */
};
_Static_assert(sizeof(struct trailer) == sizeof(struct event), "records and trailer have one size");

/* ---- writing ---- */

static void absolute(const char *path, char *text, size_t bytes)
{
    char resolved[PATH_MAX];
    snprintf(text, bytes, "%s", path && realpath(path, resolved) ? resolved : path ? path : "");
}

static void put_header(FILE *out, const struct run_spec *spec)
{
    char path[PATH_MAX], rule[FAULT_TEXT_BYTES];
    absolute(spec->scenario_path, path, sizeof path);
    fprintf(out, TRACE_MAGIC "scenario %s\nscenario-path %s\n", spec->scenario, path);
    absolute(spec->policy_path, path, sizeof path);
    fprintf(out, "policy %s\npolicy-path %s\n", spec->policy, path);
    if (spec->factory)
        fprintf(out, "factory %s\n", spec->factory);
    fprintf(out, "seed %" PRIu64 "\n", spec->seed);
    fprintf(out, "machine %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 "\n",
            spec->machine.ram_bytes, spec->machine.pagefile_bytes,
            spec->machine.address_space_bytes, spec->machine.processors);
    fprintf(out, "native %d\nrelease %d\n", (int)spec->native_route, spec->shutdown_release);
    for (uint32_t i = 0; i < spec->params_count; i++)
        fprintf(out, "param %s=%s\n", spec->params[i].key, spec->params[i].value);
    for (uint32_t i = 0; i < spec->faults_count; i++) {
        fault_format(&spec->faults[i], rule, sizeof rule);
        fprintf(out, "inject %s\n", rule);
    }
    /* Records begin at a multiple of 16, so that the mapped file can be read in place. */
    int padding = (int)(16 - (ftell(out) + 2) % 16);
    fprintf(out, "%*s\n", padding, "");
    fputc('\n', out);
}

int trace_file_begin(const struct run_spec *spec)
{
    bool to_stdout = strcmp(spec->trace_path, "-") == 0;
    char *header = NULL;
    size_t bytes = 0;
    int fd =
        to_stdout ? dup(STDOUT_FILENO) : open(spec->trace_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    FILE *text = open_memstream(&header, &bytes);
    if (fd < 0 || !text)
        return -1;
    put_header(text, spec);
    fclose(text);
    bool written = write(fd, header, bytes) == (ssize_t)bytes;
    free(header);
    if (written)
        return fd;
    close(fd);
    return -1;
}

void trace_file_finish(int fd, const struct run_result *result)
{
    struct trailer trailer = {.magic = TRAILER_MAGIC};
    uint64_t count = result->events;
    for (int i = 0; i < 8; i++)
        ((uint8_t *)&trailer.count)[i] = (uint8_t)(count >> (8 * i));
    memcpy(trailer.digest, result->digest, sizeof trailer.digest);
    if (write(fd, &trailer, sizeof trailer) != (ssize_t)sizeof trailer)
        return; /* a full disk: the trace reads as one cut short */
    close(fd);
}

/* ---- reading ---- */

bool trace_file_recognise(const uint8_t *bytes, size_t count)
{
    size_t length = strlen(TRACE_MAGIC);
    return count >= length && memcmp(bytes, TRACE_MAGIC, length) == 0;
}

struct header_reader {
    struct trace_file *file;
    char *message;
    size_t message_bytes;
    unsigned line;
};

static bool bad_header(struct header_reader *reader, const char *what)
{
    snprintf(reader->message, reader->message_bytes, "line %u of the header: %s", reader->line,
             what);
    return false;
}

static bool take_param(struct header_reader *reader, const char *text)
{
    struct run_spec *spec = &reader->file->spec;
    const char *equals = strchr(text, '=');
    if (!equals || spec->params_count == POLICY_PARAMS_MAX)
        return bad_header(reader, "not a parameter");
    struct policy_param *param = &spec->params[spec->params_count++];
    snprintf(param->key, sizeof param->key, "%.*s", (int)(equals - text), text);
    snprintf(param->value, sizeof param->value, "%s", equals + 1);
    return true;
}

static bool take_machine(struct header_reader *reader, const char *text)
{
    struct machine_config *machine = &reader->file->spec.machine;
    if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu32, &machine->ram_bytes,
               &machine->pagefile_bytes, &machine->address_space_bytes, &machine->processors) != 4)
        return bad_header(reader, "not a machine");
    bool sensible = machine->ram_bytes >= PAGE_BYTES && machine->ram_bytes <= UINT64_C(1) << 46 &&
                    machine->pagefile_bytes <= UINT64_C(1) << 46 && machine->processors > 0 &&
                    machine->address_space_bytes >= UINT64_C(2) << 30 &&
                    machine->address_space_bytes <= UINT64_C(128) << 40;
    return sensible || bad_header(reader, "not a machine");
}

static bool take_text(const char *value, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s", value);
    return true;
}

static bool take_key(struct header_reader *reader, const char *key, const char *value)
{
    struct trace_file *file = reader->file;
    struct run_spec *spec = &file->spec;
    if (strcmp(key, "scenario") == 0)
        return take_text(value, file->scenario, sizeof file->scenario);
    if (strcmp(key, "scenario-path") == 0)
        return take_text(value, file->scenario_path, sizeof file->scenario_path);
    if (strcmp(key, "policy") == 0)
        return take_text(value, file->policy, sizeof file->policy);
    if (strcmp(key, "policy-path") == 0)
        return take_text(value, file->policy_path, sizeof file->policy_path);
    if (strcmp(key, "factory") == 0)
        return take_text(value, file->factory, sizeof file->factory);
    if (strcmp(key, "seed") == 0)
        return parse_u64(value, &spec->seed) || bad_header(reader, "not a seed");
    if (strcmp(key, "machine") == 0)
        return take_machine(reader, value);
    if (strcmp(key, "param") == 0)
        return take_param(reader, value);
    uint64_t number = 0;
    if (strcmp(key, "native") == 0 && parse_u64(value, &number) && number <= NATIVE_AROUND) {
        spec->native_route = (enum native_route)number;
        return true;
    }
    if (strcmp(key, "release") == 0 && parse_u64(value, &number)) {
        spec->shutdown_release = number != 0;
        return true;
    }
    if (strcmp(key, "inject") == 0 && spec->faults_count < FAULT_RULES)
        return fault_parse(value, &spec->faults[spec->faults_count++], reader->message,
                           reader->message_bytes);
    return bad_header(reader, "an unknown key or value");
}

/* Splits the header's lines; *end is where the records begin. */
static bool read_header(struct header_reader *reader, size_t *end)
{
    char line[HEADER_MAX];
    const uint8_t *bytes = reader->file->input.bytes;
    size_t count = reader->file->input.count, at = strlen(TRACE_MAGIC);
    for (reader->line = 2; at < count; reader->line++) {
        const uint8_t *newline = memchr(bytes + at, '\n', count - at);
        size_t length = newline ? (size_t)(newline - bytes) - at : 0;
        if (!newline || length >= sizeof line || at > HEADER_MAX)
            break;
        memcpy(line, bytes + at, length);
        line[length] = '\0';
        at += length + 1;
        if (length == 0) {
            *end = at;
            return at % 16 == 0 || bad_header(reader, "the records stand at a wrong place");
        }
        char *space = strchr(line, ' ');
        if (!space)
            return bad_header(reader, "no value");
        if (line[strspn(line, " ")] == '\0')
            continue; /* padding */
        *space = '\0';
        if (!take_key(reader, line, space + 1))
            return false;
    }
    return bad_header(reader, "the header does not end");
}

static void from_little_endian(struct event *events, uint64_t count)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (uint64_t i = 0; i < count; i++) {
        struct event *e = &events[i];
        e->time_ns = __builtin_bswap64(e->time_ns);
        e->kind = __builtin_bswap16(e->kind);
        e->error = __builtin_bswap32(e->error);
        for (int a = 0; a < 4; a++)
            e->arg[a] = __builtin_bswap64(e->arg[a]);
    }
#else
    (void)events, (void)count;
#endif
}

static bool check_trailer(struct trace_file *file, const uint8_t *records, size_t bytes,
                          char *message, size_t message_bytes)
{
    struct trailer trailer = {.magic = ""};
    /* A file cut short may end anywhere, so the bytes are copied before they are looked at. */
    if (bytes >= sizeof trailer)
        memcpy(&trailer, records + bytes - sizeof trailer, sizeof trailer);
    bool has = memcmp(trailer.magic, TRAILER_MAGIC, 8) == 0;
    file->count = bytes / sizeof(struct event);
    if (!has)
        return true; /* cut short */
    file->count--;
    uint64_t count = 0;
    for (int i = 0; i < 8; i++)
        count |= (uint64_t)((const uint8_t *)&trailer.count)[i] << (8 * i);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(records, file->count * sizeof(struct event)));
    memcpy(file->digest, trailer.digest, sizeof file->digest);
    if (bytes % sizeof(struct event) || count != file->count ||
        memcmp(canonical.digest, trailer.digest, 16) != 0) {
        snprintf(message, message_bytes, "damaged: the records do not fit the digest behind them");
        return false;
    }
    file->complete = true;
    return true;
}

static bool check_records(struct trace_file *file, char *message, size_t message_bytes)
{
    for (uint64_t i = 0; i < file->count; i++) {
        if (file->events[i].kind >= EVENT_KINDS) {
            snprintf(message, message_bytes, "record %" PRIu64 " is of an unknown kind", i);
            return false;
        }
    }
    return true;
}

enum input_result trace_file_read(const char *path, struct trace_file *file, char *message,
                                  size_t message_bytes)
{
    memset(file, 0, sizeof *file);
    file->spec.machine = machine_config_default();
    enum input_result result =
        input_read(path, TRACE_BYTES_MAX, &file->input, message, message_bytes);
    if (result != INPUT_OK)
        return result;
    struct header_reader reader = {file, message, message_bytes, 1};
    size_t begin = 0;
    bool fine = trace_file_recognise(file->input.bytes, file->input.count) ||
                bad_header(&reader, "this is no lowwater trace");
    fine = fine && read_header(&reader, &begin);
    if (fine) {
        uint8_t *records = file->input.bytes + begin;
        file->events = (const struct event *)records;
        fine = check_trailer(file, records, file->input.count - begin, message, message_bytes);
        from_little_endian((struct event *)records, file->count);
        fine = fine && check_records(file, message, message_bytes);
    }
    if (!fine) {
        trace_file_free(file);
        return INPUT_INVALID;
    }
    file->spec.scenario = file->scenario;
    file->spec.scenario_path = file->scenario_path;
    file->spec.policy = file->policy;
    file->spec.policy_path = file->policy_path;
    file->spec.factory = file->factory[0] ? file->factory : NULL;
    file->spec.digest = true;
    return INPUT_OK;
}

void trace_file_free(struct trace_file *file)
{
    input_free(&file->input);
    memset(file, 0, sizeof *file);
}
