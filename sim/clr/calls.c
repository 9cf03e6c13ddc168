/* Scripted calls: each slot of the interfaces, and whether it gave what was expected.
 *
 * What is expected is looked at right after the call, while its record is the last one. */
#define CINTERFACE
#define COBJMACROS
#include "clr/holdings.h"

#include <stdio.h>
#include "clr/words.h"
#include "core/layout.h"

#define TEXT_BYTES 128

struct call {
    struct run *run;
    struct clr *clr;
    const struct step *step;
    const struct step_call *said;
    uint64_t index;       /* repetition of the innermost repeat */
    uint64_t address;     /* native: what `at` means */
    struct holding *made; /* the object of CreateMalloc that the step names, NULL: none is there */
    IHostMalloc *object;  /* Alloc, DebugAlloc, Free */
    IUnknown *unknown;    /* QueryInterface, AddRef, Release */
    uint64_t which;       /* its number in records */
    struct holding *leaving; /* Release */
    bool served;
    const char *why; /* refused without an HRESULT: in words; NULL: clr->answer says it */
    uint64_t fault;  /* read, write: first byte of the range without access */
    bool told;       /* one difference has been told: no second one */
};

/* ---- telling what was not as expected ---- */

static void tell(struct call *c, const char *expected, const char *got)
{
    const struct workload_hooks *hooks = c->run->hooks;
    if (!c->told && hooks && hooks->broken)
        hooks->broken(hooks->context, c->step, expected, got);
    c->told = true;
}

/* What the call returned, in words. */
static void describe(const struct call *c, char *text, size_t bytes)
{
    char hr[64];
    words_hresult(c->clr->answer, hr, sizeof hr);
    if (c->said->slot == CALL_read || c->said->slot == CALL_write)
        snprintf(text, bytes, c->served ? "access to every byte" : "no access to byte %llu",
                 (unsigned long long)c->fault);
    else if (c->why)
        snprintf(text, bytes, "%s", c->why);
    else if (c->clr->answer == S_OK && !c->served)
        snprintf(text, bytes, "S_OK with a null pointer");
    else if (c->clr->leftover)
        snprintf(text, bytes, "%s with a pointer left in the result", hr);
    else
        snprintf(text, bytes, "%s", hr);
}

/* Whether the call gave this result, and the result in words. */
static bool gave(const struct call *c, const struct result_expect *expect, char *text, size_t bytes)
{
    CHECK(bytes > 0);
    text[0] = '\0';
    if (expect->kind == RESULT_SERVED ||
        (expect->kind == RESULT_EXACT && expect->hresult == S_OK)) {
        snprintf(text, bytes, "S_OK");
        return c->served;
    }
    if (expect->kind == RESULT_REFUSED) {
        snprintf(text, bytes, "a refusal");
        return !c->served && (c->why || c->clr->leftover == 0);
    }
    if (expect->kind == RESULT_EXACT) {
        words_hresult((HRESULT)expect->hresult, text, bytes);
        return !c->why && (uint32_t)c->clr->answer == expect->hresult && c->clr->leftover == 0;
    }
    CHECK(expect->kind == RESULT_ANY);
    return true;
}

/* One of several results may be expected: any of them will do. */
static void expect_result(struct call *c)
{
    char expected[TEXT_BYTES * 2] = "", got[TEXT_BYTES];
    size_t used = 0;
    for (const struct result_expect *at = &c->said->expect; at; at = at->also) {
        char one[TEXT_BYTES];
        if (gave(c, at, one, sizeof one))
            return;
        if (used < sizeof expected)
            used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
                                     used ? " or " : "", one);
    }
    describe(c, got, sizeof got);
    tell(c, expected, got);
}

/* What the call answered is expected, but it answered nothing. False: so it is. */
static bool has_answer(struct call *c, bool expects, const char *expected)
{
    char got[TEXT_BYTES];
    if (!expects || c->served)
        return c->served;
    describe(c, got, sizeof got);
    tell(c, expected, got);
    return false;
}

static void expect_number(struct call *c, const struct comparison *comparison, uint64_t number,
                          const char *unit)
{
    static const char *const signs[] = {"",         "",           "not ",     "less than ",
                                        "at most ", "more than ", "at least "};
    char expected[TEXT_BYTES], got[TEXT_BYTES];
    if (comparison->op == COMPARE_NONE)
        return;
    if (comparison->op == COMPARE_WITHIN)
        snprintf(expected, sizeof expected, "%llu to %llu %s",
                 (unsigned long long)comparison->value, (unsigned long long)comparison->high, unit);
    else
        snprintf(expected, sizeof expected, "%s%llu %s", signs[comparison->op],
                 (unsigned long long)comparison->value, unit);
    if (!has_answer(c, true, expected) || compare_holds(comparison, number))
        return;
    snprintf(got, sizeof got, "%llu %s", (unsigned long long)number, unit);
    tell(c, expected, got);
}

static void expect_word(struct call *c, uint32_t wanted, uint32_t value,
                        void (*words)(uint32_t value, char *text, size_t bytes))
{
    char expected[TEXT_BYTES], got[TEXT_BYTES];
    words(wanted, expected, sizeof expected);
    if (!has_answer(c, wanted != 0, expected) || wanted == 0 || value == wanted)
        return;
    words(value, got, sizeof got);
    tell(c, expected, got);
}

/* A refusal has no address that could be wrong. */
static void expect_aligned(struct call *c, uint64_t result)
{
    char expected[TEXT_BYTES], got[TEXT_BYTES];
    bool inside = result - WINDOW_BASE < WINDOW_BYTES;
    if (!c->served || c->said->aligned == 0 || result % c->said->aligned == 0)
        return;
    snprintf(expected, sizeof expected, "a multiple of 0x%llx",
             (unsigned long long)c->said->aligned);
    snprintf(got, sizeof got, "0x%llx",
             (unsigned long long)(inside ? result - WINDOW_BASE : result));
    tell(c, expected, got);
}

/* In the largest unit that the limit is a whole number of. */
static void expect_in_time(struct call *c, uint64_t took_ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    char expected[TEXT_BYTES], got[TEXT_BYTES];
    uint64_t within_ns = c->said->within_ns;
    size_t u = 0;
    if (within_ns == 0 || took_ns <= within_ns)
        return;
    while (within_ns % units[u].ns != 0)
        u++;
    snprintf(expected, sizeof expected, "an answer within %llu %s",
             (unsigned long long)(within_ns / units[u].ns), units[u].name);
    snprintf(got, sizeof got, "one after more than %llu %s",
             (unsigned long long)((took_ns - 1) / units[u].ns), units[u].name);
    tell(c, expected, got);
}

/* ---- binding results ---- */

static void bind(struct call *c, struct named meaning)
{
    if (c->said->has_as)
        name_bind(c->run, c->said->as, c->said->as_indexed, c->index, meaning);
}

/* The result is a thing of its own, or was refused. Returns the thing. */
static struct holding *bind_new(struct call *c, enum holding_kind kind, uint64_t address)
{
    if (!c->served) {
        bind(c, (struct named){.state = NAME_REFUSED});
        return NULL;
    }
    struct holding *holding = holding_add(c->run, kind, address);
    if (kind == HOLDING_REGION || kind == HOLDING_BLOCK)
        in_use_taken(c->run->sim, &c->run->in_use, address,
                     kind == HOLDING_REGION ? "region" : "block");
    bind(c, (struct named){NAME_BOUND, address, holding});
    return holding;
}

/* Before the call that gives it back: other threads may get the same address as soon as the host
 * has it. NULL: nothing of the kind is held there. */
static struct holding *leave(struct call *c, enum holding_kind kind, uint64_t address)
{
    struct holding *holding = holding_find(c->run, kind, address, &c->said->at, c->index);
    if (holding) {
        holding->leaving = true;
        in_use_leaves(&c->run->in_use, address);
    }
    return holding;
}

/* Behind it: served, it is gone; refused, it is still held. */
static void unbind(struct call *c, struct holding *holding)
{
    if (!holding)
        return;
    holding->leaving = false;
    if (c->served)
        holding_remove(c->run, holding);
    else
        in_use_stays(c->run->sim, &c->run->in_use, holding->address);
}

/* ---- IHostMemoryManager ---- */

static void virtual_alloc(struct call *c)
{
    uint64_t result;
    const struct step_call *said = c->said;
    host_virtual_alloc(c->clr, c->address, said->size, said->type, said->protect,
                       level_of(said->criticality), &result);
    c->served = result != 0;
    expect_result(c);
    expect_aligned(c, result);
    if (c->address == 0 || (said->type & MEM_RESERVE))
        bind_new(c, HOLDING_REGION, result);
    else
        bind(c, (struct named){result ? NAME_BOUND : NAME_REFUSED, result, NULL});
}

static void virtual_free(struct call *c)
{
    bool releases = c->said->type & MEM_RELEASE;
    uint64_t first_page = c->address & ~(PAGE_BYTES - 1); /* Windows takes any address in it */
    struct holding *region = releases ? leave(c, HOLDING_REGION, first_page) : NULL;
    c->served = host_virtual_free(c->clr, c->address, c->said->size, c->said->type) == S_OK;
    expect_result(c);
    unbind(c, region);
}

static void virtual_query(struct call *c)
{
    MEMORY_BASIC_INFORMATION info;
    c->served = host_virtual_query(c->clr, c->address, &info) == S_OK;
    expect_result(c);
    expect_word(c, c->said->state, info.State, words_state);
    expect_word(c, c->said->is_protect, info.Protect, words_protection);
}

static void virtual_protect(struct call *c)
{
    uint32_t old;
    c->served =
        host_virtual_protect(c->clr, c->address, c->said->size, c->said->protect, &old) == S_OK;
    expect_result(c);
    expect_word(c, c->said->is_protect, old, words_protection);
}

static void get_memory_load(struct call *c)
{
    uint32_t load;
    uint64_t available;
    c->served = host_get_memory_load(c->clr, &load, &available) == S_OK;
    expect_result(c);
    if (!c->served) /* a host may refuse to say: whether this one may, `expect` says */
        return;
    expect_number(c, &c->said->load, load, "% load");
    expect_number(c, &c->said->available, available, "bytes available");
}

static void create_malloc(struct call *c)
{
    IHostMalloc *object;
    c->served = host_create_malloc(c->clr, c->said->type, &object) == S_OK;
    expect_result(c);
    struct holding *holding = bind_new(c, HOLDING_MALLOC, (uint64_t)(uintptr_t)object);
    if (holding)
        holding->which = HOST_MORE_MALLOCS + c->run->more_mallocs++;
}

static void register_callback(struct call *c)
{
    c->served = host_register_callback(c->clr) == S_OK;
    expect_result(c);
}

static void needs_address_space(struct call *c)
{
    /* Any success code is a yes. */
    c->served = SUCCEEDED(host_needs_address_space(c->clr, c->address, c->said->size));
    expect_result(c);
}

static void acquired_address_space(struct call *c)
{
    c->served = host_acquired_address_space(c->clr, c->address, c->said->size) == S_OK;
    expect_result(c);
}

static void released_address_space(struct call *c)
{
    c->served = host_released_address_space(c->clr, c->address) == S_OK;
    expect_result(c);
}

/* ---- IHostMalloc ---- */

static void take_block(struct call *c, uint64_t result)
{
    CHECK(c->object != NULL);
    c->served = result != 0;
    expect_result(c);
    expect_aligned(c, result);
    struct holding *holding = bind_new(c, HOLDING_BLOCK, result);
    if (holding)
        holding->object = c->object;
}

static void alloc(struct call *c)
{
    uint64_t result;
    host_malloc_alloc(c->clr, c->object, c->said->size, level_of(c->said->criticality), &result);
    take_block(c, result);
}

static void debug_alloc(struct call *c)
{
    uint64_t result;
    host_malloc_debug_alloc(c->clr, c->object, c->said->size, level_of(c->said->criticality),
                            c->said->file, (int)c->said->line, &result);
    take_block(c, result);
}

static void free_block(struct call *c)
{
    struct holding *block = leave(c, HOLDING_BLOCK, c->address);
    c->served = host_malloc_free(c->clr, c->object, c->address) == S_OK;
    expect_result(c);
    unbind(c, block);
}

/* ---- IUnknown ---- */

/* Whose AddRef, Release or QueryInterface is meant. */
static IUnknown *unknown_of(struct call *c)
{
    switch (c->said->object) {
    case OBJECT_MANAGER:
        c->which = HOST_MANAGER;
        return (IUnknown *)c->clr->manager;
    case OBJECT_MALLOC:
        c->which = HOST_MALLOC;
        return (IUnknown *)c->clr->malloc;
    case OBJECT_MADE:
        c->which = c->made ? c->made->which : 0;
        return c->made ? (IUnknown *)(uintptr_t)c->made->address : NULL;
    default:
        CHECK(c->said->object == OBJECT_CONTROL);
        c->which = HOST_CONTROL;
        return (IUnknown *)c->clr->control; /* not every policy has one */
    }
}

static void query_interface(struct call *c)
{
    IUnknown *found;
    const IID *iid = words_interface(c->said->iid);
    CHECK(iid != NULL);
    c->served = host_query_interface(c->clr, c->unknown, c->which, iid, &found) == S_OK;
    expect_result(c);
    if (c->served)
        holding_add(c->run, HOLDING_REFERENCE, (uint64_t)(uintptr_t)found)->which = c->which;
}

static void add_ref(struct call *c)
{
    host_add_ref(c->clr, c->unknown, c->which);
    c->served = true;
    expect_result(c);
    holding_add(c->run, HOLDING_REFERENCE, (uint64_t)(uintptr_t)c->unknown)->which = c->which;
}

/* What scripted calls have acquired goes first, then an object of theirs, behind its blocks; what
 * is the CLR's own has no holding. */
static bool may_release(struct call *c)
{
    c->leaving = holding_reference(c->run, c->which);
    if (c->leaving || !c->made)
        return true;
    c->leaving = c->made;
    return !holding_has_blocks(c->run, c->made);
}

static void release(struct call *c)
{
    struct holding *holding = c->leaving;
    CHECK(!holding || holding->address != 0);
    if (holding)
        holding->leaving = true;
    else
        c->clr->released |= 1u << c->which;
    host_release(c->clr, holding ? (IUnknown *)(uintptr_t)holding->address : c->unknown, c->which);
    c->served = true;
    expect_result(c);
    if (holding)
        holding_remove(c->run, holding);
}

/* ---- managed code and views ---- */

static const uint8_t written_byte = 0xa5; /* first in each page, and not zero */

/* False: a byte is not zero, or the first not what was written, which has been told. */
static bool expect_bytes(struct call *c, uint64_t offset, uint64_t count)
{
    bool zero = c->said->zero;
    const struct clr_env *env = &c->clr->env;
    uint8_t bytes[PAGE_BYTES];
    char got[TEXT_BYTES];
    CHECK(count <= sizeof bytes);
    if (!env->peek(env->context, c->address + offset, bytes, count))
        return true;
    for (uint64_t i = 0; i < (zero ? count : 1); i++) {
        if (bytes[i] == (zero ? 0 : written_byte))
            continue;
        snprintf(got, sizeof got, "byte %llu is 0x%02x", (unsigned long long)(offset + i),
                 bytes[i]);
        tell(c, zero ? "zero in every byte" : "what was written in every page", got);
        return false;
    }
    return true;
}

/* Each page of the range once. What is written is not zero, so that a page which another block
 * gets without being cleared shows. */
static void access_range(struct call *c, bool write)
{
    const struct clr_env *env = &c->clr->env;
    bool looks = !write && (c->said->zero || c->said->written);
    c->served = true;
    for (uint64_t offset = 0; offset < c->said->size;) {
        uint64_t at = c->address + offset, part = PAGE_BYTES - (at & (PAGE_BYTES - 1));
        if (part > c->said->size - offset)
            part = c->said->size - offset;
        CHECK(part > 0);
        CHECK(part <= PAGE_BYTES);
        if (!env->touch(env->context, at, write)) {
            c->served = false;
            c->fault = offset;
            break;
        }
        if (write && env->poke)
            env->poke(env->context, at, &written_byte, 1);
        looks = looks && expect_bytes(c, offset, part);
        offset += part;
    }
    c->why = "access";
    expect_result(c);
    if (looks && c->said->expect.kind == RESULT_ANY) /* what is not there is neither */
        has_answer(c, true,
                   c->said->zero ? "zero in every byte" : "what was written in every page");
}

static void read_range(struct call *c)
{
    access_range(c, false);
}

static void write_range(struct call *c)
{
    access_range(c, true);
}

static void map_view(struct call *c)
{
    uint64_t address;
    c->served = clr_map_view(c->clr, c->said->size, &address);
    CHECK(c->served == (address != 0));
    c->why = c->served ? "a view" : "no address space for the view";
    expect_result(c);
    bind_new(c, HOLDING_VIEW, address);
}

static void unmap_view(struct call *c)
{
    struct holding *view = leave(c, HOLDING_VIEW, c->address);
    clr_unmap_view(c->clr, c->address);
    c->served = true;
    c->why = "no view";
    expect_result(c);
    unbind(c, view);
}

/* ---- one call ---- */

/* Whose operations a slot counts among. */
enum counted { COUNTED_HOST, COUNTED_AROUND, COUNTED_TOUCH };

static const struct slot {
    void (*perform)(struct call *c);
    enum counted counted;
} slots[CALL_SLOTS] = {
    [CALL_VirtualAlloc] = {virtual_alloc},
    [CALL_VirtualFree] = {virtual_free},
    [CALL_VirtualQuery] = {virtual_query},
    [CALL_VirtualProtect] = {virtual_protect},
    [CALL_GetMemoryLoad] = {get_memory_load},
    [CALL_CreateMalloc] = {create_malloc},
    [CALL_RegisterMemoryNotificationCallback] = {register_callback},
    [CALL_NeedsVirtualAddressSpace] = {needs_address_space},
    [CALL_AcquiredVirtualAddressSpace] = {acquired_address_space},
    [CALL_ReleasedVirtualAddressSpace] = {released_address_space},
    [CALL_Alloc] = {alloc},
    [CALL_DebugAlloc] = {debug_alloc},
    [CALL_Free] = {free_block},
    [CALL_QueryInterface] = {query_interface},
    [CALL_AddRef] = {add_ref},
    [CALL_Release] = {release},
    [CALL_read] = {read_range, COUNTED_TOUCH},
    [CALL_write] = {write_range, COUNTED_TOUCH},
    [CALL_map_view] = {map_view, COUNTED_AROUND},
    [CALL_unmap_view] = {unmap_view, COUNTED_AROUND},
};

/* The object that Alloc, DebugAlloc and Free go to. A block goes back where it came from. */
static IHostMalloc *malloc_of(const struct call *c)
{
    if (c->said->has_of)
        return c->made ? (IHostMalloc *)(uintptr_t)c->made->address : NULL;
    const struct holding *block = NULL;
    if (c->said->slot == CALL_Free && c->address != 0)
        block = holding_find(c->run, HOLDING_BLOCK, c->address, &c->said->at, c->index);
    return block ? block->object : c->clr->malloc;
}

/* False: what the call needs was refused, or is not there. */
static bool prepare(struct call *c)
{
    const struct step_call *said = c->said;
    if (!block_resolve(c->run, &said->at, c->index, &c->address))
        return false;
    if (said->has_of)
        c->made = holding_object(c->run, said->of, said->of_indexed, c->index);
    switch (said->slot) {
    case CALL_Alloc:
    case CALL_DebugAlloc:
    case CALL_Free:
        c->object = malloc_of(c);
        return c->object != NULL;
    case CALL_QueryInterface:
    case CALL_AddRef:
    case CALL_Release:
        c->unknown = unknown_of(c);
        return c->unknown && (said->slot != CALL_Release || may_release(c));
    case CALL_unmap_view:
        return holding_find(c->run, HOLDING_VIEW, c->address, &c->said->at, c->index) != NULL;
    default:
        return true;
    }
}

enum call_result call_perform(struct run *run, const struct step *step, uint64_t index)
{
    struct sim *sim = run->sim;
    struct call c = {.run = run, .clr = run->clr, .step = step, .said = step->call, .index = index};
    CHECK(c.said->slot < CALL_SLOTS);
    const struct slot *slot = &slots[c.said->slot];
    CHECK(slot->perform != NULL);
    sim->counters[COUNTER_operations_around] += slot->counted == COUNTED_AROUND;
    run_as(sim, c.said->thread);
    if (!prepare(&c)) {
        sim->counters[COUNTER_operations_recorded] += slot->counted == COUNTED_HOST;
        sim->counters[COUNTER_operations_dependent]++;
        bind(&c, (struct named){.state = NAME_REFUSED});
        return CALL_DROPPED;
    }
    uint64_t began_ns = sim->now_ns;
    slot->perform(&c);
    CHECK(sim->now_ns >= began_ns);
    expect_in_time(&c, sim->now_ns - began_ns);
    CHECK(sim->actor == ACTOR_CLR);
    if (slot->counted == COUNTED_HOST)
        count_operation(sim, c.served);
    return c.served ? CALL_SERVED : CALL_REFUSED;
}
