/* Process, clocks, thread-local slots, modules and text as Windows exports them. */
#include "tests/crt_support.h"

#include "core/clock.h"
#include "include/windows.h"

static struct crt_run run;

static void begin(void)
{
    crt_run_begin(&run, 1, false);
}

static void end(void)
{
    crt_run_end(&run);
}

static void run_as(uint32_t thread)
{
    run.sim->thread = sim_thread(run.sim, thread);
}

/* ---- process and errors ---- */

static void each_thread_has_its_own_last_error_and_number(void **state)
{
    (void)state;
    begin();
    SetLastError(5);
    assert_int_equal(GetCurrentThreadId(), 4);
    run_as(6);
    assert_int_equal(GetLastError(), 0);
    assert_int_equal(GetCurrentThreadId(), 28);
    SetLastError(7);
    run_as(0);
    assert_int_equal(GetLastError(), 5);
    assert_ptr_equal(GetCurrentProcess(), (HANDLE)(LONG_PTR)-1);
    assert_ptr_equal(GetCurrentThread(), (HANDLE)(LONG_PTR)-2);
    assert_false(IsDebuggerPresent());
    end();
}

static void ending_the_process_is_an_outcome(void **state)
{
    (void)state;
    begin();
    assert_stops(&run, STOP_EXIT, ExitProcess(3));
    assert_int_equal(run.stop.code, 3);
    assert_stops(&run, STOP_ABORT, TerminateProcess(GetCurrentProcess(), 4));
    assert_int_equal(run.stop.code, 4);
    assert_false(TerminateProcess(NULL, 4));
    assert_int_equal(GetLastError(), ERROR_INVALID_HANDLE);
    assert_stops(&run, STOP_ABORT, FatalExit(5));
    assert_stops(&run, STOP_EXCEPTION, RaiseException(0xE06D7363u, 0, 0, NULL));
    assert_int_equal(run.stop.code, 0xE06D7363u);
    assert_stops(&run, STOP_EXCEPTION, DebugBreak());
    assert_int_equal(run.stop.code, STATUS_BREAKPOINT);
    end();
}

/* ---- clocks ---- */

static void all_clocks_show_the_virtual_time(void **state)
{
    (void)state;
    begin();
    LARGE_INTEGER frequency, before, after;
    assert_true(QueryPerformanceFrequency(&frequency));
    assert_int_equal(frequency.QuadPart, 10000000);
    ULONGLONG ticks = GetTickCount64();
    QueryPerformanceCounter(&before);
    Sleep(5000);
    QueryPerformanceCounter(&after);
    assert_int_equal(GetTickCount64() - ticks, 5000);
    assert_in_range(after.QuadPart - before.QuadPart, 50000000, 50000010);
    Sleep(0xf0000000); /* the 32-bit clock wraps after 49.7 days */
    Sleep(0x20000000);
    assert_true(GetTickCount64() > 0xffffffffu);
    assert_int_equal(GetTickCount(), (DWORD)GetTickCount64());
    end();
}

static void assert_date(const SYSTEMTIME *time, int year, int month, int day, int weekday)
{
    assert_int_equal(time->wYear, year);
    assert_int_equal(time->wMonth, month);
    assert_int_equal(time->wDay, day);
    assert_int_equal(time->wDayOfWeek, weekday);
}

static void every_run_begins_on_the_first_of_january_2024(void **state)
{
    (void)state;
    begin();
    SYSTEMTIME time, local;
    FILETIME file;
    GetSystemTime(&time);
    assert_date(&time, 2024, 1, 1, 1);
    assert_int_equal(time.wHour + time.wMinute + time.wSecond + time.wMilliseconds, 0);
    GetLocalTime(&local);
    assert_memory_equal(&time, &local, sizeof time);
    GetSystemTimeAsFileTime(&file);
    uint64_t units = (uint64_t)file.dwHighDateTime << 32 | file.dwLowDateTime;
    assert_in_range(units, UINT64_C(133485408000000000), UINT64_C(133485408000000010));
    GetSystemTimePreciseAsFileTime(&file);
    assert_int_equal(file.dwHighDateTime, units >> 32);
    end();
}

/* Days counted one by one, against the arithmetic of GetSystemTime. */
static void dates_agree_with_counting_days(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    begin();
    int year = 2024, month = 0, day = 1;
    for (unsigned i = 0; i < 366 * 180; i++) { /* 2100 and 2200 are no leap years */
        SYSTEMTIME time;
        run.sim->now_ns = (uint64_t)i * 86400 * 1000000000 + UINT64_C(86399999000000);
        GetSystemTime(&time);
        assert_date(&time, year, month + 1, day, (int)((i + 1) % 7));
        assert_int_equal(time.wHour, 23);
        assert_int_equal(time.wMinute, 59);
        assert_int_equal(time.wSecond, 59);
        assert_int_equal(time.wMilliseconds, 999);
        int leap = month == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > lengths[month] + leap) {
            day = 1;
            month = (month + 1) % 12;
            year += month == 0;
        }
    }
    end();
}

/* ---- thread-local slots ---- */

static void slots_are_each_thread_s_own(void **state)
{
    (void)state;
    begin();
    DWORD slot = TlsAlloc(), other = TlsAlloc();
    assert_int_not_equal(slot, other);
    assert_true(TlsSetValue(slot, &run));
    run_as(1);
    assert_null(TlsGetValue(slot));
    assert_int_equal(GetLastError(), ERROR_SUCCESS);
    assert_true(TlsSetValue(slot, &slot));
    run_as(0);
    assert_ptr_equal(TlsGetValue(slot), &run);
    assert_null(TlsGetValue(other));
    assert_true(TlsFree(slot));
    assert_false(TlsFree(slot));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_int_equal(TlsAlloc(), slot);
    assert_null(TlsGetValue(slot)); /* cleared in every thread */
    run_as(1);
    assert_null(TlsGetValue(slot));
    end();
}

static void slots_run_out_and_can_be_refused(void **state)
{
    (void)state;
    begin();
    crt_run_arm(&run, "TlsAlloc#1:ERROR_NOT_ENOUGH_MEMORY:once");
    assert_int_equal(TlsAlloc(), TLS_OUT_OF_INDEXES);
    assert_int_equal(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(TlsAlloc(), i);
    assert_int_equal(TlsAlloc(), TLS_OUT_OF_INDEXES);
    assert_false(TlsSetValue(64, NULL));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    assert_null(TlsGetValue(64));
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
    end();
}

/* ---- modules ---- */

static void functions_are_found_by_name_in_system_modules(void **state)
{
    (void)state;
    begin();
    HMODULE kernel = GetModuleHandleA("kernel32.dll");
    assert_non_null(kernel);
    assert_ptr_equal(GetModuleHandleA("KERNEL32"), kernel);
    assert_ptr_equal(GetModuleHandleA("Kernel32.Dll"), kernel);
    assert_non_null(GetModuleHandleW(L"ntdll.dll"));
    assert_ptr_equal(GetProcAddress(kernel, "VirtualAlloc"), VirtualAlloc);
    assert_ptr_equal(GetProcAddress(kernel, "HeapAlloc"), HeapAlloc);
    assert_ptr_equal(GetProcAddress(kernel, "EnterCriticalSection"), EnterCriticalSection);
    assert_ptr_equal(GetProcAddress(kernel, "GetTickCount64"), GetTickCount64);
    assert_null(GetProcAddress(kernel, "virtualalloc"));
    assert_int_equal(GetLastError(), ERROR_PROC_NOT_FOUND);
    assert_null(GetProcAddress(kernel, (LPCSTR)(uintptr_t)17)); /* by ordinal */
    end();
}

static void unknown_modules_are_not_found(void **state)
{
    (void)state;
    begin();
    static const char *const names[] = {"user32.dll",    "kernel32.exe", "kernel",
                                        "kernel32.dllx", "kernel33",     ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        SetLastError(0);
        assert_null(GetModuleHandleA(names[i]));
        assert_int_equal(GetLastError(), ERROR_MOD_NOT_FOUND);
    }
    HMODULE process = GetModuleHandleA(NULL);
    assert_non_null(process);
    assert_ptr_equal(GetModuleHandleW(NULL), process);
    assert_null(GetProcAddress(process, "VirtualAlloc"));
    end();
}

static void the_lookup_of_functions_can_be_refused(void **state)
{
    (void)state;
    begin();
    crt_run_arm(&run, "GetModuleHandle#1:ERROR_MOD_NOT_FOUND:once");
    crt_run_arm(&run, "GetProcAddress#1:ERROR_PROC_NOT_FOUND:once");
    assert_null(GetModuleHandleA("kernel32"));
    HMODULE kernel = GetModuleHandleA("kernel32");
    assert_null(GetProcAddress(kernel, "VirtualAlloc"));
    assert_non_null(GetProcAddress(kernel, "VirtualAlloc"));
    end();
}

static void imported_interlocked_functions_work(void **state)
{
    (void)state;
    begin();
    HMODULE kernel = GetModuleHandleA("kernel32");
    LONG value = 4;
    LONG(*increment)
    (LONG volatile *) =
        (LONG(*)(LONG volatile *))(void *)GetProcAddress(kernel, "InterlockedIncrement");
    LONG(*exchange)
    (LONG volatile *, LONG, LONG) = (LONG(*)(LONG volatile *, LONG, LONG))(void *)GetProcAddress(
        kernel, "InterlockedCompareExchange");
    assert_int_equal(increment(&value), 5);
    assert_int_equal(exchange(&value, 9, 5), 5);
    assert_int_equal(value, 9);
    end();
}

/* ---- text ---- */

static void text_survives_both_conversions(void **state)
{
    (void)state;
    begin();
    static const wchar_t text[] = L"a\u00e9\u20ac\U0001F600z";
    static const char utf8[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    char narrow[32];
    wchar_t wide[32];
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL), 12);
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, 32, NULL, NULL), 12);
    assert_string_equal(narrow, utf8);
    assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0), 6);
    assert_int_equal(MultiByteToWideChar(CP_ACP, 0, utf8, -1, wide, 32), 6);
    assert_memory_equal(wide, text, sizeof text);
    assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, utf8, 3, wide, 32), 2); /* no terminator */
    assert_int_equal(lstrlenW(text), 5);
    assert_int_equal(lstrlenA(utf8), 11);
    assert_int_equal(lstrlenA(NULL) + lstrlenW(NULL), 0);
    end();
}

static void every_character_survives_both_conversions(void **state)
{
    (void)state;
    begin();
    for (uint32_t c = 1; c <= 0x10ffff; c += c < 0x3000 ? 1 : 97) {
        char bytes[4];
        wchar_t wide = (wchar_t)c, back[4];
        if (c >= 0xd800 && c < 0xe000)
            continue;
        int count = WideCharToMultiByte(CP_UTF8, 0, &wide, 1, bytes, 4, NULL, NULL);
        assert_int_equal(count, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, bytes, count, back, 4), 1);
        assert_int_equal(back[0], c);
    }
    end();
}

static void malformed_bytes_become_replacement_characters(void **state)
{
    (void)state;
    begin();
    static const char *const malformed[] = {
        "\x80",                 /* a continuation without a beginning */
        "\xc3",                 /* cut off */
        "\xc0\x80",             /* longer than needed */
        "\xe0\x80\x80",         /* the same */
        "\xed\xa0\x80",         /* a surrogate */
        "\xf4\x90\x80\x80",     /* above 0x10ffff */
        "\xf8\x88\x80\x80\x80", /* five bytes */
        "\xfc\x80\x80\x80",     /* no beginning of four */
        "\xff\xfe",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        wchar_t wide[16];
        int count = MultiByteToWideChar(CP_UTF8, 0, malformed[i], -1, wide, 16);
        assert_int_equal(count, strlen(malformed[i]) + 1);
        for (int j = 0; j < count - 1; j++)
            assert_int_equal(wide[j], 0xfffd);
    }
    static const wchar_t no_characters[] = {0xd800, 0x110000, L'a'};
    char bytes[16];
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, no_characters, 3, bytes, 16, NULL, NULL), 7);
    assert_memory_equal(bytes,
                        "\xef\xbf\xbd\xef\xbf\xbd"
                        "a",
                        7);
    end();
}

static void text_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    begin();
    char narrow[4] = "###";
    wchar_t wide[4] = L"###";
    BOOL used = 7;
    assert_int_equal(MultiByteToWideChar(CP_UTF8, 0, "abcd", -1, wide, 3), 0);
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(wide[3], 0);
    SetLastError(0);
    assert_int_equal(WideCharToMultiByte(CP_UTF8, 0, L"a\u20ac", -1, narrow, 3, NULL, &used), 0);
    assert_int_equal(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(narrow[3], 0);
    assert_false(used);
    end();
}

static void debug_output_is_captured_in_utf8(void **state)
{
    (void)state;
    begin();
    OutputDebugStringA("one ");
    OutputDebugStringW(L"zw\u00f6lf");
    OutputDebugStringA(NULL);
    OutputDebugStringW(NULL);
    assert_string_equal(run.printed, "one zw\xc3\xb6lf");
    end();
}

static void long_wide_debug_output_is_complete(void **state)
{
    (void)state;
    begin();
    static wchar_t text[3001];
    for (int i = 0; i < 3000; i++)
        text[i] = i % 2 ? 0x20ac : L'a' + i % 26;
    OutputDebugStringW(text);
    assert_int_equal(strlen(run.printed), 6000);
    assert_memory_equal(run.printed + 5996, "i\xe2\x82\xac", 4);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thread_has_its_own_last_error_and_number),
        cmocka_unit_test(ending_the_process_is_an_outcome),
        cmocka_unit_test(all_clocks_show_the_virtual_time),
        cmocka_unit_test(every_run_begins_on_the_first_of_january_2024),
        cmocka_unit_test(dates_agree_with_counting_days),
        cmocka_unit_test(slots_are_each_thread_s_own),
        cmocka_unit_test(slots_run_out_and_can_be_refused),
        cmocka_unit_test(functions_are_found_by_name_in_system_modules),
        cmocka_unit_test(unknown_modules_are_not_found),
        cmocka_unit_test(the_lookup_of_functions_can_be_refused),
        cmocka_unit_test(imported_interlocked_functions_work),
        cmocka_unit_test(text_survives_both_conversions),
        cmocka_unit_test(every_character_survives_both_conversions),
        cmocka_unit_test(malformed_bytes_become_replacement_characters),
        cmocka_unit_test(text_that_does_not_fit_is_an_error),
        cmocka_unit_test(debug_output_is_captured_in_utf8),
        cmocka_unit_test(long_wide_debug_output_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
