/* Commits through its own vtable from within a commit, for ever. */
struct host;
static void commit_guard(struct host *host, void *address);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) >= 50)                                                                             \
    commit_guard(host, *(address))
#include "host.h"

FRAME static void commit_guard(struct host *host, void *address)
{
    void *result = NULL;

    IHostMemoryManager_VirtualAlloc(&host->iface, address, 4096, MEM_COMMIT, PAGE_READWRITE,
                                    eTaskCritical, &result);
    host->kept = result;
}
