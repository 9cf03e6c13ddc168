/* Replays recordings. See replay.h for the rules.
 *
 * An operation costs a decode, one array access and the call itself: objects are a flat array, and
 * memory is taken from the arena only when something is refused or a native object grows. */
#include "clr/replay.h"

#include "clr/reach.h"
#include "clr/replay_native.h"
#include "clr/replay_refused.h"
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

struct replay {
    struct clr *clr;
    struct sim *sim;
    struct object *objects;
    uint32_t objects_count;
    enum replay_native native;
    EMemoryCriticalLevel level;
    uint16_t first_thread;
    bool begun;       /* this pass has performed an operation */
    bool committing;  /* the last operation of the runtime that says so was a commit */
    uint64_t commits; /* served since GetMemoryLoad was asked */
    /* Where the replay stands. */
    const struct recording *recording;
    struct recording_cursor cursor;
    struct operation next; /* decoded one ahead: due at due_ns */
    uint64_t due_ns;       /* REPLAY_ENDED: nothing is left */
    bool more;             /* next is an operation; else the beginning of the next pass */
    bool set_up;           /* next lies before the window */
    bool plain;            /* speed 1/1 */
    uint64_t origin_ns;    /* virtual time at which the window begins */
    uint64_t from_ns, to_ns, speed_num, speed_den;
    uint64_t passes_left;
};

/* ---- counting ---- */

static void count_result(struct replay *replay, bool served)
{
    uint64_t *counters = replay->sim->counters;
    counters[COUNTER_operations_recorded]++;
    counters[COUNTER_operations_served] += served;
    CHECK(counters[COUNTER_operations_served] <= counters[COUNTER_operations_recorded]);
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

/* ---- the runtime's own memory: IHostMemoryManager ---- */

static void runtime_reserve(struct replay *replay, struct object *object,
                            const struct operation *op)
{
    CHECK(object->address == 0 && object->refused == NULL);
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
    CHECK(op->offset + op->size <= object->size);
    count_result(replay, served);
    replay->committing = true;
    if (object->refused && served)
        refused_remove(&replay->sim->arena, &object->refused, op->offset, op->size);
    if (!served)
        refused_add(&replay->sim->arena, &object->refused, op->offset, op->size);
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
    CHECK(op->offset + op->size <= object->size);
    note_collection(replay);
    if (object->refused)
        refused_remove(&replay->sim->arena, &object->refused, op->offset, op->size);
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
    CHECK(object->address != 0);
    HRESULT hr = host_virtual_free(replay->clr, object->address, 0, MEM_RELEASE);
    count_result(replay, hr == S_OK);
    if (object->refused)
        refused_drop(&replay->sim->arena, &object->refused);
    if (hr == S_OK) /* else the program does not use it again, and it is given back at the end */
        object->address = 0;
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
        if (object->refused && refused_overlaps(object->refused, op->offset, op->size))
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
    CHECK(offset <= object->size);
    for (; native_take_last(&replay->sim->arena, &object->blocks, offset, &block); freed++)
        served += host_malloc_free(replay->clr, replay->clr->malloc, block) == S_OK;
    if (freed != 0)
        count_result(replay, served == freed);
}

static void replay_malloc(struct replay *replay, struct object *object, const struct operation *op)
{
    uint64_t block;
    HRESULT hr;
    switch (op->kind) {
    case OP_GROW:
        hr = host_malloc_alloc(replay->clr, replay->clr->malloc, op->size, replay->level, &block);
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

static void release_around(struct replay *replay, struct object *object, bool view)
{
    const struct clr_env *env = &replay->clr->env;
    uint64_t address = object->address;
    CHECK(address != 0);
    object->address = 0;
    if (view)
        clr_unmap_view(replay->clr, address);
    else
        env->os_release(env->context, address);
}

static void replay_around(struct replay *replay, struct object *object, const struct operation *op)
{
    const struct clr_env *env = &replay->clr->env;
    bool view = op->object_class == OBJECT_VIEW;
    replay->sim->counters[COUNTER_operations_around]++;
    if (op->kind == OP_RESERVE) {
        if (view)
            clr_map_view(replay->clr, op->size, &object->address);
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

static void set_thread(struct replay *replay, const struct operation *op)
{
    struct sim *sim = replay->sim;
    if (!replay->begun)
        replay->first_thread = op->thread;
    else if (op->thread != replay->first_thread)
        replay->level = eTaskCritical;
    replay->begun = true;
    if (sim->thread->id != op->thread && !sim->thread->task) /* a thread of its own plays all */
        sim_become(sim, op->thread);
}

/* ---- windows, speeds and passes ---- */

/* So long in the recording's own time, as virtual time. */
static uint64_t scaled(const struct replay *replay, uint64_t recorded_ns)
{
    if (replay->plain)
        return recorded_ns;
    unsigned __int128 ns = (unsigned __int128)recorded_ns * replay->speed_den / replay->speed_num;
    return ns < REPLAY_ENDED / 2 ? (uint64_t)ns : REPLAY_ENDED / 2;
}

/* The window begins when all that stands before it is there. */
static void begin_window(struct replay *replay)
{
    if (replay->set_up && replay->sim->now_ns > replay->origin_ns)
        replay->origin_ns = replay->sim->now_ns;
    CHECK(!replay->set_up || replay->from_ns > 0);
    replay->set_up = false;
}

/* Nothing of this pass is left: when does the next one begin? */
static void end_pass(struct replay *replay)
{
    const struct recording *recording = replay->recording;
    uint64_t end = replay->to_ns < recording->duration_ns ? replay->to_ns : recording->duration_ns;
    CHECK(replay->passes_left > 0);
    replay->more = false;
    if (--replay->passes_left == 0 || !replay->begun) {
        replay->due_ns = REPLAY_ENDED;
        return;
    }
    begin_window(replay);
    if (end > replay->from_ns)
        replay->origin_ns += scaled(replay, end - replay->from_ns);
    if (replay->origin_ns < replay->sim->now_ns)
        replay->origin_ns = replay->sim->now_ns;
    replay->due_ns = replay->origin_ns;
    CHECK(replay->due_ns >= replay->sim->now_ns);
}

/* Decodes the next operation. Its object is fetched while the one before it is performed, which
 * is why this does not look at the clock: see set_due. */
static inline void decode(struct replay *replay)
{
    replay->more =
        recording_next(&replay->cursor, &replay->next) && replay->next.time_ns < replay->to_ns;
    if (replay->more)
        __builtin_prefetch(&replay->objects[replay->next.object]);
}

/* When is what was decoded due? */
static inline void set_due(struct replay *replay)
{
    uint64_t time = replay->next.time_ns;
    if (!replay->more) {
        end_pass(replay);
    } else if (replay->set_up && time < replay->from_ns) {
        replay->due_ns = replay->origin_ns;
    } else {
        if (replay->set_up)
            begin_window(replay);
        replay->due_ns = replay->origin_ns + scaled(replay, time - replay->from_ns);
    }
}

static void begin_pass(struct replay *replay)
{
    CHECK(replay->passes_left > 0);
    recording_begin(replay->recording, &replay->cursor);
    replay->level = eProcessCritical;
    replay->begun = false;
    replay->committing = false;
    replay->commits = 0;
    replay->set_up = replay->from_ns > 0;
    decode(replay);
    set_due(replay);
}

struct replay *replay_create(struct clr *clr, const struct recording *recording,
                             const struct replay_options *options)
{
    CHECK(clr->manager != NULL);
    CHECK(clr->malloc != NULL);
    struct arena *arena = &clr->sim->arena;
    struct replay *replay = arena_alloc(arena, sizeof *replay);
    *replay = (struct replay){
        .clr = clr,
        .sim = clr->sim,
        .objects = arena_alloc(arena, recording->objects * sizeof(struct object)),
        .objects_count = recording->objects,
        .native = options->native,
        .recording = recording,
        .plain = options->speed_num == options->speed_den,
        .origin_ns = options->start_ns,
        .from_ns = options->from_ns,
        .to_ns = options->to_ns ? options->to_ns : UINT64_MAX,
        .speed_num = options->speed_num,
        .speed_den = options->speed_den,
        .passes_left = options->repeat ? options->repeat : 1,
    };
    CHECK(replay->plain || (replay->speed_num != 0 && replay->speed_den != 0));
    CHECK(replay->from_ns < replay->to_ns);
    begin_pass(replay);
    return replay;
}

uint64_t replay_due(const struct replay *replay)
{
    return replay->due_ns;
}

static inline void perform_next(struct replay *replay)
{
    struct operation op = replay->next;
    bool skipped = replay->set_up && op.kind == OP_TOUCH;
    CHECK(replay->more);
    CHECK(op.object < replay->objects_count);
    CHECK(op.thread < replay->recording->threads);
    decode(replay);
    set_thread(replay, &op);
    if (!skipped)
        replay_operation(replay, &op);
    set_due(replay);
}

uint64_t replay_advance(struct replay *replay, uint64_t limit_ns)
{
    struct sim *sim = replay->sim;
    CHECK(replay->due_ns != REPLAY_ENDED);
    do {
        reach(sim, replay->due_ns);
        if (replay->more) {
            perform_next(replay);
        } else {
            replay_give_back(replay);
            begin_pass(replay);
        }
        if (replay->due_ns < sim->now_ns)
            replay->due_ns = sim->now_ns;
    } while (replay->due_ns <= limit_ns && replay->due_ns != REPLAY_ENDED);
    return replay->due_ns;
}

/* ---- the end ---- */

static void give_back_object(struct replay *replay, struct object *object)
{
    uint64_t block;
    bool view = object->object_class == OBJECT_VIEW;
    bool around = view || object->object_class == OBJECT_STACK ||
                  (object->object_class == OBJECT_NATIVE && replay->native == REPLAY_NATIVE_AROUND);
    while (native_take_last(&replay->sim->arena, &object->blocks, 0, &block))
        host_malloc_free(replay->clr, replay->clr->malloc, block);
    refused_drop(&replay->sim->arena, &object->refused);
    if (object->address == 0)
        return;
    if (around) {
        release_around(replay, object, view);
        return;
    }
    CHECK(object->blocks == NULL);
    host_virtual_free(replay->clr, object->address, 0, MEM_RELEASE);
    object->address = 0;
}

void replay_give_back(struct replay *replay)
{
    for (uint32_t i = 0; i < replay->objects_count; i++)
        give_back_object(replay, &replay->objects[i]);
}

void replay_destroy(struct replay *replay)
{
    struct arena *arena = &replay->sim->arena;
    for (uint32_t i = 0; i < replay->objects_count; i++) {
        refused_drop(arena, &replay->objects[i].refused);
        native_drop(arena, &replay->objects[i].blocks);
    }
    arena_free(arena, replay->objects, replay->objects_count * sizeof(struct object));
    arena_free(arena, replay, sizeof *replay);
}

void replay_run(struct clr *clr, const struct recording *recording,
                const struct replay_options *options)
{
    struct replay *replay = replay_create(clr, recording, options);
    if (replay_due(replay) != REPLAY_ENDED)
        replay_advance(replay, UINT64_MAX);
    replay_destroy(replay);
    sim_become(clr->sim, 0);
}
