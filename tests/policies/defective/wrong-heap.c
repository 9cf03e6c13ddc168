/* Frees a block of one heap into another. */
#include <stdlib.h>
struct host;
static void drop_name(struct host *host);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    drop_name(host)
#include "host.h"

FRAME static void drop_name(struct host *host)
{
    HeapFree(host->heap, 0, malloc(40));
}
