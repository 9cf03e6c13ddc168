/* Process, time, errors, text and the other small functions of Windows that hosts call.
 *
 * All clocks show the run's virtual time. GetProcAddress finds what a policy could have imported;
 * the loader provides the look-up through sim->symbols. */
#include "include/windows.h"

#include <string.h>
#include "core/binding.h"
#include "core/check.h"
#include "core/clock.h"
#include "core/output.h"
#include "os/machine.h"

#define QPC_FREQUENCY 10000000 /* ticks a second, as on Windows 10 */
#define PROCESS_ID 0x1000u
#define BOOT_MS 60000u /* the machine was started a minute before the run */

static struct sim *current_sim(void)
{
    return machine_sim(machine_current());
}

/* ---- errors, process, threads ---- */

DWORD WINAPI GetLastError(void)
{
    return current_sim()->thread->last_error;
}
void WINAPI SetLastError(DWORD error)
{
    current_sim()->thread->last_error = error;
}
HANDLE WINAPI GetCurrentProcess(void)
{
    return (HANDLE)(LONG_PTR)-1;
}
HANDLE WINAPI GetCurrentThread(void)
{
    return (HANDLE)(LONG_PTR)-2;
}
DWORD WINAPI GetCurrentProcessId(void)
{
    return PROCESS_ID;
}
DWORD WINAPI GetCurrentThreadId(void)
{
    return (current_sim()->thread->id + 1) * 4;
}
DWORD WINAPI GetCurrentProcessorNumber(void)
{
    return 0;
}
BOOL WINAPI IsDebuggerPresent(void)
{
    return FALSE;
}

void WINAPI ExitProcess(UINT code)
{
    sim_stop_text(current_sim(), STOP_EXIT, code, "ExitProcess(%u)", code);
}

BOOL WINAPI TerminateProcess(HANDLE process, UINT code)
{
    if (process == GetCurrentProcess())
        sim_stop_text(current_sim(), STOP_ABORT, code, "TerminateProcess(%u)", code);
    SetLastError(ERROR_INVALID_HANDLE);
    return FALSE;
}

void WINAPI FatalExit(int code)
{
    sim_stop_text(current_sim(), STOP_ABORT, (uint32_t)code, "FatalExit(%d)", code);
}

void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR *arguments)
{
    struct sim *sim = current_sim();
    (void)flags, (void)count, (void)arguments;
    sim_event(sim, EVENT_exception, 0, code, 0, 0, 0);
    sim_stop_text(sim, STOP_EXCEPTION, code, "RaiseException(0x%08x)", code);
}

void WINAPI DebugBreak(void)
{
    sim_stop_text(current_sim(), STOP_EXCEPTION, STATUS_BREAKPOINT, "DebugBreak");
}

BOOL WINAPI FlushInstructionCache(HANDLE process, LPCVOID address, SIZE_T size)
{
    (void)process, (void)address, (void)size; /* one address space, coherent caches */
    return TRUE;
}

/* ---- time ---- */

ULONGLONG WINAPI GetTickCount64(void)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_GetTickCount64, NULL);
    ULONGLONG milliseconds = BOOT_MS + sim->now_ns / 1000000;
    sim_event(sim, EVENT_GetTickCount64, 0, milliseconds, 0, 0, 0);
    return milliseconds;
}

DWORD WINAPI GetTickCount(void)
{
    return (DWORD)GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_QueryPerformanceCounter, NULL);
    count->QuadPart = (LONGLONG)(sim->now_ns / (UINT64_C(1000000000) / QPC_FREQUENCY));
    sim_event(sim, EVENT_QueryPerformanceCounter, 0, (uint64_t)count->QuadPart, 0, 0, 0);
    return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = QPC_FREQUENCY;
    return TRUE;
}

void WINAPI GetSystemTimeAsFileTime(LPFILETIME time)
{
    struct sim *sim = current_sim();
    sim_call(sim, EVENT_GetSystemTime, NULL);
    uint64_t units = clock_filetime(sim);
    *time = (FILETIME){(DWORD)units, (DWORD)(units >> 32)};
    sim_event(sim, EVENT_GetSystemTime, 0, units, 0, 0, 0);
}

void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME time)
{
    GetSystemTimeAsFileTime(time);
}

/* The Gregorian date of a day number counted from 1 March 0000. */
static void date_of(uint64_t day, SYSTEMTIME *time)
{
    uint64_t era = day / 146097, of_era = day % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153;
    time->wDay = (WORD)(of_year - (153 * month + 2) / 5 + 1);
    time->wMonth = (WORD)(month < 10 ? month + 3 : month - 9);
    time->wYear = (WORD)(year + era * 400 + (month >= 10));
    CHECK(time->wMonth >= 1 && time->wMonth <= 12);
    CHECK(time->wDay >= 1 && time->wDay <= 31);
}

void WINAPI GetSystemTime(LPSYSTEMTIME time)
{
    FILETIME file;
    GetSystemTimeAsFileTime(&file);
    uint64_t ms = ((uint64_t)file.dwHighDateTime << 32 | file.dwLowDateTime) / 10000;
    uint64_t day = ms / 86400000; /* since 1 January 1601, a Monday */
    *time = (SYSTEMTIME){.wDayOfWeek = (WORD)((day + 1) % 7),
                         .wHour = (WORD)(ms / 3600000 % 24),
                         .wMinute = (WORD)(ms / 60000 % 60),
                         .wSecond = (WORD)(ms / 1000 % 60),
                         .wMilliseconds = (WORD)(ms % 1000)};
    date_of(day + 584694, time); /* 1 March 0000 to 1 January 1601 */
}

void WINAPI GetLocalTime(LPSYSTEMTIME time)
{
    GetSystemTime(time); /* the machine stands in UTC */
}

/* ---- thread-local slots ---- */

#define SLOTS 64

DWORD WINAPI TlsAlloc(void)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_TlsAlloc, NULL);
    DWORD index = TLS_OUT_OF_INDEXES;
    for (DWORD i = 0; status == ST_OK && i < SLOTS && index == TLS_OUT_OF_INDEXES; i++)
        if (!(sim->tls_used & UINT64_C(1) << i))
            index = i;
    if (index == TLS_OUT_OF_INDEXES)
        status = ST_NOT_ENOUGH_MEMORY;
    else
        sim->tls_used |= UINT64_C(1) << index;
    CHECK((status == ST_OK) == (index < SLOTS));
    sim_event(sim, EVENT_TlsAlloc, status_code(status), index, 0, 0, 0);
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return index;
}

LPVOID WINAPI TlsGetValue(DWORD index)
{
    struct thread *thread = current_sim()->thread;
    thread->last_error = index < SLOTS ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    return index < SLOTS ? (LPVOID)(uintptr_t)thread->tls_slots[index] : NULL;
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value)
{
    struct thread *thread = current_sim()->thread;
    if (index >= SLOTS) {
        thread->last_error = ERROR_INVALID_PARAMETER;
        return FALSE;
    }
    thread->tls_slots[index] = (uint64_t)(uintptr_t)value;
    return TRUE;
}

BOOL WINAPI TlsFree(DWORD index)
{
    struct sim *sim = current_sim();
    if (index >= SLOTS || !(sim->tls_used & UINT64_C(1) << index)) {
        sim->thread->last_error = ERROR_INVALID_PARAMETER;
        return FALSE;
    }
    sim->tls_used &= ~(UINT64_C(1) << index);
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (sim->threads[i])
            sim->threads[i]->tls_slots[index] = 0;
    return TRUE;
}

/* ---- modules ---- */

#define KERNEL_MODULE ((HMODULE)(uintptr_t)0x7ff800000000)
#define PROCESS_MODULE ((HMODULE)(uintptr_t)0x7ff700000000)

/* Whether wanted, in lower case, begins the name, in whatever case. */
static bool begins_with(const char *name, const char *wanted)
{
    for (; *wanted; name++, wanted++)
        if ((*name >= 'A' && *name <= 'Z' ? *name | 32 : *name) != *wanted)
            return false;
    return true;
}

static bool same_name(const char *name, const char *wanted)
{
    if (!begins_with(name, wanted))
        return false;
    const char *rest = name + strlen(wanted);
    return *rest == '\0' || (begins_with(rest, ".dll") && rest[4] == '\0');
}

HMODULE WINAPI GetModuleHandleA(LPCSTR name)
{
    struct sim *sim = current_sim();
    static const char *const system_modules[] = {"kernel32", "kernelbase", "ntdll", "psapi"};
    enum status status = sim_call(sim, EVENT_GetModuleHandle, NULL);
    HMODULE module = name ? NULL : PROCESS_MODULE;
    for (size_t i = 0; name && i < sizeof system_modules / sizeof *system_modules; i++)
        if (same_name(name, system_modules[i]))
            module = KERNEL_MODULE;
    if (status == ST_OK && !module)
        status = ST_MOD_NOT_FOUND;
    if (status != ST_OK)
        module = NULL;
    sim_event(sim, EVENT_GetModuleHandle, status_code(status), (uint64_t)(uintptr_t)module, 0, 0,
              0);
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return module;
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR name)
{
    char narrow[64];
    size_t count = 0;
    for (; name && name[count] && count + 1 < sizeof narrow; count++)
        narrow[count] = (char)name[count];
    narrow[count] = '\0';
    return GetModuleHandleA(name ? narrow : NULL);
}

static FARPROC find_function(const char *name)
{
    static const struct binding *const tables[] = {
        win32_memory_bindings, win32_heap_bindings,   win32_sync_bindings, win32_lock_bindings,
        win32_thread_bindings, win32_system_bindings, win32_job_bindings};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct binding *binding = tables[t]; binding->name; binding++)
            if (strcmp(binding->name, name) == 0)
                return (FARPROC)binding->address;
    return NULL;
}

FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name)
{
    struct sim *sim = current_sim();
    enum status status = sim_call(sim, EVENT_GetProcAddress, NULL);
    bool by_ordinal = (uintptr_t)name < 0x10000;
    FARPROC function = NULL;
    if (status == ST_OK && module == KERNEL_MODULE && !by_ordinal)
        function = find_function(name);
    if (status == ST_OK && !function)
        status = ST_PROC_NOT_FOUND;
    sim_event(sim, EVENT_GetProcAddress, status_code(status), 0, function != NULL, 0, 0);
    if (status != ST_OK)
        sim->thread->last_error = status_code(status);
    return function;
}

/* ---- text ---- */

void WINAPI OutputDebugStringA(LPCSTR text)
{
    if (text)
        crt_output(current_sim(), OUTPUT_DEBUG, text, strlen(text));
}

static bool is_character(DWORD c)
{
    return c < 0x110000 && (c < 0xd800 || c >= 0xe000);
}

#define REPLACEMENT 0xfffdu
#define UTF8_MAX 4

/* One character as 1 to 4 bytes of UTF-8; U+FFFD for a number that is none. */
static int encode(DWORD c, char to[UTF8_MAX])
{
    static const BYTE first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (!is_character(c))
        c = REPLACEMENT;
    int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = bytes - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 63));
    to[0] = (char)(first[bytes] | c);
    return bytes;
}

void WINAPI OutputDebugStringW(LPCWSTR text)
{
    struct arena *arena = &current_sim()->arena;
    size_t count = text ? wcslen(text) : 0, used = 0;
    if (count == 0)
        return;
    char *narrow = arena_alloc(arena, count * UTF8_MAX); /* one print is one record, whole */
    for (size_t i = 0; i < count; i++)
        used += (size_t)encode((DWORD)text[i], narrow + used);
    CHECK(used >= count && used <= count * UTF8_MAX);
    crt_output(current_sim(), OUTPUT_DEBUG, narrow, used);
    arena_free(arena, narrow, count * UTF8_MAX);
}

int WINAPI lstrlenA(LPCSTR text)
{
    return text ? (int)strlen(text) : 0;
}
int WINAPI lstrlenW(LPCWSTR text)
{
    return text ? (int)wcslen(text) : 0;
}

/* Wide characters have 32 bits here, so every code point is one of them. Both code pages mean
 * UTF-8. Malformed bytes become U+FFFD, one each. */
static int decode(const unsigned char *from, int left, DWORD *c)
{
    static const DWORD least[] = {0, 0, 0x80, 0x800, 0x10000};
    int bytes = from[0] < 0x80    ? 1
                : from[0] >= 0xf8 ? 0
                : from[0] >= 0xf0 ? 4
                : from[0] >= 0xe0 ? 3
                : from[0] >= 0xc0 ? 2
                                  : 0;
    *c = REPLACEMENT;
    if (bytes == 0 || bytes > left)
        return 1;
    DWORD value = bytes == 1 ? from[0] : from[0] & (0x7fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if ((from[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (from[i] & 63u);
    }
    if (value < least[bytes] || !is_character(value))
        return 1;
    *c = value;
    return bytes;
}

int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int from_count, LPWSTR to,
                               int to_count)
{
    (void)page, (void)flags;
    int left = from_count < 0 ? (int)strlen(from) + 1 : from_count, used = 0;
    const unsigned char *at = (const unsigned char *)from;
    while (left > 0) {
        DWORD c;
        int bytes = decode(at, left, &c);
        CHECK(bytes >= 1 && bytes <= left);
        if (to_count && used == to_count) {
            SetLastError(ERROR_INSUFFICIENT_BUFFER);
            return 0;
        }
        if (to_count)
            to[used] = (wchar_t)c;
        used++;
        at += bytes;
        left -= bytes;
    }
    return used;
}

int WINAPI WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR from, int from_count, LPSTR to,
                               int to_count, LPCSTR fallback, LPBOOL used_fallback)
{
    (void)page, (void)flags, (void)fallback;
    int count = from_count < 0 ? (int)wcslen(from) + 1 : from_count, used = 0;
    if (used_fallback)
        *used_fallback = FALSE;
    for (int i = 0; i < count; i++) {
        char bytes[UTF8_MAX];
        int length = encode((DWORD)from[i], bytes);
        if (to_count && used + length > to_count) {
            SetLastError(ERROR_INSUFFICIENT_BUFFER);
            return 0;
        }
        if (to_count)
            memcpy(to + used, bytes, (size_t)length);
        used += length;
    }
    return used;
}

/* Hosts built against other headers import the Interlocked functions. */
static LONG import_increment(LONG volatile *addend)
{
    return InterlockedIncrement(addend);
}
static LONG import_decrement(LONG volatile *addend)
{
    return InterlockedDecrement(addend);
}
static LONG import_exchange(LONG volatile *target, LONG value)
{
    return InterlockedExchange(target, value);
}
static LONG import_compare_exchange(LONG volatile *target, LONG value, LONG expected)
{
    return InterlockedCompareExchange(target, value, expected);
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_system_bindings[] = {
    BIND(GetLastError),
    BIND(SetLastError),
    BIND(GetCurrentProcess),
    BIND(GetCurrentThread),
    BIND(GetCurrentProcessId),
    BIND(GetCurrentThreadId),
    BIND(GetCurrentProcessorNumber),
    BIND(IsDebuggerPresent),
    BIND(ExitProcess),
    BIND(TerminateProcess),
    BIND(FatalExit),
    BIND(RaiseException),
    BIND(DebugBreak),
    BIND(FlushInstructionCache),
    BIND(GetTickCount64),
    BIND(GetTickCount),
    BIND(QueryPerformanceCounter),
    BIND(QueryPerformanceFrequency),
    BIND(GetSystemTimeAsFileTime),
    BIND(GetSystemTimePreciseAsFileTime),
    BIND(GetSystemTime),
    BIND(GetLocalTime),
    BIND(TlsAlloc),
    BIND(TlsGetValue),
    BIND(TlsSetValue),
    BIND(TlsFree),
    BIND(GetModuleHandleA),
    BIND(GetModuleHandleW),
    BIND(GetProcAddress),
    BIND(OutputDebugStringA),
    BIND(OutputDebugStringW),
    BIND(lstrlenA),
    BIND(lstrlenW),
    BIND(MultiByteToWideChar),
    BIND(WideCharToMultiByte),
    {"InterlockedIncrement", (void *)import_increment},
    {"InterlockedDecrement", (void *)import_decrement},
    {"InterlockedExchange", (void *)import_exchange},
    {"InterlockedCompareExchange", (void *)import_compare_exchange},
    {NULL, NULL},
};
