/* Computes a share of nothing. */
static unsigned share(unsigned whole);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    (host)->kept_bytes = share(count)
#include "host.h"

static volatile unsigned parts;

FRAME static unsigned share(unsigned whole)
{
    return whole / parts;
}
