/* String functions of policies: equal to naive ones wherever operands lie, never a touch beyond
 * what they must read, and one order of touches. Operands are pages at simulated addresses, each
 * range between inaccessible neighbours:
 *
 *     | none | left: page page | none | right: page page | none |
 */
#include "tests/crt_support.h"

#include <ctype.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#include "core/rng.h"

#define BASE (WINDOW_BASE + UINT64_C(0x40000000))
#define RANGE_BYTES (2 * PAGE_BYTES)
#define ROUNDS 4000

static char *const left = (char *)(BASE + PAGE_BYTES);
static char *const right = (char *)(BASE + 4 * PAGE_BYTES);

static void *function(const char *name)
{
    return bound(crt_string_bindings, name);
}

static int map_ranges(void **state)
{
    (void)state;
    char *all = mmap((void *)BASE, 7 * PAGE_BYTES, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(all, (void *)BASE);
    assert_int_equal(mprotect(left, RANGE_BYTES, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(mprotect(right, RANGE_BYTES, PROT_READ | PROT_WRITE), 0);
    return 0;
}

static int unmap_ranges(void **state)
{
    (void)state;
    return munmap((void *)BASE, 7 * PAGE_BYTES);
}

static struct rng draws;

/* A length that often matters: tiny, around a page, or anything up to both pages. */
static size_t draw_length(void)
{
    switch (rng_below(&draws, 3)) {
    case 0:
        return rng_below(&draws, 40);
    case 1:
        return PAGE_BYTES - 20 + rng_below(&draws, 40);
    default:
        return rng_below(&draws, RANGE_BYTES + 1);
    }
}

/* A place for so many bytes: at the end of the range, at its beginning, or anywhere. */
static char *draw_place(char *range, size_t bytes)
{
    size_t room = RANGE_BYTES - bytes;
    uint64_t kind = rng_below(&draws, 3);
    return range + (kind == 0 ? room : kind == 1 ? 0 : rng_below(&draws, room + 1));
}

/* Letters of both cases from a small alphabet, so that matches are common. */
static void draw_letters(char *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = "aAbBz"[rng_below(&draws, 5)];
}

/* A string of the length at an interesting place of the range. */
static char *draw_string(char *range, size_t length)
{
    char *text = draw_place(range, length + 1);
    draw_letters(text, length);
    text[length] = '\0';
    return text;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/* ---- naive models ---- */

static int naive_compare(const char *a, const char *b, size_t limit, bool fold, bool is_text)
{
    for (size_t i = 0; i < limit; i++) {
        int x = (unsigned char)a[i], y = (unsigned char)b[i];
        if (fold) {
            x = tolower(x);
            y = tolower(y);
        }
        if (x != y)
            return sign(x - y);
        if (is_text && x == 0)
            return 0;
    }
    return 0;
}

static const char *naive_find(const char *block, int value, size_t bytes, bool last)
{
    const char *found = NULL;
    for (size_t i = 0; i < bytes && !(found && !last); i++)
        if (block[i] == (char)value)
            found = block + i;
    return found;
}

/* ---- properties ---- */

static void copies_equal_a_naive_copy_at_every_alignment(void **state)
{
    (void)state;
    void *(*copy)(void *, const void *, size_t) = function("memcpy");
    void *(*fill)(void *, int, size_t) = function("memset");
    static char before[RANGE_BYTES];
    for (int i = 0; i < ROUNDS; i++) {
        size_t bytes = draw_length();
        bytes = bytes > RANGE_BYTES ? RANGE_BYTES : bytes;
        const char *from = draw_place(left, bytes);
        char *to = draw_place(right, bytes);
        draw_letters(left, RANGE_BYTES);
        memcpy(before, right, RANGE_BYTES);
        assert_ptr_equal(copy(to, from, bytes), to);
        assert_memory_equal(to, from, bytes);
        memcpy(before + (to - right), from, bytes);
        assert_memory_equal(right, before, RANGE_BYTES);
        assert_ptr_equal(fill(to, i, bytes), to);
        memset(before + (to - right), i, bytes);
        assert_memory_equal(right, before, RANGE_BYTES);
    }
}

static void overlapping_moves_keep_the_bytes_of_the_source(void **state)
{
    (void)state;
    void *(*move)(void *, const void *, size_t) = function("memmove");
    static char before[RANGE_BYTES];
    for (int i = 0; i < ROUNDS; i++) {
        size_t bytes = draw_length();
        char *from = draw_place(left, bytes), *to = draw_place(left, bytes);
        draw_letters(left, RANGE_BYTES);
        memcpy(before, left, RANGE_BYTES);
        assert_ptr_equal(move(to, from, bytes), to);
        assert_memory_equal(to, before + (from - left), bytes);
        size_t lead = (size_t)(to - left);
        assert_memory_equal(left, before, lead);
        assert_memory_equal(to + bytes, before + lead + bytes, RANGE_BYTES - lead - bytes);
    }
}

static void block_searches_equal_naive_ones(void **state)
{
    (void)state;
    void *(*first)(const void *, int, size_t) = function("memchr");
    void *(*last)(const void *, int, size_t) = function("memrchr");
    int (*compare)(const void *, const void *, size_t) = function("memcmp");
    for (int i = 0; i < ROUNDS; i++) {
        size_t bytes = draw_length();
        char *a = draw_place(left, bytes), *b = draw_place(right, bytes);
        memset(a, 'a', bytes);
        memset(b, 'a', bytes);
        for (int marks = 0; bytes > 0 && marks < 2; marks++)
            a[rng_below(&draws, bytes)] = "ab\xff"[rng_below(&draws, 3)];
        assert_ptr_equal(first(a, 'b', bytes), naive_find(a, 'b', bytes, false));
        assert_ptr_equal(last(a, 'b', bytes), naive_find(a, 'b', bytes, true));
        assert_int_equal(compare(a, b, bytes), naive_compare(a, b, bytes, false, false));
    }
}

static void lengths_stop_at_the_terminator_before_a_closed_page(void **state)
{
    (void)state;
    size_t (*length_of)(const char *) = function("strlen");
    size_t (*bounded)(const char *, size_t) = function("strnlen");
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = draw_length() % RANGE_BYTES;
        const char *text = draw_string(left, length);
        size_t limit = draw_length();
        assert_int_equal(length_of(text), length);
        assert_int_equal(bounded(text, limit), limit < length ? limit : length);
        assert_int_equal(bounded(text, SIZE_MAX), length);
        /* Unterminated up to the closed page: the limit alone must stop it. */
        size_t tail = length + 1;
        memset(left + RANGE_BYTES - tail, 'x', tail);
        assert_int_equal(bounded(left + RANGE_BYTES - tail, tail), tail);
    }
}

static void string_searches_equal_naive_ones(void **state)
{
    (void)state;
    char *(*first)(const char *, int) = function("strchr");
    char *(*first_or_end)(const char *, int) = function("strchrnul");
    char *(*last)(const char *, int) = function("strrchr");
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = draw_length() % RANGE_BYTES;
        const char *text = draw_string(left, length);
        int wanted = "aqz"[rng_below(&draws, 3)];
        const char *found = naive_find(text, wanted, length, false);
        assert_ptr_equal(first(text, wanted), found);
        assert_ptr_equal(first_or_end(text, wanted), found ? found : text + length);
        assert_ptr_equal(last(text, wanted), naive_find(text, wanted, length, true));
        assert_ptr_equal(first(text, '\0'), text + length);
        assert_ptr_equal(last(text, '\0'), text + length);
    }
}

static void string_comparisons_equal_naive_ones(void **state)
{
    (void)state;
    int (*plain)(const char *, const char *) = function("strcmp");
    int (*bounded)(const char *, const char *, size_t) = function("strncmp");
    int (*folded)(const char *, const char *) = function("_stricmp");
    int (*both)(const char *, const char *, size_t) = function("strncasecmp");
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = draw_length() % RANGE_BYTES;
        char *a = draw_string(left, length);
        char *b = draw_place(right, length + 1);
        memcpy(b, a, length + 1);
        if (length > 0 && rng_below(&draws, 3))
            b[rng_below(&draws, length)] = "aA\xe9"[rng_below(&draws, 3)];
        size_t limit = draw_length();
        assert_int_equal(plain(a, b), naive_compare(a, b, SIZE_MAX, false, true));
        assert_int_equal(bounded(a, b, limit), naive_compare(a, b, limit, false, true));
        assert_int_equal(folded(a, b), naive_compare(a, b, SIZE_MAX, true, true));
        assert_int_equal(both(a, b, limit), naive_compare(a, b, limit, true, true));
    }
}

static void a_comparison_reads_no_page_behind_the_difference(void **state)
{
    (void)state;
    int (*compare)(const void *, const void *, size_t) = function("memcmp");
    int (*plain)(const char *, const char *) = function("strcmp");
    char *a = left + RANGE_BYTES - 8, *b = right;
    memcpy(a, "aaaaaaab", 8);
    memcpy(b, "aaaaaaac", 9);
    assert_int_equal(compare(a, b, 4000), -1); /* a ends at a closed page */
    assert_int_equal(compare(b, a, 4000), 1);
    assert_int_equal(plain(a, b), -1);
}

static void string_copies_write_the_text_and_nothing_else(void **state)
{
    (void)state;
    char *(*copy)(char *, const char *) = function("strcpy");
    char *(*copy_to_end)(char *, const char *) = function("stpcpy");
    char *(*padded)(char *, const char *, size_t) = function("strncpy");
    char *(*append)(char *, const char *) = function("strcat");
    for (int i = 0; i < ROUNDS; i++) {
        size_t length = draw_length() % RANGE_BYTES;
        const char *from = draw_string(left, length);
        char *to = draw_place(right, length + 1);
        assert_ptr_equal(copy(to, from), to);
        assert_memory_equal(to, from, length + 1);
        assert_ptr_equal(copy_to_end(to, from), to + length);
        size_t limit = draw_length();
        to = draw_place(right, limit);
        assert_ptr_equal(padded(to, from, limit), to);
        assert_memory_equal(to, from, limit < length ? limit : length);
        for (size_t k = length; k < limit; k++)
            assert_int_equal(to[k], 0);
        size_t half = length / 2;
        to = draw_place(right, length + 1);
        memcpy(to, from, half);
        to[half] = '\0';
        assert_ptr_equal(append(to, from + half), to);
        assert_memory_equal(to, from, length + 1);
    }
}

static void bounded_appending_always_ends_with_a_terminator(void **state)
{
    (void)state;
    char *(*append)(char *, const char *, size_t) = function("strncat");
    memcpy(right, "one", 4);
    memcpy(left + RANGE_BYTES - 3, "two", 3); /* no terminator before the closed page */
    append(right, left + RANGE_BYTES - 3, 3);
    assert_string_equal(right, "onetwo");
    append(right, "three", 9);
    assert_string_equal(right, "onetwothree");
}

static void substrings_are_found_across_page_boundaries(void **state)
{
    (void)state;
    char *(*find)(const char *, const char *) = function("strstr");
    void *(*find_block)(const void *, size_t, const void *, size_t) = function("memmem");
    for (int i = 0; i < ROUNDS / 8; i++) {
        size_t length = draw_length() % RANGE_BYTES, wanted_length = rng_below(&draws, 6);
        const char *text = draw_string(left, length);
        const char *wanted = draw_string(right, wanted_length);
        const char *expected = NULL;
        for (size_t at = 0; at + wanted_length <= length && !expected; at++)
            if (memcmp(text + at, wanted, wanted_length) == 0)
                expected = text + at;
        assert_ptr_equal(find(text, wanted), expected);
        assert_ptr_equal(find_block(text, length, wanted, wanted_length), expected);
    }
}

static void spans_and_tokens_follow_their_sets(void **state)
{
    (void)state;
    size_t (*span)(const char *, const char *) = function("strspn");
    size_t (*other)(const char *, const char *) = function("strcspn");
    char *(*token)(char *, const char *, char **) = function("strtok_r");
    char *text = left + PAGE_BYTES - 4, *next = NULL;
    memcpy(text, ",,ab;cd,", 9);
    assert_int_equal(span(text, ",;"), 2);
    assert_int_equal(other(text, "c"), 5);
    assert_string_equal(token(text, ",;", &next), "ab");
    assert_string_equal(token(NULL, ",;", &next), "cd");
    assert_null(token(NULL, ",;", &next));
    assert_null(token(NULL, ",;", &next));
}

static void wide_functions_equal_libc_near_closed_pages(void **state)
{
    (void)state;
    size_t (*length_of)(const wchar_t *) = bound(crt_wide_bindings, "wcslen");
    int (*compare)(const wchar_t *, const wchar_t *) = bound(crt_wide_bindings, "wcscmp");
    wchar_t *(*find)(const wchar_t *, const wchar_t *) = bound(crt_wide_bindings, "wcsstr");
    wchar_t *(*copy)(wchar_t *, const wchar_t *) = bound(crt_wide_bindings, "wcscpy");
    const size_t all = RANGE_BYTES / sizeof(wchar_t);
    for (int i = 0; i < ROUNDS / 4; i++) {
        size_t length = rng_below(&draws, all);
        wchar_t *a = (wchar_t *)left + (all - length - 1), *b = (wchar_t *)right;
        for (size_t k = 0; k < length; k++)
            a[k] = (wchar_t)(L'a' + (wchar_t)rng_below(&draws, 2));
        a[length] = L'\0';
        assert_int_equal(length_of(a), length);
        assert_ptr_equal(copy(b, a), b);
        assert_int_equal(compare(a, b), 0);
        if (length > 0)
            b[rng_below(&draws, length)] = L'\x1f600';
        assert_int_equal(compare(a, b), sign(wcscmp(a, b)));
        assert_ptr_equal(find(a, L"abba"), wcsstr(a, L"abba"));
    }
}

/* ---- the order of touches ---- */

static volatile unsigned touched_count;
static volatile char *touched[16];

static void open_touched_page(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    char *page = (char *)((uintptr_t)info->si_addr & ~(PAGE_BYTES - 1));
    if (touched_count == sizeof touched / sizeof *touched ||
        mprotect(page, PAGE_BYTES, PROT_READ | PROT_WRITE) != 0)
        _exit(99);
    touched[touched_count++] = page;
}

/* Closes both ranges and has faults recorded. */
static void watch_touches(void)
{
    struct sigaction action = {.sa_sigaction = open_touched_page, .sa_flags = SA_SIGINFO};
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    touched_count = 0;
    assert_int_equal(mprotect(left, RANGE_BYTES, PROT_NONE), 0);
    assert_int_equal(mprotect(right, RANGE_BYTES, PROT_NONE), 0);
}

static void assert_touched(unsigned count, char *const *pages)
{
    signal(SIGSEGV, SIG_DFL);
    assert_int_equal(mprotect(left, RANGE_BYTES, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(mprotect(right, RANGE_BYTES, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(touched_count, count);
    for (unsigned i = 0; i < count; i++)
        assert_ptr_equal(touched[i], pages[i]);
}

/* left  |    [####|####]    |     page boundaries at different distances: three pieces
 * right |  [######|##]      |     order: l0 r0, then l1 (r0 still open), then r1 */
static void a_copy_touches_source_then_destination_piece_by_piece(void **state)
{
    (void)state;
    void *(*copy)(void *, const void *, size_t) = function("memcpy");
    char *second_left = left + PAGE_BYTES, *second_right = right + PAGE_BYTES;
    watch_touches();
    copy(second_right - 200, second_left - 100, 300);
    assert_touched(4, (char *[]){left, right, second_left, second_right});
    watch_touches();
    copy(second_right - 100, second_left - 200, 300);
    assert_touched(4, (char *[]){left, right, second_right, second_left});
}

static void a_comparison_touches_left_before_right(void **state)
{
    (void)state;
    int (*compare)(const void *, const void *, size_t) = function("memcmp");
    int (*plain)(const char *, const char *) = function("strcmp");
    char *second_left = left + PAGE_BYTES, *second_right = right + PAGE_BYTES;
    memset(left, 'a', RANGE_BYTES);
    memset(right, 'a', RANGE_BYTES);
    left[RANGE_BYTES - 1] = right[RANGE_BYTES - 1] = '\0';
    watch_touches();
    assert_int_equal(compare(second_right - 64, second_left - 64, 128), 0);
    assert_touched(4, (char *[]){right, left, second_right, second_left});
    watch_touches();
    assert_int_equal(plain(left, right), 0);
    assert_touched(4, (char *[]){left, right, second_left, second_right});
}

static void a_search_touches_no_page_behind_its_answer(void **state)
{
    (void)state;
    char *(*find)(const char *, int) = function("strchr");
    void *(*last)(const void *, int, size_t) = function("memrchr");
    memset(left, 'a', RANGE_BYTES);
    left[PAGE_BYTES - 1] = 'b';
    left[PAGE_BYTES] = 'c';
    watch_touches();
    assert_ptr_equal(find(left, 'b'), left + PAGE_BYTES - 1);
    assert_touched(1, (char *[]){left});
    watch_touches();
    assert_ptr_equal(last(left, 'c', RANGE_BYTES), left + PAGE_BYTES);
    assert_touched(1, (char *[]){left + PAGE_BYTES});
}

int main(void)
{
    draws = rng_keyed(1, RNG_PROPERTY_TEST, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_equal_a_naive_copy_at_every_alignment),
        cmocka_unit_test(overlapping_moves_keep_the_bytes_of_the_source),
        cmocka_unit_test(block_searches_equal_naive_ones),
        cmocka_unit_test(lengths_stop_at_the_terminator_before_a_closed_page),
        cmocka_unit_test(string_searches_equal_naive_ones),
        cmocka_unit_test(string_comparisons_equal_naive_ones),
        cmocka_unit_test(a_comparison_reads_no_page_behind_the_difference),
        cmocka_unit_test(string_copies_write_the_text_and_nothing_else),
        cmocka_unit_test(bounded_appending_always_ends_with_a_terminator),
        cmocka_unit_test(substrings_are_found_across_page_boundaries),
        cmocka_unit_test(spans_and_tokens_follow_their_sets),
        cmocka_unit_test(wide_functions_equal_libc_near_closed_pages),
        cmocka_unit_test(a_copy_touches_source_then_destination_piece_by_piece),
        cmocka_unit_test(a_comparison_touches_left_before_right),
        cmocka_unit_test(a_search_touches_no_page_behind_its_answer),
    };
    return cmocka_run_group_tests(tests, map_ranges, unmap_ranges);
}
