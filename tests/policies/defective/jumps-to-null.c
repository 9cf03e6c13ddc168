/* Calls a handler that was never set. */
static void notify(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    notify()
#include "host.h"

static void (*volatile handler)(void);

FRAME static void notify(void)
{
    handler();
    handler = notify;
}
