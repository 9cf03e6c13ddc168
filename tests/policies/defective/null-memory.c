/* Says S_OK to a commit and gives no memory. */
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    *(address) = NULL
#include "host.h"
