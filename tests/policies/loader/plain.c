/* What C code of a host uses of its compiler and C library, beyond calling functions: constructors,
 * thread-local data, longjmp, callbacks from the library, weak names nobody has. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

extern void nobody_has_this(void) __attribute__((weak));

static __thread int counter = 5;
static __thread int zeroed[4];
static int constructed;
static jmp_buf place;

__attribute__((constructor)) static void construct(void)
{
    constructed = malloc(10) != NULL;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void leap(int depth)
{
    if (depth)
        leap(depth - 1);
    longjmp(place, 3);
}

static void check_everything(void)
{
    int values[] = {5, 3, 9, 1};
    volatile double two = 2;
    volatile int came_back;
    char text[64];
    void *aligned;

    EXPECT(constructed);
    EXPECT(counter++ == 5 && counter == 6 && zeroed[3] == 0);
    came_back = setjmp(place);
    if (came_back == 0)
        leap(4);
    EXPECT(came_back == 3);
    qsort(values, 4, sizeof *values, by_value);
    EXPECT(values[0] == 1 && values[3] == 9);
    EXPECT(!nobody_has_this);
    EXPECT(isalpha('x') && toupper('x') == 'X');
    EXPECT(sqrt(two * 2) == 2 && fmod(7, two) == 1);
    snprintf(text, sizeof text, "%5.2f %lu", 3.14159, (unsigned long)strlen("abc"));
    EXPECT(strcmp(text, " 3.14 3") == 0);
    EXPECT((int)(((__int128)two << 70) / ((__int128)1 << 69)) == 4);
    EXPECT(posix_memalign(&aligned, 256, 100) == 0 && (size_t)aligned % 256 == 0);
    free(aligned);
}

#define FACTORY_RESULT(host, result) (check_everything(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
