/* Replays of small recordings against a host written here, which hands out numbers for addresses
 * and notes every call: what is asked of whom, in which order, and what a refusal takes along. */
#include "tests/support.h"

#define CINTERFACE
#define COBJMACROS
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clr/replay.h"
#include "harness/recording_write.h"

#define NOTES_MAX 256

/* ---- the host ---- */

struct fake {
    IHostMemoryManager manager; /* first */
    IHostMalloc malloc;
    struct sim *sim;
    struct clr *clr;
    char notes[NOTES_MAX][80];
    unsigned count;
    uint64_t next;         /* address of the next reservation or block */
    unsigned refuse_after; /* calls of VirtualAlloc and Alloc served before one is refused */
    unsigned refusals;     /* how many then */
    bool refuse_views;     /* the operating system has no place for a view */
    bool needs_helps;      /* NeedsVirtualAddressSpace makes some */
    ICLRMemoryNotificationCallback *callback;
};

static struct fake fake;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
    va_list arguments;
    assert_true(fake.count < NOTES_MAX);
    va_start(arguments, format);
    vsnprintf(fake.notes[fake.count++], sizeof fake.notes[0], format, arguments);
    va_end(arguments);
}

static const char *level_name(EMemoryCriticalLevel level)
{
    return level == eProcessCritical ? "process" : level == eTaskCritical ? "task" : "domain";
}

static bool refuses(void)
{
    if (fake.refuse_after > 0 || fake.refusals == 0) {
        fake.refuse_after -= fake.refuse_after > 0;
        return false;
    }
    fake.refusals--;
    return true;
}

static uint64_t take(uint64_t size)
{
    uint64_t address = fake.next;
    fake.next += (size + 0xffff) & ~UINT64_C(0xffff);
    return address;
}

static HRESULT STDMETHODCALLTYPE no_interface(IHostMemoryManager *self, REFIID iid, void **object)
{
    (void)self, (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE one(IHostMemoryManager *self)
{
    (void)self;
    return 1;
}

static HRESULT STDMETHODCALLTYPE create_malloc(IHostMemoryManager *self, DWORD type,
                                               IHostMalloc **malloc)
{
    (void)self;
    assert_int_equal(type, MALLOC_THREADSAFE);
    assert_int_equal(fake.sim->actor, ACTOR_POLICY);
    *malloc = &fake.malloc;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_alloc(IHostMemoryManager *self, void *address, SIZE_T size,
                                               DWORD type, DWORD protect,
                                               EMemoryCriticalLevel level, void **memory)
{
    (void)self;
    const char *what = type == MEM_RESERVE ? "reserve" : type == MEM_COMMIT ? "commit" : "reset";
    bool refused = refuses();
    assert_non_null(*memory); /* garbage, as the real CLR leaves it */
    assert_int_equal(fake.sim->calls_in_host_call, 0);
    note("%s%s %llx %llx %x %s", refused ? "refused " : "", what,
         (unsigned long long)(uintptr_t)address, (unsigned long long)size, (unsigned)protect,
         level_name(level));
    *memory = refused ? NULL : address ? address : (void *)(uintptr_t)take(size);
    return refused ? E_OUTOFMEMORY : S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_free(IHostMemoryManager *self, LPVOID address, SIZE_T size,
                                              DWORD type)
{
    (void)self;
    note("%s %llx %llx", type == MEM_RELEASE ? "release" : "decommit",
         (unsigned long long)(uintptr_t)address, (unsigned long long)size);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_query(IHostMemoryManager *self, void *address,
                                               void *buffer, SIZE_T length, SIZE_T *result)
{
    (void)self;
    memset(buffer, 0, length);
    *result = length;
    note("query %llx", (unsigned long long)(uintptr_t)address);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE virtual_protect(IHostMemoryManager *self, void *address,
                                                 SIZE_T size, DWORD protect, DWORD *old)
{
    (void)self;
    *old = PAGE_READWRITE;
    note("protect %llx %llx %x", (unsigned long long)(uintptr_t)address, (unsigned long long)size,
         (unsigned)protect);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE memory_load(IHostMemoryManager *self, DWORD *load,
                                             SIZE_T *available)
{
    (void)self;
    *load = 50;
    *available = 1 << 30;
    note("load");
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE register_callback(IHostMemoryManager *self,
                                                   ICLRMemoryNotificationCallback *callback)
{
    (void)self;
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
    note("acquired %llx %llx", (unsigned long long)(uintptr_t)address, (unsigned long long)size);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE released(IHostMemoryManager *self, LPVOID address)
{
    (void)self;
    note("released %llx", (unsigned long long)(uintptr_t)address);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_alloc(IHostMalloc *self, SIZE_T size,
                                              EMemoryCriticalLevel level, void **memory)
{
    (void)self;
    bool refused = refuses();
    note("%salloc %llx %s", refused ? "refused " : "", (unsigned long long)size, level_name(level));
    *memory = refused ? NULL : (void *)(uintptr_t)(take(size) + 0x10);
    return refused ? E_OUTOFMEMORY : S_OK;
}

static HRESULT STDMETHODCALLTYPE malloc_free(IHostMalloc *self, void *memory)
{
    (void)self;
    note("free %llx", (unsigned long long)(uintptr_t)memory);
    return S_OK;
}

static const IHostMemoryManagerVtbl manager_table = {no_interface,  one,
                                                     one,           create_malloc,
                                                     virtual_alloc, virtual_free,
                                                     virtual_query, virtual_protect,
                                                     memory_load,   register_callback,
                                                     needs,         acquired,
                                                     released};
static const IHostMallocVtbl malloc_table = {.Alloc = malloc_alloc, .Free = malloc_free};

/* ---- what the CLR can do besides ---- */

static bool os_touch(void *context, uint64_t address, bool write)
{
    (void)context;
    note("touch %llx %s", (unsigned long long)address, write ? "write" : "read");
    return true;
}

static bool os_reserve(void *context, uint64_t size, bool view, uint64_t *address)
{
    (void)context;
    *address = 0;
    if (view && fake.refuse_views)
        return false;
    *address = take(size);
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
    note("os release %llx", (unsigned long long)address);
}

/* ---- a replay of operations written in a test ---- */

struct step {
    uint8_t kind, object_class;
    uint32_t object;
    uint64_t offset_pages, pages;
    uint8_t protect, write;
    uint16_t thread;
};

#define FIRST UINT64_C(0x1000000)

static int begin(void **state)
{
    struct sim_options options = {.arena_bytes = 64 << 20, .trace = {.digest = true, .fd = -1}};
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.manager.lpVtbl = (IHostMemoryManagerVtbl *)&manager_table;
    fake.malloc.lpVtbl = (IHostMallocVtbl *)&malloc_table;
    fake.next = FIRST;
    fake.sim = sim_create(&options);
    return fake.sim ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    sim_destroy(fake.sim);
    return 0;
}

static void replay(const struct step *steps, size_t count, enum replay_native native)
{
    struct operation operations[64] = {0};
    uint32_t objects = 0, threads = 0;
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        operations[i] = (struct operation){.time_ns = i * 1000000,
                                           .object = s->object,
                                           .thread = s->thread,
                                           .kind = s->kind,
                                           .object_class = s->object_class,
                                           .protect = s->protect,
                                           .write = s->write,
                                           .offset = s->offset_pages << 12,
                                           .size = s->pages << 12};
        objects = s->object >= objects ? s->object + 1 : objects;
        threads = s->thread >= threads ? s->thread + 1u : threads;
    }
    struct recording_head head = {"test", objects, threads, count * 1000000, {0}};
    size_t bytes_count;
    uint8_t *bytes = recording_encode(&head, operations, count, &bytes_count);
    struct recording recording;
    char message[256];
    assert_non_null(bytes);
    if (!recording_open(&recording, bytes, bytes_count, message, sizeof message))
        fail_msg("%s", message);
    struct clr_env env = {fake.sim, NULL, os_touch, os_reserve, os_commit, os_decommit, os_release};
    static struct clr clr;
    fake.clr = &clr;
    assert_int_equal(clr_start(&clr, &env, NULL, &fake.manager), S_OK);
    struct replay_options options = {native};
    replay_run(&clr, &recording, &options);
    assert_int_equal(fake.sim->actor, ACTOR_CLR);
    free(bytes);
}

#define REPLAY(steps, native) replay(steps, sizeof steps / sizeof *steps, native)

static void expect_notes(const char *const *expected, unsigned count)
{
    for (unsigned i = 0; i < count || i < fake.count; i++) {
        const char *got = i < fake.count ? fake.notes[i] : "(nothing more)";
        const char *want = i < count ? expected[i] : "(nothing more)";
        if (strcmp(got, want) != 0)
            fail_msg("call %u: expected \"%s\", got \"%s\"", i, want, got);
    }
}

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        static const char *const expected[] = {__VA_ARGS__};                                       \
        expect_notes(expected, sizeof expected / sizeof *expected);                                \
    } while (0)

static uint64_t counter(enum counter which)
{
    return fake.sim->counters[which];
}

/* ---- tests ---- */

static void operations_of_the_runtime_reach_the_memory_manager(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 256, PROTECT_NONE},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 2, 16, PROTECT_WRITE},
        {OP_TOUCH, OBJECT_RUNTIME, 0, 3, 1, PROTECT_WRITE, 1},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 2, 1, PROTECT_READ},
        {OP_DECOMMIT, OBJECT_RUNTIME, 0, 10, 8, PROTECT_NONE},
        {OP_RESET, OBJECT_RUNTIME, 0, 4, 2, PROTECT_NONE},
        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 256, PROTECT_NONE},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 100000 4 process", "query 1000000", "commit 1002000 10000 4 process",
           "touch 1003000 write", "protect 1002000 1000 2", "load", "decommit 100a000 8000",
           "reset 1004000 2000 4 process", "release 1000000 0");
    assert_int_equal(counter(COUNTER_operations_recorded), 6);
    assert_int_equal(counter(COUNTER_operations_served), 6);
    assert_int_equal(counter(COUNTER_operations_dependent), 0);
}

static void code_is_reserved_and_committed_as_executable(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16, PROTECT_EXECUTE_WRITE},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 16, PROTECT_EXECUTE_WRITE},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 40 process", "query 1000000", "commit 1000000 10000 40 process");
}

static void requests_are_process_critical_until_a_second_thread_acts(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE, 0, 1},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 1, 1, PROTECT_WRITE, 0, 0},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "commit 1000000 1000 4 task",
           "commit 1001000 1000 4 task");
}

static void a_refused_reservation_takes_its_operations_along(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16}, {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 4, PROTECT_WRITE},
        {OP_TOUCH, OBJECT_RUNTIME, 0, 0, 1},    {OP_DECOMMIT, OBJECT_RUNTIME, 0, 0, 4},
        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 16}, {OP_RESERVE, OBJECT_RUNTIME, 1, 0, 32},
    };
    fake.refusals = 1;
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("refused reserve 0 10000 4 process", "reserve 0 20000 4 process", "query 1000000");
    assert_int_equal(counter(COUNTER_operations_recorded), 5);
    assert_int_equal(counter(COUNTER_operations_served), 1);
    assert_int_equal(counter(COUNTER_operations_dependent), 4);
}

static void a_refused_commit_takes_along_what_needs_its_pages(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 64},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 8, PROTECT_WRITE},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_READ}, /* dropped */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 8, 1, PROTECT_READ}, /* other pages */
        {OP_COMMIT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_WRITE}, /* served: in the middle */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 4, 1, PROTECT_READ},
        {OP_PROTECT, OBJECT_RUNTIME, 0, 3, 1, PROTECT_READ}, /* dropped */
        {OP_PROTECT, OBJECT_RUNTIME, 0, 5, 1, PROTECT_READ}, /* dropped */
    };
    fake.refuse_after = 1;
    fake.refusals = 1;
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 40000 4 process", "query 1000000", "refused commit 1000000 8000 4 process",
           "protect 1008000 1000 2", "commit 1004000 1000 4 process", "protect 1004000 1000 2");
    assert_int_equal(counter(COUNTER_operations_dependent), 3);
    assert_int_equal(counter(COUNTER_operations_served), 4);
}

static const struct step native_steps[] = {
    {OP_RESERVE, OBJECT_NATIVE, 0, 0, 100},
    {OP_GROW, OBJECT_NATIVE, 0, 0, 33, PROTECT_WRITE},
    {OP_GROW, OBJECT_NATIVE, 0, 33, 10, PROTECT_WRITE},
    {OP_TOUCH, OBJECT_NATIVE, 0, 34, 1, PROTECT_WRITE, 1},
    {OP_SHRINK, OBJECT_NATIVE, 0, 20, 23},
    {OP_GROW, OBJECT_NATIVE, 0, 20, 23, PROTECT_WRITE},
    {OP_RELEASE, OBJECT_NATIVE, 0, 0, 100},
};

static void native_growth_becomes_blocks_freed_when_wholly_behind_the_end(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("alloc 21000 process", "alloc a000 process", "touch 1031010 write", "free 1030010",
           "alloc 17000 process", "free 1040010", "free 1000010");
    assert_int_equal(counter(COUNTER_operations_recorded), 5);
    assert_int_equal(counter(COUNTER_operations_served), 5);
}

static void native_memory_can_go_through_the_memory_manager(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_VIRTUAL);
    EXPECT("reserve 0 64000 4 process", "query 1000000", "commit 1000000 21000 4 process",
           "commit 1021000 a000 4 process", "touch 1022000 write", "load", "decommit 1014000 17000",
           "commit 1014000 17000 4 process", "release 1000000 0");
}

static void native_memory_can_go_round_the_host(void **state)
{
    (void)state;
    REPLAY(native_steps, REPLAY_NATIVE_AROUND);
    EXPECT("os reserve 64000", "os commit 1000000 21000", "os commit 1021000 a000",
           "touch 1022000 write", "os decommit 1014000 17000", "os commit 1014000 17000",
           "os release 1000000");
    assert_int_equal(counter(COUNTER_operations_recorded), 0);
    assert_int_equal(counter(COUNTER_operations_around), 6);
}

static void stacks_go_round_the_host(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_RESERVE, OBJECT_STACK, 0, 0, 16},
        {OP_COMMIT, OBJECT_STACK, 0, 1, 15, PROTECT_WRITE},
        {OP_RESET, OBJECT_STACK, 0, 1, 4},
        {OP_RELEASE, OBJECT_STACK, 0, 0, 16},
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("os reserve 10000", "os commit 1001000 f000", "os release 1000000");
    assert_int_equal(counter(COUNTER_vtable_refusals), 0);
}

static const struct step view_steps[] = {
    {OP_RESERVE, OBJECT_VIEW, 0, 0, 16, PROTECT_READ},
    {OP_TOUCH, OBJECT_VIEW, 0, 5, 1, PROTECT_READ, 0},
    {OP_RELEASE, OBJECT_VIEW, 0, 0, 16},
};

static void the_host_is_told_of_views_that_come_and_go(void **state)
{
    (void)state;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("os view 10000", "os commit 1000000 10000", "acquired 1000000 10000",
           "touch 1005000 read", "os release 1000000", "released 1000000");
}

static void a_view_without_place_is_tried_once_more_if_the_host_helps(void **state)
{
    (void)state;
    fake.refuse_views = fake.needs_helps = true;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("needs 10000", "os view 10000", "os commit 1000000 10000", "acquired 1000000 10000",
           "touch 1005000 read", "os release 1000000", "released 1000000");
}

static void a_view_without_place_and_help_does_not_happen(void **state)
{
    (void)state;
    fake.refuse_views = true;
    REPLAY(view_steps, REPLAY_NATIVE_MALLOC);
    EXPECT("needs 10000");
    assert_int_equal(counter(COUNTER_operations_dependent), 2);
}

static void failed_calls_and_nonsense_are_never_replayed(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {OP_FAILED, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 1, 0, 1, PROTECT_WRITE}, /* of nothing */
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
        {OP_COMMIT, OBJECT_RUNTIME, 0, 15, 2, PROTECT_WRITE}, /* past the end */
        {OP_COMMIT, OBJECT_STACK, 0, 0, 1, PROTECT_WRITE},    /* of another class */
        {OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},               /* twice */
    };
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000");
}

static void the_clock_follows_the_recording_and_never_goes_back(void **state)
{
    (void)state;
    static const struct step steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
                                        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    assert_in_range(fake.sim->now_ns, 1000000, 1100000);
    fake.sim->now_ns = 5000000; /* later than all of them */
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    assert_in_range(fake.sim->now_ns, 5000000, 5100000);
}

static void nothing_is_asked_of_memory_that_was_released(void **state)
{
    (void)state;
    static const struct step steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16},
                                        {OP_RELEASE, OBJECT_RUNTIME, 0, 0, 16},
                                        {OP_COMMIT, OBJECT_RUNTIME, 0, 0, 1, PROTECT_WRITE}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    EXPECT("reserve 0 10000 4 process", "query 1000000", "release 1000000 0");
}

static void the_callback_is_a_singleton_that_counts_notifications(void **state)
{
    (void)state;
    static const struct step steps[] = {{OP_RESERVE, OBJECT_RUNTIME, 0, 0, 16}};
    REPLAY(steps, REPLAY_NATIVE_MALLOC);
    ICLRMemoryNotificationCallback *callback = fake.callback;
    void *other = NULL;
    assert_non_null(callback);
    assert_int_equal(ICLRMemoryNotificationCallback_AddRef(callback), 1);
    assert_int_equal(ICLRMemoryNotificationCallback_Release(callback), 1);
    assert_int_equal(ICLRMemoryNotificationCallback_QueryInterface(callback, &IID_IUnknown, &other),
                     S_OK);
    assert_ptr_equal(other, callback);
    fake.sim->actor = ACTOR_POLICY;
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableLow);
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableHigh);
    fake.sim->actor = ACTOR_CLR;
    assert_int_equal(counter(COUNTER_low_notifications), 1);
    assert_int_equal(counter(COUNTER_neutral_notifications), 0);
    assert_int_equal(counter(COUNTER_high_notifications), 1);
    assert_int_equal(fake.clr->availability, eMemoryAvailableHigh);
}

static void equal_replays_leave_equal_digests(void **state)
{
    uint8_t digests[2][16];
    for (int i = 0; i < 2; i++) {
        REPLAY(native_steps, REPLAY_NATIVE_VIRTUAL);
        trace_digest(&fake.sim->trace, digests[i]);
        end(state);
        begin(state);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operations_of_the_runtime_reach_the_memory_manager),
        TEST(code_is_reserved_and_committed_as_executable),
        TEST(requests_are_process_critical_until_a_second_thread_acts),
        TEST(a_refused_reservation_takes_its_operations_along),
        TEST(a_refused_commit_takes_along_what_needs_its_pages),
        TEST(native_growth_becomes_blocks_freed_when_wholly_behind_the_end),
        TEST(native_memory_can_go_through_the_memory_manager),
        TEST(native_memory_can_go_round_the_host),
        TEST(stacks_go_round_the_host),
        TEST(the_host_is_told_of_views_that_come_and_go),
        TEST(a_view_without_place_is_tried_once_more_if_the_host_helps),
        TEST(a_view_without_place_and_help_does_not_happen),
        TEST(failed_calls_and_nonsense_are_never_replayed),
        TEST(the_clock_follows_the_recording_and_never_goes_back),
        TEST(nothing_is_asked_of_memory_that_was_released),
        TEST(the_callback_is_a_singleton_that_counts_notifications),
        TEST(equal_replays_leave_equal_digests),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
