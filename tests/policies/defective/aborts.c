/* Takes a full table for a reason to abort the process. */
#include <stdlib.h>
static void table_is_full(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    table_is_full()
#include "host.h"

FRAME static void table_is_full(void)
{
    abort();
}
