/* Jumps by a buffer that setjmp never saw. */
#include <setjmp.h>
static jmp_buf retry;
static void start_again(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    start_again()
#include "host.h"

FRAME static void start_again(void)
{
    longjmp(retry, 1);
}
