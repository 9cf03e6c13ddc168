/* Hands the pool a work item without a function. */
static void work_later(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    work_later()
#include "host.h"

FRAME static void work_later(void)
{
    QueueUserWorkItem(NULL, NULL, 0);
    Sleep(1);
}
