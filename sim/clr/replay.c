/* Replays recordings. See replay.h for the rules.
 *
 * An operation costs a decode, one array access and the call itself: objects are a flat array, and
 * memory is taken from the arena only when something is refused or a native object grows. */
#include "clr/replay.h"

#include "clr/replay_native.h"
#include "core/check.h"

#define COMMITS_BETWEEN_LOAD_QUERIES 64

/* An object as replayed. */
struct object {
    uint64_t address;             /* native, 0: not there */
    uint64_t size;                /* as reserved */
    struct native_blocks *blocks; /* by IHostMalloc: the blocks it consists of */
    struct refused *refused;      /* ranges whose commit was refused */
    uint8_t object_class;
};

struct refused {
    struct refused *next;
    uint64_t start, end; /* offsets */
};

struct replay {
    struct clr *clr;
    struct sim *sim;
    struct object *objects;
    uint32_t objects_count;
    enum replay_native native;
    EMemoryCriticalLevel level;
    uint16_t first_thread;
    uint64_t commits; /* served since GetMemoryLoad was asked */
    bool committing;  /* the last operation of the runtime that says so was a commit */
};

/* ---- counting ---- */

static void count_result(struct replay *replay, bool served)
{
    replay->sim->counters[COUNTER_operations_recorded]++;
    replay->sim->counters[COUNTER_operations_served] += served;
}

/* An operation of the host that cannot be asked because its memory was refused. */
static void count_dependent(struct replay *replay)
{
    replay->sim->counters[COUNTER_operations_recorded]++;
    replay->sim->counters[COUNTER_operations_dependent]++;
}

static void ask_load(struct replay *replay)
{
    uint32_t load;
    uint64_t available;
    replay->commits = 0;
    host_get_memory_load(replay->clr, &load, &available);
}

static uint32_t page_protection(unsigned protect)
{
    switch (protect) {
    case PROTECT_READ:
        return PAGE_READONLY;
    case PROTECT_EXECUTE:
        return PAGE_EXECUTE_READ;
    case PROTECT_EXECUTE_WRITE:
        return PAGE_EXECUTE_READWRITE;
    case PROTECT_WRITE:
        return PAGE_READWRITE;
    default:
        return PAGE_NOACCESS;
    }
}

/* ---- refused commits ---- */

static void remember_refused(struct replay *replay, struct object *object,
                             const struct operation *op)
{
    struct refused *refused = arena_alloc(&replay->sim->arena, sizeof *refused);
    *refused = (struct refused){object->refused, op->offset, op->offset + op->size};
    object->refused = refused;
}

static bool touches_refused(const struct object *object, const struct operation *op)
{
    for (const struct refused *at = object->refused; at; at = at->next)
        if (op->offset < at->end && at->start < op->offset + op->size)
            return true;
    return false;
}

static void forget_all_refused(struct replay *replay, struct object *object)
{
    while (object->refused) {
        struct refused *gone = object->refused;
        object->refused = gone->next;
        arena_free(&replay->sim->arena, gone, sizeof *gone);
    }
}

/* A range is committed or decommitted after all: what was refused of it no longer matters. */
static void forget_refused(struct replay *replay, struct object *object, const struct operation *op)
{
    uint64_t start = op->offset, end = op->offset + op->size;
    for (struct refused **link = &object->refused; *link;) {
        struct refused *at = *link;
        if (start <= at->start && at->end <= end) {
            *link = at->next;
            arena_free(&replay->sim->arena, at, sizeof *at);
            continue;
        }
        if (at->start < start && end < at->end) { /* in the middle: two remain */
            struct refused *upper = arena_alloc(&replay->sim->arena, sizeof *upper);
            *upper = (struct refused){at->next, end, at->end};
            at->next = upper;
            at->end = start;
            link = &upper->next;
            continue;
        }
        if (at->start < start && start < at->end)
            at->end = start;
        else if (at->start < end && end < at->end)
            at->start = end;
        link = &at->next;
    }
}

/* ---- the runtime's own memory: IHostMemoryManager ---- */

static void runtime_reserve(struct replay *replay, struct object *object,
                            const struct operation *op)
{
    bool code = op->protect == PROTECT_EXECUTE || op->protect == PROTECT_EXECUTE_WRITE;
    uint32_t protect = code ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    HRESULT hr = host_virtual_alloc(replay->clr, 0, op->size, MEM_RESERVE, protect, replay->level,
                                    &object->address);
    count_result(replay, hr == S_OK && object->address != 0);
    if (object->address == 0)
        return;
    MEMORY_BASIC_INFORMATION info;
    host_virtual_query(replay->clr, object->address, &info);
}

static void runtime_commit(struct replay *replay, struct object *object, const struct operation *op)
{
    uint64_t result;
    HRESULT hr = host_virtual_alloc(replay->clr, object->address + op->offset, op->size, MEM_COMMIT,
                                    page_protection(op->protect), replay->level, &result);
    bool served = hr == S_OK && result != 0;
    count_result(replay, served);
    replay->committing = true;
    if (object->refused && served)
        forget_refused(replay, object, op);
    if (!served)
        remember_refused(replay, object, op);
    else if (++replay->commits == COMMITS_BETWEEN_LOAD_QUERIES)
        ask_load(replay);
}

/* A decommit or reset after commits: a collection has come to its end. */
static void note_collection(struct replay *replay)
{
    if (replay->committing)
        ask_load(replay);
    replay->committing = false;
}

static void runtime_decommit(struct replay *replay, struct object *object,
                             const struct operation *op)
{
    note_collection(replay);
    if (object->refused)
        forget_refused(replay, object, op);
    HRESULT hr =
        host_virtual_free(replay->clr, object->address + op->offset, op->size, MEM_DECOMMIT);
    count_result(replay, hr == S_OK);
}

static void runtime_protect(struct replay *replay, struct object *object,
                            const struct operation *op)
{
    uint32_t old;
    HRESULT hr = host_virtual_protect(replay->clr, object->address + op->offset, op->size,
                                      page_protection(op->protect), &old);
    count_result(replay, hr == S_OK);
}

static void runtime_reset(struct replay *replay, struct object *object, const struct operation *op)
{
    uint64_t result;
    note_collection(replay);
    HRESULT hr = host_virtual_alloc(replay->clr, object->address + op->offset, op->size, MEM_RESET,
                                    PAGE_READWRITE, replay->level, &result);
    count_result(replay, hr == S_OK);
}

static void runtime_release(struct replay *replay, struct object *object)
{
    HRESULT hr = host_virtual_free(replay->clr, object->address, 0, MEM_RELEASE);
    count_result(replay, hr == S_OK);
    forget_all_refused(replay, object);
    object->address = 0; /* also when refused: the program would not use it again */
}

static void replay_runtime(struct replay *replay, struct object *object, const struct operation *op)
{
    if (op->kind == OP_RESERVE) {
        runtime_reserve(replay, object, op);
        return;
    }
    if (object->address == 0) {
        count_dependent(replay);
        return;
    }
    switch (op->kind) {
    case OP_COMMIT:
    case OP_GROW:
        runtime_commit(replay, object, op);
        break;
    case OP_DECOMMIT:
    case OP_SHRINK:
        runtime_decommit(replay, object, op);
        break;
    case OP_PROTECT:
    case OP_RESET:
        if (object->refused && touches_refused(object, op))
            count_dependent(replay);
        else if (op->kind == OP_PROTECT)
            runtime_protect(replay, object, op);
        else
            runtime_reset(replay, object, op);
        break;
    case OP_RELEASE:
        runtime_release(replay, object);
        break;
    default:
        CHECK(op->kind == OP_FAILED);
    }
}

/* ---- native memory by IHostMalloc ---- */

/* Gives back the blocks wholly behind the offset. The operation is served when all of them are. */
static void free_blocks(struct replay *replay, struct object *object, uint64_t offset)
{
    uint64_t block, freed = 0, served = 0;
    for (; native_take_last(&replay->sim->arena, &object->blocks, offset, &block); freed++)
        served += host_malloc_free(replay->clr, block) == S_OK;
    if (freed != 0)
        count_result(replay, served == freed);
}

static void replay_malloc(struct replay *replay, struct object *object, const struct operation *op)
{
    uint64_t block;
    HRESULT hr;
    switch (op->kind) {
    case OP_GROW:
        hr = host_malloc_alloc(replay->clr, op->size, replay->level, &block);
        count_result(replay, hr == S_OK && block != 0);
        if (block != 0)
            native_add(&replay->sim->arena, &object->blocks, op->offset, op->size, block);
        break;
    case OP_SHRINK:
    case OP_RELEASE:
        free_blocks(replay, object, op->kind == OP_SHRINK ? op->offset : 0);
        break;
    default: /* a block of a heap has no pages to reserve, protect or reset */
        break;
    }
}

/* ---- memory that goes round the host ---- */

static void map_view(struct replay *replay, struct object *object, const struct operation *op)
{
    struct clr *clr = replay->clr;
    const struct clr_env *env = &clr->env;
    bool mapped = env->os_reserve(env->context, op->size, true, &object->address);
    if (!mapped && SUCCEEDED(host_needs_address_space(clr, 0, op->size)))
        mapped = env->os_reserve(env->context, op->size, true, &object->address);
    if (!mapped) {
        object->address = 0;
        return;
    }
    CHECK(object->address != 0);
    env->os_commit(env->context, object->address, op->size); /* costs a view nothing */
    host_acquired_address_space(clr, object->address, op->size);
}

static void release_around(struct replay *replay, struct object *object, bool view)
{
    const struct clr_env *env = &replay->clr->env;
    uint64_t address = object->address;
    object->address = 0;
    env->os_release(env->context, address);
    if (view)
        host_released_address_space(replay->clr, address);
}

static void replay_around(struct replay *replay, struct object *object, const struct operation *op)
{
    const struct clr_env *env = &replay->clr->env;
    bool view = op->object_class == OBJECT_VIEW;
    replay->sim->counters[COUNTER_operations_around]++;
    if (op->kind == OP_RESERVE) {
        if (view)
            map_view(replay, object, op);
        else if (!env->os_reserve(env->context, op->size, false, &object->address))
            object->address = 0;
        return;
    }
    if (object->address == 0) {
        replay->sim->counters[COUNTER_operations_dependent]++;
        return;
    }
    uint64_t address = object->address + op->offset;
    if (op->kind == OP_COMMIT || op->kind == OP_GROW)
        env->os_commit(env->context, address, op->size); /* refused: its touches will fail */
    else if (op->kind == OP_DECOMMIT || op->kind == OP_SHRINK)
        env->os_decommit(env->context, address, op->size);
    else if (op->kind == OP_RELEASE)
        release_around(replay, object, view);
}

/* ---- touches ---- */

static void replay_touch(struct replay *replay, const struct object *object,
                         const struct operation *op)
{
    const struct clr_env *env = &replay->clr->env;
    uint64_t address = object->address ? object->address + op->offset : 0;
    if (object->blocks)
        address = native_find(object->blocks, op->offset);
    if (address == 0 || !env->touch(env->context, address, op->write))
        replay->sim->counters[COUNTER_operations_dependent]++;
}

/* ---- the loop ---- */

/* The checksum says that a recording is what was written, not that it makes sense: operations
 * outside their object, or on one that is not there, are dropped. */
static bool makes_sense(struct object *object, const struct operation *op)
{
    if (op->kind == OP_RESERVE) {
        if (object->address != 0 || object->blocks || op->size == 0)
            return false;
        object->size = op->size;
        object->object_class = op->object_class;
        return true;
    }
    if (op->object_class != object->object_class || op->offset + op->size > object->size)
        return false;
    return op->size != 0 || op->kind == OP_RELEASE;
}

static void replay_operation(struct replay *replay, const struct operation *op)
{
    struct object *object = &replay->objects[op->object];
    if (op->kind == OP_FAILED || !makes_sense(object, op))
        return;
    if (op->kind == OP_TOUCH) {
        replay_touch(replay, object, op);
        return;
    }
    switch (op->object_class) {
    case OBJECT_NATIVE:
        if (replay->native == REPLAY_NATIVE_MALLOC)
            replay_malloc(replay, object, op);
        else if (replay->native == REPLAY_NATIVE_AROUND)
            replay_around(replay, object, op);
        else
            replay_runtime(replay, object, op);
        break;
    case OBJECT_STACK:
    case OBJECT_VIEW:
        replay_around(replay, object, op);
        break;
    default:
        CHECK(op->object_class == OBJECT_RUNTIME);
        replay_runtime(replay, object, op);
    }
}

static void set_thread(struct replay *replay, const struct operation *op, bool first)
{
    struct sim *sim = replay->sim;
    if (first)
        replay->first_thread = op->thread;
    else if (op->thread != replay->first_thread)
        replay->level = eTaskCritical;
    if (sim->thread->id != op->thread)
        sim->thread = sim_thread(sim, op->thread);
}

void replay_run(struct clr *clr, const struct recording *recording,
                const struct replay_options *options)
{
    CHECK(clr->manager != NULL);
    CHECK(clr->malloc != NULL);
    struct sim *sim = clr->sim;
    size_t table_bytes = recording->objects * sizeof(struct object);
    struct replay replay = {
        .clr = clr,
        .sim = sim,
        .objects = arena_alloc(&sim->arena, table_bytes),
        .objects_count = recording->objects,
        .native = options->native,
        .level = eProcessCritical,
    };
    struct recording_cursor cursor;
    struct operation op, next;
    recording_begin(recording, &cursor);
    bool first = true;
    for (bool more = recording_next(&cursor, &next); more; first = false) {
        op = next;
        CHECK(op.object < replay.objects_count);
        CHECK(op.thread < recording->threads);
        /* Decoded one ahead: its object is fetched while this operation is performed. */
        more = recording_next(&cursor, &next);
        if (more)
            __builtin_prefetch(&replay.objects[next.object]);
        if (op.time_ns > sim->now_ns)
            sim->now_ns = op.time_ns;
        set_thread(&replay, &op, first);
        replay_operation(&replay, &op);
    }
    for (uint32_t i = 0; i < replay.objects_count; i++) {
        forget_all_refused(&replay, &replay.objects[i]);
        native_drop(&sim->arena, &replay.objects[i].blocks);
    }
    arena_free(&sim->arena, replay.objects, table_bytes);
    sim->thread = sim_thread(sim, 0);
}
