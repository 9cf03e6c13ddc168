/* Merges neighbouring regions by recursion that never meets its end. */
static unsigned merge_regions(unsigned depth);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    (host)->kept_bytes += merge_regions(0)
#include "host.h"

static volatile unsigned regions_left = 1;

FRAME static unsigned merge_regions(unsigned depth)
{
    volatile char name[256];

    name[depth % 256] = (char)depth;
    if (regions_left == 0)
        return 0;
    return merge_regions(depth + 1) + (unsigned)name[depth % 256];
}
