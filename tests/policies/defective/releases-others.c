/* Releases a region that nobody asked it to release. */
static void make_room(void *base);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    make_room(*(address))
#include "host.h"

FRAME static void make_room(void *base)
{
    MEMORY_BASIC_INFORMATION info;

    if (VirtualQuery(base, &info, sizeof(info)) != 0)
        VirtualFree(info.AllocationBase, 0, MEM_RELEASE);
}
