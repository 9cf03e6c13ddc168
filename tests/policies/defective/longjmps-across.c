/* A thread of its own jumps into the thread that started it. */
#include <setjmp.h>
static jmp_buf retry;
static void try_with_help(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    try_with_help()
#include "host.h"

static DWORD WINAPI give_up(void *unused)
{
    (void)unused;
    longjmp(retry, 1);
    return 0;
}

FRAME static void try_with_help(void)
{
    if (setjmp(retry) == 0)
        WaitForSingleObject(CreateThread(NULL, 0, give_up, NULL, 0, NULL), INFINITE);
}
