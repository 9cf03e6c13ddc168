/* The catalogue of failure points. See catalogue.h. */
#include "harness/catalogue.h"

#include <string.h>
#include "core/fault.h"
#include "core/trace.h"
#include "harness/report.h"

static const struct catalogue_entry entries[EVENT_KINDS] = {
    [EVENT_VirtualAlloc] = {"NULL", "VirtualAllocEx"},
    [EVENT_VirtualFree] = {"FALSE", "VirtualFreeEx"},
    [EVENT_VirtualProtect] = {"FALSE", "VirtualProtectEx"},
    [EVENT_VirtualQuery] = {"0", "VirtualQueryEx"},
    [EVENT_VirtualLock] = {"FALSE", ""},
    [EVENT_VirtualUnlock] = {"FALSE", ""},
    [EVENT_GetWriteWatch] = {"(UINT)-1", ""},
    [EVENT_ResetWriteWatch] = {"(UINT)-1", ""},
    [EVENT_GlobalMemoryStatusEx] = {"FALSE", ""},
    [EVENT_GetProcessMemoryInfo] = {"FALSE", "K32GetProcessMemoryInfo"},
    [EVENT_GetPerformanceInfo] = {"FALSE", "K32GetPerformanceInfo"},
    [EVENT_SetProcessWorkingSetSize] = {"FALSE", "SetProcessWorkingSetSizeEx"},
    [EVENT_HeapCreate] = {"NULL", ""},
    [EVENT_HeapAlloc] = {"NULL; the exception STATUS_NO_MEMORY with HEAP_GENERATE_EXCEPTIONS",
                         "LocalAlloc, GlobalAlloc, CoTaskMemAlloc"},
    [EVENT_HeapReAlloc] = {"NULL, the block stays as it is; the exception STATUS_NO_MEMORY with "
                           "HEAP_GENERATE_EXCEPTIONS",
                           "LocalReAlloc, CoTaskMemRealloc"},
    [EVENT_HeapSetInformation] = {"FALSE", ""},
    [EVENT_malloc] = {"NULL, errno ENOMEM", "strdup, strndup, wcsdup and their other spellings"},
    [EVENT_calloc] = {"NULL, errno ENOMEM", ""},
    [EVENT_realloc] = {"NULL, errno ENOMEM, the block stays as it is", "reallocarray"},
    [EVENT_aligned_alloc] = {"NULL, errno ENOMEM; posix_memalign returns ENOMEM",
                             "posix_memalign, memalign, valloc, _aligned_malloc"},
    [EVENT_operator_new] = {"the new handler is called, else std::bad_alloc is thrown; the nothrow "
                            "forms return a null pointer",
                            "operator new[], aligned and nothrow forms"},
    [EVENT_CreateEvent] = {"NULL", "CreateEventA, CreateEventW"},
    [EVENT_SetEvent] = {"FALSE", ""},
    [EVENT_ResetEvent] = {"FALSE", ""},
    [EVENT_CloseHandle] = {"FALSE, the handle stays open", ""},
    [EVENT_WaitForSingleObject] = {"WAIT_FAILED", "WaitForSingleObjectEx"},
    [EVENT_InitializeCriticalSection] = {"the exception STATUS_NO_MEMORY; the forms with a result "
                                         "return FALSE",
                                         "InitializeCriticalSectionAndSpinCount, "
                                         "InitializeCriticalSectionEx"},
    [EVENT_GetModuleHandle] = {"NULL", "GetModuleHandleA, GetModuleHandleW"},
    [EVENT_GetProcAddress] = {"NULL", ""},
    [EVENT_EmptyWorkingSet] = {"FALSE", "K32EmptyWorkingSet"},
    [EVENT_CreateJobObject] = {"NULL", "CreateJobObjectA, CreateJobObjectW"},
    [EVENT_SetInformationJobObject] = {"FALSE", ""},
    [EVENT_QueryInformationJobObject] = {"FALSE", ""},
    [EVENT_AssignProcessToJobObject] = {"FALSE", ""},
    [EVENT_CreateIoCompletionPort] = {"NULL", ""},
    [EVENT_PostQueuedCompletionStatus] = {"FALSE", ""},
    [EVENT_TlsAlloc] = {"TLS_OUT_OF_INDEXES", "FlsAlloc"},
    [EVENT_CreateThread] = {"NULL; pthread_create returns EAGAIN",
                            "_beginthreadex, _beginthread, pthread_create, std::thread"},
    [EVENT_CreateMutex] = {"NULL", "CreateMutexA, CreateMutexW"},
    [EVENT_CreateSemaphore] = {"NULL", "CreateSemaphoreA, CreateSemaphoreW"},
    [EVENT_WaitForMultipleObjects] = {"WAIT_FAILED", "WaitForMultipleObjectsEx"},
    [EVENT_DuplicateHandle] = {"FALSE", ""},
    [EVENT_CreateMemoryResourceNotification] = {"NULL", ""},
    [EVENT_CreateWaitableTimer] = {"NULL", "CreateWaitableTimerA, CreateWaitableTimerW"},
    [EVENT_CreateTimerQueueTimer] = {"FALSE", "ChangeTimerQueueTimer"},
    [EVENT_QueueUserWorkItem] = {"FALSE", ""},
};

const struct catalogue_entry *catalogue_entry(uint16_t call)
{
    return call < EVENT_KINDS && entries[call].sees ? &entries[call] : NULL;
}

/* "reserve commit reset size protect flags": the filters that not every call has. */
static void put_filters(FILE *out, uint16_t call)
{
    static const struct {
        uint32_t aspect;
        const char *names;
    } aspects[] = {
        {FAULT_HAS_ALLOC, "reserve commit reset"},
        {FAULT_HAS_FREE, "decommit release"},
        {FAULT_HAS_SIZE, "size"},
        {FAULT_HAS_PROTECT, "protect"},
        {FAULT_HAS_FLAGS, "flags"},
    };
    uint32_t has = fault_aspects(call);
    const char *joint = "";
    for (size_t i = 0; i < sizeof aspects / sizeof *aspects; i++) {
        if (!(has & aspects[i].aspect))
            continue;
        fprintf(out, "%s%s", joint, aspects[i].names);
        joint = " ";
    }
}

/* ---- for a terminal ---- */

static void print_point(FILE *out, uint16_t call)
{
    const struct event_shape *shape = &event_shapes[call];
    const struct catalogue_entry *entry = &entries[call];
    fprintf(out, "%s\n", shape->name);
    for (const char *at = shape->legal; *at;) {
        int length = (int)strcspn(at, " ");
        fprintf(out, "    %.*s%s\n", length, at,
                at == shape->legal ? "   (when none is named)" : "");
        at += length + (at[length] == ' ');
    }
    if (fault_aspects(call)) {
        fprintf(out, "    filters: ");
        put_filters(out, call);
        fputc('\n', out);
    }
    char text[256];
    snprintf(text, sizeof text, "the caller gets: %s", entry->sees ? entry->sees : "");
    put_wrapped(text, 4, out);
    snprintf(text, sizeof text, "also: %s", entry->also ? entry->also : "");
    if (entry->also && entry->also[0])
        put_wrapped(text, 4, out);
}

/* ---- the page ---- */

static const char page_begin[] =
    "<!-- written by `lowwater list faults --markdown`; a test compares them -->\n"
    "# Calls that can be made to fail\n"
    "\n"
    "A rule names a call, says which of its calls it means, and what happens to them. The same\n"
    "rule as a scenario's `faults` entry and as an argument of `--inject`:\n"
    "\n"
    "    - {on: VirtualAlloc, when: {commit: true, size: \">= 64KiB\"}, nth: 17,\n"
    "       fail: ERROR_COMMITMENT_LIMIT, times: 3}\n"
    "\n"
    "    VirtualAlloc[commit,size>=64KiB]#17:ERROR_COMMITMENT_LIMIT:x3\n"
    "\n"
    "## Which calls\n"
    "\n"
    "Only calls that the policy makes are counted, from its loading on, refused ones included. A\n"
    "call matches when every filter of the rule holds:\n"
    "\n"
    "| filter | `--inject` | holds when |\n"
    "|---|---|---|\n"
    "| kind | `reserve` `commit` `reset` `decommit` `release` | the call does that; of several all "
    "|\n"
    "| size | `size>=64KiB` `size<=1MiB` | the bytes asked for, of calloc the product, of "
    "SetProcessWorkingSetSize the minimum |\n"
    "| protection | `protect=PAGE_READWRITE` | the protection; modifiers only where named |\n"
    "| flags | `flags=MEM_TOP_DOWN` | every flag named was given |\n"
    "| criticality | `criticality=task\\|process` | the CLR's call being served has one of these "
    "levels; calls without a level never match |\n"
    "| load | `load>90` | dwMemoryLoad of the machine at that moment, percent |\n"
    "| time | `from=2s` `until=5s` | virtual time, the end not included |\n"
    "| caller | `caller=Arena::grow` | the function is on the policy's stack |\n"
    "\n"
    "Matches are numbered from 1. A rule fires at the N-th match (`nth`, `#N`), at each K-th\n"
    "(`every`, `#%K`), with a probability (`#1/50`), or at every match; at most `times` times: "
    "once\n"
    "with `nth`, otherwise for ever, where nothing is said. `nth` with `times: 3` means the N-th\n"
    "match and the two that follow. Draws depend on the run's seed and on what the rule says, so\n"
    "another rule more or less shifts none of them.\n"
    "\n"
    "A caller matches by its symbol's name or, in C++, by its name without parameters, return "
    "type\n"
    "and anonymous namespaces. Functions that the compiler put into others are found as long as "
    "the\n"
    "policy has debug information (`-g`, as `lowwater cc` builds); in a policy without it, mark "
    "them\n"
    "`noinline`. A stripped policy has only the functions it exports.\n"
    "\n"
    "## What happens\n"
    "\n"
    "Each rule counts every call it matches. The first in the list that fires decides: its error\n"
    "(the usual one where none is named), its delay (`delay: 5ms`, `:delay=5ms`: virtual time "
    "that\n"
    "the call takes more; alone, the call succeeds late), or both. Rules behind it that fire at "
    "the\n"
    "same call have used up that turn. A scenario's rules stand before those of `--inject`. A\n"
    "memory call that Windows would refuse anyway keeps its own error. A call that fails changes\n"
    "nothing else.\n"
    "\n"
    "## The calls\n"
    "\n"
    "The first error is the one a rule gets that names none; of a VirtualAlloc that only reserves "
    "it\n"
    "is ERROR_NOT_ENOUGH_MEMORY. Filters by criticality, load, time and caller apply to every "
    "call.\n"
    "\n"
    "| call | errors | filters | the caller gets | also |\n"
    "|---|---|---|---|---|\n";

static void print_row(FILE *out, uint16_t call)
{
    const struct event_shape *shape = &event_shapes[call];
    fprintf(out, "| %s | ", shape->name);
    for (const char *at = shape->legal; *at; at++)
        fputs(*at == ' ' ? "<br>" : (char[]){*at, '\0'}, out);
    fprintf(out, " | ");
    put_filters(out, call);
    fprintf(out, " | %s | %s |\n", entries[call].sees ? entries[call].sees : "",
            entries[call].also ? entries[call].also : "");
}

void catalogue_print(FILE *out, bool markdown)
{
    if (markdown)
        fputs(page_begin, out);
    for (uint16_t call = 0; call < EVENT_KINDS; call++) {
        if (event_shapes[call].failure == ST_OK)
            continue;
        if (markdown)
            print_row(out, call);
        else
            print_point(out, call);
    }
    if (!markdown)
        fputs("\nfilters of every call: criticality load from until caller\n"
              "docs/failure-points.md explains rules and filters\n",
              out);
}
