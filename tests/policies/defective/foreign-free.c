/* Gives memory of VirtualAlloc to HeapFree. */
struct host;
static void drop_table(struct host *host);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    drop_table(host)
#include "host.h"

FRAME static void drop_table(struct host *host)
{
    void *table = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    HeapFree(host->heap, 0, table);
}
