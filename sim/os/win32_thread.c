/* Threads, timers and work items as Windows exports them. What they are stands in sync.h, threads.c
 * and workers.c. */
#include "include/windows.h"

#include "core/binding.h"
#include "core/check.h"
#include "core/clock.h"
#include "os/machine.h"
#include "os/workers.h"
#include "os/sync.h"

static struct sim *current_sim(void)
{
    return machine_sim(machine_current());
}

static BOOL finish(struct sim *sim, enum status status)
{
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return status == ST_OK;
}

static uint64_t handle_number(HANDLE handle)
{
    return (uint64_t)(uintptr_t)handle;
}

static struct object *object_of(struct sim *sim, HANDLE handle, enum object_kind kind)
{
    if (handle == GetCurrentThread() && kind == OBJECT_THREAD)
        return thread_object(sim, sim->thread);
    struct object *object = handle_object(sync_state(sim), handle_number(handle));
    return object && object->kind == kind ? object : NULL;
}

/* ---- starting ---- */

struct start {
    LPTHREAD_START_ROUTINE routine;
    LPVOID parameter;
};

static void run_routine(void *argument)
{
    struct sim *sim = current_sim();
    struct start start = *(struct start *)argument;
    arena_free(&sim->arena, argument, sizeof start);
    thread_end(sim, start.routine(start.parameter));
}

/* One shape for CreateThread and the C run-time's two. */
static HANDLE create_thread(SIZE_T stack, LPTHREAD_START_ROUTINE routine, LPVOID parameter,
                            DWORD flags, LPDWORD id)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateThread, NULL);
    struct start *start = arena_alloc(&sim->arena, sizeof *start);
    *start = (struct start){routine, parameter};
    const struct thread_options options = {.entry = run_routine,
                                           .argument = start,
                                           .stack_bytes = stack,
                                           .suspended = flags & CREATE_SUSPENDED};
    struct object *object = NULL;
    uint32_t handle = 0;
    if (status == ST_OK && !handle_is_left(sync_state(sim)))
        status = ST_NO_SYSTEM_RESOURCES;
    if (status == ST_OK)
        status = thread_start(sim, &options, &object);
    if (status == ST_OK) {
        handle = handle_open(sync_state(sim), object);
        CHECK(handle != 0); /* nobody else ran */
        object_release(sim, object);
        if (id)
            *id = (object->thread->id + 1) * 4;
    } else {
        arena_free(&sim->arena, start, sizeof *start);
        sim->thread->last_error = status_code(status);
    }
    sim_event(sim, EVENT_CreateThread, status_code(status), stack, flags, handle,
              object ? object->thread->id : 0);
    return (HANDLE)(uintptr_t)handle;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                           LPTHREAD_START_ROUTINE routine, LPVOID parameter, DWORD flags,
                           LPDWORD id)
{
    (void)security;
    return create_thread(stack, routine, parameter, flags, id);
}

/* unsigned (*)(void *) and DWORD (*)(LPVOID) are called alike. */
static uintptr_t begin_thread_ex(void *security, unsigned stack,
                                 unsigned(__stdcall *routine)(void *), void *argument,
                                 unsigned flags, unsigned *id)
{
    (void)security;
    return (uintptr_t)create_thread(stack, (LPTHREAD_START_ROUTINE)(void *)routine, argument, flags,
                                    (LPDWORD)id);
}

/* The caller gets a handle that the thread's end closes: it is not to be closed. */
static uintptr_t begin_thread(void(__cdecl *routine)(void *), unsigned stack, void *argument)
{
    HANDLE handle =
        create_thread(stack, (LPTHREAD_START_ROUTINE)(void *)routine, argument, 0, NULL);
    if (!handle)
        return (uintptr_t)-1;
    handle_object(sync_state(current_sim()), handle_number(handle))->close_at_end = true;
    return (uintptr_t)handle;
}

/* ---- ending ---- */

void WINAPI ExitThread(DWORD code)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_ExitThread, NULL);
    sim_event(sim, EVENT_ExitThread, 0, code, 0, 0, 0);
    thread_end(sim, code);
}

static _Noreturn void end_thread(void)
{
    ExitThread(0);
}
static _Noreturn void end_thread_ex(unsigned code)
{
    ExitThread(code);
}

BOOL WINAPI TerminateThread(HANDLE handle, DWORD code)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_TerminateThread, NULL);
    struct object *object = object_of(sim, handle, OBJECT_THREAD);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    bool own = object && object->thread == sim->thread;
    bool foreign = object && !sched_task_of(sim, object->thread)->of_policy;
    if (status == ST_OK && foreign)
        status = ST_ACCESS_DENIED;
    sim_event(sim, EVENT_TerminateThread, status_code(status), handle_number(handle), code, 0, 0);
    if (status == ST_OK && own)
        thread_end(sim, code);
    if (status == ST_OK && !object->signalled)
        thread_terminate(sim, object, code);
    return finish(sim, status);
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_GetExitCodeThread, NULL);
    struct object *object = object_of(sim, handle, OBJECT_THREAD);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK)
        *code = object->exit_code;
    sim_event(sim, EVENT_GetExitCodeThread, status_code(status), handle_number(handle),
              status == ST_OK ? object->exit_code : 0, 0, 0);
    return finish(sim, status);
}

/* ---- changing and asking ---- */

static DWORD change_suspension(uint16_t call, HANDLE handle, bool suspend)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, call, NULL);
    struct object *object = object_of(sim, handle, OBJECT_THREAD);
    uint32_t before = 0;
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    struct task *task = object ? sched_task_of(sim, object->thread) : NULL;
    bool over = object && (object->signalled || !task->of_policy);
    if (status == ST_OK && over)
        status = ST_ACCESS_DENIED;
    if (status == ST_OK)
        before = task->suspended;
    sim_event(sim, call, status_code(status), handle_number(handle), before, 0, 0);
    if (status == ST_OK && suspend)
        sched_suspend(sim, task);
    else if (status == ST_OK)
        sched_resume(sim, task);
    finish(sim, status);
    return status == ST_OK ? before : (DWORD)-1;
}

DWORD WINAPI ResumeThread(HANDLE thread)
{
    return change_suspension(EVENT_ResumeThread, thread, false);
}
DWORD WINAPI SuspendThread(HANDLE thread)
{
    return change_suspension(EVENT_SuspendThread, thread, true);
}

/* Accepted and remembered by nobody: the strategy decides who runs. */
BOOL WINAPI SetThreadPriority(HANDLE thread, int priority)
{
    struct sim *sim = current_sim();
    enum status status = object_of(sim, thread, OBJECT_THREAD) ? ST_OK : ST_INVALID_HANDLE;
    if (priority != THREAD_PRIORITY_IDLE && priority != THREAD_PRIORITY_TIME_CRITICAL &&
        (priority < THREAD_PRIORITY_LOWEST || priority > THREAD_PRIORITY_HIGHEST))
        status = ST_INVALID_PARAMETER;
    return finish(sim, status);
}

int WINAPI GetThreadPriority(HANDLE thread)
{
    struct sim *sim = current_sim();
    bool fine = finish(sim, object_of(sim, thread, OBJECT_THREAD) ? ST_OK : ST_INVALID_HANDLE);
    return fine ? THREAD_PRIORITY_NORMAL : THREAD_PRIORITY_ERROR_RETURN;
}

DWORD WINAPI GetThreadId(HANDLE thread)
{
    struct sim *sim = current_sim();
    struct object *object = object_of(sim, thread, OBJECT_THREAD);
    finish(sim, object ? ST_OK : ST_INVALID_HANDLE);
    return object ? (object->thread->id + 1) * 4 : 0;
}

/* ---- waitable timers ---- */

static void timer_due(struct sim *sim, struct due *due)
{
    struct object *object = (struct object *)((char *)due - offsetof(struct object, due));
    CHECK(object->kind == OBJECT_TIMER);
    CHECK(due->due_ns <= sim->now_ns);
    object->signalled = true;
    if (object->period_ns)
        sched_due_add(sim, due, due->due_ns + object->period_ns);
    object_signalled(sim, object);
}

static HANDLE create_timer(BOOL manual)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateWaitableTimer, NULL);
    uint32_t handle = 0;
    if (status == ST_OK) {
        struct object *object = object_create(sim, OBJECT_TIMER);
        object->manual_reset = manual;
        object->due.fire = timer_due;
        object_keep(object);
        handle = handle_open(sync_state(sim), object);
        object_release(sim, object);
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    CHECK((status == ST_OK) == (handle != 0));
    sim_event(sim, EVENT_CreateWaitableTimer, status_code(status), manual, handle, 0, 0);
    sim->thread->last_error = status_code(status);
    return (HANDLE)(uintptr_t)handle;
}

HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCSTR name)
{
    (void)security, (void)name;
    return create_timer(manual);
}
HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCWSTR name)
{
    (void)security, (void)name;
    return create_timer(manual);
}
HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags,
                                     DWORD access)
{
    (void)security, (void)name, (void)access;
    return create_timer(flags & CREATE_WAITABLE_TIMER_MANUAL_RESET ? TRUE : FALSE);
}

/* Negative: so many 100 ns from now; otherwise a date as FILETIME. */
static uint64_t moment_of(const struct sim *sim, LONGLONG due)
{
    if (due < 0)
        return sim->now_ns + (uint64_t)-due * 100;
    uint64_t now = clock_filetime(sim);
    return (uint64_t)due > now ? sim->now_ns + ((uint64_t)due - now) * 100 : sim->now_ns;
}

BOOL WINAPI SetWaitableTimer(HANDLE timer, const LARGE_INTEGER *due, LONG period_ms,
                             PTIMERAPCROUTINE routine, LPVOID argument, BOOL resume)
{
    struct sim *sim = current_sim();
    (void)argument, (void)resume;
    enum status status = sim_call(sim, EVENT_SetWaitableTimer, NULL);
    struct object *object = object_of(sim, timer, OBJECT_TIMER);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    else if (status == ST_OK && (period_ms < 0 || !due))
        status = ST_INVALID_PARAMETER;
    else if (status == ST_OK && routine)
        status = ST_NOT_SUPPORTED; /* asynchronous calls */
    if (status == ST_OK) {
        object->signalled = false;
        object_release_order(sim, object);
        object->period_ns = (uint64_t)period_ms * 1000000;
        sched_due_remove(sim, &object->due);
        sched_due_add(sim, &object->due, moment_of(sim, due->QuadPart));
    }
    sim_event(sim, EVENT_SetWaitableTimer, status_code(status), handle_number(timer),
              status == ST_OK ? object->due.due_ns : 0, (uint32_t)period_ms, 0);
    return finish(sim, status);
}

BOOL WINAPI CancelWaitableTimer(HANDLE timer)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CancelWaitableTimer, NULL);
    struct object *object = object_of(sim, timer, OBJECT_TIMER);
    if (status == ST_OK && !object)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK)
        sched_due_remove(sim, &object->due);
    sim_event(sim, EVENT_CancelWaitableTimer, status_code(status), handle_number(timer), 0, 0, 0);
    return finish(sim, status);
}

/* ---- the pool ---- */

BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE routine, PVOID parameter, ULONG flags)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_QueueUserWorkItem, NULL);
    if (status == ST_OK)
        status = pool_submit(sim, (pool_callback *)(void *)routine, parameter);
    sim_event(sim, EVENT_QueueUserWorkItem, status_code(status), flags, 0, 0, 0);
    return finish(sim, status);
}

static uint64_t after_ms(const struct sim *sim, DWORD ms)
{
    return sim->now_ns + (uint64_t)ms * 1000000;
}

BOOL WINAPI CreateTimerQueueTimer(PHANDLE handle, HANDLE queue, WAITORTIMERCALLBACK callback,
                                  PVOID parameter, DWORD due_ms, DWORD period_ms, ULONG flags)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateTimerQueueTimer, NULL);
    uint32_t number = 0;
    if (status == ST_OK && queue)
        status = ST_INVALID_HANDLE; /* only the default queue exists */
    if (status == ST_OK) {
        struct object *object = object_create(sim, OBJECT_POOL_TIMER);
        object_keep(object);
        number = handle_open(sync_state(sim), object);
        status = number ? ST_OK : ST_NO_SYSTEM_RESOURCES;
        if (number)
            object->timer = pool_timer_create(
                sim, (pool_callback *)(void *)callback, parameter, after_ms(sim, due_ms),
                flags & WT_EXECUTEONLYONCE ? 0 : (uint64_t)period_ms * 1000000);
        object_release(sim, object);
    }
    if (status == ST_OK)
        *handle = (HANDLE)(uintptr_t)number;
    sim_event(sim, EVENT_CreateTimerQueueTimer, status_code(status), due_ms, period_ms, number, 0);
    return finish(sim, status);
}

BOOL WINAPI ChangeTimerQueueTimer(HANDLE queue, HANDLE handle, ULONG due_ms, ULONG period_ms)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateTimerQueueTimer, NULL);
    struct object *object = object_of(sim, handle, OBJECT_POOL_TIMER);
    if (status == ST_OK && (queue || !object || !object->timer))
        status = ST_INVALID_HANDLE;
    if (status == ST_OK)
        pool_timer_change(sim, object->timer, after_ms(sim, due_ms), (uint64_t)period_ms * 1000000);
    sim_event(sim, EVENT_CreateTimerQueueTimer, status_code(status), due_ms, period_ms,
              handle_number(handle), 0);
    return finish(sim, status);
}

BOOL WINAPI DeleteTimerQueueTimer(HANDLE queue, HANDLE handle, HANDLE completion)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_DeleteTimerQueueTimer, NULL);
    struct object *object = object_of(sim, handle, OBJECT_POOL_TIMER);
    bool wait = completion == INVALID_HANDLE_VALUE;
    struct object *event = completion && !wait ? object_of(sim, completion, OBJECT_EVENT) : NULL;
    if (status == ST_OK && (queue || !object || !object->timer || (completion && !wait && !event)))
        status = ST_INVALID_HANDLE;
    if (status == ST_OK) {
        struct pool_timer *timer = object->timer;
        object->timer = NULL; /* the object may have another handle */
        handle_close(sim, handle_number(handle));
        if (!pool_timer_delete(sim, timer, wait, event))
            status = ST_IO_PENDING;
    }
    sim_event(sim, EVENT_DeleteTimerQueueTimer, status_code(status), handle_number(handle), wait, 0,
              0);
    return finish(sim, status);
}

/* ---- fiber-local slots: thread-local ones with a destructor ---- */

static uint64_t *fls_slots(struct sim *sim)
{
    struct thread *thread = sim->thread;
    if (!thread->fls_slots)
        thread->fls_slots = arena_alloc(&sim->arena, 64 * sizeof(uint64_t));
    return thread->fls_slots;
}

DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_TlsAlloc, NULL);
    uint32_t index =
        status == ST_OK ? fls_allocate(sim, (void (*)(void *))callback) : FLS_OUT_OF_INDEXES;
    if (status == ST_OK && index == FLS_OUT_OF_INDEXES)
        status = ST_NOT_ENOUGH_MEMORY;
    sim_event(sim, EVENT_TlsAlloc, status_code(status), index, 0, 0, 0);
    finish(sim, status);
    return index;
}

PVOID WINAPI FlsGetValue(DWORD index)
{
    struct sim *sim = current_sim();
    bool fine = fls_is_allocated(sim, index);
    sim->thread->last_error = fine ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    return fine ? (PVOID)(uintptr_t)fls_slots(sim)[index] : NULL;
}

BOOL WINAPI FlsSetValue(DWORD index, PVOID value)
{
    struct sim *sim = current_sim();
    if (!fls_is_allocated(sim, index))
        return finish(sim, ST_INVALID_PARAMETER);
    fls_slots(sim)[index] = (uint64_t)(uintptr_t)value;
    return TRUE;
}

BOOL WINAPI FlsFree(DWORD index)
{
    struct sim *sim = current_sim();
    return finish(sim, fls_free(sim, index) ? ST_OK : ST_INVALID_PARAMETER);
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_thread_bindings[] = {
    BIND(CreateThread),
    {"_beginthreadex", (void *)begin_thread_ex},
    {"_beginthread", (void *)begin_thread},
    BIND(ExitThread),
    {"_endthread", (void *)end_thread},
    {"_endthreadex", (void *)end_thread_ex},
    BIND(TerminateThread),
    BIND(GetExitCodeThread),
    BIND(ResumeThread),
    BIND(SuspendThread),
    BIND(SetThreadPriority),
    BIND(GetThreadPriority),
    BIND(GetThreadId),
    BIND(CreateWaitableTimerA),
    BIND(CreateWaitableTimerW),
    BIND(CreateWaitableTimerExW),
    BIND(SetWaitableTimer),
    BIND(CancelWaitableTimer),
    BIND(QueueUserWorkItem),
    BIND(CreateTimerQueueTimer),
    BIND(ChangeTimerQueueTimer),
    BIND(DeleteTimerQueueTimer),
    BIND(FlsAlloc),
    BIND(FlsGetValue),
    BIND(FlsSetValue),
    BIND(FlsFree),
    {NULL, NULL},
};
