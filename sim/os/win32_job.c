/* Job objects and completion ports as Windows exports them. What limits do is job.c's. */
#include "include/windows.h"

#include "core/binding.h"
#include "core/check.h"
#include "core/race.h"
#include "os/job.h"
#include "os/machine_private.h"
#include "os/port.h"
#include "os/sync.h"

/* Limits that are kept; those besides memory change nothing for a single process. */
#define LIMITS_KNOWN                                                                               \
    (JOB_OBJECT_LIMIT_PROCESS_MEMORY | JOB_OBJECT_LIMIT_JOB_MEMORY |                               \
     JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION | JOB_OBJECT_LIMIT_BREAKAWAY_OK |                 \
     JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)

static struct sim *current_sim(void)
{
    return machine_sim(machine_current());
}

static uint64_t number_of(HANDLE handle)
{
    return (uint64_t)(uintptr_t)handle;
}

static BOOL finish(enum status status)
{
    if (status == ST_OK)
        return TRUE;
    current_sim()->thread->last_error = status_code(status);
    return FALSE;
}

static void *data_of(HANDLE handle, enum object_kind kind)
{
    struct object *object = handle_object(sync_state(current_sim()), number_of(handle));
    return object && object->kind == kind ? object->data : NULL;
}

/* A handle of a new object, 0: the table is full. */
static uint32_t give_handle(struct sim *sim, enum object_kind kind, void *data)
{
    struct object *object = object_create(sim, kind);
    CHECK(data != NULL);
    object->data = data;
    object_keep(object);
    uint32_t handle = handle_open(sync_state(sim), object);
    object_release(sim, object);
    return handle;
}

/* ---- jobs ---- */

static HANDLE create_job(void)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateJobObject, NULL);
    uint32_t handle = 0;
    if (status == ST_OK) {
        handle = give_handle(sim, OBJECT_JOB, job_create(sim));
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    CHECK((status == ST_OK) == (handle != 0));
    sim_event(sim, EVENT_CreateJobObject, status_code(status), handle, 0, 0, 0);
    sim->thread->last_error = status_code(status); /* success sets it too: 0, not "exists" */
    return (HANDLE)(uintptr_t)handle;
}

HANDLE WINAPI CreateJobObjectA(LPSECURITY_ATTRIBUTES security, LPCSTR name)
{
    (void)security, (void)name; /* nobody else could open it */
    return create_job();
}

HANDLE WINAPI CreateJobObjectW(LPSECURITY_ATTRIBUTES security, LPCWSTR name)
{
    (void)security, (void)name;
    return create_job();
}

static bool is_this_process(HANDLE process)
{
    return process == GetCurrentProcess();
}

BOOL WINAPI AssignProcessToJobObject(HANDLE handle, HANDLE process)
{
    struct machine *m = machine_current();
    struct sim *sim = m->sim;
    enum status status = sim_call(sim, EVENT_AssignProcessToJobObject, NULL);
    struct job *job = data_of(handle, OBJECT_JOB);
    enum status wrong = !job || !is_this_process(process) ? ST_INVALID_HANDLE
                        : job->has_process                ? ST_ACCESS_DENIED
                                                          : ST_OK;
    if (wrong != ST_OK)
        status = wrong;
    sim_event(sim, EVENT_AssignProcessToJobObject, status_code(status), number_of(handle), 0, 0, 0);
    if (status == ST_OK)
        machine_enter_job(m, job);
    CHECK(status != ST_OK || job_contains(job, m->job));
    return finish(status);
}

/* Of one job, or (NULL) of any. */
BOOL WINAPI IsProcessInJob(HANDLE process, HANDLE handle, PBOOL result)
{
    struct machine *m = machine_current();
    enum status status = sim_call(m->sim, EVENT_IsProcessInJob, NULL);
    struct job *job = handle ? data_of(handle, OBJECT_JOB) : m->job;
    bool in = job && job_contains(job, m->job);
    if (!is_this_process(process) || (handle && !job))
        status = ST_INVALID_HANDLE;
    else
        *result = in;
    sim_event(m->sim, EVENT_IsProcessInJob, status_code(status), number_of(handle), in, 0, 0);
    return finish(status);
}

BOOL WINAPI TerminateJobObject(HANDLE handle, UINT code)
{
    struct machine *m = machine_current();
    sim_call(m->sim, EVENT_TerminateJobObject, NULL);
    struct job *job = data_of(handle, OBJECT_JOB);
    enum status status = job ? ST_OK : ST_INVALID_HANDLE;
    sim_event(m->sim, EVENT_TerminateJobObject, status_code(status), number_of(handle), code, 0, 0);
    if (job && job->has_process)
        sim_stop_text(m->sim, STOP_ABORT, code, "TerminateJobObject(%u)", code);
    return finish(status);
}

/* ---- what is known of a job ---- */

static enum status set_limits(struct job *job, DWORD flags, DWORD allowed)
{
    if (flags & ~allowed)
        return flags & ~(DWORD)0xffff ? ST_INVALID_PARAMETER : ST_NOT_SUPPORTED;
    CHECK((flags & ~(DWORD)LIMITS_KNOWN) == 0);
    job->limit_flags = flags;
    return ST_OK;
}

static enum status set_port(struct job *job, const JOBOBJECT_ASSOCIATE_COMPLETION_PORT *info)
{
    struct port *port = data_of(info->CompletionPort, OBJECT_PORT);
    if (!port && info->CompletionPort)
        return ST_INVALID_HANDLE;
    if (port)
        port_keep(port);
    if (job->port)
        port_release(job->port);
    job->port = port;
    job->key = number_of(info->CompletionKey);
    return ST_OK;
}

static enum status set_information(struct job *job, JOBOBJECTINFOCLASS about, const void *info,
                                   DWORD length)
{
    const JOBOBJECT_EXTENDED_LIMIT_INFORMATION *extended = info;
    enum status status;
    if (!info)
        return ST_NOACCESS;
    switch (about) {
    case JobObjectBasicLimitInformation:
        if (length != sizeof extended->BasicLimitInformation)
            return ST_BAD_LENGTH;
        return set_limits(job, extended->BasicLimitInformation.LimitFlags,
                          LIMITS_KNOWN &
                              ~(JOB_OBJECT_LIMIT_PROCESS_MEMORY | JOB_OBJECT_LIMIT_JOB_MEMORY));
    case JobObjectExtendedLimitInformation:
        if (length != sizeof *extended)
            return ST_BAD_LENGTH;
        status = set_limits(job, extended->BasicLimitInformation.LimitFlags, LIMITS_KNOWN);
        if (status == ST_OK) {
            job->process_limit = extended->ProcessMemoryLimit;
            job->job_limit = extended->JobMemoryLimit;
        }
        return status;
    case JobObjectAssociateCompletionPortInformation:
        return length != sizeof(JOBOBJECT_ASSOCIATE_COMPLETION_PORT) ? ST_BAD_LENGTH
                                                                     : set_port(job, info);
    default:
        return ST_INVALID_PARAMETER;
    }
}

BOOL WINAPI SetInformationJobObject(HANDLE handle, JOBOBJECTINFOCLASS about, LPVOID info,
                                    DWORD length)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_SetInformationJobObject, NULL);
    struct job *job = data_of(handle, OBJECT_JOB);
    if (!job)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK)
        status = set_information(job, about, info, length);
    sim_event(sim, EVENT_SetInformationJobObject, status_code(status),
              number_of(handle) | (uint64_t)about << 32, job ? job->limit_flags : 0,
              job ? job->process_limit : 0, job ? job->job_limit : 0);
    return finish(status);
}

static DWORD size_of_information(JOBOBJECTINFOCLASS about)
{
    return about == JobObjectBasicLimitInformation ? sizeof(JOBOBJECT_BASIC_LIMIT_INFORMATION)
           : about == JobObjectExtendedLimitInformation
               ? sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION)
               : 0;
}

static void get_information(const struct job *job, DWORD bytes, void *info)
{
    SIZE_T peak = job->peak_pages << PAGE_SHIFT;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION all = {
        .BasicLimitInformation = {.LimitFlags = job->limit_flags},
        .ProcessMemoryLimit = job->process_limit,
        .JobMemoryLimit = job->job_limit,
        .PeakProcessMemoryUsed = peak,
        .PeakJobMemoryUsed = peak,
    };
    CHECK(bytes <= sizeof all); /* the smaller structure is the beginning of the larger one */
    __builtin_memcpy(info, &all, bytes);
}

/* NULL: the innermost job that the process is in. */
BOOL WINAPI QueryInformationJobObject(HANDLE handle, JOBOBJECTINFOCLASS about, LPVOID info,
                                      DWORD length, LPDWORD needed)
{
    struct machine *m = machine_current();
    enum status status = sim_call(m->sim, EVENT_QueryInformationJobObject, NULL);
    struct job *job = handle ? data_of(handle, OBJECT_JOB) : m->job;
    DWORD bytes = size_of_information(about);
    if (!job)
        status = handle ? ST_INVALID_HANDLE : ST_ACCESS_DENIED;
    if (status == ST_OK && bytes == 0)
        status = ST_INVALID_PARAMETER;
    if (status == ST_OK && length < bytes)
        status = ST_BAD_LENGTH;
    if (status == ST_OK) {
        get_information(job, bytes, info);
        if (needed)
            *needed = bytes;
    }
    sim_event(m->sim, EVENT_QueryInformationJobObject, status_code(status),
              number_of(handle) | (uint64_t)about << 32,
              status == ST_OK ? job->peak_pages << PAGE_SHIFT : 0, 0, 0);
    return finish(status);
}

/* ---- completion ports ---- */

HANDLE WINAPI CreateIoCompletionPort(HANDLE file, HANDLE existing, ULONG_PTR key, DWORD threads)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_CreateIoCompletionPort, NULL);
    uint32_t handle = 0;
    (void)key, (void)threads; /* they are a file's and a scheduler's */
    if (file != INVALID_HANDLE_VALUE || existing)
        status = ST_INVALID_PARAMETER; /* there are no files that could belong to it */
    if (status == ST_OK) {
        handle = give_handle(sim, OBJECT_PORT, port_create(sim));
        status = handle ? ST_OK : ST_NO_SYSTEM_RESOURCES;
    }
    CHECK((status == ST_OK) == (handle != 0));
    sim_event(sim, EVENT_CreateIoCompletionPort, status_code(status), handle, 0, 0, 0);
    finish(status);
    return (HANDLE)(uintptr_t)handle;
}

/* Waits for a packet until the time is over. False: none came. The port stays while somebody
 * waits, even if its handle is closed. */
static bool wait_for_packet(struct sim *sim, struct port *port, struct packet *packet,
                            DWORD timeout_ms)
{
    static const struct wait_reason reason = {.kind = WAITS_OTHER,
                                              .other = "a packet at a completion port"};
    uint64_t due_ns =
        timeout_ms == INFINITE ? DUE_NEVER : sim->now_ns + (uint64_t)timeout_ms * 1000000;
    bool taken = port_take(port, packet);
    if (!taken && timeout_ms == 0)
        sched_futile(sim);
    port_keep(port);
    for (uint32_t woken = 0; !taken && timeout_ms != 0 && woken != WAKE_DUE;
         taken = port_take(port, packet)) {
        struct waiter waiter = {.queue = port_queue(port)};
        woken = sched_wait(sim, &waiter, 1, due_ns, &reason);
    }
    port_release(port);
    return taken;
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE handle, LPDWORD bytes, ULONG_PTR *key,
                                      LPOVERLAPPED *overlapped, DWORD timeout_ms)
{
    struct sim *sim = current_sim();
    struct packet packet = {0};
    sim_call(sim, EVENT_GetQueuedCompletionStatus, NULL);
    struct port *port = data_of(handle, OBJECT_PORT);
    uint32_t error = port ? 0 : status_code(ST_INVALID_HANDLE);
    if (port && !wait_for_packet(sim, port, &packet, timeout_ms))
        error = WAIT_TIMEOUT;
    *overlapped = (LPOVERLAPPED)(uintptr_t)packet.overlapped;
    if (error == 0) {
        *bytes = packet.bytes;
        *key = packet.key;
    } else {
        sim->thread->last_error = error;
    }
    sim_event(sim, EVENT_GetQueuedCompletionStatus, error, number_of(handle), timeout_ms,
              packet.bytes, 0);
    return error == 0;
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE handle, DWORD bytes, ULONG_PTR key,
                                       LPOVERLAPPED overlapped)
{
    struct sim *sim = current_sim();
    struct packet packet = {bytes, key, (uintptr_t)overlapped, NULL};
    enum status status = sim_call(sim, EVENT_PostQueuedCompletionStatus, NULL);
    struct port *port = data_of(handle, OBJECT_PORT);
    if (!port)
        status = ST_INVALID_HANDLE;
    if (status == ST_OK) {
        race_release(sim, &packet.posted);
        port_post(port, &packet);
    }
    sim_event(sim, EVENT_PostQueuedCompletionStatus, status_code(status), number_of(handle), bytes,
              0, 0);
    return finish(status);
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_job_bindings[] = {
    BIND(CreateJobObjectA),
    BIND(CreateJobObjectW),
    BIND(SetInformationJobObject),
    BIND(QueryInformationJobObject),
    BIND(AssignProcessToJobObject),
    BIND(IsProcessInJob),
    BIND(TerminateJobObject),
    BIND(CreateIoCompletionPort),
    BIND(GetQueuedCompletionStatus),
    BIND(PostQueuedCompletionStatus),
    {NULL, NULL},
};
