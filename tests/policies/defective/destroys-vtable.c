/* Clears its object while the CLR still holds it. */
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    (host)->iface.lpVtbl = NULL
#include "host.h"
