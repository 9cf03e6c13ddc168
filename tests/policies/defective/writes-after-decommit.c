/* Notes in the first page of a region that it is idle, after that page was decommitted. */
static void mark_idle(void *page);
#define ON_FREE(host, count, address, size, type)                                                  \
    if ((type) == MEM_DECOMMIT && (count) > 10)                                                    \
    mark_idle(address)
#include "host.h"

FRAME static void mark_idle(void *page)
{
    *(volatile unsigned *)page = 0x1d1e;
}
