/* Sends itself a signal: not a thing that a Windows host can do. */
#include <signal.h>
static void give_up(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    give_up()
#include "host.h"

FRAME static void give_up(void)
{
    raise(SIGKILL);
}
