/* The catalogue of failure points: every call in it can be made to fail with every error it lists,
 * tells its caller so, and changes nothing; the documentation says the same. */
#include "tests/crt_support.h"

#include <stdio.h>
#include <stdlib.h>
#include "harness/catalogue.h"
#include "include/windows.h"
#include "include/psapi.h"
#include "os/heap.h"

#define NEW (MEM_RESERVE | MEM_COMMIT)
#define RW PAGE_READWRITE

/* What the calls act on: made anew for each. */
static struct scene {
    struct crt_run run;
    uint8_t *region; /* four pages: written, locked, fresh, decommitted; watched */
    HANDLE heap;
    uint8_t *block;     /* of the heap, 10 bytes */
    uint8_t *crt_block; /* of malloc, 10 bytes */
    HANDLE on, off;     /* manual events */
    HANDLE job, port;
} scene;

static void *crt(const char *name)
{
    return bound(crt_memory_bindings, name);
}

typedef void *allocate(size_t bytes);
typedef void *allocate_two(size_t first, size_t second);
typedef void *reallocate(void *block, size_t bytes);
typedef void *allocate_nothrow(size_t bytes, const void *nothrow);

static void scene_begin(void)
{
    crt_run_begin(&scene.run, 1, true);
    scene.run.sim->actor = ACTOR_MACHINE; /* rules count from the call under test */
    scene.region = VirtualAlloc(NULL, 4 * PAGE_BYTES, NEW | MEM_WRITE_WATCH, RW);
    scene.region[0] = 7;
    VirtualLock(scene.region + PAGE_BYTES, PAGE_BYTES);
    VirtualFree(scene.region + 3 * PAGE_BYTES, PAGE_BYTES, MEM_DECOMMIT);
    scene.heap = HeapCreate(0, 0, 0);
    scene.block = HeapAlloc(scene.heap, HEAP_ZERO_MEMORY, 10);
    scene.crt_block = ((allocate *)crt("malloc"))(10);
    scene.on = CreateEventA(NULL, TRUE, TRUE, NULL);
    scene.off = CreateEventA(NULL, TRUE, FALSE, NULL);
    scene.job = CreateJobObjectA(NULL, NULL);
    scene.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    sim_flush_touches(scene.run.sim);
}

static void scene_end(void)
{
    machine_verify(scene.run.machine);
    crt_run_end(&scene.run);
}

/* ---- one call each; true: it did what it was asked ---- */

static bool virtual_alloc(void)
{
    return VirtualAlloc(scene.region + 3 * PAGE_BYTES, 1, MEM_COMMIT, RW) != NULL;
}
static bool virtual_free(void)
{
    return VirtualFree(scene.region, 0, MEM_RELEASE);
}
static bool virtual_protect(void)
{
    DWORD old;
    return VirtualProtect(scene.region, 1, PAGE_READONLY, &old);
}
static bool virtual_query(void)
{
    MEMORY_BASIC_INFORMATION info;
    return VirtualQuery(scene.region, &info, sizeof info) != 0;
}
static bool virtual_lock(void)
{
    return VirtualLock(scene.region + 2 * PAGE_BYTES, 1);
}
static bool virtual_unlock(void)
{
    return VirtualUnlock(scene.region + PAGE_BYTES, 1);
}
static bool get_write_watch(void)
{
    PVOID pages[4];
    ULONG_PTR count = 4;
    DWORD granularity;
    return GetWriteWatch(WRITE_WATCH_FLAG_RESET, scene.region, 4 * PAGE_BYTES, pages, &count,
                         &granularity) == 0;
}
static bool reset_write_watch(void)
{
    return ResetWriteWatch(scene.region, 4 * PAGE_BYTES) == 0;
}
static bool global_memory_status(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    return GlobalMemoryStatusEx(&status);
}
static bool process_memory_info(void)
{
    PROCESS_MEMORY_COUNTERS counters;
    return GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters);
}
static bool performance_info(void)
{
    PERFORMANCE_INFORMATION info;
    return GetPerformanceInfo(&info, sizeof info);
}
static bool set_working_set(void)
{
    return SetProcessWorkingSetSize(GetCurrentProcess(), 1 << 20, 2 << 20);
}
static bool heap_create_call(void)
{
    return HeapCreate(0, 0, 0) != NULL;
}
static bool heap_alloc_call(void)
{
    return HeapAlloc(scene.heap, 0, 100) != NULL;
}
static bool heap_realloc_call(void)
{
    return HeapReAlloc(scene.heap, HEAP_ZERO_MEMORY, scene.block, 5000) != NULL;
}
static bool heap_set_information(void)
{
    ULONG wanted = 2;
    return HeapSetInformation(scene.heap, HeapCompatibilityInformation, &wanted, sizeof wanted);
}
static bool crt_malloc_call(void)
{
    return ((allocate *)crt("malloc"))(100) != NULL;
}
static bool crt_calloc_call(void)
{
    return ((allocate_two *)crt("calloc"))(3, 5) != NULL;
}
static bool crt_realloc_call(void)
{
    return ((reallocate *)crt("realloc"))(scene.crt_block, 5000) != NULL;
}
static bool crt_aligned_alloc_call(void)
{
    return ((allocate_two *)crt("aligned_alloc"))(64, 100) != NULL;
}
static bool operator_new_call(void)
{
    return ((allocate_nothrow *)crt("_ZnwmRKSt9nothrow_t"))(100, NULL) != NULL;
}
static bool create_event(void)
{
    return CreateEventA(NULL, TRUE, TRUE, NULL) != NULL;
}
static bool set_event(void)
{
    return SetEvent(scene.off);
}
static bool reset_event(void)
{
    return ResetEvent(scene.on);
}
static bool close_handle(void)
{
    return CloseHandle(scene.off);
}
static bool wait_for(void)
{
    return WaitForSingleObject(scene.on, 0) != WAIT_FAILED;
}
static bool initialise_section(void)
{
    CRITICAL_SECTION section;
    return InitializeCriticalSectionAndSpinCount(&section, 1);
}
static bool get_module_handle(void)
{
    return GetModuleHandleA("kernel32.dll") != NULL;
}
static bool get_proc_address(void)
{
    scene.run.sim->actor = ACTOR_MACHINE;
    HMODULE module = GetModuleHandleA("kernel32.dll");
    scene.run.sim->actor = ACTOR_POLICY;
    return GetProcAddress(module, "VirtualAlloc") != NULL;
}
static bool tls_alloc(void)
{
    return TlsAlloc() != TLS_OUT_OF_INDEXES;
}

static bool empty_working_set(void)
{
    return EmptyWorkingSet(GetCurrentProcess());
}
static bool create_job(void)
{
    return CreateJobObjectA(NULL, NULL) != NULL;
}
static bool set_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {.ProcessMemoryLimit = 1 << 20};
    info.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    return SetInformationJobObject(scene.job, JobObjectExtendedLimitInformation, &info,
                                   sizeof info);
}
static bool query_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info;
    return QueryInformationJobObject(scene.job, JobObjectExtendedLimitInformation, &info,
                                     sizeof info, NULL);
}
static bool assign_job(void)
{
    return AssignProcessToJobObject(scene.job, GetCurrentProcess());
}
static bool create_port(void)
{
    return CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0) != NULL;
}
static bool post_packet(void)
{
    return PostQueuedCompletionStatus(scene.port, 1, 2, NULL);
}
static DWORD WINAPI do_nothing(LPVOID unused)
{
    (void)unused;
    return 0;
}
static void WINAPI do_nothing_in_time(PVOID unused, BOOLEAN fired)
{
    (void)unused, (void)fired;
}
static bool create_thread(void)
{
    return CreateThread(NULL, 0, do_nothing, NULL, 0, NULL) != NULL;
}
static bool create_mutex(void)
{
    return CreateMutexA(NULL, TRUE, NULL) != NULL;
}
static bool create_semaphore(void)
{
    return CreateSemaphoreA(NULL, 1, 2, NULL) != NULL;
}
static bool wait_for_several(void)
{
    HANDLE both[2] = {scene.off, scene.on};
    return WaitForMultipleObjects(2, both, FALSE, 0) != WAIT_FAILED;
}
static bool duplicate_handle(void)
{
    HANDLE other;
    return DuplicateHandle(GetCurrentProcess(), scene.on, GetCurrentProcess(), &other, 0, FALSE,
                           DUPLICATE_SAME_ACCESS);
}
static bool create_notification(void)
{
    return CreateMemoryResourceNotification(LowMemoryResourceNotification) != NULL;
}
static bool create_waitable_timer(void)
{
    return CreateWaitableTimerA(NULL, FALSE, NULL) != NULL;
}
static bool create_queue_timer(void)
{
    HANDLE timer;
    return CreateTimerQueueTimer(&timer, NULL, do_nothing_in_time, NULL, 5, 5, WT_EXECUTEDEFAULT);
}
static bool queue_work_item(void)
{
    return QueueUserWorkItem(do_nothing, NULL, WT_EXECUTEDEFAULT);
}

static bool (*const performers[EVENT_KINDS])(void) = {
    [EVENT_VirtualAlloc] = virtual_alloc,
    [EVENT_VirtualFree] = virtual_free,
    [EVENT_VirtualProtect] = virtual_protect,
    [EVENT_VirtualQuery] = virtual_query,
    [EVENT_VirtualLock] = virtual_lock,
    [EVENT_VirtualUnlock] = virtual_unlock,
    [EVENT_GetWriteWatch] = get_write_watch,
    [EVENT_ResetWriteWatch] = reset_write_watch,
    [EVENT_GlobalMemoryStatusEx] = global_memory_status,
    [EVENT_GetProcessMemoryInfo] = process_memory_info,
    [EVENT_GetPerformanceInfo] = performance_info,
    [EVENT_SetProcessWorkingSetSize] = set_working_set,
    [EVENT_HeapCreate] = heap_create_call,
    [EVENT_HeapAlloc] = heap_alloc_call,
    [EVENT_HeapReAlloc] = heap_realloc_call,
    [EVENT_HeapSetInformation] = heap_set_information,
    [EVENT_malloc] = crt_malloc_call,
    [EVENT_calloc] = crt_calloc_call,
    [EVENT_realloc] = crt_realloc_call,
    [EVENT_aligned_alloc] = crt_aligned_alloc_call,
    [EVENT_operator_new] = operator_new_call,
    [EVENT_CreateEvent] = create_event,
    [EVENT_SetEvent] = set_event,
    [EVENT_ResetEvent] = reset_event,
    [EVENT_CloseHandle] = close_handle,
    [EVENT_WaitForSingleObject] = wait_for,
    [EVENT_InitializeCriticalSection] = initialise_section,
    [EVENT_GetModuleHandle] = get_module_handle,
    [EVENT_GetProcAddress] = get_proc_address,
    [EVENT_TlsAlloc] = tls_alloc,
    [EVENT_EmptyWorkingSet] = empty_working_set,
    [EVENT_CreateJobObject] = create_job,
    [EVENT_SetInformationJobObject] = set_job,
    [EVENT_QueryInformationJobObject] = query_job,
    [EVENT_AssignProcessToJobObject] = assign_job,
    [EVENT_CreateIoCompletionPort] = create_port,
    [EVENT_PostQueuedCompletionStatus] = post_packet,
    [EVENT_CreateThread] = create_thread,
    [EVENT_CreateMutex] = create_mutex,
    [EVENT_CreateSemaphore] = create_semaphore,
    [EVENT_WaitForMultipleObjects] = wait_for_several,
    [EVENT_DuplicateHandle] = duplicate_handle,
    [EVENT_CreateMemoryResourceNotification] = create_notification,
    [EVENT_CreateWaitableTimer] = create_waitable_timer,
    [EVENT_CreateTimerQueueTimer] = create_queue_timer,
    [EVENT_QueueUserWorkItem] = queue_work_item,
};

/* ---- what must not change ---- */

struct snapshot {
    struct machine_left left;
    struct memory_info pages[4];
    uint64_t total_bytes, resident_pages, dirty, tls_used, block_bytes;
    SIZE_T working_set[2];
    DWORD waits[2], job_limits, packets;
    BOOL in_job;
    uint8_t contents[10];
};

static struct snapshot snapshot_of(void)
{
    struct machine *m = scene.run.machine;
    struct snapshot now;
    uint64_t pages[4], base = (uintptr_t)scene.region - WINDOW_BASE;
    memset(&now, 0, sizeof now);
    machine_left_behind(m, &now.left);
    for (unsigned i = 0; i < 4; i++)
        machine_query(m, base + i * PAGE_BYTES, &now.pages[i]);
    now.total_bytes = machine_commit_total_bytes(m);
    now.resident_pages = machine_resident_pages(m);
    now.dirty = 4;
    if (now.pages[0].state == MEM_COMMIT)
        machine_get_write_watch(m, 0, base, 4 * PAGE_BYTES, pages, &now.dirty);
    now.tls_used = scene.run.sim->tls_used;
    now.block_bytes = HeapSize(scene.heap, 0, scene.block);
    GetProcessWorkingSetSize(GetCurrentProcess(), &now.working_set[0], &now.working_set[1]);
    now.waits[0] = WaitForSingleObject(scene.on, 0);
    now.waits[1] = WaitForSingleObject(scene.off, 0);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info;
    QueryInformationJobObject(scene.job, JobObjectExtendedLimitInformation, &info, sizeof info,
                              NULL);
    now.job_limits = info.BasicLimitInformation.LimitFlags;
    IsProcessInJob(GetCurrentProcess(), scene.job, &now.in_job);
    ULONG_PTR key;
    LPOVERLAPPED overlapped;
    GetQueuedCompletionStatus(scene.port, &now.packets, &key, &overlapped, 0);
    machine_peek(m, (uintptr_t)scene.block - WINDOW_BASE, now.contents, sizeof now.contents);
    return now;
}

static void arm(const char *call, const char *effect)
{
    struct fault_rule rule;
    char text[128], message[512];
    snprintf(text, sizeof text, "%s#1:%s", call, effect);
    if (!fault_parse(text, &rule, message, sizeof message))
        fail_msg("%s", message);
    fault_plan_set(&scene.run.sim->faults, &rule, 1);
}

/* The policy makes the call: whether it succeeded. */
static bool perform(uint16_t call)
{
    scene.run.sim->actor = ACTOR_POLICY;
    bool succeeded = performers[call]();
    scene.run.sim->actor = ACTOR_MACHINE;
    return succeeded;
}

static void fail_with(uint16_t call, const char *error)
{
    enum status status;
    scene_begin();
    struct sim *sim = scene.run.sim;
    assert_true(status_parse(error, &status));
    arm(event_shapes[call].name, error);
    struct snapshot before = snapshot_of();
    SetLastError(0xdead);
    sim->thread->crt_errno = 0;
    bool succeeded = perform(call);
    uint32_t told = status == ST_ENOMEM ? (uint32_t)sim->thread->crt_errno : GetLastError();
    if (succeeded)
        fail_msg("%s did not fail with %s", event_shapes[call].name, error);
    assert_int_equal(sim->faults.injected, 1);
    if (call != EVENT_operator_new) /* tells by its result only */
        assert_int_equal(told, status_code(status));
    struct snapshot after = snapshot_of();
    if (memcmp(&before, &after, sizeof before) != 0)
        fail_msg("%s changed something though it failed", event_shapes[call].name);
    if (!perform(call)) /* the rule has had its turn */
        fail_msg("%s fails without a rule", event_shapes[call].name);
    scene_end();
}

static void every_call_fails_with_every_legal_error_and_changes_nothing(void **state)
{
    (void)state;
    for (uint16_t call = 0; call < EVENT_KINDS; call++) {
        if (event_shapes[call].failure == ST_OK) {
            assert_null(performers[call]);
            continue;
        }
        if (!performers[call])
            fail_msg("%s is not tested", event_shapes[call].name);
        char error[64];
        for (const char *at = event_shapes[call].legal; *at;) {
            size_t length = strcspn(at, " ");
            snprintf(error, sizeof error, "%.*s", (int)length, at);
            fail_with(call, error);
            at += length + (at[length] == ' ');
        }
    }
}

static void every_call_can_be_late_and_succeeds_all_the_same(void **state)
{
    (void)state;
    for (uint16_t call = 0; call < EVENT_KINDS; call++) {
        uint64_t took[2];
        for (int late = 0; performers[call] && late < 2; late++) {
            scene_begin();
            if (late)
                arm(event_shapes[call].name, "delay=3ms");
            uint64_t begin_ns = scene.run.sim->now_ns;
            assert_true(perform(call));
            took[late] = scene.run.sim->now_ns - begin_ns;
            scene_end();
        }
        if (performers[call])
            assert_int_equal(took[1], took[0] + 3000000);
    }
}

static void sizes_of_every_call_that_has_one_can_be_asked_for(void **state)
{
    (void)state;
    for (uint16_t call = 0; call < EVENT_KINDS; call++) {
        if (!performers[call] || !(fault_aspects(call) & FAULT_HAS_SIZE))
            continue;
        for (int large = 0; large < 2; large++) {
            char name[64];
            scene_begin();
            snprintf(name, sizeof name, "%s[%s]", event_shapes[call].name,
                     large ? "size>=1GiB" : "size<=1GiB");
            arm(name, "forever");
            assert_int_equal(perform(call), large);
            scene_end();
        }
    }
}

static void raise_in(bool of_heap, bool re)
{
    static HANDLE heap; /* static: kept over the jump out of the call */
    static uint8_t *block;
    const DWORD flags = of_heap ? 0 : HEAP_GENERATE_EXCEPTIONS;
    scene_begin();
    heap = HeapCreate(of_heap ? HEAP_GENERATE_EXCEPTIONS : 0, 0, 0);
    block = HeapAlloc(heap, 0, 10);
    struct snapshot before = snapshot_of();
    arm(re ? "HeapReAlloc" : "HeapAlloc", "ERROR_NOT_ENOUGH_MEMORY");
    scene.run.sim->actor = ACTOR_POLICY;
    if (re)
        assert_stops(&scene.run, STOP_EXCEPTION, HeapReAlloc(heap, flags, block, 5000));
    else
        assert_stops(&scene.run, STOP_EXCEPTION, HeapAlloc(heap, flags, 100));
    scene.run.sim->actor = ACTOR_MACHINE;
    assert_int_equal(scene.run.stop.code, 0xC0000017u);
    struct snapshot after = snapshot_of();
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(HeapSize(heap, 0, block), 10);
    scene_end();
}

static void injected_failures_raise_where_the_heap_or_the_call_says(void **state)
{
    (void)state;
    raise_in(true, false);
    raise_in(true, true);
    raise_in(false, false);
    raise_in(false, true);
}

/* ---- what is written about them ---- */

static void the_catalogue_tells_of_failure_points_and_of_nothing_else(void **state)
{
    (void)state;
    for (uint16_t call = 0; call < EVENT_KINDS; call++)
        if ((catalogue_entry(call) != NULL) != (event_shapes[call].failure != ST_OK))
            fail_msg("harness/catalogue.c and core/calls.def differ about %s",
                     event_shapes[call].name);
}

static void the_page_of_failure_points_is_what_the_program_prints(void **state)
{
    (void)state;
    char *printed = NULL, written[65536];
    size_t printed_bytes;
    FILE *out = open_memstream(&printed, &printed_bytes);
    catalogue_print(out, true);
    fclose(out);
    FILE *page = fopen("docs/failure-points.md", "r");
    assert_non_null(page);
    size_t bytes = fread(written, 1, sizeof written - 1, page);
    fclose(page);
    written[bytes] = '\0';
    if (strcmp(printed, written) != 0)
        fail_msg("docs/failure-points.md is old: lowwater list faults --markdown > it");
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_with_every_legal_error_and_changes_nothing),
        cmocka_unit_test(every_call_can_be_late_and_succeeds_all_the_same),
        cmocka_unit_test(sizes_of_every_call_that_has_one_can_be_asked_for),
        cmocka_unit_test(injected_failures_raise_where_the_heap_or_the_call_says),
        cmocka_unit_test(the_catalogue_tells_of_failure_points_and_of_nothing_else),
        cmocka_unit_test(the_page_of_failure_points_is_what_the_program_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
