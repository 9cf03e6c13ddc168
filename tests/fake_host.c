/* The noting host of tests. See fake_host.h. */
#include "tests/fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/pressure.h"
#include "harness/recording_write.h"

#define RECORDINGS_MAX 8

struct fake fake;

/* ---- notes ---- */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
    va_list arguments;
    fake.calls++;
    if (fake.quiet)
        return;
    assert_true(fake.count < FAKE_NOTES_MAX);
    fake.note_times[fake.count] = fake.sim->now_ns;
    fake.note_threads[fake.count] = fake.sim->thread->id;
    va_start(arguments, format);
    vsnprintf(fake.notes[fake.count++], sizeof fake.notes[0], format, arguments);
    va_end(arguments);
}

void expect_notes(const char *const *expected, unsigned count)
{
    for (unsigned i = 0; i < count || i < fake.count; i++) {
        const char *got = i < fake.count ? fake.notes[i] : "(nothing more)";
        const char *want = i < count ? expected[i] : "(nothing more)";
        if (strcmp(got, want) != 0)
            fail_msg("call %u: expected \"%s\", got \"%s\"", i, want, got);
    }
}

unsigned notes_that_begin(const char *beginning)
{
    unsigned found = 0;
    for (unsigned i = 0; i < fake.count; i++)
        found += strncmp(fake.notes[i], beginning, strlen(beginning)) == 0;
    return found;
}

void forget_notes(void)
{
    fake.count = 0;
}

static unsigned long long number(const void *pointer)
{
    return (unsigned long long)(uintptr_t)pointer;
}

static const char *level_name(EMemoryCriticalLevel level)
{
    return level == eProcessCritical ? "process" : level == eTaskCritical ? "task" : "domain";
}

/* ---- what is held ---- */

static void hold(uint64_t address, uint64_t size, enum fake_kind kind)
{
    if (fake.live_count == fake.live_room) {
        fake.live_room = fake.live_room ? fake.live_room * 2 : 64;
        fake.live = realloc(fake.live, fake.live_room * sizeof *fake.live);
        assert_non_null(fake.live);
    }
    fake.live[fake.live_count++] = (struct fake_live){address, size, kind};
    fake.kinds[kind]++;
}

/* False: there is no such thing. */
static bool give_up(uint64_t address, enum fake_kind kind)
{
    for (unsigned i = fake.live_count; i-- > 0;) {
        if (fake.live[i].address != address || fake.live[i].kind != kind)
            continue;
        fake.live[i] = fake.live[--fake.live_count];
        fake.kinds[kind]--;
        return true;
    }
    return false;
}

/* As a wait: other threads run meanwhile. */
static void pass_time(uint64_t ns)
{
    sim_sleep_until(fake.sim, fake.sim->now_ns + ns);
}

static uint64_t take(uint64_t size)
{
    uint64_t address = fake.next;
    fake.next += (size + 0xffff) & ~UINT64_C(0xffff);
    return address;
}

static bool refuses(uint64_t size)
{
    if (fake.refuse_above && size > fake.refuse_above)
        return true;
    if (fake.refuse_after > 0 || fake.refusals == 0) {
        fake.refuse_after -= fake.refuse_after > 0;
        return false;
    }
    fake.refusals--;
    return true;
}

/* ---- IUnknown ---- */

static HRESULT STDMETHODCALLTYPE manager_query(IHostMemoryManager *self, REFIID iid, void **object)
{
    bool known = IsEqualIID(iid, &IID_IHostMemoryManager) || IsEqualIID(iid, &IID_IUnknown);
    note("query interface%s", known ? "" : ", unknown");
    *object = known ? self : NULL;
    fake.references += known;
    return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE manager_add(IHostMemoryManager *self)
{
    (void)self;
    note("add reference");
    fake.references++;
    return 2;
}

static ULONG STDMETHODCALLTYPE manager_release(IHostMemoryManager *self)
{
    (void)self;
    note("release reference");
    fake.references--;
    return 1;
}

static HRESULT STDMETHODCALLTYPE malloc_query(IHostMalloc *self, REFIID iid, void **object)
{
    return manager_query((IHostMemoryManager *)self, iid, object);
}

/* 4: the first, which is none of CreateMalloc's steps. */
static unsigned which_malloc(const IHostMalloc *self)
{
    unsigned which = 0;
    while (which < 4 && self != &fake.more_mallocs[which])
        which++;
    return which;
}

static ULONG STDMETHODCALLTYPE malloc_add(IHostMalloc *self)
{
    if (which_malloc(self) < 4)
        fake.more_references[which_malloc(self)]++;
    return manager_add((IHostMemoryManager *)self);
}

static ULONG STDMETHODCALLTYPE malloc_release(IHostMalloc *self)
{
    unsigned which = which_malloc(self);
    if (which == 4 || fake.more_references[which] > 0) {
        if (which < 4)
            fake.more_references[which]--;
        return manager_release((IHostMemoryManager *)self);
    }
    note("release malloc %u", which + 1);
    fake.mallocs--;
    return 0;
}

/* ---- IHostMemoryManager ---- */

static HRESULT STDMETHODCALLTYPE create_malloc(IHostMemoryManager *self, DWORD type,
                                               IHostMalloc **malloc)
{
    (void)self;
    assert_int_equal(fake.sim->actor, ACTOR_POLICY);
    assert_non_null(*malloc); /* garbage */
    *malloc = &fake.malloc;
    if (!fake.clr->malloc) { /* the start */
        assert_int_equal(type, MALLOC_THREADSAFE);
        return S_OK;
    }
    bool refused = refuses(0);
    note("%screate malloc %x", refused ? "refused " : "", (unsigned)type);
    assert_true(fake.mallocs < 4);
    *malloc = refused ? NULL : &fake.more_mallocs[fake.mallocs++];
    return refused ? E_OUTOFMEMORY : S_OK;
}

static const char *type_name(DWORD type)
{
    switch (type) {
    case MEM_RESERVE:
        return "reserve";
    case MEM_COMMIT:
        return "commit";
    case MEM_RESERVE | MEM_COMMIT:
        return "reserve+commit";
    case MEM_RESET:
        return "reset";
    default:
        return "strange";
    }
}

static HRESULT STDMETHODCALLTYPE virtual_alloc(IHostMemoryManager *self, void *address, SIZE_T size,
                                               DWORD type, DWORD protect,
                                               EMemoryCriticalLevel level, void **memory)
{
    (void)self;
    bool refused = refuses(size), fresh = !address || (type & MEM_RESERVE);
    assert_non_null(*memory); /* garbage, as the real CLR leaves it */
    assert_int_equal(fake.sim->calls_in_host_call, 0);
    assert_int_equal(fake.sim->host_call_level, level);
    note("%s%s %llx %llx %x %s", refused ? "refused " : "", type_name(type), number(address),
         (unsigned long long)size, (unsigned)protect, level_name(level));
    pass_time(fake.call_ns);
    *memory = refused && fake.stale_results ? (void *)(uintptr_t)fake.next : NULL;
    if (refused || fake.null_answers)
        return refused ? E_OUTOFMEMORY : S_OK;
    *memory = address ? address : (void *)(uintptr_t)take(size);
    if (fresh)
        hold(number(*memory), size, FAKE_REGION);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_free(IHostMemoryManager *self, LPVOID address, SIZE_T size,
                                              DWORD type)
{
    (void)self;
    note("%s %llx %llx", type == MEM_RELEASE ? "release" : "decommit", number(address),
         (unsigned long long)size);
    pass_time(fake.call_ns);
    if (type == MEM_RELEASE && !give_up(number(address), FAKE_REGION))
        return HOST_E_INVALIDOPERATION;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_query(IHostMemoryManager *self, void *address,
                                               void *buffer, SIZE_T length, SIZE_T *result)
{
    (void)self;
    MEMORY_BASIC_INFORMATION info = {.BaseAddress = address,
                                     .State = MEM_COMMIT,
                                     .Protect = PAGE_READWRITE,
                                     .RegionSize = 0x10000};
    assert_int_equal(length, sizeof info);
    memcpy(buffer, &info, sizeof info);
    *result = length;
    note("query %llx", number(address));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_protect(IHostMemoryManager *self, void *address,
                                                 SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    *old = PAGE_READWRITE;
    note("protect %llx %llx %x", number(address), (unsigned long long)size, (unsigned)protect);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE memory_load(IHostMemoryManager *self, DWORD *load,
                                             SIZE_T *available)
{
    (void)self;
    assert_int_equal(fake.sim->host_call_level, -1);
    note("load");
    fake.sim->now_ns += fake.load_ns;
    fake.truth = fake.truth_then;
    if (fake.tells.physical_bytes)
        fake.sim->memory_told(fake.sim->memory_told_context, fake.tells.load_percent,
                              fake.tells.available_bytes);
    if (!fake.no_load)
        *load = fake.load;
    if (!fake.no_available)
        *available = fake.available ? fake.available : 1 << 30;
    return fake.load_refused ? E_FAIL : S_OK;
}

static HRESULT STDMETHODCALLTYPE register_callback(IHostMemoryManager *self,
                                                   ICLRMemoryNotificationCallback *callback)
{
    (void)self;
    if (fake.callback)
        note("register callback");
    fake.callback = callback;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE needs(IHostMemoryManager *self, LPVOID address, SIZE_T size)
{
    (void)self, (void)address;
    note("needs %llx", (unsigned long long)size);
    if (fake.needs_helps)
        fake.refuse_views = false;
    return fake.needs_helps ? S_FALSE : E_OUTOFMEMORY; /* any success code is a yes */
}

static HRESULT STDMETHODCALLTYPE acquired(IHostMemoryManager *self, LPVOID address, SIZE_T size)
{
    (void)self;
    note("acquired %llx %llx", number(address), (unsigned long long)size);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    note("released %llx", number(address));
    return S_OK;
}

/* ---- IHostMalloc ---- */

static HRESULT alloc(IHostMalloc *self, const char *what, SIZE_T size, EMemoryCriticalLevel level,
                     void **memory)
{
    bool refused = refuses(size);
    assert_non_null(*memory);
    assert_int_equal(fake.sim->host_call_level, level);
    note("%s%s%s %llx %s", refused ? "refused " : "", self == &fake.malloc ? "" : "further ", what,
         (unsigned long long)size, level_name(level));
    pass_time(fake.call_ns);
    *memory = NULL;
    if (refused || fake.null_answers)
        return refused ? E_OUTOFMEMORY : S_OK;
    *memory = (void *)(uintptr_t)(take(size) + 0x10);
    hold(number(*memory), size, FAKE_BLOCK);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **memory)
{
    return alloc(self, "alloc", size, level, memory);
}

static HRESULT STDMETHODCALLTYPE malloc_debug_alloc(IHostMalloc *self, SIZE_T size,
                                                    EMemoryCriticalLevel level, char *file,
                                                    int line, void **memory)
{
    char what[64];
    snprintf(what, sizeof what, "debug alloc %s:%d", file ? file : "-", line);
    return alloc(self, what, size, level, memory);
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *memory)
{
    note("%sfree %llx", self == &fake.malloc ? "" : "further ", number(memory));
    pass_time(fake.call_ns);
    if (memory && !give_up(number(memory), FAKE_BLOCK))
        return HOST_E_INVALIDOPERATION;
    return S_OK;
}

static const IHostMemoryManagerVtbl manager_table = {
    manager_query, manager_add,   manager_release, create_malloc, virtual_alloc,
    virtual_free,  virtual_query, virtual_protect, memory_load,   register_callback,
    needs,         acquired,      released};
static const IHostMallocVtbl malloc_table = {malloc_query, malloc_add,         malloc_release,
                                             malloc_alloc, malloc_debug_alloc, malloc_free};

/* ---- what the CLR can do besides ---- */

static bool os_touch(void *context, uint64_t address, bool write)
{
    (void)context;
    fake.touches++;
    pass_time(fake.touch_ns);
    note("touch %llx %s", (unsigned long long)address, write ? "write" : "read");
    return !fake.forbidden || address >> 12 != fake.forbidden >> 12;
}

static bool os_reserve(void *context, uint64_t size, bool view, uint64_t *address)
{
    (void)context;
    *address = 0;
    if (view && fake.refuse_views)
        return false;
    *address = take(size);
    hold(*address, size, FAKE_OS);
    note("os %s %llx", view ? "view" : "reserve", (unsigned long long)size);
    return true;
}

static bool os_commit(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    note("os commit %llx %llx", (unsigned long long)address, (unsigned long long)size);
    return true;
}

static void os_decommit(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    note("os decommit %llx %llx", (unsigned long long)address, (unsigned long long)size);
}

static void os_release(void *context, uint64_t address)
{
    (void)context;
    assert_true(give_up(address, FAKE_OS));
    note("os release %llx", (unsigned long long)address);
}

static bool peek(void *context, uint64_t address, void *bytes, uint64_t count)
{
    (void)context;
    memset(bytes, 0, count);
    for (uint64_t i = 0; i < fake.pokes && i < sizeof fake.poked / sizeof *fake.poked; i++)
        if (fake.poked[i].address >= address && fake.poked[i].address - address < count)
            ((uint8_t *)bytes)[fake.poked[i].address - address] = fake.poked[i].byte;
    if (fake.dirty_at >= address && fake.dirty_at - address < count)
        ((uint8_t *)bytes)[fake.dirty_at - address] = 0xcd;
    return true;
}

static bool poke(void *context, uint64_t address, const void *bytes, uint64_t count)
{
    (void)context, (void)count;
    if (fake.pokes < sizeof fake.poked / sizeof *fake.poked)
        fake.poked[fake.pokes] = (struct fake_poked){address, *(const uint8_t *)bytes};
    fake.pokes++;
    return true;
}

/* A figure: what it was is returned. */
static uint64_t set_figure(int of, uint64_t value)
{
    uint64_t *figure = &fake.figures[of - PRESSURES], before = *figure;
    note("%s %llu", of == PRESSURE_LATENCY ? "latency" : "job limit", (unsigned long long)value);
    *figure = value;
    return before;
}

static void thread_ends(void *context)
{
    (void)context;
    fake.threads_ended++;
}

static uint64_t pressure(void *context, int of, bool give_back, uint64_t bytes, uint64_t pieces)
{
    static const char *const names[] = {"memory", "commit", "pagefile", "address space", "ram"};
    (void)context;
    if (of >= PRESSURES)
        return set_figure(of, bytes);
    uint64_t most = give_back ? fake.taken[of] : fake.takeable - fake.taken[of];
    uint64_t really = bytes < most ? bytes : most;
    note("%s %llx of %s in %llu", give_back ? "give back" : "take", (unsigned long long)bytes,
         names[of], (unsigned long long)pieces);
    fake.taken[of] += give_back ? -really : really;
    return really;
}

static void memory_truth(void *context, struct memory_truth *truth)
{
    (void)context;
    *truth = fake.truth;
}

/* ---- a test's run ---- */

static struct recording recordings[RECORDINGS_MAX];
static uint8_t *recordings_bytes[RECORDINGS_MAX];
static unsigned recordings_count;

int fake_begin(void **state)
{
    struct sim_options options = {
        .seed = 1, .arena_bytes = 1 << 30, .trace = {.digest = true, .fd = -1}};
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.manager.lpVtbl = (IHostMemoryManagerVtbl *)&manager_table;
    fake.malloc.lpVtbl = (IHostMallocVtbl *)&malloc_table;
    for (unsigned i = 0; i < 4; i++)
        fake.more_mallocs[i].lpVtbl = (IHostMallocVtbl *)&malloc_table;
    fake.notes = calloc(FAKE_NOTES_MAX, sizeof *fake.notes);
    fake.note_times = calloc(FAKE_NOTES_MAX, sizeof *fake.note_times);
    fake.note_threads = calloc(FAKE_NOTES_MAX, sizeof *fake.note_threads);
    fake.next = FAKE_FIRST;
    fake.load = 50;
    fake.takeable = UINT64_C(8) << 30;
    fake.figures[0] = 100000;
    fake.figures[1] = UINT64_MAX;
    fake.sim = sim_create(&options);
    return fake.sim && fake.notes && fake.note_times && fake.note_threads ? 0 : 1;
}

int fake_end(void **state)
{
    (void)state;
    sim_destroy(fake.sim);
    free(fake.notes);
    free(fake.note_times);
    free(fake.note_threads);
    free(fake.live);
    while (recordings_count > 0)
        free(recordings_bytes[--recordings_count]);
    return 0;
}

struct clr *fake_start(void)
{
    struct clr_env env = {.sim = fake.sim,
                          .touch = os_touch,
                          .os_reserve = os_reserve,
                          .os_commit = os_commit,
                          .os_decommit = os_decommit,
                          .os_release = os_release,
                          .peek = peek,
                          .poke = poke,
                          .pressure = pressure,
                          .memory_truth = fake.knows_truth ? memory_truth : NULL,
                          .thread_ends = thread_ends};
    struct clr *clr = arena_alloc(&fake.sim->arena, sizeof *clr);
    fake.clr = clr;
    assert_int_equal(clr_start(clr, &env, NULL, &fake.manager), S_OK);
    return clr;
}

uint64_t counter(enum counter which)
{
    return fake.sim->counters[which];
}

const struct recording *fake_recording(const struct recorded *operations, size_t count)
{
    struct operation *made = calloc(count + 1, sizeof *made);
    uint32_t objects = 0, threads = 0;
    size_t bytes_count;
    char message[256];
    assert_non_null(made);
    assert_true(recordings_count < RECORDINGS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct recorded *r = &operations[i];
        made[i] = (struct operation){.time_ns = i * 1000000,
                                     .object = r->object,
                                     .thread = r->thread,
                                     .kind = r->kind,
                                     .object_class = r->object_class,
                                     .protect = r->protect,
                                     .write = r->write,
                                     .offset = r->offset_pages << 12,
                                     .size = r->pages << 12};
        objects = r->object >= objects ? r->object + 1 : objects;
        threads = r->thread >= threads ? r->thread + 1u : threads;
    }
    struct recording_head head = {"test", objects, threads, count * 1000000, {0}};
    struct recording *recording = &recordings[recordings_count];
    uint8_t *bytes = recording_encode(&head, made, count, &bytes_count);
    free(made);
    assert_non_null(bytes);
    recordings_bytes[recordings_count++] = bytes;
    if (!recording_open(recording, bytes, bytes_count, message, sizeof message))
        fail_msg("%s", message);
    return recording;
}
