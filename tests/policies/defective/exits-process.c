/* Ends the process the Windows way, with a code of its own. */
static void give_up(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    give_up()
#include "host.h"

FRAME static void give_up(void)
{
    ExitProcess(3);
}
