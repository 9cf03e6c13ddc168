/* Reports a problem again and again instead of once. */
#include <stdio.h>
static void report(unsigned count);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    report(count)
#include "host.h"

static volatile unsigned reports_wanted = 1;

FRAME static void report(unsigned count)
{
    while (reports_wanted != 0)
        printf("commit %u is one too many\n", count);
}
