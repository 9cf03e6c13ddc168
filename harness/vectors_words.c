/* Words of an operation in a conformance file: numbers, names, handles, addresses. */
#include "harness/vectors_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "include/windows.h"

bool malformed(struct words *w, const char *what, const char *detail)
{
    snprintf(w->message, w->message_bytes, "%s '%s'", what, detail);
    return false;
}

static const struct {
    const char *name;
    uint64_t value;
} names[] = {
    {"MEM_COMMIT", MEM_COMMIT},
    {"MEM_RESERVE", MEM_RESERVE},
    {"MEM_DECOMMIT", MEM_DECOMMIT},
    {"MEM_RELEASE", MEM_RELEASE},
    {"MEM_FREE", MEM_FREE},
    {"MEM_RESET", MEM_RESET},
    {"MEM_RESET_UNDO", MEM_RESET_UNDO},
    {"MEM_TOP_DOWN", MEM_TOP_DOWN},
    {"MEM_WRITE_WATCH", MEM_WRITE_WATCH},
    {"MEM_PHYSICAL", MEM_PHYSICAL},
    {"MEM_LARGE_PAGES", MEM_LARGE_PAGES},
    {"MEM_PRIVATE", MEM_PRIVATE},
    {"MEM_MAPPED", MEM_MAPPED},
    {"MEM_IMAGE", MEM_IMAGE},
    {"MEM_REPLACE_PLACEHOLDER", MEM_REPLACE_PLACEHOLDER},
    {"MEM_RESERVE_PLACEHOLDER", MEM_RESERVE_PLACEHOLDER},
    {"MEM_COALESCE_PLACEHOLDERS", MEM_COALESCE_PLACEHOLDERS},
    {"MEM_PRESERVE_PLACEHOLDER", MEM_PRESERVE_PLACEHOLDER},
    {"AT_ROUND_TO_PAGE", 0x40000000},
    {"MEM_4MB_PAGES", 0x80000000},
    {"MEM_ROTATE", MEM_ROTATE},
    {"PAGE_NOACCESS", PAGE_NOACCESS},
    {"PAGE_READONLY", PAGE_READONLY},
    {"PAGE_READWRITE", PAGE_READWRITE},
    {"PAGE_WRITECOPY", PAGE_WRITECOPY},
    {"PAGE_EXECUTE", PAGE_EXECUTE},
    {"PAGE_EXECUTE_READ", PAGE_EXECUTE_READ},
    {"PAGE_EXECUTE_READWRITE", PAGE_EXECUTE_READWRITE},
    {"PAGE_EXECUTE_WRITECOPY", PAGE_EXECUTE_WRITECOPY},
    {"PAGE_GUARD", PAGE_GUARD},
    {"PAGE_NOCACHE", PAGE_NOCACHE},
    {"PAGE_WRITECOMBINE", PAGE_WRITECOMBINE},
    {"WRITE_WATCH_FLAG_RESET", WRITE_WATCH_FLAG_RESET},
    {"HEAP_NO_SERIALIZE", HEAP_NO_SERIALIZE},
    {"HEAP_GROWABLE", HEAP_GROWABLE},
    {"HEAP_GENERATE_EXCEPTIONS", HEAP_GENERATE_EXCEPTIONS},
    {"HEAP_ZERO_MEMORY", HEAP_ZERO_MEMORY},
    {"HEAP_REALLOC_IN_PLACE_ONLY", HEAP_REALLOC_IN_PLACE_ONLY},
    {"HEAP_CREATE_ENABLE_EXECUTE", HEAP_CREATE_ENABLE_EXECUTE},
};

bool parse_plain(const char *text, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 0);
    return *end == '\0';
}

bool parse_number(struct words *w, unsigned at, uint64_t *value)
{
    *value = 0;
    if (at >= w->count)
        return malformed(w, "a number is missing after", w->word[w->count - 1]);
    char copy[256];
    snprintf(copy, sizeof copy, "%s", w->word[at]);
    char *rest = copy;
    for (char *part = strsep(&rest, "|"); part; part = strsep(&rest, "|")) {
        uint64_t bits = 0;
        bool known = parse_plain(part, &bits);
        for (size_t i = 0; !known && i < sizeof names / sizeof *names; i++)
            if (strcmp(part, names[i].name) == 0) {
                bits = names[i].value;
                known = true;
            }
        if (!known)
            return malformed(w, "unknown number or name", part);
        *value |= bits;
    }
    return true;
}

struct handle *find_handle(struct vector_state *state, const char *name, size_t length)
{
    for (unsigned i = 0; i < state->count; i++)
        if (strlen(state->handles[i].name) == length &&
            strncmp(state->handles[i].name, name, length) == 0)
            return &state->handles[i];
    return NULL;
}

struct handle *make_handle(struct vector_state *state, struct words *w, const char *name)
{
    struct handle *handle = find_handle(state, name, strlen(name));
    if (handle)
        return handle;
    if (state->count == HANDLES_ROOM || strlen(name) >= NAME_BYTES) {
        malformed(w, "too many or too long handle names at", name);
        return NULL;
    }
    handle = &state->handles[state->count++];
    snprintf(handle->name, sizeof handle->name, "%s", name);
    return handle;
}

bool parse_address(struct vector_state *state, struct words *w, unsigned at,
                   struct address *address)
{
    *address = (struct address){0};
    if (at >= w->count)
        return malformed(w, "an address is missing after", w->word[w->count - 1]);
    const char *text = w->word[at];
    if (strcmp(text, "0") == 0)
        return true;
    if (*text == '@') {
        address->absolute = true;
        return parse_plain(text + 1, &address->value) || malformed(w, "not an address", text);
    }
    size_t length = strcspn(text, "+-");
    uint64_t offset = 0;
    if (text[length] && !parse_plain(text + length + 1, &offset))
        return malformed(w, "not an offset", text);
    address->handle = find_handle(state, text, length);
    if (!address->handle || !address->handle->bound) {
        w->skip = true;
        return true;
    }
    address->value = address->handle->value + (text[length] == '-' ? -offset : offset);
    return true;
}

/* "H+0x10", "@0x10000" or "0x..": how results show an address. */
void show_address(const struct address *relative, uint64_t value, char *text, size_t bytes)
{
    if (relative->handle && value >= relative->handle->value)
        snprintf(text, bytes, "%s+0x%" PRIx64, relative->handle->name,
                 value - relative->handle->value);
    else if (relative->handle)
        snprintf(text, bytes, "%s-0x%" PRIx64, relative->handle->name,
                 relative->handle->value - value);
    else
        snprintf(text, bytes, "@0x%" PRIx64, value);
}

bool show_status(enum status status, char *result, size_t bytes)
{
    if (status == ST_OK)
        snprintf(result, bytes, "ok");
    else
        snprintf(result, bytes, "fail %" PRIu32, status_code(status));
    return true;
}
