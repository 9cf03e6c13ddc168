/* Jumps back into its own function that has returned, within one call. */
#include <setjmp.h>
static jmp_buf retry;
static void try_again(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    try_again()
#include "host.h"

FRAME static int remember(volatile char *room)
{
    *room = 1;
    return setjmp(retry);
}

FRAME static void reserve_room(void)
{
    volatile char room[4096];
    remember(room + 17);
}

FRAME static void try_again(void)
{
    reserve_room();
    longjmp(retry, 1);
}
