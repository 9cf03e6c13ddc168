/* Jumps back into the factory, which has long returned. */
#include <setjmp.h>
static jmp_buf retry;
static void start_again(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    start_again()
#define FACTORY_RESULT(host, result) (setjmp(retry), *(result) = &(host)->iface, S_OK)
#include "host.h"

FRAME static void start_again(void)
{
    longjmp(retry, 1);
}
