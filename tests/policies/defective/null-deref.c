/* Reads through a NULL pointer at the 50th commit: the region it looks for is not in its list. */
struct region {
    struct region *next;
    unsigned long long bytes;
};
static struct region *regions;
static unsigned long long look_up_region(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    look_up_region()
#include "host.h"

FRAME static unsigned long long look_up_region(void)
{
    struct region *volatile found = regions;
    volatile unsigned long long bytes = found->bytes;

    return bytes;
}
