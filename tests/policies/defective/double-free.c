/* Frees its scratch block twice. */
struct host;
static void drop_scratch(struct host *host);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    drop_scratch(host)
#include "host.h"

FRAME static void drop_scratch(struct host *host)
{
    void *scratch = HeapAlloc(host->heap, 0, 100);

    HeapFree(host->heap, 0, scratch);
    HeapFree(host->heap, 0, scratch);
}
