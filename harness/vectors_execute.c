/* Executes the operations of conformance files. See vectors.h.
 *
 * Memory calls go to the machine with logical addresses; heap calls through the Win32 surface; and
 * reads, writes and executions are done by native code in the window, so that contents, zeroing
 * and the fault handler are tested for real. The model is asked first, because an exception would
 * end the process: what it calls an access violation is reported, not tried. */
#include "harness/vectors_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "include/windows.h"
#include "os/heap.h"
#include "os/machine.h"

#define ARENA_PLACE UINT64_C(0x10000000000) /* where arenas begin, one behind the other */
#define WATCH_MAX 4096

struct vector_state *vector_state_create(void)
{
    struct vector_state *state = calloc(1, sizeof *state);
    if (state)
        state->next_arena = ARENA_PLACE;
    return state;
}

/* Everything that the case before left is released. */
void vector_state_reset(struct vector_state *state)
{
    struct machine *m = machine_current();
    for (unsigned i = 0; i < state->count; i++)
        if (state->handles[i].bound && state->handles[i].is_heap_block &&
            heap_from_handle(m, state->handles[i].value))
            heap_destroy(m, heap_from_handle(m, state->handles[i].value));
    uint64_t address = GRANULARITY_BYTES;
    struct memory_info info;
    while (machine_query(m, address, &info) == ST_OK) {
        if (info.state != MEM_FREE)
            machine_free(m, info.allocation_base, 0, MEM_RELEASE);
        address = info.base + info.size;
    }
    memset(state->handles, 0, sizeof state->handles);
    state->count = 0;
    state->next_arena = ARENA_PLACE;
}

/* ---- memory ---- */

static bool do_arena(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    uint64_t size, below, above;
    struct machine *m = machine_current();
    if (w->count < 3 || !parse_number(w, 2, &size))
        return malformed(w, "arena needs a name and a size, got", w->word[0]);
    struct handle *handle = make_handle(state, w, w->word[1]);
    if (!handle)
        return false;
    size = (size + GRANULARITY_BYTES - 1) & ~(GRANULARITY_BYTES - 1);
    uint64_t base = state->next_arena + GRANULARITY_BYTES;
    enum status status = machine_alloc(m, base - GRANULARITY_BYTES, GRANULARITY_BYTES, MEM_RESERVE,
                                       PAGE_NOACCESS, &below);
    if (status == ST_OK)
        status =
            machine_alloc(m, base + size, GRANULARITY_BYTES, MEM_RESERVE, PAGE_NOACCESS, &above);
    state->next_arena = base + size + 16 * GRANULARITY_BYTES;
    *handle = (struct handle){.bound = true, .is_arena = true, .value = base, .size = size};
    snprintf(handle->name, sizeof handle->name, "%s", w->word[1]);
    return show_status(status, result, bytes);
}

static bool do_alloc(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size, type, protect, got;
    if (w->count < 6)
        return malformed(w, "alloc needs handle, address, size, type and protection:", w->word[0]);
    if (!parse_address(state, w, 2, &address) || !parse_number(w, 3, &size) ||
        !parse_number(w, 4, &type) || !parse_number(w, 5, &protect))
        return false;
    if (w->skip)
        return true;
    struct handle *handle = make_handle(state, w, w->word[1]);
    if (!handle)
        return false;
    enum status status = machine_alloc(machine_current(), address.value, size, (uint32_t)type,
                                       (uint32_t)protect, &got);
    if (status != ST_OK)
        return show_status(status, result, bytes);
    bool keeps_base = handle->is_arena || address.handle == handle;
    if (!keeps_base) {
        handle->value = got;
        handle->bound = true;
    }
    char text[64];
    if (!address.handle && !address.absolute) {
        snprintf(result, bytes, "ok %s+0x0 mod64k=0x%" PRIx64, handle->name,
                 got & (GRANULARITY_BYTES - 1));
        return true;
    }
    show_address(&address, got, text, sizeof text);
    snprintf(result, bytes, "ok %s", text);
    return true;
}

static bool do_free(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size, type;
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size) ||
        !parse_number(w, 3, &type))
        return false;
    if (w->skip)
        return true;
    return show_status(machine_free(machine_current(), address.value, size, (uint32_t)type), result,
                       bytes);
}

static bool do_protect(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size, protect;
    uint32_t old;
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size) ||
        !parse_number(w, 3, &protect))
        return false;
    if (w->skip)
        return true;
    bool has_old = !(w->count > 4 && strcmp(w->word[4], "nullold") == 0);
    enum status status =
        machine_protect(machine_current(), address.value, size, (uint32_t)protect, has_old, &old);
    if (status != ST_OK)
        return show_status(status, result, bytes);
    snprintf(result, bytes, "ok old=0x%" PRIx32, old);
    return true;
}

static const char *state_name(uint32_t state)
{
    return state == MEM_COMMIT ? "COMMIT" : state == MEM_RESERVE ? "RESERVE" : "FREE";
}

static bool do_query(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    struct memory_info info;
    if (!parse_address(state, w, 1, &address))
        return false;
    if (w->skip)
        return true;
    enum status status = machine_query(machine_current(), address.value, &info);
    if (status != ST_OK)
        return show_status(status, result, bytes);
    char base[64], allocation[64] = "0";
    show_address(&address, info.base, base, sizeof base);
    if (info.state != MEM_FREE)
        show_address(&address, info.allocation_base, allocation, sizeof allocation);
    snprintf(result, bytes,
             "q base=%s abase=%s aprot=0x%" PRIx32 " size=0x%" PRIx64 " state=%s prot=0x%" PRIx32
             " type=%s",
             base, allocation, info.allocation_protect, info.size, state_name(info.state),
             info.protect,
             info.type == MEM_PRIVATE  ? "PRIVATE"
             : info.type == MEM_MAPPED ? "MAPPED"
             : info.type == MEM_IMAGE  ? "IMAGE"
                                       : "0");
    return true;
}

static bool do_walk(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    if (!parse_address(state, w, 1, &address))
        return false;
    if (w->skip)
        return true;
    if (!address.handle || !address.handle->is_arena)
        return malformed(w, "walk needs an arena, not", w->word[1]);
    uint64_t base = address.handle->value, end = base + address.handle->size;
    size_t used = (size_t)snprintf(result, bytes, "walk");
    for (uint64_t at = base; at < end && used < bytes;) {
        struct memory_info info;
        if (machine_query(machine_current(), at, &info) != ST_OK)
            break;
        uint64_t size = info.size < end - at ? info.size : end - at;
        used += (size_t)snprintf(result + used, bytes - used, " 0x%" PRIx64 "+0x%" PRIx64 ":%c",
                                 at - base, size, state_name(info.state)[0]);
        if (info.state != MEM_FREE && used < bytes)
            used += (size_t)snprintf(result + used, bytes - used,
                                     ",%" PRIx32 ",%" PRIx32 ",0x%" PRIx64, info.protect,
                                     info.allocation_protect, info.allocation_base - base);
        at += size;
    }
    return true;
}

static bool do_lock(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size;
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size))
        return false;
    if (w->skip)
        return true;
    struct machine *m = machine_current();
    bool lock = strcmp(w->word[0], "lock") == 0;
    return show_status(lock ? machine_lock(m, address.value, size)
                            : machine_unlock(m, address.value, size),
                       result, bytes);
}

/* ---- accesses ---- */

/* Native address of a logical one; heap blocks are native already. */
static uint8_t *native_of(const struct address *address)
{
    bool native = address->handle && address->handle->is_heap_block;
    return (uint8_t *)(uintptr_t)(native ? address->value : WINDOW_BASE + address->value);
}

static enum access_result probe(const struct address *address, enum access_kind kind)
{
    uint64_t native = (uint64_t)(uintptr_t)native_of(address);
    return machine_touch(machine_current(), native - WINDOW_BASE, kind);
}

/* Memory above the window exists in the model only; nobody ever wrote to it. */
static bool is_reachable(const struct address *address)
{
    return (uint64_t)(uintptr_t)native_of(address) - WINDOW_BASE < WINDOW_BYTES;
}

static uint8_t read_byte(const struct address *address)
{
    return is_reachable(address) ? *(volatile uint8_t *)native_of(address) : 0;
}

static const char *const kinds[] = {"read", "write", "exec"};

static bool show_access(enum access_result outcome, enum access_kind kind, char *result,
                        size_t bytes)
{
    if (outcome != ACCESS_OK)
        snprintf(result, bytes, "%s %s",
                 outcome == ACCESS_GUARD ? "GUARD_PAGE" : "ACCESS_VIOLATION", kinds[kind]);
    return outcome == ACCESS_OK;
}

static bool do_access(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t byte = 0;
    enum access_kind kind = *w->word[0] == 'r'   ? ACCESS_READ
                            : *w->word[0] == 'w' ? ACCESS_WRITE
                                                 : ACCESS_EXECUTE;
    if (!parse_address(state, w, 1, &address) ||
        (kind == ACCESS_WRITE && !parse_number(w, 2, &byte)))
        return false;
    if (w->skip || !show_access(probe(&address, kind), kind, result, bytes))
        return true;
    volatile uint8_t *native = native_of(&address);
    snprintf(result, bytes, "ok");
    if (kind == ACCESS_READ) {
        snprintf(result, bytes, "ok 0x%02x", read_byte(&address));
    } else if (kind == ACCESS_WRITE && is_reachable(&address)) {
        *native = (uint8_t)byte;
    } else if (kind == ACCESS_EXECUTE && is_reachable(&address)) {
#if defined(__x86_64__)
        /* The byte is C3, a return; anything else would run wild. */
        if (machine_touch(machine_current(), (uint64_t)(uintptr_t)native - WINDOW_BASE,
                          ACCESS_READ) == ACCESS_OK &&
            *native == 0xc3)
            ((void (*)(void))(uintptr_t)native)();
#endif
    }
    return true;
}

static bool do_iszero(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size;
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size))
        return false;
    if (w->skip)
        return true;
    snprintf(result, bytes, "yes");
    struct address at = address;
    for (uint64_t i = 0; i < size; i++) {
        at.value = address.value + i;
        if ((i == 0 || at.value % PAGE_BYTES == 0) &&
            !show_access(probe(&at, ACCESS_READ), ACCESS_READ, result, bytes))
            return true;
        uint8_t byte = read_byte(&at);
        if (byte) {
            snprintf(result, bytes, "no 0x%" PRIx64 "=0x%02x", i, byte);
            return true;
        }
    }
    return true;
}

/* ---- write watch ---- */

static bool do_writewatch(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size, flags, room = 256;
    static uint64_t pages[WATCH_MAX];
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size) ||
        !parse_number(w, 3, &flags) || (w->count > 4 && !parse_number(w, 4, &room)))
        return false;
    if (w->skip)
        return true;
    if (room > WATCH_MAX)
        return malformed(w, "at most 4096 pages can be asked for, not", w->word[4]);
    enum status status = machine_get_write_watch(machine_current(), (uint32_t)flags, address.value,
                                                 size, pages, &room);
    if (status != ST_OK)
        return show_status(status, result, bytes);
    size_t used = (size_t)snprintf(result, bytes, "ww n=%" PRIu64 " gran=0x1000", room);
    for (uint64_t i = 0; i < room && used + 64 < bytes; i++) {
        char text[64];
        show_address(&address, pages[i], text, sizeof text);
        used += (size_t)snprintf(result + used, bytes - used, " %s", text);
    }
    return true;
}

static bool do_resetwatch(struct vector_state *state, struct words *w, char *result, size_t bytes)
{
    struct address address;
    uint64_t size;
    if (!parse_address(state, w, 1, &address) || !parse_number(w, 2, &size))
        return false;
    if (w->skip)
        return true;
    return show_status(machine_reset_write_watch(machine_current(), address.value, size), result,
                       bytes);
}

/* ---- dispatch ---- */

static const struct {
    const char *name;
    vector_operation *run;
} operations[] = {
    {"arena", do_arena},
    {"alloc", do_alloc},
    {"free", do_free},
    {"protect", do_protect},
    {"query", do_query},
    {"walk", do_walk},
    {"lock", do_lock},
    {"unlock", do_lock},
    {"read", do_access},
    {"write", do_access},
    {"exec", do_access},
    {"iszero", do_iszero},
    {"writewatch", do_writewatch},
    {"resetwatch", do_resetwatch},
    {"hcreate", do_hcreate},
    {"hdestroy", do_hdestroy},
    {"halloc", do_halloc},
    {"hrealloc", do_hrealloc},
    {"hfree", do_hfree},
    {"hsize", do_hsize},
};

bool vector_execute(struct vector_state *state, char *operation, char *result, size_t result_bytes,
                    char *message, size_t message_bytes)
{
    struct words w = {.message = message, .message_bytes = message_bytes};
    for (char *word = strsep(&operation, " \t"); word; word = strsep(&operation, " \t")) {
        if (*word == '\0')
            continue;
        if (w.count == WORDS_MAX)
            return malformed(&w, "too many words at", word);
        w.word[w.count++] = word;
    }
    CHECK(w.count > 0);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(w.word[0], operations[i].name) != 0)
            continue;
        if (!operations[i].run(state, &w, result, result_bytes))
            return false;
        if (w.skip)
            snprintf(result, result_bytes, "skip");
        return true;
    }
    return malformed(&w, "unknown operation", w.word[0]);
}
