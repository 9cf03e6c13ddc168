/* Takes memory until there is none, and then tries on. */
#include <stdlib.h>
struct host;
static void prepare(struct host *host);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    prepare(host)
#include "host.h"

FRAME static void prepare(struct host *host)
{
    for (;;)
        host->kept = malloc(1024 * 1024);
}
