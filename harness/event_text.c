/* Records in words. See event_text.h. The fields' names and types stand in core/calls.def. */
#include "harness/event_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "core/pressure.h"
#include "core/sim.h"
#include "core/status.h"
#include "harness/options.h"
#include "harness/run.h"
#include "include/mscoree.h"

struct bit_name {
    uint32_t bits;
    const char *name;
};

static const struct bit_name memory_types[] = {{MEM_COMMIT, "MEM_COMMIT"},
                                               {MEM_RESERVE, "MEM_RESERVE"},
                                               {MEM_RESET, "MEM_RESET"},
                                               {MEM_RESET_UNDO, "MEM_RESET_UNDO"},
                                               {MEM_TOP_DOWN, "MEM_TOP_DOWN"},
                                               {MEM_WRITE_WATCH, "MEM_WRITE_WATCH"},
                                               {MEM_LARGE_PAGES, "MEM_LARGE_PAGES"},
                                               {MEM_PHYSICAL, "MEM_PHYSICAL"},
                                               {0, NULL}};
static const struct bit_name free_types[] = {
    {MEM_DECOMMIT, "MEM_DECOMMIT"}, {MEM_RELEASE, "MEM_RELEASE"}, {0, NULL}};
static const struct bit_name protections[] = {{PAGE_NOACCESS, "PAGE_NOACCESS"},
                                              {PAGE_READONLY, "PAGE_READONLY"},
                                              {PAGE_READWRITE, "PAGE_READWRITE"},
                                              {PAGE_WRITECOPY, "PAGE_WRITECOPY"},
                                              {PAGE_EXECUTE, "PAGE_EXECUTE"},
                                              {PAGE_EXECUTE_READ, "PAGE_EXECUTE_READ"},
                                              {PAGE_EXECUTE_READWRITE, "PAGE_EXECUTE_READWRITE"},
                                              {PAGE_GUARD, "PAGE_GUARD"},
                                              {PAGE_NOCACHE, "PAGE_NOCACHE"},
                                              {PAGE_WRITECOMBINE, "PAGE_WRITECOMBINE"},
                                              {0, NULL}};
static const struct bit_name heap_flags_names[] = {
    {HEAP_NO_SERIALIZE, "HEAP_NO_SERIALIZE"},
    {HEAP_GENERATE_EXCEPTIONS, "HEAP_GENERATE_EXCEPTIONS"},
    {HEAP_ZERO_MEMORY, "HEAP_ZERO_MEMORY"},
    {HEAP_REALLOC_IN_PLACE_ONLY, "HEAP_REALLOC_IN_PLACE_ONLY"},
    {HEAP_CREATE_ENABLE_EXECUTE, "HEAP_CREATE_ENABLE_EXECUTE"},
    {0, NULL}};

static void put_bits(const struct bit_name *names, uint32_t value, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (; names->name && used < bytes; names++) {
        if ((value & names->bits) != names->bits)
            continue;
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? "|" : "", names->name);
        value &= ~names->bits;
    }
    if ((value || used == 0) && used < bytes)
        snprintf(text + used, bytes - used, used ? "|0x%" PRIx32 : "%" PRIu32, value);
}

static const char *criticality(uint32_t level)
{
    static const char *const names[] = {"eTaskCritical", "eAppDomainCritical", "eProcessCritical"};
    return level < 3 ? names[level] : "?";
}

static void put_protection(uint32_t value, bool with_level, char *text, size_t bytes)
{
    put_bits(protections, with_level ? value & 0xffff : value, text, bytes);
    size_t used = strlen(text);
    if (with_level && used < bytes)
        snprintf(text + used, bytes - used, ", %s", criticality(value >> 16));
}

static void put_state(uint32_t value, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s",
             value == MEM_COMMIT    ? "MEM_COMMIT"
             : value == MEM_RESERVE ? "MEM_RESERVE"
             : value == MEM_FREE    ? "MEM_FREE"
                                    : "none");
}

static const char *pressure_name(uint64_t of)
{
    static const char *const names[] = {"memory", "commit", "pagefile", "address-space"};
    return of < PRESSURES ? names[of] : "?";
}

static void put_value(const char *type, uint64_t value, char *text, size_t bytes)
{
    if (strcmp(type, "addr") == 0)
        snprintf(text, bytes, value == ADDRESS_OUTSIDE ? "outside" : "0x%" PRIx64, value);
    else if (strcmp(type, "bytes") == 0)
        bytes_text(value, text, bytes);
    else if (strcmp(type, "hex") == 0)
        snprintf(text, bytes, "0x%" PRIx64, value);
    else if (strcmp(type, "bool") == 0)
        snprintf(text, bytes, "%s", value ? "yes" : "no");
    else if (strcmp(type, "memtype") == 0)
        put_bits(memory_types, (uint32_t)value, text, bytes);
    else if (strcmp(type, "freetype") == 0)
        put_bits(free_types, (uint32_t)value, text, bytes);
    else if (strcmp(type, "prot") == 0)
        put_protection((uint32_t)value, false, text, bytes);
    else if (strcmp(type, "protlevel") == 0)
        put_protection((uint32_t)value, true, text, bytes);
    else if (strcmp(type, "heapflags") == 0)
        put_bits(heap_flags_names, (uint32_t)value, text, bytes);
    else if (strcmp(type, "critical") == 0)
        snprintf(text, bytes, "%s", criticality((uint32_t)value));
    else if (strcmp(type, "state") == 0)
        put_state((uint32_t)value, text, bytes);
    else if (strcmp(type, "outcome") == 0)
        snprintf(text, bytes, "%s", outcome_name((enum outcome)(value & 7)));
    else if (strcmp(type, "pressure") == 0)
        snprintf(text, bytes, "%s", pressure_name(value));
    else if (strcmp(type, "call") == 0)
        snprintf(text, bytes, "%s", value < EVENT_KINDS ? event_shapes[value].name : "?");
    else
        snprintf(text, bytes, "%" PRIu64, value);
}

struct writer {
    char *text;
    size_t bytes, used;
    unsigned arguments, results;
};

static void put(struct writer *w, const char *a, const char *b, const char *c, const char *d)
{
    if (w->used < w->bytes)
        w->used += (size_t)snprintf(w->text + w->used, w->bytes - w->used, "%s%s%s%s", a, b, c, d);
}

/* One "name:type" of a field list; results are shown in a second pass. */
static void put_field(struct writer *w, const char *field, uint64_t value, bool results)
{
    char name[64], type[32], shown[128];
    bool is_result = *field == '>';
    if (*field == '-' || is_result != results)
        return;
    if (sscanf(field + is_result, "%63[^:]:%31s", name, type) != 2)
        return;
    put_value(type, value, shown, sizeof shown);
    if (results)
        put(w, w->results++ ? ", " : " = ", strcmp(name, "result") == 0 ? "" : name,
            strcmp(name, "result") == 0 ? "" : " ", shown);
    else
        put(w, w->arguments++ ? ", " : "", name, " ", shown);
}

static void put_fields(struct writer *w, const struct event *event, bool results)
{
    char fields[256];
    snprintf(fields, sizeof fields, "%s", event_shapes[event->kind].fields);
    char *rest = fields;
    for (unsigned word = 0; rest && word < 4; word++) {
        char *field = strsep(&rest, ",");
        char *second = strchr(field, '/');
        if (!second) {
            put_field(w, field, event->arg[word], results);
            continue;
        }
        *second = '\0';
        put_field(w, field, (uint32_t)event->arg[word], results);
        put_field(w, second + 1, event->arg[word] >> 32, results);
    }
}

bool event_is_host_call(uint16_t kind)
{
    return kind >= EVENT_host_factory && kind <= EVENT_malloc_Free;
}

static const char *hresult_name(uint32_t value)
{
    static const struct {
        uint32_t value;
        const char *name;
    } names[] = {{0, "S_OK"},
                 {1, "S_FALSE"},
                 {0x8007000E, "E_OUTOFMEMORY"},
                 {0x80004005, "E_FAIL"},
                 {0x80004003, "E_POINTER"},
                 {0x80070057, "E_INVALIDARG"},
                 {0x80004001, "E_NOTIMPL"},
                 {0x80004002, "E_NOINTERFACE"},
                 {0x8000FFFF, "E_UNEXPECTED"},
                 {0x80131022, "HOST_E_INVALIDOPERATION"},
                 {0x80131023, "HOST_E_CLRNOTAVAILABLE"},
                 {0x80131024, "HOST_E_TIMEOUT"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].value == value)
            return names[i].name;
    return NULL;
}

void error_text(const struct event *event, char *text, size_t bytes)
{
    bool host = event_is_host_call(event->kind);
    const char *name = host ? hresult_name(event->error) : status_name_of_code(event->error);
    if (name)
        snprintf(text, bytes, "%s", name);
    else
        snprintf(text, bytes, host ? "0x%08" PRIx32 : "error %" PRIu32, event->error);
}

void event_text(const struct event *event, char *text, size_t bytes)
{
    struct writer w = {text, bytes, 0, 0, 0};
    char error[64];
    text[0] = '\0';
    put(&w, event_shapes[event->kind].name, "(", "", "");
    put_fields(&w, event, false);
    put(&w, ")", "", "", "");
    error_text(event, error, sizeof error);
    if (event_is_host_call(event->kind) || event->error != 0) {
        put(&w, " = ", error, "", "");
        w.results++;
    }
    if (event->error == 0)
        put_fields(&w, event, true);
}

const char *time_text(uint64_t time_ns, char *text, size_t bytes)
{
    snprintf(text, bytes, "%" PRIu64 ".%09" PRIu64 " s", time_ns / 1000000000,
             time_ns % 1000000000);
    return text;
}
