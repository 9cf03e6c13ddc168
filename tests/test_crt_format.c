/* printf of policies: equal to the C library's where they speak one language, Microsoft's meaning
 * where they do not, and everything that is printed in the output and its record. */
#include "tests/crt_support.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <wchar.h>
#include "core/rng.h"

typedef int print_to(char *target, size_t room, const char *format, ...);
typedef int wide_print_to(wchar_t *target, size_t room, const wchar_t *format, ...);

static struct crt_run run;

static int begin(void **state)
{
    (void)state;
    crt_run_begin(&run, 1, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    crt_run_end(&run);
    return 0;
}

static void *narrow(const char *name)
{
    return bound(crt_stdio_bindings, name);
}

static void *wide(const char *name)
{
    return bound(crt_wide_stdio_bindings, name);
}

/* Same text and length as libc's, at every room. */
#define assert_like_libc(...)                                                                      \
    do {                                                                                           \
        char expected[512], got[512];                                                              \
        int length = snprintf(expected, sizeof expected, __VA_ARGS__);                             \
        assert_int_equal(print(got, sizeof got, __VA_ARGS__), length);                             \
        assert_string_equal(got, expected);                                                        \
        assert_int_equal(print(got, 4, __VA_ARGS__), length);                                      \
        assert_memory_equal(got, expected, length < 3 ? length : 3);                               \
        assert_int_equal(got[length < 3 ? length : 3], 0);                                         \
        assert_int_equal(print(NULL, 0, __VA_ARGS__), length);                                     \
    } while (0)

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

static void directives_of_c_print_as_in_libc(void **state)
{
    (void)state;
    print_to *print = narrow("snprintf");
    char letters[] = {'x', 'y', 'z'}; /* no terminator: the precision must stop it */
    assert_like_libc("plain, 100%% of it");
    assert_like_libc("[%d] [%5d] [%-5d] [%05d] [%+d] [% d]", -7, 42, 42, 42, 42, 42);
    assert_like_libc("%hhd %hd %ld %lld %zd %jd %td", 300, 70000, 1L << 40, -1LL, (size_t)9,
                     (intmax_t)-8, (ptrdiff_t)5);
    assert_like_libc("%u %o %x %#X %.8x %#o", UINT_MAX, 8u, 0xabcu, 0xabcu, 0x12u, 8u);
    assert_like_libc("%*d|%-*d|%.*d", 6, 1, 6, 2, 4, 3);
    assert_like_libc("%*d|%.*d", -6, 1, -3, 9);
    assert_like_libc("%s|%10s|%-10s|%.2s|%.3s", "abc", "abc", "abc", "abc", letters);
    assert_like_libc("%c|%3c|%-3c|", 'a', 'b', 'c');
    assert_like_libc("%f %.3e %g %10.2f %a %G", 1.5, 12345.678, 0.0001, -2.25, 1.0, 1e300);
    assert_like_libc("%.0f %Lg %.20g", 2.5, 3.5L, 0.1);
    assert_like_libc("%p %p", (void *)0x110000010000, NULL);
    assert_like_libc("%ls|%8ls", L"wide", L"right");
}

static void random_integer_directives_print_as_in_libc(void **state)
{
    (void)state;
    print_to *print = narrow("snprintf");
    struct rng draws = rng_keyed(2, RNG_PROPERTY_TEST, 0);
    for (int i = 0; i < 5000; i++) {
        char format[64] = "%";
        size_t used = 1;
        for (const char *flag = "-+ #0"; *flag; flag++)
            if (rng_below(&draws, 3) == 0)
                format[used++] = *flag;
        if (rng_below(&draws, 2))
            used += (size_t)snprintf(format + used, 8, "%d", (int)rng_below(&draws, 90));
        if (rng_below(&draws, 2))
            used += (size_t)snprintf(format + used, 8, ".%d", (int)rng_below(&draws, 90));
        snprintf(format + used, 8, "ll%c", "diuxXo"[rng_below(&draws, 6)]);
        long long value = (long long)(rng_next(&draws) >> rng_below(&draws, 64));
        assert_like_libc(format, value);
    }
}

static void microsoft_sizes_mean_their_number_of_bits(void **state)
{
    (void)state;
    print_to *print = narrow("snprintf");
    char text[128];
    print(text, sizeof text, "%I64d %I64u %I32d %Iu %IX", INT64_MIN, UINT64_MAX, -5,
          (size_t)1 << 40, (size_t)0xabcdef0123);
    assert_string_equal(text, "-9223372036854775808 18446744073709551615 -5 1099511627776 "
                              "ABCDEF0123");
    print(text, sizeof text, "%S|%ws|%hs|%C", L"wide", L"also", "narrow", L'c');
    assert_string_equal(text, "wide|also|narrow|c");
}

static void wide_formats_take_wide_strings_by_default(void **state)
{
    (void)state;
    wide_print_to *print = wide("swprintf");
    wchar_t text[128];
    assert_int_equal(print(text, 128, L"%s|%S|%hs|%ls|%c|%d", L"w", "n", "h", L"l", L'\xe9', 7),
                     11);
    assert_true(wcscmp(text, L"w|n|h|l|\xe9|7") == 0);
    print(text, 128, L"%-4s|%4s|%.1s", L"\x20ac", L"\x1f600", L"\xe9z");
    assert_true(wcscmp(text, L"\x20ac   |   \x1f600|\xe9") == 0);
    assert_int_equal(print(text, 3, L"%s", L"too long"), -1);
    wide_print_to *old = wide("_snwprintf");
    assert_int_equal(old(text, 3, L"abc"), 3);
    assert_int_equal(old(text, 2, L"abc"), -1);
}

static void a_null_string_prints_a_placeholder(void **state)
{
    (void)state;
    print_to *print = narrow("snprintf");
    char text[64];
    print(text, sizeof text, "%s|%S", NULL, NULL);
    assert_string_equal(text, "(null)|(null)");
}

static void old_microsoft_forms_do_not_terminate_cut_text(void **state)
{
    (void)state;
    print_to *print = narrow("_snprintf");
    char text[8] = "-------";
    assert_int_equal(print(text, 3, "%s", "abc"), 3);
    assert_memory_equal(text, "abc-", 4);
    assert_int_equal(print(text, 3, "%s", "wxyz"), -1);
    assert_memory_equal(text, "wxy-", 4);
    assert_int_equal(print(text, 8, "%d", 5), 1);
    assert_string_equal(text, "5");
}

static void secure_and_fortified_forms_end_the_run_on_overflow(void **state)
{
    (void)state;
    print_to *secure = narrow("sprintf_s");
    int (*fortified)(char *, int, size_t, const char *, ...) = narrow("__sprintf_chk");
    char text[8];
    assert_int_equal(secure(text, 8, "%s", "1234567"), 7);
    assert_stops(&run, STOP_ABORT, secure(text, 8, "%s", "12345678"));
    assert_int_equal(fortified(text, 1, 8, "%d", 12), 2);
    assert_stops(&run, STOP_ABORT, fortified(text, 1, 2, "%d", 12));
}

static void each_print_is_one_record_with_its_bytes(void **state)
{
    (void)state;
    int (*print)(const char *, ...) = narrow("printf");
    int (*print_line)(const char *) = narrow("puts");
    int (*print_wide)(const wchar_t *, ...) = wide("wprintf");
    uint64_t before = trace_count(&run.sim->trace);
    assert_int_equal(print("%d bytes\n", 12), 9);
    print_line("a line");
    print_wide(L"%s %hs\n", L"wide \xe9", "narrow");
    assert_int_equal(trace_count(&run.sim->trace) - before, 3);
    assert_string_equal(run.printed, "12 bytes\na line\nwide \xc3\xa9 narrow\n");
    assert_int_equal(run.output.bytes, strlen(run.printed));
    assert_int_equal(run.sim->counters[COUNTER_output_bytes], run.output.bytes);
}

static void streams_know_output_from_error(void **state)
{
    (void)state;
    void **out = narrow("stdout"), **err = narrow("stderr"), **in = narrow("stdin");
    int (*print)(void *, const char *, ...) = narrow("fprintf");
    int (*put)(const char *, void *) = narrow("fputs");
    int (*number)(void *) = narrow("fileno");
    int (*get)(void *) = narrow("getc");
    assert_int_equal(print(*err, "%s", "e"), 1);
    put("o", *out);
    assert_string_equal(run.printed, "eo");
    assert_int_equal(number(*out), 1);
    assert_int_equal(number(*err), 2);
    assert_int_equal(get(*in), EOF);
    assert_stops(&run, STOP_UNSUPPORTED, put("x", NULL));
    assert_stops(&run, STOP_UNSUPPORTED, put("x", *in));
}

static void long_texts_are_printed_whole_in_one_record(void **state)
{
    (void)state;
    int (*print)(const char *, ...) = narrow("printf");
    uint64_t before = trace_count(&run.sim->trace);
    assert_int_equal(print("%*s|%0500d", 5000, "x", 7), 5501);
    assert_int_equal(trace_count(&run.sim->trace) - before, 1);
    assert_int_equal(run.output.bytes, 5501);
    assert_int_equal(run.printed[4999], 'x');
    assert_int_equal(run.printed[5500], '7');
}

static void positional_arguments_end_the_run_as_unsupported(void **state)
{
    (void)state;
    print_to *print = narrow("snprintf");
    char text[8];
    assert_stops(&run, STOP_UNSUPPORTED, print(text, sizeof text, "%1$d", 1));
}

static void output_beyond_the_kept_bytes_is_counted(void **state)
{
    (void)state;
    int (*print_line)(const char *) = narrow("puts");
    run.output.capacity = 10;
    print_line("eight...");
    print_line("eight...");
    assert_int_equal(run.output.bytes, 18);
    assert_memory_equal(run.printed, "eight...\ne", 11); /* the byte behind stays 0 */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(directives_of_c_print_as_in_libc),
        CASE(random_integer_directives_print_as_in_libc),
        CASE(microsoft_sizes_mean_their_number_of_bits),
        CASE(wide_formats_take_wide_strings_by_default),
        CASE(a_null_string_prints_a_placeholder),
        CASE(old_microsoft_forms_do_not_terminate_cut_text),
        CASE(secure_and_fortified_forms_end_the_run_on_overflow),
        CASE(each_print_is_one_record_with_its_bytes),
        CASE(streams_know_output_from_error),
        CASE(long_texts_are_printed_whole_in_one_record),
        CASE(positional_arguments_end_the_run_as_unsupported),
        CASE(output_beyond_the_kept_bytes_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
