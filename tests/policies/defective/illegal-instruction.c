/* Arrives where the compiler was told nobody ever would. */
static void unreachable(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    unreachable()
#include "host.h"

FRAME static void unreachable(void)
{
    __asm__ volatile("ud2");
}
